//! The clear argument for a relaxed R1CS: `(A z) o (B z) = u (C z) + E` with z, E known only by commitments.
//!
//! In the steps of Spartan (Setty, eprint 2019/550, section 5), with the relaxation of Nova (eprint 2021/370,
//! section 5), for matrices over (1, z) whose constant column is multiplied by u:
//!
//! 1. A random `tau`; the *outer* sumcheck over the `2^mu` padded constraints ([`outer`]),
//!    `sum_x eq(tau, x) ((Az)(x) (Bz)(x) - u (Cz)(x) - E(x)) = 0`. It ends in a point rx, where the bracket has to have a
//!    value s; `va, vb, vc` of Az, Bz, Cz there are sent in the clear, and `ve = va vb - u vc - s` is what E has to be.
//! 2. A random `gamma`; with `M = A + gamma B + gamma^2 C` and `m0` the value of its constant column, the *inner* sumcheck
//!    of degree 2 over the *rows* of z, `sum_i <M(rx, i, .), z_i> = va + gamma vb + gamma^2 vc - u m0`. It ends in a point ry,
//!    where the verifier evaluates `g = M(rx, ry, .)`, one weight per column, in time linear in M's non-zero entries.
//! 3. What is left are two claims on committed vectors: `<z(ry, .), g> = vz`, where `vz` is what the inner rounds arrived
//!    at, and `E(rx) = ve`. This module *returns* them. Nothing is checked before: false messages are false claims.
//!
//! The inner sumcheck stops at the rows because a row is what is committed: one combination of the rows' commitments is left,
//! and any functional of it is as good as an evaluation.
//!
//! Everything here is in the clear: it is run on z and E that a random instance has masked.
//!
//! Soundness error: `mu/|F|` (tau) `+ 2 mu/|F| + 2/|F| + 2 rho/|F|` for `2^rho` rows of z.

pub(crate) mod outer;
mod prover;
mod rows;
#[cfg(test)]
mod tests;
mod verifier;

use zktorch_commit::MIN_LOG_SIZE;
use zktorch_field::Fr;
use zktorch_transcript::{R1cs, Transcript, TranscriptError, VerifierChannel};

use crate::ChannelError;

pub(crate) use self::prover::{Folded, prove};
#[cfg(test)]
pub(crate) use self::rows::RowProduct;
pub(crate) use self::verifier::verify;

/// Label of the inner sumcheck's messages.
const INNER: &[u8] = b"spartan inner";
/// Label of the values va, vb, vc.
const PRODUCTS: &[u8] = b"spartan products";
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

    /// Variables of the claim on the mask of z, which is cut into chunks of `2^k` cells.
    pub(crate) fn mask_vars(&self, k: usize) -> usize {
        self.nu().min(k)
    }

    /// Scalars that the argument sends.
    pub(crate) fn num_scalars(&self) -> usize {
        outer::SCALARS * self.mu + 3 + INNER_DEGREE * self.row_vars
    }
}

/// What the argument leaves to be proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reduced {
    /// rx, mu coordinates.
    pub(crate) error_point: Vec<Fr>,
    /// ve = E(rx).
    pub(crate) error_value: Fr,
    /// ry, the coordinates of the row.
    pub(crate) row_point: Vec<Fr>,
    /// g, one weight per column.
    pub(crate) weights: Vec<Fr>,
    /// vz = <z(ry, .), g>.
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

/// M(rx, .) for `M = A + gamma B + gamma^2 C`.
struct Batched {
    /// Over the `2^nu` cells of z, row after row.
    matrix: Vec<Fr>,
    /// m0, that of the constant column.
    constant: Fr,
}

impl Batched {
    fn new(r1cs: &R1cs, sizes: &Sizes, eq_rx: &[Fr], batching: [Fr; 3]) -> Result<Self, ChannelError> {
        let mut batched = Self { matrix: vec![Fr::from(0u64); 1 << sizes.nu()], constant: Fr::from(0u64) };
        for (matrix, coefficient) in [r1cs.a(), r1cs.b(), r1cs.c()].into_iter().zip(batching) {
            batched.constant += coefficient * matrix.constant_part(eq_rx)?;
            let row = matrix.combine_rows(eq_rx, r1cs.layout().cells())?;
            batched.matrix.iter_mut().zip(row).for_each(|(sum, entry)| *sum += coefficient * entry);
        }
        Ok(batched)
    }
}

/// Binds the first variable of a table.
fn bind(table: &mut Vec<Fr>, r: Fr) {
    let half = table.len() / 2;
    let (low, high) = table.split_at_mut(half);
    low.iter_mut().zip(high).for_each(|(low, high)| *low += r * (*high - *low));
    table.truncate(half);
}

/// Receives exactly N scalars.
fn receive<V: VerifierChannel<Scalar = Fr>, const N: usize>(
    channel: &mut V,
    label: &'static [u8],
) -> Result<[Fr; N], ChannelError> {
    let message = channel.receive(label, N)?;
    let got = message.len();
    let array = message.try_into();
    Ok(array.map_err(|_| TranscriptError::Length { what: "clear message", expected: N, got })?)
}
