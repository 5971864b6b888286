//! Claims about a labelled set: what each value of the count is pinned by.

use ark_ff::One;
use zktorch_field::Fr;
use zktorch_graph::Visibility::Private;
use zktorch_graph::{Accuracy, Graph, Interval, LabelledSet, Role, TensorId, ValidGraph, execute};

use super::cheating::{RELATION, assert_not_looked_up, leak};
use super::forger::{DECIDER, Forger, refused_by};
use super::oracle::assert_same;
use crate::test_util::{Builder, Case, follow, id};
use crate::{BlockError, Network, Statement};
use zktorch_graph::layout::Scope;

/// Scores that are the input, times six and divided by it.
fn graph() -> Graph {
    let mut b = Builder::default();
    let x = b.tensor("x", &[4], Interval::new(-300, 300), Role::Input(Private));
    b.graph.inputs.push(x);
    let x = b.linear(x);
    let acc = b.dense("w", &x, 4);
    let out = b.rescale("out", acc, 6, Interval::new(-300, 300), Role::Output(Private));
    b.graph.outputs.push(out);
    b.graph
}

fn claim(at_least: u32) -> Accuracy {
    let set = LabelledSet { images: 3, pixels: 4, classes: 4 };
    Accuracy { set, order: (0..4).collect(), channels: 1, values: (0..256).collect(), top: 1, at_least }
}

/// The first image has another class as large as its own, and before it; the second one behind it: two of three are right.
const IMAGES: [i32; 12] = [5, 9, 9, 1, 7, 7, 0, 0, 1, 2, 3, 200];
const LABELS: [i32; 3] = [2, 0, 3];

fn network(at_least: u32) -> Network {
    let own = Network::new(graph(), 8, Scope::Inference).unwrap();
    let claim = claim(at_least);
    let graph = ValidGraph::new(own.graph().accuracy(&claim).unwrap()).unwrap();
    // A set's chunks have 2^10 cells.
    own.of_claim(graph, 11, &claim, [3; 32]).unwrap()
}

fn values(network: &Network) -> Vec<Vec<i32>> {
    let graph = network.graph();
    let mut given: Vec<Option<Vec<i32>>> = vec![None; graph.tensors.len()];
    let identity = (0..16).map(|i| if i % 5 == 0 { 6 } else { 0 }).collect();
    for (name, values) in [("w", identity), ("images", IMAGES.to_vec()), ("labels", LABELS.to_vec())] {
        given[id(graph, name).0 as usize] = Some(values);
    }
    execute(graph, network.bounds(), given).unwrap()
}

fn case() -> Case {
    let network = network(2);
    let values = values(&network);
    Case::of_network(network, values)
}

/// The step that defines a tensor.
fn step(graph: &Graph, tensor: TensorId) -> usize {
    graph.steps.iter().position(|step| step.defines().contains(&tensor)).unwrap()
}

/// Values with one entry changed, and what follows from it; for a claim about as many.
fn lie(case: &Case, network: &Network, name: &str, entry: usize, value: i32) -> Vec<Vec<i32>> {
    let (graph, mut values) = (network.graph(), case.values.clone());
    let tensor = id(graph, name);
    assert_ne!(std::mem::replace(&mut values[tensor.0 as usize][entry], value), value, "{name}");
    let first = if graph.tensor(tensor).role.is_given() { 0 } else { step(graph, tensor) + 1 };
    follow(graph, &mut values, first);
    values
}

#[test]
fn what_is_true_is_proved() {
    let case = case();
    assert_eq!(case.values.last().unwrap(), &[0]);
    assert_same(&case);
    case.verify(&case.prove()).unwrap();
    assert_eq!(refused_by(Forger::new(&case, &case.values).run()), "accepted");
}

#[test]
fn one_more_than_are_right_is_refused() {
    let (case, three) = (leak(case()), Box::leak(Box::new(network(3))));
    let graph = three.graph();
    let mut values = case.values.clone();
    follow(graph, &mut values, 0);
    assert_eq!(values.last().unwrap(), &[-1]);
    assert_not_looked_up(|| Forger::of_network(case, three, &values));
    let last = values.len() - 1;
    values[last][0] = 0;
    assert_eq!(refused_by(Forger::of_network(case, three, &values).run()), RELATION);
}

#[test]
fn every_value_of_the_count_is_pinned() {
    let (case, three) = (leak(case()), Box::leak(Box::new(network(3))));
    // The tie of the first image: a class as large as the label's, before it. Each lie makes all three right, or pretends to.
    let pairs = |image: usize, class: usize| 4 * image + class;
    for (name, entry, value) in [
        ("x", pairs(0, 1), 8),
        ("before the label", pairs(0, 1), 0),
        ("beats the label", pairs(0, 1), 0),
        ("right", 0, 1),
    ] {
        let values = lie(case, three, name, entry, value);
        assert_eq!(values.last().unwrap(), &[0], "{name}");
        assert_not_looked_up(|| Forger::of_network(case, three, &values));
    }
    for (name, entry, value) in [
        ("pixel by channel", pairs(0, 1), 8),
        ("out", pairs(0, 1), 8),
        ("before the label: difference", pairs(0, 1), 0),
        ("score of the label", 0, 10),
        ("beats the label: difference", pairs(0, 1), 0),
        ("right: difference", 0, -1),
    ] {
        let values = lie(case, three, name, entry, value);
        assert_eq!(values.last().unwrap(), &[0], "{name}");
        assert_eq!(refused_by(Forger::of_network(case, three, &values).run()), RELATION, "{name}");
    }
}

#[test]
fn images_and_labels_are_those_that_were_committed_to() {
    let (case, three) = (case(), network(3));
    for (name, entry, value) in [("labels", 0, 1), ("images", 1, 8)] {
        let values = lie(&case, &three, name, entry, value);
        assert_eq!(values.last().unwrap(), &[0], "{name}");
        assert_eq!(refused_by(Forger::of_network(&case, &three, &values).run()), DECIDER, "{name}");
        // Of another set it is true.
        assert_eq!(refused_by(Forger::of_network(&case, &three, &values).recommit().run()), "accepted");
    }
}

/// Of two channels, a number beyond a byte is one of the other channel: only the images' own range excludes it.
#[test]
fn a_number_of_another_channel_is_no_pixel() {
    let own = Network::new(graph(), 8, Scope::Inference).unwrap();
    let values_of = (0..256).chain((0..256).map(|u| u - 5)).collect();
    let claim = Accuracy { channels: 2, values: values_of, ..claim(1) };
    let graph = ValidGraph::new(own.graph().accuracy(&claim).unwrap()).unwrap();
    let network = own.of_claim(graph, 11, &claim, [3; 32]).unwrap();
    let honest = values(&network);
    let case = leak(Case::of_network(network, honest));
    case.verify(&case.prove()).unwrap();
    let values = lie(case, &case.network, "images", 0, 256 + 9);
    assert!(values.last().unwrap()[0] >= 0);
    assert_not_looked_up(|| Forger::new(case, &values).recommit());
}

#[test]
fn labels_are_classes_and_pixels_are_bytes() {
    let case = leak(case());
    // In a set that somebody committed to without looking: no class is the label, or beats it.
    for (name, value) in [("labels", 4), ("labels", -1), ("images", 256), ("images", -1)] {
        let mut values = lie(case, &case.network, name, 0, value);
        let last = values.len() - 1;
        values[last][0] = values[last][0].max(0);
        let refused = refused_by(Forger::new(case, &values).recommit().run());
        assert_ne!(refused, "accepted", "{name} {value}");
    }
    // Nothing else is wrong with a label behind the classes whose consequences are in their tables.
    let values = lie(case, &case.network, "labels", 0, 4);
    assert_eq!(values.last().unwrap(), &[0]);
    assert_not_looked_up(|| Forger::new(case, &values).recommit());
}

#[test]
fn nothing_hides_beyond_the_set() {
    let case = leak(case());
    let graph = case.network.graph();
    // A fourth image and a fourth label: the relations read them.
    for (name, entry) in [("images", 12), ("labels", 3)] {
        let mut forger = Forger::new(case, &case.values);
        *forger.cell(id(graph, name), entry) = Fr::one();
        assert_eq!(refused_by(forger.recommit().run()), RELATION, "{name}");
    }
    // Cells of the set's chunk that no tensor has, and cells beyond it.
    let first = case.network.chunks().private_inputs.first;
    for cell in [100, (1 << 10) - 1, 1 << 10, (1 << 11) - 1] {
        assert_not_looked_up(|| {
            let mut forger = Forger::new(case, &case.values);
            forger.columns[first][cell] = Fr::one();
            forger.recommit()
        });
    }
}

/// A proof is passed off as one of another claim.
#[test]
fn a_proof_is_of_its_claim() {
    let case = case();
    let mut forger = Forger::new(&case, &case.values);
    let forged = {
        let transcript = forger.statement().unwrap().transcript();
        forger.forge(transcript).unwrap()
    };
    let private = [case.private[0].as_slice(), &[]];
    let own = *case.network.claim().unwrap();
    assert_ne!(Some(&own), network(3).claim());
    let refused = |claim| {
        let network = case.network.clone().with_claim(claim);
        let statement =
            Statement::new(&network, [7; 32], b"test", &case.weight_commitments, private, &[]).unwrap();
        refused_by(forged.verify(&case, &statement, statement.transcript()))
    };
    assert_eq!(refused(own), "accepted");
    assert_eq!(refused([0; 32]), RELATION);
}

#[test]
fn a_claim_reads_the_set_as_it_was_committed_to() {
    let own = Network::new(graph(), 8, Scope::Inference).unwrap();
    let derived = own.graph().accuracy(&claim(2)).unwrap();
    let refused = |change: &dyn Fn(&mut Graph)| {
        let mut graph = derived.clone();
        change(&mut graph);
        match own.of_claim(ValidGraph::new(graph).unwrap(), 11, &claim(2), [3; 32]) {
            Err(BlockError::Set { chunk }) => chunk,
            other => panic!("{other:?}"),
        }
    };
    let labels = id(&derived, "labels");
    assert_eq!(refused(&|graph| graph.tensors[labels.0 as usize].range.hi = 2), 0);
    assert_eq!(refused(&|graph| graph.inputs.swap(0, 1)), 0);
    let more = |graph: &mut Graph, dims: &[u32]| {
        let tensor = graph.tensor(labels).clone();
        let id = TensorId(graph.tensors.len() as u32);
        graph.tensors.push(zktorch_graph::Tensor { shape: zktorch_graph::Shape::new(dims), ..tensor });
        graph.inputs.push(id);
    };
    assert_eq!(refused(&|graph| more(graph, &[1])), 0);
    assert_eq!(refused(&|graph| more(graph, &[64])), 0);
    let small = own.of_claim(ValidGraph::new(derived.clone()).unwrap(), 9, &claim(2), [3; 32]);
    assert!(matches!(small, Err(BlockError::ChunkSize { min: 10, got: 9, .. })));
}
