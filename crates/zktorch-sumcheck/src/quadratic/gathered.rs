//! The passes over a lookup's factors after some variables are bound: see [`table`](super::table).
//!
//! With the challenges r, h(r, x) = sum over b of eq(r, b) h\[index(b, x)\] is a few rows of the table, and a(r, x) as many small
//! integers of every column. Both are made in registers, [`TILE`] vectors of eight at a time.

use zktorch_field::{Backend, Block, Fr, Ints, Kernel, Packed, Row};

use super::columns::IntSlice;
use super::job::Job;
use super::pass::load_inner;
use super::table::{AHEAD, IndexSlice, SUMS, TableFactors};
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
    table: &'a [Row<Fr>],
    /// Values of the variables that a pass looks at, x.
    parts: usize,
    /// Indices of the entries (b, x, ..), b the bound variables.
    indices: Vec<IndexSlice<'a>>,
    constant: Fr,
    /// Coefficients and columns, cut likewise.
    terms: Vec<(Fr, Vec<IntSlice<'a>>)>,
    /// eq(r, b).
    eq: Vec<Fr>,
}

impl<'a> Gather<'a> {
    /// For a pass that looks at `parts` values of the next variables. At least two variables are bound.
    pub(crate) fn new(factors: &TableFactors<'a>, parts: usize) -> Self {
        let eq = eq_table(&factors.bound);
        let count = eq.len() * parts;
        let cut = |column: IntSlice<'a>| (0..count).map(|i| column.part(i, count)).collect();
        Self {
            table: factors.table,
            parts,
            indices: (0..count).map(|i| factors.indices.part(i, count)).collect(),
            constant: factors.constant,
            terms: factors.terms.iter().map(|(coefficient, column)| (*coefficient, cut(*column))).collect(),
            eq,
        }
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (table, parts, constant) = (self.table, self.parts, self.constant);
        let indices: (Vec<_>, Vec<_>) = self.indices.into_iter().map(|part| part.split(at)).unzip();
        let split = |(coefficient, columns): (Fr, Vec<IntSlice<'a>>)| {
            let (first, second) = columns.into_iter().map(|part| part.split(at)).unzip();
            ((coefficient, first), (coefficient, second))
        };
        let terms: (Vec<_>, Vec<_>) = self.terms.into_iter().map(split).unzip();
        let eq = self.eq;
        (
            Self { table, parts, indices: indices.0, constant, terms: terms.0, eq: eq.clone() },
            Self { table, parts, indices: indices.1, constant, terms: terms.1, eq },
        )
    }

    #[inline(always)]
    fn prepare<B: Backend>(&self) -> Constants<B::Fr> {
        let mut eq = Vec::with_capacity(self.eq.len());
        for weight in &self.eq {
            eq.push(B::Fr::splat(*weight));
        }
        let mut weight_sum = B::Fr::zero();
        let mut terms = Vec::with_capacity(self.terms.len());
        for (coefficient, _) in &self.terms {
            weight_sum = weight_sum.add(B::Fr::splat(*coefficient));
            let mut scaled = Vec::with_capacity(self.eq.len());
            for weight in &self.eq {
                scaled.push(B::Fr::splat(*weight * coefficient));
            }
            terms.push(scaled);
        }
        Constants { eq, constant: B::Fr::splat(self.constant), terms, weight_sum }
    }

    /// h(r, x, ..) and a(r, x, ..), the vectors from `p` on.
    #[inline(always)]
    fn fill<B: Backend>(
        &self,
        constants: &Constants<B::Fr>,
        x: usize,
        p: usize,
        h: &mut [B::Fr; TILE],
        a: &mut [B::Fr; TILE],
    ) {
        let mut sums = [B::Fr::acc_zero(); TILE];
        for first in (0..constants.eq.len()).step_by(ROWS) {
            for j in 0..TILE {
                let mut acc = sums[j];
                for b in first..first + ROWS {
                    let indices = self.indices[b * self.parts + x];
                    indices.prefetch::<B>(self.table, p + j + AHEAD);
                    let inverses = B::Fr::gather_rows(self.table, &indices.load(p + j));
                    B::Fr::acc_mul_add(&mut acc, inverses, constants.eq[b]);
                }
                sums[j] = acc;
            }
        }
        for j in 0..TILE {
            h[j] = B::Fr::acc_reduce(sums[j]);
        }
        for pair in (0..TILE).step_by(PAIR) {
            let mut sums = [B::Fr::small_zero(); PAIR];
            for t in 0..self.terms.len() {
                for b in 0..constants.eq.len() {
                    let mut values = [B::Ints::splat(0); PAIR];
                    self.terms[t].1[b * self.parts + x].widen::<B>(p + pair, &mut values);
                    for j in 0..PAIR {
                        B::Fr::small_mul_add_known(&mut sums[j], constants.terms[t][b], values[j]);
                    }
                }
            }
            for j in 0..PAIR {
                let sum = B::Fr::small_reduce_known(sums[j], constants.weight_sum);
                a[pair + j] = sum.add(constants.constant);
            }
        }
    }
}

/// The constants of a pass in registers' form.
struct Constants<P> {
    eq: Vec<P>,
    constant: P,
    /// coefficient x eq(r, b), per term.
    terms: Vec<Vec<P>>,
    /// The sum of the coefficients: the eq(r, b) add up to one.
    weight_sum: P,
}

/// A pass that serves two rounds and stores nothing.
pub(crate) struct OpenGathered<'a> {
    /// Cut by the two rounds' variables.
    pub(crate) gather: Gather<'a>,
    pub(crate) inner: &'a [Block<Fr>],
    /// Quadratic coefficients of the first round for the second one's variable 0 and 1; then [`TableFactors::next`].
    pub(crate) sums: [&'a mut [Fr]; SUMS],
}

impl Kernel for OpenGathered<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let weights = load_inner::<B>(self.inner);
        let constants = self.gather.prepare::<B>();
        let mut h = [[B::Fr::zero(); TILE]; 4];
        let mut a = h;
        for y in 0..self.sums[0].len() {
            let mut acc = [B::Fr::acc_zero(); SUMS];
            for step in (0..INNER).step_by(TILE) {
                for x in 0..4 {
                    self.gather.fill::<B>(&constants, x, y * INNER + step, &mut h[x], &mut a[x]);
                }
                for j in 0..TILE {
                    let weight = weights[step + j];
                    let (d0, d1) =
                        B::Fr::mul2(h[1][j].sub_lazy(h[0][j]), weight, h[3][j].sub_lazy(h[2][j]), weight);
                    let across = B::Fr::mul_lazy(h[2][j].sub_lazy(h[0][j]), weight);
                    // (11) - (01) = (10) - (00) + d_1 - d_0.
                    let change = d1.sub(d0);
                    let (a0, a1) = (a[1][j].sub(a[0][j]), a[3][j].sub(a[2][j]));
                    B::Fr::acc_mul_add(&mut acc[0], across, a[2][j].sub_lazy(a[0][j]));
                    B::Fr::acc_mul_add(&mut acc[1], across.add_lazy(change), a[3][j].sub_lazy(a[1][j]));
                    B::Fr::acc_mul_add(&mut acc[2], d0, a0);
                    B::Fr::acc_mul_add(&mut acc[3], d1, a1);
                    B::Fr::acc_mul_add(&mut acc[4], change, a1.sub_lazy(a0));
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
    /// Low and high half of h, then of a.
    pub(crate) out: [[&'a mut [Block<Fr>]; 2]; 2],
}

impl Kernel for Gathered<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let weights = load_inner::<B>(self.inner);
        let constants = self.gather.prepare::<B>();
        let [h_out, a_out] = self.out;
        let mut h = [[B::Fr::zero(); TILE]; 2];
        let mut a = h;
        for y in 0..self.quadratic.len() {
            let mut acc = B::Fr::acc_zero();
            for step in (0..INNER).step_by(TILE) {
                let p = y * INNER + step;
                for x in 0..2 {
                    self.gather.fill::<B>(&constants, x, p, &mut h[x], &mut a[x]);
                    for j in 0..TILE {
                        h[x][j].store(&mut h_out[x][p + j]);
                        a[x][j].store(&mut a_out[x][p + j]);
                    }
                }
                for j in 0..TILE {
                    let product = B::Fr::mul_lazy(h[1][j].sub_lazy(h[0][j]), a[1][j].sub_lazy(a[0][j]));
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
        let [[h0, h1], [a0, a1]] = self.out.map(|halves| halves.map(|half| half.split_at_mut(at * INNER)));
        let inner = self.inner;
        (
            Self { gather: first, inner, quadratic: q0, out: [[h0.0, h1.0], [a0.0, a1.0]] },
            Self { gather: second, inner, quadratic: q1, out: [[h0.1, h1.1], [a0.1, a1.1]] },
        )
    }

    fn combine((): (), (): ()) {}
}
