//! Splitting a packed computation over threads.

use zktorch_field::{BackendKind, Kernel, dispatch_on, par};

/// A kernel over a range of independent items that can be cut in two.
pub(crate) trait Job: Kernel<Output: Send> + Send + Sized {
    /// Number of items.
    fn len(&self) -> usize;
    /// The first `at` items and the rest.
    fn split(self, at: usize) -> (Self, Self);
    /// The output of two adjacent ranges.
    fn combine(first: Self::Output, second: Self::Output) -> Self::Output;
}

/// Items below which a job is not split further.
const GRAIN: usize = 16;

/// Runs a job on all threads. The cuts are powers of two, so that results do not depend on the number of threads
/// (they would not anyway: field addition is associative).
pub(crate) fn run<J: Job>(backend: BackendKind, job: J) -> J::Output {
    // A few pieces per thread even out threads of different speed.
    let threads = par::current_num_threads();
    let pieces = if threads > 1 { 4 * threads } else { 1 };
    let grain = (job.len() / pieces).max(GRAIN);
    run_split(backend, job, grain)
}

fn run_split<J: Job>(backend: BackendKind, job: J, grain: usize) -> J::Output {
    if job.len() <= grain {
        return dispatch_on(backend, job);
    }
    let (first, second) = {
        let middle = job.len() / 2;
        job.split(middle)
    };
    let (first, second) =
        par::join(|| run_split(backend, first, grain), || run_split(backend, second, grain));
    J::combine(first, second)
}
