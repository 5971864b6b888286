//! Operators that move entries: Transpose, Concat, Slice, Pad.

use super::Context;
use crate::Result;
use crate::program::{Id, Kind};

pub(super) fn transpose(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let rank = cx.b.rank(x);
    let perm = match cx.ints("perm")? {
        None => (0..rank).rev().collect(),
        Some(perm) => {
            let mut sorted = perm.clone();
            sorted.sort_unstable();
            if sorted != (0..rank as i64).collect::<Vec<_>>() {
                let expected = format!("a permutation of {rank} axes");
                return Err(cx.error("attribute perm", expected, format!("{perm:?}")));
            }
            perm.iter().map(|axis| *axis as usize).collect::<Vec<_>>()
        }
    };
    Ok(vec![cx.b.transpose(x, &perm)])
}

pub(super) fn concat(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let first = cx.dims(cx.input(0)?);
    let default = if cx.opset < 4 { 1 } else { i64::MIN };
    let axis = match cx.int("axis", default)? {
        i64::MIN => return Err(cx.error("attribute axis", "an integer", "none")),
        axis => cx.axis("attribute axis", axis, first.len())?,
    };
    let mut parts = Vec::new();
    for index in 0..cx.inputs.len() {
        let id = cx.input(index)?;
        let dims = cx.dims(id);
        let rest = |dims: &[usize]| {
            dims.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, d)| *d).collect::<Vec<_>>()
        };
        if dims.len() != first.len() || rest(&dims) != rest(&first) {
            let expected = format!("extents {first:?} but for axis {axis}");
            return Err(cx.error(format!("input {index}"), expected, format!("{dims:?}")));
        }
        // Nothing comes from an empty part.
        if dims[axis] > 0 || cx.inputs.len() == 1 {
            parts.push(id);
        }
    }
    match parts.is_empty() {
        true => Ok(vec![cx.input(0)?]),
        false => Ok(vec![cx.b.concat(&parts, axis)]),
    }
}

/// Per axis the entries that the result reads, in order; none: zero.
type Selection = Vec<Vec<Option<usize>>>;

/// All entries of every axis.
fn everything(dims: &[usize]) -> Selection {
    dims.iter().map(|dim| (0..*dim).map(Some).collect()).collect()
}

fn select(cx: &mut Context<'_>, x: Id, selection: &Selection) -> Id {
    let mut value = x;
    for (axis, entries) in selection.iter().enumerate() {
        value = cx.b.select(value, axis, entries.len(), |p| entries[p]);
    }
    value
}

pub(super) fn slice_attributes(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let get = |name| cx.ints(name)?.ok_or_else(|| cx.error(format!("attribute {name}"), "a list", "none"));
    let (starts, ends, axes) = (get("starts")?, get("ends")?, cx.ints("axes")?);
    slice(cx, &starts, &ends, axes, None)
}

pub(super) fn slice_inputs(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let get =
        |index| cx.input_ints(index)?.ok_or_else(|| cx.error(format!("input {index}"), "a list", "none"));
    let (starts, ends, axes, steps) = (get(1)?, get(2)?, cx.input_ints(3)?, cx.input_ints(4)?);
    slice(cx, &starts, &ends, axes, steps)
}

fn slice(
    cx: &mut Context<'_>,
    starts: &[i64],
    ends: &[i64],
    axes: Option<Vec<i64>>,
    steps: Option<Vec<i64>>,
) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        let got = format!(
            "{} starts, {} ends, {} axes, {} steps",
            starts.len(),
            ends.len(),
            axes.len(),
            steps.len()
        );
        return Err(cx.error("inputs", "lists of one length", got));
    }
    cx.axes("axes", &axes, dims.len())?;
    let mut entries = everything(&dims);
    for (((start, end), axis), step) in starts.iter().zip(ends).zip(&axes).zip(&steps) {
        let axis = cx.axis("axes", *axis, dims.len())?;
        let extent = dims[axis] as i64;
        if *step == 0 {
            return Err(cx.error("steps", "not zero", step.to_string()));
        }
        let wrap = |x: i64| if x < 0 { x.saturating_add(extent) } else { x };
        let stride = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
        entries[axis] = if *step > 0 {
            let (start, end) = (wrap(*start).clamp(0, extent), wrap(*end).clamp(0, extent));
            (start..end.max(start)).step_by(stride).map(|i| Some(i as usize)).collect()
        } else {
            let (start, end) = (wrap(*start).clamp(-1, extent - 1), wrap(*end).clamp(-1, extent - 1));
            (end + 1..start.max(end) + 1).rev().step_by(stride).map(|i| Some(i as usize)).collect()
        };
    }
    Ok(vec![select(cx, x, &entries)])
}

pub(super) fn pad_attributes(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let name = if cx.has("paddings") { "paddings" } else { "pads" };
    let pads = cx.ints(name)?.ok_or_else(|| cx.error("attribute pads", "a list", "none"))?;
    let fill = cx.float("value", 0.0)?;
    let fill = cx.b.scalar(fill.into(), Kind::Float);
    pad(cx, &pads, Some(fill), None)
}

pub(super) fn pad_inputs(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let pads = cx.input_ints(1)?.ok_or_else(|| cx.error("input 1", "a list", "none"))?;
    let (fill, axes) = (cx.optional(2), cx.input_ints(3)?);
    pad(cx, &pads, fill, axes)
}

/// Where entry i of a padded axis of `extent` entries comes from.
fn padded(mode: &str, i: i64, extent: i64) -> Option<Option<i64>> {
    Some(match mode {
        "constant" => Some(i).filter(|i| (0..extent).contains(i)),
        "edge" => Some(i.clamp(0, extent - 1)),
        "wrap" => Some(i.rem_euclid(extent)),
        "reflect" if extent == 1 => Some(0),
        "reflect" => {
            let period = 2 * (extent - 1);
            let i = i.rem_euclid(period);
            Some(i.min(period - i))
        }
        _ => return None,
    })
}

fn pad(cx: &mut Context<'_>, pads: &[i64], fill: Option<Id>, axes: Option<Vec<i64>>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let axes = axes.unwrap_or_else(|| (0..dims.len() as i64).collect());
    cx.axes("axes", &axes, dims.len())?;
    if pads.len() != 2 * axes.len() {
        return Err(cx.error("pads", format!("{} integers", 2 * axes.len()), format!("{pads:?}")));
    }
    let mode = cx.string("mode", "constant")?;
    let mut entries = everything(&dims);
    for (index, axis) in axes.iter().enumerate() {
        let axis = cx.axis("axes", *axis, dims.len())?;
        let extent = dims[axis] as i64;
        let (before, after) = (pads[index], pads[index + axes.len()]);
        let limit = cx.options.max_entries as i64;
        if before.saturating_abs() > limit || after.saturating_abs() > limit || before + after + extent < 0 {
            let expected = "pads that leave entries";
            return Err(cx.error("pads", expected, format!("{pads:?} for {dims:?}")));
        }
        if extent == 0 && mode != "constant" {
            return Err(cx.error("attribute mode", "constant, as there are no entries", mode));
        }
        let list = (-before..extent + after)
            .map(|i| padded(&mode, i, extent).map(|i| i.map(|i| i as usize)))
            .collect::<Option<Vec<_>>>();
        entries[axis] =
            list.ok_or_else(|| cx.error("attribute mode", "constant, reflect, edge or wrap", mode.clone()))?;
    }
    let y = select(cx, x, &entries);
    let Some(fill) = fill.filter(|fill| mode == "constant" && cx.b.public_scalar(*fill) != Some(0.0)) else {
        return Ok(vec![y]);
    };
    // The fill value times the indicator of the padding.
    let shape: Vec<usize> = entries.iter().map(Vec::len).collect();
    let strides = crate::tensor::strides(&shape);
    let inside =
        |i: usize| (0..shape.len()).all(|axis| entries[axis][i / strides[axis] % shape[axis]].is_some());
    let kind = cx.kind(x);
    if cx.b.constant(fill).is_some_and(|fill| !fill.iter().all(f64::is_finite)) {
        // Infinite scores: a product with the indicator would be no number.
        let inside = cx.constant_ints(&shape, |i| i64::from(inside(i)));
        let inside = cx.b.cast(inside, Kind::Bool);
        let fill = cx.b.reshape(fill, &[]);
        return Ok(vec![cx.b.choose(inside, y, fill)]);
    }
    let mask = cx.constant_floats(&shape, |i| if inside(i) { 0.0 } else { 1.0 });
    let mask = cx.b.cast(mask, kind);
    let fill = cx.b.reshape(fill, &[]);
    let filled = cx.b.mul(mask, fill);
    Ok(vec![cx.b.add(y, filled)])
}
