//! What each part of the design is worth: the same work with the part and without it, on the libraries' own code.
//!
//! A part is measured on inputs of the size that ResNet-50 has (64 instances of 2^19 entries), variants in turns in one
//! process, several rounds each; medians count. Nothing is timed before its result was checked.

mod accumulate;
mod buckets;
mod claims;
mod hiding;

use anyhow::{Context as _, Result};
use rayon::ThreadPool;
use serde_json::{Map, Value, json};
use zktorch_commit::Srs;
use zktorch_field::{BackendKind, Fr};
use zktorch_transcript::Transcript;

use self::claims::Claims;
use crate::context::pool;
use crate::measure::{Contender, Effort, Samples, race};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Instances that are accumulated.
    pub instances: usize,
    /// log2 of the entries of a chunk.
    pub log_size: usize,
    /// Rounds in which every variant runs once.
    pub rounds: usize,
}

impl Size {
    /// What a proof of ResNet-50 at 224x224 accumulates: 428 claims about 197 chunks of 2^19 entries, at 202 points, which the
    /// fold plan collapses to 64 instances.
    pub const RESNET: Self = Self { instances: 64, log_size: 19, rounds: 5 };
    /// To see that everything runs.
    pub const QUICK: Self = Self { instances: 12, log_size: 12, rounds: 3 };
}

/// What all ablations of one run share.
struct Run {
    size: Size,
    srs: Srs,
    one: ThreadPool,
    all: ThreadPool,
    /// Only what is compared between backends: how the parent process times the portable one.
    backends_only: bool,
}

impl Run {
    /// Times the variants in turns, on one thread and then on all: `{"one_thread": .., "all_threads": ..}` for each.
    fn race(&self, contenders: &mut [Contender<'_>]) -> Vec<Times> {
        let effort = Effort {
            min_rounds: self.size.rounds,
            max_rounds: self.size.rounds,
            budget: std::time::Duration::MAX,
        };
        let one = self.one.install(|| race(effort, contenders));
        let all = self.all.install(|| race(effort, contenders));
        one.into_iter().zip(all).map(|(one, all)| Times { one, all }).collect()
    }
}

/// One variant's seconds.
#[derive(Clone, Copy, Debug)]
struct Times {
    one: Samples,
    all: Samples,
}

impl Times {
    fn to_json(self) -> Value {
        json!({ "one_thread": self.one.to_json(), "all_threads": self.all.to_json() })
    }

    /// How many times longer `other` takes, by the medians.
    fn speedup_over(self, other: Self) -> Value {
        json!({
            "one_thread": other.one.median / self.one.median,
            "all_threads": other.all.median / self.all.median,
        })
    }
}

/// A digest of results, by which runs on different backends are compared.
fn digest(label: &'static [u8], append: impl FnOnce(&mut Transcript)) -> String {
    let mut transcript = Transcript::new(label);
    append(&mut transcript);
    let mut bytes = [0; 32];
    transcript.challenge_bytes(b"digest", &mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest_scalars(scalars: &[Fr]) -> String {
    digest(b"ablation scalars", |transcript| transcript.append_scalars(b"scalars", scalars))
}

/// Runs all ablations: one JSON object, a key for each.
///
/// # Errors
/// If a result is wrong, or a library refuses its input.
pub fn run(size: Size, backends_only: bool) -> Result<Map<String, Value>> {
    let run = Run { size, srs: Srs::dev(size.log_size)?, one: pool(1)?, all: pool(0)?, backends_only };
    let mut report = Map::new();
    report.insert(
        "run".into(),
        json!({
            "backend": BackendKind::active().name(),
            "threads": run.all.current_num_threads(),
            "instances": size.instances,
            "log_size": size.log_size,
            "rounds": size.rounds,
        }),
    );
    eprintln!("shared buckets against separate commitments ...");
    report.insert("buckets".into(), buckets::measure(&run).context("buckets")?);
    eprintln!("{} claims on 2^{} entries ...", size.instances, size.log_size);
    let claims = Claims::new(&run).context("claims")?;
    eprintln!("accumulation ...");
    report.insert("accumulation".into(), accumulate::measure(&run, &claims).context("accumulation")?);
    if !backends_only {
        eprintln!("hiding ...");
        report.insert("hiding".into(), hiding::measure(&run, &claims).context("hiding")?);
    }
    Ok(report)
}
