//! The float run: what every value of the program was over the samples.

use std::collections::BTreeMap;

use crate::interpret::evaluate;
use crate::program::{Id, Program};
use crate::{OnnxError, Result, Tensor};

/// What the samples show of one value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// The smallest entry.
    pub lo: f64,
    /// The largest entry.
    pub hi: f64,
    /// What the absolute value of an entry that is no outlier may be: the median, over the indices of the last axis or of the one
    /// before it (the smaller of the two), of the largest one there, but at least the mean of all. Outliers are in few channels, in
    /// few rows (the first token of a language model), or few at all.
    pub typical: f64,
}

impl Seen {
    /// Of a value that no sample has reached.
    const NOTHING: Self = Self { lo: f64::INFINITY, hi: f64::NEG_INFINITY, typical: 0.0 };

    /// Of one sample.
    fn of(value: &Tensor) -> Self {
        let mut seen = Self::NOTHING;
        let mut last = value.dims().iter().rev();
        let [channels, rows] = [last.next(), last.next()].map(|dim| dim.copied().unwrap_or(1).max(1));
        let (mut of_channel, mut of_row) = (vec![0f64; channels], vec![0f64; rows]);
        let mut total = 0.0;
        let indices = (0..rows).cycle().flat_map(|row| (0..channels).map(move |channel| (row, channel)));
        for (x, (row, channel)) in value.iter().zip(indices) {
            (seen.lo, seen.hi) = (seen.lo.min(x), seen.hi.max(x));
            let x = x.abs();
            of_channel[channel] = of_channel[channel].max(x);
            of_row[row] = of_row[row].max(x);
            total += x;
        }
        let median = |of: &mut [f64]| *of.select_nth_unstable_by(of.len() / 2, f64::total_cmp).1;
        let median = median(&mut of_channel).min(median(&mut of_row));
        Self { typical: median.max(total / value.len().max(1) as f64), ..seen }
    }

    /// Of two groups of samples.
    fn and(self, other: Self) -> Self {
        let typical = self.typical.max(other.typical);
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi), typical }
    }
}

/// What the samples show of every value; what no sample reached is zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Statistics {
    seen: Vec<Seen>,
}

impl Statistics {
    pub(crate) fn new(program: &Program) -> Self {
        Self { seen: vec![Seen::NOTHING; program.values.len()] }
    }

    pub(crate) fn add(&mut self, id: Id, value: &Tensor) {
        let seen = &mut self.seen[id.0];
        *seen = seen.and(Seen::of(value));
    }

    /// What is known of a value, whatever samples have shown.
    pub(crate) fn set(&mut self, id: Id, seen: Seen) {
        self.seen[id.0] = seen;
    }

    fn seen(&self, id: Id) -> Seen {
        let seen = self.seen[id.0];
        if seen.lo <= seen.hi { seen } else { Seen::default() }
    }

    /// Smallest and largest entry.
    pub(crate) fn range(&self, id: Id) -> (f64, f64) {
        let seen = self.seen(id);
        (seen.lo, seen.hi)
    }

    /// How many times the entries that are no outliers the largest one is; 1 where nothing is known of them.
    pub(crate) fn spread(&self, id: Id) -> f64 {
        let typical = self.seen(id).typical;
        if typical > 0.0 { (self.max_abs(id) / typical).max(1.0) } else { 1.0 }
    }

    pub(crate) fn max_abs(&self, id: Id) -> f64 {
        let (lo, hi) = self.range(id);
        lo.abs().max(hi.abs())
    }

    /// With values that were added since: constants.
    pub(crate) fn extended(mut self, program: &Program) -> Self {
        self.seen.resize(program.values.len(), Seen::NOTHING);
        self
    }

    /// Of all values, and back: what a container keeps.
    pub(crate) fn to_vec(&self) -> Vec<Seen> {
        (0..self.seen.len()).map(|i| self.seen(Id(i))).collect()
    }

    pub(crate) fn from_vec(seen: Vec<Seen>) -> Self {
        Self { seen }
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
