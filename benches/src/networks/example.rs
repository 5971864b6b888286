//! A generated network with the inputs that it is run on.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zktorch_onnx::proto::{
    DimensionProto, ModelProto, OperatorSetIdProto, TensorShapeProto, TensorTypeProto, TypeProto,
    ValueInfoProto,
};
use zktorch_onnx::{FloatTensor, IntTensor, Tensor};

use super::builder::{Builder, FLOAT, INT64};
use super::weights::Weights;

/// A network with the inputs that it is run on.
#[derive(Clone, Debug)]
pub struct Example {
    /// The network.
    pub model: ModelProto,
    inputs: Vec<Input>,
}

/// An input, its first extent 1.
#[derive(Clone, Debug)]
struct Input {
    name: String,
    dims: Vec<usize>,
    values: Values,
}

/// What an input holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values {
    /// Normal numbers of mean 0 and deviation 1.
    Normal,
    /// Identifiers below a number.
    Ids(u32),
    /// Integers, all the same.
    Int(i64),
}

/// The inputs of a network that is under construction.
#[derive(Default)]
pub(super) struct Inputs(Vec<Input>);

impl Inputs {
    /// Declares an input; its name.
    pub(super) fn add<'a>(&mut self, name: &'a str, dims: &[usize], values: Values) -> &'a str {
        self.0.push(Input { name: name.to_owned(), dims: dims.to_vec(), values });
        name
    }

    /// Ends the construction: the values `(value, name, extents)` become the outputs under these names.
    pub(super) fn into_example(
        self,
        builder: Builder,
        opset: i64,
        outputs: &[(String, &str, &[usize])],
    ) -> Example {
        let mut graph = builder.graph;
        graph.name = "main_graph".to_owned();
        let renamed: BTreeMap<&str, &str> =
            outputs.iter().map(|(value, name, _)| (value.as_str(), *name)).collect();
        for name in graph.node.iter_mut().flat_map(|node| node.input.iter_mut().chain(&mut node.output)) {
            if let Some(output) = renamed.get(name.as_str()) {
                *name = (*output).to_owned();
            }
        }
        let element = |values| match values {
            Values::Normal => FLOAT,
            Values::Ids(_) | Values::Int(_) => INT64,
        };
        graph.input =
            self.0.iter().map(|input| port(&input.name, element(input.values), &input.dims)).collect();
        graph.output = outputs.iter().map(|(_, name, dims)| port(name, FLOAT, dims)).collect();
        let model = ModelProto {
            ir_version: 8,
            producer_name: "zktorch".to_owned(),
            graph: Some(graph),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: opset }],
            functions: Vec::new(),
        };
        Example { model, inputs: self.0 }
    }
}

impl Example {
    /// The inputs of one run, the same for the same seed.
    pub fn sample(&self, seed: u64) -> Vec<Tensor> {
        let mut random = Weights::seeded(seed);
        let draw = |input: &Input| -> Tensor {
            let count = input.dims.iter().product();
            let dims = input.dims.clone();
            let integers = |data: Vec<i64>| IntTensor::from_fn(dims.clone(), |i| data[i]).into();
            match input.values {
                Values::Normal => {
                    let data = random.normal(count, 0.0, 1.0);
                    FloatTensor::from_fn(dims.clone(), |i| data[i]).into()
                }
                Values::Ids(bound) => integers(random.below(count, bound)),
                Values::Int(value) => integers(vec![value; count]),
            }
        };
        self.inputs.iter().map(draw).collect()
    }

    /// The inputs of a run for each seed, one array for each input, samples along its first axis, as the command line reads them.
    pub fn samples_json(&self, seeds: impl IntoIterator<Item = u64>) -> Value {
        let mut rows: Vec<Vec<Value>> = vec![Vec::new(); self.inputs.len()];
        for seed in seeds {
            for (rows, tensor) in rows.iter_mut().zip(self.sample(seed)) {
                rows.extend(nested(&tensor));
            }
        }
        self.inputs.iter().zip(rows).map(|(input, rows)| (input.name.clone(), json!(rows))).collect()
    }
}

/// The rows of a tensor: nested arrays, innermost axis last.
fn nested(tensor: &Tensor) -> Vec<Value> {
    let mut values: Vec<Value> = match tensor {
        Tensor::Int(tensor) => tensor.data().iter().map(|x| json!(x)).collect(),
        floats => floats.to_float().data().iter().map(|x| json!(x)).collect(),
    };
    for dim in tensor.dims().iter().skip(1).rev() {
        values = values.chunks(*dim).map(|row| json!(row)).collect();
    }
    values
}

/// An input or output of a model.
pub(super) fn port(name: &str, elem_type: i32, dims: &[usize]) -> ValueInfoProto {
    let dim = |dim: &usize| DimensionProto { dim_value: Some(*dim as i64), dim_param: None };
    let shape = TensorShapeProto { dim: dims.iter().map(dim).collect() };
    let tensor_type = Some(TensorTypeProto { elem_type, shape: Some(shape) });
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type }) }
}
