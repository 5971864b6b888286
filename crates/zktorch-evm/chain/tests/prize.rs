//! The example: a contract that pays for a digit which the committed model reads.
#![allow(clippy::unwrap_used, reason = "tests")]

use zktorch_evm::Inputs;
use zktorch_evm::artifact::Artifact;
use zktorch_evm::contract::{TRANSACTION_CAP, calldata};
use zktorch_evm_chain::models::{Case, Network};
use zktorch_evm_chain::primitives::{Address, U256, keccak256};
use zktorch_evm_chain::{Answer, Chain};
use zktorch_graph::Visibility;

const PRIZE: u64 = 1_000;
const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);
const OWNER: Address = Address::repeat_byte(0x0f);

fn word(number: u64) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

fn address(address: Address) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(address.as_slice());
    word
}

struct Game {
    case: Case,
    chain: Chain,
    verifier: Address,
    prize: Address,
}

/// The constructor's arguments: verifier, program, digit, prize, whether a development SRS will do.
fn prize(case: &Case, verifier: Address, program: [u8; 32], digit: u64, insecure: bool) -> Vec<u8> {
    let mut init = Artifact::digit_prize().creation;
    init.extend([address(verifier), program, word(digit), word(PRIZE), word(insecure.into())].concat());
    assert!(case.contract.development);
    init
}

fn largest(scores: &[i32]) -> u64 {
    let best = scores.iter().max().unwrap();
    scores.iter().position(|score| score == best).unwrap() as u64
}

impl Game {
    fn new(off: u64) -> Self {
        let case = Case::new(Network::DigitsMlp, Visibility::Private).unwrap();
        let digit = largest(&case.prove(&[0; 32]).unwrap().publics[0]);
        let mut chain = Chain::default();
        chain.fund(OWNER, 10 * PRIZE);
        let verifier = chain.deploy(&case.contract).unwrap().address;
        let program = case.contract.program();
        let init = prize(&case, verifier, program, (digit + off) % 10, true);
        let (prize, _) = chain.create(OWNER, init, 3 * PRIZE).unwrap();
        Self { case, chain, verifier, prize }
    }

    fn context(&mut self, claimant: Address) -> [u8; 32] {
        let mut data = keccak256("contextOf(address)")[..4].to_vec();
        data.extend(address(claimant));
        let answer = self.chain.call(claimant, self.prize, data, TRANSACTION_CAP).unwrap();
        answer.output.unwrap().try_into().unwrap()
    }

    fn claim(&mut self, claimant: Address, inputs: &Inputs) -> Answer {
        let data = calldata("claim(bytes,bytes)", &inputs.arguments(), None);
        self.chain.call(claimant, self.prize, data, TRANSACTION_CAP).unwrap()
    }
}

fn reverted(answer: &Answer, error: &str) -> bool {
    answer.reverted.as_ref().is_some_and(|data| data.starts_with(&keccak256(error)[..4]))
}

#[test]
fn the_prize_is_paid_once_for_a_proof() {
    let mut game = Game::new(0);
    let context = game.context(ALICE);
    let proof = game.case.prove(&context).unwrap();
    // Whoever sees the proof and claims first gets nothing: it is Alice's.
    assert!(reverted(&game.claim(BOB, &proof), "Refused()"));
    assert_eq!(game.chain.balance(BOB), U256::ZERO);

    assert!(game.claim(ALICE, &proof).output.is_some());
    assert_eq!(game.chain.balance(ALICE), U256::from(PRIZE));
    assert!(reverted(&game.claim(ALICE, &proof), "Refused()"));
    assert_eq!(game.chain.balance(ALICE), U256::from(PRIZE));

    // A new proof is paid for, until nothing is left.
    for paid in 2..=3u64 {
        let context = game.context(ALICE);
        let proof = game.case.prove(&context).unwrap();
        assert!(game.claim(ALICE, &proof).output.is_some());
        assert_eq!(game.chain.balance(ALICE), U256::from(paid * PRIZE));
    }
    let context = game.context(ALICE);
    let proof = game.case.prove(&context).unwrap();
    assert!(reverted(&game.claim(ALICE, &proof), "NotPaid()"));
    // Who pays in makes it worth something again.
    game.chain.fund(BOB, PRIZE);
    game.chain.pay(BOB, game.prize, PRIZE).unwrap();
    assert!(game.claim(ALICE, &proof).output.is_some());
    // Scores that were changed are no proof.
    let mut changed = proof;
    changed.publics[0][0] += 1;
    assert!(reverted(&game.claim(ALICE, &changed), "Refused()"));
}

/// A proof is for one contract: there may be many prizes on one verifier.
#[test]
fn another_prize_has_other_contexts() {
    let mut game = Game::new(0);
    let first = game.prize;
    let proof = {
        let context = game.context(ALICE);
        game.case.prove(&context).unwrap()
    };
    let digit = largest(&proof.publics[0]);
    let init = prize(&game.case, game.verifier, game.case.contract.program(), digit, true);
    game.prize = game.chain.create(OWNER, init, PRIZE).unwrap().0;
    assert!(reverted(&game.claim(ALICE, &proof), "Refused()"));
    // More scores than the network has, and none.
    let [bytes, scores] = proof.arguments();
    for scores in [[&scores[..], &[0; 32]].concat(), Vec::new()] {
        let data = calldata("claim(bytes,bytes)", &[bytes.clone(), scores], None);
        let answer = game.chain.call(ALICE, first, data, TRANSACTION_CAP).unwrap();
        assert!(reverted(&answer, "NotTenScores(uint256)"));
    }
    game.prize = first;
    assert!(game.claim(ALICE, &proof).output.is_some());
}

#[test]
fn another_digit_is_not_paid() {
    let mut game = Game::new(1);
    let context = game.context(ALICE);
    let proof = game.case.prove(&context).unwrap();
    assert!(reverted(&game.claim(ALICE, &proof), "AnotherDigit(uint256)"));
    assert_eq!(game.chain.balance(ALICE), U256::ZERO);
}

#[test]
fn a_development_srs_and_another_model_are_refused() {
    let case = Case::new(Network::DigitsMlp, Visibility::Private).unwrap();
    let mut chain = Chain::default();
    chain.fund(OWNER, PRIZE);
    let verifier = chain.deploy(&case.contract).unwrap().address;
    let program = case.contract.program();
    let insecure = chain.create(OWNER, prize(&case, verifier, program, 0, false), 0).unwrap_err().to_string();
    assert!(insecure.contains(&hex(&keccak256("InsecureSrs()")[..4])), "{insecure}");
    assert!(chain.create(OWNER, prize(&case, verifier, [9; 32], 0, true), 0).is_err());
    assert!(chain.create(OWNER, prize(&case, verifier, program, 0, true), 0).is_ok());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
