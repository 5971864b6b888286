//! Exponentials and logarithms of their sums, relative to a maximum: what is added up is from 0 to 1.

use zktorch_graph::{Formula, Instruction, Unary};

use super::super::{Core, Id, Kind, exp_of_negative};
use super::Builder;

/// Rows from here on have their maximum proved by one step; in shorter ones pairs are compared.
const LONG: usize = 4;

impl Builder {
    /// How far entries are below the largest one along an axis, of those that count.
    fn gap(&mut self, x: Id, axis: usize, keep: Option<Id>) -> Id {
        let dims = self.dims(x).to_vec();
        let inputs: Vec<Id> = std::iter::once(x).chain(keep).collect();
        self.push(Core::Gap(axis), &inputs, dims, Kind::Float)
    }

    pub(crate) fn exp(&mut self, x: Id) -> Id {
        self.function(x, Formula::argument().then(Unary::Exp), Kind::Float)
    }

    /// exp(x - max) / sum exp(x - max) along axes.
    pub(crate) fn softmax(&mut self, x: Id, axes: &[usize]) -> Id {
        let (exponentials, sum) = self.exponentials(x, axes);
        self.div_positive(exponentials, sum)
    }

    /// exp(x - max), and its sum along the axes, which are kept. What is masked is exactly zero.
    pub(crate) fn exponentials(&mut self, x: Id, axes: &[usize]) -> (Id, Id) {
        let mask = self.masked(x);
        let finite = mask.map_or(x, |mask| mask.finite);
        // A row without an entry that counts is an error of the run, but for one that is uniform by definition.
        let defined = mask.is_none_or(|mask| {
            self.may_count(mask.finite, mask.keep, axes)
                && (!mask.uniform || self.constant(mask.keep).is_some())
        });
        if let [axis] = *axes
            && self.dims(finite)[axis] >= LONG
            && self.kind(finite) == Kind::Float
            && self.constant(finite).is_none()
            && defined
        {
            let gap = self.gap(finite, axis, mask.map(|mask| mask.keep));
            let exponentials = self.plain_function(gap, exp_of_negative(), Kind::Float);
            let sum = self.reduce_sum(exponentials, axes, true);
            return (exponentials, sum);
        }
        if let Some(mask) = mask
            && self.may_count(mask.finite, mask.keep, axes)
        {
            return self.masked_exponentials(mask, axes);
        }
        let x = self.shifted(x, axes).0;
        let max = self.reduce_max(x, axes, true);
        let difference = self.sub(x, max);
        let exponentials = self.exp(difference);
        let sum = self.reduce_sum(exponentials, axes, true);
        (exponentials, sum)
    }

    /// An input may be wide, but its differences along an axis are not: without the first entry, and that
    /// one.
    fn shifted(&mut self, x: Id, axes: &[usize]) -> (Id, Option<Id>) {
        match axes {
            [axis] if self.program.inputs.contains(&x) && self.kind(x) == Kind::Float => {
                let first = self.slice(x, *axis, 0, 1);
                (self.sub(x, first), Some(first))
            }
            _ => (x, None),
        }
    }

    /// An offset m, `x - m`, and `log sum exp(x - m)`, along axes, which are kept: the sum is from 1 to their
    /// extent.
    pub(crate) fn log_sum_exp(&mut self, x: Id, axes: &[usize]) -> (Id, Id, Id) {
        let (shifted, first) = self.shifted(x, axes);
        let max = self.reduce_max(shifted, axes, true);
        let difference = self.sub(shifted, max);
        let exponentials = self.exp(difference);
        let sum = self.reduce_sum(exponentials, axes, true);
        let log = self.plain_function(sum, Formula::argument().then(Unary::Log), Kind::Float);
        let offset = first.map_or(max, |first| self.add(first, max));
        (offset, difference, log)
    }

    /// Notes that a sum of x is one of exponentials, if it is.
    pub(super) fn note_exponentials(&mut self, sum: Id, x: Id, axes: &[usize]) {
        let (root, mut formula) = self.as_formula(x);
        if sum == x || self.constant(sum).is_some() || formula.0.pop() != Some(Instruction::Unary(Unary::Exp))
        {
            return;
        }
        if self.is_below_maximum(root) {
            return;
        }
        let exponent = match formula == Formula::argument() {
            true => root,
            false => self.plain_function(root, formula, Kind::Float),
        };
        if self.kind(exponent) == Kind::Float && !self.is_below_maximum(exponent) {
            self.program.values[sum.0].exponents = Some((exponent, axes.to_vec()));
        }
    }

    /// `log sum exp(z)` of values that may be large: models spell it without the maximum.
    pub(super) fn log_of_exponentials(&mut self, sum: Id) -> Option<Id> {
        let (exponent, axes) = self.value(sum).exponents.clone()?;
        let dims = self.dims(sum).to_vec();
        let (offset, _, log) = self.log_sum_exp(exponent, &axes);
        let id = self.add(offset, log);
        Some(self.reshape(id, &dims))
    }

    /// Whether a maximum has been subtracted already.
    fn is_below_maximum(&self, x: Id) -> bool {
        let maker = |id: Id| self.program.nodes.iter().rev().find(|node| node.output == id);
        let Some(node) = maker(x) else { return false };
        if let Core::Gap(_) = node.core {
            return true;
        }
        let Core::Sum(coefficients) = &node.core else { return false };
        let subtracted = coefficients.iter().zip(&node.inputs).filter(|(c, _)| **c == -1.0);
        subtracted.into_iter().any(|(_, id)| {
            let mut id = *id;
            while let Some(node) = maker(id) {
                match node.core {
                    Core::Max => return true,
                    Core::Broadcast | Core::Reshape => id = node.inputs[0],
                    _ => return false,
                }
            }
            false
        })
    }
}
