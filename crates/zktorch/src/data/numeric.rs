//! Numbers of all types as 32-bit floats.

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

    /// Entries from bytes, whose number is a multiple of the size: the nearest floats.
    pub(super) fn decode(self, bytes: &[u8], big_endian: bool) -> Vec<f32> {
        match self {
            Self::Bool => words(bytes, big_endian, |[byte]| f32::from(u8::from(byte != 0))),
            Self::I8 => words(bytes, big_endian, |word| f32::from(i8::from_le_bytes(word))),
            Self::I16 => words(bytes, big_endian, |word| f32::from(i16::from_le_bytes(word))),
            Self::I32 => words(bytes, big_endian, |word| i32::from_le_bytes(word) as f32),
            Self::I64 => words(bytes, big_endian, |word| i64::from_le_bytes(word) as f32),
            Self::U8 => words(bytes, big_endian, |[byte]| f32::from(byte)),
            Self::U16 => words(bytes, big_endian, |word| f32::from(u16::from_le_bytes(word))),
            Self::U32 => words(bytes, big_endian, |word| u32::from_le_bytes(word) as f32),
            Self::U64 => words(bytes, big_endian, |word| u64::from_le_bytes(word) as f32),
            Self::F16 => words(bytes, big_endian, |word| half(u16::from_le_bytes(word))),
            Self::Bf16 => words(bytes, big_endian, |word| bfloat(u16::from_le_bytes(word))),
            Self::F32 => words(bytes, big_endian, f32::from_le_bytes),
            Self::F64 => words(bytes, big_endian, |word| f64::from_le_bytes(word) as f32),
        }
    }
}

fn words<const N: usize>(bytes: &[u8], big_endian: bool, convert: impl Fn([u8; N]) -> f32) -> Vec<f32> {
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
        assert_eq!(ElementType::F64.decode(&value.to_le_bytes(), false), [-123_456.75]);
        assert_eq!(ElementType::F64.decode(&value.to_be_bytes(), true), [-123_456.75]);
        assert_eq!(ElementType::I16.decode(&[0xff, 0xfe, 0x01, 0x00], false), [-257.0, 1.0]);
        assert_eq!(ElementType::U16.decode(&[0xff, 0xfe], true), [65534.0]);
        assert_eq!(ElementType::I64.decode(&i64::MIN.to_le_bytes(), false), [-(2f32.powi(63))]);
        assert_eq!(ElementType::U64.decode(&u64::MAX.to_le_bytes(), false), [2f32.powi(64)]);
        assert_eq!(ElementType::Bool.decode(&[0, 1, 2], false), [0.0, 1.0, 1.0]);
    }
}
