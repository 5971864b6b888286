//! Signed digits of full-width scalars.
//!
//! With windows of c bits, s = sum_w d_w 2^(c w). Adding h = sum_(w < W-1) 2^(c-1) 2^(c w) to s first makes every digit independent of the
//! others: below the top one, d_w is window w of s + h, minus 2^(c-1), and lies in [-2^(c-1), 2^(c-1)). The top digit is the rest.

use ark_ff::PrimeField;
use zktorch_field::{Fr, LANES, par};

/// Blocks of scalars that a thread recodes at a time.
const CHUNK: usize = 1 << 10;

/// Eight scalars: limb i of lane l is at `[i][l]`, so that a window touches few cache lines.
type Block = [[u64; LANES]; 4];

/// Windows of c bits for scalars of the field: their number W, such that no digit is above 2^(c-1) in absolute value.
///
/// s + h < 2^254 + 2^(c (W-1)), so the top digit is at most 2^(254 - c (W-1)), which is at most 2^(c-1) for c W >= 255.
pub(super) fn window_count(c: usize) -> usize {
    (Fr::MODULUS_BIT_SIZE as usize + 1).div_ceil(c)
}

/// Scalars, recoded so that any digit can be read off.
pub(super) struct Recoded {
    c: usize,
    len: usize,
    blocks: Vec<Block>,
}

impl Recoded {
    /// Recodes for windows of c bits, 2 <= c <= 31.
    pub(super) fn new(scalars: &[Fr], c: usize) -> Self {
        let mut h = [0u64; 4];
        for w in 0..window_count(c) - 1 {
            let bit = c * w + c - 1;
            h[bit / 64] |= 1 << (bit % 64);
        }
        let mut blocks = vec![[[0; LANES]; 4]; scalars.len().div_ceil(LANES)];
        par::for_each_chunk_mut(&mut blocks, CHUNK, |chunk, blocks| {
            for (block, scalars) in blocks.iter_mut().zip(scalars[chunk * CHUNK * LANES..].chunks(LANES)) {
                for (lane, scalar) in scalars.iter().enumerate() {
                    let limbs = scalar.into_bigint().0;
                    let mut carry = false;
                    for i in 0..4 {
                        // s + h < 2^256: the last carry is zero.
                        let (sum, carry1) = limbs[i].overflowing_add(h[i]);
                        let (sum, carry2) = sum.overflowing_add(carry.into());
                        block[i][lane] = sum;
                        carry = carry1 | carry2;
                    }
                }
            }
        });
        Self { c, len: scalars.len(), blocks }
    }

    /// Digit `window` of every scalar, appended to `out`.
    pub(super) fn digits(&self, window: usize, out: &mut Vec<i32>) {
        let (limb, shift) = (self.c * window / 64, self.c * window % 64);
        let top = window + 1 == window_count(self.c);
        let (mask, half) = if top { (u64::MAX, 0) } else { ((1 << self.c) - 1, 1 << (self.c - 1)) };
        let end = out.len() + self.len;
        for block in &self.blocks {
            let low = &block[limb];
            // A shift by 64 in two steps: a window that starts at a limb takes nothing from the next one.
            let digits: [i32; LANES] = match block.get(limb + 1) {
                Some(high) => std::array::from_fn(|l| {
                    let bits = low[l] >> shift | high[l] << 1 << (63 - shift);
                    (bits & mask) as i32 - half
                }),
                None => std::array::from_fn(|l| (low[l] >> shift & mask) as i32 - half),
            };
            out.extend_from_slice(&digits);
        }
        out.truncate(end);
    }
}
