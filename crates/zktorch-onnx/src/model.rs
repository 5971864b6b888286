//! Decoding: bytes to a checked list of nodes, constants, inputs and outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path};

use prost::Message;

use crate::proto::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use crate::tensor::{Const, checked_len};
use crate::{FloatTensor, OnnxError, Options, Result};

/// Oldest and newest version of the standard operator set.
pub(crate) const OPSETS: (i64, i64) = (7, 25);

/// A decoded model, nodes in topological order.
pub(crate) struct Model {
    pub(crate) opset: i64,
    pub(crate) nodes: Vec<NodeProto>,
    pub(crate) consts: BTreeMap<String, Const>,
    pub(crate) inputs: Vec<(String, Vec<usize>)>,
    pub(crate) outputs: Vec<String>,
}

impl Model {
    pub(crate) fn decode(bytes: &[u8], options: &Options) -> Result<Self> {
        let model = ModelProto::decode(bytes).map_err(|e| OnnxError::Decode { reason: e.to_string() })?;
        let opset = opset(&model)?;
        let Some(mut graph) = model.graph else {
            return Err(OnnxError::Decode { reason: "no graph".into() });
        };
        let mut consts = BTreeMap::new();
        for tensor in std::mem::take(&mut graph.initializer) {
            let name = tensor.name.clone();
            let value = decode_tensor(tensor, options)?;
            if consts.insert(name.clone(), value).is_some() {
                return Err(duplicate(name));
            }
        }
        let inputs = graph
            .input
            .iter()
            .filter(|info| !consts.contains_key(&info.name))
            .map(|info| Ok((info.name.clone(), input_dims(info, options)?)))
            .collect::<Result<Vec<_>>>()?;
        if graph.output.is_empty() {
            return Err(OnnxError::Model {
                field: "outputs",
                expected: "at least one".into(),
                got: "none".into(),
            });
        }
        let outputs = graph.output.iter().map(|info| info.name.clone()).collect();
        let nodes = sort(graph, &consts, &inputs)?;
        Ok(Self { opset, nodes, consts, inputs, outputs })
    }
}

/// A name for messages.
pub(crate) fn node_name(node: &NodeProto) -> String {
    match (node.name.is_empty(), node.output.first()) {
        (false, _) => node.name.clone(),
        (true, Some(output)) => format!("of output {output}"),
        (true, None) => "without a name".into(),
    }
}

fn duplicate(name: String) -> OnnxError {
    OnnxError::Model {
        field: "names",
        expected: "each value defined once".into(),
        got: format!("{name} twice"),
    }
}

fn opset(model: &ModelProto) -> Result<i64> {
    let versions = model.opset_import.iter().filter(|set| set.domain.is_empty() || set.domain == "ai.onnx");
    let Some(version) = versions.map(|set| set.version).max() else {
        return Err(OnnxError::Model {
            field: "opset_import",
            expected: "the standard operator set".into(),
            got: "none".into(),
        });
    };
    if version < OPSETS.0 || version > OPSETS.1 {
        return Err(OnnxError::Model {
            field: "opset version",
            expected: format!("{} to {}", OPSETS.0, OPSETS.1),
            got: version.to_string(),
        });
    }
    Ok(version)
}

fn input_dims(info: &ValueInfoProto, options: &Options) -> Result<Vec<usize>> {
    let error = |field, expected: &str, got: String| OnnxError::Input {
        name: info.name.clone(),
        field,
        expected: expected.into(),
        got,
    };
    let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let tensor = tensor.ok_or_else(|| error("type", "a tensor", "something else or nothing".into()))?;
    if !matches!(tensor.elem_type, 1 | 10 | 11) {
        return Err(error(
            "element type",
            "float (1), float16 (10) or double (11)",
            tensor.elem_type.to_string(),
        ));
    }
    let shape = tensor.shape.as_ref().ok_or_else(|| error("shape", "a list of extents", "none".into()))?;
    let mut dims = Vec::new();
    for (axis, dim) in shape.dim.iter().enumerate() {
        let given = dim.dim_param.as_ref().and_then(|param| options.dims.get(param)).copied();
        let fixed = dim.dim_value.filter(|value| *value > 0).and_then(|value| usize::try_from(value).ok());
        dims.push(match (fixed, given) {
            (Some(dim), _) | (None, Some(dim)) if dim > 0 => dim,
            _ if axis == 0 => 1,
            _ => {
                let got = dim.dim_param.clone().unwrap_or_else(|| format!("{:?}", dim.dim_value));
                return Err(error("extent", "a positive number, or a value for it in the options", got));
            }
        });
    }
    match checked_len(&dims) {
        Some(len) if len <= options.max_entries => Ok(dims),
        _ => Err(error("size", &format!("at most {} entries", options.max_entries), format!("{dims:?}"))),
    }
}

/// Kahn's algorithm, keeping the order of the file where it is one already.
fn sort(
    graph: GraphProto,
    consts: &BTreeMap<String, Const>,
    inputs: &[(String, Vec<usize>)],
) -> Result<Vec<NodeProto>> {
    let mut defined: BTreeSet<String> = consts.keys().cloned().collect();
    for (name, _) in inputs {
        if !defined.insert(name.clone()) {
            return Err(duplicate(name.clone()));
        }
    }
    let mut made_by = BTreeMap::new();
    for (index, node) in graph.node.iter().enumerate() {
        for output in node.output.iter().filter(|name| !name.is_empty()) {
            if defined.contains(output) || made_by.insert(output.clone(), index).is_some() {
                return Err(duplicate(output.clone()));
            }
        }
    }
    let mut waiting = vec![0usize; graph.node.len()];
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); graph.node.len()];
    for (index, node) in graph.node.iter().enumerate() {
        for input in node.input.iter().filter(|name| !name.is_empty() && !defined.contains(*name)) {
            let maker = made_by.get(input).ok_or_else(|| OnnxError::Missing {
                reader: format!("node {}", node_name(node)),
                value: input.clone(),
            })?;
            waiting[index] += 1;
            readers[*maker].push(index);
        }
    }
    for output in &graph.output {
        if !defined.contains(&output.name) && !made_by.contains_key(&output.name) {
            return Err(OnnxError::Missing {
                reader: "the graph's outputs".into(),
                value: output.name.clone(),
            });
        }
    }
    let mut ready: BTreeSet<usize> = (0..waiting.len()).filter(|index| waiting[*index] == 0).collect();
    let mut nodes: Vec<Option<NodeProto>> = graph.node.into_iter().map(Some).collect();
    let mut sorted = Vec::with_capacity(nodes.len());
    while let Some(index) = ready.pop_first() {
        sorted.extend(nodes[index].take());
        for reader in &readers[index] {
            waiting[*reader] -= 1;
            if waiting[*reader] == 0 {
                ready.insert(*reader);
            }
        }
    }
    match nodes.iter().flatten().next() {
        None => Ok(sorted),
        Some(node) => {
            let made = |name: &&String| made_by.get(*name).is_some_and(|index| nodes[*index].is_some());
            let value = node.input.iter().find(made).cloned().unwrap_or_default();
            Err(OnnxError::Cycle { node: node_name(node), value })
        }
    }
}

/// A constant from its message; checks extents against data and refuses numbers that are not finite.
pub(crate) fn decode_tensor(tensor: TensorProto, options: &Options) -> Result<Const> {
    let name = tensor.name.clone();
    let error =
        |field, expected: String, got: String| OnnxError::Tensor { name: name.clone(), field, expected, got };
    let dims = tensor
        .dims
        .iter()
        .map(|dim| {
            usize::try_from(*dim)
                .map_err(|_| error("dims", "no negative extent".into(), format!("{:?}", tensor.dims)))
        })
        .collect::<Result<Vec<_>>>()?;
    let Some(len) = checked_len(&dims).filter(|len| *len <= options.max_entries) else {
        return Err(error("dims", format!("at most {} entries", options.max_entries), format!("{dims:?}")));
    };
    let width = match tensor.data_type {
        1 | 6 => 4,
        7 | 11 => 8,
        9 => 1,
        10 => 2,
        other => {
            return Err(error(
                "data_type",
                "1 (float), 6 (int32), 7 (int64), 9 (bool), 10 (float16) or 11 (double)".into(),
                other.to_string(),
            ));
        }
    };
    let raw = match tensor.data_location {
        0 => tensor.raw_data,
        _ => read_external(&tensor.external_data, len * width, options, &error)?,
    };
    let check = |got: usize| match got == len {
        true => Ok(()),
        false => Err(error("data", format!("{len} entries for dims {dims:?}"), format!("{got} entries"))),
    };
    let value = if !raw.is_empty() || tensor.data_location != 0 {
        if raw.len() != len * width {
            let got = format!("{} bytes", raw.len());
            return Err(error("raw_data", format!("{} bytes for dims {dims:?}", len * width), got));
        }
        decode_raw(tensor.data_type, &raw, &dims)
    } else {
        match tensor.data_type {
            1 => {
                check(tensor.float_data.len())?;
                float(&dims, tensor.float_data)
            }
            11 => {
                check(tensor.double_data.len())?;
                float(&dims, tensor.double_data.iter().map(|x| *x as f32).collect())
            }
            10 => {
                check(tensor.int32_data.len())?;
                float(&dims, tensor.int32_data.iter().map(|x| half(*x as u16)).collect())
            }
            7 => {
                check(tensor.int64_data.len())?;
                Const::Int { dims: dims.clone(), data: tensor.int64_data }
            }
            _ => {
                check(tensor.int32_data.len())?;
                Const::Int {
                    dims: dims.clone(),
                    data: tensor.int32_data.iter().map(|x| i64::from(*x)).collect(),
                }
            }
        }
    };
    if let Const::Float(value) = &value {
        value.check_finite(&name)?;
    }
    Ok(value)
}

fn float(dims: &[usize], data: Vec<f32>) -> Const {
    let mut data = data.into_iter();
    Const::Float(FloatTensor::from_fn(dims, |_| data.next().unwrap_or_default()))
}

fn decode_raw(data_type: i32, raw: &[u8], dims: &[usize]) -> Const {
    fn words<const N: usize>(raw: &[u8]) -> impl Iterator<Item = [u8; N]> {
        raw.chunks_exact(N).map(|chunk| {
            let mut word = [0; N];
            word.copy_from_slice(chunk);
            word
        })
    }
    let int = |data: Vec<i64>| Const::Int { dims: dims.to_vec(), data };
    match data_type {
        1 => float(dims, words(raw).map(f32::from_le_bytes).collect()),
        11 => float(dims, words(raw).map(|w| f64::from_le_bytes(w) as f32).collect()),
        10 => float(dims, words(raw).map(|w| half(u16::from_le_bytes(w))).collect()),
        7 => int(words(raw).map(i64::from_le_bytes).collect()),
        6 => int(words(raw).map(|w| i64::from(i32::from_le_bytes(w))).collect()),
        _ => int(raw.iter().map(|b| i64::from(*b != 0)).collect()),
    }
}

/// IEEE half precision.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let mantissa = f32::from(bits & 0x3ff);
    match exponent {
        0 => sign * mantissa * (2f32).powi(-24),
        31 if mantissa == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + mantissa / 1024.0) * (2f32).powi(exponent - 15),
    }
}

/// Reads exactly `bytes` bytes of a file below the base folder.
fn read_external(
    entries: &[crate::proto::StringStringEntryProto],
    bytes: usize,
    options: &Options,
    error: &dyn Fn(&'static str, String, String) -> OnnxError,
) -> Result<Vec<u8>> {
    let get = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
    let base = options
        .base_dir
        .as_ref()
        .ok_or_else(|| error("external data", "a base folder in the options".into(), "none".into()))?;
    let location = get("location").unwrap_or_default();
    // Lexically inside the folder, and after resolving links too: a model must not read other files.
    let plain =
        Path::new(location).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if location.is_empty() || !plain {
        return Err(error(
            "external data location",
            "a relative path without `..`".into(),
            format!("{location:?}"),
        ));
    }
    let io = |e: std::io::Error| error("external data", format!("a readable file {location}"), e.to_string());
    let base = base.canonicalize().map_err(io)?;
    let path = base.join(location).canonicalize().map_err(io)?;
    if !path.starts_with(&base) || !path.is_file() {
        let got = format!("{location:?}, which leads outside");
        return Err(error("external data location", "a file inside the model's folder".into(), got));
    }
    let number = |key: &'static str, default: u64| match get(key) {
        None | Some("") => Ok(default),
        Some(text) => {
            text.parse().map_err(|_| error("external data", format!("{key} as a number"), text.into()))
        }
    };
    let offset = number("offset", 0)?;
    let mut file = std::fs::File::open(&path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let length = number("length", size.saturating_sub(offset))?;
    if length != bytes as u64 || offset.checked_add(length).is_none_or(|end| end > size) {
        let got = format!("{length} bytes at {offset} in a file of {size}");
        return Err(error("external data", format!("{bytes} bytes"), got));
    }
    file.seek(SeekFrom::Start(offset)).map_err(io)?;
    let mut data = vec![0; bytes];
    file.read_exact(&mut data).map_err(io)?;
    Ok(data)
}
