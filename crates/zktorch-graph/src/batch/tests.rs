//! A batch computes what its inferences do, one by one.

use proptest::prelude::*;

use super::*;
use crate::layout::{ArenaKind, Layout, Scope};
use crate::testing::example::example;
use crate::testing::random::Random;
use crate::{Bounds, Interval, Tensor, Visibility, execute};

/// Values of everything that is given, the same weights for all inferences.
fn given(graph: &Graph, count: u32, random: &mut Random) -> Vec<Vec<Option<Vec<i32>>>> {
    let mut values = |tensor: &Tensor| tensor.role.is_given().then(|| random.values(tensor));
    let first: Vec<_> = graph.tensors.iter().map(&mut values).collect();
    let others = (1..count).map(|_| {
        let tensors = graph.tensors.iter().zip(&first);
        let own = |(tensor, first): (&Tensor, &Option<Vec<i32>>)| match tensor.role {
            Role::Input(_) => values(tensor),
            _ => first.clone(),
        };
        tensors.map(own).collect()
    });
    let others: Vec<_> = others.collect();
    std::iter::once(first).chain(others).collect()
}

/// What inferences compute by themselves, one after the other; nothing if one of them leaves a range.
fn one_by_one(graph: &Graph, bounds: &Bounds, given: &[Vec<Option<Vec<i32>>>]) -> Option<Vec<Vec<i32>>> {
    let each: Option<Vec<Vec<Vec<i32>>>> =
        given.iter().map(|given| execute(graph, bounds, given.clone()).ok()).collect();
    let each = each?;
    let all = |id: usize| match graph.tensors[id].role {
        Role::Weight | Role::One => each[0][id].clone(),
        _ => each.iter().flat_map(|values| values[id].iter().copied()).collect(),
    };
    Some((0..graph.tensors.len()).map(all).collect())
}

/// The same for the batch.
fn together(graph: &Graph, given: &[Vec<Option<Vec<i32>>>]) -> Option<Vec<Vec<i32>>> {
    let bounds = graph.validate().unwrap();
    let all = |id: usize| match graph.tensors[id].role {
        Role::Weight => given[0][id].clone(),
        _ => given.iter().map(|given| given[id].clone()).collect::<Option<Vec<_>>>().map(|all| all.concat()),
    };
    execute(graph, &bounds, (0..graph.tensors.len()).map(all).collect()).ok()
}

fn check(graph: &Graph, count: u32, random: &mut Random) -> Option<Vec<Vec<i32>>> {
    let bounds = graph.validate().unwrap();
    let batched = match graph.batched(count) {
        Err(GraphError::Batch { .. }) => return None,
        batched => batched.unwrap(),
    };
    // Bounds are those of one inference: nothing is added up along the new axis.
    assert_eq!(batched.validate().unwrap(), bounds);
    for k in [4, 10] {
        let [own, others] = [graph, &batched].map(|graph| Layout::new(graph, k, Scope::Weights));
        assert_eq!(own.arena(ArenaKind::Weights).pieces(), others.arena(ArenaKind::Weights).pieces());
    }
    let given = given(graph, count, random);
    let expected = one_by_one(graph, &bounds, &given);
    assert_eq!(together(&batched, &given), expected);
    expected
}

proptest! {
    #[test]
    fn a_batch_is_its_inferences(seed: u64, bits in 0u32..6, count in 1u32..6) {
        let mut random = Random(seed);
        let graph = random.graph(bits);
        if graph.validate().is_ok() {
            check(&graph, count, &mut random);
        }
    }
}

#[test]
fn the_example_is_batched() {
    let mut random = Random(7);
    for count in [1, 2, 3, 8] {
        let mut graph = example();
        // Small numbers stay in all ranges.
        for tensor in graph.tensors.iter_mut().filter(|tensor| tensor.role.is_given()) {
            tensor.range = Interval::new(-1, 1);
        }
        assert!(check(&graph, count, &mut random).is_some(), "{count}");
    }
}

/// A view of one tensor of [4] in the shape [2, 2], by maps of these indices.
fn gathering(role: Role, twice: bool) -> Graph {
    let tensor = |name: &str, dims: &[u32], range, role| Tensor {
        name: name.to_owned(),
        shape: Shape::new(dims),
        scale: 0,
        range,
        role,
    };
    let (public, ids) = (Role::Input(Visibility::Public), Interval::new(-4, 3));
    let source: &[u32] = if twice { &[4, 4] } else { &[4] };
    let mut graph = Graph::default();
    graph.tensors.push(tensor("t", source, Interval::new(-9, 9), role));
    graph.tensors.push(tensor("i", if twice { &[2] } else { &[2, 2] }, ids, public));
    graph.tensors.push(tensor("y", &[2, 2], Interval::new(-9, 9), Role::Output(Visibility::Public)));
    let map = AxisMap::Gather { indices: TensorId(1) };
    let factor = |src: &[u32], out: &[u32]| Factor { src: src.to_vec(), out: out.to_vec(), map: map.clone() };
    let factors =
        if twice { vec![factor(&[0], &[0]), factor(&[1], &[1])] } else { vec![factor(&[0], &[1, 0])] };
    let view = View { tensor: TensorId(0), shape: Shape::new([2, 2]), factors };
    graph.steps.push(Step::rescale(Expr::view(view), 1, TensorId(2), None));
    graph.inputs =
        (0..2).map(TensorId).filter(|id| matches!(graph.tensor(*id).role, Role::Input(_))).collect();
    graph.outputs = vec![TensorId(2)];
    graph
}

#[test]
fn every_inference_gathers_by_its_own_indices_from_weights_alone() {
    let mut random = Random(3);
    for count in [2, 3] {
        assert!(check(&gathering(Role::Weight, false), count, &mut random).is_some());
    }
    let refused = |graph: Graph| {
        graph.validate().unwrap();
        graph.batched(2).unwrap_err().to_string()
    };
    let expected = "step 0: tensor 0 \"t\": a batch of inferences: expected indices from public inputs only into weights, once in a \
                    view, got ";
    let own = refused(gathering(Role::Input(Visibility::Private), false));
    assert_eq!(own, format!("{expected}indices into a tensor of every inference's own"));
    let two = refused(gathering(Role::Weight, true));
    assert_eq!(two, format!("{expected}two of them in one view"));
}

#[test]
fn what_is_repeated_is_bounded_before_it_is_written_down() {
    let graph = example();
    for count in [0, (1 << 22) + 1, u32::MAX] {
        let error = graph.batched(count).unwrap_err().to_string();
        assert!(error.starts_with("the graph: a batch of inferences: expected from 1 to "), "{error}");
        assert!(error.ends_with(&format!("got {count}")), "{error}");
    }
}
