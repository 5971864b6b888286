//! How a prover's messages reach a verifier.

use zktorch_field::Fr;

use crate::{Scalar, Transcript, TranscriptError};

/// The prover's end: how the messages of a protocol leave it (in the clear, or committed).
///
/// Prover code draws its challenges from [`transcript`](Self::transcript) after it has sent what they depend on.
pub trait ProverChannel {
    /// The transcript, for challenges and for what is absorbed beside messages.
    fn transcript(&mut self) -> &mut Transcript;

    /// Sends one message; returns after it is absorbed.
    ///
    /// # Errors
    /// Those of the channel, e.g. [`TranscriptError::TooManyScalars`].
    fn send(&mut self, label: &'static [u8], message: &[Fr]) -> Result<(), TranscriptError>;
}

/// The verifier's end. Verifier code is written once over it and runs on plain scalars
/// ([`ClearVerifier`](crate::ClearVerifier)) or records constraints over hidden ones
/// ([`Recorder`](crate::Recorder)).
///
/// The code may not branch on, absorb or serialise a received scalar; [`Scalar`] gives no access to its value.
pub trait VerifierChannel {
    /// What a received scalar looks like.
    type Scalar: Scalar;

    /// The transcript, for challenges and for what is absorbed beside messages.
    fn transcript(&mut self) -> &mut Transcript;

    /// Receives one message of `len` scalars; returns after it is absorbed. `len` comes from the verifier's own
    /// description of the protocol, never from the proof.
    ///
    /// # Errors
    /// [`TranscriptError::MissingMessage`] if the proof has no more.
    fn receive(&mut self, label: &'static [u8], len: usize) -> Result<Vec<Self::Scalar>, TranscriptError>;

    /// Requires `value = 0`.
    ///
    /// # Errors
    /// On plain scalars [`TranscriptError::Unsatisfied`]; hidden ones fail later, when the constraints are proved.
    #[track_caller]
    fn enforce_zero(&mut self, constraint: &'static str, value: Self::Scalar) -> Result<(), TranscriptError>;

    /// Requires `a b = c`.
    ///
    /// # Errors
    /// As [`enforce_zero`](Self::enforce_zero).
    #[track_caller]
    fn enforce_product(
        &mut self,
        constraint: &'static str,
        a: Self::Scalar,
        b: Self::Scalar,
        c: Self::Scalar,
    ) -> Result<(), TranscriptError>;

    /// Requires `a = b`.
    ///
    /// # Errors
    /// As [`enforce_zero`](Self::enforce_zero).
    #[track_caller]
    fn enforce_equal(
        &mut self,
        constraint: &'static str,
        a: Self::Scalar,
        b: Self::Scalar,
    ) -> Result<(), TranscriptError> {
        self.enforce_zero(constraint, a.sub(&b))
    }
}
