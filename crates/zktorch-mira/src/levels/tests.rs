//! Honest runs against a naive prover; malicious provers, each with the error it must get.

mod attacks;

use ark_ff::Zero;
use proptest::prelude::*;
use zktorch_commit::{Commitment, Srs};
use zktorch_field::Fr;
use zktorch_transcript::probe::{Event, Probe};
use zktorch_transcript::wire::scalar_to_bytes;
use zktorch_transcript::{ClearProver, ClearVerifier, ProverChannel, Transcript, VerifierChannel};

use super::*;
use crate::plan::{ClaimTerm, fold_weights};
use crate::test_util::{Claims, Data, any_terms, naive_eq, naive_inner_product, scalars};
use crate::{MiraError, OpeningInstance, OpeningWitness};

const PROTOCOL: &[u8] = b"mira levels test";
const VALUES: &[u8] = b"values";

/// Sends the values, then proves: messages, accumulator, witness.
fn run_prover(
    transcript: &mut Transcript,
    claims: &Claims,
) -> Result<(Vec<Fr>, OpeningInstance<Fr>, OpeningWitness), MiraError> {
    let mut channel = ClearProver::new(transcript);
    channel.send(VALUES, &claims.values)?;
    let (instance, witness) = prove(&mut channel, &claims.statement(), &claims.chunks(), &claims.values)?;
    Ok((channel.into_messages(), instance, witness))
}

/// Receives the values, then verifies.
fn run_verifier(
    transcript: &mut Transcript,
    statement: &Statement<'_>,
    commitments: &[Commitment],
    messages: &[Fr],
) -> Result<OpeningInstance<Fr>, MiraError> {
    let mut channel = ClearVerifier::new(transcript, messages);
    let values = channel.receive(VALUES, statement.plan.claims().len())?;
    let instance = verify(&mut channel, statement, commitments, &values)?;
    channel.finish()?;
    Ok(instance)
}

/// All (v_i, u_i), expanded.
fn naive_instances(claims: &Claims, rho: Fr) -> Vec<(Vec<Fr>, Vec<Fr>)> {
    let bound = claims.plan.bind(&claims.coefficients, rho).unwrap();
    let len = 1 << claims.points[0].len();
    let fields: Vec<Vec<Fr>> = claims.data.iter().map(Data::naive_field).collect();
    let eqs: Vec<Vec<Fr>> = claims.points.iter().map(|p| naive_eq(p)).collect();
    let sum = |terms: &[(usize, Fr)], vectors: &[Vec<Fr>]| {
        let mut out = vec![Fr::zero(); len];
        for (index, c) in terms {
            out.iter_mut().zip(&vectors[*index]).for_each(|(slot, x)| *slot += *c * x);
        }
        out
    };
    bound.rows().iter().map(|row| (sum(&row.chunks, &fields), sum(&row.points, &eqs))).collect()
}

/// One level of the tree: Y0, T, Y2 of all pairs.
fn naive_level(instances: &[(Vec<Fr>, Vec<Fr>)]) -> [Fr; 3] {
    let zero = (Vec::new(), Vec::new());
    let mut out = [Fr::zero(); 3];
    for pair in instances.chunks(2) {
        let (left, right) = (&pair[0], pair.get(1).unwrap_or(&zero));
        out[0] += naive_inner_product(&left.0, &left.1);
        out[1] += naive_inner_product(&left.0, &right.1) + naive_inner_product(&right.0, &left.1);
        out[2] += naive_inner_product(&right.0, &right.1);
    }
    out
}

/// The folded instances.
fn naive_fold(instances: &[(Vec<Fr>, Vec<Fr>)], gamma: Fr) -> Vec<(Vec<Fr>, Vec<Fr>)> {
    let add = |x: &[Fr], y: &[Fr]| x.iter().zip(y).map(|(x, y)| *x + gamma * y).collect();
    let fold = |pair: &[(Vec<Fr>, Vec<Fr>)]| match pair {
        [left, right] => (add(&left.0, &right.0), add(&left.1, &right.1)),
        _ => pair[0].clone(),
    };
    instances.chunks(2).map(fold).collect()
}

/// Runs both sides and compares every message with the naive fold.
fn check(claims: &Claims, srs: Option<&Srs>) -> Result<(), TestCaseError> {
    let (messages, instance, witness) = run_prover(&mut Transcript::new(PROTOCOL), claims).unwrap();
    let mut replay = Transcript::new(PROTOCOL);
    replay.append_scalars(VALUES, &claims.values);
    let rho = replay.challenge_scalar(RHO);
    let mut instances = naive_instances(claims, rho);
    let mut sum = claims.values.iter().rev().fold(Fr::zero(), |sum, y| sum * rho + y);
    for message in messages[claims.values.len()..].chunks(2) {
        let [y0, t, y2] = naive_level(&instances);
        prop_assert_eq!(message, &[y0, t][..]);
        prop_assert_eq!(y0 + y2, sum);
        replay.append_scalars(LEVEL, message);
        let gamma = replay.challenge_scalar(GAMMA);
        instances = naive_fold(&instances, gamma);
        sum = y0 + gamma * t + gamma * gamma * y2;
    }
    prop_assert_eq!(messages.len(), claims.values.len() + 2 * claims.plan.levels());
    prop_assert_eq!(instances.len(), 1);
    let (v, u) = &instances[0];
    let mut vector = witness.vector.clone();
    vector.resize(v.len(), Fr::zero());
    prop_assert_eq!(&vector, v);
    prop_assert_eq!(&instance.functional.dense(), u);
    prop_assert_eq!(instance.value, sum);
    prop_assert_eq!(naive_inner_product(v, u), sum);
    if let Some(srs) = srs {
        prop_assert_eq!(
            srs.commit(&witness.vector, &witness.blind).unwrap().projective(),
            instance.commitment
        );
    }
    let mut transcript = Transcript::new(PROTOCOL);
    let reduced = run_verifier(&mut transcript, &claims.statement(), &claims.commitments, &messages).unwrap();
    prop_assert_eq!(reduced, instance);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Any structure, any mixture of columns, some of them short.
    #[test]
    fn sends_what_the_naive_fold_sends(
        terms in any_terms(6, 5),
        kinds in proptest::collection::vec(0usize..4, 6),
        cuts in proptest::collection::vec(0usize..8, 6),
        num_vars in 0usize..7,
        seed: u64,
    ) {
        let len = |b: usize| (1usize << num_vars) * cuts[b].min(4) / 4;
        let data = (0..6).map(|b| Data::new(seed ^ b as u64, kinds[b], len(b))).collect();
        check(&Claims::new(None, seed, num_vars, data, 5, terms), None)?;
    }

    /// Vectors longer than a tier, and than a block.
    #[test]
    fn long_vectors(terms in any_terms(4, 4), kinds in proptest::collection::vec(0usize..4, 4), num_vars in 8usize..13, seed: u64) {
        let data = (0..4).map(|b| Data::new(seed ^ b as u64, kinds[b], 1 << num_vars)).collect();
        check(&Claims::new(None, seed, num_vars, data, 4, terms), None)?;
    }

    /// Many instances: several stages, and groups that are not full.
    #[test]
    fn many_instances(count in 1usize..140, kind in 0usize..4, num_vars in 1usize..4, seed: u64) {
        let data = (0..count as u64).map(|b| Data::new(seed ^ b, kind, 1 << num_vars)).collect();
        let terms = (0..count).map(|i| vec![ClaimTerm { chunk: i, point: i }]).collect();
        check(&Claims::new(None, seed, num_vars, data, count, terms), None)?;
    }

    /// Few points with so many chunks that their sums are made once.
    #[test]
    fn collapsed_sums(count in 1usize..80, points in 1usize..4, kind in 0usize..4, num_vars in 1usize..5, seed: u64) {
        let data = (0..count as u64).map(|b| Data::new(seed ^ b, kind, 1 << num_vars)).collect();
        let terms = (0..count).map(|i| vec![ClaimTerm { chunk: i, point: i % points }]).collect();
        check(&Claims::new(None, seed, num_vars, data, points, terms), None)?;
    }

    /// Points that begin with bits, as those of tensors smaller than a chunk.
    #[test]
    fn points_of_small_tensors(count in 1usize..40, bits in 1usize..5, kind in 0usize..4, num_vars in 8usize..13, seed: u64) {
        let data = (0..2).map(|b| Data::new(seed ^ b, kind, 1 << num_vars)).collect();
        let terms = (0..count).map(|i| vec![ClaimTerm { chunk: i % 2, point: i }]).collect();
        let mut claims = Claims::new(None, seed, num_vars, data, count, terms);
        // Most end in the same coordinates.
        let tail = claims.points[0][num_vars - 8..].to_vec();
        for (i, point) in claims.points.iter_mut().enumerate() {
            if i % 3 > 0 {
                point[num_vars - 8..].copy_from_slice(&tail);
            }
            (0..bits).for_each(|bit| point[bit] = Fr::from((i >> bit & 1) as u64));
        }
        let value = |claim: &Vec<ClaimTerm>| {
            let vector = claims.data[claim[0].chunk].naive_field();
            naive_inner_product(&vector, &naive_eq(&claims.points[claim[0].point]))
        };
        claims.values = claims.plan.claims().iter().map(value).collect();
        check(&claims, None)?;
    }
}

#[test]
fn commitments_and_blinds_follow() {
    let srs = Srs::dev(5).unwrap();
    for count in [1, 2, 3, 8, 11] {
        check(&Claims::separate(&srs, count as u64, 5, count), Some(&srs)).unwrap();
    }
}

/// An identity instance (no commitment, zero vector, zero functional) changes nothing but the number of levels.
#[test]
fn identity_padding_is_neutral() {
    let srs = Srs::dev(4).unwrap();
    let claims = Claims::separate(&srs, 3, 4, 3);
    // The fourth instance spelled out: a zero chunk with a claim of zero, weighted by zero.
    let mut padded = claims.clone();
    padded.data.push(Data::I16(vec![0; 16]));
    padded.blinds.push(zktorch_commit::Blind::zero());
    padded.commitments.push(Commitment::default());
    padded.points.push(vec![Fr::zero(); 4]);
    padded.coefficients.push(vec![Fr::zero()]);
    padded.values.push(Fr::zero());
    let mut terms = claims.plan.claims().to_vec();
    terms.push(vec![ClaimTerm { chunk: 3, point: 3 }]);
    padded.plan = FoldPlan::new(4, 4, terms).unwrap();

    let run = |claims: &Claims| {
        // The same challenges for both.
        let probe = Probe::new();
        probe.program(scalars(9, 3));
        let mut transcript = Transcript::new(PROTOCOL).with_probe(&probe);
        run_prover(&mut transcript, claims).unwrap()
    };
    let ((m1, i1, w1), (m2, i2, w2)) = (run(&claims), run(&padded));
    assert_eq!(m1[3..], m2[4..], "messages");
    assert_eq!((i1.commitment, i1.value), (i2.commitment, i2.value));
    assert_eq!(i1.functional.dense(), i2.functional.dense());
    assert_eq!(w1.vector, w2.vector);
    assert_eq!(w1.blind.expose(), w2.blind.expose());
}

/// T is the sum of the cross terms that the relation's generic code finds.
#[test]
fn t_is_the_generic_cross_term() {
    use crate::relation::{RelaxedRelation, cross_terms};
    use crate::{ChunkOpening, DenseWitness};
    let srs = Srs::dev(4).unwrap();
    let claims = Claims::separate(&srs, 1, 4, 2);
    let (messages, ..) = run_prover(&mut Transcript::new(PROTOCOL), &claims).unwrap();
    let mut replay = Transcript::new(PROTOCOL);
    replay.append_scalars(VALUES, &claims.values);
    let instances = naive_instances(&claims, replay.challenge_scalar(RHO));
    let public = |i: usize| (claims.commitments[i].projective(), Functional::eq(claims.points[i].clone()));
    let witness = |i: usize| DenseWitness {
        opening: OpeningWitness { vector: instances[i].0.clone(), blind: claims.blinds[i].clone() },
        functional: instances[i].1.clone(),
    };
    let (x, w) = ([public(0), public(1)], [witness(0), witness(1)]);
    let ends = (ChunkOpening.form(&x[0], &w[0]).unwrap(), ChunkOpening.form(&x[1], &w[1]).unwrap());
    let cross = cross_terms(&ChunkOpening, (&x[0], &w[0]), (&x[1], &w[1]), ends).unwrap();
    assert_eq!(messages[2..], [ends.0, cross[0]]);
}

#[test]
fn inconsistent_inputs_are_refused() {
    let srs = Srs::dev(4).unwrap();
    let claims = Claims::separate(&srs, 0, 4, 3);
    let statement = claims.statement();
    let chunks = claims.chunks();
    let run = |statement: &Statement<'_>, chunks: &[Chunk<'_>], values: &[Fr]| {
        let mut transcript = Transcript::new(PROTOCOL);
        prove(&mut ClearProver::new(&mut transcript), statement, chunks, values).err().unwrap()
    };
    let error = run(&statement, &chunks[..2], &claims.values);
    assert!(matches!(error, MiraError::Length { what: "chunks", expected: 3, got: 2 }));
    let error = run(&statement, &chunks, &claims.values[1..]);
    assert!(matches!(error, MiraError::Length { what: "claimed values", expected: 3, got: 2 }));
    let error = run(&Statement { points: &claims.points[1..], ..statement }, &chunks, &claims.values);
    assert!(matches!(error, MiraError::Length { what: "points", expected: 3, got: 2 }));
    let mut points = claims.points.clone();
    points[1].pop();
    let error = run(&Statement { points: &points, ..statement }, &chunks, &claims.values);
    assert!(matches!(error, MiraError::Length { what: "coordinates of a point", expected: 4, got: 3 }));
    let error =
        run(&Statement { coefficients: &claims.coefficients[1..], ..statement }, &chunks, &claims.values);
    assert!(matches!(error, MiraError::Length { what: "coefficients of the claims", expected: 3, got: 2 }));
    let mut long = chunks.clone();
    let entries = vec![0i16; 17];
    long[2].column = Column::I16(&entries);
    let error = run(&statement, &long, &claims.values);
    assert!(matches!(error, MiraError::TooLong { what: "chunk", limit: 16, got: 17 }));
}

/// Every hidden scalar (values, Y0, T, y_s) ends in the one constraint of the mask.
#[test]
fn hidden_scalars_are_constrained_by_the_mask() {
    use crate::mask::{self, MaskProof};
    use zktorch_transcript::{PlaceholderRows, Recorder, TranscriptError};
    let srs = Srs::dev(4).unwrap();
    let claims = Claims::separate(&srs, 0, 4, 5);
    let record = |masked: bool| {
        let mut channel = Recorder::new(Transcript::new(PROTOCOL), PlaceholderRows::new(16)).unwrap();
        let values = channel.receive(VALUES, 5).unwrap();
        let instance = verify(&mut channel, &claims.statement(), &claims.commitments, &values).unwrap();
        if masked {
            let proof = MaskProof { commitment: claims.commitments[0], value: Fr::zero() };
            mask::verify(&mut channel, instance, &proof).unwrap();
        }
        channel.finish().map(|recorded| recorded.r1cs.num_constraints())
    };
    assert_eq!(record(true).unwrap(), 1);
    assert!(matches!(record(false), Err(TranscriptError::UnconstrainedScalar { .. })));
}

/// rho after the values; per level the message, then gamma; nothing else.
#[test]
fn the_order_of_events_is_pinned() {
    let srs = Srs::dev(4).unwrap();
    let claims = Claims::separate(&srs, 0, 4, 3);
    let (prover, verifier) = (Probe::new(), Probe::new());
    let (messages, ..) = run_prover(&mut Transcript::new(PROTOCOL).with_probe(&prover), &claims).unwrap();
    let mut transcript = Transcript::new(PROTOCOL).with_probe(&verifier);
    run_verifier(&mut transcript, &claims.statement(), &claims.commitments, &messages).unwrap();
    let level = [Event::Absorb(b"mira level"), Event::Squeeze(b"mira level gamma")];
    let expected = [&[Event::Absorb(VALUES), Event::Squeeze(b"mira rho")], &level[..], &level].concat();
    assert_eq!(prover.events(), expected);
    assert_eq!(verifier.events(), expected);
}

#[test]
fn the_transcript_has_golden_bytes() {
    let srs = Srs::dev(4).unwrap();
    let claims = Claims::separate(&srs, 7, 4, 5);
    let mut transcript = Transcript::new(PROTOCOL);
    let (messages, instance, _) = run_prover(&mut transcript, &claims).unwrap();
    let mut digest = [0; 16];
    transcript.challenge_bytes(b"golden", &mut digest);
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let golden =
        (hex(&digest), hex(&scalar_to_bytes(&messages[5])[..8]), hex(&scalar_to_bytes(&instance.value)[..8]));
    let expected = ("bbaf5482d1a88f0bfc7563b6bc860e5d", "2b44f23d9c9916f2", "78dcda2d2ad52c9b");
    assert_eq!((golden.0.as_str(), golden.1.as_str(), golden.2.as_str()), expected);
}
