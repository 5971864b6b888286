//! One instance of a stage: which columns make its vector, which points its functional.

use std::collections::BTreeMap;

use zktorch_field::{Fr, par};

use super::kernel::{BLOCK_BITS, FINE_BITS};
use crate::levels::Column;
use crate::levels::column::Combination;
use crate::plan::Row;
use crate::tiers::EqTiers;

/// v of an instance.
#[derive(Clone, Debug)]
pub(super) enum Vector<'a> {
    /// `a` times a column of integers: products are made with the integers, `a` comes last.
    Small(Column<'a>, Fr),
    /// `a` times a column of field elements.
    Field(&'a [Fr], Fr),
    /// A sum of columns, made block by block.
    Combined(Combination<'a>),
}

/// u of an instance.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// `d eq(point, .)`: products are made with the lower tier of eq, the rest comes last.
    Eq(usize, Fr),
    /// A sum of eq tables, made block by block.
    Combined(Vec<(usize, Fr)>),
}

/// An instance as the kernel wants it.
#[derive(Clone, Debug)]
pub(in crate::levels) struct Member<'a> {
    pub(super) vector: Vector<'a>,
    pub(super) form: Form,
}

impl<'a> Member<'a> {
    pub(in crate::levels) fn new(row: &Row, columns: &[Column<'a>]) -> Self {
        let vector = match row.chunks.as_slice() {
            [(b, a)] => match columns[*b] {
                Column::Field(v) => Vector::Field(v, *a),
                column => Vector::Small(column, *a),
            },
            chunks => Vector::Combined(Combination::new(chunks.iter().map(|(b, a)| (columns[*b], *a)))),
        };
        let form = match row.points.as_slice() {
            [(p, d)] => Form::Eq(*p, *d),
            points => Form::Combined(points.to_vec()),
        };
        Self { vector, form }
    }
}

/// The eq tables of the points that a stage uses, in the tiers that it uses them in.
#[derive(Debug, Default)]
pub(in crate::levels) struct Tables {
    /// Lower tier = a whole block, for `Form::Eq`.
    pub(super) block: BTreeMap<usize, EqTiers>,
    /// A shorter lower tier, for sums of many.
    pub(super) fine: BTreeMap<usize, EqTiers>,
}

impl Tables {
    pub(in crate::levels) fn new(members: &[Member<'_>], points: &[Vec<Fr>]) -> Self {
        let mut wanted: Vec<(usize, bool)> = members
            .iter()
            .flat_map(|member| match &member.form {
                Form::Eq(p, _) => vec![(*p, true)],
                Form::Combined(terms) => terms.iter().map(|(p, _)| (*p, false)).collect(),
            })
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let tiers = par::map(wanted.len(), |i| {
            let (point, whole_block) = wanted[i];
            EqTiers::new(&points[point], if whole_block { BLOCK_BITS } else { FINE_BITS })
        });
        let mut out = Self::default();
        for ((point, whole_block), tiers) in wanted.into_iter().zip(tiers) {
            let side = if whole_block { &mut out.block } else { &mut out.fine };
            side.insert(point, tiers);
        }
        out
    }
}
