//! `zktorch audit`: whoever may see the weights recomputes the key from the model.

use anyhow::Result;
use zktorch::Bytes32;
use zktorch::cli;
use zktorch::container::{self, Kind};
use zktorch::report::{Report, Stage};
use zktorch_commit::SrsPolicy;
use zktorch_verifier::UncheckedKey;

use super::model_file::{LoadedKey, load_srs};
use super::{Context, Outcome, file_bytes, plan, protocol, read_model};

const MAX_BYTES: u64 = 256 << 20;

pub(super) fn run(context: &Context, options: &cli::Audit) -> Result<Outcome> {
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
    let onnx = read_model(&options.model)?;
    if Bytes32::sha256(&onnx) != loaded.recipe.onnx {
        let reason = "the keys were made from another ONNX file".to_owned();
        return Ok(Outcome::Rejected(report, reason));
    }
    let base_dir = options.model.parent().map(std::path::Path::to_path_buf);
    let compiled = report.time(Stage::Compile, || loaded.recipe.compile(&onnx, base_dir))?;
    if compiled.graph != *vk.network().graph() {
        return Ok(Outcome::Rejected(report, "the ONNX model compiles to another graph".to_owned()));
    }
    if !loaded.key.has_weights(&compiled.weights) {
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
