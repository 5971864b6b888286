//! Dependency edges: who may use whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Finding;
use crate::workspace::{Member, Workspace};

const EDGE_FILE: &str = "xtask/edges.toml";

/// The edge file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edges {
    /// Crates that need an operating system.
    #[serde(default)]
    pub(super) hosted: BTreeSet<String>,
    pub(super) crates: BTreeMap<String, Node>,
    pub(super) external: BTreeMap<String, BTreeSet<String>>,
    /// Features that only tests may switch on.
    pub(super) test_features: BTreeMap<String, BTreeSet<String>>,
    /// Per crate the features that it may not switch on in its dependencies.
    #[serde(default)]
    pub(super) without_features: BTreeMap<String, BTreeSet<String>>,
}

/// One crate's line of the edge file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub(super) layer: u8,
    pub(super) may_use: BTreeSet<String>,
}

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    Ok(check_edges(&read(workspace)?, &workspace.members))
}

/// The crates that need an operating system.
pub(crate) fn hosted(workspace: &Workspace) -> Result<BTreeSet<String>> {
    Ok(read(workspace)?.hosted)
}

fn read(workspace: &Workspace) -> Result<Edges> {
    let text = fs::read_to_string(workspace.root.join(EDGE_FILE))
        .with_context(|| format!("cannot read {EDGE_FILE}"))?;
    toml::from_str(&text).with_context(|| format!("cannot parse {EDGE_FILE}"))
}

/// The rule itself, on plain data.
pub(super) fn check_edges(edges: &Edges, members: &[Member]) -> Vec<Finding> {
    let mut findings = check_edge_file(edges, members);
    for member in members {
        let Some(node) = edges.crates.get(&member.name) else {
            findings.push(Finding::new(
                member.manifest_path(),
                format!("crate {} without a line in {EDGE_FILE}", member.name),
                "a layer and the list of crates that it may use",
            ));
            continue;
        };
        for edge in &member.dependencies {
            let dependency = &edge.to;
            let inside = members.iter().any(|m| m.name == *dependency);
            if inside && !node.may_use.contains(dependency) {
                findings.push(Finding::new(
                    member.manifest_path(),
                    format!("a dependency of {} on {dependency}", member.name),
                    format!("one of [{}] ({EDGE_FILE})", join(&node.may_use)),
                ));
            }
            if let Some(allowed) = edges.external.get(dependency)
                && !allowed.contains(&member.name)
            {
                findings.push(Finding::new(
                    member.manifest_path(),
                    format!("a dependency of {} on {dependency}", member.name),
                    format!("only [{}] may use {dependency} ({EDGE_FILE})", join(allowed)),
                ));
            }
            let test_only = edges.test_features.get(dependency).filter(|_| !edge.dev);
            for feature in edge.features.iter().filter(|f| test_only.is_some_and(|only| only.contains(*f))) {
                findings.push(Finding::new(
                    member.manifest_path(),
                    format!("feature {feature} of {dependency} in a dependency of {}", member.name),
                    format!("that feature in dev-dependencies only ({EDGE_FILE})"),
                ));
            }
            let without = edges.without_features.get(&member.name).filter(|_| !edge.dev);
            for feature in edge.features.iter().filter(|f| without.is_some_and(|off| off.contains(*f))) {
                findings.push(Finding::new(
                    member.manifest_path(),
                    format!("feature {feature} of {dependency} in a dependency of {}", member.name),
                    format!("that feature to be off ({EDGE_FILE})"),
                ));
            }
        }
    }
    findings
}

/// The edge file itself: every name exists, no arrow goes up.
fn check_edge_file(edges: &Edges, members: &[Member]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let exists = |name: &String| members.iter().any(|m| m.name == *name);
    for (name, node) in &edges.crates {
        if !exists(name) {
            findings.push(Finding::new(EDGE_FILE, format!("a line for {name}"), "a crate of the workspace"));
        }
        for target in &node.may_use {
            match edges.crates.get(target) {
                None => findings.push(Finding::new(
                    EDGE_FILE,
                    format!("{name} may use {target}"),
                    format!("a line for {target} too"),
                )),
                Some(below) if below.layer > node.layer => findings.push(Finding::new(
                    EDGE_FILE,
                    format!("an arrow up: {name} (layer {}) to {target} (layer {})", node.layer, below.layer),
                    "arrows that go down or sideways",
                )),
                Some(_) => {}
            }
        }
    }
    for name in edges.hosted.iter().filter(|name| !exists(name)) {
        findings.push(Finding::new(EDGE_FILE, format!("hosted crate {name}"), "a crate of the workspace"));
    }
    for (dependency, users) in &edges.external {
        for user in users.iter().filter(|user| !exists(user)) {
            findings.push(Finding::new(
                EDGE_FILE,
                format!("{user} may use {dependency}"),
                "a crate of the workspace",
            ));
        }
    }
    findings
}

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
