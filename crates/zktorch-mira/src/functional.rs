//! Linear functionals on a chunk, with short descriptions.

use std::sync::OnceLock;

use ark_ff::Zero;
use sha2::{Digest, Sha256};
use zktorch_field::{Fr, decide};
use zktorch_mutants::enforced;
use zktorch_sumcheck::{eq_eval, eq_table};
use zktorch_transcript::Transcript;
use zktorch_transcript::wire::scalar_to_bytes;

use crate::error::check_length;
use crate::module::Module;
use crate::{MiraError, kernels};

/// The public side u of an opening instance: `u = sum_p d_p eq(point_p, .)` on `{0,1}^m`, so that
/// `<v, u> = sum_p d_p v~(point_p)` for a vector v of `2^m` entries.
///
/// It is kept as its list of terms: the description of an accumulator with P points costs `P (m + 1)` scalars instead
/// of `2^m`, and the verifier evaluates its extension in `O(P m)`. Points are never compared with each other.
///
/// A [`block`](Self::block) is a term `eq(prefix, .) (x) w` whose last variables have weights w of any kind, one for each of
/// their `2^l` values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Functional {
    num_vars: usize,
    terms: Vec<(Fr, Vec<Fr>)>,
    /// (prefix, weights).
    blocks: Vec<(Vec<Fr>, Vec<Fr>)>,
    digest: Digested,
}

/// The digest of a functional, computed when it is first absorbed: an accumulator's is absorbed with its mask and by the decider.
/// Whatever changes the functional forgets it.
#[derive(Clone, Debug, Default)]
struct Digested(OnceLock<[u8; 32]>);

/// No part of what a functional is.
impl PartialEq for Digested {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Digested {}

impl Functional {
    /// The functional with these (coefficient, point) terms.
    ///
    /// # Errors
    /// [`MiraError::Length`] if a point has not `num_vars` coordinates.
    pub fn new(num_vars: usize, terms: Vec<(Fr, Vec<Fr>)>) -> Result<Self, MiraError> {
        for (_, point) in &terms {
            check_length("point of a functional", num_vars, point.len())?;
        }
        Ok(Self { num_vars, terms, blocks: Vec::new(), digest: Digested::default() })
    }

    /// The zero functional.
    pub fn zero(num_vars: usize) -> Self {
        Self { num_vars, terms: Vec::new(), blocks: Vec::new(), digest: Digested::default() }
    }

    /// Evaluation at one point: `u = eq(point, .)`.
    pub fn eq(point: Vec<Fr>) -> Self {
        Self {
            num_vars: point.len(),
            terms: vec![(Fr::from(1u64), point)],
            blocks: Vec::new(),
            digest: Digested::default(),
        }
    }

    /// `u = eq(prefix, .) (x) weights`.
    ///
    /// # Errors
    /// [`MiraError::Length`] if the weights are not as many as a power of two.
    pub fn block(prefix: Vec<Fr>, weights: Vec<Fr>) -> Result<Self, MiraError> {
        check_length("weights of a functional", weights.len().next_power_of_two(), weights.len())?;
        let num_vars = prefix.len() + weights.len().ilog2() as usize;
        Ok(Self { num_vars, terms: Vec::new(), blocks: vec![(prefix, weights)], digest: Digested::default() })
    }

    /// Number of variables m: it acts on vectors of `2^m` entries.
    pub fn num_vars(&self) -> usize {
        self.num_vars
    }

    /// The terms (coefficient, point).
    pub fn terms(&self) -> &[(Fr, Vec<Fr>)] {
        &self.terms
    }

    /// The blocks (prefix, weights).
    pub fn blocks(&self) -> &[(Vec<Fr>, Vec<Fr>)] {
        &self.blocks
    }

    /// The point, if this is the evaluation at a single one (one term, with coefficient 1).
    pub fn as_evaluation(&self) -> Option<&[Fr]> {
        match self.terms.as_slice() {
            [(coefficient, point)] if *coefficient == Fr::from(1u64) && self.blocks.is_empty() => Some(point),
            _ => None,
        }
    }

    /// As [`as_evaluation`](Self::as_evaluation), or the error that names `what`.
    pub(crate) fn require_evaluation(&self, what: &'static str) -> Result<&[Fr], MiraError> {
        let terms = self.terms.len() + self.blocks.len();
        self.as_evaluation().ok_or(MiraError::NotReduced { what, terms })
    }

    /// The multilinear extension u~(x). Cost: `O(P m)`, less where consecutive points end in the same coordinates.
    ///
    /// # Errors
    /// [`MiraError::Length`] if x has not `num_vars` coordinates.
    pub fn evaluate(&self, x: &[Fr]) -> Result<Fr, MiraError> {
        check_length("point of evaluation", self.num_vars, x.len())?;
        let terms = evaluate_terms(&self.terms, x);
        let blocks = self.blocks.iter().map(|(prefix, weights)| {
            let (high, low) = x.split_at(prefix.len());
            eq_eval(prefix, high) * kernels::evaluate(weights, low)
        });
        Ok(terms + blocks.sum::<Fr>())
    }

    /// All `2^m` coefficients, first variable = most significant index bit. Cost: `P` products an entry.
    pub fn dense(&self) -> Vec<Fr> {
        let mut dense = kernels::dense(self);
        for (prefix, weights) in &self.blocks {
            for (block, eq) in dense.chunks_mut(weights.len()).zip(eq_table(prefix)) {
                block.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += eq * weight);
            }
        }
        dense
    }

    /// `<v, u>`; v may be shorter than `2^m` and continues with zeros.
    ///
    /// # Errors
    /// [`MiraError::TooLong`] if v is longer.
    pub fn apply(&self, v: &[Fr]) -> Result<Fr, MiraError> {
        let limit = 1 << self.num_vars;
        if v.len() > limit && enforced() {
            return Err(MiraError::TooLong { what: "argument of a functional", limit, got: v.len() });
        }
        let terms = kernels::evaluate_terms(v, &self.terms);
        let blocks = self.blocks.iter().map(|(prefix, weights)| {
            let inner = v.chunks(weights.len()).map(|block| kernels::inner_product(block, weights));
            inner.zip(eq_table(prefix)).map(|(product, eq)| product * eq).sum::<Fr>()
        });
        Ok(terms + blocks.sum::<Fr>())
    }

    /// Absorbs the description, as its digest: an accumulator's has as many points as there are claims, and is absorbed with every
    /// claim on it.
    pub(crate) fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_message(b"mira functional", self.digest.0.get_or_init(|| self.digest()));
    }

    /// SHA-256 of numbers of variables, terms and blocks, all terms, and all blocks with the length of their prefix.
    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for count in [self.num_vars, self.terms.len(), self.blocks.len()] {
            hash.update((count as u64).to_le_bytes());
        }
        let bytes = |scalars: &[Fr]| scalars.iter().flat_map(scalar_to_bytes).collect::<Vec<u8>>();
        for (coefficient, point) in &self.terms {
            hash.update(scalar_to_bytes(coefficient));
            hash.update(bytes(point));
        }
        for (prefix, weights) in &self.blocks {
            hash.update((prefix.len() as u64).to_le_bytes());
            hash.update(bytes(prefix));
            hash.update(bytes(weights));
        }
        hash.finalize().into()
    }
}

/// Adds the terms of the other one; equal points stay separate terms. A functional on fewer variables acts on a prefix
/// of the vector, so its points get leading zeros: `eq((0, z), x)` is `eq(z, x_low)` where `x_high = 0`.
impl Module for Functional {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        self.digest = Digested::default();
        self.extend_to(other.num_vars);
        let zeros = vec![Fr::zero(); self.num_vars - other.num_vars];
        let extended = other.terms.iter().map(|(d, point)| (c * d, [zeros.as_slice(), point].concat()));
        self.terms.extend(extended);
        let scaled = |weights: &[Fr]| weights.iter().map(|weight| c * weight).collect();
        let extended = other
            .blocks
            .iter()
            .map(|(prefix, weights)| ([zeros.as_slice(), prefix].concat(), scaled(weights)));
        self.blocks.extend(extended);
    }
}

impl Functional {
    /// The same functional on the prefix of a longer vector; nothing changes if it has `num_vars` variables or more.
    fn extend_to(&mut self, num_vars: usize) {
        let missing = num_vars.saturating_sub(self.num_vars);
        if missing > 0 {
            self.digest = Digested::default();
            let points = self.terms.iter_mut().map(|(_, point)| point);
            for point in points.chain(self.blocks.iter_mut().map(|(prefix, _)| prefix)) {
                point.splice(0..0, core::iter::repeat_n(Fr::zero(), missing));
            }
            self.num_vars = num_vars;
        }
    }
}

/// `sum_t c_t eq(point_t, x)`. Of the coordinates in which a point ends like the one before it, the factors are not computed again.
fn evaluate_terms(terms: &[(Fr, Vec<Fr>)], x: &[Fr]) -> Fr {
    // products[i]: the factors of the last i coordinates.
    let mut products = vec![Fr::from(1u64)];
    let mut before: &[Fr] = &[];
    let mut sum = Fr::from(0u64);
    for (coefficient, point) in terms {
        let same =
            point.iter().rev().zip(before.iter().rev()).take_while(|(a, b)| decide::alike(a, b)).count();
        products.truncate(same + 1);
        for (p, x) in point.iter().zip(x).rev().skip(same) {
            let product = products.last().copied().unwrap_or_default();
            let both = *p * x;
            products.push(product * (Fr::from(1u64) - p - x + both + both));
        }
        sum += *coefficient * products.last().copied().unwrap_or_default();
        before = point;
    }
    sum
}

#[cfg(test)]
mod tests;
