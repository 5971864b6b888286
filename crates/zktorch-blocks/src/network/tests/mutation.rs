//! Bytes from strangers, and proofs of other statements.

use ark_ff::{BigInteger, PrimeField};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use zktorch_channel::Shape;
use zktorch_commit::Commitment;
use zktorch_field::{Fq, Fr, G1Affine};
use zktorch_graph::Visibility::{self, Private, Public};
use zktorch_graph::layout::Scope;
use zktorch_graph::{Interval, Role};
use zktorch_transcript::wire::point_to_bytes;

use crate::test_util::{Case, tiny};
use crate::{BlockError, Network, NetworkProof, Statement};

struct Encoded {
    case: Case,
    shape: Shape,
    bytes: Vec<u8>,
}

fn encoded(input: Visibility, output: Visibility) -> Encoded {
    let case = Case::new(tiny(input, output), 8, 5);
    let shape = case.statement().shape().unwrap();
    let bytes = case.prove().to_bytes();
    Encoded { case, shape, bytes }
}

impl Encoded {
    fn decode(&self, bytes: &[u8]) -> Result<NetworkProof, BlockError> {
        NetworkProof::from_bytes(&self.case.network, &self.shape, bytes)
    }

    fn accepts(&self, bytes: &[u8]) -> bool {
        self.decode(bytes).is_ok_and(|proof| self.case.verify(&proof).is_ok())
    }
}

#[test]
fn every_word_of_a_proof_matters() {
    let proof = encoded(Private, Public);
    assert!(proof.accepts(&proof.bytes));
    let generator = point_to_bytes(&G1Affine::new_unchecked(Fq::from(1u64), Fq::from(2u64)));
    let words = proof.bytes.len() / 32;
    assert_eq!(words * 32, proof.bytes.len());
    let [v, h] = proof.case.network.proof_chunks();
    for word in 0..words {
        // Every byte position occurs, and every bit position.
        for i in 0..3 {
            let mut bytes = proof.bytes.clone();
            bytes[32 * word + (5 * word + 11 * i) % 32] ^= 1 << ((word + 3 * i) % 8);
            assert!(!proof.accepts(&bytes), "word {word} does not matter");
        }
        // Another valid point in the place of each of V and H.
        if word < v + h {
            let mut bytes = proof.bytes.clone();
            bytes[32 * word..32 * (word + 1)].copy_from_slice(&generator);
            let decoded = proof.decode(&bytes).unwrap();
            assert!(proof.case.verify(&decoded).is_err(), "chunk {word} does not matter");
        }
    }
}

#[test]
fn lengths_are_exact() {
    let proof = encoded(Public, Public);
    let expected = proof.bytes.len();
    let refused = |bytes: &[u8]| match proof.decode(bytes) {
        Err(BlockError::Length { expected: e, got, .. }) => assert_eq!((e, got), (expected, bytes.len())),
        other => panic!("{other:?}"),
    };
    for len in [0, 1, 31, 32, expected - 32, expected - 1] {
        refused(&proof.bytes[..len]);
    }
    for extra in [1, 32, 4096] {
        refused(&[proof.bytes.clone(), vec![0; extra]].concat());
    }
    // Proofs made in memory.
    let decoded = proof.decode(&proof.bytes).unwrap();
    let mut changed = [decoded.clone(), decoded.clone(), decoded.clone(), decoded];
    changed[0].v.0.push(Commitment::default());
    changed[1].v.0.pop();
    changed[2].h.0.push(Commitment::default());
    changed[3].h.0.pop();
    for changed in changed {
        assert!(matches!(proof.case.verify(&changed), Err(BlockError::Length { .. })));
    }
}

#[test]
fn non_canonical_words_are_refused() {
    let proof = encoded(Public, Public);
    let [q, r] = [Fq::MODULUS.to_bytes_le(), Fr::MODULUS.to_bytes_le()];
    for word in 0..proof.bytes.len() / 32 {
        // Above both moduli; and no word may be equal to the modulus of its type (the smaller one is no point's x either).
        for value in [&[0xff; 32], q.as_slice(), r.as_slice()] {
            let mut bytes = proof.bytes.clone();
            bytes[32 * word..32 * (word + 1)].copy_from_slice(value);
            assert!(!proof.accepts(&bytes), "word {word}");
        }
    }
}

/// What a statement says, to be edited.
struct Edited<'a> {
    network: &'a Network,
    digest: [u8; 32],
    context: Vec<u8>,
    weights: Vec<Commitment>,
    private: [Vec<Commitment>; 2],
    public: Vec<Vec<i32>>,
}

impl Edited<'_> {
    fn verify(&self, case: &Case, proof: &NetworkProof) -> Result<(), BlockError> {
        let public: Vec<&[i32]> = self.public.iter().map(Vec::as_slice).collect();
        let private = [self.private[0].as_slice(), &self.private[1]];
        Statement::new(self.network, self.digest, &self.context, &self.weights, private, &public)?
            .verify(case.srs.verifier(), proof)
    }
}

#[test]
fn every_field_of_a_statement_matters() {
    for (input, output) in [(Public, Public), (Private, Private), (Public, Private)] {
        let proof = encoded(input, output);
        let case = &proof.case;
        let decoded = proof.decode(&proof.bytes).unwrap();
        let public = case.network.public_tensors();
        let original = || Edited {
            network: &case.network,
            digest: [7; 32],
            context: b"test".to_vec(),
            weights: case.weight_commitments.clone(),
            private: case.private.clone(),
            public: public.iter().map(|id| case.values[id.0 as usize].clone()).collect(),
        };
        original().verify(case, &decoded).unwrap();
        let refused = |name: &str, edit: &dyn Fn(&mut Edited<'_>)| {
            let mut edited = original();
            edit(&mut edited);
            assert!(edited.verify(case, &decoded).is_err(), "{name} does not matter");
        };
        for byte in [0, 13, 31] {
            refused("digest", &|e| e.digest[byte] ^= 1);
        }
        refused("context", &|e| e.context[3] ^= 1);
        refused("context", &|e| e.context.clear());
        refused("context", &|e| e.context.push(0));
        let other = case.srs.commit(&[1i32], &zktorch_commit::Blind::zero()).unwrap();
        refused("weights", &|e| e.weights[0] = other);
        refused("weights", &|e| e.weights[0] = Commitment::default());
        refused("weights", &|e| e.weights.clear());
        refused("weights", &|e| e.weights.push(other));
        for i in [0, 1] {
            if case.private[i].is_empty() {
                refused("private", &|e| e.private[i].push(other));
            } else {
                refused("private", &|e| e.private[i][0] = other);
                refused("private", &|e| e.private[i].clear());
            }
        }
        if input == Private && output == Private {
            refused("private", &|e| e.private.swap(0, 1));
        }
        for (tensor, id) in public.iter().enumerate() {
            for entry in 0..case.values[id.0 as usize].len() {
                for change in [1, -1] {
                    refused("public", &|e| e.public[tensor][entry] += change);
                }
            }
            refused("public", &|e| e.public[tensor].push(0));
            refused("public", &|e| {
                e.public[tensor].pop();
            });
        }
    }
}

#[test]
fn a_proof_of_one_graph_proves_no_other() {
    let proof = encoded(Public, Public);
    let (case, decoded) = (&proof.case, proof.decode(&proof.bytes).unwrap());
    type Edit = fn(&mut zktorch_graph::Graph);
    let edits: [Edit; 5] = [
        |graph| match &mut graph.steps[0] {
            zktorch_graph::Step::Rescale { acc, .. } => acc.terms[1].coeff = 5,
            _ => panic!("no rescaling"),
        },
        |graph| graph.tables[0].function = zktorch_graph::Function::Clip { lo: 0, hi: 299 },
        |graph| {
            graph.tables[0].function = zktorch_graph::Function::LeakyRelu { numerator: 64, shift: 8 };
            let values =
                graph.tensors.iter_mut().filter(|tensor| matches!(tensor.role, Role::LookupOutput(_)));
            values.for_each(|tensor| tensor.range = Interval::new(-75, 300));
        },
        |graph| match &mut graph.steps[3] {
            zktorch_graph::Step::Rescale { acc, .. } => acc.terms.swap(0, 1),
            _ => panic!("no rescaling"),
        },
        |graph| match &mut graph.steps[3] {
            zktorch_graph::Step::Rescale { acc, .. } => match &mut acc.terms[0].operand {
                zktorch_graph::Operand::View(view) => match &mut view.factors[0].map {
                    zktorch_graph::AxisMap::Sparse(entries) => entries[0].src = 1,
                    _ => panic!("no map"),
                },
                zktorch_graph::Operand::Contract(_) => panic!("no view"),
            },
            _ => panic!("no rescaling"),
        },
    ];
    for (i, edit) in edits.into_iter().enumerate() {
        let mut graph = case.network.graph().clone();
        edit(&mut graph);
        let network = Network::new(graph, 8, Scope::Inference).unwrap();
        let public: Vec<&[i32]> =
            network.public_tensors().iter().map(|id| case.values[id.0 as usize].as_slice()).collect();
        // Even under the same digest.
        let statement =
            Statement::new(&network, [7; 32], b"test", &case.weight_commitments, [&[], &[]], &public)
                .unwrap();
        assert!(statement.verify(case.srs.verifier(), &decoded).is_err(), "edit {i}");
    }
    // A proof for other public values of the same network.
    let other = Case::new(tiny(Public, Public), 8, 6);
    assert!(case.verify(&other.prove()).is_err());
}

/// Runs `case` a few times, or for `ZKTORCH_FUZZ_SECONDS`.
fn fuzz(mut case: impl FnMut(&mut TestRunner)) {
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    match std::env::var("ZKTORCH_FUZZ_SECONDS").ok().and_then(|s| s.parse::<u64>().ok()) {
        None => (0..2).for_each(|_| case(&mut runner)),
        Some(seconds) => {
            let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
            while std::time::Instant::now() < end {
                case(&mut runner);
            }
        }
    }
}

/// How a valid encoding is damaged.
#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Word(usize, [u8; 32]),
    Swap(usize, usize),
    Ones(usize, usize),
    Truncate(usize),
    Extend(Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = || any::<usize>();
    prop_oneof![
        (at(), 0..8u8).prop_map(|(i, bit)| Damage::Flip(i, bit)),
        (at(), any::<[u8; 32]>()).prop_map(|(i, word)| Damage::Word(i, word)),
        (at(), at()).prop_map(|(i, j)| Damage::Swap(i, j)),
        (at(), 1..64usize).prop_map(|(i, n)| Damage::Ones(i, n)),
        at().prop_map(Damage::Truncate),
        proptest::collection::vec(any::<u8>(), 1..100).prop_map(Damage::Extend),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: Damage) {
    let (len, words) = (bytes.len(), (bytes.len() / 32).max(1));
    if len == 0 {
        return;
    }
    match damage {
        Damage::Flip(i, bit) => bytes[i % len] ^= 1 << bit,
        Damage::Word(i, word) if len >= 32 => {
            let start = 32 * (i % words);
            bytes[start..start + 32].copy_from_slice(&word);
        }
        Damage::Swap(i, j) if len >= 32 => {
            (0..32).for_each(|b| bytes.swap(32 * (i % words) + b, 32 * (j % words) + b));
        }
        Damage::Ones(i, n) => bytes.iter_mut().skip(i % len).take(n).for_each(|b| *b = 0xff),
        Damage::Truncate(n) => bytes.truncate(n % len),
        Damage::Extend(more) => bytes.extend(more),
        Damage::Word(..) | Damage::Swap(..) => {}
    }
}

#[test]
fn fuzz_network_proof_decoder() {
    let proof = encoded(Public, Public);
    let check = |bytes: &[u8]| -> Result<(), TestCaseError> {
        if let Ok(decoded) = proof.decode(bytes) {
            // Canonical, and nothing but the proof itself is a proof.
            prop_assert_eq!(decoded.to_bytes(), bytes);
            prop_assert_eq!(proof.case.verify(&decoded).is_ok(), bytes == proof.bytes);
        }
        Ok(())
    };
    let len = proof.bytes.len();
    fuzz(|runner| {
        runner.run(&proptest::collection::vec(any::<u8>(), len), |bytes| check(&bytes)).unwrap();
        runner.run(&proptest::collection::vec(any::<u8>(), 0..2 * len), |bytes| check(&bytes)).unwrap();
        let damages = proptest::collection::vec(damage(), 1..4);
        runner
            .run(&damages, |damages| {
                let mut bytes = proof.bytes.clone();
                damages.into_iter().for_each(|damage| apply(&mut bytes, damage));
                check(&bytes)
            })
            .unwrap();
    });
}
