//! MaxUnpool: maxima, back where MaxPool found them.

use super::Context;
use super::indices::{bounded, extents, known, one_hot, pick};
use crate::Result;
use crate::program::Id;
use crate::tensor::len;

/// Puts maxima back where MaxPool found them; zeros elsewhere.
pub(super) fn max_unpool(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, index) = (cx.input(0)?, cx.input(1)?);
    let dims = cx.dims(x);
    if dims.len() < 3 || cx.dims(index) != dims {
        let got = format!("{dims:?} and {:?}", cx.dims(index));
        return Err(cx.error("inputs 0 and 1", "equal extents [N, C, spatial..]", got));
    }
    let rank = dims.len() - 2;
    let kernel = cx.positive("kernel_shape", rank, None)?;
    let strides = cx.positive("strides", rank, Some(1))?;
    let pads = cx.ints("pads")?.unwrap_or_else(|| vec![0; 2 * rank]);
    if pads.len() != 2 * rank || pads.iter().any(|pad| !(0..1 << 24).contains(pad)) {
        return Err(cx.error("attribute pads", format!("{} integers from 0", 2 * rank), format!("{pads:?}")));
    }
    let mut own = vec![dims[0] as i64, dims[1] as i64];
    for axis in 0..rank {
        let last = (dims[axis + 2] as i64 - 1).saturating_mul(strides[axis] as i64);
        own.push(last + kernel[axis] as i64 - pads[axis] - pads[axis + rank]);
    }
    let own = extents(cx, "attributes", &own)?;
    let dims_out = match cx.input_ints(2)? {
        None => own.clone(),
        Some(list) => extents(cx, "input 2", &list)?,
    };
    if dims_out.len() != own.len() {
        return Err(cx.error("input 2", format!("{} extents", own.len()), format!("{dims_out:?}")));
    }
    let (entries, count) = (len(&own), len(&dims));
    let placed = match known(cx, index)? {
        Some(list) => {
            let mut source = vec![None; entries];
            for (p, i) in list.iter().enumerate() {
                source[cx.axis("input 1", *i, entries)?] = Some(p);
            }
            pick(cx, x, &own, |p| source[p])
        }
        None => {
            bounded(cx, "indices", &[count, entries])?;
            let (flat, index) = (cx.b.reshape(x, &[count]), cx.b.reshape(index, &[count]));
            let hot = one_hot(cx, index, entries)?;
            let placed = cx.b.einsum((hot, &[0, 1]), (flat, &[0]), &[1]);
            cx.b.reshape(placed, &own)
        }
    };
    // A given shape is larger (or smaller) at the ends.
    let mut value = placed;
    for (axis, (dim, own)) in dims_out.iter().zip(&own).enumerate() {
        value = cx.b.select(value, axis, *dim, |p| Some(p).filter(|p| p < own));
    }
    Ok(vec![value])
}
