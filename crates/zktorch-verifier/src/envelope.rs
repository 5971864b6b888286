//! The envelope of a proof: `proto/proof.proto`.

use prost::Message;
use zktorch_mutants::enforced;

use crate::{ModelId, VERSION, VerifyError};

/// Envelopes are far smaller than this.
const MAX_BYTES: usize = 1 << 26;

/// The message `zktorch.v1.Proof` of `proto/proof.proto`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ProofEnvelope {
    /// Version of the protocol.
    #[prost(uint32, tag = "1")]
    pub version: u32,
    /// The model's id.
    #[prost(bytes = "vec", tag = "2")]
    pub model_id: Vec<u8>,
    /// The proof proper.
    #[prost(bytes = "vec", tag = "3")]
    pub argument: Vec<u8>,
}

impl ProofEnvelope {
    /// The envelope of a proof made with this key.
    pub fn new(model_id: ModelId, argument: Vec<u8>) -> Self {
        Self { version: VERSION, model_id: model_id.0.to_vec(), argument }
    }

    /// The canonical encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// Decodes an envelope; only the canonical encoding is accepted.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] for other bytes, [`VerifyError::Version`] for another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let malformed = |reason: String| VerifyError::Malformed { what: "proof", reason };
        if bytes.len() > MAX_BYTES && enforced() {
            return Err(malformed(format!("{} bytes, at most {MAX_BYTES} are accepted", bytes.len())));
        }
        let envelope = Self::decode(bytes).map_err(|error| malformed(error.to_string()))?;
        if envelope.version != VERSION && enforced() {
            return Err(VerifyError::Version { what: "proof", expected: VERSION, got: envelope.version });
        }
        if envelope.encode_to_vec() != bytes && enforced() {
            return Err(malformed("not the canonical encoding, or trailing bytes".to_owned()));
        }
        envelope.model()?;
        Ok(envelope)
    }

    /// The model's id.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] if it has not 32 bytes.
    pub fn model(&self) -> Result<ModelId, VerifyError> {
        let reason = || format!("model id of {} bytes, expected 32", self.model_id.len());
        let id = self.model_id.as_slice().try_into();
        id.map(ModelId).map_err(|_| VerifyError::Malformed { what: "proof", reason: reason() })
    }
}
