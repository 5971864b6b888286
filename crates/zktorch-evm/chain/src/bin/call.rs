//! `call --vk VK CALL`: deploys a model's verifier on a chain in memory, and calls it with what `zktorch calldata-evm` wrote. Whoever
//! pays for the transaction on a real chain knows then what it does, and its gas.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use serde_json::Value;
use zktorch_commit::SrsPolicy;
use zktorch_evm::Contract;
use zktorch_evm::contract::TRANSACTION_CAP;
use zktorch_evm_chain::Chain;
use zktorch_evm_chain::primitives::hardfork::SpecId;
use zktorch_evm_chain::primitives::{Address, hex};
use zktorch_files::UncheckedVk;

#[derive(Parser)]
struct Options {
    /// Verifying key. Its SRS is accepted whatever it is: nothing is deployed but here
    #[arg(long)]
    vk: PathBuf,
    /// Under the rules of Osaka, not Prague
    #[arg(long)]
    osaka: bool,
    /// What calldata-evm wrote
    call: PathBuf,
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

#[allow(clippy::print_stdout, reason = "what it is for")]
fn run(options: &Options) -> Result<bool> {
    let read = |path: &PathBuf| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let UncheckedVk::Whole(key) = UncheckedVk::from_file(&read(&options.vk)?, None)? else {
        bail!("{}: a key in shards has no contract", options.vk.display());
    };
    let policy = SrsPolicy::new().allow_insecure().accept(key.srs().id());
    let contract = Contract::of_key(&key.check(&policy)?)?;
    let call: Value = serde_json::from_slice(&read(&options.call)?)
        .with_context(|| format!("{}: not what calldata-evm writes", options.call.display()))?;
    let data = call["calldata"].as_str().ok_or_else(|| anyhow!("{}: no calldata", options.call.display()))?;
    let data = hex::decode(data).with_context(|| format!("{}: calldata", options.call.display()))?;

    let mut chain = Chain::new(if options.osaka { SpecId::OSAKA } else { SpecId::PRAGUE });
    let verifier = chain.deploy(&contract)?;
    println!("{:>11} gas to deploy, in {} transactions", verifier.gas, verifier.segments.len() + 1);
    let answer = chain.call(Address::ZERO, verifier.address, data, TRANSACTION_CAP)?;
    let verdict = if answer.accepted() {
        "accepted"
    } else if answer.refused() {
        "refused"
    } else {
        "reverted"
    };
    println!("{:>11} gas of the call (at most {} foretold)", answer.gas, contract.transaction_gas());
    println!("{verdict}");
    Ok(answer.accepted())
}
