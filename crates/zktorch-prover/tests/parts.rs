//! Weights that setup cuts into several parts.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{body, key, model};
use zktorch_commit::{Blind, MappedFile, Srs, SrsPolicy};
use zktorch_field::{Fr, G1Projective};
use zktorch_graph::{
    Expr, Interval, MAX_PARTS, Operand, Role, Shape, Step, Tensor, TensorId, Term, View, Visibility,
};
use zktorch_prover::{
    Hash, Model, ProverError, ProvingKey, SetupOptions, setup_beside_with_nonces, setup_in_parts_with_nonces,
    setup_to_with_nonces, setup_with_nonces,
};
use zktorch_verifier::{KeyBody, UncheckedKey, VerifyError, VerifyingKey, encode_key, verify};

const NONCES: [[u8; 32]; 2] = [[1; 32], [2; 32]];

fn policy() -> SrsPolicy {
    SrsPolicy::new().allow_insecure()
}

fn srs() -> Srs {
    Srs::dev(6).unwrap()
}

/// relu(W x / 16) and so many biases, each of three weights.
fn biased(biases: u32) -> Model {
    let mut model = model(Visibility::Private, Visibility::Public, 5);
    for i in 0..biases {
        let id = TensorId(model.graph.tensors.len() as u32);
        let shape = Shape::new([3]);
        let (name, range) = (format!("bias {i}"), Interval::new(-100, 100));
        model.graph.tensors.push(Tensor { name, shape: shape.clone(), scale: 0, range, role: Role::Weight });
        let Some(Step::Rescale { acc: Expr { terms, .. }, .. }) = model.graph.steps.last_mut() else {
            unreachable!()
        };
        terms.push(Term { coeff: 1, operand: Operand::View(View::identity(id, &shape)) });
        let i = i as i32 % 50;
        model.weights.push((id, vec![i, 1 - i, 2 * i]));
    }
    model
}

/// Its key in parts of so many cells: 32 of W, 4 of every bias.
fn in_parts(model: &Model, part_cells: u64) -> ProvingKey {
    let options = SetupOptions { part_cells, ..SetupOptions::default() };
    setup_in_parts_with_nonces(model, &srs(), &options, NONCES).unwrap()
}

fn prove(key: &ProvingKey) -> zktorch_prover::Proved {
    key.prove_with_nonce(&srs(), &[vec![9, 8, 7, 6, 5]], b"context", [3; 32]).unwrap()
}

fn accepts(key: &ProvingKey) {
    let proved = prove(key);
    let vk = VerifyingKey::from_bytes(key.vk_bytes()).unwrap().check(&policy()).unwrap();
    verify(&vk, &proved.statement, &proved.proof).unwrap();
}

#[test]
fn one_part_is_what_it_was() {
    let model = biased(3);
    let one = key(&model, &srs());
    for part_cells in [44, 1 << 28] {
        assert_eq!(in_parts(&model, part_cells).to_bytes().unwrap(), one.to_bytes().unwrap());
    }
}

#[test]
fn parts_are_one_proof() {
    let model = biased(5);
    let one = prove(&in_parts(&model, u64::MAX));
    for (part_cells, count) in [(40, 2), (8, 4), (0, 6)] {
        let key = in_parts(&model, part_cells);
        assert_eq!(key.vk().weight_parts().len(), count, "{part_cells}");
        assert!(key.has_weights(&model.weights));
        assert_eq!(key.commit_weights(&srs()).unwrap(), key.vk().weights());
        accepts(&key);
        let proved = prove(&key);
        assert_eq!(proved.outputs, one.outputs);
        // From a file, too, and a batch.
        let again = ProvingKey::from_bytes(&key.to_bytes().unwrap()).unwrap();
        assert_eq!(prove(&again).proof, proved.proof);
        if part_cells != 8 {
            continue;
        }
        let batch = again.vk().batch(2).unwrap();
        let inputs = [vec![vec![9, 8, 7, 6, 5]], vec![vec![1, 2, 3, 4, 5]]];
        let each = inputs.each_ref().map(Vec::as_slice);
        let batch_srs = Srs::dev(batch.network().k()).unwrap();
        let proved = again.prove_batch_with_nonce(&batch_srs, &batch, &each, &[], [4; 32]).unwrap();
        let vk = VerifyingKey::from_bytes(again.vk_bytes()).unwrap().check(&policy()).unwrap();
        verify(&vk, &proved.statement, &proved.proof).unwrap();
    }
}

/// A key that is written as it is made is the one that is made in memory; weights are asked for once each, part by part.
#[test]
fn keys_are_written_as_they_are_made() {
    let model = biased(5);
    let folder = tempfile::tempdir().unwrap();
    for part_cells in [u64::MAX, 8] {
        let options = SetupOptions { part_cells, ..SetupOptions::default() };
        let mut bytes = Vec::new();
        let mut asked = Vec::new();
        let mut weight = |id: TensorId| {
            asked.push(id);
            let (_, values) = model.weights.iter().find(|(other, _)| *other == id).unwrap();
            Ok(values.iter().map(|value| *value as i16).collect())
        };
        let interface = Model { weights: Vec::new(), ..model.clone() };
        let written =
            setup_to_with_nonces(&interface, &mut weight, &srs(), &options, NONCES, &mut bytes).unwrap();
        let ids: Vec<TensorId> = model.weights.iter().map(|(id, _)| *id).collect();
        assert_eq!(asked, ids);
        let key = in_parts(&model, part_cells);
        assert_eq!(bytes, key.to_bytes().unwrap());
        assert_eq!((bytes.len() as u64, &*written.vk_bytes), (key.encoded_bytes().unwrap(), key.vk_bytes()));
        assert_eq!(written.vk.model_id(), key.vk().model_id());
        // It is proved from the file, wherever in it the key begins.
        for start in [2, 3] {
            let path = folder.path().join("model.pk");
            std::fs::write(&path, [&vec![7; start][..], &bytes].concat()).unwrap();
            let mapped = ProvingKey::map_from(MappedFile::open(&path).unwrap(), start).unwrap();
            assert_eq!(prove(&mapped).proof, prove(&key).proof);
            assert!(mapped.has_weights(&model.weights));
        }
        let path = folder.path().join("short.pk");
        for length in [0, 15, 63, 64, 70, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(ProvingKey::map_from(MappedFile::open(&path).unwrap(), 0).is_err(), "{length}");
        }
    }
    // What goes wrong is told.
    let mut missing = |_| Ok(Vec::new());
    let error =
        setup_to_with_nonces(&model, &mut missing, &srs(), &SetupOptions::default(), NONCES, &mut Vec::new());
    assert!(matches!(error, Err(ProverError::Length { expected: 15, got: 0, .. })));
}

/// Every part has blinds of its own, and the randomness of a proof of its own: equal weights under equal nonces look different.
#[test]
fn parts_with_the_same_weights_are_hidden_from_each_other() {
    let mut model = biased(2);
    model.weights[2].1 = model.weights[1].1.clone();
    let key = in_parts(&model, 4);
    let [_, one, two] = key.vk().weight_parts() else { panic!("three parts") };
    assert_ne!(one.commitments(), two.commitments());
    assert_ne!(one.id(), two.id());
    let differ = one.proof().chunks(32).zip(two.proof().chunks(32)).filter(|(a, b)| a != b).count();
    assert!(2 * differ > one.proof().len() / 32);
    // Nor do blinds tell that one part is the same and another one is not.
    let mut other = biased(2);
    other.weights[2].1 = vec![7, 7, 7];
    let other = in_parts(&other, 4);
    assert_eq!(other.vk().weight_parts()[1].id(), key.vk().weight_parts()[1].id());
    assert_ne!(other.vk().weight_parts()[2].id(), key.vk().weight_parts()[2].id());
}

/// The blinds of a part depend on all weights up to its own: with the same nonces (a machine that was restored from a snapshot) the
/// difference of two keys' commitments would else be that of their weights, for everybody to try.
#[test]
fn blinds_depend_on_all_weights_so_far() {
    let set_up = |first: i32, last: i32| {
        let mut model = biased(2);
        model.weights[0].1[0] += first;
        model.weights[2].1[0] += last;
        in_parts(&model, 4)
    };
    let (key, last, first) = (set_up(0, 0), set_up(0, 1), set_up(1, 0));
    let difference = |a: &ProvingKey, b: &ProvingKey, part: usize| {
        let [a, b] = [a, b].map(|key| key.vk().weight_parts()[part].commitments()[0].projective());
        a - b
    };
    // A bias is the first entry of its part's chunk.
    let blind = Blind::from_scalar(Fr::from(0u64));
    let bare = srs().commit(&[Fr::from(1u64)], &blind).unwrap().projective();
    assert_ne!(difference(&last, &key, 2), bare);
    // Nothing else of the part has changed, but all of its blinds.
    for part in 1..=2 {
        assert_ne!(difference(&first, &key, part), G1Projective::default(), "part {part}");
    }
    assert_eq!(difference(&last, &key, 1), G1Projective::default());
}

/// Whoever puts a key together from parts is refused, or has stated another model.
#[test]
fn every_part_has_its_place() {
    let model = biased(3);
    let honest = in_parts(&model, 4);
    let mut others = biased(3);
    others.weights[2].1 = vec![-50, 60, 70];
    let others = in_parts(&others, 4);
    let proofs = |key: &ProvingKey| -> Vec<Vec<u8>> {
        key.vk().weight_parts().iter().map(|part| part.proof().to_vec()).collect()
    };
    let made = |body: &KeyBody, proofs: &[Vec<u8>]| {
        let proofs: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
        UncheckedKey::from_bytes(&encode_key(&body.to_bytes().unwrap(), srs().verifier(), &proofs).unwrap())
    };
    let own = body(model.clone(), &srs(), &honest);
    let own_proofs = proofs(&honest);
    made(&own, &own_proofs).unwrap().check(&policy()).unwrap();
    let proved = prove(&honest);
    // It is another key, by its id, and the proof of this one is none of that one.
    let is_other = |body: &KeyBody, proofs: &[Vec<u8>]| {
        let vk = made(body, proofs).unwrap();
        assert_ne!(vk.model_id(), honest.vk().model_id());
        let vk = vk.check(&policy()).unwrap();
        assert!(matches!(verify(&vk, &proved.statement, &proved.proof), Err(VerifyError::WrongKey { .. })));
        let relabelled = zktorch_verifier::Statement { model_id: vk.model_id(), ..proved.statement.clone() };
        let argument = zktorch_verifier::ProofEnvelope::from_bytes(&proved.proof).unwrap().argument;
        let proof = zktorch_verifier::ProofEnvelope::new(vk.model_id(), argument).to_bytes();
        assert!(matches!(verify(&vk, &relabelled, &proof), Err(VerifyError::Proof(_))));
    };

    // Missing: of the key, or of the graph's references.
    let mut edited = own.clone();
    edited.weights.pop();
    assert!(made(&edited, &own_proofs).is_err());
    assert!(made(&edited, &own_proofs[..3]).is_err());
    assert!(made(&own, &own_proofs[..3]).is_err());
    // Swapped, with their proofs: what the graph reads is another bias.
    let mut edited = own.clone();
    let mut swapped = own_proofs.clone();
    edited.weights.swap(2, 3);
    swapped.swap(2, 3);
    is_other(&edited, &swapped);
    // Without them, or with the references swapped, too: the same weights, but not as they were stated.
    assert!(matches!(made(&edited, &own_proofs).unwrap().check(&policy()), Err(VerifyError::Weights { .. })));
    edited.refs.swap(2, 3);
    is_other(&edited, &swapped);
    // Repeated: read twice, once in the place of another.
    let mut edited = own.clone();
    let mut repeated = own_proofs.clone();
    edited.weights[3] = edited.weights[2].clone();
    repeated[3] = repeated[2].clone();
    is_other(&edited, &repeated);
    // What has been verified of a part is true of it wherever it stands: no second proof is looked at.
    is_other(&edited, &own_proofs);
    let mut edited = own.clone();
    edited.refs[3] = edited.refs[2];
    assert!(matches!(made(&edited, &own_proofs), Err(VerifyError::KeyContent(_))));
    // Of another key.
    let theirs = proofs(&others);
    let mut edited = own.clone();
    edited.weights[2] = body(model.clone(), &srs(), &others).weights[2].clone();
    assert!(matches!(made(&edited, &own_proofs).unwrap().check(&policy()), Err(VerifyError::Weights { .. })));
    let mut taken = own_proofs.clone();
    taken[2] = theirs[2].clone();
    assert!(matches!(made(&own, &taken).unwrap().check(&policy()), Err(VerifyError::Weights { .. })));
    is_other(&edited, &taken);
    // Added: as many as there may be, and one more.
    let mut edited = own.clone();
    let mut added = own_proofs.clone();
    while edited.weights.len() < MAX_PARTS {
        edited.weights.push(edited.weights[1].clone());
        added.push(added[1].clone());
    }
    is_other(&edited, &added);
    edited.weights.push(edited.weights[1].clone());
    added.push(added[1].clone());
    assert!(matches!(made(&edited, &added), Err(VerifyError::KeyContent(_))));
}

/// Setup says so before it works, if the parts would be too many.
#[test]
fn too_many_parts_are_refused_at_once() {
    let model = biased(MAX_PARTS as u32);
    let options = SetupOptions { part_cells: 4, ..SetupOptions::default() };
    let mut bytes = Vec::new();
    let mut weight = |_| -> Result<Vec<i16>, ProverError> { unreachable!("no weight is read") };
    let error = setup_to_with_nonces(&model, &mut weight, &srs(), &options, NONCES, &mut bytes).unwrap_err();
    assert!(error.to_string().contains("number of parts"), "{error}");
    assert!(bytes.is_empty());
    accepts(&in_parts(&model, 8));
}

/// Parts of a key are there for other graphs, and new weights are cut as well.
#[test]
fn parts_beside_parts() {
    let one = biased(3);
    let first = in_parts(&one, 4);
    let more = biased(5);
    let options = SetupOptions { part_cells: 4, beside: Some((&first, 6)), ..SetupOptions::default() };
    let second = setup_in_parts_with_nonces(&more, &srs(), &options, [[5; 32], [6; 32]]).unwrap();
    assert_eq!(second.vk().weight_parts().len(), 6);
    let chunks = first.vk().weights().len();
    assert_eq!(second.vk().weights()[..chunks], *first.vk().weights());
    accepts(&second);
    accepts(&ProvingKey::from_bytes(&second.to_bytes().unwrap()).unwrap());
    let third = setup_beside_with_nonces(&more, &srs(), 6, &second, NONCES).unwrap();
    assert_eq!(third.vk().weights(), second.vk().weights());
    accepts(&third);
    // Written as it is made, it has the cells of both.
    let mut bytes = Vec::new();
    let mut weight = |id: TensorId| {
        let (_, values) = more.weights.iter().find(|(other, _)| *other == id).unwrap();
        Ok(values.iter().map(|value| *value as i16).collect())
    };
    setup_to_with_nonces(&more, &mut weight, &srs(), &options, [[5; 32], [6; 32]], &mut bytes).unwrap();
    assert_eq!(bytes, second.to_bytes().unwrap());
    let keccak = setup_with_nonces(&one, &srs(), Hash::Keccak, NONCES).unwrap();
    accepts(&keccak);
}
