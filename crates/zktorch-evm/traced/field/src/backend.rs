//! One backend: lanes one after the other, scalars on the tape.

use crate::{
    Fq, Fr,
    lanes::SymbolicLanes,
    packed::{Ints, Packed, PackedPoints},
    portable::{Lanes, PortableInts},
};

/// A packed implementation of both fields; see `zktorch-field`.
pub trait Backend: Copy + Send + Sync + 'static {
    /// Its name.
    const NAME: &'static str;
    /// Eight small integers.
    type Ints: Ints;
    /// Eight scalars.
    type Fr: Packed<Elem = Fr, Ints = Self::Ints>;
    /// Eight coordinates.
    type Fq: PackedPoints<Elem = Fq, Ints = Self::Ints>;
    /// Does nothing.
    fn prefetch<T>(slice: &[T], index: usize);
}

/// A kernel, written once for all backends.
pub trait Kernel {
    /// What it returns.
    type Output;
    /// Runs it.
    fn run<B: Backend>(self, backend: B) -> Self::Output;
}

/// The one there is.
#[derive(Clone, Copy, Debug)]
struct Taped;

impl Backend for Taped {
    const NAME: &'static str = "taped";
    type Ints = PortableInts;
    type Fr = SymbolicLanes;
    type Fq = Lanes<Fq>;
    fn prefetch<T>(_: &[T], _: usize) {}
}

/// A backend that can be chosen: there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackendKind(());

impl BackendKind {
    /// It.
    pub const PORTABLE: Self = Self(());

    /// None.
    pub fn ifma() -> Option<Self> {
        None
    }

    /// It.
    pub fn available() -> impl Iterator<Item = Self> {
        std::iter::once(Self::PORTABLE)
    }

    /// It.
    pub fn active() -> Self {
        Self::PORTABLE
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Taped::NAME
    }
}

/// Runs a kernel.
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Taped)
}

/// Runs a kernel.
pub fn dispatch_on<K: Kernel>(_: BackendKind, kernel: K) -> K::Output {
    kernel.run(Taped)
}

pub(crate) fn has_mulx() -> bool {
    false
}
