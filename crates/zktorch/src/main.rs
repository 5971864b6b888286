//! The command line: `zktorch inspect | compile | setup | run | prove | verify | info | audit | worker | export-evm |
//! audit-evm | calldata-evm`.

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
use zktorch_field::task::{Observer, Stage, Task};
use zktorch_onnx::OnnxError;
use zktorch_prover::ProverError;

use commands::{Context, Outcome, Unsupported, print_json};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors.
            let code = if error.use_stderr() { EXIT_ERROR } else { EXIT_OK };
            let _ = error.print();
            // What did not parse may have asked for an object all the same.
            if error.use_stderr() && std::env::args_os().any(|arg| arg == "--json") {
                print_error("usage", error.render().to_string().trim_end());
            }
            return ExitCode::from(code);
        }
    };
    let json = cli.common.json;
    if let Err(error) = cli.check_paths() {
        return failed(&error.into(), json);
    }
    let (progress, stages) = (Progress::new(cli.common.quiet), Stages::new());
    let trace = match watch(&cli.common, &progress) {
        Ok(trace) => trace,
        Err(error) => return failed(&error.into(), json),
    };
    let task = Task::observed(Watch(progress.clone(), stages.clone()));
    let context = Context::new(cli.common, progress, stages);
    // Nobody cancels it: a signal ends the process.
    let result = task.run(|| commands::run(&context, &cli.command)).unwrap_or_else(|error| Err(error.into()));
    let code = match result {
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
        Ok(Outcome::Told { report, lines, good }) => {
            context.tell(&report, &lines);
            ExitCode::from(if good { EXIT_OK } else { EXIT_REJECTED })
        }
        Ok(Outcome::Ended(code)) => ExitCode::from(code),
        Err(error) => failed(&error, json),
    };
    // What failed has a trace too.
    match trace.map(Trace::finish).transpose() {
        Ok(_) => code,
        Err(error) => failed(&error.into(), json),
    }
}

/// The error on stderr, and with `--json` as an object on stdout.
fn failed(error: &anyhow::Error, json: bool) -> ExitCode {
    let message = explained(error.as_ref());
    match error.downcast_ref::<Unsupported>() {
        // It says where its lines end, so that no name in them does.
        Some(unsupported) => {
            unsupported.lines().iter().for_each(|line| eprintln!("{}", printable(line)));
        }
        None => eprintln!("error: {}", printable(&message)),
    }
    if json {
        print_error(kind(error), &message);
    }
    ExitCode::from(EXIT_ERROR)
}

fn print_error(kind: &str, message: &str) {
    print_json(&serde_json::json!({"error": {"kind": kind, "message": message}}));
}

/// What an error is about, for programs.
fn kind(error: &anyhow::Error) -> &'static str {
    error.chain().find_map(kind_of).unwrap_or("other")
}

fn kind_of(cause: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    if let Some(error) = cause.downcast_ref::<zktorch::Error>() {
        return Some(error.kind());
    }
    if let Some(error) = cause.downcast_ref::<OnnxError>() {
        return Some(match error {
            OnnxError::Input { .. } => "input",
            _ => "model",
        });
    }
    if cause.is::<Unsupported>() {
        return Some("model");
    }
    if cause.is::<ProverError>() {
        return Some("prover");
    }
    cause.is::<std::io::Error>().then_some("io")
}

/// What is told of the stages of proofs.
struct Watch(Progress, Stages);

impl Observer for Watch {
    fn enter(&self, stage: Stage) {
        self.0.enter(stage);
        self.1.enter(stage);
    }

    fn step(&self, stage: Stage) {
        self.0.step(stage);
    }

    fn exit(&self, stage: Stage) {
        self.0.exit(stage);
        self.1.exit(stage);
    }
}

/// Signals, and who listens to the spans of the libraries.
fn watch(common: &Common, progress: &Progress) -> Result<Option<Trace>, zktorch::Error> {
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
    let subscriber = subscriber.with(progress.layer());
    // Nobody else in this program sets one.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(trace)
}
