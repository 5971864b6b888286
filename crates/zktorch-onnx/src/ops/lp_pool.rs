//! LpPool, GlobalLpPool: powers, their sums and a root; GlobalMaxPool: a maximum.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use super::windows::split;
use crate::Result;
use crate::program::{Id, Kind, Window};

/// The p-norm over the last axis. But for p = 2 entries must not be negative.
fn norm(cx: &mut Context<'_>, x: Id, p: f64) -> Id {
    let last = cx.b.rank(x) - 1;
    let formula = Formula::argument;
    if p == 1.0 {
        return cx.b.reduce_sum(x, &[last], false);
    }
    if p == 2.0 {
        let labels: Vec<u32> = (0..=last as u32).collect();
        let squares = cx.b.einsum((x, &labels), (x, &labels), &labels[..last]);
        return cx.b.sqrt(squares);
    }
    // Relative to the largest entry, so that roots of small sums keep their bits; to 1 where all are zero.
    let largest = cx.b.reduce_max(x, &[last], true);
    let nonzero = formula().with(Binary::Add, formula().then(Unary::IsZero));
    let largest = cx.b.function(largest, nonzero, Kind::Float);
    let ratios = cx.b.div_positive(x, largest);
    let powers = cx.b.function(ratios, formula().with_constant(Binary::Pow, p), Kind::Float);
    let sum = cx.b.reduce_sum(powers, &[last], true);
    let root = formula().with_constant(Binary::Max, 0.0).with_constant(Binary::Pow, 1.0 / p);
    let root = cx.b.function(sum, root, Kind::Float);
    let norm = cx.b.mul(largest, root);
    let dims = cx.dims(norm);
    cx.b.reshape(norm, &dims[..last])
}

/// What the norm is taken of: magnitudes where signs matter.
fn magnitudes(cx: &mut Context<'_>, p: f64) -> Result<Id> {
    let x = cx.input(0)?;
    Ok(match p == 2.0 {
        true => x,
        false => cx.b.function(x, Formula::argument().then(Unary::Abs), Kind::Float),
    })
}

/// The entries of every window along a new last axis, zeros for the padding.
fn windowed(cx: &mut Context<'_>, x: Id, windows: &[Window]) -> Id {
    let dims = cx.dims(x);
    let mut shape = dims[..2].to_vec();
    let mut value = x;
    for (axis, window) in windows.iter().enumerate() {
        let rows = window.positions * window.taps;
        value = cx.b.select(value, axis + 2, rows, |p| window.source(p / window.taps, p % window.taps));
        shape.extend([window.positions, window.taps]);
    }
    let mut perm = vec![0, 1];
    perm.extend((0..windows.len()).map(|axis| 2 + 2 * axis));
    perm.extend((0..windows.len()).map(|axis| 3 + 2 * axis));
    let split = cx.b.reshape(value, &shape);
    let moved = cx.b.transpose(split, &perm);
    let mut out = dims[..2].to_vec();
    out.extend(windows.iter().map(|window| window.positions));
    out.push(windows.iter().map(|window| window.taps).product());
    cx.b.reshape(moved, &out)
}

/// The exponent: an integer, in the first version a real number.
fn exponent(cx: &Context<'_>) -> Result<f64> {
    let p = if cx.opset < 2 { f64::from(cx.float("p", 2.0)?) } else { cx.int("p", 2)? as f64 };
    match (1.0..=64.0).contains(&p) {
        true => Ok(p),
        false => Err(cx.error("attribute p", "a number from 1 to 64", p.to_string())),
    }
}

pub(super) fn lp_pool(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let p = exponent(cx)?;
    let windows = super::pool::read(cx)?;
    let x = magnitudes(cx, p)?;
    let entries = windowed(cx, x, &windows);
    Ok(vec![norm(cx, entries, p)])
}

pub(super) fn global_lp(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let p = exponent(cx)?;
    let (batch, channels, spatial) = split(cx)?;
    let x = magnitudes(cx, p)?;
    let count = spatial.iter().product();
    let entries = cx.b.reshape(x, &[batch, channels, count]);
    let value = norm(cx, entries, p);
    let mut out = vec![batch, channels];
    out.resize(spatial.len() + 2, 1);
    Ok(vec![cx.b.reshape(value, &out)])
}

pub(super) fn global_max(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    split(cx)?;
    let x = cx.input(0)?;
    let axes: Vec<usize> = (2..cx.b.rank(x)).collect();
    Ok(vec![cx.b.reduce_max(x, &axes, true)])
}
