//! The checks, as they stand in the sources.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// A check that can be turned off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    /// What the switch calls it: `file:line`, or `absorb LABEL`.
    pub(super) place: String,
    /// What the table calls it: the file and the check's own words, which move with it.
    pub(super) name: String,
}

/// Whose sources have checks.
const CRATES: [&str; 8] = [
    "zktorch-transcript",
    "zktorch-commit",
    "zktorch-sumcheck",
    "zktorch-mira",
    "zktorch-channel",
    "zktorch-graph",
    "zktorch-blocks",
    "zktorch-verifier",
];

/// Files with the prover's side only, which may refuse its own bugs, and with the import of an SRS.
const PROVER: [&str; 13] = [
    "/prover.rs",
    "/prover/",
    "/answers.rs",
    "/columns.rs",
    "/witness.rs",
    "/simulator.rs",
    "/test_util.rs",
    "/laws.rs",
    "/tests",
    "/msm/",
    "zktorch-sumcheck/src/instances",
    "/srs/ptau.rs",
    "/srs/file.rs",
];

/// Calls that stand for a check: of functions with `#[track_caller]`, or of the switch itself.
const CALLS: [&str; 13] = [
    "enforced()",
    "require(",
    "check_length(",
    "check_index(",
    "at_most(",
    "ledger.zero(",
    "ledger.product(",
    "claims.chunk(",
    "claims.tensor(",
    "enforce_zero(",
    "enforce_product(",
    "reduced.enforce(channel",
    "sum(channel",
];

/// Calls that absorb a label.
const ABSORPTIONS: [&str; 9] = [
    "append_message(b\"",
    "append_u64(b\"",
    "append_scalar(b\"",
    "append_scalars(b\"",
    "append_point(b\"",
    "append_points(b\"",
    "append_hidden(b\"",
    "absorb(b\"",
    "absorb(transcript, b\"",
];

/// All checks, by file and line, then all absorptions.
pub(super) fn scan(workspace: &Workspace) -> Result<Vec<Site>> {
    let mut sites = Vec::new();
    let mut labels = Vec::new();
    let mut all = Vec::new();
    for file in workspace.source_files()? {
        let path = file.to_string_lossy().replace('\\', "/");
        let is_listed = CRATES.iter().any(|name| path.starts_with(&format!("crates/{name}/src/")));
        if !is_listed || PROVER.iter().any(|part| path.contains(part)) {
            continue;
        }
        let text = fs::read_to_string(workspace.root.join(&file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        sites.extend(in_source(Path::new(&path), &text));
        labels.extend(absorbed(&text));
        let owner = path.split('/').nth(1).unwrap_or_default().to_owned();
        all.push((owner, text));
    }
    // Labels of messages have names, which both sides use; so have those of challenges. Other crates use the same names.
    for (owner, text) in &all {
        let own = || all.iter().filter(|(other, _)| other == owner);
        let names = named(text).into_iter();
        let absorbed = names.filter(|(name, _)| !own().any(|(_, text)| is_drawn(text, name)));
        labels.extend(absorbed.map(|(_, label)| label));
    }
    labels.sort();
    labels.dedup();
    sites.extend(labels.into_iter().map(|label| {
        let place = format!("absorb {label}");
        Site { name: place.clone(), place }
    }));
    Ok(number(sites))
}

/// Equal names get a number.
fn number(mut sites: Vec<Site>) -> Vec<Site> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for site in &mut sites {
        let count = seen.entry(site.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            site.name = format!("{} #{count}", site.name);
        }
    }
    sites
}

/// The lines of a source before its tests, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    // Tests that stand in the source itself end it; a declaration of a module or a function for tests does not.
    let end = text.find("#[cfg(test)]\nmod tests {").map_or(usize::MAX, |at| text[..at].lines().count());
    lines.take(end).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn in_source(path: &Path, text: &str) -> Vec<Site> {
    let mut sites = Vec::new();
    let lines: Vec<(usize, &str)> = code(text).collect();
    // The line that ends the function whose callers are the places, if one has begun.
    let mut inside: Option<String> = None;
    for (index, (number, line)) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if let Some(end) = &inside {
            if line == end
                || (line.starts_with(end.trim_end_matches('}')) && line.ends_with(';') && indent < end.len())
            {
                inside = None;
            }
            continue;
        }
        if line.trim_start().starts_with("#[track_caller]") {
            inside = Some(format!("{}}}", &line[..indent]));
            continue;
        }
        let is_call = |call: &&str| line.contains(*call) && !line.contains(&format!("fn {call}"));
        if CALLS.iter().any(is_call) && !line.trim_start().starts_with("use ") {
            // A condition of several lines begins before its last one.
            let is_start = |(_, line): &&(usize, &str)| !line.trim_start().starts_with("&& ");
            let first = lines[..=index].iter().rposition(|line| is_start(&line)).unwrap_or(index);
            let words: Vec<&str> =
                lines[first..].iter().take(4).flat_map(|(_, line)| line.split_whitespace()).collect();
            sites.push(Site {
                place: format!("{}:{number}", path.display()),
                name: format!("{}: {}", path.display(), statement(&words.join(" "))),
            });
        }
    }
    sites
}

/// The first statement of a text, as far as it takes to know it again.
fn statement(text: &str) -> String {
    let text = text.split(['?', ';']).next().unwrap_or_default();
    let text = text.strip_prefix("if ").and_then(|text| text.split(" {").next()).unwrap_or(text);
    text.chars().take(90).collect::<String>().trim_end().to_owned()
}

fn absorbed(text: &str) -> Vec<String> {
    let mut labels = Vec::new();
    for (_, line) in code(text) {
        for call in ABSORPTIONS {
            for (at, _) in line.match_indices(call) {
                labels.extend(line[at + call.len()..].split('"').next().map(str::to_owned));
            }
        }
    }
    labels
}

/// Constants that are labels: name and label.
fn named(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (_, line) in code(text) {
        if let Some((declaration, literal)) = line.split_once(": &[u8] = b\"")
            && let (Some(name), Some(label)) =
                (declaration.split_whitespace().last(), literal.split('"').next())
        {
            found.push((name.to_owned(), label.to_owned()));
        }
    }
    found
}

/// Whether a name is the label of a challenge, or of something hashed that is no transcript.
fn is_drawn(text: &str, name: &str) -> bool {
    let calls = ["challenge_scalar(", "challenge_scalars(", "challenge_nonzero(", "hash_to_g1("];
    calls.iter().any(|call| text.contains(&format!("{call}{name}")))
}

/// So many of the sites; which ones follows from all of them.
pub(super) fn sample(sites: Vec<Site>, count: usize) -> Vec<Site> {
    let mut hasher = DefaultHasher::new();
    sites.iter().for_each(|site| site.place.hash(&mut hasher));
    let seed = hasher.finish();
    let mut keyed: Vec<(u64, Site)> = sites
        .into_iter()
        .map(|site| {
            let mut hasher = DefaultHasher::new();
            (seed, &site.name).hash(&mut hasher);
            (hasher.finish(), site)
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().take(count).map(|(_, site)| site).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_found_where_they_are_called() {
        let text = "use a::require;\n\
            /// require(\n\
            fn f() {\n    require(x, \"rule\",\n        y)?;\n    if a && enforced() {\n    }\n}\n\
            #[track_caller]\nfn require(x: bool) {\n    if x || !enforced() {\n    }\n}\n\
            fn g() {\n    check_length(\"a\", 1, 2)?;\n}\n\
            #[cfg(test)]\nmod tests {\n    require(1)\n}\n";
        let places: Vec<String> =
            in_source(Path::new("a.rs"), text).into_iter().map(|site| site.place).collect();
        assert_eq!(places, ["a.rs:4", "a.rs:6", "a.rs:15"]);
        let name = &in_source(Path::new("a.rs"), text)[0].name;
        assert_eq!(name, "a.rs: require(x, \"rule\", y)");
    }

    #[test]
    fn declarations_in_traits_are_no_checks() {
        let text = "trait T {\n    #[track_caller]\n    fn enforce_zero(&mut self) -> bool;\n\n    fn g(&self) {\n        self.enforce_zero(1);\n    }\n}\n";
        let places: Vec<String> =
            in_source(Path::new("a.rs"), text).into_iter().map(|site| site.place).collect();
        assert_eq!(places, ["a.rs:6"]);
    }

    #[test]
    fn labels_are_found() {
        assert_eq!(absorbed("t.append_u64(b\"k\", 1); t.append_point(b\"p\", p);\n"), ["k", "p"]);
        let text = "const A: &[u8] = b\"message\";\nt.challenge_scalar(B);\n";
        assert_eq!(named(text), [("A".to_owned(), "message".to_owned())]);
        assert!(is_drawn(text, "B") && !is_drawn(text, "A"));
    }

    #[test]
    fn only_tests_in_the_source_end_it() {
        let text = "#[cfg(test)]\nmod tests;\nt.append_u64(b\"k\", 1);\n#[cfg(test)]\nmod tests {\nt.append_u64(b\"j\", 1);\n}\n";
        assert_eq!(absorbed(text), ["k"]);
    }

    #[test]
    fn equal_names_are_numbered() {
        let site = |place: &str| Site { place: place.to_owned(), name: "same".to_owned() };
        let names: Vec<String> =
            number(vec![site("a"), site("b")]).into_iter().map(|site| site.name).collect();
        assert_eq!(names, ["same", "same #2"]);
    }
}
