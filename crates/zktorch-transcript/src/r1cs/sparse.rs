//! Sparse matrices over (1, z).

use ark_ff::AdditiveGroup;
use zktorch_field::{Fr, decide};

use crate::{LinearCombination, TranscriptError};

/// A sparse matrix with one row per constraint; the column of the constant 1 is kept apart from those of z, because
/// relaxed instances multiply it by their slack u.
///
/// Compressed rows: entries of row i are `starts[i]..starts[i + 1]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparseMatrix {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<Fr>,
    constants: Vec<(usize, Fr)>,
}

impl Default for SparseMatrix {
    fn default() -> Self {
        Self { starts: vec![0], columns: Vec::new(), values: Vec::new(), constants: Vec::new() }
    }
}

impl SparseMatrix {
    pub(crate) fn push(&mut self, row: &LinearCombination) {
        if !decide::absent(&row.constant_term()) {
            self.constants.push((self.num_rows(), row.constant_term()));
        }
        for &(column, value) in row.terms() {
            self.columns.push(column);
            self.values.push(value);
        }
        self.starts.push(self.columns.len());
    }

    /// Rows (constraints).
    pub fn num_rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// Non-zero entries, those of the constant column included.
    pub fn num_entries(&self) -> usize {
        self.values.len() + self.constants.len()
    }

    /// `M (u, z)`: one value per row.
    ///
    /// # Errors
    /// [`TranscriptError::Length`] if z has fewer cells than the matrix has columns.
    pub fn multiply(&self, u: Fr, z: &[Fr]) -> Result<Vec<Fr>, TranscriptError> {
        let mut out = Vec::with_capacity(self.num_rows());
        for bounds in self.starts.windows(2) {
            out.push(self.row_product(bounds, z)?);
        }
        for &(row, value) in &self.constants {
            out[row] += u * value;
        }
        Ok(out)
    }

    /// `sum_i left_i M_ij` for every column j of z: a vector of `columns` entries.
    ///
    /// # Errors
    /// [`TranscriptError::Length`] if `left` is shorter than the rows or `columns` smaller than the matrix needs.
    pub fn combine_rows(&self, left: &[Fr], columns: usize) -> Result<Vec<Fr>, TranscriptError> {
        self.check_left(left)?;
        let mut out = vec![Fr::ZERO; columns];
        for (bounds, weight) in self.starts.windows(2).zip(left) {
            for (&column, value) in self.row(bounds) {
                *out.get_mut(column as usize).ok_or_else(|| short(column, columns))? += *weight * value;
            }
        }
        Ok(out)
    }

    /// `sum_ij left_i M_ij right_j` over the columns j of z: with equality polynomials on both sides, the multilinear
    /// extension of the matrix. One multiplication per entry and one per row.
    ///
    /// # Errors
    /// [`TranscriptError::Length`] if `left` or `right` is shorter than the matrix.
    pub fn evaluate(&self, left: &[Fr], right: &[Fr]) -> Result<Fr, TranscriptError> {
        self.check_left(left)?;
        let mut sum = Fr::ZERO;
        for (bounds, weight) in self.starts.windows(2).zip(left) {
            if bounds[0] < bounds[1] {
                sum += *weight * self.row_product(bounds, right)?;
            }
        }
        Ok(sum)
    }

    /// `sum_i left_i M_i` over the constant column.
    ///
    /// # Errors
    /// [`TranscriptError::Length`] if `left` is shorter than the rows.
    pub fn constant_part(&self, left: &[Fr]) -> Result<Fr, TranscriptError> {
        self.check_left(left)?;
        Ok(self.constants.iter().map(|&(row, value)| left[row] * value).sum())
    }

    fn row(&self, bounds: &[usize]) -> impl Iterator<Item = (&u32, &Fr)> {
        self.columns[bounds[0]..bounds[1]].iter().zip(&self.values[bounds[0]..bounds[1]])
    }

    fn row_product(&self, bounds: &[usize], z: &[Fr]) -> Result<Fr, TranscriptError> {
        let mut sum = Fr::ZERO;
        for (&column, value) in self.row(bounds) {
            sum += *z.get(column as usize).ok_or_else(|| short(column, z.len()))? * value;
        }
        Ok(sum)
    }

    fn check_left(&self, left: &[Fr]) -> Result<(), TranscriptError> {
        let (expected, got) = (self.num_rows(), left.len());
        if got >= expected {
            Ok(())
        } else {
            Err(TranscriptError::Length { what: "row weights", expected, got })
        }
    }
}

fn short(column: u32, got: usize) -> TranscriptError {
    TranscriptError::Length { what: "columns of z", expected: column as usize + 1, got }
}
