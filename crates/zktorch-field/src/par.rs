//! Threads through rayon, or none: the same calls either way (feature `parallel`). Parts of a [task](crate::task) stay parts of it on
//! every thread, and are where it ends if it is cancelled.

use crate::task::Shared;

/// Number of threads work may be spread over.
pub fn current_num_threads() -> usize {
    #[cfg(feature = "parallel")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "parallel"))]
    1
}

/// Limits the number of threads, once, before any work is spread. Returns whether it had an effect.
pub fn set_num_threads(count: usize) -> bool {
    #[cfg(feature = "parallel")]
    return rayon::ThreadPoolBuilder::new().num_threads(count).build_global().is_ok();
    #[cfg(not(feature = "parallel"))]
    {
        count == 1
    }
}

/// Runs work that spreads over this many threads of its own, however many others use; over those of everybody if there can be none
/// of its own.
pub fn with_num_threads<T: Send>(count: usize, work: impl FnOnce() -> T + Send) -> T {
    #[cfg(feature = "parallel")]
    if let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(count).build() {
        let task = Shared::here();
        return pool.install(|| {
            let _task = task.enter();
            work()
        });
    }
    #[cfg(not(feature = "parallel"))]
    let _ = count;
    work()
}

/// Runs both, in parallel where there are threads.
pub fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let task = Shared::here();
    task.checkpoint();
    #[cfg(feature = "parallel")]
    {
        // Called by a thread that is none of the pool's, both are moved there.
        let (a, b) = (task.part(a), task.part(b));
        rayon::join(a, b)
    }
    #[cfg(not(feature = "parallel"))]
    (a(), b())
}

/// Calls `f(i)` for `0 <= i < count` and collects the results in order.
pub fn map<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    let task = Shared::here();
    let f = |i| {
        task.checkpoint();
        f(i)
    };
    #[cfg(feature = "parallel")]
    if count > 1 {
        use rayon::prelude::*;
        return (0..count).into_par_iter().map_init(|| task.enter(), |_, i| f(i)).collect();
    }
    (0..count).map(f).collect()
}

/// Calls `f(i, chunk)` on consecutive chunks of `size` items (the last may be shorter).
///
/// # Panics
/// If `size` is zero.
pub fn for_each_chunk_mut<T: Send>(items: &mut [T], size: usize, f: impl Fn(usize, &mut [T]) + Sync + Send) {
    let task = Shared::here();
    let f = |i, chunk: &mut [T]| {
        task.checkpoint();
        f(i, chunk);
    };
    #[cfg(feature = "parallel")]
    if items.len() > size {
        use rayon::prelude::*;
        let chunks = items.par_chunks_mut(size).enumerate();
        chunks.for_each_init(|| task.enter(), |_, (i, chunk)| f(i, chunk));
        return;
    }
    items.chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
}

/// Maps every item of a list, in order.
pub fn map_vec<I: Send, T: Send>(items: Vec<I>, f: impl Fn(I) -> T + Sync + Send) -> Vec<T> {
    let task = Shared::here();
    let f = |item| {
        task.checkpoint();
        f(item)
    };
    #[cfg(feature = "parallel")]
    if items.len() > 1 {
        use rayon::prelude::*;
        return items.into_par_iter().map_init(|| task.enter(), |_, item| f(item)).collect();
    }
    items.into_iter().map(f).collect()
}

/// Maps the ranges of a partition of `0..len` into pieces of `size` and combines the results in order with `reduce`;
/// `None` if `len` is zero.
///
/// # Panics
/// If `size` is zero.
pub fn map_reduce<T: Send>(
    len: usize,
    size: usize,
    f: impl Fn(std::ops::Range<usize>) -> T + Sync + Send,
    reduce: impl Fn(T, T) -> T,
) -> Option<T> {
    map(len.div_ceil(size), |i| f(i * size..len.min((i + 1) * size))).into_iter().reduce(reduce)
}
