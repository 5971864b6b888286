//! What a table-driven zero-check reads: inverses by index, and queries linear in small integers.

use ark_ff::Zero;
use zktorch_field::{Fr, LANES, Row, slice};

use crate::SumcheckError;
use crate::evaluations::SmallColumn;
use crate::quadratic::{IndexSlice, IntSlice};

/// The inverses h_j = 1/(alpha - t_j) of a table's entries t_j.
///
/// Made once per set of challenges and shared by all columns looked up in it. Several tables (one per tag) can
/// stand behind each other in one.
#[derive(Clone, Debug)]
pub struct InverseTable {
    rows: Vec<Row<Fr>>,
}

impl InverseTable {
    /// From the inverses. (Nobody checks that they are: a wrong one gives proofs that do not verify.)
    pub fn new(inverses: &[Fr]) -> Self {
        Self { rows: inverses.iter().map(|h| Row::new(*h)).collect() }
    }

    /// From the queries alpha - t_j.
    ///
    /// # Errors
    /// [`SumcheckError::Pole`] when one is zero (the challenge alpha hit an entry, with probability length / |F|): the
    /// proof must be aborted, nothing may be skipped.
    pub fn from_queries(queries: &[Fr]) -> Result<Self, SumcheckError> {
        if let Some(index) = queries.iter().position(Fr::is_zero) {
            return Err(SumcheckError::Pole { index });
        }
        let mut inverses = queries.to_vec();
        slice::batch_inverse(&mut inverses);
        Ok(Self::new(&inverses))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The inverses.
    pub fn rows(&self) -> &[Row<Fr>] {
        &self.rows
    }
}

/// The table entry of every cell: 16 bits for one table, 32 bits for several behind each other.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Indices<'a> {
    /// 16-bit indices.
    U16(&'a [u16]),
    /// 32-bit indices.
    U32(&'a [u32]),
}

impl<'a> Indices<'a> {
    /// Number of cells.
    pub fn len(&self) -> usize {
        match self {
            Self::U16(v) => v.len(),
            Self::U32(v) => v.len(),
        }
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The largest index.
    pub(crate) fn max(&self) -> Option<usize> {
        match self {
            // A fold over values, unlike `Iterator::max` over references, compiles to vector instructions.
            Self::U16(v) => (!v.is_empty()).then(|| usize::from(v.iter().fold(0, |max, i| *i.max(&max)))),
            Self::U32(v) => (!v.is_empty()).then(|| v.iter().fold(0, |max, i| *i.max(&max)) as usize),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let (short, long): (&[u16], &[u32]) = match self {
            Self::U16(v) => (v, &[]),
            Self::U32(v) => (&[], v),
        };
        short.iter().map(|i| usize::from(*i)).chain(long.iter().map(|i| *i as usize))
    }

    /// In vectors of eight; fewer are dropped.
    pub(crate) fn vectors(self) -> IndexSlice<'a> {
        match self {
            Self::U16(v) => IndexSlice::U16(v.as_chunks::<LANES>().0),
            Self::U32(v) => IndexSlice::U32(v.as_chunks::<LANES>().0),
        }
    }
}

impl<'a> From<&'a [u16]> for Indices<'a> {
    fn from(indices: &'a [u16]) -> Self {
        Self::U16(indices)
    }
}

impl<'a> From<&'a [u32]> for Indices<'a> {
    fn from(indices: &'a [u32]) -> Self {
        Self::U32(indices)
    }
}

/// a(x) = constant + sum_k coefficient_k column_k(x): the query of a lookup, alpha - tag - beta x - beta^2 y, is
/// linear in small integers, so the prover never needs it as a field element before the entries are a sixteenth.
///
/// ```
/// # use zktorch_field::Fr;
/// # use zktorch_sumcheck::Query;
/// # let (alpha, beta) = (Fr::from(5), Fr::from(7));
/// let (tags, x, y) = ([1i8, 1, 2, 2], [-3i16, 0, 1, 2], [0i16, 0, 1, 2]);
/// let query = Query::new(alpha)
///     .plus(-Fr::from(1), &tags[..])
///     .plus(-beta, &x[..])
///     .plus(-beta * beta, &y[..]);
/// ```
#[derive(Clone, Debug)]
pub struct Query<'a> {
    constant: Fr,
    terms: Vec<(Fr, SmallColumn<'a>)>,
}

impl<'a> Query<'a> {
    /// The constant.
    pub fn new(constant: Fr) -> Self {
        Self { constant, terms: Vec::new() }
    }

    /// Adds `coefficient` times `column`.
    #[must_use]
    pub fn plus(mut self, coefficient: Fr, column: impl Into<SmallColumn<'a>>) -> Self {
        self.terms.push((coefficient, column.into()));
        self
    }

    /// The terms in order: coefficient and column.
    pub fn terms(&self) -> &[(Fr, SmallColumn<'a>)] {
        &self.terms
    }

    /// a on `len` cells.
    pub(crate) fn values(&self, len: usize) -> Vec<Fr> {
        let mut values = vec![self.constant; len];
        for (coefficient, column) in &self.terms {
            for (sum, x) in values.iter_mut().zip(column.iter()) {
                *sum += *coefficient * Fr::from(x);
            }
        }
        values
    }

    /// The constant, and the terms in vectors of eight.
    pub(crate) fn vectors(&self) -> (Fr, Vec<(Fr, IntSlice<'a>)>) {
        (self.constant, self.terms.iter().map(|(c, column)| (*c, column.vectors())).collect())
    }
}
