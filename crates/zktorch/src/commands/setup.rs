//! `zktorch setup`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use zktorch::cli;
use zktorch::container::{self, Kind};
use zktorch::report::{Report, Stage};
use zktorch_commit::{Srs, VerifierSrs};
use zktorch_prover::{ProvingKey, choose_k, setup};

use super::model_file::{LoadedKey, ModelFile, srs_path};
use super::{Context, Outcome, file_bytes, nonce, protocol, require_folder};

pub(super) fn run(context: &Context, options: &cli::Setup) -> Result<Outcome> {
    let mut report = Report::new("setup");
    require_folder(&options.pk)?;
    require_folder(&options.vk)?;
    let file = report.time(Stage::Load, || ModelFile::read(&options.model))?;
    let key = make_keys(context, &mut report, &file, options)?;
    report.note("model_id", key.vk().model_id().to_string());
    report.note("srs_id", key.vk().srs().id().to_string());
    report.note("k", key.vk().network().k());
    report.vk_bytes = file_bytes(&options.vk);
    report.pk_bytes = file_bytes(&options.pk);
    Ok(Outcome::Done(report))
}

/// Sets up and writes both keys (and, under the SRS of a ceremony, the SRS and its verifier part beside them).
pub(super) fn make_keys(
    context: &Context,
    report: &mut Report,
    file: &ModelFile,
    options: &cli::Setup,
) -> Result<ProvingKey> {
    let _bar = context.progress.spinner("setup");
    let k = choose_k(&file.graph);
    let nonces = [nonce()?, nonce()?];
    context.stages.restart();
    let started = Instant::now();
    let make = || -> Result<(Srs, ProvingKey)> {
        let srs = match &options.srs {
            None => Srs::dev(k)?,
            Some(path) => open_srs(path, k)?,
        };
        let key = setup(&file.model(), &srs, nonces)?;
        Ok((srs, key))
    };
    let (srs, key) = make()?;
    let elapsed = started.elapsed();
    report.add(Stage::Setup, elapsed);
    report.stage_s = Some(context.stages.split(elapsed));
    if options.srs.is_none() {
        context.progress.warn(
            "these keys are under the development SRS, whose secret is public: anybody can forge proofs. \
             Use --srs with the file of a ceremony for anything real",
        );
    } else {
        srs.write(srs_path(&options.pk))?;
        write_srs_part(srs.verifier(), &srs_path(&options.vk))?;
    }
    LoadedKey::write(&options.pk, &key, &file.recipe)?;
    container::write(&options.vk, Kind::VerifyingKey, &protocol(), key.vk_bytes())?;
    Ok(key)
}

/// The verifier part of an SRS, for `--accept-srs`.
pub(super) fn write_srs_part(srs: &VerifierSrs, path: &Path) -> Result<()> {
    container::write(path, Kind::SrsPart, &protocol(), &srs.to_bytes())?;
    Ok(())
}

/// A file of a ceremony (.ptau), or one that zktorch wrote. Both are checked.
fn open_srs(path: &Path, k: usize) -> Result<Srs> {
    let mut magic = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    if &magic == b"ptau" {
        return Srs::import_ptau(path, k).with_context(|| path.display().to_string());
    }
    let _span = tracing::info_span!("open SRS", k).entered();
    let srs = Srs::open(path).and_then(|srs| srs.truncated(k)).with_context(|| path.display().to_string())?;
    srs.check().with_context(|| path.display().to_string())?;
    Ok(srs)
}
