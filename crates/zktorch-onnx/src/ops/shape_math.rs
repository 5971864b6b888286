//! Operators that are computed at compile time: constants, and the arithmetic on shapes that exporters emit.

use super::{Context, Resolved};
use crate::tensor::{Const, checked_len, strides};
use crate::{FloatTensor, Result};

pub(super) fn constant(cx: &Context<'_>) -> Result<Resolved> {
    let value = if let Some(tensor) = cx.tensor("value")? {
        tensor
    } else if let Some(floats) = cx.floats("value_floats")? {
        Const::Float(FloatTensor::from_fn([floats.len()], |i| floats[i]))
    } else if let Some(ints) = cx.ints("value_ints")? {
        Const::Int { dims: vec![ints.len()], data: ints }
    } else if cx.has("value_float") {
        let value = cx.float("value_float", 0.0)?;
        Const::Float(FloatTensor::from_fn([], |_| value))
    } else if cx.has("value_int") {
        Const::Int { dims: vec![], data: vec![cx.int("value_int", 0)?] }
    } else {
        return Err(cx.error("attributes", "value, value_float(s) or value_int(s)", "none of them"));
    };
    if let Const::Float(tensor) = &value {
        tensor.check_finite(&cx.node.output[0])?;
    }
    Ok(Resolved::Const(value))
}

pub(super) fn constant_of_shape(cx: &Context<'_>) -> Result<Resolved> {
    let list = cx.input_ints(0)?.unwrap_or_default();
    let dims = list.iter().map(|dim| usize::try_from(*dim).ok()).collect::<Option<Vec<_>>>();
    let dims = dims.filter(|dims| checked_len(dims).is_some_and(|len| len <= cx.options.max_entries));
    let dims = dims.ok_or_else(|| {
        cx.error(
            "input 0",
            format!("extents of at most {} entries", cx.options.max_entries),
            format!("{list:?}"),
        )
    })?;
    let value = cx.tensor("value")?.unwrap_or(Const::Float(FloatTensor::zeros([1])));
    match value.len() {
        1 => Ok(Resolved::Const(value.gather(&dims, 0.0, |_| Some(0)))),
        len => Err(cx.error("attribute value", "one entry", format!("{len} entries"))),
    }
}

pub(super) fn shape(cx: &Context<'_>) -> Result<Resolved> {
    let dims = cx.input(0)?.dims;
    let rank = dims.len() as i64;
    let clamp = |x: i64| if x < 0 { x.saturating_add(rank) } else { x }.clamp(0, rank) as usize;
    let (start, end) = (clamp(cx.int("start", 0)?), clamp(cx.int("end", i64::MAX)?));
    let data: Vec<i64> = dims[start..end.max(start)].iter().map(|dim| *dim as i64).collect();
    Ok(Resolved::Const(Const::Int { dims: vec![data.len()], data }))
}

pub(super) fn gather(cx: &Context<'_>) -> Result<Resolved> {
    let (data, indices) = (cx.input(0)?, cx.input(1)?);
    let (Some(values), Some(Const::Int { dims: index_dims, data: index })) = (data.value, indices.value)
    else {
        return Err(cx.error("inputs", "constants", "a value known only at run time"));
    };
    let axis = cx.axis("attribute axis", cx.int("axis", 0)?, data.dims.len())?;
    let extent = data.dims[axis];
    let index = index.iter().map(|i| cx.axis("indices", *i, extent)).collect::<Result<Vec<_>>>()?;
    let mut dims = data.dims[..axis].to_vec();
    dims.extend(index_dims);
    dims.extend(&data.dims[axis + 1..]);
    cx.check_dims(&dims)?;
    let inner = strides(data.dims)[axis];
    let read = |i: usize| {
        let (row, column) = (i / inner / index.len(), i % inner);
        Some((row * extent + index[i / inner % index.len()]) * inner + column)
    };
    Ok(Resolved::Const(values.gather(&dims, 0.0, read)))
}

pub(super) fn cast(cx: &Context<'_>) -> Result<Resolved> {
    let input = cx.input(0)?;
    let Some(value) = input.value else {
        return match cx.int("to", 0)? {
            // The float model computes with 32 bits whatever the file says.
            1 => super::reshape::identity(cx),
            other => Err(cx.error("attribute to", "1 (float), for an activation", other.to_string())),
        };
    };
    let cast = match (cx.int("to", 0)?, value) {
        (1 | 10 | 11, Const::Int { dims, data }) => {
            Const::Float(FloatTensor::from_fn(dims.clone(), |i| data[i] as f32))
        }
        (6 | 7, Const::Float(tensor)) => Const::Int {
            dims: tensor.dims().to_vec(),
            data: tensor.data().iter().map(|x| *x as i64).collect(),
        },
        (1 | 6 | 7 | 10 | 11, value) => value.clone(),
        (other, _) => {
            return Err(cx.error("attribute to", "a float type, int32 or int64", other.to_string()));
        }
    };
    Ok(Resolved::Const(cast))
}
