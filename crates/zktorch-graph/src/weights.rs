//! Weights as they were committed to: in *parts*, which several graphs may read.
//!
//! A commitment to weights is worth more than one graph: the same model for another length or batch reads the same
//! integers. So a key says of every part what was committed to in it, in which order, and of every weight of its
//! graph which one of which part it is. Where a weight lies follows from its part alone, whatever else the graph
//! reads ([`Layout`](crate::layout::Layout)).

use serde::{Deserialize, Serialize};

use crate::{Graph, Interval, Role, Shape, Tensor};

/// What was committed to as one weight.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WeightSpec {
    /// Extents.
    pub shape: Shape,
    /// Its entries are in this range: proved of the part, once.
    pub range: Interval,
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
        let part: Vec<WeightSpec> = weights(graph).map(WeightSpec::from).collect();
        let refs = (0..part.len() as u32).map(|index| WeightRef { part: 0, index }).collect();
        Self { parts: if part.is_empty() { Vec::new() } else { vec![part] }, refs }
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
