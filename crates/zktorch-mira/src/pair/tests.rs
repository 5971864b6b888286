use ark_ff::{Field, One};
use proptest::prelude::*;
use zktorch_commit::Srs;
use zktorch_sumcheck::SumcheckError;
use zktorch_transcript::TranscriptError;

use super::*;
use crate::Module;
use crate::decider;
use crate::test_util::{forgetful, naive_eq, naive_inner_product, satisfied, scalars};

fn fresh() -> Transcript {
    Transcript::new(b"mira pair test")
}

fn accumulator(srs: &Srs, seed: u64, num_vars: usize, points: usize) -> Accumulator {
    let (instance, witness) = satisfied(srs, seed << 40, num_vars, points);
    Accumulator::new(instance, witness).unwrap()
}

fn is_unsatisfied(result: &Result<(), MiraError>) -> bool {
    let expected = TranscriptError::Unsatisfied { constraint: decider::CONSTRAINT };
    matches!(result, Err(MiraError::Sumcheck(SumcheckError::Transcript(error))) if *error == expected)
}

fn assert_holds(srs: &Srs, accumulator: &Accumulator) {
    let (instance, witness) = accumulator.clone().into_parts();
    assert_eq!(instance.functional.apply(&witness.vector).unwrap(), instance.value);
    assert_eq!(srs.commit(&witness.vector, &witness.blind).unwrap().projective(), instance.commitment);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Accumulator + accumulator, neither of them fresh, of different lengths.
    #[test]
    fn any_two_accumulators_fold(seed in 1u64..1000, k in proptest::array::uniform4(0usize..6)) {
        let srs = Srs::dev(6).unwrap();
        let leaf = |i: usize| accumulator(&srs, seed * 8 + i as u64, k[i], 1 + i % 2);
        let (mut prover, mut verifier) = (fresh(), fresh());
        let mut fold = |left: Accumulator, right: &Accumulator| {
            let public = left.instance();
            let (t, folded) = left.fold(&mut prover, right).unwrap();
            let verified = verify(&mut verifier, public, &right.instance(), t).unwrap();
            assert_eq!(verified, folded.instance());
            folded
        };
        let (left, right) = (fold(leaf(0), &leaf(1)), fold(leaf(2), &leaf(3)));
        let root = fold(left, &right);
        assert_holds(&srs, &root);
    }
}

#[test]
fn t_is_the_sum_of_the_crossed_products() {
    let srs = Srs::dev(4).unwrap();
    let (a, b) = (satisfied(&srs, 1, 4, 1), satisfied(&srs, 2, 4, 1));
    let u = |instance: &OpeningInstance<Fr>| naive_eq(instance.functional.as_evaluation().unwrap());
    let expected = naive_inner_product(&a.1.vector, &u(&b.0)) + naive_inner_product(&b.1.vector, &u(&a.0));
    let (left, right) = (Accumulator::new(a.0, a.1).unwrap(), Accumulator::new(b.0, b.1).unwrap());
    assert_eq!(left.fold(&mut fresh(), &right).unwrap().0, expected);
}

/// The prover goes on with the wrong t and decides what comes out.
#[test]
fn a_wrong_error_term_leaves_a_false_accumulator() {
    let srs = Srs::dev(4).unwrap();
    let (left, right) = (accumulator(&srs, 1, 4, 1), accumulator(&srs, 2, 4, 1));
    let (t, _) = left.clone().fold(&mut fresh(), &right).unwrap();
    let wrong = t + Fr::one();
    let mut transcript = fresh();
    let instance = verify(&mut transcript, left.instance(), &right.instance(), wrong).unwrap();
    // The witness under the challenge that the wrong t leads to.
    let gamma = instance.functional.terms()[1].0;
    let (_, mut witness) = left.into_parts();
    let (_, other) = right.into_parts();
    witness.vector.iter_mut().zip(&other.vector).for_each(|(a, b)| *a += gamma * b);
    witness.blind.add_scaled(&other.blind, gamma);
    assert_eq!(srs.commit(&witness.vector, &witness.blind).unwrap().projective(), instance.commitment);
    let mut verifier = transcript.clone();
    let proof = decider::prove(&srs, &mut transcript, vec![(instance.clone(), witness)]).unwrap();
    let result = decider::verify(srs.verifier(), &mut verifier, &[instance], &proof);
    assert!(is_unsatisfied(&result));
}

/// Why t is absorbed: chosen after gamma it makes up for a false claim.
#[test]
fn an_error_term_chosen_after_gamma_is_rejected() {
    let label = b"mira instance value";
    let srs = Srs::dev(4).unwrap();
    let (left, right) = (accumulator(&srs, 1, 4, 1), accumulator(&srs, 2, 4, 1));
    let mut lie = left.instance();
    lie.value += Fr::one();
    let fold = |transcript: &mut Transcript, t: Fr| {
        let folded = verify(transcript, lie.clone(), &right.instance(), t).unwrap();
        let gamma = folded.functional.terms()[1].0;
        let (mut witness, (_, other)) = (left.clone().into_parts().1, right.clone().into_parts());
        witness.vector.accumulate(&other.vector, gamma);
        witness.blind.accumulate(&other.blind, gamma);
        (folded, witness, gamma)
    };
    let t = {
        let (folded, witness, gamma) = fold(&mut forgetful(fresh(), label), Fr::one());
        let missing = folded.functional.apply(&witness.vector).unwrap() - folded.value;
        Fr::one() + missing * gamma.inverse().unwrap()
    };
    let decided = |mut transcript: Transcript| {
        let (folded, witness, _) = fold(&mut transcript, t);
        let proof = decider::prove(&srs, &mut transcript.clone(), vec![(folded.clone(), witness)]).unwrap();
        decider::verify(srs.verifier(), &mut transcript, &[folded], &proof)
    };
    decided(forgetful(fresh(), label)).expect("nothing binds t before gamma");
    assert!(is_unsatisfied(&decided(fresh())));
}

#[test]
fn a_vector_longer_than_its_functional_is_refused() {
    let srs = Srs::dev(4).unwrap();
    let (instance, mut witness) = satisfied(&srs, 1, 3, 1);
    witness.vector = scalars(0, 9);
    let error = Accumulator::new(instance, witness).unwrap_err();
    assert!(matches!(error, MiraError::TooLong { what: "accumulated vector", limit: 8, got: 9 }));
}
