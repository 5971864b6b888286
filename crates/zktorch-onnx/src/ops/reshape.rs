//! Operators that keep the entries in their order: Reshape, Flatten, Squeeze, Unsqueeze, Identity, Dropout.

use super::{Context, Operator, Resolved};
use crate::lower::{Lowering, Value};
use crate::tensor::checked_len;
use crate::{FloatTensor, Result};

/// Other extents of the same product.
struct Reshape(Vec<usize>);

fn resolved(cx: &Context<'_>, dims: Vec<usize>) -> Result<Resolved> {
    Ok(Resolved::op(Reshape(dims.clone()), &[cx.input(0)?.name], dims))
}

pub(super) fn identity(cx: &Context<'_>) -> Result<Resolved> {
    resolved(cx, cx.input(0)?.dims.to_vec())
}

pub(super) fn dropout(cx: &Context<'_>) -> Result<Resolved> {
    // In inference the mask is all ones; nothing defines it here, so that a reader of it is an error.
    match cx.optional(2).map(|info| info.value) {
        None => identity(cx),
        Some(Some(crate::tensor::Const::Int { data, .. })) if data.iter().all(|x| *x == 0) => identity(cx),
        Some(_) => Err(cx.error("input 2 (training_mode)", "constant false", "something else")),
    }
}

pub(super) fn flatten(cx: &Context<'_>) -> Result<Resolved> {
    let dims = cx.input(0)?.dims;
    let axis = cx.int("axis", 1)?;
    let axis =
        if axis == dims.len() as i64 { dims.len() } else { cx.axis("attribute axis", axis, dims.len())? };
    let (rows, columns) = dims.split_at(axis);
    resolved(cx, vec![rows.iter().product(), columns.iter().product()])
}

pub(super) fn reshape(cx: &Context<'_>) -> Result<Resolved> {
    let from = cx.input(0)?.dims;
    let wanted = cx.input_ints(1)?.unwrap_or_default();
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
    let known = checked_len(&dims).filter(|len| *len > 0 && *len <= count).ok_or_else(error)?;
    if let Some(axis) = free {
        dims[axis] = count / known;
    }
    match checked_len(&dims) == Some(count) {
        true => resolved(cx, dims),
        false => Err(error()),
    }
}

/// Axes are an input from opset 13, an attribute before.
fn axes(cx: &Context<'_>) -> Result<Option<Vec<i64>>> {
    match (cx.ints("axes")?, cx.input_ints(1)?) {
        (Some(_), _) if cx.opset >= 13 => {
            Err(cx.error("attribute axes", "an input from opset 13", "an attribute"))
        }
        (None, Some(_)) if cx.opset < 13 => {
            Err(cx.error("input 1", "an attribute before opset 13", "an input"))
        }
        (attribute, input) => Ok(attribute.or(input)),
    }
}

pub(super) fn squeeze(cx: &Context<'_>) -> Result<Resolved> {
    let dims = cx.input(0)?.dims;
    let axes = match axes(cx)? {
        Some(axes) => cx.axes("axes", &axes, dims.len())?,
        None => (0..dims.len()).filter(|axis| dims[*axis] == 1).collect(),
    };
    if let Some(axis) = axes.iter().find(|axis| dims[**axis] != 1) {
        return Err(cx.error("axes", "axes of extent 1", format!("axis {axis} of {dims:?}")));
    }
    resolved(cx, (0..dims.len()).filter(|axis| !axes.contains(axis)).map(|axis| dims[axis]).collect())
}

pub(super) fn unsqueeze(cx: &Context<'_>) -> Result<Resolved> {
    let from = cx.input(0)?.dims;
    let given = axes(cx)?.ok_or_else(|| cx.error("axes", "a list", "none"))?;
    let rank = from.len() + given.len();
    let axes = cx.axes("axes", &given, rank)?;
    let mut old = from.iter();
    let dims = (0..rank).map(|axis| if axes.contains(&axis) { 1 } else { old.next().copied().unwrap_or(1) });
    resolved(cx, dims.collect())
}

impl Operator for Reshape {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        inputs[0].clone().reshaped(dims)
    }

    fn is_sum(&self) -> bool {
        true
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let value = lowering.value(&inputs[0])?;
        lowering.reshape(value, &self.0, &inputs[0])
    }
}
