//! How many images of a committed set a model gets right: proved, and everything that may be exchanged exchanged.
#![allow(clippy::unwrap_used, reason = "tests")]

use zktorch_commit::{Srs, SrsPolicy};
use zktorch_graph::{
    Contract, Expr, Graph, Interval, Linear, Operand, Role, Shape, Step, Tensor, TensorId, Term, View,
    Visibility,
};
use zktorch_prover::{
    Hash, Labelled, Model, ProvedAccuracy, ProverError, ProvingKey, TestSet, setup_with_nonces,
};
use zktorch_verifier::{
    AccuracyStatement, MAX_SET_BYTES, ModelId, Pixels, Port, ProofEnvelope, SetCommitment, SetId, Statement,
    VerifyError, VerifyingKey, verify, verify_accuracy,
};

const CLASSES: u32 = 3;
const EXTENTS: [u32; 3] = [2, 3, 1];

/// Scores of three classes: W x / 16, W [3, entries].
fn model(dims: &[u32], seed: i32, [input, output]: [Visibility; 2]) -> Model {
    let entries: u32 = dims.iter().product();
    let tensor = |name: &str, dims: &[u32], range, role| Tensor {
        name: name.to_owned(),
        shape: Shape::new(dims),
        scale: 0,
        range,
        role,
    };
    let tensors = vec![
        tensor("x", dims, Interval::new(-300, 300), Role::Input(input)),
        tensor("w", &[&[CLASSES], dims].concat(), Interval::I16, Role::Weight),
        tensor("remainder", &[CLASSES], Interval::new(0, 15), Role::Ranged),
        tensor("y", &[CLASSES], Interval::I16, Role::Output(output)),
    ];
    let linear = |id: u32| {
        let view = View::identity(TensorId(id), &tensors[id as usize].shape);
        Linear { shape: view.shape.clone(), terms: vec![(1, view)] }
    };
    let labels: Vec<u32> = (1..=dims.len() as u32).collect();
    let a_axes = [&[0], labels.as_slice()].concat();
    let contract = Contract { a: linear(1), b: linear(0), a_axes, b_axes: labels, out_axes: vec![0] };
    let terms = vec![Term { coeff: 1, operand: Operand::Contract(contract) }];
    let steps =
        vec![Step::rescale(Expr { shape: Shape::new([CLASSES]), terms }, 16, TensorId(3), Some(TensorId(2)))];
    let graph =
        Graph { tensors, tables: vec![], steps, inputs: vec![TensorId(0)], outputs: vec![TensorId(3)] };
    let weights = (0..(CLASSES * entries) as i32).map(|i| (i * i * 7 + seed * i) % 23 - 11).collect();
    let dims: Vec<u64> = [1].into_iter().chain(dims.iter().map(|dim| u64::from(*dim))).collect();
    let (inputs, outputs) = (vec![Port::new("x", dims)], vec![Port::new("y", [1, u64::from(CLASSES)])]);
    Model { graph, inputs, outputs, preprocessing: String::new(), weights: vec![(TensorId(1), weights)] }
}

fn key(model: &Model, k: usize) -> ProvingKey {
    setup_with_nonces(model, &Srs::dev(k).unwrap(), Hash::default(), [[1; 32], [2; 32]]).unwrap()
}

fn checked(key: &ProvingKey) -> VerifyingKey {
    VerifyingKey::from_bytes(key.vk_bytes()).unwrap().check(&SrsPolicy::new().allow_insecure()).unwrap()
}

fn images(count: u32, extents: [u32; 3]) -> (Vec<u8>, Vec<u32>) {
    let entries = count * extents.iter().product::<u32>();
    let images = (0..entries).map(|i| (i.wrapping_mul(i).wrapping_mul(2_654_435_761) >> 24) as u8);
    (images.collect(), (0..count).map(|i| i * i % CLASSES).collect())
}

fn committed(images: &[u8], labels: &[u32], extents: [u32; 3]) -> TestSet {
    let set = Labelled { images, extents, labels, classes: CLASSES };
    TestSet::commit_with_nonce(&Srs::dev(20).unwrap(), &set, [4; 32]).unwrap()
}

/// Seven images of 2 x 3 pixels.
fn set() -> TestSet {
    let (images, labels) = images(7, EXTENTS);
    committed(&images, &labels, EXTENTS)
}

fn statement(key: &ProvingKey, set: &TestSet, top: u32, at_least: u32) -> AccuracyStatement {
    let (model_id, pixels) = (key.vk().model_id(), Pixels::new(1.0));
    AccuracyStatement { model_id, set: set.id(), top, at_least, pixels, context: b"a challenge".to_vec() }
}

fn prove(
    key: &ProvingKey,
    set: &TestSet,
    statement: &AccuracyStatement,
) -> Result<ProvedAccuracy, ProverError> {
    let batch = key.vk().accuracy(set.commitment(), statement)?;
    let srs = Srs::dev(batch.network().k()).unwrap();
    let proved = key.prove_accuracy_with_nonce(&srs, set, &batch, statement, [3; 32])?;
    assert_eq!(proved.proof.len(), batch.proof_bytes().unwrap());
    Ok(proved)
}

/// How many images are right according to single inferences.
fn right(key: &ProvingKey, set: &TestSet, top: usize) -> u32 {
    let pixels = set.images().len() / set.labels().len();
    let is_right = |(image, label): (&[u8], &u32)| {
        let input: Vec<i32> = image.iter().map(|u| i32::from(*u)).collect();
        let values = key.execute(&[input]).unwrap();
        let scores = &values[key.vk().network().graph().outputs[0].0 as usize];
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by_key(|class| (-scores[*class], *class));
        order[..top].contains(&(*label as usize))
    };
    set.images().chunks(pixels).zip(set.labels()).filter(|pair| is_right(*pair)).count() as u32
}

#[test]
fn as_many_are_proved_as_are_right_and_no_more() {
    let set = set();
    for visibility in [[Visibility::Public; 2], [Visibility::Private; 2]] {
        let key = key(&model(&[2, 3], 5, visibility), 10);
        let vk = checked(&key);
        for top in [1, 2] {
            let right = right(&key, &set, top as usize);
            assert!((1..7).contains(&right), "{right}");
            for at_least in [1, right] {
                let statement = statement(&key, &set, top, at_least);
                let proved = prove(&key, &set, &statement).unwrap();
                assert_eq!(proved.right, right);
                verify_accuracy(&vk, set.commitment(), &statement, &proved.proof).unwrap();
            }
            for at_least in [right + 1, 7] {
                let error = prove(&key, &set, &statement(&key, &set, top, at_least)).unwrap_err();
                let wanted = (right, at_least, 7);
                assert!(
                    matches!(error, ProverError::Accuracy { right, claimed, images } if (right, claimed, images) == wanted)
                );
            }
        }
    }
}

#[test]
fn nothing_of_a_statement_can_be_exchanged() {
    let set = set();
    let key = key(&model(&[2, 3], 5, [Visibility::Public; 2]), 10);
    let vk = checked(&key);
    let honest = statement(&key, &set, 1, right(&key, &set, 1));
    let proved = prove(&key, &set, &honest).unwrap();
    let refused = |set: &SetCommitment, statement: &AccuracyStatement| {
        verify_accuracy(&vk, set, statement, &proved.proof).unwrap_err()
    };
    let same = set.commitment();
    verify_accuracy(&vk, same, &honest, &proved.proof).unwrap();

    // One more, one less, the two largest, other pixels, another context.
    let with = |change: &dyn Fn(&mut AccuracyStatement)| {
        let mut statement = honest.clone();
        change(&mut statement);
        refused(same, &statement)
    };
    for k in [honest.at_least - 1, honest.at_least + 1, 7].into_iter().filter(|k| *k > 0) {
        assert!(matches!(with(&|s| s.at_least = k), VerifyError::Proof(_)), "{k}");
    }
    assert!(matches!(with(&|s| s.top = 2), VerifyError::Proof(_)));
    assert!(matches!(with(&|s| s.pixels.scale = 2.0), VerifyError::Proof(_)));
    assert!(matches!(with(&|s| s.pixels.mean = vec![1.0]), VerifyError::Proof(_)));
    assert!(matches!(with(&|s| s.context.clear()), VerifyError::Proof(_)));
    assert!(matches!(with(&|s| s.model_id = ModelId([0; 32])), VerifyError::WrongKey { .. }));
    assert!(matches!(with(&|s| s.set = SetId([0; 32])), VerifyError::SetId { .. }));
    // Numbers that make no sense.
    for top in [0, CLASSES, u32::MAX] {
        assert!(matches!(with(&|s| s.top = top), VerifyError::Set { what: "top", .. }));
    }
    for k in [0, 8, u32::MAX] {
        assert!(matches!(with(&|s| s.at_least = k), VerifyError::Set { what: "images that are right", .. }));
    }
    for bad in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-40] {
        assert!(matches!(with(&|s| s.pixels.scale = bad), VerifyError::Pixels { .. }), "{bad}");
    }
    assert!(matches!(with(&|s| s.pixels.mean = vec![f32::NAN]), VerifyError::Pixels { what: "mean", .. }));
    assert!(matches!(with(&|s| s.pixels.std = vec![1.0, 1.0]), VerifyError::Pixels { what: "std", .. }));

    // The set of another statement, under its own id and under this one's.
    let (images, labels) = (set.images().to_vec(), set.labels().to_vec());
    let mut others = Vec::new();
    let mut changed = images.clone();
    changed[3] ^= 1;
    others.push(committed(&changed, &labels, EXTENTS));
    let mut changed = labels.clone();
    changed[2] = (changed[2] + 1) % CLASSES;
    others.push(committed(&images, &changed, EXTENTS));
    others.push(committed(&images[..36], &labels[..6], EXTENTS));
    others.push(committed(&images, &labels, [3, 2, 1]));
    for other in &others {
        assert_ne!(other.id(), set.id());
        assert!(matches!(refused(other.commitment(), &honest), VerifyError::SetId { .. }));
        let statement = AccuracyStatement { set: other.id(), ..honest.clone() };
        let error = refused(other.commitment(), &statement);
        assert!(
            matches!(error, VerifyError::Proof(_) | VerifyError::Pixels { .. } | VerifyError::Set { .. }),
            "{error}"
        );
    }
    // Its numbers beside its chunks.
    let edited = |edit: &dyn Fn(&mut SetCommitment)| {
        let mut set = same.clone();
        edit(&mut set);
        let statement = AccuracyStatement { set: set.id().unwrap(), ..honest.clone() };
        match refused(&set, &statement) {
            VerifyError::Set { what, .. } => what,
            VerifyError::Pixels { .. } => "pixels",
            VerifyError::Proof(_) => "proof",
            other => panic!("{other}"),
        }
    };
    assert_eq!(edited(&|set| set.images = 6), "proof");
    assert_eq!(edited(&|set| set.classes = 4), "classes of the set");
    assert_eq!(edited(&|set| (set.height, set.width) = (1, 6)), "pixels");
    assert_eq!(edited(&|set| set.srs_id = [0; 32]), "SRS");
    assert_eq!(edited(&|set| set.commitments.truncate(set.commitments.len() - 1)), "chunks");
    assert_eq!(edited(&|set| set.commitments.push(set.commitments[0])), "chunks");
    // A proof that says that it is another model's.
    let argument = ProofEnvelope::from_bytes(&proved.proof).unwrap().argument;
    let other = ProofEnvelope::new(ModelId([0; 32]), argument).to_bytes();
    let error = verify_accuracy(&vk, same, &honest, &other).unwrap_err();
    assert!(matches!(error, VerifyError::WrongKey { what: "proof", .. }));
    // A proof of something else of the same model.
    let stated = Statement {
        model_id: honest.model_id,
        inferences: 7,
        public: vec![vec![0; 42], vec![0; 21]],
        private_inputs: vec![],
        private_outputs: vec![],
        context: honest.context.clone(),
    };
    assert!(verify(&vk, &stated, &proved.proof).is_err());
}

#[test]
fn another_set_behind_the_commitment_proves_nothing() {
    let set = set();
    let key = key(&model(&[2, 3], 5, [Visibility::Private; 2]), 10);
    let right = right(&key, &set, 1);
    // All labels as the model has them, under the blinds and the commitment of the set: as a dishonest owner would.
    let lie = |images: &[u8], labels: &[u32]| {
        let bytes = set.to_bytes().unwrap();
        let (own_images, own_labels) = (set.images(), set.labels());
        let mut bytes = bytes.to_vec();
        // One byte each, both of them.
        let at = bytes.windows(own_images.len()).position(|window| window == own_images).unwrap();
        bytes[at..at + images.len()].copy_from_slice(images);
        let labels_at = at + images.len() + 1;
        let stored: Vec<u8> = own_labels.iter().map(|label| *label as u8).collect();
        assert_eq!(bytes[labels_at..][..stored.len()], stored);
        for (byte, label) in bytes[labels_at..].iter_mut().zip(labels) {
            *byte = *label as u8;
        }
        TestSet::from_bytes(&bytes).unwrap()
    };
    let scores = |image: &[u8]| {
        let input: Vec<i32> = image.iter().map(|u| i32::from(*u)).collect();
        key.execute(&[input]).unwrap()[3].clone()
    };
    let predicted = set.images().chunks(6).map(|image| {
        let scores = scores(image);
        (0..CLASSES).min_by_key(|class| (-scores[*class as usize], *class)).unwrap()
    });
    let predicted: Vec<u32> = predicted.collect();
    let labels = lie(set.images(), &predicted);
    assert_eq!(labels.id(), set.id());
    let statement = statement(&key, &set, 1, 7);
    assert_ne!(right, 7);
    let refused = |liar: &TestSet| {
        let error = prove(&key, liar, &statement).unwrap_err();
        assert!(matches!(error, ProverError::Opening { .. }), "{error}");
    };
    refused(&labels);
    // One image over and over, whose label comes with it.
    let best = predicted.iter().zip(set.labels()).position(|(predicted, label)| predicted == label).unwrap();
    let image = &set.images()[6 * best..][..6];
    refused(&lie(&image.repeat(7), &[set.labels()[best]; 7]));
}

#[test]
fn one_set_is_shown_to_many_models() {
    let extents = [2, 2, 3];
    let (images, labels) = images(9, extents);
    let set = committed(&images, &labels, extents);
    // Channels last, and first; in chunks smaller and larger than the set's.
    for (dims, channels_first, k) in [([2, 2, 3], false, 8), ([3, 2, 2], true, 13)] {
        let key = key(&model(&dims, 3, [Visibility::Public; 2]), k);
        let pixels =
            Pixels { scale: 2.0, mean: vec![1.0, -2.0, 0.0], std: vec![1.0, 1.0, 0.5], channels_first };
        // In the model's order.
        let value = |channel: usize, u: u8| {
            let x = (f64::from(u) / 2.0 - [1.0, -2.0, 0.0][channel]) / [1.0, 1.0, 0.5][channel];
            (x.round() as i32).clamp(-300, 300)
        };
        let ordered = |image: &[u8]| -> Vec<i32> {
            let pixel = |channel: usize, i: usize| value(channel, image[3 * i + channel]);
            match channels_first {
                true => (0..3).flat_map(|channel| (0..4).map(move |i| pixel(channel, i))).collect(),
                false => (0..4).flat_map(|i| (0..3).map(move |channel| pixel(channel, i))).collect(),
            }
        };
        let is_right = |(image, label): (&[u8], &u32)| {
            let values = key.execute(&[ordered(image)]).unwrap();
            let mut order: Vec<u32> = (0..CLASSES).collect();
            order.sort_by_key(|class| (-values[3][*class as usize], *class));
            order[..2].contains(label)
        };
        let right = images.chunks(12).zip(&labels).filter(|pair| is_right(*pair)).count() as u32;
        assert!((1..9).contains(&right), "{right}");
        let statement = AccuracyStatement { pixels, ..statement(&key, &set, 2, right) };
        let proved = prove(&key, &set, &statement).unwrap();
        assert_eq!(proved.right, right);
        verify_accuracy(&checked(&key), set.commitment(), &statement, &proved.proof).unwrap();
        // The other order is one of other extents.
        let mut other = statement.clone();
        other.pixels.channels_first = !channels_first;
        assert!(matches!(
            key.vk().accuracy(set.commitment(), &other),
            Err(VerifyError::Pixels { what: "input", .. })
        ));
    }
}

/// Of several chunks, whose pieces end where they do.
#[test]
fn large_sets_have_many_chunks() {
    let extents = [16, 16, 1];
    let (images, labels) = images(1100, extents);
    let set = committed(&images, &labels, extents);
    assert!(set.commitment().commitments.len() > 2);
    for k in [12, 18] {
        let key = key(&model(&[256], 3, [Visibility::Public; 2]), k);
        let right = right(&key, &set, 1);
        let mut statement = statement(&key, &set, 1, right);
        // In chunks that are larger than the set's, its pieces end where its own do.
        let batch = key.vk().accuracy(set.commitment(), &statement).unwrap();
        let own = set.commitment().form().unwrap().chunk_vars();
        assert_eq!(batch.network().k() > own, k > own);
        let proved = prove(&key, &set, &statement).unwrap();
        assert_eq!(proved.right, right);
        let vk = checked(&key);
        verify_accuracy(&vk, set.commitment(), &statement, &proved.proof).unwrap();
        // With its chunks in another order it is another set.
        let mut swapped = set.commitment().clone();
        swapped.commitments.swap(0, 1);
        statement.set = swapped.id().unwrap();
        let error = verify_accuracy(&vk, &swapped, &statement, &proved.proof).unwrap_err();
        assert!(matches!(error, VerifyError::Proof(_)));
    }
}

#[test]
fn sets_are_kept_in_files() {
    let set = set();
    // Golden: sets are published, and outlive versions. Where pixels lie in chunks is part of what an id means.
    assert_eq!(set.id().to_string(), "e6709b67c06c4618142aa3c6de085b01e74202f7dfc64545688bed46310dfd19");
    let bytes = set.to_bytes().unwrap();
    let read = TestSet::from_bytes(&bytes).unwrap();
    assert_eq!((read.id(), read.images(), read.labels()), (set.id(), set.images(), set.labels()));
    for len in 0..bytes.len() {
        assert!(TestSet::from_bytes(&bytes[..len]).is_err(), "{len}");
    }
    assert!(TestSet::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    let commitment = set.commitment().to_bytes().unwrap();
    assert_eq!(&SetCommitment::from_bytes(&commitment).unwrap(), set.commitment());
    for len in 0..commitment.len() {
        assert!(SetCommitment::from_bytes(&commitment[..len]).is_err(), "{len}");
    }
    let long = SetCommitment::from_bytes(&vec![0; MAX_SET_BYTES + 1]).unwrap_err().to_string();
    assert!(long.contains("1048577 bytes, at most 1048576"), "{long}");
    // What there cannot be.
    let srs = Srs::dev(20).unwrap();
    let refused = |images: &[u8], extents, labels: &[u32], classes| {
        let set = Labelled { images, extents, labels, classes };
        TestSet::commit_with_nonce(&srs, &set, [4; 32]).unwrap_err().to_string()
    };
    assert_eq!(refused(&[0; 11], [2, 3, 1], &[0, 1], 3), "pixels of all images: expected 12, got 11");
    assert_eq!(refused(&[0; 12], [2, 3, 1], &[0, 3], 3), "label of image 1: expected a class below 3, got 3");
    assert_eq!(refused(&[0; 6], [2, 3, 1], &[0], 3), "set: images of the set: expected 2 or more, got 1");
    assert_eq!(
        refused(&[0; 12], [2, 3, 1], &[0, 0], 1),
        "set: classes of the set: expected 2 to 65536, got 1"
    );
    assert_eq!(refused(&[], [0, 3, 1], &[0, 0], 3), "set: pixels of an image: expected 1 or more, got 0");
    assert_eq!(refused(&[0; 5000], [1; 3], &[0; 5000], 3), "set: images: expected 2 to 4096, got 5000");
    assert_eq!(refused(&[], [1, 1, 2], &[0; 2], 3), "set: channels: expected 1, 3 or 4, got 2");
    let error = refused(&[], [u32::MAX, u32::MAX, 3], &[0; 2], 3);
    assert!(error.starts_with("set: pixels of an image: expected at most 4194304 numbers"), "{error}");
}
