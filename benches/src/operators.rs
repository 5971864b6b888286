//! The page `docs/operators.md`: which operators of ONNX are proved, and how ONNX's own tests of them end.
//!
//! It is made of the registry of `zktorch-onnx`, of a run of the tests ([`RESULTS`]) and of the first sentence of every file
//! that expands operators. A test compares it with the page that is there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use zktorch_onnx::{Operator, operators};

use crate::conformance::Class;

/// Where the results of a run are kept, from the root of the repository.
pub const RESULTS: &str = "benches/tests/conformance/results.json";
/// The page.
pub const PAGE: &str = "docs/operators.md";
/// The sources that expand operators.
const SOURCES: &str = "crates/zktorch-onnx/src";

/// How often the tests of each operator ended in each way.
pub type Results = BTreeMap<String, BTreeMap<Class, usize>>;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The results in what `cargo xtask conformance --json` wrote.
///
/// # Errors
/// If it did not.
pub fn of_run(json: &str) -> Result<Results> {
    #[derive(Deserialize)]
    struct Run {
        operators: Results,
    }
    Ok(serde_json::from_str::<Run>(json)?.operators)
}

/// Results as they are kept: JSON with a line for each operator, so that a change shows as what it is.
///
/// # Errors
/// None that are known.
pub fn encode(results: &Results) -> Result<String> {
    let line = |(name, counts)| -> Result<String> {
        Ok(format!("  {}: {}", serde_json::to_string(name)?, serde_json::to_string(counts)?))
    };
    let lines: Vec<String> = results.iter().map(line).collect::<Result<_>>()?;
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
}

/// The results that are kept.
///
/// # Errors
/// If there are none.
pub fn kept(root: &Path) -> Result<Results> {
    let text = fs::read_to_string(root.join(RESULTS)).with_context(|| format!("cannot read {RESULTS}"))?;
    serde_json::from_str(&text).with_context(|| format!("cannot parse {RESULTS}"))
}

/// The page as it should be.
///
/// # Errors
/// If a file that expands an operator cannot be read.
pub fn page(root: &Path, results: &Results) -> Result<String> {
    let all = operators();
    let mut page = String::from(include_str!("operators/head.md"));
    page.push_str("| operator | domain | opsets | expansion | tests |\n|---|---|---|---|---|\n");
    for operator in &all {
        let Operator { domain, name, opsets: (first, last), module } = operator;
        let domain = if domain.is_empty() { "ai.onnx" } else { domain };
        let last = if *last == i64::MAX { "newest".to_owned() } else { last.to_string() };
        let (file, tests) = (file(module), tests(results.get(*name)));
        let stem = file.trim_end_matches(".rs");
        writeln!(
            page,
            "| {name} | {domain} | {first} to {last} | [{stem}](../{SOURCES}/{file}) | {tests} |"
        )?;
    }
    let mut sum: BTreeMap<Class, usize> = BTreeMap::new();
    for (class, count) in results.values().flatten() {
        *sum.entry(*class).or_default() += count;
    }
    writeln!(page, "\nAll tests, those of the next section too: {}.\n", tests(Some(&sum)))?;
    page.push_str(include_str!("operators/others.md"));
    page.push_str("| operator | tests |\n|---|---|\n");
    for (name, counts) in results.iter().filter(|(name, _)| all.iter().all(|known| known.name != **name)) {
        let name = if name.is_empty() { "(data that are no tensors of numbers)" } else { name };
        writeln!(page, "| {name} | {} |", tests(Some(counts)))?;
    }
    page.push_str("\n## Expansions\n\n| file | what is in it |\n|---|---|\n");
    let mut modules: Vec<&str> = all.iter().map(|operator| operator.module).collect();
    modules.sort_unstable();
    modules.dedup();
    for module in modules {
        let file = file(module);
        let path = Path::new(SOURCES).join(&file);
        let source = fs::read_to_string(root.join(&path))
            .with_context(|| format!("cannot read {}", path.display()))?;
        writeln!(page, "| [{file}](../{SOURCES}/{file}) | {} |", first_sentence(&source))?;
    }
    Ok(page)
}

/// The file of a module, within the crate's sources.
fn file(module: &str) -> String {
    let path = module.split("::").skip(1).collect::<Vec<_>>().join("/");
    format!("{path}.rs")
}

/// Right ones of all, and what became of the others.
fn tests(counts: Option<&BTreeMap<Class, usize>>) -> String {
    let Some(counts) = counts else { return "none".into() };
    let right = counts.get(&Class::Right).copied().unwrap_or_default();
    let others: Vec<String> = counts
        .iter()
        .filter(|(class, _)| **class != Class::Right)
        .map(|(class, count)| format!("{count} {}", word(*class)))
        .collect();
    let of = format!("{right} of {}", counts.values().sum::<usize>());
    if others.is_empty() { of } else { format!("{of} ({})", others.join(", ")) }
}

fn word(class: Class) -> &'static str {
    match class {
        Class::Right => "right",
        Class::Wrong => "wrong",
        Class::Constant => "constant",
        Class::Unsupported => "not supported",
        Class::Refused => "refused",
        Class::Rejected => "rejected",
        Class::Crashed => "crashed",
    }
}

/// Of a file's documentation, fit for a table.
fn first_sentence(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let paragraph = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let end = paragraph.find(". ").map_or(paragraph.len(), |dot| dot + 1);
    paragraph[..end].replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_kept_as_they_were() {
        let json =
            r#"{"totals":{},"operators":{"Add":{"right":3,"wrong":1},"":{"unsupported":2}},"seconds":1.5}"#;
        let results = of_run(json).unwrap();
        assert_eq!(tests(results.get("Add")), "3 of 4 (1 wrong)");
        assert_eq!(tests(results.get("Sub")), "none");
        let kept = encode(&results).unwrap();
        assert_eq!(kept, "{\n  \"\": {\"unsupported\":2},\n  \"Add\": {\"right\":3,\"wrong\":1}\n}\n");
        assert_eq!(serde_json::from_str::<Results>(&kept).unwrap(), results);
    }

    #[test]
    fn the_first_sentence_ends_in_a_full_stop_or_with_its_paragraph() {
        assert_eq!(
            first_sentence("//! One thing, |x|\n//! of two. More.\n//!\n//! Other.\n"),
            "One thing, \\|x\\| of two."
        );
        assert_eq!(first_sentence("//! All.\n\nuse x;\n"), "All.");
        assert_eq!(first_sentence("use x;\n"), "");
    }
}
