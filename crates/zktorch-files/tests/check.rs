//! A statement beside its key: what is not the key's, or not what the verifier expects, is named.
#![allow(clippy::unwrap_used, reason = "tests")]

use core::ops::Range;

use zktorch_commit::SrsId;
use zktorch_files::statement::{Statement, StatementTensor, TensorValue};
use zktorch_files::{Bytes32, Error, Interface, Side};
use zktorch_graph::{Graph, Interval, PortInfo, Role, Shape, Tensor, TensorId, Visibility};
use zktorch_verifier::ModelId;

const SCALE: i32 = 2;

/// Two public inputs, two private ones in two chunks that they share, and a public output.
fn interface() -> Interface {
    let mut graph = Graph::default();
    let mut port = |name: &str, entries: u32, role| {
        let (name, shape) = (name.to_owned(), Shape::new([entries]));
        graph.tensors.push(Tensor { name: name.clone(), shape, scale: SCALE, range: Interval::I16, role });
        let id = TensorId(graph.tensors.len() as u32 - 1);
        PortInfo::new(name, vec![1, entries as usize], id, SCALE)
    };
    let (public, private) = (Role::Input(Visibility::Public), Role::Input(Visibility::Private));
    let inputs =
        vec![port("a", 2, public), port("b", 1, public), port("c", 1, private), port("d", 1, private)];
    let outputs = vec![port("y", 3, Role::Output(Visibility::Public))];
    Interface {
        model_id: ModelId([1; 32]),
        srs_id: SrsId([2; 32]),
        k: 10,
        preprocessing: String::new(),
        graph,
        ports: [inputs, outputs],
        commitments: [vec![0..0, 0..0, 0..2, 0..2], vec![Range::default()]],
        proof_bytes: 1000,
    }
}

fn tensor(name: &str, value: TensorValue, entries: usize) -> StatementTensor {
    StatementTensor {
        name: name.to_owned(),
        dims: vec![1, entries],
        scale: SCALE,
        zero: 0,
        multiplier: 1.0,
        value,
    }
}

fn statement() -> Statement {
    let public =
        |name: &str, integers: &[i32]| tensor(name, TensorValue::Public(integers.to_vec()), integers.len());
    let chunks = || TensorValue::Private(vec![Bytes32([3; 32]), Bytes32([4; 32])]);
    Statement {
        model_id: Bytes32([1; 32]),
        srs_id: Bytes32([2; 32]),
        inferences: 1,
        inputs: vec![
            public("a", &[4, -6]),
            public("b", &[7]),
            tensor("c", chunks(), 1),
            tensor("d", chunks(), 1),
        ],
        outputs: vec![public("y", &[1, 2, 3])],
    }
}

/// The same for three inferences, of which the last two are the first one.
fn batch() -> Statement {
    let mut statement = statement();
    statement.inferences = 3;
    for tensor in statement.inputs.iter_mut().chain(&mut statement.outputs) {
        tensor.dims.insert(0, 3);
        if let TensorValue::Public(integers) = &mut tensor.value {
            *integers = integers.repeat(3);
        }
    }
    statement
}

#[test]
fn what_is_stated_of_several_inferences_is_what_is_checked() {
    let checked = interface().check(&batch(), 3, Vec::new()).unwrap();
    assert_eq!(checked.inferences, 3);
    assert_eq!(checked.public, [vec![4, -6, 4, -6, 4, -6], vec![7; 3], vec![1, 2, 3, 1, 2, 3, 1, 2, 3]]);
    assert_eq!(interface().state(&checked).unwrap(), batch());
    // As many commitments as its own chunks take, whatever one inference has.
    let more = zktorch_verifier::Statement { private_inputs: vec![[3; 32]; 5], ..checked };
    let stated = interface().state(&more).unwrap();
    assert_eq!(stated.inputs[2].value, TensorValue::Private(vec![Bytes32([3; 32]); 5]));
    assert_eq!(interface().check(&stated, stated.inferences, Vec::new()).unwrap(), more);
    // The dimensions of one inference, or of another number.
    for dims in [vec![1, 2], vec![2, 1, 2]] {
        let mut other = batch();
        other.inputs[0].dims = dims;
        let error = interface().check(&other, other.inferences, Vec::new()).unwrap_err().to_string();
        assert!(error.contains("a [3, 1, 2] with scale 2"), "{error}");
    }
    // As many as the verifier expects, and no others.
    for expected in [0, 1, 2, 4] {
        let error = interface().check(&batch(), expected, Vec::new()).unwrap_err().to_string();
        assert!(error.contains(&format!("inferences: expected {expected}, got 3")), "{error}");
    }
    assert!(interface().check(&statement(), 3, Vec::new()).is_err());
    let alone = Statement { inferences: 1, ..batch() };
    assert!(matches!(interface().check(&alone, 1, Vec::new()), Err(Error::Statement { .. })));
}

#[test]
fn what_is_stated_is_what_is_checked() {
    let checked = interface().check(&statement(), 1, b"today".to_vec()).unwrap();
    assert_eq!(checked.model_id, ModelId([1; 32]));
    assert_eq!(checked.public, [vec![4, -6], vec![7], vec![1, 2, 3]]);
    assert_eq!(checked.private_inputs, [[3; 32], [4; 32]]);
    assert!(checked.private_outputs.is_empty());
    assert_eq!(checked.context, b"today");
    assert_eq!(interface().state(&checked).unwrap(), statement());
    // What lacks a tensor is no statement of this model.
    let short = zktorch_verifier::Statement { public: checked.public[..2].to_vec(), ..checked };
    assert!(matches!(interface().state(&short), Err(Error::Statement { .. })));
}

/// A change of the statement, and a part of the error.
type Change = (fn(&mut Statement), &'static str);

#[test]
fn every_field_is_compared_with_the_key() {
    let refused = |change: fn(&mut Statement)| {
        let mut file = statement();
        change(&mut file);
        match interface().check(&file, 1, Vec::new()) {
            Err(error @ Error::Statement { .. }) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let cases: &[Change] = &[
        (|s| s.model_id.0[0] = 9, "statement: model_id (wrong key?): expected 0101"),
        (|s| s.srs_id.0[0] = 9, "statement: srs_id: expected 0202"),
        (|s| drop(s.inputs.pop()), "statement: inputs: expected 4, got 3"),
        (|s| drop(s.outputs.pop()), "statement: outputs: expected 1, got 0"),
        (|s| s.inputs.swap(0, 1), "statement: inputs: expected a [1, 2] with scale 2, got b [1, 1]"),
        (|s| s.inputs[0].name = "x".to_owned(), "expected a [1, 2] with scale 2, got x [1, 2]"),
        (|s| s.inputs[0].dims = vec![2, 1], "got a [2, 1]"),
        (
            |s| s.outputs[0].scale = 3,
            "statement: outputs: expected y [1, 3] with scale 2, got y [1, 3] with scale 3",
        ),
        (|s| s.outputs[0].zero = 1, "with scale 2, zero 1 and multiplier 1"),
        (|s| s.outputs[0].multiplier = 0.5, "with scale 2, zero 0 and multiplier 0.5"),
        (|s| s.inputs[0].value = s.inputs[2].value.clone(), "statement: a: expected public"),
        (|s| s.inputs[2].value = s.inputs[1].value.clone(), "statement: c: expected private"),
        (|s| s.inputs[3].value = TensorValue::Private(vec![Bytes32([5; 32])]), "the same commitments"),
    ];
    for (change, expected) in cases {
        let got = refused(*change);
        assert!(got.contains(expected), "{got:?} lacks {expected:?}");
    }
}

#[test]
fn in_shards_every_port_has_its_own_commitments() {
    let mut model = interface();
    model.commitments[0][2..].clone_from_slice(&[0..1, 1..3]);
    let mut file = statement();
    let chunk = |byte| Bytes32([byte; 32]);
    file.inputs[2].value = TensorValue::Private(vec![chunk(5)]);
    file.inputs[3].value = TensorValue::Private(vec![chunk(6), chunk(7)]);
    let checked = model.check(&file, 1, Vec::new()).unwrap();
    assert_eq!(checked.private_inputs, [[5; 32], [6; 32], [7; 32]]);
    assert_eq!(model.state(&checked).unwrap(), file);
    file.inputs[3].value = TensorValue::Private(vec![chunk(6)]);
    let error = model.check(&file, 1, Vec::new()).unwrap_err().to_string();
    assert_eq!(error, "statement: d: expected 2 commitments, got 1");
}

#[test]
fn expected_numbers_are_compared() {
    let (mut model, mut file) = (interface(), statement());
    file.inputs.truncate(2);
    model.ports[0].truncate(2);
    let same = |expected: &[&[f64]]| {
        let expected: Vec<Vec<f64>> = expected.iter().map(|list| list.to_vec()).collect();
        model.demand_same(Side::Input, &file, &expected).map_err(|error| error.to_string())
    };
    assert_eq!(same(&[&[1.0, -1.5], &[1.75]]), Ok(()));
    assert_eq!(same(&[&[1.1, -1.5], &[1.7]]), Ok(()), "the same integers");
    let differs = "input b: entry 0: expected 8 (which is 2), the statement says 7 (1.75)";
    assert_eq!(same(&[&[1.0, -1.5], &[2.0]]).unwrap_err(), differs);
    assert!(same(&[&[1.0, -1.5], &[1e9]]).unwrap_err().starts_with("b: value: expected from"));
    // Nothing is left out of the comparison.
    assert_eq!(same(&[&[1.0, -1.5]]).unwrap_err(), "expected data: inputs: expected 2, got 1");
    assert_eq!(same(&[&[1.0], &[1.75]]).unwrap_err(), "expected data: entries of input a: expected 2, got 1");

    let near = |expected: &[f64], tolerance| {
        model.demand_near(Side::Output, &file, &[expected.to_vec()], tolerance).map_err(|e| e.to_string())
    };
    assert_eq!(near(&[0.25, 0.5, 0.75], Some(0.0)), Ok(vec![(0.0, 0.0)]));
    assert_eq!(near(&[0.25, 0.5, 0.875], None), Ok(vec![(0.125, 0.25)]));
    let far = near(&[0.25, 0.5, 1.75], None).unwrap_err();
    assert_eq!(
        far,
        "output y: entry 2: expected 1.75, the statement says 0.75: that differs by 1, more than 0.25"
    );
    assert!(near(&[0.25, f64::NAN, 0.75], Some(1e9)).unwrap_err().contains("entry 1"));
}

#[test]
fn private_values_cannot_be_compared() {
    let expected = [vec![1.0, -1.5], vec![1.75], vec![0.0], vec![0.0]];
    let error = interface().demand_same(Side::Input, &statement(), &expected).unwrap_err().to_string();
    assert_eq!(error, "input c is private: there is nothing to compare");
}

#[test]
fn preprocessing_has_one_form() {
    let image = |text: &str| Interface { preprocessing: text.to_owned(), ..interface() }.image();
    assert!(image("").unwrap().is_none());
    assert_eq!(image("crop=8,rgb").unwrap().unwrap().to_string(), "crop=8,rgb");
    for (text, expected) in [("rgb,crop=8", "expected crop=8,rgb, got \"rgb,crop=8\""), ("blur", "item")] {
        let error = image(text).unwrap_err().to_string();
        assert!(error.starts_with("verifying key: preprocessing: ") && error.contains(expected), "{error}");
    }
}
