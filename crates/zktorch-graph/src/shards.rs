//! A graph, cut into shards: graphs of their own that are proved one after the other.
//!
//! The list of steps is cut into consecutive parts, only between steps. What goes in or out of a shard is named by *wires*:
//! those of the graph's inputs come first, then its outputs, then the *boundaries* in the order in which they are defined. A
//! boundary is a tensor that a later shard reads: a private output of the shard that defines it, and a private input, with the
//! same range, of every shard that reads it. An output of the graph that is read later is its own wire.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::layout::Cut;
use crate::{Expr, Graph, Limbs, Role, Step, Table, TableId, Tensor, TensorId, View, Visibility};

/// What a cell that crosses a cut costs, in committed cells: it is committed and looked up on both sides.
const CROSSING: u64 = 4;

/// A part of a graph, as a graph.
#[derive(Clone, Debug)]
pub struct Shard {
    /// Its steps, with everything that they read.
    pub graph: Graph,
    /// What every one of its tensors is in the whole graph. A boundary that could not become an output itself has a copy
    /// beside it.
    pub tensors: Vec<TensorId>,
    /// The wires of its inputs.
    pub inputs: Vec<u32>,
    /// The wires of its outputs.
    pub outputs: Vec<u32>,
}

/// Cuts a valid graph into `count` shards, or fewer where it has not as many places to cut at. Shards commit to about equally
/// many cells, but a cut goes where little crosses it.
///
/// A shard of a valid graph is valid: it has the same ranges, so the same bounds.
pub fn shards(graph: &Graph, count: usize) -> Vec<Shard> {
    let plan = Plan::new(graph);
    let parts = plan.parts(count);
    plan.build(&parts)
}

/// Cells that proofs of a graph commit to: those of tensors, padding included, and of their inverse columns.
pub fn committed_cells(graph: &Graph) -> u64 {
    graph.tensors.iter().map(cells).sum()
}

fn cells(tensor: &Tensor) -> u64 {
    let columns = match tensor.role {
        Role::Ranged | Role::LookupInput(_) => 2,
        Role::Input(Visibility::Private) | Role::Output(Visibility::Private) => 2,
        Role::LookupOutput(_) => 1,
        Role::Weight | Role::Input(_) | Role::Output(_) | Role::One => 0,
    };
    columns * padded(tensor)
}

fn padded(tensor: &Tensor) -> u64 {
    Cut::new(&tensor.shape).pieces().iter().map(|piece| 1 << piece.vars).sum()
}

/// Where tensors are defined and read.
struct Plan<'a> {
    graph: &'a Graph,
    /// The step that defines a tensor.
    defined: Vec<Option<usize>>,
    /// The steps that read a tensor, ascending.
    readers: Vec<Vec<usize>>,
}

impl<'a> Plan<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut defined = vec![None; graph.tensors.len()];
        let mut readers = vec![Vec::new(); graph.tensors.len()];
        for (i, step) in graph.steps.iter().enumerate() {
            step.defines().into_iter().for_each(|id| defined[id.0 as usize] = Some(i));
            step.reads().into_iter().for_each(|id| readers[id.0 as usize].push(i));
        }
        Self { graph, defined, readers }
    }

    /// The steps of every shard.
    fn parts(&self, count: usize) -> Vec<Range<usize>> {
        let steps = self.graph.steps.len();
        let crossing = self.crossing();
        let mut before = vec![0; steps + 1];
        for (i, step) in self.graph.steps.iter().enumerate() {
            let own: u64 = step.defines().into_iter().map(|id| cells(self.graph.tensor(id))).sum();
            before[i + 1] = before[i] + own;
        }
        let total = before[steps];
        let mut cuts = vec![0];
        for shard in 1..count.min(steps) {
            let last = cuts[cuts.len() - 1];
            // In 128 bits: both factors come from outside.
            let wanted = (u128::from(total) * shard as u128 / count as u128) as u64;
            let cost = |at: &usize| -> Option<u64> {
                let crossing = crossing[*at]?;
                Some(before[*at].abs_diff(wanted).saturating_add(CROSSING.saturating_mul(crossing)))
            };
            let best = (last + 1..steps).filter_map(|at| cost(&at).map(|cost| (cost, at))).min();
            cuts.extend(best.map(|(_, at)| at));
        }
        cuts.push(steps);
        cuts.windows(2).map(|cut| cut[0]..cut[1]).collect()
    }

    /// The cells that cross a cut before every step; none where there can be no cut, which is between the definition of a
    /// lookup's argument and the lookup.
    fn crossing(&self) -> Vec<Option<u64>> {
        let steps = self.graph.steps.len();
        let mut change = vec![0i128; steps + 2];
        let mut forbidden = vec![0i64; steps + 2];
        for (i, tensor) in self.graph.tensors.iter().enumerate() {
            if tensor.role == Role::Weight || tensor.role.is_public() {
                continue;
            }
            let size = i128::from(padded(tensor));
            // A private input is committed once, and looked up by every shard that reads it.
            let first = self.defined[i].or_else(|| self.readers[i].first().copied());
            if let (Some(first), Some(last)) = (first, self.readers[i].last()) {
                change[first + 1] += size;
                change[last + 1] -= size;
            }
        }
        for (i, step) in self.graph.steps.iter().enumerate() {
            let argument = step.lookup(self.graph).and_then(|(_, x, _)| self.defined[x.0 as usize]);
            if let Some(first) = argument {
                forbidden[first + 1] += 1;
                forbidden[i + 1] -= 1;
            }
        }
        let (mut crossing, mut pending) = (0i128, 0i64);
        (0..=steps)
            .map(|at| {
                crossing += change[at];
                pending += forbidden[at];
                (pending == 0).then(|| u64::try_from(crossing).unwrap_or(u64::MAX))
            })
            .collect()
    }

    fn build(&self, parts: &[Range<usize>]) -> Vec<Shard> {
        let graph = self.graph;
        let shard_of = |step: usize| parts.partition_point(|part| part.end <= step);
        let mut wires: BTreeMap<TensorId, u32> =
            (graph.outputs.iter().copied()).zip(graph.inputs.len() as u32..).collect();
        // The boundaries, in the order of their shards.
        let mut boundaries: Vec<(usize, TensorId)> = Vec::new();
        for (i, (defined, readers)) in self.defined.iter().zip(&self.readers).enumerate() {
            if let (Some(defined), Some(last)) = (defined, readers.last())
                && shard_of(*defined) < shard_of(*last)
                && !wires.contains_key(&TensorId(i as u32))
            {
                boundaries.push((shard_of(*defined), TensorId(i as u32)));
            }
        }
        boundaries.sort_unstable();
        let first = graph.inputs.len() + graph.outputs.len();
        wires.extend(boundaries.iter().zip(first as u32..).map(|((_, id), wire)| (*id, wire)));
        parts.iter().enumerate().map(|(shard, part)| self.shard(shard, part, &wires)).collect()
    }

    fn shard(&self, shard: usize, part: &Range<usize>, wires: &BTreeMap<TensorId, u32>) -> Shard {
        let graph = self.graph;
        let steps = &graph.steps[part.clone()];
        let mut used: BTreeSet<TensorId> = BTreeSet::new();
        steps.iter().for_each(|step| used.extend(step.defines().into_iter().chain(step.reads())));
        if shard == 0 {
            // An input that nobody reads is an input all the same.
            used.extend(graph.inputs.iter().filter(|id| self.readers[id.0 as usize].is_empty()));
        }
        let own = |id: TensorId| self.defined[id.0 as usize].is_some_and(|step| part.contains(&step));
        let results: BTreeSet<TensorId> = steps.iter().filter_map(result).collect();
        let mut build = Builder::default();
        for id in &used {
            let mut tensor = graph.tensor(*id).clone();
            let defined_before = self.defined[id.0 as usize].is_some() && !own(*id);
            tensor.role = match tensor.role {
                Role::Output(visibility) if defined_before => Role::Input(visibility),
                _ if defined_before => Role::Input(Visibility::Private),
                Role::Ranged if wires.contains_key(id) && results.contains(id) => {
                    Role::Output(Visibility::Private)
                }
                role => role,
            };
            build.tensor(graph, *id, tensor);
        }
        let mut made = build.graph;
        made.steps = steps.iter().map(|step| renamed(step, &build.ids, &build.tables)).collect();
        let mut inputs: Vec<(TensorId, u32)> = Vec::new();
        let mut outputs: Vec<(TensorId, u32)> = Vec::new();
        let given = (graph.inputs.iter().copied()).zip(0u32..);
        inputs.extend(given.filter_map(|(id, wire)| Some((*build.ids.get(&id)?, wire))));
        let mut named: Vec<(TensorId, u32)> = wires.iter().map(|(id, wire)| (*id, *wire)).collect();
        named.sort_unstable_by_key(|(_, wire)| *wire);
        for (id, wire) in named {
            let Some(inside) = build.ids.get(&id).copied() else { continue };
            let tensor = &made.tensors[inside.0 as usize];
            match tensor.role {
                Role::Input(_) => inputs.push((inside, wire)),
                Role::Output(_) => outputs.push((inside, wire)),
                // What is pinned by a lookup, or is one limb of several, is copied.
                _ => {
                    let copy = Tensor { role: Role::Output(Visibility::Private), ..tensor.clone() };
                    let acc = Expr::view(View::identity(inside, &copy.shape));
                    let place = TensorId(made.tensors.len() as u32);
                    made.tensors.push(copy);
                    made.steps.push(Step::rescale(acc, 1, place, None));
                    build.origins.push(id);
                    outputs.push((place, wire));
                }
            }
        }
        let (inputs, input_wires) = inputs.into_iter().unzip();
        let (outputs, output_wires) = outputs.into_iter().unzip();
        (made.inputs, made.outputs) = (inputs, outputs);
        Shard { graph: made, tensors: build.origins, inputs: input_wires, outputs: output_wires }
    }
}

/// A shard's tensors and tables, as they come.
#[derive(Default)]
struct Builder {
    graph: Graph,
    origins: Vec<TensorId>,
    ids: BTreeMap<TensorId, TensorId>,
    tables: BTreeMap<TableId, TableId>,
}

impl Builder {
    fn tensor(&mut self, whole: &Graph, id: TensorId, mut tensor: Tensor) {
        if let Role::LookupInput(table) | Role::LookupOutput(table) = &mut tensor.role {
            *table = *self.tables.entry(*table).or_insert_with(|| {
                let definition: &Table = whole.table(*table);
                self.graph.tables.push(definition.clone());
                TableId(self.graph.tables.len() as u32 - 1)
            });
        }
        self.ids.insert(id, TensorId(self.graph.tensors.len() as u32));
        self.graph.tensors.push(tensor);
        self.origins.push(id);
    }
}

/// The one tensor that is the result of a step, if it may be an output.
fn result(step: &Step) -> Option<TensorId> {
    match step {
        Step::Rescale { y: limbs, .. } | Step::Quotient { q: limbs, .. } | Step::Root { y: limbs, .. } => {
            limbs.top().filter(|_| limbs.len() == 1)
        }
        Step::Saturate { y, .. } => Some(*y),
        Step::Lookup { .. } | Step::Gap { .. } => None,
    }
}

/// A step with other ids.
fn renamed(step: &Step, ids: &BTreeMap<TensorId, TensorId>, tables: &BTreeMap<TableId, TableId>) -> Step {
    let id = |id: &mut TensorId| *id = ids.get(id).copied().unwrap_or(*id);
    let limbs = |lists: &mut [&mut Limbs]| lists.iter_mut().for_each(|list| list.0.iter_mut().for_each(id));
    let mut step = step.clone();
    for view in step.views_mut() {
        id(&mut view.tensor);
        view.factors.iter_mut().filter_map(crate::Factor::indices_mut).for_each(id);
    }
    match &mut step {
        Step::Rescale { y, r, slack, .. } | Step::Root { y, r, slack, .. } => limbs(&mut [y, r, slack]),
        Step::Quotient { q, r, slack, .. } => limbs(&mut [q, r, slack]),
        Step::Lookup { table, x, y } => {
            *table = tables.get(table).copied().unwrap_or(*table);
            [x, y].into_iter().for_each(id);
        }
        Step::Saturate { y, r, slack, excess, negative, .. } => {
            limbs(&mut [r, slack, excess]);
            [y, negative].into_iter().for_each(id);
        }
        Step::Gap { r, slack, max, gap, excess, chosen, .. } => {
            limbs(&mut [r, slack, max, gap, excess]);
            id(chosen);
        }
    }
    step
}

#[cfg(test)]
#[cfg(feature = "executor")]
mod tests;
