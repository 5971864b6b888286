//! Trained models of the repository: their proofs are accepted, and refused with any word changed.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;

use zktorch_commit::{Srs, SrsPolicy};
use zktorch_evm::{Inputs, Program};
use zktorch_onnx::{FloatTensor, Options, PortInfo, Tensor, compile};
use zktorch_prover::{Hash, Model, choose_k, setup_with_nonces};
use zktorch_verifier::{Port, VerifyingKey, verify};

fn agrees(name: &str) {
    let onnx = fs::read(format!("{}/../../fixtures/digits/{name}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let image: Tensor = FloatTensor::from_fn([1, 1, 8, 8], |pixel| (pixel % 17) as f32 / 16.0).into();
    let options = Options { calibration: vec![vec![image.clone()]], ..Options::default() };
    let compiled = compile(&onnx, &options).unwrap();
    let ports = |ports: &[PortInfo]| -> Vec<Port> {
        let dims = |port: &PortInfo| port.dims.iter().map(|dim| *dim as u64).collect::<Vec<_>>();
        ports.iter().map(|port| Port::new(port.name.clone(), dims(port))).collect()
    };
    let model = Model {
        graph: compiled.graph.clone(),
        inputs: ports(&compiled.inputs),
        outputs: ports(&compiled.outputs),
        preprocessing: String::new(),
        weights: compiled.weights.clone(),
    };
    let srs = Srs::dev(choose_k(&model.graph)).unwrap();
    let key = setup_with_nonces(&model, &srs, Hash::Keccak, [[1; 32], [2; 32]]).unwrap();
    let context = b"a challenge of the caller, 32 by";
    let values = compiled.quantise(&[image]).unwrap();
    let proved = key.prove_with_nonce(&srs, &values, context, [3; 32]).unwrap();
    let vk = VerifyingKey::from_bytes(key.vk_bytes()).unwrap();
    let vk = vk.check(&SrsPolicy::new().allow_insecure()).unwrap();
    verify(&vk, &proved.statement, &proved.proof).unwrap();

    let program = Program::of_key(vk.key()).unwrap();
    let inputs = Inputs::new(vk.key(), &proved.statement, &proved.proof).unwrap();
    assert!(program.run(&inputs));
    let segments = program.segments().unwrap();
    let lengths: Vec<usize> = segments.codes.iter().map(Vec::len).collect();
    let bytes = inputs.to_bytes();
    let calldata: u64 = bytes.iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum();
    let total: u64 = segments.gas.iter().map(|(_, gas)| gas).sum();
    eprintln!(
        "{name}: bytes of code {lengths:?}, gas {total} and {calldata} of calldata, {:?}",
        segments.gas
    );

    // Every eleventh word: a run takes as long as a verification without its vectors.
    for at in (0..bytes.len()).step_by(11 * 32) {
        let mut changed = bytes.clone();
        changed[at + 31] ^= 1;
        let changed = Inputs::from_bytes(&program, &changed);
        let accepted = changed.as_ref().is_some_and(|inputs| program.run(inputs));
        let proof = changed.and_then(|inputs| inputs.to_proof(vk.key()));
        let verified = proof.is_some_and(|(statement, proof)| verify(&vk, &statement, &proof).is_ok());
        assert_eq!((accepted, verified), (false, false), "the word at {at}");
    }
}

#[test]
fn the_perceptron_agrees() {
    agrees("mlp");
}

#[test]
fn the_convolutional_network_agrees() {
    agrees("cnn");
}
