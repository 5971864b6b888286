//! The scalars of the traced verifier, as a type of their own: arkworks' with other comparisons.
//!
//! A comparison of a name is a question that a program has no answer to: which value it has is known when the program runs. Whoever asks
//! one has to ask [`decide`](crate::decide); any other ends the trace, with the place of the question.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::iter::{Product, Sum};
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};
use core::str::FromStr;

use ark_ff::{
    AdditiveGroup, BigInt, FftField, Field, LegendreSymbol, One, PrimeField, SqrtPrecomputation, Zero,
};
use ark_serialize::{
    CanonicalDeserialize, CanonicalDeserializeWithFlags, CanonicalSerialize, CanonicalSerializeWithFlags,
    Compress, Flags, Read, SerializationError, Valid, Validate, Write,
};
use ark_std::rand::Rng;
use ark_std::rand::distributions::{Distribution, Standard};
use num_bigint::BigUint;
use zeroize::Zeroize;

use crate::scalar::{Inner, Value, value};
use crate::tape;

/// A scalar: a number below the order in Montgomery form, or the name of a value on the tape.
#[derive(Clone, Copy, Default)]
pub struct Fr(pub(crate) Inner);

impl PartialEq for Fr {
    #[track_caller]
    fn eq(&self, other: &Self) -> bool {
        match (value(self), value(other)) {
            (Value::Number(a), Value::Number(b)) => a == b,
            _ => {
                tape::compared(core::panic::Location::caller());
                self.0 == other.0
            }
        }
    }
}

impl Eq for Fr {}

impl Hash for Fr {
    #[track_caller]
    fn hash<H: Hasher>(&self, state: &mut H) {
        if matches!(value(self), Value::Name(_)) {
            tape::compared(core::panic::Location::caller());
        }
        self.0.hash(state);
    }
}

impl Ord for Fr {
    #[track_caller]
    fn cmp(&self, other: &Self) -> Ordering {
        if matches!((value(self), value(other)), (Value::Name(_), _) | (_, Value::Name(_))) {
            tape::compared(core::panic::Location::caller());
        }
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Fr {
    #[track_caller]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Fr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Fr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Zero for Fr {
    fn zero() -> Self {
        Self(Inner::ZERO)
    }

    #[track_caller]
    fn is_zero(&self) -> bool {
        *self == Self(Inner::ZERO)
    }
}

impl One for Fr {
    fn one() -> Self {
        Self(Inner::ONE)
    }

    #[track_caller]
    fn is_one(&self) -> bool {
        *self == Self(Inner::ONE)
    }
}

impl AdditiveGroup for Fr {
    type Scalar = Self;
    const ZERO: Self = Self(Inner::ZERO);

    fn double_in_place(&mut self) -> &mut Self {
        self.0.double_in_place();
        self
    }

    fn neg_in_place(&mut self) -> &mut Self {
        self.0.neg_in_place();
        self
    }
}

impl Field for Fr {
    type BasePrimeField = Self;
    const SQRT_PRECOMP: Option<SqrtPrecomputation<Self>> = None;
    const ONE: Self = Self(Inner::ONE);
    const NEG_ONE: Self = Self(Inner::NEG_ONE);

    fn extension_degree() -> u64 {
        1
    }

    fn to_base_prime_field_elements(&self) -> impl Iterator<Item = Self> {
        core::iter::once(*self)
    }

    fn from_base_prime_field_elems(elems: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut elems = elems.into_iter();
        elems.next().filter(|_| elems.next().is_none())
    }

    fn from_base_prime_field(elem: Self) -> Self {
        elem
    }

    fn characteristic() -> &'static [u64] {
        Inner::characteristic()
    }

    fn from_random_bytes_with_flags<F: Flags>(bytes: &[u8]) -> Option<(Self, F)> {
        Inner::from_random_bytes_with_flags(bytes).map(|(x, flags)| (Self(x), flags))
    }

    fn legendre(&self) -> LegendreSymbol {
        self.0.legendre()
    }

    fn square(&self) -> Self {
        Self(self.0.square())
    }

    fn square_in_place(&mut self) -> &mut Self {
        self.0.square_in_place();
        self
    }

    fn inverse(&self) -> Option<Self> {
        self.0.inverse().map(Self)
    }

    fn inverse_in_place(&mut self) -> Option<&mut Self> {
        *self = self.inverse()?;
        Some(self)
    }

    fn frobenius_map_in_place(&mut self, _: usize) {}

    fn mul_by_base_prime_field(&self, elem: &Self) -> Self {
        *self * elem
    }
}

impl FftField for Fr {
    const GENERATOR: Self = Self(Inner::GENERATOR);
    const TWO_ADICITY: u32 = Inner::TWO_ADICITY;
    const TWO_ADIC_ROOT_OF_UNITY: Self = Self(Inner::TWO_ADIC_ROOT_OF_UNITY);
}

impl PrimeField for Fr {
    type BigInt = BigInt<4>;
    const MODULUS: BigInt<4> = Inner::MODULUS;
    const MODULUS_MINUS_ONE_DIV_TWO: BigInt<4> = Inner::MODULUS_MINUS_ONE_DIV_TWO;
    const MODULUS_BIT_SIZE: u32 = Inner::MODULUS_BIT_SIZE;
    const TRACE: BigInt<4> = Inner::TRACE;
    const TRACE_MINUS_ONE_DIV_TWO: BigInt<4> = Inner::TRACE_MINUS_ONE_DIV_TWO;

    fn from_bigint(limbs: BigInt<4>) -> Option<Self> {
        Inner::from_bigint(limbs).map(Self)
    }

    fn into_bigint(self) -> BigInt<4> {
        self.0.into_bigint()
    }
}

impl Neg for Fr {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// An operation of all kinds of operands, from that on two values.
macro_rules! operations {
    ($($operation:ident $method:ident $assigning:ident $assign:ident),*) => {$(
        impl $assigning<&Fr> for Fr {
            fn $assign(&mut self, other: &Fr) {
                $assigning::$assign(&mut self.0, &other.0);
            }
        }
        impl $assigning<Fr> for Fr {
            fn $assign(&mut self, other: Fr) {
                $assigning::$assign(self, &other);
            }
        }
        impl $assigning<&mut Fr> for Fr {
            fn $assign(&mut self, other: &mut Fr) {
                $assigning::$assign(self, &*other);
            }
        }
        impl $operation<Fr> for Fr {
            type Output = Fr;
            fn $method(mut self, other: Fr) -> Fr {
                $assigning::$assign(&mut self, &other);
                self
            }
        }
        impl $operation<&Fr> for Fr {
            type Output = Fr;
            fn $method(mut self, other: &Fr) -> Fr {
                $assigning::$assign(&mut self, other);
                self
            }
        }
        impl $operation<&mut Fr> for Fr {
            type Output = Fr;
            fn $method(mut self, other: &mut Fr) -> Fr {
                $assigning::$assign(&mut self, &*other);
                self
            }
        }
        impl $operation<&Fr> for &Fr {
            type Output = Fr;
            fn $method(self, other: &Fr) -> Fr {
                $operation::$method(*self, other)
            }
        }
        impl $operation<Fr> for &Fr {
            type Output = Fr;
            fn $method(self, other: Fr) -> Fr {
                $operation::$method(*self, other)
            }
        }
    )*};
}
operations!(
    Add add AddAssign add_assign,
    Sub sub SubAssign sub_assign,
    Mul mul MulAssign mul_assign,
    Div div DivAssign div_assign
);

impl Sum for Fr {
    fn sum<I: Iterator<Item = Self>>(scalars: I) -> Self {
        scalars.fold(Self::ZERO, Add::add)
    }
}

impl<'a> Sum<&'a Fr> for Fr {
    fn sum<I: Iterator<Item = &'a Self>>(scalars: I) -> Self {
        scalars.fold(Self::ZERO, Add::add)
    }
}

impl Product for Fr {
    fn product<I: Iterator<Item = Self>>(scalars: I) -> Self {
        scalars.fold(Self::ONE, Mul::mul)
    }
}

impl<'a> Product<&'a Fr> for Fr {
    fn product<I: Iterator<Item = &'a Self>>(scalars: I) -> Self {
        scalars.fold(Self::ONE, Mul::mul)
    }
}

macro_rules! numbers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Fr {
            fn from(number: $integer) -> Self {
                Self(Inner::from(number))
            }
        }
    )*};
}
numbers!(u128, u64, u32, u16, u8, i128, i64, i32, i16, i8, bool, BigUint, BigInt<4>);

impl From<Fr> for BigUint {
    fn from(scalar: Fr) -> Self {
        scalar.into_bigint().into()
    }
}

impl From<Fr> for BigInt<4> {
    fn from(scalar: Fr) -> Self {
        scalar.into_bigint()
    }
}

impl FromStr for Fr {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().map(Self)
    }
}

impl Zeroize for Fr {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl Distribution<Fr> for Standard {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Fr {
        Fr(rng.sample(Standard))
    }
}

impl Valid for Fr {
    fn check(&self) -> Result<(), SerializationError> {
        Ok(())
    }
}

impl CanonicalSerialize for Fr {
    fn serialize_with_mode<W: Write>(&self, writer: W, compress: Compress) -> Result<(), SerializationError> {
        self.0.serialize_with_mode(writer, compress)
    }

    fn serialized_size(&self, compress: Compress) -> usize {
        self.0.serialized_size(compress)
    }
}

impl CanonicalSerializeWithFlags for Fr {
    fn serialize_with_flags<W: Write, F: Flags>(
        &self,
        writer: W,
        flags: F,
    ) -> Result<(), SerializationError> {
        self.0.serialize_with_flags(writer, flags)
    }

    fn serialized_size_with_flags<F: Flags>(&self) -> usize {
        self.0.serialized_size_with_flags::<F>()
    }
}

impl CanonicalDeserialize for Fr {
    fn deserialize_with_mode<R: Read>(
        reader: R,
        compress: Compress,
        validate: Validate,
    ) -> Result<Self, SerializationError> {
        Inner::deserialize_with_mode(reader, compress, validate).map(Self)
    }
}

impl CanonicalDeserializeWithFlags for Fr {
    fn deserialize_with_flags<R: Read, F: Flags>(reader: R) -> Result<(Self, F), SerializationError> {
        Inner::deserialize_with_flags(reader).map(|(x, flags)| (Self(x), flags))
    }
}
