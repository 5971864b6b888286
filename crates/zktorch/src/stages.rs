//! The stages of proving and setup: which `tracing` spans they are, and how long each took.
//!
//! The libraries open a span for every stage, on the thread that drives the proof. A [`StageLayer`] in the subscriber sums
//! their wall time: a moment belongs to the innermost span that is a stage, so nested spans are counted once.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use tracing_subscriber::layer::SubscriberExt as _;
//! use zktorch::stages::Stages;
//!
//! let stages = Stages::new();
//! tracing::subscriber::with_default(tracing_subscriber::registry().with(stages.layer()), || {
//!     stages.restart();
//!     let start = Instant::now();
//!     tracing::info_span!("commit H").in_scope(|| {
//!         tracing::info_span!("inverse columns").in_scope(|| std::thread::sleep(Duration::from_millis(2)));
//!     });
//!     let split = stages.split(start.elapsed());
//!     assert!(split.get("inverse_columns") >= Some(0.002));
//!     assert!(split.get("commit") < Some(0.002));
//!     assert_eq!(split.get("mira"), None);
//!     assert!(split.get("other").is_some());
//! });
//! ```

mod clock;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use tracing::Subscriber;
use tracing::span::Id;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use clock::Clock;

/// Stages in the order in which they begin, each with the spans that belong to it.
const STAGES: [(&str, &[&str]); 10] = [
    ("srs", &["SRS"]),
    ("witness", &["witness"]),
    ("commit", &["commit chunks", "commit V", "commit H"]),
    ("inverse_columns", &["inverse columns"]),
    ("relations", &["relations"]),
    ("sumcheck_a", &["sumcheck A"]),
    ("sumcheck_b", &["sumcheck B"]),
    ("mira", &["mira"]),
    ("mask", &["mask"]),
    ("opening", &["mira reduction", "mira opening"]),
];

/// What belongs to no stage.
const OTHER: &str = "other";

/// Index in [`STAGES`] of the stage that a span belongs to.
fn stage_of(span: &str) -> Option<usize> {
    STAGES.iter().position(|(_, spans)| spans.contains(&span))
}

/// Seconds by stage, in the order of the stages; `other` is the rest of the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Split(Vec<(&'static str, f64)>);

impl Split {
    /// Seconds of a stage; none if it did not take place.
    pub fn get(&self, stage: &str) -> Option<f64> {
        self.iter().find_map(|(key, seconds)| (key == stage).then_some(seconds))
    }

    /// Stages with their seconds.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        self.0.iter().copied()
    }
}

impl Serialize for Split {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (stage, seconds) in self.iter() {
            map.serialize_entry(stage, &seconds)?;
        }
        map.end()
    }
}

/// Measures stages. Clones share one measurement.
#[derive(Clone, Debug)]
pub struct Stages {
    clock: Arc<Mutex<Clock>>,
}

impl Default for Stages {
    fn default() -> Self {
        Self::new()
    }
}

impl Stages {
    /// Nothing is measured before [`restart`](Self::restart).
    pub fn new() -> Self {
        Self { clock: Arc::new(Mutex::new(Clock::new(STAGES.len(), Instant::now()))) }
    }

    /// The layer that sees the spans.
    pub fn layer(&self) -> StageLayer {
        StageLayer { stages: self.clone() }
    }

    /// Forgets what was measured. From here on the spans of the calling thread count; those of other threads are inside of
    /// stages of this one.
    pub fn restart(&self) {
        self.lock().restart(Instant::now());
    }

    /// The stages since [`restart`](Self::restart), which was `total` ago.
    pub fn split(&self, total: Duration) -> Split {
        let sums = self.lock().sums(Instant::now());
        let measured: Duration = sums.iter().flatten().sum();
        let known = STAGES.iter().zip(sums);
        let known = known.filter_map(|((key, _), sum)| Some((*key, sum?.as_secs_f64())));
        let other = total.saturating_sub(measured).as_secs_f64();
        Split(known.chain([(OTHER, other)]).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Clock> {
        // A panic while the lock was held ends the program anyway.
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells [`Stages`] of spans.
#[derive(Debug)]
pub struct StageLayer {
    stages: Stages,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for StageLayer {
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(stage) = context.metadata(id).and_then(|metadata| stage_of(metadata.name())) {
            self.stages.lock().enter(id.into_u64(), stage, Instant::now());
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if context.metadata(id).is_some_and(|metadata| stage_of(metadata.name()).is_some()) {
            self.stages.lock().exit(id.into_u64(), Instant::now());
        }
    }
}
