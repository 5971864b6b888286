//! The two fields as limbs: those of a name are moved like those of a number.

use core::marker::PhantomData;

use ark_ff::{BigInt, Fp, PrimeField};

use crate::{
    Fq, Fr,
    backend::Backend,
    modulus::{Element, sealed::Sealed},
};

impl Sealed for Fr {}
impl Sealed for Fq {}

impl Element for Fr {
    type Packed<B: Backend> = B::Fr;
    const P: [u64; 4] = <Self as PrimeField>::MODULUS.0;

    fn limbs(&self) -> &[u64; 4] {
        &self.0.0.0
    }

    fn from_limbs(limbs: [u64; 4]) -> Self {
        Self(Fp(BigInt(limbs), PhantomData))
    }
}

impl Element for Fq {
    type Packed<B: Backend> = B::Fq;
    const P: [u64; 4] = <Self as PrimeField>::MODULUS.0;

    fn limbs(&self) -> &[u64; 4] {
        &self.0.0
    }

    fn from_limbs(limbs: [u64; 4]) -> Self {
        Fp(BigInt(limbs), PhantomData)
    }
}
