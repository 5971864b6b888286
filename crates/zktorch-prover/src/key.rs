//! Proving keys.

use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};
use zktorch_commit::Blind;
use zktorch_transcript::wire;
use zktorch_verifier::{ModelId, UncheckedKey, VerifyError};

use crate::ProverError;

/// Everything the prover keeps: the verifying key, the weights, the blinds of their commitments. Secret; wiped when dropped.
pub struct ProvingKey {
    pub(crate) vk: UncheckedKey,
    vk_bytes: Vec<u8>,
    /// What is committed to in every part of the weights. Keys of several graphs may have them in common.
    pub(crate) parts: Vec<Arc<SecretPart>>,
    /// The weights as they are committed, when they have been asked for.
    column: OnceLock<Vec<i16>>,
    /// Those of all parts.
    blinds: Vec<Blind>,
    pub(crate) secret: [u8; 32],
}

/// A part of the weights. Secret; wiped when dropped.
pub(crate) struct SecretPart {
    /// The real entries of every weight, row-major.
    pub(crate) values: Vec<Vec<i16>>,
    /// Of its chunk commitments.
    pub(crate) blinds: Vec<Blind>,
}

impl Drop for SecretPart {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

/// The version of the format.
const VERSION: u64 = 4;
/// What comes before the weights is padded to a multiple of this.
const ALIGNMENT: usize = 64;
/// Bytes of the weights that are converted at a time.
const PIECE: usize = 1 << 16;

/// What is stored before the weights.
#[derive(Serialize, Deserialize)]
struct Head {
    vk: Vec<u8>,
    blinds: Vec<[u8; 32]>,
    secret: [u8; 32],
}

impl Drop for Head {
    fn drop(&mut self) {
        self.blinds.zeroize();
        self.secret.zeroize();
    }
}

impl Drop for ProvingKey {
    fn drop(&mut self) {
        if let Some(column) = self.column.get_mut() {
            column.zeroize();
        }
        self.secret.zeroize();
    }
}

impl core::fmt::Debug for ProvingKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ProvingKey").field("model_id", &self.vk.model_id()).finish_non_exhaustive()
    }
}

impl ProvingKey {
    pub(crate) fn new(
        vk: UncheckedKey,
        vk_bytes: Vec<u8>,
        parts: Vec<Arc<SecretPart>>,
        secret: [u8; 32],
    ) -> Self {
        let blinds = parts.iter().flat_map(|part| &part.blinds).cloned().collect();
        Self { vk, vk_bytes, parts, column: OnceLock::new(), blinds, secret }
    }

    /// The blinds of the weights' commitments.
    pub(crate) fn blinds(&self) -> &[Blind] {
        &self.blinds
    }

    /// The weights as they are committed: who executes only needs none of it.
    pub(crate) fn column(&self) -> Result<&[i16], ProverError> {
        if let Some(column) = self.column.get() {
            return Ok(column);
        }
        let parts: Vec<&[Vec<i16>]> = self.parts.iter().map(|part| part.values.as_slice()).collect();
        let column = self.vk.network().stack_parts(&parts)?;
        Ok(self.column.get_or_init(|| column))
    }

    /// The verifying key. Its weight-range proof was not verified.
    pub fn vk(&self) -> &UncheckedKey {
        &self.vk
    }

    /// The verifying key's encoding.
    pub fn vk_bytes(&self) -> &[u8] {
        &self.vk_bytes
    }

    /// Encodes the key. The result is secret.
    ///
    /// # Errors
    /// [`ProverError::Malformed`]; none for keys that fit into memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ProverError> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the key: format version and length of what follows, as 64-bit little-endian numbers; verifying key, blinds and secret;
    /// zeros up to a multiple of 64 bytes; the real entries of the weights, part by part and weight by weight, as 16-bit little-endian
    /// numbers. Secret.
    ///
    /// # Errors
    /// [`ProverError::Io`], [`ProverError::Malformed`].
    pub fn write_to(&self, mut writer: impl Write) -> Result<(), ProverError> {
        let head = Head {
            vk: self.vk_bytes.clone(),
            blinds: self.blinds.iter().map(|blind| wire::scalar_to_bytes(blind.expose())).collect(),
            secret: self.secret,
        };
        let head = postcard::to_stdvec(&head).map_err(|error| malformed(error.to_string()))?;
        let head = Zeroizing::new(head);
        writer.write_all(&VERSION.to_le_bytes())?;
        writer.write_all(&(head.len() as u64).to_le_bytes())?;
        writer.write_all(&head)?;
        writer.write_all(&vec![0; padding(head.len())])?;
        let mut piece = Zeroizing::new(Vec::with_capacity(PIECE));
        let weights = self.parts.iter().flat_map(|part| &part.values);
        for values in weights.flat_map(|values| values.chunks(PIECE / 2)) {
            piece.clear();
            piece.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            writer.write_all(&piece)?;
        }
        Ok(())
    }

    /// Length of the encoding.
    pub fn encoded_bytes(&self) -> Result<u64, ProverError> {
        struct Count(u64);
        impl Write for Count {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0 += bytes.len() as u64;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut count = Count(0);
        self.write_to(&mut count)?;
        Ok(count.0)
    }

    /// Decodes and checks a key: [`read_from`](Self::read_from).
    ///
    /// # Errors
    /// As [`read_from`](Self::read_from).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProverError> {
        Self::read_from(bytes, bytes.len() as u64)
    }

    /// Reads and checks a key of this length in bytes. That the weights belong to the commitments is not checked here (a proof with
    /// other weights does not verify).
    ///
    /// # Errors
    /// [`ProverError::Io`], [`ProverError::Version`], [`ProverError::Malformed`], [`ProverError::Key`], [`ProverError::Length`].
    pub fn read_from(reader: impl Read, length: u64) -> Result<Self, ProverError> {
        let key = Self::read(reader, length, UncheckedKey::from_bytes)?;
        // It is read to prove.
        key.column()?;
        Ok(key)
    }

    /// [`read_from`](Self::read_from) for the key of a shard with this id.
    ///
    /// # Errors
    /// As [`read_from`](Self::read_from).
    pub fn read_shard_from(reader: impl Read, length: u64, id: ModelId) -> Result<Self, ProverError> {
        Self::read(reader, length, |bytes| UncheckedKey::shard_from_bytes(bytes, Some(id)))
    }

    fn read(
        mut reader: impl Read,
        length: u64,
        decode: impl FnOnce(&[u8]) -> Result<UncheckedKey, VerifyError>,
    ) -> Result<Self, ProverError> {
        let mut number = || -> Result<u64, ProverError> {
            let mut bytes = [0; 8];
            reader.read_exact(&mut bytes)?;
            Ok(u64::from_le_bytes(bytes))
        };
        let version = number()?;
        if version != VERSION {
            return Err(ProverError::Version { expected: VERSION, got: version });
        }
        let head_bytes = number()?;
        let head_length =
            usize::try_from(head_bytes).ok().filter(|_| head_bytes <= length.saturating_sub(16));
        let Some(head_length) = head_length else {
            return Err(malformed(format!("a head of {head_bytes} bytes in a key of {length}")));
        };
        let mut bytes = Zeroizing::new(vec![0; head_length]);
        reader.read_exact(&mut bytes)?;
        let (mut head, rest) =
            postcard::take_from_bytes::<Head>(&bytes).map_err(|error| malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} trailing bytes", rest.len())));
        }
        let mut zeros = vec![1; padding(head_length)];
        reader.read_exact(&mut zeros)?;
        if zeros.iter().any(|byte| *byte != 0) {
            return Err(malformed("expected zeros before the weights, found something else".to_owned()));
        }
        let blinds =
            head.blinds.iter().map(|bytes| Ok(Blind::from_scalar(wire::scalar_from_bytes(bytes, "blind")?)));
        let blinds = blinds.collect::<Result<Vec<Blind>, ProverError>>()?;
        let vk = decode(&head.vk)?;

        // As many weights as the parts have, before any memory is taken for them.
        let stated = &vk.network().weight_parts().parts;
        let expected = stated.iter().flatten().map(|spec| 2 * spec.shape.len() as u64).sum::<u64>();
        let got = length.saturating_sub((16 + head_length + zeros.len()) as u64);
        if got != expected {
            return Err(malformed(format!("expected {expected} bytes of weights, found {got}")));
        }
        if blinds.len() != vk.weights().len() {
            let (what, expected) = ("blinds of the proving key".to_owned(), vk.weights().len());
            return Err(ProverError::Length { what, expected, got: blinds.len() });
        }
        let mut parts = Vec::with_capacity(stated.len());
        let mut blinds = blinds.into_iter();
        let mut piece = Zeroizing::new(vec![0; PIECE]);
        for (specs, part) in stated.iter().zip(vk.weight_parts()) {
            let own = blinds.by_ref().take(part.commitments().len()).collect();
            let mut part = SecretPart { values: Vec::with_capacity(specs.len()), blinds: own };
            for spec in specs {
                let entries = spec.shape.len();
                let mut values: Vec<i16> = Vec::with_capacity(entries);
                while values.len() < entries {
                    let count = (2 * (entries - values.len())).min(PIECE);
                    reader.read_exact(&mut piece[..count])?;
                    values
                        .extend(piece[..count].as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)));
                }
                part.values.push(values);
            }
            parts.push(Arc::new(part));
        }
        Ok(Self::new(vk, std::mem::take(&mut head.vk), parts, head.secret))
    }
}

/// Zeros between the head and the weights.
fn padding(head: usize) -> usize {
    (16 + head).next_multiple_of(ALIGNMENT) - (16 + head)
}

fn malformed(reason: String) -> ProverError {
    ProverError::Malformed { reason }
}
