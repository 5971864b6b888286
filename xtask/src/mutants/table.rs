//! `xtask/mutants.toml`: which test misses which check, and why some checks are missed by none.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::programs::TestName;
use super::report::{Line, Verdict};
use super::sites::Site;
use crate::workspace::Workspace;

const FILE: &str = "xtask/mutants.toml";
const HEADER: &str = "# Every check of the verifier, and the test that fails without it (`cargo xtask mutants --update` writes this part);\n\
    # or the reason why none does, which somebody wrote.\n\n";

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// Why no test misses a check.
    #[serde(default)]
    reasons: BTreeMap<String, String>,
    /// The test that fails without it.
    #[serde(default)]
    killed: BTreeMap<String, String>,
}

impl Table {
    pub(super) fn read(workspace: &Workspace) -> Result<Self> {
        let path = workspace.root.join(FILE);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {FILE}"))?;
        toml::from_str(&text).with_context(|| format!("cannot parse {FILE}"))
    }

    pub(super) fn write(&self, workspace: &Workspace) -> Result<()> {
        let text = toml::to_string(self).with_context(|| format!("cannot encode {FILE}"))?;
        fs::write(workspace.root.join(FILE), format!("{HEADER}{text}"))
            .with_context(|| format!("cannot write {FILE}"))
    }

    pub(super) fn reason(&self, site: &Site) -> Option<&str> {
        self.reasons.get(&site.name).map(String::as_str)
    }

    pub(super) fn killer(&self, site: &Site) -> Option<TestName> {
        self.killed.get(&site.name).and_then(|test| TestName::parse(test))
    }

    /// Takes in what was found of a check; lines about checks that are no more go.
    pub(super) fn update(&mut self, all: &[Site], line: Option<&Line>) {
        if let Some(line) = line {
            match &line.verdict {
                Verdict::Killed(test) => {
                    self.killed.insert(line.site.name.clone(), test.to_string());
                    self.reasons.remove(&line.site.name);
                }
                _ => {
                    self.killed.remove(&line.site.name);
                }
            }
        }
        let exists = |name: &String| all.iter().any(|site| site.name == *name);
        self.killed.retain(|name, _| exists(name));
        self.reasons.retain(|name, _| exists(name));
    }
}
