//! What the tests of this crate prove: random constraint systems, and a small protocol with everything in it.

use ark_ff::{Field, UniformRand};
use ark_std::rand::rngs::StdRng;
use ark_std::rand::{Rng, SeedableRng};
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::Fr;
use zktorch_mira::{Functional, OpeningInstance, OpeningWitness};
use zktorch_transcript::{
    LinearCombination, PlaceholderRows, ProverChannel, R1cs, Recorder, Scalar, Transcript, TranscriptError,
    VerifierChannel,
};

use crate::close::verify_from;
use crate::{ChannelError, HiddenProof, HiddenProver, Nonce, Protocol, prove, verify};

/// Random sparse constraints over messages of the given lengths; every scalar occurs in one. Nothing satisfies them
/// but by accident, which a relaxed instance does not mind.
pub(crate) fn random_r1cs(
    rng: &mut impl Rng,
    columns: usize,
    messages: &[usize],
    constraints: usize,
) -> R1cs {
    let mut recorder = Recorder::new(Transcript::new(b"random"), PlaceholderRows::new(columns)).unwrap();
    let z: Vec<LinearCombination> =
        messages.iter().flat_map(|&len| recorder.receive(b"message", len).unwrap()).collect();
    for index in 0..constraints - 1 {
        let mut row = || {
            let mut sum = LinearCombination::constant(Fr::from(rng.gen_range(0..2u64)));
            for _ in 0..rng.gen_range(1..4) {
                sum.add_scaled(&z[rng.gen_range(0..z.len())], Fr::rand(rng));
            }
            sum
        };
        let (a, b, c) = (row(), row(), row());
        if index % 3 == 0 {
            recorder.enforce_zero("random linear", a).unwrap();
        } else {
            recorder.enforce_product("random product", a, b, c).unwrap();
        }
    }
    let mut all = LinearCombination::zero();
    z.iter().for_each(|scalar| all.add_scaled(scalar, Fr::rand(rng)));
    recorder.enforce_zero("all", all).unwrap();
    recorder.finish().unwrap().r1cs
}

/// `count` random scalars.
pub(crate) fn scalars(rng: &mut impl Rng, count: usize) -> Vec<Fr> {
    (0..count).map(|_| Fr::rand(rng)).collect()
}

/// "For every commitment C_i, the vector v_i in it has `v_i~(a) v_i~(b) = p_i` at two public points"; the evaluations stay
/// hidden. A long second message depends on a challenge and is tied to the first by a constraint with a constant.
pub(crate) struct Example {
    pub(crate) commitments: Vec<Commitment>,
    pub(crate) points: [Vec<Fr>; 2],
    pub(crate) products: Vec<Fr>,
    /// Length of the second message.
    pub(crate) helpers: usize,
}

impl Protocol for Example {
    type Error = ChannelError;

    fn transcript(&self) -> Transcript {
        let mut transcript = Transcript::new(b"channel test");
        transcript.append_scalars(b"products", &self.products);
        self.points.iter().for_each(|point| transcript.append_scalars(b"point", point));
        transcript
    }

    fn verify<V: VerifierChannel>(
        &self,
        channel: &mut V,
    ) -> Result<Vec<OpeningInstance<V::Scalar>>, ChannelError> {
        let points: Vec<_> = self.commitments.iter().map(Commitment::point).collect();
        channel.transcript().append_points(b"example commitments", &points);
        let y = channel.receive(b"example evaluations", (2 * points.len()).max(1))?;
        let rho = channel.transcript().challenge_scalar(b"example rho");
        let h = channel.receive(b"example helpers", self.helpers)?;

        for (pair, product) in y.chunks(2).zip(&self.products) {
            let (a, b) = (pair[0].clone(), pair[1].clone());
            channel.enforce_product("example product", a, b, V::Scalar::constant(*product))?;
        }
        // h_0 h_1 = h_2, h_3 h_4 = h_5, .. before the last; the sum of all with powers of rho is y_0 + 1.
        for triple in h[..self.helpers - 1].chunks_exact(3) {
            let [a, b, c] = [triple[0].clone(), triple[1].clone(), triple[2].clone()];
            channel.enforce_product("example helpers", a, b, c)?;
        }
        let sum = V::Scalar::combine(h.iter().zip(powers(rho)));
        channel.enforce_equal("example sum", sum, y[0].add(&V::Scalar::constant(Fr::ONE)))?;

        let claims = self.commitments.iter().zip(y.chunks(2)).map(|(commitment, pair)| {
            Ok(OpeningInstance {
                commitment: commitment.projective(),
                functional: self.functional(rho)?,
                value: V::Scalar::combine(pair.iter().zip([Fr::ONE, rho])),
            })
        });
        claims.collect()
    }
}

fn powers(x: Fr) -> impl Iterator<Item = Fr> {
    core::iter::successors(Some(Fr::ONE), move |power| Some(*power * x))
}

impl Example {
    /// eq(a, .) + rho eq(b, .).
    pub(crate) fn functional(&self, rho: Fr) -> Result<Functional, ChannelError> {
        let terms = vec![(Fr::ONE, self.points[0].clone()), (rho, self.points[1].clone())];
        Ok(Functional::new(self.points[0].len(), terms)?)
    }
}

/// The statement with its witness.
pub(crate) struct Case {
    pub(crate) srs: Srs,
    pub(crate) columns: usize,
    pub(crate) example: Example,
    pub(crate) vectors: Vec<Vec<Fr>>,
    pub(crate) blinds: Vec<Blind>,
}

/// Sizes of a case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) k: usize,
    pub(crate) columns: usize,
    pub(crate) claims: usize,
    pub(crate) helpers: usize,
}

/// Small, with messages of several rows and one claim.
pub(crate) const SMALL: Size = Size { k: 5, columns: 4, claims: 1, helpers: 10 };

impl Case {
    pub(crate) fn new(size: Size) -> Self {
        let mut rng = StdRng::seed_from_u64(7);
        let srs = Srs::dev(size.k).unwrap();
        let points = [scalars(&mut rng, size.k), scalars(&mut rng, size.k)];
        let vectors: Vec<Vec<Fr>> = (0..size.claims).map(|_| scalars(&mut rng, srs.size())).collect();
        let blinds: Vec<Blind> = (0..size.claims).map(|_| Blind::random(&mut rng)).collect();
        let commitments = vectors.iter().zip(&blinds).map(|(v, b)| srs.commit(v, b).unwrap()).collect();
        let products = vectors.iter().map(|v| value(v, &points[0]) * value(v, &points[1])).collect();
        let example = Example { commitments, points, products, helpers: size.helpers };
        Self { srs, columns: size.columns, example, vectors, blinds }
    }

    /// The transcript that holds the statement.
    pub(crate) fn transcript(&self) -> Transcript {
        self.example.transcript()
    }

    /// A channel whose randomness depends on `seed`.
    pub(crate) fn prover(&self, transcript: Transcript, seed: u8) -> HiddenProver<'_> {
        HiddenProver::new(
            &self.srs,
            transcript,
            self.columns,
            &[b"test secret"],
            Nonce::from_bytes([seed; 32]),
        )
        .unwrap()
    }

    /// y for every vector.
    pub(crate) fn evaluations(&self) -> Vec<Fr> {
        let y = |v: &Vec<Fr>| self.example.points.iter().map(|p| value(v, p)).collect::<Vec<_>>();
        if self.vectors.is_empty() { vec![Fr::from(3u64)] } else { self.vectors.iter().flat_map(y).collect() }
    }

    /// Sends the messages for evaluations y; returns rho.
    pub(crate) fn send_messages(&self, prover: &mut HiddenProver<'_>, y: &[Fr]) -> Fr {
        let points: Vec<_> = self.example.commitments.iter().map(Commitment::point).collect();
        prover.transcript().append_points(b"example commitments", &points);
        prover.send(b"example evaluations", y).unwrap();
        let rho = prover.transcript().challenge_scalar(b"example rho");
        prover.send(b"example helpers", &helpers(self.example.helpers, y[0] + Fr::ONE, rho)).unwrap();
        rho
    }

    /// The claims with their witnesses.
    pub(crate) fn claims(&self, rho: Fr) -> Vec<(OpeningInstance<Fr>, OpeningWitness)> {
        let claim = |((commitment, vector), blind): ((&Commitment, &Vec<Fr>), &Blind)| {
            let functional = self.example.functional(rho).unwrap();
            let value = functional.apply(vector).unwrap();
            let instance = OpeningInstance { commitment: commitment.projective(), functional, value };
            (instance, OpeningWitness { vector: vector.clone(), blind: blind.clone() })
        };
        self.example.commitments.iter().zip(&self.vectors).zip(&self.blinds).map(claim).collect()
    }

    /// An honest proof.
    pub(crate) fn prove(&self, transcript: Transcript, seed: u8) -> HiddenProof {
        let mut prover = self.prover(transcript, seed);
        let rho = self.send_messages(&mut prover, &self.evaluations());
        prove(prover, &self.example, self.claims(rho)).unwrap()
    }

    pub(crate) fn verify_with(
        &self,
        transcript: Transcript,
        proof: &HiddenProof,
    ) -> Result<(), ChannelError> {
        verify_from(transcript, self.srs.verifier(), self.srs.k(), self.columns, &self.example, proof)
    }

    pub(crate) fn verify(&self, proof: &HiddenProof) -> Result<(), ChannelError> {
        verify(self.srs.verifier(), self.srs.k(), self.columns, &self.example, proof)
    }
}

/// Helpers that satisfy the constraints: the last one is such that the sum is `sum`.
pub(crate) fn helpers(count: usize, sum: Fr, rho: Fr) -> Vec<Fr> {
    let mut h = scalars(&mut StdRng::seed_from_u64(8), count - 1);
    h.chunks_exact_mut(3).for_each(|triple| triple[2] = triple[0] * triple[1]);
    let rest = sum - h.iter().zip(powers(rho)).map(|(h, power)| *h * power).sum::<Fr>();
    h.push(rest / rho.pow([count as u64 - 1]));
    h
}

/// Naive multilinear evaluation.
pub(crate) fn value(vector: &[Fr], point: &[Fr]) -> Fr {
    Functional::eq(point.to_vec()).apply(vector).unwrap()
}

/// Requires that exactly this constraint failed, on either level of errors.
pub(crate) fn assert_unsatisfied(result: Result<(), ChannelError>, expected: &str) {
    match unsatisfied(&result) {
        Some(constraint) => assert_eq!(constraint, expected),
        None => panic!("expected `{expected}` to fail, got {result:?}"),
    }
}

fn unsatisfied(result: &Result<(), ChannelError>) -> Option<&'static str> {
    use zktorch_mira::MiraError;
    use zktorch_sumcheck::SumcheckError;
    match result {
        Err(
            ChannelError::Transcript(TranscriptError::Unsatisfied { constraint })
            | ChannelError::Sumcheck(SumcheckError::Transcript(TranscriptError::Unsatisfied { constraint }))
            | ChannelError::Mira(MiraError::Transcript(TranscriptError::Unsatisfied { constraint }))
            | ChannelError::Mira(MiraError::Sumcheck(SumcheckError::Transcript(
                TranscriptError::Unsatisfied { constraint },
            ))),
        ) => Some(constraint),
        _ => None,
    }
}
