//! `zktorch inspect`.

use anyhow::Result;
use serde_json::{Value, json};
use zktorch::cli;
use zktorch::report::Report;
use zktorch_onnx::{Options, compile, inspect};
use zktorch_prover::{choose_k, committed_values};

use super::{Context, Outcome, read_model};

/// Bytes per committed cell while proving, about: the cell, its index and tag, its inverse.
const BYTES_PER_CELL: u64 = 48;
/// Seconds per committed value on two cores with AVX-512 IFMA, about.
const SECONDS_PER_VALUE: f64 = 0.4e-6;
/// What a proof costs at least.
const SECONDS_AT_LEAST: f64 = 0.04;

pub(super) fn run(context: &Context, options: &cli::Inspect) -> Result<Outcome> {
    let bytes = read_model(&options.model)?;
    let base_dir = options.model.parent().map(std::path::Path::to_path_buf);
    let compile_options = Options { base_dir, ..Options::default() };
    let found = inspect(&bytes, &compile_options)?;
    let mut report = Report::new("inspect");
    for node in found.nodes.iter().filter(|node| node.problem.is_some()) {
        let problem = node.problem.as_deref().unwrap_or_default();
        context.progress.warn(&format!("node {} ({}): {problem}", node.name, node.op));
    }
    report.note("opset", found.opset);
    report.note("supported", found.supported);
    report.note("parameters", found.parameters);
    report.note("multiplications", found.multiplications);
    report.note("operators", json!(found.operators));
    report.note("inputs", json!(found.inputs));
    report.note("outputs", json!(found.outputs));
    report.note("nodes", serde_json::to_value(&found.nodes).unwrap_or(Value::Null));
    if found.supported {
        // The layout does not depend on the weights' values, and hardly on the scales.
        let compiled = compile(&bytes, &compile_options)?;
        let (k, committed) = (choose_k(&compiled.graph), committed_values(&compiled.graph) as u64);
        report.committed_values = Some(committed);
        report.note("k", k);
        report.note("estimated_prove_s", SECONDS_AT_LEAST + committed as f64 * SECONDS_PER_VALUE);
        let srs = 64u64 << k;
        report.note(
            "estimated_memory_bytes",
            4 * srs + BYTES_PER_CELL * committed + 8 * found.parameters as u64,
        );
    }
    report.note("security_bits", json!({"computational": 100, "statistical_2_80_queries": 141}));
    Ok(Outcome::Done(report))
}
