//! What a table-driven zero-check reads: inverses by index, and queries linear in small integers.

use ark_ff::Zero;
use zktorch_field::{Backend, Fr, Ints, Kernel, LANES, Packed, Row, dispatch, slice};

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

    /// The inverses.
    pub fn into_rows(self) -> Vec<Row<Fr>> {
        self.rows
    }

    /// The sum of h over cells with these indices, all of which the table has.
    pub fn sum(&self, indices: Indices<'_>) -> Fr {
        dispatch(Sum { table: &self.rows, indices })
    }
}

/// The sum of all gathered entries.
struct Sum<'a> {
    table: &'a [Row<Fr>],
    indices: Indices<'a>,
}

impl Kernel for Sum<'_> {
    type Output = Fr;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Fr {
        let (mut acc, one) = (B::Fr::small_zero(), B::Ints::splat(1));
        let mut start = 0;
        while let Some(eight) = self.indices.eight(start) {
            B::Fr::small_mul_add(&mut acc, B::Fr::gather_rows(self.table, &eight), one);
            start += LANES;
        }
        let mut sum = B::Fr::small_reduce(acc).sum_lanes();
        while let Some(index) = self.indices.get(start) {
            sum += self.table[index].get();
            start += 1;
        }
        sum
    }
}

/// The table entry of every cell: 16 bits for one table, 32 bits for several behind each other, or none where it follows from the cell.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Indices<'a> {
    /// 16-bit indices.
    U16(&'a [u16]),
    /// 32-bit indices.
    U32(&'a [u32]),
    /// Made when they are read.
    Keyed(KeyedIndices<'a>),
}

impl<'a> Indices<'a> {
    /// Number of cells.
    pub fn len(&self) -> usize {
        match self {
            Self::U16(v) => v.len(),
            Self::U32(v) => v.len(),
            Self::Keyed(keyed) => keyed.len(),
        }
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The index of a cell, if there is one.
    pub fn get(&self, cell: usize) -> Option<usize> {
        match self {
            Self::U16(v) => v.get(cell).map(|index| usize::from(*index)),
            Self::U32(v) => v.get(cell).map(|index| *index as usize),
            Self::Keyed(keyed) => keyed.get(cell),
        }
    }

    /// Those of the eight cells from `start` on, if there are so many.
    #[inline(always)]
    pub fn eight(&self, start: usize) -> Option<[u32; LANES]> {
        match self {
            Self::U16(v) => v.get(start..)?.first_chunk().map(|eight: &[u16; LANES]| eight.map(u32::from)),
            Self::U32(v) => v.get(start..)?.first_chunk().copied(),
            Self::Keyed(keyed) => (start + LANES <= keyed.len()).then(|| keyed.load(start)),
        }
    }

    /// The largest index.
    pub(crate) fn max(&self) -> Option<usize> {
        match self {
            // A fold over values, unlike `Iterator::max` over references, compiles to vector instructions.
            Self::U16(v) => (!v.is_empty()).then(|| usize::from(v.iter().fold(0, |max, i| *i.max(&max)))),
            Self::U32(v) => (!v.is_empty()).then(|| v.iter().fold(0, |max, i| *i.max(&max)) as usize),
            Self::Keyed(keyed) => (0..keyed.len()).map(|i| keyed.get(i).unwrap_or(usize::MAX)).max(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter_map(|i| self.get(i))
    }

    /// In vectors of eight; fewer are dropped.
    pub(crate) fn vectors(self) -> IndexSlice<'a> {
        match self {
            Self::U16(v) => IndexSlice::U16(v.as_chunks::<LANES>().0),
            Self::U32(v) => IndexSlice::U32(v.as_chunks::<LANES>().0),
            Self::Keyed(keyed) => IndexSlice::Keyed(keyed),
        }
    }
}

/// Indices into tables that stand behind each other, each with an entry for every integer of an interval: cell i has entry
/// `key_i + shifts\[tag_i\]`, where tag_i says which table the cell is looked up in. So they take no memory beside the cells.
#[derive(Clone, Copy, Debug)]
pub struct KeyedIndices<'a> {
    keys: SmallColumn<'a>,
    tags: SmallColumn<'a>,
    shifts: &'a [i32],
}

impl<'a> KeyedIndices<'a> {
    /// From the cells' keys and tags, and a shift for every tag from zero on.
    ///
    /// # Errors
    /// [`SumcheckError::Length`] unless there are as many tags as keys.
    pub fn new(
        keys: impl Into<SmallColumn<'a>>,
        tags: impl Into<SmallColumn<'a>>,
        shifts: &'a [i32],
    ) -> Result<Self, SumcheckError> {
        let (keys, tags) = (keys.into(), tags.into());
        let (expected, got) = (keys.len(), tags.len());
        if expected == got {
            Ok(Self { keys, tags, shifts })
        } else {
            Err(SumcheckError::Length { what: "tags of cells", expected, got })
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The index of a cell; none if there is no such cell, tag or index.
    fn get(&self, cell: usize) -> Option<usize> {
        let tag = usize::try_from(self.tags.get(cell)?).ok()?;
        let index = self.keys.get(cell)? + i64::from(*self.shifts.get(tag)?);
        usize::try_from(index).ok()
    }

    /// The indices of the eight cells from `start` on, which are there and have one each.
    #[inline(always)]
    pub(crate) fn load(&self, start: usize) -> [u32; LANES] {
        let (keys, tags) = (self.keys.eight(start), self.tags.eight(start));
        let mut out = [0; LANES];
        for lane in 0..LANES {
            out[lane] = keys[lane].wrapping_add(self.shifts[tags[lane] as usize]) as u32;
        }
        out
    }

    /// The first `at` cells and the rest.
    pub(crate) fn split(self, at: usize) -> (Self, Self) {
        let (keys, tags, shifts) = (self.keys.split(at), self.tags.split(at), self.shifts);
        (Self { keys: keys.0, tags: tags.0, shifts }, Self { keys: keys.1, tags: tags.1, shifts })
    }
}

impl<'a> From<KeyedIndices<'a>> for Indices<'a> {
    fn from(keyed: KeyedIndices<'a>) -> Self {
        Self::Keyed(keyed)
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
