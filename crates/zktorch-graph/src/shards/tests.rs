use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::layout::{ArenaKind, Layout, Scope};
use crate::testing::example;
use crate::testing::random::Random;
use crate::testing::wide::wide;
use crate::{GraphError, execute};

/// All tensors of a graph, computed shard by shard: what the shards hand on, and nothing else.
fn in_shards(
    graph: &Graph,
    shards: &[Shard],
    given: &[Option<Vec<i32>>],
) -> Result<BTreeMap<u32, Vec<i32>>, GraphError> {
    let mut wires: BTreeMap<u32, Vec<i32>> = BTreeMap::new();
    for (id, wire) in graph.inputs.iter().zip(0u32..) {
        wires.insert(wire, given[id.0 as usize].clone().unwrap());
    }
    for shard in shards {
        let bounds = shard.graph.validate().unwrap();
        let mut own: Vec<Option<Vec<i32>>> = (shard.graph.tensors.iter().zip(&shard.tensors))
            .map(|(tensor, id)| (tensor.role == Role::Weight).then(|| given[id.0 as usize].clone()).flatten())
            .collect();
        for (id, wire) in shard.graph.inputs.iter().zip(&shard.inputs) {
            own[id.0 as usize] = Some(wires[wire].clone());
        }
        let values = execute(&shard.graph, &bounds, own)?;
        for (id, wire) in shard.graph.outputs.iter().zip(&shard.outputs) {
            let former = wires.insert(*wire, values[id.0 as usize].clone());
            assert!(former.is_none(), "wire {wire} is defined twice");
        }
    }
    Ok(wires)
}

/// Shards have all steps, once and in order, and what they hand on fits.
fn check(graph: &Graph, shards: &[Shard]) {
    let lengths: usize = shards.iter().map(|shard| shard.graph.steps.len()).sum();
    let copies: usize = shards.iter().map(|shard| shard.copies()).sum();
    assert_eq!(lengths, graph.steps.len() + copies);
    let mut known: BTreeMap<u32, Tensor> =
        graph.inputs.iter().zip(0u32..).map(|(id, wire)| (wire, graph.tensor(*id).clone())).collect();
    for shard in shards {
        assert_eq!(shard.tensors.len(), shard.graph.tensors.len());
        assert_eq!(shard.inputs.len(), shard.graph.inputs.len());
        assert_eq!(shard.outputs.len(), shard.graph.outputs.len());
        for (id, wire) in shard.graph.inputs.iter().zip(&shard.inputs) {
            let (given, taken) = (&known[wire], shard.graph.tensor(*id));
            assert_eq!((&given.shape, given.range, given.scale), (&taken.shape, taken.range, taken.scale));
            assert_eq!(given.role.is_public(), taken.role.is_public());
        }
        for (id, wire) in shard.graph.outputs.iter().zip(&shard.outputs) {
            known.insert(*wire, shard.graph.tensor(*id).clone());
        }
        for (tensor, id) in shard.graph.tensors.iter().zip(&shard.tensors) {
            let whole = graph.tensor(*id);
            assert_eq!((&whole.name, &whole.shape, whole.range), (&tensor.name, &tensor.shape, tensor.range));
        }
    }
    let outputs = graph.inputs.len() as u32..(graph.inputs.len() + graph.outputs.len()) as u32;
    for (id, wire) in graph.outputs.iter().zip(outputs) {
        assert_eq!(known[&wire].role, graph.tensor(*id).role);
    }
}

impl Shard {
    fn copies(&self) -> usize {
        let mut ids = self.tensors.clone();
        ids.sort_unstable();
        ids.dedup();
        self.tensors.len() - ids.len()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn shards_compute_what_the_graph_does(seed: u64, bits in 0u32..8, count in 1usize..6) {
        let mut random = Random(seed);
        let graph = random.graph(bits);
        let Ok(bounds) = graph.validate() else { return Ok(()) };
        let shards = shards(&graph, count);
        prop_assert!(!shards.is_empty() && shards.len() <= count);
        check(&graph, &shards);
        let given: Vec<Option<Vec<i32>>> =
            graph.tensors.iter().map(|tensor| tensor.role.is_given().then(|| random.values(tensor))).collect();
        match (execute(&graph, &bounds, given.clone()), in_shards(&graph, &shards, &given)) {
            (Ok(values), Ok(wires)) => {
                for (id, wire) in graph.outputs.iter().zip(graph.inputs.len() as u32..) {
                    prop_assert_eq!(&wires[&wire], &values[id.0 as usize]);
                }
            }
            (Err(whole), Err(part)) => {
                prop_assert_eq!(core::mem::discriminant(&whole), core::mem::discriminant(&part));
            }
            (whole, part) => prop_assert!(false, "{whole:?} {part:?}"),
        }
    }
}

#[test]
fn a_step_is_the_least_that_can_be_cut() {
    // The lookup stays with its argument.
    let graph = example::example();
    let cut = shards(&graph, 3);
    check(&graph, &cut);
    assert_eq!(cut.len(), 2);
    assert_eq!(cut[0].graph.steps.len(), 3);
    assert_eq!(cut[0].graph.steps[2].defines(), [TensorId(5)]);
    assert_eq!(cut[0].graph.tensors[5].role, Role::Output(Visibility::Private));
    assert_eq!((&cut[0].inputs[..], &cut[0].outputs[..]), (&[0][..], &[2][..]));
    assert_eq!(cut[1].graph.tensors[0].role, Role::Input(Visibility::Private));
    assert_eq!((&cut[1].inputs[..], &cut[1].outputs[..]), (&[2][..], &[1][..]));
    // No table is taken along that nobody needs.
    assert_eq!((cut[0].graph.tables.len(), cut[1].graph.tables.len()), (1, 0));
    assert_eq!(shards(&graph, 1).len(), 1);
    assert_eq!(shards(&graph, 0).len(), 1);
}

#[test]
fn one_shard_is_the_graph() {
    for graph in [example::example(), wide()] {
        let cut = shards(&graph, 1);
        assert_eq!(cut[0].graph, graph);
        assert_eq!(cut[0].tensors.len(), graph.tensors.len());
    }
}

#[test]
fn limbs_and_inputs_cross() {
    let graph = wide();
    // The limbs of an exact product are not cut apart from their reader where there is another place.
    let cut = shards(&graph, 6);
    check(&graph, &cut);
    assert!(cut.iter().all(|shard| shard.copies() == 0));
    // But they can be.
    let cut = Plan::new(&graph).build(&[0..1, 1..2, 2..6]);
    check(&graph, &cut);
    assert_eq!((cut[0].copies(), cut[0].outputs.len(), cut[1].inputs.len()), (3, 3, 3));
    // x and d are inputs of whoever reads them.
    assert_eq!((&cut[0].inputs[..], &cut[2].inputs[..]), (&[0][..], &[0, 1][..]));
    let given: Vec<Option<Vec<i32>>> =
        (graph.tensors.iter()).map(|tensor| tensor.role.is_given().then(|| vec![7, 1, 100])).collect();
    let values = execute(&graph, &graph.validate().unwrap(), given.clone()).unwrap();
    let wires = in_shards(&graph, &cut, &given).unwrap();
    assert_eq!(
        [&wires[&2], &wires[&3]],
        ["odd", "clamped"].map(|name| &values[graph.named(name).0 as usize])
    );
}

/// The chunks of a boundary are the same in both shards, and nothing else is in them.
#[test]
fn private_tensors_of_a_shard_have_chunks_of_their_own() {
    let graph = wide();
    for k in [1, 2, 4] {
        for shard in Plan::new(&graph).build(&[0..1, 1..2, 2..6]) {
            let layout = Layout::new(&shard.graph, k, Scope::Shard);
            for (kind, list) in [
                (ArenaKind::PrivateInputs, &shard.graph.inputs),
                (ArenaKind::PrivateOutputs, &shard.graph.outputs),
            ] {
                let mut taken = vec![false; layout.arena(kind).chunks()];
                for id in list.iter().filter(|id| !shard.graph.tensor(**id).role.is_public()) {
                    let chunks = layout.chunks_of(*id).unwrap();
                    assert_eq!(chunks.len(), 4usize.div_ceil(1 << k));
                    assert_eq!(layout.place(*id).unwrap().offsets, [chunks.start << k]);
                    chunks.for_each(|chunk| assert!(!core::mem::replace(&mut taken[chunk], true)));
                }
                assert!(taken.into_iter().all(|taken| taken));
            }
        }
    }
}
