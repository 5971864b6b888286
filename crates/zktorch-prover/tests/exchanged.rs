//! Parts of a statement and a proof exchanged one at a time, so that each check alone is seen.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{key, model};
use zktorch_commit::{Srs, SrsPolicy};
use zktorch_graph::{
    Expr, Graph, Interval, Operand, Role, Shape, Step, Tensor, TensorId, Term, View, Visibility,
};
use zktorch_prover::{Hash, Model, setup_with_nonces};
use zktorch_verifier::{ModelId, Port, Statement, VerifyError, VerifyingKey, verify};

#[test]
fn the_statements_model_id_and_the_proofs_are_checked_each() {
    let srs = Srs::dev(10).unwrap();
    let policy = SrsPolicy::new().allow_insecure();
    let io = Visibility::Public;
    let (first, second) = (key(&model(io, io, 5), &srs), key(&model(io, io, 6), &srs));
    let vk = VerifyingKey::from_bytes(first.vk_bytes()).unwrap().check(&policy).unwrap();
    let x = [vec![9, -8, 7, 6, 5]];
    let proved = first.prove_with_nonce(&srs, &x, &[], [3; 32]).unwrap();
    let other = second.prove_with_nonce(&srs, &x, &[], [4; 32]).unwrap();
    verify(&vk, &proved.statement, &proved.proof).unwrap();
    let refused = |statement: &Statement, proof: &[u8]| match verify(&vk, statement, proof) {
        Err(VerifyError::WrongKey { what, expected, got }) => {
            assert_eq!(expected, vk.model_id());
            (what, got)
        }
        other => panic!("{other:?}"),
    };
    // Nothing but the statement's id is another one.
    let mut ids = vec![second.vk().model_id(), ModelId([0; 32])];
    ids.extend([0, 13, 31].map(|byte| {
        let mut id = vk.model_id();
        id.0[byte] ^= 1;
        id
    }));
    for id in ids {
        let statement = Statement { model_id: id, ..proved.statement.clone() };
        assert_eq!(refused(&statement, &proved.proof), ("statement", id));
    }
    // Nothing but the proof is another one.
    assert_eq!(refused(&proved.statement, &other.proof), ("proof", second.vk().model_id()));
}

/// out = (a + 3 b + w) / 4, a and b private, each a chunk of its own.
fn two_private_inputs() -> Model {
    let shape = Shape::new([16]);
    let tensor = |name: &str, lo, hi, role| Tensor {
        name: name.to_owned(),
        shape: shape.clone(),
        scale: 0,
        range: Interval::new(lo, hi),
        role,
    };
    let input = Role::Input(Visibility::Private);
    let tensors = vec![
        tensor("a", -8, 7, input),
        tensor("b", -8, 7, input),
        tensor("w", -8, 7, Role::Weight),
        tensor("out", -16, 15, Role::Output(Visibility::Public)),
        tensor("remainder", 0, 3, Role::Ranged),
    ];
    let term = |id: u32, coeff| Term { coeff, operand: Operand::View(View::identity(TensorId(id), &shape)) };
    let acc = Expr { shape: shape.clone(), terms: vec![term(0, 1), term(1, 3), term(2, 1)] };
    let steps = vec![Step::rescale(acc, 4, TensorId(3), Some(TensorId(4)))];
    let (inputs, outputs) = (vec![TensorId(0), TensorId(1)], vec![TensorId(3)]);
    let graph = Graph { tensors, steps, inputs, outputs, ..Graph::default() };
    let port = |name: &str| Port::new(name, [16]);
    let weights = vec![(TensorId(2), (0..16).map(|i| i - 8).collect())];
    Model {
        graph,
        inputs: vec![port("a"), port("b")],
        outputs: vec![port("out")],
        preprocessing: String::new(),
        weights,
    }
}

#[test]
fn commitments_to_two_private_tensors_cannot_be_swapped() {
    let srs = Srs::dev(4).unwrap();
    let policy = SrsPolicy::new().allow_insecure();
    let key = setup_with_nonces(&two_private_inputs(), &srs, Hash::default(), [[1; 32], [2; 32]]).unwrap();
    let vk = VerifyingKey::from_bytes(key.vk_bytes()).unwrap().check(&policy).unwrap();
    assert_eq!(vk.key().network().private_chunks(), [2, 0]);
    let [a, b] = [1, 5].map(|step| (0..16).map(|i| (step * i) % 16 - 8).collect::<Vec<i32>>());
    // Also of equal tensors: their blinds differ.
    for inputs in [[a.clone(), b.clone()], [a.clone(), a.clone()]] {
        let proved = key.prove_with_nonce(&srs, &inputs, &[], [3; 32]).unwrap();
        verify(&vk, &proved.statement, &proved.proof).unwrap();
        let refused = |change: &dyn Fn(&mut Statement)| {
            let mut statement = proved.statement.clone();
            change(&mut statement);
            assert_ne!(statement, proved.statement);
            let result = verify(&vk, &statement, &proved.proof);
            assert!(matches!(result, Err(VerifyError::Proof(_))), "{result:?}");
        };
        refused(&|statement| statement.private_inputs.swap(0, 1));
        refused(&|statement| statement.private_inputs[0] = statement.private_inputs[1]);
        // Those of another proof of the same inputs.
        let again = key.prove_with_nonce(&srs, &inputs, &[], [4; 32]).unwrap().statement.private_inputs;
        for tensor in [0, 1] {
            refused(&|statement| statement.private_inputs[tensor] = again[tensor]);
        }
        // And of a proof of the same output, with the tensors the other way round.
        let [a, b] = &inputs;
        let other = key.prove_with_nonce(&srs, &[b.clone(), a.clone()], &[], [5; 32]).unwrap();
        let mut statement = other.statement.clone();
        statement.private_inputs.swap(0, 1);
        assert!(verify(&vk, &statement, &other.proof).is_err());
    }
}

#[test]
fn a_private_input_and_a_private_output_cannot_be_swapped() {
    let srs = Srs::dev(10).unwrap();
    let policy = SrsPolicy::new().allow_insecure();
    let key = key(&model(Visibility::Private, Visibility::Private, 5), &srs);
    let vk = VerifyingKey::from_bytes(key.vk_bytes()).unwrap().check(&policy).unwrap();
    let proved = key.prove_with_nonce(&srs, &[vec![9, -8, 7, 6, 5]], &[], [3; 32]).unwrap();
    let Statement { private_inputs, private_outputs, .. } = proved.statement.clone();
    assert_eq!([private_inputs.len(), private_outputs.len()], [1, 1]);
    let swapped =
        Statement { private_inputs: private_outputs, private_outputs: private_inputs, ..proved.statement };
    let result = verify(&vk, &swapped, &proved.proof);
    assert!(matches!(result, Err(VerifyError::Proof(_))), "{result:?}");
}
