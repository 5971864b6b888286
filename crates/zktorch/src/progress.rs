//! Progress on stderr: the stage of a command, how many there are, and an estimate of what is left. Only on a terminal.
//!
//! [`Progress`] is told of a proof's stages as the task's [`Observer`]. What is done around proofs (files, models) are `tracing` spans: a
//! [`ProgressLayer`] in the subscriber tells of these. What begins on one thread is shown; what ends on others is counted, because it is
//! a part of something whose work is spread.

mod plan;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tracing::Subscriber;
use tracing::span::Id;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use plan::{Plan, Sign};
pub use plan::{Step, merged};

use zktorch_field::task::{Observer, Stage};

use crate::printable;

/// How often the line is drawn again.
const TICK: Duration = Duration::from_millis(100);

/// Shows how far a command is. Clones show the same.
#[derive(Clone, Debug)]
pub struct Progress {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    quiet: bool,
    /// The thread whose spans are shown.
    owner: ThreadId,
    current: Mutex<Option<Current>>,
}

/// What is shown.
#[derive(Debug)]
struct Current {
    bar: ProgressBar,
    plan: Arc<Mutex<Plan>>,
}

impl Progress {
    /// `quiet` shows nothing; otherwise there is progress if stderr is a terminal. The spans of the calling thread are shown.
    pub fn new(quiet: bool) -> Self {
        let owner = thread::current().id();
        Self { shared: Arc::new(Shared { quiet, owner, current: Mutex::new(None) }) }
    }

    /// The layer that sees the spans.
    pub fn layer(&self) -> ProgressLayer {
        ProgressLayer { progress: self.clone() }
    }

    /// Shows this work, in the place of what was shown, until the result is dropped.
    pub fn begin(&self, what: &'static str, steps: Vec<Step>) -> Running {
        let plan = Arc::new(Mutex::new(Plan::new(what, steps, Instant::now())));
        // stderr() hides itself if it is no terminal.
        let target =
            if self.shared.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        let drawn = Arc::clone(&plan);
        let line = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            // What cannot be written is not shown.
            let _ = out.write_str(&lock(&drawn).line(Instant::now()));
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {line}") {
            bar.set_style(style.with_key("line", line));
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        self.replace(Some(Current { bar, plan: Arc::clone(&plan) }));
        Running { progress: self.clone(), plan }
    }

    /// Something that the user should know. Not a warning: `quiet` hides it.
    pub fn info(&self, text: &str) {
        if !self.shared.quiet {
            self.say(text);
        }
    }

    /// Something that the user must know, quiet or not.
    pub fn warn(&self, text: &str) {
        self.say(&format!("warning: {text}"));
    }

    /// Shows nothing any more.
    pub fn clear(&self) {
        self.replace(None);
    }

    fn say(&self, text: &str) {
        match &*lock(&self.shared.current) {
            Some(current) => current.bar.suspend(|| eprintln!("{}", printable(text))),
            None => eprintln!("{}", printable(text)),
        }
    }

    fn replace(&self, current: Option<Current>) {
        let old = std::mem::replace(&mut *lock(&self.shared.current), current);
        if let Some(old) = old {
            old.bar.finish_and_clear();
        }
    }

    /// Changes the plan that is shown.
    fn change(&self, change: impl FnOnce(&mut Plan)) {
        if let Some(current) = &*lock(&self.shared.current) {
            // The line is drawn at the next tick: drawing takes this lock too.
            change(&mut lock(&current.plan));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is shown is right or wrong; a panic elsewhere does not make it unsafe.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Work in progress; its line disappears when it is dropped.
#[derive(Debug)]
pub struct Running {
    progress: Progress,
    plan: Arc<Mutex<Plan>>,
}

impl Running {
    /// The share of the work that is done, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        lock(&self.plan).fraction()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let is_shown = matches!(&*lock(&self.progress.shared.current), Some(current) if Arc::ptr_eq(&current.plan, &self.plan));
        if is_shown {
            self.progress.clear();
        }
    }
}

impl Progress {
    fn is_shown(&self) -> bool {
        thread::current().id() == self.shared.owner
    }

    fn begins(&self, sign: Sign<'_>) {
        if self.is_shown() {
            self.change(|plan| plan.enter(sign));
        }
    }

    fn ends(&self, sign: Sign<'_>) {
        let (now, is_shown) = (Instant::now(), self.is_shown());
        self.change(|plan| if is_shown { plan.exit(sign, now) } else { plan.count(sign, now) });
    }
}

impl Observer for Progress {
    fn enter(&self, stage: Stage) {
        self.begins(Sign::Stage(stage));
    }

    fn step(&self, stage: Stage) {
        self.change(|plan| plan.count(Sign::Stage(stage), Instant::now()));
    }

    fn exit(&self, stage: Stage) {
        self.ends(Sign::Stage(stage));
    }
}

/// Tells [`Progress`] of spans.
#[derive(Debug)]
pub struct ProgressLayer {
    progress: Progress,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ProgressLayer {
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(metadata) = context.metadata(id) {
            self.progress.begins(Sign::Span(metadata.name()));
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(metadata) = context.metadata(id) {
            self.progress.ends(Sign::Span(metadata.name()));
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::info_span;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn spans_are_counted() {
        let progress = Progress::new(true);
        let subscriber = tracing_subscriber::registry().with(progress.layer());
        tracing::subscriber::with_default(subscriber, || {
            info_span!("first").in_scope(|| ());
            let running =
                progress.begin("test", vec![Step::new("first", 1.0), Step::new("second", 3.0).times(3)]);
            assert_eq!(running.fraction(), 0.0);
            info_span!("first").in_scope(|| info_span!("unknown").in_scope(|| ()));
            assert_eq!(running.fraction(), 0.25);
            let second = info_span!("second");
            second.in_scope(|| ());
            assert_eq!(running.fraction(), 0.5);
            // Parts on other threads.
            thread::scope(|scope| scope.spawn(|| second.in_scope(|| ())).join()).unwrap();
            thread::scope(|scope| scope.spawn(|| second.in_scope(|| ())).join()).unwrap();
            assert_eq!(running.fraction(), 1.0);
            progress.info("not shown");
            // The end of what is no longer shown changes nothing.
            let next = progress.begin("next", vec![Step::new("first", 1.0)]);
            drop(running);
            info_span!("first").in_scope(|| ());
            assert_eq!(next.fraction(), 1.0);
            progress.clear();
            let last = progress.begin("last", vec![Step::new("first", 1.0)]);
            progress.clear();
            info_span!("first").in_scope(|| ());
            assert_eq!(last.fraction(), 0.0);
        });
    }

    #[test]
    fn the_template_is_valid() {
        assert!(ProgressStyle::with_template("{spinner} {line}").is_ok());
        let target = ProgressDrawTarget::hidden();
        assert!(ProgressBar::with_draw_target(None, target).is_hidden());
    }
}
