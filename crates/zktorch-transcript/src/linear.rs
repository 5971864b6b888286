//! Linear combinations of hidden scalars.

use ark_ff::AdditiveGroup;
use zktorch_field::{Fr, decide};

use crate::Scalar;

/// `c + sum_j c_j z_j` over hidden scalars z: what a verifier knows about a value it has not seen.
///
/// Terms are sorted by variable and have no zero coefficient, so a variable that cancels is gone (and is then not
/// "used" by the constraint it cancelled in).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearCombination {
    constant: Fr,
    terms: Vec<(u32, Fr)>,
}

impl LinearCombination {
    /// The hidden scalar with the given number, as the recorder allocated it.
    pub(crate) fn variable(index: u32) -> Self {
        Self { constant: Fr::ZERO, terms: vec![(index, Fr::from(1u64))] }
    }

    /// The public part.
    pub(crate) fn constant_term(&self) -> Fr {
        self.constant
    }

    /// Whether it is identically zero, so that whatever it is multiplied with is not constrained by that.
    pub(crate) fn is_absent(&self) -> bool {
        self.terms.is_empty() && decide::absent(&self.constant)
    }

    /// The hidden part: (variable, coefficient), sorted, no zero.
    pub(crate) fn terms(&self) -> &[(u32, Fr)] {
        &self.terms
    }

    /// Merges two sorted lists, adding `c` times the second.
    fn merge(&mut self, other: &[(u32, Fr)], c: Fr) {
        let mut out = Vec::with_capacity(self.terms.len() + other.len());
        let (mut left, mut right) = (self.terms.iter().peekable(), other.iter().peekable());
        loop {
            match (left.peek(), right.peek()) {
                (Some(&&(i, a)), Some(&&(j, b))) if i == j => {
                    let sum = a + c * b;
                    if !decide::absent(&sum) {
                        out.push((i, sum));
                    }
                    left.next();
                    right.next();
                }
                (Some(&&(i, a)), Some(&&(j, _))) if i < j => {
                    out.push((i, a));
                    left.next();
                }
                (_, Some(&&(j, b))) => {
                    out.push((j, c * b));
                    right.next();
                }
                (Some(&&term), None) => {
                    out.push(term);
                    left.next();
                }
                (None, None) => break,
            }
        }
        self.terms = out;
    }
}

impl Scalar for LinearCombination {
    fn zero() -> Self {
        Self { constant: Fr::ZERO, terms: Vec::new() }
    }

    fn constant(c: Fr) -> Self {
        Self { constant: c, terms: Vec::new() }
    }

    /// By sorting: the order of the terms does not matter to the time.
    fn combine<'a>(terms: impl IntoIterator<Item = (&'a Self, Fr)>) -> Self {
        let (mut constant, mut all) = (Fr::ZERO, Vec::new());
        for (scalar, c) in terms {
            if !decide::absent(&c) {
                constant += c * scalar.constant;
                all.extend(scalar.terms.iter().map(|&(j, b)| (j, c * b)));
            }
        }
        all.sort_by_key(|&(j, _)| j);
        let mut terms: Vec<(u32, Fr)> = Vec::with_capacity(all.len());
        for (j, c) in all {
            match terms.last_mut() {
                Some((last, sum)) if *last == j => *sum += c,
                _ => terms.push((j, c)),
            }
        }
        terms.retain(|(_, c)| !decide::absent(c));
        Self { constant, terms }
    }

    fn add_scaled(&mut self, other: &Self, c: Fr) {
        if decide::absent(&c) {
            return;
        }
        self.constant += c * other.constant;
        let (Some(&(first, _)), last) = (other.terms.first(), self.terms.last()) else {
            return;
        };
        // Newly received scalars have the highest numbers: mostly this is an append.
        if last.is_none_or(|&(last, _)| last < first) {
            self.terms.extend(other.terms.iter().map(|&(j, b)| (j, c * b)));
        } else {
            self.merge(&other.terms, c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In any order, with repetitions, cancellations and constants.
    #[test]
    fn combining_is_adding_one_by_one() {
        let z: Vec<LinearCombination> = (0..20).map(LinearCombination::variable).collect();
        let mut scalars = Vec::new();
        for i in 0..200u64 {
            let at = |step: u64| &z[(i * step % 20) as usize];
            let mut scalar = LinearCombination::constant(Fr::from(i % 3));
            scalar.add_scaled(at(7), Fr::from(i % 5));
            scalar.add_scaled(at(3), -Fr::from(i % 5));
            scalars.push((scalar, Fr::from(i % 4) - Fr::from(1u64)));
        }
        let mut sum = LinearCombination::zero();
        for (scalar, c) in &scalars {
            sum.add_scaled(scalar, *c);
        }
        assert_eq!(LinearCombination::combine(scalars.iter().map(|(scalar, c)| (scalar, *c))), sum);
        let none = LinearCombination::combine([
            (&z[3], Fr::from(2u64)),
            (&z[1], Fr::ZERO),
            (&z[3], -Fr::from(2u64)),
        ]);
        assert_eq!(none, LinearCombination::zero());
    }
}
