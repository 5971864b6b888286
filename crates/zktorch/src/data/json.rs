//! Nested arrays of numbers in JSON, read straight into one vector: a tree of JSON values would take ten times the file.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::tensor::{FloatTensor, MAX_RANK};
use crate::Error;

const FORMAT: &str = "json";

pub(super) fn decode(bytes: &[u8]) -> Result<Vec<FloatTensor>, Error> {
    let malformed = |error: serde_json::Error| {
        let expected = "nested arrays of numbers, all of equal length, or an object of such";
        Error::format(
            FORMAT,
            format!("line {}, column {}", error.line(), error.column()),
            expected,
            error.to_string(),
        )
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let tensors = deserializer.deserialize_any(File).map_err(malformed)?;
    deserializer.end().map_err(malformed)?;
    if tensors.is_empty() {
        return Err(Error::format(FORMAT, "object", "at least one tensor", "none"));
    }
    tensors.into_iter().map(|(name, nested)| FloatTensor::new(name, nested.dims(), nested.data)).collect()
}

/// A tensor that is being read.
#[derive(Default)]
struct Nested {
    /// The extent of each axis, once an array on that axis has ended.
    extents: Vec<Option<usize>>,
    /// Depth of the numbers, once there was one.
    rank: Option<usize>,
    data: Vec<f32>,
}

impl Nested {
    fn dims(&self) -> Vec<usize> {
        self.extents.iter().map(|extent| extent.unwrap_or(0)).collect()
    }
}

/// One tensor, or an object of named ones.
struct File;

impl<'de> Visitor<'de> for File {
    type Value = Vec<(Option<String>, Nested)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, an array or an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut tensors: Vec<(Option<String>, Nested)> = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("the name {name:?} occurs twice")));
            }
            let mut nested = Nested::default();
            map.next_value_seed(Axis { depth: 0, nested: &mut nested })?;
            tensors.push((Some(name), nested));
        }
        Ok(tensors)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        let mut nested = Nested::default();
        Axis { depth: 0, nested: &mut nested }.visit_seq(seq)?;
        Ok(vec![(None, nested)])
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        let mut nested = Nested::default();
        Axis { depth: 0, nested: &mut nested }.visit_f64(value)?;
        Ok(vec![(None, nested)])
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        self.visit_f64(value as f64)
    }
}

/// What stands at one depth: a number, or an array of what stands one deeper.
struct Axis<'a> {
    depth: usize,
    nested: &'a mut Nested,
}

impl<'de> DeserializeSeed<'de> for Axis<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Axis<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or an array")
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        let rank = *self.nested.rank.get_or_insert(self.depth);
        if rank != self.depth {
            return Err(E::custom(format_args!("a number at depth {}, others at depth {rank}", self.depth)));
        }
        self.nested.data.push(value as f32);
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { depth, nested } = self;
        if depth >= MAX_RANK {
            return Err(A::Error::custom(format_args!("more than {MAX_RANK} axes")));
        }
        if nested.rank.is_some_and(|rank| rank <= depth) {
            return Err(A::Error::custom(format_args!("an array at depth {depth}, numbers elsewhere")));
        }
        if nested.extents.len() == depth {
            nested.extents.push(None);
        }
        let mut count = 0;
        while seq.next_element_seed(Axis { depth: depth + 1, nested: &mut *nested })?.is_some() {
            count += 1;
        }
        if count == 0 {
            return Err(A::Error::custom("an empty array"));
        }
        match nested.extents.get_mut(depth) {
            Some(Some(extent)) if *extent != count => Err(A::Error::custom(format_args!(
                "an array of length {count}, others on that axis {extent}"
            ))),
            Some(extent) => {
                *extent = Some(count);
                Ok(())
            }
            None => Ok(()),
        }
    }
}
