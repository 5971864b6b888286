//! Packed passes over whole multilinear polynomials: tables of eq, and evaluation.
#![allow(clippy::needless_range_loop, reason = "plain loops are sure to be inlined in kernels")]

use zktorch_field::{Backend, BackendKind, Block, Fr, Kernel, LANES, Packed, PackedVec};
use zktorch_mutants::enforced;

use crate::quadratic::{AtRest, INNER, INNER_VARS, Job, load_inner, run_job};
use crate::{Evaluations, SumcheckError, eq_table};

/// [`eq_table`] as a packed vector, on all threads: the table of the first variables times that of the last ones.
///
/// Cost: one packed multiplication per eight entries.
pub fn eq_table_packed(z: &[Fr]) -> PackedVec<Fr> {
    if z.len() <= INNER_VARS {
        return PackedVec::from_slice(&eq_table(z));
    }
    let (outer, inner) = factors(z);
    let mut out = PackedVec::zeros(1 << z.len());
    run_job(BackendKind::active(), OuterProduct { outer: &outer, inner: &inner, out: out.blocks_mut() });
    out
}

impl Evaluations<'_> {
    /// f~(z) = sum_x eq(z, x) f(x).
    ///
    /// Cost per entry: a fifth of a packed multiplication for integers of at most 32 bits, half of one for field
    /// elements; the table of eq is never written out.
    ///
    /// # Errors
    /// [`SumcheckError::NotPowerOfTwo`]; [`SumcheckError::Length`] when z has not one coordinate per variable.
    pub fn evaluate(&self, z: &[Fr]) -> Result<Fr, SumcheckError> {
        let num_vars = self.num_vars("polynomial to evaluate")?;
        if z.len() != num_vars && enforced() {
            let what = "point of evaluation";
            return Err(SumcheckError::Length { what, expected: num_vars, got: z.len() });
        }
        if num_vars <= INNER_VARS {
            return Ok(eq_table(z).iter().zip(self.to_field()).map(|(eq, value)| value * eq).sum());
        }
        let (outer, inner) = factors(z);
        // 64-bit values do not fit the small-integer products.
        let converted;
        let values = match self.at_rest() {
            Some(values) => values,
            None => {
                converted = PackedVec::from_slice(&self.to_field());
                AtRest::Field(converted.blocks())
            }
        };
        Ok(run_job(BackendKind::active(), InnerProduct { outer: &outer, inner: &inner, values }))
    }
}

/// eq of all but the last [`INNER_VARS`] variables, and of those.
fn factors(z: &[Fr]) -> (Vec<Fr>, Vec<Block<Fr>>) {
    let (first, last) = z.split_at(z.len() - INNER_VARS);
    let inner = eq_table(last).as_chunks::<LANES>().0.iter().map(Block::from_array).collect();
    (eq_table(first), inner)
}

/// out\[y, x\] = outer\[y\] inner\[x\].
struct OuterProduct<'a> {
    outer: &'a [Fr],
    inner: &'a [Block<Fr>],
    out: &'a mut [Block<Fr>],
}

impl Kernel for OuterProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        for y in 0..self.outer.len() {
            let weight = B::Fr::splat(self.outer[y]);
            for i in 0..INNER {
                B::Fr::load(&self.inner[i]).mul(weight).store(&mut self.out[y * INNER + i]);
            }
        }
    }
}

impl Job for OuterProduct<'_> {
    fn len(&self) -> usize {
        self.outer.len()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (y0, y1) = self.outer.split_at(at);
        let (o0, o1) = self.out.split_at_mut(at * INNER);
        let inner = self.inner;
        (Self { outer: y0, inner, out: o0 }, Self { outer: y1, inner, out: o1 })
    }

    fn combine((): (), (): ()) {}
}

/// sum over y, x of outer\[y\] inner\[x\] values\[y, x\].
struct InnerProduct<'a> {
    outer: &'a [Fr],
    inner: &'a [Block<Fr>],
    values: AtRest<'a>,
}

impl Kernel for InnerProduct<'_> {
    type Output = Fr;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Fr {
        let weights = load_inner::<B>(self.inner);
        let mut total = B::Fr::acc_zero();
        for y in 0..self.outer.len() {
            let block = match self.values {
                AtRest::Field(blocks) => {
                    let mut acc = B::Fr::acc_zero();
                    for i in 0..INNER {
                        let value = B::Fr::load(&blocks[y * INNER + i]);
                        B::Fr::acc_mul_add(&mut acc, weights[i], value);
                    }
                    B::Fr::acc_reduce(acc)
                }
                AtRest::Ints(ints) => {
                    let mut acc = B::Fr::small_zero();
                    for i in 0..INNER {
                        let value = ints.load::<B>(y * INNER + i);
                        B::Fr::small_mul_add(&mut acc, weights[i], value);
                    }
                    B::Fr::small_reduce(acc)
                }
            };
            B::Fr::acc_mul_add(&mut total, block, B::Fr::splat(self.outer[y]));
        }
        B::Fr::acc_reduce(total).sum_lanes()
    }
}

impl Job for InnerProduct<'_> {
    fn len(&self) -> usize {
        self.outer.len()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (y0, y1) = self.outer.split_at(at);
        let (v0, v1) = self.values.split(at * INNER);
        let inner = self.inner;
        (Self { outer: y0, inner, values: v0 }, Self { outer: y1, inner, values: v1 })
    }

    fn combine(first: Fr, second: Fr) -> Fr {
        first + second
    }
}

#[cfg(test)]
mod tests;
