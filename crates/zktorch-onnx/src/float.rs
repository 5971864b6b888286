//! The float interpreter: what the quantised network is calibrated with and compared to.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::program::Program;
use crate::{FloatTensor, OnnxError, Options, Result};

/// A model in 32-bit floats.
///
/// It is the reference for reports and calibration, in plain loops; nothing that is proved depends on it.
pub struct FloatModel {
    program: Program,
}

impl FloatModel {
    /// Decodes a model.
    ///
    /// # Errors
    /// As [`compile`](crate::compile), but for quantisation.
    pub fn new(bytes: &[u8], options: &Options) -> Result<Self> {
        let program = Program::new(Model::decode(bytes, options)?, options)?;
        Ok(Self { program })
    }

    /// Names and extents of the inputs.
    pub fn inputs(&self) -> &[(String, Vec<usize>)] {
        &self.program.inputs
    }

    /// Names of the outputs.
    pub fn outputs(&self) -> &[String] {
        &self.program.outputs
    }

    /// The outputs for these inputs.
    ///
    /// # Errors
    /// [`OnnxError::Input`] if number or extents are not those of the model, [`OnnxError::NotFinite`] if a number is NaN or
    /// infinite.
    pub fn run(&self, inputs: &[FloatTensor]) -> Result<Vec<FloatTensor>> {
        let mut outputs = BTreeMap::new();
        self.run_with(inputs, |name, value| {
            if self.program.outputs.iter().any(|output| output == name) {
                outputs.insert(name.to_owned(), value.clone());
            }
        })?;
        Ok(self.program.outputs.iter().filter_map(|name| outputs.get(name).cloned()).collect())
    }

    /// Computes all values and shows each to `visit`: first the inputs, then the output of each node in the order of
    /// computation. Values are freed after their last use.
    ///
    /// # Errors
    /// As [`FloatModel::run`].
    pub fn run_with(&self, inputs: &[FloatTensor], visit: impl FnMut(&str, &FloatTensor)) -> Result<()> {
        run(&self.program, inputs, visit)
    }
}

pub(crate) fn check_inputs(ports: &[(String, Vec<usize>)], inputs: &[FloatTensor]) -> Result<()> {
    if inputs.len() != ports.len() {
        return Err(OnnxError::Input {
            name: "all".into(),
            field: "number",
            expected: ports.len().to_string(),
            got: inputs.len().to_string(),
        });
    }
    for ((name, dims), input) in ports.iter().zip(inputs) {
        if input.dims() != dims {
            return Err(OnnxError::Input {
                name: name.clone(),
                field: "extents",
                expected: format!("{dims:?}"),
                got: format!("{:?}", input.dims()),
            });
        }
        input.check_finite(name)?;
    }
    Ok(())
}

pub(crate) fn run(
    program: &Program,
    inputs: &[FloatTensor],
    mut visit: impl FnMut(&str, &FloatTensor),
) -> Result<()> {
    check_inputs(&program.inputs, inputs)?;
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, node) in program.nodes.iter().enumerate() {
        last.extend(node.inputs.iter().map(|name| (name.as_str(), index)));
    }
    let mut values: BTreeMap<&str, FloatTensor> = BTreeMap::new();
    for ((name, _), input) in program.inputs.iter().zip(inputs) {
        visit(name, input);
        values.insert(name, input.clone());
    }
    for (index, node) in program.nodes.iter().enumerate() {
        let find = |name: &String| values.get(name.as_str()).or_else(|| program.constants.get(name));
        let missing =
            || OnnxError::Missing { reader: format!("node {}", node.name), value: node.inputs.join(", ") };
        let read = node.inputs.iter().map(find).collect::<Option<Vec<_>>>().ok_or_else(missing)?;
        let value = node.operator.eval(&read, &node.dims);
        value.check_finite(&node.output)?;
        visit(&node.output, &value);
        values.insert(&node.output, value);
        for name in &node.inputs {
            if last.get(name.as_str()) == Some(&index) {
                values.remove(name.as_str());
            }
        }
    }
    Ok(())
}
