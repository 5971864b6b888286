//! The inner product of two matrices, as a sum over their rows.

use zktorch_field::Fr;
use zktorch_sumcheck::{RoundPolynomial, SumcheckInstance};

use super::bind;

/// `sum_i <a_i, b_i> = claim` over the `2^rounds` rows of two matrices, degree 2 in the variables of i.
///
/// Finals: the row `a(point, .)`; the value to enforce is its inner product with `b(point, .)`.
pub(crate) struct RowProduct {
    a: Vec<Fr>,
    b: Vec<Fr>,
    rounds: usize,
    claim: Fr,
}

impl RowProduct {
    /// Of matrices with `2^rounds` rows, row after row.
    pub(crate) fn new(a: Vec<Fr>, b: Vec<Fr>, rounds: usize, claim: Fr) -> Self {
        Self { a, b, rounds, claim }
    }

    fn bind(&mut self, challenge: Option<Fr>) {
        if let Some(r) = challenge {
            bind(&mut self.a, r);
            bind(&mut self.b, r);
        }
    }
}

impl SumcheckInstance for RowProduct {
    fn num_rounds(&self) -> usize {
        self.rounds
    }

    fn degree(&self) -> usize {
        super::INNER_DEGREE
    }

    fn claim(&self) -> Fr {
        self.claim
    }

    fn round(&mut self, previous: Option<Fr>) -> RoundPolynomial {
        self.bind(previous);
        let half = self.a.len() / 2;
        let ((a0, a1), (b0, b1)) = (self.a.split_at(half), self.b.split_at(half));
        let (mut c0, mut c2) = (Fr::from(0u64), Fr::from(0u64));
        for x in 0..half {
            c0 += a0[x] * b0[x];
            c2 += (a1[x] - a0[x]) * (b1[x] - b0[x]);
        }
        RoundPolynomial::new(c0, [c2])
    }

    fn finish(&mut self, last: Option<Fr>) -> Vec<Fr> {
        self.bind(last);
        core::mem::take(&mut self.a)
    }
}
