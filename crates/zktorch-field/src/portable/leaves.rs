//! Multiplications of eight lanes, out of line.
//!
//! A call costs nothing beside eight multiplications, and kernels that call instead of inlining compile several times
//! faster. Being functions of their own they also choose here, at run time, between the x86-64 baseline and `mulx`,
//! which leaves the flags alone and is worth 10-20%: otherwise every kernel would have to be compiled for both.

#![allow(unsafe_code, reason = "calls functions compiled for CPU features after detecting them")]

use super::scalar::{self, Limbs, SmallWide, Wide};
use crate::{modulus::Element, packed::LANES};

#[cfg(target_arch = "x86_64")]
use crate::backend::has_mulx;

/// Defines a function over eight lanes from the body for lane `l`.
macro_rules! leaf {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) |$l:ident| $body:expr) => {
        $(#[$doc])*
        #[allow(clippy::extra_unused_type_parameters, reason = "two leaves are the same for both fields")]
        #[inline(never)]
        pub(super) fn $name<F: Element>($($arg: $type),*) {
            #[allow(clippy::extra_unused_type_parameters, reason = "as above")]
            #[inline(always)]
            fn all<F: Element>($($arg: $type),*) {
                for $l in 0..LANES {
                    $body
                }
            }

            #[cfg(target_arch = "x86_64")]
            {
                #[allow(clippy::extra_unused_type_parameters, reason = "as above")]
                #[target_feature(enable = "bmi1,bmi2,adx")]
                fn with_mulx<F: Element>($($arg: $type),*) {
                    all::<F>($($arg),*)
                }

                if has_mulx() {
                    // SAFETY: `has_mulx` has just returned true.
                    return unsafe { with_mulx::<F>($($arg),*) };
                }
            }
            all::<F>($($arg),*)
        }
    };
}

leaf! {
    /// a b.
    fn mul(out: &mut [Limbs; LANES], a: &[Limbs; LANES], b: &[Limbs; LANES]) |l| out[l] = scalar::mul::<F>(&a[l], &b[l])
}

leaf! {
    /// a^2.
    fn square(out: &mut [Limbs; LANES], a: &[Limbs; LANES]) |l| out[l] = scalar::square::<F>(&a[l])
}

leaf! {
    /// acc <- acc + a b.
    fn acc_mul_add(acc: &mut [Wide; LANES], a: &[Limbs; LANES], b: &[Limbs; LANES])
        |l| scalar::wide_mul_add(&mut acc[l], &a[l], &b[l])
}

leaf! {
    /// The reduction of a sum of products.
    fn acc_reduce(acc: &[Wide; LANES], out: &mut [Limbs; LANES]) |l| out[l] = scalar::wide_reduce::<F>(&acc[l])
}

leaf! {
    /// acc <- acc + weight value.
    fn small_mul_add(acc: &mut [SmallWide; LANES], weight: &[Limbs; LANES], value: &[i64; LANES])
        |l| scalar::small_mul_add(&mut acc[l], &weight[l], value[l])
}

leaf! {
    /// The reduction of a sum of products with integers.
    fn small_reduce(acc: &[SmallWide; LANES], out: &mut [Limbs; LANES])
        |l| out[l] = scalar::small_reduce::<F>(&acc[l])
}

leaf! {
    /// c0 lo + c1 hi, with the factor 2^64 of both coefficients removed.
    fn small_bind(c0: &Limbs, c1: &Limbs, lo: &[i64; LANES], hi: &[i64; LANES], out: &mut [Limbs; LANES]) |l| {
        let mut acc = [0; 6];
        scalar::small_mul_add(&mut acc, c0, lo[l]);
        scalar::small_mul_add(&mut acc, c1, hi[l]);
        out[l] = scalar::small_bind_reduce::<F>(&acc);
    }
}

leaf! {
    /// Integers in Montgomery form.
    fn from_ints(values: &[i64; LANES], out: &mut [Limbs; LANES]) |l| out[l] = scalar::from_i64::<F>(values[l])
}
