//! What a contract is given: statement and proof in words.

use ark_ec::AffineRepr;
use ark_ff::{BigInt, PrimeField};
use zktorch_blocks::NetworkProof;
use zktorch_commit::Commitment;
use zktorch_field::{Fr, G1Affine};
use zktorch_mira::decider::DeciderProof;
use zktorch_verifier::{ProofEnvelope, Statement, UncheckedKey, VerifyError};

use crate::EvmError;
use crate::parts::visit;
use crate::program::{Program, big_endian};

/// A word.
pub type Word = [u8; 32];

/// Statement and proof as a program takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// The caller's context.
    pub context: Word,
    /// Values of the public tensors.
    pub publics: Vec<Vec<i32>>,
    /// Points of private tensors, then of the proof: x, y; both zero for infinity.
    pub points: Vec<[Word; 2]>,
    /// Scalars of the proof.
    pub scalars: Vec<Word>,
}

/// The number of a canonical word.
pub(crate) fn read<F: PrimeField<BigInt = BigInt<4>>>(word: &Word) -> Option<F> {
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(word.as_chunks::<8>().0.iter().rev()) {
        *limb = u64::from_be_bytes(*bytes);
    }
    F::from_bigint(BigInt(limbs))
}

/// The point of two words, as the precompiles take it.
pub(crate) fn point_of(words: &[Word; 2]) -> Option<G1Affine> {
    if *words == [[0; 32]; 2] {
        return Some(G1Affine::identity());
    }
    let point = G1Affine::new_unchecked(read(&words[0])?, read(&words[1])?);
    point.is_on_curve().then_some(point)
}

fn point_words(point: &G1Affine) -> [Word; 2] {
    point.xy().map(|(x, y)| [big_endian(&x), big_endian(&y)]).unwrap_or_default()
}

impl Inputs {
    /// Of a proof and its statement, as files have them. Nothing is verified.
    ///
    /// # Errors
    /// [`EvmError::Context`] for a context that is no word; [`EvmError::Inferences`] for a batch; those of decoding.
    pub fn new(key: &UncheckedKey, statement: &Statement, proof: &[u8]) -> Result<Self, EvmError> {
        if statement.inferences != 1 {
            return Err(EvmError::Inferences { got: statement.inferences });
        }
        let got = statement.context.len();
        let context = statement.context.as_slice().try_into().map_err(|_| EvmError::Context { got })?;
        let envelope = ProofEnvelope::from_bytes(proof)?;
        let (expected, got) = (key.model_id(), envelope.model()?);
        if expected != got {
            return Err(VerifyError::WrongKey { what: "proof", expected, got }.into());
        }
        let mut proof: NetworkProof =
            NetworkProof::from_bytes(key.network(), key.shape(), &envelope.argument)?;
        let mut points = Vec::new();
        for commitment in statement.private_inputs.iter().chain(&statement.private_outputs) {
            points.push(point_words(&Commitment::from_bytes(commitment)?.0));
        }
        let mut scalars = Vec::new();
        visit!(
            &mut proof,
            Commitment,
            |point: &mut G1Affine| points.push(point_words(point)),
            |scalar: &mut Fr| scalars.push(big_endian(scalar))
        );
        Ok(Self { context, publics: statement.public.clone(), points, scalars })
    }

    /// The statement and the proof that these words are; `None` if a word is no scalar or no coordinate, a point not on the curve, or
    /// there are not as many as the key says.
    pub fn to_proof(&self, key: &UncheckedKey) -> Option<(Statement, Vec<u8>)> {
        let mut word = [0; 32];
        word[0] = 1;
        let len = NetworkProof::<DeciderProof>::encoded_len(key.network(), key.shape()).ok()?;
        // Ones are scalars, and the x of a point: a proof of the right lengths.
        let blank = word.repeat(len / 32);
        let mut proof: NetworkProof = NetworkProof::from_bytes(key.network(), key.shape(), &blank).ok()?;
        let points: Vec<G1Affine> = self.points.iter().map(point_of).collect::<Option<_>>()?;
        let scalars: Vec<Fr> = self.scalars.iter().map(read).collect::<Option<_>>()?;
        let (mut points, mut scalars) = (points.into_iter(), scalars.into_iter());
        let counts = key.network().private_chunks();
        let mut commitments = counts
            .map(|count| points.by_ref().take(count).map(|p| Commitment(p).to_bytes()).collect::<Vec<_>>());
        let mut missing = false;
        visit!(
            &mut proof,
            Commitment,
            |point: &mut G1Affine| match points.next() {
                Some(own) => *point = own,
                None => missing = true,
            },
            |scalar: &mut Fr| *scalar = scalars.next().unwrap_or_default()
        );
        if missing || points.next().is_some() || scalars.next().is_some() {
            return None;
        }
        let statement = Statement {
            model_id: key.model_id(),
            inferences: 1,
            public: self.publics.clone(),
            private_inputs: std::mem::take(&mut commitments[0]),
            private_outputs: std::mem::take(&mut commitments[1]),
            context: self.context.to_vec(),
        };
        Some((statement, ProofEnvelope::new(key.model_id(), proof.to_bytes()).to_bytes()))
    }

    /// The bytes that follow the selector: context, points, scalars, then the values of each public tensor as little-endian 32-bit
    /// integers, each tensor filled with zeros to full words.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.context.to_vec();
        bytes.extend(self.points.iter().flatten().flatten());
        bytes.extend(self.scalars.iter().flatten());
        for values in &self.publics {
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            bytes.resize(bytes.len().next_multiple_of(32), 0);
        }
        bytes
    }

    /// Reads exactly what [`to_bytes`](Self::to_bytes) wrote; words are taken as they are.
    pub fn from_bytes(program: &Program, bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || words.len() != program.words() {
            return None;
        }
        let (context, words) = words.split_first()?;
        let (points, words) = words.split_at(2 * program.input_points);
        let (scalars, mut words) = words.split_at(program.input_scalars);
        let mut publics = Vec::new();
        for tensor in &program.publics {
            let (own, after) = words.split_at(tensor.words());
            let (values, padding) = own.as_flattened().split_at(4 * tensor.len);
            if padding.iter().any(|byte| *byte != 0) {
                return None;
            }
            publics.push(values.as_chunks::<4>().0.iter().map(|value| i32::from_le_bytes(*value)).collect());
            words = after;
        }
        let points = points.as_chunks::<2>().0.to_vec();
        Some(Self { context: *context, publics, points, scalars: scalars.to_vec() })
    }
}
