//! Keys of several graphs over the same weights.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{hashed_key, key, model, weights};
use zktorch_commit::{Blind, Srs, SrsPolicy};
use zktorch_graph::{Expr, Interval, Operand, Role, Shape, Step, Tensor, TensorId, Term, View, Visibility};
use zktorch_prover::{Hash, Model, ProverError, ProvingKey, setup_beside_with_nonces, setup_with_nonces};
use zktorch_verifier::{KeyBody, Port, UncheckedKey, VERSION, VerifyError, VerifyingKey, encode_key, verify};

const NONCES: [[u8; 32]; 2] = [[5; 32], [6; 32]];

fn policy() -> SrsPolicy {
    SrsPolicy::new().allow_insecure()
}

/// The model for so many inputs at once: another graph that reads the same weights.
fn longer(model: &Model, count: u32) -> Model {
    let port = |name: &str, dim| vec![Port::new(name, [u64::from(count), dim])];
    let graph = model.graph.batched(count).unwrap();
    Model { graph, inputs: port("x", 5), outputs: port("y", 3), ..model.clone() }
}

/// Adds a bias to the output: a weight that only this model has.
fn with_bias(mut model: Model, bias: &[i32]) -> Model {
    let id = TensorId(model.graph.tensors.len() as u32);
    let shape = Shape::new([bias.len() as u32]);
    let (name, range) = ("bias".to_owned(), Interval::new(-100, 100));
    model.graph.tensors.push(Tensor { name, shape: shape.clone(), scale: 0, range, role: Role::Weight });
    let Some(Step::Rescale { acc, .. }) = model.graph.steps.last_mut() else { unreachable!() };
    let Expr { terms, .. } = acc;
    terms.push(Term { coeff: 1, operand: Operand::View(View::identity(id, &shape)) });
    model.weights.push((id, bias.to_vec()));
    model
}

fn inputs(count: i32) -> Vec<Vec<i32>> {
    vec![(0..5 * count).map(|i| 31 * i % 60 - 20).collect()]
}

fn accepts(key: &ProvingKey, srs: &Srs, count: i32) {
    let proved = key.prove_with_nonce(srs, &inputs(count), b"context", [3; 32]).unwrap();
    let vk = VerifyingKey::from_bytes(key.vk_bytes()).unwrap().check(&policy()).unwrap();
    verify(&vk, &proved.statement, &proved.proof).unwrap();
}

#[test]
fn another_length_needs_no_new_commitments() {
    let srs = [10, 11].map(|k| Srs::dev(k).unwrap());
    for io in [Visibility::Public, Visibility::Private] {
        let one = model(io, io, 5);
        let first = key(&one, &srs[0]);
        for (count, k, own_srs) in [(3, 10, &srs[0]), (3, 11, &srs[1]), (7, 6, &srs[0])] {
            let second = setup_beside_with_nonces(&longer(&one, count), &srs[0], k, &first, NONCES).unwrap();
            // In a file, it has all that it needs.
            let second = ProvingKey::from_bytes(&second.to_bytes().unwrap()).unwrap();
            assert_eq!(second.vk().network().k(), k.max(10));
            assert_eq!(second.vk().weights(), first.vk().weights());
            assert_eq!(second.vk().weight_parts()[0].id(), first.vk().weight_parts()[0].id());
            assert_ne!(second.vk().model_id(), first.vk().model_id());
            assert!(second.has_weights(&one.weights));
            assert_eq!(second.commit_weights(&srs[0]).unwrap(), second.vk().weights());
            accepts(&second, own_srs, count as i32);
            // A batch of the longer ones.
            let batch = second.vk().batch(2).unwrap();
            let batch_srs = Srs::dev(batch.network().k()).unwrap();
            let each = [inputs(count as i32), inputs(count as i32)];
            let each = each.each_ref().map(Vec::as_slice);
            let proved = second.prove_batch_with_nonce(&batch_srs, &batch, &each, &[], [4; 32]).unwrap();
            let vk = VerifyingKey::from_bytes(second.vk_bytes()).unwrap().check(&policy()).unwrap();
            verify(&vk, &proved.statement, &proved.proof).unwrap();
            // A proof is one model's.
            let proved = first.prove_with_nonce(&srs[0], &inputs(1), &[], [3; 32]).unwrap();
            assert!(matches!(
                verify(&vk, &proved.statement, &proved.proof),
                Err(VerifyError::WrongKey { .. })
            ));
        }
    }
}

#[test]
fn weights_of_its_own_are_a_part_of_their_own() {
    let (srs, io) = (Srs::dev(10).unwrap(), Visibility::Public);
    let one = model(io, io, 5);
    let first = key(&one, &srs);
    let biased = with_bias(one.clone(), &[1, -2, 30]);
    let second = setup_beside_with_nonces(&biased, &srs, 10, &first, NONCES).unwrap();
    assert_eq!(second.vk().weight_parts().len(), 2);
    assert_eq!(second.vk().weights()[..1], *first.vk().weights());
    accepts(&second, &srs, 1);
    // Of a third key the parts are those that it reads.
    let third =
        setup_beside_with_nonces(&with_bias(one.clone(), &[7, 7, 7]), &srs, 10, &second, NONCES).unwrap();
    assert_eq!(third.vk().weights()[..1], *first.vk().weights());
    assert_eq!(third.vk().weight_parts().len(), 2);
    assert_ne!(third.vk().weight_parts()[1].id(), second.vk().weight_parts()[1].id());
    accepts(&third, &srs, 1);
    let fourth = setup_beside_with_nonces(&biased, &srs, 10, &third, NONCES).unwrap();
    assert_eq!(fourth.vk().weight_parts().len(), 2);
    accepts(&fourth, &srs, 1);
    // Other integers are other weights, and so are the same ones in another range.
    let other = setup_beside_with_nonces(&model(io, io, 6), &srs, 10, &first, NONCES).unwrap();
    assert_ne!(other.vk().weights(), first.vk().weights());
    assert_eq!(other.vk().weight_parts().len(), 1);
    let mut narrow = one;
    narrow.graph.tensors[1].range = Interval::new(-100, 100);
    let narrow = setup_beside_with_nonces(&narrow, &srs, 10, &first, NONCES).unwrap();
    assert_ne!(narrow.vk().weight_parts()[0].id(), first.vk().weight_parts()[0].id());
    accepts(&narrow, &srs, 1);
}

/// The weights in the file of a key.
fn cells_of(model: &Model, srs: &Srs) -> Vec<u8> {
    let bytes = key(model, srs).to_bytes().unwrap();
    let length = u64::from_le_bytes(*bytes[8..].first_chunk().unwrap()) as usize;
    bytes[64..64 + length].to_vec()
}

/// A file that says that it has committed to other weights than it holds: whoever made it could prove with them.
#[test]
fn a_key_that_was_altered_is_not_taken_at_its_word() {
    let (srs, io) = (Srs::dev(10).unwrap(), Visibility::Public);
    let (committed, wanted) = (model(io, io, 6), model(io, io, 5));
    let mut bytes = key(&committed, &srs).to_bytes().unwrap();
    let cells = cells_of(&wanted, &srs);
    bytes[64..64 + cells.len()].copy_from_slice(&cells);
    let altered = ProvingKey::from_bytes(&bytes).unwrap();
    assert!(altered.has_weights(&wanted.weights));
    let error = setup_beside_with_nonces(&wanted, &srs, 10, &altered, NONCES).unwrap_err();
    assert!(matches!(error, ProverError::Part { part: 0, .. }), "{error}");
    // Nor is its proof of ranges.
    let honest = key(&wanted, &srs);
    let mut edited = honest.to_bytes().unwrap();
    let proof = honest.vk().weight_parts()[0].proof();
    let at = edited.windows(proof.len()).position(|window| window == proof).unwrap();
    edited[at + 40] ^= 1;
    if let Ok(edited) = ProvingKey::from_bytes(&edited) {
        let error = setup_beside_with_nonces(&wanted, &srs, 10, &edited, NONCES).unwrap_err();
        assert!(matches!(error, ProverError::Key(VerifyError::Weights { part: 0, .. })), "{error}");
    }
}

/// What is shared is bound to the blinds of what is not: the same nonces beside another key are others.
#[test]
fn blinds_depend_on_what_is_shared() {
    let (srs, io) = (Srs::dev(10).unwrap(), Visibility::Public);
    let one = model(io, io, 5);
    let first = key(&one, &srs);
    let biased = with_bias(one, &[1, -2, 30]);
    let whole = setup_with_nonces(&biased, &srs, Hash::default(), NONCES).unwrap();
    let beside = setup_beside_with_nonces(&biased, &srs, 10, &first, NONCES).unwrap();
    let stack = |key: &ProvingKey, part: usize, values: &[Vec<i32>]| {
        key.vk().network().of_weights(part).unwrap().stack_weights(values).unwrap()
    };
    let bias = biased.weights[1].1.clone();
    let columns =
        [stack(&whole, 0, &[biased.weights[0].1.clone(), bias.clone()]), stack(&beside, 1, &[bias])];
    let difference: Vec<i32> = columns[0].iter().zip(&columns[1]).map(|(a, b)| a - b).collect();
    let unblinded = srs.commit_chunks(&difference, 10, &[Blind::zero()]).unwrap().0[0].projective();
    let [a, b] = [whole.vk().weights()[0].projective(), beside.vk().weights()[1].projective()];
    assert_ne!(a - b, unblinded);
}

#[test]
fn what_the_other_key_fixes_is_kept() {
    let (srs, io) = (Srs::dev(10).unwrap(), Visibility::Public);
    let one = model(io, io, 5);
    let first = hashed_key(&one, &srs, Hash::Keccak);
    let second = setup_beside_with_nonces(&longer(&one, 3), &srs, 10, &first, NONCES).unwrap();
    assert_eq!(second.vk().network().hash(), Hash::Keccak);
    accepts(&second, &srs, 3);
    let large = Srs::dev(11).unwrap();
    let error = setup_beside_with_nonces(&one, &large, 11, &first, NONCES).unwrap_err();
    assert!(matches!(error, ProverError::Srs { .. }), "{error}");
}

/// A key says what its weights are: whoever puts it together from parts of others is refused.
#[test]
fn proofs_of_ranges_are_about_one_part() {
    let (srs, io) = (Srs::dev(10).unwrap(), Visibility::Public);
    let one = model(io, io, 5);
    let first = key(&one, &srs);
    let biased = with_bias(one.clone(), &[1, -2, 30]);
    let second = setup_beside_with_nonces(&biased, &srs, 10, &first, NONCES).unwrap();
    let proofs: Vec<&[u8]> = second.vk().weight_parts().iter().map(|part| part.proof()).collect();
    let body = KeyBody {
        version: VERSION,
        srs_id: srs.verifier().id().0,
        k: 10,
        transcript: 0,
        graph: biased.graph.clone(),
        inputs: biased.inputs.clone(),
        outputs: biased.outputs.clone(),
        preprocessing: String::new(),
        weights_k: 10,
        weights: weights(&second),
        refs: second.vk().network().weight_parts().refs.clone(),
    };
    let decode = |body: &KeyBody, proofs: &[&[u8]]| {
        UncheckedKey::from_bytes(&encode_key(&body.to_bytes().unwrap(), srs.verifier(), proofs).unwrap())
    };
    let refused = |body: &KeyBody, proofs: &[&[u8]]| {
        let error = decode(body, proofs).unwrap().check(&policy()).unwrap_err();
        assert!(matches!(error, VerifyError::Weights { .. }), "{error}");
    };
    assert_eq!(decode(&body, &proofs).unwrap().model_id(), second.vk().model_id());
    decode(&body, &proofs).unwrap().check(&policy()).unwrap();
    refused(&body, &[proofs[0], &[]]);
    refused(&body, &[proofs[1], proofs[0]]);
    refused(&body, &[proofs[0], proofs[0]]);
    assert!(decode(&body, &proofs[..1]).is_err());
    assert!(decode(&body, &[proofs[0], proofs[1], proofs[1]]).is_err());
    // The commitments of one part in the other one.
    let mut edited = body.clone();
    edited.weights[1].commitments = edited.weights[0].commitments.clone();
    refused(&edited, &proofs);
    // Another range of the graph and of the part: the proof is about the part that it was.
    let mut edited = body.clone();
    edited.graph.tensors[6].range = Interval::new(-50, 50);
    edited.weights[1].specs[0].range = Interval::new(-50, 50);
    refused(&edited, &proofs);
    // Chunks of another size hold other cells.
    let edited = KeyBody { weights_k: 9, ..body.clone() };
    refused(&edited, &proofs);
    // And another hash is another protocol.
    let edited = KeyBody { transcript: 1, ..body };
    refused(&edited, &proofs);
}

#[test]
fn weights_that_were_checked_are_not_checked_again() {
    let (srs, io) = (Srs::dev(10).unwrap(), Visibility::Public);
    let one = model(io, io, 5);
    let first = key(&one, &srs);
    let second = setup_beside_with_nonces(&longer(&one, 3), &srs, 10, &first, NONCES).unwrap();
    let checked = VerifyingKey::from_bytes(first.vk_bytes()).unwrap().check(&policy()).unwrap();
    let again = VerifyingKey::from_bytes(second.vk_bytes()).unwrap();
    let vk = again.check_beside(&policy(), &[&checked]).unwrap();
    let proved = second.prove_with_nonce(&srs, &inputs(3), &[], [3; 32]).unwrap();
    verify(&vk, &proved.statement, &proved.proof).unwrap();
    // The key of other weights says nothing of these: with a proof that is none they are refused.
    let body = |key: &ProvingKey, proof: &[u8]| {
        let model = longer(&one, 3);
        let body = KeyBody {
            version: VERSION,
            srs_id: srs.verifier().id().0,
            k: 10,
            transcript: 0,
            graph: model.graph,
            inputs: model.inputs,
            outputs: model.outputs,
            preprocessing: String::new(),
            weights_k: 10,
            weights: weights(key),
            refs: key.vk().network().weight_parts().refs.clone(),
        };
        UncheckedKey::from_bytes(&encode_key(&body.to_bytes().unwrap(), srs.verifier(), &[proof]).unwrap())
            .unwrap()
    };
    let others = key(&model(io, io, 9), &srs);
    assert!(body(&others, &[]).check_beside(&policy(), &[&checked]).is_err());
    body(&second, &[]).check_beside(&policy(), &[&checked]).unwrap();
    // The SRS is judged for every key.
    let again = VerifyingKey::from_bytes(second.vk_bytes()).unwrap();
    assert!(again.check_beside(&SrsPolicy::new(), &[&checked]).is_err());
}
