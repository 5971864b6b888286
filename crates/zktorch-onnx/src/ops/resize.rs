//! Resize and Upsample: one sparse matrix per axis.

use super::Context;
use super::indices::bounded;
use super::resize_axis::{Axis, Coordinates, Method, Rounding};
use crate::Result;
use crate::program::{AxisMatrix, Id, Kind};

/// Upsample: scales in an attribute, in two attributes, or in an input.
pub(super) fn upsample(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let rank = cx.b.rank(cx.input(0)?);
    let scales = if cx.has("height_scale") || cx.has("width_scale") {
        let (height, width) = (cx.float("height_scale", 1.0)?, cx.float("width_scale", 1.0)?);
        let mut scales = vec![1.0; rank];
        if let [.., h, w] = &mut scales[..] {
            (*h, *w) = (height.into(), width.into());
        }
        scales
    } else if let Some(scales) = cx.floats("scales")? {
        scales.into_iter().map(f64::from).collect()
    } else {
        floats(cx, 1)?.ok_or_else(|| cx.error("input 1", "scales", "none"))?
    };
    asymmetric(cx, scales)
}

/// Resize of opset 10 is Upsample with an input.
pub(super) fn resize_first(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let scales = floats(cx, 1)?.ok_or_else(|| cx.error("input 1", "scales", "none"))?;
    asymmetric(cx, scales)
}

fn asymmetric(cx: &mut Context<'_>, scales: Vec<f64>) -> Result<Vec<Id>> {
    let method = match cx.string("mode", "nearest")?.as_str() {
        "nearest" => Method::Nearest(Rounding::Floor),
        "linear" | "bilinear" => Method::Linear,
        other => return Err(cx.error("attribute mode", "nearest or linear", other)),
    };
    let dims = cx.dims(cx.input(0)?);
    check_scales(cx, &scales, dims.len())?;
    let plan = dims.iter().zip(&scales).map(|(input, scale)| Axis {
        input: *input,
        output: (*input as f64 * scale).floor() as usize,
        scale: *scale,
        coordinates: Coordinates::Asymmetric,
        method,
        antialias: false,
        exclude_outside: false,
    });
    apply(cx, &plan.collect::<Vec<_>>(), 0.0)
}

/// Input `index` as a constant list of real numbers; none if it is absent or empty.
fn floats(cx: &Context<'_>, index: usize) -> Result<Option<Vec<f64>>> {
    let list = cx.input_constant(index)?.map(|tensor| tensor.iter().collect::<Vec<_>>());
    Ok(list.filter(|list| !list.is_empty()))
}

fn check_scales(cx: &Context<'_>, scales: &[f64], count: usize) -> Result<()> {
    let good = scales.len() == count && scales.iter().all(|scale| *scale > 0.0 && *scale <= 65_536.0);
    match good {
        true => Ok(()),
        false => Err(cx.error("scales", format!("{count} numbers in (0, 2^16]"), format!("{scales:?}"))),
    }
}

pub(super) fn resize(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let dims = cx.dims(cx.input(0)?);
    let given = cx.ints("axes")?.unwrap_or_else(|| (0..dims.len() as i64).collect());
    cx.axes("attribute axes", &given, dims.len())?;
    let axes =
        given.iter().map(|axis| cx.axis("attribute axes", *axis, dims.len())).collect::<Result<Vec<_>>>()?;
    let inputs: Vec<usize> = axes.iter().map(|axis| dims[*axis]).collect();
    let (scales, outputs) = match floats(cx, 2)? {
        Some(scales) => {
            check_scales(cx, &scales, axes.len())?;
            let outputs =
                inputs.iter().zip(&scales).map(|(input, scale)| (*input as f64 * scale).floor() as usize);
            let outputs = outputs.collect();
            (scales, outputs)
        }
        None => sizes(cx, &inputs)?,
    };
    let roi = floats(cx, 1)?;
    let mode = cx.string("coordinate_transformation_mode", "half_pixel")?;
    let half_pixel = |index: usize| -> Result<Coordinates> {
        Ok(match mode.as_str() {
            "half_pixel" | "tf_half_pixel_for_nn" => Coordinates::HalfPixel,
            "half_pixel_symmetric" => Coordinates::Symmetric,
            "pytorch_half_pixel" => Coordinates::PytorchHalfPixel,
            "align_corners" => Coordinates::AlignCorners,
            "asymmetric" => Coordinates::Asymmetric,
            "tf_crop_and_resize" => {
                let list = roi.as_deref().filter(|roi| roi.len() == 2 * axes.len());
                let list = list.ok_or_else(|| {
                    cx.error("input 1", format!("{} coordinates", 2 * axes.len()), format!("{roi:?}"))
                })?;
                Coordinates::Crop(list[index], list[index + axes.len()])
            }
            other => {
                let expected = "half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, \
                                asymmetric or tf_crop_and_resize";
                return Err(cx.error("attribute coordinate_transformation_mode", expected, other));
            }
        })
    };
    let rounding = match cx.string("nearest_mode", "round_prefer_floor")?.as_str() {
        "round_prefer_floor" => Rounding::PreferFloor,
        "round_prefer_ceil" => Rounding::PreferCeil,
        "floor" => Rounding::Floor,
        "ceil" => Rounding::Ceil,
        other => return Err(cx.error("attribute nearest_mode", "floor, ceil or round_prefer_..", other)),
    };
    let method = match cx.string("mode", "nearest")?.as_str() {
        "nearest" => Method::Nearest(rounding),
        "linear" => Method::Linear,
        "cubic" => match cx.float("cubic_coeff_a", -0.75)? {
            a if a.abs() <= 16.0 => Method::Cubic(a.into()),
            a => return Err(cx.error("attribute cubic_coeff_a", "from -16 to 16", a.to_string())),
        },
        other => return Err(cx.error("attribute mode", "nearest, linear or cubic", other)),
    };
    let (antialias, exclude_outside) = (cx.flag("antialias", false)?, cx.flag("exclude_outside", false)?);
    let mut plan: Vec<Axis> = dims.iter().map(|dim| Axis::kept(*dim)).collect();
    for (index, axis) in axes.iter().enumerate() {
        let coordinates = half_pixel(index)?;
        let (input, output, scale) = (inputs[index], outputs[index], scales[index]);
        plan[*axis] = Axis { input, output, scale, coordinates, method, antialias, exclude_outside };
    }
    let fill = cx.float("extrapolation_value", 0.0)?;
    apply(cx, &plan, fill.into())
}

/// Scales and extents of the result from wanted extents.
fn sizes(cx: &Context<'_>, inputs: &[usize]) -> Result<(Vec<f64>, Vec<usize>)> {
    let sizes = floats(cx, 3)?.ok_or_else(|| cx.error("inputs 2 and 3", "scales or sizes", "neither"))?;
    let good = sizes.len() == inputs.len() && sizes.iter().all(|size| (1.0..=16_777_216.0).contains(size));
    if !good || inputs.contains(&0) {
        let expected = format!("{} extents for {inputs:?}", inputs.len());
        return Err(cx.error("input 3", expected, format!("{sizes:?}")));
    }
    let scales = sizes.iter().zip(inputs).map(|(size, input)| size / *input as f64).collect::<Vec<_>>();
    let joint = match cx.string("keep_aspect_ratio_policy", "stretch")?.as_str() {
        "stretch" => return Ok((scales, sizes.iter().map(|size| *size as usize).collect())),
        "not_larger" => scales.iter().copied().fold(f64::INFINITY, f64::min),
        "not_smaller" => scales.iter().copied().fold(0.0, f64::max),
        other => {
            let expected = "stretch, not_larger or not_smaller";
            return Err(cx.error("attribute keep_aspect_ratio_policy", expected, other));
        }
    };
    // Halves are rounded up.
    let outputs =
        inputs.iter().map(|input| (joint * *input as f64 + 0.5).floor().max(1.0) as usize).collect();
    Ok((vec![joint; inputs.len()], outputs))
}

/// One matrix per axis; entries outside of a cropped region are `fill`.
fn apply(cx: &mut Context<'_>, plan: &[Axis], fill: f64) -> Result<Vec<Id>> {
    let mut value = cx.input(0)?;
    let out: Vec<usize> = plan.iter().map(|axis| axis.output).collect();
    bounded(cx, "result", &out)?;
    if out.contains(&0) {
        return Err(cx.error("result", "entries", format!("extents {out:?}")));
    }
    if let Some(most) = plan.iter().map(|axis| axis.output.saturating_mul(axis.taps())).max()
        && most > cx.options.max_entries
    {
        return Err(cx.error("scales", "smaller windows", format!("{most} coefficients")));
    }
    // The bits of a coefficient: less where several axes multiply theirs.
    let smooth = plan.iter().filter(|axis| !axis.is_selection()).count();
    let bits = if smooth <= 2 { 14 } else { 12 };
    let mut outside = vec![Vec::new(); plan.len()];
    for (axis, this) in plan.iter().enumerate().filter(|(_, this)| !this.is_kept()) {
        let (entries, divisor) = this.matrix(bits);
        outside[axis] = this.outside();
        value = cx.b.map(value, axis, AxisMatrix::new(this.output, entries, divisor));
    }
    if fill == 0.0 || outside.iter().all(|list| !list.contains(&true)) {
        return Ok(vec![value]);
    }
    let is_outside = |i: usize| {
        let place = super::indices::unravel(i, &out);
        place.iter().zip(&outside).any(|(p, list)| list.get(*p) == Some(&true))
    };
    let mask = cx.constant_floats(&out, |i| if is_outside(i) { fill as f32 } else { 0.0 });
    let kind = cx.kind(value);
    let mask = if kind == Kind::Float { mask } else { cx.b.cast(mask, kind) };
    Ok(vec![cx.b.add(value, mask)])
}
