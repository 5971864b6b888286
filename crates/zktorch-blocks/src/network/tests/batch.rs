//! Many inferences under one set of weights: both provers agree, and what one inference alone gets wrong is refused.

use ark_ff::One;
use zktorch_field::Fr;
use zktorch_graph::Visibility::{Private, Public};
use zktorch_graph::layout::Scope;
use zktorch_graph::{Graph, GraphError, Interval, Role, Shape, Tensor, ValidGraph, execute};

use super::cheating::{RELATION, assert_not_looked_up, leak};
use super::forger::{DECIDER, Forger, refused_by};
use super::oracle::assert_same;
use crate::test_util::{Case, embedding, follow, id, small_cnn, tiny};
use crate::{BlockError, Network, Statement};

/// Three inferences, so that one of four places is padding; the weights in smaller chunks than everything else.
fn case() -> Case {
    Case::batch(tiny(Private, Private), [8, 9], 3, 5)
}

/// The entries of one of three inferences.
fn own(values: &mut [i32], inference: usize) -> &mut [i32] {
    let len = values.len() / 3;
    &mut values[inference * len..(inference + 1) * len]
}

#[test]
fn batches_are_proved_whatever_the_sizes() {
    for (graph, sizes, count) in [
        (tiny(Public, Private), [8, 8], 2),
        (tiny(Private, Public), [8, 10], 5),
        (small_cnn(Public, Public), [7, 10], 3),
        (small_cnn(Private, Private), [9, 9], 4),
    ] {
        let case = Case::batch(graph, sizes, count, 11);
        assert_same(&case);
        case.verify(&case.prove()).unwrap();
    }
}

#[test]
fn rows_of_a_table_are_gathered_by_the_indices_of_every_inference() {
    let graph = embedding();
    let own = Network::new(graph.clone(), 5, Scope::Inference).unwrap();
    let network = own.of_batch(own.batched_graph(2).unwrap().0, 6, 2).unwrap();
    let table: Vec<i32> = (0..55).map(|i| i * i % 149 - 70).collect();
    let each = [vec![0, 10, -11, -1, 4, 4], vec![3, -2, 9, 9, 0, 1]];
    let each =
        each.map(|ids| execute(&graph, own.bounds(), vec![Some(ids), Some(table.clone()), None]).unwrap());
    let values =
        vec![[&each[0][0][..], &each[1][0]].concat(), table, [&each[0][2][..], &each[1][2]].concat()];
    let case = Case::of_network(network, values);
    assert_same(&case);
    case.verify(&case.prove()).unwrap();
}

#[test]
fn weights_that_are_others_in_one_inference_are_refused() {
    let case = case();
    let single = tiny(Private, Private);
    for inference in 0..3 {
        // What one inference computes from its input with other weights, in all of its tensors.
        let mut values = case.values.clone();
        let mut lie: Vec<Vec<i32>> = (single.tensors.iter().zip(&mut values))
            .map(|(tensor, all)| match tensor.role {
                Role::Weight => all.clone(),
                _ => own(all, inference).to_vec(),
            })
            .collect();
        lie[id(&single, "w").0 as usize][0] += 1;
        follow(&single, &mut lie, 0);
        let changed = |(id, all): (usize, &mut Vec<i32>)| {
            if single.tensors[id].role != Role::Weight {
                own(all, inference).copy_from_slice(&lie[id]);
            }
        };
        values.iter_mut().enumerate().for_each(changed);
        assert_ne!(values, case.values);
        assert_eq!(refused_by(Forger::new(&case, &values).recommit().run()), RELATION, "{inference}");
        // With those weights in the prover's own columns the other inferences are wrong; and nothing else is committed in the key.
        values[id(&single, "w").0 as usize][0] += 1;
        assert_eq!(refused_by(Forger::new(&case, &values).recommit().run()), RELATION, "{inference}");
    }
    // All inferences with other weights: everything is true but that the key commits to them.
    let mut values = case.values.clone();
    values[id(&single, "w").0 as usize][0] += 1;
    follow(case.network.graph(), &mut values, 0);
    assert_eq!(refused_by(Forger::new(&case, &values).recommit().run()), DECIDER);
}

#[test]
fn inputs_and_outputs_of_two_inferences_are_not_exchanged() {
    let case = Case::batch(tiny(Public, Public), [8, 9], 3, 5);
    let proof = case.prove();
    for index in 0..2 {
        let mut forger = Forger::new(&case, &case.values);
        let len = forger.public[index].len() / 3;
        forger.public[index].rotate_left(len);
        assert_ne!(forger.public[index], Forger::new(&case, &case.values).public[index]);
        assert_eq!(refused_by(forger.run()), RELATION);
        // Nor in the statement that an honest proof is shown with.
        let mut public = forger.public.clone();
        let verify = |public: &[Vec<i32>]| {
            let public: Vec<&[i32]> = public.iter().map(Vec::as_slice).collect();
            let statement = Statement::new(
                &case.network,
                [7; 32],
                b"test",
                &case.weight_commitments,
                [&[], &[]],
                &public,
            );
            statement.unwrap().verify(case.srs.verifier(), &proof)
        };
        verify(&public).unwrap_err();
        public[index].rotate_right(len);
        verify(&public).unwrap();
    }
    // Committed ones, exchanged after everything else was computed.
    let case = self::case();
    for name in ["x", "out"] {
        let mut values = case.values.clone();
        let values_of = &mut values[id(case.network.graph(), name).0 as usize];
        let len = values_of.len() / 3;
        values_of.rotate_left(len);
        assert_eq!(refused_by(Forger::new(&case, &values).recommit().run()), RELATION, "{name}");
    }
}

#[test]
fn an_inference_that_was_left_out_is_refused() {
    // Nothing but zeros, as in padding, in the place of one of them.
    for inference in 0..3 {
        let case = leak(case());
        let mut values = case.values.clone();
        for (tensor, values) in case.network.graph().tensors.iter().zip(&mut values) {
            if tensor.role != Role::Weight {
                own(values, inference).fill(0);
            }
        }
        // A bias and what is added for rounding: zeros are not what the network computes of zeros.
        assert_eq!(refused_by(Forger::new(case, &values).recommit().run()), RELATION);
    }
}

#[test]
fn nothing_hides_in_the_padding_of_the_inferences() {
    let case = leak(case());
    let graph = case.network.graph();
    assert_not_looked_up(|| {
        let mut forger = Forger::new(case, &case.values);
        // The first output of a fourth inference, of 3 x 3 entries padded to 4 x 4, and a remainder with which it is one of zero.
        *forger.cell(id(graph, "out"), 12) = Fr::one();
        *forger.cell(id(graph, "out r"), 12) = -Fr::from(6u64);
        forger.recommit()
    });
    // A fourth input: the network would compute something of it.
    let mut forger = Forger::new(case, &case.values);
    *forger.cell(id(graph, "x"), 24) = Fr::one();
    assert_eq!(refused_by(forger.recommit().run()), RELATION);
}

/// A proof is passed off as one of another number of inferences of the same tensors.
#[test]
fn a_proof_is_of_as_many_inferences_as_its_statement_says() {
    let case = case();
    let mut forger = Forger::new(&case, &case.values);
    let forged = {
        let transcript = forger.statement().unwrap().transcript();
        forger.forge(transcript).unwrap()
    };
    let private = [case.private[0].as_slice(), &case.private[1]];
    let refused = |inferences| {
        let network = case.network.clone().with_inferences(inferences);
        let statement =
            Statement::new(&network, [7; 32], b"test", &case.weight_commitments, private, &[]).unwrap();
        refused_by(forged.verify(&case, &statement, statement.transcript()))
    };
    assert_eq!(refused(3), "accepted");
    assert_eq!(refused(4), RELATION);
    assert_eq!(refused(2), RELATION);
    // On the network of so many inferences: of four, of which the last one has no entries, too.
    let own = Network::new(tiny(Private, Private), 8, Scope::Inference).unwrap();
    let four = own.of_batch(own.batched_graph(4).unwrap().0, 9, 4).unwrap();
    let statement = Statement::new(&four, [7; 32], b"test", &case.weight_commitments, private, &[]).unwrap();
    assert!(statement.verify(case.srs.verifier(), &case.prove()).is_err());
    let transcript = case.statement().transcript();
    assert_ne!(refused_by(forged.verify(&case, &statement, transcript)), "accepted");
}

#[test]
fn a_batch_reads_the_weights_of_its_key() {
    let own = Network::new(tiny(Private, Public), 8, Scope::Inference).unwrap();
    let batched = own.batched_graph(3).unwrap().0.into_parts().0;
    let weight = id(&batched, "w").0 as usize;
    let refused = |change: &dyn Fn(&mut Graph)| {
        let mut graph = batched.clone();
        change(&mut graph);
        match own.of_batch(ValidGraph::new(graph).unwrap(), 9, 3) {
            Err(BlockError::Graph(GraphError::Invalid { rule, expected, got, .. })) => (rule, expected, got),
            other => panic!("{other:?}"),
        }
    };
    // Another range than what the key's proof is about.
    let (rule, expected, got) = refused(&|graph| graph.tensors[weight].range.hi = 100);
    assert_eq!(rule, "extents and range");
    assert_eq!((&*expected, &*got), ("[3, 5] within [-32768, 100]", "[3, 5] within [-32768, 32767]"));
    // One more.
    let more = |graph: &mut Graph| {
        let (shape, range, role) = (Shape::new([2]), Interval::I16, Role::Weight);
        graph.tensors.push(Tensor { name: "more".into(), shape, scale: 0, range, role });
    };
    let (rule, expected, got) = refused(&more);
    assert_eq!((rule, &*expected, &*got), ("number of the graph's weights", "3", "2"));
    // Chunks that are smaller than those of the weights, and shards.
    let two = own.of_batch(own.batched_graph(2).unwrap().0, 9, 2).unwrap();
    let again = two.of_batch(ValidGraph::new(batched.clone()).unwrap(), 9, 3);
    assert!(matches!(again, Err(BlockError::Batched { inferences: 2 })));
    let smaller = own.of_batch(ValidGraph::new(batched.clone()).unwrap(), 7, 3);
    assert!(matches!(smaller, Err(BlockError::ChunkSize { min: 8, got: 7, .. })));
    let shard = Network::new(tiny(Private, Private), 8, Scope::Shard).unwrap();
    assert!(matches!(shard.of_batch(ValidGraph::new(batched).unwrap(), 9, 3), Err(BlockError::Shard)));
}
