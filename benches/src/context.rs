//! What one run of `bench core` holds: its sizes, its thread pools, and inputs that several kernels share.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};
use zktorch_commit::Srs;

use crate::measure::{Contender, Effort, Samples, race};

/// One run.
pub struct Context {
    /// Smaller sizes and fewer repetitions.
    pub quick: bool,
    /// Only our side: the child process on the portable backend.
    pub ours_only: bool,
    one: ThreadPool,
    all: ThreadPool,
    srs: OnceLock<Srs>,
}

/// One contender's times.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// On one thread.
    pub one: Samples,
    /// On every thread of the machine.
    pub all: Samples,
}

impl Context {
    /// Thread pools of one thread and of all.
    pub fn new(quick: bool, ours_only: bool) -> Result<Self> {
        Ok(Self { quick, ours_only, one: pool(1)?, all: pool(0)?, srs: OnceLock::new() })
    }

    /// Threads of the larger pool.
    pub fn threads(&self) -> usize {
        self.all.current_num_threads()
    }

    /// The given size, or a small one in a quick run.
    pub fn log_size(&self, full: usize) -> usize {
        if self.quick { full.min(14) } else { full }
    }

    /// The development SRS of at least `2^log` bases, made once.
    pub fn srs(&self, log: usize) -> Result<&Srs> {
        if self.srs.get().is_none() {
            let _ = self.srs.set(Srs::dev(self.log_size(20))?);
        }
        let srs = self.srs.get().context("the SRS was just made")?;
        anyhow::ensure!(srs.k() >= log, "an SRS of 2^{} bases, 2^{log} needed", srs.k());
        Ok(srs)
    }

    fn effort(&self) -> Effort {
        if self.quick {
            Effort { min_rounds: 1, max_rounds: 5, budget: Duration::from_millis(200) }
        } else {
            Effort { min_rounds: 3, max_rounds: 1_000, budget: Duration::from_secs(5) }
        }
    }

    /// Times contenders that choose their own thread pool.
    pub fn race_anywhere(&self, contenders: &mut [Contender<'_>]) -> Vec<Samples> {
        race(self.effort(), contenders)
    }

    /// Times the contenders on one thread, in turns.
    fn race_one(&self, contenders: &mut [Contender<'_>]) -> Vec<Samples> {
        self.one.install(|| race(self.effort(), contenders))
    }

    /// Times the contenders on all threads, in turns.
    fn race_all(&self, contenders: &mut [Contender<'_>]) -> Vec<Samples> {
        self.all.install(|| race(self.effort(), contenders))
    }

    /// Times the contenders on one thread, then on all.
    fn race(&self, contenders: &mut [Contender<'_>]) -> Vec<Times> {
        let one = self.race_one(contenders);
        let all = self.race_all(contenders);
        one.into_iter().zip(all).map(|(one, all)| Times { one, all }).collect()
    }

    /// Times ours beside a reference; the child process skips the reference.
    pub fn versus(&self, ours: Contender<'_>, reference: Contender<'_>) -> (Times, Option<Times>) {
        let mut contenders = if self.ours_only { vec![ours] } else { vec![ours, reference] };
        let mut times = self.race(&mut contenders).into_iter();
        let nothing = Samples { min: f64::NAN, median: f64::NAN };
        (times.next().unwrap_or(Times { one: nothing, all: nothing }), times.next())
    }
}

/// A pool of so many threads; 0 means one per CPU.
pub fn pool(threads: usize) -> Result<ThreadPool> {
    ThreadPoolBuilder::new().num_threads(threads).build().context("no thread pool")
}
