//! The message R1CS as a relaxed relation, so that Mira can fold it.

use ark_ec::CurveGroup;
use ark_ff::AdditiveGroup;
use zeroize::{Zeroize, Zeroizing};
use zktorch_commit::{Blind, Srs};
use zktorch_field::{Fr, G1Affine, G1Projective};
use zktorch_mira::relation::{Relaxed, RelaxedRelation, RelaxedWitness};
use zktorch_mira::{MiraError, Module};
use zktorch_transcript::{R1cs, RowLayout, Transcript};

use crate::FoldedCommitments;
use crate::rows::commit_chunks;

/// `f((rows, u), z) = (A (u, z)) o (B (u, z)) - u C (u, z)`: degree 2, with the slack u in the place of the constant 1.
///
/// z is a sum: the messages, committed row by row as they were sent, and a mask, one vector over the same cells. Messages have no
/// mask, and a random instance has no messages; only a fold has both. The mask and the error terms (vectors with one entry per
/// constraint) are committed in chunks of the size of the SRS.
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

    /// Chunks of a mask.
    pub fn num_mask_chunks(&self) -> usize {
        self.r1cs.layout().cells().div_ceil(1 << self.k)
    }
}

/// The public side: commitments of the parts of z, and the slack.
#[derive(Clone, Debug)]
pub struct MessageInstance {
    /// Commitments of the messages' rows.
    pub rows: FoldedCommitments,
    /// Commitments of the mask's chunks.
    pub mask: FoldedCommitments,
    /// u; 1 for messages as they were sent.
    pub slack: Fr,
}

impl Module for MessageInstance {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        self.rows.add_scaled(&other.rows, c);
        self.mask.add_scaled(&other.mask, c);
        self.slack += c * other.slack;
    }
}

/// The secret side: the cells of both parts of z, and their blinds.
#[derive(Clone, Debug)]
pub struct MessageWitness {
    /// The messages, row after row.
    pub messages: Vec<Fr>,
    /// A blind per row.
    pub blinds: Vec<Blind>,
    /// The mask, in the same places.
    pub mask: Vec<Fr>,
    /// A blind per chunk of it.
    pub mask_blinds: Vec<Blind>,
}

impl MessageWitness {
    /// z: the messages plus the mask.
    pub fn assignment(&self) -> Zeroizing<Vec<Fr>> {
        let mut z = Zeroizing::new(self.messages.clone());
        z.accumulate(&self.mask, Fr::from(1u64));
        z
    }
}

impl Module for MessageWitness {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        self.messages.accumulate(&other.messages, c);
        accumulate_blinds(&mut self.blinds, &other.blinds, c);
        self.mask.accumulate(&other.mask, c);
        accumulate_blinds(&mut self.mask_blinds, &other.mask_blinds, c);
    }
}

impl Drop for MessageWitness {
    fn drop(&mut self) {
        self.messages.zeroize();
        self.mask.zeroize();
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
        let (commitments, blinds) = commit_chunks(srs, self.k, value, blinds)?;
        Ok((commitments, ErrorOpening { values: value.to_vec(), blinds }))
    }

    /// Commits to the cells of a mask, chunk by chunk.
    pub(crate) fn commit_mask(
        &self,
        srs: &Srs,
        cells: &[Fr],
        blinds: &mut dyn FnMut() -> Blind,
    ) -> Result<(Vec<G1Affine>, Vec<Blind>), MiraError> {
        let (commitments, blinds) = commit_chunks(srs, self.k, cells, blinds)?;
        Ok((to_affine(&commitments), blinds))
    }

    /// Messages as they were sent: u = 1, E = 0 (whose commitment is the identity, without a blind).
    pub(crate) fn fresh_instance(&self, rows: Vec<G1Affine>) -> Relaxed<Self> {
        let rows = FoldedCommitments::new(rows);
        let instance = MessageInstance { rows, mask: FoldedCommitments::default(), slack: Fr::from(1u64) };
        Relaxed { instance, error: vec![G1Projective::ZERO; self.num_error_chunks()] }
    }

    /// Their witness.
    pub(crate) fn fresh_witness(&self, messages: Vec<Fr>, blinds: Vec<Blind>) -> RelaxedWitness<Self> {
        let values = vec![Fr::ZERO; self.r1cs.num_constraints()];
        let opening = ErrorOpening { values, blinds: vec![Blind::zero(); self.num_error_chunks()] };
        let witness = MessageWitness { messages, blinds, mask: Vec::new(), mask_blinds: Vec::new() };
        RelaxedWitness { witness, opening }
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
        let (u, z) = (instance.slack, witness.assignment());
        let (a, b) = (self.r1cs.a().multiply(u, &z)?, self.r1cs.b().multiply(u, &z)?);
        let c = self.r1cs.c().multiply(u, &z)?;
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
        let layout = self.r1cs.layout();
        let MessageWitness { messages, blinds, mask, mask_blinds } = &witness.witness;
        let Relaxed { instance, error } = relaxed;
        let ErrorOpening { values, blinds: error_blinds } = &witness.opening;
        // A part that was never there is empty, with its commitments.
        let cells = |part: &[Fr]| part.is_empty() || part.len() == layout.cells();
        if !cells(messages) || !cells(mask) || values.len() != self.r1cs.num_constraints() {
            return Ok(false);
        }
        let holds = |vector: &[Fr],
                     chunk: usize,
                     blinds: &[Blind],
                     commitments: &[G1Affine]|
         -> Result<bool, MiraError> {
            let count = vector.len().div_ceil(chunk);
            if blinds.len() != count || commitments.len() != count {
                return Ok(false);
            }
            for ((chunk, blind), commitment) in vector.chunks(chunk).zip(blinds).zip(commitments) {
                if srs.commit(chunk, blind)?.point() != *commitment {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        let whole = 1 << self.k;
        Ok(holds(messages, layout.columns(), blinds, &instance.rows.to_points())?
            && holds(mask, whole, mask_blinds, &instance.mask.to_points())?
            && holds(values, whole, error_blinds, &to_affine(error))?)
    }

    fn absorb_instance(&self, transcript: &mut Transcript, instance: &MessageInstance) {
        transcript.append_points(b"message rows", &instance.rows.to_points());
        transcript.append_points(b"message mask", &instance.mask.to_points());
        transcript.append_scalar(b"message slack", &instance.slack);
    }

    fn absorb_error(&self, transcript: &mut Transcript, error: &Vec<G1Projective>) {
        transcript.append_points(b"message error", &to_affine(error));
    }
}

#[cfg(test)]
mod tests;
