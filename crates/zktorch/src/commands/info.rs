//! `zktorch info`.

use anyhow::{Context as _, Result};
use serde_json::json;
use zktorch::cli;
use zktorch::container::{self, Kind};
use zktorch::report::Report;
use zktorch::srs_part_path;
use zktorch::statement;
use zktorch_commit::srs::DEVELOPMENT;
use zktorch_commit::{Srs, SrsId, VerifierSrs};
use zktorch_files::Interface;
use zktorch_prover::{TestSet, committed_values};
use zktorch_verifier::{ProofEnvelope, SetCommitment, UncheckedKey, UncheckedPipeline};

use super::compile::tell_saturation;
use super::setup::write_srs_part;
use super::trust::is_built_in;
use super::{Context, Outcome, file_bytes, protocol};
use zktorch::key_file::LoadedKey;
use zktorch::model_file::ModelFile;
use zktorch::pipeline_file::LoadedPipeline;

const MAX_BYTES: u64 = 8 << 30;

pub(super) fn run(context: &Context, options: &cli::Info) -> Result<Outcome> {
    let mut report = Report::new("info");
    let path = &options.file;
    let header = match container::describe(path) {
        Ok(header) => header,
        Err(zktorch::Error::File { error, .. }) if is_other(&error) => {
            return other(context, report, options);
        }
        Err(error) => return Err(error.into()),
    };
    report.note("kind", serde_json::to_value(header.kind)?);
    report.note("format_version", header.version);
    report.note("protocol", serde_json::to_value(header.protocol)?);
    report.note("digest", serde_json::to_value(header.digest)?);
    match header.kind {
        Kind::Model => {
            let file = ModelFile::read(path)?;
            report.committed_values = Some(committed_values(&file.graph) as u64);
            report.note("onnx_sha256", serde_json::to_value(file.recipe.onnx)?);
            tell_saturation(&mut report, file.recipe.saturate, &file.graph);
            report.note("image", serde_json::to_value(&file.recipe.image)?);
        }
        Kind::ProvingKey => key(&mut report, LoadedKey::read(path)?.key.vk())?,
        Kind::VerifyingKey => {
            let bytes = container::read(path, Kind::VerifyingKey, &protocol(), MAX_BYTES)?;
            key(&mut report, &UncheckedKey::from_bytes(&bytes)?)?;
        }
        Kind::PipelineProvingKey => pipeline(&mut report, &LoadedPipeline::read(path)?.vk)?,
        Kind::PipelineKey => {
            let bytes = container::read(path, Kind::PipelineKey, &protocol(), MAX_BYTES)?;
            pipeline(&mut report, &UncheckedPipeline::from_bytes(&bytes, None)?)?;
        }
        Kind::ShardKey | Kind::ShardJob | Kind::ShardLeaf | Kind::ShardError | Kind::ShardRun => {}
        Kind::TestSet => {
            let bytes = container::read(path, Kind::TestSet, &protocol(), MAX_BYTES)?;
            test_set(&mut report, &SetCommitment::from_bytes(&bytes)?)?;
        }
        Kind::TestSetOpening => {
            let bytes = container::read(path, Kind::TestSetOpening, &protocol(), MAX_BYTES)?;
            test_set(&mut report, TestSet::from_bytes(&bytes)?.commitment())?;
        }
        Kind::Proof => {
            let bytes = container::read(path, Kind::Proof, &protocol(), MAX_BYTES)?;
            let envelope = ProofEnvelope::from_bytes(&bytes)?;
            report.proof_bytes = file_bytes(path);
            report.note("model_id", envelope.model()?.to_string());
        }
        Kind::SrsPart => {
            let bytes = container::read(path, Kind::SrsPart, &protocol(), MAX_BYTES)?;
            srs(&mut report, &VerifierSrs::from_bytes(&bytes)?);
        }
    }
    Ok(Outcome::Done(report))
}

/// Whether a file is none of ours, rather than a damaged one.
fn is_other(error: &zktorch::Error) -> bool {
    matches!(error, zktorch::Error::Files(zktorch_files::Error::Magic { .. }))
}

fn key(report: &mut Report, vk: &UncheckedKey) -> Result<()> {
    report.note("model_id", vk.model_id().to_string());
    report.note("k", vk.network().k());
    report.note("inputs", json!(vk.inputs()));
    report.note("outputs", json!(vk.outputs()));
    report.note("preprocessing", vk.preprocessing());
    report.note(
        "weights_ids",
        json!(vk.weight_parts().iter().map(|part| part.id().to_string()).collect::<Vec<_>>()),
    );
    report.note("expected_proof_bytes", container::HEADER_BYTES + vk.proof_bytes()?);
    report.committed_values = Some(committed_values(vk.network().graph()) as u64);
    srs(report, vk.srs());
    Ok(())
}

/// What everybody may know of a labelled test set.
pub(super) fn test_set(report: &mut Report, set: &SetCommitment) -> Result<()> {
    report.note("set_id", set.id()?.to_string());
    report.note("srs_id", SrsId(set.srs_id).to_string());
    report.note("srs_insecure", SrsId(set.srs_id) == DEVELOPMENT);
    report.note("images", set.images);
    report.note("extents", json!([set.height, set.width, set.channels]));
    report.note("classes", set.classes);
    Ok(())
}

fn pipeline(report: &mut Report, vk: &UncheckedPipeline) -> Result<()> {
    let body = vk.body();
    report.note("model_id", vk.model_id().to_string());
    report.note("k", vk.k());
    report.note("shards", vk.shards());
    report.note("inputs", json!(body.inputs));
    report.note("outputs", json!(body.outputs));
    report.note("preprocessing", &*body.preprocessing);
    report.note("boundaries", vk.boundaries().len());
    report.note("expected_proof_bytes", container::HEADER_BYTES + Interface::of_pipeline(vk)?.proof_bytes);
    let mut committed = 0;
    for index in 0..vk.shards() {
        committed += committed_values(vk.shard(index)?.network().graph()) as u64;
    }
    report.committed_values = Some(committed);
    srs(report, vk.srs());
    Ok(())
}

fn srs(report: &mut Report, srs: &VerifierSrs) {
    report.note("srs_id", srs.id().to_string());
    report.note("srs_insecure", srs.id() == DEVELOPMENT);
}

/// Files that are no containers: statements, SRS files. Of an SRS the verifier part is written beside it.
fn other(context: &Context, mut report: Report, options: &cli::Info) -> Result<Outcome> {
    let path = &options.file;
    if let Ok(statement) = statement::read(path) {
        report.note("kind", "statement");
        report.note("model_id", serde_json::to_value(statement.model_id)?);
        report.note("srs_id", serde_json::to_value(statement.srs_id)?);
        return Ok(Outcome::Done(report));
    }
    let opened =
        Srs::open(path).with_context(|| format!("{}: no file of zktorch, or damaged", path.display()))?;
    report.note("kind", "srs");
    report.note("k", opened.k());
    srs(&mut report, opened.verifier());
    if is_built_in(opened.verifier().id()) {
        return Ok(Outcome::Done(report));
    }
    let part = srs_part_path(path);
    write_srs_part(opened.verifier(), &part)?;
    context.progress.info(&format!(
        "whoever trusts this SRS verifies with --accept-srs {}; its verifier part is {}",
        opened.verifier().id(),
        part.display()
    ));
    report.note("srs_part", part.display().to_string());
    Ok(Outcome::Done(report))
}
