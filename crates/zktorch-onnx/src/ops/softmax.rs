//! Softmax, LogSoftmax: exponentials and their sum; Hardmax: where the maximum is first.

use super::Context;
use crate::Result;
use crate::program::{Id, Kind};

/// The input and the axis to normalise. Before opset 13 all axes from the given one on are one.
fn along(cx: &mut Context<'_>) -> Result<(Id, usize)> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    if cx.opset >= 13 {
        let axis = cx.axis("attribute axis", cx.int("axis", -1)?, dims.len())?;
        return Ok((x, axis));
    }
    let axis = cx.axis("attribute axis", cx.int("axis", 1)?, dims.len() + 1)?;
    let rows = dims[..axis].iter().product();
    let columns = dims[axis..].iter().product();
    Ok((cx.b.reshape(x, &[rows, columns]), 1))
}

/// Applies it to the input, flattened where the version says so.
fn shaped(cx: &mut Context<'_>, f: impl FnOnce(&mut Context<'_>, Id, usize) -> Id) -> Result<Vec<Id>> {
    let dims = cx.dims(cx.input(0)?);
    if dims.contains(&0) {
        return Ok(vec![cx.input(0)?]);
    }
    let (x, axis) = along(cx)?;
    let y = f(cx, x, axis);
    Ok(vec![cx.b.reshape(y, &dims)])
}

pub(super) fn softmax(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    shaped(cx, |cx, x, axis| cx.b.softmax(x, &[axis]))
}

pub(super) fn log_softmax(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    shaped(cx, log_of_softmax)
}

/// `x - max - log sum exp(x - max)`.
pub(super) fn log_of_softmax(cx: &mut Context<'_>, x: Id, axis: usize) -> Id {
    let (_, difference, log) = cx.b.log_sum_exp(x, &[axis]);
    cx.b.sub(difference, log)
}

pub(super) fn hardmax(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    shaped(cx, |cx, x, axis| {
        let (rank, extent) = (cx.b.rank(x), cx.b.dims(x)[axis]);
        let index = cx.b.first_index(x, axis, true);
        let count = cx.b.count_along(rank, axis, extent, |q| q);
        let found = cx.b.equal(index, count);
        cx.b.cast(found, Kind::Float)
    })
}
