//! Valid graphs that nobody wants to verify: refused before anything is allocated, or checked in little memory.

use zktorch_graph::Visibility::{Private, Public};
use zktorch_graph::layout::{Layout, Scope};
use zktorch_graph::{
    AxisMap, Constraint, Contract, Entry, Expr, Graph, Interval, Linear, Operand, Role, Shape, TableId,
    TensorId, Term, View,
};

use crate::network::limits;
use crate::point::{Drawn, Point, Stage};
use crate::test_util::{Builder, Case, factor, id, tiny};
use crate::{BlockError, Network};

fn refused(graph: Graph, k: usize) -> (&'static str, u64) {
    graph.validate().unwrap();
    match Network::new(graph, k, Scope::Inference) {
        Err(BlockError::Limit { what, max, got }) => {
            assert!(got > max);
            (what, max)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn chunk_sizes_are_those_of_an_srs() {
    for k in [0, 1, 3, limits::MAX_K + 1, 28, 64, usize::MAX] {
        match Network::new(tiny(Public, Public), k, Scope::Inference) {
            Err(BlockError::ChunkSize { min: 4, max: limits::MAX_K, got }) => assert_eq!(got, k),
            other => panic!("{other:?}"),
        }
    }
    for k in [4, 5] {
        let case = Case::new(tiny(Private, Public), k, 5);
        case.verify(&case.prove()).unwrap();
    }
}

#[test]
fn tables_are_bounded() {
    // 2^17 values each, all different: 2^33 cells of tables from a graph of a few megabytes.
    let mut b = Builder::default();
    for lo in 0..1 << 8 {
        b.tensor("w", &[1], Interval::new(-lo, (1 << 17) - 1 - lo), Role::Weight);
    }
    assert_eq!(refused(b.graph, 8), ("cells of all lookup tables", limits::TABLE_CELLS));
    let mut b = Builder::default();
    for (lo, hi) in (0..129).flat_map(|lo| (0..129).map(move |hi| (lo, hi))) {
        b.tensor("w", &[1], Interval::new(-lo, hi), Role::Weight);
    }
    assert_eq!(refused(b.graph, 8), ("lookup tables", limits::TABLES));
}

/// Twelve pieces each: tags have as many regions, and claims as many points.
#[test]
fn pieces_are_bounded() {
    let dims = [12, 57];
    assert_eq!(zktorch_graph::layout::Cut::new(&Shape::new(dims)).pieces().len(), 12);
    let mut b = Builder::default();
    for _ in 0..=limits::PIECES / 12 {
        b.tensor("w", &dims, Interval::I16, Role::Weight);
    }
    assert_eq!(refused(b.graph, 12), ("pieces of all tensors", limits::PIECES));
}

#[test]
fn chunks_and_cells_are_bounded() {
    let mut b = Builder::default();
    b.tensor("w", &[1 << 28], Interval::I16, Role::Weight);
    assert_eq!(refused(b.graph.clone(), 4), ("chunks of all columns", limits::CHUNKS));
    for (role, max, what) in [
        (Role::Weight, limits::WEIGHT_CELLS, "padded cells of all weights"),
        (Role::Input(Private), limits::CELLS, "padded cells of all tensors"),
    ] {
        let mut b = Builder::default();
        for _ in 0..=max >> 28 {
            let id = b.tensor("t", &[1 << 28], Interval::I16, role);
            b.graph.inputs.extend((role != Role::Weight).then_some(id));
        }
        assert_eq!(refused(b.graph, 24), (what, max));
    }
}

/// One entry of a tensor, many times.
fn reads(b: &mut Builder, from: zktorch_graph::TensorId, count: usize) -> Expr {
    let map = AxisMap::Sparse(vec![Entry { out: 0, src: 0, coeff: 1 }]);
    let view = View { tensor: from, shape: Shape::new([]), factors: vec![factor(&[0], &[], map)] };
    let _ = &b;
    let terms = vec![Term { coeff: 1, operand: Operand::View(view) }; count];
    Expr { shape: Shape::new([]), terms }
}

#[test]
fn readings_are_bounded() {
    let mut b = Builder::default();
    let w = b.weight("w", &[1 << 15]);
    let acc = reads(&mut b, w, 200);
    b.output(acc, 1, Public);
    assert_eq!(refused(b.graph, 4), ("chunks that all constraints read", limits::CLAIM_TERMS));
    let mut b = Builder::default();
    let x = b.input(&[1 << 28], Public);
    let acc = reads(&mut b, x, 2);
    b.output(acc, 1, Public);
    assert_eq!(refused(b.graph, 16), ("public cells that all constraints read", limits::PUBLIC_CELLS));
}

/// Tensors count where a constraint reads them as they are: every one that is smaller than a chunk has a point of its own.
#[test]
fn plain_readings_are_bounded() {
    let mut b = Builder::default();
    let acc = || Expr { shape: Shape::new([]), terms: vec![] };
    for _ in 0..limits::READINGS / 2 {
        b.rescale("y", acc(), 3, Interval::I16, Role::Ranged);
    }
    let list = limits::constraints(&b.graph, 4).unwrap();
    assert_eq!(list.len() as u64, limits::READINGS / 2);
    b.rescale("y", acc(), 3, Interval::I16, Role::Ranged);
    match limits::constraints(&b.graph, 4) {
        Err(BlockError::Limit { what: "readings of committed tensors", max: limits::READINGS, .. }) => {}
        other => panic!("{other:?}"),
    }
}

/// What a layout does not prove is refused: it would be proved by nobody.
#[test]
fn every_lookup_is_the_layout_s() {
    let graph = tiny(Private, Public);
    let layout = Layout::new(&graph, 8, Scope::Inference);
    let list: Vec<Constraint> = graph.steps.iter().flat_map(|step| step.constraints(&graph)).collect();
    let lookups: Vec<&Constraint> =
        list.iter().filter(|constraint| matches!(constraint, Constraint::Lookup { .. })).collect();
    let [Constraint::Lookup { table, x, y }] = lookups[..] else { panic!("{lookups:?}") };
    limits::check_lookups(&graph, &list, &layout).unwrap();
    let ranged = id(&graph, "square");
    for (table, x, y) in [
        (*table, ranged, *y),
        (*table, *x, ranged),
        (*table, *y, *x),
        (*table, *x, *x),
        (*table, id(&graph, "x"), *y),
        (TableId(1), *x, *y),
        (*table, TensorId(99), TensorId(99)),
    ] {
        let list = [list.clone(), vec![Constraint::Lookup { table, x, y }]].concat();
        match limits::check_lookups(&graph, &list, &layout) {
            Err(BlockError::Lookup { table: t, x: a, y: b }) => assert_eq!((t, a, b), (table.0, x.0, y.0)),
            other => panic!("{other:?}"),
        }
    }
}

/// No constraint is about weights alone: a network of these has none, whatever it computes.
#[test]
fn weights_have_no_constraints() {
    let network = |scope| Network::new(tiny(Private, Public), 8, scope).unwrap();
    assert_eq!(network(Scope::Weights).relations().count(), 0);
    assert!(network(Scope::Inference).relations().count() > 0);
}

#[test]
fn instances_and_factors_are_bounded() {
    let many = |count: u64| usize::try_from(count).unwrap() + 1;
    let of_weight = |count: u64| {
        let mut b = Builder::default();
        let w = b.weight("w", &[1 << 4]);
        let acc = reads(&mut b, w, many(count));
        b.output(acc, 1, Public);
        refused(b.graph, 4)
    };
    assert_eq!(of_weight(limits::READINGS), ("readings of committed tensors", limits::READINGS));
    assert_eq!(of_weight(limits::SUMS), ("readings with a sum", limits::SUMS));

    let of_terms = |term: fn(View) -> Operand, count: usize, factors: usize| {
        let mut b = Builder::default();
        let x = b.input(&[], Public);
        let map = AxisMap::Sparse(vec![Entry { out: 0, src: 0, coeff: 1 }]);
        let view = View { tensor: x, shape: Shape::new([]), factors: vec![factor(&[], &[], map); factors] };
        let terms = vec![Term { coeff: 1, operand: term(view) }; count];
        b.output(Expr { shape: Shape::new([]), terms }, 1, Public);
        refused(b.graph, 4)
    };
    let contract = |view: View| {
        let linear = || Linear { shape: Shape::new([]), terms: vec![(1, view.clone())] };
        let axes = Vec::new;
        let (a, b) = (linear(), linear());
        Operand::Contract(Contract { a, b, a_axes: axes(), b_axes: axes(), out_axes: axes() })
    };
    let contractions = of_terms(contract, many(limits::CONTRACTIONS), 0);
    assert_eq!(contractions, ("contractions", limits::CONTRACTIONS));
    let factors = of_terms(Operand::View, 1, many(limits::FACTORS));
    assert_eq!(factors, ("factors of all views", limits::FACTORS));
}

/// Two windows with `2^23` pairs of a position and a tap each, and a stride that is too long for the closed form.
#[test]
fn maps_are_bounded() {
    let mut b = Builder::default();
    let w = b.weight("w", &[1 << 12]);
    let shape = Shape::new([1 << 12, 1 << 11]);
    let window = AxisMap::Window { stride: 65, dilation: 1, pad: 0 };
    let view = View { tensor: w, shape: shape.clone(), factors: vec![factor(&[0], &[0, 1], window)] };
    let linear = |view: View| Linear { shape: shape.clone(), terms: vec![(1, view)] };
    let (a, b_) = (linear(view.clone()), linear(view));
    let acc =
        Operand::Contract(Contract { a, b: b_, a_axes: vec![0, 1], b_axes: vec![0, 1], out_axes: vec![] });
    b.output(Expr { shape: Shape::new([]), terms: vec![Term { coeff: 1, operand: acc }] }, 1, Public);
    b.graph.tensors[w.0 as usize].range = Interval::new(0, 1);
    assert_eq!(refused(b.graph, 12), ("multiplications for the maps of all views", limits::MAP_WORK));
}

/// Entry by entry or through tables: the same number.
#[test]
fn sparse_maps_have_one_value() {
    let fr = zktorch_field::Fr::from;
    let (source, shape) = (Shape::new([1 << 5]), Shape::new([1 << 6, 1 << 8]));
    let z: Vec<_> = (0..14u64).map(|i| fr(1000 + i)).collect();
    let q: Vec<_> = (0..5u64).map(|i| fr(7 + i)).collect();
    let entries: Vec<Entry> =
        (0..1u32 << 12).map(|i| Entry { out: 4 * i + 1, src: i * 7 % 32, coeff: i as i32 - 9 }).collect();
    let entries: Vec<Entry> = entries.into_iter().filter(|entry| entry.coeff != 0).collect();
    let eval = |entries: &[Entry]| {
        let factor = factor(&[0], &[0, 1], AxisMap::Sparse(entries.to_vec()));
        crate::reindex::matrix_eval(&factor, &source, &shape, [&z, &q], &|_| vec![])
    };
    let one_by_one = entries.chunks(3).map(eval).sum::<zktorch_field::Fr>();
    assert_eq!(eval(&entries), one_by_one);
    assert_eq!(eval(&[]), fr(0));
}

/// A map with one entry between huge spaces: `2^32` rows, `2^16` columns.
#[test]
fn sparse_maps_cost_their_entries() {
    let mut b = Builder::default();
    let x = b.tensor("x", &[1 << 8, 1 << 4], Interval::new(-60, 60), Role::Input(Private));
    b.graph.inputs.push(x);
    let corner = |out: u32, src: u32| AxisMap::Sparse(vec![Entry { out, src, coeff: 3 }]);
    let shape = Shape::new([1 << 16, 1 << 16]);
    let map = corner(u32::MAX, (1 << 12) - 1);
    let huge = View { tensor: x, shape: shape.clone(), factors: vec![factor(&[0, 1], &[0, 1], map)] };
    let fr = |start: u64, len: u64| (start..start + len).map(zktorch_field::Fr::from).collect::<Vec<_>>();
    let [r, q] = [fr(1000, 32), fr(7, 12)];
    let mut drawn = Drawn::default();
    drawn.draw(Stage::Relations, &r).unwrap();
    drawn.draw(Stage::B, &q).unwrap();
    let point = Point::suffix(Stage::Relations, 32);
    let source = b.graph.tensor(x).shape.clone();
    let crate::reindex::Access::Sum(sum) = crate::reindex::access(&huge, &source, &point, &drawn).unwrap()
    else {
        panic!("no sum")
    };
    // All bits are set: 3 times the product of all coordinates.
    let expected = r.iter().chain(&q).product::<zktorch_field::Fr>() * zktorch_field::Fr::from(3u64);
    assert_eq!(sum.finish(&huge, &source, &drawn, &|_| vec![]).unwrap().0, expected);
}
