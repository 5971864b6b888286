//! h (alpha - q) = 1 on the whole cube: the zero-check of a lookup with committed inverses.

use ark_ff::Zero;
use zktorch_field::{BackendKind, Fr, PackedVec};

use super::product::instance;
use super::{check_cube, check_length};
use crate::quadratic::{Column, Factors, First, Linear, MIN_TABLE_VARS, Quadratic, SmallFactors, Terms};
use crate::{Indices, InverseTable, Query, RoundPolynomial, SumcheckError, SumcheckInstance};

/// sum over x of eq(z, x) (h(x) a(x) - 1) + lambda h(x) = lambda L, degree 3.
///
/// With a = alpha - q and z drawn after h is committed, the first sum being 0 means h = 1/(alpha - q) on the cube
/// (soundness error m/|F|); the second proves sum_x h(x) = L in the same instance, lambda being a challenge drawn
/// after L is sent (1/|F|). Finals: h(point), a(point); the value to enforce is eq(z, point) (h a - 1) + lambda h.
///
/// The prover relies on h a = 1: the products on the cube vanish, so no round computes one (only
/// differences are multiplied). A witness for which it does not hold gives messages that the verifier rejects.
///
/// Cost per entry, in packed multiplications: about 0.6 for the first round, 2.1 for all others on arrays; from a table
/// the first four binds cost gathers instead of multiplications.
pub struct ZeroCheck<'a> {
    claim: Fr,
    prover: Quadratic<'a>,
}

impl<'a> ZeroCheck<'a> {
    /// h and a = alpha - q as field elements, one per entry.
    ///
    /// # Errors
    /// [`SumcheckError::Length`] unless both have 2^m entries, m the length of the point.
    pub fn dense(z: &[Fr], h: PackedVec<Fr>, a: PackedVec<Fr>) -> Result<Self, SumcheckError> {
        check_cube("inverses", z.len(), h.len())?;
        check_cube("queries", z.len(), a.len())?;
        Ok(Self::new(z, Factors::Columns(Column::Field(h), Column::Field(a))))
    }

    fn new(z: &[Fr], factors: Factors<'a>) -> Self {
        let terms = Terms { vanishing: true, linear: None };
        Self { claim: Fr::zero(), prover: Quadratic::new(z.len(), z, factors, terms) }
    }

    /// Entry i has h = `table`\[indices\[i\]\], and a is given by `query`.
    ///
    /// The caller's `query` at entry i must be the query whose inverse is there.
    ///
    /// # Errors
    /// [`SumcheckError::Length`] unless there are 2^m indices, m the length of the point, and columns of that
    /// length; [`SumcheckError::Index`] when an index is out of the table.
    pub fn from_table(
        z: &[Fr],
        table: &'a InverseTable,
        indices: impl Into<Indices<'a>>,
        query: Query<'a>,
    ) -> Result<Self, SumcheckError> {
        let indices = indices.into();
        check_cube("indices", z.len(), indices.len())?;
        for (_, column) in query.terms() {
            check_length("column of a query", indices.len(), column.len())?;
        }
        if let Some(index) = indices.max().filter(|index| *index >= table.len()) {
            return Err(SumcheckError::Index { index, len: table.len() });
        }
        if z.len() < MIN_TABLE_VARS {
            let h: Vec<Fr> = indices.iter().map(|i| table.rows()[i].get()).collect();
            let a = query.values(indices.len());
            return Self::dense(z, PackedVec::from_slice(&h), PackedVec::from_slice(&a));
        }
        let (constant, terms) = query.vectors();
        let first = First::Table(table.rows(), indices.vectors());
        let (second, (next, bound)) = (Linear { constant, terms }, Default::default());
        Ok(Self::new(z, Factors::Small(SmallFactors { first, second, next, bound })))
    }

    /// Also proves sum_x h(x) = `total`, weighted by the challenge `lambda`.
    #[must_use]
    pub fn with_sum(mut self, lambda: Fr, total: Fr) -> Self {
        self.claim = lambda * total;
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

instance!(ZeroCheck<'_>);
