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

use zktorch_field::{Backend, BackendKind, Block, Fr, Ints, Kernel, LANES, Packed, Row};

use super::columns::IntSlice;
use super::job::{self, Job};
use super::pass::load_inner;
use super::sums::BindValues;
use super::weights::{INNER, INNER_VARS};

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
}

impl IndexSlice<'_> {
    /// Number of vectors.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::U16(v) => v.len(),
            Self::U32(v) => v.len(),
        }
    }

    pub(super) fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::U16(v) => (Self::U16(&v[..at]), Self::U16(&v[at..])),
            Self::U32(v) => (Self::U32(&v[..at]), Self::U32(&v[at..])),
        }
    }

    /// Part `i` of `count` equal ones.
    pub(super) fn part(self, i: usize, count: usize) -> Self {
        let part = self.len() / count;
        self.split(i * part).1.split(part).0
    }

    /// Vector `p`.
    #[inline(always)]
    pub(super) fn load(self, p: usize) -> [u32; LANES] {
        match self {
            Self::U16(v) => {
                let [i0, i1, i2, i3, i4, i5, i6, i7] = v[p];
                [i0.into(), i1.into(), i2.into(), i3.into(), i4.into(), i5.into(), i6.into(), i7.into()]
            }
            Self::U32(v) => v[p],
        }
    }

    /// Asks for the table rows of vector `p`, if there is one.
    #[inline(always)]
    pub(super) fn prefetch<B: Backend>(self, table: &[Row<Fr>], p: usize) {
        if p < self.len() {
            let indices = self.load(p);
            for lane in 0..LANES {
                B::prefetch(table, indices[lane] as usize);
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

/// The factors h and a of a lookup, until their values are stored.
pub(crate) struct TableFactors<'a> {
    pub(crate) table: &'a [Row<Fr>],
    pub(crate) indices: IndexSlice<'a>,
    /// a = constant + sum of coefficient x column.
    pub(crate) constant: Fr,
    pub(crate) terms: Vec<(Fr, IntSlice<'a>)>,
    /// The quadratic coefficients of the round after one that was made with it, as a quadratic in that one's challenge: value at 0,
    /// value at 1, coefficient of its square.
    pub(crate) next: Option<[Vec<Fr>; 3]>,
    /// The challenges so far.
    pub(crate) bound: Vec<Fr>,
}

impl TableFactors<'_> {
    /// Binds a variable. Returns the quadratic coefficients of the next round, if they were made with those of the last one.
    pub(crate) fn bind(&mut self, backend: BackendKind, r: Fr) -> Option<Vec<Fr>> {
        self.bound.push(r);
        let [mut low, high, quadratic] = self.next.take()?;
        job::run(backend, BindValues { low: &mut low, high: &high, quadratic: &quadratic, r });
        Some(low)
    }

    /// Whether two more rounds come before the values are stored; `remaining` variables are not bound.
    pub(crate) fn goes_on(&self, remaining: usize) -> bool {
        self.bound.len() < STORED_AFTER && remaining >= LEFT + 2
    }

    /// Both factors of every entry as scalars, nothing bound.
    pub(crate) fn to_scalars(&self) -> [Vec<Fr>; 2] {
        let inverse = |index: usize| self.table[index].get();
        let h = match self.indices {
            IndexSlice::U16(v) => v.iter().flatten().map(|i| inverse(usize::from(*i))).collect(),
            IndexSlice::U32(v) => v.iter().flatten().map(|i| inverse(*i as usize)).collect(),
        };
        let mut a = vec![self.constant; self.indices.len() * LANES];
        for (coefficient, column) in &self.terms {
            for (sum, x) in a.iter_mut().zip(column.to_scalars()) {
                *sum += *coefficient * x;
            }
        }
        [h, a]
    }
}

/// Vectors that a prefetch is ahead of the gather: the rows are in the second-level cache or beyond.
pub(super) const AHEAD: usize = 4;

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
    /// Coefficients of the first round for x_1 = 0 and 1; then [`TableFactors::next`].
    sums: [&'a mut [Fr]; SUMS],
    /// Sums of h per (x_0, x_1); empty without a linear summand.
    linear: [&'a mut [Fr]; 4],
}

impl<'a> OpenTable<'a> {
    pub(crate) fn new(
        factors: &TableFactors<'a>,
        inner: &'a [Block<Fr>],
        sums: [&'a mut [Fr]; SUMS],
        linear: [&'a mut [Fr]; 4],
    ) -> Self {
        let (table, indices) = (factors.table, std::array::from_fn(|i| factors.indices.part(i, 4)));
        Self { table, indices, terms: Term::cut(&factors.terms), inner, sums, linear }
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
        for j in 0..STEP {
            let mut h = [B::Fr::zero(); 4];
            for x in 0..4 {
                self.indices[x].prefetch::<B>(self.table, p + j + AHEAD);
                h[x] = B::Fr::gather_rows(self.table, &self.indices[x].load(p + j));
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
