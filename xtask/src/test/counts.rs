//! How many tests a run reports, read from what the two test runners print.

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
    /// Sums the summaries in the output of `cargo test` and `cargo nextest run`.
    pub(super) fn parse(output: &str) -> Self {
        output.lines().filter_map(|line| libtest(line).or_else(|| nextest(line))).sum()
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
    fn other_lines_count_nothing() {
        let output = "test foo ... ok\nSummary of the 3 passed, 4 failed\n   Summary [ 1s] nothing";
        assert_eq!(Counts::parse(output), Counts::default());
    }
}
