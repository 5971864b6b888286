//! Operators that are computed at compile time.

use super::Context;
use crate::program::{Id, Kind};
use crate::tensor::checked_len;
use crate::{FloatTensor, IntTensor, Result, Tensor};

pub(super) fn constant(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (value, kind): (Tensor, Kind) = if let Some(tensor) = cx.tensor("value")? {
        tensor
    } else if let Some(floats) = cx.floats("value_floats")? {
        (FloatTensor::from_fn([floats.len()], |i| floats[i]).into(), Kind::Float)
    } else if let Some(ints) = cx.ints("value_ints")? {
        (IntTensor::from_fn([ints.len()], |i| ints[i]).into(), Kind::Int)
    } else if cx.has("value_float") {
        let value = cx.float("value_float", 0.0)?;
        (FloatTensor::from_fn([], |_| value).into(), Kind::Float)
    } else if cx.has("value_int") {
        let value = cx.int("value_int", 0)?;
        (IntTensor::from_fn([], |_| value).into(), Kind::Int)
    } else {
        return Err(cx.error("attributes", "value, value_float(s) or value_int(s)", "none of them"));
    };
    // A number in the file's program is part of the architecture; a tensor may be trained.
    let public = value.len() == 1;
    let name = cx.node.output.first().cloned().unwrap_or_default();
    let id = cx.b.constant_of(&name, value, kind, public);
    let tensor = cx.node.attribute.iter().find(|attribute| attribute.name == "value");
    if let Some(element) = tensor.and_then(|attribute| attribute.t.as_ref()).map(|tensor| tensor.data_type) {
        cx.b.set_element(id, element);
    }
    Ok(vec![id])
}

pub(super) fn constant_of_shape(cx: &mut Context<'_>) -> Result<Vec<Id>> {
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
    let (value, kind) = cx.tensor("value")?.unwrap_or((FloatTensor::zeros([1]).into(), Kind::Float));
    match value.len() {
        1 => Ok(vec![cx.derived(value.gather(&dims, |_| Some(0)), kind, &[])]),
        len => Err(cx.error("attribute value", "one entry", format!("{len} entries"))),
    }
}

pub(super) fn shape(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let dims = cx.dims(cx.input(0)?);
    let rank = dims.len() as i64;
    let clamp = |x: i64| if x < 0 { x.saturating_add(rank) } else { x }.clamp(0, rank) as usize;
    let (start, end) = (clamp(cx.int("start", 0)?), clamp(cx.int("end", i64::MAX)?));
    let data: Vec<i64> = dims[start..end.max(start)].iter().map(|dim| *dim as i64).collect();
    Ok(vec![cx.constant_ints(&[data.len()], |i| data[i])])
}
