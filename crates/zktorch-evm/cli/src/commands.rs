//! What the commands do.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use zktorch_commit::srs::DEVELOPMENT;
use zktorch_commit::{SrsId, SrsPolicy};
use zktorch_evm::artifact::VERIFIER;
use zktorch_evm::audit::Deployed;
use zktorch_evm::contract::{HARD_FORK, TRANSACTION_CAP, creation};
use zktorch_evm::{Contract, EvmError, Inputs, Program};
use zktorch_files::container::{self, Kind, protocol};
use zktorch_files::statement::Statement;
use zktorch_files::{Interface, UncheckedVk};
use zktorch_verifier::{MAX_KEY_BYTES, ModelId, VerifyingKey};

use crate::files::{read, read_hex, write_file, write_folder};
use crate::{Audit, Calldata, Command, Export, Key};

/// Files of the prover's that are larger are refused.
const MAX_BYTES: u64 = 256 << 20;
/// No contract is longer.
const MAX_CODE: u64 = 24_576;

/// How a command ended, if not with an error.
pub(crate) enum Outcome {
    /// Done.
    Done,
    /// Not what the key says, or not accepted, and why.
    Refused(String),
}

pub(crate) fn run(command: &Command) -> Result<Outcome> {
    match command {
        Command::Export(options) => export(options),
        Command::Audit(options) => audit(options),
        Command::Calldata(options) => calldata(options),
        Command::Estimate(options) => estimate(options),
    }
}

#[allow(clippy::print_stdout, reason = "answers")]
fn say(value: &Value) {
    println!("{value:#}");
}

/// The key, its SRS and the ranges of its weights checked.
fn read_key(options: &Key) -> Result<(VerifyingKey, Interface)> {
    let name = || options.vk.display().to_string();
    let bytes = read(&options.vk, (MAX_KEY_BYTES + container::HEADER_BYTES) as u64)?;
    let pinned = options.model_id.map(|id| ModelId(id.0));
    let vk = UncheckedVk::from_file(&bytes, pinned).with_context(name)?;
    let interface = vk.interface().with_context(name)?;
    let UncheckedVk::Whole(key) = vk else {
        bail!("{}: expected a key in one piece, found one in shards, which no contract verifies", name());
    };
    let mut policy = SrsPolicy::new();
    if let Some(id) = options.accept_srs {
        policy = policy.accept(SrsId(id.0));
    }
    if options.allow_insecure_srs {
        policy = policy.allow_insecure();
    }
    if interface.srs_id == DEVELOPMENT && !options.allow_insecure_srs {
        bail!(
            "{}: its SRS is the development one, with which anybody can make proofs that the contract accepts: set up with \
             --srs, or give --allow-insecure-srs for a contract on a test network, which says so of itself",
            name()
        );
    }
    let key = key.check(&policy).with_context(name)?;
    if options.allow_insecure_srs && key.srs_status() == zktorch_commit::SrsStatus::Insecure {
        eprintln!(
            "warning: the development SRS is accepted: anybody can make proofs that the contract accepts"
        );
    }
    Ok((key, interface))
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// What is deployed, and what it costs.
fn manifest(contract: &Contract) -> Value {
    let parts: serde_json::Map<String, Value> =
        contract.gas.iter().map(|(part, gas)| ((*part).to_owned(), json!(gas))).collect();
    let segments: Vec<Value> = (contract.segments.iter().enumerate())
        .map(|(index, code)| {
            let hash = zktorch_evm::contract::code_hash(code);
            json!({"creation": format!("segment-{index:02}.creation.hex"), "bytes": code.len(), "code_hash": hex(&hash)})
        })
        .collect();
    let publics: Vec<Value> = (contract.publics.iter())
        .map(|tensor| {
            json!({"name": tensor.name, "values": tensor.len, "least": tensor.range.lo, "largest": tensor.range.hi,
                "bytes": 32 * tensor.words()})
        })
        .collect();
    json!({
        "format": "zktorch-evm 1",
        "hard_fork": HARD_FORK,
        "model_id": contract.model_id.to_string(),
        "srs_id": hex(&contract.srs_id),
        "development_srs": contract.development,
        "program": hex(&contract.program()),
        "segments": segments,
        "constructor": {
            "id": hex(&contract.model_id.0),
            "digest": hex(&contract.program()),
            "insecure": contract.development,
            "gasLimit": contract.gas_needed(),
            "proofLength": contract.lengths[0],
            "publicLength": contract.lengths[1],
            "segments": "addresses of the segments, in their order",
        },
        "public_values": publics,
        "gas": {
            "parts": parts,
            "verification": contract.verification_gas(),
            "needed": contract.gas_needed(),
            "transaction_at_most": contract.transaction_gas(),
            "transaction_cap": TRANSACTION_CAP,
            "deployment": contract.deployment_gas(),
        },
    })
}

fn estimate(options: &Key) -> Result<Outcome> {
    let (key, _) = read_key(options)?;
    say(&manifest(&Contract::of_key(&key)?));
    Ok(Outcome::Done)
}

fn export(options: &Export) -> Result<Outcome> {
    let (key, _) = read_key(&options.key)?;
    let contract = Contract::of_key(&key)?;
    let manifest = manifest(&contract);
    let mut files = vec![
        ("manifest.json".to_owned(), format!("{manifest:#}\n").into_bytes()),
        ("Verifier.json".to_owned(), VERIFIER.as_bytes().to_vec()),
        ("Verifier.sol".to_owned(), include_bytes!("../../contracts/Verifier.sol").to_vec()),
        ("IVerifier.sol".to_owned(), include_bytes!("../../contracts/IVerifier.sol").to_vec()),
    ];
    for (index, code) in contract.segments.iter().enumerate() {
        let init = creation(code).context("a segment is longer than a contract may be")?;
        files.push((format!("segment-{index:02}.creation.hex"), format!("{}\n", hex(&init)).into_bytes()));
    }
    write_folder(&options.out, &files)?;
    say(&manifest);
    Ok(Outcome::Done)
}

fn audit(options: &Audit) -> Result<Outcome> {
    let (key, _) = read_key(&options.key)?;
    let contract = Contract::of_key(&key)?;
    let code = |name: &str| read_hex(&options.code.join(name), MAX_CODE);
    let names = (0..contract.segments.len()).map(|index| format!("segment-{index:02}.hex"));
    let deployed = Deployed {
        verifier: code("verifier.hex")?,
        table: code("table.hex")?,
        segments: names.map(|name| code(&name)).collect::<Result<_>>()?,
    };
    match contract.audit(&deployed) {
        Ok(addresses) => {
            let segments: Vec<String> = addresses.segments.iter().map(|address| hex(address)).collect();
            say(&json!({
                "same": true,
                "model_id": contract.model_id.to_string(),
                "development_srs": contract.development,
                "program": hex(&contract.program()),
                "table_has_to_be_at": hex(&addresses.table),
                "segments_have_to_be_at": segments,
            }));
            Ok(Outcome::Done)
        }
        Err(error @ EvmError::Deployed { .. }) => Ok(Outcome::Refused(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// 32 bytes.
fn context(text: &str) -> Result<Vec<u8>> {
    let bytes = match (text.strip_prefix('@'), text.strip_prefix("0x")) {
        (Some(path), _) => read(Path::new(path), 32)?,
        (_, Some(digits)) if digits.len() == 64 => {
            hex::decode(digits).map_err(|_| anyhow!("--context: expected hexadecimal digits behind 0x"))?
        }
        _ => text.as_bytes().to_vec(),
    };
    match bytes.len() {
        32 => Ok(bytes),
        got => Err(EvmError::Context { got }.into()),
    }
}

fn calldata(options: &Calldata) -> Result<Outcome> {
    let context = context(&options.context)?;
    let (key, interface) = read_key(&options.key)?;
    let beside = |name: &str, limit: u64| {
        let path = options.statement.with_file_name(name);
        read(&path, limit).map_err(|error| {
            zktorch_files::Error::format("statement", name, "a file that can be read", error.to_string())
        })
    };
    let text = read(&options.statement, MAX_BYTES)?;
    let named = || options.statement.display().to_string();
    let file = Statement::from_json(&text, beside).with_context(named)?;
    let statement = interface.check(&file, 1, context).with_context(named)?;
    let proof = read(&options.proof, MAX_BYTES)?;
    let named = || options.proof.display().to_string();
    let proof = container::decode(&proof, Kind::Proof, &protocol()).with_context(named)?;
    let inputs = Inputs::new(key.key(), &statement, proof).with_context(named)?;
    // Before somebody pays for being told.
    let program = Program::of_key(key.key())?;
    if !program.run(&inputs) {
        return Ok(Outcome::Refused(format!(
            "{}: the contract would not accept it",
            options.proof.display()
        )));
    }
    let [proof, public] = inputs.arguments();
    let arguments = json!({
        "function": "verify(bytes,bytes,bytes32)",
        "proof": hex(&proof),
        "publicValues": hex(&public),
        "context": hex(&inputs.context),
        "calldata": hex(&inputs.calldata()),
    });
    write_file(&options.out, format!("{arguments:#}\n").as_bytes())?;
    let gas = Contract::new(&key, &program)?.transaction_gas();
    say(
        &json!({"accepted": true, "proof_bytes": proof.len(), "public_bytes": public.len(), "gas_at_most": gas}),
    );
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use zktorch_evm::artifact::Artifact;

    use super::*;

    #[test]
    fn contexts_are_words() {
        let text = "a challenge of the caller, 32 by";
        assert_eq!(context(text).unwrap_or_default(), text.as_bytes());
        assert_eq!(context(&format!("0x{}", "0f".repeat(32))).unwrap_or_default(), [15; 32]);
        for wrong in ["short", "0x12", &format!("0x{}", "zz".repeat(32)), "@/no/such/file"] {
            assert!(context(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_artifact_is_that_of_the_contract() {
        let runtime = Artifact::verifier().runtime;
        assert!(runtime.len() as u64 <= MAX_CODE);
    }
}
