//! If, Loop and Scan: unrolled, because what a proof states has a fixed shape.

use super::scope::{Expander, Scope};
use crate::Result;
use crate::ops::Context;
use crate::program::{Id, Kind};
use crate::proto::{GraphProto, NodeProto};

/// The operators, and where they are expanded.
pub(crate) const OPERATORS: [&str; 3] = ["If", "Loop", "Scan"];
pub(crate) const MODULE: &str = module_path!();

/// Runs of a body after which a loop is refused.
const MAX_RUNS: usize = 1 << 16;

/// One axis of a scan: of which value, and in which direction.
struct Scanned {
    axis: usize,
    reverse: bool,
}

/// A constant truth value, if the value is a constant.
fn truth(cx: &Context<'_>, id: Id) -> Option<bool> {
    cx.b.constant(id).filter(|tensor| tensor.len() == 1).map(|tensor| tensor.get(0) != 0.0)
}

/// The graph that is an attribute of a node.
fn graph<'n>(cx: &Context<'_>, node: &'n NodeProto, name: &str) -> Result<&'n GraphProto> {
    let attribute = node.attribute.iter().find(|attribute| attribute.name == name);
    let graph = attribute.and_then(|attribute| attribute.g.as_ref());
    graph.ok_or_else(|| cx.error(format!("attribute {name}"), "a graph", "none"))
}

impl Expander<'_> {
    /// The branch that a constant chooses; both and a choice between their results, if the condition comes at
    /// run time.
    pub(super) fn branch(&mut self, node: &NodeProto, scope: &Scope<'_>) -> Result<Vec<Id>> {
        let cx = self.context(node, scope)?;
        let condition = cx.input(0)?;
        let (yes, no) = (graph(&cx, node, "then_branch")?, graph(&cx, node, "else_branch")?);
        if cx.b.len(condition) != 1 {
            return Err(cx.error("input 0", "one truth value", format!("extents {:?}", cx.dims(condition))));
        }
        if let Some(condition) = truth(&cx, condition) {
            let taken = if condition { yes } else { no };
            return self.once(taken, node, scope);
        }
        let (yes, no) = (self.once(yes, node, scope)?, self.once(no, node, scope)?);
        let condition = self.b.reshape(condition, &[]);
        let mut results = Vec::new();
        for (yes, no) in yes.into_iter().zip(no) {
            if self.b.dims(yes) != self.b.dims(no) {
                let (yes, no) = (self.b.dims(yes).to_vec(), self.b.dims(no).to_vec());
                let expected = "a constant condition, or branches whose results have the same extents";
                return Err(self.context(node, scope)?.error(
                    "input 0",
                    expected,
                    format!("{yes:?} and {no:?}"),
                ));
            }
            results.push(if yes == no { yes } else { self.b.choose(condition, yes, no) });
        }
        Ok(results)
    }

    fn once(&mut self, graph: &GraphProto, node: &NodeProto, scope: &Scope<'_>) -> Result<Vec<Id>> {
        let constants = self.constants(graph)?;
        self.graph(graph, &constants, &[], node, scope)
    }

    /// As many runs of the body as constants say.
    pub(super) fn repeat(&mut self, node: &NodeProto, scope: &Scope<'_>) -> Result<Vec<Id>> {
        let cx = self.context(node, scope)?;
        let body = graph(&cx, node, "body")?;
        let count = cx.input_number(0)?;
        let mut going = match cx.optional(1) {
            None => true,
            Some(id) => truth(&cx, id).ok_or_else(|| {
                cx.error("input 1 (condition)", "a constant", "a value known only at run time")
            })?,
        };
        let missing = || cx.error("inputs", "a value for each that is carried along", "none");
        let mut carried =
            cx.inputs.iter().skip(2).map(|id| id.ok_or_else(missing)).collect::<Result<Vec<_>>>()?;
        let constants = self.constants(body)?;
        let mut collected: Vec<Vec<Id>> = Vec::new();
        let mut run = 0;
        while going && count.is_none_or(|count| (run as f64) < count) {
            if run == MAX_RUNS {
                let expected = format!("at most {MAX_RUNS} runs of the body");
                return Err(self.context(node, scope)?.error("trip count", expected, format!("{count:?}")));
            }
            let number = self.b.scalar(run as f64, Kind::Int);
            let condition = self.b.scalar(1.0, Kind::Bool);
            let mut given = vec![number, condition];
            given.extend(&carried);
            let results = self.graph(body, &constants, &given, node, scope)?;
            let cx = self.context(node, scope)?;
            if results.len() < 1 + carried.len() {
                let expected = format!("at least {} outputs", 1 + carried.len());
                return Err(cx.error("body", expected, results.len().to_string()));
            }
            let (next, results) = results.split_at(1);
            going = truth(&cx, next[0]).ok_or_else(|| {
                cx.error("condition of the body", "a constant", "a value known only at run time")
            })?;
            let (next, scanned) = results.split_at(carried.len());
            carried = next.to_vec();
            collected.resize(scanned.len(), Vec::new());
            collected.iter_mut().zip(scanned).for_each(|(list, id)| list.push(*id));
            run += 1;
        }
        let scans = body.output.len().saturating_sub(1 + carried.len());
        if collected.is_empty() && scans > 0 {
            let expected = "at least one run of a body whose outputs are collected";
            return Err(self.context(node, scope)?.error("trip count", expected, "0"));
        }
        for list in &collected {
            let stacked = self.stack(list, 0, false, node, scope)?;
            carried.push(stacked);
        }
        Ok(carried)
    }

    /// Values of one shape one after the other along a new axis.
    fn stack(
        &mut self,
        list: &[Id],
        axis: i64,
        reverse: bool,
        node: &NodeProto,
        scope: &Scope<'_>,
    ) -> Result<Id> {
        let cx = self.context(node, scope)?;
        let Some(first) = list.first() else { return Err(cx.error("body", "at least one run", "none")) };
        let dims = cx.dims(*first);
        if let Some(other) = list.iter().find(|id| cx.b.dims(**id) != dims) {
            let got = format!("{dims:?} and {:?}", cx.b.dims(*other));
            return Err(cx.error("body", "outputs of the same extents in each run", got));
        }
        let axis = cx.axis("axis of an output", axis, dims.len() + 1)?;
        let mut full = dims;
        full.insert(axis, 1);
        let mut parts: Vec<Id> = list.iter().map(|id| cx.b.reshape(*id, &full)).collect();
        if reverse {
            parts.reverse();
        }
        Ok(cx.b.concat(&parts, axis))
    }

    /// One run of the body per entry of the scanned axes. Version 8 has a batch axis, and an input for
    /// lengths before the others.
    pub(super) fn scan(&mut self, node: &NodeProto, scope: &Scope<'_>) -> Result<Vec<Id>> {
        let cx = self.context(node, scope)?;
        let batched = cx.opset < 9;
        if batched && cx.optional(0).is_some() {
            return Err(cx.error("input 0 (sequence_lens)", "absent", "a value"));
        }
        let missing = || cx.error("inputs", "a value for each", "none");
        let skip = usize::from(batched);
        let given =
            cx.inputs.iter().skip(skip).map(|id| id.ok_or_else(missing)).collect::<Result<Vec<_>>>()?;
        let Some(batch) = given.first().filter(|_| batched).map(|id| cx.b.dims(*id).first().copied()) else {
            return self.scan_all(&given, node, scope);
        };
        let mut results: Vec<Vec<Id>> = Vec::new();
        for row in 0..batch.unwrap_or_default() {
            let mut parts = Vec::new();
            for id in &given {
                let dims = self.b.dims(*id).to_vec();
                if dims.first().copied() != batch {
                    let expected = format!("{batch:?} entries along axis 0");
                    return Err(self.context(node, scope)?.error("inputs", expected, format!("{dims:?}")));
                }
                let part = self.b.slice(*id, 0, row, 1);
                parts.push(self.b.reshape(part, &dims[1..]));
            }
            let outputs = self.scan_all(&parts, node, scope)?;
            results.resize(outputs.len(), Vec::new());
            results.iter_mut().zip(outputs).for_each(|(list, id)| list.push(id));
        }
        results.iter().map(|list| self.stack(list, 0, false, node, scope)).collect()
    }

    fn scan_all(&mut self, given: &[Id], node: &NodeProto, scope: &Scope<'_>) -> Result<Vec<Id>> {
        let cx = self.context(node, scope)?;
        let body = graph(&cx, node, "body")?;
        let inputs = cx.int("num_scan_inputs", 0)?;
        let states = usize::try_from(inputs).ok().and_then(|inputs| given.len().checked_sub(inputs));
        let Some(states) = states.filter(|states| *states < given.len()) else {
            let expected = format!("from 1 to {}", given.len());
            return Err(cx.error("attribute num_scan_inputs", expected, inputs.to_string()));
        };
        let (states, scans) = given.split_at(states);
        let outputs = body.output.len().saturating_sub(states.len());
        let list = |name: &str, count: usize| -> Result<Vec<i64>> {
            let list = cx.ints(name)?.unwrap_or_else(|| vec![0; count]);
            match list.len() == count {
                true => Ok(list),
                false => {
                    let got = format!("{list:?}");
                    Err(cx.error(format!("attribute {name}"), format!("{count} integers"), got))
                }
            }
        };
        let old = if cx.has("directions") { "directions" } else { "scan_input_directions" };
        let (axes, directions) = (list("scan_input_axes", scans.len())?, list(old, scans.len())?);
        let (out_axes, out_directions) =
            (list("scan_output_axes", outputs)?, list("scan_output_directions", outputs)?);
        let mut read = Vec::new();
        let mut extent = None;
        for ((id, axis), direction) in scans.iter().zip(axes).zip(directions) {
            let dims = cx.dims(*id);
            let axis = cx.axis("attribute scan_input_axes", axis, dims.len())?;
            let expected = *extent.get_or_insert(dims[axis]);
            if dims[axis] != expected {
                let expected = format!("{expected} entries along scanned axes");
                return Err(cx.error("inputs", expected, format!("{dims:?}")));
            }
            read.push((*id, Scanned { axis, reverse: direction != 0 }));
        }
        let extent = extent.unwrap_or_default();
        let constants = self.constants(body)?;
        let mut state = states.to_vec();
        let mut collected: Vec<Vec<Id>> = vec![Vec::new(); outputs];
        for run in 0..extent {
            let mut values = state.clone();
            for (id, scanned) in &read {
                let place = if scanned.reverse { extent - 1 - run } else { run };
                let mut dims = self.b.dims(*id).to_vec();
                dims.remove(scanned.axis);
                let entry = self.b.slice(*id, scanned.axis, place, 1);
                values.push(self.b.reshape(entry, &dims));
            }
            let results = self.graph(body, &constants, &values, node, scope)?;
            if results.len() < state.len() {
                let expected = format!("at least {} outputs", state.len());
                let got = results.len().to_string();
                return Err(self.context(node, scope)?.error("body", expected, got));
            }
            let (next, scanned) = results.split_at(state.len());
            state = next.to_vec();
            collected.iter_mut().zip(scanned).for_each(|(list, id)| list.push(*id));
        }
        for ((list, axis), direction) in collected.iter().zip(out_axes).zip(out_directions) {
            let stacked = self.stack(list, axis, direction != 0, node, scope)?;
            state.push(stacked);
        }
        Ok(state)
    }
}
