//! Writes the ONNX graph of a well-known network at 1x3x224x224 with seeded random weights: the node kinds that exporters
//! write (Conv, BatchNormalization, Relu, Clip, MaxPool, Add, GlobalAveragePool, Flatten, Gemm), He-initialised.
//!
//! `cargo run --release -p zktorch --example networks -- resnet50 OUT.onnx`
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::path::Path;

use prost::Message;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use zktorch_onnx::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

/// ONNX's number for 32-bit floats.
const FLOAT: i32 = 1;
/// ONNX's numbers for attribute types: a float, an integer, a list of integers.
const ATTRIBUTE_FLOAT: i32 = 1;
const ATTRIBUTE_INT: i32 = 2;
const ATTRIBUTE_INTS: i32 = 7;

struct Builder {
    graph: GraphProto,
    rng: ChaCha8Rng,
    names: usize,
}

impl Builder {
    fn name(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}_{}", self.names)
    }

    fn uniform(&mut self) -> f64 {
        f64::from(self.rng.next_u32()) / f64::from(u32::MAX)
    }

    /// Irwin-Hall: the sum of twelve uniform numbers has variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn weights(&mut self, stem: &str, dims: &[usize], mut value: impl FnMut(&mut Self) -> f64) -> String {
        let name = self.name(stem);
        let count: usize = dims.iter().product();
        let mut raw_data = Vec::with_capacity(4 * count);
        for _ in 0..count {
            raw_data.extend_from_slice(&(value(self) as f32).to_le_bytes());
        }
        let dims = dims.iter().map(|dim| *dim as i64).collect();
        let tensor =
            TensorProto { dims, data_type: FLOAT, name: name.clone(), raw_data, ..TensorProto::default() };
        self.graph.initializer.push(tensor);
        name
    }

    fn node(&mut self, op: &str, input: Vec<String>, attribute: Vec<AttributeProto>) -> String {
        let output = self.name(&op.to_lowercase());
        self.graph.node.push(NodeProto {
            input,
            output: vec![output.clone()],
            name: output.clone(),
            op_type: op.to_owned(),
            attribute,
            ..NodeProto::default()
        });
        output
    }

    /// A convolution with He-initialised weights [out, in / groups, kernel, kernel] that keeps the extent (with stride 1).
    fn plain_conv(
        &mut self,
        x: String,
        [inputs, outputs]: [usize; 2],
        [kernel, stride, groups]: [usize; 3],
        bias: bool,
    ) -> String {
        let fan_in = inputs / groups;
        let deviation = (2.0 / (fan_in * kernel * kernel) as f64).sqrt();
        let w = self.weights("weight", &[outputs, fan_in, kernel, kernel], |b| deviation * b.normal());
        let pad = (kernel / 2) as i64;
        let attributes = vec![
            ints("kernel_shape", &[kernel as i64; 2]),
            ints("strides", &[stride as i64; 2]),
            ints("pads", &[pad; 4]),
            int("group", groups as i64),
        ];
        let mut read = vec![x, w];
        if bias {
            read.push(self.weights("bias", &[outputs], |b| 0.05 * b.normal()));
        }
        self.node("Conv", read, attributes)
    }

    /// A convolution and its BatchNormalization.
    fn conv(&mut self, x: String, channels: [usize; 2], kernel: usize, stride: usize) -> String {
        self.grouped_conv(x, channels, [kernel, stride, 1])
    }

    fn grouped_conv(&mut self, x: String, channels: [usize; 2], form: [usize; 3]) -> String {
        let outputs = channels[1];
        let y = self.plain_conv(x, channels, form, false);
        // The convolution of normalised activations has about unit variance: these statistics keep it so.
        let scale = self.weights("scale", &[outputs], |b| 0.4 + 0.5 * b.uniform());
        let bias = self.weights("bias", &[outputs], |b| 0.1 * b.normal());
        let mean = self.weights("mean", &[outputs], |b| 0.05 * b.normal());
        let variance = self.weights("variance", &[outputs], |b| 0.8 + 0.4 * b.uniform());
        let epsilon = AttributeProto {
            name: "epsilon".to_owned(),
            r#type: ATTRIBUTE_FLOAT,
            f: 1e-5,
            ..AttributeProto::default()
        };
        self.node("BatchNormalization", vec![y, scale, bias, mean, variance], vec![epsilon])
    }

    fn relu(&mut self, x: String) -> String {
        self.node("Relu", vec![x], Vec::new())
    }

    /// A residual block: two 3x3 convolutions, or with a bottleneck 1x1, 3x3, 1x1 (the stride in the 3x3, as torchvision has it).
    fn block(&mut self, x: String, [inputs, outputs]: [usize; 2], bottleneck: bool, stride: usize) -> String {
        let y = if bottleneck {
            let width = outputs / 4;
            let y = self.conv(x.clone(), [inputs, width], 1, 1);
            let y = self.relu(y);
            let y = self.conv(y, [width, width], 3, stride);
            let y = self.relu(y);
            self.conv(y, [width, outputs], 1, 1)
        } else {
            let y = self.conv(x.clone(), [inputs, outputs], 3, stride);
            let y = self.relu(y);
            self.conv(y, [outputs, outputs], 3, 1)
        };
        let shortcut =
            if stride == 1 && inputs == outputs { x } else { self.conv(x, [inputs, outputs], 1, stride) };
        let sum = self.node("Add", vec![y, shortcut], Vec::new());
        self.relu(sum)
    }

    fn resnet(&mut self, blocks: [usize; 4], bottleneck: bool) -> String {
        let x = self.conv("input".to_owned(), [3, 64], 7, 2);
        let x = self.relu(x);
        let pool = vec![ints("kernel_shape", &[3, 3]), ints("strides", &[2, 2]), ints("pads", &[1; 4])];
        let mut x = self.node("MaxPool", vec![x], pool);
        let mut channels = 64;
        for (stage, count) in blocks.into_iter().enumerate() {
            let outputs = (64 << stage) * if bottleneck { 4 } else { 1 };
            for block in 0..count {
                let stride = if block == 0 && stage > 0 { 2 } else { 1 };
                x = self.block(x, [channels, outputs], bottleneck, stride);
                channels = outputs;
            }
        }
        let x = self.node("GlobalAveragePool", vec![x], Vec::new());
        let x = self.node("Flatten", vec![x], vec![int("axis", 1)]);
        self.gemm(x, channels, 1000)
    }

    fn gemm(&mut self, x: String, inputs: usize, outputs: usize) -> String {
        let deviation = (2.0 / inputs as f64).sqrt();
        let w = self.weights("fc_weight", &[outputs, inputs], |b| deviation * b.normal());
        let bias = self.weights("fc_bias", &[outputs], |b| 0.01 * b.normal());
        self.node("Gemm", vec![x, w, bias], vec![int("transB", 1)])
    }

    /// Inverted residuals: 1x1 up, depthwise 3x3, 1x1 down, ReLU6 but after the last.
    fn mobilenet_v2(&mut self) -> String {
        let bounds = [0.0, 6.0].map(|bound| self.weights("bound", &[], |_| bound));
        let relu6 = |b: &mut Self, x: String| {
            b.node("Clip", vec![x, bounds[0].clone(), bounds[1].clone()], Vec::new())
        };
        let x = self.conv("input".to_owned(), [3, 32], 3, 2);
        let mut x = relu6(self, x);
        let mut channels = 32;
        // Expansion, channels, blocks, stride of the first.
        let stages = [
            [1, 16, 1, 1],
            [6, 24, 2, 2],
            [6, 32, 3, 2],
            [6, 64, 4, 2],
            [6, 96, 3, 1],
            [6, 160, 3, 2],
            [6, 320, 1, 1],
        ];
        for [expansion, outputs, count, first] in stages {
            for block in 0..count {
                let stride = if block == 0 { first } else { 1 };
                let width = expansion * channels;
                let mut y = x.clone();
                if expansion > 1 {
                    y = self.conv(y, [channels, width], 1, 1);
                    y = relu6(self, y);
                }
                y = self.grouped_conv(y, [width, width], [3, stride, width]);
                y = relu6(self, y);
                y = self.conv(y, [width, outputs], 1, 1);
                let residual = stride == 1 && channels == outputs;
                x = if residual { self.node("Add", vec![x, y], Vec::new()) } else { y };
                channels = outputs;
            }
        }
        let x = self.conv(x, [channels, 1280], 1, 1);
        let x = relu6(self, x);
        let x = self.node("GlobalAveragePool", vec![x], Vec::new());
        let x = self.node("Flatten", vec![x], vec![int("axis", 1)]);
        self.gemm(x, 1280, 1000)
    }

    /// VGG-16: no BatchNormalization, biases.
    fn vgg16(&mut self) -> String {
        let mut x = "input".to_owned();
        let mut channels = 3;
        for (count, outputs) in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)] {
            for _ in 0..count {
                x = self.plain_conv(x, [channels, outputs], [3, 1, 1], true);
                x = self.relu(x);
                channels = outputs;
            }
            x = self.node("MaxPool", vec![x], vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])]);
        }
        x = self.node("Flatten", vec![x], vec![int("axis", 1)]);
        x = self.gemm(x, 512 * 49, 4096);
        x = self.relu(x);
        x = self.gemm(x, 4096, 4096);
        x = self.relu(x);
        self.gemm(x, 4096, 1000)
    }
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: ATTRIBUTE_INT, i: value, ..AttributeProto::default() }
}

fn ints(name: &str, values: &[i64]) -> AttributeProto {
    let (name, ints) = (name.to_owned(), values.to_vec());
    AttributeProto { name, r#type: ATTRIBUTE_INTS, ints, ..AttributeProto::default() }
}

fn value(name: &str, dims: &[i64]) -> ValueInfoProto {
    let dim = dims.iter().map(|dim| DimensionProto { dim_value: Some(*dim), dim_param: None }).collect();
    let tensor_type = Some(TensorTypeProto { elem_type: FLOAT, shape: Some(TensorShapeProto { dim }) });
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type }) }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [network, out] = arguments.as_slice() else {
        return Err("usage: networks resnet18|resnet50|mobilenetv2|vgg16 OUT.onnx".into());
    };
    let mut builder = Builder { graph: GraphProto::default(), rng: ChaCha8Rng::seed_from_u64(1), names: 0 };
    let output = match network.as_str() {
        "resnet18" => builder.resnet([2, 2, 2, 2], false),
        "resnet50" => builder.resnet([3, 4, 6, 3], true),
        "mobilenetv2" => builder.mobilenet_v2(),
        "vgg16" => builder.vgg16(),
        other => {
            return Err(format!("network {other}: expected resnet18, resnet50, mobilenetv2 or vgg16").into());
        }
    };
    let mut graph = builder.graph;
    graph.name = network.clone();
    graph.input = vec![value("input", &[1, 3, 224, 224])];
    graph.output = vec![value(&output, &[1, 1000])];
    let model = ModelProto {
        ir_version: 8,
        producer_name: "zktorch".to_owned(),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 13 }],
    };
    // Complete or not at all.
    let (out, part) = (Path::new(out), Path::new(out).with_extension("part"));
    std::fs::write(&part, model.encode_to_vec())?;
    std::fs::rename(&part, out)?;
    Ok(())
}
