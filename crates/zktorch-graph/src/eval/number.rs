//! The types in which integers are computed: the fastest one in which nothing is ever rounded or overflows.

use std::ops::{Add, AddAssign, Mul};

use super::matmul;

/// Integers up to some size, closed under what one expression does (its bound says so).
pub(super) trait Number:
    Copy + Default + PartialEq + Send + Sync + Add<Output = Self> + Mul<Output = Self> + AddAssign + 'static
{
    const ONE: Self;
    fn from_i32(value: i32) -> Self;
    fn from_i64(value: i64) -> Self;
    /// Saturates.
    fn to_i64(self) -> i64;
    /// Exact.
    fn to_i128(self) -> i128;
    /// c = a b for row-major a (m x k), b (k x n), c (m x n).
    fn matmul(size: matmul::Size, a: &[Self], b: &[Self], c: &mut [Self]);
}

/// Exact for integers up to 2^53.
impl Number for f64 {
    const ONE: Self = 1.0;

    fn from_i32(value: i32) -> Self {
        value.into()
    }

    fn from_i64(value: i64) -> Self {
        value as f64
    }

    fn to_i64(self) -> i64 {
        self as i64
    }

    fn to_i128(self) -> i128 {
        self as i128
    }

    fn matmul(size: matmul::Size, a: &[Self], b: &[Self], c: &mut [Self]) {
        if size.m >= matmul::BLOCK && size.n >= matmul::BLOCK {
            matmul::blocked(size, a, b, c);
        } else {
            matmul::plain(size, a, b, c);
        }
    }
}

impl Number for i64 {
    const ONE: Self = 1;

    fn from_i32(value: i32) -> Self {
        value.into()
    }

    fn from_i64(value: i64) -> Self {
        value
    }

    fn to_i64(self) -> i64 {
        self
    }

    fn to_i128(self) -> i128 {
        self.into()
    }

    fn matmul(size: matmul::Size, a: &[Self], b: &[Self], c: &mut [Self]) {
        matmul::plain(size, a, b, c);
    }
}

impl Number for i128 {
    const ONE: Self = 1;

    fn from_i32(value: i32) -> Self {
        value.into()
    }

    fn from_i64(value: i64) -> Self {
        value.into()
    }

    fn to_i64(self) -> i64 {
        self.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    fn to_i128(self) -> i128 {
        self
    }

    fn matmul(size: matmul::Size, a: &[Self], b: &[Self], c: &mut [Self]) {
        matmul::plain(size, a, b, c);
    }
}
