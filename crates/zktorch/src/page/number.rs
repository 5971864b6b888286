//! Numbers for readers.

/// With a prefix, three digits: `51.7 M`.
pub fn count(value: u64) -> String {
    let value = value as f64;
    for (unit, suffix) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        // 999,950 is 1.00 M.
        if value >= 0.9995 * unit {
            return format!("{} {suffix}", digits(value / unit));
        }
    }
    format!("{value}")
}

/// All digits, in groups of three.
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    groups.map(|group| String::from_utf8_lossy(group).into_owned()).collect::<Vec<_>>().join(",")
}

/// 1 KB is 1,000 bytes.
pub fn bytes(value: u64) -> String {
    match value {
        0..1_000 => format!("{value} B"),
        1_000..999_500 => format!("{} KB", digits(value as f64 / 1e3)),
        999_500..999_500_000 => format!("{} MB", digits(value as f64 / 1e6)),
        _ => format!("{} GB", digits(value as f64 / 1e9)),
    }
}

/// From nanoseconds to hours.
pub fn seconds(value: f64) -> String {
    match value {
        _ if value <= 0.0 => "0 s".to_owned(),
        _ if value < 0.9995e-6 => format!("{} ns", digits(value * 1e9)),
        _ if value < 0.9995e-3 => format!("{} µs", digits(value * 1e6)),
        _ if value < 0.9995 => format!("{} ms", digits(value * 1e3)),
        _ if value < 120.0 => format!("{} s", digits(value)),
        _ if value < 7200.0 => format!("{} min", digits(value / 60.0)),
        _ => format!("{} h", digits(value / 3600.0)),
    }
}

/// A part of a whole.
pub(super) fn percent(part: f64) -> String {
    match 100.0 * part {
        percent if percent <= 0.0 => "0%".to_owned(),
        percent if percent < 0.01 => format!("{percent:.0e}%"),
        percent if percent < 0.1 => format!("{percent:.3}%"),
        percent if percent < 1.0 => format!("{percent:.2}%"),
        percent if percent < 99.95 => format!("{percent:.1}%"),
        percent => format!("{percent:.0}%"),
    }
}

/// Three digits.
fn digits(value: f64) -> String {
    match value {
        _ if value < 9.995 => format!("{value:.2}"),
        _ if value < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Extents: `64×112×112`; a scalar has none.
pub(super) fn extents(dims: &[usize]) -> String {
    match dims {
        [] => "scalar".to_owned(),
        dims => dims.iter().map(usize::to_string).collect::<Vec<_>>().join("×"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let counts = [(0, "0"), (999, "999"), (1000, "1.00 k"), (51_666_384, "51.7 M"), (999_950, "1.00 M")];
        counts.iter().for_each(|(value, text)| assert_eq!(count(*value), *text));
        assert_eq!(
            [grouped(0), grouped(999), grouped(1234), grouped(51_666_384)],
            ["0", "999", "1,234", "51,666,384"]
        );
        assert_eq!(
            [bytes(0), bytes(999), bytes(10_463), bytes(1_490_000_000)],
            ["0 B", "999 B", "10.5 KB", "1.49 GB"]
        );
        assert_eq!(
            [seconds(0.0), seconds(4.94), seconds(0.0146), seconds(3e-7)],
            ["0 s", "4.94 s", "14.6 ms", "300 ns"]
        );
        assert_eq!([seconds(150.0), seconds(7200.0)], ["2.50 min", "2.00 h"]);
        let parts = [
            (0.0, "0%"),
            (1e-7, "1e-5%"),
            (0.000_5, "0.050%"),
            (0.005, "0.50%"),
            (0.5, "50.0%"),
            (1.0, "100%"),
        ];
        parts.iter().for_each(|(part, text)| assert_eq!(percent(*part), *text));
        assert_eq!([extents(&[]), extents(&[1, 64, 7])], ["scalar", "1×64×7"]);
    }
}
