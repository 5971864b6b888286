//! The passes over two factors after some variables are bound, before their values are stored: see [`table`](super::table).
//!
//! With the challenges r, a lookup's h(r, x) = sum over b of eq(r, b) h\[index(b, x)\] is a few rows of the table, and what is linear
//! in small integers as many integers of every column. Both are made in registers, [`TILE`] vectors of eight at a time.

use zktorch_field::{Backend, Block, Fr, Ints, Kernel, LANES, Packed, Row};

use super::columns::IntSlice;
use super::job::Job;
use super::pass::load_inner;
use super::table::{First, IndexSlice, Linear, SUMS, SmallFactors};
use super::weights::INNER;
use crate::eq_table;

/// Vectors made at a time: what is summed up stays in the first-level cache.
const TILE: usize = 8;
/// Rows added at a time: as many streams of indices are read side by side, and loading and storing the sums costs little beside them.
const ROWS: usize = 4;
/// Vectors of integers that are summed up in registers side by side: a cache line.
const PAIR: usize = 2;

/// Both factors, with variables bound as they are read.
pub(crate) struct Gather<'a> {
    /// Values of the variables that a pass looks at, x.
    parts: usize,
    a: Factor<'a>,
    b: Factor<'a>,
    /// eq(r, b), b the bound variables.
    eq: Vec<Fr>,
}

/// A factor, cut by the entries' first variables (b, x).
enum Factor<'a> {
    /// At least two variables are bound.
    Table(&'a [Row<Fr>], Vec<IndexSlice<'a>>),
    /// The constant; coefficients and columns.
    Linear(Fr, Vec<(Fr, Vec<IntSlice<'a>>)>),
}

impl<'a> Factor<'a> {
    fn table(table: &'a [Row<Fr>], indices: IndexSlice<'a>, count: usize) -> Self {
        Self::Table(table, (0..count).map(|i| indices.part(i, count)).collect())
    }

    fn linear(factor: &Linear<'a>, count: usize) -> Self {
        let cut = |column: IntSlice<'a>| (0..count).map(|i| column.part(i, count)).collect();
        let terms = factor.terms.iter().map(|(coefficient, column)| (*coefficient, cut(*column)));
        Self::Linear(factor.constant, terms.collect())
    }

    fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::Table(table, indices) => {
                let (first, second) = indices.into_iter().map(|part| part.split(at)).unzip();
                (Self::Table(table, first), Self::Table(table, second))
            }
            Self::Linear(constant, terms) => {
                let split = |(coefficient, columns): (Fr, Vec<IntSlice<'a>>)| {
                    let (first, second) = columns.into_iter().map(|part| part.split(at)).unzip();
                    ((coefficient, first), (coefficient, second))
                };
                let (first, second) = terms.into_iter().map(split).unzip();
                (Self::Linear(constant, first), Self::Linear(constant, second))
            }
        }
    }

    #[inline(always)]
    fn prepare<B: Backend>(&self, eq: &[Fr]) -> Constants<B::Fr> {
        let mut constants = Constants {
            eq: Vec::with_capacity(eq.len()),
            constant: B::Fr::zero(),
            terms: Vec::new(),
            weight_sum: B::Fr::zero(),
        };
        match self {
            Self::Table(..) => {
                for weight in eq {
                    constants.eq.push(B::Fr::splat(*weight));
                }
            }
            Self::Linear(constant, terms) => {
                constants.constant = B::Fr::splat(*constant);
                for (coefficient, _) in terms {
                    constants.weight_sum = constants.weight_sum.add(B::Fr::splat(*coefficient));
                    let mut scaled = Vec::with_capacity(eq.len());
                    for weight in eq {
                        scaled.push(B::Fr::splat(*weight * coefficient));
                    }
                    constants.terms.push(scaled);
                }
            }
        }
        constants
    }

    /// The factor at (r, x, ..), the vectors from `p` on; a column's part x is `parts` after that of the b before.
    #[inline(always)]
    fn fill<B: Backend>(
        &self,
        constants: &Constants<B::Fr>,
        (x, parts): (usize, usize),
        p: usize,
        out: &mut [B::Fr; TILE],
    ) {
        match self {
            Self::Table(table, indices) => gather::<B>(table, indices, constants, (x, parts), p, out),
            Self::Linear(_, terms) => combine::<B>(terms, constants, (x, parts), p, out),
        }
    }
}

/// [`Factor::fill`] of a table.
#[inline(always)]
fn gather<B: Backend>(
    table: &[Row<Fr>],
    indices: &[IndexSlice<'_>],
    constants: &Constants<B::Fr>,
    (x, parts): (usize, usize),
    p: usize,
    out: &mut [B::Fr; TILE],
) {
    let mut sums = [B::Fr::acc_zero(); TILE];
    let mut rows = [[[0; LANES]; TILE]; ROWS];
    for first in (0..constants.eq.len()).step_by(ROWS) {
        for i in 0..ROWS {
            indices[(first + i) * parts + x].load_ahead::<B, TILE>(table, p, &mut rows[i]);
        }
        for j in 0..TILE {
            let mut acc = sums[j];
            for i in 0..ROWS {
                let inverses = B::Fr::gather_rows(table, &rows[i][j]);
                B::Fr::acc_mul_add(&mut acc, inverses, constants.eq[first + i]);
            }
            sums[j] = acc;
        }
    }
    for j in 0..TILE {
        out[j] = B::Fr::acc_reduce(sums[j]);
    }
}

/// [`Factor::fill`] of what is linear in small integers.
#[inline(always)]
fn combine<B: Backend>(
    terms: &[(Fr, Vec<IntSlice<'_>>)],
    constants: &Constants<B::Fr>,
    (x, parts): (usize, usize),
    p: usize,
    out: &mut [B::Fr; TILE],
) {
    for pair in (0..TILE).step_by(PAIR) {
        let mut sums = [B::Fr::small_zero(); PAIR];
        for t in 0..terms.len() {
            for b in 0..constants.terms[t].len() {
                let mut values = [B::Ints::splat(0); PAIR];
                terms[t].1[b * parts + x].widen::<B>(p + pair, &mut values);
                for j in 0..PAIR {
                    B::Fr::small_mul_add_known(&mut sums[j], constants.terms[t][b], values[j]);
                }
            }
        }
        for j in 0..PAIR {
            let sum = B::Fr::small_reduce_known(sums[j], constants.weight_sum);
            out[pair + j] = sum.add(constants.constant);
        }
    }
}

/// The constants of a factor in registers' form.
struct Constants<P> {
    /// eq(r, b), of a table.
    eq: Vec<P>,
    constant: P,
    /// coefficient x eq(r, b), per term.
    terms: Vec<Vec<P>>,
    /// The sum of the coefficients: the eq(r, b) add up to one.
    weight_sum: P,
}

impl<'a> Gather<'a> {
    /// For a pass that looks at `parts` values of the next variables.
    pub(crate) fn new(factors: &SmallFactors<'a>, parts: usize) -> Self {
        let eq = eq_table(&factors.bound);
        let count = eq.len() * parts;
        let a = match &factors.first {
            First::Table(table, indices) => Factor::table(table, *indices, count),
            First::Linear(linear) => Factor::linear(linear, count),
        };
        Self { parts, a, b: Factor::linear(&factors.second, count), eq }
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (a, b) = (self.a.split(at), self.b.split(at));
        let (parts, eq) = (self.parts, self.eq);
        (Self { parts, a: a.0, b: b.0, eq: eq.clone() }, Self { parts, a: a.1, b: b.1, eq })
    }

    #[inline(always)]
    fn prepare<B: Backend>(&self) -> [Constants<B::Fr>; 2] {
        [self.a.prepare::<B>(&self.eq), self.b.prepare::<B>(&self.eq)]
    }

    /// Both factors at (r, x, ..), the vectors from `p` on.
    #[inline(always)]
    fn fill<B: Backend>(
        &self,
        constants: &[Constants<B::Fr>; 2],
        x: usize,
        p: usize,
        a: &mut [B::Fr; TILE],
        b: &mut [B::Fr; TILE],
    ) {
        self.a.fill::<B>(&constants[0], (x, self.parts), p, a);
        self.b.fill::<B>(&constants[1], (x, self.parts), p, b);
    }
}

/// A pass that serves two rounds and stores nothing.
pub(crate) struct OpenGathered<'a> {
    /// Cut by the two rounds' variables.
    pub(crate) gather: Gather<'a>,
    pub(crate) inner: &'a [Block<Fr>],
    /// Quadratic coefficients of the first round for the second one's variable 0 and 1; then [`SmallFactors::next`].
    pub(crate) sums: [&'a mut [Fr]; SUMS],
}

impl Kernel for OpenGathered<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let weights = load_inner::<B>(self.inner);
        let constants = self.gather.prepare::<B>();
        let mut a = [[B::Fr::zero(); TILE]; 4];
        let mut b = a;
        for y in 0..self.sums[0].len() {
            let mut acc = [B::Fr::acc_zero(); SUMS];
            for step in (0..INNER).step_by(TILE) {
                for x in 0..4 {
                    self.gather.fill::<B>(&constants, x, y * INNER + step, &mut a[x], &mut b[x]);
                }
                for j in 0..TILE {
                    let weight = weights[step + j];
                    let (d0, d1) =
                        B::Fr::mul2(a[1][j].sub_lazy(a[0][j]), weight, a[3][j].sub_lazy(a[2][j]), weight);
                    let across = B::Fr::mul_lazy(a[2][j].sub_lazy(a[0][j]), weight);
                    // (11) - (01) = (10) - (00) + d_1 - d_0.
                    let change = d1.sub(d0);
                    let (b0, b1) = (b[1][j].sub(b[0][j]), b[3][j].sub(b[2][j]));
                    B::Fr::acc_mul_add(&mut acc[0], across, b[2][j].sub_lazy(b[0][j]));
                    B::Fr::acc_mul_add(&mut acc[1], across.add_lazy(change), b[3][j].sub_lazy(b[1][j]));
                    B::Fr::acc_mul_add(&mut acc[2], d0, b0);
                    B::Fr::acc_mul_add(&mut acc[3], d1, b1);
                    B::Fr::acc_mul_add(&mut acc[4], change, b1.sub_lazy(b0));
                }
            }
            for k in 0..SUMS {
                self.sums[k][y] = B::Fr::acc_reduce(acc[k]).sum_lanes();
            }
        }
    }
}

impl Job for OpenGathered<'_> {
    fn len(&self) -> usize {
        self.sums[0].len()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (first, second) = self.gather.split(at * INNER);
        let [s0, s1, s2, s3, s4] = self.sums.map(|part| part.split_at_mut(at));
        let inner = self.inner;
        (
            Self { gather: first, inner, sums: [s0.0, s1.0, s2.0, s3.0, s4.0] },
            Self { gather: second, inner, sums: [s0.1, s1.1, s2.1, s3.1, s4.1] },
        )
    }

    fn combine((): (), (): ()) {}
}

/// The pass that stores the bound factors, and serves one round.
pub(crate) struct Gathered<'a> {
    /// Cut by the round's variable.
    pub(crate) gather: Gather<'a>,
    pub(crate) inner: &'a [Block<Fr>],
    pub(crate) quadratic: &'a mut [Fr],
    /// Low and high half of the first factor, then of the second.
    pub(crate) out: [[&'a mut [Block<Fr>]; 2]; 2],
}

impl Kernel for Gathered<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let weights = load_inner::<B>(self.inner);
        let constants = self.gather.prepare::<B>();
        let [a_out, b_out] = self.out;
        let mut a = [[B::Fr::zero(); TILE]; 2];
        let mut b = a;
        for y in 0..self.quadratic.len() {
            let mut acc = B::Fr::acc_zero();
            for step in (0..INNER).step_by(TILE) {
                let p = y * INNER + step;
                for x in 0..2 {
                    self.gather.fill::<B>(&constants, x, p, &mut a[x], &mut b[x]);
                    for j in 0..TILE {
                        a[x][j].store(&mut a_out[x][p + j]);
                        b[x][j].store(&mut b_out[x][p + j]);
                    }
                }
                for j in 0..TILE {
                    let product = B::Fr::mul_lazy(a[1][j].sub_lazy(a[0][j]), b[1][j].sub_lazy(b[0][j]));
                    B::Fr::acc_mul_add(&mut acc, product, weights[step + j]);
                }
            }
            self.quadratic[y] = B::Fr::acc_reduce(acc).sum_lanes();
        }
    }
}

impl Job for Gathered<'_> {
    fn len(&self) -> usize {
        self.quadratic.len()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (first, second) = self.gather.split(at * INNER);
        let (q0, q1) = self.quadratic.split_at_mut(at);
        let [[a0, a1], [b0, b1]] = self.out.map(|halves| halves.map(|half| half.split_at_mut(at * INNER)));
        let inner = self.inner;
        (
            Self { gather: first, inner, quadratic: q0, out: [[a0.0, a1.0], [b0.0, b1.0]] },
            Self { gather: second, inner, quadratic: q1, out: [[a0.1, a1.1], [b0.1, b1.1]] },
        )
    }

    fn combine((): (), (): ()) {}
}
