//! The command line: `zktorch inspect | compile | setup | run | prove | verify | info | audit`.

mod commands;

use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;
use zktorch::cli::{Cli, Common, EXIT_ERROR, EXIT_OK, EXIT_REJECTED};
use zktorch::progress::Progress;
use zktorch::stages::Stages;
use zktorch::trace::Trace;
use zktorch::{explained, interrupt, printable};

use commands::{Context, Outcome};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors.
            let code = if error.use_stderr() { EXIT_ERROR } else { EXIT_OK };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let (progress, stages) = (Progress::new(cli.common.quiet), Stages::new());
    let trace = match watch(&cli.common, &progress, &stages) {
        Ok(trace) => trace,
        Err(error) => return failed(&error.into()),
    };
    let context = Context::new(cli.common, progress, stages);
    let code = match commands::run(&context, &cli.command) {
        Ok(Outcome::Done(report)) => {
            context.print(&report);
            ExitCode::from(EXIT_OK)
        }
        Ok(Outcome::Rejected(mut report, reason)) => {
            eprintln!("rejected: {}", printable(&reason));
            report.note("accepted", false);
            report.note("reason", reason);
            context.print(&report);
            ExitCode::from(EXIT_REJECTED)
        }
        Err(error) => failed(&error),
    };
    // What failed has a trace too.
    match trace.map(Trace::finish).transpose() {
        Ok(_) => code,
        Err(error) => failed(&error.into()),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {}", printable(&explained(error.as_ref())));
    ExitCode::from(EXIT_ERROR)
}

/// Signals, and who listens to the spans of the libraries.
fn watch(common: &Common, progress: &Progress, stages: &Stages) -> Result<Option<Trace>, zktorch::Error> {
    let shown = progress.clone();
    let handled = interrupt::handle(move |signal| {
        shown.clear();
        eprintln!("interrupted by {signal}");
    });
    if let Err(error) = handled {
        progress.warn(&format!("Ctrl-C would leave unfinished files behind: {error}"));
    }
    let (trace, layer) = common.trace.as_deref().map(Trace::start).transpose()?.unzip();
    let subscriber = Registry::default().with(LevelFilter::DEBUG).with(layer);
    let subscriber = subscriber.with(stages.layer()).with(progress.layer());
    // Nobody else in this program sets one.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(trace)
}
