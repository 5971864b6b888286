//! `zktorch accuracy`: a labelled test set is committed to once, and what models get right of it is proved.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use tracing::info_span;
use zeroize::Zeroizing;
use zktorch::cli::{self, AccuracyCommand, ProofContext};
use zktorch::container::{self, Kind};
use zktorch::data::{self, Tensor, Values};
use zktorch::progress::Step;
use zktorch::report::{Report, Stage};
use zktorch::{Bytes32, statement};
use zktorch_commit::Srs;
use zktorch_commit::srs::DEVELOPMENT;
use zktorch_files::{AccuracyFile, Interface, PixelSpec};
use zktorch_graph::{Interval, LEVELS, LabelledSet};
use zktorch_prover::{Labelled, TestSet, committed_values};
use zktorch_verifier::{
    AccuracyStatement, MAX_INFERENCES, MAX_SET_BYTES, Pixels, SetCommitment, SetId, VerifyError,
    verify_accuracy,
};

use super::info::test_set;
use super::keys::Loaded;
use super::prove::key_srs;
use super::setup::open_srs;
use super::trust::Trust;
use super::verify::{Failure, MAX_BYTES, Wanted, of_the_prover, outcome, read_key};
use super::{Context, Outcome, file_bytes, plan, protocol, require_folder, tell_parts};
use zktorch_files::CheckedVk;

/// The largest set that is read.
const MAX_OPENING_BYTES: u64 = 1 << 30;

pub(super) fn run(context: &Context, options: &cli::Accuracy) -> Result<Outcome> {
    match &options.command {
        AccuracyCommand::Commit(options) => commit(context, options),
        AccuracyCommand::Prove(options) => prove(context, options),
        AccuracyCommand::Verify(options) => verify(context, options),
    }
}

fn commit(context: &Context, options: &cli::CommitSet) -> Result<Outcome> {
    let mut report = Report::new("accuracy commit");
    for path in [&options.set, &options.opening] {
        require_folder(path)?;
        if path.exists() && !zktorch::is_special(path) && !options.force {
            bail!(
                "{} is there already: every commitment has a new id, and proofs about the old one do not verify with the new one; to \
                 replace it, give --force",
                path.display()
            );
        }
    }
    let _running = context.progress.begin("accuracy commit", vec![Step::new("commit chunks", 1.0)]);
    let images = one(&options.images, "images")?;
    let labels = one(&options.labels, "labels")?;
    let named = |path: &Path, error: anyhow::Error| error.context(path.display().to_string());
    let extents = extents(&images).map_err(|error| named(&options.images, error))?;
    let bytes = integers(&images, "images", Interval::new(0, LEVELS as i32 - 1));
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(bytes.map_err(|error| named(&options.images, error))?);
    if labels.dims != images.dims[..1] {
        let (expected, got) = (&images.dims[..1], &labels.dims);
        bail!(
            "{}: labels: expected dimensions {expected:?}, one for each image, got {got:?}",
            options.labels.display()
        );
    }
    let last = i32::try_from(options.classes - 1).unwrap_or(i32::MAX);
    let labels = integers(&labels, "labels", Interval::new(0, last));
    let labels: Zeroizing<Vec<u32>> = Zeroizing::new(labels.map_err(|error| named(&options.labels, error))?);
    let form = LabelledSet {
        images: u32::try_from(labels.len()).unwrap_or(u32::MAX),
        pixels: extents.iter().fold(1u32, |pixels, extent| pixels.saturating_mul(*extent)),
        classes: options.classes,
    };
    if form.images > MAX_INFERENCES {
        bail!(
            "{}: images: expected at most {MAX_INFERENCES}, which one proof can be about, got {}: commit to parts of the set",
            options.images.display(),
            form.images
        );
    }
    form.check()?;
    let srs = match &options.srs {
        None => Srs::dev(form.chunk_vars())?,
        Some(path) => open_srs(path, form.chunk_vars())?,
    };
    if srs.verifier().id() == DEVELOPMENT {
        context.progress.warn(
            "this set is committed to under the development SRS, whose secret is public: anybody can forge proofs about it. \
             Use --srs with the file of a ceremony for anything real",
        );
    }
    let set = Labelled { images: &bytes, extents, labels: &labels, classes: options.classes };
    let set = TestSet::commit(&srs, &set)?;
    let (opening, commitment) = (set.to_bytes()?, set.commitment().to_bytes()?);
    context.require_room(&[
        (&options.opening, container::file_bytes(opening.len())),
        (&options.set, container::file_bytes(commitment.len())),
    ])?;
    container::write(&options.opening, Kind::TestSetOpening, &protocol(), &opening)?;
    container::write(&options.set, Kind::TestSet, &protocol(), &commitment)?;
    test_set(&mut report, set.commitment())?;
    Ok(Outcome::Done(report))
}

/// The only array of a file, or the one with this name.
fn one(path: &Path, name: &str) -> Result<Tensor> {
    let mut tensors = data::load(path, None)?;
    let index = match tensors.len() {
        1 => Some(0),
        _ => tensors.iter().position(|tensor| tensor.name.as_deref() == Some(name)),
    };
    let count = tensors.len();
    let found = index.map(|index| tensors.swap_remove(index));
    found.with_context(|| {
        format!("{}: expected one array, or one named {name}, got {count} others", path.display())
    })
}

/// Height, width and channels.
fn extents(images: &Tensor) -> Result<[u32; 3]> {
    let extents = match *images.dims.as_slice() {
        [_, height, width] => Some([height, width, 1]),
        [_, height, width, channels @ (1 | 3 | 4)] => Some([height, width, channels]),
        _ => None,
    };
    let extents = extents.and_then(|extents| {
        let extents = extents.map(|extent| u32::try_from(extent).ok());
        Some([extents[0]?, extents[1]?, extents[2]?])
    });
    extents.with_context(|| {
        format!(
            "images: expected dimensions [N, height, width], or [N, height, width, channels] with 1, 3 or 4 channels, got {:?}",
            images.dims
        )
    })
}

/// The entries, which have to be integers of a range.
fn integers<T: TryFrom<i64>>(tensor: &Tensor, what: &str, range: Interval) -> Result<Vec<T>> {
    let exact: Box<dyn Iterator<Item = Option<i64>> + '_> = match &tensor.values {
        Values::Integers(values) => Box::new(values.iter().map(|value| Some(*value))),
        Values::Floats(values) => {
            let whole = |value: &f32| (value.fract() == 0.0 && value.abs() < 1e9).then_some(*value as i64);
            Box::new(values.iter().map(whole))
        }
    };
    let mut integers = Vec::with_capacity(tensor.values.len());
    for (index, value) in exact.enumerate() {
        let inside = value.filter(|value| range.contains(*value)).and_then(|value| T::try_from(value).ok());
        let Some(value) = inside else {
            let got = tensor.values.iter().nth(index).unwrap_or_default();
            bail!("{what}: entry {index}: expected an integer from {} to {}, got {got}", range.lo, range.hi);
        };
        integers.push(value);
    }
    Ok(integers)
}

fn prove(context: &Context, options: &cli::ProveAccuracy) -> Result<Outcome> {
    let mut report = Report::new("accuracy prove");
    require_folder(&options.proof)?;
    require_folder(&options.statement)?;
    let bound = options.context.as_ref().map(ProofContext::bytes).transpose()?.unwrap_or_default();
    let reading = context.progress.begin("accuracy prove", plan::read_key());
    let started = Instant::now();
    let Loaded::Whole(loaded) = Loaded::read(&options.pk)? else {
        bail!(
            "{}: expected a key in one piece, got one in shards: set one up without --shards",
            options.pk.display()
        );
    };
    let model = Interface::of_key(loaded.key.vk())?;
    let opening = container::read(&options.opening, Kind::TestSetOpening, &protocol(), MAX_OPENING_BYTES)?;
    let set = TestSet::from_bytes(&opening).with_context(|| options.opening.display().to_string())?;
    drop(opening);
    let pixels = PixelSpec::of(options.pixels.as_ref(), &model, set.commitment())?;
    tell_clamped(context, &model, &pixels, &set);
    let about = AccuracyStatement {
        model_id: model.model_id,
        set: set.id(),
        top: options.top,
        at_least: options.at_least,
        pixels,
        context: bound,
    };
    let batch = loaded.key.vk().accuracy(set.commitment(), &about)?;
    let (graph, k) = (batch.network().graph(), batch.network().k());
    let srs = key_srs(options.srs.as_deref(), &options.pk, &model, k)?;
    report.add(Stage::Load, started.elapsed());
    let file = AccuracyFile::new(&about, set.commitment());
    let stated = file.to_json()?;
    context.require_room(&[
        (&options.proof, container::file_bytes(batch.proof_bytes()?)),
        (&options.statement, stated.len() as u64),
    ])?;
    report.committed_values = Some(committed_values(graph) as u64);
    drop(reading);
    let running = context.progress.begin("accuracy prove", plan::prove(graph, k));
    context.stages.restart();
    let started = Instant::now();
    let proved = loaded.key.prove_accuracy(&srs, &set, &batch, &about)?;
    let elapsed = started.elapsed();
    report.add(Stage::Prove, elapsed);
    report.stage_s = Some(context.stages.split(elapsed));
    report.add(Stage::Witness, proved.witness_time);
    info_span!("write proof").in_scope(|| -> Result<()> {
        container::write(&options.proof, Kind::Proof, &protocol(), &proved.proof)?;
        Ok(statement::write_accuracy(&file, &options.statement)?)
    })?;
    drop(running);
    report.proof_bytes = file_bytes(&options.proof);
    report.note("k", k);
    report.note("context", !about.context.is_empty());
    report.note("proof_parts", tell_parts(&batch.parts()?));
    // For the prover's eyes: no file says it.
    report.note("right", proved.right);
    tell(&mut report, &file);
    Ok(Outcome::Done(report))
}

/// Says how many pixels are beyond the range of the model's input, if any are: they count as its ends.
fn tell_clamped(context: &Context, model: &Interface, pixels: &Pixels, set: &TestSet) {
    let ([input], channels) = (model.inputs(), set.commitment().channels as usize) else { return };
    let range = model.graph.tensor(input.tensor).range;
    let real = |(index, pixel): (usize, &u8)| {
        let of =
            |values: &[f32], default: f32| values.get(index % channels.max(1)).copied().unwrap_or(default);
        f64::from((f32::from(*pixel) / pixels.scale - of(&pixels.mean, 0.0)) / of(&pixels.std, 1.0))
    };
    let outside = input.count_outside(set.images().iter().enumerate().map(real), range);
    if outside > 0 {
        context.progress.warn(&format!(
            "{outside} of {} numbers of the images are beyond the range of the model's input, which the calibration data had: they count \
             as its ends (is --pixels what the model was trained with?)",
            set.images().len()
        ));
    }
}

/// What is proved, in the report.
fn tell(report: &mut Report, file: &AccuracyFile) {
    let AccuracyFile { model_id, set_id, images, top, at_least, pixels, .. } = file;
    report.note("model_id", model_id.to_string());
    report.note("set_id", set_id.to_string());
    report.note("images", *images);
    report.note("top", *top);
    report.note("at_least", *at_least);
    report.note("pixels", PixelSpec::from(pixels).to_string());
    let scores = match top {
        1 => "the largest score".to_owned(),
        top => format!("one of the {top} largest scores"),
    };
    report
        .note("claim", format!("for at least {at_least} of {images} images, the label's class has {scores}"));
}

fn verify(context: &Context, options: &cli::VerifyAccuracy) -> Result<Outcome> {
    let mut report = Report::new("accuracy verify");
    let checked = check(context, &mut report, options);
    outcome(report, checked)
}

fn check(context: &Context, report: &mut Report, options: &cli::VerifyAccuracy) -> Result<(), Failure> {
    let _running = context.progress.begin("accuracy verify", plan::verify());
    // 1. What the user trusts.
    let trust = Trust::new(context, options.accept_srs.as_ref(), options.allow_insecure_srs)?;
    let bound = options.context.as_ref().map(ProofContext::bytes).transpose().map_err(anyhow::Error::from)?;
    let bound = bound.unwrap_or_default();
    report.note("context", !bound.is_empty());

    // 2. The key, and the set: its id is computed from the commitment.
    let wanted = Wanted { vk: &options.vk, model_id: options.model_id.as_ref() };
    let (vk, model) = read_key(context, report, &wanted, &trust)?;
    let CheckedVk::Whole(vk) = vk else {
        let path = options.vk.display();
        return Err(anyhow::anyhow!("{path}: expected a key in one piece, got one in shards").into());
    };
    let set = read_set(context, report, options)?;

    // 3. The statement: every field is that of the key or the set, or becomes part of what is verified.
    let span = info_span!("read statement").entered();
    let file = statement::read_accuracy(&options.statement).map_err(of_the_prover)?;
    let about = file.check(&model, &set, bound)?;
    let demanded = |field: &str, expected: String, got: String| {
        Failure::Rejected(format!("statement: {field}: expected {expected}, got {got}"))
    };
    if file.at_least < options.at_least {
        let expected = format!("{} or more", options.at_least);
        return Err(demanded("at_least", expected, file.at_least.to_string()));
    }
    if file.top != options.top {
        return Err(demanded("top", options.top.to_string(), file.top.to_string()));
    }
    if options.pixels.is_none() && vk.key().preprocessing().is_empty() {
        context.progress.warn(&format!(
            "the statement alone says how pixels become the model's input ({}), and whoever proved may have chosen it for the set: \
             --pixels demands it",
            PixelSpec::from(&file.pixels)
        ));
    }
    if let Some(spec) = &options.pixels {
        let expected = PixelSpec::of(Some(spec), &model, &set).map_err(anyhow::Error::from)?;
        if expected != file.pixels {
            let [expected, got] = [&expected, &file.pixels].map(|pixels| PixelSpec::from(pixels).to_string());
            return Err(demanded("pixels", expected, got));
        }
    }
    drop(span);

    // 4. The proof.
    let proof =
        container::read(&options.proof, Kind::Proof, &protocol(), MAX_BYTES).map_err(of_the_prover)?;
    report.proof_bytes = file_bytes(&options.proof);
    let check = || info_span!("verify proof").in_scope(|| verify_accuracy(&vk, &set, &about, &proof));
    report.time(Stage::Verify, check).map_err(|error| Failure::Rejected(error.to_string()))?;

    // 5. Only now does the claim mean anything.
    tell(report, &file);
    Ok(())
}

/// The commitment to the set, with the id that the user trusts.
fn read_set(
    context: &Context,
    report: &mut Report,
    options: &cli::VerifyAccuracy,
) -> Result<SetCommitment, Failure> {
    let limit = MAX_SET_BYTES as u64;
    let bytes = container::read(&options.set, Kind::TestSet, &protocol(), limit);
    let bytes = bytes.map_err(anyhow::Error::from)?;
    let invalid = |error: VerifyError| {
        Failure::Error(anyhow::Error::from(error).context(options.set.display().to_string()))
    };
    let set = SetCommitment::from_bytes(&bytes).map_err(invalid)?;
    let id: SetId = set.id().map_err(invalid)?;
    report.note("set_id", id.to_string());
    report.note("set_id_pinned", options.set_id.is_some());
    match options.set_id {
        Some(Bytes32(expected)) if expected != id.0 => {
            let expected = SetId(expected);
            return Err(Failure::Rejected(VerifyError::SetId { expected, got: id }.to_string()));
        }
        Some(_) => {}
        None => context.progress.warn(&format!(
            "--any-set: the file alone says which set this is about ({id}), and whoever made it chose the images and their labels"
        )),
    }
    Ok(set)
}
