//! The scalar field, whose elements are numbers or values on the tape.

use core::marker::PhantomData;

use ark_ff::{AdditiveGroup, BigInt, Field, Fp, FpConfig, PrimeField, SqrtPrecomputation};

use crate::Fr;
use crate::tape::{self, Id, Operation};

/// The field as arkworks has it, which computes with numbers.
type Number = ark_bn254::Fr;

/// What an [`Fr`] is made of, whose comparisons are of limbs.
pub(crate) type Inner = Fp<Symbolic, 4>;

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

const fn raw(limbs: [u64; 4]) -> Inner {
    Fp(BigInt(limbs), PhantomData)
}

const fn inner(number: Number) -> Inner {
    raw(number.0.0)
}

pub(crate) fn named(id: Id) -> Fr {
    Fr(raw(name_limbs(id)))
}

pub(crate) const fn number(number: Number) -> Fr {
    Fr(inner(number))
}

pub(crate) fn value(element: &Fr) -> Value {
    value_of(&element.0)
}

/// Whether it is the number zero.
pub(crate) fn is_zero(element: &Fr) -> bool {
    matches!(value(element), Value::Number(number) if number == Number::ZERO)
}

fn value_of(element: &Inner) -> Value {
    match limbs_name(&element.0.0) {
        Some(id) => Value::Name(id),
        None => Value::Number(Fp(element.0, PhantomData)),
    }
}

/// Of numbers the number; of anything else what the tape says.
fn binary(a: &Inner, b: &Inner, numbers: impl Fn(Number, Number) -> Number, operation: Operation) -> Inner {
    match (value_of(a), value_of(b)) {
        (Value::Number(a), Value::Number(b)) => inner(numbers(a, b)),
        (a, b) => tape::binary(operation, a, b).0,
    }
}

impl FpConfig<4> for Symbolic {
    const MODULUS: BigInt<4> = <Number as PrimeField>::MODULUS;
    const GENERATOR: Inner = inner(<Number as ark_ff::FftField>::GENERATOR);
    const ZERO: Inner = raw([0; 4]);
    const ONE: Inner = inner(<Number as Field>::ONE);
    const NEG_ONE: Inner = inner(<Number as Field>::NEG_ONE);
    const TWO_ADICITY: u32 = <Number as ark_ff::FftField>::TWO_ADICITY;
    const TWO_ADIC_ROOT_OF_UNITY: Inner = inner(<Number as ark_ff::FftField>::TWO_ADIC_ROOT_OF_UNITY);
    const SQRT_PRECOMP: Option<SqrtPrecomputation<Inner>> = None;

    fn add_assign(a: &mut Inner, b: &Inner) {
        *a = binary(a, b, |a, b| a + b, Operation::Add);
    }

    fn sub_assign(a: &mut Inner, b: &Inner) {
        *a = binary(a, b, |a, b| a - b, Operation::Sub);
    }

    fn double_in_place(a: &mut Inner) {
        *a = binary(a, a, |a, b| a + b, Operation::Add);
    }

    fn neg_in_place(a: &mut Inner) {
        *a = binary(&Self::ZERO, a, |a, b| a - b, Operation::Sub);
    }

    fn mul_assign(a: &mut Inner, b: &Inner) {
        *a = binary(a, b, |a, b| a * b, Operation::Mul);
    }

    fn sum_of_products<const T: usize>(a: &[Inner; T], b: &[Inner; T]) -> Inner {
        a.iter().zip(b).map(|(a, b)| *a * b).sum()
    }

    fn square_in_place(a: &mut Inner) {
        let copy = *a;
        Self::mul_assign(a, &copy);
    }

    /// Of a name the name of its inverse, as if it could not be zero: whoever inverts asks [`nonzero`](crate::decide::nonzero).
    fn inverse(a: &Inner) -> Option<Inner> {
        match value_of(a) {
            Value::Number(a) => a.inverse().map(inner),
            Value::Name(a) => Some(tape::inverse(a).0),
        }
    }

    /// Names are read from messages as they were written; the low 253 bits of a digest are a challenge.
    fn from_bigint(limbs: BigInt<4>) -> Option<Inner> {
        if limbs_name(&limbs.0).is_some() {
            return Some(raw(limbs.0));
        }
        tape::challenge(&limbs.0).map(|fr| fr.0).or_else(|| Number::from_bigint(limbs).map(inner))
    }

    /// Of a name its limbs: it can be written into a message, and not be computed with.
    fn into_bigint(element: Inner) -> BigInt<4> {
        match value_of(&element) {
            Value::Number(element) => element.into_bigint(),
            Value::Name(id) => BigInt(name_limbs(id)),
        }
    }
}
