//! What came out.

use std::fmt;

use anyhow::Result;
use serde_json::json;

use super::programs::TestName;
use super::sites::Site;

/// What became of a check that was turned off.
pub(super) enum Verdict {
    /// This test failed.
    Killed(TestName),
    /// No test failed, for this reason.
    Excused(String),
    /// None of so many tests that reach it failed.
    Survived(usize),
    /// No test makes it refuse anything.
    Unreached,
}

impl Verdict {
    pub(super) fn is_fine(&self) -> bool {
        matches!(self, Self::Killed(_) | Self::Excused(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed(test) => write!(f, "killed by {test}"),
            Self::Excused(reason) => write!(f, "no test: {reason}"),
            Self::Survived(tests) => write!(f, "SURVIVED {tests} tests that reach it"),
            Self::Unreached => write!(f, "SURVIVED: no test reaches it"),
        }
    }
}

/// One check.
pub(super) struct Line {
    pub(super) site: Site,
    pub(super) verdict: Verdict,
}

pub(super) fn print(lines: &[Line]) {
    let count = |is: fn(&Verdict) -> bool| lines.iter().filter(|line| is(&line.verdict)).count();
    for line in lines.iter().filter(|line| !line.verdict.is_fine()) {
        println!("{} ({}): {}", line.site.name, line.site.place, line.verdict);
    }
    println!(
        "{} checks turned off: {} killed, {} with a reason, {} survived",
        lines.len(),
        count(|verdict| matches!(verdict, Verdict::Killed(_))),
        count(|verdict| matches!(verdict, Verdict::Excused(_))),
        count(|verdict| !verdict.is_fine()),
    );
}

pub(super) fn json(lines: &[Line]) -> Result<String> {
    let line = |line: &Line| {
        let (outcome, detail) = match &line.verdict {
            Verdict::Killed(test) => ("killed", test.to_string()),
            Verdict::Excused(reason) => ("reason", reason.clone()),
            Verdict::Survived(tests) => ("survived", format!("{tests} tests reach it")),
            Verdict::Unreached => ("survived", "no test reaches it".to_owned()),
        };
        json!({ "check": line.site.name, "place": line.site.place, "outcome": outcome, "detail": detail })
    };
    Ok(serde_json::to_string_pretty(&lines.iter().map(line).collect::<Vec<_>>())?)
}
