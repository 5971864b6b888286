//! Long work beside the interpreter: its lock is released, signals and callbacks are served, and a panic becomes an exception.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use pyo3::prelude::*;
use zktorch_field::par;
use zktorch_field::task::{Cancelled, Task};
use zktorch_prover::stages::{Meter, Now, Planned};

use crate::errors;

/// How often signals and callbacks are looked at.
const TICK: Duration = Duration::from_millis(50);

/// The process whose threads there are; none before they are needed.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// Ends work from another thread, or from an event loop.
#[pyclass(frozen, module = "zktorch._zktorch")]
#[derive(Debug, Default)]
pub(crate) struct Token {
    cancelled: Arc<AtomicBool>,
}

#[pymethods]
impl Token {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Ends what runs with this token, soon.
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// How work is done.
#[derive(Default)]
pub(crate) struct How<'py> {
    /// Threads of its own.
    pub(crate) threads: Option<usize>,
    /// Is called with (stage, done, total, share) on the thread that waits.
    pub(crate) progress: Option<Bound<'py, PyAny>>,
    pub(crate) token: Option<Bound<'py, Token>>,
}

/// Seconds by stage, in the order in which they began.
pub(crate) type Seconds = Vec<(&'static str, f64)>;

/// Does some work on a thread of its own.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    how: &How<'_>,
    plan: &[Planned],
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<(T, Seconds)> {
    require_owner(py)?;
    let latest: Arc<Mutex<Option<Now>>> = Arc::default();
    let told = Arc::clone(&latest);
    let meter = Meter::new(plan, move |now| *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(now));
    let task = Task::observed(meter.clone());
    let (done, waiting) = (AtomicBool::new(false), thread::current());
    let (mut failure, mut shown) = (None, None);
    let threads = how.threads.filter(|count| *count > 0);
    let result = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let result = catch_unwind(AssertUnwindSafe(|| task.run(|| spread(threads, work))));
            done.store(true, Ordering::Release);
            waiting.unpark();
            result
        });
        while !done.load(Ordering::Acquire) {
            py.detach(|| thread::park_timeout(TICK));
            let served = py.check_signals().and_then(|()| tell(how, &latest, &mut shown));
            if let Err(error) = served {
                failure.get_or_insert(error);
            }
            let asked = how.token.as_ref().is_some_and(|token| token.get().cancelled.load(Ordering::Relaxed));
            if failure.is_some() || asked {
                task.cancel();
            }
        }
        py.detach(|| worker.join())
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let value = match result {
        Ok(Ok(Ok(result))) => result,
        Ok(Ok(Err(Cancelled))) => Err(Cancelled.into()),
        Ok(Err(panic)) | Err(panic) => Err(anyhow!("internal error, please report it: {}", message(&*panic))),
    };
    let value = value.map_err(|error| errors::raise(py, &error))?;
    tell(how, &latest, &mut shown)?;
    let seconds = meter.times().into_iter().map(|(stage, time)| (stage.name(), time.as_secs_f64())).collect();
    Ok((value, seconds))
}

/// Calls the callback if something has changed.
fn tell(how: &How<'_>, latest: &Mutex<Option<Now>>, shown: &mut Option<Now>) -> PyResult<()> {
    let Some(progress) = &how.progress else { return Ok(()) };
    let now = *latest.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(Now { stage, done, total, share }) = now
        && now != *shown
    {
        *shown = now;
        progress.call1((stage.name(), done, total, share))?;
    }
    Ok(())
}

/// Threads do not survive a fork: work in the child would wait for them for ever.
fn require_owner(py: Python<'_>) -> PyResult<()> {
    let own = process::id();
    match OWNER.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => Ok(()),
        Err(owner) if owner == own => Ok(()),
        Err(owner) => Err(errors::raise(
            py,
            &anyhow!(
                "this process was forked from process {owner}, which had used zktorch: its threads are not here; start processes \
                 with spawn (multiprocessing.get_context(\"spawn\"))"
            ),
        )),
    }
}

fn spread<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> T {
    match threads {
        Some(count) => par::with_num_threads(count, work),
        None => work(),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message")
}
