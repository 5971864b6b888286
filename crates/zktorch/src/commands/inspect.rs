//! `zktorch inspect`.

use anyhow::Result;
use serde_json::{Value, json};
use zktorch::cli::{self, Dim, Sharding};
use zktorch::printable;
use zktorch::report::Report;
use zktorch_graph::layout::{Layout, LookupKind, LookupTable, Scope};
use zktorch_graph::{Function, Graph, committed_cells, shards};
use zktorch_onnx::{Compiled, NodeReport, Options, compile, inspect};
use zktorch_prover::{ChunkCost, Estimate, chunk_costs};

use super::compile::tell_saturation;
use super::obstacles::Obstacles;
use super::samples::load_bound;
use super::{Context, Outcome, lines, read_model};

/// What the lines before and after the fields say.
const SAID_ELSEWHERE: [&str; 6] = ["command", "nodes", "operators", "problems", "summary", "supported"];

pub(super) fn run(context: &Context, options: &cli::Inspect) -> Result<Outcome> {
    let bytes = read_model(&options.model)?;
    let base_dir = options.model.parent().map(std::path::Path::to_path_buf);
    let (dims, bound) = (Dim::all(&options.dims)?, load_bound(&options.bind)?);
    let compile_options = Options { base_dir, dims, bound, saturate: options.saturate, ..Options::default() };
    let found = inspect(&bytes, &compile_options)?;
    let mut obstacles = Obstacles::of(&found);
    let mut report = Report::new("inspect");
    report.note("opset", found.opset);
    report.note("parameters", found.parameters);
    report.note("multiplications", found.multiplications);
    report.note("operators", json!(found.operators));
    report.note("inputs", json!(found.inputs));
    report.note("outputs", json!(found.outputs));
    report.note("nodes", serde_json::to_value(&found.nodes).unwrap_or(Value::Null));
    report.note("problems", json!(found.problems));
    if found.supported {
        // The layout does not depend on the weights' values, and hardly on the scales: one sample will do. To
        // run the float model on one takes a large network seconds.
        match compile(&bytes, &Options { generated: 1, ..compile_options }) {
            Ok(compiled) => estimates(&mut report, &compiled, found.parameters, options.sharding),
            Err(error) => obstacles.add(error.to_string()),
        }
    }
    let good = obstacles.lines.is_empty();
    report.note("supported", good);
    report.note("summary", obstacles.summary.clone());
    report.note("security_bits", json!({"computational": 100, "statistical_2_80_queries": 141}));
    if context.common.json {
        obstacles.text().iter().for_each(|line| context.progress.info(line));
    }
    let lines = text(&report, &obstacles, &found.nodes);
    Ok(Outcome::Told { report, lines, good })
}

fn estimates(report: &mut Report, compiled: &Compiled, parameters: usize, sharding: Sharding) {
    let graph = &compiled.graph;
    let cut = shards(graph, sharding.count(committed_cells(graph)));
    let estimate = Estimate::new(graph, &cut, parameters);
    report.committed_values = Some(estimate.committed_values);
    report.note("shards", (cut.len() > 1).then_some(cut.len()));
    report.note("k", estimate.k);
    report.note("chunk_sizes", (cut.len() <= 1).then(|| sizes(graph)));
    report.note("tables", tables(graph, estimate.k));
    tell_saturation(report, compiled.saturate, &compiled.graph);
    report.note("estimated_prove_s", estimate.seconds);
    report.note("estimated_memory_bytes", estimate.memory_bytes);
}

/// Why k is what it is: the size with the least time, where commitments of small chunks cost something beside it.
fn sizes(graph: &Graph) -> Vec<String> {
    let line = |size: ChunkCost| {
        let ChunkCost { k, commitments, seconds, weighed } = size;
        let extra = weighed - seconds;
        let extra = if extra > 0.0 { format!(" and {extra:.3} s for so many") } else { String::new() };
        format!("2^{k}: {commitments} commitments, {seconds:.3} s on one core{extra}")
    };
    chunk_costs(graph).into_iter().map(line).collect()
}

/// The lookup tables of a graph: each costs as much as tensors with so many entries, however small the model is.
fn tables(graph: &Graph, k: usize) -> Vec<String> {
    let layout = Layout::new(graph, k, Scope::Inference);
    let name = |table: &LookupTable| match table.kind {
        LookupKind::Range(_) => "range".to_owned(),
        LookupKind::Function(id) => match &graph.table(id).function {
            Function::Relu => "relu".to_owned(),
            Function::LeakyRelu { .. } => "leaky relu".to_owned(),
            Function::Clip { .. } => "clip".to_owned(),
            _ => "function".to_owned(),
        },
    };
    let line = |table: &LookupTable| format!("{} [{}, {}]", name(table), table.keys.lo, table.keys.hi);
    layout.tables().tables().iter().skip(1).map(line).collect()
}

/// What readers get: the summary, the problems, the fields, the nodes.
fn text(report: &Report, obstacles: &Obstacles, nodes: &[NodeReport]) -> Vec<String> {
    let shown = |line: &String| !SAID_ELSEWHERE.iter().any(|key| line.starts_with(&format!("{key}: ")));
    let fields: Vec<String> = lines(report).into_iter().filter(shown).collect();
    [obstacles.text(), fields, table(nodes)].join(&String::new())
}

/// One line a node, in columns.
fn table(nodes: &[NodeReport]) -> Vec<String> {
    let head = ["node", "operator", "extents", "multiplications", "remark"].map(str::to_owned);
    let row = |node: &NodeReport| {
        let extents = node.dims.as_ref().map_or_else(|| "?".to_owned(), |dims| format!("{dims:?}"));
        let multiplications =
            if node.multiplications > 0 { node.multiplications.to_string() } else { String::new() };
        let remark = match (&node.cause, node.constant) {
            (Some(cause), _) => cause.clone(),
            (None, true) => "constant".to_owned(),
            (None, false) => String::new(),
        };
        // As they are shown: columns are as wide as that.
        [node.name.clone(), node.op.clone(), extents, multiplications, remark]
            .map(|cell| printable(&cell).into_owned())
    };
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(nodes.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let padded = |row: &[String; 5]| -> String {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(padded).collect()
}
