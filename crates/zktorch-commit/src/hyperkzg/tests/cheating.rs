//! Provers that cheat, each with the error it must get.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, UniformRand};
use ark_std::rand::SeedableRng;
use ark_std::rand::rngs::StdRng;
use zktorch_field::{Fq, Fr, G1Affine};
use zktorch_transcript::probe::{Event, Probe};

use super::super::shape::Shape;
use super::super::{OpeningProof, absorb_statement, eq_weights, kernels};
use super::super::{open, open_many, verify, verify_many};
use super::{Opened, naive_evaluate, random, srs, transcript};
use crate::{Blind, CommitError, Commitment};

fn bump(x: &mut Fr) {
    *x += Fr::ONE;
}

fn move_point(p: &mut G1Affine) {
    *p = (p.into_group() + G1Affine::generator()).into_affine();
}

/// Every field of the proof and of the statement, changed one at a time.
#[test]
fn every_mutation_is_rejected() {
    type Change = (&'static str, fn(&mut Opened), CommitError);
    // k = 6: two folds of two variables (one of them committed) and a tail of two.
    let pairing = CommitError::OpeningPairing;
    let fold = CommitError::OpeningFold;
    let changes: Vec<Change> = vec![
        ("commitment", |o| move_point(&mut o.commitment.0), fold.clone()),
        ("point, a tail coordinate", |o| bump(&mut o.point[0]), CommitError::OpeningValue),
        ("point, a folded coordinate", |o| bump(&mut o.point[5]), fold.clone()),
        ("value", |o| bump(&mut o.value), CommitError::OpeningValue),
        ("folds", |o| move_point(&mut o.proof.folds[0]), fold.clone()),
        ("tail", |o| bump(&mut o.proof.tail[3]), CommitError::OpeningValue),
        ("first residue", |o| bump(&mut o.proof.residues[3]), pairing.clone()),
        ("last residue", |o| bump(&mut o.proof.residues[4]), fold.clone()),
        ("evaluation", |o| bump(&mut o.proof.evaluation), pairing.clone()),
        ("quotient", |o| move_point(&mut o.proof.quotient), pairing.clone()),
    ];
    for (what, change, expected) in changes {
        let mut opened = Opened::new(6, 30);
        assert_eq!(opened.proof.folds.len(), 1);
        change(&mut opened);
        assert_eq!(opened.verify(), Err(expected), "{what}");
    }
}

#[test]
fn every_scalar_of_the_proof_matters() {
    for k in [4, 8] {
        let honest = Opened::new(k, 31).proof;
        let scalars = honest.tail.len() + honest.residues.len();
        for i in 0..scalars {
            let mut opened = Opened { proof: honest.clone(), ..Opened::new(k, 31) };
            let tail = honest.tail.len();
            if i < tail {
                bump(&mut opened.proof.tail[i]);
            } else {
                bump(&mut opened.proof.residues[i - tail]);
            }
            assert!(opened.verify().is_err());
        }
    }
}

#[test]
fn wrong_lengths_are_typed_errors() {
    type Change = (fn(&mut Opened), &'static str);
    let changes: [Change; 5] = [
        (|o| o.proof.folds.push(G1Affine::generator()), "opening folds"),
        (|o| o.proof.tail.truncate(1), "opening tail"),
        (|o| o.proof.tail.push(Fr::ZERO), "opening tail"),
        (|o| o.proof.residues.truncate(1), "opening residues"),
        (|o| o.proof.residues.clear(), "opening residues"),
    ];
    for (change, name) in changes {
        let mut opened = Opened::new(8, 32);
        change(&mut opened);
        match opened.verify() {
            Err(CommitError::Length { what, .. }) => assert_eq!(what, name),
            other => panic!("{name}: {other:?}"),
        }
    }
    // The caller's own lengths: point against k, vector against point, SRS too short.
    let o = Opened::new(8, 32);
    let v = srs().verifier();
    let wrong_k = verify(v, &mut transcript(), 7, o.commitment, &o.point, o.value, &o.proof);
    assert_eq!(wrong_k, Err(CommitError::Length { what: "opening point", expected: 7, got: 8 }));
    let f = random(1, 100);
    let wrong_vector = open(srs(), &mut transcript(), o.commitment, &f, &o.point, o.value);
    assert_eq!(wrong_vector, Err(CommitError::Length { what: "opened vector", expected: 256, got: 100 }));
    let point = random(2, 11);
    let long = open(srs(), &mut transcript(), o.commitment, &random(1, 2048), &point, o.value);
    assert_eq!(long, Err(CommitError::ShortSrs { what: "opened vector", capacity: 1024, got: 2048 }));
    let small = open(srs(), &mut transcript(), o.commitment, &random(1, 8), &point[..3], o.value);
    assert!(matches!(small, Err(CommitError::LogSize { got: 3, .. })));
}

#[test]
fn points_off_the_curve_in_memory_are_refused() {
    let off = G1Affine::new_unchecked(Fq::from(4u64), Fq::from(1u64));
    let mut o = Opened::new(8, 33);
    o.proof.quotient = off;
    assert_eq!(o.verify(), Err(CommitError::InvalidPoint { what: "opening quotient", index: 0 }));
    let mut o = Opened::new(8, 33);
    o.proof.folds[0] = off;
    assert_eq!(o.verify(), Err(CommitError::InvalidPoint { what: "opening folds", index: 0 }));
    let mut o = Opened::new(8, 33);
    o.commitment = Commitment(off);
    assert_eq!(o.verify(), Err(CommitError::InvalidPoint { what: "commitment", index: 0 }));
}

/// Proves as `open` does, but for coefficients beyond `2^k`: the vector may be longer than the shape says. The tail
/// is cut to its length (there is nowhere to send the rest), and `patch` may repair it.
fn cheat(
    f: &[Fr],
    commitment: Commitment,
    point: &[Fr],
    value: Fr,
    patch: impl Fn(&mut Vec<Fr>),
) -> OpeningProof {
    let shape = Shape::new(point.len()).unwrap();
    let mut t = transcript();
    absorb_statement(&mut t, srs().verifier().id(), &shape, commitment, point, &value);
    let mut layers = vec![f.to_vec()];
    for i in 0..shape.folds {
        layers.push(kernels::fold(&layers[i], &eq_weights(shape.group(point, i))));
    }
    let mut tail = layers.pop().unwrap();
    tail.truncate(shape.tail_len());
    patch(&mut tail);
    let commit = |f: &[Fr]| srs().commit_without_blind(f).unwrap().into_affine();
    let folds: Vec<G1Affine> = layers[1..].iter().map(|f| commit(f)).collect();
    t.append_points(b"hyperkzg folds", &folds);
    t.append_scalars(b"hyperkzg tail", &tail);
    let s = t.challenge_scalar(b"hyperkzg s");
    let powers = kernels::powers(&s, f.len() / shape.radix());
    let residues: Vec<Fr> = layers.iter().flat_map(|f| kernels::residue(f, &powers, shape.radix())).collect();
    let evaluation = kernels::evaluate(f, &powers);
    t.append_scalars(b"hyperkzg residues", &residues);
    t.append_scalar(b"hyperkzg evaluation", &evaluation);
    let gamma = t.challenge_scalar(b"hyperkzg gamma");
    let mut combined = f.to_vec();
    let mut power = Fr::ONE;
    for layer in &layers[1..] {
        power *= gamma;
        kernels::add_scaled(&mut combined, layer, &power);
    }
    let quotient = commit(kernels::divide(&mut combined, &powers, shape.radix()));
    OpeningProof { folds, tail, residues, evaluation, quotient }
}

/// A commitment with powers beyond n: the SRS has 2n, the vector as well, and the prover does the best it can.
#[test]
fn commitment_with_powers_beyond_n_is_rejected() {
    let k = 8;
    let f = random(40, 2 << k);
    let point = random(41, k);
    let commitment = Commitment::from(srs().commit_without_blind(&f).unwrap());
    let low = naive_evaluate(&f[..1 << k], &point);
    let high = naive_evaluate(&f[1 << k..], &point);

    // The true value of the low half: every pairing holds, the folds end in a tail of twice the length.
    let proof = cheat(&f, commitment, &point, low, |_| {});
    let opened = Opened { commitment, point: point.clone(), value: low, proof };
    assert_eq!(opened.verify(), Err(CommitError::OpeningFold));

    // A tail that claims the sum of both halves (what a verifier that only looked at X = 1 would accept).
    let value = low + high;
    let proof = cheat(&f, commitment, &point, value, |tail| {
        let weights = eq_weights(&point[..2]);
        tail[0] += high * weights[0].inverse().unwrap();
    });
    let opened = Opened { commitment, point: point.clone(), value, proof };
    assert_eq!(opened.verify(), Err(CommitError::OpeningFold));

    // The same cheating code with an honest vector passes: the rejections above are due to the degree.
    let f = &f[..1 << k];
    let commitment = Commitment::from(srs().commit_without_blind(f).unwrap());
    let proof = cheat(f, commitment, &point, low, |_| {});
    assert_eq!(Opened { commitment, point, value: low, proof }.verify(), Ok(()));
}

/// Powers beyond n that the folds bind to zero can be opened at that point, with a claim that is true of the first n
/// entries, as documented; at any other point they cannot.
#[test]
fn powers_beyond_n_cannot_change_a_claim() {
    let k = 4;
    let mut f = random(42, 2 << k);
    let point = random(43, k);
    let weights = eq_weights(&point[2..]);
    let folded = kernels::fold(&f[1 << k..], &weights);
    for (j, x) in folded.iter().enumerate() {
        f[(1 << k) + 4 * j] -= *x * weights[0].inverse().unwrap();
    }
    let commitment = Commitment::from(srs().commit_without_blind(&f).unwrap());

    let value = naive_evaluate(&f[..1 << k], &point);
    let proof = cheat(&f, commitment, &point, value, |_| {});
    assert_eq!(Opened { commitment, point: point.clone(), value, proof }.verify(), Ok(()));

    let value = value + Fr::ONE;
    let proof = cheat(&f, commitment, &point, value, |tail| {
        tail[0] += eq_weights(&point[..2])[0].inverse().unwrap();
    });
    assert_eq!(Opened { commitment, point, value, proof }.verify(), Err(CommitError::OpeningFold));

    let point = random(44, k);
    let value = naive_evaluate(&f[..1 << k], &point);
    let proof = cheat(&f, commitment, &point, value, |_| {});
    assert_eq!(Opened { commitment, point, value, proof }.verify(), Err(CommitError::OpeningFold));
}

/// Two false claims whose errors cancel in an unweighted sum: the weights are powers of a challenge.
#[test]
fn false_claims_whose_errors_cancel_are_rejected() {
    let k = 5;
    let (f, g) = (random(48, 1 << k), random(49, 1 << k));
    let point = random(50, k);
    let commitments = [&f, &g].map(|v| Commitment::from(srs().commit_without_blind(v).unwrap()));
    let lies = [naive_evaluate(&f, &point) + Fr::ONE, naive_evaluate(&g, &point) - Fr::ONE];
    let proof = open_many(srs(), &mut transcript(), &commitments, &[&f, &g], &point, &lies).unwrap();
    let verdict = verify_many(srs().verifier(), &mut transcript(), k, &commitments, &point, &lies, &proof);
    assert_eq!(verdict, Err(CommitError::OpeningValue));
}

/// Residues made up to fit the folds, after the challenge that they should have answered.
#[test]
fn residues_that_fit_the_folds_but_not_the_commitments_are_rejected() {
    let mut o = Opened::new(6, 51);
    // Move the first residue along a direction that its fold does not see.
    let weights = eq_weights(&o.point[4..]);
    o.proof.residues[0] += weights[1];
    o.proof.residues[1] -= weights[0];
    assert_eq!(o.verify(), Err(CommitError::OpeningPairing));
}

/// A blind that was not removed: H is no combination of powers of tau.
#[test]
fn commitment_with_a_blind_left_in_is_rejected() {
    let mut o = Opened::new(6, 44);
    let mut rng = StdRng::seed_from_u64(1);
    let f = random(44, 64);
    o.commitment =
        Commitment::from(o.commitment.projective() + srs().hiding_generator() * Fr::rand(&mut rng));
    o.proof = open(srs(), &mut transcript(), o.commitment, &f, &o.point, o.value).unwrap();
    assert_eq!(o.verify(), Err(CommitError::OpeningPairing));
}

#[test]
fn degenerate_challenges_are_refused() {
    for s in [Fr::ZERO, Fr::ONE] {
        let o = Opened::new(5, 45);
        let probe = Probe::new();
        probe.program_label(b"hyperkzg s", [s]);
        let mut t = transcript().with_probe(&probe);
        let verdict = verify(srs().verifier(), &mut t, 5, o.commitment, &o.point, o.value, &o.proof);
        assert_eq!(verdict, Err(CommitError::DegenerateChallenge));
    }
}

/// The order in which everything is absorbed: the statement first, every message before the next challenge.
#[test]
fn transcript_order() {
    let o = Opened::new(8, 46);
    let probe = Probe::new();
    let mut t = transcript().with_probe(&probe);
    verify(srs().verifier(), &mut t, 8, o.commitment, &o.point, o.value, &o.proof).unwrap();
    let expected = [
        Event::Absorb(b"hyperkzg"),
        Event::Absorb(b"hyperkzg srs"),
        Event::Absorb(b"hyperkzg k"),
        Event::Absorb(b"hyperkzg commitment"),
        Event::Absorb(b"hyperkzg point"),
        Event::Absorb(b"hyperkzg value"),
        Event::Absorb(b"hyperkzg folds"),
        Event::Absorb(b"hyperkzg tail"),
        Event::Squeeze(b"hyperkzg s"),
        Event::Absorb(b"hyperkzg residues"),
        Event::Absorb(b"hyperkzg evaluation"),
        Event::Squeeze(b"hyperkzg gamma"),
        Event::Absorb(b"hyperkzg quotient"),
    ];
    assert_eq!(probe.events(), expected);
}

/// Leaving out any absorption changes what follows: a verifier that absorbs everything rejects.
#[test]
fn every_absorption_before_a_challenge_counts() {
    let f = random(47, 256);
    let o = Opened::new(8, 47);
    let recorded = Probe::new();
    let mut t = transcript().with_probe(&recorded);
    open(srs(), &mut t, o.commitment, &f, &o.point, o.value).unwrap();
    let absorbed = recorded.events().into_iter().filter(|event| matches!(event, Event::Absorb(_)));
    for (omitted, event) in absorbed.enumerate() {
        let probe = Probe::new();
        probe.omit(omitted);
        let mut t = transcript().with_probe(&probe);
        let proof = open(srs(), &mut t, o.commitment, &f, &o.point, o.value).unwrap();
        let verdict = verify(srs().verifier(), &mut transcript(), 8, o.commitment, &o.point, o.value, &proof);
        // The quotient comes after the last challenge.
        assert_eq!(verdict.is_ok(), event == Event::Absorb(b"hyperkzg quotient"), "{event:?}");
    }
}

/// Claims of a batch that are chosen after rho: only their combination is true.
#[test]
fn claims_chosen_after_rho_are_rejected() {
    let k = 6;
    let (f, g, point) = (random(61, 64), random(62, 64), random(63, k));
    let values = [naive_evaluate(&f, &point), naive_evaluate(&g, &point)];
    let honest = [&f, &g].map(|vector| srs().commit(vector, &Blind::zero()).unwrap());
    // What rho is if one of these is not absorbed.
    let rho = {
        let mut t = transcript();
        t.append_points(b"hyperkzg batch commitments", &honest.map(|commitment| commitment.0));
        t.append_scalars(b"hyperkzg batch point", &point);
        t.append_scalars(b"hyperkzg batch values", &values);
        t.challenge_scalar(b"hyperkzg batch rho")
    };
    let verdict = |commitments: &[Commitment], point: &[Fr], values: &[Fr]| {
        let proof = open_many(srs(), &mut transcript(), commitments, &[&f, &g], point, values)?;
        verify_many(srs().verifier(), &mut transcript(), k, commitments, point, values, &proof)
    };
    assert_eq!(verdict(&honest, &point, &values), Ok(()));

    let rest = rho.inverse().unwrap();
    let lies = [values[0] + Fr::ONE, values[1] - rest];
    assert!(verdict(&honest, &point, &lies).is_err(), "values");

    let generator = G1Affine::generator().into_group();
    let lies = [honest[0].0 + generator, honest[1].0 - generator * rest];
    let lies = lies.map(|point| Commitment(point.into_affine()));
    assert!(verdict(&lies, &point, &values).is_err(), "commitments");

    // Another point with the same value of f + rho g: its first coordinate is wrong, the second one makes up for it.
    let sum: Vec<Fr> = f.iter().zip(&g).map(|(f, g)| *f + rho * g).collect();
    let at = |second: Fr| {
        let mut other = point.clone();
        (other[0], other[1]) = (point[0] + Fr::ONE, second);
        other
    };
    let [zero, one] = [Fr::ZERO, Fr::ONE].map(|second| naive_evaluate(&sum, &at(second)));
    let target = values[0] + rho * values[1];
    let other = at((target - zero) * (one - zero).inverse().unwrap());
    assert_eq!(naive_evaluate(&sum, &other), target);
    assert!(verdict(&honest, &other, &values).is_err(), "point");
}
