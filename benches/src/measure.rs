//! The clock: contenders take turns, so that what else the machine does hits all of them alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long one comparison may take.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Rounds that run in any case; each contender runs once per round.
    pub min_rounds: usize,
    /// No more rounds than this.
    pub max_rounds: usize,
    /// No new round once this has passed.
    pub budget: Duration,
}

/// The times of one contender, in seconds per call.
#[derive(Debug, Clone, Copy)]
pub struct Samples {
    /// The fastest call: the ratios are made of these, as least disturbed by the rest of the machine.
    pub min: f64,
    /// The median call.
    pub median: f64,
}

impl Samples {
    fn from_times(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let min = times.first().copied().unwrap_or(f64::NAN);
        let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
        Self { min, median }
    }

    /// The same times for a fraction of the call.
    pub fn per(self, parts: f64) -> Self {
        Self { min: self.min / parts, median: self.median / parts }
    }

    /// As JSON.
    pub fn to_json(self) -> Value {
        json!({ "min": self.min, "median": self.median })
    }
}

/// A computation that times itself.
pub type Contender<'a> = Box<dyn FnMut() -> Duration + Send + 'a>;

/// A computation to time. Its result goes through `black_box`, so that it is not optimised away.
pub fn contender<'a, T>(mut run: impl FnMut() -> T + Send + 'a) -> Contender<'a> {
    prepared(|| (), move |()| run())
}

/// A computation that uses something up, which is made again before the clock starts; the result is dropped after it
/// has stopped.
pub fn prepared<'a, S, T>(
    mut prepare: impl FnMut() -> S + Send + 'a,
    mut run: impl FnMut(S) -> T + Send + 'a,
) -> Contender<'a> {
    Box::new(move || {
        let input = prepare();
        let start = Instant::now();
        let output = black_box(run(input));
        let time = start.elapsed();
        drop(output);
        time
    })
}

/// Times the contenders in turns, after one turn to warm up.
pub fn race(effort: Effort, contenders: &mut [Contender<'_>]) -> Vec<Samples> {
    for run in contenders.iter_mut() {
        run();
    }
    let mut times = vec![Vec::new(); contenders.len()];
    let start = Instant::now();
    for round in 0..effort.max_rounds {
        if round >= effort.min_rounds && start.elapsed() > effort.budget {
            break;
        }
        for (run, times) in contenders.iter_mut().zip(&mut times) {
            times.push(run().as_secs_f64());
        }
    }
    times.into_iter().map(Samples::from_times).collect()
}
