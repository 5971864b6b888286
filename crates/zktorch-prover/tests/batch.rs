//! Many inferences in one proof, and everything that may be exchanged exchanged.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{hashed_key, key, model};
use zktorch_blocks::BlockError;
use zktorch_commit::{Srs, SrsPolicy};
use zktorch_graph::{Interval, Role, Shape, Tensor, TensorId, Visibility};
use zktorch_prover::{Hash, Proved, ProverError, ProvingKey};
use zktorch_verifier::{MAX_INFERENCES, Port, Statement, VerifyError, VerifyingKey, verify};

const CONTEXT: &[u8] = b"a challenge";

fn inputs(count: usize) -> Vec<Vec<Vec<i32>>> {
    (0..count as i32).map(|i| vec![vec![9 - i, -8, 7 + 2 * i, 6, 5 * i]]).collect()
}

/// A proof of so many inferences, and its key.
fn proved(key: &ProvingKey, count: u32) -> (Proved, Srs) {
    let batch = key.vk().batch(count).unwrap();
    let srs = Srs::dev(batch.network().k()).unwrap();
    let inputs = inputs(count as usize);
    let each: Vec<&[Vec<i32>]> = inputs.iter().map(Vec::as_slice).collect();
    let proved = key.prove_batch_with_nonce(&srs, &batch, &each, CONTEXT, [3; 32]).unwrap();
    assert_eq!(proved.proof.len(), batch.proof_bytes().unwrap());
    (proved, srs)
}

fn checked(key: &ProvingKey) -> VerifyingKey {
    VerifyingKey::from_bytes(key.vk_bytes()).unwrap().check(&SrsPolicy::new().allow_insecure()).unwrap()
}

#[test]
fn batches_verify_and_nothing_can_be_exchanged() {
    let small = Srs::dev(10).unwrap();
    let refused = |result: Result<(), VerifyError>| matches!(result, Err(VerifyError::Proof(_)));
    for input in [Visibility::Public, Visibility::Private] {
        for output in [Visibility::Public, Visibility::Private] {
            let key = key(&model(input, output, 5), &small);
            let key = ProvingKey::from_bytes(&key.to_bytes().unwrap()).unwrap();
            let vk = checked(&key);
            let (proved, _) = proved(&key, 3);
            verify(&vk, &proved.statement, &proved.proof).unwrap();
            // What every inference gives alone, in their order.
            let alone: Vec<i32> = inputs(3)
                .iter()
                .flat_map(|x| key.prove(&small, x, CONTEXT).unwrap().outputs.concat())
                .collect();
            assert_eq!(proved.outputs, [alone]);
            assert_eq!(proved.statement.inferences, 3);

            // Another number of inferences.
            for inferences in [1, 2, 4, 5] {
                let statement = Statement { inferences, ..proved.statement.clone() };
                assert!(verify(&vk, &statement, &proved.proof).is_err(), "{inferences}");
            }
            for inferences in [0, MAX_INFERENCES + 1, u32::MAX] {
                let statement = Statement { inferences, ..proved.statement.clone() };
                let error = verify(&vk, &statement, &proved.proof).unwrap_err();
                assert!(matches!(error, VerifyError::Inferences { got, .. } if got == inferences));
            }
            // One inference less, or more, in the lists of values.
            for (index, values) in proved.statement.public.iter().enumerate() {
                let len = values.len() / 3;
                let others = [values[len..].to_vec(), [&values[..], &values[..len]].concat()];
                for (other, inferences) in others.into_iter().zip([2, 4]) {
                    let mut statement = proved.statement.clone();
                    statement.public[index] = other;
                    assert!(refused(verify(&vk, &statement, &proved.proof)));
                    statement.inferences = inferences;
                    assert!(verify(&vk, &statement, &proved.proof).is_err());
                }
                // The inferences in another order, one of them twice, another value in each.
                let mut orders = vec![[&values[len..], &values[..len]].concat()];
                orders.push([&values[..len], &values[..len], &values[2 * len..]].concat());
                orders.extend((0..3).map(|inference| {
                    let mut values = values.clone();
                    values[inference * len] += 1;
                    values
                }));
                for other in orders {
                    let mut statement = proved.statement.clone();
                    statement.public[index] = other;
                    assert!(refused(verify(&vk, &statement, &proved.proof)));
                }
            }
            // Proofs of one inference are no batches, and the other way round.
            let single = key.prove(&small, &inputs(1)[0], CONTEXT).unwrap();
            assert!(verify(&vk, &proved.statement, &single.proof).is_err());
            assert!(verify(&vk, &single.statement, &proved.proof).is_err());
            let statement = Statement { inferences: 3, ..single.statement };
            assert!(verify(&vk, &statement, &single.proof).is_err());
            // Another context.
            let statement = Statement { context: vec![], ..proved.statement.clone() };
            assert!(refused(verify(&vk, &statement, &proved.proof)));
        }
    }
}

#[test]
fn other_weights_under_the_same_key_are_rejected_in_a_batch() {
    let small = Srs::dev(10).unwrap();
    let [first, other] = [5, 6].map(|w| key(&model(Visibility::Public, Visibility::Public, w), &small));
    let (mut bytes, other) = (first.to_bytes().unwrap(), other.to_bytes().unwrap());
    let weights = 64..64 + u64::from_le_bytes(*bytes[8..].first_chunk().unwrap()) as usize;
    bytes[weights.clone()].copy_from_slice(&other[weights]);
    let cheating = ProvingKey::from_bytes(&bytes).unwrap();
    let ((honest, _), (proved, _)) = (self::proved(&first, 4), self::proved(&cheating, 4));
    assert_ne!(proved.outputs, honest.outputs);
    let vk = checked(&first);
    assert!(matches!(verify(&vk, &proved.statement, &proved.proof), Err(VerifyError::Proof(_))));
    verify(&vk, &honest.statement, &honest.proof).unwrap();
}

#[test]
fn batches_on_the_other_hash() {
    let small = Srs::dev(10).unwrap();
    let model = model(Visibility::Private, Visibility::Public, 5);
    let key = hashed_key(&model, &small, Hash::Keccak);
    assert_eq!(key.vk().batch(2).unwrap().network().hash(), Hash::Keccak);
    let (proved, _) = proved(&key, 2);
    verify(&checked(&key), &proved.statement, &proved.proof).unwrap();
}

#[test]
fn what_cannot_be_proved_together_is_named() {
    let small = Srs::dev(10).unwrap();
    let [own, other] = [5, 6].map(|w| key(&model(Visibility::Public, Visibility::Public, w), &small));
    let (batch, foreign) = (own.vk().batch(2).unwrap(), other.vk().batch(2).unwrap());
    let srs = Srs::dev(batch.network().k()).unwrap();
    let inputs = inputs(3);
    let each: Vec<&[Vec<i32>]> = inputs.iter().map(Vec::as_slice).collect();
    let prove = |batch, inputs: &[&[Vec<i32>]]| own.prove_batch_with_nonce(&srs, batch, inputs, &[], [3; 32]);
    let error = prove(&batch, &each).unwrap_err().to_string();
    assert_eq!(error, "inferences: expected 2, got 3");
    let error = prove(&foreign, &each[..2]).unwrap_err();
    let wanted = [own.vk().model_id(), other.vk().model_id()];
    assert!(matches!(error, ProverError::Batch { expected, got } if [expected, got] == wanted));
    // The second one leaves a range.
    let outside = vec![vec![30_000; 5]];
    let error = prove(&batch, &[each[0], &outside]).unwrap_err();
    assert!(matches!(error, ProverError::Inference { index: 1, .. }), "{error}");
    assert!(error.to_string().starts_with("inference 1: tensor 2 \"before\""), "{error}");
    // An SRS of the single proof's size.
    if batch.network().k() != small.k() {
        let error = own.prove_batch_with_nonce(&small, &batch, &each[..2], &[], [3; 32]).unwrap_err();
        assert!(matches!(error, ProverError::Srs { .. }));
    }
}

/// Whatever a statement says: an answer in the time that reading a key takes.
#[test]
fn the_number_of_inferences_is_bounded_by_what_a_verifier_looks_at() {
    let small = Srs::dev(10).unwrap();
    let key = key(&model(Visibility::Public, Visibility::Private, 5), &small);
    let vk = key.vk();
    vk.batch(MAX_INFERENCES).unwrap();
    for inferences in [0, 1, MAX_INFERENCES + 1, u32::MAX] {
        let error = vk.batch(inferences).unwrap_err().to_string();
        assert_eq!(error, format!("inferences: expected 1, or 2 to 4096 in a batch, got {inferences}"));
    }
    // What is little alone is too much 4096 times: public entries, cells.
    for (entries, count, visibility) in [(1 << 16, 1, Visibility::Public), (1 << 16, 9, Visibility::Private)]
    {
        let mut model = model(Visibility::Public, Visibility::Private, 5);
        for i in 0..count {
            let (name, shape) = (format!("more {i}"), Shape::new([entries]));
            model.inputs.push(Port::new(name.clone(), [u64::from(entries)]));
            model.graph.inputs.push(TensorId(model.graph.tensors.len() as u32));
            let role = Role::Input(visibility);
            model.graph.tensors.push(Tensor { name, shape, scale: 0, range: Interval::I16, role });
        }
        let key = common::key(&model, &small);
        key.vk().batch(2).unwrap();
        let error = key.vk().batch(MAX_INFERENCES).unwrap_err();
        assert!(
            matches!(&error, VerifyError::Batch { error: BlockError::Limit { .. }, .. }),
            "{visibility:?}: {error}"
        );
    }
}
