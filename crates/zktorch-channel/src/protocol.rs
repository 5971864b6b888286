//! The verifier that is proved.

use zktorch_mira::OpeningInstance;
use zktorch_transcript::{Transcript, VerifierChannel};

use crate::ChannelError;

/// A verifier of hidden messages. The same code is run by the verifier, which records its constraints, and by the
/// prover on its own commitments, so that both arrive at one R1CS.
///
/// ```
/// # use zktorch_channel::{ChannelError, Protocol};
/// # use zktorch_field::Fr;
/// # use zktorch_mira::OpeningInstance;
/// # use zktorch_transcript::{Scalar, Transcript, VerifierChannel};
/// /// "I know two factors of n."
/// struct Factors(u64);
///
/// impl Protocol for Factors {
///     type Error = ChannelError;
///
///     fn transcript(&self) -> Transcript {
///         let mut transcript = Transcript::new(b"factors v1");
///         transcript.append_u64(b"n", self.0);
///         transcript
///     }
///
///     fn verify<V: VerifierChannel>(&self, channel: &mut V) -> Result<Vec<OpeningInstance<V::Scalar>>, ChannelError> {
///         let f = channel.receive(b"factors", 2)?;
///         let n = V::Scalar::constant(Fr::from(self.0));
///         channel.enforce_product("p q = n", f[0].clone(), f[1].clone(), n)?;
///         Ok(Vec::new())
///     }
/// }
/// ```
pub trait Protocol {
    /// The error of this verifier.
    type Error: From<ChannelError>;

    /// The transcript at the start: a label for protocol and version, and the *whole statement* absorbed. [`verify`](crate::verify)
    /// begins here; the prover makes its [`HiddenProver`](crate::HiddenProver) from the same.
    ///
    /// What is missing here and enters a constraint or a claim can be chosen by the prover after the challenges, and then
    /// the proof proves nothing about it: with n left out of the example, the prover closes the argument for other
    /// values and solves for n at the end.
    fn transcript(&self) -> Transcript;

    /// Receives the messages, draws the challenges, states the constraints, and returns the claims about committed
    /// vectors in which it ends; the channel masks and proves them. Every scalar of every message must occur in a
    /// constraint or in the value of a claim.
    ///
    /// What the protocol sends in the clear (commitments of vectors) is part of `self`; this code absorbs it at its place.
    /// The number and the lengths of messages, the number of constraints and the sizes of claims may depend only on
    /// what the verifier knows beforehand, neither on the proof nor on challenges.
    ///
    /// # Errors
    /// Those of the channel, and whatever else the protocol checks in the clear.
    fn verify<V: VerifierChannel>(
        &self,
        channel: &mut V,
    ) -> Result<Vec<OpeningInstance<V::Scalar>>, Self::Error>;
}
