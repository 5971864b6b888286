//! Quantised numbers: integers are exact, what is rounded to them is rounded once, to the nearest with ties
//! to even.

mod product;

use zktorch_graph::{Binary, Formula, Unary};

pub(super) use self::product::{conv_integer, matmul_integer, qlinear_conv, qlinear_matmul};
use super::Context;
use crate::program::{Id, Kind};
use crate::{IntTensor, Result};

const UINT8: i32 = 2;

/// Smallest and largest number of an element type.
fn bounds(element: i32) -> Option<(f64, f64)> {
    let bits = |signed: bool, bits: i32| match signed {
        true => (-f64::powi(2.0, bits - 1), f64::powi(2.0, bits - 1) - 1.0),
        false => (0.0, f64::powi(2.0, bits) - 1.0),
    };
    Some(match element {
        2 => bits(false, 8),
        3 => bits(true, 8),
        4 => bits(false, 16),
        5 => bits(true, 16),
        21 => bits(false, 4),
        22 => bits(true, 4),
        25 => bits(false, 2),
        26 => bits(true, 2),
        _ => return None,
    })
}

/// The element type that results have: told by an attribute, by the zero point at `index`, or uint8.
fn element(cx: &Context<'_>, index: usize) -> Result<i32> {
    let stated = cx.int("output_dtype", 0)? as i32;
    let element = match cx.optional(index) {
        Some(id) => cx.b.value(id).element.ok_or_else(|| {
            let got = "a value of an operator";
            cx.error(format!("input {index} (zero point)"), "an input, an initialiser or a Constant", got)
        })?,
        None if stated != 0 => stated,
        None => UINT8,
    };
    match bounds(element) {
        Some(_) => Ok(element),
        None => {
            let got = crate::model::type_name(element);
            Err(cx.error("element type of the result", "an integer type of 2 to 16 bits", got))
        }
    }
}

/// A scale or a zero point with axes that broadcast to a tensor: one number, one per entry of an axis, or one
/// per block of it.
fn parameter(cx: &mut Context<'_>, index: usize, dims: &[usize], axis: i64) -> Result<Option<Id>> {
    let Some(id) = cx.optional(index) else { return Ok(None) };
    let own = cx.dims(id);
    if cx.b.len(id) == 1 {
        return Ok(Some(cx.b.reshape(id, &[])));
    }
    let axis = cx.axis("attribute axis", axis, dims.len())?;
    if own == [dims[axis]] {
        let mut column = vec![1; dims.len()];
        column[axis] = dims[axis];
        return Ok(Some(cx.b.reshape(id, &column)));
    }
    let size = usize::try_from(cx.int("block_size", 0)?).ok().filter(|size| *size > 0);
    let mut blocks = dims.to_vec();
    if let Some(size) = size {
        blocks[axis] = dims[axis].div_ceil(size);
        if own == blocks {
            return Ok(Some(cx.b.select(id, axis, dims[axis], |p| Some(p / size))));
        }
    }
    let expected = format!("one number, extents [{}], or blocks along axis {axis} of {dims:?}", dims[axis]);
    Err(cx.error(format!("input {index}"), expected, format!("extents {own:?}")))
}

/// clamp(round(x) + zero, bounds of the element type).
fn saturated(cx: &mut Context<'_>, x: Id, zero: Option<Id>, element: i32) -> Id {
    let (lo, hi) = bounds(element).unwrap_or((0.0, 255.0));
    let rounded = Formula::argument().then(Unary::Round);
    let clamp = |formula: Formula, lo: f64, hi: f64| {
        formula.with_constant(Binary::Max, lo).with_constant(Binary::Min, hi)
    };
    let public = zero.map_or(Some(0.0), |zero| cx.b.public_scalar(zero));
    let id = match (public, zero) {
        (Some(zero), _) => {
            cx.b.function(x, clamp(rounded.with_constant(Binary::Add, zero), lo, hi), Kind::Int)
        }
        (None, Some(zero)) => {
            // Further away, any zero point leaves the bounds.
            let (far, near) = (hi - lo, lo - hi);
            let near = cx.b.function(x, clamp(rounded, near, far), Kind::Int);
            let sum = cx.b.add(near, zero);
            cx.b.function(sum, clamp(Formula::argument(), lo, hi), Kind::Int)
        }
        (None, None) => x,
    };
    cx.b.set_element(id, element);
    id
}

/// x / scale, rounded to the nearest integer with ties to even: of the two quotients themselves, not of a number that was
/// rounded before.
fn rounded_quotient(cx: &mut Context<'_>, x: Id, scale: Id) -> Id {
    let dims = cx.dims(x);
    let (unit, parts) = cx.b.as_part(scale);
    let twice = cx.b.scale(unit, 2.0);
    let twice = cx.b.broadcast(twice, &dims);
    // Rounded up and down at a half; they differ at ties, where the even one of them counts.
    let up = cx.b.sum(&[(2.0 * f64::from(parts), x), (1.0, unit)]);
    let up = cx.b.floor_div(up, twice);
    if !parts.is_power_of_two() {
        // A tie is one of real numbers, not of the scale as floats round it: it goes up.
        return up;
    }
    let down = cx.b.sum(&[(-2.0 * f64::from(parts), x), (1.0, unit)]);
    let down = cx.b.floor_div(down, twice);
    let down = cx.b.scale(down, -1.0);
    let two = cx.b.scalar(2.0, Kind::Int);
    let half = cx.b.floor_div(down, two);
    let odd = cx.b.sum(&[(1.0, down), (-2.0, half)]);
    let tie = cx.b.sub(up, down);
    let correction = cx.b.mul(tie, odd);
    cx.b.add(down, correction)
}

/// As [`saturated`], of `x / scale`, for scales of the run and types that are too wide for a lookup: integer quotients, and
/// maxima of integers.
fn saturated_exactly(cx: &mut Context<'_>, x: Id, scale: Id, zero: Option<Id>, element: i32) -> Id {
    let dims = cx.dims(x);
    let mut y = rounded_quotient(cx, x, scale);
    if let Some(zero) = zero {
        y = cx.b.add(y, zero);
    }
    let (lo, hi) = bounds(element).unwrap_or((0.0, 255.0));
    // Compared as integers of any width, not looked up.
    let limit = |cx: &mut Context<'_>, limit: f64| {
        let tensor = IntTensor::from_fn(dims.clone(), |_| limit as i64);
        cx.b.constant_of("limit of the element type", tensor.into(), Kind::Int, false)
    };
    let (lo, hi) = (limit(cx, lo), limit(cx, hi));
    let y = cx.b.clamp(y, Some(lo), Some(hi));
    cx.b.set_element(y, element);
    y
}

/// x / scale for a positive scale.
fn over(cx: &mut Context<'_>, x: Id, scale: Id) -> Id {
    match cx.b.constant(scale) {
        Some(_) => cx.b.div(x, scale),
        None => {
            let x = cx.b.cast(x, Kind::Float);
            cx.b.div_positive(x, scale)
        }
    }
}

fn positive(cx: &Context<'_>, index: usize) -> Result<()> {
    let constant = cx.optional(index).and_then(|id| cx.b.constant(id));
    match constant.and_then(|tensor| tensor.iter().find(|scale| *scale <= 0.0)) {
        None => Ok(()),
        Some(bad) => Err(cx.error(format!("input {index} (scale)"), "positive numbers", bad.to_string())),
    }
}

pub(super) fn quantize_linear(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let (dims, axis, element) = (cx.dims(x), cx.int("axis", 1)?, element(cx, 2)?);
    positive(cx, 1)?;
    let scale = parameter(cx, 1, &dims, axis)?.ok_or_else(|| cx.error("input 1", "a value", "none"))?;
    let zero = parameter(cx, 2, &dims, axis)?;
    if matches!(element, 4 | 5) || cx.b.constant(scale).is_none() {
        return Ok(vec![saturated_exactly(cx, x, scale, zero, element)]);
    }
    let x = cx.b.div(x, scale);
    Ok(vec![saturated(cx, x, zero, element)])
}

pub(super) fn dequantize_linear(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let (dims, axis) = (cx.dims(x), cx.int("axis", 1)?);
    let scale = parameter(cx, 1, &dims, axis)?.ok_or_else(|| cx.error("input 1", "a value", "none"))?;
    let zero = parameter(cx, 2, &dims, axis)?;
    let x = centred(cx, x, zero);
    Ok(vec![cx.b.mul(x, scale)])
}

/// x - zero, of integers.
fn centred(cx: &mut Context<'_>, x: Id, zero: Option<Id>) -> Id {
    match zero {
        Some(zero) if cx.b.public_scalar(zero) != Some(0.0) => cx.b.sub(x, zero),
        _ => x,
    }
}

/// Outputs: integers, their scale and their zero point, from the smallest and the largest entry.
pub(super) fn dynamic_quantize_linear(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let axes: Vec<usize> = (0..cx.b.rank(x)).collect();
    // Before the maxima, which round what they read.
    let scaled = cx.b.scale(x, 510.0);
    let zero = cx.b.scalar(0.0, Kind::Float);
    let (largest, smallest) = (cx.b.reduce_max(x, &axes, false), cx.b.reduce_min(x, &axes, false));
    let (largest, smallest) = (cx.b.max(largest, zero), cx.b.min(smallest, zero));
    let range = cx.b.sub(largest, smallest);
    let scale = cx.b.scale(range, 1.0 / 255.0);
    let steps = |cx: &mut Context<'_>, scaled: Id| {
        // To the nearest: floor((2 a + b) / (2 b)). A tie is one of real numbers, not of the rounded scale:
        // it goes up.
        let dividend = cx.b.add(scaled, range);
        let divisor = cx.b.scale(range, 2.0);
        cx.b.floor_div(dividend, divisor)
    };
    let below = cx.b.scale(smallest, -510.0);
    let zero = steps(cx, below);
    cx.b.set_element(zero, UINT8);
    let y = steps(cx, scaled);
    let y = cx.b.add(y, zero);
    let clamp = Formula::argument().with_constant(Binary::Max, 0.0).with_constant(Binary::Min, 255.0);
    let y = cx.b.function(y, clamp, Kind::Int);
    cx.b.set_element(y, UINT8);
    Ok(vec![y, scale, zero])
}
