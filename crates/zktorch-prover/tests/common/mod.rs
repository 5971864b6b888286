//! A small model with everything in it.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "test support: each test program uses a part of it"
)]

use zktorch_blocks::{NetworkProof, Statement as BlockStatement};
use zktorch_commit::{Commitment, Srs};
use zktorch_graph::{
    Contract, Expr, Function, Graph, Interval, Linear, Operand, Role, Shape, Step, Table, TableId, Tensor,
    TensorId, Term, View, Visibility,
};
use zktorch_prover::{Hash, Model, ProvingKey, setup_with_nonces};
use zktorch_verifier::{KeyBody, Port, ProofEnvelope, Statement, UncheckedKey, VERSION, WeightsPart};

/// relu(W x / 16), W [3, 5].
pub fn model(input: Visibility, output: Visibility, weight: i32) -> Model {
    let tensor = |name: &str, dims: &[u32], range, role| Tensor {
        name: name.to_owned(),
        shape: Shape::new(dims),
        scale: 0,
        range,
        role,
    };
    let domain = Interval::new(-512, 511);
    let tensors = vec![
        tensor("x", &[5], Interval::I16, Role::Input(input)),
        tensor("w", &[3, 5], Interval::I16, Role::Weight),
        tensor("before", &[3], domain, Role::LookupInput(TableId(0))),
        tensor("remainder", &[3], Interval::new(0, 15), Role::Ranged),
        tensor("relu", &[3], Interval::new(0, 511), Role::LookupOutput(TableId(0))),
        tensor("y", &[3], Interval::I16, Role::Output(output)),
    ];
    let linear = |id: u32| {
        let view = View::identity(TensorId(id), &tensors[id as usize].shape);
        Linear { shape: view.shape.clone(), terms: vec![(1, view)] }
    };
    let contract =
        Contract { a: linear(1), b: linear(0), a_axes: vec![0, 1], b_axes: vec![1], out_axes: vec![0] };
    let acc =
        Expr { shape: Shape::new([3]), terms: vec![Term { coeff: 1, operand: Operand::Contract(contract) }] };
    let relu = Expr::view(View::identity(TensorId(4), &Shape::new([3])));
    let graph = Graph {
        tensors,
        tables: vec![Table { function: Function::Relu, domain }],
        steps: vec![
            Step::rescale(acc, 16, TensorId(2), Some(TensorId(3))),
            Step::Lookup { table: TableId(0), x: TensorId(2), y: TensorId(4) },
            Step::rescale(relu, 1, TensorId(5), None),
        ],
        inputs: vec![TensorId(0)],
        outputs: vec![TensorId(5)],
    };
    let port = |name: &str, dim| vec![Port::new(name, [1, dim])];
    let weights = (0..15).map(|i| weight + 3 * i).collect();
    let (inputs, outputs) = (port("x", 5), port("y", 3));
    Model { graph, inputs, outputs, preprocessing: String::new(), weights: vec![(TensorId(1), weights)] }
}

/// Its key, under fixed nonces.
pub fn key(model: &Model, srs: &Srs) -> ProvingKey {
    hashed_key(model, srs, Hash::default())
}

/// The same with transcripts on a given hash.
pub fn hashed_key(model: &Model, srs: &Srs, hash: Hash) -> ProvingKey {
    setup_with_nonces(model, srs, hash, [[1; 32], [2; 32]]).unwrap()
}

/// The body of a model's key, to be edited.
pub fn body(model: Model, srs: &Srs, key: &ProvingKey) -> KeyBody {
    KeyBody {
        version: VERSION,
        srs_id: srs.verifier().id().0,
        k: u32::try_from(srs.k()).unwrap(),
        transcript: u8::from(key.vk().network().hash() == Hash::Keccak),
        graph: model.graph,
        inputs: model.inputs,
        outputs: model.outputs,
        preprocessing: model.preprocessing,
        weights_k: u32::try_from(key.vk().network().layout().chunk_size().weights).unwrap(),
        weights: weights(key),
        refs: key.vk().network().weight_parts().refs.clone(),
    }
}

/// The parts of a key's weights, as its body has them.
pub fn weights(key: &ProvingKey) -> Vec<WeightsPart> {
    let specs = key.vk().network().weight_parts().parts.iter().cloned();
    let commitments = key
        .vk()
        .weight_parts()
        .iter()
        .map(|part| part.commitments().iter().map(Commitment::to_bytes).collect());
    specs.zip(commitments).map(|(specs, commitments)| WeightsPart { specs, commitments }).collect()
}

/// What `verify` does, with a key whose weights nobody has checked. It must not accept a statement of another
/// key even then.
pub fn proves_unchecked(vk: &UncheckedKey, statement: &Statement, proof: &[u8]) -> bool {
    let decode = |commitments: &[[u8; 32]]| -> Option<Vec<Commitment>> {
        commitments.iter().map(|bytes| Commitment::from_bytes(bytes).ok()).collect()
    };
    let verified = || {
        let argument = ProofEnvelope::from_bytes(proof).ok()?.argument;
        let io = [decode(&statement.private_inputs)?, decode(&statement.private_outputs)?];
        let public: Vec<&[i32]> = statement.public.iter().map(Vec::as_slice).collect();
        let (id, context) = (vk.model_id().0, &statement.context);
        let statement =
            BlockStatement::new(vk.network(), id, context, vk.weights(), [&io[0], &io[1]], &public).ok()?;
        let proof = NetworkProof::from_bytes(vk.network(), vk.shape(), &argument).ok()?;
        statement.verify(vk.srs(), &proof).ok()
    };
    verified().is_some()
}
