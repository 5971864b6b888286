//! Setup, prove, verify, with everything that may be exchanged exchanged.
#![allow(clippy::unwrap_used, reason = "tests")]

use zktorch_commit::{Srs, SrsPolicy};
use zktorch_graph::{
    Contract, Expr, Function, Graph, Interval, Linear, Operand, Role, Shape, Step, Table, TableId, Tensor,
    TensorId, Term, View, Visibility,
};
use zktorch_prover::{Model, ProverError, ProvingKey, setup};
use zktorch_verifier::{ModelId, Port, ProofEnvelope, VerifyError, VerifyingKey, verify};

/// relu(W x / 16), W [3, 5].
fn model(input: Visibility, output: Visibility, weight: i32) -> Model {
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
            Step::Rescale { acc, divisor: 16, y: TensorId(2), r: Some(TensorId(3)) },
            Step::Lookup { table: TableId(0), x: TensorId(2), y: TensorId(4) },
            Step::Rescale { acc: relu, divisor: 1, y: TensorId(5), r: None },
        ],
        inputs: vec![TensorId(0)],
        outputs: vec![TensorId(5)],
    };
    let port = |name: &str, dim| vec![Port { name: name.to_owned(), dims: vec![1, dim] }];
    let weights = (0..15).map(|i| weight + 3 * i).collect();
    Model { graph, inputs: port("x", 5), outputs: port("y", 3), weights: vec![(TensorId(1), weights)] }
}

fn key(model: &Model, srs: &Srs) -> ProvingKey {
    setup(model, srs, [[1; 32], [2; 32]]).unwrap()
}

#[test]
fn proofs_verify_and_nothing_can_be_exchanged() {
    let srs = Srs::dev(10).unwrap();
    let policy = SrsPolicy::new().allow_insecure();
    for input in [Visibility::Public, Visibility::Private] {
        for output in [Visibility::Public, Visibility::Private] {
            let first = key(&model(input, output, 5), &srs);
            let first = ProvingKey::from_bytes(&first.to_bytes().unwrap()).unwrap();
            let second = key(&model(input, output, 6), &srs);
            let vk = VerifyingKey::from_bytes(first.vk_bytes()).unwrap();
            vk.check_weights(&policy).unwrap();
            let x = vec![vec![9, -8, 7, 6, 5]];
            let a = first.prove(&srs, &x, [3; 32]).unwrap();
            let b = second.prove(&srs, &x, [4; 32]).unwrap();
            verify(&vk, &policy, &a.statement, &a.proof).unwrap();

            // Without permission for the development SRS.
            let refused = verify(&vk, &SrsPolicy::new(), &a.statement, &a.proof);
            assert!(matches!(refused, Err(VerifyError::Srs(_))));
            assert!(matches!(vk.check_weights(&SrsPolicy::new()), Err(VerifyError::Srs(_))));
            // Another model's statement, proof, key.
            let wrong = |result| matches!(result, Err(VerifyError::WrongKey { .. }));
            assert!(wrong(verify(&vk, &policy, &b.statement, &b.proof).map(|_| ())));
            assert!(wrong(verify(&vk, &policy, &a.statement, &b.proof).map(|_| ())));
            assert!(matches!(vk.require_id(ModelId([0; 32])), Err(VerifyError::ModelId { .. })));
            // A proof of another model in an envelope of this one.
            let forged = ProofEnvelope::from_bytes(&b.proof).unwrap().argument;
            let forged = ProofEnvelope::new(vk.model_id(), forged).to_bytes();
            assert!(matches!(verify(&vk, &policy, &a.statement, &forged), Err(VerifyError::Proof(_))));
            // Another output or input.
            for index in 0..a.statement.public.len() {
                let mut statement = a.statement.clone();
                statement.public[index][1] += 1;
                assert!(matches!(verify(&vk, &policy, &statement, &a.proof), Err(VerifyError::Proof(_))));
            }
            for private in [0, 1] {
                let mut statement = a.statement.clone();
                let other =
                    [&mut statement.private_inputs, &mut statement.private_outputs][private].first_mut();
                if let Some(other) = other {
                    other.copy_from_slice(&vk.weights()[0].to_bytes());
                    assert!(matches!(verify(&vk, &policy, &statement, &a.proof), Err(VerifyError::Proof(_))));
                }
            }
            // Extended, shortened.
            for proof in [[a.proof.as_slice(), &[0]].concat(), a.proof[..a.proof.len() - 1].to_vec(), vec![]]
            {
                assert!(verify(&vk, &policy, &a.statement, &proof).is_err());
            }
        }
    }
}

#[test]
fn other_weights_under_the_same_key_are_rejected() {
    let srs = Srs::dev(10).unwrap();
    let policy = SrsPolicy::new().allow_insecure();
    let first = key(&model(Visibility::Public, Visibility::Public, 5), &srs);
    let other = key(&model(Visibility::Public, Visibility::Public, 6), &srs);
    // The first key's verifying key and blinds with the other's weights, as a cheating model owner would have it.
    let (mut bytes, other) = (first.to_bytes().unwrap(), other.to_bytes().unwrap());
    let start = first.vk_bytes().len();
    let weights = start..start + 60;
    assert_eq!(bytes.len(), other.len());
    bytes[weights.clone()].copy_from_slice(&other[weights]);
    let cheating = ProvingKey::from_bytes(&bytes).unwrap();
    let honest = first.prove(&srs, &[vec![9, 8, 7, 6, 5]], [3; 32]).unwrap();
    let proved = cheating.prove(&srs, &[vec![9, 8, 7, 6, 5]], [3; 32]).unwrap();
    assert_ne!(proved.outputs, honest.outputs);
    let vk = VerifyingKey::from_bytes(first.vk_bytes()).unwrap();
    assert!(matches!(verify(&vk, &policy, &proved.statement, &proved.proof), Err(VerifyError::Proof(_))));
    verify(&vk, &policy, &honest.statement, &honest.proof).unwrap();
}

#[test]
fn an_activation_out_of_range_is_an_error_that_names_it() {
    let srs = Srs::dev(10).unwrap();
    let key = key(&model(Visibility::Public, Visibility::Public, 500), &srs);
    let error = key.prove(&srs, &[vec![3000; 5]], [3; 32]).unwrap_err();
    assert!(matches!(error, ProverError::Graph(_)));
    assert!(error.to_string().contains("before") && error.to_string().contains("[-512, 511]"), "{error}");
}

#[test]
fn every_byte_of_a_key_matters() {
    let srs = Srs::dev(10).unwrap();
    let policy = SrsPolicy::new().allow_insecure();
    let key = key(&model(Visibility::Public, Visibility::Public, 5), &srs);
    let proved = key.prove(&srs, &[vec![9, 8, 7, 6, 5]], [3; 32]).unwrap();
    let accepts = |bytes: &[u8]| -> bool {
        VerifyingKey::from_bytes(bytes).is_ok_and(|vk| {
            vk.check_weights(&policy).is_ok()
                && verify(&vk, &policy, &proved.statement, &proved.proof).is_ok()
        })
    };
    assert!(accepts(key.vk_bytes()));
    for index in (0..key.vk_bytes().len()).step_by(43) {
        let mut bytes = key.vk_bytes().to_vec();
        bytes[index] ^= 1 << (index % 8);
        assert!(!accepts(&bytes), "byte {index}");
    }
    assert!(!accepts(&[key.vk_bytes(), &[0]].concat()));
}
