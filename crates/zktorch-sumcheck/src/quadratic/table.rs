//! The factors of a lookup: h by an index per entry into a table of inverses, a linear in small integers.
//!
//! h = 1/(alpha - q) has few distinct values and a = alpha - q is linear in 16-bit columns, so the entries need not
//! exist as field elements before two variables are bound, when there are a quarter as many. Two passes gather from
//! the table:
//!
//! * [`OpenTable`] serves the first *two* rounds. It visits the entries four at a time, (x_0, x_1) = 00, 01, 10, 11.
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
//! * [`Gathered`] is the source of the third round: it binds both variables at once,
//!   h(r_0, r_1, x) = sum over b in {0,1}^2 of eq(r, b) h\[index(b, x)\], and stores the result.

use ark_ff::One;
use zktorch_field::{Backend, BackendKind, Block, Fr, Ints, Kernel, LANES, Packed, Row};

use super::columns::IntSlice;
use super::job::{self, Job};
use super::pass::{Lines, Source, load_inner};
use super::sums::BindValues;
use super::weights::INNER;

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

    fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::U16(v) => (Self::U16(&v[..at]), Self::U16(&v[at..])),
            Self::U32(v) => (Self::U32(&v[..at]), Self::U32(&v[at..])),
        }
    }

    /// Cut into `N` equal parts.
    pub(crate) fn parts<const N: usize>(self) -> [Self; N] {
        let part = self.len() / N;
        std::array::from_fn(|i| self.split(i * part).1.split(part).0)
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
        }
    }

    /// Asks for the table rows of vector `p`, if there is one.
    #[inline(always)]
    fn prefetch<B: Backend>(self, table: &[Row<Fr>], p: usize) {
        if p < self.len() {
            let indices = self.load(p);
            for lane in 0..LANES {
                B::prefetch(table, indices[lane] as usize);
            }
        }
    }
}

/// One small-integer column of the second factor.
pub(crate) struct Term<'a, const PARTS: usize> {
    coefficient: Fr,
    parts: [IntSlice<'a>; PARTS],
}

impl<'a, const PARTS: usize> Term<'a, PARTS> {
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

/// The factors h and a of a lookup, until two variables are bound.
pub(crate) struct TableFactors<'a> {
    pub(crate) table: &'a [Row<Fr>],
    pub(crate) indices: IndexSlice<'a>,
    /// a = constant + sum of coefficient x column.
    pub(crate) constant: Fr,
    pub(crate) terms: Vec<(Fr, IntSlice<'a>)>,
    /// The second round's quadratic coefficients as a quadratic in the first challenge: value at 0, value at 1,
    /// coefficient of its square.
    pub(crate) next: [Vec<Block<Fr>>; 3],
    /// The first challenge, once bound.
    pub(crate) first: Option<Fr>,
}

impl TableFactors<'_> {
    /// Binds the first variable, and returns the second round's quadratic coefficients.
    pub(crate) fn bind_first(self, backend: BackendKind, r: Fr) -> (Self, Vec<Block<Fr>>) {
        let [mut low, high, quadratic] = self.next;
        job::run(backend, BindValues { low: &mut low, high: &high, quadratic: &quadratic, r });
        (Self { next: Default::default(), first: Some(r), ..self }, low)
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
const AHEAD: usize = 4;

/// Differences whose products a first pass sums up.
const SUMS: usize = 5;
/// Vectors handled together: few enough that what a step leaves for the next stays in the first-level cache.
const STEP: usize = 8;

/// The pass of the first two rounds.
pub(crate) struct OpenTable<'a> {
    table: &'a [Row<Fr>],
    /// Indices of the entries with (x_0, x_1) = 00, 01, 10, 11.
    indices: [IndexSlice<'a>; 4],
    terms: Vec<Term<'a, 4>>,
    inner: &'a [Block<Fr>],
    /// Coefficients of the first round for x_1 = 0 and 1; then [`TableFactors::next`].
    sums: [&'a mut [Block<Fr>]; SUMS],
    /// Sums of h per (x_0, x_1); empty without a linear summand.
    linear: [&'a mut [Block<Fr>]; 4],
}

impl<'a> OpenTable<'a> {
    pub(crate) fn new(
        factors: &TableFactors<'a>,
        inner: &'a [Block<Fr>],
        sums: [&'a mut [Block<Fr>]; SUMS],
        linear: [&'a mut [Block<Fr>]; 4],
    ) -> Self {
        let (table, indices) = (factors.table, factors.indices.parts());
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
                total.store(&mut self.sums[k][y]);
            }
            if !self.linear[0].is_empty() {
                for x in 0..4 {
                    B::Fr::small_reduce(linear[x]).store(&mut self.linear[x][y]);
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

/// The source of the third round: two variables bound at once, the result stored.
pub(crate) struct Gathered<'a> {
    table: &'a [Row<Fr>],
    /// Indices of the entries (b, x_2) for b = 00, 01, 10, 11 and x_2 = 0, 1.
    indices: [IndexSlice<'a>; 8],
    constant: Fr,
    terms: Vec<Term<'a, 8>>,
    /// eq(r, b).
    eq: [Fr; 4],
    /// Low and high half of h, then of a.
    out: [[&'a mut [Block<Fr>]; 2]; 2],
}

impl<'a> Gathered<'a> {
    pub(crate) fn new(factors: &TableFactors<'a>, r: [Fr; 2], out: [&'a mut [Block<Fr>]; 2]) -> Self {
        let out = out.map(|blocks| {
            let middle = blocks.len() / 2;
            blocks.split_at_mut(middle).into()
        });
        let (s0, s1) = (Fr::one() - r[0], Fr::one() - r[1]);
        Self {
            table: factors.table,
            indices: factors.indices.parts(),
            constant: factors.constant,
            terms: Term::cut(&factors.terms),
            eq: [s0 * s1, s0 * r[1], r[0] * s1, r[0] * r[1]],
            out,
        }
    }
}

/// The constants of [`Gathered`] in registers' form.
pub(crate) struct GatheredConstants<P> {
    eq: [P; 4],
    constant: P,
    /// coefficient x eq(r, b), per term.
    terms: Vec<[P; 4]>,
    /// The sum of the coefficients: the eq(r, b) add up to one.
    weight_sum: P,
}

impl Source for Gathered<'_> {
    type Prepared<B: Backend> = GatheredConstants<B::Fr>;

    #[inline(always)]
    fn prepare<B: Backend>(&self) -> GatheredConstants<B::Fr> {
        let mut eq = [B::Fr::zero(); 4];
        for b in 0..4 {
            eq[b] = B::Fr::splat(self.eq[b]);
        }
        let mut weight_sum = B::Fr::zero();
        let mut terms = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let coefficient = B::Fr::splat(term.coefficient);
            weight_sum = weight_sum.add(coefficient);
            let mut scaled = eq;
            for b in 0..4 {
                scaled[b] = eq[b].mul(coefficient);
            }
            terms.push(scaled);
        }
        GatheredConstants { eq, constant: B::Fr::splat(self.constant), terms, weight_sum }
    }

    #[inline(always)]
    fn lines<B: Backend>(&mut self, constants: &GatheredConstants<B::Fr>, p: usize) -> Lines<B::Fr> {
        let mut lines = Lines { a: [B::Fr::zero(); 2], b: [B::Fr::zero(); 2] };
        for x in 0..2 {
            let mut h = B::Fr::acc_zero();
            for b in 0..4 {
                self.indices[2 * b + x].prefetch::<B>(self.table, p + AHEAD);
                let inverses = B::Fr::gather_rows(self.table, &self.indices[2 * b + x].load(p));
                B::Fr::acc_mul_add(&mut h, inverses, constants.eq[b]);
            }
            let mut a = B::Fr::small_zero();
            for t in 0..self.terms.len() {
                for b in 0..4 {
                    let value = self.terms[t].parts[2 * b + x].load::<B>(p);
                    B::Fr::small_mul_add_known(&mut a, constants.terms[t][b], value);
                }
            }
            lines.a[x] = B::Fr::acc_reduce(h);
            lines.b[x] = B::Fr::small_reduce_known(a, constants.weight_sum).add(constants.constant);
            lines.a[x].store(&mut self.out[0][x][p]);
            lines.b[x].store(&mut self.out[1][x][p]);
        }
        lines
    }

    fn split(self, at: usize) -> (Self, Self) {
        let indices = self.indices.map(|part| part.split(at));
        let terms = Term::split(self.terms, at);
        let [[a0, a1], [b0, b1]] = self.out.map(|halves| halves.map(|half| half.split_at_mut(at)));
        let (table, constant, eq) = (self.table, self.constant, self.eq);
        (
            Self {
                table,
                indices: indices.map(|part| part.0),
                constant,
                terms: terms.0,
                eq,
                out: [[a0.0, a1.0], [b0.0, b1.0]],
            },
            Self {
                table,
                indices: indices.map(|part| part.1),
                constant,
                terms: terms.1,
                eq,
                out: [[a0.1, a1.1], [b0.1, b1.1]],
            },
        )
    }
}
