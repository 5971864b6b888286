//! Small models built in code, and what they are compared with.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "test support: each test program uses a part of it, and an error is a failure"
)]

pub mod cases;

use prost::Message;
use zktorch_onnx::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use zktorch_onnx::{Compiled, FloatModel, FloatTensor, Options, Tensor, compile};

/// Random numbers with a seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Uniform in [-1, 1).
    pub fn float(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    pub fn tensor(&mut self, dims: &[usize], factor: f32) -> FloatTensor {
        FloatTensor::from_fn(dims, |_| self.float() * factor)
    }
}

/// A model under construction.
pub struct Builder {
    pub model: ModelProto,
    pub random: Random,
}

pub fn value_info(name: &str, dims: &[usize]) -> ValueInfoProto {
    let dim = |dim: &usize| DimensionProto { dim_value: Some(*dim as i64), dim_param: None };
    let shape = Some(TensorShapeProto { dim: dims.iter().map(dim).collect() });
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto { tensor_type: Some(TensorTypeProto { elem_type: 1, shape }) }),
    }
}

impl Builder {
    pub fn new(opset: i64) -> Self {
        let mut model = ModelProto { ir_version: 6, producer_name: "test".into(), ..Default::default() };
        model.opset_import.push(OperatorSetIdProto { domain: String::new(), version: opset });
        model.graph = Some(GraphProto { name: "g".into(), ..Default::default() });
        Self { model, random: Random::new(7) }
    }

    pub fn graph(&mut self) -> &mut GraphProto {
        self.model.graph.as_mut().unwrap()
    }

    pub fn input(mut self, name: &str, dims: &[usize]) -> Self {
        self.graph().input.push(value_info(name, dims));
        self
    }

    /// Adds an output; its extents are not needed.
    pub fn output(mut self, name: &str) -> Self {
        self.graph().output.push(ValueInfoProto {
            name: name.into(),
            r#type: Some(TypeProto { tensor_type: Some(TensorTypeProto { elem_type: 1, shape: None }) }),
        });
        self
    }

    pub fn floats(mut self, name: &str, dims: &[usize], data: Vec<f32>) -> Self {
        self.graph().initializer.push(TensorProto {
            name: name.into(),
            dims: dims.iter().map(|dim| *dim as i64).collect(),
            data_type: 1,
            float_data: data,
            ..Default::default()
        });
        self
    }

    /// A random weight, as raw bytes.
    pub fn weight(mut self, name: &str, dims: &[usize], factor: f32) -> Self {
        let data = self.random.tensor(dims, factor);
        let raw_data = data.data().iter().flat_map(|x| x.to_le_bytes()).collect();
        self.graph().initializer.push(TensorProto {
            name: name.into(),
            dims: dims.iter().map(|dim| *dim as i64).collect(),
            data_type: 1,
            raw_data,
            ..Default::default()
        });
        self
    }

    pub fn ints(mut self, name: &str, data: &[i64]) -> Self {
        self.graph().initializer.push(TensorProto {
            name: name.into(),
            dims: vec![data.len() as i64],
            data_type: 7,
            int64_data: data.to_vec(),
            ..Default::default()
        });
        self
    }

    pub fn node(mut self, op: &str, inputs: &[&str], output: &str, attributes: Vec<AttributeProto>) -> Self {
        self.graph().node.push(NodeProto {
            input: inputs.iter().map(|s| (*s).into()).collect(),
            output: vec![output.into()],
            name: format!("node_{output}"),
            op_type: op.into(),
            attribute: attributes,
            ..Default::default()
        });
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.model.encode_to_vec()
    }
}

pub fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: 2, i, ..Default::default() }
}

pub fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: 7, ints: ints.to_vec(), ..Default::default() }
}

pub fn float(name: &str, f: f32) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: 1, f, ..Default::default() }
}

pub fn string(name: &str, s: &str) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: 3, s: s.as_bytes().to_vec(), ..Default::default() }
}

/// Samples with entries in [-1, 1).
pub fn samples(bytes: &[u8], count: usize, seed: u64) -> Vec<Vec<Tensor>> {
    let model = FloatModel::new(bytes, &Options::default()).unwrap();
    let mut random = Random::new(seed);
    (0..count)
        .map(|_| model.inputs().iter().map(|(_, dims)| random.tensor(dims, 1.0).into()).collect())
        .collect()
}

pub fn compiled(bytes: &[u8]) -> Compiled {
    let options = Options { calibration: samples(bytes, 16, 1), ..Options::default() };
    compile(bytes, &options).unwrap()
}

/// Largest difference of two lists of tensors, whose extents must agree.
pub fn max_error(a: &[FloatTensor], b: &[FloatTensor]) -> f32 {
    assert_eq!(a.len(), b.len());
    let mut max = 0f32;
    for (a, b) in a.iter().zip(b) {
        assert_eq!(a.dims(), b.dims());
        for (x, y) in a.data().iter().zip(b.data()) {
            max = max.max((x - y).abs());
        }
    }
    max
}
