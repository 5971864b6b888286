//! Level-synchronous mode: all evaluation claims of one proof become one opening instance.
//!
//! The values y_j of the claims are hidden (or public) scalars of the channel. With rho drawn after every one of them is
//! committed, the claims are the single statement
//!
//! ```text
//! S = sum_j rho^j y_j = sum_i <v_i, u_i>            (i over the instances of the fold plan)
//! ```
//!
//! and all instances fold in a binary tree, level by level, with *one* message and one challenge for a whole level: with
//! pairs (v_0, u_0), (v_1, u_1) of a level,
//!
//! ```text
//! Y0 = sum <v_0, u_0>,   T = sum <v_0, u_1> + <v_1, u_0>,   Y2 = S - Y0,
//! v <- v_0 + gamma v_1,  u <- u_0 + gamma u_1,   S <- Y0 + gamma T + gamma^2 Y2.
//! ```
//!
//! Y2 is not sent. This *link* `Y0 + Y2 = S` is what makes a level sound: without it a level would accept any three
//! numbers that suit its own instances, whatever the claim was. It is a sumcheck over the index i with the weights
//! (1, gamma) instead of (1 - r, r). After L levels the accumulator has the closed form
//!
//! ```text
//! w(i) = prod_l gamma_l^{i_l},   C = sum_b (sum_i w(i) a_{i,b}) C_b,   u = sum_i w(i) u_i,   y = S,
//! ```
//!
//! so nobody folds a commitment before the end, and u keeps its short description.
//!
//! Soundness error: `(J - 1)/|F|` for rho with J claims, `2/|F|` per level: a false S makes the sent polynomial differ from
//! the true one in its sum of the outer coefficients, and two different polynomials of degree 2 agree at gamma with
//! probability at most `2/|F|`. Messages: 2 scalars a level, `2 ceil(log2 M)` for M instances.

mod column;
mod combination;
mod first;
mod form;
mod functional_sum;
mod later;
mod prover;
mod stages;
mod tables;
mod verifier;

use core::ops::Range;

use zktorch_field::{Fr, par};

use self::form::QuadraticForm;

pub use self::column::Column;
pub use self::prover::{Chunk, prove};
pub use self::verifier::verify;
use crate::error::check_length;
use crate::plan::{BoundPlan, FoldPlan};
use crate::{Functional, MiraError};

/// Label of a level's message (Y0, T).
pub const LEVEL: &[u8] = b"mira level";
const RHO: &[u8] = b"mira rho";
const GAMMA: &[u8] = b"mira level gamma";

/// The public side of the claims.
///
/// Everything in it is derived: the plan from the verifier's own description of the statement, points and
/// coefficients from the transcript. The commitments of the chunks are absorbed before, by whoever made them.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// The structure.
    pub plan: &'a FoldPlan,
    /// `k_{j,t}`: one coefficient per term of every claim.
    pub coefficients: &'a [Vec<Fr>],
    /// The low points, all with the same number of coordinates k; a chunk has `2^k` entries.
    pub points: &'a [Vec<Fr>],
}

impl Statement<'_> {
    /// k.
    fn num_vars(&self) -> usize {
        self.points.first().map_or(0, Vec::len)
    }

    /// Checks all lengths against the plan.
    fn check(&self, chunks: usize, values: usize) -> Result<(), MiraError> {
        check_length("chunks", self.plan.num_chunks(), chunks)?;
        check_length("claimed values", self.plan.claims().len(), values)?;
        check_length("points", self.plan.num_points(), self.points.len())?;
        self.plan.check_coefficients(self.coefficients)?;
        self.points.iter().try_for_each(|p| check_length("coordinates of a point", self.num_vars(), p.len()))
    }

    /// `u = sum_p (sum_i w_i d_{i,p}) e_p`.
    fn functional(&self, bound: &BoundPlan, weights: &[Fr]) -> Result<Functional, MiraError> {
        let coefficients = bound.point_coefficients(weights);
        Functional::new(self.num_vars(), coefficients.into_iter().zip(self.points.iter().cloned()).collect())
    }
}

/// The forms of all groups: `f(group, range)` summed over a partition of `0..blocks`, in parallel.
fn sum_over_pieces(
    groups: usize,
    blocks: usize,
    f: impl Fn(usize, Range<usize>) -> QuadraticForm + Sync + Send,
) -> Vec<QuadraticForm> {
    // A few pieces per thread, so that none waits long for the last one; not more, because every piece packs its tables.
    let pieces = (4 * par::current_num_threads()).div_ceil(groups.max(1)).clamp(1, blocks);
    let size = blocks.div_ceil(pieces);
    let pieces = blocks.div_ceil(size);
    let parts = par::map(groups * pieces, |task| {
        let (group, piece) = (task / pieces, task % pieces);
        f(group, piece * size..blocks.min((piece + 1) * size))
    });
    let mut sums = vec![QuadraticForm::new(Vec::new()); groups];
    for (task, part) in parts.into_iter().enumerate() {
        sums[task / pieces].add(&part);
    }
    sums
}

#[cfg(test)]
mod tests;
