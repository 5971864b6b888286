//! The command line: `zktorch inspect | compile | setup | run | prove | verify | info | audit`.

mod commands;

use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;
use zktorch::cli::{Cli, EXIT_ERROR, EXIT_OK, EXIT_REJECTED};
use zktorch::stages::Stages;

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
    let stages = Stages::new();
    // Nobody else sets a subscriber in this program; without one there are no times of stages.
    let _ = tracing::subscriber::set_global_default(
        Registry::default().with(LevelFilter::DEBUG).with(stages.layer()),
    );
    let context = Context::new(cli.common, stages);
    match commands::run(&context, &cli.command) {
        Ok(Outcome::Done(report)) => {
            context.print(&report);
            ExitCode::from(EXIT_OK)
        }
        Ok(Outcome::Rejected(mut report, reason)) => {
            eprintln!("rejected: {reason}");
            report.note("accepted", false);
            report.note("reason", reason);
            context.print(&report);
            ExitCode::from(EXIT_REJECTED)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(EXIT_ERROR)
        }
    }
}
