//! Weights as they were committed to: in *parts*, which several graphs may read.
//!
//! A commitment to weights is worth more than one graph: the same model for another length or batch reads the same
//! integers. So a key says of every part what was committed to in it, in which order, and of every weight of its
//! graph which one of which part it is. Where a weight lies follows from its part alone, whatever else the graph
//! reads ([`Layout`](crate::layout::Layout)).

use serde::{Deserialize, Serialize};

use crate::layout::Cut;
use crate::{Graph, Interval, Role, Shape, Tensor};

/// What was committed to as one weight.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WeightSpec {
    /// Extents.
    pub shape: Shape,
    /// Its entries are in this range: proved of the part, once.
    pub range: Interval,
}

impl WeightSpec {
    /// Cells that its pieces have.
    pub fn cells(&self) -> u64 {
        Cut::new(&self.shape).pieces().iter().map(|piece| 1 << piece.vars).sum()
    }
}

impl From<&Tensor> for WeightSpec {
    fn from(tensor: &Tensor) -> Self {
        Self { shape: tensor.shape.clone(), range: tensor.range }
    }
}

/// A weight of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WeightRef {
    /// Number of the part.
    pub part: u32,
    /// Number within the part.
    pub index: u32,
}

/// The weights of a graph, in parts. A part may hold weights that the graph does not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightParts {
    /// What every part holds.
    pub parts: Vec<Vec<WeightSpec>>,
    /// Which one every weight of the graph is, in the order of its tensors.
    pub refs: Vec<WeightRef>,
}

impl WeightParts {
    /// All weights of a graph in one part, in the order of its tensors; no part if it has none.
    pub fn of(graph: &Graph) -> Self {
        Self::within(graph, u64::MAX)
    }

    /// All weights of a graph in the order of its tensors, in parts that one after the other take as many of them as have
    /// at most so many cells; one that has more is a part of its own.
    pub fn within(graph: &Graph, cells: u64) -> Self {
        let parts = consecutive(weights(graph).map(WeightSpec::from), cells);
        let refs = (0..)
            .zip(&parts)
            .flat_map(|(part, specs)| (0..specs.len() as u32).map(move |index| WeightRef { part, index }));
        Self { refs: refs.collect(), parts }
    }

    /// The weights of one part as a graph, which does nothing with them; no weights for a part that there is not.
    pub fn graph(&self, part: usize) -> Graph {
        of(self.parts.get(part).into_iter().flatten())
    }

    /// The weights of all parts as a graph.
    pub fn all(&self) -> Graph {
        of(self.parts.iter().flatten())
    }
}

/// A graph that has weights and nothing else.
fn of<'a>(specs: impl Iterator<Item = &'a WeightSpec>) -> Graph {
    let tensor = |spec: &WeightSpec| {
        let WeightSpec { shape, range } = spec.clone();
        Tensor { name: String::new(), shape, scale: 0, range, role: Role::Weight }
    };
    Graph { tensors: specs.map(tensor).collect(), ..Graph::default() }
}

/// Weights in parts that one after the other take as many of them as have at most so many cells; one that has more is a part
/// of its own.
pub fn consecutive(specs: impl IntoIterator<Item = WeightSpec>, cells: u64) -> Vec<Vec<WeightSpec>> {
    let mut parts: Vec<Vec<WeightSpec>> = Vec::new();
    let mut room = 0u64;
    for spec in specs {
        let own = spec.cells();
        match parts.last_mut().filter(|_| own <= room) {
            Some(part) => {
                part.push(spec);
                room -= own;
            }
            None => {
                parts.push(vec![spec]);
                room = cells.saturating_sub(own);
            }
        }
    }
    parts
}

/// The weights of a graph, in the order of its tensors.
pub(crate) fn weights(graph: &Graph) -> impl Iterator<Item = &Tensor> {
    graph.tensors.iter().filter(|tensor| tensor.role == Role::Weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TensorId;
    use crate::layout::{ArenaKind, ChunkSize, Layout, Scope};

    fn weight(name: &str, dims: &[u32], range: Interval) -> Tensor {
        Tensor { name: name.to_owned(), shape: Shape::new(dims), scale: 0, range, role: Role::Weight }
    }

    fn graph() -> Graph {
        let byte = Interval::new(-128, 127);
        let tensors = vec![
            weight("a", &[3, 5], Interval::I16),
            weight("b", &[40, 30], byte),
            weight("c", &[7], Interval::I16),
        ];
        Graph { tensors, ..Graph::default() }
    }

    #[test]
    fn parts_are_filled_one_after_the_other() {
        // 32, 1280 (of 40 by 30: 40 by 32) and 8 cells.
        let graph = graph();
        let specs: Vec<WeightSpec> = graph.tensors.iter().map(WeightSpec::from).collect();
        assert_eq!(specs.iter().map(WeightSpec::cells).collect::<Vec<_>>(), [32, 1280, 8]);
        for (cells, lengths) in [
            (u64::MAX, vec![3]),
            (1320, vec![3]),
            (1319, vec![2, 1]),
            (1311, vec![1, 2]),
            (1287, vec![1, 1, 1]),
            (0, vec![1, 1, 1]),
        ] {
            let parts = WeightParts::within(&graph, cells);
            parts.check(&graph).unwrap();
            assert_eq!(parts.parts.iter().map(Vec::len).collect::<Vec<_>>(), lengths, "{cells}");
            assert_eq!(parts.all(), WeightParts::of(&graph).all());
            // Every weight lies in its own part, as in that part alone.
            let size = ChunkSize { k: 8, weights: 6, inputs: 8 };
            let whole = Layout::with_weights(&graph, size, Scope::Inference, &parts);
            for (id, found) in (0..).map(TensorId).zip(&parts.refs) {
                let alone = Layout::new(&parts.graph(found.part as usize), size.weights, Scope::Weights);
                let start = whole.part_chunks()[found.part as usize].start << size.weights;
                let (place, own) = (whole.place(id).unwrap(), alone.place(TensorId(found.index)).unwrap());
                assert!(place.offsets.iter().copied().eq(own.offsets.iter().map(|offset| start + offset)));
            }
        }
        assert_eq!(WeightParts::within(&Graph::default(), 0), WeightParts::default());
    }

    #[test]
    fn a_weight_lies_where_its_part_puts_it() {
        let graph = graph();
        let own = WeightParts::of(&graph);
        own.check(&graph).unwrap();
        // Another graph reads two of them, and one that is its own.
        let tensors = [&graph.tensors[2..], &[weight("d", &[9, 9], Interval::I16)], &graph.tensors[..1]];
        let other = Graph { tensors: tensors.concat(), ..Graph::default() };
        let mut parts = own.clone();
        parts.parts.push(vec![WeightSpec::from(&other.tensors[1])]);
        parts.refs = [(0, 2), (1, 0), (0, 0)].map(|(part, index)| WeightRef { part, index }).to_vec();
        parts.check(&other).unwrap();
        let size = ChunkSize { k: 8, weights: 6, inputs: 8 };
        let first = Layout::new(&graph, size.weights, Scope::Weights);
        for (scope, k) in [(Scope::Inference, 8), (Scope::Shard, 6)] {
            let second = Layout::with_weights(&other, ChunkSize { k, inputs: k, ..size }, scope, &parts);
            for (id, same) in [(0, 2), (2, 0)] {
                assert_eq!(second.place(TensorId(id)), first.place(TensorId(same)));
            }
            // The second part begins at a chunk of its own.
            let chunks = first.arena(ArenaKind::Weights).chunks();
            assert_eq!(second.place(TensorId(1)).unwrap().offsets, [chunks << size.weights]);
            assert_eq!(second.arena(ArenaKind::Weights).chunks(), chunks + 4);
        }
    }
}
