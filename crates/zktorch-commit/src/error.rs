//! The error type of the crate.

use thiserror::Error;
use zktorch_transcript::TranscriptError;

use crate::srs::SrsId;

/// What can go wrong when committing, opening, verifying, or reading an SRS.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// A length that must be exact was not.
    #[error("{what}: expected length {expected}, got {got}")]
    Length {
        /// Which input.
        what: &'static str,
        /// The length that was required.
        expected: usize,
        /// The length that was there.
        got: usize,
    },
    /// More scalars than the SRS has powers.
    #[error("{what}: {got} scalars do not fit an SRS of {capacity} powers of tau")]
    ShortSrs {
        /// Which vector.
        what: &'static str,
        /// The number of powers of tau.
        capacity: usize,
        /// The number of scalars.
        got: usize,
    },
    /// `k = log2(n)` outside the supported range.
    #[error("log2 size {got} is outside {min}..={max}")]
    LogSize {
        /// Smallest supported `k`.
        min: usize,
        /// Largest supported `k`.
        max: usize,
        /// The `k` that was asked for.
        got: usize,
    },
    /// A point that is not on the curve, or not in its subgroup of prime order, or not in canonical form.
    #[error("{what}[{index}] is not a point of the group in canonical form")]
    InvalidPoint {
        /// Which list of points.
        what: &'static str,
        /// Position in that list.
        index: usize,
    },
    /// Bytes of a proof or commitment that are not a canonical encoding.
    #[error("encoding: {0}")]
    Encoding(#[from] TranscriptError),
    /// The tail of an opening does not evaluate to the claimed value.
    #[error("the folded polynomial does not evaluate to the claimed value")]
    OpeningValue,
    /// The last fold of an opening is not its tail.
    #[error("the last fold does not agree with the tail that was sent")]
    OpeningFold,
    /// The pairing equation of an opening does not hold.
    #[error("the committed polynomials do not have the claimed remainders")]
    OpeningPairing,
    /// A challenge that the protocol cannot use; with an honest transcript its probability is below `2^-250`.
    #[error("degenerate challenge")]
    DegenerateChallenge,
    /// The SRS is not in the verifier's list.
    #[error("SRS {id} is not accepted by this verifier")]
    SrsNotAccepted {
        /// The id, recomputed from the points.
        id: SrsId,
    },
    /// The SRS is a development SRS (its tau is public) and the policy does not allow it.
    #[error("SRS {id} is insecure (its tau is public) and insecure SRSs are not allowed")]
    SrsInsecure {
        /// The id, recomputed from the points.
        id: SrsId,
    },
}
