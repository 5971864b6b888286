//! CumSum: one sparse matrix along the axis; CumProd: products of twice as many entries in each step.

use super::Context;
use crate::Result;
use crate::program::{AxisMatrix, Id, Kind};

/// Longest axis of a cumulative sum: its matrix has half the square of it as entries.
const MAX_EXTENT: usize = 4096;

struct Scan {
    x: Id,
    axis: usize,
    extent: usize,
    exclusive: bool,
    reverse: bool,
}

fn scan(cx: &mut Context<'_>) -> Result<Scan> {
    let mut x = cx.input(0)?;
    if cx.kind(x) == Kind::Bool {
        x = cx.b.cast(x, Kind::Int);
    }
    let dims = cx.dims(x);
    let given = cx.input_number(1)?.ok_or_else(|| cx.error("input 1", "an axis", "none"))?;
    let axis = cx.axis("input 1", given as i64, dims.len())?;
    let (exclusive, reverse) = (cx.flag("exclusive", false)?, cx.flag("reverse", false)?);
    Ok(Scan { x, axis, extent: dims[axis], exclusive, reverse })
}

pub(super) fn cum_sum(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let Scan { x, axis, extent, exclusive, reverse } = scan(cx)?;
    if extent > MAX_EXTENT {
        return Err(cx.error(
            "input 0",
            format!("at most {MAX_EXTENT} entries along the axis"),
            extent.to_string(),
        ));
    }
    let counts = |p: usize, q: usize| match (reverse, exclusive) {
        (false, false) => q <= p,
        (false, true) => q < p,
        (true, false) => q >= p,
        (true, true) => q > p,
    };
    let entries = (0..extent).flat_map(|p| (0..extent).map(move |q| (p, q)));
    let entries = entries.filter(|(p, q)| counts(*p, *q)).map(|(p, q)| (p as u32, q as u32, 1));
    let matrix = AxisMatrix::new(extent, entries.collect(), 1);
    Ok(vec![cx.b.map(x, axis, matrix)])
}

/// Products of 1, 2, 4, .. entries: as many steps as the extent has bits.
pub(super) fn cum_prod(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let Scan { mut x, axis, extent, exclusive, reverse } = scan(cx)?;
    let (rank, kind) = (cx.b.rank(x), cx.kind(x));
    let flipped = |cx: &mut Context<'_>, x: Id| match reverse {
        true => cx.b.select(x, axis, extent, |p| Some(extent - 1 - p)),
        false => x,
    };
    x = flipped(cx, x);
    if exclusive {
        let moved = cx.b.select(x, axis, extent, |p| p.checked_sub(1));
        let one = cx.b.count_along(rank, axis, extent, |p| i64::from(p == 0));
        let one = cx.b.cast(one, kind);
        x = cx.b.add(moved, one);
    }
    let mut span = 1;
    while span < extent {
        let first = cx.b.slice(x, axis, 0, span);
        let (low, high) = (cx.b.slice(x, axis, 0, extent - span), cx.b.slice(x, axis, span, extent - span));
        let products = cx.b.mul(low, high);
        x = cx.b.concat(&[first, products], axis);
        span *= 2;
    }
    Ok(vec![flipped(cx, x)])
}
