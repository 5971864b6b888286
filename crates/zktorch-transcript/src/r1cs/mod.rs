//! The rank-one constraint system over hidden scalars.

mod sparse;
#[cfg(test)]
mod tests;

use zktorch_field::Fr;

pub use self::sparse::SparseMatrix;
use crate::{LinearCombination, RowLayout, TranscriptError};

/// The constraints `(A (1,z)) o (B (1,z)) = C (1,z)` that verifier code recorded, over the matrix z of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct R1cs {
    a: SparseMatrix,
    b: SparseMatrix,
    c: SparseMatrix,
    names: Vec<&'static str>,
    layout: RowLayout,
}

impl R1cs {
    /// The left factors.
    pub fn a(&self) -> &SparseMatrix {
        &self.a
    }

    /// The right factors.
    pub fn b(&self) -> &SparseMatrix {
        &self.b
    }

    /// The products.
    pub fn c(&self) -> &SparseMatrix {
        &self.c
    }

    /// The rows of z.
    pub fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// Constraints.
    pub fn num_constraints(&self) -> usize {
        self.names.len()
    }

    /// The name of constraint `index`.
    pub fn constraint_name(&self, index: usize) -> Option<&'static str> {
        self.names.get(index).copied()
    }

    /// Non-zero entries of the three matrices: what evaluating them costs.
    pub fn num_entries(&self) -> usize {
        self.a.num_entries() + self.b.num_entries() + self.c.num_entries()
    }

    /// Checks an assignment of z.
    ///
    /// # Errors
    /// [`TranscriptError::Unsatisfied`] with the first constraint that does not hold;
    /// [`TranscriptError::Length`] if z is too short.
    pub fn check(&self, z: &[Fr]) -> Result<(), TranscriptError> {
        let one = Fr::from(1u64);
        let (a, b, c) = (self.a.multiply(one, z)?, self.b.multiply(one, z)?, self.c.multiply(one, z)?);
        for (((a, b), c), name) in a.iter().zip(&b).zip(&c).zip(&self.names) {
            if *a * b != *c {
                return Err(TranscriptError::Unsatisfied { constraint: name });
            }
        }
        Ok(())
    }
}

/// Collects constraints, and which cells of z occur in one.
#[derive(Debug, Default)]
pub(crate) struct R1csBuilder {
    a: SparseMatrix,
    b: SparseMatrix,
    c: SparseMatrix,
    names: Vec<&'static str>,
    used: Vec<bool>,
}

impl R1csBuilder {
    /// Adds `a b = c`.
    pub(crate) fn push(
        &mut self,
        name: &'static str,
        a: &LinearCombination,
        b: &LinearCombination,
        c: &LinearCombination,
    ) {
        // With a factor that is zero the other one is not constrained, so it does not count as used. It is in its matrix all the same:
        // a factor may be zero for one statement's public values and not for another's, and the matrices must not tell.
        let vacuous = a.is_absent() || b.is_absent();
        for (matrix, row, constrained) in
            [(&mut self.a, a, !vacuous), (&mut self.b, b, !vacuous), (&mut self.c, c, true)]
        {
            matrix.push(row);
            // Terms are sorted: the last one is the highest.
            let needed = row.terms().last().map_or(0, |&(cell, _)| cell as usize + 1);
            self.used.resize(self.used.len().max(needed), false);
            row.terms().iter().for_each(|&(cell, _)| self.used[cell as usize] |= constrained);
        }
        self.names.push(name);
    }

    pub(crate) fn num_constraints(&self) -> usize {
        self.names.len()
    }

    /// For every cell, whether it occurs in a constraint (cells beyond the end do not).
    pub(crate) fn used(&self) -> &[bool] {
        &self.used
    }

    pub(crate) fn finish(self, layout: RowLayout) -> R1cs {
        R1cs { a: self.a, b: self.b, c: self.c, names: self.names, layout }
    }
}
