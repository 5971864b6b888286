//! The float run: what every value of the program was over the samples.

use std::collections::BTreeMap;

use crate::interpret::evaluate;
use crate::program::{Id, Program};
use crate::{OnnxError, Result, Tensor};

/// Smallest and largest entry of every value; what no sample reached is (0, 0).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Statistics {
    ranges: Vec<(f64, f64)>,
}

impl Statistics {
    pub(crate) fn new(program: &Program) -> Self {
        Self { ranges: vec![(f64::INFINITY, f64::NEG_INFINITY); program.values.len()] }
    }

    pub(crate) fn add(&mut self, id: Id, value: &Tensor) {
        let range = &mut self.ranges[id.0];
        *range = value.iter().fold(*range, |(lo, hi), x| (lo.min(x), hi.max(x)));
    }

    /// Smallest and largest entry.
    pub(crate) fn range(&self, id: Id) -> (f64, f64) {
        let (lo, hi) = self.ranges[id.0];
        if lo <= hi { (lo, hi) } else { (0.0, 0.0) }
    }

    pub(crate) fn max_abs(&self, id: Id) -> f64 {
        let (lo, hi) = self.range(id);
        lo.abs().max(hi.abs())
    }

    /// With values that were added since: constants.
    pub(crate) fn extended(mut self, program: &Program) -> Self {
        self.ranges.resize(program.values.len(), (f64::INFINITY, f64::NEG_INFINITY));
        self
    }

    /// All ranges, and back: what a container keeps.
    pub(crate) fn to_pairs(&self) -> Vec<(f64, f64)> {
        (0..self.ranges.len()).map(|i| self.range(Id(i))).collect()
    }

    pub(crate) fn from_pairs(ranges: Vec<(f64, f64)>) -> Self {
        Self { ranges }
    }
}

/// That inputs have the extents that the program expects and finite entries.
pub(crate) fn check_inputs(program: &Program, inputs: &[Tensor]) -> Result<()> {
    if inputs.len() != program.inputs.len() {
        return Err(OnnxError::Input {
            name: "all".into(),
            field: "number",
            expected: program.inputs.len().to_string(),
            got: inputs.len().to_string(),
        });
    }
    for (id, input) in program.inputs.iter().zip(inputs) {
        let value = program.value(*id);
        if input.dims() != value.dims {
            return Err(OnnxError::Input {
                name: value.name.clone(),
                field: "extents",
                expected: format!("{:?}", value.dims),
                got: format!("{:?}", input.dims()),
            });
        }
        input.check_finite(&value.name)?;
    }
    Ok(())
}

/// Computes all values and shows each to `visit`: first the inputs, then the results in the order of computation. A value is
/// freed after its last use.
pub(crate) fn run(program: &Program, inputs: &[Tensor], mut visit: impl FnMut(Id, &Tensor)) -> Result<()> {
    check_inputs(program, inputs)?;
    let mut last: BTreeMap<Id, usize> = BTreeMap::new();
    for (index, node) in program.nodes.iter().enumerate() {
        last.extend(node.inputs.iter().map(|id| (*id, index)));
    }
    let mut values: BTreeMap<Id, Tensor> = BTreeMap::new();
    for (id, input) in program.inputs.iter().zip(inputs) {
        let input = input.of_kind(program.value(*id).kind);
        visit(*id, &input);
        values.insert(*id, input);
    }
    for (index, node) in program.nodes.iter().enumerate() {
        let find = |id: &Id| values.get(id).or_else(|| program.constant(*id));
        let missing = || OnnxError::Missing {
            reader: format!("the operator that computes {}", program.value(node.output).name),
            value: node.inputs.iter().map(|id| &*program.value(*id).name).collect::<Vec<_>>().join(", "),
        };
        let read = node.inputs.iter().map(find).collect::<Option<Vec<_>>>().ok_or_else(missing)?;
        let output = program.value(node.output);
        let value = evaluate(&node.core, &read, &output.dims, output.kind);
        if let Err(error) = value.check_finite(&output.name) {
            // A constant that is not finite is to blame before what was computed with it.
            for (id, read) in node.inputs.iter().zip(&read) {
                read.check_finite(&program.value(*id).name)?;
            }
            return Err(error);
        }
        visit(node.output, &value);
        values.insert(node.output, value);
        for id in &node.inputs {
            if last.get(id) == Some(&index) {
                values.remove(id);
            }
        }
    }
    Ok(())
}
