//! Nested arrays of numbers in JSON, read straight into one vector: a tree of JSON values would take ten times the file.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::tensor::{MAX_RANK, Tensor, Values};
use crate::Error;

const FORMAT: &str = "json";

pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Tensor>, Error> {
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
    tensors.into_iter().map(|(name, nested)| Tensor::new(name, nested.dims(), nested.values)).collect()
}

/// A tensor that is being read.
struct Nested {
    /// The extent of each axis, once an array on that axis has ended.
    extents: Vec<Option<usize>>,
    /// Depth of the numbers, once there was one.
    rank: Option<usize>,
    /// Integers until there is a number that is none.
    values: Values,
}

impl Default for Nested {
    fn default() -> Self {
        Self { extents: Vec::new(), rank: None, values: Values::Integers(Vec::new()) }
    }
}

impl Nested {
    fn push_integer(&mut self, value: i64) {
        match &mut self.values {
            Values::Integers(data) => data.push(value),
            Values::Floats(data) => data.push(value as f32),
        }
    }

    fn push_float(&mut self, value: f64) {
        if let Values::Integers(data) = &self.values {
            self.values = Values::Floats(data.iter().map(|x| *x as f32).collect());
        }
        if let Values::Floats(data) = &mut self.values {
            data.push(value as f32);
        }
    }

    /// Requires that all numbers are at one depth.
    fn at_depth<E: serde::de::Error>(&mut self, depth: usize) -> Result<(), E> {
        let rank = *self.rank.get_or_insert(depth);
        if rank == depth {
            return Ok(());
        }
        Err(E::custom(format_args!("a number at depth {depth}, others at depth {rank}")))
    }

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
        let mut nested = Nested::default();
        Axis { depth: 0, nested: &mut nested }.visit_i64(value)?;
        Ok(vec![(None, nested)])
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        let mut nested = Nested::default();
        Axis { depth: 0, nested: &mut nested }.visit_u64(value)?;
        Ok(vec![(None, nested)])
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
        self.nested.at_depth(self.depth)?;
        self.nested.push_float(value);
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.nested.at_depth(self.depth)?;
        self.nested.push_integer(value);
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            // JSON knows no types: a number this large can only be meant as a real one.
            Err(_) => self.visit_f64(value as f64),
        }
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
