//! Zero-checks and sums whose factors are so plain that hardly anything is computed.

use ark_ff::{One, Zero};
use zktorch_field::Fr;

use super::ZeroCheck;
use crate::{RoundPolynomial, SumcheckError, SumcheckInstance};

/// [`ZeroCheck`] of columns that repeat every entry `2^b` times: the statement (and every message) is the same, the work that of the
/// distinct entries.
///
/// With x = (u, v), v the last b variables, h and a depend on u alone, and `sum over v of eq(z_v, v) = 1`: so the first variables
/// are a zero-check over u with `2^b lambda` in the place of lambda, and the last ones rounds of constants.
pub struct RepeatedZeroCheck<'a> {
    first: ZeroCheck<'a>,
    z: Vec<Fr>,
    lambda: Fr,
    /// b.
    low: usize,
    /// The challenges so far.
    point: Vec<Fr>,
    /// h and a at the first variables' point, once these are bound.
    finals: Vec<Fr>,
    /// eq of z and the challenges.
    eq: Fr,
}

impl<'a> RepeatedZeroCheck<'a> {
    /// From the zero-check of the distinct entries at the first coordinates of z, each of which comes as often as there are values of the
    /// others. `total` is the sum of h over the distinct entries; that over all is proved, weighted by `lambda`.
    ///
    /// # Errors
    /// [`SumcheckError::Length`] if there are more distinct entries than points of the cube.
    pub fn new(z: &[Fr], distinct: ZeroCheck<'a>, lambda: Fr, total: Fr) -> Result<Self, SumcheckError> {
        let (expected, got) = (z.len(), distinct.num_rounds());
        let what = "variables of the distinct entries";
        let low = expected.checked_sub(got).ok_or(SumcheckError::Length { what, expected, got })?;
        let first = distinct.with_sum(lambda * repetitions(low), total);
        let (z, point, finals) = (z.to_vec(), Vec::new(), Vec::new());
        Ok(Self { first, z, lambda, low, point, finals, eq: Fr::one() })
    }

    fn high(&self) -> usize {
        self.z.len() - self.low
    }

    /// `eq(z_i, x)` of one variable.
    fn weight(&self, variable: usize, x: Fr) -> Fr {
        let z = self.z[variable];
        (Fr::one() - z) * (Fr::one() - x) + z * x
    }

    fn bind(&mut self, challenge: Fr) {
        self.eq *= self.weight(self.point.len(), challenge);
        self.point.push(challenge);
    }
}

fn repetitions(low: usize) -> Fr {
    (0..low).fold(Fr::one(), |power, _| power + power)
}

impl SumcheckInstance for RepeatedZeroCheck<'_> {
    fn num_rounds(&self) -> usize {
        self.z.len()
    }

    /// That of the statement, also where there is one distinct entry and the rounds' polynomials have less.
    fn degree(&self) -> usize {
        3
    }

    fn claim(&self) -> Fr {
        self.first.claim()
    }

    fn round(&mut self, previous: Option<Fr>) -> RoundPolynomial {
        previous.into_iter().for_each(|challenge| self.bind(challenge));
        let round = self.point.len();
        if round < self.high() {
            return self.first.round(previous);
        }
        if round == self.high() {
            self.finals = self.first.finish(previous);
        }
        let [h, a] = [0, 1].map(|i| self.finals.get(i).copied().unwrap_or_else(Fr::zero));
        // eq (h a - 1) is linear in the variable, lambda h constant.
        let constant = self.eq * (h * a - Fr::one()) * self.weight(round, Fr::zero());
        RoundPolynomial::new(constant + self.lambda * h * repetitions(self.z.len() - 1 - round), [])
    }

    fn finish(&mut self, last: Option<Fr>) -> Vec<Fr> {
        if self.low == 0 { self.first.finish(last) } else { std::mem::take(&mut self.finals) }
    }
}

/// A sum all of whose terms are zero, as one factor is: every message is zero. Finals: none.
pub struct ZeroSum {
    num_rounds: usize,
    degree: usize,
}

impl ZeroSum {
    /// Over so many variables, in a statement of this degree.
    pub fn new(num_rounds: usize, degree: usize) -> Self {
        Self { num_rounds, degree }
    }
}

impl SumcheckInstance for ZeroSum {
    fn num_rounds(&self) -> usize {
        self.num_rounds
    }

    fn degree(&self) -> usize {
        self.degree
    }

    fn claim(&self) -> Fr {
        Fr::zero()
    }

    fn round(&mut self, _: Option<Fr>) -> RoundPolynomial {
        RoundPolynomial::new(Fr::zero(), [])
    }

    fn finish(&mut self, _: Option<Fr>) -> Vec<Fr> {
        Vec::new()
    }
}
