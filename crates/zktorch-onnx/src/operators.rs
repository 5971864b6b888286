//! Which operators there are, for reports and pages about them.

use std::collections::BTreeMap;

use crate::expand::control;
use crate::model::OPSETS;
use crate::ops::declarations;
use crate::program::Core;

/// The names of the core operators that every operator is expanded into.
pub const CORE_OPERATORS: [&str; Core::NAMES.len()] = Core::NAMES;

/// An operator that can be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Its domain; empty for the standard operators.
    pub domain: &'static str,
    /// Its name.
    pub name: &'static str,
    /// First and last version of its domain's operator set under which it is known.
    pub opsets: (i64, i64),
    /// The module of this crate that expands it into core operators, as a path.
    pub module: &'static str,
}

/// All operators, by domain and name. Functions of a model, which are inlined, are none of them.
///
/// ```
/// let all = zktorch_onnx::operators();
/// let conv = all.iter().find(|operator| operator.name == "Conv");
/// assert!(conv.is_some_and(|conv| conv.module == "zktorch_onnx::ops::conv"));
/// ```
pub fn operators() -> Vec<Operator> {
    let controls = control::OPERATORS.map(|name| (("", name), OPSETS, control::MODULE));
    let declared = declarations().filter_map(|(domain, spec)| {
        let last = if domain.is_empty() { spec.opsets.1.min(OPSETS.1) } else { spec.opsets.1 };
        Some(((domain, spec.name), (spec.opsets.0, last), spec.module?))
    });
    let mut all: BTreeMap<(&str, &str), Operator> = BTreeMap::new();
    for ((domain, name), opsets, module) in controls.into_iter().chain(declared) {
        let known = all.entry((domain, name)).or_insert(Operator { domain, name, opsets, module });
        // An operator whose inputs or attributes changed has a declaration for each form.
        known.opsets = (known.opsets.0.min(opsets.0), known.opsets.1.max(opsets.1));
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_an_operator_leave_no_gap() {
        for operator in operators() {
            let mut forms: Vec<(i64, i64)> = declarations()
                .filter(|(domain, spec)| (*domain, spec.name) == (operator.domain, operator.name))
                .map(|(_, spec)| spec.opsets)
                .collect();
            forms.sort_unstable();
            for pair in forms.windows(2) {
                assert_eq!(pair[0].1 + 1, pair[1].0, "{}", operator.name);
            }
        }
    }

    #[test]
    fn what_is_only_refused_is_not_listed() {
        assert!(operators().iter().all(|operator| operator.name != "ZipMap"));
        assert!(operators().iter().any(|operator| operator.name == "Loop"));
    }
}
