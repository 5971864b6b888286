//! Seeded random weights, fast: VGG-16 has 138 million of them.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The generator of a network's weights.
pub(super) struct Weights(ChaCha8Rng);

impl Weights {
    /// The same weights every time.
    pub(super) fn new() -> Self {
        Self::seeded(1)
    }

    /// The numbers of another seed.
    pub(super) fn seeded(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform below a number.
    pub(super) fn below(&mut self, count: usize, bound: u32) -> Vec<i64> {
        let draw = |word: u32| i64::try_from((u64::from(word) * u64::from(bound)) >> 32).unwrap_or_default();
        (0..count).map(|_| draw(self.0.next_u32())).collect()
    }

    /// About normal, with this mean and standard deviation: the sum of four uniform numbers of 16 bits (Irwin-Hall), which one word
    /// of the generator gives. No value is further than 3.5 deviations from the mean.
    pub(super) fn normal(&mut self, count: usize, mean: f64, deviation: f64) -> Vec<f32> {
        // Mean and variance of the sum: 4 (2^16 - 1) / 2 and 4 (2^32 - 1) / 12.
        let middle = 2.0 * 65535.0;
        let unit = deviation / (f64::from(u32::MAX) / 3.0).sqrt();
        let mut draw = || {
            let word = self.0.next_u64();
            let sum = (word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48);
            (mean + (sum as f64 - middle) * unit) as f32
        };
        (0..count).map(|_| draw()).collect()
    }

    /// Uniform between two numbers.
    pub(super) fn uniform(&mut self, count: usize, [low, high]: [f64; 2]) -> Vec<f32> {
        let unit = (high - low) / f64::from(u32::MAX);
        (0..count).map(|_| (low + f64::from(self.0.next_u32()) * unit) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let values = Weights::new().normal(1 << 20, 0.5, 2.0);
        let count = values.len() as f64;
        let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
        let variance = values.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / count;
        // Deviations of these two estimates: 2/2^10 and 4 sqrt(2)/2^10 at most.
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        assert!((variance - 4.0).abs() < 0.03, "{variance}");
        let values = Weights::new().uniform(1 << 16, [0.8, 1.2]);
        assert!(values.iter().all(|x| (0.8..=1.2).contains(x)));
        let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / values.len() as f64;
        assert!((mean - 1.0).abs() < 0.005, "{mean}");
    }
}
