//! What one stage has to know of a group of instances.

use ark_ff::{AdditiveGroup, Zero};
use zktorch_field::Fr;

/// The quadratic form of a group of `2^a` instances on the challenges of a levels:
///
/// ```text
/// Q(gamma_0, .., gamma_{a-1}) = <sum_i w(i) v_i, sum_i w(i) u_i>,      w(i) = prod_l gamma_l^{i_l},
/// ```
///
/// of degree 2 in every variable, by its values on `{0, infinity, 1}^a`: a variable at 0 selects the left instances
/// of its level, at infinity (the leading coefficient) the right ones, at 1 their sum. So each value is one inner
/// product of sums of instances, and polarisation, `T = Q(1) - Q(0) - Q(infinity)`, gives the cross terms: the
/// interpolation of [`relation`](crate::relation), for all levels of a stage at once.
///
/// Digit l of an index in base 3 says where variable l is: 0 for 0, 1 for infinity, 2 for 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QuadraticForm {
    values: Vec<Fr>,
}

/// `3^a`.
pub(super) fn grid_size(levels: usize) -> usize {
    (0..levels).fold(1, |size, _| 3 * size)
}

/// The digits of a grid index: for every variable l, whether left (bit 0) and right (bit 1) instances take part.
fn digits(index: usize) -> impl Iterator<Item = usize> {
    core::iter::successors(Some(index), |rest| Some(rest / 3)).map(|rest| rest % 3 + 1)
}

/// Whether some variable of a grid index is at 1.
fn has_sum(mut index: usize) -> bool {
    while index > 0 {
        if index % 3 == 2 {
            return true;
        }
        index /= 3;
    }
    false
}

/// The instance at a grid index without sums; `None` if there is a sum.
pub(super) fn instance_at(index: usize, levels: usize) -> Option<usize> {
    digits(index).take(levels).enumerate().try_fold(0, |i, (l, sides)| match sides {
        1 => Some(i),
        2 => Some(i | 1 << l),
        _ => None,
    })
}

/// Of a grid index with a sum: the two indices whose vectors add up to its own. Both are smaller.
pub(super) fn summands(index: usize, levels: usize) -> Option<(usize, usize)> {
    let (_, step) = digits(index).take(levels).zip((0..).map(grid_size)).find(|(sides, _)| *sides == 3)?;
    Some((index - 2 * step, index - step))
}

impl QuadraticForm {
    pub(super) fn new(values: Vec<Fr>) -> Self {
        Self { values }
    }

    /// That of `2^levels` instances whose vectors are zero.
    pub(super) fn zero(levels: usize) -> Self {
        Self { values: vec![Fr::ZERO; grid_size(levels)] }
    }

    /// From all products `<v_i, u_j>` of the instances that are there (fewer than `2^a`, or as many), row by row.
    pub(super) fn from_products(levels: usize, count: usize, products: &[Fr]) -> Self {
        let takes_part =
            |index, i: usize| digits(index).take(levels).enumerate().all(|(l, s)| s >> (i >> l & 1) & 1 == 1);
        let value = |index| {
            let members: Vec<usize> = (0..count).filter(|i| takes_part(index, *i)).collect();
            members.iter().flat_map(|i| members.iter().map(move |j| products[i * count + j])).sum()
        };
        Self { values: (0..grid_size(levels)).map(value).collect() }
    }

    /// Fills in the values `<v_i, u_i>` of the single instances.
    pub(super) fn set_instances(&mut self, levels: usize, values: &[Fr]) {
        for (index, slot) in self.values.iter_mut().enumerate() {
            if let Some(i) = instance_at(index, levels) {
                *slot = values.get(i).copied().unwrap_or_else(Fr::zero);
            }
        }
    }

    /// The triples at 0, infinity and 1 of the first variable whose other variables select single instances.
    fn pairs(&self) -> impl Iterator<Item = &[Fr]> {
        self.values.chunks(3).enumerate().filter(|(rest, _)| !has_sum(*rest)).map(|(_, triple)| triple)
    }

    /// `sum <v_0, u_0>` over the pairs of the first level.
    pub(super) fn left(&self) -> Fr {
        self.pairs().map(|triple| triple[0]).sum()
    }

    /// `sum <v_0, u_1> + <v_1, u_0>` over the pairs of the first level.
    pub(super) fn cross(&self) -> Fr {
        self.pairs().map(|triple| triple[2] - triple[0] - triple[1]).sum()
    }

    /// Fixes the first variable.
    pub(super) fn bind(&mut self, gamma: Fr) {
        self.values = self
            .values
            .chunks(3)
            .map(|triple| {
                let [left, right, sum] = [triple[0], triple[1], triple[2]];
                left + gamma * (sum - left - right + gamma * right)
            })
            .collect();
    }

    /// The value, when all variables are fixed.
    pub(super) fn value(&self) -> Fr {
        self.values.first().copied().unwrap_or_else(Fr::zero)
    }

    /// The form of the same group over other entries, added.
    pub(super) fn add(&mut self, other: &Self) {
        if self.values.len() < other.values.len() {
            self.values.resize(other.values.len(), Fr::ZERO);
        }
        self.values.iter_mut().zip(&other.values).for_each(|(a, b)| *a += b);
    }
}

#[cfg(test)]
mod tests;
