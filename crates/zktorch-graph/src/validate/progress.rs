//! What is known while the steps are gone through.

use super::rules::{At, invalid, require};
use crate::{Graph, GraphError, TensorId};

/// What is known while the steps are gone through.
pub(super) struct Progress<'a> {
    pub(super) graph: &'a Graph,
    /// Tensors that may be read: weights, inputs, and what earlier steps defined.
    pub(super) defined: Vec<bool>,
    /// Tensors that no step may read: they are not determined.
    pub(super) unread: Vec<bool>,
    /// Arguments of a lookup so far.
    pub(super) looked_up: Vec<bool>,
    /// Whether a table is `v -> [v < 0]`, as far as somebody asked.
    pub(super) signs: Vec<Option<bool>>,
    /// Views so far.
    pub(super) views: usize,
    /// Entries of maps so far.
    pub(super) map_entries: u64,
}

impl<'a> Progress<'a> {
    /// Nothing was counted yet; `defined` are the tensors that may be read, and `signs` says of tables whether they are
    /// `v -> [v < 0]`, where that is known already.
    pub(super) fn new(graph: &'a Graph, defined: Vec<bool>, signs: Vec<Option<bool>>) -> Self {
        let [looked_up, unread] = [(); 2].map(|()| vec![false; graph.tensors.len()]);
        Self { graph, defined, unread, looked_up, signs, views: 0, map_entries: 0 }
    }

    /// That a tensor exists and is known before this step.
    pub(super) fn readable(&self, id: TensorId) -> Result<(), GraphError> {
        let unread = self.unread.get(id.0 as usize).is_some_and(|unread| *unread);
        require(!unread, "reading", "a tensor that is determined", "which largest entry a gap chose")
            .at(|| self.graph.place(id.0 as usize))?;
        match self.defined.get(id.0 as usize) {
            None => invalid("tensor id", format_args!("below {}", self.defined.len()), id.0),
            Some(defined) => require(*defined, "order", "a tensor of an earlier step", "a later one")
                .at(|| self.graph.place(id.0 as usize)),
        }
    }
}
