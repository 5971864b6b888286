//! ONNX TensorProto (`.pb`, as in the test data of ONNX models).

use prost::Message;

use super::numeric::{ElementType, bfloat, half, signed};
use super::tensor::{Tensor, Values, checked_len};
use crate::Error;

const FORMAT: &str = "TensorProto";

/// The fields of onnx.TensorProto that carry numbers.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorProto {
    #[prost(int64, repeated, tag = "1")]
    pub(super) dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub(super) data_type: i32,
    #[prost(float, repeated, tag = "4")]
    pub(super) float_data: Vec<f32>,
    #[prost(int32, repeated, tag = "5")]
    pub(super) int32_data: Vec<i32>,
    #[prost(int64, repeated, tag = "7")]
    pub(super) int64_data: Vec<i64>,
    #[prost(string, tag = "8")]
    pub(super) name: String,
    #[prost(bytes = "vec", tag = "9")]
    pub(super) raw_data: Vec<u8>,
    #[prost(double, repeated, tag = "10")]
    pub(super) double_data: Vec<f64>,
    #[prost(uint64, repeated, tag = "11")]
    pub(super) uint64_data: Vec<u64>,
    /// 1: the numbers are in another file.
    #[prost(int32, tag = "14")]
    pub(super) data_location: i32,
}

pub(super) fn decode(bytes: &[u8]) -> Result<Tensor, Error> {
    let tensor = TensorProto::decode(bytes)
        .map_err(|error| Error::format(FORMAT, "encoding", "a protocol buffer", error.to_string()))?;
    if tensor.data_location != 0 {
        return Err(Error::format(FORMAT, "data_location", "data in the file itself", "external data"));
    }
    let element = element_type(tensor.data_type)?;
    let negative =
        || Error::format(FORMAT, "dims", "extents that are not negative", format!("{:?}", tensor.dims));
    // checked_len looks at the rank too; a longer list is not even converted.
    let dims = tensor.dims.iter().take(1 + super::MAX_RANK).map(|dim| usize::try_from(*dim));
    let dims = dims.collect::<Result<Vec<_>, _>>().map_err(|_| negative())?;
    let len = checked_len(FORMAT, &dims)?;
    let values =
        if tensor.raw_data.is_empty() { typed(&tensor, element)? } else { raw(&tensor, element, len)? };
    let name = Some(tensor.name).filter(|name| !name.is_empty());
    if values.len() != len {
        let expected = format!("{len} for dims {dims:?}");
        return Err(Error::format(FORMAT, "number of entries", expected, values.len().to_string()));
    }
    Tensor::new(name, dims, values)
}

/// TensorProto.DataType.
fn element_type(data_type: i32) -> Result<ElementType, Error> {
    Ok(match data_type {
        1 => ElementType::F32,
        2 => ElementType::U8,
        3 => ElementType::I8,
        4 => ElementType::U16,
        5 => ElementType::I16,
        6 => ElementType::I32,
        7 => ElementType::I64,
        9 => ElementType::Bool,
        10 => ElementType::F16,
        11 => ElementType::F64,
        12 => ElementType::U32,
        13 => ElementType::U64,
        16 => ElementType::Bf16,
        other => {
            let expected = "a float, integer or boolean type (1-7, 9-13, 16)";
            return Err(Error::format(FORMAT, "data_type", expected, other.to_string()));
        }
    })
}

fn raw(tensor: &TensorProto, element: ElementType, len: usize) -> Result<Values, Error> {
    let expected = len.saturating_mul(element.size());
    if tensor.raw_data.len() != expected {
        let got = tensor.raw_data.len().to_string();
        return Err(Error::format(FORMAT, "raw_data", format!("{expected} bytes"), got));
    }
    element.decode(&tensor.raw_data, false).map_err(too_large)
}

fn too_large(got: u64) -> Error {
    Error::format(FORMAT, "entries", "integers up to 2^63 - 1", got.to_string())
}

/// From the field that ONNX prescribes for the type.
fn typed(tensor: &TensorProto, element: ElementType) -> Result<Values, Error> {
    // Half floats are stored as their bits, in the low half of an int32.
    let bits = |convert: fn(u16) -> f32| -> Vec<f32> {
        tensor.int32_data.iter().map(|x| convert(*x as u16)).collect()
    };
    let small = || -> Vec<i64> { tensor.int32_data.iter().map(|x| i64::from(*x)).collect() };
    Ok(match element {
        ElementType::F32 => tensor.float_data.clone().into(),
        ElementType::F64 => tensor.double_data.iter().map(|x| *x as f32).collect::<Vec<f32>>().into(),
        ElementType::I64 => tensor.int64_data.clone().into(),
        ElementType::U32 | ElementType::U64 => signed(tensor.uint64_data.clone()).map_err(too_large)?,
        ElementType::F16 => bits(half).into(),
        ElementType::Bf16 => bits(bfloat).into(),
        ElementType::Bool
        | ElementType::I8
        | ElementType::I16
        | ElementType::I32
        | ElementType::U8
        | ElementType::U16 => small().into(),
    })
}
