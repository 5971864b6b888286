//! The AVX-512 IFMA backend.

use crate::{
    Fq, Fr,
    backend::Backend,
    portable::{Lanes, PortableInts},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ifma;

impl Backend for Ifma {
    const NAME: &'static str = "ifma";
    type Ints = PortableInts;
    type Fr = Lanes<Fr>;
    type Fq = Lanes<Fq>;

    #[inline(always)]
    fn prefetch<T>(_: &[T], _: usize) {}
}
