//! Results by class and by operator.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Class, Outcome};

/// All results of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How often each class occurred.
    pub totals: BTreeMap<Class, usize>,
    /// The same by operator.
    pub operators: BTreeMap<String, BTreeMap<Class, usize>>,
    /// Right ones by variant.
    pub variants: BTreeMap<char, usize>,
    /// Wall time.
    pub seconds: f64,
    /// Every test.
    pub tests: Vec<Outcome>,
}

impl Report {
    /// Counts results.
    pub fn new(tests: Vec<Outcome>, seconds: f64) -> Self {
        let mut report = Self {
            totals: BTreeMap::new(),
            operators: BTreeMap::new(),
            variants: BTreeMap::new(),
            seconds,
            tests: Vec::new(),
        };
        for test in &tests {
            *report.totals.entry(test.class).or_default() += 1;
            let operator = report.operators.entry(test.operator.clone()).or_default();
            *operator.entry(test.class).or_default() += 1;
            if test.class == Class::Right {
                *report.variants.entry(test.variant).or_default() += 1;
            }
        }
        report.tests = tests;
        report
    }

    /// How many tests ended in a way.
    pub fn count(&self, class: Class) -> usize {
        self.totals.get(&class).copied().unwrap_or_default()
    }
}
