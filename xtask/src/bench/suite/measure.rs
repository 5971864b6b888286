//! Goes through the series of one model.

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Map, Value};

use super::plan::{Group, Planned};
use crate::bench::names;
use crate::bench::report::Purpose;

/// What one proof gave: the keys of `prove-model --json`.
type Run = Map<String, Value>;

/// Measures a group. `prepare` makes the keys, `prove` makes and verifies one proof with them, and `done` gets every series as it
/// ends, with its threads. A model or a series that fails does not end the suite.
///
/// # Errors
/// Those of `done`.
pub(super) fn group<P>(
    group: &Group,
    runs: usize,
    cores: usize,
    prepare: impl FnOnce() -> Result<P>,
    prove: impl Fn(&P, &Planned) -> Result<Run>,
    mut done: impl FnMut(&Planned, usize, Result<Vec<Run>>) -> Result<()>,
) -> Result<()> {
    let prepared = prepare();
    let mut on_all: Option<Vec<Run>> = None;
    for planned in &group.series {
        let threads = planned.threads.unwrap_or(cores);
        let result = match (&prepared, &on_all) {
            (Err(error), _) => Err(anyhow!("{error:#}")),
            // The suite's own runs were made under this condition.
            (Ok(_), Some(runs)) if planned.purpose == Purpose::Threads && threads == cores => {
                Ok(runs.clone())
            }
            (Ok(prepared), _) => (1..=runs)
                .map(|run| {
                    let name = group.model.name();
                    let of = format!(
                        "{}, {}, run {run} of {runs}",
                        names::model(&name),
                        condition(planned.purpose, threads)
                    );
                    eprintln!("\n=== {of}");
                    prove(prepared, planned).context(of)
                })
                .collect(),
        };
        if let (Purpose::Suite, Ok(runs)) = (planned.purpose, &result) {
            on_all = Some(runs.clone());
        }
        done(planned, threads, result)?;
    }
    Ok(())
}

/// Under which condition a series is made, in words.
pub(super) fn condition(purpose: Purpose, threads: usize) -> String {
    let threads = if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") };
    match purpose {
        Purpose::Suite | Purpose::Threads => threads,
        Purpose::Portable => format!("{threads}, portable backend"),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use anyhow::bail;

    use super::*;
    use crate::prove_model::Model;

    fn lenet() -> Group {
        let planned = |purpose, threads| Planned { purpose, threads };
        let series = vec![
            planned(Purpose::Suite, None),
            planned(Purpose::Threads, Some(1)),
            planned(Purpose::Threads, Some(2)),
            planned(Purpose::Portable, None),
        ];
        Group { model: Model::Lenet, series }
    }

    type Done = Vec<(Purpose, usize, Result<usize, String>)>;

    /// Two runs of each series on two cores; how often was proved, and what came of it.
    fn measure(
        prepare: impl FnOnce() -> Result<()>,
        prove: impl Fn(&Planned) -> Result<Run>,
    ) -> (usize, Done) {
        let (count, mut all) = (RefCell::new(0), Vec::new());
        let prove = |(): &(), planned: &Planned| {
            *count.borrow_mut() += 1;
            prove(planned)
        };
        group(&lenet(), 2, 2, prepare, prove, |planned, threads, result| {
            let result = result.map(|runs| runs.len()).map_err(|error| format!("{error:#}"));
            all.push((planned.purpose, threads, result));
            Ok(())
        })
        .unwrap();
        (count.into_inner(), all)
    }

    #[test]
    fn runs_on_all_threads_serve_twice() {
        let (count, all) = measure(|| Ok(()), |_| Ok(Run::new()));
        assert_eq!(count, 6);
        let expected =
            [(Purpose::Suite, 2), (Purpose::Threads, 1), (Purpose::Threads, 2), (Purpose::Portable, 2)];
        assert_eq!(all, expected.map(|(purpose, threads)| (purpose, threads, Ok(2))));
    }

    #[test]
    fn a_series_that_fails_does_not_end_the_others() {
        let (_, all) = measure(
            || Ok(()),
            |planned| if planned.threads == Some(1) { bail!("no thread") } else { Ok(Run::new()) },
        );
        let failed: Vec<_> = all.iter().filter(|(_, _, result)| result.is_err()).collect();
        let [(Purpose::Threads, 1, Err(error))] = failed[..] else { panic!("{failed:?}") };
        assert_eq!(error, "LeNet-5, 1 thread, run 1 of 2: no thread");
    }

    #[test]
    fn a_model_that_cannot_be_prepared_fails_in_every_series() {
        let (count, all) = measure(|| bail!("no setup"), |_| Ok(Run::new()));
        assert_eq!((count, all.len()), (0, 4));
        assert!(all.iter().all(|(_, _, result)| result == &Err("no setup".to_owned())), "{all:?}");
    }
}
