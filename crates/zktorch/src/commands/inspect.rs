//! `zktorch inspect`.

use anyhow::Result;
use serde_json::{Value, json};
use zktorch::cli::{self, Dim, Sharding};
use zktorch::page::{self, Costed};
use zktorch::report::Report;
use zktorch::{printable, write_page};
use zktorch_graph::layout::{Layout, LookupKind, LookupTable, Scope};
use zktorch_graph::{Function, Graph};
use zktorch_onnx::{Compiled, NodeReport, Options, ValueError, compile, inspect};
use zktorch_prover::{ChunkCost, Estimate, chunk_costs, proof_parts};
use zktorch_verifier::Part;

use super::compile::tell_saturation;
use super::obstacles::Obstacles;
use super::prove::tell_memory;
use super::samples::load_bound;
use super::{Context, Outcome, lines, read_model, require_folder, tell_parts};

/// What errors are measured on.
const GENERATED_SAMPLE: &str = "one sample, generated at random: compile --calibration measures on real ones";
/// What the lines before and after the fields say.
const SAID_ELSEWHERE: [&str; 6] = ["command", "nodes", "operators", "problems", "summary", "supported"];

pub(super) fn run(context: &Context, options: &cli::Inspect) -> Result<Outcome> {
    options.html.as_deref().map(require_folder).transpose()?;
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
    report.note("problems", json!(found.problems));
    let mut costed = None;
    if found.supported {
        // The layout does not depend on the weights' values, and hardly on the scales: one sample will do. To
        // run the float model on one takes a large network seconds.
        match compile(&bytes, &Options { generated: 1, ..compile_options }) {
            Ok(compiled) => {
                costed = Some(estimates(&mut report, compiled, bytes.len() as u64, options.sharding)?)
            }
            Err(error) => obstacles.add(error.to_string()),
        }
    }
    report.note("nodes", nodes(&found, costed.as_ref()));
    if let Some(path) = &options.html {
        let title = options.model.file_name().unwrap_or_default().to_string_lossy();
        let costed = costed.as_ref().map(Estimated::costed);
        let lines = if obstacles.lines.is_empty() { Vec::new() } else { obstacles.text() };
        write_page(path, &page::of_inspection(&title, &found, costed, &lines).render(), false)?;
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

/// A model, and what a proof of it takes.
struct Estimated {
    compiled: Compiled,
    estimate: Estimate,
    parts: Vec<Part>,
}

impl Estimated {
    fn costed(&self) -> Costed<'_> {
        let (compiled, estimate, parts) = (&self.compiled, &self.estimate, &self.parts);
        Costed { compiled, estimate, parts, measured_on: Some(GENERATED_SAMPLE) }
    }
}

fn estimates(
    report: &mut Report,
    compiled: Compiled,
    onnx_bytes: u64,
    sharding: Sharding,
) -> Result<Estimated> {
    let graph = &compiled.graph;
    let weights: u64 = compiled.weights.iter().map(|(_, values)| 4 * values.len() as u64).sum();
    let (cut, ..) = sharding.cut(graph, true, onnx_bytes + weights)?;
    let estimate = Estimate::new(graph, &cut);
    report.committed_values = Some(estimate.committed_values);
    report.note("shards", (cut.len() > 1).then_some(cut.len()));
    report.note("k", estimate.k);
    report.note("chunk_sizes", (cut.len() <= 1).then(|| sizes(graph)));
    report.note("tables", tables(graph, estimate.k));
    tell_saturation(report, compiled.saturate, graph);
    report.note("estimated_prove_s", estimate.seconds);
    tell_memory(report, &estimate.memory);
    let stages =
        estimate.stages.iter().map(|planned| (planned.stage.name().to_owned(), json!(planned.seconds)));
    report.note("estimated_stage_s", Value::Object(stages.collect()));
    // What is too large for one proof has none, and that of shards has parts for each of them: their key says.
    let parts = if cut.len() > 1 { None } else { proof_parts(graph, estimate.k).ok() };
    let parts = parts.unwrap_or_default();
    if !parts.is_empty() {
        report.note("proof_parts", tell_parts(&parts));
    }
    Ok(Estimated { compiled, estimate, parts })
}

/// The nodes, with what each adds to a proof and how far it is off on a sample.
fn nodes(found: &zktorch_onnx::Report, costed: Option<&Estimated>) -> Value {
    let Ok(Value::Array(mut nodes)) = serde_json::to_value(&found.nodes) else { return Value::Null };
    if let Some(Estimated { compiled, estimate, .. }) = costed {
        let precision = &compiled.precision;
        let all: Vec<ValueError> = precision.values.iter().chain(&precision.outputs).cloned().collect();
        let costs = page::costs(found, compiled, estimate.k);
        for ((node, cost), error) in nodes.iter_mut().zip(costs).zip(page::errors(found, &all)) {
            node["cost"] = json!(cost);
            node["error"] = error.map_or(Value::Null, |error| {
                json!({"max_error": error.max_error, "max_abs": error.max_abs, "relative": error.relative()})
            });
        }
    }
    Value::Array(nodes)
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
