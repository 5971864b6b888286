//! One test: its model, its variants, and what ONNX expects of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use prost::Message;
use zktorch_onnx::Tensor;
use zktorch_onnx::proto::{ModelProto, TensorProto, ValueInfoProto};

/// Real numbers may be off by this part of the largest one (or of 1).
const TOLERANCE: f64 = 1.0 / 512.0;
/// Element types of real numbers: float32, float16, float64, bfloat16.
const REAL: [i32; 4] = [1, 10, 11, 16];

/// A test.
#[derive(Debug)]
pub struct Case {
    /// The operator that it is about.
    pub operator: String,
    model: ModelProto,
    /// Inputs that have data, with their element types.
    inputs: Vec<(String, i32, TensorProto)>,
    /// Names, element types and entries of the outputs.
    outputs: Vec<(String, i32, Tensor)>,
}

/// A test with some inputs folded in.
#[derive(Debug)]
pub struct Variant {
    /// A, I or B.
    pub tag: char,
    /// The inputs of the run.
    pub inputs: Vec<(String, Tensor)>,
    model: ModelProto,
}

impl Variant {
    /// The model's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.model.encode_to_vec()
    }
}

fn element_type(info: &ValueInfoProto) -> Result<i32, String> {
    let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let no_tensor = || format!("{} is no tensor but a sequence, a map or an optional value", info.name);
    tensor.map(|tensor| tensor.elem_type).ok_or_else(no_tensor)
}

fn read(folder: &Path, kind: &str, index: usize) -> Result<Option<TensorProto>, String> {
    let path = folder.join("test_data_set_0").join(format!("{kind}_{index}.pb"));
    match fs::read(&path) {
        Ok(bytes) => TensorProto::decode(&*bytes).map(Some).map_err(|e| format!("{}: {e}", path.display())),
        Err(_) => Ok(None),
    }
}

/// The operator that a graph is about: the last one that is no mere wrapping.
fn operator(model: &ModelProto) -> String {
    let nodes = model.graph.iter().flat_map(|graph| &graph.node).map(|node| node.op_type.as_str());
    let wrapping = ["Constant", "Identity", "Cast", "SequenceConstruct"];
    let last = nodes.clone().rfind(|name| !wrapping.contains(name));
    last.or_else(|| nodes.clone().next_back()).unwrap_or("none").to_owned()
}

/// The test whose function body a test with `_expanded` in its name is.
fn whole(folder: &Path) -> Option<std::path::PathBuf> {
    let name = folder.file_name()?.to_str()?;
    let (base, _) = name.rsplit_once("_expanded")?;
    let other = folder.with_file_name(base);
    other.join("model.onnx").is_file().then_some(other)
}

impl Case {
    /// Reads the test in a folder.
    ///
    /// # Errors
    /// Text, for files that are no test, and for data that are no tensors of numbers.
    pub fn load(folder: &Path) -> Result<Self, String> {
        let parse = |folder: &Path| {
            let bytes = fs::read(folder.join("model.onnx")).map_err(|e| e.to_string())?;
            ModelProto::decode(&*bytes).map_err(|e| e.to_string())
        };
        let model = parse(folder)?;
        let operator = match whole(folder) {
            Some(other) => operator(&parse(&other)?),
            None => operator(&model),
        };
        let graph = model.graph.as_ref().ok_or("no graph")?;
        let mut inputs = Vec::new();
        for (index, info) in graph.input.iter().enumerate() {
            let kind = element_type(info)?;
            if let Some(tensor) = read(folder, "input", index)? {
                inputs.push((info.name.clone(), kind, tensor));
            }
        }
        let mut outputs = Vec::new();
        for (index, info) in graph.output.iter().enumerate() {
            let kind = element_type(info)?;
            let tensor = read(folder, "output", index)?.ok_or("expected outputs are missing")?;
            let tensor = Tensor::from_proto(tensor).map_err(|e| e.to_string())?;
            outputs.push((info.name.clone(), kind, tensor));
        }
        Ok(Self { operator, model, inputs, outputs })
    }

    /// The variants that differ, in order.
    pub fn variants(&self) -> Vec<Variant> {
        let real = |kind: &i32| REAL.contains(kind);
        let first = self.inputs.iter().position(|(_, kind, _)| real(kind));
        let keep: [(char, Vec<bool>); 3] = [
            ('A', vec![true; self.inputs.len()]),
            ('I', self.inputs.iter().map(|(_, kind, _)| real(kind)).collect()),
            ('B', (0..self.inputs.len()).map(|index| Some(index) == first).collect()),
        ];
        let mut variants: Vec<Variant> = Vec::new();
        let mut seen: Vec<Vec<bool>> = Vec::new();
        for (tag, keep) in keep {
            if seen.contains(&keep) {
                continue;
            }
            seen.push(keep.clone());
            variants.extend(self.variant(tag, &keep));
        }
        variants
    }

    fn variant(&self, tag: char, keep: &[bool]) -> Option<Variant> {
        let mut model = self.model.clone();
        let graph = model.graph.as_mut()?;
        let mut inputs = Vec::new();
        for ((name, _, tensor), keep) in self.inputs.iter().zip(keep) {
            if *keep {
                inputs.push((name.clone(), Tensor::from_proto(tensor.clone()).ok()?));
            } else {
                graph.input.retain(|info| info.name != *name);
                graph.initializer.push(TensorProto { name: name.clone(), ..tensor.clone() });
            }
        }
        Some(Variant { tag, inputs, model })
    }

    /// The largest error over its tolerance.
    ///
    /// # Errors
    /// Text, for outputs that are missing, of other extents, or further off.
    pub fn compare(&self, outputs: &[(&str, &[usize], Vec<f64>)]) -> Result<f64, String> {
        let found: BTreeMap<&str, (&[usize], &Vec<f64>)> =
            outputs.iter().map(|(name, dims, real)| (*name, (*dims, real))).collect();
        let mut worst = 0f64;
        for (name, kind, expected) in &self.outputs {
            let (dims, got) = found.get(name.as_str()).ok_or_else(|| format!("there is no output {name}"))?;
            if *dims != expected.dims() {
                return Err(format!("{name}: extents {dims:?}, expected {:?}", expected.dims()));
            }
            let largest = expected.iter().fold(0f64, |max, x| max.max(x.abs()));
            if !largest.is_finite() || expected.iter().any(f64::is_nan) {
                return Err(format!("{name}: the expected values are not finite"));
            }
            let limit = if REAL.contains(kind) { TOLERANCE * largest.max(1.0) } else { 0.0 };
            let error = expected.iter().zip(got.iter()).fold(0f64, |max, (a, b)| max.max((a - b).abs()));
            if error > limit {
                return Err(format!("{name}: off by {error:.3e}, allowed {limit:.3e}"));
            }
            worst = worst.max(if limit > 0.0 { error / limit } else { 0.0 });
        }
        Ok(worst)
    }
}
