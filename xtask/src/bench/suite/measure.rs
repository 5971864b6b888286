//! Drives the command line through a plan.

use anyhow::{Result, anyhow};
use serde_json::{Map, Value};

use super::BACKEND;
use super::plan::{Group, Planned};
use crate::bench::report::Purpose;
use crate::prove_model::{Prepared, Request, Source};

/// What a series gave.
type Runs = Result<Vec<Map<String, Value>>>;

/// Measures a group; `done` gets every series, with its threads, as it ends. A model that fails does not end the suite.
///
/// # Errors
/// Those of `done`.
pub(super) fn group(
    group: &Group,
    runs: usize,
    cores: usize,
    mut done: impl FnMut(&Planned, usize, Runs) -> Result<()>,
) -> Result<()> {
    let prepared = Prepared::new(&Request::new(Source::Model(group.model)));
    let mut on_all: Option<Vec<Map<String, Value>>> = None;
    for planned in &group.series {
        let threads = planned.threads.unwrap_or(cores);
        let result = match (&prepared, &on_all) {
            (Err(error), _) => Err(anyhow!("{error:#}")),
            // The suite's own runs were made under this condition.
            (Ok(_), Some(runs)) if planned.purpose == Purpose::Threads && threads == cores => {
                Ok(runs.clone())
            }
            (Ok(prepared), _) => series(prepared, planned, runs),
        };
        if let (Purpose::Suite, Ok(runs)) = (planned.purpose, &result) {
            on_all = Some(runs.clone());
        }
        done(planned, threads, result)?;
    }
    Ok(())
}

fn series(prepared: &Prepared, planned: &Planned, runs: usize) -> Runs {
    let env = match planned.purpose {
        Purpose::Portable => vec![(BACKEND.to_owned(), "portable".to_owned())],
        Purpose::Suite | Purpose::Threads => Vec::new(),
    };
    (0..runs).map(|_| prepared.prove(planned.threads, &env)).collect()
}
