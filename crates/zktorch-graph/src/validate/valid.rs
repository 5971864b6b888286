//! Validated graphs, with what validation computed.

use super::bounds::Bounds;
use super::graph::check;
use super::tables::TableValues;
use crate::{Graph, GraphError};

/// A graph that [`Graph::validate`] accepts, with what was computed on the way: whoever holds one need not do it again.
#[derive(Clone, Debug)]
pub struct ValidGraph {
    graph: Graph,
    bounds: Bounds,
    values: TableValues,
}

impl ValidGraph {
    /// Validates a graph.
    ///
    /// # Errors
    /// Those of [`Graph::validate`].
    pub fn new(graph: Graph) -> Result<Self, GraphError> {
        let (bounds, values) = check(&graph)?;
        Ok(Self { graph, bounds, values })
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The graph, the bounds of its integers, the values of its formulas.
    pub fn into_parts(self) -> (Graph, Bounds, TableValues) {
        (self.graph, self.bounds, self.values)
    }
}
