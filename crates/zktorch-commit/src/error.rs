//! The error type of the crate.

use std::io::ErrorKind;
use std::path::PathBuf;

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
    /// A row with too many scalars.
    #[error("a row has at most {max} scalars, got {got}")]
    RowLength {
        /// The longest row.
        max: usize,
        /// The length that was there.
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
    /// The operating system refused.
    #[error("cannot {operation} {}: {kind}", path.display())]
    Io {
        /// What was attempted.
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// How it failed.
        kind: ErrorKind,
    },
    /// A file that does not start as its format does.
    #[error("this is not a {what}")]
    Magic {
        /// Which format was expected.
        what: &'static str,
    },
    /// A format version that this code does not know.
    #[error("{what}: version {expected} expected, got {got}")]
    Version {
        /// Which format.
        what: &'static str,
        /// The version this code reads.
        expected: u32,
        /// The version of the file.
        got: u32,
    },
    /// A file or a section of it that is shorter or longer than its header says.
    #[error("{what}: {expected} bytes expected, got {got}")]
    FileLength {
        /// Which file or section.
        what: &'static str,
        /// The length that was required.
        expected: u64,
        /// The length that was there.
        got: u64,
    },
    /// A file whose contents are not those that were written.
    #[error("{what}: the digest does not match, the file is damaged")]
    Digest {
        /// Which file.
        what: &'static str,
    },
    /// A section of a ptau file that is missing, or that is there twice.
    #[error("ptau file: section {section} must be there exactly once, got {got}")]
    Section {
        /// The number of the section.
        section: u32,
        /// How often it is there.
        got: usize,
    },
    /// A header field that has no meaning here.
    #[error("{what}: {field} has the value {got}")]
    Header {
        /// Which file.
        what: &'static str,
        /// Which field.
        field: &'static str,
        /// What it says.
        got: u64,
    },
    /// A ptau file over another curve.
    #[error("ptau file: the base field is not that of BN254")]
    WrongField,
    /// A ceremony that is too small.
    #[error("ptau file: 2^{expected} powers asked for, it has 2^{got}")]
    CeremonySize {
        /// `log2` of the powers asked for.
        expected: usize,
        /// `log2` of the powers in the file.
        got: usize,
    },
    /// A list of powers of tau that does not start with the generator.
    #[error("{what} do not start with the generator")]
    Generator {
        /// Which list of points.
        what: &'static str,
    },
    /// A tau whose small powers coincide up to sign (0, 1, -1, ..): it is known to everybody.
    #[error("powers of tau {first} and {second} coincide: tau is degenerate")]
    DegenerateTau {
        /// The smaller exponent.
        first: usize,
        /// The larger exponent.
        second: usize,
    },
    /// Points that are not successive powers of one tau.
    #[error("{what} are not successive powers of one tau")]
    InconsistentPowers {
        /// Which list of points.
        what: &'static str,
    },
    /// An id that was stored beside points does not belong to them.
    #[error("the SRS id {expected} was stored, but its points have the id {got}")]
    SrsIdMismatch {
        /// The stored id.
        expected: SrsId,
        /// The id of the points.
        got: SrsId,
    },
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
    /// A challenge hits an entry of a lookup table, so the inverse column does not exist; abandon the proof.
    #[error("alpha is a pole of the inverse column at tag {tag}, value {value}")]
    Pole {
        /// The caller's number of the tag.
        tag: u32,
        /// The value of the column.
        value: i32,
    },
    /// A value outside the domain of bucket commitments.
    #[error("{what}: value {got} is above {max} in absolute value")]
    ValueRange {
        /// Which column.
        what: &'static str,
        /// Largest absolute value allowed.
        max: i32,
        /// The value that was there.
        got: i32,
    },
}
