//! `zktorch worker`, and the other side of it: shards that are proved by other processes.
//!
//! A folder is all that they share. The driver writes `N.job`; whoever renames it proves it and writes `N.leaf`, or `N.error`. Files
//! appear under their names when they are complete, so nobody reads a part of one. A worker that dies leaves a job that nobody
//! else takes: the driver proves what is left in the end. It believes nothing that it reads. Workers may be on other machines.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zktorch::container::{self, Kind};
use zktorch::report::Report;
use zktorch::shard_job::{ShardJob, most_leaf_bytes};
use zktorch::{cli, printable};
use zktorch_commit::Srs;
use zktorch_prover::{Proved, ProvedLeaf, ShardKeys, prove_leaf};
use zktorch_verifier::{PipelineStatement, UncheckedKey};

use super::{Context, Outcome, protocol};
use zktorch::key_file::load_srs;
use zktorch::pipeline_file::LoadedPipeline;

/// The largest job.
const MAX_BYTES: u64 = 8 << 30;
/// The longest error that is shown.
const MAX_ERROR: u64 = 1 << 12;
/// Between the index of a job that was taken and the process that took it.
const TAKEN: &str = ".taken-";
/// How often a folder is looked into.
const PERIOD: Duration = Duration::from_millis(30);

/// What a worker needs to prove a shard. Secret.
#[derive(Serialize, Deserialize)]
struct Job {
    pk: PathBuf,
    shard: ShardJob,
}

/// Takes jobs until there are none (`--once`), or the folder is gone.
pub(super) fn run(context: &Context, options: &cli::Worker) -> Result<Outcome> {
    let mut report = Report::new("worker");
    let mut proved = 0u32;
    let mut known: Option<Known> = None;
    if !options.folder.is_dir() {
        bail!("{}: expected a folder", options.folder.display());
    }
    require_own(&options.folder)?;
    while options.folder.is_dir() {
        match claim(&options.folder)? {
            Some(claimed) => {
                let index = claimed.index;
                context.progress.info(&format!("shard {index}"));
                if let Err(error) = claimed.prove(&options.folder, &mut known) {
                    context.progress.warn(&format!("shard {index}: {error:#}"));
                    // It may quote values of the run, like the job itself, of which nothing stays.
                    let text = format!("{error:#}").into_bytes();
                    let path = name(&options.folder, index, "error");
                    container::write(&path, Kind::ShardError, &protocol(), &text)?;
                    fs::remove_file(&claimed.path).context("cannot remove the job")?;
                } else {
                    proved += 1;
                }
            }
            None if options.once => break,
            None => std::thread::sleep(PERIOD),
        }
    }
    report.note("proved_shards", proved);
    Ok(Outcome::Done(report))
}

/// A job names a key and holds secrets: whoever can write one has this process prove what they like.
#[cfg(unix)]
fn require_own(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(folder).context("cannot look at the folder of jobs")?.permissions().mode();
    if mode & 0o022 != 0 {
        let found = mode & 0o777;
        bail!("{}: expected a folder that nobody else can write to, found mode {found:o}", folder.display());
    }
    Ok(())
}

#[cfg(not(unix))]
fn require_own(_: &Path) -> Result<()> {
    Ok(())
}

/// Whether there is a file itself, no link to one and nothing else.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

fn name(folder: &Path, index: usize, ending: &str) -> PathBuf {
    folder.join(format!("{index}.{ending}"))
}

/// A job that nobody else has.
struct Claimed {
    index: usize,
    path: PathBuf,
}

/// The next job of a folder.
fn claim(folder: &Path) -> Result<Option<Claimed>> {
    let mut indices: Vec<usize> = Vec::new();
    // The folder may be gone by now: then there is no job.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let index = file.to_str().and_then(|file| file.strip_suffix(".job"));
        let index: Option<usize> = index.and_then(|index| index.parse().ok());
        indices.extend(index);
    }
    indices.sort_unstable();
    for index in indices {
        let path = folder.join(format!("{index}{TAKEN}{}", std::process::id()));
        // Whoever comes first has it.
        if fs::rename(name(folder, index, "job"), &path).is_ok() {
            return Ok(Some(Claimed { index, path }));
        }
    }
    Ok(None)
}

/// What is the same for all jobs of a key.
struct Known {
    pk: PathBuf,
    pipeline: LoadedPipeline,
    srs: Srs,
}

impl Known {
    fn read(pk: &Path) -> Result<Self> {
        let pipeline = LoadedPipeline::read(pk)?;
        let srs = load_srs(pk, pipeline.vk.srs().id(), pipeline.vk.k())?;
        Ok(Self { pk: pk.to_path_buf(), pipeline, srs })
    }
}

impl Claimed {
    fn prove(&self, folder: &Path, known: &mut Option<Known>) -> Result<()> {
        if !is_file(&self.path) {
            bail!("malformed job: expected a file");
        }
        let body = container::read(&self.path, Kind::ShardJob, &protocol(), MAX_BYTES)?;
        let (job, rest) = postcard::take_from_bytes::<Job>(&body).context("malformed job")?;
        if !rest.is_empty() {
            bail!("malformed job: {} trailing bytes", rest.len());
        }
        let Job { pk, shard } = job;
        if shard.index() != self.index {
            bail!("malformed job: it is about shard {}, its file about {}", shard.index(), self.index);
        }
        // A key that was set up again is another one under the same path.
        let same = |known: &Known| known.pk == pk && known.pipeline.vk.model_id() == shard.model_id();
        if !known.as_ref().is_some_and(same) {
            *known = Some(Known::read(&pk)?);
        }
        let Some(Known { pipeline, srs, .. }) = known else { bail!("no key") };
        let leaf = shard.prove(&pipeline.vk, pipeline, srs)?;
        container::write(
            &name(folder, shard.index(), "leaf"),
            Kind::ShardLeaf,
            &protocol(),
            &leaf.to_bytes()?,
        )?;
        fs::remove_file(&self.path).context("cannot remove the job")?;
        Ok(())
    }
}

/// A proof whose shards other processes prove.
pub(super) struct Driver<'a> {
    pub(super) pipeline: &'a LoadedPipeline,
    pub(super) pk: &'a Path,
    pub(super) srs: &'a Srs,
    pub(super) shared: &'a PipelineStatement<'a>,
    pub(super) run: &'a zktorch_prover::Run,
    pub(super) folder: &'a Path,
}

/// Processes that end with whoever waits for them.
struct Children(Vec<Child>);

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // One that has ended is not there to be told.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Children {
    fn start(count: usize, folder: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let threads = (zktorch_field::par::current_num_threads() / count.max(1)).max(1).to_string();
        let start = |_| {
            let mut command = Command::new(&program);
            command.arg("worker").arg(folder).args(["--once", "--quiet", "--threads", &threads]);
            command.stdin(Stdio::null()).stdout(Stdio::null());
            command.spawn().context("cannot start a worker")
        };
        // Those that run end with this list, also if the next one cannot be started.
        let mut children = Self(Vec::with_capacity(count));
        for index in 0..count {
            children.0.push(start(index)?);
        }
        Ok(children)
    }

    /// Whether one of them still runs.
    fn running(&mut self) -> bool {
        self.0.iter_mut().any(|child| matches!(child.try_wait(), Ok(None)))
    }
}

impl Driver<'_> {
    /// The whole proof: shards are proved by so many processes, verified here, and folded as they come.
    pub(super) fn prove(&self, context: &Context, workers: usize) -> Result<Proved> {
        let vk = &self.pipeline.vk;
        let mut keys = Vec::with_capacity(vk.shards());
        for index in 0..vk.shards() {
            let key = vk.shard(index)?;
            self.write_job(index, &key)?;
            keys.push(key);
        }
        let began = Instant::now();
        let mut children = Children::start(workers, self.folder)?;
        let mut until = None;
        let mut end = self.run.end(vk, self.srs)?;
        let mut missing: BTreeSet<usize> = (0..vk.shards()).collect();
        while !missing.is_empty() {
            // Asked before the folder is looked into: what the last one has written is found.
            let running = children.running();
            for index in missing.clone() {
                if let Some(leaf) = self.take(context, index, &keys[index]) {
                    end.add(index, leaf)?;
                    missing.remove(&index);
                }
            }
            if !running {
                // Workers elsewhere get as long again: one that has died costs at most twice the time.
                let until = *until.get_or_insert_with(|| Instant::now() + began.elapsed());
                if Instant::now() >= until || !self.others_prove(&missing, &children) {
                    break;
                }
            }
            std::thread::sleep(PERIOD);
        }
        // Leaves may still come, most likely of the shards that were taken first.
        for index in missing.into_iter().rev() {
            let leaf = match self.take(context, index, &keys[index]) {
                Some(leaf) => leaf,
                None => {
                    let text = format!("shard {index}: no worker has proved it, so it is proved here");
                    context.progress.warn(&text);
                    self.prove_shard(index)?
                }
            };
            end.add(index, leaf)?;
        }
        Ok(end.finish(self.run, vk, self.srs)?)
    }

    /// Whether a worker that this process has not started has one of these shards.
    fn others_prove(&self, missing: &BTreeSet<usize>, children: &Children) -> bool {
        fs::read_dir(self.folder).into_iter().flatten().flatten().any(|entry| {
            let file = entry.file_name();
            let Some((index, process)) = file.to_str().and_then(|file| file.split_once(TAKEN)) else {
                return false;
            };
            let own = children.0.iter().any(|child| child.id().to_string() == process);
            index.parse().is_ok_and(|index| missing.contains(&index)) && !own
        })
    }

    fn write_job(&self, index: usize, key: &UncheckedKey) -> Result<()> {
        let shard = ShardJob::new(self.run, &self.pipeline.vk, index, key)?;
        let job = Job { pk: std::path::absolute(self.pk)?, shard };
        let body = Zeroizing::new(postcard::to_stdvec(&job)?);
        container::write(&name(self.folder, index, "job"), Kind::ShardJob, &protocol(), &body)?;
        Ok(())
    }

    /// What a worker has given back of a shard, if it is right. Whatever else lies there is told and left: the shard is proved here in
    /// the end, where an error that is not the worker's comes again.
    fn take(&self, context: &Context, index: usize, key: &UncheckedKey) -> Option<ProvedLeaf> {
        let refused = |what: &str| context.progress.warn(&format!("shard {index}: {what}"));
        let error = name(self.folder, index, "error");
        if is_file(&error) {
            let text = container::read(&error, Kind::ShardError, &protocol(), MAX_ERROR);
            let text =
                text.map_or_else(|error| error.to_string(), |text| String::from_utf8_lossy(&text).into());
            refused(&format!("a worker could not prove it: {}", printable(&text)));
            // If it cannot be removed, it is told again.
            let _ = fs::remove_file(&error);
        }
        let path = name(self.folder, index, "leaf");
        if !is_file(&path) {
            return None;
        }
        let most = most_leaf_bytes(&self.pipeline.vk, index);
        let read = || -> Result<ProvedLeaf> {
            let bytes = container::read(&path, Kind::ShardLeaf, &protocol(), most)?;
            Ok(ProvedLeaf::from_bytes(self.shared, index, key, self.srs, &bytes)?)
        };
        let leaf = read();
        // Where it stays, it is read again, and refused again.
        let _ = fs::remove_file(&path);
        leaf.map_err(|error| refused(&format!("what a worker gave back is refused: {error:#}"))).ok()
    }

    fn prove_shard(&self, index: usize) -> Result<ProvedLeaf> {
        let key = self.pipeline.shard(index)?;
        let shard = self.pipeline.vk.body().shards.get(index).context("no such shard")?;
        let secrets = self.run.wires.secrets(index, shard, key.vk());
        Ok(prove_leaf(self.shared, index, &key, self.srs, &secrets)?)
    }
}
