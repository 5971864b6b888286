//! Tests of openings: laws, honest runs, cheating provers, mutations.

mod attacks;
mod cheating;
mod encoding;
mod honest;
mod oracle;

use ark_ff::{AdditiveGroup, UniformRand};
use ark_std::rand::SeedableRng;
use ark_std::rand::rngs::StdRng;
use std::sync::OnceLock;
use zktorch_field::Fr;
use zktorch_transcript::Transcript;

use super::OpeningProof;
use crate::{CommitError, Commitment, Srs};

/// The largest `k` that these tests open; the SRS has one more, so that powers beyond `n` exist.
const MAX_K: usize = 9;

fn srs() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| Srs::dev(MAX_K + 1).unwrap())
}

fn random(seed: u64, count: usize) -> Vec<Fr> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..count).map(|_| Fr::rand(&mut rng)).collect()
}

fn transcript() -> Transcript {
    Transcript::new(b"hyperkzg test")
}

/// The multilinear extension by its definition.
fn naive_evaluate(f: &[Fr], point: &[Fr]) -> Fr {
    let k = point.len();
    let one = Fr::from(1u64);
    let eq = |i: usize| -> Fr {
        point.iter().enumerate().map(|(v, z)| if i >> (k - 1 - v) & 1 == 1 { *z } else { one - z }).product()
    };
    f.iter().enumerate().fold(Fr::ZERO, |acc, (i, x)| acc + *x * eq(i))
}

/// A claim and its honest proof.
struct Opened {
    commitment: Commitment,
    point: Vec<Fr>,
    value: Fr,
    proof: OpeningProof,
}

impl Opened {
    fn new(k: usize, seed: u64) -> Self {
        let f = random(seed, 1 << k);
        let point = random(seed + 1, k);
        let value = naive_evaluate(&f, &point);
        let commitment = Commitment::from(srs().commit_without_blind(&f).unwrap());
        let proof = super::open(srs(), &mut transcript(), commitment, &f, &point, value).unwrap();
        Self { commitment, point, value, proof }
    }

    fn verify(&self) -> Result<(), CommitError> {
        let k = self.point.len();
        super::verify(
            srs().verifier(),
            &mut transcript(),
            k,
            self.commitment,
            &self.point,
            self.value,
            &self.proof,
        )
    }
}
