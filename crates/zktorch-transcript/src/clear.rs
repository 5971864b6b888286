//! Messages in the clear: for arguments that are masked already, and for running verifiers on plain scalars.

use ark_ff::AdditiveGroup;
use zktorch_field::{Fr, decide};
use zktorch_mutants::enforced;

use crate::error::label_text;
use crate::{ProverChannel, Transcript, TranscriptError, VerifierChannel};

/// Sends messages in the clear: absorbs them, and collects them for the proof.
///
/// The scalars of all messages are collected in one list without lengths, because the verifier knows them.
#[derive(Debug)]
pub struct ClearProver<'a> {
    transcript: &'a mut Transcript,
    messages: Vec<Fr>,
}

impl<'a> ClearProver<'a> {
    /// A channel over `transcript` with nothing sent yet.
    pub fn new(transcript: &'a mut Transcript) -> Self {
        Self { transcript, messages: Vec::new() }
    }

    /// The scalars of all messages, in order.
    pub fn into_messages(self) -> Vec<Fr> {
        self.messages
    }
}

impl ProverChannel for ClearProver<'_> {
    fn transcript(&mut self) -> &mut Transcript {
        self.transcript
    }

    fn send(&mut self, label: &'static [u8], message: &[Fr]) -> Result<(), TranscriptError> {
        self.transcript.append_scalars(label, message);
        self.messages.extend_from_slice(message);
        Ok(())
    }
}

/// Receives messages in the clear and checks constraints numerically, at once.
#[derive(Debug)]
pub struct ClearVerifier<'a> {
    transcript: &'a mut Transcript,
    messages: &'a [Fr],
}

impl<'a> ClearVerifier<'a> {
    /// A channel over `transcript` that reads from `messages`.
    pub fn new(transcript: &'a mut Transcript, messages: &'a [Fr]) -> Self {
        Self { transcript, messages }
    }

    /// Checks that every scalar was read.
    ///
    /// # Errors
    /// [`TranscriptError::TrailingMessages`].
    pub fn finish(self) -> Result<(), TranscriptError> {
        match self.messages.len() {
            count if count > 0 && enforced() => Err(TranscriptError::TrailingMessages { count }),
            _ => Ok(()),
        }
    }
}

impl VerifierChannel for ClearVerifier<'_> {
    type Scalar = Fr;

    fn transcript(&mut self) -> &mut Transcript {
        self.transcript
    }

    fn receive(&mut self, label: &'static [u8], len: usize) -> Result<Vec<Fr>, TranscriptError> {
        let Some((message, rest)) = self.messages.split_at_checked(len) else {
            let (label, got) = (label_text(label), self.messages.len());
            return Err(TranscriptError::MissingMessage { label, expected: len, got });
        };
        self.messages = rest;
        self.transcript.append_scalars(label, message);
        Ok(message.to_vec())
    }

    #[track_caller]
    fn enforce_zero(&mut self, constraint: &'static str, value: Fr) -> Result<(), TranscriptError> {
        if decide::equal(&value, &Fr::ZERO) || !enforced() {
            Ok(())
        } else {
            Err(TranscriptError::Unsatisfied { constraint })
        }
    }

    #[track_caller]
    fn enforce_product(
        &mut self,
        constraint: &'static str,
        a: Fr,
        b: Fr,
        c: Fr,
    ) -> Result<(), TranscriptError> {
        self.enforce_zero(constraint, a * b - c)
    }
}
