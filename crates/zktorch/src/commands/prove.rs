//! `zktorch prove`, in both forms.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Error, Result, bail};
use bytesize::ByteSize;
use serde_json::json;
use tracing::info_span;
use zktorch::cli::{self, CompileSource, Dim, ProofContext, ProveForm};
use zktorch::container::{self, Kind};
use zktorch::interrupt::TemporaryFolder;
use zktorch::memory::AnonymousPeak;
use zktorch::outputs::{self, Labels, ProvedOutput};
use zktorch::progress::merged;
use zktorch::report::{Report, Stage};
use zktorch::statement::{self, MAX_INLINE};
use zktorch::{Bytes32, folder_of, is_special, write_page};
use zktorch_commit::Srs;
use zktorch_commit::srs::DEVELOPMENT;
use zktorch_files::Interface;
use zktorch_graph::{PortInfo, Visibility};
use zktorch_onnx::{OnnxError, Tensor};
use zktorch_prover::{Memory, PART_CELLS, Proved, Run, committed_values};
use zktorch_verifier::Batch;

use super::compile::{compile_model, write_model};
use super::keys::Loaded;
use super::proof_page::Made;
use super::samples::{load_bound, load_inputs, port_names, suggest_room, tell_clamped};
use super::setup::{make_keys, old_id, open_srs, tell_replaced};
use super::worker::Driver;
use super::{Context, Outcome, file_bytes, plan, protocol, read_model, require_folder, tell_parts};
use zktorch::key_file::{LoadedKey, load_srs};
use zktorch::model_file::ModelFile;
use zktorch::pipeline_file::LoadedPipeline;

pub(super) fn run(context: &Context, options: &cli::Prove) -> Result<Outcome> {
    let mut report = Report::new("prove");
    match options.form() {
        Some(ProveForm::WithKey { pk, proof, statement }) => {
            prove(context, &mut report, options, [pk, proof, statement], None)?;
        }
        Some(ProveForm::OneStep { model, out }) => {
            fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
            let file = |name: &str| out.join(name);
            one_time_setup(context, &mut report, model, &options.source, &file)?;
            let (pk, proof, statement) = (file("model.pk"), file("proof.bin"), file("statement.json"));
            prove(context, &mut report, options, [&pk, &proof, &statement], Some(&file("model.zkt")))?;
            report.vk_bytes = file_bytes(&file("model.vk"));
        }
        None => bail!("either --pk, --proof and --statement, or MODEL.onnx and --out"),
    }
    Ok(Outcome::Done(report))
}

/// Compiles and sets up, unless the folder has keys of the same model, compiled in the same way.
fn one_time_setup(
    context: &Context,
    report: &mut Report,
    model: &Path,
    source: &CompileSource,
    file: &impl Fn(&str) -> PathBuf,
) -> Result<()> {
    let (zkt, pk, vk) = (file("model.zkt"), file("model.pk"), file("model.vk"));
    // Without samples any calibration will do; with samples it has to be the one that they give, and compiling
    // tells; so it does whether the error is as small as it has to be.
    let compile =
        |report: &mut Report| compile_model(context, report, [model, &zkt], source, [Visibility::Public; 2]);
    let any = source.calibration.is_empty() && source.like.is_none() && source.max_error.is_none();
    let calibrated = if any { None } else { Some(compile(report)?) };
    if zkt.exists() && pk.exists() && vk.exists() {
        let (cached, key) = (ModelFile::read(&zkt)?, LoadedKey::read(&pk)?);
        let vk_bytes = container::read(&vk, Kind::VerifyingKey, &protocol(), u64::MAX)?;
        // All three files say what they belong to: an earlier run may have ended between two of them.
        let together = key.recipe == cached.recipe && key.key.vk_bytes() == vk_bytes.as_slice();
        let same = match &calibrated {
            Some(compiled) => cached.recipe == compiled.recipe,
            None => {
                cached.recipe.onnx == Bytes32::sha256(&read_model(model)?)
                    && cached.recipe.image == source.image
                    && cached.recipe.dims == Dim::all(&source.dims)?
                    && cached.recipe.bound()? == load_bound(&source.bind)?
                    && source.headroom.is_none_or(|headroom| cached.recipe.headroom == headroom)
                    && source.guard_bits.is_none_or(|bits| cached.recipe.guard_bits == bits)
                    && cached.recipe.saturate == source.saturate
                    && [cached.recipe.input, cached.recipe.output] == [Visibility::Public; 2]
            }
        };
        if together && same {
            context.progress.info("using the keys that are there");
            report.note("setup_cached", true);
            return Ok(());
        }
    }
    let compiled = match calibrated {
        Some(compiled) => compiled,
        None => compile(report)?,
    };
    write_model(context, &compiled, &zkt)?;
    let old = old_id(&pk, &vk);
    let sharding = cli::Sharding::default();
    let (srs, external_data, weights_from) = (None, None, None);
    let transcript = cli::TranscriptHash::default();
    let model = zkt;
    let options =
        cli::Setup { model, pk, vk, srs, sharding, transcript, weights_from, external_data, force: true };
    let vk = make_keys(context, report, &compiled, &options, (None, PART_CELLS))?;
    if let Some(old) = old {
        tell_replaced(context, report, old, vk.model_id());
    }
    report.note("setup_cached", false);
    Ok(())
}

fn prove(
    context: &Context,
    report: &mut Report,
    options: &cli::Prove,
    [pk, proof, statement]: [&Path; 3],
    model_file: Option<&Path>,
) -> Result<()> {
    options.report.as_deref().map(require_folder).transpose()?;
    require_folder(proof)?;
    require_folder(statement)?;
    let bound = options.context.as_ref().map(ProofContext::bytes).transpose()?.unwrap_or_default();
    let _reading = context.progress.begin("prove", plan::read_key());
    let memory = AnonymousPeak::watch();
    let loaded = report.time(Stage::Load, || -> Result<_> {
        let loaded = Loaded::read(pk)?;
        let model = loaded.interface()?;
        let saturates =
            |port: &PortInfo| PortInfo { saturates: loaded.recipe().saturates(&port.name), ..port.clone() };
        let ports: Vec<PortInfo> = model.inputs().iter().map(saturates).collect();
        let image = loaded.recipe().image.as_ref();
        let samples = load_inputs(&options.input, options.batch, image, &port_names(&ports))?;
        let batch = loaded.batch(samples.len())?;
        let k = batch.as_ref().map_or(model.k, |batch| batch.network().k());
        let srs = key_srs(options.srs.as_deref(), pk, &model, k)?;
        Ok((loaded, model, srs, ports, samples, batch))
    });
    let (loaded, model, srs, input_ports, samples, batch) = loaded?;
    if batch.is_some() && options.report.is_some() {
        bail!(
            "--report: expected one inference, got {}: prove it alone, or leave --report out",
            samples.len()
        );
    }
    if batch.is_some() {
        context.progress.info(&format!(
            "{} inferences in one proof: whoever verifies it sees the public inputs and outputs of all of them",
            samples.len()
        ));
    }
    let graph = &model.graph;
    let output_ports = model.outputs();
    let labels = read_labels(options.labels.as_deref(), output_ports)?;
    let proof_bytes = batch.as_ref().map_or(Ok(model.proof_bytes), Batch::proof_bytes)?;
    let stated = statement_bytes(&model).saturating_mul(samples.len() as u64);
    context.require_room(&[(proof, container::file_bytes(proof_bytes)), (statement, stated)])?;
    let (graphs, k) = match &batch {
        Some(batch) => (vec![Cow::Borrowed(batch.network().graph())], batch.network().k()),
        None => (loaded.graphs()?, model.k),
    };
    report.committed_values = Some(graphs.iter().map(|graph| committed_values(graph) as u64).sum());
    // An SRS in a file is mapped.
    let computed = options.srs.is_none() && model.srs_id == DEVELOPMENT;
    let needed = loaded.memory(&graphs, k, computed);
    tell_memory(report, &needed);
    if let Some(most) = options.memory {
        let needed = u64::from(options.workers.unwrap_or(1)).saturating_mul(needed.total());
        if needed > most.as_u64() {
            bail!(
                "--memory: expected a proof within {}, got one that takes about {}: set it up with --memory, so that it is cut \
                 into more shards, or prove with fewer --workers",
                most.display().si(),
                ByteSize(needed).display().si()
            );
        }
    }
    let steps = graphs.iter().map(|graph| plan::prove(graph, k));
    let running = context.progress.begin("prove", merged(steps));
    drop(graphs);
    context.stages.restart();
    let started = Instant::now();
    let room = |error: Error| suggest_room(error, loaded.recipe().headroom);
    samples.iter().for_each(|sample| tell_clamped(context, &input_ports, sample, graph));
    let quantise = |sample: &Vec<Tensor>| -> Result<Vec<Vec<i32>>> {
        let pairs = input_ports.iter().zip(sample);
        let integers = pairs.map(|(port, tensor)| {
            Ok(port.quantise(tensor.iter(), graph.tensor(port.tensor).range).map_err(OnnxError::from)?)
        });
        integers.collect()
    };
    let integers = samples.iter().map(quantise).collect::<Result<Vec<_>>>().map_err(room)?;
    let proved = match (&loaded, options.workers) {
        (Loaded::Shards(pipeline), Some(workers)) => prove_elsewhere(
            context,
            pipeline,
            [pk, proof],
            &srs,
            (&integers[0], &bound),
            usize::from(workers),
        ),
        (Loaded::Whole(_), Some(_)) => {
            bail!("--workers: expected a key in shards (setup --shards), got one in one piece")
        }
        (_, None) => loaded.prove(&srs, (batch.as_ref(), &integers), &bound).map_err(Error::from),
    };
    let proved = proved.map_err(room)?;
    let elapsed = started.elapsed();
    let spans = context.stages.spans();
    report.add(Stage::Prove, elapsed);
    report.stage_s = Some(context.stages.split(elapsed));
    report.add(Stage::Witness, proved.witness_time);
    info_span!("write proof").in_scope(|| -> Result<()> {
        container::write(proof, Kind::Proof, &protocol(), &proved.proof)?;
        Ok(statement::write(&model.state(&proved.statement)?, statement)?)
    })?;
    drop(running);
    report.proof_bytes = file_bytes(proof);
    report.pk_bytes = file_bytes(pk).map(|bytes| bytes + loaded.shard_bytes());
    report.note("shards", loaded.shards());
    report.note("peak_anon_bytes", memory.end());
    report.note("model_id", model.model_id.to_string());
    report.note("context", !bound.is_empty());
    report.note("inferences", samples.len());
    let parts = batch.as_ref().map_or_else(|| loaded.parts(), Batch::parts)?;
    report.note("proof_parts", tell_parts(&parts));
    if let (Some(path), [sample]) = (&options.report, samples.as_slice()) {
        let made =
            Made { loaded: &loaded, interface: &model, parts: &parts, samples: sample, spans, model_file };
        write_page(path, &made.page(report)?.render(), true)?;
    }
    let outputs: Vec<_> = (output_ports.iter().zip(&proved.outputs))
        .map(|(port, integers)| {
            let values = integers.iter().map(|integer| port.real(*integer)).collect();
            (port.name.as_str(), port.dims.as_slice(), Some(values))
        })
        .collect();
    let inferences = proved.statement.inferences;
    report.proved_outputs = ProvedOutput::of_inferences(inferences, &outputs, labels.as_ref());
    Ok(())
}

/// What a proof, or a setup, is expected to take.
pub(super) fn tell_memory(report: &mut Report, memory: &Memory) {
    report.note("estimated_memory_bytes", memory.total());
    report.note("estimated_memory", json!(memory));
}

/// The names of classes, for outputs like these.
pub(super) fn read_labels(path: Option<&Path>, outputs: &[PortInfo]) -> Result<Option<Labels>> {
    let dims: Vec<&[usize]> = outputs.iter().map(|port| port.dims.as_slice()).collect();
    Ok(path.map(|path| outputs::read_labels(path, &dims)).transpose()?)
}

/// Proves the shards in other processes.
fn prove_elsewhere(
    context: &Context,
    pipeline: &LoadedPipeline,
    [pk, proof]: [&Path; 2],
    srs: &Srs,
    (inputs, bound): (&[Vec<i32>], &[u8]),
    workers: usize,
) -> Result<Proved> {
    let run = Run::start(&pipeline.vk, pipeline, srs, inputs, bound)?;
    let shared = run.shared(&pipeline.vk)?;
    let parent = if is_special(proof) { std::env::temp_dir() } else { folder_of(proof).to_path_buf() };
    let folder = TemporaryFolder::create(&parent).context("cannot create a folder for workers")?;
    let driver = Driver { pipeline, pk, srs, shared: &shared, run: &run, folder: folder.path() };
    driver.prove(context, workers)
}

/// The SRS of a key, with as many powers as the proof takes: 2^k.
pub(super) fn key_srs(srs: Option<&Path>, pk: &Path, model: &Interface, k: usize) -> Result<Srs> {
    if let Some(path) = srs {
        let srs = open_srs(path, k)?;
        if srs.verifier().id() != model.srs_id {
            let (expected, got) = (model.srs_id, srs.verifier().id());
            bail!("{}: expected SRS {expected}, under which the key was made, got {got}", path.display());
        }
        return Ok(srs);
    }
    load_srs(pk, model.srs_id, k).map_err(|error| match k > model.k {
        true => error.context(format!(
            "so many inferences are proved with 2^{k} powers of the key's SRS: give the file of the ceremony, --srs FILE"
        )),
        false => error,
    })
}

/// About the size of a statement's files: numbers in text or in an array beside it, commitments in hexadecimal.
fn statement_bytes(model: &Interface) -> u64 {
    let public = model.graph.tensors.iter().filter(|tensor| tensor.role.is_public());
    let public = public.map(|tensor| tensor.shape.len());
    let public = public.map(|entries| if entries > MAX_INLINE { 4 * entries } else { 12 * entries });
    (public.sum::<usize>() + 67 * model.listed_commitments()) as u64
}
