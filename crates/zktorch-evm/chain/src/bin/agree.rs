//! `agree NETWORK`: deploys a network's verifier on a chain in memory, calls it with an honest proof and with damaged ones, and says
//! what that costs. Every verdict is compared with that of `zktorch verify` and of the program; the first difference ends it.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;
use zktorch_evm::contract::TRANSACTION_CAP;
use zktorch_evm_chain::models::{Case, Network};
use zktorch_evm_chain::mutations::Mutation;
use zktorch_evm_chain::primitives::Address;
use zktorch_evm_chain::primitives::hardfork::SpecId;
use zktorch_evm_chain::{Chain, verify_call};
use zktorch_graph::Visibility;

#[derive(Parser)]
struct Options {
    /// The network
    network: Network,
    /// Keep its input private: a commitment instead of values
    #[arg(long)]
    private: bool,
    /// So many damages, of all kinds
    #[arg(long, default_value_t = 200)]
    mutations: u64,
    /// And a bit of every word
    #[arg(long)]
    words: bool,
    /// Under the rules of Osaka, not Prague
    #[arg(long)]
    osaka: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "what it is for")]
fn run(options: &Options) -> Result<()> {
    let input = if options.private { Visibility::Private } else { Visibility::Public };
    let case = Case::new(options.network, input)?;
    let context = *b"a challenge of the caller, 32 by";
    let inputs = case.prove(&context)?;
    let mut chain = Chain::new(if options.osaka { SpecId::OSAKA } else { SpecId::PRAGUE });
    let verifier = chain.deploy(&case.contract)?;
    let lengths: Vec<usize> = case.contract.segments.iter().map(Vec::len).collect();
    println!("bytes of code {lengths:?}, arguments {:?}", case.contract.lengths);
    println!("deployment {} gas, estimated {}", verifier.gas, case.contract.deployment_gas());
    for (part, gas) in &case.contract.gas {
        println!("{gas:>9} {part}");
    }
    println!("{:>9} estimated for a verification", case.contract.verification_gas());
    println!("{:>9} needed by the contract", case.contract.gas_needed());
    println!("{:>9} at most for a transaction", case.contract.transaction_gas());
    let honest = inputs.arguments();
    let answer =
        chain.call(Address::ZERO, verifier.address, verify_call(&context, &honest), TRANSACTION_CAP)?;
    println!("{:>9} measured for the transaction of an honest proof", answer.gas);
    if !answer.accepted() {
        bail!("an honest proof is not accepted: {answer:?}");
    }
    let words = honest.iter().map(Vec::len).sum::<usize>() / 32;
    let damages = (0..options.mutations).map(|i| Mutation::nth(i, words, inputs.points.len()));
    let bits = (0..if options.words { words } else { 0 }).map(|word| Mutation::Bit(word, 248));
    let (mut tried, mut accepted) = (0u64, 0u64);
    for mutation in damages.chain(bits) {
        let mut bytes = honest.concat();
        mutation.apply(&mut bytes);
        let (proof, public) = bytes.split_at(honest[0].len());
        let arguments = [proof.to_vec(), public.to_vec()];
        let answer = chain.call(
            Address::ZERO,
            verifier.address,
            verify_call(&context, &arguments),
            TRANSACTION_CAP,
        )?;
        let verdict = case.verdict(&context, &arguments)?;
        if !(if verdict { answer.accepted() } else { answer.refused() }) {
            bail!("{mutation:?}: the verifier says {verdict}, the contract {answer:?}");
        }
        tried += 1;
        accepted += u64::from(verdict);
    }
    println!("{tried} damages tried, {accepted} changed nothing; all verdicts agree");
    Ok(())
}
