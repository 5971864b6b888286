//! The clear argument for a relaxed R1CS: `(A z) o (B z) = u (C z) + E` with z, E known only by commitments.
//!
//! In the steps of Spartan (Setty, eprint 2019/550, section 5), with the relaxation of Nova (eprint 2021/370,
//! section 5), for matrices over (1, z) whose constant column is multiplied by u:
//!
//! 1. A random `tau`; the *outer* sumcheck of degree 3 over the `2^mu` padded constraints,
//!    `sum_x eq(tau, x) ((Az)(x) (Bz)(x) - u (Cz)(x) - E(x)) = 0`. It ends in a point rx and the values
//!    `va, vb, vc, ve` of Az, Bz, Cz, E there, sent in the clear; `eq(tau, rx) (va vb - u vc - ve)` is the residual.
//! 2. A random `gamma`; with `M = A + gamma B + gamma^2 C` and `m0` the value of its constant column, the *inner* sumcheck
//!    of degree 2 over the cells of z, `sum_y M(rx, y) z(y) = va + gamma vb + gamma^2 vc - u m0`. It ends in a point ry
//!    and the value vz of z there; `M(rx, ry) vz` is the residual. The verifier evaluates M itself, in time linear in
//!    its non-zero entries.
//! 3. What is left are two claims on committed vectors: `z(ry) = vz` and `E(rx) = ve`. This module *returns* them.
//!
//! Everything here is in the clear: it is run on z and E that a random instance has masked.
//!
//! Soundness error: `mu/|F|` (tau) `+ 3 mu/|F| + 2/|F| + 2 nu/|F|` for `2^nu` cells of z.

mod prover;
#[cfg(test)]
mod tests;
mod verifier;

use zktorch_commit::MIN_LOG_SIZE;
use zktorch_field::Fr;
use zktorch_transcript::{R1cs, Transcript};

pub(crate) use self::prover::{Folded, prove};
pub(crate) use self::verifier::verify;

/// Label of the outer sumcheck's messages.
const OUTER: &[u8] = b"spartan outer";
/// Label of the inner sumcheck's messages.
const INNER: &[u8] = b"spartan inner";
/// Label of the values va, vb, vc, ve.
const PRODUCTS: &[u8] = b"spartan products";
/// Label of the value vz.
const MESSAGES: &[u8] = b"spartan z";
/// Degree of the outer sumcheck.
const OUTER_DEGREE: usize = 3;
/// Degree of the inner sumcheck.
const INNER_DEGREE: usize = 2;

/// The sizes of the argument: a function of the recorded constraints alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// log2 of the padded number of constraints.
    pub(crate) mu: usize,
    /// log2 of the padded number of rows of z.
    pub(crate) row_vars: usize,
    /// log2 of the columns of z.
    pub(crate) column_vars: usize,
}

impl Sizes {
    pub(crate) fn new(constraints: usize, rows: usize, columns: usize) -> Self {
        let log = |count: usize| count.next_power_of_two().ilog2() as usize;
        Self { mu: log(constraints), row_vars: log(rows), column_vars: log(columns) }
    }

    pub(crate) fn of(r1cs: &R1cs) -> Self {
        let layout = r1cs.layout();
        Self::new(r1cs.num_constraints(), layout.rows(), layout.columns())
    }

    /// log2 of the padded number of cells of z.
    pub(crate) fn nu(&self) -> usize {
        self.row_vars + self.column_vars
    }

    /// Variables of the claim on z: the columns of a row. (An opening has at least [`MIN_LOG_SIZE`] variables.)
    pub(crate) fn message_vars(&self) -> usize {
        self.column_vars.max(MIN_LOG_SIZE)
    }

    /// Variables of the claim on E, which is cut into chunks of `2^k` entries.
    pub(crate) fn error_vars(&self, k: usize) -> usize {
        self.mu.min(k)
    }

    /// Scalars that the argument sends.
    pub(crate) fn num_scalars(&self) -> usize {
        OUTER_DEGREE * self.mu + 4 + INNER_DEGREE * self.nu() + 1
    }
}

/// What the argument leaves to be proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reduced {
    /// rx, mu coordinates.
    pub(crate) error_point: Vec<Fr>,
    /// ve = E(rx).
    pub(crate) error_value: Fr,
    /// ry, first the coordinates of the row, then those of the column.
    pub(crate) message_point: Vec<Fr>,
    /// vz = z(ry).
    pub(crate) message_value: Fr,
}

/// Both sides draw tau first: z, u and E are bound by the transcript already.
fn draw_tau(transcript: &mut Transcript, sizes: &Sizes) -> Vec<Fr> {
    transcript.challenge_scalars(b"spartan tau", sizes.mu)
}

/// The coefficients 1, gamma, gamma^2 that batch the three matrices, after their values are in the transcript.
fn draw_batching(transcript: &mut Transcript) -> [Fr; 3] {
    let gamma = transcript.challenge_scalar(b"spartan gamma");
    [Fr::from(1u64), gamma, gamma * gamma]
}
