//! Numbers of all types: floats become the nearest 32-bit ones, integers stay what they are.

use super::tensor::Values;

/// A type of array entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    Bf16,
    F32,
    F64,
}

impl ElementType {
    /// Bytes of one entry.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 | Self::Bf16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// Entries from bytes, whose number is a multiple of the size. An integer above 2^63 - 1 is given back as
    /// the error.
    pub(super) fn decode(self, bytes: &[u8], big_endian: bool) -> Result<Values, u64> {
        Ok(match self {
            Self::Bool => words(bytes, big_endian, |[byte]| i64::from(byte != 0)).into(),
            Self::I8 => words(bytes, big_endian, |word| i64::from(i8::from_le_bytes(word))).into(),
            Self::I16 => words(bytes, big_endian, |word| i64::from(i16::from_le_bytes(word))).into(),
            Self::I32 => words(bytes, big_endian, |word| i64::from(i32::from_le_bytes(word))).into(),
            Self::I64 => words(bytes, big_endian, i64::from_le_bytes).into(),
            Self::U8 => words(bytes, big_endian, |[byte]| i64::from(byte)).into(),
            Self::U16 => words(bytes, big_endian, |word| i64::from(u16::from_le_bytes(word))).into(),
            Self::U32 => words(bytes, big_endian, |word| i64::from(u32::from_le_bytes(word))).into(),
            Self::U64 => signed(words(bytes, big_endian, u64::from_le_bytes))?,
            Self::F16 => words(bytes, big_endian, |word| half(u16::from_le_bytes(word))).into(),
            Self::Bf16 => words(bytes, big_endian, |word| bfloat(u16::from_le_bytes(word))).into(),
            Self::F32 => words(bytes, big_endian, f32::from_le_bytes).into(),
            Self::F64 => words(bytes, big_endian, |word| f64::from_le_bytes(word) as f32).into(),
        })
    }
}

/// Unsigned integers, unless one has 64 bits: given back as the error.
pub(super) fn signed(data: Vec<u64>) -> Result<Values, u64> {
    let signed = data.into_iter().map(|x| i64::try_from(x).map_err(|_| x)).collect::<Result<Vec<_>, _>>()?;
    Ok(Values::Integers(signed))
}

fn words<const N: usize, T>(bytes: &[u8], big_endian: bool, convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (words, _) = bytes.as_chunks::<N>();
    let convert = |word: &[u8; N]| {
        let mut word = *word;
        if big_endian {
            word.reverse();
        }
        convert(word)
    };
    words.iter().map(convert).collect()
}

/// IEEE binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits.
pub(super) fn half(bits: u16) -> f32 {
    let exponent = i32::from(bits >> 10 & 31);
    let fraction = f32::from(bits & 1023);
    let magnitude = match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2f32.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// bfloat16: the upper half of a 32-bit float.
pub(super) fn bfloat(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        let cases = [
            (0x0000, 0.0),
            (0x0001, 2f32.powi(-24)),
            (0x03ff, 1023.0 * 2f32.powi(-24)),
            (0x0400, 2f32.powi(-14)),
            (0x3555, 0.333_251_95),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0xfc00, f32::NEG_INFINITY),
        ];
        for (bits, value) in cases {
            assert_eq!(half(bits), value, "{bits:04x}");
        }
        assert!(half(0x7e00).is_nan());
        assert!(half(0x8000).is_sign_negative());
        assert_eq!(bfloat(0xbfc0), -1.5);
    }

    #[test]
    fn both_byte_orders() {
        let value = -123_456.75f64;
        let floats = |data: &[f32]| Ok(Values::Floats(data.to_vec()));
        let integers = |data: &[i64]| Ok(Values::Integers(data.to_vec()));
        assert_eq!(ElementType::F64.decode(&value.to_le_bytes(), false), floats(&[-123_456.75]));
        assert_eq!(ElementType::F64.decode(&value.to_be_bytes(), true), floats(&[-123_456.75]));
        assert_eq!(ElementType::F16.decode(&[0x00, 0x3c], false), floats(&[1.0]));
        assert_eq!(ElementType::I8.decode(&[0x80, 0x7f], false), integers(&[-128, 127]));
        assert_eq!(ElementType::I16.decode(&[0xff, 0xfe, 0x01, 0x00], false), integers(&[-257, 1]));
        assert_eq!(ElementType::U16.decode(&[0xff, 0xfe], true), integers(&[65534]));
        assert_eq!(ElementType::I32.decode(&i32::MIN.to_le_bytes(), false), integers(&[i64::from(i32::MIN)]));
        assert_eq!(ElementType::U32.decode(&u32::MAX.to_be_bytes(), true), integers(&[i64::from(u32::MAX)]));
        for value in [i64::MIN, i64::MAX, (1 << 53) + 1] {
            assert_eq!(ElementType::I64.decode(&value.to_le_bytes(), false), integers(&[value]));
        }
        let most = i64::MAX as u64;
        assert_eq!(ElementType::U64.decode(&most.to_le_bytes(), false), integers(&[i64::MAX]));
        assert_eq!(ElementType::U64.decode(&(most + 1).to_le_bytes(), false), Err(most + 1));
        assert_eq!(ElementType::Bool.decode(&[0, 1, 2], false), integers(&[0, 1, 1]));
    }
}
