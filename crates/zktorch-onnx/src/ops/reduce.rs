//! Reductions: sums, means, products, extrema, norms and logarithms of sums along axes.

use zktorch_graph::{Formula, Unary};

use super::Context;
use crate::program::{Id, Kind};
use crate::tensor::len;
use crate::{FloatTensor, IntTensor, Result, Tensor};

/// The axes, and whether they are kept; none if the operator does nothing.
pub(super) fn axes(cx: &Context<'_>) -> Result<Option<(Vec<usize>, bool)>> {
    let rank = cx.b.rank(cx.input(0)?);
    let keep = cx.flag("keepdims", true)?;
    let given = cx.axes_anywhere(1, rank)?.unwrap_or_default();
    match (given.is_empty(), cx.flag("noop_with_empty_axes", false)?) {
        (false, _) => Ok(Some((given, keep))),
        (true, false) => Ok(Some(((0..rank).collect(), keep))),
        (true, true) => Ok(None),
    }
}

/// What a reduction without entries is, whatever the model computes: `empty` in every entry of the result.
fn of_nothing(cx: &mut Context<'_>, x: Id, axes: &[usize], keep: bool, empty: f64) -> Option<Id> {
    let dims = cx.dims(x);
    if len(&dims) != 0 {
        return None;
    }
    let reduced = |axis: &usize| axes.contains(axis);
    let kept = (0..dims.len()).filter(|axis| keep || !reduced(axis));
    let out: Vec<usize> = kept.map(|axis| if reduced(&axis) { 1 } else { dims[axis] }).collect();
    let kind = cx.kind(x);
    let tensor: Tensor = match kind {
        Kind::Float => FloatTensor::from_fn(out, |_| empty as f32).into(),
        Kind::Int | Kind::Bool => IntTensor::from_fn(out, |_| empty as i64).into(),
    };
    Some(cx.derived(tensor, kind, &[]))
}

/// A reduction: `empty` is its value without entries. Without axes every entry is reduced on its own.
fn reduction(
    cx: &mut Context<'_>,
    empty: f64,
    reduce: impl FnOnce(&mut Context<'_>, Id, &[usize], bool) -> Id,
) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let (axes, keep) = axes(cx)?.unwrap_or((Vec::new(), true));
    if let Some(constant) = of_nothing(cx, x, &axes, keep, empty) {
        return Ok(vec![constant]);
    }
    Ok(vec![reduce(cx, x, &axes, keep)])
}

pub(super) fn mean(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    reduction(cx, f64::NAN, |cx, x, axes, keep| cx.b.reduce_mean(x, axes, keep))
}

pub(super) fn sum(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    reduction(cx, 0.0, |cx, x, axes, keep| cx.b.reduce_sum(x, axes, keep))
}

pub(super) fn max(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    reduction(cx, f64::NEG_INFINITY, |cx, x, axes, keep| cx.b.reduce_max(x, axes, keep))
}

/// Of booleans: not the largest of the opposites.
pub(super) fn min(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    reduction(cx, f64::INFINITY, |cx, x, axes, keep| match cx.kind(x) {
        Kind::Bool => {
            let opposite = cx.b.not(x);
            let max = cx.b.reduce_max(opposite, axes, keep);
            cx.b.not(max)
        }
        _ => cx.b.reduce_min(x, axes, keep),
    })
}

pub(super) fn prod(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    reduction(cx, 1.0, |cx, x, axes, keep| cx.b.reduce_prod(x, axes, keep))
}

fn absolute(cx: &mut Context<'_>, x: Id) -> Id {
    match cx.kind(x) {
        Kind::Float => cx.b.function(x, Formula::argument().then(Unary::Abs), Kind::Float),
        // Exact at any width.
        Kind::Int | Kind::Bool => {
            let negative = cx.b.scale(x, -1.0);
            cx.b.max(x, negative)
        }
    }
}

pub(super) fn l1(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    reduction(cx, 0.0, |cx, x, axes, keep| {
        let absolute = absolute(cx, x);
        cx.b.reduce_sum(absolute, axes, keep)
    })
}

pub(super) fn sum_square(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    reduction(cx, 0.0, |cx, x, axes, keep| cx.b.reduce_product(x, x, axes, keep))
}

/// The root of an integer is rounded down.
pub(super) fn l2(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    reduction(cx, 0.0, |cx, x, axes, keep| {
        let sum = cx.b.reduce_product(x, x, axes, keep);
        let root = cx.b.sqrt(sum);
        let kind = cx.kind(x);
        cx.b.cast(root, kind)
    })
}

pub(super) fn log_sum(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    reduction(cx, f64::NEG_INFINITY, |cx, x, axes, keep| {
        let sum = cx.b.reduce_sum(x, axes, keep);
        let log = cx.b.function(sum, Formula::argument().then(Unary::Log), Kind::Float);
        let kind = cx.kind(x);
        cx.b.cast(log, kind)
    })
}

pub(super) fn log_sum_exp(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    reduction(cx, f64::NEG_INFINITY, |cx, x, axes, keep| {
        let float = cx.b.cast(x, Kind::Float);
        let (offset, _, log) = cx.b.log_sum_exp(float, axes);
        let sum = cx.b.add(offset, log);
        let kind = cx.kind(x);
        let sum = cx.b.cast(sum, kind);
        cx.b.dropped(sum, axes, keep)
    })
}
