//! Decoding: bytes to a checked list of nodes, constants, inputs and outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use prost::Message;

use crate::minifloat;
use crate::program::Kind;
use crate::proto::{
    FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, ValueInfoProto,
};
use crate::tensor::checked_len;
use crate::{FloatTensor, IntTensor, OnnxError, Options, Result, StoredTensor, Tensor};

/// Oldest and newest version of the standard operator set.
pub(crate) const OPSETS: (i64, i64) = (1, 27);

/// External data of so many entries stay in their file.
const LARGE: usize = 1 << 20;

/// Versions of operator sets by domain; that of the standard operators is empty.
pub(crate) type Opsets = BTreeMap<String, i64>;

/// Domains by their canonical names.
pub(crate) fn canonical_domain(domain: &str) -> &str {
    if domain == "ai.onnx" { "" } else { domain }
}

/// The versions of a list of imports.
pub(crate) fn opsets(imports: &[OperatorSetIdProto]) -> Opsets {
    imports.iter().map(|set| (canonical_domain(&set.domain).to_owned(), set.version)).collect()
}

/// A decoded model, nodes in topological order.
pub(crate) struct Model {
    pub(crate) opset: i64,
    pub(crate) opsets: Opsets,
    pub(crate) functions: Vec<FunctionProto>,
    pub(crate) nodes: Vec<NodeProto>,
    pub(crate) constants: BTreeMap<String, (Tensor, Kind)>,
    pub(crate) inputs: Vec<(String, Vec<usize>, Kind)>,
    /// Element types of constants and inputs: integers of one kind saturate at different bounds.
    pub(crate) elements: BTreeMap<String, i32>,
    pub(crate) outputs: Vec<String>,
    /// What stands in the way of compiling it but not of reading on: tensors, inputs and versions that are not supported.
    pub(crate) problems: Vec<OnnxError>,
}

impl Model {
    pub(crate) fn decode(bytes: &[u8], options: &Options) -> Result<Self> {
        let model = ModelProto::decode(bytes).map_err(|e| OnnxError::Decode { reason: e.to_string() })?;
        let mut problems = Vec::new();
        let opset = opset(&model, &mut problems)?;
        let mut opsets = opsets(&model.opset_import);
        opsets.insert(String::new(), opset);
        let functions = model.functions;
        let Some(mut graph) = model.graph else {
            return Err(OnnxError::Decode { reason: "no graph".into() });
        };
        let mut defined = BTreeSet::new();
        let mut constants = BTreeMap::new();
        let mut elements = BTreeMap::new();
        for tensor in std::mem::take(&mut graph.initializer) {
            let name = tensor.name.clone();
            if !defined.insert(name.clone()) {
                return Err(duplicate(name));
            }
            elements.insert(name.clone(), tensor.data_type);
            match decode_tensor(tensor, options) {
                Ok(value) => drop(constants.insert(name, value)),
                Err(error) => problems.push(error),
            }
        }
        let initialisers = defined.clone();
        let mut inputs = Vec::new();
        // Old files list initialisers among the inputs too.
        for info in graph.input.iter().filter(|info| !initialisers.contains(&info.name)) {
            if !defined.insert(info.name.clone()) {
                return Err(duplicate(info.name.clone()));
            }
            let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
            elements.insert(info.name.clone(), tensor.map(|t| t.elem_type).unwrap_or_default());
            if let Some(value) = options.bound.get(&info.name) {
                match bound_input(info, value, options) {
                    Ok(value) => drop(constants.insert(info.name.clone(), value)),
                    Err(error) => problems.push(error),
                }
                continue;
            }
            match input_type(info, &options.dims, options.max_entries) {
                Ok((dims, kind)) => inputs.push((info.name.clone(), dims, kind)),
                Err(error) => problems.push(error),
            }
        }
        let known = |name: &&String| {
            graph.input.iter().any(|info| info.name == **name) && !initialisers.contains(*name)
        };
        if let Some(name) = options.bound.keys().find(|name| !known(name)) {
            return Err(OnnxError::Input {
                name: name.clone(),
                field: "bound value",
                expected: "an input of the model".into(),
                got: "no input of this name".into(),
            });
        }
        if graph.output.is_empty() {
            return Err(OnnxError::Model {
                field: "outputs",
                expected: "at least one".into(),
                got: "none".into(),
            });
        }
        let outputs = graph.output.iter().map(|info| info.name.clone()).collect();
        let nodes = sort(graph, &defined)?;
        Ok(Self { opset, opsets, functions, nodes, constants, inputs, elements, outputs, problems })
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

fn opset(model: &ModelProto, problems: &mut Vec<OnnxError>) -> Result<i64> {
    let versions = model.opset_import.iter().filter(|set| set.domain.is_empty() || set.domain == "ai.onnx");
    let Some(version) = versions.map(|set| set.version).max() else {
        if !model.opset_import.is_empty() {
            // A model of other domains alone.
            return Ok(OPSETS.1);
        }
        // Versions 1 and 2 of the format had no such list; any later file without one is damaged or cut off.
        if !(1..=2).contains(&model.ir_version) {
            return Err(OnnxError::Model {
                field: "versions of the operator sets",
                expected: format!("at least one in a file of format version {}", model.ir_version),
                got: "none".into(),
            });
        }
        return Ok(1);
    };
    if version < OPSETS.0 || version > OPSETS.1 {
        problems.push(OnnxError::Model {
            field: "version of the operator set",
            expected: format!("{} to {}", OPSETS.0, OPSETS.1),
            got: version.to_string(),
        });
    }
    Ok(version)
}

/// What an element type of ONNX is called.
pub(crate) fn type_name(data_type: i32) -> String {
    let name = match data_type {
        1 => "float32",
        2 => "uint8",
        3 => "int8",
        4 => "uint16",
        5 => "int16",
        6 => "int32",
        7 => "int64",
        8 => "string",
        9 => "bool",
        10 => "float16",
        11 => "float64",
        12 => "uint32",
        13 => "uint64",
        14 => "complex64",
        15 => "complex128",
        16 => "bfloat16",
        17..=20 => "an 8-bit float type",
        21 => "uint4",
        22 => "int4",
        23 => "float4",
        25 => "uint2",
        26 => "int2",
        _ => return format!("element type {data_type}"),
    };
    name.into()
}

/// An input's value that is given at compile time, as a constant of the input's type; dynamic extents are the value's.
fn bound_input(info: &ValueInfoProto, value: &Tensor, options: &Options) -> Result<(Tensor, Kind)> {
    let mut extents = BTreeMap::new();
    for (axis, dim) in value.dims().iter().enumerate() {
        let name = shape_of(info).and_then(|shape| shape.dim.get(axis)?.dim_param.clone());
        let place = format!("{}:{axis}", info.name);
        extents.insert(name.filter(|name| !name.is_empty()).unwrap_or(place), *dim);
    }
    let (dims, kind) = input_type(info, &extents, options.max_entries)?;
    // Files of one number often have an axis.
    let number = dims.is_empty() && value.len() == 1;
    if dims != value.dims() && !number {
        return Err(OnnxError::Input {
            name: info.name.clone(),
            field: "extents of its bound value",
            expected: format!("{dims:?}"),
            got: format!("{:?}", value.dims()),
        });
    }
    value.check_finite(&info.name)?;
    Ok((value.of_kind(kind).with_dims(dims)?, kind))
}

fn shape_of(info: &ValueInfoProto) -> Option<&crate::proto::TensorShapeProto> {
    info.r#type.as_ref()?.tensor_type.as_ref()?.shape.as_ref()
}

const TYPES: &str = "float16, float32, float64, bfloat16, int2 to int64, uint2 to uint64 or bool";

fn input_type(
    info: &ValueInfoProto,
    extents: &BTreeMap<String, usize>,
    max_entries: usize,
) -> Result<(Vec<usize>, Kind)> {
    let error = |field, expected: &str, got: String| OnnxError::Input {
        name: info.name.clone(),
        field,
        expected: expected.into(),
        got,
    };
    let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let tensor = tensor.ok_or_else(|| error("type", "a tensor", "something else or nothing".into()))?;
    let kind = match tensor.elem_type {
        1 | 10 | 11 | 16 => Kind::Float,
        2..=7 | 12 | 13 | 21 | 22 | 25 | 26 => Kind::Int,
        9 => Kind::Bool,
        other => return Err(error("element type", TYPES, type_name(other))),
    };
    let shape = tensor.shape.as_ref().ok_or_else(|| error("shape", "a list of extents", "none".into()))?;
    let mut dims = Vec::new();
    for (axis, dim) in shape.dim.iter().enumerate() {
        // By its name, or as INPUT:AXIS.
        let name = dim.dim_param.clone().filter(|name| !name.is_empty());
        let place = format!("{}:{axis}", info.name);
        let given = name.as_ref().and_then(|name| extents.get(name)).or_else(|| extents.get(&place));
        let fixed = dim.dim_value.filter(|value| *value > 0).and_then(|value| usize::try_from(value).ok());
        dims.push(match (fixed, given.copied()) {
            (Some(dim), _) | (None, Some(dim)) if dim > 0 => dim,
            _ if axis == 0 => 1,
            _ => {
                let key = name.unwrap_or(place);
                let expected = format!("a number, given by --dim {key}=VALUE");
                return Err(error("extent", &expected, format!("a dynamic axis {axis}")));
            }
        });
    }
    match checked_len(&dims) {
        Some(len) if len <= max_entries => Ok((dims, kind)),
        _ => Err(error("size", &format!("at most {max_entries} entries"), format!("{dims:?}"))),
    }
}

/// Kahn's algorithm, keeping the order of the file where it is one already.
fn sort(graph: GraphProto, defined: &BTreeSet<String>) -> Result<Vec<NodeProto>> {
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

/// A constant from its message; checks extents against data.
pub(crate) fn decode_tensor(tensor: TensorProto, options: &Options) -> Result<(Tensor, Kind)> {
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
    let Some((bits, kind)) = width(tensor.data_type) else {
        return Err(error("data_type", TYPES.into(), type_name(tensor.data_type)));
    };
    let bytes = (len * bits).div_ceil(8);
    let raw = match tensor.data_location {
        0 => tensor.raw_data,
        _ => {
            let place = find_external(&tensor.external_data, bytes, options, &error)?;
            let large = len >= LARGE;
            if let Some(stored) = large
                .then(|| StoredTensor::new(&name, dims.clone(), tensor.data_type, place.clone()))
                .flatten()
            {
                return Ok((Tensor::Stored(stored), kind));
            }
            read_external(place, bytes, &error)?
        }
    };
    let check = |got: usize| match got == len {
        true => Ok(()),
        false => Err(error("data", format!("{len} entries for dims {dims:?}"), format!("{got} entries"))),
    };
    let value: Tensor = if !raw.is_empty() || tensor.data_location != 0 {
        if raw.len() != bytes {
            let got = format!("{} bytes", raw.len());
            return Err(error("raw_data", format!("{bytes} bytes for dims {dims:?}"), got));
        }
        decode_raw(tensor.data_type, &raw, &dims)
    } else {
        let float = |data: &mut dyn Iterator<Item = f32>| -> Tensor {
            FloatTensor::from_fn(&*dims, |_| data.next().unwrap_or_default()).into()
        };
        let int = |data: &mut dyn Iterator<Item = i64>| -> Tensor {
            IntTensor::from_fn(&*dims, |_| data.next().unwrap_or_default()).into()
        };
        match tensor.data_type {
            1 => {
                check(tensor.float_data.len())?;
                float(&mut tensor.float_data.into_iter())
            }
            11 => {
                check(tensor.double_data.len())?;
                float(&mut tensor.double_data.into_iter().map(|x| x as f32))
            }
            10 | 16 => {
                check(tensor.int32_data.len())?;
                let convert = if tensor.data_type == 10 { half } else { brain };
                float(&mut tensor.int32_data.into_iter().map(|x| convert(x as u16)))
            }
            7 => {
                check(tensor.int64_data.len())?;
                int(&mut tensor.int64_data.into_iter())
            }
            12 | 13 => {
                check(tensor.uint64_data.len())?;
                int(&mut tensor.uint64_data.into_iter().map(|x| x as i64))
            }
            17..=23 | 25 | 26 => {
                // Several to a byte, a byte to an entry.
                let packed: Vec<u8> = tensor.int32_data.iter().map(|x| *x as u8).collect();
                if packed.len() != bytes {
                    return Err(error("data", format!("{bytes} bytes"), format!("{}", packed.len())));
                }
                decode_raw(tensor.data_type, &packed, &dims)
            }
            _ => {
                check(tensor.int32_data.len())?;
                int(&mut tensor.int32_data.into_iter().map(i64::from))
            }
        }
    };
    Ok((value, kind))
}

/// Bits of an entry, and what it is.
fn width(data_type: i32) -> Option<(usize, Kind)> {
    Some(match data_type {
        1 => (32, Kind::Float),
        11 => (64, Kind::Float),
        10 | 16 => (16, Kind::Float),
        2 | 3 => (8, Kind::Int),
        4 | 5 => (16, Kind::Int),
        6 | 12 => (32, Kind::Int),
        7 | 13 => (64, Kind::Int),
        9 => (8, Kind::Bool),
        21 | 22 => (4, Kind::Int),
        25 | 26 => (2, Kind::Int),
        17..=20 => (8, Kind::Float),
        23 => (4, Kind::Float),
        _ => return None,
    })
}

fn decode_raw(data_type: i32, raw: &[u8], dims: &[usize]) -> Tensor {
    fn word<const N: usize>(raw: &[u8], i: usize) -> [u8; N] {
        raw.get(i * N..).and_then(|raw| raw.first_chunk::<N>()).copied().unwrap_or([0; N])
    }
    let float = |f: &dyn Fn(usize) -> f32| -> Tensor { FloatTensor::from_fn(dims, f).into() };
    let int = |f: &dyn Fn(usize) -> i64| -> Tensor { IntTensor::from_fn(dims, f).into() };
    match data_type {
        1 => float(&|i| f32::from_le_bytes(word(raw, i))),
        11 => float(&|i| f64::from_le_bytes(word(raw, i)) as f32),
        10 => float(&|i| half(u16::from_le_bytes(word(raw, i)))),
        16 => float(&|i| brain(u16::from_le_bytes(word(raw, i)))),
        17..=20 => float(&|i| minifloat::decode(data_type, raw[i]).unwrap_or(f32::NAN)),
        23 => float(&|i| minifloat::decode(data_type, raw[i / 2] >> (4 * (i % 2)) & 15).unwrap_or(f32::NAN)),
        2 => int(&|i| raw[i].into()),
        3 => int(&|i| i64::from(raw[i] as i8)),
        4 => int(&|i| u16::from_le_bytes(word(raw, i)).into()),
        5 => int(&|i| i16::from_le_bytes(word(raw, i)).into()),
        6 => int(&|i| i32::from_le_bytes(word(raw, i)).into()),
        12 => int(&|i| u32::from_le_bytes(word(raw, i)).into()),
        // Numbers above 2^63 wrap, as they do in ONNX's casts.
        7 | 13 => int(&|i| i64::from_le_bytes(word(raw, i))),
        21 => int(&|i| i64::from(raw[i / 2] >> (4 * (i % 2)) & 15)),
        22 => int(&|i| i64::from((raw[i / 2] >> (4 * (i % 2)) << 4) as i8 >> 4)),
        25 => int(&|i| i64::from(raw[i / 4] >> (2 * (i % 4)) & 3)),
        26 => int(&|i| i64::from((raw[i / 4] >> (2 * (i % 4)) << 6) as i8 >> 6)),
        _ => int(&|i| i64::from(raw[i] != 0)),
    }
}

/// The upper half of a float32.
pub(crate) fn brain(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// IEEE half precision: exponent and mantissa in the places of a float32, with its bias.
pub(crate) fn half(bits: u16) -> f32 {
    const REBIAS: f32 = f32::from_bits((127 + 112) << 23);
    let (sign, rest) = (u32::from(bits >> 15) << 31, u32::from(bits & 0x7fff));
    // The exponent of what is no number stays the largest one.
    let magnitude = match rest < 0x7c00 {
        true => (f32::from_bits(rest << 13) * REBIAS).to_bits(),
        false => rest << 13 | 0xff << 23,
    };
    f32::from_bits(sign | magnitude)
}

/// Where exactly `bytes` bytes lie in a file below the base folder.
fn find_external(
    entries: &[crate::proto::StringStringEntryProto],
    bytes: usize,
    options: &Options,
    error: &dyn Fn(&'static str, String, String) -> OnnxError,
) -> Result<(PathBuf, u64)> {
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
    // The folder of a file that is named without one.
    let here = Path::new(".");
    let base = if base.as_os_str().is_empty() { here } else { base.as_path() };
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
    let size = std::fs::metadata(&path).map_err(io)?.len();
    let length = number("length", size.saturating_sub(offset))?;
    if length != bytes as u64 || offset.checked_add(length).is_none_or(|end| end > size) {
        let got = format!("{length} bytes at {offset} in a file of {size}");
        return Err(error("external data", format!("{bytes} bytes"), got));
    }
    Ok((path, offset))
}

/// Reads so many bytes from there.
fn read_external(
    (path, offset): (PathBuf, u64),
    bytes: usize,
    error: &dyn Fn(&'static str, String, String) -> OnnxError,
) -> Result<Vec<u8>> {
    let io = |e: std::io::Error| {
        error("external data", format!("a readable file {}", path.display()), e.to_string())
    };
    let mut file = std::fs::File::open(&path).map_err(io)?;
    file.seek(SeekFrom::Start(offset)).map_err(io)?;
    let mut data = vec![0; bytes];
    file.read_exact(&mut data).map_err(io)?;
    Ok(data)
}
