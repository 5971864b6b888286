//! The two prime fields as limbs.

use ark_ff::{BigInt, PrimeField};

use crate::{
    Fq, Fr,
    backend::Backend,
    modulus::{Element, less_than, sealed::Sealed},
};

impl Sealed for Fr {}
impl Sealed for Fq {}

impl Element for Fr {
    type Packed<B: Backend> = B::Fr;
    const P: [u64; 4] = <Self as PrimeField>::MODULUS.0;

    #[inline(always)]
    fn limbs(&self) -> &[u64; 4] {
        &self.0.0
    }

    #[inline(always)]
    fn from_limbs(limbs: [u64; 4]) -> Self {
        debug_assert!(less_than(&limbs, &Self::P));
        Self::new_unchecked(BigInt(limbs))
    }
}

impl Element for Fq {
    type Packed<B: Backend> = B::Fq;
    const P: [u64; 4] = <Self as PrimeField>::MODULUS.0;

    #[inline(always)]
    fn limbs(&self) -> &[u64; 4] {
        &self.0.0
    }

    #[inline(always)]
    fn from_limbs(limbs: [u64; 4]) -> Self {
        debug_assert!(less_than(&limbs, &Self::P));
        Self::new_unchecked(BigInt(limbs))
    }
}
