//! `cargo xtask mutants`: turns every check of the verifier off in turn, and asks which test notices.
//!
//! The checks are found in the sources (`sites`), and turned off at run time, in test programs that are built once with the
//! switch of `zktorch-mutants` (`programs`). A first run of all tests tells which of them reach which check; then each check
//! has to be missed by one of these. `xtask/mutants.toml` (`table`) remembers which, and why some are missed by none.

mod programs;
mod report;
mod sites;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use self::programs::{Programs, TestName};
use self::report::{Line, Verdict};
use self::sites::Site;
use self::table::Table;
use crate::workspace::Workspace;

#[derive(Args)]
pub(crate) struct Options {
    /// Only so many checks, others for other sources (default: all).
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Only checks whose place contains this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Do not trust xtask/mutants.toml: look for the tests anew, and write it.
    #[arg(long, conflicts_with = "sample")]
    update: bool,
    /// Write the result of every check to this file.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
}

/// The subcommand.
pub(crate) fn run(options: &Options) -> Result<()> {
    let workspace = Workspace::load()?;
    let lines = check(&workspace, options)?;
    report::print(&lines);
    if let Some(path) = &options.json {
        std::fs::write(path, report::json(&lines)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let missed = lines.iter().filter(|line| !line.verdict.is_fine()).count();
    if missed > 0 {
        bail!("{missed} of {} checks: no test fails without them, and no reason is given", lines.len());
    }
    Ok(())
}

/// Checks that were tried, and those of them that no test needs. For the stage of `cargo xtask test`.
pub(crate) fn sample(workspace: &Workspace, count: usize) -> Result<(usize, usize)> {
    let options = Options { sample: Some(count), only: None, update: false, json: None };
    let lines = check(workspace, &options)?;
    report::print(&lines);
    Ok((lines.len(), lines.iter().filter(|line| !line.verdict.is_fine()).count()))
}

fn check(workspace: &Workspace, options: &Options) -> Result<Vec<Line>> {
    let mut table = Table::read(workspace)?;
    let found = sites::scan(workspace)?;
    let programs = Programs::build(workspace)?;
    let mut tester = Tester { programs: &programs, reached: None };

    let listed = |site: &Site| options.only.as_ref().is_none_or(|text| site.name.contains(text.as_str()));
    let mut sites: Vec<Site> = found.iter().filter(|site| listed(site)).cloned().collect();
    if let Some(count) = options.sample {
        sites = sites::sample(sites, count);
    }
    let mut lines = Vec::with_capacity(sites.len());
    for (done, site) in sites.iter().enumerate() {
        let verdict = tester.verdict(site, &table, options.update)?;
        eprintln!("{}/{} {}: {verdict}", done + 1, sites.len(), site.name);
        lines.push(Line { site: site.clone(), verdict });
        if options.update {
            table.update(&found, lines.last());
            table.write(workspace)?;
        }
    }
    Ok(lines)
}

/// Looks for a test that fails without a check.
struct Tester<'p> {
    programs: &'p Programs,
    /// Which tests reach which places; found out when it is first needed.
    reached: Option<BTreeMap<String, BTreeSet<TestName>>>,
}

impl Tester<'_> {
    fn verdict(&mut self, site: &Site, table: &Table, anew: bool) -> Result<Verdict> {
        if !anew {
            if let Some(reason) = table.reason(site) {
                return Ok(Verdict::Excused(reason.to_owned()));
            }
            if let Some(test) = table.killer(site).filter(|test| self.programs.has(test))
                && let Some(test) = self.programs.killer(&site.place, &[&test])?
            {
                return Ok(Verdict::Killed(test));
            }
        }
        if self.reached.is_none() {
            self.reached = Some(self.programs.reached()?);
        }
        let tests = self.reached.as_ref().and_then(|reached| reached.get(&site.place));
        let tests = programs::candidates(&site.place, tests.into_iter().flatten());
        if let Some(test) = self.programs.killer(&site.place, &tests)? {
            return Ok(Verdict::Killed(test));
        }
        Ok(match table.reason(site) {
            Some(reason) => Verdict::Excused(reason.to_owned()),
            None if tests.is_empty() => Verdict::Unreached,
            None => Verdict::Survived(tests.len()),
        })
    }
}
