//! Validated graphs, with what validation computed.

use std::borrow::Cow;

use super::{Bounds, check};
use crate::{Graph, GraphError, TableId};

/// A graph that [`Graph::validate`] accepts, with what was computed on the way: whoever holds one need not do it again.
#[derive(Clone, Debug)]
pub struct ValidGraph {
    graph: Graph,
    bounds: Bounds,
    values: TableValues,
}

/// The values of the tables that are formulas: they take long enough to be computed once only.
#[derive(Clone, Debug, Default)]
pub struct TableValues(pub(super) Vec<Option<Vec<i32>>>);

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

impl TableValues {
    /// The values of a table of the graph that these are from; computed here if they are not among them.
    ///
    /// # Panics
    /// If the graph has no such table.
    pub fn of(&self, graph: &Graph, id: TableId) -> Cow<'_, [i32]> {
        match self.0.get(id.0 as usize) {
            Some(Some(values)) => Cow::Borrowed(values),
            _ => Cow::Owned(graph.table(id).values()),
        }
    }
}
