//! NumPy arrays (`.npy`, format versions 1 to 3).
//!
//! `\x93NUMPY`, version (2 bytes), length of the header (2 or 4 bytes), header (a Python dictionary), entries.

use super::numeric::ElementType;
use super::tensor::{Tensor, Values, checked_len};
use crate::Error;

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
const FORMAT: &str = "npy";
/// NumPy pads headers to a multiple of this.
const ALIGNMENT: usize = 64;
/// Headers of plain arrays have around a hundred bytes.
const MAX_HEADER: usize = 1 << 16;

struct Array<'a> {
    dims: Vec<usize>,
    element: ElementType,
    big_endian: bool,
    /// First axis fastest.
    fortran_order: bool,
    entries: &'a [u8],
}

pub(super) fn decode(bytes: &[u8], name: Option<String>) -> Result<Tensor, Error> {
    let array = parse(bytes)?;
    let too_large = |got: u64| Error::format(FORMAT, "entries", "integers up to 2^63 - 1", got.to_string());
    let values = array.element.decode(array.entries, array.big_endian).map_err(too_large)?;
    let values = match values {
        Values::Floats(data) if array.fortran_order => row_major(&array.dims, &data).into(),
        Values::Integers(data) if array.fortran_order => row_major(&array.dims, &data).into(),
        values => values,
    };
    Tensor::new(name, array.dims, values)
}

/// Reads what [`encode_npy_i32`] writes, and nothing else.
pub(crate) fn decode_npy_i32(bytes: &[u8]) -> Result<(Vec<usize>, Vec<i32>), Error> {
    let array = parse(bytes)?;
    let header = &bytes[..bytes.len() - array.entries.len()];
    if header != self::header("<i4", &array.dims) {
        let expected = "<i4 in row-major order, with the header that zktorch writes";
        return Err(Error::format(FORMAT, "header", expected, String::from_utf8_lossy(header).trim_end()));
    }
    let (words, _) = array.entries.as_chunks::<4>();
    Ok((array.dims, words.iter().map(|word| i32::from_le_bytes(*word)).collect()))
}

/// An array of 32-bit integers as the bytes of a `.npy` file.
///
/// # Errors
/// [`Error::Format`] if extents and entries disagree.
pub fn encode_npy_i32(dims: &[usize], data: &[i32]) -> Result<Vec<u8>, Error> {
    encode("<i4", dims, data.len(), data.iter().map(|value| value.to_le_bytes()))
}

/// An array of 32-bit floats as the bytes of a `.npy` file.
///
/// # Errors
/// [`Error::Format`] if extents and entries disagree.
pub fn encode_npy_f32(dims: &[usize], data: &[f32]) -> Result<Vec<u8>, Error> {
    encode("<f4", dims, data.len(), data.iter().map(|value| value.to_le_bytes()))
}

fn encode(
    descr: &str,
    dims: &[usize],
    entries: usize,
    words: impl Iterator<Item = [u8; 4]>,
) -> Result<Vec<u8>, Error> {
    let len = checked_len(FORMAT, dims)?;
    if len != entries {
        let expected = format!("{len} for dimensions {dims:?}");
        return Err(Error::format(FORMAT, "number of entries", expected, entries.to_string()));
    }
    let mut bytes = header(descr, dims);
    bytes.reserve_exact(4 * len);
    words.for_each(|word| bytes.extend(word));
    Ok(bytes)
}

/// Everything before the entries, as NumPy writes it (version 1).
fn header(descr: &str, dims: &[usize]) -> Vec<u8> {
    let list: Vec<String> = dims.iter().map(usize::to_string).collect();
    let comma = if dims.len() == 1 { "," } else { "" };
    let shape = format!("({}{comma})", list.join(", "));
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let prefix = MAGIC.len() + 4;
    let total = (prefix + text.len() + 1).next_multiple_of(ALIGNMENT);
    text.extend(std::iter::repeat_n(' ', total - prefix - text.len() - 1));
    text.push('\n');
    // At most MAX_RANK extents of 20 digits: two bytes suffice.
    let len = (text.len() as u16).to_le_bytes();
    [MAGIC, &[1, 0], &len, text.as_bytes()].concat()
}

fn parse(bytes: &[u8]) -> Result<Array<'_>, Error> {
    let short = |field: &str, expected: usize, got: usize| {
        Error::format(FORMAT, field, format!("{expected} bytes"), got.to_string())
    };
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Err(Error::format(FORMAT, "magic", "\\x93NUMPY", "other bytes"));
    };
    let Some(([major, minor], rest)) = rest.split_first_chunk::<2>() else {
        return Err(short("version", 2, rest.len()));
    };
    let (header_len, rest) = match (major, minor) {
        (1, 0) => match rest.split_first_chunk::<2>() {
            Some((len, rest)) => (usize::from(u16::from_le_bytes(*len)), rest),
            None => return Err(short("header length", 2, rest.len())),
        },
        (2 | 3, 0) => match rest.split_first_chunk::<4>() {
            Some((len, rest)) => (u32::from_le_bytes(*len) as usize, rest),
            None => return Err(short("header length", 4, rest.len())),
        },
        _ => return Err(Error::format(FORMAT, "version", "1.0, 2.0 or 3.0", format!("{major}.{minor}"))),
    };
    if header_len > MAX_HEADER {
        let expected = format!("at most {MAX_HEADER} bytes");
        return Err(Error::format(FORMAT, "header length", expected, header_len.to_string()));
    }
    let Some((header, entries)) = rest.split_at_checked(header_len) else {
        return Err(short("header", header_len, rest.len()));
    };
    let header = std::str::from_utf8(header)
        .map_err(|_| Error::format(FORMAT, "header", "text", "bytes that are no UTF-8"))?;
    let header = Cursor { rest: header }.dictionary()?;
    let (element, big_endian) = element_type(&header.descr)?;
    let len = checked_len(FORMAT, &header.shape)?;
    let expected = len.saturating_mul(element.size());
    if entries.len() != expected {
        return Err(short("entries", expected, entries.len()));
    }
    Ok(Array { dims: header.shape, element, big_endian, fortran_order: header.fortran_order, entries })
}

fn element_type(descr: &str) -> Result<(ElementType, bool), Error> {
    let unknown = || {
        let expected = "booleans, integers of 1 to 8 bytes or floats of 2 to 8 bytes, such as <f4";
        Error::format(FORMAT, "descr", expected, descr)
    };
    let mut chars = descr.chars();
    let order = chars.next().ok_or_else(unknown)?;
    let element = match chars.as_str() {
        "b1" | "?" => ElementType::Bool,
        "i1" => ElementType::I8,
        "i2" => ElementType::I16,
        "i4" => ElementType::I32,
        "i8" => ElementType::I64,
        "u1" => ElementType::U8,
        "u2" => ElementType::U16,
        "u4" => ElementType::U32,
        "u8" => ElementType::U64,
        "f2" => ElementType::F16,
        "f4" => ElementType::F32,
        "f8" => ElementType::F64,
        _ => return Err(unknown()),
    };
    match order {
        '<' => Ok((element, false)),
        '>' => Ok((element, true)),
        '|' if element.size() == 1 => Ok((element, false)),
        _ => Err(unknown()),
    }
}

/// Entries with the last axis fastest, from entries with the first axis fastest.
fn row_major<T: Copy>(dims: &[usize], data: &[T]) -> Vec<T> {
    let mut strides = Vec::with_capacity(dims.len());
    let mut stride = 1;
    for dim in dims {
        strides.push(stride);
        stride *= dim;
    }
    let mut index = vec![0; dims.len()];
    let mut at = 0;
    let mut out = Vec::with_capacity(data.len());
    for _ in 0..data.len() {
        out.push(data[at]);
        for axis in (0..dims.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < dims[axis] {
                break;
            }
            at -= strides[axis] * dims[axis];
            index[axis] = 0;
        }
    }
    out
}

struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

/// Reads a Python dictionary with the three keys of the format, in any order.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn dictionary(mut self) -> Result<Header, Error> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        self.demand('{')?;
        while !self.accept('}') {
            let key = self.string()?;
            self.demand(':')?;
            let repeated = match key {
                "descr" => descr.replace(self.string()?.to_owned()).is_some(),
                "fortran_order" => fortran_order.replace(self.boolean()?).is_some(),
                "shape" => shape.replace(self.tuple()?).is_some(),
                _ => return Err(self.error("the keys descr, fortran_order and shape", key)),
            };
            if repeated {
                return Err(self.error("each key once", key));
            }
            if !self.accept(',') {
                self.demand('}')?;
                break;
            }
        }
        if !self.rest.trim().is_empty() {
            return Err(self.error("nothing after the dictionary", self.rest));
        }
        match (descr, fortran_order, shape) {
            (Some(descr), Some(fortran_order), Some(shape)) => Ok(Header { descr, fortran_order, shape }),
            _ => Err(self.error("the keys descr, fortran_order and shape", "fewer")),
        }
    }

    fn error(&self, expected: &str, got: &str) -> Error {
        Error::format(FORMAT, "header", expected, format!("{:?}", got.chars().take(40).collect::<String>()))
    }

    fn accept(&mut self, token: char) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn demand(&mut self, token: char) -> Result<(), Error> {
        if self.accept(token) { Ok(()) } else { Err(self.error(&format!("{token:?}"), self.rest)) }
    }

    fn string(&mut self) -> Result<&'a str, Error> {
        let text = self.rest.trim_start();
        let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
        match quote.and_then(|quote| text[1..].split_once(quote)) {
            Some((string, rest)) => {
                self.rest = rest;
                Ok(string)
            }
            None => Err(self.error("a string", text)),
        }
    }

    fn boolean(&mut self) -> Result<bool, Error> {
        let text = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = text.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(self.error("True or False", text))
    }

    fn tuple(&mut self) -> Result<Vec<usize>, Error> {
        let mut items = Vec::new();
        self.demand('(')?;
        while !self.accept(')') {
            let text = self.rest.trim_start();
            let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            let (number, rest) = text.split_at(digits);
            items.push(number.parse().map_err(|_| self.error("an extent", text))?);
            self.rest = rest;
            if !self.accept(',') {
                self.demand(')')?;
                break;
            }
        }
        Ok(items)
    }
}
