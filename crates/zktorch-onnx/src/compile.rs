//! The compiler: decode, calibrate, lower, validate.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use zktorch_graph::{Bounds, Entries, Graph, PortInfo, Shard, TensorId, committed_cells, execute, shards};

use crate::calibrate::{Seen, Statistics, run};
use crate::expand::Expansion;
use crate::lower::Lowering;
use crate::model::Model;
use crate::precision;
use crate::program::{Id, Kind, Program};
use crate::tensor::len;
use crate::{
    ExternalWeight, FloatModel, FloatTensor, IntTensor, OnnxError, Options, Precision, Result, Tensor,
    ValueError,
};

/// Samples that are generated when none are given and nothing else is said.
pub const GENERATED: usize = 8;
/// With fewer samples there is a bit more headroom.
const ENOUGH_SAMPLES: usize = 16;
/// Guard bits of a model that needs them, the next number where one is not enough: two limbs, two full ones, three.
const GUARDS: [u32; 3] = [8, 16, 28];
/// More would not fit three limbs.
const MAX_GUARD: u32 = 32;

/// A compiled model.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The quantised network.
    pub graph: Graph,
    /// Its bounds, from [`Graph::validate`].
    pub bounds: Bounds,
    /// The real entries of every weight, row-major, but those of [`external`](Self::external).
    pub weights: Vec<(TensorId, Vec<i32>)>,
    /// Weights whose entries stay in files of external data: large ones.
    pub external: Vec<(TensorId, ExternalWeight)>,
    /// The inputs in the order of the model.
    pub inputs: Vec<PortInfo>,
    /// The outputs in the order of the model.
    pub outputs: Vec<PortInfo>,
    /// The values of the model that are stored as tensors, sorted by name; all others are virtual.
    pub stored: Vec<PortInfo>,
    /// Which node of the file ([`Report::nodes`](crate::Report::nodes)) every tensor of the graph is a result of, or a part of one; a
    /// weight belongs to the first node that reads it. None for inputs, and where that is not known.
    pub origins: Vec<Option<usize>>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// What the samples show of everything computed, in the order of computation: scales are chosen from this.
    pub seen: Vec<Seen>,
    /// Bits of room above them.
    pub headroom: u32,
    /// Bits beyond 16 of the values between operators.
    pub guard_bits: u32,
    /// Whether what leaves its calibrated range is clamped ([`Options::saturate`]).
    pub saturate: bool,
    /// The errors on calibration samples; nothing if there were none.
    pub precision: Precision,
}

/// Committed cells that are executed at once where not all have to be kept, about.
const CELLS_OF_PART: u64 = 1 << 26;

/// The numbers that the integers of a tensor stand for.
fn real(port: &PortInfo, values: &[Vec<i32>]) -> FloatTensor {
    let data = &values[port.tensor.0 as usize];
    debug_assert_eq!(data.len(), len(&port.dims));
    FloatTensor::from_fn(port.dims.clone(), |i| port.real(data[i]) as f32)
}

/// Compiles an ONNX model.
///
/// # Errors
/// [`OnnxError`]: the first thing that is malformed, not supported (see [`inspect`](crate::inspect) for all at once) or
/// cannot be quantised.
pub fn compile(bytes: &[u8], options: &Options) -> Result<Compiled> {
    let decode = || Expansion::survey(Model::decode(bytes, options)?, options).into_program(options);
    let mut program = tracing::info_span!("decode model").in_scope(decode)?;
    let mut warnings = Vec::new();
    let (statistics, samples) = match &options.seen {
        Some(seen) => (known(seen, &program)?, Cow::Borrowed(&[][..])),
        None => {
            let samples = samples(&program, options, &mut warnings);
            let mut statistics = calibrate(&program, &samples)?;
            if let Some(known) = &options.like
                && known.tell(&program, &mut statistics) == 0
            {
                warnings.push(
                    "the other model has no value of this one's: all scales are from samples".to_owned(),
                );
            }
            (statistics, samples)
        }
    };
    program.fold_norms();
    let statistics = statistics.extended(&program);
    let few = options.calibration.len() < ENOUGH_SAMPLES;
    let headroom = options.headroom.unwrap_or(if few { 3 } else { 2 }).min(12);
    let lower = |guard: u32, warnings: Vec<String>| -> Result<Compiled> {
        let (mut compiled, compared) = lower(&program, &statistics, [headroom, guard], options)?;
        compiled.warnings = warnings;
        precision::measure(&mut compiled, &program, &compared, &samples)?;
        Ok(compiled)
    };
    let guard = options.guard_bits.map(|bits| bits.min(MAX_GUARD));
    let mut compiled = lower(guard.unwrap_or(0), warnings.clone())?;
    // A sample that cannot be proved is as far off as can be.
    let error = |compiled: &Compiled| match compiled.precision.unproved {
        0 => compiled.precision.worst().map_or(0.0, ValueError::relative),
        _ => f64::INFINITY,
    };
    let before = error(&compiled);
    if guard.is_none() && before > precision::WARN {
        // A model may be beyond what more bits can lower; then it stays as it is.
        let mut best: Option<Compiled> = None;
        for bits in GUARDS {
            let Ok(finer) = lower(bits, warnings.clone()) else { continue };
            let done = error(&finer) <= precision::WARN;
            if best.as_ref().is_none_or(|best| error(&finer) < error(best) / 2.0) {
                best = Some(finer);
            }
            if done {
                break;
            }
        }
        if let Some(mut finer) = best
            && error(&finer) < before / 2.0
        {
            let bits = finer.guard_bits;
            let entries = |compiled: &Compiled| -> usize {
                compiled.graph.tensors.iter().map(|tensor| tensor.shape.len()).sum()
            };
            finer.warnings.push(format!(
                "{} with 16 bits for every value: values have {bits} guard bits, which makes {:.1} times the \
                 entries; --guard-bits 0 does without",
                match before.is_finite() {
                    true => format!("an output was off by {:.2}%", 100.0 * before),
                    false => "a calibration sample could not be proved".to_owned(),
                },
                entries(&finer) as f64 / entries(&compiled).max(1) as f64
            ));
            compiled = finer;
        }
    }
    precision::check(&mut compiled, !samples.is_empty(), options)?;
    Ok(compiled)
}

/// Lowers a program with this headroom and these guard bits. Also the program's values that are tensors of the graph.
fn lower(
    program: &Program,
    statistics: &Statistics,
    [headroom, guard]: [u32; 2],
    options: &Options,
) -> Result<(Compiled, Vec<(Id, TensorId)>)> {
    let _span = tracing::info_span!("lower", nodes = program.nodes.len()).entered();
    let mut lowering = Lowering::new(program, statistics, headroom, guard, options.saturate);
    let mut ports = Vec::new();
    for id in &program.inputs {
        let value = program.value(*id);
        ports.push((value.name.clone(), value.dims.clone(), lowering.input(*id, options.input)));
    }
    let clamps = |id: &Id| options.saturate && program.value(*id).kind == Kind::Float;
    for node in &program.nodes {
        lowering.node(node)?;
    }
    let mut outputs = Vec::new();
    for (name, id) in &program.outputs {
        let (tensor, dims) = lowering.output(*id, options.output)?;
        outputs.push((name.clone(), dims, tensor));
    }
    let stored = lowering.stored_values();
    let made = program.outputs.iter().zip(&lowering.graph.outputs).map(|((_, id), tensor)| (*id, *tensor));
    let mut compared: Vec<(Id, TensorId)> = made.collect();
    for (id, _, tensor) in &stored {
        if compared.iter().all(|(other, _)| other != id) {
            compared.push((*id, *tensor));
        }
    }
    let (mut graph, weights, external) = (lowering.graph, lowering.weights, lowering.external);
    let origins = lowering.origins;
    let port = |(name, dims, tensor): (String, Vec<usize>, TensorId)| {
        let scale = graph.tensor(tensor).scale;
        PortInfo::new(name, dims, tensor, scale)
    };
    let inputs = ports.into_iter().map(port).zip(program.inputs.iter().map(clamps));
    let inputs: Vec<PortInfo> = inputs.map(|(port, saturates)| PortInfo { saturates, ..port }).collect();
    let outputs: Vec<PortInfo> = outputs.into_iter().map(port).collect();
    // Parts of an operator have its name too: they come before its result.
    let results: BTreeMap<&str, usize> =
        program.values.iter().enumerate().map(|(index, value)| (&*value.name, index)).collect();
    let stored =
        stored.into_iter().filter(|(id, _, _)| results.get(&*program.value(*id).name) == Some(&id.0));
    let stored = stored.map(|(id, dims, tensor)| (program.value(id).name.clone(), dims, tensor));
    let mut stored: Vec<PortInfo> = stored.map(port).collect();
    stored.retain(|port| outputs.iter().all(|output: &PortInfo| output.name != port.name));
    stored.extend(outputs.iter().cloned());
    stored.sort_by(|a, b| a.name.cmp(&b.name));
    // An output may be listed twice.
    stored.dedup_by(|a, b| a.name == b.name);
    for tensor in &mut graph.tensors {
        tensor.name = short(&tensor.name);
    }
    let bounds = graph.validate()?;
    let compiled = Compiled {
        graph,
        bounds,
        weights,
        external,
        inputs,
        outputs,
        stored,
        origins,
        warnings: Vec::new(),
        seen: statistics.to_vec(),
        headroom,
        guard_bits: guard,
        saturate: options.saturate,
        precision: Precision::default(),
    };
    Ok((compiled, compared))
}

/// Statistics from a former compilation.
fn known(seen: &[Seen], program: &Program) -> Result<Statistics> {
    if seen.len() < program.values.len() {
        return Err(OnnxError::Model {
            field: "what a former compilation has seen",
            expected: format!("those of {} values", program.values.len()),
            got: seen.len().to_string(),
        });
    }
    Ok(Statistics::from_vec(seen.to_vec()))
}

/// Names in a graph have at most 256 bytes.
fn short(name: &str) -> String {
    let end = (0..=name.len().min(256)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    name[..end].to_owned()
}

/// The calibration samples, random ones if none are given.
fn samples<'a>(
    program: &Program,
    options: &'a Options,
    warnings: &mut Vec<String>,
) -> Cow<'a, [Vec<Tensor>]> {
    let given = &options.calibration;
    if given.is_empty() {
        warnings.push(
            "no calibration samples: scales come from random inputs in [0, 1) and standard normal ones; real inputs may leave the ranges"
                .to_owned(),
        );
        return Cow::Owned((0..options.generated.max(1)).map(|index| generate(program, index)).collect());
    }
    if given.len() < ENOUGH_SAMPLES {
        warnings
            .push(format!("only {} calibration samples; {ENOUGH_SAMPLES} or more are better", given.len()));
    }
    Cow::Borrowed(given)
}

/// Runs the samples.
fn calibrate(program: &Program, samples: &[Vec<Tensor>]) -> Result<Statistics> {
    let mut statistics = Statistics::new(program);
    for sample in samples {
        let _span = tracing::info_span!("calibration sample").entered();
        run(program, sample, |id, value| statistics.add(id, value))?;
    }
    Ok(statistics)
}

/// A random sample: uniform in [0, 1) for even indices (images), standard normal for odd ones. Seeded: compiling twice gives one
/// graph.
fn generate(program: &Program, index: usize) -> Vec<Tensor> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(index as u64 + 1);
    let mut uniform = move || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u32 << 24) as f32
    };
    let mut draw = move || match index % 2 {
        0 => uniform(),
        // The sum of twelve uniform numbers has variance 1.
        _ => (0..12).map(|_| uniform()).sum::<f32>() - 6.0,
    };
    let mut sample = |id: &Id| -> Tensor {
        let value = program.value(*id);
        let dims = value.dims.clone();
        match value.kind {
            Kind::Float => FloatTensor::from_fn(dims, |_| draw()).into(),
            // Booleans, and integers that may be indices.
            Kind::Int | Kind::Bool => IntTensor::from_fn(dims, |_| (draw() > 0.5).into()).into(),
        }
    };
    program.inputs.iter().map(&mut sample).collect()
}

impl Compiled {
    /// Integers of the inputs: each number rounded to the nearest multiple of `2^-scale`.
    ///
    /// # Errors
    /// [`OnnxError::Input`] if number or extents are wrong, or a number leaves its range and is not clamped.
    pub fn quantise(&self, inputs: &[Tensor]) -> Result<Vec<Vec<i32>>> {
        let error = |name: &str, field, expected: String, got: String| OnnxError::Input {
            name: name.into(),
            field,
            expected,
            got,
        };
        if inputs.len() != self.inputs.len() {
            return Err(error("all", "number", self.inputs.len().to_string(), inputs.len().to_string()));
        }
        let mut all = Vec::with_capacity(inputs.len());
        for (port, input) in self.inputs.iter().zip(inputs) {
            if input.dims() != port.dims {
                let (expected, got) = (format!("{:?}", port.dims), format!("{:?}", input.dims()));
                return Err(error(&port.name, "extents", expected, got));
            }
            input.check_finite(&port.name)?;
            all.push(port.quantise(input.iter(), self.graph.tensor(port.tensor).range)?);
        }
        Ok(all)
    }

    /// Real entries of all tensors of the graph for these integers; nothing for external weights, of which a part is read at a
    /// time.
    ///
    /// # Errors
    /// [`OnnxError::Graph`] if a value leaves its range; [`OnnxError::Tensor`] for an external weight that cannot be read.
    pub fn execute(&self, inputs: Vec<Vec<i32>>) -> Result<Vec<Vec<i32>>> {
        let given = self.given(inputs);
        if self.external.is_empty() {
            return Ok(execute(&self.graph, &self.bounds, given)?);
        }
        let mut values: Vec<Vec<i32>> = given.into_iter().map(Option::unwrap_or_default).collect();
        for shard in shards(&self.graph, self.external.len()) {
            self.execute_shard(&shard, &mut values)?;
        }
        Ok(values)
    }

    /// The same of some tensors at least: a large graph is executed in parts, after each of which goes what no later one reads.
    pub(crate) fn execute_kept(
        &self,
        inputs: Vec<Vec<i32>>,
        kept: &BTreeSet<TensorId>,
    ) -> Result<Vec<Vec<i32>>> {
        let count = committed_cells(&self.graph).div_ceil(CELLS_OF_PART) as usize;
        let count = count.max(self.external.len());
        if count <= 1 {
            return self.execute(inputs);
        }
        let parts = shards(&self.graph, count);
        let mut last = vec![0; self.graph.tensors.len()];
        for (index, part) in parts.iter().enumerate() {
            part.tensors.iter().for_each(|id| last[id.0 as usize] = index);
        }
        let mut values: Vec<Vec<i32>> =
            self.given(inputs).into_iter().map(Option::unwrap_or_default).collect();
        for (index, part) in parts.iter().enumerate() {
            self.execute_shard(part, &mut values)?;
            for id in part.tensors.iter().filter(|id| last[id.0 as usize] == index && !kept.contains(id)) {
                values[id.0 as usize] = Vec::new();
            }
        }
        Ok(values)
    }

    /// Entries of the tensors that are not computed, but for external weights.
    fn given(&self, inputs: Vec<Vec<i32>>) -> Vec<Option<Vec<i32>>> {
        let mut given: Vec<Option<Vec<i32>>> = vec![None; self.graph.tensors.len()];
        for (id, data) in &self.weights {
            given[id.0 as usize] = Some(data.clone());
        }
        for (port, data) in self.inputs.iter().zip(inputs) {
            given[port.tensor.0 as usize] = Some(data);
        }
        given
    }

    /// Executes a part of the graph on the values of those before it.
    fn execute_shard(&self, shard: &Shard, values: &mut [Vec<i32>]) -> Result<()> {
        let bounds = shard.graph.validate()?;
        let external: BTreeMap<TensorId, Vec<i16>> = (self.external.iter())
            .filter(|(id, _)| shard.tensors.contains(id))
            .map(|(id, weight)| Ok((*id, weight.values()?)))
            .collect::<Result<_>>()?;
        let given = shard.graph.tensors.iter().zip(&shard.tensors).map(|(tensor, id)| {
            let entries = match external.get(id) {
                Some(values) => Entries::from(values.as_slice()),
                None => Entries::from(values[id.0 as usize].as_slice()),
            };
            tensor.role.is_given().then_some(entries)
        });
        let found = execute(&shard.graph, &bounds, given.collect())?;
        for ((tensor, id), found) in shard.graph.tensors.iter().zip(&shard.tensors).zip(found) {
            if !tensor.role.is_given() {
                values[id.0 as usize] = found;
            }
        }
        Ok(())
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
    pub fn compare(&self, model: &FloatModel, inputs: &[Tensor]) -> Result<Vec<ValueError>> {
        let values = self.execute(self.quantise(inputs)?)?;
        let mut errors: Vec<ValueError> = Vec::new();
        model.run_with(inputs, |name, float| {
            let Ok(index) = self.stored.binary_search_by(|port| port.name.as_str().cmp(name)) else { return };
            let integer = real(&self.stored[index], &values);
            if float.dims() != integer.dims() {
                return;
            }
            let pairs = float.iter().zip(integer.data());
            let max_error = pairs.fold(0f64, |max, (x, y)| max.max((x - f64::from(*y)).abs())) as f32;
            // The result of an operator comes after parts of it that have its name.
            errors.retain(|error| error.name != name);
            let differing = matches!(float, Tensor::Int(_)).then(|| {
                let pairs = float.iter().zip(integer.data());
                pairs.filter(|(x, y)| *x != f64::from(**y)).count() as f64 / float.len().max(1) as f64
            });
            errors.push(ValueError {
                name: name.to_owned(),
                max_error,
                max_abs: float.max_abs() as f32,
                differing,
            });
        })?;
        Ok(errors)
    }

    /// The quantised network on float inputs: quantise, execute, dequantise.
    ///
    /// # Errors
    /// As [`Compiled::quantise`] and [`Compiled::execute`].
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<FloatTensor>> {
        let values = self.execute(self.quantise(inputs)?)?;
        Ok(self.dequantise(&values))
    }
}
