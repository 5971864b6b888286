//! `zktorch run`.

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};
use zktorch::cli;
use zktorch::report::{Report, Stage};
use zktorch_onnx::{FloatTensor, OnnxError};
use zktorch_prover::committed_values;

use super::Outcome;
use super::samples::{load_input, port_names, suggest_room};
use zktorch::model_file::ModelFile;

pub(super) fn run(options: &cli::Run) -> Result<Outcome> {
    let mut report = Report::new("run");
    let loaded = report.time(Stage::Load, || -> Result<_> {
        let file = ModelFile::read(&options.model)?.found_in(options.external_data.as_deref());
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
    let float = file.float()?;
    let expected = float.run(&inputs)?;
    if expected.len() != outputs.len() {
        bail!("the float model: expected {} outputs, got {}", outputs.len(), expected.len());
    }
    let mut errors = Map::new();
    let (mut largest, mut largest_relative) = (0f64, 0f64);
    for ((port, got), expected) in compiled.outputs.iter().zip(&outputs).zip(&expected) {
        let error = max_abs_error(got, expected)?;
        let scale = f64::from(expected.max_abs());
        largest = largest.max(error);
        largest_relative = largest_relative.max(if scale > 0.0 { error / scale } else { error });
        errors.insert(port.name.clone(), json!(error));
    }
    report.max_abs_error = Some(largest);
    report.note("max_rel_error", largest_relative);
    report.note("output_errors", errors);
    if options.per_node {
        report.note("node_errors", json!(compiled.compare(&float, &inputs)?));
    }
    Ok(Outcome::Done(report))
}

fn max_abs_error(got: &FloatTensor, expected: &FloatTensor) -> Result<f64> {
    if got.data().len() != expected.data().len() {
        bail!("the float model: expected an output of extents {:?}, got {:?}", got.dims(), expected.dims());
    }
    let pairs = got.data().iter().zip(expected.data());
    Ok(pairs.fold(0.0, |max, (a, b)| max.max((f64::from(*a) - f64::from(*b)).abs())))
}
