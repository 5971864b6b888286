//! Numbers as readers want them: three digits and a unit. Bytes are decimal (1 KB is 1,000 bytes).

use super::bars::Unit;

/// Seconds, in the unit that fits.
pub(super) fn seconds(value: f64) -> String {
    scaled(value, &[(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")])
}

/// Bytes, in the unit that fits.
pub(super) fn bytes(value: f64) -> String {
    scaled(value, &[(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (1.0, "B")])
}

/// A count in words of thousands: 51.7 M.
pub(super) fn short_count(value: f64) -> String {
    scaled(value, &[(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")])
}

/// A quantity of a bar.
pub(super) fn quantity(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Ratio => digits(value),
        Unit::Seconds => seconds(value),
        Unit::Bytes => bytes(value),
    }
}

/// The two ends of a range; a unit that both have is said once.
pub(super) fn range(from: &str, to: &str) -> String {
    let unit = |text: &str| text.split_once('\u{a0}').map(|(_, unit)| unit.to_owned());
    match (from.split_once('\u{a0}'), unit(to)) {
        (Some((number, same)), Some(unit)) if same == unit => format!("{number} – {to}"),
        _ => format!("{from} – {to}"),
    }
}

/// Without zeros at the end of a fraction, as limits and ticks are written; zero has no unit.
pub(super) fn trimmed(text: String) -> String {
    let (number, unit) = text.split_at(text.find('\u{a0}').unwrap_or(text.len()));
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    if number == "0" { number.to_owned() } else { format!("{number}{unit}") }
}

/// Every digit of a whole number, in groups of three.
pub(super) fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 { format!("-{text}") } else { text }
}

/// Three digits, more where they stand before the point, and five decimals of what is below a hundredth.
pub(super) fn digits(value: f64) -> String {
    let magnitude = value.abs();
    // The limits are where the next digit rounds up: 9.996 is 10.0.
    match magnitude {
        _ if magnitude >= 999.5 => grouped(value),
        _ if magnitude >= 99.95 => format!("{value:.0}"),
        _ if magnitude >= 9.995 => format!("{value:.1}"),
        _ if magnitude >= 0.9995 || magnitude == 0.0 => format!("{value:.2}"),
        _ if magnitude >= 0.00995 => format!("{value:.3}"),
        _ => format!("{value:.5}"),
    }
}

/// In the largest unit of which there is at least one; units from large to small.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fits = |(size, _): &&(f64, &str)| value.abs() >= 0.9995 * size;
    let Some((size, name)) = units.iter().find(fits).or(units.last()) else { return digits(value) };
    let number = if *size == 1.0 && *name == "B" { grouped(value) } else { digits(value / size) };
    // A space that does not break.
    if name.is_empty() { number } else { format!("{number}\u{a0}{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: String) -> String {
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn three_digits_and_a_unit() {
        for (value, expected) in [
            (6270.0, "6,270 s"),
            (100.0, "100 s"),
            (40.46, "40.5 s"),
            (9.996, "10.0 s"),
            (4.656, "4.66 s"),
            (0.9996, "1.00 s"),
            (0.1441, "144 ms"),
            (0.0163, "16.3 ms"),
            (2.5e-7, "250 ns"),
            (0.0, "0.00 ns"),
        ] {
            assert_eq!(plain(seconds(value)), expected);
        }
        for (value, expected) in [
            (14_783.0, "14.8 KB"),
            (2_453_000_000.0, "2.45 GB"),
            (4e12, "4.00 TB"),
            (999.0, "999 B"),
            (999_700.0, "1.00 MB"),
            (63e6, "63.0 MB"),
        ] {
            assert_eq!(plain(bytes(value)), expected);
        }
        assert_eq!(plain(short_count(51_666_384.0)), "51.7 M");
        assert_eq!(short_count(340.0), "340");
        assert_eq!(plain(range(&seconds(0.08), &seconds(0.0901))), "80.0 – 90.1 ms");
        assert_eq!(plain(range(&seconds(0.9), &seconds(1.2))), "900 ms – 1.20 s");
        assert_eq!(range(&digits(1.0), &digits(2.0)), "1.00 – 2.00");
        assert_eq!(plain(trimmed(bytes(140e6))), "140 MB");
        assert_eq!(plain(trimmed(seconds(0.03))), "30 ms");
        assert_eq!(trimmed(seconds(0.0)), "0");
        assert_eq!(grouped(51_666_384.0), "51,666,384");
        assert_eq!(grouped(-1_000.0), "-1,000");
        assert_eq!(grouped(7.0), "7");
        assert_eq!(digits(1.3456), "1.35");
        assert_eq!(digits(0.6123), "0.612");
        assert_eq!(digits(0.000_21), "0.00021");
    }
}
