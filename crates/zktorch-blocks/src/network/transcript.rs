//! Labels, absorptions and challenges, in their order.

use zktorch_commit::Commitment;
use zktorch_field::Fr;
use zktorch_transcript::Transcript;

use super::description::Network;

/// Labels of the hidden messages.
pub(super) const RELATION_VALUES: &[u8] = b"relation values";
pub(super) const SUMCHECK_A: &[u8] = b"sumcheck A";
pub(super) const A_VALUES: &[u8] = b"values after A";
pub(super) const SUMCHECK_B: &[u8] = b"sumcheck B";
pub(super) const B_VALUES: &[u8] = b"values after B";

/// Absorbs V; alpha, beta.
pub(super) fn draw_lookup_challenges(transcript: &mut Transcript, v: &[Commitment]) -> [Fr; 2] {
    absorb(transcript, b"V", v);
    [transcript.challenge_scalar(b"alpha"), transcript.challenge_scalar(b"beta")]
}

/// Absorbs H; r.
pub(super) fn draw_relation_point(
    transcript: &mut Transcript,
    network: &Network,
    h: &[Commitment],
) -> Vec<Fr> {
    absorb(transcript, b"H", h);
    transcript.challenge_scalars(b"r", network.relation_vars())
}

/// lambda, after the sums of the inverse columns.
pub(super) fn draw_sum_weight(transcript: &mut Transcript) -> Fr {
    transcript.challenge_scalar(b"lambda")
}

fn absorb(transcript: &mut Transcript, label: &'static [u8], commitments: &[Commitment]) {
    let points: Vec<_> = commitments.iter().map(Commitment::point).collect();
    transcript.append_points(label, &points);
}
