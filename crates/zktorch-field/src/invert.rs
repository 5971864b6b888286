//! One inverse, by the divsteps of Bernstein and Yang.
//!
//! ("Fast constant-time gcd computation and modular inversion", TCHES 2019, in the variable-time form of libsecp256k1 by P. Dettman
//! and P. Wuille: 62 divsteps at a time on the lowest words, then one matrix applied to the long numbers.) About ten
//! times faster than the binary Euclidean algorithm of arkworks.
//!
//! Variable time, as arkworks' own: the number of steps depends on the element.

use crate::modulus::{Element, neg_inverse_64, pow2_mod};

/// Signed number of five limbs of 62 bits; the top limb carries the sign.
type Limbs62 = [i64; 5];

const BITS: u32 = 62;
const LOW: u64 = u64::MAX >> 2;

/// The matrix of 62 divsteps, times 2^62: entries at most 2^62 in absolute value, each row's sum too.
struct Matrix {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// The inverse of `x`, `None` if it is zero.
pub fn invert<F: Element>(x: &F) -> Option<F> {
    if x.is_zero() {
        return None;
    }
    let modulus = split(&F::P);
    let modulus_inverse = neg_inverse_64(&F::P).wrapping_neg() & LOW;
    // Invariants modulo p: d x = f, e x = g (up to the powers of two the updates take care of).
    let (mut d, mut e): (Limbs62, Limbs62) = ([0; 5], [1, 0, 0, 0, 0]);
    let (mut f, mut g) = (modulus, split(x.limbs()));
    let mut eta = -1;
    while g != [0; 5] {
        let matrix = divsteps(&mut eta, f[0] as u64, g[0] as u64);
        update_de(&mut d, &mut e, &matrix, &modulus, modulus_inverse);
        update_fg(&mut f, &mut g, &matrix);
    }
    // Now f = +-1, so +-d is the inverse of the Montgomery form a 2^256; one product with 2^768 makes it a^-1 2^256.
    let inverse = F::from_limbs(canonical(d, f[4] < 0, &modulus));
    Some(inverse * F::from_limbs(const { pow2_mod(&F::P, 768) }))
}

/// Limbs of 62 bits.
fn split(a: &[u64; 4]) -> Limbs62 {
    [
        (a[0] & LOW) as i64,
        ((a[0] >> 62 | a[1] << 2) & LOW) as i64,
        ((a[1] >> 60 | a[2] << 4) & LOW) as i64,
        ((a[2] >> 58 | a[3] << 6) & LOW) as i64,
        (a[3] >> 56) as i64,
    ]
}

/// 62 divsteps on the lowest words of f (odd) and g: the matrix (u v; q r) with 2^62 (f', g') = (u f + v g, q f + r g).
///
/// A divstep halves g if it is even; otherwise it replaces (f, g) by (g, (g - f) / 2) if eta < 0, by (f, (g + f) / 2) if not. Runs of
/// halvings are done at once, and several bits of g are cancelled at once by adding a multiple w f.
fn divsteps(eta: &mut i64, f: u64, g: u64) -> Matrix {
    let (mut f, mut g) = (f, g);
    let (mut u, mut v, mut q, mut r) = (1u64, 0u64, 0u64, 1u64);
    let mut left = BITS;
    loop {
        // The bit at `left` is a sentinel: never more zeros than steps left.
        let zeros = (g | u64::MAX << left).trailing_zeros();
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        *eta -= i64::from(zeros);
        left -= zeros;
        if left == 0 {
            break;
        }
        let swap = *eta < 0;
        if swap {
            *eta = -*eta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
        }
        // At most eta + 1 bits may be cancelled before the roles change again.
        let limit = u64::from(left).min((*eta + 1) as u64);
        let mask = u64::MAX >> (64 - limit);
        // f (f^2 - 2) = -1 / f modulo 2^6: the multiple that cancels six bits of g.
        let w = f.wrapping_mul(g).wrapping_mul(f.wrapping_mul(f).wrapping_sub(2)) & mask & 63;
        g = g.wrapping_add(f.wrapping_mul(w));
        q = q.wrapping_add(u.wrapping_mul(w));
        r = r.wrapping_add(v.wrapping_mul(w));
    }
    Matrix { u: u as i64, v: v as i64, q: q as i64, r: r as i64 }
}

/// `a b`, exact.
#[inline(always)]
fn wide(a: i64, b: i64) -> i128 {
    i128::from(a).wrapping_mul(i128::from(b))
}

/// (d, e) <- (u d + v e, q d + r e) / 2^62 mod p, staying in (-2p, p).
fn update_de(d: &mut Limbs62, e: &mut Limbs62, t: &Matrix, modulus: &Limbs62, modulus_inverse: u64) {
    // Multiples of p that make the results of negative inputs less negative, and divisible by 2^62.
    let (sign_d, sign_e) = (d[4] >> 63, e[4] >> 63);
    let mut multiple_d = (t.u & sign_d).wrapping_add(t.v & sign_e);
    let mut multiple_e = (t.q & sign_d).wrapping_add(t.r & sign_e);
    let mut carry_d = wide(t.u, d[0]).wrapping_add(wide(t.v, e[0]));
    let mut carry_e = wide(t.q, d[0]).wrapping_add(wide(t.r, e[0]));
    let quotient = |carry: i128, multiple: i64| {
        (modulus_inverse.wrapping_mul(carry as u64).wrapping_add(multiple as u64) & LOW) as i64
    };
    multiple_d = multiple_d.wrapping_sub(quotient(carry_d, multiple_d));
    multiple_e = multiple_e.wrapping_sub(quotient(carry_e, multiple_e));
    carry_d = carry_d.wrapping_add(wide(modulus[0], multiple_d)) >> BITS;
    carry_e = carry_e.wrapping_add(wide(modulus[0], multiple_e)) >> BITS;
    for i in 1..5 {
        carry_d = carry_d
            .wrapping_add(wide(t.u, d[i]))
            .wrapping_add(wide(t.v, e[i]))
            .wrapping_add(wide(modulus[i], multiple_d));
        carry_e = carry_e
            .wrapping_add(wide(t.q, d[i]))
            .wrapping_add(wide(t.r, e[i]))
            .wrapping_add(wide(modulus[i], multiple_e));
        d[i - 1] = (carry_d as u64 & LOW) as i64;
        e[i - 1] = (carry_e as u64 & LOW) as i64;
        carry_d >>= BITS;
        carry_e >>= BITS;
    }
    d[4] = carry_d as i64;
    e[4] = carry_e as i64;
}

/// (f, g) <- (u f + v g, q f + r g) / 2^62, exact.
fn update_fg(f: &mut Limbs62, g: &mut Limbs62, t: &Matrix) {
    let mut carry_f = wide(t.u, f[0]).wrapping_add(wide(t.v, g[0])) >> BITS;
    let mut carry_g = wide(t.q, f[0]).wrapping_add(wide(t.r, g[0])) >> BITS;
    for i in 1..5 {
        carry_f = carry_f.wrapping_add(wide(t.u, f[i])).wrapping_add(wide(t.v, g[i]));
        carry_g = carry_g.wrapping_add(wide(t.q, f[i])).wrapping_add(wide(t.r, g[i]));
        f[i - 1] = (carry_f as u64 & LOW) as i64;
        g[i - 1] = (carry_g as u64 & LOW) as i64;
        carry_f >>= BITS;
        carry_g >>= BITS;
    }
    f[4] = carry_f as i64;
    g[4] = carry_g as i64;
}

/// `d`, or `-d`, in [0, p), from d in (-2p, p).
fn canonical(mut d: Limbs62, negate: bool, modulus: &Limbs62) -> [u64; 4] {
    // (-2p, p) -> (-p, p) -> after the negation still (-p, p) -> [0, p).
    if d[4] < 0 {
        d = add_scaled(&d, 1, modulus);
    }
    if negate {
        d = add_scaled(&[0; 5], -1, &d);
    }
    if d[4] < 0 {
        d = add_scaled(&d, 1, modulus);
    }
    let limb = |i: usize| d[i] as u64;
    [
        limb(0) | limb(1) << 62,
        limb(1) >> 2 | limb(2) << 60,
        limb(2) >> 4 | limb(3) << 58,
        limb(3) >> 6 | limb(4) << 56,
    ]
}

/// `a + sign * b`, limbs normalised.
fn add_scaled(a: &Limbs62, sign: i64, b: &Limbs62) -> Limbs62 {
    let mut out = [0; 5];
    let mut carry = 0i64;
    for i in 0..5 {
        let limb = a[i].wrapping_add(b[i].wrapping_mul(sign)).wrapping_add(carry);
        out[i] = if i == 4 { limb } else { (limb as u64 & LOW) as i64 };
        carry = limb >> BITS;
    }
    out
}

#[cfg(test)]
mod tests {
    use ark_ff::PrimeField;
    use proptest::prelude::*;

    use super::invert;
    use crate::{Element, Fq, Fr};

    fn check<F: Element>(x: F) {
        assert_eq!(invert(&x), x.inverse());
    }

    fn extremes<F: Element>() {
        assert_eq!(invert(&F::ZERO), None);
        for k in 0..254 {
            let power = F::from(2u64).pow([k]);
            for x in [power, -power, power + F::ONE, power - F::ONE, F::from_limbs(*F::ONE.limbs()) * power] {
                check(x);
            }
            // Powers of two and their neighbours as limbs, not as values.
            let mut limbs = [0; 4];
            limbs[k as usize / 64] = 1 << (k % 64);
            if crate::modulus::less_than(&limbs, &F::P) {
                check(F::from_limbs(limbs));
                check(-F::from_limbs(limbs));
            }
        }
    }

    #[test]
    fn extreme_elements() {
        extremes::<Fr>();
        extremes::<Fq>();
    }

    proptest! {
        #[test]
        fn agrees_with_arkworks(bytes in any::<[u8; 32]>()) {
            check(Fr::from_le_bytes_mod_order(&bytes));
            check(Fq::from_le_bytes_mod_order(&bytes));
        }
    }
}
