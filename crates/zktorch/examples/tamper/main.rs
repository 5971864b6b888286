//! Damages a proof, its statement and its key in every way that one byte can be damaged, and verifies: nothing may be accepted,
//! nothing may panic. Started by `cargo xtask tamper`.
#![allow(clippy::print_stdout, reason = "a command-line tool: its results go to stdout")]

mod attack;
mod subject;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use serde_json::json;

use attack::{Plan, attack};
use subject::{Io, Subject};

#[derive(Parser)]
struct Options {
    /// The model.
    #[arg(long, value_enum, default_value_t = Model::Digits)]
    model: Model,
    /// Only so many cases of each kind [default: all].
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Which ones, and what a damaged byte becomes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object on stdout; the table goes to stderr.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Model {
    Digits,
    DigitsMlp,
}

fn run(options: &Options) -> Result<bool> {
    let onnx = match options.model {
        Model::Digits => "digits/cnn.onnx",
        Model::DigitsMlp => "digits/mlp.onnx",
    };
    let plan = Plan { sample: options.sample, seed: options.seed };
    let mut counts = Vec::new();
    for io in [Io::Public, Io::Private] {
        let subject = Subject::new(onnx, io)?;
        counts.extend(attack(&subject, plan)?);
    }
    let mut table =
        format!("{:38} {:>8} {:>8} {:>8} {:>8}\n", "damaged", "cases", "rejected", "accepted", "panics");
    for count in &counts {
        let (accepted, panics) = (count.accepted.len(), count.panicked.len());
        table.push_str(&format!(
            "{:38} {:8} {:8} {accepted:8} {panics:8}\n",
            count.name, count.cases, count.rejected
        ));
        for case in &count.accepted {
            table.push_str(&format!("  ACCEPTED: {case}\n"));
        }
        for case in &count.panicked {
            table.push_str(&format!("  PANIC: {case}\n"));
        }
    }
    let sound = counts.iter().all(|count| count.cases > 0 && count.rejected == count.cases);
    if options.json {
        eprint!("{table}");
        let rows: Vec<_> = counts
            .iter()
            .map(|count| {
                json!({
                    "name": count.name, "cases": count.cases, "rejected": count.rejected,
                    "accepted": count.accepted, "panicked": count.panicked,
                })
            })
            .collect();
        println!("{}", json!({"sound": sound, "seed": options.seed, "rows": rows}));
    } else {
        print!("{table}");
    }
    Ok(sound)
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
