//! The AVX-512 IFMA backend: eight numbers in five vectors of 52-bit limbs.
//!
//! | type | value | produced by |
//! |---|---|---|
//! | [`Tight`] | < 2p | reductions; fits four 64-bit words |
//! | [`Vector`] | <= 16p | loads (16 times a canonical value), products, reduced sums |
//! | [`Lazy`] | <= 32p | one sum or difference of two `Vector`s |
//!
//! Limbs of all three are normalised (below 2^52), as the multiplier needs them. The working form is a 2^260 mod p.

#![allow(unsafe_code, reason = "vector instructions; see `vector` for why they may be called")]
#![allow(
    clippy::needless_range_loop,
    reason = "limb indices are arithmetic, and iterator adaptors may not be inlined"
)]

mod arith;
mod at_rest;
mod constants;
mod field;
mod ints;
mod points;
mod rest;
mod sums;
#[cfg(test)]
mod tests;
mod vector;

use std::{fmt, marker::PhantomData};

use crate::{Fq, Fr, backend::Backend, memory};
use arith::V5;

/// The vector backend. Only `backend::run_ifma` makes one, after detection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ifma;

impl Backend for Ifma {
    const NAME: &'static str = "ifma";
    type Ints = ints::IfmaInts;
    type Fr = Vector<Fr>;
    type Fq = Vector<Fq>;

    #[inline(always)]
    fn prefetch<T>(slice: &[T], index: usize) {
        memory::prefetch(slice, index);
    }
}

macro_rules! vectors {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name<F> {
            limbs: V5,
            field: PhantomData<F>,
        }

        impl<F> $name<F> {
            /// Wraps limbs that respect the type's bound.
            #[inline(always)]
            fn new(limbs: V5) -> Self {
                Self { limbs, field: PhantomData }
            }
        }

        impl<F> Clone for $name<F> {
            #[inline(always)]
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<F> Copy for $name<F> {}

        impl<F> fmt::Debug for $name<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.limbs.map(vector::to_array)).finish()
            }
        }
    )*};
}

vectors! {
    /// Eight elements, at most 16p.
    Vector;
    /// Eight elements, at most 32p.
    Lazy;
    /// Eight elements, below 2p.
    Tight;
}

impl<F> From<Vector<F>> for Lazy<F> {
    #[inline(always)]
    fn from(value: Vector<F>) -> Self {
        Self::new(value.limbs)
    }
}

impl<F> From<Tight<F>> for Vector<F> {
    #[inline(always)]
    fn from(value: Tight<F>) -> Self {
        Self::new(value.limbs)
    }
}

impl<F> From<Tight<F>> for Lazy<F> {
    #[inline(always)]
    fn from(value: Tight<F>) -> Self {
        Self::new(value.limbs)
    }
}
