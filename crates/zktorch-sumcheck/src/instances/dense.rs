//! An arbitrary composition of dense tables: the reference every fast instance is tested against.

use ark_ff::Zero;
use zktorch_field::Fr;

use super::check_length;
use crate::{RoundPolynomial, SumcheckError, SumcheckInstance};

/// sum over x of g(f_1(x), .., f_k(x)) for multilinear f_j and any polynomial g of total degree `degree`.
///
/// Finals: f_1(point), .., f_k(point). Cost: (degree + 1) evaluations of g and k additions per pair and round,
/// one multiplication per table entry for binding; no packing, one thread. Meant for small statements, for
/// prototyping a new one, and as an oracle.
pub struct Dense<G> {
    tables: Vec<Vec<Fr>>,
    composition: G,
    degree: usize,
    claim: Fr,
    num_rounds: usize,
}

impl<G: Fn(&[Fr]) -> Fr + Send> Dense<G> {
    /// The statement that `claim` is the sum of `composition`, of degree `degree`, over `tables`.
    ///
    /// # Errors
    /// [`SumcheckError::NotPowerOfTwo`] or [`SumcheckError::Length`] when the tables are no cube of one size;
    /// [`SumcheckError::Length`] when there are none.
    pub fn new(
        tables: Vec<Vec<Fr>>,
        degree: usize,
        claim: Fr,
        composition: G,
    ) -> Result<Self, SumcheckError> {
        let Some(len) = tables.first().map(Vec::len) else {
            return Err(SumcheckError::Length { what: "tables of a dense instance", expected: 1, got: 0 });
        };
        if !len.is_power_of_two() {
            return Err(SumcheckError::NotPowerOfTwo { what: "dense table", got: len });
        }
        for table in &tables {
            check_length("dense table", len, table.len())?;
        }
        Ok(Self { tables, composition, degree, claim, num_rounds: len.ilog2() as usize })
    }

    /// The sum of `composition` over the cube: the honest claim.
    pub fn sum(tables: &[Vec<Fr>], composition: &G) -> Fr {
        let len = tables.first().map_or(0, Vec::len);
        (0..len).map(|x| composition(&tables.iter().map(|t| t[x]).collect::<Vec<_>>())).sum()
    }

    /// Binds the most significant variable of every table.
    fn bind(&mut self, challenge: Fr) {
        for table in &mut self.tables {
            let half = table.len() / 2;
            let (low, high) = table.split_at_mut(half);
            for (low, high) in low.iter_mut().zip(high.iter()) {
                *low += challenge * (*high - *low);
            }
            table.truncate(half);
        }
    }
}

impl<G: Fn(&[Fr]) -> Fr + Send> SumcheckInstance for Dense<G> {
    fn num_rounds(&self) -> usize {
        self.num_rounds
    }

    fn degree(&self) -> usize {
        self.degree
    }

    fn claim(&self) -> Fr {
        self.claim
    }

    fn round(&mut self, previous: Option<Fr>) -> RoundPolynomial {
        if let Some(challenge) = previous {
            self.bind(challenge);
        }
        // Values at 0, 1, .., degree, then the coefficients.
        let half = self.tables[0].len() / 2;
        let mut values = vec![Fr::zero(); self.degree + 1];
        let mut line = vec![Fr::zero(); self.tables.len()];
        for x in 0..half {
            for (value, table) in line.iter_mut().zip(&self.tables) {
                *value = table[x];
            }
            for sum in &mut values {
                *sum += (self.composition)(&line);
                for (value, table) in line.iter_mut().zip(&self.tables) {
                    *value += table[half + x] - table[x];
                }
            }
        }
        RoundPolynomial::from_coefficients(&interpolate(&values))
    }

    fn finish(&mut self, last: Option<Fr>) -> Vec<Fr> {
        if let Some(challenge) = last {
            self.bind(challenge);
        }
        self.tables.iter().map(|table| table[0]).collect()
    }
}

/// Coefficients of the polynomial with the given values at 0, 1, .., d (Newton's divided differences).
pub(crate) fn interpolate(values: &[Fr]) -> Vec<Fr> {
    // differences[k] = k-th divided difference at 0..k.
    let mut differences = values.to_vec();
    for order in 1..values.len() {
        let inverse = ark_ff::Field::inverse(&Fr::from(order as u64)).unwrap_or_else(Fr::zero);
        for i in (order..values.len()).rev() {
            let lower = differences[i - 1];
            differences[i] = (differences[i] - lower) * inverse;
        }
    }
    // Horner in the Newton basis: c <- c (X - k) + differences[k].
    let mut coefficients = vec![Fr::zero(); values.len()];
    for (k, difference) in differences.iter().enumerate().rev() {
        let node = Fr::from(k as u64);
        for i in (0..coefficients.len()).rev() {
            let shifted = if i > 0 { coefficients[i - 1] } else { Fr::zero() };
            coefficients[i] = shifted - node * coefficients[i];
        }
        if let Some(constant) = coefficients.first_mut() {
            *constant += difference;
        }
    }
    coefficients
}

#[cfg(test)]
mod tests;
