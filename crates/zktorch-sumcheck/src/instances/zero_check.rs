//! h (alpha - q) = 1 on the whole cube: the zero-check of a lookup with committed inverses.

use ark_ff::Zero;
use zktorch_field::{BackendKind, Fr, LANES, PackedVec};

use super::product::instance;
use super::{check_cube, check_length};
use crate::quadratic::{Column, Factors, Indices, Quadratic, Tables, Terms};
use crate::{RoundPolynomial, SumcheckError, SumcheckInstance};

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
/// the first two binds cost gathers instead of multiplications.
pub struct ZeroCheck<'a> {
    claim: Fr,
    prover: Quadratic<'a>,
}

/// Entries per table entry below which scaling the table costs more than binding the entries.
const GATHER_FACTOR: usize = 8;

impl ZeroCheck<'static> {
    /// h and a = alpha - q as field elements, one per entry.
    ///
    /// # Errors
    /// [`SumcheckError::Length`] unless both have 2^m entries, m the length of the point.
    pub fn dense(z: &[Fr], h: PackedVec<Fr>, a: PackedVec<Fr>) -> Result<Self, SumcheckError> {
        check_cube("inverses", z.len(), h.len())?;
        check_cube("queries", z.len(), a.len())?;
        Ok(Self::new(z, Factors::Columns(Column::Field(h), Column::Field(a))))
    }
}

impl<'a> ZeroCheck<'a> {
    fn new(z: &[Fr], factors: Factors<'a>) -> Self {
        let terms = Terms { vanishing: true, linear: None };
        Self { claim: Fr::zero(), prover: Quadratic::new(z.len(), z, factors, terms) }
    }

    /// Entry i has h = `h`\[indices\[i\]\] and a = `a`\[indices\[i\]\]: a column of 16-bit values looked up in one
    /// table.
    ///
    /// # Errors
    /// [`SumcheckError::Length`] unless there are 2^m indices, m the length of the point, and tables of one length;
    /// [`SumcheckError::Index`] when an index is out of the table.
    pub fn from_table(z: &[Fr], h: Vec<Fr>, a: Vec<Fr>, indices: &'a [u16]) -> Result<Self, SumcheckError> {
        let largest = indices.iter().max().map(|i| usize::from(*i));
        check_table(z, &h, &a, indices.len(), largest)?;
        Ok(Self::from_indices(z, h, a, Indices::U16(indices.as_chunks().0), || {
            indices.iter().map(|i| usize::from(*i)).collect()
        }))
    }

    /// The same with 32-bit indices: several tables behind each other, one per tag.
    ///
    /// # Errors
    /// As [`from_table`](Self::from_table).
    pub fn from_tables(z: &[Fr], h: Vec<Fr>, a: Vec<Fr>, indices: &'a [u32]) -> Result<Self, SumcheckError> {
        let largest = indices.iter().max().map(|i| *i as usize);
        check_table(z, &h, &a, indices.len(), largest)?;
        Ok(Self::from_indices(z, h, a, Indices::U32(indices.as_chunks().0), || {
            indices.iter().map(|i| *i as usize).collect()
        }))
    }

    fn from_indices(
        z: &[Fr],
        h: Vec<Fr>,
        a: Vec<Fr>,
        indices: Indices<'a>,
        all: impl FnOnce() -> Vec<usize>,
    ) -> Self {
        let len = indices.len() * LANES;
        if len >= GATHER_FACTOR * h.len().max(1) {
            return Self::new(z, Factors::Table(Tables::new(h, a), indices));
        }
        let all = all();
        let column = |table: &[Fr]| {
            let values: Vec<Fr> = all.iter().map(|i| table[*i]).collect();
            Column::Field(PackedVec::from_slice(&values))
        };
        Self::new(z, Factors::Columns(column(&h), column(&a)))
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

/// Shapes of a table-driven zero-check; `largest` is the largest index.
fn check_table(
    z: &[Fr],
    h: &[Fr],
    a: &[Fr],
    entries: usize,
    largest: Option<usize>,
) -> Result<(), SumcheckError> {
    check_cube("indices", z.len(), entries)?;
    check_length("table of queries", h.len(), a.len())?;
    match largest {
        Some(index) if index >= h.len() => Err(SumcheckError::Index { index, len: h.len() }),
        _ => Ok(()),
    }
}

instance!(ZeroCheck<'_>);
