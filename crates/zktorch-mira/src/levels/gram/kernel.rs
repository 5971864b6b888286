//! The products of one group over a range of blocks.

use core::ops::Range;

use ark_ff::One;
use zktorch_field::{Backend, Fr, Ints, Kernel, LANES, Packed};

use super::Gram;
use super::member::{Form, Member, Tables, Vector};
use crate::kernels;
use crate::levels::column::PackedCombination;
use crate::tiers::EqTiers;

/// log2 of the entries of a block. A whole group's vectors of one block stay in the second-level cache, and what is done
/// once per block and pair (a reduction, a scaling) stays small beside what is done per entry.
pub(super) const BLOCK_BITS: usize = 10;
/// log2 of the entries of an eq tier that is summed with many others: all tiers of a few hundred points stay in cache.
pub(super) const FINE_BITS: usize = 8;

/// See [`group_forms`](super::group_forms).
pub(super) struct GroupTask<'t, 'a> {
    pub(super) members: &'t [Member<'a>],
    pub(super) tables: &'t Tables,
    pub(super) blocks: Range<usize>,
    pub(super) num_vars: usize,
}

impl Kernel for GroupTask<'_, '_> {
    type Output = Gram;
    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Gram {
        let mut work = Work::<B>::new(&self);
        for block in self.blocks.clone() {
            work.load(block);
            work.multiply(block);
        }
        work.finish()
    }
}

/// One eq term of a sum.
struct Term<'t, P> {
    coefficient: Fr,
    high: &'t [Fr],
    low: usize,
    scale: P,
}

/// How the blocks of one member's functional are made.
enum Source<'t, P> {
    /// The block is this table, times `high[block]`.
    Table { low: Vec<P>, high: &'t [Fr] },
    /// The block is summed into the scratch.
    Sum(Vec<Term<'t, P>>),
}

/// How the blocks of one member's vector are made.
enum VectorSource<'t, 'a, B: Backend> {
    Field(&'a [Fr]),
    Combined(PackedCombination<'t, 'a, B::Fr>, &'t crate::levels::column::Combination<'a>),
}

/// Everything a task keeps while it walks over its blocks. Scratch values stay in the form they have in registers.
struct Work<'t, 'a, B: Backend> {
    members: &'t [Member<'a>],
    /// Vectors of eight entries per block.
    width: usize,
    block_len: usize,
    /// Members with integer vectors, and their blocks one after the other.
    small: Vec<usize>,
    ints: Vec<B::Ints>,
    /// Members with field vectors, and their blocks.
    field: Vec<(usize, VectorSource<'t, 'a, B>)>,
    vectors: Vec<B::Fr>,
    /// Functionals, and the blocks of those that are summed.
    forms: Vec<Source<'t, B::Fr>>,
    sums: Vec<B::Fr>,
    /// Packed lower tiers of the points that are summed.
    fine: Vec<Vec<B::Fr>>,
    fine_len: usize,
    /// Sums over the blocks so far: entry (i, j) at i * members + j.
    products: Vec<<B::Fr as Packed>::Acc>,
}

#[inline(always)]
fn pack<B: Backend>(table: &[Fr]) -> Vec<B::Fr> {
    (0..table.len()).step_by(LANES).map(|i| kernels::load::<B>(table, i)).collect()
}

impl<'t, 'a, B: Backend> Work<'t, 'a, B> {
    #[inline(always)]
    fn new(task: &GroupTask<'t, 'a>) -> Self {
        let members = task.members;
        let block_len = 1usize << task.num_vars.min(BLOCK_BITS);
        let width = block_len.div_ceil(LANES);
        let mut fine_index = std::collections::BTreeMap::new();
        let mut fine = Vec::new();
        let mut forms = Vec::new();
        for member in members {
            forms.push(match &member.form {
                Form::Eq(p, _) => {
                    let EqTiers { low, high } = &task.tables.block[p];
                    Source::Table { low: pack::<B>(low), high }
                }
                Form::Combined(terms) => {
                    let mut out = Vec::with_capacity(terms.len());
                    for (p, d) in terms {
                        let tiers = &task.tables.fine[p];
                        let low = *fine_index.entry(*p).or_insert_with(|| {
                            fine.push(pack::<B>(&tiers.low));
                            fine.len() - 1
                        });
                        out.push(Term { coefficient: *d, high: &tiers.high, low, scale: B::Fr::zero() });
                    }
                    Source::Sum(out)
                }
            });
        }
        let mut small = Vec::new();
        let mut field = Vec::new();
        for (i, member) in members.iter().enumerate() {
            match &member.vector {
                Vector::Small(..) => small.push(i),
                Vector::Field(v, _) => field.push((i, VectorSource::Field(v))),
                Vector::Combined(c) => field.push((i, VectorSource::Combined(PackedCombination::new(c), c))),
            }
        }
        Self {
            members,
            width,
            block_len,
            ints: vec![B::Ints::splat(0); small.len() * width],
            small,
            vectors: vec![B::Fr::zero(); field.len() * width],
            field,
            sums: vec![B::Fr::zero(); forms.len() * width],
            forms,
            fine,
            fine_len: 1 << task.num_vars.min(FINE_BITS),
            products: vec![B::Fr::acc_zero(); members.len() * members.len()],
        }
    }

    /// Brings every vector and every functional of a block into the scratch.
    #[inline(always)]
    fn load(&mut self, block: usize) {
        let start = block * self.block_len;
        let width = self.width;
        for (slot, i) in self.small.iter().enumerate() {
            if let Vector::Small(column, _) = &self.members[*i].vector {
                for (t, out) in self.ints[slot * width..][..width].iter_mut().enumerate() {
                    *out = column.load_ints::<B>(start + t * LANES);
                }
            }
        }
        for (slot, (_, source)) in self.field.iter().enumerate() {
            let out = &mut self.vectors[slot * width..][..width];
            match source {
                VectorSource::Field(v) => {
                    for (t, out) in out.iter_mut().enumerate() {
                        *out = kernels::load::<B>(v, start + t * LANES);
                    }
                }
                VectorSource::Combined(packed, combination) => {
                    if combination.ends_before(start) {
                        out.fill(B::Fr::zero());
                        continue;
                    }
                    for (t, out) in out.iter_mut().enumerate() {
                        *out = packed.eight::<B>(start + t * LANES);
                    }
                }
            }
        }
        for (slot, form) in self.forms.iter_mut().enumerate() {
            if let Source::Sum(terms) = form {
                let out = &mut self.sums[slot * width..][..width];
                let fine_width = self.fine_len.div_ceil(LANES);
                for (part, out) in out.chunks_mut(fine_width).enumerate() {
                    let high = start / self.fine_len + part;
                    for term in terms.iter_mut() {
                        term.scale = B::Fr::splat(term.coefficient * term.high[high]);
                    }
                    for (t, out) in out.iter_mut().enumerate() {
                        let mut acc = B::Fr::acc_zero();
                        for term in terms.iter() {
                            B::Fr::acc_mul_add(&mut acc, self.fine[term.low][t], term.scale);
                        }
                        *out = B::Fr::acc_reduce(acc);
                    }
                }
            }
        }
    }

    /// Adds the block's products.
    #[inline(always)]
    fn multiply(&mut self, block: usize) {
        let (members, width) = (self.members.len(), self.width);
        for (j, form) in self.forms.iter().enumerate() {
            let (u, scale) = match form {
                Source::Table { low, high } => (low.as_slice(), Some(B::Fr::splat(high[block]))),
                Source::Sum(_) => (&self.sums[j * width..][..width], None),
            };
            let one = scale.unwrap_or_else(B::Fr::one);
            let mut slot = 0;
            while slot < self.small.len() {
                let ints = &self.ints[slot * width..];
                if self.small.len() - slot >= 4 {
                    let sums = small_products::<B, 4>(u, ints);
                    for (i, sum) in self.small[slot..].iter().zip(sums) {
                        B::Fr::acc_mul_add(&mut self.products[i * members + j], sum, one);
                    }
                    slot += 4;
                } else {
                    let [sum] = small_products::<B, 1>(u, ints);
                    B::Fr::acc_mul_add(&mut self.products[self.small[slot] * members + j], sum, one);
                    slot += 1;
                }
            }
            for (slot, (i, _)) in self.field.iter().enumerate() {
                let v = &self.vectors[slot * width..][..width];
                let product = &mut self.products[i * members + j];
                let mut acc = if scale.is_some() { B::Fr::acc_zero() } else { *product };
                for (v, u) in v.iter().zip(u) {
                    B::Fr::acc_mul_add(&mut acc, *v, *u);
                }
                match scale {
                    Some(scale) => B::Fr::acc_mul_add(product, B::Fr::acc_reduce(acc), scale),
                    None => *product = acc,
                }
            }
        }
    }

    /// Reduces the sums and applies the factors that were left out.
    #[inline(always)]
    fn finish(self) -> Gram {
        let mut gram = Gram::zero(self.members.len());
        for (i, member) in self.members.iter().enumerate() {
            let a = match &member.vector {
                Vector::Small(_, a) | Vector::Field(_, a) => *a,
                Vector::Combined(_) => Fr::one(),
            };
            for (j, other) in self.members.iter().enumerate() {
                let d = match &other.form {
                    Form::Eq(_, d) => *d,
                    Form::Combined(_) => Fr::one(),
                };
                let index = i * self.members.len() + j;
                gram.entries[index] = B::Fr::acc_reduce(self.products[index]).sum_lanes() * a * d;
            }
        }
        gram
    }
}

/// `sum_t u_t x_t` of N integer vectors, whose blocks follow each other in `ints`, with one functional: its values are
/// loaded once for all N.
#[inline(always)]
fn small_products<B: Backend, const N: usize>(u: &[B::Fr], ints: &[B::Ints]) -> [B::Fr; N] {
    let width = u.len();
    let mut accs = [B::Fr::small_zero(); N];
    let rows: [&[B::Ints]; N] = core::array::from_fn(|r| &ints[r * width..][..width]);
    for (t, u) in u.iter().enumerate() {
        for (acc, row) in accs.iter_mut().zip(&rows) {
            B::Fr::small_mul_add(acc, *u, row[t]);
        }
    }
    accs.map(B::Fr::small_reduce)
}
