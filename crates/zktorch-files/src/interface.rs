//! A model as its key states it, be it in one piece or in shards.

use core::fmt;
use core::ops::Range;

use zktorch_commit::SrsId;
use zktorch_graph::{Graph, PortInfo, TensorId};
use zktorch_verifier::{ModelId, Port, ProofEnvelope, UncheckedKey, UncheckedPipeline, VerifyError};

use crate::{Error, ImageSpec};

/// Inputs or outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the model is given.
    Input,
    /// What it computes.
    Output,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Output => "output",
        })
    }
}

/// A model as its user knows it.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The model.
    pub model_id: ModelId,
    /// The SRS of its key.
    pub srs_id: SrsId,
    /// log2 of the chunk size.
    pub k: usize,
    /// What is done to images before the model sees them; empty if it takes none.
    pub preprocessing: String,
    /// The tensors of inputs and outputs, and nothing else.
    pub graph: Graph,
    /// Inputs, outputs.
    pub ports: [Vec<PortInfo>; 2],
    /// Which of its side's commitments belong to every port: all of them but in shards; none for public ones.
    pub commitments: [Vec<Range<usize>>; 2],
    /// Length of every proof.
    pub proof_bytes: usize,
}

impl Interface {
    /// That of a key in one piece.
    ///
    /// # Errors
    /// [`VerifyError`] if the proofs of such a key would be too long.
    pub fn of_key(vk: &UncheckedKey) -> Result<Self, VerifyError> {
        let graph = vk.network().graph();
        let mut own = Self::new(vk.model_id(), vk.srs().id(), vk.network().k(), vk.preprocessing());
        let sides = [(vk.inputs(), &graph.inputs), (vk.outputs(), &graph.outputs)];
        for (side, ((ports, ids), chunks)) in sides.into_iter().zip(vk.network().private_chunks()).enumerate()
        {
            for (port, id) in ports.iter().zip(ids) {
                let tensor = graph.tensor(*id);
                let chunks = if tensor.role.is_public() { 0..0 } else { 0..chunks };
                own.add(side, port, tensor.clone(), chunks);
            }
        }
        own.proof_bytes = vk.proof_bytes()?;
        Ok(own)
    }

    /// That of a key in shards.
    ///
    /// # Errors
    /// [`VerifyError`] if the proofs of such a key would be too long.
    pub fn of_pipeline(vk: &UncheckedPipeline) -> Result<Self, VerifyError> {
        let body = vk.body();
        let mut own = Self::new(vk.model_id(), vk.srs().id(), vk.k(), &body.preprocessing);
        for (side, (ports, wires)) in [&body.inputs, &body.outputs].into_iter().zip(vk.ports()).enumerate() {
            let mut next = 0;
            for (port, wire) in ports.iter().zip(wires) {
                own.add(side, port, wire.tensor.clone(), next..next + wire.chunks);
                next += wire.chunks;
            }
        }
        own.proof_bytes = ProofEnvelope::new(own.model_id, vec![0; vk.argument_bytes()?]).to_bytes().len();
        Ok(own)
    }

    fn new(model_id: ModelId, srs_id: SrsId, k: usize, preprocessing: &str) -> Self {
        Self {
            model_id,
            srs_id,
            k,
            preprocessing: preprocessing.to_owned(),
            graph: Graph::default(),
            ports: Default::default(),
            commitments: Default::default(),
            proof_bytes: 0,
        }
    }

    fn add(&mut self, side: usize, port: &Port, tensor: zktorch_graph::Tensor, chunks: Range<usize>) {
        let id = TensorId(self.graph.tensors.len() as u32);
        self.ports[side].push(PortInfo {
            name: port.name.clone(),
            dims: port.dims.iter().map(|dim| usize::try_from(*dim).unwrap_or(usize::MAX)).collect(),
            tensor: id,
            scale: tensor.scale,
            zero: port.zero,
            multiplier: port.multiplier,
            saturates: false,
        });
        self.graph.tensors.push(tensor);
        self.commitments[side].push(chunks);
    }

    /// Whether the statement holds the values of a port.
    pub fn is_public(&self, port: &PortInfo) -> bool {
        self.graph.tensor(port.tensor).role.is_public()
    }

    /// The inputs.
    pub fn inputs(&self) -> &[PortInfo] {
        &self.ports[0]
    }

    /// The outputs.
    pub fn outputs(&self) -> &[PortInfo] {
        &self.ports[1]
    }

    /// Commitments to private tensors in a statement: in all places where they stand.
    pub fn listed_commitments(&self) -> usize {
        self.commitments.iter().flatten().map(|range| range.len()).sum()
    }

    /// The inputs or the outputs.
    pub fn ports(&self, side: Side) -> &[PortInfo] {
        match side {
            Side::Input => self.inputs(),
            Side::Output => self.outputs(),
        }
    }

    /// What is done to images according to the key, which says it in the one form that we write.
    ///
    /// # Errors
    /// [`Error::Preprocessing`].
    pub fn image(&self) -> Result<Option<ImageSpec>, Error> {
        let text = &self.preprocessing;
        if text.is_empty() {
            return Ok(None);
        }
        let invalid = |error| Error::Preprocessing { error: Box::new(error) };
        let spec: ImageSpec = text.parse().map_err(invalid)?;
        if spec.to_string() != *text {
            return Err(invalid(Error::format("text", "form", spec.to_string(), format!("{text:?}"))));
        }
        Ok(Some(spec))
    }
}
