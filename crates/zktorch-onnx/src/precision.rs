//! How far the integers are from the floats: measured on the calibration samples before anybody relies on them.

use std::collections::BTreeSet;

use serde::Serialize;
use zktorch_graph::TensorId;

use crate::calibrate::run;
use crate::program::{Id, Kind, Program};
use crate::{Compiled, OnnxError, Options, Result, Tensor};

/// Outputs whose relative error is larger get a warning.
pub(crate) const WARN: f64 = 0.01;
/// Outputs whose relative error is larger are worth no proof.
const HOPELESS: f64 = 0.1;
/// An absolute error of no account, whatever the outputs' size.
const NOTHING: f64 = 0.01;
/// Samples that are run in integers.
const SAMPLES: usize = 4;

/// How far a stored value of the quantised network is from the float model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueError {
    /// Its name in the ONNX model.
    pub name: String,
    /// Largest absolute difference.
    pub max_error: f32,
    /// Largest absolute value in the float model.
    pub max_abs: f32,
    /// Of integers and booleans, the part of the entries that differ.
    pub differing: Option<f64>,
}

impl ValueError {
    /// The error as a part of the largest value; the error itself where all values are zero. Of integers and booleans at most the
    /// part of the entries that differ: a choice between numbers that are hardly different is made one way or the other,
    /// however much hangs on it.
    pub fn relative(&self) -> f64 {
        let scale = if self.max_abs > 0.0 { f64::from(self.max_abs) } else { 1.0 };
        (f64::from(self.max_error) / scale).min(self.differing.unwrap_or(f64::INFINITY))
    }
}

/// The errors of a compiled model over calibration samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Precision {
    /// Of the outputs.
    pub outputs: Vec<ValueError>,
    /// Of everything that is stored, in the order of computation.
    pub values: Vec<ValueError>,
    /// Calibration samples that cannot be proved: a value leaves its range.
    pub unproved: usize,
}

impl Precision {
    /// The output with the largest relative error.
    pub fn worst(&self) -> Option<&ValueError> {
        self.outputs.iter().max_by(|a, b| a.relative().total_cmp(&b.relative()))
    }

    /// Where an output's error enters: the first value that is at least half as wrong.
    fn source(&self, output: &ValueError) -> Option<&ValueError> {
        self.values.iter().find(|value| value.relative() >= output.relative() / 2.0)
    }
}

/// Runs samples in both semantics. `stored` are the program's values that are tensors of the graph.
pub(crate) fn measure(
    compiled: &mut Compiled,
    program: &Program,
    stored: &[(Id, TensorId)],
    samples: &[Vec<Tensor>],
) -> Result<()> {
    let _span = tracing::info_span!("measure precision").entered();
    let mut errors: Vec<Option<ValueError>> = vec![None; stored.len()];
    // Of integers: entries that differ, and all.
    let mut counts = vec![[0usize; 2]; stored.len()];
    let mut unproved = 0;
    let kept: BTreeSet<TensorId> = stored.iter().map(|(_, tensor)| *tensor).collect();
    let of_id = |id: Id| stored.iter().position(|(other, _)| *other == id);
    for sample in samples.iter().take(SAMPLES) {
        let execute = |integers| compiled.execute_kept(integers, &kept);
        let values = match compiled.quantise(sample).and_then(execute) {
            Ok(values) => values,
            Err(error) => {
                compiled.warnings.push(format!("a calibration sample cannot be proved: {error}"));
                unproved += 1;
                continue;
            }
        };
        run(program, sample, |id, float| {
            let Some(index) = of_id(id) else { return };
            let integers = &values[stored[index].1.0 as usize];
            if integers.len() != float.len() {
                return;
            }
            let factor = f64::powi(2.0, -compiled.graph.tensor(stored[index].1).scale);
            let pairs = float.iter().zip(integers);
            let distances = pairs.map(|(x, y)| (x - f64::from(*y) * factor).abs());
            let (error, differing) = distances.fold((0f64, 0), |(max, differing), distance| {
                (max.max(distance), differing + usize::from(distance != 0.0))
            });
            let error = error as f32;
            counts[index] = [counts[index][0] + differing, counts[index][1] + integers.len()];
            let max_abs = float.max_abs() as f32;
            let entry = errors[index].get_or_insert_with(|| ValueError {
                name: program.value(id).name.clone(),
                max_error: 0.0,
                max_abs: 0.0,
                differing: None,
            });
            entry.max_error = entry.max_error.max(error);
            entry.max_abs = entry.max_abs.max(max_abs);
        })?;
    }
    let is_output = |id: &Id| program.outputs.iter().any(|(_, output)| output == id);
    let mut precision = Precision { unproved, ..Precision::default() };
    for (((id, _), error), [differing, all]) in stored.iter().zip(errors).zip(counts) {
        let Some(mut error) = error else { continue };
        if program.value(*id).kind != Kind::Float {
            error.differing = Some(differing as f64 / all.max(1) as f64);
        }
        match is_output(id) {
            true => precision.outputs.push(error),
            false => precision.values.push(error),
        }
    }
    compiled.precision = precision;
    Ok(())
}

/// Warns of outputs that are far off.
///
/// # Errors
/// [`OnnxError::Precision`] if an output is further off than the options allow.
pub(crate) fn check(compiled: &mut Compiled, measured: bool, options: &Options) -> Result<()> {
    let precision = &compiled.precision;
    for output in precision.outputs.iter().filter(|output| output.relative() > WARN) {
        let percent = 100.0 * output.relative();
        let source = match precision.source(output) {
            Some(value) => {
                format!("; the error enters at {} ({} of {})", value.name, value.max_error, value.max_abs)
            }
            None => String::new(),
        };
        compiled.warnings.push(format!(
            "output {} is off by {} ({percent:.2}% of its largest value) on the calibration samples{source}; \
             samples whose values are closer to real ones, or fewer bits of --headroom, help where ranges are too wide",
            output.name, output.max_error
        ));
    }
    // Without a limit of the user's, what is nonsense on samples of the user's is refused.
    let hopeless = |worst: &ValueError| {
        !options.calibration.is_empty() && worst.relative() > HOPELESS && f64::from(worst.max_error) > NOTHING
    };
    let excessive = |worst: &&ValueError| match options.max_error {
        Some(limit) => worst.relative() > limit,
        None => hopeless(worst),
    };
    if let Some(worst) = precision.worst().filter(excessive) {
        let limit = options.max_error.unwrap_or(HOPELESS);
        return Err(OnnxError::Precision {
            output: worst.name.clone(),
            expected: limit,
            got: worst.relative(),
            source_value: precision.source(worst).map_or_else(|| "its own scale".into(), |v| v.name.clone()),
        });
    }
    // What was not measured is no reason to accept; of ranges of a former compilation there are no samples.
    if options.max_error.is_some() && precision.outputs.is_empty() && measured {
        return Err(OnnxError::Model {
            field: "error of the outputs",
            expected: "a calibration sample that can be proved".into(),
            got: compiled.warnings.last().cloned().unwrap_or_default(),
        });
    }
    Ok(())
}
