//! `zktorch compile`.

use std::path::Path;

use anyhow::{Error, Result};
use serde_json::json;
use tracing::info_span;
use zktorch::cli::{self, CompileSource, Dim, Side};
use zktorch::container::{self, Kind};
use zktorch::report::{Report, Stage};
use zktorch::{Bytes32, folder_of};
use zktorch_graph::{Graph, Step, Visibility};
use zktorch_onnx::{FloatModel, GENERATED, OnnxError, Options, Precision, ValueError, compile, inspect};
use zktorch_prover::{check_size, committed_values, least_shards};

use super::obstacles::{Obstacles, Unsupported};
use super::samples::{check_image, dead_inputs, load_bound, load_samples};
use super::{Context, Outcome, file_bytes, plan, protocol, read_model, require_folder};
use zktorch::model_file::{BoundInput, ModelFile, Recipe, saturated};

/// Stored values whose errors are reported: those with the largest.
const WORST_VALUES: usize = 10;

pub(super) fn run(context: &Context, options: &cli::Compile) -> Result<Outcome> {
    let mut report = Report::new("compile");
    let path = &options.output_file;
    require_folder(path)?;
    let visibility = [Side::Input, Side::Output].map(|side| match options.visibility.of(side) {
        cli::Visibility::Public => Visibility::Public,
        cli::Visibility::Private => Visibility::Private,
    });
    let file = compile_model(context, &mut report, [&options.model, path], &options.source, visibility)?;
    write_model(context, &file, path)?;
    report.committed_values = Some(committed_values(&file.graph) as u64);
    report.note("model", path.display().to_string());
    Ok(Outcome::Done(report))
}

/// Writes MODEL.zkt, if there is room for it.
pub(super) fn write_model(context: &Context, file: &ModelFile, path: &Path) -> Result<()> {
    let _running = context.progress.begin("compile", plan::write_model());
    let _span = info_span!("write model").entered();
    let body = file.to_body()?;
    context.require_room(&[(path, container::file_bytes(body.len()))])?;
    container::write(path, Kind::Model, &protocol(), &body)?;
    Ok(())
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
    let samples = if source.calibration.is_empty() { GENERATED } else { plan::SAMPLES };
    let dims = Dim::all(&source.dims)?;
    let bound = load_bound(&source.bind)?;
    let _running = context.progress.begin("compile", plan::compile(file_bytes(path).unwrap_or(0), samples));
    let onnx = read_model(path)?;
    let base_dir = path.parent().map(Path::to_path_buf);
    let mut options = Options {
        input,
        output,
        base_dir,
        dims: dims.clone(),
        bound: bound.clone(),
        headroom: source.headroom,
        guard_bits: source.guard_bits,
        saturate: source.saturate,
        max_error: source.max_error,
        ..Options::default()
    };
    if source.image.is_some() || !source.calibration.is_empty() {
        let _span = info_span!("read samples").entered();
        let float = FloatModel::new(&onnx, &options).map_err(|error| obstacles(&onnx, &options, error))?;
        if let Some(image) = &source.image {
            check_image(image, float.inputs())?;
        }
        options.calibration = load_samples(&source.calibration, source.image.as_ref(), float.inputs())?;
        for input in dead_inputs(&options.calibration, float.inputs()) {
            context.progress.warn(&format!(
                "input {input} is zero in every calibration sample: its scale, and those that follow from it, are a guess"
            ));
        }
    }
    if let Some(like) = &source.like {
        let other = info_span!("read model").in_scope(|| ModelFile::read(like))?;
        let _span = info_span!("take scales").entered();
        options.like = Some(other.known()?);
        options.headroom = Some(other.recipe.headroom);
        options.guard_bits = Some(other.recipe.guard_bits);
        options.saturate = other.recipe.saturate;
    }
    // External data stay where they are: the float model finds them there again.
    let without_files = Options { dims: dims.clone(), bound: bound.clone(), ..Options::default() };
    let alone = info_span!("check model").in_scope(|| FloatModel::new(&onnx, &without_files).is_ok());
    let external = if alone { None } else { Some(std::path::absolute(folder_of(path))?) };
    // The least that it can be: the weights come on top.
    context.require_room(&[(target, onnx.len() as u64)])?;
    let compiled = report.time(Stage::Compile, || compile(&onnx, &options));
    let mut compiled = compiled.map_err(|error| obstacles(&onnx, &options, error))?;
    if compiled.external.is_empty()
        && options.guard_bits.is_none()
        && compiled.guard_bits > 0
        && let Err(error) = check_size(&compiled.graph)
    {
        // What guard bits were added of themselves may be left out again, if that makes one proof of it.
        options.guard_bits = Some(0);
        let coarser = compile(&onnx, &options)?;
        if check_size(&coarser.graph).is_ok() {
            compiled = coarser;
            compiled
                .warnings
                .push(format!("guard bits would make the outputs more exact, but then: {error}"));
        }
    }
    let least = least_shards(&compiled.graph)?;
    report.note("least_shards", least);
    if least > 1 {
        let text = format!("too large for one proof: setup needs --shards {least}, or more");
        compiled.warnings.push(text);
    }
    for warning in &compiled.warnings {
        context.progress.warn(warning);
    }
    tell_precision(report, &compiled.precision);
    tell_saturation(report, compiled.saturate, &compiled.graph);
    let recipe = Recipe {
        onnx: Bytes32::sha256(&onnx),
        input,
        output,
        headroom: compiled.headroom,
        guard_bits: compiled.guard_bits,
        saturate: compiled.saturate,
        saturated_inputs: saturated(&compiled.inputs),
        seen: compiled.seen.iter().map(|seen| [seen.lo, seen.hi, seen.typical]).collect(),
        image: source.image.clone(),
        dims,
        bound: bound.iter().map(|(name, value)| (name.clone(), BoundInput::from(value))).collect(),
    };
    ModelFile::new(&compiled, recipe, onnx, external)
}

/// Whether values are clamped, and how many.
pub(super) fn tell_saturation(report: &mut Report, saturate: bool, graph: &Graph) {
    let clamped = graph.steps.iter().filter(|step| matches!(step, Step::Saturate { .. })).count();
    report.note("saturate", saturate);
    report.note("clamped_values", clamped);
}

/// How far the integers are from the float model on the calibration samples: the worst output, and for programs all
/// of them and where the largest errors are.
fn tell_precision(report: &mut Report, precision: &Precision) {
    let Some(worst) = precision.worst() else { return };
    report.max_abs_error = Some(worst.max_error.into());
    report.note("max_rel_error", worst.relative());
    report.note("worst_output", worst.name.clone());
    let mut values: Vec<&ValueError> = precision.values.iter().collect();
    values.sort_by(|a, b| b.relative().total_cmp(&a.relative()));
    values.truncate(WORST_VALUES);
    report.note("precision", json!({ "outputs": precision.outputs, "values": values }));
}

/// The error, or everything else that is in the way of the model too.
fn obstacles(onnx: &[u8], options: &Options, error: OnnxError) -> Error {
    match inspect(onnx, options).map(|found| Obstacles::of(&found)) {
        Ok(found) if !found.lines.is_empty() => Unsupported(found).into(),
        _ => error.into(),
    }
}
