//! sum a b and sum eq a b.

use zktorch_field::{BackendKind, Fr};

use super::check_length;
use crate::quadratic::{Factors, Quadratic, Terms};
use crate::{Evaluations, RoundPolynomial, SumcheckError, SumcheckInstance};

/// sum over x of a(x) b(x) = claim, degree 2.
///
/// Finals: a(point), b(point); the value to enforce is their product.
pub struct Product<'a> {
    claim: Fr,
    prover: Quadratic<'a>,
}

/// sum over x of eq(z, first variables of x) a(x) b(x) = claim, degree 3.
///
/// z may have fewer coordinates than there are variables: then eq covers the first ones and the others are
/// summed without weight, as in a contraction with a batch axis. Finals: a(point), b(point); the value to enforce is
/// eq(z, first coordinates of point) a(point) b(point).
pub struct EqProduct<'a> {
    claim: Fr,
    prover: Quadratic<'a>,
}

/// The prover of sum eq(z, x) a(x) b(x), after checking the shapes.
fn quadratic<'a>(z: &[Fr], a: Evaluations<'a>, b: Evaluations<'a>) -> Result<Quadratic<'a>, SumcheckError> {
    let num_vars = a.num_vars("first factor")?;
    check_length("second factor", a.len(), b.len())?;
    if z.len() > num_vars {
        return Err(SumcheckError::Length { what: "point of eq", expected: num_vars, got: z.len() });
    }
    let factors = Factors::Columns(a.into_column(), b.into_column());
    Ok(Quadratic::new(num_vars, z, factors, Terms { vanishing: false, linear: None }))
}

impl<'a> Product<'a> {
    /// The statement that the inner product of `a` and `b` is `claim`.
    ///
    /// # Errors
    /// [`SumcheckError::NotPowerOfTwo`] or [`SumcheckError::Length`] when the tables are no cube of one size.
    pub fn new(
        a: impl Into<Evaluations<'a>>,
        b: impl Into<Evaluations<'a>>,
        claim: Fr,
    ) -> Result<Self, SumcheckError> {
        Ok(Self { claim, prover: quadratic(&[], a.into(), b.into())? })
    }

    /// Runs on a given backend instead of the fastest one. The results are the same.
    #[must_use]
    pub fn with_backend(mut self, backend: BackendKind) -> Self {
        self.prover.set_backend(backend);
        self
    }
}

impl<'a> EqProduct<'a> {
    /// The statement that the eq-weighted inner product of `a` and `b` is `claim`.
    ///
    /// # Errors
    /// [`SumcheckError::NotPowerOfTwo`] or [`SumcheckError::Length`] when tables and point do not agree.
    pub fn new(
        z: &[Fr],
        a: impl Into<Evaluations<'a>>,
        b: impl Into<Evaluations<'a>>,
        claim: Fr,
    ) -> Result<Self, SumcheckError> {
        Ok(Self { claim, prover: quadratic(z, a.into(), b.into())? })
    }

    /// Adds lambda sum_x a(x) to the statement, whose claim becomes that of the two sums together: the value to
    /// enforce gets lambda a(point) added.
    #[must_use]
    pub fn with_linear(mut self, lambda: Fr) -> Self {
        self.prover.set_linear(lambda);
        self
    }

    /// Runs on a given backend instead of the fastest one. The results are the same.
    #[must_use]
    pub fn with_backend(mut self, backend: BackendKind) -> Self {
        self.prover.set_backend(backend);
        self
    }
}

macro_rules! instance {
    ($type:ty) => {
        impl SumcheckInstance for $type {
            fn num_rounds(&self) -> usize {
                self.prover.num_vars()
            }

            fn degree(&self) -> usize {
                self.prover.degree()
            }

            fn claim(&self) -> Fr {
                self.claim
            }

            fn round(&mut self, previous: Option<Fr>) -> RoundPolynomial {
                self.prover.round(previous)
            }

            fn finish(&mut self, last: Option<Fr>) -> Vec<Fr> {
                self.prover.finish(last).to_vec()
            }
        }
    };
}
instance!(Product<'_>);
instance!(EqProduct<'_>);
pub(super) use instance;
