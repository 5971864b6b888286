//! Public factors of products of two values: attention's scores are as many as pairs of positions, its queries are not.

use super::{Core, Id, Node, Program};
use crate::tensor::len;

/// `c (a b)`, where a is what a value becomes by nothing but reshaping and transposing.
struct Factor {
    /// c, and where it stands.
    value: f64,
    sum: usize,
    term: usize,
    /// The value from which a is made.
    operand: Id,
    /// The nodes from the product back to the one that reads that value.
    path: Vec<usize>,
}

impl Program {
    /// `c (a b)` becomes `(c a) b` where a has fewer entries than the product: the bits of c are rounded away there, and not in
    /// every entry of the product. Powers of two have none.
    pub(crate) fn move_factors(&mut self) {
        let (readers, made_by) = (self.readers(), self.made_by());
        let mut factors = Vec::new();
        for (sum, node) in self.nodes.iter().enumerate() {
            let Core::Sum(coefficients) = &node.core else { continue };
            for (term, value) in coefficients.iter().enumerate().filter(|(_, c)| !is_power_of_two(**c)) {
                if let Some((operand, path)) = self.operand(node.inputs[term], &made_by, &readers) {
                    factors.push(Factor { value: *value, sum, term, operand, path });
                }
            }
        }
        let mut scaled: Vec<(usize, Node)> = factors.iter().filter_map(|factor| self.apply(factor)).collect();
        scaled.sort_by_key(|(before, _)| std::cmp::Reverse(*before));
        for (before, node) in scaled {
            self.nodes.insert(before, node);
        }
    }

    /// If a value is a product that may be scaled, what its smaller operand is made from, and the nodes from the value back to the
    /// one that reads that.
    fn operand(&self, value: Id, made_by: &[Option<usize>], readers: &[usize]) -> Option<(Id, Vec<usize>)> {
        let entries = |id: Id| len(&self.value(id).dims);
        let (product, mut path) = self.moved(value, made_by, readers);
        let index = made_by[product.0].filter(|_| readers[product.0] == 1)?;
        let node = &self.nodes[index];
        let of_the_run = node.inputs.iter().all(|id| self.constant(*id).is_none());
        let twice = node.inputs.first() == node.inputs.last();
        let smaller = *node.inputs.iter().min_by_key(|id| entries(**id))?;
        if !matches!(node.core, Core::Einsum { .. }) || !of_the_run || twice {
            return None;
        }
        if 2 * entries(smaller) > entries(product) {
            return None;
        }
        path.push(index);
        let (operand, more) = self.moved(smaller, made_by, readers);
        path.extend(more);
        Some((operand, path))
    }

    /// What a value is a reshaped or transposed copy of, and the nodes back to it, if nothing else reads what lies between.
    fn moved(&self, mut id: Id, made_by: &[Option<usize>], readers: &[usize]) -> (Id, Vec<usize>) {
        let mut path = Vec::new();
        while let Some(index) = made_by[id.0]
            && matches!(self.nodes[index].core, Core::Reshape | Core::Transpose(_))
            && readers[id.0] == 1
        {
            path.push(index);
            id = self.nodes[index].inputs[0];
        }
        (id, path)
    }

    /// Moves a factor: the node that multiplies with it, and before which one it belongs.
    fn apply(&mut self, factor: &Factor) -> Option<(usize, Node)> {
        let reader = *factor.path.last()?;
        if let Core::Sum(coefficients) = &mut self.nodes[factor.sum].core {
            coefficients[factor.term] = 1.0;
        }
        // The product, and what lies between, are not what they were called.
        for index in &factor.path {
            let id = self.nodes[*index].output;
            self.values[id.0].name.push_str(" (scaled)");
        }
        let mut value = self.value(factor.operand).clone();
        value.name.push_str(" (scaled)");
        (value.formula, value.masked, value.exponents) = (None, None, None);
        self.values.push(value);
        let output = Id(self.values.len() - 1);
        let node = &mut self.nodes[reader];
        node.inputs.iter_mut().filter(|id| **id == factor.operand).for_each(|id| *id = output);
        let (core, inputs, origin) = (Core::Sum(vec![factor.value]), vec![factor.operand], node.origin);
        Some((reader, Node { core, inputs, output, origin }))
    }
}

fn is_power_of_two(c: f64) -> bool {
    c == 0.0 || c.abs().log2().fract() == 0.0
}
