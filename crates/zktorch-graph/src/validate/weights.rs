//! What must hold of weights that were committed to in parts.

use std::collections::BTreeSet;

use super::limits::ITEMS;
use super::rules::{At, invalid, require};
use crate::weights::weights;
use crate::{Graph, GraphError, WeightParts, WeightRef, WeightSpec};

/// Parts at most: each has a proof of its own, which whoever checks a key verifies. 64 of 2^28 cells are more than a graph may
/// have.
pub const MAX_PARTS: usize = 64;

impl WeightParts {
    /// That every part is one that can be committed to, and that a graph's weights are these: each another one, with
    /// the extents and the range that were committed to.
    ///
    /// # Errors
    /// [`GraphError::Invalid`] with the first rule that is broken.
    pub fn check(&self, graph: &Graph) -> Result<(), GraphError> {
        let parts = self.parts.len();
        require(parts <= MAX_PARTS, "number of parts", format_args!("at most {MAX_PARTS}"), parts)
            .at(|| "weights".to_owned())?;
        let total = self.parts.iter().map(Vec::len).sum::<usize>();
        require(total <= ITEMS, "number of weights", format_args!("at most {ITEMS}"), total)
            .at(|| "weights".to_owned())?;
        for (number, part) in self.parts.iter().enumerate() {
            let place = || format!("part {number} of the weights");
            require(!part.is_empty(), "number of weights", "at least 1", 0).at(place)?;
            self.graph(number).validate().map(drop).at(place)?;
        }
        let count = weights(graph).count();
        require(self.refs.len() == count, "number of the graph's weights", count, self.refs.len())
            .at(|| "weights".to_owned())?;
        let mut read = BTreeSet::new();
        for (tensor, found) in weights(graph).zip(&self.refs) {
            let place = || format!("weight {:?}", tensor.name);
            let WeightRef { part, index } = *found;
            let spec = self.parts.get(part as usize).and_then(|part| part.get(index as usize));
            let Some(spec) = spec else {
                let got = format_args!("weight {index} of part {part}");
                return invalid("reference", "a weight of a part", got).at(place);
            };
            require(read.insert(*found), "reference", "a weight that no other one is", "one that another is")
                .at(place)?;
            let own = WeightSpec::from(tensor);
            require(*spec == own, "extents and range", show(&own), show(spec)).at(place)?;
        }
        Ok(())
    }
}

fn show(spec: &WeightSpec) -> String {
    let WeightSpec { shape, range } = spec;
    format!("{:?} within {}", shape.dims(), super::rules::show(*range))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Interval, Role, Shape, Tensor};

    fn weight(name: &str, dims: &[u32], range: Interval) -> Tensor {
        Tensor { name: name.to_owned(), shape: Shape::new(dims), scale: 0, range, role: Role::Weight }
    }

    fn rule(parts: &WeightParts, graph: &Graph) -> (String, &'static str) {
        match parts.check(graph) {
            Err(GraphError::Invalid { place, rule, .. }) => (place, rule),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_rule_is_checked() {
        let tensors = vec![
            weight("a", &[3, 5], Interval::I16),
            weight("b", &[40, 30], Interval::new(-128, 127)),
            weight("c", &[7], Interval::I16),
        ];
        let graph = Graph { tensors, ..Graph::default() };
        let good = WeightParts::of(&graph);
        let broken = |change: fn(&mut WeightParts)| {
            let mut parts = good.clone();
            change(&mut parts);
            rule(&parts, &graph)
        };
        let weights = "weights".to_owned();
        assert_eq!(
            broken(|p| p.parts = vec![p.parts[0].clone(); MAX_PARTS + 1]),
            (weights.clone(), "number of parts")
        );
        let many = broken(|p| {
            let first = p.parts[0][0].clone();
            p.parts[0].resize(ITEMS + 1, first);
        });
        assert_eq!(many, (weights.clone(), "number of weights"));
        let place = |number: usize| format!("part {number} of the weights");
        assert_eq!(broken(|p| p.parts.push(Vec::new())), (place(1), "number of weights"));
        let (at, rule) = broken(|p| p.parts[0][1].range = Interval::new(1, 2));
        assert_eq!((at.starts_with(&place(0)), rule), (true, "range"));
        assert_eq!(broken(|p| p.refs.truncate(2)), (weights, "number of the graph's weights"));
        for found in [WeightRef { part: 0, index: 3 }, WeightRef { part: 1, index: 0 }] {
            let mut parts = good.clone();
            parts.refs[2] = found;
            assert_eq!(self::rule(&parts, &graph), ("weight \"c\"".to_owned(), "reference"));
        }
        assert_eq!(broken(|p| p.refs[2] = p.refs[0]), ("weight \"c\"".to_owned(), "reference"));
        assert_eq!(broken(|p| p.refs.swap(0, 2)), ("weight \"a\"".to_owned(), "extents and range"));
        let (at, rule) = broken(|p| p.parts[0][0].range = Interval::new(-5, 5));
        assert_eq!((at.as_str(), rule), ("weight \"a\"", "extents and range"));
    }
}
