//! `zktorch run`.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Map, Value, json};
use zktorch::cli;
use zktorch::report::{Report, Stage};
use zktorch_onnx::{FloatTensor, OnnxError};
use zktorch_prover::committed_values;

use super::model_file::ModelFile;
use super::samples::{load_input, port_names, suggest_room};
use super::{Context, Outcome};

pub(super) fn run(context: &Context, options: &cli::Run) -> Result<Outcome> {
    let mut report = Report::new("run");
    let loaded = report.time(Stage::Load, || -> Result<_> {
        let file = ModelFile::read(&options.model)?;
        let compiled = file.compiled()?;
        let inputs = load_input(&options.input, file.recipe.image.as_ref(), &port_names(&compiled.inputs))?;
        Ok((file, compiled, inputs))
    });
    let (file, compiled, inputs) = loaded?;
    let room = |error: OnnxError| suggest_room(error.into(), compiled.headroom);
    let integers = compiled.quantise(&inputs).map_err(room)?;
    let values = report.time(Stage::Witness, || compiled.execute(integers)).map_err(room)?;
    let outputs = compiled.dequantise(&values);
    report.committed_values = Some(committed_values(&compiled.graph) as u64);
    let listed = compiled.outputs.iter().zip(&outputs);
    let listed: Map<String, Value> =
        listed.map(|(port, tensor)| (port.name.clone(), json!(tensor.data()))).collect();
    report.note("outputs", listed);

    // The float model beside it.
    match file.float()? {
        None => context.progress.warn("the model has external data: there is no float model to compare with"),
        Some(float) => {
            let mut nodes: BTreeMap<String, FloatTensor> = BTreeMap::new();
            float.run_with(&inputs, |name, value| {
                nodes.insert(name.to_owned(), value.clone());
            })?;
            let mut errors = Map::new();
            let mut largest: f64 = 0.0;
            for (port, got) in compiled.outputs.iter().zip(&outputs) {
                if let Some(expected) = nodes.get(&port.name) {
                    let error = max_abs_error(got, expected);
                    largest = largest.max(error);
                    errors.insert(port.name.clone(), json!(error));
                }
            }
            report.max_abs_error = Some(largest);
            report.note("output_errors", errors);
            if options.per_node {
                report.note("node_errors", json!(compiled.compare(&float, &inputs)?));
            }
        }
    }
    Ok(Outcome::Done(report))
}

fn max_abs_error(got: &FloatTensor, expected: &FloatTensor) -> f64 {
    let pairs = got.data().iter().zip(expected.data());
    pairs.fold(0.0, |max, (a, b)| max.max((f64::from(*a) - f64::from(*b)).abs()))
}
