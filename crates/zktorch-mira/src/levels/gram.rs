//! All products `<v_i, u_j>` within groups of instances: everything that the levels of one stage send follows from them.

mod kernel;
mod member;

use ark_ff::{AdditiveGroup, Zero};
use zktorch_field::{Fr, dispatch, par};

use self::kernel::{BLOCK_BITS, GroupTask};
pub(super) use self::member::{Member, Tables};

/// `G_{i,j} = <v_i, u_j>` of the instances of one group, of which there may be fewer than a power of two: absent ones
/// are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gram {
    size: usize,
    entries: Vec<Fr>,
}

impl Gram {
    pub(super) fn zero(size: usize) -> Self {
        Self { size, entries: vec![Fr::ZERO; size * size] }
    }

    fn at(&self, i: usize, j: usize) -> Fr {
        if i < self.size && j < self.size { self.entries[i * self.size + j] } else { Fr::zero() }
    }

    /// `sum <v_0, u_0>` over the pairs of neighbours.
    pub(super) fn even(&self) -> Fr {
        (0..self.size).step_by(2).map(|i| self.at(i, i)).sum()
    }

    /// `sum <v_0, u_1> + <v_1, u_0>` over the pairs of neighbours.
    pub(super) fn cross(&self) -> Fr {
        (0..self.size).step_by(2).map(|i| self.at(i, i + 1) + self.at(i + 1, i)).sum()
    }

    /// The matrix of the folded instances: with `v = v_0 + gamma v_1`, `u = u_0 + gamma u_1` for every pair.
    pub(super) fn fold(&mut self, gamma: Fr) {
        let mut folded = Self::zero(self.size.div_ceil(2));
        for i in 0..folded.size {
            for j in 0..folded.size {
                let at = |a, b| self.at(2 * i + a, 2 * j + b);
                folded.entries[i * folded.size + j] =
                    at(0, 0) + gamma * (at(0, 1) + at(1, 0) + gamma * at(1, 1));
            }
        }
        *self = folded;
    }

    fn add(mut self, other: Self) -> Self {
        self.entries.iter_mut().zip(&other.entries).for_each(|(a, b)| *a += b);
        self
    }
}

/// The matrices of the groups of `group` neighbouring members.
///
/// Work is cut into (group, range of blocks) pieces; within a piece all vectors of a block are in cache while all
/// products of the group are made.
pub(super) fn group_forms(
    members: &[Member<'_>],
    tables: &Tables,
    group: usize,
    num_vars: usize,
) -> Vec<Gram> {
    let blocks = 1usize << num_vars.saturating_sub(BLOCK_BITS);
    let groups: Vec<&[Member<'_>]> = members.chunks(group).collect();
    // A few pieces per thread, so that none waits long for the last one; not more, because every piece packs its tables.
    let pieces = (4 * par::current_num_threads()).div_ceil(groups.len()).clamp(1, blocks);
    let size = blocks.div_ceil(pieces);
    let pieces = blocks.div_ceil(size);
    let forms = par::map(groups.len() * pieces, |task| {
        let (group, piece) = (task / pieces, task % pieces);
        let range = piece * size..blocks.min((piece + 1) * size);
        dispatch(GroupTask { members: groups[group], tables, blocks: range, num_vars })
    });
    let mut sums: Vec<Gram> = groups.iter().map(|members| Gram::zero(members.len())).collect();
    for (task, form) in forms.into_iter().enumerate() {
        let sum = &mut sums[task / pieces];
        *sum = core::mem::replace(sum, Gram::zero(0)).add(form);
    }
    sums
}

#[cfg(test)]
mod tests;
