//! GGUF (version 3), the file format of llama.cpp: what describes a model, and its tensors.
//!
//! A file is hostile: whatever it counts is compared with the bytes that are left before anything is allocated, and only what the
//! format's description allows is accepted. Big-endian files, arrays of arrays and the quantisations that no model here has are
//! refused.

mod cursor;
mod quantised;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

use self::cursor::Cursor;
use self::quantised::Encoding;

const MAGIC: &[u8] = b"GGUF";
const VERSION: u32 = 3;
/// Where tensors begin, if the file does not say otherwise: at multiples of so many bytes.
const ALIGNMENT: u64 = 32;
/// Most axes of a tensor.
const MAX_AXES: u32 = 4;

/// A value that describes the model.
#[derive(Clone, Debug, PartialEq)]
enum Value<'a> {
    Integer(i128),
    Float(f64),
    Bool(bool),
    Text(&'a str),
    Texts(Vec<&'a str>),
    /// A list of numbers, which nothing here reads.
    Numbers,
}

/// A file, of which nothing is copied but its index.
#[derive(Debug)]
pub struct Gguf<'a> {
    values: BTreeMap<&'a str, Value<'a>>,
    tensors: BTreeMap<&'a str, Stored<'a>>,
}

/// A tensor in the file.
#[derive(Debug)]
struct Stored<'a> {
    /// Outermost axis first; the file has them the other way.
    dims: Vec<usize>,
    encoding: Encoding,
    bytes: &'a [u8],
}

impl<'a> Gguf<'a> {
    /// Reads the index of a file.
    ///
    /// # Errors
    /// If it is no file of this format, names something twice, or tensors lie outside of it.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes);
        let magic = cursor.take(MAGIC.len())?;
        ensure!(
            magic == MAGIC,
            "expected a file that begins with GGUF, found {:?}",
            magic.escape_ascii().to_string()
        );
        let version = cursor.u32()?;
        ensure!(version == VERSION, "expected GGUF version {VERSION}, found {version}");
        let (tensors, values) = (cursor.u64()?, cursor.u64()?);

        let mut described = BTreeMap::new();
        for _ in 0..values {
            let key = cursor.text()?;
            let kind = cursor.u32()?;
            let value = value(&mut cursor, kind).with_context(|| format!("{key:?}"))?;
            ensure!(described.insert(key, value).is_none(), "{key:?}: expected one value, found two");
        }
        let mut index = Vec::new();
        for _ in 0..tensors {
            let name = cursor.text()?;
            index.push((name, Entry::read(&mut cursor).with_context(|| format!("tensor {name:?}"))?));
        }
        let file = Self { values: described, tensors: BTreeMap::new() };
        let alignment = match file.values.get("general.alignment") {
            Some(_) => file.integer("general.alignment")?,
            None => ALIGNMENT,
        };
        ensure!(
            alignment.is_power_of_two() && alignment >= 8,
            "general.alignment: expected a power of two from 8, found {alignment}"
        );
        let data = cursor.rest_aligned(alignment)?;
        let mut tensors = BTreeMap::new();
        for (name, entry) in index {
            let stored = entry.locate(data, alignment).with_context(|| format!("tensor {name:?}"))?;
            ensure!(tensors.insert(name, stored).is_none(), "tensor {name:?}: expected one, found two");
        }
        Ok(Self { tensors, ..file })
    }

    fn value(&self, key: &str) -> Result<&Value<'a>> {
        self.values.get(key).with_context(|| format!("{key}: expected a value, found none"))
    }

    /// An integer that is not negative.
    ///
    /// # Errors
    /// If there is no such value, or it is something else.
    pub fn integer(&self, key: &str) -> Result<u64> {
        match self.value(key)? {
            Value::Integer(value) => u64::try_from(*value)
                .ok()
                .with_context(|| format!("{key}: expected an integer that is not negative, found {value}")),
            other => bail!("{key}: expected an integer, found {}", other.kind()),
        }
    }

    /// A number with a fraction.
    ///
    /// # Errors
    /// If there is no such value, or it is something else.
    pub fn float(&self, key: &str) -> Result<f64> {
        match self.value(key)? {
            Value::Float(value) => Ok(*value),
            other => bail!("{key}: expected a float, found {}", other.kind()),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// If there is no such value, or it is something else.
    pub fn text(&self, key: &str) -> Result<&'a str> {
        match self.value(key)? {
            Value::Text(value) => Ok(value),
            other => bail!("{key}: expected a text, found {}", other.kind()),
        }
    }

    /// A list of texts.
    ///
    /// # Errors
    /// If there is no such value, or it is something else.
    pub fn texts(&self, key: &str) -> Result<&[&'a str]> {
        match self.value(key)? {
            Value::Texts(texts) => Ok(texts),
            other => bail!("{key}: expected a list of texts, found {}", other.kind()),
        }
    }

    /// Whether there is such a tensor.
    pub fn has_tensor(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A tensor of these extents, outermost axis first, in floats.
    ///
    /// # Errors
    /// If there is no such tensor, or it has other extents.
    pub fn tensor(&self, name: &str, dims: &[usize]) -> Result<Vec<f32>> {
        let stored =
            self.tensors.get(name).with_context(|| format!("tensor {name}: expected one, found none"))?;
        ensure!(stored.dims == dims, "tensor {name}: expected extents {dims:?}, found {:?}", stored.dims);
        Ok(stored.encoding.floats(stored.bytes))
    }
}

impl Value<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bool(_) => "a boolean",
            Self::Text(_) => "a text",
            Self::Texts(_) => "a list of texts",
            Self::Numbers => "a list of numbers",
        }
    }
}

/// The numbers of these two types.
const TEXT: u32 = 8;
const LIST: u32 = 9;

/// A value of some type.
fn value<'a>(cursor: &mut Cursor<'a>, kind: u32) -> Result<Value<'a>> {
    if kind != LIST {
        return scalar(cursor, kind);
    }
    let (kind, count) = (cursor.u32()?, cursor.u64()?);
    ensure!(kind != LIST, "expected no list of lists");
    if kind == TEXT {
        // No count is believed: the list grows as long as there are bytes.
        let mut texts = Vec::new();
        for _ in 0..count {
            texts.push(cursor.text()?);
        }
        return Ok(Value::Texts(texts));
    }
    for _ in 0..count {
        scalar(cursor, kind)?;
    }
    Ok(Value::Numbers)
}

fn scalar<'a>(cursor: &mut Cursor<'a>, kind: u32) -> Result<Value<'a>> {
    Ok(match kind {
        0 => Value::Integer(u8::from_le_bytes(cursor.array()?).into()),
        1 => Value::Integer(i8::from_le_bytes(cursor.array()?).into()),
        2 => Value::Integer(u16::from_le_bytes(cursor.array()?).into()),
        3 => Value::Integer(i16::from_le_bytes(cursor.array()?).into()),
        4 => Value::Integer(u32::from_le_bytes(cursor.array()?).into()),
        5 => Value::Integer(i32::from_le_bytes(cursor.array()?).into()),
        6 => Value::Float(f32::from_le_bytes(cursor.array()?).into()),
        7 => match cursor.array()? {
            [0] => Value::Bool(false),
            [1] => Value::Bool(true),
            [other] => bail!("expected a boolean, 0 or 1, found {other}"),
        },
        TEXT => Value::Text(cursor.text()?),
        10 => Value::Integer(u64::from_le_bytes(cursor.array()?).into()),
        11 => Value::Integer(i64::from_le_bytes(cursor.array()?).into()),
        12 => Value::Float(f64::from_le_bytes(cursor.array()?)),
        other => bail!("expected a type of values from 0 to 12, found {other}"),
    })
}

/// What the index says of a tensor.
struct Entry {
    dims: Vec<usize>,
    encoding: Encoding,
    offset: u64,
}

impl Entry {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let axes = cursor.u32()?;
        ensure!((1..=MAX_AXES).contains(&axes), "expected 1 to {MAX_AXES} axes, found {axes}");
        let mut dims = Vec::new();
        for _ in 0..axes {
            dims.push(usize::try_from(cursor.u64()?).context("an extent is too large")?);
        }
        dims.reverse();
        Ok(Self { dims, encoding: Encoding::read(cursor.u32()?)?, offset: cursor.u64()? })
    }

    /// Its bytes.
    fn locate(self, data: &[u8], alignment: u64) -> Result<Stored<'_>> {
        let Self { dims, encoding, offset } = self;
        ensure!(
            offset % alignment == 0,
            "expected an offset that is a multiple of {alignment}, found {offset}"
        );
        let length = encoding.length(&dims)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = start.checked_add(length).and_then(|end| data.get(start..end)).with_context(|| {
            format!("expected {length} bytes from {offset} within the {} bytes of all tensors", data.len())
        })?;
        Ok(Stored { dims, encoding, bytes })
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod written;
