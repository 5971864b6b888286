//! Weights as keys state them: in parts, each with a proof of its own, which keys of other graphs may state too.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zktorch_blocks::{Network, NetworkProof, Statement};
use zktorch_commit::{Commitment, VerifierSrs};
use zktorch_graph::WeightSpec;
use zktorch_mutants::enforced;

use crate::key::{key_error, malformed};
use crate::{KeyBody, VerifyError};

/// A part of the weights in a key's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightsPart {
    /// What is committed to, in the order of the cells.
    pub specs: Vec<WeightSpec>,
    /// Chunk commitments.
    pub commitments: Vec<[u8; 32]>,
}

/// SHA-256 of what a proof of ranges is about: version, SRS id, chunk size, hash of transcripts, extents and ranges,
/// commitments. Two keys with the same id read the same weights.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WeightsId(pub [u8; 32]);

impl core::fmt::Display for WeightsId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl core::fmt::Debug for WeightsId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "WeightsId({self})")
    }
}

impl WeightsId {
    /// The id of a part of a key with this body.
    ///
    /// # Errors
    /// None for parts that fit into memory.
    pub fn new(body: &KeyBody, part: &WeightsPart) -> Result<Self, VerifyError> {
        let said = (body.version, body.srs_id, body.weights_k, body.transcript, part);
        let said = postcard::to_stdvec(&said).map_err(|error| malformed("part of the weights", error))?;
        Ok(Self(Sha256::new().chain_update(b"zktorch weights id v1").chain_update(said).finalize().into()))
    }
}

/// A part of the weights that was decoded. Its proof was not verified.
#[derive(Clone, Debug)]
pub struct Weights {
    id: WeightsId,
    commitments: Vec<Commitment>,
    proof: Vec<u8>,
}

impl Weights {
    /// The parts of a key with this body, whose network this is, and with these proofs.
    pub(crate) fn of_key(
        body: &KeyBody,
        network: &Network,
        proofs: &[&[u8]],
    ) -> Result<Vec<Self>, VerifyError> {
        let chunks = network.layout().part_chunks();
        if body.weights.len() != proofs.len() && enforced() {
            return Err(key_error("weight-range proofs", body.weights.len(), proofs.len()));
        }
        let parts = body.weights.iter().zip(chunks).zip(proofs).enumerate().map(
            |(number, ((part, chunks), proof))| {
                if part.commitments.len() != chunks.len() && enforced() {
                    let expected = format_args!("{} for part {number}", chunks.len());
                    return Err(key_error("weight commitments", expected, part.commitments.len()));
                }
                let commitments = part.commitments.iter().map(Commitment::from_bytes);
                let commitments = commitments.collect::<Result<_, _>>();
                let commitments = commitments.map_err(|error| malformed("weight commitments", error))?;
                Ok(Self { id: WeightsId::new(body, part)?, commitments, proof: proof.to_vec() })
            },
        );
        parts.collect()
    }

    /// What it is known by.
    pub fn id(&self) -> WeightsId {
        self.id
    }

    /// Chunk commitments.
    pub fn commitments(&self) -> &[Commitment] {
        &self.commitments
    }

    /// The encoded proof that all of them are in their ranges.
    pub fn proof(&self) -> &[u8] {
        &self.proof
    }

    /// Verifies that all weights of a part are in their ranges and their padding is zero; `network` is that of the part
    /// ([`Network::of_weights`]).
    pub(crate) fn check(&self, part: usize, network: &Network, srs: &VerifierSrs) -> Result<(), VerifyError> {
        let verify = || {
            let statement = Statement::new(network, self.id.0, &[], &self.commitments, [&[], &[]], &[])?;
            let proof = NetworkProof::from_bytes(network, &statement.shape()?, &self.proof)?;
            statement.verify(srs, &proof)
        };
        if enforced() { verify().map_err(|error| VerifyError::Weights { part, error }) } else { Ok(()) }
    }
}
