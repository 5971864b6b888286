//! Long work that somebody watches and may stop: a [`Task`] is run, tells an [`Observer`] of its stages, and ends early when it is
//! cancelled.
//!
//! The task of a thread is ambient, so that no function between the caller and the innermost loop has to pass it on. The shim for
//! threads ([`par`](crate::par)) hands it to every thread that takes a part, and looks between the parts whether to go on; so does
//! the beginning of every stage, and whoever calls [`checkpoint`]. A task that is cancelled is *unwound*: destructors run (secrets
//! are wiped), and [`Task::run`] returns [`Cancelled`]. Where panics abort, as on wasm32, nobody may cancel.
//!
//! ```
//! use zktorch_field::par;
//! use zktorch_field::task::{Cancelled, Stage, Task};
//!
//! const SUM: Stage = Stage::new("sum");
//!
//! let task = Task::new();
//! let sum = || {
//!     let _stage = SUM.enter();
//!     par::map(100, |i| i).into_iter().sum::<usize>()
//! };
//! assert_eq!(task.run(sum), Ok(4950));
//! task.cancel(); // from any thread, or from an observer
//! assert_eq!(task.run(sum), Err(Cancelled));
//! ```

use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

/// A part of long work, by the name under which it is reported. Whoever does the work has it as a constant; others refer to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stage {
    name: &'static str,
}

impl Stage {
    /// A stage of this name, which no other stage has.
    pub const fn new(name: &'static str) -> Self {
        Self { name }
    }

    /// Its name, for people and reports.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Begins the stage, until the result is dropped. A task that was cancelled ends here.
    #[must_use = "the stage ends when this is dropped"]
    pub fn enter(self) -> Entered {
        checkpoint();
        let task = current();
        if let Some(observer) = task.as_ref().and_then(|task| task.observer.as_ref()) {
            observer.enter(self);
        }
        Entered { stage: self, task }
    }

    /// Says that one of the stage's steps is done, from whichever thread.
    pub fn step(self) {
        if let Some(observer) = current().as_ref().and_then(|task| task.observer.as_ref()) {
            observer.step(self);
        }
    }
}

/// A stage that has begun.
#[derive(Debug)]
pub struct Entered {
    stage: Stage,
    task: Option<Arc<Inner>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(observer) = self.task.as_ref().and_then(|task| task.observer.as_ref()) {
            observer.exit(self.stage);
        }
    }
}

/// Is told of stages while they happen. Its functions are short: work waits for them.
pub trait Observer: Send + Sync {
    /// A stage begins on the calling thread.
    fn enter(&self, stage: Stage);

    /// One of a stage's steps is done, perhaps on another thread than the stage's, and at the same time as another one.
    fn step(&self, stage: Stage) {
        let _ = stage;
    }

    /// The stage ends on the calling thread, done or not.
    fn exit(&self, stage: Stage);
}

/// The task was cancelled, and did nothing more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("cancelled")]
pub struct Cancelled;

/// Work that is watched and may be cancelled. Clones are the same task.
#[derive(Clone, Debug, Default)]
pub struct Task(Arc<Inner>);

#[derive(Default)]
struct Inner {
    cancelled: AtomicBool,
    observer: Option<Box<dyn Observer>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("cancelled", &self.cancelled).finish_non_exhaustive()
    }
}

impl Task {
    /// A task that nobody watches.
    pub fn new() -> Self {
        Self::default()
    }

    /// A task that this observer watches.
    pub fn observed(observer: impl Observer + 'static) -> Self {
        Self(Arc::new(Inner { cancelled: AtomicBool::new(false), observer: Some(Box::new(observer)) }))
    }

    /// Ends what runs as this task at its next look, and what will be run at its first.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    /// Runs work as this task.
    ///
    /// # Errors
    /// [`Cancelled`]; what the work had done so far is lost. Work that was complete before it looked is not.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> Result<T, Cancelled> {
        let entered = Current::set(Some(Arc::clone(&self.0)));
        // What the work could have left half done is what it owns, which is dropped, and what it borrows for writing: to give it
        // values that outlive a failure is the caller's choice, as with any panic.
        let result = catch_unwind(AssertUnwindSafe(work));
        drop(entered);
        result.or_else(
            |payload| if payload.is::<Cancelled>() { Err(Cancelled) } else { resume_unwind(payload) },
        )
    }
}

/// Ends the task of the calling thread here if it was cancelled: for loops without stages and without threads.
pub fn checkpoint() {
    if current().is_some_and(|task| task.cancelled.load(Ordering::Relaxed)) {
        // Not a panic: no hook hears of it, nothing is printed.
        resume_unwind(Box::new(Cancelled));
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Inner>>> = const { RefCell::new(None) };
}

fn current() -> Option<Arc<Inner>> {
    CURRENT.with_borrow(Clone::clone)
}

/// The task of the thread that spreads work, for those that take a part of it.
#[derive(Clone)]
pub(crate) struct Shared(Option<Arc<Inner>>);

impl Shared {
    pub(crate) fn here() -> Self {
        Self(current())
    }

    /// Makes it the task of the calling thread, until the result is dropped.
    #[cfg(feature = "parallel")]
    pub(crate) fn enter(&self) -> Current {
        Current::set(self.0.clone())
    }

    /// This work, as a part of the task on whichever thread.
    #[cfg(feature = "parallel")]
    pub(crate) fn part<T>(&self, work: impl FnOnce() -> T) -> impl FnOnce() -> T {
        move || {
            let _task = self.enter();
            work()
        }
    }

    /// As [`checkpoint`].
    pub(crate) fn checkpoint(&self) {
        if self.0.as_ref().is_some_and(|task| task.cancelled.load(Ordering::Relaxed)) {
            resume_unwind(Box::new(Cancelled));
        }
    }
}

/// The task of a thread while it works on it.
pub(crate) struct Current {
    before: Option<Arc<Inner>>,
}

impl Current {
    fn set(task: Option<Arc<Inner>>) -> Self {
        Self { before: CURRENT.replace(task) }
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.set(self.before.take());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::par;

    const OUTER: Stage = Stage::new("outer");
    const INNER: Stage = Stage::new("inner");

    /// Writes down what it is told, and cancels its task after so many steps.
    #[derive(Default)]
    struct Log {
        lines: Arc<Mutex<Vec<String>>>,
        cancel: Arc<Mutex<Option<(usize, Task)>>>,
        steps: AtomicUsize,
    }

    impl Observer for Log {
        fn enter(&self, stage: Stage) {
            self.lines.lock().unwrap().push(format!("enter {}", stage.name()));
        }

        fn step(&self, _: Stage) {
            let steps = 1 + self.steps.fetch_add(1, Ordering::Relaxed);
            if let Some((_, task)) = self.cancel.lock().unwrap().as_ref().filter(|(most, _)| steps >= *most) {
                task.cancel();
            }
        }

        fn exit(&self, stage: Stage) {
            self.lines.lock().unwrap().push(format!("exit {}", stage.name()));
        }
    }

    #[test]
    fn an_observer_is_told_in_order() {
        let log = Log::default();
        let lines = Arc::clone(&log.lines);
        let task = Task::observed(log);
        let work = || {
            let _outer = OUTER.enter();
            let _inner = INNER.enter();
            7
        };
        assert_eq!(work(), 7);
        assert_eq!(lines.lock().unwrap().len(), 0, "outside of a task nobody is told");
        assert_eq!(task.run(work), Ok(7));
        assert_eq!(*lines.lock().unwrap(), ["enter outer", "enter inner", "exit inner", "exit outer"]);
    }

    #[test]
    fn every_thread_stops() {
        let (done, cancel) = (AtomicUsize::new(0), Arc::new(Mutex::new(None)));
        let log = Log { cancel: Arc::clone(&cancel), ..Log::default() };
        let lines = Arc::clone(&log.lines);
        let task = Task::observed(log);
        *cancel.lock().unwrap() = Some((20, task.clone()));
        let total = 1 << 20;
        let result = task.run(|| {
            let _stage = OUTER.enter();
            par::map(total, |_| {
                // Nested parts know the task too.
                par::join(|| OUTER.step(), || done.fetch_add(1, Ordering::Relaxed));
            });
        });
        assert_eq!(result, Err(Cancelled));
        assert!(done.load(Ordering::Relaxed) < total / 2);
        assert_eq!(*lines.lock().unwrap(), ["enter outer", "exit outer"], "stages end when they are unwound");
        // No thread keeps the task.
        assert_eq!(par::map(1000, |i| i).len(), 1000);
        assert!(task.is_cancelled());
        assert_eq!(task.run(|| par::map(3, |i| i)), Err(Cancelled));
        assert_eq!(task.run(checkpoint), Err(Cancelled));
        assert_eq!(task.run(|| 1), Ok(1), "what never looks is done");
    }

    #[test]
    fn every_function_of_the_shim_looks() {
        let cancelled = Task::new();
        cancelled.cancel();
        let calls: [fn(); 5] = [
            || drop(par::map(1, |i| i)),
            || drop(par::map_vec(vec![1], |i| i)),
            || par::for_each_chunk_mut(&mut [1], 1, |_, _| ()),
            || drop(par::map_reduce(1, 1, |_| vec![1], |a, _| a)),
            || drop(par::join(Vec::<u8>::new, || ())),
        ];
        for (index, call) in calls.into_iter().enumerate() {
            assert_eq!(cancelled.run(call), Err(Cancelled), "{index}");
            assert_eq!(Task::new().run(call), Ok(()));
        }
    }

    #[test]
    fn a_task_within_a_task_is_its_own() {
        let (outer, inner) = (Task::new(), Task::new());
        inner.cancel();
        let result = outer.run(|| {
            assert_eq!(inner.run(checkpoint), Err(Cancelled));
            checkpoint();
            1
        });
        assert_eq!(result, Ok(1));
    }

    #[test]
    fn other_panics_go_on() {
        let task = Task::new();
        let caught = catch_unwind(AssertUnwindSafe(|| task.run(|| resume_unwind(Box::new("mine")))));
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "mine");
        assert!(current().is_none());
    }
}
