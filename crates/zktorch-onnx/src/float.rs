//! The float model: what the quantised network is calibrated with and compared to.

use crate::calibrate::run;
use crate::expand::Expansion;
use crate::model::Model;
use crate::program::Program;
use crate::{FloatTensor, Options, Result, Tensor};

/// A model in 32-bit floats, integers exact.
///
/// It is the reference for reports and calibration; nothing that is proved depends on it.
pub struct FloatModel {
    program: Program,
    inputs: Vec<(String, Vec<usize>)>,
    outputs: Vec<String>,
}

impl FloatModel {
    /// Decodes a model.
    ///
    /// # Errors
    /// As [`compile`](crate::compile()), but for quantisation.
    pub fn new(bytes: &[u8], options: &Options) -> Result<Self> {
        let program = Expansion::survey(Model::decode(bytes, options)?, options).into_program(options)?;
        let port =
            |id: &crate::program::Id| (program.value(*id).name.clone(), program.value(*id).dims.clone());
        let inputs = program.inputs.iter().map(port).collect();
        let outputs = program.outputs.iter().map(|(name, _)| name.clone()).collect();
        Ok(Self { program, inputs, outputs })
    }

    /// Names and extents of the inputs.
    pub fn inputs(&self) -> &[(String, Vec<usize>)] {
        &self.inputs
    }

    /// Names of the outputs.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// The outputs for these inputs.
    ///
    /// # Errors
    /// [`OnnxError::Input`](crate::OnnxError::Input) if number or extents are not those of the model,
    /// [`OnnxError::NotFinite`](crate::OnnxError::NotFinite) if a number is NaN or infinite.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<FloatTensor>> {
        let constant = |(_, id): &(String, crate::program::Id)| {
            self.program.constant(*id).map(|tensor| tensor.to_float())
        };
        let mut found: Vec<Option<FloatTensor>> = self.program.outputs.iter().map(constant).collect();
        run(&self.program, inputs, |id, value| {
            for ((_, output), found) in self.program.outputs.iter().zip(&mut found) {
                if *output == id {
                    *found = Some(value.to_float());
                }
            }
        })?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Computes all values and shows each to `visit`: first the inputs, then what the nodes compute, in order. Values are freed
    /// after their last use.
    ///
    /// # Errors
    /// As [`FloatModel::run`].
    pub fn run_with(&self, inputs: &[Tensor], mut visit: impl FnMut(&str, &Tensor)) -> Result<()> {
        run(&self.program, inputs, |id, value| visit(&self.program.value(id).name, value))
    }
}
