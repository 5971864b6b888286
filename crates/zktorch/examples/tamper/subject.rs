//! What is damaged: a proof of the digits models, with its statement and key.

use std::path::Path;

use anyhow::{Context as _, Result};
use zktorch::data;
use zktorch_commit::{Srs, SrsPolicy};
use zktorch_graph::Visibility;
use zktorch_onnx::{Compiled, FloatTensor, Options, PortInfo, Tensor, compile};
use zktorch_prover::{Model, choose_k, setup};
use zktorch_verifier::{Port, Statement, VerifyingKey, verify};

/// Who sees input and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Io {
    /// Everybody.
    Public,
    /// The prover.
    Private,
}

/// A proof that verifies.
pub(crate) struct Subject {
    pub(crate) io: Io,
    pub(crate) vk: VerifyingKey,
    pub(crate) vk_bytes: Vec<u8>,
    pub(crate) statement: Statement,
    pub(crate) proof: Vec<u8>,
    pub(crate) policy: SrsPolicy,
}

fn images(name: &str) -> Result<Vec<Tensor>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/digits").join(name);
    let tensors = data::load(&path, None)?;
    let images = tensors.into_iter().find(|tensor| tensor.dims.len() == 4).context("no images")?;
    let image = |pixels: &[f32]| Ok(FloatTensor::new([1, 1, 8, 8], pixels.to_vec())?.into());
    images.floats().chunks_exact(64).map(image).collect()
}

fn ports(ports: &[PortInfo]) -> Vec<Port> {
    let dims = |port: &PortInfo| port.dims.iter().map(|dim| *dim as u64).collect::<Vec<u64>>();
    ports.iter().map(|port| Port::new(port.name.clone(), dims(port))).collect()
}

impl Subject {
    /// Proves the sample image.
    pub(crate) fn new(onnx: &str, io: Io) -> Result<Self> {
        let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(onnx))?;
        let visibility = if io == Io::Public { Visibility::Public } else { Visibility::Private };
        let calibration = images("calibration.npz")?.into_iter().map(|image| vec![image]).collect();
        let options = Options { calibration, input: visibility, output: visibility, ..Options::default() };
        let compiled: Compiled = compile(&bytes, &options)?;
        let integers = compiled.quantise(&images("sample.npy")?)?;
        let (inputs, outputs) = (ports(&compiled.inputs), ports(&compiled.outputs));
        let (graph, weights, preprocessing) = (compiled.graph, compiled.weights, String::new());
        let model = Model { graph, inputs, outputs, preprocessing, weights };
        let srs = Srs::dev(choose_k(&model.graph))?;
        let key = setup(&model, &srs)?;
        let proved = key.prove(&srs, &integers, b"context")?;
        let policy = SrsPolicy::new().allow_insecure();
        let subject = Self {
            io,
            vk: VerifyingKey::from_bytes(key.vk_bytes())?.check(&policy)?,
            vk_bytes: key.vk_bytes().to_vec(),
            statement: proved.statement,
            proof: proved.proof,
            policy,
        };
        // Only what is accepted can be damaged.
        verify(&subject.vk, &subject.statement, &subject.proof)?;
        Ok(subject)
    }
}
