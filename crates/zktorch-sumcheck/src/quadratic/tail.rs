//! The last rounds, on a few hundred scalars; also every round of a small instance.

use ark_ff::Zero;
use zktorch_field::Fr;

/// Both factors, bound so far.
#[derive(Default)]
pub(crate) struct Tail {
    a: Vec<Fr>,
    b: Vec<Fr>,
    /// c in a b - c.
    constant: Fr,
}

impl Tail {
    pub(crate) fn new([a, b]: [Vec<Fr>; 2], constant: Fr) -> Self {
        Self { a, b, constant }
    }

    /// Binds the most significant variable, if there is a challenge: t(x') <- (1 - r) t(0, x') + r t(1, x').
    pub(crate) fn bound(mut self, challenge: Option<Fr>) -> Self {
        let Some(r) = challenge else { return self };
        for table in [&mut self.a, &mut self.b] {
            let half = table.len() / 2;
            let (low, high) = table.split_at_mut(half);
            for (low, high) in low.iter_mut().zip(high.iter()) {
                *low += r * (*high - *low);
            }
            table.truncate(half);
        }
        self
    }

    /// [t(0), t(1), t(inf)] of the current variable, `weights` being those of the variables after it.
    pub(crate) fn totals(&self, weights: &[Fr]) -> [Fr; 3] {
        let half = self.a.len() / 2;
        let ((a0, a1), (b0, b1)) = (self.a.split_at(half), self.b.split_at(half));
        let mut totals = [Fr::zero(); 3];
        for (x, weight) in weights.iter().enumerate() {
            totals[0] += *weight * (a0[x] * b0[x] - self.constant);
            totals[1] += *weight * (a1[x] * b1[x] - self.constant);
            totals[2] += *weight * (a1[x] - a0[x]) * (b1[x] - b0[x]);
        }
        totals
    }

    /// The sum of a where the current variable is 0.
    pub(crate) fn linear_at_zero(&self) -> Fr {
        self.a[..self.a.len() / 2].iter().sum()
    }

    /// The first values: the factors at the point once everything is bound.
    pub(crate) fn values(&self) -> [Fr; 2] {
        [&self.a, &self.b].map(|table| table.first().copied().unwrap_or_else(Fr::zero))
    }
}
