//! The message R1CS as a relaxed relation, so that Mira can fold it.

use ark_ec::CurveGroup;
use ark_ff::AdditiveGroup;
use zeroize::Zeroize;
use zktorch_commit::{Blind, Srs};
use zktorch_field::{Fr, G1Affine, G1Projective};
use zktorch_mira::relation::{Relaxed, RelaxedRelation, RelaxedWitness};
use zktorch_mira::{MiraError, Module};
use zktorch_transcript::{R1cs, RowLayout, Transcript};

use crate::RowCommitments;

/// `f((rows, u), z) = (A (u, z)) o (B (u, z)) - u C (u, z)`: degree 2, with the slack u in the place of the constant 1.
///
/// Error terms are vectors with one entry per constraint; they are committed in chunks of the size of the SRS.
#[derive(Clone, Copy, Debug)]
pub struct MessageRelation<'a> {
    r1cs: &'a R1cs,
    k: usize,
}

impl<'a> MessageRelation<'a> {
    /// The relation of these constraints, over chunks of `2^k` entries.
    pub fn new(r1cs: &'a R1cs, k: usize) -> Self {
        Self { r1cs, k }
    }

    /// Chunks of an error term.
    pub fn num_error_chunks(&self) -> usize {
        self.r1cs.num_constraints().div_ceil(1 << self.k)
    }
}

/// The public side: commitments of the rows of z, and the slack.
#[derive(Clone, Debug)]
pub struct MessageInstance {
    /// Commitments of the rows.
    pub rows: RowCommitments,
    /// u; 1 for messages as they were sent.
    pub slack: Fr,
}

impl Module for MessageInstance {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        self.rows.add_scaled(&other.rows, c);
        self.slack += c * other.slack;
    }
}

/// The secret side: all cells of z, and a blind per row.
#[derive(Clone, Debug)]
pub struct MessageWitness {
    /// z, row after row.
    pub z: Vec<Fr>,
    /// The blinds of the rows.
    pub blinds: Vec<Blind>,
}

impl Module for MessageWitness {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        self.z.accumulate(&other.z, c);
        accumulate_blinds(&mut self.blinds, &other.blinds, c);
    }
}

impl Drop for MessageWitness {
    fn drop(&mut self) {
        self.z.zeroize();
    }
}

/// What opens the chunks of an error term.
#[derive(Clone, Debug)]
pub struct ErrorOpening {
    /// One entry per constraint.
    pub values: Vec<Fr>,
    /// A blind per chunk.
    pub blinds: Vec<Blind>,
}

impl Module for ErrorOpening {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        self.values.accumulate(&other.values, c);
        accumulate_blinds(&mut self.blinds, &other.blinds, c);
    }
}

impl Drop for ErrorOpening {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

fn accumulate_blinds(blinds: &mut Vec<Blind>, other: &[Blind], c: Fr) {
    if blinds.len() < other.len() {
        // Growing in place would leave the old buffer as it is; blinds that are dropped are wiped.
        let mut longer = Vec::with_capacity(other.len());
        longer.extend(blinds.iter().cloned());
        longer.resize_with(other.len(), Blind::zero);
        *blinds = longer;
    }
    blinds.iter_mut().zip(other).for_each(|(a, b)| a.add_scaled(b, c));
}

impl MessageRelation<'_> {
    /// The rows of z.
    pub(crate) fn layout(&self) -> &RowLayout {
        self.r1cs.layout()
    }

    /// Commits to an error term, chunk by chunk.
    pub(crate) fn commit_error(
        &self,
        srs: &Srs,
        value: &[Fr],
        blinds: &mut dyn FnMut() -> Blind,
    ) -> Result<(Vec<G1Projective>, ErrorOpening), MiraError> {
        let mut opening = ErrorOpening { values: value.to_vec(), blinds: Vec::new() };
        let mut commitments = Vec::with_capacity(self.num_error_chunks());
        for chunk in value.chunks(1 << self.k) {
            let blind = blinds();
            commitments.push(srs.commit(chunk, &blind)?.projective());
            opening.blinds.push(blind);
        }
        Ok((commitments, opening))
    }

    /// Messages as they were sent: u = 1, E = 0 (whose commitment is the identity, without a blind).
    pub(crate) fn fresh_instance(&self, rows: Vec<G1Affine>) -> Relaxed<Self> {
        let instance = MessageInstance { rows: RowCommitments::new(rows), slack: Fr::from(1u64) };
        Relaxed { instance, error: vec![G1Projective::ZERO; self.num_error_chunks()] }
    }

    /// Their witness.
    pub(crate) fn fresh_witness(&self, z: Vec<Fr>, blinds: Vec<Blind>) -> RelaxedWitness<Self> {
        let values = vec![Fr::ZERO; self.r1cs.num_constraints()];
        let opening = ErrorOpening { values, blinds: vec![Blind::zero(); self.num_error_chunks()] };
        RelaxedWitness { witness: MessageWitness { z, blinds }, opening }
    }
}

/// The commitments of an error term as they are sent.
pub(crate) fn to_affine(points: &[G1Projective]) -> Vec<G1Affine> {
    G1Projective::normalize_batch(points)
}

impl RelaxedRelation for MessageRelation<'_> {
    const NAME: &'static str = "message R1CS";
    type Key = Srs;
    type Instance = MessageInstance;
    type Witness = MessageWitness;
    type Value = Vec<Fr>;
    type Error = Vec<G1Projective>;
    type Opening = ErrorOpening;

    fn degree(&self) -> usize {
        2
    }

    fn form(&self, instance: &MessageInstance, witness: &MessageWitness) -> Result<Vec<Fr>, MiraError> {
        let u = instance.slack;
        let (a, b) = (self.r1cs.a().multiply(u, &witness.z)?, self.r1cs.b().multiply(u, &witness.z)?);
        let c = self.r1cs.c().multiply(u, &witness.z)?;
        Ok(a.iter().zip(&b).zip(&c).map(|((a, b), c)| *a * b - u * c).collect())
    }

    fn value(&self, _: &Vec<G1Projective>, opening: &ErrorOpening) -> Vec<Fr> {
        opening.values.clone()
    }

    fn commitments_hold(
        &self,
        srs: &Srs,
        relaxed: &Relaxed<Self>,
        witness: &RelaxedWitness<Self>,
    ) -> Result<bool, MiraError> {
        let MessageWitness { z, blinds } = &witness.witness;
        let layout = self.r1cs.layout();
        if z.len() != layout.cells()
            || blinds.len() != layout.rows()
            || relaxed.instance.rows.len() != layout.rows()
        {
            return Ok(false);
        }
        let rows = z.chunks(layout.columns()).zip(blinds).zip(relaxed.instance.rows.to_points());
        for ((row, blind), commitment) in rows {
            if srs.commit(row, blind)?.point() != commitment {
                return Ok(false);
            }
        }
        let ErrorOpening { values, blinds } = &witness.opening;
        let chunks = self.num_error_chunks();
        if values.len() != self.r1cs.num_constraints()
            || blinds.len() != chunks
            || relaxed.error.len() != chunks
        {
            return Ok(false);
        }
        for ((chunk, blind), commitment) in values.chunks(1 << self.k).zip(blinds).zip(&relaxed.error) {
            if srs.commit(chunk, blind)?.projective() != *commitment {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn absorb_instance(&self, transcript: &mut Transcript, instance: &MessageInstance) {
        transcript.append_points(b"message rows", &instance.rows.to_points());
        transcript.append_scalar(b"message slack", &instance.slack);
    }

    fn absorb_error(&self, transcript: &mut Transcript, error: &Vec<G1Projective>) {
        transcript.append_points(b"message error", &to_affine(error));
    }
}

#[cfg(test)]
mod tests;
