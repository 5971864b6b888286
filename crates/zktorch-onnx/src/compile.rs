//! The compiler: decode, calibrate, lower, validate.

use std::collections::BTreeMap;

use zktorch_graph::{Bounds, Graph, Interval, Role, Tensor, TensorId, execute};

use crate::float::{check_inputs, run};
use crate::lower::{Lowering, plain_axes, plain_shape};
use crate::model::Model;
use crate::program::Program;
use crate::tensor::len;
use crate::{FloatModel, FloatTensor, OnnxError, Options, Result};

/// Samples that are generated when none are given and nothing else is said.
pub const GENERATED: usize = 8;
/// With fewer samples there is a bit more headroom.
const ENOUGH_SAMPLES: usize = 16;

/// An input or output of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct PortInfo {
    /// Its name in the ONNX model.
    pub name: String,
    /// Its extents in the ONNX model. The tensor's real entries are in the same row-major order.
    pub dims: Vec<usize>,
    /// The tensor of the graph.
    pub tensor: TensorId,
    /// Real value = integer / 2^scale.
    pub scale: i32,
}

impl PortInfo {
    /// Integers of these numbers: each rounded to the nearest multiple of `2^-scale`. `range` is that of the port's tensor.
    ///
    /// # Errors
    /// [`OnnxError::Input`] if a number leaves the range.
    pub fn quantise(&self, values: &[f32], range: Interval) -> Result<Vec<i32>> {
        let factor = f64::powi(2.0, self.scale);
        let (lo, hi) = (f64::from(range.lo), f64::from(range.hi));
        let integer = |x: &f32| {
            let integer = (f64::from(*x) * factor).round();
            if integer < lo || integer > hi {
                return Err(OnnxError::Input {
                    name: self.name.clone(),
                    field: "value",
                    expected: format!("from {} to {}", lo / factor, hi / factor),
                    got: x.to_string(),
                });
            }
            Ok(integer as i32)
        };
        values.iter().map(integer).collect()
    }
}

/// A compiled model.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The quantised network.
    pub graph: Graph,
    /// Its bounds, from [`Graph::validate`].
    pub bounds: Bounds,
    /// The real entries of every weight, row-major.
    pub weights: Vec<(TensorId, Vec<i32>)>,
    /// The inputs in the order of the model.
    pub inputs: Vec<PortInfo>,
    /// The outputs in the order of the model.
    pub outputs: Vec<PortInfo>,
    /// The values of the model that are stored as tensors, sorted by name; all others are virtual.
    pub stored: Vec<PortInfo>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Largest absolute value of everything computed over the samples, by name: scales are chosen from these.
    pub max_abs: BTreeMap<String, f64>,
    /// Bits of room above them.
    pub headroom: u32,
}

/// How far a stored value of the quantised network is from the float model.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ValueError {
    /// Its name in the ONNX model.
    pub name: String,
    /// Largest absolute difference.
    pub max_error: f32,
    /// Largest absolute value in the float model.
    pub max_abs: f32,
}

/// The numbers that the integers of a tensor stand for.
fn real(port: &PortInfo, values: &[Vec<i32>]) -> FloatTensor {
    let data = &values[port.tensor.0 as usize];
    debug_assert_eq!(data.len(), len(&port.dims));
    let factor = f64::powi(2.0, -port.scale);
    FloatTensor::from_fn(port.dims.clone(), |i| (f64::from(data[i]) * factor) as f32)
}

/// Compiles an ONNX model.
///
/// # Errors
/// [`OnnxError`]: the first thing that is malformed, not supported (see [`inspect`](crate::inspect) for all at once) or
/// cannot be quantised.
pub fn compile(bytes: &[u8], options: &Options) -> Result<Compiled> {
    let decode = || Program::new(Model::decode(bytes, options)?, options);
    let mut program = tracing::info_span!("decode model").in_scope(decode)?;
    let mut warnings = Vec::new();
    let max_abs = match &options.max_abs {
        Some(max_abs) => max_abs.clone(),
        None => calibrate(&program, options, &mut warnings)?,
    };
    let _span = tracing::info_span!("lower", nodes = program.nodes.len()).entered();
    program.fold_norms();
    let few = options.calibration.len() < ENOUGH_SAMPLES;
    let headroom = options.headroom.unwrap_or(if few { 3 } else { 2 }).min(12);
    let sum_max_abs = program.sum_max_abs(&max_abs);
    let mut lowering = Lowering::new(&program.constants, &max_abs, &sum_max_abs, headroom);
    let mut inputs = Vec::new();
    for (name, dims) in &program.inputs {
        let scale = lowering.scale_of(name);
        let tensor = lowering.add_tensor(Tensor {
            name: short(name),
            shape: plain_shape(dims),
            scale,
            range: Interval::I16,
            role: Role::Input(options.input),
        });
        let value = lowering.tensor_value(tensor, plain_axes(dims), 0.0);
        lowering.define(name, value);
        lowering.graph.inputs.push(tensor);
        inputs.push(PortInfo { name: name.clone(), dims: dims.clone(), tensor, scale });
    }
    for node in &program.nodes {
        lowering.begin(&node.output);
        let value = node.operator.lower(&mut lowering, &node.inputs)?;
        if value.dims() != node.dims {
            return Err(lowering.error("extents", format!("{:?}", node.dims), format!("{:?}", value.dims())));
        }
        lowering.define(&node.output, value);
    }
    let mut outputs = Vec::new();
    for name in &program.outputs {
        lowering.begin(name);
        let value = lowering.value(name)?;
        let scale = lowering.own_scale(&value);
        let stored = lowering.rescale(&value, scale, Interval::I16, Role::Output(options.output), name)?;
        let tensor = lowering.last_tensor(&stored)?;
        lowering.graph.outputs.push(tensor);
        outputs.push(PortInfo { name: name.clone(), dims: value.dims(), tensor, scale });
    }
    let port = |(name, dims, tensor)| {
        let scale = lowering.graph.tensor(tensor).scale;
        PortInfo { name, dims, tensor, scale }
    };
    let mut stored: Vec<PortInfo> = lowering.stored_values().into_iter().map(port).collect();
    stored.retain(|port| outputs.iter().all(|output: &PortInfo| output.name != port.name));
    stored.extend(outputs.iter().cloned());
    stored.sort_by(|a, b| a.name.cmp(&b.name));
    let (mut graph, weights) = (lowering.graph, lowering.weights);
    for tensor in &mut graph.tensors {
        tensor.name = short(&tensor.name);
    }
    let bounds = graph.validate()?;
    Ok(Compiled { graph, bounds, weights, inputs, outputs, stored, warnings, max_abs, headroom })
}

/// Names in a graph have at most 256 bytes.
fn short(name: &str) -> String {
    let end = (0..=name.len().min(256)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    name[..end].to_owned()
}

/// Largest absolute value of every value over the samples.
fn calibrate(
    program: &Program,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, f64>> {
    let generated = match options.calibration.is_empty() {
        false => Vec::new(),
        true => {
            warnings.push(
                "no calibration samples: scales come from random inputs in [0, 1) and standard normal ones; real inputs may leave the ranges"
                    .to_owned(),
            );
            (0..options.generated.max(1)).map(|index| generate(program, index)).collect()
        }
    };
    let samples = if generated.is_empty() { &options.calibration } else { &generated };
    if !options.calibration.is_empty() && samples.len() < ENOUGH_SAMPLES {
        warnings
            .push(format!("only {} calibration samples; {ENOUGH_SAMPLES} or more are better", samples.len()));
    }
    let mut max_abs: BTreeMap<String, f64> = BTreeMap::new();
    for sample in samples {
        let _span = tracing::info_span!("calibration sample").entered();
        check_inputs(&program.inputs, sample)?;
        run(program, sample, |name, value| {
            let max = max_abs.entry(name.to_owned()).or_default();
            *max = max.max(f64::from(value.max_abs()));
        })?;
    }
    Ok(max_abs)
}

/// A random sample: uniform in [0, 1) for even indices (images), standard normal for odd ones. Seeded: compiling twice gives one
/// graph.
fn generate(program: &Program, index: usize) -> Vec<FloatTensor> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(index as u64 + 1);
    let mut uniform = move || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u32 << 24) as f32
    };
    let mut draw = |_| match index % 2 {
        0 => uniform(),
        // The sum of twelve uniform numbers has variance 1.
        _ => (0..12).map(|_| uniform()).sum::<f32>() - 6.0,
    };
    program.inputs.iter().map(|(_, dims)| FloatTensor::from_fn(dims.clone(), &mut draw)).collect()
}

impl Compiled {
    /// Integers of the inputs: each number rounded to the nearest multiple of `2^-scale`.
    ///
    /// # Errors
    /// [`OnnxError::Input`] if number or extents are wrong or a number leaves its range.
    pub fn quantise(&self, inputs: &[FloatTensor]) -> Result<Vec<Vec<i32>>> {
        let ports: Vec<_> = self.inputs.iter().map(|port| (port.name.clone(), port.dims.clone())).collect();
        check_inputs(&ports, inputs)?;
        let mut all = Vec::with_capacity(inputs.len());
        for (port, input) in self.inputs.iter().zip(inputs) {
            all.push(port.quantise(input.data(), self.graph.tensor(port.tensor).range)?);
        }
        Ok(all)
    }

    /// Real entries of all tensors of the graph for these integers.
    ///
    /// # Errors
    /// [`OnnxError::Graph`] if a value leaves its range.
    pub fn execute(&self, inputs: Vec<Vec<i32>>) -> Result<Vec<Vec<i32>>> {
        let mut given: Vec<Option<Vec<i32>>> = vec![None; self.graph.tensors.len()];
        for (id, data) in &self.weights {
            given[id.0 as usize] = Some(data.clone());
        }
        for (port, data) in self.inputs.iter().zip(inputs) {
            given[port.tensor.0 as usize] = Some(data);
        }
        Ok(execute(&self.graph, &self.bounds, given)?)
    }

    /// The outputs that these integers stand for.
    ///
    /// # Panics
    /// If `values` is not what [`Compiled::execute`] returned.
    pub fn dequantise(&self, values: &[Vec<i32>]) -> Vec<FloatTensor> {
        self.outputs.iter().map(|port| real(port, values)).collect()
    }

    /// Runs both semantics and compares every stored value, in the order in which `model` computes them: where the error comes from.
    ///
    /// # Errors
    /// As [`Compiled::run`] and [`FloatModel::run`].
    pub fn compare(&self, model: &FloatModel, inputs: &[FloatTensor]) -> Result<Vec<ValueError>> {
        let values = self.execute(self.quantise(inputs)?)?;
        let mut errors = Vec::new();
        model.run_with(inputs, |name, float| {
            let Ok(index) = self.stored.binary_search_by(|port| port.name.as_str().cmp(name)) else { return };
            let integer = real(&self.stored[index], &values);
            let pairs = float.data().iter().zip(integer.data());
            let max_error = pairs.fold(0f32, |max, (x, y)| max.max((x - y).abs()));
            errors.push(ValueError { name: name.to_owned(), max_error, max_abs: float.max_abs() });
        })?;
        Ok(errors)
    }

    /// The quantised network on float inputs: quantise, execute, dequantise.
    ///
    /// # Errors
    /// As [`Compiled::quantise`] and [`Compiled::execute`].
    pub fn run(&self, inputs: &[FloatTensor]) -> Result<Vec<FloatTensor>> {
        let values = self.execute(self.quantise(inputs)?)?;
        Ok(self.dequantise(&values))
    }
}
