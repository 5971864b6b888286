//! Square roots in Fq, eight at a time.
//!
//! `p = 3 mod 4`, so `a^((p + 1) / 4)` is a root of every square a: 252 squarings and 62 products, one after the other. Eight of
//! them at once are what makes decoding points cheap.

use ark_ff::Field;

use crate::modulus::Element;
use crate::{Backend, Fq, Kernel, LANES, Packed, dispatch};

/// Bits of the exponent taken at a time.
const WINDOW: usize = 4;
/// As many elements or more are worth a vector of eight.
const FEW: usize = 3;

/// `(p + 1) / 4`, little-endian.
const EXPONENT: [u64; 4] = {
    let [a, b, c, d] = <Fq as Element>::P;
    assert!(a & 3 == 3);
    // (p + 1) / 4 = floor(p / 4) + 1; the lowest word of floor(p / 4) is not all ones.
    [(a >> 2 | b << 62) + 1, b >> 2 | c << 62, c >> 2 | d << 62, d >> 2]
};

/// For every element `a^((p + 1) / 4)`: one of its roots if it is a square, and an element whose square is -a if not. The
/// caller has to look which.
///
/// Costs about a microsecond an element with vector instructions; variable time in the number of elements alone.
pub fn square_roots(values: &[Fq]) -> Vec<Fq> {
    let mut roots = Vec::with_capacity(values.len());
    for values in values.chunks(LANES) {
        if values.len() < FEW {
            roots.extend(values.iter().map(|value| value.pow(EXPONENT)));
            continue;
        }
        let mut eight = [Fq::from(0u64); LANES];
        eight[..values.len()].copy_from_slice(values);
        roots.extend_from_slice(&dispatch(Roots(eight))[..values.len()]);
    }
    roots
}

struct Roots([Fq; LANES]);

impl Kernel for Roots {
    type Output = [Fq; LANES];
    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> [Fq; LANES] {
        let a = B::Fq::from_array(self.0);
        let mut powers = [B::Fq::one(); 1 << WINDOW];
        for i in 1..powers.len() {
            powers[i] = powers[i - 1].mul(a);
        }
        let mut root = B::Fq::one();
        for position in (0..256 / WINDOW).rev() {
            for _ in 0..WINDOW {
                root = root.square();
            }
            let bit = position * WINDOW;
            let digit = EXPONENT[bit / 64] >> (bit % 64) & ((1 << WINDOW) - 1);
            root = root.mul(powers[digit as usize]);
        }
        root.to_array()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lengths of a few vectors; squares, and what is none; zero.
    #[test]
    fn roots_of_squares_and_of_others() {
        let value = |i: u64| if i == 4 { Fq::from(0u64) } else { Fq::from(i + 2).pow([3 * i + 1]) };
        for len in 0..20 {
            let values: Vec<Fq> = (0..len).map(value).collect();
            let roots = square_roots(&values);
            assert_eq!(roots.len(), values.len());
            for (value, root) in values.iter().zip(roots) {
                let square = root * root;
                assert!(square == *value || square == -*value);
                assert_eq!(square == *value, value.sqrt().is_some());
            }
        }
    }
}
