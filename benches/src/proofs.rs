//! A compiled model through setup, prover and verifier.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use zktorch_commit::{Srs, SrsPolicy};
use zktorch_onnx::{Compiled, PortInfo, Tensor};
use zktorch_prover::{Model, choose_k, setup};
use zktorch_verifier::{Port, VerifyingKey, verify};

/// Development SRSs by their size: they are computed once.
#[derive(Debug, Default)]
pub struct Setups(Mutex<BTreeMap<usize, Arc<Srs>>>);

impl Setups {
    fn get(&self, k: usize) -> Result<Arc<Srs>, String> {
        let mut known = self.0.lock().map_err(|_| "another test panicked in here".to_owned())?;
        if let Some(srs) = known.get(&k) {
            return Ok(srs.clone());
        }
        let srs = Arc::new(Srs::dev(k).map_err(|e| e.to_string())?);
        known.insert(k, srs.clone());
        Ok(srs)
    }
}

/// Why there is no accepted proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Setup or prover refuse, and say why.
    Refused(String),
    /// The verifier rejects.
    Rejected(String),
}

/// Proves a run under a development SRS and verifies the proof; the integers of the outputs.
///
/// # Errors
/// [`Failure`].
pub fn prove(compiled: &Compiled, inputs: &[Tensor], setups: &Setups) -> Result<Vec<Vec<i32>>, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::Refused(error.to_string());
    let srs = setups.get(choose_k(&compiled.graph)).map_err(|e| refused(&e))?;
    let key = setup(&model(compiled), &srs).map_err(|e| refused(&e))?;
    let integers = compiled.quantise(inputs).map_err(|e| refused(&e))?;
    let proved = key.prove(&srs, &integers, b"").map_err(|e| refused(&e))?;
    let rejected = |error: &dyn std::fmt::Display| Failure::Rejected(error.to_string());
    let vk =
        VerifyingKey::from_bytes_pinned(key.vk_bytes(), key.vk().model_id()).map_err(|e| rejected(&e))?;
    let vk = vk.check(&SrsPolicy::new().allow_insecure()).map_err(|e| rejected(&e))?;
    verify(&vk, &proved.statement, &proved.proof).map_err(|e| rejected(&e))?;
    Ok(proved.outputs)
}

fn model(compiled: &Compiled) -> Model {
    let ports = |ports: &[PortInfo]| {
        let port = |port: &PortInfo| {
            let dims: Vec<u64> = port.dims.iter().map(|dim| *dim as u64).collect();
            Port::new(port.name.clone(), dims)
        };
        ports.iter().map(port).collect()
    };
    Model {
        graph: compiled.graph.clone(),
        inputs: ports(&compiled.inputs),
        outputs: ports(&compiled.outputs),
        preprocessing: String::new(),
        weights: compiled.weights.clone(),
    }
}
