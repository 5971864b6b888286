//! `zktorch compile`.

use std::path::Path;

use anyhow::Result;
use tracing::info_span;
use zktorch::Bytes32;
use zktorch::cli::{self, CompileSource};
use zktorch::report::{Report, Stage};
use zktorch_graph::Visibility;
use zktorch_onnx::{FloatModel, GENERATED, Options, compile};
use zktorch_prover::committed_values;

use super::model_file::{ModelFile, Recipe};
use super::{Context, Outcome, file_bytes, load_samples, plan, read_model, require_folder};

pub(super) fn run(context: &Context, options: &cli::Compile) -> Result<Outcome> {
    let mut report = Report::new("compile");
    let path = &options.output_file;
    require_folder(path)?;
    let visibility = |option| match option {
        cli::Visibility::Public => Visibility::Public,
        cli::Visibility::Private => Visibility::Private,
    };
    let (input, output) = (visibility(options.input), visibility(options.output));
    let file = compile_model(context, &mut report, [&options.model, path], &options.source, [input, output])?;
    file.write(context, path)?;
    report.committed_values = Some(committed_values(&file.graph) as u64);
    report.note("model", path.display().to_string());
    Ok(Outcome::Done(report))
}

/// Reads, calibrates and compiles an ONNX model that will be written to `target`.
pub(super) fn compile_model(
    context: &Context,
    report: &mut Report,
    [path, target]: [&Path; 2],
    source: &CompileSource,
    [input, output]: [Visibility; 2],
) -> Result<ModelFile> {
    // Samples come one to a file, or in an archive whose size tells little: most often there are enough.
    let samples = if source.calibration.is_some() { plan::SAMPLES } else { GENERATED };
    let _running = context.progress.begin("compile", plan::compile(file_bytes(path).unwrap_or(0), samples));
    let onnx = read_model(path)?;
    let base_dir = path.parent().map(Path::to_path_buf);
    let mut options = Options { input, output, base_dir, ..Options::default() };
    if let Some(calibration) = &source.calibration {
        let _span = info_span!("read samples").entered();
        let float = FloatModel::new(&onnx, &options)?;
        options.calibration = load_samples(calibration, source.image.as_ref(), float.inputs())?;
    }
    // Without its external data the float model is of no use, and is not stored.
    let alone = info_span!("check model").in_scope(|| FloatModel::new(&onnx, &Options::default()).is_ok());
    if alone {
        // The least that it can be: the weights come on top.
        context.require_room(&[(target, onnx.len() as u64)])?;
    }
    let compiled = report.time(Stage::Compile, || compile(&onnx, &options))?;
    for warning in &compiled.warnings {
        context.progress.warn(warning);
    }
    let recipe = Recipe {
        onnx: Bytes32::sha256(&onnx),
        input,
        output,
        headroom: compiled.headroom,
        ranges: compiled.ranges.clone(),
        image: source.image.clone(),
    };
    Ok(ModelFile::new(&compiled, recipe, alone.then_some(onnx)))
}
