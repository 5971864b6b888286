//! Operators that arrange entries: Expand, Tile, Split, Trilu, DepthToSpace, SpaceToDepth, ReverseSequence,
//! Compress, CenterCropPad.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use super::indices::{bounded, constant_ints, extents, known, pick, ravel, unravel};
use crate::Result;
use crate::program::{AxisMatrix, Builder, Id, Kind};

pub(super) fn expand(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let list = constant_ints(cx, 1)?;
    let shape = extents(cx, "input 1", &list)?;
    let from = cx.dims(x);
    let dims = Builder::broadcast_dims(&from, &shape)
        .ok_or_else(|| cx.error("input 1", format!("extents that go with {from:?}"), format!("{shape:?}")))?;
    bounded(cx, "input 1", &dims)?;
    Ok(vec![cx.b.broadcast(x, &dims)])
}

/// Repeats along every axis.
fn repeat(cx: &mut Context<'_>, x: Id, repeats: &[i64]) -> Result<Vec<Id>> {
    let dims = cx.dims(x);
    let repeats = extents(cx, "repeats", repeats)?;
    if repeats.len() != dims.len() {
        return Err(cx.error("repeats", format!("{} integers", dims.len()), format!("{repeats:?}")));
    }
    let out: Vec<usize> = dims.iter().zip(&repeats).map(|(dim, times)| dim.saturating_mul(*times)).collect();
    bounded(cx, "repeats", &out)?;
    let mut value = x;
    for (axis, (dim, rows)) in dims.iter().zip(&out).enumerate() {
        value = cx.b.select(value, axis, *rows, |p| Some(p % dim));
    }
    Ok(vec![value])
}

/// Tile of the first version: a number of tiles along one axis.
pub(super) fn tile_axis(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let rank = cx.b.rank(x);
    let (tiles, axis) = (cx.input_number(1)?, cx.input_number(2)?);
    let axis = cx.axis("input 2", axis.unwrap_or(0.0) as i64, rank)?;
    let mut repeats = vec![1; rank];
    repeats[axis] = tiles.unwrap_or(1.0) as i64;
    repeat(cx, x, &repeats)
}

pub(super) fn tile(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, repeats) = (cx.input(0)?, constant_ints(cx, 1)?);
    repeat(cx, x, &repeats)
}

pub(super) fn split(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let axis = cx.axis("attribute axis", cx.int("axis", 0)?, dims.len())?;
    let outputs = cx.node.output.len();
    let sizes = match cx.ints("split")? {
        Some(sizes) => Some(sizes),
        None => cx.input_ints(1)?,
    };
    let sizes: Vec<usize> = match sizes {
        Some(sizes) => sizes.iter().map(|size| usize::try_from(*size).unwrap_or(usize::MAX)).collect(),
        None => {
            let parts = cx.int("num_outputs", outputs as i64)?;
            if parts != outputs as i64 {
                return Err(cx.error("attribute num_outputs", outputs.to_string(), parts.to_string()));
            }
            // The last part is smaller if the extent is no multiple.
            let size = dims[axis].div_ceil(outputs);
            let start = |part: usize| (part * size).min(dims[axis]);
            (0..outputs).map(|part| start(part + 1) - start(part)).collect()
        }
    };
    let total = sizes.iter().try_fold(0usize, |sum, size| sum.checked_add(*size));
    if total != Some(dims[axis]) || sizes.len() != outputs {
        let expected = format!("{outputs} extents with the sum {}", dims[axis]);
        return Err(cx.error("split", expected, format!("{sizes:?}")));
    }
    let mut start = 0;
    let parts = sizes.iter().map(|size| {
        start += size;
        cx.b.slice(x, axis, start - size, *size)
    });
    Ok(parts.collect())
}

/// Keeps one side of a diagonal of the last two axes.
pub(super) fn trilu(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let upper = cx.flag("upper", true)?;
    let diagonal = match cx.optional(1) {
        None => 0,
        Some(_) => constant_ints(cx, 1)?.first().copied().unwrap_or(0),
    };
    let dims = cx.dims(x);
    let [.., rows, columns] = dims[..] else {
        return Err(cx.error("input 0", "two axes or more", format!("extents {dims:?}")));
    };
    let mut merged = dims[..dims.len() - 2].to_vec();
    merged.push(rows * columns);
    let keep = |p: usize| {
        let distance = (p % columns) as i64 - (p / columns) as i64;
        if upper { distance >= diagonal } else { distance <= diagonal }
    };
    let flat = cx.b.reshape(x, &merged);
    let kept = cx.b.select(flat, merged.len() - 1, rows * columns, |p| Some(p).filter(|p| keep(*p)));
    Ok(vec![cx.b.reshape(kept, &dims)])
}

/// The block size, and the extents [N, C, H, W].
fn blocks(cx: &Context<'_>) -> Result<(usize, [usize; 4])> {
    let size = usize::try_from(cx.int("blocksize", 0)?).ok().filter(|size| (1..1 << 16).contains(size));
    let size = size.ok_or_else(|| cx.error("attribute blocksize", "an integer from 1", "another number"))?;
    let dims = cx.dims(cx.input(0)?);
    match dims[..] {
        [n, c, h, w] => Ok((size, [n, c, h, w])),
        _ => Err(cx.error("input 0", "extents [N, C, H, W]", format!("{dims:?}"))),
    }
}

pub(super) fn depth_to_space(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (size, [n, c, h, w]) = blocks(cx)?;
    if !c.is_multiple_of(size * size) {
        return Err(cx.error("input 0", format!("a multiple of {} channels", size * size), c.to_string()));
    }
    let depth = c / (size * size);
    let x = cx.input(0)?;
    let (shape, perm) = match cx.string("mode", "DCR")?.as_str() {
        "DCR" => ([n, size, size, depth, h, w], [0, 3, 4, 1, 5, 2]),
        "CRD" => ([n, depth, size, size, h, w], [0, 1, 4, 2, 5, 3]),
        other => return Err(cx.error("attribute mode", "DCR or CRD", other)),
    };
    let split = cx.b.reshape(x, &shape);
    let moved = cx.b.transpose(split, &perm);
    Ok(vec![cx.b.reshape(moved, &[n, depth, h * size, w * size])])
}

pub(super) fn space_to_depth(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (size, [n, c, h, w]) = blocks(cx)?;
    if !h.is_multiple_of(size) || !w.is_multiple_of(size) {
        let got = format!("{h} and {w}");
        return Err(cx.error("input 0", format!("spatial extents that {size} divides"), got));
    }
    let x = cx.input(0)?;
    let split = cx.b.reshape(x, &[n, c, h / size, size, w / size, size]);
    let moved = cx.b.transpose(split, &[0, 3, 5, 1, 2, 4]);
    Ok(vec![cx.b.reshape(moved, &[n, c * size * size, h / size, w / size])])
}

/// Entry t of a sequence of length n is entry n - 1 - t, and t behind its end.
pub(super) fn reverse_sequence(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, lengths) = (cx.input(0)?, cx.input(1)?);
    let dims = cx.dims(x);
    let time = cx.axis("attribute time_axis", cx.int("time_axis", 0)?, dims.len())?;
    let batch = cx.axis("attribute batch_axis", cx.int("batch_axis", 1)?, dims.len())?;
    if time == batch || cx.dims(lengths) != [dims[batch]] {
        let expected = format!("extents [{}], and two different axes", dims[batch]);
        return Err(cx.error("input 1", expected, format!("{:?}", cx.dims(lengths))));
    }
    let extent = dims[time];
    if let Some(list) = known(cx, lengths)? {
        if let Some(bad) = list.iter().find(|length| !(0..=extent as i64).contains(length)) {
            return Err(cx.error("input 1", format!("lengths up to {extent}"), bad.to_string()));
        }
        let source = |p: usize| {
            let mut place = unravel(p, &dims);
            let length = list[place[batch]] as usize;
            if place[time] < length {
                place[time] = length - 1 - place[time];
            }
            Some(ravel(&place, &dims))
        };
        return Ok(vec![pick(cx, x, &dims, source)]);
    }
    // Entry t reads entry s where t + s + 1 is the length, or s = t and the length is at most t.
    let sequences = dims[batch];
    let lengths = cx.b.reshape(lengths, &[sequences, 1]);
    let sums = cx.constant_ints(&[extent], |i| i as i64 + 1);
    let difference = cx.b.sub(lengths, sums);
    let is_length = cx.b.function(difference, Formula::argument().then(Unary::IsZero), Kind::Bool);
    // length - (t + 1) < 0
    let before = Formula::argument().with_constant(Binary::Less, 0.0);
    let is_behind = cx.b.function(difference, before, Kind::Bool);
    let pairs = extent * extent;
    bounded(cx, "input 0", &[sequences, pairs])?;
    let (t, s) = (|p: usize| p / extent, |p: usize| p % extent);
    let reversed = cx.b.select(is_length, 1, pairs, |p| Some(t(p) + s(p)).filter(|sum| *sum < extent));
    let kept = cx.b.select(is_behind, 1, pairs, |p| Some(t(p)).filter(|t| *t == s(p)));
    let hot = cx.b.add(reversed, kept);
    let hot = cx.b.reshape(hot, &[sequences, extent, extent]);
    let rank = dims.len() as u32;
    let labels: Vec<u32> = (0..rank).collect();
    let mut x_labels = labels.clone();
    x_labels[time] = rank;
    Ok(vec![cx.b.einsum((hot, &[batch as u32, time as u32, rank]), (x, &x_labels), &labels)])
}

/// The entries of an axis, or of the flattened input, where a constant condition holds.
pub(super) fn compress(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let mut x = cx.input(0)?;
    let axis = match cx.has("axis") {
        true => cx.axis("attribute axis", cx.int("axis", 0)?, cx.b.rank(x))?,
        false => {
            let count = cx.b.len(x);
            x = cx.b.reshape(x, &[count]);
            0
        }
    };
    let chosen: Vec<usize> = match cx.input_constant(1)? {
        Some(condition) => (0..condition.len()).filter(|i| condition.get(*i) != 0.0).collect(),
        None => return Err(cx.error("input 1", "a value", "none")),
    };
    let extent = cx.dims(x)[axis];
    if let Some(last) = chosen.last().filter(|last| **last >= extent) {
        return Err(cx.error("input 1", format!("at most {extent} entries"), format!("true at {last}")));
    }
    Ok(vec![cx.b.select(x, axis, chosen.len(), |p| chosen.get(p).copied())])
}

pub(super) fn center_crop_pad(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (mut value, list) = (cx.input(0)?, constant_ints(cx, 1)?);
    let dims = cx.dims(value);
    let axes = cx.ints("axes")?.unwrap_or_else(|| (0..dims.len() as i64).collect());
    cx.axes("attribute axes", &axes, dims.len())?;
    let wanted = list.iter().map(|dim| usize::try_from(*dim).ok()).collect::<Option<Vec<_>>>();
    let wanted = wanted.filter(|wanted| wanted.len() == axes.len());
    let wanted =
        wanted.ok_or_else(|| cx.error("input 1", format!("{} extents", axes.len()), format!("{list:?}")))?;
    for (axis, rows) in axes.iter().zip(wanted) {
        let axis = cx.axis("attribute axes", *axis, dims.len())?;
        let extent = dims[axis];
        let mut out = cx.dims(value);
        out[axis] = rows;
        bounded(cx, "input 1", &out)?;
        let (cropped, padding) = (extent.saturating_sub(rows) / 2, rows.saturating_sub(extent) / 2);
        let source = |p: usize| (p + cropped).checked_sub(padding).filter(|q| *q < extent);
        value = cx.b.map(value, axis, AxisMatrix::select(rows, source));
    }
    Ok(vec![value])
}
