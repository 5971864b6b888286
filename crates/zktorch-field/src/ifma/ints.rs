//! Eight 64-bit integers in a register.

use std::arch::x86_64::*;

use super::vector::{self as v, V};
use crate::packed::{Ints, LANES};

/// Eight signed integers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IfmaInts(pub(super) V);

impl Ints for IfmaInts {
    #[inline(always)]
    fn splat(value: i64) -> Self {
        Self(v::splat(value as u64))
    }
    #[inline(always)]
    fn from_array(values: [i64; LANES]) -> Self {
        // SAFETY: sixty-four readable bytes, no alignment needed; features as in `vector`.
        Self(unsafe { _mm512_loadu_si512(values.as_ptr().cast()) })
    }
    #[inline(always)]
    fn to_array(self) -> [i64; LANES] {
        let mut values = [0; LANES];
        // SAFETY: sixty-four writable bytes, no alignment needed; features as in `vector`.
        unsafe { _mm512_storeu_si512(values.as_mut_ptr().cast(), self.0) };
        values
    }
    #[inline(always)]
    fn load_i8(values: &[i8; LANES]) -> Self {
        // SAFETY: eight readable bytes, no alignment needed; features as in `vector`.
        Self(unsafe { _mm512_cvtepi8_epi64(_mm_loadl_epi64(values.as_ptr().cast())) })
    }
    #[inline(always)]
    fn load_i16(values: &[i16; LANES]) -> Self {
        // SAFETY: sixteen readable bytes, no alignment needed; features as in `vector`.
        Self(unsafe { _mm512_cvtepi16_epi64(_mm_loadu_si128(values.as_ptr().cast())) })
    }
    #[inline(always)]
    fn load_u16(values: &[u16; LANES]) -> Self {
        // SAFETY: sixteen readable bytes, no alignment needed; features as in `vector`.
        Self(unsafe { _mm512_cvtepu16_epi64(_mm_loadu_si128(values.as_ptr().cast())) })
    }
    #[inline(always)]
    fn load_i32(values: &[i32; LANES]) -> Self {
        // SAFETY: thirty-two readable bytes, no alignment needed; features as in `vector`.
        Self(unsafe { _mm512_cvtepi32_epi64(_mm256_loadu_si256(values.as_ptr().cast())) })
    }
    #[inline(always)]
    fn add(self, rhs: Self) -> Self {
        Self(v::add(self.0, rhs.0))
    }
    #[inline(always)]
    fn sub(self, rhs: Self) -> Self {
        Self(v::sub(self.0, rhs.0))
    }
    #[inline(always)]
    fn mul_i32(self, rhs: Self) -> Self {
        Self(v::mul_i32(self.0, rhs.0))
    }
}
