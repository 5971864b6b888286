//! Decoding with a bound on the memory that the result takes.
//!
//! Five bytes can be a term of 176: the length of the input bounds what is decoded by a large factor only. So
//! whatever a list puts on the heap is counted while it is decoded, element by element, and decoding ends
//! when that is too much.

use core::cell::Cell;
use core::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, SeqAccess, VariantAccess, Visitor};

/// What an allocation costs beside its content.
const PER_ALLOCATION: usize = 32;

/// Why nothing was decoded.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The bytes are no encoding.
    Malformed(postcard::Error),
    /// The value takes more memory than that.
    TooLarge,
}

/// Decodes a value whose lists take at most `limit` bytes, and gives back what follows it. While a list grows
/// it may take up to three times what is counted: its capacity is doubled, and the old content is there until
/// the new one is.
pub(crate) fn decode<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    limit: usize,
) -> Result<(T, &'de [u8]), Refused> {
    let budget = Budget(Cell::new(Some(limit)));
    let mut postcard = postcard::Deserializer::from_bytes(bytes);
    let decoded = T::deserialize(Counted { inner: &mut postcard, budget: &budget });
    match (decoded, budget.0.get()) {
        (_, None) => Err(Refused::TooLarge),
        (Err(error), _) => Err(Refused::Malformed(error)),
        (Ok(value), _) => match postcard.finalize() {
            Ok(rest) => Ok((value, rest)),
            Err(error) => Err(Refused::Malformed(error)),
        },
    }
}

/// Bytes that are left; none when there were too few.
struct Budget(Cell<Option<usize>>);

impl Budget {
    fn charge<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        self.0.set(self.0.get().and_then(|left| left.checked_sub(bytes)));
        self.0.get().map(drop).ok_or_else(|| E::custom("too large"))
    }
}

/// Something of serde's whose parts are counted.
#[derive(Clone, Copy)]
struct Counted<'b, T> {
    inner: T,
    budget: &'b Budget,
}

impl<'b, T> Counted<'b, T> {
    fn with<U>(&self, inner: U) -> Counted<'b, U> {
        Counted { inner, budget: self.budget }
    }
}

/// A visitor; the elements of a list lie on the heap, those of a tuple or struct in their owner.
struct Inside<'b, V> {
    inner: V,
    budget: &'b Budget,
    list: bool,
}

macro_rules! leaves {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

impl<'b, T> Counted<'b, T> {
    fn inside<V>(&self, visitor: V, list: bool) -> Inside<'b, V> {
        Inside { inner: visitor, budget: self.budget, list }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Counted<'_, D> {
    type Error = D::Error;

    // Text and bytes take what they take in the input.
    leaves! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, D::Error> {
        Err(D::Error::custom("the encoding does not describe itself"))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        // No key has one; it would have to be counted.
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.inside(visitor, false);
        self.inner.deserialize_option(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.inside(visitor, false);
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.inside(visitor, true);
        self.inner.deserialize_seq(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.inside(visitor, false);
        self.inner.deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.inside(visitor, false);
        self.inner.deserialize_tuple_struct(name, len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.inside(visitor, false);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.inside(visitor, false);
        self.inner.deserialize_enum(name, variants, visitor)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Inside<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Counted { inner, budget: self.budget })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Counted { inner, budget: self.budget })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        let counted = Counted { inner: seq, budget: self.budget };
        self.inner.visit_seq(Elements { counted, list: self.list, first: true })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Counted { inner, budget: self.budget })
    }
}

struct Elements<'b, A> {
    counted: Counted<'b, A>,
    list: bool,
    first: bool,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        let seed = self.counted.with(seed);
        let element = self.counted.inner.next_element_seed(seed)?;
        if self.list && element.is_some() {
            let allocation = if core::mem::take(&mut self.first) { PER_ALLOCATION } else { 0 };
            self.counted.budget.charge(size_of::<T::Value>() + allocation)?;
        }
        Ok(element)
    }

    fn size_hint(&self) -> Option<usize> {
        self.counted.inner.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Counted<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let deserializer = self.with(deserializer);
        self.inner.deserialize(deserializer)
    }
}

impl<'de, 'b, A: EnumAccess<'de>> EnumAccess<'de> for Counted<'b, A> {
    type Error = A::Error;
    type Variant = Counted<'b, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let budget = self.budget;
        let (value, inner) = self.inner.variant_seed(seed)?;
        Ok((value, Counted { inner, budget }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Counted<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.with(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.inside(visitor, false);
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.inside(visitor, false);
        self.inner.struct_variant(fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Unit,
        New(Vec<u64>),
        Tuple(u8, Option<Vec<u8>>),
        Struct { text: String, pairs: Vec<(i64, [u8; 3])> },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner(Vec<Kind>);

    fn sample() -> Inner {
        Inner(vec![
            Kind::Unit,
            Kind::New(vec![1, 2, 3]),
            Kind::Tuple(7, Some(vec![1; 5])),
            Kind::Tuple(7, None),
            Kind::Struct { text: "text".to_owned(), pairs: vec![(-1, [1, 2, 3]), (5, [4, 5, 6])] },
        ])
    }

    #[test]
    fn exactly_what_lies_on_the_heap_is_counted() {
        let bytes = postcard::to_stdvec(&sample()).unwrap();
        // Four lists with elements.
        let counted =
            5 * size_of::<Kind>() + 3 * 8 + 5 + 2 * size_of::<(i64, [u8; 3])>() + 4 * PER_ALLOCATION;
        let (value, rest) = decode::<Inner>(&bytes, counted).unwrap();
        assert_eq!((value, rest), (sample(), &[][..]));
        assert!(matches!(decode::<Inner>(&bytes, counted - 1), Err(Refused::TooLarge)));
        assert!(matches!(decode::<Inner>(&bytes, 0), Err(Refused::TooLarge)));
        let extended = [&bytes[..], &[9]].concat();
        let (_, rest) = decode::<Inner>(&extended, counted).unwrap();
        assert_eq!(rest, [9]);
        for len in 0..bytes.len() {
            assert!(matches!(decode::<Inner>(&bytes[..len], counted), Err(Refused::Malformed(_))), "{len}");
        }
    }
}
