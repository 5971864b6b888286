//! `zktorch-evm export | audit | calldata | estimate`: what `zktorch export-evm` and its siblings start.
//!
//! Exit status, as of `zktorch`: 0 done, 1 something else is deployed or the proof is not accepted, 2 anything else.

mod commands;
mod files;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use zktorch_files::{Bytes32, explained, printable};

use commands::Outcome;

/// Contracts that verify the proofs of one model.
#[derive(Debug, Parser)]
#[command(name = "zktorch-evm", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a model's contracts and what deploying and calling them costs
    Export(Export),
    /// Compare code that is deployed with what the key says
    Audit(Audit),
    /// Write a proof as the arguments of `verify`
    Calldata(Calldata),
    /// Say what verifying on chain would cost; nothing is written
    Estimate(Key),
}

/// The model, and whom it trusts.
#[derive(Debug, Args)]
struct Key {
    /// Verifying key, made by setup with --transcript keccak
    #[arg(long, value_name = "VK")]
    vk: PathBuf,
    /// The model that the key has to be of
    #[arg(long, value_name = "ID")]
    model_id: Option<Bytes32>,
    /// Accept the SRS with this id, too
    #[arg(long, value_name = "ID")]
    accept_srs: Option<Bytes32>,
    /// Accept the development SRS: anybody can make proofs that the contract accepts
    #[arg(long)]
    allow_insecure_srs: bool,
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    key: Key,
    /// Folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct Audit {
    #[command(flatten)]
    key: Key,
    /// Folder with the code that is deployed, as eth_getCode gives it: verifier.hex, table.hex, segment-00.hex, ...
    #[arg(long, value_name = "DIR")]
    code: PathBuf,
}

#[derive(Debug, Args)]
struct Calldata {
    #[command(flatten)]
    key: Key,
    /// Proof
    #[arg(long, value_name = "FILE")]
    proof: PathBuf,
    /// Statement
    #[arg(long, value_name = "FILE")]
    statement: PathBuf,
    /// The context that the proof was made with, 32 bytes: @FILE, 0x and 64 hexadecimal digits, or text
    #[arg(long, value_name = "WORD")]
    context: String,
    /// JSON file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match commands::run(&Cli::parse().command) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused(reason)) => {
            eprintln!("rejected: {}", printable(&reason));
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("error: {}", printable(&explained(error.as_ref())));
            ExitCode::from(2)
        }
    }
}
