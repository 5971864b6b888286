//! The factors of a lookup: h by an index per entry into a table of inverses, a linear in small integers.
//!
//! h = 1/(alpha - q) has few distinct values and a = alpha - q is linear in 16-bit columns, so the entries need not
//! exist as field elements before [`STORED_AFTER`] variables are bound, when there are a sixteenth as many. Every pass
//! before that gathers from the table and serves *two* rounds:
//!
//! * [`OpenTable`] serves the first two. It visits the entries four at a time, (x_0, x_1) = 00, 01, 10, 11.
//!   Besides the first round's coefficients it sums up what the second round's will be as a quadratic in the
//!   challenge r that is not known yet: with d_0 = (01) - (00) and d_1 = (11) - (10) for each factor,
//!
//!   ```text
//!   (h d_0 + r (h d_1 - h d_0)) (a d_0 + r (a d_1 - a d_0))
//!       = (1 - r) h d_0 a d_0 + r h d_1 a d_1 + r (r - 1) (h d_1 - h d_0) (a d_1 - a d_0).
//!   ```
//!
//!   All five sums multiply a difference of h by a difference of a. The differences of h are combinations of three, so
//!   three products with the weight serve all; those with differences of a are products with small integers.
//! * [`OpenGathered`](super::gathered::OpenGathered) serves the next two in the same way, with h and a bound as it reads them.
//! * [`Gathered`](super::gathered::Gathered) binds all these variables at once and stores the result.
//!
//! The last two also serve products of two columns of small integers, whose first round is as others'.

use ark_ff::{AdditiveGroup, Field};
use zktorch_field::{Backend, BackendKind, Block, Fr, Ints, Kernel, LANES, Packed, Row};

use super::columns::IntSlice;
use super::job::{self, Job};
use super::pass::load_inner;
use super::sums::BindValues;
use super::weights::{INNER, INNER_VARS};
use crate::KeyedIndices;

/// Variables that are bound before the factors' values are stored, where there are so many.
const STORED_AFTER: usize = 4;
/// The fewest variables left over after a pass that serves two rounds: the pass that stores field arrays is a packed round.
const LEFT: usize = INNER_VARS + 1;
/// The fewest variables of a table-driven lookup.
pub(crate) const MIN_TABLE_VARS: usize = LEFT + 2;

/// Indices of all entries, eight at a time.
#[derive(Clone, Copy)]
pub(crate) enum IndexSlice<'a> {
    U16(&'a [[u16; LANES]]),
    U32(&'a [[u32; LANES]]),
    Keyed(KeyedIndices<'a>),
}

impl IndexSlice<'_> {
    /// Number of vectors.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::U16(v) => v.len(),
            Self::U32(v) => v.len(),
            Self::Keyed(keyed) => keyed.len() / LANES,
        }
    }

    pub(super) fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::U16(v) => (Self::U16(&v[..at]), Self::U16(&v[at..])),
            Self::U32(v) => (Self::U32(&v[..at]), Self::U32(&v[at..])),
            Self::Keyed(keyed) => {
                let (first, second) = keyed.split(at * LANES);
                (Self::Keyed(first), Self::Keyed(second))
            }
        }
    }

    /// Part `i` of `count` equal ones.
    pub(super) fn part(self, i: usize, count: usize) -> Self {
        let part = self.len() / count;
        self.split(i * part).1.split(part).0
    }

    /// Vector `p`.
    #[inline(always)]
    fn load(self, p: usize) -> [u32; LANES] {
        match self {
            Self::U16(v) => {
                let [i0, i1, i2, i3, i4, i5, i6, i7] = v[p];
                [i0.into(), i1.into(), i2.into(), i3.into(), i4.into(), i5.into(), i6.into(), i7.into()]
            }
            Self::U32(v) => v[p],
            Self::Keyed(keyed) => keyed.load(p * LANES),
        }
    }

    /// Vectors `p..p + N`, and asks for their table rows: these are in the second-level cache or beyond.
    #[inline(always)]
    pub(super) fn load_ahead<B: Backend, const N: usize>(
        self,
        table: &[Row<Fr>],
        p: usize,
        out: &mut [[u32; LANES]; N],
    ) {
        for j in 0..N {
            out[j] = self.load(p + j);
            for lane in 0..LANES {
                B::prefetch(table, out[j][lane] as usize);
            }
        }
    }
}

/// One small-integer column of the second factor, in quarters.
struct Term<'a> {
    coefficient: Fr,
    parts: [IntSlice<'a>; 4],
}

impl<'a> Term<'a> {
    fn cut(terms: &[(Fr, IntSlice<'a>)]) -> Vec<Self> {
        terms.iter().map(|(c, column)| Self { coefficient: *c, parts: column.parts() }).collect()
    }

    fn split(terms: Vec<Self>, at: usize) -> (Vec<Self>, Vec<Self>) {
        let cut = |term: Self| {
            let halves = term.parts.map(|part| part.split(at));
            let coefficient = term.coefficient;
            let first = Self { coefficient, parts: halves.map(|half| half.0) };
            (first, Self { coefficient, parts: halves.map(|half| half.1) })
        };
        terms.into_iter().map(cut).unzip()
    }
}

/// Two factors that follow from small columns, until their values are stored.
pub(crate) struct SmallFactors<'a> {
    pub(crate) first: First<'a>,
    pub(crate) second: Linear<'a>,
    /// The quadratic coefficients of the round after one that was made with it, as a quadratic in that one's challenge: value at 0,
    /// value at 1, coefficient of its square.
    pub(crate) next: Option<[Vec<Fr>; 3]>,
    /// The challenges so far.
    pub(crate) bound: Vec<Fr>,
}

/// The first of two factors.
pub(crate) enum First<'a> {
    /// A lookup's h: the entry of a table with every index.
    Table(&'a [Row<Fr>], IndexSlice<'a>),
    Linear(Linear<'a>),
}

/// A factor that is linear in columns: constant + sum of coefficient x column.
pub(crate) struct Linear<'a> {
    pub(crate) constant: Fr,
    pub(crate) terms: Vec<(Fr, IntSlice<'a>)>,
}

impl Linear<'_> {
    fn to_scalars(&self, len: usize) -> Vec<Fr> {
        let mut values = vec![self.constant; len];
        for (coefficient, column) in &self.terms {
            for (sum, x) in values.iter_mut().zip(column.to_scalars()) {
                *sum += *coefficient * x;
            }
        }
        values
    }
}

impl<'a> SmallFactors<'a> {
    /// Of two columns, nothing bound.
    pub(crate) fn of_columns(a: IntSlice<'a>, b: IntSlice<'a>) -> Self {
        let [a, b] = [a, b].map(|column| Linear { constant: Fr::ZERO, terms: vec![(Fr::ONE, column)] });
        Self { first: First::Linear(a), second: b, next: None, bound: Vec::new() }
    }

    /// Number of vectors of entries.
    pub(crate) fn len(&self) -> usize {
        match &self.first {
            First::Table(_, indices) => indices.len(),
            First::Linear(linear) => linear.terms.iter().map(|(_, column)| column.len()).max().unwrap_or(0),
        }
    }

    /// Binds a variable. Returns the quadratic coefficients of the next round, if they were made with those of the last one.
    pub(crate) fn bind(&mut self, backend: BackendKind, r: Fr) -> Option<Vec<Fr>> {
        self.bound.push(r);
        let [mut low, high, quadratic] = self.next.take()?;
        job::run(backend, BindValues { low: &mut low, high: &high, quadratic: &quadratic, r });
        Some(low)
    }

    /// Whether two more rounds come before the values are stored; `remaining` variables are not bound.
    pub(crate) fn goes_on(&self, remaining: usize) -> bool {
        self.bound.len() < STORED_AFTER && remaining >= MIN_TABLE_VARS
    }

    /// Both factors of every entry as scalars, nothing bound.
    pub(crate) fn to_scalars(&self) -> [Vec<Fr>; 2] {
        let len = self.len() * LANES;
        let first = match &self.first {
            First::Table(table, indices) => {
                let vectors = (0..indices.len()).flat_map(|p| indices.load(p));
                vectors.map(|index| table[index as usize].get()).collect()
            }
            First::Linear(linear) => linear.to_scalars(len),
        };
        [first, self.second.to_scalars(len)]
    }
}

/// Differences whose products a first pass sums up.
pub(super) const SUMS: usize = 5;
/// Vectors handled together: few enough that what a step leaves for the next stays in the first-level cache.
const STEP: usize = 8;

/// The pass of the first two rounds.
pub(crate) struct OpenTable<'a> {
    table: &'a [Row<Fr>],
    /// Indices of the entries with (x_0, x_1) = 00, 01, 10, 11.
    indices: [IndexSlice<'a>; 4],
    terms: Vec<Term<'a>>,
    inner: &'a [Block<Fr>],
    /// Coefficients of the first round for x_1 = 0 and 1; then [`SmallFactors::next`].
    sums: [&'a mut [Fr]; SUMS],
    /// Sums of h per (x_0, x_1); empty without a linear summand.
    linear: [&'a mut [Fr]; 4],
}

impl<'a> OpenTable<'a> {
    pub(crate) fn new(
        (table, indices): (&'a [Row<Fr>], IndexSlice<'a>),
        query: &Linear<'a>,
        inner: &'a [Block<Fr>],
        sums: [&'a mut [Fr]; SUMS],
        linear: [&'a mut [Fr]; 4],
    ) -> Self {
        let indices = std::array::from_fn(|i| indices.part(i, 4));
        Self { table, indices, terms: Term::cut(&query.terms), inner, sums, linear }
    }

    /// The five differences of h times the weight, for the step of vectors at `p`.
    #[inline(always)]
    fn weighted<B: Backend>(
        &self,
        p: usize,
        weights: &[B::Fr; INNER],
        linear: &mut [<B::Fr as Packed>::SmallAcc; 4],
    ) -> [[<B::Fr as Packed>::Lazy; STEP]; SUMS] {
        let mut out = [[B::Fr::zero().into(); STEP]; SUMS];
        let one = B::Ints::splat(1);
        let mut rows = [[[0; LANES]; STEP]; 4];
        for x in 0..4 {
            self.indices[x].load_ahead::<B, STEP>(self.table, p, &mut rows[x]);
        }
        for j in 0..STEP {
            let mut h = [B::Fr::zero(); 4];
            for x in 0..4 {
                h[x] = B::Fr::gather_rows(self.table, &rows[x][j]);
            }
            if !self.linear[0].is_empty() {
                for x in 0..4 {
                    B::Fr::small_mul_add(&mut linear[x], h[x], one);
                }
            }
            let weight = weights[(p + j) % INNER];
            let (d0, d1) = B::Fr::mul2(h[1].sub_lazy(h[0]), weight, h[3].sub_lazy(h[2]), weight);
            let across = B::Fr::mul_lazy(h[2].sub_lazy(h[0]), weight);
            // (11) - (01) = (10) - (00) + d_1 - d_0.
            let change = d1.sub(d0);
            out[0][j] = across.into();
            out[1][j] = across.add_lazy(change);
            out[2][j] = d0.into();
            out[3][j] = d1.into();
            out[4][j] = change.into();
        }
        out
    }
}

/// The same five differences of a column of a.
#[inline(always)]
fn differences<B: Backend>(parts: &[IntSlice<'_>; 4], p: usize) -> [[B::Ints; STEP]; SUMS] {
    let mut x = [[B::Ints::splat(0); STEP]; 4];
    for part in 0..4 {
        parts[part].widen::<B>(p, &mut x[part]);
    }
    let mut out = [[B::Ints::splat(0); STEP]; SUMS];
    for j in 0..STEP {
        let (d0, d1) = (x[1][j].sub(x[0][j]), x[3][j].sub(x[2][j]));
        out[0][j] = x[2][j].sub(x[0][j]);
        out[1][j] = x[3][j].sub(x[1][j]);
        out[2][j] = d0;
        out[3][j] = d1;
        out[4][j] = d1.sub(d0);
    }
    out
}

impl Kernel for OpenTable<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let weights = load_inner::<B>(self.inner);
        let mut sums = vec![[B::Fr::small_zero(); SUMS]; self.terms.len()];
        for y in 0..self.sums[0].len() {
            let mut linear = [B::Fr::small_zero(); 4];
            for step in 0..INNER / STEP {
                let p = y * INNER + step * STEP;
                let weighted = self.weighted::<B>(p, &weights, &mut linear);
                for t in 0..self.terms.len() {
                    let differences = differences::<B>(&self.terms[t].parts, p);
                    for k in 0..SUMS {
                        let mut acc = sums[t][k];
                        for j in 0..STEP {
                            B::Fr::small_mul_add(&mut acc, weighted[k][j], differences[k][j]);
                        }
                        sums[t][k] = acc;
                    }
                }
            }
            for k in 0..SUMS {
                let mut total = B::Fr::zero();
                for t in 0..self.terms.len() {
                    let sum = B::Fr::small_reduce(sums[t][k]);
                    total = total.add(sum.mul(B::Fr::splat(self.terms[t].coefficient)));
                    sums[t][k] = B::Fr::small_zero();
                }
                self.sums[k][y] = total.sum_lanes();
            }
            if !self.linear[0].is_empty() {
                for x in 0..4 {
                    self.linear[x][y] = B::Fr::small_reduce(linear[x]).sum_lanes();
                }
            }
        }
    }
}

impl Job for OpenTable<'_> {
    fn len(&self) -> usize {
        self.sums[0].len()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (table, inner) = (self.table, self.inner);
        let indices = self.indices.map(|part| part.split(at * INNER));
        let terms = Term::split(self.terms, at * INNER);
        let [s0, s1, s2, s3, s4] = self.sums.map(|part| part.split_at_mut(at));
        let [l0, l1, l2, l3] = self.linear.map(|part| part.split_at_mut(at.min(part.len())));
        (
            Self {
                table,
                indices: indices.map(|part| part.0),
                terms: terms.0,
                inner,
                sums: [s0.0, s1.0, s2.0, s3.0, s4.0],
                linear: [l0.0, l1.0, l2.0, l3.0],
            },
            Self {
                table,
                indices: indices.map(|part| part.1),
                terms: terms.1,
                inner,
                sums: [s0.1, s1.1, s2.1, s3.1, s4.1],
                linear: [l0.1, l1.1, l2.1, l3.1],
            },
        )
    }

    fn combine((): (), (): ()) {}
}
