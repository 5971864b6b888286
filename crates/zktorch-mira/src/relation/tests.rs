//! The generic code on a relation of degree 3 with committed error terms, and the laws on relations that break them.

use ark_ff::{Field, One, Zero};
use zktorch_commit::{Blind, Srs};
use zktorch_field::{Fr, G1Projective};
use zktorch_transcript::Transcript;

use super::*;
use crate::test_util::{coins, scalar, scalars};

/// `f((C, mu), w)_i = w_i^3 + mu w_i w_{i+1} + mu^2 w_i + 5 mu^3`, the homogenised form of `w^3 + w w' + w + 5`.
struct Cubic {
    /// Breaks one law.
    flaw: Flaw,
}

#[derive(PartialEq)]
enum Flaw {
    None,
    NotHomogeneous,
    Line,
    Degree,
    ForgetsError,
}

type CubicInstance = (G1Projective, Fr);

impl RelaxedRelation for Cubic {
    const NAME: &'static str = "cubic";
    type Key = Srs;
    type Instance = CubicInstance;
    type Witness = (Vec<Fr>, Blind);
    type Value = Vec<Fr>;
    type Error = G1Projective;
    type Opening = (Vec<Fr>, Blind);

    fn degree(&self) -> usize {
        if self.flaw == Flaw::Degree { 2 } else { 3 }
    }

    fn form(&self, (_, mu): &CubicInstance, (w, _): &Self::Witness) -> Result<Vec<Fr>, MiraError> {
        let constant = if self.flaw == Flaw::NotHomogeneous { Fr::one() } else { mu.pow([3]) };
        let entry = |i: usize| {
            let (x, y) = (w[i], w[(i + 1) % w.len()]);
            x.pow([3]) + *mu * x * y + *mu * mu * x + Fr::from(5u64) * constant
        };
        Ok((0..w.len()).map(entry).collect())
    }

    fn form_on_line(&self, a: Pair<'_, Self>, b: Pair<'_, Self>, gamma: Fr) -> Result<Vec<Fr>, MiraError> {
        let (mut x, mut w) = (*a.0, a.1.clone());
        // A fused implementation that is right on one instance and its multiples only.
        let slack = if self.flaw == Flaw::Line && a.0.1 != b.0.1 { Fr::zero() } else { gamma };
        x.1 += slack * b.0.1;
        w.accumulate(b.1, gamma);
        self.form(&x, &w)
    }

    fn value(&self, _: &G1Projective, opening: &Self::Opening) -> Vec<Fr> {
        opening.0.clone()
    }

    fn commitments_hold(
        &self,
        srs: &Srs,
        relaxed: &Relaxed<Self>,
        witness: &RelaxedWitness<Self>,
    ) -> Result<bool, MiraError> {
        let (w, blind) = &witness.witness;
        let (e, e_blind) = &witness.opening;
        let error = self.flaw == Flaw::ForgetsError || srs.commit(e, e_blind)?.projective() == relaxed.error;
        Ok(srs.commit(w, blind)?.projective() == relaxed.instance.0 && error)
    }

    fn absorb_instance(&self, transcript: &mut Transcript, (commitment, mu): &CubicInstance) {
        transcript.append_point(b"commitment", &(*commitment).into());
        transcript.append_scalar(b"slack", mu);
    }

    fn absorb_error(&self, transcript: &mut Transcript, error: &G1Projective) {
        transcript.append_point(b"error", &(*error).into());
    }
}

/// A relaxed instance with a random slack, whose error term is whatever f gives.
fn accumulator(srs: &Srs, relation: &Cubic, seed: u64) -> (Relaxed<Cubic>, RelaxedWitness<Cubic>) {
    let witness = (scalars(seed, 5), Blind::from_scalar(scalar(seed ^ 1)));
    let commitment = srs.commit(&witness.0, &witness.1).unwrap().projective();
    let instance = (commitment, scalar(seed ^ 2));
    let opening = (relation.form(&instance, &witness).unwrap(), Blind::from_scalar(scalar(seed ^ 3)));
    let error = srs.commit(&opening.0, &opening.1).unwrap().projective();
    (Relaxed { instance, error }, RelaxedWitness { witness, opening })
}

fn laws(flaw: Flaw) -> Result<(), MiraError> {
    let srs = Srs::dev(4).unwrap();
    let relation = Cubic { flaw };
    let (a, b) = (accumulator(&srs, &relation, 10), accumulator(&srs, &relation, 20));
    let mut blinds = coins(5);
    let mut commit = |value: &Vec<Fr>| {
        let blind = Blind::from_scalar(blinds.challenge_scalar(b"blind"));
        Ok((srs.commit(value, &blind)?.projective(), (value.clone(), blind)))
    };
    laws::check(&relation, &srs, &a, &b, &mut commit, |x, y| x.instance == y.instance && x.error == y.error)
}

#[test]
fn a_cubic_relation_with_slack_and_committed_errors_obeys_the_laws() {
    laws(Flaw::None).unwrap();
}

#[test]
fn broken_laws_are_named() {
    let law = |flaw| match laws(flaw).unwrap_err() {
        MiraError::LawBroken { relation: "cubic", law } => law,
        other => panic!("{other}"),
    };
    assert_eq!(law(Flaw::NotHomogeneous), "homogeneous form");
    assert_eq!(law(Flaw::Line), "form on a line");
    assert_eq!(law(Flaw::Degree), "homogeneous form");
    assert_eq!(law(Flaw::ForgetsError), "a changed error term is noticed");
}

#[test]
fn an_unsatisfied_witness_is_no_accumulator() {
    let srs = Srs::dev(4).unwrap();
    let relation = Cubic { flaw: Flaw::None };
    let (relaxed, mut witness) = accumulator(&srs, &relation, 1);
    witness.opening.0[0] += Fr::one();
    let error = srs.commit(&witness.opening.0, &witness.opening.1).unwrap().projective();
    let relaxed = Relaxed { error, ..relaxed };
    let error = check_satisfied(&relation, &srs, &relaxed, &witness).unwrap_err();
    assert!(matches!(error, MiraError::NotSatisfied { relation: "cubic", what: "form" }));
}

#[test]
fn the_verifier_wants_exactly_d_minus_one_cross_terms() {
    let srs = Srs::dev(4).unwrap();
    let relation = Cubic { flaw: Flaw::None };
    let (a, b) = (accumulator(&srs, &relation, 1), accumulator(&srs, &relation, 2));
    for count in [0, 1, 3] {
        let cross = vec![G1Projective::default(); count];
        let error = verify(&relation, &mut coins(0), a.0.clone(), &b.0, &cross).err().unwrap();
        assert!(
            matches!(error, MiraError::Length { what: "cross terms of a fold", expected: 2, got } if got == count)
        );
    }
}

#[test]
fn every_absorbed_item_moves_the_challenge() {
    let srs = Srs::dev(4).unwrap();
    let relation = Cubic { flaw: Flaw::None };
    let (a, b) = (accumulator(&srs, &relation, 1).0, accumulator(&srs, &relation, 2).0);
    let cross = vec![b.error, a.error];
    let challenge = |a: &Relaxed<Cubic>, b: &Relaxed<Cubic>, cross: &[G1Projective]| {
        let mut transcript = coins(0);
        verify(&relation, &mut transcript, a.clone(), b, cross).unwrap();
        transcript.challenge_scalar(b"after")
    };
    let honest = challenge(&a, &b, &cross);
    assert_ne!(honest, challenge(&b, &a, &cross), "swapped");
    for side in 0..2 {
        for part in 0..3 {
            let mut sides = [a.clone(), b.clone()];
            match part {
                0 => sides[side].instance.0 += srs.hiding_generator(),
                1 => sides[side].instance.1 += Fr::one(),
                _ => sides[side].error += srs.hiding_generator(),
            }
            assert_ne!(honest, challenge(&sides[0], &sides[1], &cross), "side {side}, part {part}");
        }
    }
    for index in 0..2 {
        let mut cross = cross.clone();
        cross[index] += srs.hiding_generator();
        assert_ne!(honest, challenge(&a, &b, &cross), "cross term {index}");
    }
}
