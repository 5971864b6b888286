//! ArgMax, ArgMin: where the extremum is first; TopK: entries by their rank, for which every pair is compared.

use super::Context;
use crate::Result;
use crate::program::{AxisMatrix, Id, Kind};

pub(super) fn arg_max(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    arg(cx, true)
}

pub(super) fn arg_min(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    arg(cx, false)
}

fn arg(cx: &mut Context<'_>, largest: bool) -> Result<Vec<Id>> {
    let mut x = cx.input(0)?;
    let mut dims = cx.dims(x);
    let axis = cx.axis("attribute axis", cx.int("axis", 0)?, dims.len())?;
    let (keep, last) = (cx.flag("keepdims", true)?, cx.flag("select_last_index", false)?);
    let extent = dims[axis];
    if extent == 0 {
        return Err(cx.error("input 0", "entries along the axis", format!("extents {dims:?}")));
    }
    if last {
        x = cx.b.select(x, axis, extent, |p| Some(extent - 1 - p));
    }
    let mut index = cx.b.first_index(x, axis, largest);
    if last {
        let end = cx.b.scalar((extent - 1) as f64, Kind::Int);
        index = cx.b.sub(end, index);
    }
    if !keep {
        dims.remove(axis);
        index = cx.b.reshape(index, &dims);
    }
    Ok(vec![index])
}

/// By the rank of every entry: entry p of the result is the one of rank p.
pub(super) fn top_k(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let axis = cx.axis("attribute axis", cx.int("axis", -1)?, dims.len())?;
    let extent = dims[axis];
    let given = if cx.opset < 10 {
        cx.int("k", -1)?
    } else {
        let got = cx.input_number(1)?;
        got.map_or(-1, |k| k as i64)
    };
    let count = match usize::try_from(given) {
        Ok(k) if k <= extent => k,
        _ => return Err(cx.error("K", format!("from 0 to {extent}"), given.to_string())),
    };
    let (largest, _) = (cx.flag("largest", true)?, cx.flag("sorted", true)?);
    let ranks = cx.b.ranks(x, axis, largest);
    let found = cx.b.one_hot(ranks, axis, count);
    let labels: Vec<u32> = (0..=dims.len() as u32).collect();
    let own: Vec<u32> = labels.iter().copied().filter(|label| *label != axis as u32).collect();
    let out: Vec<u32> = labels.iter().copied().filter(|label| *label != axis as u32 + 1).collect();
    let values = cx.b.einsum((found, &labels), (x, &own), &out);
    let found = cx.b.cast(found, Kind::Int);
    let entries = (0..extent).map(|q| (0, q as u32, q as i32)).collect();
    let indices = cx.b.map(found, axis + 1, AxisMatrix::new(1, entries, 1));
    let mut shape = dims;
    shape[axis] = count;
    Ok(vec![values, cx.b.reshape(indices, &shape)])
}
