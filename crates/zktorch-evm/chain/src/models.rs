//! Proofs to try: of the networks that come with the repository.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use zktorch_commit::{Srs, SrsPolicy};
use zktorch_evm::{Contract, Inputs, Program, Word};
use zktorch_graph::{Interval, Role, Shape, Tensor as GraphTensor, TensorId, Visibility};
use zktorch_onnx::{Compiled, FloatTensor, Options, PortInfo, Tensor, compile};
use zktorch_prover::{Hash, Model, ProvingKey, choose_k, setup_with_nonces};
use zktorch_verifier::{Port, Statement, VerifyingKey, verify};

/// A network of the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Network {
    /// The perceptron for digits.
    DigitsMlp,
    /// The convolutional network for digits.
    DigitsCnn,
    /// Perceptron 784-128-10, random weights.
    Mlp,
    /// LeNet-5, random weights.
    Lenet,
}

impl Network {
    fn file(self) -> (&'static str, &'static [usize]) {
        match self {
            Self::DigitsMlp => ("digits/mlp.onnx", &[1, 1, 8, 8]),
            Self::DigitsCnn => ("digits/cnn.onnx", &[1, 1, 8, 8]),
            Self::Mlp => ("bench/mlp_784_128_10.onnx", &[1, 784]),
            Self::Lenet => ("bench/lenet5.onnx", &[1, 1, 28, 28]),
        }
    }

    /// Pixels of the sample that comes with the digits; others are made up.
    fn input(self) -> Result<Tensor> {
        let dims = self.file().1;
        let pixels: Vec<f32> = match self {
            Self::DigitsMlp | Self::DigitsCnn => {
                let bytes = read("digits/sample.npy")?;
                let (_, pixels) =
                    bytes.split_at_checked(bytes.len() - 4 * 64).context("an image of 64 pixels")?;
                pixels.as_chunks::<4>().0.iter().map(|pixel| f32::from_le_bytes(*pixel)).collect()
            }
            _ => (0..dims.iter().product()).map(|pixel: usize| (pixel % 17) as f32 / 16.0).collect(),
        };
        Ok(FloatTensor::from_fn(dims.to_vec(), |pixel| pixels.get(pixel).copied().unwrap_or_default()).into())
    }
}

fn read(name: &str) -> Result<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fixtures").join(name);
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// A network with its keys and contracts. Its SRS is the development one.
#[derive(Debug)]
pub struct Case {
    srs: Srs,
    model: Model,
    key: ProvingKey,
    values: Vec<Vec<i32>>,
    /// The key that a verifier has.
    pub vk: VerifyingKey,
    /// What is deployed.
    pub contract: Contract,
    /// The same as a program.
    pub program: Program,
}

impl Case {
    /// Compiles, sets up, and traces a network whose inputs are for everybody or not.
    ///
    /// # Errors
    /// If one of these steps fails.
    pub fn new(network: Network, input: Visibility) -> Result<Self> {
        let image = network.input()?;
        let options = Options { calibration: vec![vec![image.clone()]], input, ..Options::default() };
        let compiled = compile(&read(network.file().0)?, &options)?;
        let values = compiled.quantise(&[image])?;
        Self::of_model(model(&compiled), values)
    }

    /// The perceptron for digits, and three numbers from -5 to 5 that are public and that nothing reads.
    ///
    /// # Errors
    /// If one of the steps fails.
    pub fn with_unread_input() -> Result<Self> {
        let Self { mut model, mut values, .. } = Self::new(Network::DigitsMlp, Visibility::Private)?;
        let (name, range) = ("unread".to_owned(), Interval::new(-5, 5));
        model.inputs.push(Port::new(name.clone(), vec![3]));
        model.graph.inputs.push(TensorId(u32::try_from(model.graph.tensors.len())?));
        let role = Role::Input(Visibility::Public);
        model.graph.tensors.push(GraphTensor { name, shape: Shape::new([3]), scale: 0, range, role });
        values.push(vec![-5, 0, 5]);
        Self::of_model(model, values)
    }

    /// The same of a model that is there.
    ///
    /// # Errors
    /// If one of these steps fails.
    pub fn of_model(model: Model, values: Vec<Vec<i32>>) -> Result<Self> {
        let srs = Srs::dev(choose_k(&model.graph))?;
        let key = setup_with_nonces(&model, &srs, Hash::Keccak, [[1; 32], [2; 32]])?;
        let vk = VerifyingKey::from_bytes(key.vk_bytes())?.check(&SrsPolicy::new().allow_insecure())?;
        let program = Program::of_key(vk.key())?;
        let contract = Contract::new(&vk, &program)?;
        Ok(Self { srs, model, key, values, vk, contract, program })
    }

    /// The same network with another weight.
    ///
    /// # Errors
    /// If a step fails.
    pub fn twin(&self) -> Result<Self> {
        let mut model = self.model.clone();
        let weight = model.weights.iter_mut().flat_map(|(_, weights)| weights).find(|weight| **weight > 0);
        *weight.context("a weight that is positive")? -= 1;
        Self::of_model(model, self.values.clone())
    }

    /// The values that are proved.
    pub fn values(&self) -> &[Vec<i32>] {
        &self.values
    }

    /// A proof for a context, which the verifier accepts.
    ///
    /// # Errors
    /// If there is none.
    pub fn prove(&self, context: &Word) -> Result<Inputs> {
        self.prove_of(&self.values, context)
    }

    /// The same of other values.
    ///
    /// # Errors
    /// If there is none.
    pub fn prove_of(&self, values: &[Vec<i32>], context: &Word) -> Result<Inputs> {
        let (statement, proof) = self.proved_of(values, context)?;
        Ok(Inputs::new(self.vk.key(), &statement, &proof)?)
    }

    /// The statement and the proof, as files have them.
    ///
    /// # Errors
    /// If there is none.
    pub fn proved(&self, context: &Word) -> Result<(Statement, Vec<u8>)> {
        self.proved_of(&self.values, context)
    }

    fn proved_of(&self, values: &[Vec<i32>], context: &Word) -> Result<(Statement, Vec<u8>)> {
        let proved = self.key.prove_with_nonce(&self.srs, values, context, [3; 32])?;
        verify(&self.vk, &proved.statement, &proved.proof)?;
        Ok((proved.statement, proved.proof))
    }

    /// The body of the verifying key's file.
    pub fn vk_bytes(&self) -> &[u8] {
        self.key.vk_bytes()
    }

    /// What `zktorch verify` says of what a contract is given.
    ///
    /// # Errors
    /// If the program says something else.
    pub fn verdict(&self, context: &Word, arguments: &[Vec<u8>; 2]) -> Result<bool> {
        let bytes = [context.as_slice(), &arguments[0], &arguments[1]].concat();
        let fits = arguments.each_ref().map(Vec::len) == self.contract.lengths;
        let inputs = fits.then(|| Inputs::from_bytes(&self.program, &bytes)).flatten();
        let run = inputs.as_ref().is_some_and(|inputs| self.program.run(inputs));
        let proof: Option<(Statement, Vec<u8>)> = inputs.and_then(|inputs| inputs.to_proof(self.vk.key()));
        let accepted = proof.is_some_and(|(statement, proof)| verify(&self.vk, &statement, &proof).is_ok());
        if run != accepted {
            bail!("the verifier says {accepted}, the program {run}");
        }
        Ok(accepted)
    }
}

fn model(compiled: &Compiled) -> Model {
    let ports = |ports: &[PortInfo]| -> Vec<Port> {
        let dims = |port: &PortInfo| port.dims.iter().map(|dim| *dim as u64).collect::<Vec<_>>();
        ports.iter().map(|port| Port::new(port.name.clone(), dims(port))).collect()
    };
    Model {
        graph: compiled.graph.clone(),
        inputs: ports(&compiled.inputs),
        outputs: ports(&compiled.outputs),
        preprocessing: String::new(),
        weights: compiled.weights.clone(),
    }
}
