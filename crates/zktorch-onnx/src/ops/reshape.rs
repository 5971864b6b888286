//! Operators that keep the entries in their order: Reshape, Flatten, Squeeze, Unsqueeze, Identity, Dropout.

use super::Context;
use crate::Result;
use crate::program::{Id, Kind};
use crate::tensor::checked_len;

pub(super) fn identity(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    Ok(vec![cx.input(0)?])
}

/// In inference the mask is all ones.
pub(super) fn dropout(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let training = cx.input_number(2)?.unwrap_or(0.0) != 0.0;
    let ratio = cx.input_number(1)?.unwrap_or(0.5);
    if training && ratio != 0.0 {
        return Err(cx.error("input 2 (training_mode)", "constant false", "true"));
    }
    let dims = cx.dims(x);
    let mask = crate::IntTensor::from_fn(dims, |_| 1);
    let mask = cx.derived(mask, Kind::Bool, &[]);
    Ok(vec![x, mask])
}

pub(super) fn flatten(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let axis = cx.int("axis", 1)?;
    let axis =
        if axis == dims.len() as i64 { dims.len() } else { cx.axis("attribute axis", axis, dims.len())? };
    let (rows, columns) = dims.split_at(axis);
    Ok(vec![cx.b.reshape(x, &[rows.iter().product(), columns.iter().product()])])
}

pub(super) fn reshape_attribute(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let wanted = cx.ints("shape")?.ok_or_else(|| cx.error("attribute shape", "a list", "none"))?;
    to(cx, &wanted)
}

pub(super) fn reshape(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let wanted = cx.input_ints(1)?.unwrap_or_default();
    to(cx, &wanted)
}

fn to(cx: &mut Context<'_>, wanted: &[i64]) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let from = cx.dims(x);
    let error =
        || cx.error("input 1", format!("extents with the entries of {from:?}"), format!("{wanted:?}"));
    let allow_zero = cx.int("allowzero", 0)? != 0;
    let mut dims = Vec::with_capacity(wanted.len());
    let mut free = None;
    for (axis, dim) in wanted.iter().enumerate() {
        dims.push(match dim {
            -1 if free.replace(axis).is_none() => 1,
            0 if !allow_zero => *from.get(axis).ok_or_else(error)?,
            _ => usize::try_from(*dim).map_err(|_| error())?,
        });
    }
    let count: usize = from.iter().product();
    if let Some(axis) = free {
        let known = checked_len(&dims).filter(|len| *len > 0).ok_or_else(error)?;
        dims[axis] = count / known;
    }
    match checked_len(&dims) == Some(count) {
        true => Ok(vec![cx.b.reshape(x, &dims)]),
        false => Err(error()),
    }
}

pub(super) fn squeeze(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let axes = match cx.axes_anywhere(1, dims.len())? {
        Some(axes) => axes,
        None => (0..dims.len()).filter(|axis| dims[*axis] == 1).collect(),
    };
    if let Some(axis) = axes.iter().find(|axis| dims[**axis] != 1) {
        return Err(cx.error("axes", "axes of extent 1", format!("axis {axis} of {dims:?}")));
    }
    let kept: Vec<usize> =
        (0..dims.len()).filter(|axis| !axes.contains(axis)).map(|axis| dims[axis]).collect();
    Ok(vec![cx.b.reshape(x, &kept)])
}

pub(super) fn unsqueeze(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let from = cx.dims(x);
    let given = match cx.ints("axes")? {
        Some(axes) => axes,
        None => cx.input_ints(1)?.ok_or_else(|| cx.error("axes", "a list", "none"))?,
    };
    let rank = from.len() + given.len();
    let axes = cx.axes("axes", &given, rank)?;
    let mut old = from.iter();
    let dims: Vec<usize> = (0..rank)
        .map(|axis| if axes.contains(&axis) { 1 } else { old.next().copied().unwrap_or(1) })
        .collect();
    Ok(vec![cx.b.reshape(x, &dims)])
}
