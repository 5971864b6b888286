//! Floats of 4 and 8 bits, as constants.

/// How a format reads its largest exponent, and its negative zero.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    /// Infinities and NaN, as IEEE 754 has them.
    Ieee,
    /// All ones are NaN.
    Nan,
    /// Negative zero is NaN.
    NegativeZero,
    /// None.
    Nothing,
}

/// The number that the bits of an element type stand for; none for other types.
pub(crate) fn decode(data_type: i32, bits: u8) -> Option<f32> {
    // Exponent and mantissa bits, and the bias.
    let (exponent, mantissa, bias, special) = match data_type {
        17 => (4, 3, 7, Special::Nan),
        18 => (4, 3, 8, Special::NegativeZero),
        19 => (5, 2, 15, Special::Ieee),
        20 => (5, 2, 16, Special::NegativeZero),
        23 => (2, 1, 1, Special::Nothing),
        _ => return None,
    };
    let sign = if bits >> (exponent + mantissa) & 1 == 1 { -1.0 } else { 1.0 };
    let top = (1u8 << exponent) - 1;
    let (e, m) = (bits >> mantissa & top, bits & ((1 << mantissa) - 1));
    let fraction = f32::from(m) / f32::from(1u8 << mantissa);
    Some(match (e, m, special) {
        (0, 0, Special::NegativeZero) if sign < 0.0 => f32::NAN,
        (e, 0, Special::Ieee) if e == top => sign * f32::INFINITY,
        (e, _, Special::Ieee) if e == top => f32::NAN,
        (e, m, Special::Nan) if e == top && m == (1 << mantissa) - 1 => f32::NAN,
        (0, _, _) => sign * fraction * 2f32.powi(1 - bias),
        _ => sign * (1.0 + fraction) * 2f32.powi(i32::from(e) - bias),
    })
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn largest_and_smallest_numbers() {
        let cases = [
            (17, 0x7e, 448.0),
            (17, 0x01, 2f32.powi(-9)),
            (18, 0x7f, 240.0),
            (19, 0x7b, 57344.0),
            (19, 0xfc, f32::NEG_INFINITY),
            (20, 0x7f, 57344.0),
            (23, 0x7, 6.0),
            (23, 0x9, -0.5),
        ];
        for (data_type, bits, expected) in cases {
            assert_eq!(decode(data_type, bits), Some(expected), "type {data_type}, {bits:#x}");
        }
        for (data_type, bits) in [(17, 0xff), (18, 0x80), (19, 0x7d), (20, 0x80)] {
            assert!(decode(data_type, bits).is_some_and(f32::is_nan), "type {data_type}, {bits:#x}");
        }
    }
}
