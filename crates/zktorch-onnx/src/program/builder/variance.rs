//! Variances that a model spells as `mean(x^2) - mean(x)^2`, a small difference of large numbers.

use super::super::{Core, Id, Kind, Node};
use super::Builder;

impl Builder {
    /// `mean((x - mean(x))^2)`, if a sum is `mean(x^2) - mean(x)^2`.
    pub(super) fn variance(&mut self, terms: &[(f64, Id)]) -> Option<Id> {
        let [(1.0, mean_of_square), (-1.0, square_of_mean)] = *terms else { return None };
        let dims = self.dims(mean_of_square).to_vec();
        let (square, axes) = self.mean_over(mean_of_square)?;
        let (x, mean) = (self.square_root(square)?, self.square_root(square_of_mean)?);
        let same = self.mean_over(mean)? == (x, axes.clone()) && self.dims(square_of_mean) == dims;
        if !same || self.kind(x) != Kind::Float {
            return None;
        }
        let count: usize = axes.iter().map(|axis| self.dims(x)[*axis]).product();
        let mut kept = self.dims(x).to_vec();
        axes.iter().for_each(|axis| kept[*axis] = 1);
        let mean = self.reshape(mean, &kept);
        let deviation = self.sub(x, mean);
        let sum = self.reduce_product(deviation, deviation, &axes, true);
        let variance = self.scale(sum, 1.0 / count.max(1) as f64);
        Some(self.reshape(variance, &dims))
    }

    pub(crate) fn maker(&self, id: Id) -> Option<&Node> {
        self.program.maker(id)
    }

    /// x and the axes over which a value is its mean.
    fn mean_over(&self, id: Id) -> Option<(Id, Vec<usize>)> {
        let mut id = id;
        while let Some(Node { core: Core::Reshape, inputs, .. }) = self.maker(id) {
            id = inputs[0];
        }
        let mut axes = Vec::new();
        while let Some(Node { core: Core::Map { axis, matrix }, inputs, .. }) = self.maker(id) {
            let extent = self.dims(inputs[0])[*axis];
            let all = matrix.entries.len() == extent && matrix.entries.iter().all(|entry| entry.2 == 1);
            if matrix.rows != 1 || matrix.divisor as usize != extent || !all {
                break;
            }
            axes.push(*axis);
            id = inputs[0];
        }
        axes.sort_unstable();
        (!axes.is_empty()).then_some((id, axes))
    }

    /// x, if a value is its square, entry by entry.
    fn square_root(&self, id: Id) -> Option<Id> {
        let Core::Einsum { a, b, out } = &self.maker(id)?.core else { return None };
        let inputs = &self.maker(id)?.inputs;
        (inputs[0] == inputs[1] && a == b && a == out).then_some(inputs[0])
    }
}
