//! TensorScatter: updates of a cache.

use super::Context;
use super::gather::check_places;
use super::indices::{known, one_hot, ravel, unravel};
use super::scatter::{Reduction, place, replace};
use crate::Result;
use crate::program::Id;
use crate::tensor::len;

/// Writes the updates into a cache from an index per batch on, which may go round.
pub(super) fn tensor_scatter(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (cache, updates) = (cx.input(0)?, cx.input(1)?);
    let (dims, update_dims) = (cx.dims(cache), cx.dims(updates));
    let axis = cx.axis("attribute axis", cx.int("axis", -2)?, dims.len())?;
    check_places(cx, &update_dims, &dims, dims.len())?;
    let circular = match cx.string("mode", "linear")?.as_str() {
        "linear" => false,
        "circular" => true,
        other => return Err(cx.error("attribute mode", "linear or circular", other)),
    };
    if axis == 0 {
        return Err(cx.error("attribute axis", "an axis behind the batch", "0"));
    }
    let batch = dims[0];
    let (extent, count) = (dims[axis], update_dims[axis]);
    let starts = match cx.optional(2) {
        Some(id) if cx.dims(id) == [batch] => id,
        Some(id) => {
            return Err(cx.error("input 2", format!("extents [{batch}]"), format!("{:?}", cx.dims(id))));
        }
        None => cx.constant_ints(&[batch], |_| 0),
    };
    if let Some(list) = known(cx, starts)? {
        let mut targets = Vec::with_capacity(len(&update_dims));
        for p in 0..len(&update_dims) {
            let mut place = unravel(p, &update_dims);
            let start = cx.axis("write_indices", list[place[0]], extent)?;
            let target = start + place[axis];
            place[axis] = if circular { target % extent } else { target };
            if place[axis] >= extent {
                return Err(cx.error(
                    "write_indices",
                    format!("room for {count} entries"),
                    start.to_string(),
                ));
            }
            targets.push(ravel(&place, &dims));
        }
        return Ok(vec![place(cx, cache, updates, &targets, Reduction::Replace)?]);
    }
    // [batch, count]: where every entry of the update goes; behind the end if it goes round.
    let starts = cx.b.reshape(starts, &[batch, 1]);
    let steps = cx.constant_ints(&[count], |i| i as i64 - if circular { extent as i64 } else { 0 });
    let targets = cx.b.add(starts, steps);
    // From -extent to -1 the indices count from the end, as in one_hot.
    let hot = one_hot(cx, targets, extent)?;
    let rank = dims.len() as u32;
    let mut out: Vec<u32> = (0..rank).collect();
    let update_labels = out.clone();
    out[axis] = rank;
    let placed = cx.b.einsum((hot, &[0, axis as u32, rank]), (updates, &update_labels), &out);
    let hit = cx.b.reduce_sum(hot, &[1], false);
    let mut shape = vec![1; dims.len()];
    (shape[0], shape[axis]) = (batch, extent);
    let hit = cx.b.reshape(hit, &shape);
    Ok(vec![replace(cx, cache, hit, placed)])
}
