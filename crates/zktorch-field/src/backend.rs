//! The two implementations of the packed arithmetic and how one is chosen.
//!
//! A kernel is written once, in safe code generic over [`Backend`], and run by [`dispatch`]:
//!
//! ```
//! use zktorch_field::{Backend, Fr, Kernel, Packed, PackedVec, dispatch};
//!
//! /// The sum of the squares of a vector.
//! struct SumOfSquares<'a>(&'a PackedVec<Fr>);
//!
//! impl Kernel for SumOfSquares<'_> {
//!     type Output = Fr;
//!     #[inline(always)]
//!     fn run<B: Backend>(self, _: B) -> Fr {
//!         let mut acc = B::Fr::acc_zero();
//!         for block in self.0.blocks() {
//!             let x = B::Fr::load(block);
//!             B::Fr::acc_mul_add(&mut acc, x, x);
//!         }
//!         B::Fr::acc_reduce(acc).sum_lanes()
//!     }
//! }
//!
//! let v = PackedVec::from_slice(&[Fr::from(3), Fr::from(4)]);
//! assert_eq!(dispatch(SumOfSquares(&v)), Fr::from(25));
//! ```
//!
//! # Rules for kernels
//! * `run` and every helper it calls is `#[inline(always)]`: the vector instructions are only inlined into a function
//!   compiled for the CPU feature, which is the one inside [`dispatch`].
//! * **No closures around vector code**, neither own ones nor those given to iterator adaptors, `array::map` or
//!   `array::from_fn`: a closure cannot be forced inline, and out of line it is compiled without the CPU feature. The results are
//!   right, but the arithmetic is ten to a hundred times slower. `for` loops over slices, zips and chunks are fine.
//! * Parallelism is outside: split the work, then `dispatch` each piece (what runs on another thread is such a closure).
//! * Keep accumulators in locals and hand out `&mut` only to inlined functions, or they live in memory.

#![allow(unsafe_code, reason = "calls functions compiled for CPU features after detecting them")]

use std::sync::OnceLock;

use crate::{
    Fq, Fr,
    packed::{Ints, Packed, PackedPoints},
    portable::Portable,
};

/// One implementation of the packed arithmetic.
pub trait Backend: Copy + Send + Sync + 'static {
    /// Its name, as `ZKTORCH_BACKEND` and the benches spell it.
    const NAME: &'static str;
    /// Eight integers.
    type Ints: Ints;
    /// Eight scalars.
    type Fr: Packed<Elem = Fr, Ints = Self::Ints>;
    /// Eight base-field elements.
    type Fq: PackedPoints<Elem = Fq, Ints = Self::Ints>;
    /// Asks for the cache line of `slice[index]`; nothing happens if there is none. A hint: no effect on results.
    fn prefetch<T>(slice: &[T], index: usize);
}

/// A computation over packed vectors, written once for all backends.
pub trait Kernel {
    /// Its result.
    type Output;
    /// The computation. Implementations are `#[inline(always)]`; see the module documentation for why.
    fn run<B: Backend>(self, backend: B) -> Self::Output;
}

/// A backend this machine can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackendKind(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Ifma,
}

impl BackendKind {
    /// The fallback, on every machine.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// The AVX-512 IFMA backend, if this machine has it.
    pub fn ifma() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if has_ifma() {
            return Some(Self(Kind::Ifma));
        }
        None
    }

    /// Every backend of this machine, for tests and benches.
    pub fn available() -> impl Iterator<Item = Self> {
        std::iter::once(Self::PORTABLE).chain(Self::ifma())
    }

    /// The backend [`dispatch`] uses: the fastest one, or the portable one if the environment says
    /// `ZKTORCH_BACKEND=portable` (read once), or in a build without optimisation.
    pub fn active() -> Self {
        static ACTIVE: OnceLock<BackendKind> = OnceLock::new();
        *ACTIVE.get_or_init(|| match std::env::var("ZKTORCH_BACKEND") {
            Ok(name) if name == Portable::NAME => Self::PORTABLE,
            // Every vector of a kernel, which is one function here, then has a place of its own on the stack: megabytes of it, more
            // than a thread has.
            _ if cfg!(unoptimised) => Self::PORTABLE,
            _ => Self::ifma().unwrap_or(Self::PORTABLE),
        })
    }

    /// The backend's name.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => Portable::NAME,
            #[cfg(target_arch = "x86_64")]
            Kind::Ifma => crate::ifma::Ifma::NAME,
        }
    }
}

/// Runs a kernel on the fastest backend of this machine.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    dispatch_on(BackendKind::active(), kernel)
}

/// Runs a kernel on a given backend.
#[inline]
pub fn dispatch_on<K: Kernel>(kind: BackendKind, kernel: K) -> K::Output {
    match kind.0 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a `BackendKind` of `Kind::Ifma` is only made after `has_ifma` returned true.
        Kind::Ifma => unsafe { run_ifma(kernel) },
        Kind::Portable => kernel.run(Portable),
    }
}

#[cfg(target_arch = "x86_64")]
fn has_ifma() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512ifma")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
        && has_mulx()
}

/// `mulx` leaves the flags alone, which is worth 10-20% to the portable multiplication; every x86-64 of the last decade
/// has it, but the x86-64 baseline does not.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_mulx() -> bool {
    is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2") && is_x86_feature_detected!("adx")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,avx512bw,avx512vbmi2,bmi1,bmi2,adx")]
fn run_ifma<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(crate::ifma::Ifma)
}
