//! A program accepts and refuses what the verifier does.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../zktorch-prover/tests/common/mod.rs"]
mod common;

use common::{hashed_key, key, model};
use zktorch_commit::{Srs, SrsPolicy};
use zktorch_evm::{EvmError, Inputs, Program, Word};
use zktorch_graph::{Interval, Operand, Role, Shape, Step, Tensor, TensorId, Term, View, Visibility};
use zktorch_prover::{Hash, Proved, ProvingKey, setup_beside_with_nonces};
use zktorch_verifier::{VerifyingKey, verify};

const CONTEXT: &[u8] = b"a challenge of the caller, 32 by";

fn context() -> &'static [u8] {
    CONTEXT
}

struct Case {
    key: ProvingKey,
    vk: VerifyingKey,
    proved: Proved,
    program: Program,
    inputs: Inputs,
}

fn case(input: Visibility, output: Visibility) -> Case {
    let srs = Srs::dev(10).unwrap();
    case_of(hashed_key(&model(input, output, 5), &srs, Hash::Keccak), &srs)
}

fn case_of(key: ProvingKey, srs: &Srs) -> Case {
    let proved = key.prove_with_nonce(srs, &[vec![9, -8, 7, 6, 5]], context(), [3; 32]).unwrap();
    let vk = VerifyingKey::from_bytes(key.vk_bytes()).unwrap();
    let vk = vk.check(&SrsPolicy::new().allow_insecure()).unwrap();
    let program = Program::of_key(vk.key()).unwrap();
    let inputs = Inputs::new(vk.key(), &proved.statement, &proved.proof).unwrap();
    Case { key, vk, proved, program, inputs }
}

impl Case {
    /// What the program says of these bytes; the verifier says the same.
    fn runs(&self, bytes: &[u8]) -> bool {
        let inputs = Inputs::from_bytes(&self.program, bytes);
        let accepted = inputs.as_ref().is_some_and(|inputs| self.program.run(inputs));
        let proof = inputs.and_then(|inputs| inputs.to_proof(self.vk.key()));
        let verified = proof.is_some_and(|(statement, proof)| verify(&self.vk, &statement, &proof).is_ok());
        assert_eq!(accepted, verified);
        accepted
    }
}

/// r, the order of the group.
const ORDER: Word = {
    let mut word = [0; 32];
    let limbs = [0x30644e72e131a029_u64, 0xb85045b68181585d, 0x2833e84879b97091, 0x43e1f593f0000001];
    let mut i = 0;
    while i < 32 {
        word[i] = (limbs[i / 8] >> (56 - 8 * (i % 8))) as u8;
        i += 1;
    }
    word
};

fn plus_order(word: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in word.iter_mut().zip(ORDER).rev() {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry as u8;
        carry >>= 8;
    }
}

#[test]
fn every_word_counts() {
    for (input, output) in
        [(Visibility::Public, Visibility::Private), (Visibility::Private, Visibility::Public)]
    {
        let case = case(input, output);
        let bytes = case.inputs.to_bytes();
        assert_eq!(Inputs::from_bytes(&case.program, &bytes).as_ref(), Some(&case.inputs));
        assert!(case.runs(&bytes));
        let (statement, proof) = case.inputs.to_proof(case.vk.key()).unwrap();
        assert_eq!((&statement, &proof), (&case.proved.statement, &case.proved.proof));
        for at in (0..bytes.len()).step_by(32) {
            let changed = |change: &dyn Fn(&mut [u8])| {
                let mut bytes = bytes.clone();
                change(&mut bytes[at..at + 32]);
                bytes
            };
            let bits = [(31, 1), (0, 0x80), (3, 4)];
            for (byte, bit) in bits {
                let changed = changed(&|word| word[byte] ^= bit);
                assert!(!case.runs(&changed), "the word at {at}");
            }
            assert!(!case.runs(&changed(&plus_order)), "the word at {at}");
        }
        assert!(!case.runs(&bytes[32..]) && !case.runs(&[&bytes[..], &[0; 32]].concat()));
    }
}

/// A key that shares the weights of another one has a part of its own for what is new: its chunks are where the key says, and not where
/// they would be if all weights were one part.
#[test]
fn weights_in_parts_are_where_the_key_says() {
    let srs = Srs::dev(10).unwrap();
    let first = model(Visibility::Private, Visibility::Public, 5);
    let mut second = first.clone();
    let (id, shape) = (TensorId(second.graph.tensors.len() as u32), Shape::new([3]));
    let (name, range) = ("bias".to_owned(), Interval::new(-100, 100));
    second.graph.tensors.push(Tensor { name, shape: shape.clone(), scale: 0, range, role: Role::Weight });
    let Some(Step::Rescale { acc, .. }) = second.graph.steps.last_mut() else { unreachable!() };
    acc.terms.push(Term { coeff: 1, operand: Operand::View(View::identity(id, &shape)) });
    second.weights.push((id, vec![40, -50, 60]));
    let first = hashed_key(&first, &srs, Hash::Keccak);
    let key = setup_beside_with_nonces(&second, &srs, 10, &first, [[5; 32], [6; 32]]).unwrap();
    let case = case_of(key, &srs);
    assert_eq!(case.vk.key().weight_parts().len(), 2);
    let bytes = case.inputs.to_bytes();
    assert!(case.runs(&bytes));
    for at in (0..bytes.len()).step_by(32 * 7) {
        let mut changed = bytes.clone();
        changed[at + 30] ^= 1;
        assert!(!case.runs(&changed), "the word at {at}");
    }
}

/// Another context, another model's proof, another input's.
#[test]
fn proofs_of_other_things_are_refused() {
    let case = case(Visibility::Public, Visibility::Public);
    let srs = Srs::dev(10).unwrap();
    let prove = |key: &ProvingKey, x: Vec<i32>, context: &[u8]| {
        key.prove_with_nonce(&srs, &[x], context, [4; 32]).unwrap()
    };
    let other = prove(&case.key, vec![9, -8, 7, 6, 4], context());
    let other = Inputs::new(case.vk.key(), &other.statement, &other.proof).unwrap();
    assert!(case.program.run(&other));
    let mixed = Inputs { publics: case.inputs.publics.clone(), ..other };
    assert!(!case.program.run(&mixed));
    let mixed = Inputs { context: [7; 32], ..case.inputs.clone() };
    assert!(!case.program.run(&mixed));

    let foreign = hashed_key(&model(Visibility::Public, Visibility::Public, 6), &srs, Hash::Keccak);
    let program = Program::of_key(foreign.vk()).unwrap();
    assert_eq!(program.words(), case.program.words());
    assert!(!program.run(&case.inputs));

    let long = prove(&case.key, vec![9, -8, 7, 6, 5], b"no word");
    let refused = Inputs::new(case.vk.key(), &long.statement, &long.proof);
    assert!(matches!(refused, Err(EvmError::Context { got: 7 })));
}

#[test]
fn keys_on_merlin_have_no_program() {
    let srs = Srs::dev(10).unwrap();
    let key = key(&model(Visibility::Public, Visibility::Public, 5), &srs);
    assert!(matches!(Program::of_key(key.vk()), Err(EvmError::Transcript)));
}

/// Segments are contracts, and the same for everybody.
#[test]
fn segments_fit_and_follow_from_the_key() {
    let case = case(Visibility::Public, Visibility::Private);
    let codes = case.program.segments().unwrap().codes;
    assert!(codes.iter().all(|code| code.len() <= 24_576));
    assert_eq!(Program::of_key(case.vk.key()).unwrap().segments().unwrap().codes, codes);
}
