//! The scalar field, whose elements are numbers or values on the tape.

use core::marker::PhantomData;

use ark_ff::{BigInt, Field, Fp, FpConfig, PrimeField, SqrtPrecomputation};

use crate::tape::{self, Id, Operation};

/// The field as arkworks has it, which computes with numbers.
type Number = ark_bn254::Fr;

/// A scalar: a number below the order in Montgomery form, or the name of a value on the tape.
pub type Fr = Fp<Symbolic, 4>;

/// The arithmetic of [`Fr`]. No number has the highest limb of a name.
#[derive(Debug)]
pub struct Symbolic;

/// The highest limb of a name.
const NAME: u64 = u64::MAX;

/// A number or a name.
#[derive(Clone, Copy)]
pub(crate) enum Value {
    Number(Number),
    Name(Id),
}

/// The limbs of a name, as they are written into messages.
pub(crate) fn name_limbs(id: Id) -> [u64; 4] {
    [u64::from(id), 0, 0, NAME]
}

/// The name that has these limbs.
pub(crate) fn limbs_name(limbs: &[u64; 4]) -> Option<Id> {
    match *limbs {
        [id, 0, 0, NAME] => Id::try_from(id).ok(),
        _ => None,
    }
}

const fn raw(limbs: [u64; 4]) -> Fr {
    Fp(BigInt(limbs), PhantomData)
}

pub(crate) fn named(id: Id) -> Fr {
    raw(name_limbs(id))
}

pub(crate) const fn number(number: Number) -> Fr {
    raw(number.0.0)
}

pub(crate) fn value(element: &Fr) -> Value {
    match limbs_name(&element.0.0) {
        Some(id) => Value::Name(id),
        None => Value::Number(Fp(element.0, PhantomData)),
    }
}

/// Of numbers the number; of anything else what the tape says.
fn binary(a: &Fr, b: &Fr, numbers: impl Fn(Number, Number) -> Number, operation: Operation) -> Fr {
    match (value(a), value(b)) {
        (Value::Number(a), Value::Number(b)) => number(numbers(a, b)),
        (a, b) => tape::binary(operation, a, b),
    }
}

impl FpConfig<4> for Symbolic {
    const MODULUS: BigInt<4> = <Number as PrimeField>::MODULUS;
    const GENERATOR: Fr = number(<Number as ark_ff::FftField>::GENERATOR);
    const ZERO: Fr = raw([0; 4]);
    const ONE: Fr = number(<Number as Field>::ONE);
    const NEG_ONE: Fr = number(<Number as Field>::NEG_ONE);
    const TWO_ADICITY: u32 = <Number as ark_ff::FftField>::TWO_ADICITY;
    const TWO_ADIC_ROOT_OF_UNITY: Fr = number(<Number as ark_ff::FftField>::TWO_ADIC_ROOT_OF_UNITY);
    const SQRT_PRECOMP: Option<SqrtPrecomputation<Fr>> = None;

    fn add_assign(a: &mut Fr, b: &Fr) {
        *a = binary(a, b, |a, b| a + b, Operation::Add);
    }

    fn sub_assign(a: &mut Fr, b: &Fr) {
        *a = binary(a, b, |a, b| a - b, Operation::Sub);
    }

    fn double_in_place(a: &mut Fr) {
        *a = binary(a, a, |a, b| a + b, Operation::Add);
    }

    fn neg_in_place(a: &mut Fr) {
        *a = binary(&Self::ZERO, a, |a, b| a - b, Operation::Sub);
    }

    fn mul_assign(a: &mut Fr, b: &Fr) {
        *a = binary(a, b, |a, b| a * b, Operation::Mul);
    }

    fn sum_of_products<const T: usize>(a: &[Fr; T], b: &[Fr; T]) -> Fr {
        a.iter().zip(b).map(|(a, b)| *a * b).sum()
    }

    fn square_in_place(a: &mut Fr) {
        let copy = *a;
        Self::mul_assign(a, &copy);
    }

    /// Of a name the name of its inverse, as if it could not be zero: whoever inverts asks [`nonzero`](crate::decide::nonzero).
    fn inverse(a: &Fr) -> Option<Fr> {
        match value(a) {
            Value::Number(a) => a.inverse().map(number),
            Value::Name(a) => Some(tape::inverse(a)),
        }
    }

    /// Names are read from messages as they were written; the low 253 bits of a digest are a challenge.
    fn from_bigint(limbs: BigInt<4>) -> Option<Fr> {
        if limbs_name(&limbs.0).is_some() {
            return Some(raw(limbs.0));
        }
        tape::challenge(&limbs.0).or_else(|| Number::from_bigint(limbs).map(number))
    }

    /// Of a name its limbs: it can be written into a message, and not be computed with.
    fn into_bigint(element: Fr) -> BigInt<4> {
        match value(&element) {
            Value::Number(element) => element.into_bigint(),
            Value::Name(id) => BigInt(name_limbs(id)),
        }
    }
}
