//! Sums of eq tables, a few vectors at a time.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ark_ff::Zero;
use zktorch_field::{Backend, Fr, LANES, Packed};

use super::tables::{LOW_BITS, PointTable};

/// Tables added at a time, as for columns.
const ROWS: usize = 8;

/// `sum_p d_p eq(point_p, .)`, in pieces of one lower tier. Points with the same lower tier are one table, whose factor is a
/// sum.
pub(super) struct FunctionalSum<'t, B: Backend> {
    terms: Vec<Term<'t, B>>,
    /// The terms that are not zero on the current piece: a small tensor's point begins with the bits that say where it lies.
    present: Vec<usize>,
    sums: Vec<<B::Fr as Packed>::Acc>,
}

struct Term<'t, B: Backend> {
    /// d_p and the upper tiers of the points.
    points: Vec<(Fr, &'t [Fr])>,
    low: Vec<B::Fr>,
    /// `sum_p d_p high_p[.]` of the current piece.
    scale: B::Fr,
}

impl<'t, B: Backend> FunctionalSum<'t, B> {
    #[inline(always)]
    pub(super) fn new(
        points: impl Iterator<Item = (usize, Fr)>,
        tables: &'t BTreeMap<usize, PointTable>,
    ) -> Self {
        let mut terms: BTreeMap<usize, Term<'t, B>> = BTreeMap::new();
        for (point, coefficient) in points {
            let table = &tables[&point];
            let term = match terms.entry(table.tail) {
                Entry::Occupied(term) => term.into_mut(),
                Entry::Vacant(tail) => {
                    let (low, scale) = (table.pack_low::<B>(), B::Fr::zero());
                    tail.insert(Term { points: Vec::new(), low, scale })
                }
            };
            term.points.push((coefficient, &table.high));
        }
        let terms = terms.into_values().collect();
        Self { terms, present: Vec::new(), sums: vec![B::Fr::acc_zero(); (1 << LOW_BITS) / LANES] }
    }

    /// The vectors of eight entries from `start` on, which is a multiple of a lower tier.
    #[inline(always)]
    pub(super) fn fill(&mut self, start: usize, out: &mut [B::Fr]) {
        for (i, piece) in out.chunks_mut((1 << LOW_BITS) / LANES).enumerate() {
            self.fill_piece((start >> LOW_BITS) + i, piece);
        }
    }

    #[inline(always)]
    fn fill_piece(&mut self, high: usize, out: &mut [B::Fr]) {
        self.present.clear();
        for (i, term) in self.terms.iter_mut().enumerate() {
            let mut scale = Fr::zero();
            for (coefficient, factors) in &term.points {
                if !factors[high].is_zero() {
                    scale += *coefficient * factors[high];
                }
            }
            if !scale.is_zero() {
                term.scale = B::Fr::splat(scale);
                self.present.push(i);
            }
        }
        let sums = &mut self.sums[..out.len()];
        sums.fill(B::Fr::acc_zero());
        for present in self.present.chunks(ROWS) {
            for (t, sum) in sums.iter_mut().enumerate() {
                let mut acc = *sum;
                for i in present {
                    let term = &self.terms[*i];
                    B::Fr::acc_mul_add(&mut acc, term.low[t], term.scale);
                }
                *sum = acc;
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = B::Fr::acc_reduce(*sum);
        }
    }
}
