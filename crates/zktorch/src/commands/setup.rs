//! `zktorch setup`.

use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tracing::info_span;
use zktorch::cli;
use zktorch::container::{self, Kind};
use zktorch::memory::AnonymousPeak;
use zktorch::progress::{Step, merged};
use zktorch::report::{Report, Stage};
use zktorch::{Bytes32, is_special, shard_path, srs_path, write_srs};
use zktorch_commit::srs::DEVELOPMENT;
use zktorch_commit::{Srs, VerifierSrs};
use zktorch_graph::{Shard, TensorId};
use zktorch_prover::stages::SRS;
use zktorch_prover::{
    Hash, Memory, ProverError, ProvingKey, SetupOptions, ShardSetup, WrittenKey, choose_k, choose_shards_k,
    setup_shards, setup_to,
};
use zktorch_verifier::{MAX_KEY_BYTES, ModelId, UncheckedKey};

use super::prove::tell_memory;
use super::trust::is_built_in;
use super::{Context, Outcome, file_bytes, plan, protocol, require_folder};
use zktorch::key_file::{LoadedKey, load_srs};
use zktorch::model_file::{ModelFile, Weights};
use zktorch::pipeline_file::{LoadedPipeline, origin};

pub(super) fn run(context: &Context, options: &cli::Setup) -> Result<Outcome> {
    let mut report = Report::new("setup");
    require_folder(&options.pk)?;
    require_folder(&options.vk)?;
    let old = old_id(&options.pk, &options.vk);
    if let Some(old) = old
        && !options.force
    {
        bail!(
            "{} or {} is there already (model id {}): every setup gives a new model id, and proofs under the old one do not \
             verify with the new key; to replace it, give --force",
            options.pk.display(),
            options.vk.display(),
            shown(old)
        );
    }
    let _reading = context.progress.begin("setup", vec![Step::new("read model", 1.0)]);
    let file = report.time(Stage::Load, || ModelFile::read(&options.model))?;
    let file = file.found_in(options.external_data.as_deref());
    let other = match &options.weights_from {
        Some(path) => Some(report.time(Stage::Load, || read_other(path))?),
        None => None,
    };
    // An SRS in a file is mapped.
    let computed =
        options.srs.is_none() && other.as_ref().is_none_or(|key| key.vk().srs().id() == DEVELOPMENT);
    let memory = AnonymousPeak::watch();
    let held = file.held_bytes();
    let (cut, asked, part_cells) = options.sharding.cut(&file.graph, computed, held)?;
    tell_memory(&mut report, &Memory::of_setups(&file.graph, &cut, computed, held, part_cells));
    let (id, srs_id, k, pk_bytes) = if cut.len() > 1 {
        if options.transcript != cli::TranscriptHash::Merlin {
            bail!(
                "--transcript keccak with {} shards: expected a key of one piece; leave one of the two out",
                cut.len()
            );
        }
        report.note("shards", cut.len());
        let made = make_pipeline(context, &mut report, &file, (&cut, asked, part_cells), options)?;
        let bytes = file_bytes(&options.pk).map(|bytes| bytes + made.shard_bytes());
        (made.vk.model_id(), made.vk.srs().id(), made.vk.k(), bytes)
    } else {
        let vk = make_keys(context, &mut report, &file, options, (other.as_ref(), part_cells))?;
        (vk.model_id(), vk.srs().id(), vk.network().k(), file_bytes(&options.pk))
    };
    report.note("model_id", id.to_string());
    if let Some(old) = old {
        tell_replaced(context, &mut report, old, id);
    }
    report.note("srs_id", srs_id.to_string());
    report.note("k", k);
    report.note("peak_anon_bytes", memory.end());
    report.vk_bytes = file_bytes(&options.vk);
    report.pk_bytes = pk_bytes;
    Ok(Outcome::Done(report))
}

/// Whether there are keys (or other files) in these places, and their model id if they tell one.
pub(super) fn old_id(pk: &Path, vk: &Path) -> Option<Option<ModelId>> {
    if [pk, vk].into_iter().all(|path| !path.exists() || is_special(path)) {
        return None;
    }
    let limit = (MAX_KEY_BYTES + container::HEADER_BYTES) as u64;
    let vk = container::read(vk, Kind::VerifyingKey, &protocol(), limit).ok();
    let from_vk = vk.and_then(|bytes| UncheckedKey::from_bytes(&bytes).ok()).map(|vk| vk.model_id());
    let in_shards = || LoadedPipeline::read(pk).ok().map(|loaded| loaded.vk.model_id());
    // The proving key is large: it is asked only if nobody else knows.
    let from_pk = || LoadedKey::read(pk).ok().map(|loaded| loaded.key.vk().model_id());
    Some(from_vk.or_else(in_shards).or_else(from_pk))
}

fn shown(id: Option<ModelId>) -> String {
    id.map_or_else(|| "unknown: no key of this version".to_owned(), |id| id.to_string())
}

/// Says that keys were replaced, and what that means.
pub(super) fn tell_replaced(context: &Context, report: &mut Report, old: Option<ModelId>, new: ModelId) {
    context.progress.warn(&format!(
        "the keys that were there are replaced: the model id was {}, it is now {new}; proofs under the old id do not verify \
         with the new key",
        shown(old)
    ));
    report.note("replaced_model_id", old.map(|id| id.to_string()));
}

/// Sets up and writes both keys (and, under the SRS of a ceremony, the SRS and its verifier part beside them): the proving key as it is
/// made, so that memory is that of one part of the weights.
pub(super) fn make_keys(
    context: &Context,
    report: &mut Report,
    file: &ModelFile,
    options: &cli::Setup,
    (other, part_cells): (Option<&ProvingKey>, u64),
) -> Result<UncheckedKey> {
    let weights_k = other.map_or(0, |key| key.vk().network().layout().chunk_size().weights);
    let k = choose_k(&file.graph).max(weights_k);
    let _running = context.progress.begin("setup", plan::setup(&file.graph, k));
    let imported = options.srs.is_some() || other.is_some_and(|key| key.vk().srs().id() != DEVELOPMENT);
    // The least that there can be; the rest of the keys is small beside it.
    let srs_bytes = if imported { Srs::file_bytes(k) } else { 0 };
    context.require_room(&[(&options.pk, file.weight_bytes() + srs_bytes)])?;
    context.stages.restart();
    let started = Instant::now();
    let srs = setup_srs(options, other, k)?;
    let hash = match options.transcript {
        cli::TranscriptHash::Merlin => Hash::Merlin,
        cli::TranscriptHash::Keccak => Hash::Keccak,
    };
    if let Some(other) = other
        && hash != Hash::default()
        && hash != other.vk().network().hash()
    {
        bail!(
            "--transcript: expected the hash of the key that --weights-from names, which is another one: leave it out"
        );
    }
    let small = match other {
        Some(_) if weights_k < k => Some(setup_srs(options, other, weights_k)?),
        _ => None,
    };
    // Verifiers know the others.
    let own = imported && !is_built_in(srs.verifier().id());
    let made_with = SetupOptions { hash, part_cells, beside: other.map(|other| (other, k)) };
    let made = {
        let weights = file.weights()?;
        let make = |writer: &mut dyn Write| -> Result<WrittenKey> {
            LoadedKey::write_recipe(writer, &file.recipe)?;
            let of_weights = small.as_ref().unwrap_or(&srs);
            let made = setup_to(&file.interface(), |id| weights.values(id), of_weights, &made_with, writer)?;
            // The proving key's file is replaced last: until all others are there, an old key is one.
            let _span = info_span!("write keys").entered();
            writer.flush()?;
            let part_bytes = if own { container::file_bytes(VerifierSrs::BYTES) } else { 0 };
            let vk_bytes = container::file_bytes(made.vk_bytes.len());
            context.require_room(&[(&options.pk, srs_bytes), (&options.vk, vk_bytes + part_bytes)])?;
            write_setup_srs(context, options, &srs, imported)?;
            container::write(&options.vk, Kind::VerifyingKey, &protocol(), &made.vk_bytes)?;
            Ok(made)
        };
        let mut made = None;
        let written = container::write_with(&options.pk, Kind::ProvingKey, &protocol(), |writer| {
            let key = made.insert(make(writer));
            key.as_ref().map(drop).map_err(|error| io::Error::other(error.to_string()))
        });
        // What went wrong is told as it was.
        let made = made.transpose()?;
        written?;
        made.context("no key was made")?
    };
    tell_weights(context, report, &made.vk, other);
    let elapsed = started.elapsed();
    report.add(Stage::Setup, elapsed);
    report.stage_s = Some(context.stages.split(elapsed));
    remove_shards(&options.pk, 0)?;
    Ok(made.vk)
}

/// Sets up in shards and writes all keys: those of the shards as they are made, so that memory is that of one.
fn make_pipeline(
    context: &Context,
    report: &mut Report,
    file: &ModelFile,
    (cut, asked, part_cells): (&[Shard], usize, u64),
    options: &cli::Setup,
) -> Result<LoadedPipeline> {
    if is_special(&options.pk) {
        bail!("{}: the keys of shards lie beside it: expected a place for files", options.pk.display());
    }
    // The shards of a key that is there are replaced one by one: it is of no use from then on. Those of a setup that has not come to
    // its end are taken as they are.
    if container::kind(&options.pk).ok() == Some(Kind::PipelineProvingKey) {
        remove_shards(&options.pk, 0)?;
        fs::remove_file(&options.pk).with_context(|| format!("cannot remove {}", options.pk.display()))?;
    }
    let k = choose_shards_k(cut);
    let steps = cut.iter().map(|shard| plan::setup(&shard.graph, k));
    let _running = context.progress.begin("setup", merged(steps));
    let srs_bytes = if options.srs.is_some() { Srs::file_bytes(k) } else { 0 };
    let there = (0..cut.len()).filter_map(|index| file_bytes(&shard_path(&options.pk, index))).sum();
    let missing = file.weight_bytes().saturating_sub(there);
    context.require_room(&[(&options.pk, missing + srs_bytes)])?;
    context.stages.restart();
    let started = Instant::now();
    let srs = setup_srs(options, None, k)?;
    let (weights, model) = (file.weights()?, container::digest(&options.model)?);
    let mut caller =
        Caller { context, pk: &options.pk, weights, model, shards: cut.len(), part_cells, found: 0 };
    let vk = setup_shards(&file.interface(), cut, &srs, &mut caller)?;
    report.note("shards_found", caller.found);
    let elapsed = started.elapsed();
    report.add(Stage::Setup, elapsed);
    report.stage_s = Some(context.stages.split(elapsed));
    let _span = info_span!("write keys").entered();
    context.require_room(&[(&options.vk, container::file_bytes(vk.len()))])?;
    write_setup_srs(context, options, &srs, options.srs.is_some())?;
    LoadedPipeline::write(&options.pk, &vk, &file.recipe, asked)?;
    container::write(&options.vk, Kind::PipelineKey, &protocol(), &vk)?;
    remove_shards(&options.pk, cut.len())?;
    LoadedPipeline::read(&options.pk)
}

/// The files of a setup in shards.
struct Caller<'a> {
    context: &'a Context,
    pk: &'a Path,
    weights: Weights<'a>,
    /// SHA-256 of the model.
    model: Bytes32,
    shards: usize,
    /// Cells of a part of a shard's weights at most.
    part_cells: u64,
    /// Shards whose keys an earlier setup had made.
    found: usize,
}

impl ShardSetup for Caller<'_> {
    fn weight(&mut self, id: TensorId) -> Result<Vec<i16>, ProverError> {
        self.weights.values(id)
    }

    fn part_cells(&self) -> u64 {
        self.part_cells
    }

    fn store(&mut self, index: usize, key: ProvingKey) -> Result<(), ProverError> {
        LoadedPipeline::write_shard(self.pk, index, origin(self.model, index, self.shards), &key)?;
        self.context.progress.info(&format!("shard {} of {} has its key", index + 1, self.shards));
        Ok(())
    }

    fn stored(&mut self, index: usize) -> Result<Option<Vec<u8>>, ProverError> {
        if !shard_path(self.pk, index).exists() {
            return Ok(None);
        }
        // A file that is damaged or another model's is replaced.
        let Ok((found, key)) = LoadedPipeline::read_shard(self.pk, index) else { return Ok(None) };
        if found != origin(self.model, index, self.shards) {
            return Ok(None);
        }
        self.found += 1;
        self.context.progress.info(&format!("shard {} of {} has a key already", index + 1, self.shards));
        Ok(Some(key.vk_bytes().to_vec()))
    }
}

/// Removes the keys of shards that a former setup left.
fn remove_shards(pk: &Path, first: usize) -> Result<()> {
    for index in first.. {
        let path = shard_path(pk, index);
        if container::kind(&path).ok() != Some(Kind::ShardKey) {
            break;
        }
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

/// The key whose weights are to be read.
fn read_other(path: &Path) -> Result<ProvingKey> {
    if container::kind(path).ok() == Some(Kind::PipelineProvingKey) {
        bail!("{}: --weights-from: expected a key in one piece, found one in shards", path.display());
    }
    Ok(LoadedKey::read(path)?.key)
}

/// Which weights are another key's.
fn tell_weights(context: &Context, report: &mut Report, vk: &UncheckedKey, other: Option<&ProvingKey>) {
    let parts = vk.weight_parts();
    report.note("weights_ids", json!(parts.iter().map(|part| part.id().to_string()).collect::<Vec<_>>()));
    let Some(other) = other else { return };
    let shared = |part: usize| {
        let id = parts.get(part).map(|part| part.id());
        other.vk().weight_parts().iter().any(|known| Some(known.id()) == id)
    };
    let refs = &vk.network().weight_parts().refs;
    let count = refs.iter().filter(|found| shared(found.part as usize)).count();
    report.note("shared_weights", count);
    report.note("own_weights", refs.len() - count);
    if count == 0 && !refs.is_empty() {
        context.progress.warn(
            "no weight of the model is one of the other key's: compile it with --like, the other's compiled model",
        );
    }
}

/// The SRS that keys are made under: that of the other key, if there is one and no other file is given.
fn setup_srs(options: &cli::Setup, other: Option<&ProvingKey>, k: usize) -> Result<Srs> {
    let _stage = SRS.enter();
    info_span!("SRS").in_scope(|| match (&options.srs, &options.weights_from, other) {
        (Some(path), _, _) => open_srs(path, k),
        (None, Some(path), Some(other)) => load_srs(path, other.vk().srs().id(), k),
        (None, _, _) => Ok(Srs::dev(k)?),
    })
}

/// Writes the SRS of a ceremony beside the keys, and says what keys under this SRS are worth.
fn write_setup_srs(context: &Context, options: &cli::Setup, srs: &Srs, imported: bool) -> Result<()> {
    let id = srs.verifier().id();
    if id == DEVELOPMENT {
        context.progress.warn(
            "these keys are under the development SRS, whose secret is public: anybody can forge proofs. \
             Use --srs with the file of a ceremony for anything real",
        );
    }
    // Beside a device there is no place.
    if imported && !is_special(&options.pk) {
        write_srs(&srs_path(&options.pk), srs)?;
    }
    // Verifiers know the others.
    if imported && !is_built_in(id) {
        if !is_special(&options.vk) {
            write_srs_part(srs.verifier(), &srs_path(&options.vk))?;
        }
        context.progress.info(&format!("whoever trusts this SRS verifies with --accept-srs {id}"));
    }
    Ok(())
}

/// The verifier part of an SRS, for `--accept-srs`.
pub(super) fn write_srs_part(srs: &VerifierSrs, path: &Path) -> Result<()> {
    container::write(path, Kind::SrsPart, &protocol(), &srs.to_bytes())?;
    Ok(())
}

/// A file of a ceremony (.ptau), or one that zktorch wrote. Both are checked.
pub(super) fn open_srs(path: &Path, k: usize) -> Result<Srs> {
    let mut magic = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    if &magic == b"ptau" {
        return Srs::import_ptau(path, k).with_context(|| path.display().to_string());
    }
    let srs = Srs::open(path).and_then(|srs| srs.truncated(k)).with_context(|| path.display().to_string())?;
    srs.check().with_context(|| path.display().to_string())?;
    Ok(srs)
}
