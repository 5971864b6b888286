//! `zktorch verify`.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use tracing::info_span;
use zktorch::cli;
use zktorch::container::{self, Kind};
use zktorch::report::{Report, Stage};
use zktorch::statement::{Statement, StatementTensor, TensorValue};
use zktorch_commit::{SrsPolicy, SrsStatus, VerifierSrs};
use zktorch_onnx::PortInfo;
use zktorch_verifier::{MAX_KEY_BYTES, ModelId, VerifyError, VerifyingKey, verify};

use super::model_file::ports;
use super::{Context, Outcome, file_bytes, load_input, plan, port_names, protocol};

/// Proofs and statements larger than this are refused.
const MAX_BYTES: u64 = 256 << 20;

/// Why a command ends: a rejection, or an error of the machine or the user.
enum Failure {
    Rejected(String),
    Error(anyhow::Error),
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        Self::Rejected(error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Error(error)
    }
}

/// A file whose content is wrong is rejected; one that cannot be read is an error.
impl From<zktorch::Error> for Failure {
    fn from(error: zktorch::Error) -> Self {
        let mut cause = &error;
        while let zktorch::Error::File { error, .. } = cause {
            cause = error;
        }
        match cause {
            zktorch::Error::Io { .. } => Self::Error(error.into()),
            _ => Self::Rejected(error.to_string()),
        }
    }
}

pub(super) fn run(context: &Context, options: &cli::Verify) -> Result<Outcome> {
    let mut report = Report::new("verify");
    match check(context, &mut report, options) {
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
    // 1. What the user trusts.
    let mut policy = SrsPolicy::new();
    if let Some(path) = &options.accept_srs {
        let part = container::read(path, Kind::SrsPart, &protocol(), MAX_BYTES)?;
        let part = VerifierSrs::from_bytes(&part).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        policy = policy.accept_part(part);
    }
    if options.allow_insecure_srs {
        policy = policy.allow_insecure();
    }

    // 2. The key: its id, its SRS, the ranges of its weights.
    let bytes = container::read(
        &options.vk,
        Kind::VerifyingKey,
        &protocol(),
        (MAX_KEY_BYTES + container::HEADER_BYTES) as u64,
    )?;
    report.vk_bytes = file_bytes(&options.vk);
    let decode = || {
        info_span!("read key").in_scope(|| match &options.model_id {
            Some(id) => VerifyingKey::from_bytes_pinned(&bytes, ModelId(id.0)),
            None => VerifyingKey::from_bytes(&bytes),
        })
    };
    let vk = report.time(Stage::VkCheck, decode)?;
    report.note("model_id", vk.model_id().to_string());
    report.note("srs_id", vk.srs().id().to_string());
    report.note("model_id_pinned", options.model_id.is_some());
    if options.model_id.is_none() {
        context.progress.warn(&format!(
            "no --model-id: the key file alone says which model this is about ({})",
            vk.model_id()
        ));
    }
    let check = || info_span!("check key").in_scope(|| vk.check_weights(&policy));
    let status = report.time(Stage::VkCheck, check)?;
    if status == SrsStatus::Insecure {
        context.progress.warn("the development SRS is accepted: anybody can forge such proofs");
    }
    report.note("srs_insecure", status == SrsStatus::Insecure);

    // 3. The statement: every field is that of the key, or becomes part of what is verified.
    let span = info_span!("read statement").entered();
    let file = Statement::read(&options.statement)?;
    let statement = statement_of(&vk, &file).map_err(Failure::Rejected)?;
    if let Some(path) = &options.expect_input {
        expect(&vk, "input", path, vk.inputs(), &vk.network().graph().inputs, &file.inputs)?;
    }
    if let Some(path) = &options.expect_output {
        expect(&vk, "output", path, vk.outputs(), &vk.network().graph().outputs, &file.outputs)?;
    }
    drop(span);

    // 4. The proof.
    let proof = container::read(&options.proof, Kind::Proof, &protocol(), MAX_BYTES)?;
    report.proof_bytes = file_bytes(&options.proof);
    let check = || info_span!("verify proof").in_scope(|| verify(&vk, &policy, &statement, &proof));
    report.time(Stage::Verify, check)?;
    Ok(())
}

/// The statement to verify; every field of the file is compared with the key or used.
fn statement_of(vk: &VerifyingKey, file: &Statement) -> Result<zktorch_verifier::Statement, String> {
    let differs = |what: &str, expected: String, got: String| {
        Err(format!("statement: {what}: expected {expected}, got {got}"))
    };
    if file.model_id.0 != vk.model_id().0 {
        let (expected, got) = (vk.model_id().to_string(), ModelId(file.model_id.0).to_string());
        return differs("model_id (wrong key?)", expected, got);
    }
    if file.srs_id.0 != vk.srs().id().0 {
        return differs(
            "srs_id",
            vk.srs().id().to_string(),
            zktorch_commit::SrsId(file.srs_id.0).to_string(),
        );
    }
    let graph = vk.network().graph();
    let mut public = Vec::new();
    let mut private = [Vec::new(), Vec::new()];
    let sides = [
        ("inputs", ports(vk, vk.inputs(), &graph.inputs), &file.inputs),
        ("outputs", ports(vk, vk.outputs(), &graph.outputs), &file.outputs),
    ];
    for ((what, ports, tensors), private) in sides.into_iter().zip(&mut private) {
        if ports.len() != tensors.len() {
            return differs(what, ports.len().to_string(), tensors.len().to_string());
        }
        for (port, tensor) in ports.iter().zip(tensors) {
            check_tensor(what, port, tensor)?;
            let is_public = vk.network().public_tensors().contains(&port.tensor);
            match &tensor.value {
                TensorValue::Public(integers) if is_public => public.push(integers.clone()),
                TensorValue::Private(commitments) if !is_public => {
                    // All private tensors of a side lie in the same chunks.
                    let commitments: Vec<[u8; 32]> = commitments.iter().map(|bytes| bytes.0).collect();
                    if !private.is_empty() && *private != commitments {
                        return differs(
                            what,
                            "the same commitments for all private tensors".to_owned(),
                            port.name.clone(),
                        );
                    }
                    *private = commitments;
                }
                _ => {
                    let expected = if is_public { "public" } else { "private" };
                    return differs(&port.name, expected.to_owned(), "the other visibility".to_owned());
                }
            }
        }
    }
    let [private_inputs, private_outputs] = private;
    let model_id = vk.model_id();
    Ok(zktorch_verifier::Statement { model_id, public, private_inputs, private_outputs })
}

fn check_tensor(what: &str, port: &PortInfo, tensor: &StatementTensor) -> Result<(), String> {
    let expected = (&port.name, &port.dims, port.scale);
    let got = (&tensor.name, &tensor.dims, tensor.scale);
    if expected == got {
        return Ok(());
    }
    let show =
        |(name, dims, scale): (&String, &Vec<usize>, i32)| format!("{name} {dims:?} with scale {scale}");
    Err(format!("statement: {what}: expected {}, got {}", show(expected), show(got)))
}

/// Requires that the statement's public tensors are these data, quantised.
fn expect(
    vk: &VerifyingKey,
    what: &str,
    path: &Path,
    list: &[zktorch_verifier::Port],
    ids: &[zktorch_graph::TensorId],
    tensors: &[StatementTensor],
) -> Result<(), Failure> {
    let ports = ports(vk, list, ids);
    let expected = load_input(path, None, &port_names(&ports)).context("expected data")?;
    for ((port, expected), tensor) in ports.iter().zip(expected).zip(tensors) {
        let TensorValue::Public(got) = &tensor.value else {
            return Err(Failure::Rejected(format!(
                "{what} {} is private: there is nothing to compare",
                port.name
            )));
        };
        let range = vk.network().graph().tensor(port.tensor).range;
        let integers = port.quantise(expected.iter(), range).map_err(anyhow::Error::from)?;
        let differing = integers.iter().zip(got).position(|(a, b)| a != b);
        if let Some(index) = differing {
            let name = &port.name;
            let (expected, got) = (integers.get(index).copied(), got.get(index).copied());
            return Err(Failure::Rejected(format!(
                "{what} {name}: entry {index}: expected {}, the statement says {}",
                expected.unwrap_or_default(),
                got.unwrap_or_default()
            )));
        }
    }
    Ok(())
}
