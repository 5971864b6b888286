//! Layers as torchvision has them, each the nodes that its exporter writes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use zktorch_onnx::proto::{AttributeProto, GraphProto, NodeProto, TensorProto};

use super::external::External;
use super::weights::Weights;

/// ONNX's numbers for element types: 32-bit floats, 64-bit integers, booleans.
pub(super) const FLOAT: i32 = 1;
pub(super) const INT64: i32 = 7;
pub(super) const BOOL: i32 = 9;
/// ONNX's numbers for attribute types: a float, an integer, a string, a tensor, a list of integers.
const ATTRIBUTE_FLOAT: i32 = 1;
const ATTRIBUTE_INT: i32 = 2;
const ATTRIBUTE_STRING: i32 = 3;
const ATTRIBUTE_TENSOR: i32 = 4;
const ATTRIBUTE_INTS: i32 = 7;

/// PyTorch's default.
const EPSILON: f32 = 1e-5;

/// A graph under construction.
pub(super) struct Builder {
    pub(super) graph: GraphProto,
    pub(super) weights: Weights,
    /// Where large tensors go instead.
    pub(super) external: Option<Rc<RefCell<External>>>,
    /// How often each node's name was asked for.
    names: BTreeMap<String, usize>,
    norms: Norms,
    gamma: [f64; 2],
}

/// In which nodes a BatchNormalization is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Norms {
    /// One of its own.
    Whole,
    /// The convolution before it.
    Folded,
    /// A product and a sum: what the exporter makes of torchvision's `FrozenBatchNorm2d`, whose statistics are constants.
    Frozen,
}

/// A convolution's parameters, of which several may make use.
pub(super) struct Conv {
    name: String,
    form: Form,
    parameters: Vec<String>,
}

/// The form of a convolution with square kernels.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) pad: usize,
    pub(super) groups: usize,
}

impl Form {
    /// One that keeps the extent but for its stride.
    pub(super) fn same([inputs, outputs]: [usize; 2], kernel: usize, stride: usize) -> Self {
        Self { inputs, outputs, kernel, stride, pad: kernel / 2, groups: 1 }
    }
}

impl Builder {
    /// `gamma` is the range of the factors of BatchNormalization.
    pub(super) fn new(norms: Norms, gamma: [f64; 2]) -> Self {
        let (graph, names) = Default::default();
        Self { graph, weights: Weights::new(), external: None, names, norms, gamma }
    }

    /// A network without BatchNormalization.
    pub(super) fn plainly() -> Self {
        Self::new(Norms::Whole, [1.0, 1.0])
    }

    /// Adds a node; the name of its output. Nodes of one kind in one module are numbered, as the exporter does.
    pub(super) fn node(
        &mut self,
        op: &str,
        name: &str,
        input: &[&str],
        attribute: Vec<AttributeProto>,
    ) -> String {
        let name = format!("/{}/{op}", name.replace('.', "/"));
        let count = self.names.entry(name.clone()).or_default();
        let name = if *count == 0 { name } else { format!("{name}_{count}") };
        *count += 1;
        let output = format!("{name}_output_0");
        self.graph.node.push(NodeProto {
            input: input.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![output.clone()],
            name,
            op_type: op.to_owned(),
            attribute,
            ..NodeProto::default()
        });
        output
    }

    pub(super) fn initializer(&mut self, name: String, dims: &[usize], values: &[f32]) -> String {
        let outside = self.external.as_ref();
        let outside = outside.and_then(|external| external.borrow_mut().tensor(&name, dims, values));
        self.graph.initializer.push(outside.unwrap_or_else(|| tensor(&name, dims, values)));
        name
    }

    /// A Constant node.
    pub(super) fn constant(&mut self, name: &str, value: TensorProto) -> String {
        let value = AttributeProto {
            name: "value".to_owned(),
            r#type: ATTRIBUTE_TENSOR,
            t: Some(value),
            ..AttributeProto::default()
        };
        self.node("Constant", name, &[], vec![value])
    }

    /// A convolution with bias.
    pub(super) fn conv(&mut self, x: &str, name: &str, form: Form) -> String {
        let weight = self.he(form);
        let bias = self.weights.normal(form.outputs, 0.0, 0.05);
        self.conv_node(x, name, form, &weight, Some(&bias))
    }

    /// The parameters of a convolution with bias: weights of a deviation (times the one that keeps activations at their size), biases
    /// around a number.
    pub(super) fn conv_shared(&mut self, name: &str, form: Form, factor: f64, middle: f64) -> Conv {
        let mut weight = self.he(form);
        weight.iter_mut().for_each(|tap| *tap = (f64::from(*tap) * factor) as f32);
        let bias = self.weights.normal(form.outputs, middle, 0.05);
        self.conv_parameters(name, form, &weight, Some(&bias))
    }

    /// A convolution without bias and its BatchNormalization.
    pub(super) fn conv_norm(&mut self, x: &str, [conv, norm]: [&str; 2], form: Form) -> String {
        let (channels, mut weight) = (form.outputs, self.he(form));
        let gamma = self.weights.uniform(channels, self.gamma);
        let beta = self.weights.normal(channels, 0.0, 0.1);
        let mean = self.weights.normal(channels, 0.0, 0.05);
        let variance = self.weights.uniform(channels, [0.8, 1.2]);
        if self.norms == Norms::Folded {
            let factor = |channel: usize| {
                f64::from(gamma[channel]) / (f64::from(variance[channel]) + f64::from(EPSILON)).sqrt()
            };
            let per_channel = weight.len() / channels;
            for (channel, taps) in weight.chunks_exact_mut(per_channel).enumerate() {
                taps.iter_mut().for_each(|tap| *tap = (f64::from(*tap) * factor(channel)) as f32);
            }
            let bias = |channel: usize| {
                (f64::from(beta[channel]) - f64::from(mean[channel]) * factor(channel)) as f32
            };
            let bias: Vec<f32> = (0..channels).map(bias).collect();
            return self.conv_node(x, conv, form, &weight, Some(&bias));
        }
        let y = self.conv_node(x, conv, form, &weight, None);
        if self.norms == Norms::Frozen {
            return self.frozen_norm(&y, norm, [&gamma, &beta, &mean, &variance]);
        }
        let statistics =
            [("weight", gamma), ("bias", beta), ("running_mean", mean), ("running_var", variance)]
                .map(|(which, values)| self.initializer(format!("{norm}.{which}"), &[channels], &values));
        let mut read = vec![y.as_str()];
        read.extend(statistics.iter().map(String::as_str));
        let attributes = vec![float("epsilon", EPSILON), float("momentum", 0.9), int("training_mode", 0)];
        self.node("BatchNormalization", norm, &read, attributes)
    }

    /// A factor and an offset of each channel.
    fn frozen_norm(&mut self, x: &str, name: &str, [gamma, beta, mean, variance]: [&[f32]; 4]) -> String {
        let factor: Vec<f32> =
            gamma.iter().zip(variance).map(|(gamma, variance)| gamma / (variance + EPSILON).sqrt()).collect();
        let offset = beta.iter().zip(mean).zip(&factor).map(|((beta, mean), factor)| beta - mean * factor);
        let offset: Vec<f32> = offset.collect();
        let [factor, offset] = [("scale", factor), ("bias", offset)].map(|(which, values)| {
            self.initializer(format!("{name}.{which}"), &[1, values.len(), 1, 1], &values)
        });
        let y = self.node("Mul", name, &[x, &factor], Vec::new());
        self.node("Add", name, &[&y, &offset], Vec::new())
    }

    /// Weights [outputs, inputs / groups, kernel, kernel] of variance 2 / fan-in: what ReLU keeps at its size.
    fn he(&mut self, form: Form) -> Vec<f32> {
        let fan_in = form.inputs / form.groups * form.kernel * form.kernel;
        self.weights.normal(form.outputs * fan_in, 0.0, (2.0 / fan_in as f64).sqrt())
    }

    fn conv_node(&mut self, x: &str, name: &str, form: Form, weight: &[f32], bias: Option<&[f32]>) -> String {
        let conv = self.conv_parameters(name, form, weight, bias);
        self.conv_of(x, &conv)
    }

    fn conv_parameters(&mut self, name: &str, form: Form, weight: &[f32], bias: Option<&[f32]>) -> Conv {
        let kernel = form.kernel;
        let dims = [form.outputs, form.inputs / form.groups, kernel, kernel];
        let mut parameters = vec![self.initializer(format!("{name}.weight"), &dims, weight)];
        parameters.extend(bias.map(|bias| self.initializer(format!("{name}.bias"), &[form.outputs], bias)));
        Conv { name: name.to_owned(), form, parameters }
    }

    /// A convolution whose parameters are there.
    pub(super) fn conv_of(&mut self, x: &str, conv: &Conv) -> String {
        let Form { kernel, stride, pad, groups, .. } = conv.form;
        let attributes = vec![
            ints("dilations", &[1, 1]),
            int("group", groups as i64),
            ints("kernel_shape", &[kernel as i64; 2]),
            ints("pads", &[pad as i64; 4]),
            ints("strides", &[stride as i64; 2]),
        ];
        let read: Vec<&str> = std::iter::once(x).chain(conv.parameters.iter().map(String::as_str)).collect();
        self.node("Conv", &conv.name, &read, attributes)
    }

    /// A dense layer.
    pub(super) fn gemm(&mut self, x: &str, name: &str, extents: [usize; 2]) -> String {
        self.gemm_of(x, name, extents, (2.0 / extents[0] as f64).sqrt())
    }

    /// A dense layer, its weights of this deviation.
    pub(super) fn gemm_of(
        &mut self,
        x: &str,
        name: &str,
        [inputs, outputs]: [usize; 2],
        deviation: f64,
    ) -> String {
        let weight = self.weights.normal(outputs * inputs, 0.0, deviation);
        let bias = self.weights.normal(outputs, 0.0, 0.01);
        let weight = self.initializer(format!("{name}.weight"), &[outputs, inputs], &weight);
        let bias = self.initializer(format!("{name}.bias"), &[outputs], &bias);
        let attributes = vec![float("alpha", 1.0), float("beta", 1.0), int("transB", 1)];
        self.node("Gemm", name, &[x, &weight, &bias], attributes)
    }

    pub(super) fn relu(&mut self, x: &str, name: &str) -> String {
        self.node("Relu", name, &[x], Vec::new())
    }

    /// ReLU6: Clip, its bounds the outputs of Constant nodes.
    pub(super) fn relu6(&mut self, x: &str, name: &str) -> String {
        let [low, high] = [("min", 0.0), ("max", 6.0)]
            .map(|(which, bound)| self.constant(&format!("{name}.{which}"), tensor("", &[], &[bound])));
        self.node("Clip", name, &[x, &low, &high], Vec::new())
    }

    /// Maxima of square windows. With `ceil` the last window may reach over the edge.
    pub(super) fn max_pool(
        &mut self,
        x: &str,
        name: &str,
        [kernel, stride, pad]: [i64; 3],
        ceil: bool,
    ) -> String {
        let attributes = vec![
            int("ceil_mode", i64::from(ceil)),
            ints("kernel_shape", &[kernel; 2]),
            ints("pads", &[pad; 4]),
            ints("strides", &[stride; 2]),
        ];
        self.node("MaxPool", name, &[x], attributes)
    }

    /// Averages over whole channels, then one vector.
    pub(super) fn average_and_flatten(&mut self, x: &str, name: &str) -> String {
        let x = self.node("GlobalAveragePool", name, &[x], Vec::new());
        self.flatten(&x)
    }

    pub(super) fn flatten(&mut self, x: &str) -> String {
        self.node("Flatten", "flatten", &[x], vec![int("axis", 1)])
    }
}

/// A tensor of floats.
pub(super) fn tensor(name: &str, dims: &[usize], values: &[f32]) -> TensorProto {
    raw(name, FLOAT, dims, values.iter().flat_map(|x| x.to_le_bytes()).collect())
}

/// A tensor of an element type, its entries in little-endian bytes.
pub(super) fn raw(name: &str, data_type: i32, dims: &[usize], raw_data: Vec<u8>) -> TensorProto {
    let dims = dims.iter().map(|dim| *dim as i64).collect();
    TensorProto { dims, data_type, name: name.to_owned(), raw_data, ..TensorProto::default() }
}

pub(super) fn float(name: &str, f: f32) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: ATTRIBUTE_FLOAT, f, ..AttributeProto::default() }
}

pub(super) fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: ATTRIBUTE_INT, i, ..AttributeProto::default() }
}

pub(super) fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    let (name, ints) = (name.to_owned(), ints.to_vec());
    AttributeProto { name, r#type: ATTRIBUTE_INTS, ints, ..AttributeProto::default() }
}

pub(super) fn string(name: &str, text: &str) -> AttributeProto {
    let (name, s) = (name.to_owned(), text.as_bytes().to_vec());
    AttributeProto { name, r#type: ATTRIBUTE_STRING, s, ..AttributeProto::default() }
}
