//! Automation for the zktorch workspace: `cargo xtask tidy | api | book | test | prove-model | tamper | mutants | conformance | operators |
//! zoo | bench`.
#![allow(clippy::print_stdout, reason = "a command-line tool: its results go to stdout")]

mod api;
mod bench;
mod book;
mod capped;
mod conformance;
mod contracts;
mod markdown;
mod mutants;
mod npm;
mod operators;
mod prove_model;
mod python;
mod tamper;
mod test;
mod tidy;
mod workspace;
mod zoo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Automation for the zktorch workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the architecture: dependency edges, manifests, unsafe code, file sizes.
    Tidy,
    /// Compare the crates' public interfaces with the listings that are checked in, or renew these.
    Api(api::Options),
    /// Make one book of the repository's pages, in `target/book/book`, with mdBook.
    Book,
    /// Run every check that CI runs: format, lints, tidy, tests on both backends, serial and wasm builds, fuzzing.
    Test(test::Options),
    /// Prove and verify a model of the repository, end to end through the command line.
    ProveModel(prove_model::Options),
    /// Damage every byte of a proof, its statement and its key: nothing may be accepted.
    Tamper(tamper::Options),
    /// Damage every word of a proof for a contract on a chain in memory: its verdict is that of `zktorch verify`.
    Contracts(contracts::Options),
    /// Turn every check of the verifier off in turn: a test must fail without it.
    Mutants(mutants::Options),
    /// Prove ONNX's own node tests, and compare with what ONNX expects.
    Conformance(conformance::Options),
    /// Write the page about operators, `docs/operators.md`.
    Operators(operators::Options),
    /// Build the package for browsers and Node, and its demo page, into `target/npm`.
    Npm,
    /// Prove trained models that PyPI and npm packages ship, and compare with ONNX Runtime.
    Zoo(zoo::Options),
    /// Measure: every model end to end, with a report; or a part by name.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Tidy => tidy::run(),
        Command::Api(options) => api::run(&options),
        Command::Book => book::run(),
        Command::Test(options) => test::run(&options),
        Command::ProveModel(options) => prove_model::run(&options),
        Command::Tamper(options) => tamper::run(&options),
        Command::Contracts(options) => contracts::run(&options),
        Command::Mutants(options) => mutants::run(&options),
        Command::Conformance(options) => conformance::run(&options),
        Command::Operators(options) => operators::run(&options),
        Command::Npm => npm::run(),
        Command::Zoo(options) => zoo::run(&options),
        Command::Bench(options) => bench::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use crate::{book, markdown, workspace::Workspace};

    #[test]
    fn options_fit_together() {
        super::Cli::command().debug_assert();
    }

    /// `cargo xtask` on pages; the command line's own commands have such a test in `zktorch`.
    #[test]
    fn commands_on_pages_are_those_of_the_automation() {
        let mut count = 0;
        for (path, page) in book::pages(&Workspace::load().unwrap()).unwrap() {
            for block in markdown::code(&page).iter().filter(|block| block.language == "sh") {
                for (index, line) in block.text.lines().enumerate() {
                    let words = shlex::split(line.trim()).unwrap_or_default();
                    let [cargo, xtask, arguments @ ..] = words.as_slice() else { continue };
                    if cargo != "cargo" || xtask != "xtask" {
                        continue;
                    }
                    let words = ["cargo xtask"].into_iter().chain(arguments.iter().map(String::as_str));
                    if let Err(error) = super::Cli::try_parse_from(words) {
                        panic!("{}:{}: {error}", path.display(), block.line + index);
                    }
                    count += 1;
                }
            }
        }
        assert!(count >= 10, "{count} commands");
    }
}
