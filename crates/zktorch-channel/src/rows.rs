//! The verifier's rows, and linear combinations of lists of commitments.

use std::sync::Arc;

use ark_ec::CurveGroup;
use ark_ff::One;
use zktorch_commit::{Blind, CommitError, Srs, msm};
use zktorch_field::{Fr, G1Affine, G1Projective};
use zktorch_mutants::enforced;
use zktorch_transcript::{RowSource, TranscriptError};

use crate::ChannelError;

/// Hands the row commitments of a proof to a [`Recorder`](zktorch_transcript::Recorder), in order.
#[derive(Clone, Debug)]
pub struct RowReader {
    columns: usize,
    rows: Vec<G1Affine>,
    next: usize,
}

impl RowReader {
    /// Rows of `columns` cells with these commitments.
    pub fn new(columns: usize, rows: Vec<G1Affine>) -> Self {
        Self { columns, rows, next: 0 }
    }

    /// Adds rows at the end: the prover's replay receives them as they are committed.
    pub(crate) fn extend(&mut self, rows: &[G1Affine]) {
        self.rows.extend_from_slice(rows);
    }

    /// All rows, once every one of them was received.
    ///
    /// # Errors
    /// [`TranscriptError::TrailingMessages`] if some were not.
    pub fn finish(self) -> Result<Vec<G1Affine>, TranscriptError> {
        match self.rows.len() - self.next {
            count if count > 0 && enforced() => Err(TranscriptError::TrailingMessages { count }),
            _ => Ok(self.rows),
        }
    }
}

impl RowSource for RowReader {
    fn columns(&self) -> usize {
        self.columns
    }

    fn next_rows(&mut self, label: &'static [u8], count: usize) -> Result<Vec<G1Affine>, TranscriptError> {
        let left = &self.rows[self.next..];
        let rows = left.get(..count).ok_or_else(|| TranscriptError::MissingMessage {
            label: String::from_utf8_lossy(label).into_owned(),
            expected: count,
            got: left.len(),
        })?;
        self.next += count;
        Ok(rows.to_vec())
    }
}

/// Commitments to the rows of a matrix, or to the chunks of a vector, after folds: `sum_t c_t D_t`, where every D_t is
/// a list of commitments.
///
/// The sum is not carried out. What the argument needs in the end is one combination of the whole list, and that is a
/// single multi-scalar multiplication over the lists as they came, instead of a scalar multiplication per entry and fold.
#[derive(Clone, Debug, Default)]
pub struct FoldedCommitments {
    terms: Vec<(Fr, Arc<[G1Affine]>)>,
}

impl FoldedCommitments {
    /// Commitments as they were received.
    pub fn new(points: Vec<G1Affine>) -> Self {
        Self { terms: vec![(Fr::from(1u64), points.into())] }
    }

    /// Length of the list.
    pub fn len(&self) -> usize {
        self.terms.iter().map(|(_, points)| points.len()).max().unwrap_or(0)
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `self += c * other`.
    pub fn add_scaled(&mut self, other: &Self, c: Fr) {
        self.terms.extend(other.terms.iter().map(|(d, points)| (c * d, points.clone())));
    }

    /// `sum_i weights_i C_i`: the commitment to the combined row or chunk.
    ///
    /// # Errors
    /// [`ChannelError::Length`] if there are fewer weights than commitments.
    pub fn combine(&self, weights: &[Fr]) -> Result<G1Projective, ChannelError> {
        if weights.len() < self.len() && enforced() {
            return Err(ChannelError::Length {
                what: "weights of commitments",
                expected: self.len(),
                got: weights.len(),
            });
        }
        let terms = self.terms.iter().flat_map(|(c, points)| {
            points.iter().zip(weights).map(move |(point, weight)| (*point, *c * weight))
        });
        let (points, scalars): (Vec<G1Affine>, Vec<Fr>) = terms.unzip();
        Ok(msm::msm_points(&points, &scalars))
    }

    /// The folded commitments, one by one. A scalar multiplication per entry and fold.
    pub fn to_points(&self) -> Vec<G1Affine> {
        match self.terms.as_slice() {
            [(c, points)] if c.is_one() => points.to_vec(),
            terms => {
                let entry = |i: usize| terms.iter().filter_map(|(c, d)| d.get(i).map(|d| *d * c)).sum();
                let points: Vec<G1Projective> = (0..self.len()).map(entry).collect();
                G1Projective::normalize_batch(&points)
            }
        }
    }
}

/// Commits to a vector chunk by chunk, `2^k` entries each, with a blind for every chunk.
///
/// # Errors
/// [`CommitError`](zktorch_commit::CommitError) if a chunk does not fit the SRS.
pub(crate) fn commit_chunks(
    srs: &Srs,
    k: usize,
    values: &[Fr],
    blinds: &mut dyn FnMut() -> Blind,
) -> Result<(Vec<G1Projective>, Vec<Blind>), CommitError> {
    let chunks = values.chunks(1 << k).map(|chunk| {
        let blind = blinds();
        Ok((srs.commit(chunk, &blind)?.projective(), blind))
    });
    Ok(chunks.collect::<Result<Vec<_>, CommitError>>()?.into_iter().unzip())
}
