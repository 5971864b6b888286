//! What can be read off the bytes that are given away: nothing of the weights.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::HashSet;

use common::model;
use zktorch_commit::{Blind, Srs};
use zktorch_field::Fr;
use zktorch_graph::{TensorId, Visibility};
use zktorch_prover::{Model, Proved, ProvingKey, setup};
use zktorch_transcript::wire;
use zktorch_verifier::ProofEnvelope;

/// The model with weights that look like nothing else.
fn secret_model(io: Visibility) -> Model {
    let mut model = model(io, io, 5);
    let weights = (0..15).map(|i| if i % 2 == 0 { 211 + 13 * i } else { -307 - 17 * i }).collect();
    model.weights = vec![(TensorId(1), weights)];
    model
}

const INPUT: [i32; 5] = [3, -2, 1, 2, -1];

fn make(model: &Model, srs: &Srs) -> ProvingKey {
    setup(model, srs).unwrap()
}

fn prove(key: &ProvingKey, srs: &Srs) -> Proved {
    key.prove(srs, &[INPUT.to_vec()], &[]).unwrap()
}

/// Every 32 bytes in a row.
fn words(bytes: &[u8]) -> HashSet<&[u8]> {
    bytes.windows(32).collect()
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// The statement's bytes: ids, public integers, commitments.
fn statement_bytes(proved: &Proved) -> Vec<u8> {
    let statement = &proved.statement;
    let mut bytes = statement.model_id.0.to_vec();
    bytes.extend(statement.public.iter().flatten().flat_map(|value| value.to_le_bytes()));
    bytes.extend(statement.private_inputs.iter().chain(&statement.private_outputs).flatten());
    bytes
}

/// The argument of a proof. No word of it is zero: small scalars, which are 31 zeros and a byte, would be found by chance.
fn argument(proved: &Proved) -> Vec<u8> {
    let argument = ProofEnvelope::from_bytes(&proved.proof).unwrap().argument;
    assert!(argument.chunks(32).all(|word| word != [0; 32]));
    argument
}

/// The zero words of a key, counted from its end, where the weight-range proof is. Rounds over linear constraints alone are zero at 0
/// too.
fn zeros(vk: &[u8]) -> Vec<usize> {
    let words = vk.rchunks(32).enumerate();
    words.filter(|(_, word)| *word == [0; 32]).map(|(index, _)| index).collect()
}

/// A key without those.
fn without_zeros(vk: &[u8]) -> Vec<u8> {
    let words: Vec<&[u8]> = vk.rchunks(32).rev().collect();
    words.into_iter().filter(|word| *word != [0; 32]).flatten().copied().collect()
}

/// Encodings of one scalar: both orders of bytes.
fn encodings(scalar: &Fr) -> [Vec<u8>; 2] {
    let little = wire::scalar_to_bytes(scalar).to_vec();
    [little.iter().rev().copied().collect(), little]
}

#[test]
fn no_scalar_of_the_weights_is_in_what_is_given_away() {
    let srs = Srs::dev(10).unwrap();
    for io in [Visibility::Public, Visibility::Private] {
        let model = secret_model(io);
        let key = make(&model, &srs);
        let proved = prove(&key, &srs);
        // Where the zeros are does not depend on the weights.
        let other = make(&common::model(io, io, 5), &srs);
        assert_eq!(zeros(key.vk_bytes()), zeros(other.vk_bytes()));
        let weights = &model.weights[0].1;
        // The column that is committed: weights at their places, padding zeros.
        let column = key.vk().network().stack_weights(&{
            let mut values = vec![Vec::new(); model.graph.tensors.len()];
            values[1].clone_from(weights);
            values
        });
        let column = column.unwrap();
        let unblinded =
            srs.commit_chunks(&column, srs.k(), &vec![Blind::zero(); key.vk().weights().len()]).unwrap().0;
        let mut secrets: Vec<(String, Vec<u8>)> = Vec::new();
        for commitment in &unblinded {
            secrets.push(("unblinded commitment".to_owned(), commitment.to_bytes().to_vec()));
        }
        let mut scalar = |what: String, value: Fr| {
            secrets.extend(encodings(&value).map(|bytes| (what.clone(), bytes)));
        };
        for weight in weights {
            let value = Fr::from(*weight);
            scalar(format!("weight {weight}"), value);
            // Under the scales of inputs and outputs, under the divisor, and squared.
            for factor in [2, 16, 256] {
                scalar(format!("weight {weight} times {factor}"), value * Fr::from(factor));
            }
            scalar(format!("weight {weight} squared"), value * value);
        }
        // Sums: of all weights, and of each row, plain and with the input.
        scalar("sum".to_owned(), Fr::from(weights.iter().sum::<i32>()));
        for row in weights.chunks(5) {
            scalar("row".to_owned(), Fr::from(row.iter().sum::<i32>()));
            scalar(
                "row times input".to_owned(),
                Fr::from(row.iter().zip(INPUT).map(|(w, x)| w * x).sum::<i32>()),
            );
        }
        // Runs of eight weights, with padding or without, in every width and order that they might be stored in.
        let padded = column.windows(8).filter(|run| run.iter().filter(|weight| **weight != 0).count() > 4);
        for run in weights.windows(8).chain(padded) {
            let narrow = |w: &i32| i16::try_from(*w).unwrap();
            let zigzag = |w: &i32| {
                let value = ((w << 1) ^ (w >> 31)) as u32;
                [value as u8 | 0x80, (value >> 7) as u8]
            };
            for (what, bytes) in [
                ("16 bits", run.iter().flat_map(|w| narrow(w).to_le_bytes()).collect::<Vec<u8>>()),
                ("16 bits, big-endian", run.iter().flat_map(|w| narrow(w).to_be_bytes()).collect()),
                ("32 bits", run.iter().flat_map(|w| w.to_le_bytes()).collect()),
                ("varint", run.iter().flat_map(zigzag).collect()),
            ] {
                secrets.push((format!("run in {what}"), bytes));
            }
        }
        for (place, bytes) in [
            ("verifying key", without_zeros(key.vk_bytes())),
            ("proof", argument(&proved)),
            ("statement", statement_bytes(&proved)),
        ] {
            for (what, secret) in &secrets {
                assert!(!contains(&bytes, secret), "{what} in the {place}");
            }
        }
        // The search finds what is there: the proving key holds runs of weights; its blinds and its secret, which follow the verifying
        // key, are nowhere else.
        let own = key.to_bytes().unwrap();
        assert!(secrets.iter().any(|(what, secret)| what == "run in 16 bits" && contains(&own, secret)));
        let vk = key.vk_bytes();
        let end = own.windows(vk.len()).position(|window| window == vk).unwrap() + vk.len() + 1;
        for window in own[end..end + 32 * (key.vk().weights().len() + 1)].windows(32) {
            assert!(!contains(vk, window) && !contains(&proved.proof, window));
        }
    }
}

#[test]
fn two_setups_share_nothing_but_what_is_public() {
    let srs = Srs::dev(10).unwrap();
    let model = secret_model(Visibility::Private);
    let (first, second) = (make(&model, &srs), make(&model, &srs));
    assert_ne!(first.vk().model_id(), second.vk().model_id());
    let commitments = |key: &ProvingKey| -> HashSet<[u8; 32]> {
        key.vk().weights().iter().map(|weight| weight.to_bytes()).collect()
    };
    assert!(!commitments(&first).is_empty());
    assert!(commitments(&first).is_disjoint(&commitments(&second)));
    // The weight-range proofs, at the end of the keys, and proofs of the same inference.
    let tail = |key: &ProvingKey| key.vk_bytes()[key.vk_bytes().len() - 1000..].to_vec();
    assert!(words(&tail(&first)).is_disjoint(&words(&tail(&second))));
    let (a, b) = (prove(&first, &srs), prove(&second, &srs));
    assert!(words(&argument(&a)).is_disjoint(&words(&argument(&b))));
}

#[test]
fn two_proofs_of_one_inference_share_no_word_but_the_models_id() {
    let srs = Srs::dev(10).unwrap();
    for io in [Visibility::Public, Visibility::Private] {
        let key = make(&secret_model(io), &srs);
        let (a, b) = (prove(&key, &srs), prove(&key, &srs));
        assert_eq!(a.statement.public, b.statement.public);
        // The envelope around them is the version and the model's id.
        let (left, right) = (argument(&a), argument(&b));
        assert!(words(&left).is_disjoint(&words(&right)));
        for commitment in a.statement.private_inputs.iter().chain(&a.statement.private_outputs) {
            assert!(!b.statement.private_inputs.contains(commitment));
            assert!(!b.statement.private_outputs.contains(commitment));
        }
    }
}
