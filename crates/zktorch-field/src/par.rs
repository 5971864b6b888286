//! Threads through rayon, or none: the same calls either way (feature `parallel`).

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

/// Runs both, in parallel where there are threads.
pub fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    #[cfg(feature = "parallel")]
    return rayon::join(a, b);
    #[cfg(not(feature = "parallel"))]
    (a(), b())
}

/// Calls `f(i)` for `0 <= i < count` and collects the results in order.
pub fn map<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    #[cfg(feature = "parallel")]
    if count > 1 {
        use rayon::prelude::*;
        return (0..count).into_par_iter().map(f).collect();
    }
    (0..count).map(f).collect()
}

/// Calls `f(i, chunk)` on consecutive chunks of `size` items (the last may be shorter).
///
/// # Panics
/// If `size` is zero.
pub fn for_each_chunk_mut<T: Send>(items: &mut [T], size: usize, f: impl Fn(usize, &mut [T]) + Sync + Send) {
    #[cfg(feature = "parallel")]
    if items.len() > size {
        use rayon::prelude::*;
        items.par_chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
        return;
    }
    items.chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
}

/// Maps every item of a list, in order.
pub fn map_vec<I: Send, T: Send>(items: Vec<I>, f: impl Fn(I) -> T + Sync + Send) -> Vec<T> {
    #[cfg(feature = "parallel")]
    if items.len() > 1 {
        use rayon::prelude::*;
        return items.into_par_iter().map(f).collect();
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
