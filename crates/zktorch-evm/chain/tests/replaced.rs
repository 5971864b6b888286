//! A contract that destroys itself in the transaction that makes it can be made again, at its address, with another code: the verifier
//! must look at its segments' codes in every call, not only when it is made.
#![allow(clippy::unwrap_used, reason = "tests")]

use zktorch_evm::Contract;
use zktorch_evm::contract::{TRANSACTION_CAP, calldata, creation};
use zktorch_evm_chain::models::{Case, Network};
use zktorch_evm_chain::primitives::{Address, keccak256};
use zktorch_evm_chain::{Chain, verify_call};
use zktorch_graph::Visibility;

const USER: Address = Address::repeat_byte(0x11);
/// A segment that returns the word 0, which refuses everything, and one that returns 1.
const REFUSES: &[u8] = &[0x5f, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3];
const ACCEPTS: &[u8] = &[0x60, 0x01, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3];
/// The flag, in the last byte of a word of code, that its contract is to destroy itself.
const DESTROY: u8 = 0x80;

/// Code that makes the code which its caller answers with (a word: code, then its length). With the flag it destroys itself first, by
/// a call of another contract's SELFDESTRUCT: the code is gone when the transaction ends.
fn changing(destroyer: Address) -> Vec<u8> {
    // mload(0) of what the caller answers; its last byte, without the flag, is the length that is returned.
    let mut code = vec![0x60, 0x20, 0x5f, 0x5f, 0x5f, 0x33, 0x5a, 0xfa, 0x50, 0x5f, 0x51];
    code.extend([0x80, 0x60, DESTROY, 0x16, 0x15, 0x60, 0, 0x57]);
    let place = code.len() - 2;
    code.extend([0x5f, 0x5f, 0x5f, 0x5f, 0x73]);
    code.extend(destroyer);
    code.extend([0x5a, 0xf4, 0x50]);
    code[place] = code.len() as u8;
    code.extend([0x5b, 0x60, 0x7f, 0x16, 0x5f, 0xf3]);
    code
}

/// A contract that answers an empty call with its word, and another call, (word, code that makes a contract), by keeping the word,
/// making the changing contract, always at the same address, and then the other one.
fn factory(changing: &[u8]) -> Vec<u8> {
    let mut code = vec![0x36, 0x60, 0, 0x57, 0x5f, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3];
    code[2] = code.len() as u8;
    code.extend([0x5b, 0x5f, 0x35, 0x5f, 0x55]);
    for (word, at) in changing.chunks(32).zip((0u8..).step_by(32)) {
        let mut full = [0; 32];
        full[..word.len()].copy_from_slice(word);
        code.push(0x7f);
        code.extend(full);
        code.extend([0x60, at, 0x52]);
    }
    // create2(0, 0, length, 0); then create of what follows the word in the calldata.
    code.extend([0x5f, 0x60, changing.len() as u8, 0x5f, 0x5f, 0xf5]);
    code.extend([0x60, 0x20, 0x36, 0x03, 0x80, 0x60, 0x20, 0x5f, 0x37, 0x5f, 0x5f, 0xf0]);
    code.extend([0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]);
    code
}

fn word(code: &[u8], flag: u8) -> Vec<u8> {
    let mut word = [0; 32];
    word[..code.len()].copy_from_slice(code);
    word[31] = code.len() as u8 | flag;
    word.to_vec()
}

#[test]
fn segments_that_were_replaced_are_not_called() {
    let honest = Case::new(Network::DigitsMlp, Visibility::Private).unwrap().contract;
    let contract =
        Contract { segments: vec![REFUSES.to_vec()], gas: vec![("all", 10_000)], lengths: [64, 0], ..honest };
    let mut chain = Chain::default();
    let mut make = |code: &[u8]| chain.create(USER, creation(code).unwrap(), 0).unwrap().0;
    let destroyer = make(&[0x5f, 0xff]);
    let changing = changing(destroyer);
    let factory = make(&factory(&changing));
    let segment = {
        let mut bytes = vec![0xff];
        bytes.extend(factory);
        bytes.extend([0; 32]);
        bytes.extend(keccak256(&changing));
        Address::from_slice(&keccak256(&bytes)[12..])
    };

    // The honest verifier of the honest segment, which is gone when this transaction ends.
    let data = [word(REFUSES, DESTROY), contract.verifier_creation(&[segment.0.0])].concat();
    let made = chain.call(USER, factory, data, TRANSACTION_CAP).unwrap().output.unwrap();
    let verifier = Address::from_slice(&made[12..]);
    assert!(chain.code(segment).is_empty() && !chain.code(verifier).is_empty());
    let program = chain.call(USER, verifier, calldata("program()", &[], None), TRANSACTION_CAP).unwrap();
    assert_eq!(program.output.unwrap(), contract.program());
    let garbage = verify_call(&[5; 32], &[vec![0; 64], Vec::new()]);
    let before = chain.call(USER, verifier, garbage.clone(), TRANSACTION_CAP).unwrap();
    assert!(before.reverted.is_some(), "{before:?}");

    // There is another one at its address now.
    chain.call(USER, factory, word(ACCEPTS, 0), TRANSACTION_CAP).unwrap();
    assert_eq!(chain.code(segment), ACCEPTS);
    let after = chain.call(USER, verifier, garbage, TRANSACTION_CAP).unwrap();
    let error = &keccak256("AnotherProgram(bytes32,bytes32)")[..4];
    assert!(after.reverted.as_ref().is_some_and(|data| data.starts_with(error)), "{after:?}");
}
