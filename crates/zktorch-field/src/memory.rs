//! Large zeroed memory that nothing has touched yet, prefetches, and what was freed.

#![allow(
    unsafe_code,
    reason = "views zeroed words as blocks; advice about pages and cache lines; the allocator's trim"
)]

use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    slice,
};

use crate::block::Block;

/// Asks for the cache line of `slice[index]`; nothing happens if there is none, or on other machines than x86-64.
#[inline(always)]
pub(crate) fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch is a hint and never faults, whatever the address; SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(slice.as_ptr().wrapping_add(index).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}

/// Bytes from which memory is asked for in huge pages: a few of them (2 MiB each).
const HUGE: usize = 8 << 20;

/// Blocks on the heap, zero to begin with.
///
/// A `Vec<Block>` would do but for its alignment: allocators zero aligned memory by writing it, although the kernel
/// is going to zero every page at its first touch anyway. Here the words come from an ordinary zeroed allocation, the blocks start at
/// the first aligned one, and large buffers ask for huge pages before anything is written. (First touch of 64 MiB
/// on a virtual machine: 28 ms in small pages, 11 ms in huge ones.)
pub(crate) struct Blocks<F> {
    words: Vec<u64>,
    /// Word at which the first block starts.
    offset: usize,
    len: usize,
    field: PhantomData<Block<F>>,
}

const WORDS: usize = size_of::<Block<()>>() / size_of::<u64>();
const ALIGN: usize = align_of::<Block<()>>();

impl<F> Blocks<F> {
    /// `len` blocks of zeros.
    ///
    /// # Panics
    /// If they do not fit the address space, as `Vec` does.
    pub(crate) fn zeros(len: usize) -> Self {
        let slack = ALIGN / size_of::<u64>() - 1;
        let words = vec![0u64; if len == 0 { 0 } else { len * WORDS + slack }];
        let offset = if len == 0 { 0 } else { words.as_ptr().align_offset(ALIGN) };
        assert!(len == 0 || offset <= slack, "a pointer can be aligned within the slack");
        if size_of_val(&words[..]) >= HUGE {
            advise_huge(&words);
        }
        Self { words, offset, len, field: PhantomData }
    }

    /// Keeps the first `len` blocks; the memory stays.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
}

impl<F> Deref for Blocks<F> {
    type Target = [Block<F>];

    #[inline(always)]
    fn deref(&self) -> &[Block<F>] {
        const { assert!(size_of::<Block<F>>() == WORDS * size_of::<u64>() && align_of::<Block<F>>() == ALIGN) };
        if self.len == 0 {
            return &[];
        }
        // SAFETY: `words` has room for `len` blocks from `offset` on, where it is aligned for them (both established in `zeros`; a
        // `Vec` that is never resized does not move; `truncate` only lowers `len`). A block is 32 words without padding, any
        // words are a valid one, and the borrow of `self` covers them.
        unsafe { slice::from_raw_parts(self.words.as_ptr().add(self.offset).cast(), self.len) }
    }
}

impl<F> DerefMut for Blocks<F> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [Block<F>] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: as in `deref`, and the borrow of `self` is exclusive.
        unsafe { slice::from_raw_parts_mut(self.words.as_mut_ptr().add(self.offset).cast(), self.len) }
    }
}

impl<F> Default for Blocks<F> {
    fn default() -> Self {
        Self::zeros(0)
    }
}

impl<F: Clone> Clone for Blocks<F> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeros(self.len);
        copy.clone_from_slice(self);
        copy
    }
}

impl<F: PartialEq> PartialEq for Blocks<F> {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl<F: Eq> Eq for Blocks<F> {}

impl<F: fmt::Debug> fmt::Debug for Blocks<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

/// Asks for huge pages where there are whole pages of `words`. Only advice: errors do not matter.
#[cfg(target_os = "linux")]
fn advise_huge(words: &[u64]) {
    const PAGE: usize = 4096;
    let skip = words.as_ptr().cast::<u8>().align_offset(PAGE);
    let length = size_of_val(words).saturating_sub(skip) / PAGE * PAGE;
    if length > 0 {
        // SAFETY: the range lies within `words`; this advice does not change what memory contains.
        unsafe {
            let start = words.as_ptr().cast::<u8>().add(skip);
            libc::madvise(start.cast_mut().cast(), length, libc::MADV_HUGEPAGE);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_: &[u64]) {}

/// Gives memory that was freed back to the system, where the allocator keeps it: what one stage has freed in small blocks is not
/// what the next one asks for. Takes milliseconds; without glibc nothing happens.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: glibc's allocator is there whether or not it is this program's, locks itself, and touches free pages only.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::{One, Zero};

    use super::*;
    use crate::{Fr, LANES};

    #[test]
    fn blocks_are_zero_aligned_and_writable_at_any_size() {
        let huge = HUGE / size_of::<Block<Fr>>();
        for len in [0, 1, 2, 7, huge - 1, huge + 3] {
            let mut blocks = Blocks::<Fr>::zeros(len);
            assert_eq!(blocks.len(), len);
            assert!(blocks.as_ptr().is_aligned());
            assert!(blocks.iter().all(|block| *block == Block::default()));
            if let Some(last) = blocks.last_mut() {
                last.set(LANES - 1, Fr::one());
            }
            let copy = blocks.clone();
            assert_eq!(copy, blocks);
            assert!(copy.last().is_none_or(|last| last.get(LANES - 1) == Fr::one()));
            blocks.truncate(1);
            assert_eq!(blocks.len(), len.min(1));
            assert_eq!(copy == blocks, len <= 1);
            assert!(len <= 1 || blocks[0].get(0) == Fr::zero());
        }
        assert!(Blocks::<Fr>::default().is_empty());
    }

    #[test]
    fn what_is_in_use_is_not_given_back() {
        let kept: Vec<Vec<usize>> = (0..1000).map(|i| vec![i; 1000]).step_by(2).collect();
        give_back();
        assert!(kept.iter().enumerate().all(|(i, vector)| vector.iter().all(|x| *x == 2 * i)));
    }
}
