//! Closing: everything after the last message of a protocol.
//!
//! The protocol left rows of hidden messages, constraints over them, and claims "C commits to v and `<v, u> = y`" with
//! hidden y. In the order of the steps:
//!
//! 1. Every claim is masked ([`zktorch_mira::mask`]): C_s, hidden y_s, delta, y* in the clear. `y + delta y_s = y*` is one
//!    more constraint, so masking comes *before* the constraints are closed. Masked later, y* would be tied to nothing,
//!    or y could be computed from what is revealed.
//! 2. The constraints are closed; a message that occurs in none is an error. Their matrices are not absorbed: they are a
//!    function of the verifier's code, the statement, the layout of the rows, the challenges and the y*, all of which the
//!    transcript holds by now.
//! 3. The messages are folded with a random satisfying instance of the relaxed constraints: Com(z_r), one vector over all
//!    cells, Com(E_r), Com(T), epsilon != 0 ([`fold`]). E* = epsilon T + epsilon^2 E_r is recomputed from the commitments,
//!    never sent; u_r = 0, so u* = 1.
//! 4. The folded instance is proved in the clear ([`argument`]): Spartan's two sumchecks; the claim on z*, whose parts lie
//!    in two commitments, as two masked ones ([`split`](crate::split)); one decider for these, E* and the masked claims; one
//!    opening.
//!
//! Zero knowledge: the mask and all blinds are uniform, so z* is uniform whatever the messages are, and so are v*, the two parts of
//! the claim on z*, and all blinds; E* and y* are functions of z*, v*. What is sent after step 3 is computed
//! from these values alone. The simulator in the tests is this argument.
//!
//! Soundness error, statistical: `1/|F|` per masked claim, `2/|F|` for the fold, `1/|F|` for the split, those of Spartan and the
//! decider ([`spartan`](crate::spartan), [`zktorch_mira::decider`]). The commitments are binding under the strong
//! Diffie-Hellman assumption in the algebraic group model.

mod argument;
mod fold;
mod prover;
#[cfg(any(test, feature = "simulator"))]
mod simulator;
#[cfg(test)]
mod tests;
mod verifier;

use zktorch_commit::SrsId;
use zktorch_mira::tree::Digest;
use zktorch_transcript::Transcript;

pub use self::prover::{defer, prove};
#[cfg(any(test, feature = "simulator"))]
pub use self::simulator::simulate;
#[cfg(test)]
pub(crate) use self::verifier::verify_from;
pub use self::verifier::{verify, verify_deferred};

/// First message of both sides: the parameters of the channel.
pub(crate) fn absorb_parameters(transcript: &mut Transcript, srs: SrsId, k: usize, columns: usize) {
    transcript.append_message(b"channel", b"hidden messages, v2");
    transcript.append_message(b"channel srs", &srs.0);
    transcript.append_u64(b"channel k", k as u64);
    transcript.append_u64(b"channel columns", columns as u64);
}

/// What is proved: the digest of a transcript that has absorbed the statement and the channel's parameters.
fn statement_digest(transcript: &Transcript) -> Digest {
    squeeze(transcript, b"channel statement")
}

/// The digest of a whole proof with its statement.
fn end_digest(transcript: &Transcript) -> Digest {
    squeeze(transcript, b"channel end")
}

fn squeeze(transcript: &Transcript, label: &'static [u8]) -> Digest {
    let mut digest = [0; 32];
    transcript.clone().challenge_bytes(label, &mut digest);
    digest
}
