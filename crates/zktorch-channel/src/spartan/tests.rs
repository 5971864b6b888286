use ark_ff::AdditiveGroup;
use ark_std::test_rng;
use zktorch_sumcheck::{SumcheckError, eq_table};
use zktorch_transcript::{ClearProver, ClearVerifier, SparseMatrix};

use super::*;
use crate::ChannelError;
use crate::test_util::{random_r1cs, scalars};

/// A random system with a satisfying relaxed assignment.
struct Case {
    r1cs: R1cs,
    slack: Fr,
    z: Vec<Fr>,
    error: Vec<Fr>,
}

fn case(columns: usize, messages: &[usize], constraints: usize) -> Case {
    let mut rng = test_rng();
    let r1cs = random_r1cs(&mut rng, columns, messages, constraints);
    let z = scalars(&mut rng, r1cs.layout().cells());
    let slack = scalars(&mut rng, 1)[0];
    let product = |m: &SparseMatrix| m.multiply(slack, &z).unwrap();
    let (a, b, c) = (product(r1cs.a()), product(r1cs.b()), product(r1cs.c()));
    let error = a.iter().zip(&b).zip(&c).map(|((a, b), c)| *a * b - slack * c).collect();
    Case { r1cs, slack, z, error }
}

fn run_prover(case: &Case) -> (Reduced, Vec<Fr>) {
    let mut transcript = Transcript::new(b"test");
    let mut channel = ClearProver::new(&mut transcript);
    let folded = Folded { slack: case.slack, z: &case.z, error: &case.error };
    let reduced = prove(&mut channel, &case.r1cs, &folded).unwrap();
    (reduced, channel.into_messages())
}

fn run_verifier(case: &Case, messages: &[Fr]) -> Result<Reduced, ChannelError> {
    let mut transcript = Transcript::new(b"test");
    let mut channel = ClearVerifier::new(&mut transcript, messages);
    let reduced = verify(&mut channel, &case.r1cs, case.slack)?;
    channel.finish()?;
    Ok(reduced)
}

/// The naive multilinear extension.
fn extension(values: &[Fr], point: &[Fr]) -> Fr {
    values.iter().zip(eq_table(point)).map(|(v, e)| *v * e).sum()
}

/// Whether the claims are true of z and E.
fn are_true(case: &Case, reduced: &Reduced) -> [bool; 2] {
    let columns = case.r1cs.layout().columns();
    let rows = case.z.chunks(columns).map(|row| row.iter().zip(&reduced.weights).map(|(z, g)| *z * g).sum());
    let products: Vec<Fr> = rows.collect();
    [
        extension(&products, &reduced.row_point) == reduced.message_value,
        extension(&case.error, &reduced.error_point) == reduced.error_value,
    ]
}

#[test]
fn satisfied_instances_reduce_to_true_claims() {
    let shapes: [(usize, &[usize], usize); 5] =
        [(4, &[3, 9, 1], 11), (1, &[1], 1), (1, &[5], 2), (16, &[2], 7), (8, &[8, 8, 20], 64)];
    for (columns, messages, constraints) in shapes {
        let case = case(columns, messages, constraints);
        let (reduced, sent) = run_prover(&case);
        assert_eq!(sent.len(), Sizes::of(&case.r1cs).num_scalars());
        assert_eq!(run_verifier(&case, &sent).unwrap(), reduced);
        assert_eq!(are_true(&case, &reduced), [true; 2]);
    }
}

#[test]
fn every_scalar_matters() {
    let case = case(4, &[3, 9, 1], 11);
    let (_, sent) = run_prover(&case);
    for index in 0..sent.len() {
        let mut wrong = sent.clone();
        wrong[index] += Fr::from(1u64);
        let reduced = run_verifier(&case, &wrong).unwrap();
        assert_ne!(are_true(&case, &reduced), [true; 2], "scalar {index}");
    }
}

#[test]
fn an_unsatisfied_constraint_is_a_false_claim_on_the_error() {
    for index in [0, 5, 10] {
        let mut case = case(4, &[3, 9, 1], 11);
        case.error[index] += Fr::from(1u64);
        let (_, sent) = run_prover(&case);
        assert_eq!(are_true(&case, &run_verifier(&case, &sent).unwrap()), [true, false]);
    }
}

#[test]
fn products_that_agree_with_each_other_but_not_with_z_are_a_false_claim_on_z() {
    let case = case(4, &[3, 9, 1], 11);
    let (_, sent) = run_prover(&case);
    let first = 2 * Sizes::of(&case.r1cs).mu;
    let mut wrong = sent.clone();
    // va changes, and vc so that va vb - u vc does not.
    wrong[first] += Fr::from(1u64);
    wrong[first + 2] += sent[first + 1] / case.slack;
    assert_eq!(are_true(&case, &run_verifier(&case, &wrong).unwrap()), [false, true]);
}

#[test]
fn constants_are_multiplied_by_the_slack() {
    // The prover argues for another slack than the verifier computed: only the constant column and u c see it.
    let mut case = case(4, &[3, 9, 1], 11);
    let (_, sent) = run_prover(&case);
    let slack = case.slack;
    case.slack += Fr::from(1u64);
    assert_ne!(are_true(&case, &run_verifier(&case, &sent).unwrap()), [true; 2]);
    // Cancel the effect on u c: what remains is the constant column.
    let vc = 2 * Sizes::of(&case.r1cs).mu + 2;
    let mut wrong = sent.clone();
    wrong[vc] *= slack / case.slack;
    assert_eq!(are_true(&case, &run_verifier(&case, &wrong).unwrap()), [false, true]);
}

#[test]
fn truncated_and_extended_messages_are_refused() {
    let case = case(4, &[3, 9, 1], 11);
    let (_, mut sent) = run_prover(&case);
    let missing = run_verifier(&case, &sent[..sent.len() - 1]);
    let Err(ChannelError::Sumcheck(SumcheckError::Transcript(error))) = missing else {
        panic!("{missing:?}");
    };
    assert!(matches!(error, TranscriptError::MissingMessage { .. }));
    sent.push(Fr::ZERO);
    let trailing = run_verifier(&case, &sent);
    assert!(matches!(
        trailing,
        Err(ChannelError::Transcript(TranscriptError::TrailingMessages { count: 1 }))
    ));
}
