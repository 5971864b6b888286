//! `zktorch compile`.

use std::path::Path;

use anyhow::Result;
use zktorch::Bytes32;
use zktorch::cli::{self, CompileSource};
use zktorch::report::{Report, Stage};
use zktorch_graph::Visibility;
use zktorch_onnx::{FloatModel, Options, compile};
use zktorch_prover::committed_values;

use super::model_file::{ModelFile, Recipe};
use super::{Context, Outcome, load_samples, read_model, require_folder};

pub(super) fn run(context: &Context, options: &cli::Compile) -> Result<Outcome> {
    let mut report = Report::new("compile");
    require_folder(&options.output_file)?;
    let visibility = |option| match option {
        cli::Visibility::Public => Visibility::Public,
        cli::Visibility::Private => Visibility::Private,
    };
    let (input, output) = (visibility(options.input), visibility(options.output));
    let file = compile_model(context, &mut report, &options.model, &options.source, [input, output])?;
    file.write(&options.output_file)?;
    report.committed_values = Some(committed_values(&file.graph) as u64);
    report.note("model", options.output_file.display().to_string());
    Ok(Outcome::Done(report))
}

/// Reads, calibrates and compiles.
pub(super) fn compile_model(
    context: &Context,
    report: &mut Report,
    path: &Path,
    source: &CompileSource,
    [input, output]: [Visibility; 2],
) -> Result<ModelFile> {
    let _bar = context.progress.spinner("compile");
    let onnx = read_model(path)?;
    let base_dir = path.parent().map(Path::to_path_buf);
    let mut options = Options { input, output, base_dir, ..Options::default() };
    if let Some(calibration) = &source.calibration {
        let float = FloatModel::new(&onnx, &options)?;
        options.calibration = load_samples(calibration, source.image.as_ref(), float.inputs())?;
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
        max_abs: compiled.max_abs.clone(),
        image: source.image.clone(),
    };
    // Without its external data the float model is of no use.
    let alone = FloatModel::new(&onnx, &Options::default()).is_ok();
    Ok(ModelFile::new(&compiled, recipe, alone.then_some(onnx)))
}
