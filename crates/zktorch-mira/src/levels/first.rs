//! The first stage: instances as the plan gives them.
//!
//! Most are one column of small integers at one point. A product `<v_i, eq(p_j, .)>` then needs neither v nor eq expanded:
//! integers times the lower tiers of eq, scaled once per block. So all products of a group are made,
//! `G_{i,j} = <v_i, u_j>`, from which the group's form follows; columns of field elements and sums of several columns or
//! points are brought into scratch, block by block.

use core::ops::Range;
use std::collections::BTreeMap;

use ark_ff::{One, Zero};
use zktorch_field::{Backend, Fr, Ints, Kernel, LANES, Packed, dispatch};

use super::Column;
use super::combination::{Combination, PackedCombination};
use super::form::QuadraticForm;
use super::functional_sum::FunctionalSum;
use super::tables::{BLOCK_BITS, PointTable};
use crate::kernels;
use crate::plan::Row;

/// v of an instance.
#[derive(Debug)]
enum Vector<'a> {
    /// Nothing but zeros: no product with it is made.
    Zero,
    /// `a` times a column of integers: products are made with the integers, `a` comes last.
    Small(Column<'a>, Fr),
    /// `a` times a column of field elements.
    Field(Column<'a>, Fr),
    /// A sum of columns.
    Sum(Combination<'a>),
}

/// u of an instance.
#[derive(Debug)]
enum Form<'a> {
    /// `d eq(point, .)`.
    Eq(&'a PointTable, Fr),
    /// A sum of such terms.
    Sum(&'a [(usize, Fr)]),
}

/// An instance as the kernel wants it.
#[derive(Debug)]
struct Member<'a> {
    vector: Vector<'a>,
    form: Form<'a>,
}

impl<'a> Member<'a> {
    fn new(row: &'a Row, columns: &[Column<'a>], tables: &'a BTreeMap<usize, PointTable>) -> Self {
        let vector = match row.chunks.as_slice() {
            [] => Vector::Zero,
            [(b, a)] if columns[*b].is_small() => Vector::Small(columns[*b], *a),
            [(b, a)] => Vector::Field(columns[*b], *a),
            chunks => Vector::Sum(Combination::new(chunks.iter().map(|(b, a)| (columns[*b], *a)))),
        };
        let form = match row.points.as_slice() {
            [(p, d)] => Form::Eq(&tables[p], *d),
            points => Form::Sum(points),
        };
        Self { vector, form }
    }

    /// The factors of v and u that products leave out.
    fn factors(&self) -> (Fr, Fr) {
        let a = match &self.vector {
            Vector::Small(_, a) | Vector::Field(_, a) => *a,
            Vector::Zero | Vector::Sum(_) => Fr::one(),
        };
        let d = match &self.form {
            Form::Eq(_, d) => *d,
            Form::Sum(_) => Fr::one(),
        };
        (a, d)
    }
}

/// The forms of the groups of `2^levels` neighbouring instances.
pub(super) fn forms(
    rows: &[Row],
    columns: &[Column<'_>],
    tables: &BTreeMap<usize, PointTable>,
    levels: usize,
    num_vars: usize,
) -> Vec<QuadraticForm> {
    let members: Vec<Member<'_>> = rows.iter().map(|row| Member::new(row, columns, tables)).collect();
    let groups: Vec<&[Member<'_>]> = members.chunks(1 << levels).collect();
    let blocks = 1usize << num_vars.saturating_sub(BLOCK_BITS);
    super::sum_over_pieces(groups.len(), blocks, |group, blocks| {
        let members = groups[group];
        if members.iter().all(|member| matches!(member.vector, Vector::Zero)) {
            return QuadraticForm::zero(levels);
        }
        let products = dispatch(Products { members, tables, blocks, num_vars });
        QuadraticForm::from_products(levels, members.len(), &products)
    })
}

/// `G_{i,j}` of one group over a range of blocks, row by row.
///
/// Vector code stays out of closures here: one that is not inlined is compiled without the CPU features.
struct Products<'t, 'a> {
    members: &'t [Member<'a>],
    tables: &'t BTreeMap<usize, PointTable>,
    blocks: Range<usize>,
    num_vars: usize,
}

impl Kernel for Products<'_, '_> {
    type Output = Vec<Fr>;
    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Vec<Fr> {
        let block_len = 1usize << self.num_vars.min(BLOCK_BITS);
        let width = block_len.div_ceil(LANES);
        let mut vectors = Vec::with_capacity(self.members.len());
        let mut forms = Vec::with_capacity(self.members.len());
        for member in self.members {
            vectors.push(VectorBlock::<B>::new(&member.vector, width));
            forms.push(FormBlock::<B>::new(&member.form, self.tables, width));
        }
        let mut products = vec![B::Fr::acc_zero(); vectors.len() * forms.len()];
        for block in self.blocks {
            for vector in &mut vectors {
                vector.load(block * block_len);
            }
            for (j, form) in forms.iter_mut().enumerate() {
                let Some((u, sum, scale)) = form.load(block) else { continue };
                for (i, vector) in vectors.iter().enumerate() {
                    if matches!(vector, VectorBlock::Zero) {
                        continue;
                    }
                    let product = vector.times(u, sum);
                    B::Fr::acc_mul_add(&mut products[i * self.members.len() + j], product, scale);
                }
            }
        }
        let mut out = Vec::with_capacity(products.len());
        for (index, product) in products.into_iter().enumerate() {
            let (a, _) = self.members[index / self.members.len()].factors();
            let (_, d) = self.members[index % self.members.len()].factors();
            out.push(B::Fr::acc_reduce(product).sum_lanes() * a * d);
        }
        out
    }
}

/// One block of a vector.
enum VectorBlock<'t, 'a, B: Backend> {
    Zero,
    Small(&'t Column<'a>, Vec<B::Ints>),
    Field(&'t Column<'a>, Vec<B::Fr>),
    Sum(PackedCombination<'t, 'a, B>, Vec<B::Fr>),
}

impl<'t, 'a, B: Backend> VectorBlock<'t, 'a, B> {
    #[inline(always)]
    fn new(vector: &'t Vector<'a>, width: usize) -> Self {
        match vector {
            Vector::Zero => Self::Zero,
            Vector::Small(column, _) => Self::Small(column, vec![B::Ints::splat(0); width]),
            Vector::Field(column, _) => Self::Field(column, vec![B::Fr::zero(); width]),
            Vector::Sum(sum) => Self::Sum(PackedCombination::new(sum), vec![B::Fr::zero(); width]),
        }
    }

    /// Brings the entries from `start` on into scratch.
    #[inline(always)]
    fn load(&mut self, start: usize) {
        match self {
            Self::Zero => {}
            Self::Small(column, block) => {
                for (t, out) in block.iter_mut().enumerate() {
                    *out = column.load_ints::<B>(start + t * LANES);
                }
            }
            Self::Field(column, block) => {
                for (t, out) in block.iter_mut().enumerate() {
                    *out = column.load::<B>(start + t * LANES);
                }
            }
            Self::Sum(combination, block) => combination.fill(start, block),
        }
    }

    /// `sum_t v_t u_t`, where `u_sum` is the sum of the u_t.
    #[inline(always)]
    fn times(&self, u: &[B::Fr], u_sum: B::Fr) -> B::Fr {
        match self {
            Self::Zero => B::Fr::zero(),
            Self::Small(_, block) => {
                let mut acc = B::Fr::small_zero();
                for (u, x) in u.iter().zip(block) {
                    B::Fr::small_mul_add_known(&mut acc, *u, *x);
                }
                B::Fr::small_reduce_known(acc, u_sum)
            }
            Self::Field(_, block) | Self::Sum(_, block) => {
                let mut acc = B::Fr::acc_zero();
                for (u, v) in u.iter().zip(block) {
                    B::Fr::acc_mul_add(&mut acc, *v, *u);
                }
                B::Fr::acc_reduce(acc)
            }
        }
    }
}

/// A block, the sum of its vectors, and the factor that it leaves out.
type Filled<'f, F> = (&'f [F], F, F);

/// One block of a functional.
enum FormBlock<'t, B: Backend> {
    /// The same table for all blocks, its sum, and the factors of the blocks.
    Eq(Vec<B::Fr>, B::Fr, &'t [Fr]),
    Sum(FunctionalSum<'t, B>, Vec<B::Fr>),
}

impl<'t, B: Backend> FormBlock<'t, B> {
    #[inline(always)]
    fn new(form: &Form<'t>, tables: &'t BTreeMap<usize, PointTable>, width: usize) -> Self {
        match form {
            Form::Eq(table, _) => {
                let packed = table.pack_block::<B>();
                let sum = kernels::total::<B>(&packed);
                Self::Eq(packed, sum, &table.block)
            }
            Form::Sum(terms) => {
                Self::Sum(FunctionalSum::new(terms.iter().copied(), tables), vec![B::Fr::zero(); width])
            }
        }
    }

    /// The block; nothing if its factor is zero.
    #[inline(always)]
    fn load(&mut self, block: usize) -> Option<Filled<'_, B::Fr>> {
        match self {
            Self::Eq(_, _, scales) if scales[block].is_zero() => None,
            Self::Eq(packed, sum, scales) => Some((packed, *sum, B::Fr::splat(scales[block]))),
            Self::Sum(functional, scratch) => {
                functional.fill(block << BLOCK_BITS, scratch);
                let sum = kernels::total::<B>(scratch);
                Some((scratch, sum, B::Fr::one()))
            }
        }
    }
}
