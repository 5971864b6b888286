//! `zktorch verify`.

use std::path::Path;

use anyhow::Result;
use tracing::info_span;
use zktorch::cli::{self, ProofContext};
use zktorch::container::{self, Kind};
use zktorch::outputs::ProvedOutput;
use zktorch::report::{Report, Stage};
use zktorch::{Bytes32, statement};
use zktorch_commit::SrsStatus;
use zktorch_files::{CheckedVk, Interface, UncheckedVk};
use zktorch_verifier::{MAX_KEY_BYTES, ModelId, VerifyError};

use super::expect;
use super::prove::read_labels;
use super::trust::Trust;
use super::{Context, Outcome, file_bytes, plan, protocol};

/// Proofs and statements larger than this are refused.
pub(super) const MAX_BYTES: u64 = 256 << 20;

/// Why a command ends: a rejection, or an error of the machine or the user.
pub(super) enum Failure {
    Rejected(String),
    Error(anyhow::Error),
}

impl From<zktorch_files::Error> for Failure {
    /// What the statement says is the prover's; numbers that the verifier expects are its own.
    fn from(error: zktorch_files::Error) -> Self {
        use zktorch_files::Error;
        match error {
            Error::Statement { .. }
            | Error::Private { .. }
            | Error::Entry { .. }
            | Error::Distance { .. } => Self::Rejected(error.to_string()),
            error => Self::Error(error.into()),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Error(error)
    }
}

/// What is wrong with a file of the prover's, the proof or the statement, is a reason to reject it; one that
/// cannot be read is an error. The verifier's own files, the key among them, are another matter: whatever is
/// wrong with those is an error.
pub(super) fn of_the_prover(error: zktorch::Error) -> Failure {
    let mut cause = &error;
    while let zktorch::Error::File { error, .. } = cause {
        cause = error;
    }
    match cause {
        zktorch::Error::Io { .. } => Failure::Error(error.into()),
        _ => Failure::Rejected(error.to_string()),
    }
}

pub(super) fn run(context: &Context, options: &cli::Verify) -> Result<Outcome> {
    let mut report = Report::new("verify");
    let checked = check(context, &mut report, options);
    outcome(report, checked)
}

/// What became of a verification.
pub(super) fn outcome(mut report: Report, checked: Result<(), Failure>) -> Result<Outcome> {
    match checked {
        Ok(()) => {
            report.note("accepted", true);
            Ok(Outcome::Done(report))
        }
        Err(Failure::Rejected(reason)) => Ok(Outcome::Rejected(report, reason)),
        Err(Failure::Error(error)) => Err(error),
    }
}

fn check(context: &Context, report: &mut Report, options: &cli::Verify) -> Result<(), Failure> {
    let _running = context.progress.begin("verify", plan::verify());
    // 1. What the user trusts, and wants.
    let trust = Trust::new(context, options.accept_srs.as_ref(), options.allow_insecure_srs)?;
    let bound = options.context.as_ref().map(ProofContext::bytes).transpose().map_err(anyhow::Error::from)?;
    let bound = bound.unwrap_or_default();
    report.note("context", !bound.is_empty());

    // 2. The key: its id, its SRS, the ranges of its weights.
    let wanted = Wanted { vk: &options.vk, model_id: options.model_id.as_ref() };
    let (vk, model) = read_key(context, report, &wanted, &trust)?;
    let image = model
        .image()
        .map_err(|error| anyhow::Error::from(error).context(options.vk.display().to_string()))?;
    let labels = read_labels(options.labels.as_deref(), model.outputs())?;

    // 3. The statement: every field is that of the key, or becomes part of what is verified.
    let span = info_span!("read statement").entered();
    let file = statement::read(&options.statement).map_err(of_the_prover)?;
    let statement = model.check(&file, options.inferences, bound)?;
    if let Some(path) = &options.expect_input {
        expect::input(report, &model, image.as_ref(), path, &file)?;
    }
    if let Some(path) = &options.expect_output {
        expect::output(report, &model, options, path, &file)?;
    }
    drop(span);

    // 4. The proof.
    let proof =
        container::read(&options.proof, Kind::Proof, &protocol(), MAX_BYTES).map_err(of_the_prover)?;
    report.proof_bytes = file_bytes(&options.proof);
    let check = || info_span!("verify proof").in_scope(|| vk.verify(&statement, &proof));
    report.time(Stage::Verify, check).map_err(|error| Failure::Rejected(error.to_string()))?;

    // 5. Only now do the outputs mean anything.
    report.note("inferences", file.inferences);
    let outputs: Vec<_> = (model.outputs().iter().zip(&file.outputs))
        .map(|(port, output)| (port.name.as_str(), port.dims.as_slice(), output.real()))
        .collect();
    report.proved_outputs = ProvedOutput::of_inferences(file.inferences, &outputs, labels.as_ref());
    Ok(())
}

/// The key file, and the id of the model that the user trusts; none for any.
pub(super) struct Wanted<'a> {
    pub(super) vk: &'a Path,
    pub(super) model_id: Option<&'a Bytes32>,
}

/// The key, checked, and what it says of the model.
pub(super) fn read_key(
    context: &Context,
    report: &mut Report,
    wanted: &Wanted<'_>,
    trust: &Trust,
) -> Result<(CheckedVk, Interface), Failure> {
    let limit = (MAX_KEY_BYTES + container::HEADER_BYTES) as u64;
    let kind = UncheckedVk::kind(container::kind(wanted.vk));
    let bytes = container::read(wanted.vk, kind, &protocol(), limit);
    let bytes = bytes.map_err(anyhow::Error::from)?;
    report.vk_bytes = file_bytes(wanted.vk);
    let invalid = |error: anyhow::Error| error.context(wanted.vk.display().to_string());
    let pinned = wanted.model_id.map(|id| ModelId(id.0));
    let decode = || info_span!("read key").in_scope(|| UncheckedVk::decode(kind, &bytes, pinned));
    let vk = report.time(Stage::VkCheck, decode).map_err(|error| match error {
        VerifyError::ModelId { .. } => Failure::Rejected(error.to_string()),
        error => Failure::Error(invalid(error.into())),
    })?;
    let model = vk.interface().map_err(|error| invalid(error.into()))?;
    let (id, srs) = (model.model_id, model.srs_id);
    report.note("model_id", id.to_string());
    report.note("srs_id", srs.to_string());
    report.note("model_id_pinned", wanted.model_id.is_some());
    if wanted.model_id.is_none() {
        context.progress.warn(&format!(
            "--any-model: the key file alone says which model this is about ({id}), and whoever made it chose the model"
        ));
    }
    model.image().map_err(|error| invalid(error.into()))?;
    let check = || info_span!("check key").in_scope(|| vk.check(&trust.policy));
    let vk = report.time(Stage::VkCheck, check).map_err(|error| match error {
        VerifyError::Srs(_) => Failure::Rejected(error.to_string()),
        error => Failure::Error(invalid(error.into())),
    })?;
    let insecure = vk.srs_status() == SrsStatus::Insecure;
    if insecure {
        context.progress.warn("the development SRS is accepted: anybody can forge such proofs");
    }
    report.note("srs_insecure", insecure);
    report.note("srs_source", trust.source(srs));
    Ok((vk, model))
}
