//! Inputs, the same in every run.

use ark_ff::UniformRand;
use ark_std::rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zktorch_field::Fr;

/// A generator that is the same in every run; `stream` tells the inputs of one bench apart.
pub fn rng(stream: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(0x7a6b_746f_7263_6800 ^ stream)
}

/// Uniform scalars.
pub fn scalars(stream: u64, len: usize) -> Vec<Fr> {
    let mut rng = rng(stream);
    (0..len).map(|_| Fr::rand(&mut rng)).collect()
}

/// Uniform 16-bit signed values.
pub fn uniform_i16(stream: u64, len: usize) -> Vec<i16> {
    let mut rng = rng(stream);
    (0..len).map(|_| rng.r#gen()).collect()
}

/// Rounded Gaussian values, clamped to 16 bits: how activations are distributed.
pub fn gaussian_i16(stream: u64, len: usize, sigma: f64) -> Vec<i16> {
    let mut rng = rng(stream);
    let mut uniform = move || 1.0 - rng.r#gen::<f64>(); // (0, 1]: its logarithm is finite
    (0..len)
        .map(|_| {
            // Box-Muller.
            let radius = (-2.0 * uniform().ln()).sqrt();
            let value = sigma * radius * (std::f64::consts::TAU * uniform()).cos();
            value.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
        })
        .collect()
}

/// The multilinear extension at a point, first variable = most significant bit, the plain way.
pub fn evaluate(vector: &[Fr], point: &[Fr]) -> Fr {
    let mut table = vector.to_vec();
    for challenge in point {
        let half = table.len() / 2;
        for index in 0..half {
            let low = table[index];
            table[index] = low + (table[half + index] - low) * challenge;
        }
        table.truncate(half);
    }
    table[0]
}
