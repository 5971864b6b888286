//! Thin names for the AVX-512 instructions the backend uses.
//!
//! # Safety
//! These functions are safe to call although they execute AVX-512 instructions without checking for them, because
//! nothing outside `ifma` can reach them on a machine that lacks them: the type [`Ifma`](super::Ifma) is not nameable
//! outside this crate and is only handed to kernels by `backend::run_ifma`, which runs after detection of every
//! feature listed in `backend::has_ifma`. All instructions used here belong to those features.

use std::arch::x86_64::*;

use crate::packed::{LANES, Mask};

/// Eight 64-bit lanes.
pub(super) type V = __m512i;

macro_rules! instructions {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $ret:ty = $instruction:ident;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub(super) fn $name($($arg: $type),*) -> $ret {
            // SAFETY: the CPU has the feature, see the module documentation; the instruction touches no memory.
            unsafe { $instruction($($arg),*) }
        }
    )*};
}

instructions! {
    /// `acc + low 52 bits of (low52(a) * low52(b))`.
    lo(acc: V, a: V, b: V) -> V = _mm512_madd52lo_epu64;
    /// `acc + high 52 bits of (low52(a) * low52(b))`.
    hi(acc: V, a: V, b: V) -> V = _mm512_madd52hi_epu64;
    /// Lane-wise sum modulo 2^64.
    add(a: V, b: V) -> V = _mm512_add_epi64;
    /// Lane-wise difference modulo 2^64.
    sub(a: V, b: V) -> V = _mm512_sub_epi64;
    /// `a - b` in the lanes of the mask, `keep` elsewhere.
    mask_sub(keep: V, mask: Mask, a: V, b: V) -> V = _mm512_mask_sub_epi64;
    /// Bitwise and.
    and(a: V, b: V) -> V = _mm512_and_si512;
    /// Bitwise or.
    or(a: V, b: V) -> V = _mm512_or_si512;
    /// Bitwise exclusive or.
    xor(a: V, b: V) -> V = _mm512_xor_si512;
    /// The lanes where `a > b`, unsigned.
    greater(a: V, b: V) -> Mask = _mm512_cmpgt_epu64_mask;
    /// The lanes where `a & b` is zero.
    disjoint(a: V, b: V) -> Mask = _mm512_testn_epi64_mask;
    /// The lanes whose top bit is set.
    top_bits(a: V) -> Mask = _mm512_movepi64_mask;
    /// `b` in the lanes of the mask, `a` elsewhere.
    blend(mask: Mask, a: V, b: V) -> V = _mm512_mask_blend_epi64;
    /// Signed product of the low halves.
    mul_i32(a: V, b: V) -> V = _mm512_mul_epi32;
    /// Lane `l` is `table[index[l]]`.
    permute(index: V, table: V) -> V = _mm512_permutexvar_epi64;
    /// Lane `l` is word `index[l]` of `a` (0 to 7) or `b` (8 to 15).
    permute2(a: V, index: V, b: V) -> V = _mm512_permutex2var_epi64;
    /// The even words of both, interleaved by 128-bit quarters.
    unpack_low(a: V, b: V) -> V = _mm512_unpacklo_epi64;
    /// The odd words of both, interleaved by 128-bit quarters.
    unpack_high(a: V, b: V) -> V = _mm512_unpackhi_epi64;
    /// Zero.
    zero() -> V = _mm512_setzero_si512;
}

/// The same word in every lane.
#[inline(always)]
pub(super) fn splat(word: u64) -> V {
    // SAFETY: as above.
    unsafe { _mm512_set1_epi64(word as i64) }
}

/// `[f(0), .., f(4)]`, written out. A closure given to `array::map` or `array::from_fn` would not do: it is not always inlined, and
/// out of line it is compiled without the CPU features.
macro_rules! limbs {
    (|$i:ident| $limb:expr) => {
        [
            {
                let $i = 0;
                $limb
            },
            {
                let $i = 1;
                $limb
            },
            {
                let $i = 2;
                $limb
            },
            {
                let $i = 3;
                $limb
            },
            {
                let $i = 4;
                $limb
            },
        ]
    };
}
pub(super) use limbs;

/// Logical shift right.
#[inline(always)]
pub(super) fn shr<const N: u32>(a: V) -> V {
    // SAFETY: as above.
    unsafe { _mm512_srli_epi64::<N>(a) }
}

/// Arithmetic shift right.
#[inline(always)]
pub(super) fn sar<const N: u32>(a: V) -> V {
    // SAFETY: as above.
    unsafe { _mm512_srai_epi64::<N>(a) }
}

/// Shift left.
#[inline(always)]
pub(super) fn shl<const N: u32>(a: V) -> V {
    // SAFETY: as above.
    unsafe { _mm512_slli_epi64::<N>(a) }
}

/// The low word of the 128-bit lane `high:low` shifted right.
#[inline(always)]
pub(super) fn funnel<const N: i32>(low: V, high: V) -> V {
    // SAFETY: as above.
    unsafe { _mm512_shrdi_epi64::<N>(low, high) }
}

macro_rules! quarters {
    ($($(#[$doc:meta])* $name:ident = $order:literal;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub(super) fn $name(a: V, b: V) -> V {
            // SAFETY: as above.
            unsafe { _mm512_shuffle_i64x2::<$order>(a, b) }
        }
    )*};
}

quarters! {
    /// 128-bit quarters 0 and 2 of `a`, then of `b`.
    even_quarters = 0x88;
    /// 128-bit quarters 1 and 3 of `a`, then of `b`.
    odd_quarters = 0xDD;
    /// The low half of `a`, then of `b`.
    low_halves = 0x44;
    /// The high half of `a`, then of `b`.
    high_halves = 0xEE;
}

/// Eight words from memory.
#[inline(always)]
pub(super) fn load(words: &[u64; LANES]) -> V {
    // SAFETY: as above; the reference is to 64 readable bytes and the load needs no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

/// Four words from each of two places.
#[inline(always)]
pub(super) fn load_halves(low: &[u64; 4], high: &[u64; 4]) -> V {
    // SAFETY: as above; each reference is to 32 readable bytes and the loads need no alignment.
    unsafe {
        let low = _mm512_castsi256_si512(_mm256_loadu_si256(low.as_ptr().cast()));
        _mm512_inserti64x4::<1>(low, _mm256_loadu_si256(high.as_ptr().cast()))
    }
}

/// Eight words to memory.
#[inline(always)]
pub(super) fn store(words: &mut [u64; LANES], value: V) {
    // SAFETY: as above; the reference is to 64 writable bytes and the store needs no alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), value) }
}

/// The words as an array.
#[inline(always)]
pub(super) fn to_array(value: V) -> [u64; LANES] {
    let mut words = [0; LANES];
    store(&mut words, value);
    words
}

/// Four words, each in all lanes of a vector.
#[inline(always)]
pub(super) fn splat4(words: &[u64; 4]) -> [V; 4] {
    [splat(words[0]), splat(words[1]), splat(words[2]), splat(words[3])]
}

/// Lane 0 of four vectors.
#[inline(always)]
pub(super) fn first_lanes(a: [V; 4]) -> [u64; 4] {
    [to_array(a[0])[0], to_array(a[1])[0], to_array(a[2])[0], to_array(a[3])[0]]
}
