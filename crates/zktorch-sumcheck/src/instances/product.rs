//! sum a b and sum eq a b.

use ark_ff::Zero;
use zktorch_field::Fr;

use super::check_length;
use crate::{Evaluations, RoundPolynomial, SumcheckError, SumcheckInstance, eq_table};

/// sum over x of a(x) b(x) = claim, degree 2.
///
/// Finals: a(point), b(point); the value to enforce is their product.
pub struct Product {
    a: Vec<Fr>,
    b: Vec<Fr>,
    claim: Fr,
    num_rounds: usize,
}

impl Product {
    /// The statement that the inner product of `a` and `b` is `claim`.
    ///
    /// # Errors
    /// [`SumcheckError::NotPowerOfTwo`] or [`SumcheckError::Length`] when the tables are no cube of one size.
    pub fn new<'a>(
        a: impl Into<Evaluations<'a>>,
        b: impl Into<Evaluations<'a>>,
        claim: Fr,
    ) -> Result<Self, SumcheckError> {
        let (a, b) = (a.into(), b.into());
        let num_rounds = a.num_vars("first factor")?;
        check_length("second factor", a.len(), b.len())?;
        Ok(Self { a: a.to_field(), b: b.to_field(), claim, num_rounds })
    }
}

impl SumcheckInstance for Product {
    fn num_rounds(&self) -> usize {
        self.num_rounds
    }

    fn degree(&self) -> usize {
        2
    }

    fn claim(&self) -> Fr {
        self.claim
    }

    fn round(&mut self, previous: Option<Fr>) -> RoundPolynomial {
        if let Some(challenge) = previous {
            bind(&mut self.a, challenge);
            bind(&mut self.b, challenge);
        }
        let half = self.a.len() / 2;
        let (mut constant, mut quadratic) = (Fr::zero(), Fr::zero());
        for x in 0..half {
            constant += self.a[x] * self.b[x];
            quadratic += (self.a[half + x] - self.a[x]) * (self.b[half + x] - self.b[x]);
        }
        RoundPolynomial::new(constant, [quadratic])
    }

    fn finish(&mut self, last: Option<Fr>) -> Vec<Fr> {
        if let Some(challenge) = last {
            bind(&mut self.a, challenge);
            bind(&mut self.b, challenge);
        }
        vec![self.a[0], self.b[0]]
    }
}

/// sum over x of eq(z, x) a(x) b(x) = claim, degree 3.
///
/// Finals: a(point), b(point); the value to enforce is eq(z, point) a(point) b(point).
pub struct EqProduct {
    eq: Vec<Fr>,
    a: Vec<Fr>,
    b: Vec<Fr>,
    claim: Fr,
    num_rounds: usize,
}

impl EqProduct {
    /// The statement that the extension of a(x) b(x) at `z` is `claim`.
    ///
    /// # Errors
    /// [`SumcheckError::NotPowerOfTwo`] or [`SumcheckError::Length`] when tables and point do not agree.
    pub fn new<'a>(
        z: &[Fr],
        a: impl Into<Evaluations<'a>>,
        b: impl Into<Evaluations<'a>>,
        claim: Fr,
    ) -> Result<Self, SumcheckError> {
        let (a, b) = (a.into(), b.into());
        let num_rounds = a.num_vars("first factor")?;
        check_length("second factor", a.len(), b.len())?;
        check_length("point of eq", num_rounds, z.len())?;
        Ok(Self { eq: eq_table(z), a: a.to_field(), b: b.to_field(), claim, num_rounds })
    }
}

impl SumcheckInstance for EqProduct {
    fn num_rounds(&self) -> usize {
        self.num_rounds
    }

    fn degree(&self) -> usize {
        3
    }

    fn claim(&self) -> Fr {
        self.claim
    }

    fn round(&mut self, previous: Option<Fr>) -> RoundPolynomial {
        if let Some(challenge) = previous {
            for table in [&mut self.eq, &mut self.a, &mut self.b] {
                bind(table, challenge);
            }
        }
        let half = self.a.len() / 2;
        let mut coefficients = [Fr::zero(); 4];
        for x in 0..half {
            let (e, a, b) = (self.eq[x], self.a[x], self.b[x]);
            let (de, da, db) = (self.eq[half + x] - e, self.a[half + x] - a, self.b[half + x] - b);
            coefficients[0] += e * a * b;
            coefficients[2] += e * da * db + de * (a * db + da * b);
            coefficients[3] += de * da * db;
        }
        RoundPolynomial::from_coefficients(&coefficients)
    }

    fn finish(&mut self, last: Option<Fr>) -> Vec<Fr> {
        if let Some(challenge) = last {
            bind(&mut self.a, challenge);
            bind(&mut self.b, challenge);
        }
        vec![self.a[0], self.b[0]]
    }
}

/// Binds the most significant variable: t(x') <- (1 - r) t(0, x') + r t(1, x').
fn bind(table: &mut Vec<Fr>, r: Fr) {
    let half = table.len() / 2;
    let (low, high) = table.split_at_mut(half);
    for (low, high) in low.iter_mut().zip(high.iter()) {
        *low += r * (*high - *low);
    }
    table.truncate(half);
}
