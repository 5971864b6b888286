//! How long each stage of proving and setup took.
//!
//! The libraries tell the task's [`Observer`] of every stage, on the thread that drives the proof. [`Stages`] is one, and sums their
//! wall time: a moment belongs to the innermost stage, so nested ones are counted once.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use zktorch::stages::Stages;
//! use zktorch_field::task::{Cancelled, Task};
//! use zktorch_prover::stages::{COMMIT, INVERSE_COLUMNS};
//!
//! let stages = Stages::new();
//! Task::observed(stages.clone()).run(|| {
//!     stages.restart();
//!     let start = Instant::now();
//!     let commit = COMMIT.enter();
//!     let inverses = INVERSE_COLUMNS.enter();
//!     std::thread::sleep(Duration::from_millis(2));
//!     drop((inverses, commit));
//!     let split = stages.split(start.elapsed());
//!     assert!(split.get("inverse_columns") >= Some(0.002));
//!     assert!(split.get("commit") < Some(0.002));
//!     assert_eq!(split.get("mira"), None);
//!     assert!(split.get("other").is_some());
//!     let spans = stages.spans();
//!     assert!(spans.iter().map(|(stage, _)| *stage).eq(["commit", "inverse_columns", "commit"]));
//! })?;
//! # Ok::<(), Cancelled>(())
//! ```

mod clock;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use zktorch_field::task::{Observer, Stage};
use zktorch_prover::stages::{
    COMMIT, INVERSE_COLUMNS, MASK, MIRA, OPENING, RELATIONS, SRS, SUMCHECK_A, SUMCHECK_B, WITNESS,
};

use clock::Clock;

/// Stages in the order in which they begin.
const STAGES: [Stage; 10] =
    [SRS, WITNESS, COMMIT, INVERSE_COLUMNS, RELATIONS, SUMCHECK_A, SUMCHECK_B, MIRA, MASK, OPENING];

/// What belongs to no stage.
const OTHER: &str = "other";

/// Index in [`STAGES`].
fn index(stage: Stage) -> Option<usize> {
    STAGES.iter().position(|known| *known == stage)
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

    /// Forgets what was measured. From here on the stages of the calling thread count; those of other threads are inside of
    /// stages of this one.
    pub fn restart(&self) {
        self.lock().restart(Instant::now());
    }

    /// The stages since [`restart`](Self::restart), which was `total` ago.
    pub fn split(&self, total: Duration) -> Split {
        let sums = self.lock().sums(Instant::now());
        let measured: Duration = sums.iter().flatten().sum();
        let known = STAGES.iter().zip(sums);
        let known = known.filter_map(|(stage, sum)| Some((stage.name(), sum?.as_secs_f64())));
        let other = total.saturating_sub(measured).as_secs_f64();
        Split(known.chain([(OTHER, other)]).collect())
    }

    /// When every stage was the innermost one, one after the other: its name, and seconds since [`restart`](Self::restart).
    pub fn spans(&self) -> Vec<(&'static str, [f64; 2])> {
        let clock = self.lock();
        let span = |(stage, times): &(usize, [Duration; 2])| {
            Some((STAGES.get(*stage)?.name(), times.map(|time| time.as_secs_f64())))
        };
        clock.spans().iter().filter_map(span).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Clock> {
        // A panic while the lock was held ends the program anyway.
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Stages {
    fn enter(&self, stage: Stage) {
        if let Some(index) = index(stage) {
            self.lock().enter(index, Instant::now());
        }
    }

    fn exit(&self, stage: Stage) {
        if let Some(index) = index(stage) {
            self.lock().exit(index, Instant::now());
        }
    }
}
