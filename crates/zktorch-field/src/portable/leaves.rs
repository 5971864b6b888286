//! Multiplications of eight lanes, out of line.
//!
//! A call costs nothing beside eight multiplications, and kernels that call instead of inlining compile several times
//! faster. Being functions of their own they also choose here, at run time, between the x86-64 baseline and `mulx`,
//! which leaves the flags alone and is worth 10-20%: otherwise every kernel would have to be compiled for both.

#![allow(unsafe_code, reason = "calls functions compiled for CPU features after detecting them")]

use super::{
    points::{halves, join},
    scalar::{self, Limbs, SmallWide, Wide},
};
use crate::{
    modulus::Element,
    packed::{LANES, Mask},
    point::ScratchPoint,
};

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
    /// a <- a b.
    fn mul_assign(a: &mut [Limbs; LANES], b: &[Limbs; LANES]) |l| a[l] = scalar::mul::<F>(&a[l], &b[l])
}

leaf! {
    /// prefix <- product, product <- product factor.
    fn chain_up(product: &mut [Limbs; LANES], factor: &[Limbs; LANES], prefix: &mut [Limbs; LANES]) |l| {
        prefix[l] = product[l];
        product[l] = scalar::mul::<F>(&product[l], &factor[l]);
    }
}

leaf! {
    /// out <- inverse prefix, inverse <- inverse factor.
    fn chain_down(
        inverse: &mut [Limbs; LANES],
        factor: &[Limbs; LANES],
        prefix: &[Limbs; LANES],
        out: &mut [Limbs; LANES]
    ) |l| {
        out[l] = scalar::mul::<F>(&inverse[l], &prefix[l]);
        inverse[l] = scalar::mul::<F>(&inverse[l], &factor[l]);
    }
}

leaf! {
    /// a - b, and where it is zero.
    fn difference(out: &mut [Limbs; LANES], a: &[&Limbs; LANES], b: &[&Limbs; LANES], zeros: &mut Mask) |l| {
        out[l] = scalar::sub::<F>(a[l], b[l]);
        *zeros |= Mask::from(scalar::is_zero::<F>(&out[l])) << l;
    }
}

leaf! {
    /// x1, y1, x2 and the numerator y2 - y1 of two points.
    fn chord_start(
        x1: &mut [Limbs; LANES],
        y1: &mut [Limbs; LANES],
        x2: &mut [Limbs; LANES],
        numerator: &mut [Limbs; LANES],
        left: &[(&Limbs, &Limbs); LANES],
        right: &[(&Limbs, &Limbs); LANES]
    ) |l| {
        (x1[l], y1[l]) = (*left[l].0, *left[l].1);
        x2[l] = *right[l].0;
        numerator[l] = scalar::sub::<F>(right[l].1, left[l].1);
    }
}

leaf! {
    /// x1, y1, x2 and the numerator y2 +- y1 of two points.
    fn signed_chord_start(
        x1: &mut [Limbs; LANES],
        y1: &mut [Limbs; LANES],
        x2: &mut [Limbs; LANES],
        numerator: &mut [Limbs; LANES],
        left: &[(&Limbs, &Limbs); LANES],
        right: &[(&Limbs, &Limbs); LANES],
        minus: Mask
    ) |l| {
        (x1[l], y1[l]) = (*left[l].0, *left[l].1);
        x2[l] = *right[l].0;
        numerator[l] = scalar::add_or_sub::<F>(right[l].1, left[l].1, minus >> l & 1 == 1);
    }
}

leaf! {
    /// x3 = slope^2 - x1 - x2.
    fn chord_x(out: &mut [ScratchPoint; LANES], slope: &[Limbs; LANES], x1: &[Limbs; LANES], x2: &[Limbs; LANES]) |l| {
        let x3 = scalar::sub::<F>(&scalar::sub::<F>(&scalar::square::<F>(&slope[l]), &x1[l]), &x2[l]);
        out[l] = join(&x3, &[0; 4]);
    }
}

leaf! {
    /// y3 = slope (x1 - x3) - y1.
    fn chord_y(out: &mut [ScratchPoint; LANES], slope: &[Limbs; LANES], x1: &[Limbs; LANES], y1: &[Limbs; LANES]) |l| {
        let (x3, _) = halves(&out[l]);
        let product = scalar::mul::<F>(&scalar::sub::<F>(&x1[l], &x3), &slope[l]);
        out[l] = join(&x3, &scalar::sub::<F>(&product, &y1[l]));
    }
}

leaf! {
    /// y3 = (+-) slope (x1 - x3) - (+-) y1.
    fn signed_chord_y(
        out: &mut [ScratchPoint; LANES],
        slope: &[Limbs; LANES],
        x1: &[Limbs; LANES],
        y1: &[Limbs; LANES],
        minus: [Mask; 2]
    ) |l| {
        let (x3, _) = halves(&out[l]);
        let [minus1, minus2] = minus.map(|mask| mask >> l & 1 == 1);
        let difference = scalar::negate_if::<F>(&scalar::sub::<F>(&x1[l], &x3), minus2);
        let product = scalar::mul::<F>(&difference, &slope[l]);
        out[l] = join(&x3, &scalar::add_or_sub::<F>(&product, &y1[l], !minus1));
    }
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
