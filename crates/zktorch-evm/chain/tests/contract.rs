//! The contract accepts and refuses what `zktorch verify` does, on a chain.
#![allow(clippy::unwrap_used, reason = "tests")]

use zktorch_evm::audit::Deployed;
use zktorch_evm::contract::TRANSACTION_CAP;
use zktorch_evm::{EvmError, Inputs};
use zktorch_evm_chain::models::{Case, Network};
use zktorch_evm_chain::mutations::Mutation;
use zktorch_evm_chain::primitives::hardfork::SpecId;
use zktorch_evm_chain::primitives::{Address, keccak256};
use zktorch_evm_chain::{Answer, Chain, Verifier, verify_call};
use zktorch_graph::Visibility;

const CONTEXT: [u8; 32] = *b"a challenge of the caller, 32 by";
const USER: Address = Address::repeat_byte(0x11);

struct Deployment {
    case: Case,
    chain: Chain,
    verifier: Verifier,
    inputs: Inputs,
}

impl Deployment {
    fn new(network: Network, input: Visibility) -> Self {
        let case = Case::new(network, input).unwrap();
        let mut chain = Chain::default();
        let verifier = chain.deploy(&case.contract).unwrap();
        let inputs = case.prove(&CONTEXT).unwrap();
        Self { case, chain, verifier, inputs }
    }

    fn call(&mut self, context: &[u8; 32], arguments: &[Vec<u8>; 2], gas: u64) -> Answer {
        self.chain.call(USER, self.verifier.address, verify_call(context, arguments), gas).unwrap()
    }

    /// The contract's verdict, which is the verifier's.
    fn verdict(&mut self, arguments: &[Vec<u8>; 2]) -> bool {
        let answer = self.call(&CONTEXT, arguments, TRANSACTION_CAP);
        let verdict = self.case.verdict(&CONTEXT, arguments).unwrap();
        assert!(if verdict { answer.accepted() } else { answer.refused() }, "{verdict}, {answer:?}");
        verdict
    }

    /// An honest proof, and what is like one, with the gas that was foretold.
    fn works(&mut self) {
        let honest = self.inputs.arguments();
        let answer = self.call(&CONTEXT, &honest, TRANSACTION_CAP);
        assert!(answer.accepted(), "{answer:?}");
        let data: u64 =
            verify_call(&CONTEXT, &honest).iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum();
        let (measured, foretold) = (answer.gas - 21_000 - data, self.case.contract.verification_gas());
        assert!(
            measured <= foretold && 100 * measured >= 95 * foretold,
            "{measured} measured, {foretold} foretold"
        );
        assert!(answer.gas <= self.case.contract.transaction_gas());
        assert!(self.verifier.gas <= self.case.contract.deployment_gas());
        assert!(20 * self.verifier.gas >= 19 * self.case.contract.deployment_gas());
        let [proof, public] = honest.clone();
        // Another context; a word less, and more, of each.
        assert!(self.call(&[7; 32], &honest, TRANSACTION_CAP).refused());
        let longer = |bytes: &[u8]| [bytes, &[0; 32]].concat();
        assert!(!self.verdict(&[proof[32..].to_vec(), public.clone()]));
        assert!(!self.verdict(&[longer(&proof), public.clone()]));
        assert!(!self.verdict(&[proof.clone(), public[32..].to_vec()]));
        assert!(!self.verdict(&[proof.clone(), longer(&public)]));
        assert!(!self.verdict(&[proof[1..].to_vec(), public.clone()]));
        // The same bytes, cut elsewhere.
        let (first, last) = proof.split_at(proof.len() - 64);
        assert!(!self.verdict(&[first.to_vec(), [last, &public].concat()]));
    }

    /// Damages of all kinds, and a bit of every so-manieth word.
    fn refuses(&mut self, mutations: u64, step: usize) {
        let honest = self.inputs.arguments();
        let words = honest.iter().map(Vec::len).sum::<usize>() / 32;
        let points = self.inputs.points.len();
        let random = (0..mutations).map(|i| Mutation::nth(i, words, points));
        let bits = (0..words).step_by(step).map(|word| Mutation::Bit(word, 255 - 7));
        for mutation in random.chain(bits) {
            let mut bytes = honest.concat();
            let changed = mutation.apply(&mut bytes);
            let (proof, public) = bytes.split_at(honest[0].len());
            let accepted = self.verdict(&[proof.to_vec(), public.to_vec()]);
            assert_eq!(accepted, !changed, "{mutation:?}");
        }
    }
}

#[test]
fn the_digits_perceptron() {
    let mut deployment = Deployment::new(Network::DigitsMlp, Visibility::Private);
    deployment.works();
    deployment.refuses(120, 9);
}

#[test]
fn the_convolutional_digits_classifier() {
    let mut deployment = Deployment::new(Network::DigitsCnn, Visibility::Public);
    deployment.works();
    deployment.refuses(80, 11);
}

#[test]
fn the_large_perceptron() {
    let mut deployment = Deployment::new(Network::Mlp, Visibility::Public);
    deployment.works();
    deployment.refuses(20, 31);
}

#[test]
fn lenet() {
    let mut deployment = Deployment::new(Network::Lenet, Visibility::Private);
    deployment.works();
    deployment.refuses(20, 31);
}

/// Scalars and coordinates that are no canonical words, and points off the curve, by name.
#[test]
fn words_that_are_no_scalars_or_points_are_refused() {
    let mut deployment = Deployment::new(Network::DigitsMlp, Visibility::Public);
    let honest = deployment.inputs.arguments();
    let points = deployment.inputs.points.len();
    let scalars = deployment.inputs.scalars.len();
    let mutations = [
        Mutation::Order(2 * points),
        Mutation::Order(2 * points + scalars - 1),
        Mutation::Modulus(0),
        Mutation::Modulus(2 * points - 1),
        Mutation::Constant(2 * points, 2),
        Mutation::Constant(1, 1),
        Mutation::Point(0, true),
        Mutation::Point(points - 1, true),
        Mutation::Point(points - 1, false),
    ];
    for mutation in mutations {
        let mut bytes = honest[0].clone();
        assert!(mutation.apply(&mut bytes), "{mutation:?}");
        assert!(!deployment.verdict(&[bytes, honest[1].clone()]), "{mutation:?}");
    }
}

/// What public values are does not change the matrices that a proof is about.
#[test]
fn inputs_of_zeros_are_inputs() {
    for network in [Network::DigitsMlp, Network::DigitsCnn] {
        let mut deployment = Deployment::new(network, Visibility::Public);
        let mut values = deployment.case.values().to_vec();
        values[0].fill(0);
        for pixel in [0, 1] {
            values[0][0] = pixel;
            let proof = deployment.case.prove_of(&values, &CONTEXT).unwrap();
            assert!(deployment.verdict(&proof.arguments()), "{network:?}, {pixel}");
        }
    }
}

/// The words of a tensor that no step reads are held to its range, and to zeros behind it.
#[test]
fn public_tensors_that_nothing_reads_are_checked() {
    let case = Case::with_unread_input().unwrap();
    let mut chain = Chain::default();
    let verifier = chain.deploy(&case.contract).unwrap();
    let inputs = case.prove(&CONTEXT).unwrap();
    let mut deployment = Deployment { case, chain, verifier, inputs };
    let honest = deployment.inputs.arguments();
    assert!(deployment.verdict(&honest));
    let tensors = &deployment.case.contract.publics;
    let before = tensors.iter().take_while(|tensor| tensor.name != "unread");
    let at: usize = before.map(|tensor| 32 * tensor.words()).sum();
    for byte in [0, 3, 12, 31] {
        let mut changed = honest.clone();
        changed[1][at + byte] ^= 1;
        assert!(!deployment.verdict(&changed), "byte {byte}");
    }
}

/// Another model's proof, which is as long, and one of another input.
#[test]
fn proofs_of_other_things_are_refused() {
    let mut deployment = Deployment::new(Network::DigitsMlp, Visibility::Public);
    let mut values = deployment.case.values().to_vec();
    values[0][5] += 1;
    let other = deployment.case.prove_of(&values, &CONTEXT).unwrap();
    assert!(deployment.verdict(&other.arguments()));
    let [proof, _] = other.arguments();
    let [_, public] = deployment.inputs.arguments();
    assert!(!deployment.verdict(&[proof, public]));

    // The same network with one weight changed.
    let twin = deployment.case.twin().unwrap();
    let foreign = twin.prove(&CONTEXT).unwrap();
    assert_eq!(twin.contract.lengths, deployment.case.contract.lengths);
    assert!(!deployment.verdict(&foreign.arguments()));
    assert_ne!(twin.contract.program(), deployment.case.contract.program());
}

/// A gas limit that is too small is told as that, and never as a proof that is refused.
#[test]
fn too_little_gas_is_no_refusal() {
    let mut deployment = Deployment::new(Network::DigitsMlp, Visibility::Private);
    let honest = deployment.inputs.arguments();
    let enough = deployment.call(&CONTEXT, &honest, TRANSACTION_CAP).gas;
    let starved = &keccak256("NotEnoughGas(uint256)")[..4];
    let (mut told, mut accepted) = (0, 0);
    for gas in (enough / 3..enough + enough / 6).step_by(20_011) {
        let answer = deployment.call(&CONTEXT, &honest, gas);
        assert!(!answer.refused(), "with {gas} gas an honest proof looks false");
        match &answer.reverted {
            Some(error) => told += u32::from(error.starts_with(starved)),
            None => accepted += u32::from(answer.accepted()),
        }
    }
    assert!(told > 10 && accepted > 2, "{told} told, {accepted} accepted");
    // What is needed is enough.
    let data: u64 = verify_call(&CONTEXT, &honest).iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum();
    let needed = 21_000 + data + deployment.case.contract.gas_needed() + 2_000;
    assert!(deployment.call(&CONTEXT, &honest, needed).accepted());
}

/// The hard fork after the one that is named changes the price of an inverse, and nothing else that is used.
#[test]
fn osaka_runs_the_code() {
    let case = Case::new(Network::DigitsMlp, Visibility::Private).unwrap();
    let mut chain = Chain::new(SpecId::OSAKA);
    let verifier = chain.deploy(&case.contract).unwrap();
    let honest = case.prove(&CONTEXT).unwrap().arguments();
    let answer = chain.call(USER, verifier.address, verify_call(&CONTEXT, &honest), TRANSACTION_CAP).unwrap();
    assert!(answer.accepted() && answer.gas <= case.contract.transaction_gas());
}

/// What is deployed is compared byte for byte; a contract made of other segments is not even made.
#[test]
fn audits_find_every_difference() {
    let mut deployment = Deployment::new(Network::DigitsMlp, Visibility::Private);
    let contract = deployment.case.contract.clone();
    let deployed = deployment.chain.deployed(&deployment.verifier).unwrap();
    let addresses = contract.audit(&deployed).unwrap();
    let expected: Vec<[u8; 20]> = deployment.verifier.segments.iter().map(|address| address.0.0).collect();
    assert_eq!(addresses.segments, expected);

    let refused = |change: &dyn Fn(&mut Deployed)| {
        let mut changed = deployed.clone();
        change(&mut changed);
        matches!(contract.audit(&changed), Err(EvmError::Deployed { .. }))
    };
    for at in (0..deployed.verifier.len()).step_by(7) {
        // But the table's address, which code does not tell.
        let same = {
            let mut changed = deployed.clone();
            changed.verifier[at] ^= 1;
            contract.audit(&changed).ok()
        };
        assert!(same.is_none_or(|other| other.table != addresses.table), "byte {at} of Verifier");
    }
    for at in (0..deployed.segments[1].len()).step_by(97) {
        assert!(refused(&|deployed| deployed.segments[1][at] ^= 1), "byte {at} of a segment");
    }
    assert!(refused(&|deployed| deployed.segments.swap(0, 1)));
    assert!(refused(&|deployed| deployed.segments.truncate(1)));
    assert!(refused(&|deployed| deployed.table.truncate(21)));
    assert!(refused(&|deployed| deployed.table[0] = 1));
    assert!(refused(&|deployed| deployed.verifier.push(0)));
    assert!(refused(&|deployed| deployed.verifier.truncate(100)));

    // And of these with other gas, lengths or words on its SRS: its program is another one.
    let place = contract.verifier_creation(&expected).len() - 32 * (8 + expected.len());
    for word in 0..6 {
        let mut creation = contract.verifier_creation(&expected);
        creation[place + 32 * word + 31] ^= 1;
        assert!(deployment.chain.create(USER, creation, 0).is_err(), "argument {word}");
    }
    let mut swapped = expected.clone();
    swapped.swap(0, 1);
    for segments in [swapped, expected[1..].to_vec(), Vec::new(), vec![[9; 20]; expected.len()]] {
        assert!(deployment.chain.create(USER, contract.verifier_creation(&segments), 0).is_err());
    }
}
