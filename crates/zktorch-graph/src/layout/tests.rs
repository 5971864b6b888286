use super::*;
use crate::{Expr, Function, Shape, Step, Table, TableId, Tensor, View};

fn tensor(name: &str, dims: &[u32], range: Interval, role: Role) -> Tensor {
    Tensor { name: name.to_owned(), shape: Shape::new(dims), scale: 0, range, role }
}

/// x -> ranged y with remainder, and a ReLU, with extents that are no powers of two.
fn graph() -> Graph {
    let domain = Interval::I16;
    let tensors = vec![
        tensor("w", &[3, 5], Interval::I16, Role::Weight),
        tensor("x", &[3, 5], Interval::I16, Role::Input(Visibility::Private)),
        tensor("y", &[3, 5], domain, Role::LookupInput(TableId(0))),
        tensor("r", &[3, 5], Interval::new(0, 3), Role::Ranged),
        tensor("relu", &[3, 5], Interval::new(0, domain.hi), Role::LookupOutput(TableId(0))),
        tensor("z", &[2, 2], Interval::I16, Role::Ranged),
        tensor("w2", &[2, 2], Interval::I16, Role::Weight),
    ];
    let acc = Expr::view(View::identity(TensorId(1), &Shape::new([3, 5])));
    Graph {
        tensors,
        tables: vec![Table { function: Function::Relu, domain }],
        steps: vec![
            Step::rescale(acc, 4, TensorId(2), Some(TensorId(3))),
            Step::Lookup { table: TableId(0), x: TensorId(2), y: TensorId(4) },
        ],
        inputs: vec![TensorId(1)],
        outputs: vec![],
    }
}

#[test]
fn every_cell_has_one_tag_and_it_is_that_of_its_tensor() {
    let graph = graph();
    for k in 2..8 {
        for scope in [Scope::Inference, Scope::Weights] {
            let layout = Layout::new(&graph, k, scope);
            for kind in ArenaKind::ALL {
                let arena = layout.arena(kind);
                let mut tags = vec![0; arena.chunks() << k];
                for Placed { tensor, offset, .. } in arena.pieces() {
                    let Some(table) = layout.table_of(*tensor) else { continue };
                    let shape = &graph.tensor(*tensor).shape;
                    let (rows, columns) = (shape.dims()[0] as usize, shape.dims()[1] as usize);
                    for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                        tags[offset + i * columns.next_power_of_two() + j] = table;
                    }
                }
                let mut found = Vec::new();
                for chunk in 0..arena.chunks() {
                    let mut cells = vec![0; 1 << k];
                    for region in layout.regions(kind, chunk) {
                        let expanded: Vec<usize> =
                            region.runs().iter().flat_map(|(count, table)| vec![*table; *count]).collect();
                        assert_eq!(expanded.len(), 1 << region.low);
                        cells[region.start..][..expanded.len()].copy_from_slice(&expanded);
                    }
                    found.extend(cells);
                }
                assert_eq!(found, tags, "{kind:?} {scope:?} k = {k}");
            }
        }
    }
}

#[test]
fn places_are_aligned_disjoint_and_shared_by_a_lookup() {
    let graph = graph();
    let layout = Layout::new(&graph, 4, Scope::Inference);
    for kind in ArenaKind::ALL {
        let mut end = 0;
        for placed in layout.arena(kind).pieces() {
            let cells = placed.cells();
            assert!(cells.start % cells.len() == 0 && cells.start >= end);
            end = cells.end;
        }
        assert!(end <= layout.arena(kind).chunks() << 4);
    }
    let (x, y) = (layout.place(TensorId(2)).unwrap(), layout.place(TensorId(4)).unwrap());
    assert_eq!((&x.offsets, x.output, y.output), (&y.offsets, false, true));
}

#[test]
fn cells_outside_tables_repeat_the_padding_entry() {
    let graph = graph();
    let layout = Layout::new(&graph, 4, Scope::Inference);
    let tables = layout.tables();
    let [tags, keys, values] = tables.columns(&graph, &crate::TableValues::default());
    let mut entries = 0;
    for table in tables.tables() {
        let range = table.offset..table.offset + table.keys.len();
        assert!(tags[range.clone()].iter().all(|tag| *tag == table.tag));
        assert_eq!(keys[range.start], table.keys.lo);
        entries += range.len();
    }
    let padding = (0..tags.len()).filter(|i| (tags[*i], keys[*i], values[*i]) == (1, 0, 0)).count();
    assert_eq!(padding, tags.len() - entries + 1);
    let mut all: Vec<i32> = tables.tables().iter().map(|table| table.tag).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!((all.len(), all[0]), (tables.tables().len(), 1));
}

/// An axis of twelve is cut into eight and four.
#[test]
fn pieces_lie_where_their_sizes_put_them() {
    let mut graph = graph();
    graph.tensors[3].shape = Shape::new([12, 32, 128]);
    let layout = Layout::new(&graph, 14, Scope::Inference);
    let place = layout.place(TensorId(3)).unwrap();
    let placed: Vec<&Placed> = layout
        .arena(ArenaKind::Ranged)
        .pieces()
        .iter()
        .filter(|placed| placed.tensor == TensorId(3))
        .collect();
    assert_eq!(placed.iter().map(|placed| placed.piece.vars).collect::<Vec<_>>(), [15, 14]);
    assert_eq!(placed.iter().map(|placed| placed.offset).collect::<Vec<_>>(), place.offsets);
    // The first two chunks are the first piece, the third one is the second.
    let slices: Vec<usize> = (0..3).map(|chunk| layout.regions(ArenaKind::Ranged, chunk)[0].slice).collect();
    assert_eq!(slices, [0, 1, 2]);
}
