//! Manifests: what every crate declares, and what the workspace declares for all of them.

use std::fs;

use anyhow::{Context, Result};

use super::Finding;
use crate::workspace::{Member, Workspace, read_toml};

/// Lints that the workspace must set, with the levels that count.
const LINTS: [(&str, &str); 10] = [
    ("rust", "unsafe_code"),
    ("rust", "unreachable_pub"),
    ("rust", "missing_docs"),
    ("clippy", "all"),
    ("clippy", "unwrap_used"),
    ("clippy", "expect_used"),
    ("clippy", "panic"),
    ("clippy", "todo"),
    ("clippy", "print_stdout"),
    ("clippy", "undocumented_unsafe_blocks"),
];

/// Every published crate carries its licence.
pub(crate) const LICENSES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let root = read_toml(&workspace.root.join("Cargo.toml"))?;
    let mut findings = check_root(&root);
    findings.extend(check_versions(&root, &workspace.members));
    for member in &workspace.members {
        findings.extend(check_manifest(member));
        let dir = workspace.root.join(&member.dir);
        if member.is_published() {
            findings.extend(check_published(member));
            // Links to the texts at the root: the archive of a crate holds what they point at.
            for license in LICENSES.iter().filter(|license| !dir.join(license).is_file()) {
                findings.push(Finding::new(&member.dir, format!("no {license}"), "a link to the root's"));
            }
        }
        if !dir.join("README.md").is_file() {
            findings.push(Finding::new(&member.dir, "no README.md", "one that says what the crate is for"));
        }
        if member.is_library() {
            let lib = dir.join("src/lib.rs");
            let text = fs::read_to_string(&lib).with_context(|| format!("cannot read {}", lib.display()))?;
            findings.extend(check_crate_docs(member, &text));
        }
    }
    Ok(findings)
}

/// The root manifest: the lints exist and are not switched off; release keeps overflow checks.
pub(super) fn check_root(manifest: &toml::Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (tool, lint) in LINTS {
        let value = at(manifest, &["workspace", "lints", tool, lint]);
        let level = value.and_then(|v| v.get("level").unwrap_or(v).as_str());
        let strict = match level {
            Some("deny" | "forbid") => true,
            Some("warn") => lint != "unsafe_code", // CI turns warnings into errors; unsafe code must fail everywhere
            _ => false,
        };
        if !strict {
            findings.push(Finding::new(
                "Cargo.toml",
                format!("workspace.lints.{tool}.{lint} = {}", level.unwrap_or("(not set)")),
                if lint == "unsafe_code" { "deny or forbid" } else { "warn or stricter" },
            ));
        }
    }
    if at(manifest, &["profile", "release", "overflow-checks"]).and_then(toml::Value::as_bool) != Some(true) {
        findings.push(Finding::new(
            "Cargo.toml",
            "release without overflow checks",
            "overflow-checks = true",
        ));
    }
    findings
}

/// The root's table of crates: a `path` is for this workspace, and the version beside it for everybody else.
pub(super) fn check_versions(manifest: &toml::Table, members: &[Member]) -> Vec<Finding> {
    let table = at(manifest, &["workspace", "dependencies"]).and_then(toml::Value::as_table);
    let inside = table.into_iter().flatten().filter(|(_, dependency)| dependency.get("path").is_some());
    inside
        .filter_map(|(name, dependency)| {
            let wanted = members.iter().find(|member| member.name == *name)?.version()?;
            let version = dependency.get("version");
            (version.and_then(toml::Value::as_str) != Some(wanted)).then(|| {
                let found = format!("workspace.dependencies.{name}.version = {}", show(version));
                Finding::new("Cargo.toml", found, format!("{wanted:?}, the crate's own"))
            })
        })
        .collect()
}

/// What crates.io shows of a crate, and what its archive holds.
pub(super) fn check_published(member: &Member) -> Vec<Finding> {
    let field = |name: &str| at(&member.manifest, &["package", name]);
    let words = |name: &str| field(name).and_then(toml::Value::as_array).map_or(0, Vec::len);
    let documentation = format!("https://docs.rs/{}", member.name);
    let rules = [
        ((1..=5).contains(&words("keywords")), "keywords", "one to five of them".to_owned()),
        ((1..=5).contains(&words("categories")), "categories", "one to five of crates.io's".to_owned()),
        (field("include").is_some(), "include", "the workspace's, or a list of its own".to_owned()),
        (
            field("documentation").and_then(toml::Value::as_str) == Some(&documentation),
            "documentation",
            format!("{documentation:?}"),
        ),
    ];
    let broken = rules.into_iter().filter(|(kept, ..)| !kept);
    broken
        .map(|(_, name, expected)| {
            let found = format!("package.{name} = {}", show(field(name)));
            Finding::new(member.manifest_path(), found, expected)
        })
        .collect()
}

/// One crate's manifest.
pub(super) fn check_manifest(member: &Member) -> Vec<Finding> {
    let mut findings = Vec::new();
    let path = member.manifest_path();
    let mut expect = |ok: bool, found: String, expected: &str| {
        if !ok {
            findings.push(Finding::new(&path, found, expected));
        }
    };

    let version = at(&member.manifest, &["package", "version"]);
    expect(
        version.is_some_and(toml::Value::is_str),
        format!("package.version = {}", show(version)),
        "its own version, as a string",
    );
    let description = at(&member.manifest, &["package", "description"]).and_then(toml::Value::as_str);
    expect(
        description.is_some_and(|text| !text.trim().is_empty()),
        "no package.description".into(),
        "one line that says what the crate holds",
    );
    for field in ["license", "edition", "rust-version"] {
        let value = at(&member.manifest, &["package", field, "workspace"]);
        expect(
            value.and_then(toml::Value::as_bool) == Some(true),
            format!("package.{field}.workspace = {}", show(value)),
            "true",
        );
    }
    let lints = at(&member.manifest, &["lints", "workspace"]);
    expect(
        lints.and_then(toml::Value::as_bool) == Some(true),
        format!("lints.workspace = {}", show(lints)),
        "true",
    );
    let folder = member.dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    expect(
        folder == member.name,
        format!("crate {} in folder {folder}", member.name),
        "the same name for both",
    );
    findings
}

/// A library's front page has an example that a stranger can paste.
pub(super) fn check_crate_docs(member: &Member, lib: &str) -> Vec<Finding> {
    let included = lib.contains("#![doc = include_str!");
    let fenced =
        lib.lines().any(|line| line.trim_start().strip_prefix("//!").is_some_and(|l| l.contains("```")));
    if included || fenced {
        return Vec::new();
    }
    vec![Finding::new(member.dir.join("src/lib.rs"), "crate docs without an example", "a fenced doc example")]
}

fn at<'a>(table: &'a toml::Table, path: &[&str]) -> Option<&'a toml::Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, key| value.get(key))
}

fn show(value: Option<&toml::Value>) -> String {
    value.map_or_else(|| "(not set)".to_owned(), ToString::to_string)
}
