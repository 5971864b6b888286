//! Products of quantised numbers: exact integers, which the QLinear operators scale and round once.

use super::{centred, element, over, parameter, positive, saturated};
use crate::Result;
use crate::ops::{Context, conv};
use crate::program::{Builder, Id};

/// An operand of a matrix product less its zero point, which may differ by row (`axis` from the end) or be
/// one number.
fn factor(cx: &mut Context<'_>, x: usize, zero: usize, from_end: usize) -> Result<Id> {
    let id = cx.input(x)?;
    let Some(zero) = along(cx, id, zero, from_end)? else { return Ok(id) };
    Ok(centred(cx, id, Some(zero)))
}

/// A parameter of an operand of a matrix product: one number, one per entry of an axis, or already of the
/// operand's rank.
fn along(cx: &mut Context<'_>, operand: Id, index: usize, from_end: usize) -> Result<Option<Id>> {
    let Some(id) = cx.optional(index) else { return Ok(None) };
    let (dims, own) = (cx.dims(operand), cx.dims(id));
    if cx.b.len(id) == 1 {
        return Ok(Some(cx.b.reshape(id, &[])));
    }
    let axis = dims.len().checked_sub(from_end);
    if own.len() == 1 && axis.is_some_and(|axis| own == [dims[axis]]) {
        let mut column = vec![own[0]];
        column.resize(from_end, 1);
        return Ok(Some(cx.b.reshape(id, &column)));
    }
    if own.len() == dims.len() && Builder::broadcast_dims(&own, &dims).as_ref() == Some(&dims) {
        return Ok(Some(id));
    }
    let expected = format!("one number, or one per row or column of {dims:?}");
    Err(cx.error(format!("input {index}"), expected, format!("extents {own:?}")))
}

pub(in crate::ops) fn matmul_integer(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = (factor(cx, 0, 2, 2)?, factor(cx, 1, 3, 1)?);
    Ok(vec![cx.b.matmul(a, b)])
}

pub(in crate::ops) fn qlinear_matmul(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let element = element(cx, 7)?;
    let (a, b) = (factor(cx, 0, 2, 2)?, factor(cx, 3, 5, 1)?);
    for index in [1, 4, 6] {
        positive(cx, index)?;
    }
    let missing = |cx: &Context<'_>| cx.error("scales", "a value for each", "none");
    let (a_id, b_id) = (cx.input(0)?, cx.input(3)?);
    let a_scale = along(cx, a_id, 1, 2)?.ok_or_else(|| missing(cx))?;
    let b_scale = along(cx, b_id, 4, 1)?.ok_or_else(|| missing(cx))?;
    let product = cx.b.matmul(a, b);
    let scale = along(cx, product, 6, 2)?.ok_or_else(|| missing(cx))?;
    let zero = along(cx, product, 7, 2)?;
    let factor = cx.b.mul(a_scale, b_scale);
    let factor = over(cx, factor, scale);
    let scaled = cx.b.mul(product, factor);
    Ok(vec![saturated(cx, scaled, zero, element)])
}

/// A convolution of integers less their zero points: padding is zero after subtracting.
fn convolve(cx: &mut Context<'_>, x: Id, weight: Id, zeros: (usize, usize)) -> Result<Id> {
    let given = cx.inputs.clone();
    let x_zero = parameter(cx, zeros.0, &[], 0)?;
    let dims = cx.dims(weight);
    let weight_zero = parameter(cx, zeros.1, &dims, 0)?;
    let (x, weight) = (centred(cx, x, x_zero), centred(cx, weight, weight_zero));
    cx.inputs = vec![Some(x), Some(weight)];
    let result = conv::conv(cx);
    cx.inputs = given;
    let [y] = result?[..] else { return Err(cx.error("result", "one value", "several")) };
    Ok(y)
}

pub(in crate::ops) fn conv_integer(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, weight) = (cx.input(0)?, cx.input(1)?);
    Ok(vec![convolve(cx, x, weight, (2, 3))?])
}

pub(in crate::ops) fn qlinear_conv(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let element = element(cx, 7)?;
    for index in [1, 4, 6] {
        positive(cx, index)?;
    }
    let (x, weight) = (cx.input(0)?, cx.input(3)?);
    let mut sum = convolve(cx, x, weight, (2, 5))?;
    let dims = cx.dims(sum);
    if let Some(bias) = parameter(cx, 8, &dims, 1)? {
        sum = cx.b.add(sum, bias);
    }
    let missing = |cx: &Context<'_>| cx.error("scales", "a value for each", "none");
    let x_scale = parameter(cx, 1, &[], 0)?.ok_or_else(|| missing(cx))?;
    let weight_scale = parameter(cx, 4, &dims, 1)?.ok_or_else(|| missing(cx))?;
    let scale = parameter(cx, 6, &[], 0)?.ok_or_else(|| missing(cx))?;
    let zero = parameter(cx, 7, &[], 0)?;
    let factor = cx.b.mul(x_scale, weight_scale);
    let factor = over(cx, factor, scale);
    let scaled = cx.b.mul(sum, factor);
    Ok(vec![saturated(cx, scaled, zero, element)])
}
