//! From a decoded model to operators with known shapes; constants are folded.

use std::collections::BTreeMap;

use crate::model::{Model, node_name};
use crate::ops::{Context, Info, Operator, Resolved, find};
use crate::tensor::Const;
use crate::{FloatTensor, OnnxError, Options, Result};

/// What a node needs of its inputs before anything else can be said about it.
pub(crate) const KNOWN_EXTENTS: &str = "known extents";

/// One operator.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) operator: Box<dyn Operator>,
    pub(crate) inputs: Vec<String>,
    pub(crate) output: String,
    pub(crate) dims: Vec<usize>,
    pub(crate) multiplications: u64,
}

/// A network whose shapes are all known.
pub(crate) struct Program {
    pub(crate) inputs: Vec<(String, Vec<usize>)>,
    pub(crate) outputs: Vec<String>,
    pub(crate) nodes: Vec<Node>,
    /// Float constants, those that were folded included.
    pub(crate) constants: BTreeMap<String, FloatTensor>,
}

/// What became of one node of the file.
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) op: String,
    /// Extents of its output, or what is wrong.
    pub(crate) result: Result<Vec<usize>>,
    pub(crate) multiplications: u64,
    pub(crate) folded: bool,
}

impl Program {
    /// Resolves all nodes; the first error ends it.
    pub(crate) fn new(model: Model, options: &Options) -> Result<Self> {
        let (program, outcomes) = Self::survey(model, options);
        for outcome in outcomes {
            outcome.result?;
        }
        for output in &program.outputs {
            if program.constants.contains_key(output) || program.dims_of(output).is_none() {
                return Err(OnnxError::Model {
                    field: "outputs",
                    expected: "values that depend on an input".into(),
                    got: format!("{output}, which is a constant or an input"),
                });
            }
        }
        Ok(program)
    }

    fn dims_of(&self, name: &str) -> Option<&[usize]> {
        self.nodes.iter().find(|node| node.output == name).map(|node| &*node.dims)
    }

    /// Resolves as many nodes as possible and tells what became of each.
    pub(crate) fn survey(model: Model, options: &Options) -> (Self, Vec<Outcome>) {
        let Model { opset, nodes: protos, mut consts, inputs, outputs } = model;
        let mut dims: BTreeMap<String, Vec<usize>> = inputs.iter().cloned().collect();
        let mut nodes = Vec::new();
        let mut outcomes = Vec::new();
        let mut multiplications = 0u64;
        for proto in &protos {
            let resolved = resolve(proto, opset, &dims, &consts, options);
            let mut outcome = Outcome {
                name: node_name(proto),
                op: proto.op_type.clone(),
                result: Ok(vec![]),
                multiplications: 0,
                folded: false,
            };
            match resolved {
                Ok(Resolved::Const(value)) => {
                    outcome.result = Ok(value.dims().to_vec());
                    outcome.folded = true;
                    consts.insert(proto.output[0].clone(), value);
                }
                Ok(Resolved::Op { operator, inputs, dims: out, multiplications: count }) => {
                    multiplications = multiplications.saturating_add(count);
                    outcome.multiplications = count;
                    outcome.result = Ok(out.clone());
                    if multiplications > options.max_multiplications {
                        outcome.result = Err(OnnxError::Model {
                            field: "multiplications",
                            expected: format!("at most {}", options.max_multiplications),
                            got: format!("{multiplications} up to node {}", node_name(proto)),
                        });
                    }
                    dims.insert(proto.output[0].clone(), out.clone());
                    nodes.push(Node {
                        name: node_name(proto),
                        operator,
                        inputs,
                        output: proto.output[0].clone(),
                        dims: out,
                        multiplications: count,
                    });
                }
                Err(error) => outcome.result = Err(error),
            }
            outcomes.push(outcome);
        }
        let float = |(name, value)| match value {
            Const::Float(tensor) => Some((name, tensor)),
            Const::Int { .. } => None,
        };
        let constants = consts.into_iter().filter_map(float).collect();
        (Self { inputs, outputs, nodes, constants }, outcomes)
    }

    /// Largest absolute values of the sums in which values end: a value that only a sum reads is stored with it.
    pub(crate) fn sum_max_abs(&self, max_abs: &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
        let readers = self.readers();
        let mut sums = max_abs.clone();
        for node in self.nodes.iter().rev().filter(|node| node.operator.is_sum()) {
            let sum = sums.get(&node.output).copied().unwrap_or_default();
            for input in node.inputs.iter().filter(|input| readers.get(*input) == Some(&1)) {
                sums.entry(input.clone()).and_modify(|max| *max = max.max(sum));
            }
        }
        sums
    }

    /// How often each value is read; outputs of the network once more.
    fn readers(&self) -> BTreeMap<String, usize> {
        let mut readers: BTreeMap<String, usize> = BTreeMap::new();
        for name in self.nodes.iter().flat_map(|node| &node.inputs).chain(&self.outputs) {
            *readers.entry(name.clone()).or_default() += 1;
        }
        readers
    }

    /// Puts each BatchNormalization into the weights of the convolution or matrix product before it, where nothing else reads
    /// that one's result.
    pub(crate) fn fold_norms(&mut self) {
        let readers = self.readers();
        let mut index = 0;
        while index < self.nodes.len() {
            match self.foldable(index, &readers) {
                Some((host, weight, bias)) => {
                    let norm = self.nodes.remove(index);
                    let target = &mut self.nodes[host];
                    let names = [format!("{} (weight)", norm.output), format!("{} (bias)", norm.output)];
                    target.inputs.truncate(1);
                    target.inputs.extend(names.iter().cloned());
                    target.output = norm.output;
                    let [weight_name, bias_name] = names;
                    self.constants.insert(weight_name, weight);
                    self.constants.insert(bias_name, bias);
                }
                None => index += 1,
            }
        }
    }

    /// The node before, with the weight and bias that replace its own, if `index` is a normalisation that can be folded.
    fn foldable(
        &self,
        index: usize,
        readers: &BTreeMap<String, usize>,
    ) -> Option<(usize, FloatTensor, FloatTensor)> {
        let norm = &self.nodes[index];
        let constant = |name: &String| self.constants.get(name);
        let statistics = norm.inputs.get(1..)?.iter().map(constant).collect::<Option<Vec<_>>>()?;
        let (factor, offset) = norm.operator.channel_affine(&statistics)?;
        let host = self.nodes[..index].iter().position(|node| node.output == norm.inputs[0])?;
        let node = &self.nodes[host];
        let axis = node.operator.channel_axis().filter(|_| readers.get(&node.output) == Some(&1))?;
        let weight = constant(node.inputs.get(1)?)?;
        let inner: usize = weight.dims()[axis + 1..].iter().product();
        let channels = weight.dims()[axis];
        let old = match node.inputs.get(2) {
            None => None,
            Some(name) => Some(constant(name)?.data()),
        };
        let old_bias = |channel: usize| match old {
            None => Some(0.0),
            Some([one]) => Some(*one),
            Some(bias) => bias.get(channel).copied().filter(|_| bias.len() == channels),
        };
        let bias =
            (0..channels).map(|c| Some(old_bias(c)? * factor[c] + offset[c])).collect::<Option<Vec<_>>>()?;
        let scaled = FloatTensor::from_fn(weight.dims(), |i| weight.data()[i] * factor[i / inner % channels]);
        // Factors can overflow 32 bits where the variance is tiny; then nothing is folded.
        let bias = FloatTensor::new([channels], bias).ok()?;
        let finite = scaled.data().iter().chain(bias.data()).all(|x| x.is_finite());
        finite.then_some((host, scaled, bias))
    }
}

fn resolve(
    proto: &crate::proto::NodeProto,
    opset: i64,
    dims: &BTreeMap<String, Vec<usize>>,
    consts: &BTreeMap<String, Const>,
    options: &Options,
) -> Result<Resolved> {
    let Some(spec) = find(&proto.op_type, &proto.domain, opset) else {
        let prefix = if proto.domain.is_empty() { String::new() } else { format!("{}.", proto.domain) };
        return Err(OnnxError::UnsupportedOp {
            node: node_name(proto),
            op: format!("{prefix}{}", proto.op_type),
            opset,
        });
    };
    let mut cx = Context { node: proto, opset, inputs: Vec::new(), options };
    if proto.output.first().is_none_or(String::is_empty) {
        return Err(cx.error("output 0", "a name", "none"));
    }
    for attribute in &proto.attribute {
        if !spec.attributes.contains(&attribute.name.as_str()) {
            let expected = format!("one of {:?}", spec.attributes);
            return Err(cx.error("attribute", expected, attribute.name.clone()));
        }
    }
    let given = proto.input.len();
    if given < spec.arity.0 || given > spec.arity.1 {
        let expected = format!("from {} to {}", spec.arity.0, spec.arity.1);
        return Err(cx.error("number of inputs", expected, given.to_string()));
    }
    let mut inputs = Vec::with_capacity(given);
    for name in &proto.input {
        let info = match (consts.get(name), dims.get(name)) {
            _ if name.is_empty() => None,
            (Some(value), _) => Some(Info { name, dims: value.dims(), value: Some(value) }),
            (None, Some(dims)) => Some(Info { name, dims, value: None }),
            (None, None) => {
                return Err(cx.error("inputs", KNOWN_EXTENTS, format!("unknown ones of {name}")));
            }
        };
        inputs.push(info);
    }
    cx.inputs = inputs;
    let resolved = (spec.resolve)(&cx)?;
    let Resolved::Op { operator, inputs, dims, multiplications } = resolved else { return Ok(resolved) };
    cx.check_dims(&dims)?;
    match inputs.iter().map(|name| consts.get(name)).collect::<Option<Vec<_>>>() {
        Some(values) if multiplications <= options.max_multiplications => {
            fold(&cx, &*operator, &values, &dims).map(Resolved::Const)
        }
        _ => {
            let int = |name: &&String| matches!(consts.get(*name), Some(Const::Int { .. }));
            if let Some(name) = inputs.iter().find(int) {
                return Err(cx.error("inputs", "floats", format!("the integers {name}")));
            }
            Ok(Resolved::Op { operator, inputs, dims, multiplications })
        }
    }
}

/// Computes a constant. Integers go through floats where these represent them exactly.
fn fold(cx: &Context<'_>, operator: &dyn Operator, values: &[&Const], dims: &[usize]) -> Result<Const> {
    const EXACT: i64 = 1 << 24;
    let mut floats = Vec::with_capacity(values.len());
    let mut integer = true;
    for value in values {
        floats.push(match value {
            Const::Float(tensor) => {
                integer = false;
                tensor.clone()
            }
            Const::Int { dims, data } => {
                if let Some(bad) = data.iter().find(|x| !(-EXACT..=EXACT).contains(*x)) {
                    return Err(cx.error("integers", "at most 2^24", bad.to_string()));
                }
                FloatTensor::from_fn(dims.clone(), |i| data[i] as f32)
            }
        });
    }
    let result = operator.eval(&floats.iter().collect::<Vec<_>>(), dims);
    match integer {
        true => {
            Ok(Const::Int { dims: dims.to_vec(), data: result.data().iter().map(|x| *x as i64).collect() })
        }
        false => {
            result.check_finite(&cx.node.output[0])?;
            Ok(Const::Float(result))
        }
    }
}
