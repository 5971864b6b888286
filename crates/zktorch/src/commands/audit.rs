//! `zktorch audit`: whoever may see the weights recomputes the key from the model.

use anyhow::Result;
use zktorch::Bytes32;
use zktorch::cli;
use zktorch::container::{self, Kind};
use zktorch::report::{Report, Stage};
use zktorch_commit::SrsPolicy;
use zktorch_graph::{Shard, TensorId, shards};
use zktorch_onnx::Compiled;
use zktorch_prover::{ProverError, ShardKeys as _};
use zktorch_verifier::{Port, UncheckedKey, UncheckedPipeline};

use super::{Context, Outcome, file_bytes, plan, protocol, read_model};
use zktorch::key_file::{LoadedKey, load_srs};
use zktorch::model_file::{Recipe, Weights, other_interface};
use zktorch::pipeline_file::LoadedPipeline;

const MAX_BYTES: u64 = 256 << 20;

pub(super) fn run(context: &Context, options: &cli::Audit) -> Result<Outcome> {
    // What is no file of ours is told by whoever expects a key in one piece.
    if container::kind(&options.pk).ok() == Some(Kind::PipelineProvingKey) {
        return in_shards(context, options);
    }
    let mut report = Report::new("audit");
    let bytes = file_bytes(&options.pk).unwrap_or(0);
    let _running = context.progress.begin("audit", plan::audit(bytes));
    let loaded = report.time(Stage::Load, || LoadedKey::read(&options.pk))?;
    let vk_bytes = container::read(&options.vk, Kind::VerifyingKey, &protocol(), MAX_BYTES)?;
    let vk = UncheckedKey::from_bytes(&vk_bytes)?;
    report.note("model_id", vk.model_id().to_string());
    if loaded.key.vk_bytes() != vk_bytes.as_slice() {
        return Ok(Outcome::Rejected(report, "the verifying key is not that of the proving key".to_owned()));
    }

    // 1. The ONNX model compiles to the key's graph and weights.
    let ports = [vk.inputs(), vk.outputs()];
    let compiled = match recompile(&mut report, options, &loaded.recipe, ports, vk.preprocessing())? {
        Ok(compiled) => compiled,
        Err(reason) => return Ok(Outcome::Rejected(report, reason)),
    };
    if compiled.graph != *vk.network().graph() {
        return Ok(Outcome::Rejected(report, "the ONNX model compiles to another graph".to_owned()));
    }
    let weights = Weights::of(&compiled);
    if !loaded.key.has_values(|id| weights.values(id))? {
        return Ok(Outcome::Rejected(report, "the ONNX model has other weights".to_owned()));
    }

    // 2. The key's commitments are those of the weights, which are in their ranges.
    let srs = load_srs(&options.pk, vk.srs().id(), vk.network().k())?;
    let commitments = report.time(Stage::Setup, || loaded.key.commit_weights(&srs))?;
    if commitments != vk.weights() {
        return Ok(Outcome::Rejected(
            report,
            "the key's commitments are not those of the weights".to_owned(),
        ));
    }
    // Whether to trust the SRS is not the question here.
    let policy = SrsPolicy::new().accept(vk.srs().id()).allow_insecure();
    let check = || tracing::info_span!("check key").in_scope(|| vk.check(&policy));
    if let Err(error) = report.time(Stage::VkCheck, check) {
        return Ok(Outcome::Rejected(report, error.to_string()));
    }
    report.note("accepted", true);
    Ok(Outcome::Done(report))
}

/// Compiles the ONNX model as the key says that it was; or says why the key is not that model's.
fn recompile(
    report: &mut Report,
    options: &cli::Audit,
    recipe: &Recipe,
    ports: [&[Port]; 2],
    preprocessing: &str,
) -> Result<Result<Compiled, String>> {
    let onnx = read_model(&options.model)?;
    if Bytes32::sha256(&onnx) != recipe.onnx {
        return Ok(Err("the keys were made from another ONNX file".to_owned()));
    }
    let base_dir = options.model.parent().map(std::path::Path::to_path_buf);
    let compiled = report.time(Stage::Compile, || recipe.compile(&onnx, base_dir))?;
    Ok(match other_interface(&compiled, recipe, ports, preprocessing) {
        Some(reason) => Err(reason),
        None => Ok(compiled),
    })
}

/// The same for a model in shards: cut again, shard by shard.
fn in_shards(context: &Context, options: &cli::Audit) -> Result<Outcome> {
    let mut report = Report::new("audit");
    let loaded = report.time(Stage::Load, || LoadedPipeline::read(&options.pk))?;
    let _running = context.progress.begin("audit", plan::audit(loaded.shard_bytes()));
    let vk_bytes = container::read(&options.vk, Kind::PipelineKey, &protocol(), MAX_BYTES)?;
    let vk = UncheckedPipeline::from_bytes(&vk_bytes, None)?;
    report.note("model_id", vk.model_id().to_string());
    report.note("shards", vk.shards());
    let same = |index| vk.shard_bytes(index) == loaded.vk.shard_bytes(index);
    if vk.body() != loaded.vk.body() || !(0..vk.shards()).all(same) {
        return Ok(Outcome::Rejected(report, "the verifying key is not that of the proving key".to_owned()));
    }

    // 1. The ONNX model compiles to the graph whose shards these are.
    let body = vk.body();
    let ports = [body.inputs.as_slice(), &body.outputs];
    let compiled = match recompile(&mut report, options, &loaded.recipe, ports, &body.preprocessing)? {
        Ok(compiled) => compiled,
        Err(reason) => return Ok(Outcome::Rejected(report, reason)),
    };
    let cut = shards(&compiled.graph, loaded.asked);
    if cut.len() != vk.shards() {
        let reason = format!("the ONNX model is cut into {} shards, not into {}", cut.len(), vk.shards());
        return Ok(Outcome::Rejected(report, reason));
    }
    let weights = Weights::of(&compiled);

    // 2. Every shard's graph, wires and weights, and the commitments to these.
    let srs = load_srs(&options.pk, vk.srs().id(), vk.k())?;
    for (index, (shard, body)) in cut.iter().zip(&vk.body().shards).enumerate() {
        let key = loaded.shard(index)?;
        let own = vk.shard(index)?;
        let wrong = if own.model_id() != key.vk().model_id() {
            Some("its proving key is another one's")
        } else if shard.graph != *own.network().graph() {
            Some("the ONNX model compiles to another graph")
        } else if (&shard.inputs, &shard.outputs) != (&body.inputs, &body.outputs) {
            Some("it is wired in another way")
        } else if !key.has_values(|id| values(&weights, shard, id))? {
            Some("the ONNX model has other weights")
        } else if report.time(Stage::Setup, || key.commit_weights(&srs))? != own.weights() {
            Some("the key's commitments are not those of the weights")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Ok(Outcome::Rejected(report, format!("shard {index}: {wrong}")));
        }
    }
    // Whether to trust the SRS is not the question here.
    let policy = SrsPolicy::new().accept(vk.srs().id()).allow_insecure();
    let check = || tracing::info_span!("check key").in_scope(|| vk.check(&policy));
    if let Err(error) = report.time(Stage::VkCheck, check) {
        return Ok(Outcome::Rejected(report, error.to_string()));
    }
    report.note("accepted", true);
    Ok(Outcome::Done(report))
}

/// The entries of a weight of a shard.
fn values(weights: &Weights<'_>, shard: &Shard, id: TensorId) -> Result<Vec<i16>, ProverError> {
    shard.tensors.get(id.0 as usize).map_or_else(|| Ok(Vec::new()), |id| weights.values(*id))
}
