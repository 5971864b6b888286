use ark_ff::AdditiveGroup;
use ark_std::test_rng;
use zktorch_sumcheck::eq_table;
use zktorch_transcript::{ClearProver, ClearVerifier, SparseMatrix, TranscriptError};

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

fn assert_unsatisfied(result: Result<Reduced, ChannelError>, expected: &str) {
    match result {
        Err(ChannelError::Transcript(TranscriptError::Unsatisfied { constraint })) => {
            assert_eq!(constraint, expected);
        }
        other => panic!("expected `{expected}` to fail, got {other:?}"),
    }
}

/// The naive multilinear extension.
fn extension(values: &[Fr], point: &[Fr]) -> Fr {
    values.iter().zip(eq_table(point)).map(|(v, e)| *v * e).sum()
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
        assert_eq!(reduced.message_value, extension(&case.z, &reduced.message_point));
        assert_eq!(reduced.error_value, extension(&case.error, &reduced.error_point));
    }
}

#[test]
fn every_scalar_matters() {
    let case = case(4, &[3, 9, 1], 11);
    let (_, sent) = run_prover(&case);
    let sizes = Sizes::of(&case.r1cs);
    let outer_end = 3 * sizes.mu + 4;
    for index in 0..sent.len() {
        let mut wrong = sent.clone();
        wrong[index] += Fr::from(1u64);
        let expected = if index < outer_end { "spartan outer residual" } else { "spartan inner residual" };
        assert_unsatisfied(run_verifier(&case, &wrong), expected);
    }
}

#[test]
fn an_unsatisfied_constraint_is_caught_by_the_outer_sumcheck() {
    for index in [0, 5, 10] {
        let mut case = case(4, &[3, 9, 1], 11);
        case.error[index] += Fr::from(1u64);
        let (_, sent) = run_prover(&case);
        assert_unsatisfied(run_verifier(&case, &sent), "spartan outer residual");
    }
}

#[test]
fn products_that_agree_with_each_other_but_not_with_z_are_caught_by_the_inner_sumcheck() {
    let case = case(4, &[3, 9, 1], 11);
    let (_, sent) = run_prover(&case);
    let first = 3 * Sizes::of(&case.r1cs).mu;
    let mut wrong = sent.clone();
    // va changes, and ve so that va vb - u vc - ve does not.
    wrong[first] += Fr::from(1u64);
    wrong[first + 3] += sent[first + 1];
    assert_unsatisfied(run_verifier(&case, &wrong), "spartan inner residual");
}

#[test]
fn constants_are_multiplied_by_the_slack() {
    // The prover argues for another slack than the verifier computed: only the constant column and u c see it.
    let mut case = case(4, &[3, 9, 1], 11);
    let (_, sent) = run_prover(&case);
    case.slack += Fr::from(1u64);
    assert_unsatisfied(run_verifier(&case, &sent), "spartan outer residual");
    // Cancel the effect on u c: what remains is the constant column.
    let first = 3 * Sizes::of(&case.r1cs).mu;
    let mut wrong = sent.clone();
    wrong[first + 3] -= sent[first + 2];
    assert_unsatisfied(run_verifier(&case, &wrong), "spartan inner residual");
}

#[test]
fn truncated_and_extended_messages_are_refused() {
    let case = case(4, &[3, 9, 1], 11);
    let (_, mut sent) = run_prover(&case);
    let missing = run_verifier(&case, &sent[..sent.len() - 1]);
    assert!(matches!(missing, Err(ChannelError::Transcript(TranscriptError::MissingMessage { .. }))));
    sent.push(Fr::ZERO);
    let trailing = run_verifier(&case, &sent);
    assert!(matches!(
        trailing,
        Err(ChannelError::Transcript(TranscriptError::TrailingMessages { count: 1 }))
    ));
}
