//! How many tests a run reports, read from what the test runners print.

use std::iter::Sum;

/// Tests (or checks) that passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |a, b| Self { passed: a.passed + b.passed, failed: a.failed + b.failed })
    }
}

impl Counts {
    /// Sums the summaries in the output of `cargo test`, `cargo nextest run`, `pytest` and `node --test`.
    pub(super) fn parse(output: &str) -> Self {
        output
            .lines()
            .filter_map(|line| {
                libtest(line).or_else(|| nextest(line)).or_else(|| pytest(line)).or_else(|| tap(line))
            })
            .sum()
    }
}

/// `test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn libtest(line: &str) -> Option<Counts> {
    let (_, rest) = line.split_once("test result: ")?;
    Some(Counts { passed: number_before(rest, " passed")?, failed: number_before(rest, " failed")? })
}

/// `Summary [   0.011s] 6/9 tests run: 5 passed (1 slow), 1 failed, 0 skipped`
fn nextest(line: &str) -> Option<Counts> {
    let (_, rest) = line.trim_start().strip_prefix("Summary [")?.split_once(']')?;
    let (run, rest) = rest.split_once(" run:")?;
    let run: u64 = run.split_whitespace().next()?.split('/').next()?.parse().ok()?;
    let passed = number_before(rest, " passed").unwrap_or(0);
    // Failed, timed out, not started: whatever did not pass is a failure.
    Some(Counts { passed, failed: run.checked_sub(passed)? })
}

/// `1 failed, 20 passed, 1 skipped, 2 errors in 12.34s`, between `=` or not
fn pytest(line: &str) -> Option<Counts> {
    let (parts, seconds) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
    seconds.split('s').next()?.parse::<f64>().ok()?;
    let mut counts = Counts::default();
    for part in parts.split(", ") {
        let (number, what) = part.split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        match what {
            "passed" => counts.passed += number,
            "failed" | "error" | "errors" => counts.failed += number,
            _ => {}
        }
    }
    Some(counts)
}

/// `# pass 5` and `# fail 1`: a line each
fn tap(line: &str) -> Option<Counts> {
    let (what, number) = line.strip_prefix("# ")?.split_once(' ')?;
    let number: u64 = number.parse().ok()?;
    match what {
        "pass" => Some(Counts { passed: number, failed: 0 }),
        "fail" | "cancelled" => Some(Counts { passed: 0, failed: number }),
        _ => None,
    }
}

fn number_before(text: &str, word: &str) -> Option<u64> {
    let (before, _) = text.split_once(word)?;
    before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_are_understood() {
        let output = "running 3 tests\n\
            test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.01s\n\
            test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out\n\
            \x20    Summary [   0.011s] 9 tests run: 8 passed (1 slow), 1 failed, 0 skipped\n\
            \x20    Summary [   0.011s] 1 test run: 1 passed, 12 skipped\n";
        assert_eq!(Counts::parse(output), Counts { passed: 16, failed: 4 });
    }

    #[test]
    fn a_timeout_is_a_failure() {
        let output = "     Summary [  60.0s] 4/9 tests run: 2 passed, 1 failed, 1 timed out, 0 skipped";
        assert_eq!(Counts::parse(output), Counts { passed: 2, failed: 2 });
        let output = "     Summary [  60.0s] 2 tests run: 0 passed, 2 failed, 0 skipped";
        assert_eq!(Counts::parse(output), Counts { passed: 0, failed: 2 });
    }

    #[test]
    fn pytest_is_understood() {
        let output = "== 1 failed, 20 passed, 1 skipped, 3 warnings, 2 errors in 72.34s (0:01:12) ==\n5 passed in 0.10s\n\
            FAILED test_x.py - it took long in 3s\nno tests ran in 0.01s";
        assert_eq!(Counts::parse(output), Counts { passed: 25, failed: 3 });
    }

    #[test]
    fn node_is_understood() {
        let output =
            "# tests 9\n# suites 0\n# pass 5\n# fail 2\n# cancelled 1\n# skipped 1\n# duration_ms 94.1";
        assert_eq!(Counts::parse(output), Counts { passed: 5, failed: 3 });
    }

    #[test]
    fn other_lines_count_nothing() {
        let output = "test foo ... ok\nSummary of the 3 passed, 4 failed\n   Summary [ 1s] nothing";
        assert_eq!(Counts::parse(output), Counts::default());
    }
}
