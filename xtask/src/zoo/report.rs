//! Results, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// How a model fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    /// Proved, verified, and what ONNX Runtime computes.
    Right,
    /// Proved to be something else, or our own proof is rejected.
    Wrong,
    /// A command says that it cannot.
    Refused,
    /// A panic or a signal.
    Crashed,
    /// The commands took too long.
    Timeout,
    /// The comparison itself could not be made.
    NotRun,
}

impl Class {
    const ALL: [Self; 6] =
        [Self::Right, Self::Wrong, Self::Refused, Self::Crashed, Self::Timeout, Self::NotRun];

    fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Refused => "refused",
            Self::Crashed => "crashed",
            Self::Timeout => "timeout",
            Self::NotRun => "not run",
        }
    }
}

/// The result of one model.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) task: String,
    pub(super) class: Class,
    /// Why it is not right.
    pub(super) message: String,
    /// Of each command that ended by itself.
    pub(super) seconds: BTreeMap<&'static str, f64>,
    pub(super) proof_bytes: Option<u64>,
    /// The largest error, as a part of the largest absolute value.
    pub(super) error: Option<f64>,
    /// Zeros would have passed too.
    pub(super) weak: bool,
}

impl Entry {
    pub(super) const HEADER: &'static str =
        "model                    class    compile s  prove s  verify s   proof    error  message";
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |stage, digits: usize| {
            self.seconds.get(stage).map_or_else(String::new, |seconds| format!("{seconds:.digits$}"))
        };
        let bytes = self.proof_bytes.map_or_else(String::new, |bytes| bytes.to_string());
        let error = self.error.map_or_else(String::new, |error| format!("{error:.1e}"));
        let message = if self.weak { "zeros would pass, too" } else { &self.message };
        let line = format!(
            "{:<24} {:<8} {:>9} {:>8} {:>9} {bytes:>7} {error:>8}  {message}",
            self.name,
            self.class.name(),
            seconds("compile", 1),
            seconds("prove", 2),
            seconds("verify", 2),
        );
        f.write_str(line.trim_end())
    }
}

/// All results.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) models: Vec<Entry>,
}

impl Report {
    /// How many models fared so.
    pub(super) fn count(&self, class: Class) -> usize {
        self.models.iter().filter(|entry| entry.class == class).count()
    }

    /// All counts in a line.
    pub(super) fn totals(&self) -> String {
        let count = |class: Class| format!("{} {}", self.count(class), class.name());
        format!("{} models: {}", self.models.len(), Class::ALL.map(count).join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_totals() {
        let entry = Entry {
            name: "a".into(),
            task: "nothing".into(),
            class: Class::Right,
            message: String::new(),
            seconds: BTreeMap::from([("compile", 1.0), ("prove", 0.5), ("verify", 0.01)]),
            proof_bytes: Some(1234),
            error: Some(0.001),
            weak: false,
        };
        let line = "a                        right          1.0     0.50      0.01    1234   1.0e-3";
        assert_eq!(entry.to_string(), line);
        let refused = Entry {
            class: Class::Refused,
            message: "no".into(),
            seconds: BTreeMap::new(),
            proof_bytes: None,
            error: None,
            ..entry
        };
        assert!(refused.to_string().ends_with("  no"));
        let report = Report { models: vec![refused] };
        assert_eq!(report.count(Class::Right), 0);
        assert_eq!(report.totals(), "1 models: 0 right, 0 wrong, 1 refused, 0 crashed, 0 timeout, 0 not run");
    }
}
