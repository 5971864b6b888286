use proptest::prelude::*;
use zktorch_transcript::{ClearProver, ClearVerifier, TranscriptError};

use super::*;
use crate::test_util::{evaluate_naively, fr, random_point};
use crate::{Dense, EqProduct, Product, SumcheckError, SumcheckInstance, eq_eval};

/// Runs both sides on honest dense instances of the given (variables, degree), and checks everything the caller
/// relies on: equal points and coefficients, the residual, the finals, no left-over messages.
fn round_trip(shapes: &[(usize, usize)]) {
    let product = |v: &[Fr]| v.iter().product::<Fr>();
    let tables: Vec<Vec<Vec<Fr>>> = shapes
        .iter()
        .enumerate()
        .map(|(i, (m, d))| (0..*d).map(|j| random_point(1 << m, (17 * i + j) as u64)).collect())
        .collect();
    let mut instances: Vec<_> = tables
        .iter()
        .map(|t| Dense::new(t.clone(), t.len(), Dense::sum(t, &product), product).unwrap())
        .collect();
    let claims: Vec<Fr> = instances.iter().map(|i| i.claim()).collect();

    let mut transcript = Transcript::new(b"test");
    let mut channel = ClearProver::new(&mut transcript);
    channel.send(b"claims", &claims).unwrap();
    let mut dyns: Vec<&mut dyn SumcheckInstance> = instances.iter_mut().map(|i| i as _).collect();
    let output = prove(&mut channel, b"rounds", &mut dyns).unwrap();
    let messages = channel.into_messages();

    let mut transcript = Transcript::new(b"test");
    let mut channel = ClearVerifier::new(&mut transcript, &messages);
    let claims = channel.receive(b"claims", claims.len()).unwrap();
    let statements: Vec<Statement<Fr>> = shapes
        .iter()
        .zip(claims)
        .map(|(&(num_rounds, degree), claim)| Statement { num_rounds, degree, claim })
        .collect();
    let reduced = verify(&mut channel, b"rounds", &statements).unwrap();
    assert_eq!(reduced.point, output.point);
    assert_eq!(reduced.coefficients, output.coefficients);
    assert_eq!(reduced.residual, output.residual);
    let mut values = Vec::new();
    for (i, (m, _)) in shapes.iter().enumerate() {
        let expected: Vec<Fr> = tables[i].iter().map(|t| evaluate_naively(t, reduced.suffix(*m))).collect();
        assert_eq!(output.finals[i], expected, "finals of instance {i}");
        values.push(expected.iter().product());
    }
    reduced.enforce(&mut channel, "residual", &values).unwrap();
    channel.finish().unwrap();
}

use zktorch_transcript::{ProverChannel, VerifierChannel};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn mixed_sizes_and_degrees(shapes in prop::collection::vec((0usize..6, 1usize..5), 1..6)) {
        round_trip(&shapes);
    }
}

#[test]
fn no_variables_at_all() {
    round_trip(&[(0, 1)]);
    round_trip(&[(0, 3), (0, 2)]);
}

#[test]
fn an_empty_batch_is_refused() {
    let mut transcript = Transcript::new(b"test");
    let error = prove(&mut ClearProver::new(&mut transcript), b"rounds", &mut []).unwrap_err();
    assert!(matches!(error, SumcheckError::NoInstances));
    let error = verify(&mut ClearVerifier::new(&mut transcript, &[]), b"rounds", &[]).unwrap_err();
    assert!(matches!(error, SumcheckError::NoInstances));
}

#[test]
fn products_reduce_to_their_factors() {
    let (a, b, z) = (random_point(16, 1), random_point(16, 2), random_point(4, 3));
    let plain: Fr = a.iter().zip(&b).map(|(a, b)| *a * b).sum();
    let weighted = evaluate_naively(&a.iter().zip(&b).map(|(a, b)| *a * b).collect::<Vec<_>>(), &z);
    let mut product = Product::new(a.clone(), b.clone(), plain).unwrap();
    let mut eq_product = EqProduct::new(&z, a.clone(), b.clone(), weighted).unwrap();
    let mut transcript = Transcript::new(b"test");
    let mut channel = ClearProver::new(&mut transcript);
    let output = prove(&mut channel, b"rounds", &mut [&mut product, &mut eq_product]).unwrap();
    let (va, vb) = (evaluate_naively(&a, &output.point), evaluate_naively(&b, &output.point));
    assert_eq!(output.finals, vec![vec![va, vb], vec![va, vb]]);
    let eq = eq_eval(&z, &output.point);
    assert_eq!(output.residual, va * vb + output.coefficients[1] * eq * va * vb);
}

#[test]
fn an_instance_above_its_degree_is_an_error_of_the_prover() {
    let cube = |v: &[Fr]| v[0] * v[0] * v[0];
    struct Liar<I>(I);
    impl<I: SumcheckInstance> SumcheckInstance for Liar<I> {
        fn num_rounds(&self) -> usize {
            self.0.num_rounds()
        }
        fn degree(&self) -> usize {
            2
        }
        fn claim(&self) -> Fr {
            self.0.claim()
        }
        fn round(&mut self, previous: Option<Fr>) -> crate::RoundPolynomial {
            self.0.round(previous)
        }
        fn finish(&mut self, last: Option<Fr>) -> Vec<Fr> {
            self.0.finish(last)
        }
    }
    let table = vec![random_point(4, 1)];
    let sum = Dense::sum(&table, &cube);
    let mut liar = Liar(Dense::new(table, 3, sum, cube).unwrap());
    let mut transcript = Transcript::new(b"test");
    let error = prove(&mut ClearProver::new(&mut transcript), b"rounds", &mut [&mut liar]).unwrap_err();
    assert!(matches!(error, SumcheckError::Degree { instance: 0, round: 0, declared: 2, got: 3 }));
}

#[test]
fn a_false_claim_ends_in_an_unsatisfied_residual() {
    let (a, b) = (random_point(8, 1), random_point(8, 2));
    let sum: Fr = a.iter().zip(&b).map(|(a, b)| *a * b).sum();
    for (claim, accepted) in [(sum, true), (sum + fr(1), false)] {
        let mut transcript = Transcript::new(b"test");
        let mut channel = ClearProver::new(&mut transcript);
        channel.send(b"claim", &[claim]).unwrap();
        let mut instance = Product::new(a.clone(), b.clone(), claim).unwrap();
        let output = prove(&mut channel, b"rounds", &mut [&mut instance]).unwrap();
        let messages = channel.into_messages();

        let mut transcript = Transcript::new(b"test");
        let mut channel = ClearVerifier::new(&mut transcript, &messages);
        let claim = channel.receive(b"claim", 1).unwrap()[0];
        let statement = Statement { num_rounds: 3, degree: 2, claim };
        let reduced = verify(&mut channel, b"rounds", &[statement]).unwrap();
        let value = output.finals[0][0] * output.finals[0][1];
        let result = reduced.enforce(&mut channel, "inner product", &[value]);
        if accepted {
            result.unwrap();
        } else {
            let expected = TranscriptError::Unsatisfied { constraint: "inner product" };
            assert!(matches!(result, Err(SumcheckError::Transcript(e)) if e == expected));
        }
    }
}

mod attacks;
