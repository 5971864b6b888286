//! The verifier's rows, and linear combinations of rows.

use std::sync::Arc;

use ark_ec::CurveGroup;
use ark_ff::One;
use zktorch_commit::{Blind, Commitment, Srs, msm};
use zktorch_field::{Fr, G1Affine, G1Projective, RawAffine};
use zktorch_mutants::enforced;
use zktorch_transcript::{RowLayout, RowSource, TranscriptError};

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

/// Commitments to the rows of a folded matrix: `sum_t c_t D_t`, where every D_t is a list of commitments.
///
/// The sum is not carried out. What the argument needs in the end is one combination of all rows, and that is a single
/// multi-scalar multiplication over the lists as they came, instead of a scalar multiplication per row and fold.
#[derive(Clone, Debug, Default)]
pub struct RowCommitments {
    terms: Vec<(Fr, Arc<[G1Affine]>)>,
}

impl RowCommitments {
    /// Rows as they were received.
    pub fn new(rows: Vec<G1Affine>) -> Self {
        Self { terms: vec![(Fr::from(1u64), rows.into())] }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.terms.iter().map(|(_, rows)| rows.len()).max().unwrap_or(0)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `self += c * other`.
    pub fn add_scaled(&mut self, other: &Self, c: Fr) {
        self.terms.extend(other.terms.iter().map(|(d, rows)| (c * d, rows.clone())));
    }

    /// `sum_i weights_i row_i`: the commitment to the combined row.
    ///
    /// # Errors
    /// [`ChannelError::Length`] if there are fewer weights than rows.
    pub fn combine(&self, weights: &[Fr]) -> Result<G1Projective, ChannelError> {
        if weights.len() < self.len() && enforced() {
            return Err(ChannelError::Length {
                what: "row weights",
                expected: self.len(),
                got: weights.len(),
            });
        }
        // Points at infinity contribute nothing, and have no coordinates.
        let terms = self.terms.iter().flat_map(|(c, rows)| {
            let weighted = rows.iter().zip(weights).map(move |(row, weight)| (row, *c * weight));
            weighted.filter_map(|(row, scalar)| Some((RawAffine::new(row)?, scalar)))
        });
        let (points, scalars): (Vec<RawAffine>, Vec<Fr>) = terms.unzip();
        Ok(msm::msm(&points, &scalars))
    }

    /// The commitments of the folded rows, one by one. A scalar multiplication per row and fold.
    pub fn to_points(&self) -> Vec<G1Affine> {
        match self.terms.as_slice() {
            [(c, rows)] if c.is_one() => rows.to_vec(),
            terms => {
                let row =
                    |i: usize| terms.iter().filter_map(|(c, rows)| rows.get(i).map(|row| *row * c)).sum();
                let points: Vec<G1Projective> = (0..self.len()).map(row).collect();
                G1Projective::normalize_batch(&points)
            }
        }
    }
}

/// Commits to all rows of z. Cells behind the end of a message are zero and cost nothing.
///
/// # Errors
/// [`ChannelError::Commit`] if a row does not fit the SRS.
pub(crate) fn commit_rows(
    srs: &Srs,
    layout: &RowLayout,
    z: &[Fr],
    blinds: &[Blind],
) -> Result<Vec<G1Affine>, ChannelError> {
    let columns = layout.columns();
    let mut rows = Vec::with_capacity(layout.rows());
    for message in layout.messages() {
        let first = message.rows.start * columns;
        rows.extend(z[first..first + message.len].chunks(columns));
    }
    Ok(srs.commit_prefixes(&rows, blinds)?.iter().map(Commitment::point).collect())
}
