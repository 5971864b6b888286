//! The commands, from a key's file to a call on a chain.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use zktorch_evm::contract::TRANSACTION_CAP;
use zktorch_evm_chain::models::{Case, Network};
use zktorch_evm_chain::primitives::Address;
use zktorch_evm_chain::{Chain, Verifier};
use zktorch_files::Interface;
use zktorch_files::container::{self, Kind, protocol};
use zktorch_graph::Visibility;

const CONTEXT: [u8; 32] = *b"a challenge of the caller, 32 by";

struct Files {
    folder: tempfile::TempDir,
    case: Case,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let case = Case::new(Network::DigitsMlp, Visibility::Private).unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write("model.vk", &container::encode(Kind::VerifyingKey, &protocol(), case.vk_bytes()));
        let (statement, proof) = case.proved(&CONTEXT).unwrap();
        write("proof.bin", &container::encode(Kind::Proof, &protocol(), &proof));
        let interface = Interface::of_key(case.vk.key()).unwrap();
        let (text, siblings) = interface.state(&statement).unwrap().to_json("statement").unwrap();
        assert!(siblings.is_empty());
        write("statement.json", text.as_bytes());
        Self { folder, case }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zktorch-evm"));
        command.args(args).current_dir(self.folder.path()).output().unwrap()
    }

    #[track_caller]
    fn succeeds(&self, args: &[&str]) -> Value {
        let output = self.run(args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    #[track_caller]
    fn fails(&self, args: &[&str], code: i32, message: &str) {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(error.contains(message), "{error}");
    }
}

fn from_hex(path: &Path) -> Vec<u8> {
    let text = fs::read_to_string(path).unwrap();
    hex::decode(text.trim().trim_start_matches("0x")).unwrap()
}

const KEY: [&str; 3] = ["--vk", "model.vk", "--allow-insecure-srs"];
const CALL: [&str; 6] = ["--proof", "proof.bin", "--statement", "statement.json", "--out", "call.json"];

fn with<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[command][..], &KEY, more].concat()
}

#[test]
fn from_a_key_to_a_call() {
    let files = Files::new();
    // Nothing is written for a development SRS that nobody has asked for.
    files.fails(&["export", "--vk", "model.vk", "--out", "contracts"], 2, "development");
    assert!(!files.at("contracts").exists());
    let manifest = files.succeeds(&with("export", &["--out", "contracts"]));
    let written = fs::read(files.at("contracts/manifest.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), manifest);
    assert_eq!(manifest, files.succeeds(&with("estimate", &[])));
    assert_eq!(manifest["model_id"], files.case.vk.model_id().to_string());
    assert_eq!(manifest["development_srs"], true);
    files.fails(&with("export", &["--out", "contracts"]), 2, "is there already");

    // Deployed from the files alone.
    let mut chain = Chain::default();
    let mut segments = Vec::new();
    for segment in manifest["segments"].as_array().unwrap() {
        let creation = from_hex(&files.at("contracts").join(segment["creation"].as_str().unwrap()));
        segments.push(chain.create(Address::ZERO, creation, 0).unwrap().0);
    }
    let addresses: Vec<[u8; 20]> = segments.iter().map(|address| address.0.0).collect();
    let creation = files.case.contract.verifier_creation(&addresses);
    let artifact: Value =
        serde_json::from_slice(&fs::read(files.at("contracts/Verifier.json")).unwrap()).unwrap();
    let bytecode = hex::decode(&artifact["bytecode"].as_str().unwrap()[2..]).unwrap();
    assert!(creation.starts_with(&bytecode));
    let (address, gas) = chain.create(Address::ZERO, creation, 0).unwrap();
    let verifier = Verifier { address, segments, gas };

    // The codes, as a node gives them.
    let deployed = chain.deployed(&verifier).unwrap();
    fs::create_dir(files.at("code")).unwrap();
    let write = |name: &str, code: &[u8]| {
        fs::write(files.at("code").join(name), format!("0x{}\n", hex::encode(code))).unwrap();
    };
    write("verifier.hex", &deployed.verifier);
    write("table.hex", &deployed.table);
    for (index, code) in deployed.segments.iter().enumerate() {
        write(&format!("segment-{index:02}.hex"), code);
    }
    let audited = files.succeeds(&with("audit", &["--code", "code"]));
    assert_eq!(audited["segments_have_to_be_at"].as_array().unwrap().len(), addresses.len());
    let mut changed = deployed.segments[0].clone();
    changed[200] ^= 1;
    write("segment-00.hex", &changed);
    files.fails(&with("audit", &["--code", "code"]), 1, "the code of segment 0");
    write("segment-00.hex", &vec![0; 30_000]);
    files.fails(&with("audit", &["--code", "code"]), 2, "expected at most");
    fs::write(files.at("code/segment-00.hex"), "0xno").unwrap();
    files.fails(&with("audit", &["--code", "code"]), 2, "hexadecimal");

    // A call of a proof, which is tried first.
    let context = format!("0x{}", hex::encode(CONTEXT));
    files.fails(&with("calldata", &[&CALL[..], &["--context", "short"]].concat()), 2, "32 bytes");
    let other = "0x".to_owned() + &"07".repeat(32);
    files.fails(
        &with("calldata", &[&CALL[..], &["--context", other.as_str()]].concat()),
        1,
        "would not accept",
    );
    assert!(!files.at("call.json").exists());
    files.succeeds(&with("calldata", &[&CALL[..], &["--context", context.as_str()]].concat()));
    let call: Value = serde_json::from_slice(&fs::read(files.at("call.json")).unwrap()).unwrap();
    let calldata = hex::decode(&call["calldata"].as_str().unwrap()[2..]).unwrap();
    assert!(chain.call(Address::ZERO, verifier.address, calldata, TRANSACTION_CAP).unwrap().accepted());
}

#[test]
fn bad_files_are_told() {
    let files = Files::new();
    files.fails(&["estimate", "--vk", "none.vk"], 2, "cannot open none.vk");
    files.fails(&["estimate", "--vk", "proof.bin", "--allow-insecure-srs"], 2, "expected a verifying key");
    let id = "00".repeat(32);
    files.fails(&with("estimate", &["--model-id", id.as_str()]), 2, "model");
    fs::write(files.at("proof.bin"), b"nothing").unwrap();
    let text = String::from_utf8_lossy(&CONTEXT).into_owned();
    files.fails(&with("calldata", &[&CALL[..], &["--context", text.as_str()]].concat()), 2, "proof.bin");
    files.fails(&["export", "--vk", "model.vk"], 2, "--out");
}
