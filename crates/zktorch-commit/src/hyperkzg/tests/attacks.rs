//! Why everything is absorbed: proofs of false claims, in which something is chosen after the challenge that should have depended
//! on it. A verifier who forgets that one absorption accepts them.

use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, Field};
use zktorch_field::{Fr, G1Affine};
use zktorch_transcript::Transcript;
use zktorch_transcript::probe::Probe;

use super::super::shape::Shape;
use super::super::{OpeningProof, absorb_statement, eq_weights, kernels, verify};
use super::{naive_evaluate, random, srs, transcript};
use crate::{CommitError, Commitment};

/// Two folds, one of them committed, and a tail of four.
const K: usize = 6;
/// The radix there.
const RADIX: usize = 4;

/// A prover who makes the messages one by one, and may change any of them; what it does not change is honest.
struct Forger {
    transcript: Transcript,
    label: &'static [u8],
    f: Vec<Fr>,
    commitment: Commitment,
    point: Vec<Fr>,
    value: Fr,
    fold: Vec<Fr>,
    tail: Vec<Fr>,
    /// Of f and of its fold.
    residues: [Vec<Fr>; 2],
    evaluation: Fr,
    quotient: Vec<Fr>,
    s: Fr,
    gamma: Fr,
}

fn commit(f: &[Fr]) -> G1Affine {
    srs().commit_without_blind(f).unwrap().into_affine()
}

fn dot(a: &[Fr], b: &[Fr]) -> Fr {
    a.iter().zip(b).map(|(a, b)| *a * b).sum()
}

impl Forger {
    /// A vector and a true claim, for a verifier who forgets `label`.
    fn new(label: &'static [u8]) -> Self {
        let probe = Probe::new();
        probe.omit_label(label);
        let (f, point) = (random(80, 1 << K), random(81, K));
        let mut forger = Self {
            transcript: transcript().with_probe(&probe),
            label,
            commitment: Commitment(commit(&f)),
            value: naive_evaluate(&f, &point),
            fold: Vec::new(),
            tail: Vec::new(),
            residues: Default::default(),
            evaluation: Fr::ZERO,
            quotient: Vec::new(),
            s: Fr::ZERO,
            gamma: Fr::ZERO,
            f,
            point,
        };
        forger.fold = kernels::fold(&forger.f, &forger.weights(0));
        forger.tail = kernels::fold(&forger.fold, &forger.weights(1));
        forger
    }

    fn weights(&self, group: usize) -> Vec<Fr> {
        eq_weights(Shape::new(K).unwrap().group(&self.point, group))
    }

    fn tail_weights(&self) -> Vec<Fr> {
        eq_weights(&self.point[..2])
    }

    /// Claims one more than is true, with a tail that says so.
    fn lie(&mut self) {
        self.value += Fr::ONE;
        let weight = self.tail_weights()[0];
        self.tail[0] += Fr::ONE / weight;
    }

    /// Absorbs statement, fold and tail; s, and the residues there.
    fn draw_s(&mut self) {
        let id = srs().verifier().id();
        absorb_statement(
            &mut self.transcript,
            id,
            &Shape::new(K).unwrap(),
            self.commitment,
            &self.point,
            &self.value,
        );
        self.transcript.append_points(b"hyperkzg folds", &[commit(&self.fold)]);
        self.transcript.append_scalars(b"hyperkzg tail", &self.tail);
        self.s = self.transcript.challenge_scalar(b"hyperkzg s");
        let powers = kernels::powers(&self.s, 1 << K);
        self.residues = [&self.f, &self.fold].map(|f| kernels::residue(f, &powers, RADIX));
        self.evaluation = kernels::evaluate(&self.f, &powers);
    }

    /// Absorbs residues and evaluation; gamma, and the quotient of f and its fold.
    fn draw_gamma(&mut self) {
        self.transcript.append_scalars(b"hyperkzg residues", &self.residues.concat());
        self.transcript.append_scalar(b"hyperkzg evaluation", &self.evaluation);
        self.gamma = self.transcript.challenge_scalar(b"hyperkzg gamma");
        let mut combined = self.f.clone();
        kernels::add_scaled(&mut combined, &self.fold, &self.gamma);
        self.quotient = kernels::divide(&mut combined, &kernels::powers(&self.s, 1 << K), RADIX).to_vec();
    }

    /// The claim is false; it is accepted without the absorption, and refused with it.
    fn assert_forged(self, error: CommitError) {
        let committed = commit(&self.f);
        assert!(
            Commitment(committed) == self.commitment && naive_evaluate(&self.f, &self.point) != self.value
        );
        let proof = OpeningProof {
            folds: vec![commit(&self.fold)],
            tail: self.tail,
            residues: self.residues.concat(),
            evaluation: self.evaluation,
            quotient: commit(&self.quotient),
        };
        let run = |mut transcript: Transcript| {
            let (c, point) = (self.commitment, self.point.as_slice());
            verify(srs().verifier(), &mut transcript, K, c, point, self.value, &proof)
        };
        let probe = Probe::new();
        probe.omit_label(self.label);
        assert_eq!(run(transcript().with_probe(&probe)), Ok(()));
        assert_eq!(run(transcript()), Err(error));
    }
}

/// With s known, f + Z has the remainders of f, and is another polynomial.
#[test]
fn a_commitment_that_is_not_absorbed_is_forged() {
    let mut forger = Forger::new(b"hyperkzg commitment");
    forger.draw_s();
    forger.draw_gamma();
    // Z = X^5 - s X^4 - s X + s^2.
    let s = forger.s;
    for (power, c) in [(5, Fr::ONE), (4, -s), (1, -s), (0, s.square())] {
        forger.f[power] += c;
    }
    forger.quotient[0] += Fr::ONE;
    forger.commitment = Commitment(commit(&forger.f));
    forger.assert_forged(CommitError::OpeningFold);
}

/// With s known, other coordinates give the same sum of the residues.
#[test]
fn a_point_that_is_not_absorbed_is_forged() {
    let mut forger = Forger::new(b"hyperkzg point");
    forger.draw_s();
    forger.draw_gamma();
    let sum = |forger: &Forger| dot(&forger.weights(0), &forger.residues[0]);
    let target = sum(&forger);
    forger.point[K - 1] += Fr::ONE;
    let [at_0, at_1] = [Fr::ZERO, Fr::ONE].map(|coordinate| {
        forger.point[K - 2] = coordinate;
        sum(&forger)
    });
    forger.point[K - 2] = (target - at_0) / (at_1 - at_0);
    forger.assert_forged(CommitError::OpeningFold);
}

/// With s known, a fold that ends in a false tail there.
#[test]
fn folds_that_are_not_absorbed_are_forged() {
    let mut forger = Forger::new(b"hyperkzg folds");
    let true_tail = forger.tail.clone();
    forger.lie();
    forger.draw_s();
    // c (X - s) more is nothing more at s, and folds into what the tail is more there.
    let (weights, more) = (forger.weights(1), forger.tail[0] - true_tail[0]);
    let c = more / (weights[1] - forger.s * weights[0]);
    for to in [&mut forger.fold[..2], &mut forger.residues[1][..2]] {
        to[0] -= c * forger.s;
        to[1] += c;
    }
    forger.draw_gamma();
    forger.assert_forged(CommitError::OpeningFold);
}

/// With s known, another tail with the same value there.
#[test]
fn a_tail_that_is_not_absorbed_is_forged() {
    let mut forger = Forger::new(b"hyperkzg tail");
    forger.value += Fr::ONE;
    forger.draw_s();
    forger.draw_gamma();
    // c (X - s) more is one more in the end.
    let weights = forger.tail_weights();
    let c = Fr::ONE / (weights[1] - forger.s * weights[0]);
    forger.tail[0] -= c * forger.s;
    forger.tail[1] += c;
    forger.assert_forged(CommitError::OpeningFold);
}

/// With gamma known, two false residues with a true combination.
#[test]
fn residues_that_are_not_absorbed_are_forged() {
    let mut forger = Forger::new(b"hyperkzg residues");
    let true_tail = forger.tail.clone();
    forger.lie();
    forger.draw_s();
    forger.draw_gamma();
    // d more in the second residue, gamma d less in the first, which is nothing less in its sum.
    let (first, second, more) = (forger.weights(0), forger.weights(1), forger.tail[0] - true_tail[0]);
    let d = more / (second[0] * first[1] - second[1] * first[0]);
    for (i, d) in [d * first[1], -d * first[0]].into_iter().enumerate() {
        forger.residues[1][i] += d;
        forger.residues[0][i] -= forger.gamma * d;
    }
    forger.assert_forged(CommitError::OpeningPairing);
}

/// With gamma known, f(s) makes up for a fold that is not the one of f.
#[test]
fn an_evaluation_that_is_not_absorbed_is_forged() {
    let mut forger = Forger::new(b"hyperkzg evaluation");
    forger.fold = random(82, 1 << (K - 2));
    forger.tail = kernels::fold(&forger.fold, &forger.weights(1));
    forger.value = dot(&forger.tail_weights(), &forger.tail);
    forger.draw_s();
    forger.draw_gamma();
    let at_s = kernels::evaluate(&forger.fold, &kernels::powers(&forger.s, 1 << K));
    forger.evaluation += forger.gamma * (at_s - dot(&forger.weights(0), &forger.residues[0]));
    forger.assert_forged(CommitError::OpeningPairing);
}
