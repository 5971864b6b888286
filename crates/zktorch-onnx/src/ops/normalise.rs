//! Normalisations by statistics of the run: LayerNormalization, RMSNormalization, InstanceNormalization,
//! GroupNormalization, MeanVarianceNormalization, LpNormalization, LRN.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use crate::Result;
use crate::program::{AxisMatrix, Id, Kind};

/// A value with mean 0 (where it is centred) and mean square 1 along axes.
pub(super) struct Standard {
    pub(super) y: Id,
    /// Kept axes, extent 1.
    pub(super) mean: Id,
    /// `sqrt(mean square + epsilon)`, kept axes.
    pub(super) deviation: Id,
    /// The mean square, kept axes.
    pub(super) variance: Id,
}

/// `(x - mean) / sqrt(mean((x - mean)^2) + epsilon)` along axes. Quotients, not products with a reciprocal:
/// rows of small variance next to rows of a large one keep their bits.
pub(super) fn standardised(
    cx: &mut Context<'_>,
    x: Id,
    axes: &[usize],
    epsilon: f64,
    centred: bool,
) -> Standard {
    let mean = cx.b.reduce_mean(x, axes, true);
    let difference = if centred { cx.b.sub(x, mean) } else { x };
    let squares = cx.b.reduce_product(difference, difference, axes, true);
    let count: usize = axes.iter().map(|axis| cx.b.dims(x)[*axis]).product();
    let variance = cx.b.scale(squares, 1.0 / count.max(1) as f64);
    let radicand = cx.b.offset(variance, epsilon);
    let deviation = cx.b.sqrt(radicand);
    let y = match epsilon > 0.0 {
        true => cx.b.div_positive(difference, deviation),
        false => or_zero(cx, difference, deviation),
    };
    Standard { y, mean, deviation, variance }
}

/// a / b where b is not negative; 0 where both are zero.
fn or_zero(cx: &mut Context<'_>, a: Id, b: Id) -> Id {
    let zero = cx.b.function(b, Formula::argument().then(Unary::IsZero), Kind::Float);
    let b = cx.b.add(b, zero);
    cx.b.div_positive(a, b)
}

fn positive(cx: &Context<'_>, name: &str, default: f32) -> Result<f64> {
    match cx.float(name, default)? {
        x if x > 0.0 && x.is_finite() => Ok(x.into()),
        x => Err(cx.error(format!("attribute {name}"), "a positive number", x.to_string())),
    }
}

/// `x scale + bias` for operands that broadcast to x.
fn affine(cx: &mut Context<'_>, x: Id, scale: Option<Id>, bias: Option<Id>) -> Result<Id> {
    let dims = cx.dims(x);
    let mut y = x;
    for (id, product) in [(scale, true), (bias, false)] {
        let Some(id) = id else { continue };
        let joint = crate::program::Builder::broadcast_dims(&dims, cx.b.dims(id));
        if joint.as_deref() != Some(&dims) {
            let got = format!("{:?}", cx.b.dims(id));
            return Err(cx.error("scale and bias", format!("extents that broadcast to {dims:?}"), got));
        }
        y = if product { cx.b.mul(y, id) } else { cx.b.add(y, id) };
    }
    Ok(y)
}

/// The axes from the attribute's on.
fn trailing(cx: &Context<'_>) -> Result<Vec<usize>> {
    let rank = cx.b.rank(cx.input(0)?);
    let axis = cx.axis("attribute axis", cx.int("axis", -1)?, rank)?;
    Ok((axis..rank).collect())
}

pub(super) fn layer(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, axes, epsilon) = (cx.input(0)?, trailing(cx)?, positive(cx, "epsilon", 1e-5)?);
    let standard = standardised(cx, x, &axes, epsilon, true);
    let (scale, bias) = (cx.input(1)?, cx.optional(2));
    let y = affine(cx, standard.y, Some(scale), bias)?;
    let mut outputs = vec![y, standard.mean];
    if cx.wants(2) {
        let one = cx.b.scalar(1.0, Kind::Float);
        outputs.push(cx.b.div_positive(one, standard.deviation));
    }
    Ok(outputs)
}

pub(super) fn rms(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, axes, epsilon) = (cx.input(0)?, trailing(cx)?, positive(cx, "epsilon", 1e-5)?);
    let standard = standardised(cx, x, &axes, epsilon, false);
    let scale = cx.input(1)?;
    Ok(vec![affine(cx, standard.y, Some(scale), None)?])
}

/// The extents [N, C, ..] of the input.
fn channels(cx: &Context<'_>) -> Result<(Id, Vec<usize>)> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    match dims.len() >= 2 {
        true => Ok((x, dims)),
        false => Err(cx.error("input 0", "extents [N, C, ..]", format!("{dims:?}"))),
    }
}

/// Input `index` as a column of `count` entries over axis 1 of `rank` axes.
fn column(cx: &mut Context<'_>, index: usize, count: usize, rank: usize) -> Result<Id> {
    let id = cx.input(index)?;
    if cx.dims(id) != [count] {
        let got = format!("extents {:?}", cx.dims(id));
        return Err(cx.error(format!("input {index}"), format!("extents [{count}]"), got));
    }
    let mut dims = vec![1; rank];
    dims[1] = count;
    Ok(cx.b.reshape(id, &dims))
}

pub(super) fn instance(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, dims) = channels(cx)?;
    let axes: Vec<usize> = (2..dims.len()).collect();
    let epsilon = positive(cx, "epsilon", 1e-5)?;
    let standard = standardised(cx, x, &axes, epsilon, true);
    let scale = column(cx, 1, dims[1], dims.len())?;
    let bias = column(cx, 2, dims[1], dims.len())?;
    Ok(vec![affine(cx, standard.y, Some(scale), Some(bias))?])
}

/// Scale and bias belong to groups before opset 21, to channels since.
pub(super) fn group(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, dims) = channels(cx)?;
    let groups = match usize::try_from(cx.int("num_groups", 0)?) {
        Ok(groups) if groups > 0 && dims[1] > 0 && dims[1].is_multiple_of(groups) => groups,
        _ => {
            let got = cx.int("num_groups", 0)?.to_string();
            return Err(cx.error("attribute num_groups", format!("a divisor of {} channels", dims[1]), got));
        }
    };
    let inner = dims[2..].iter().product::<usize>();
    let split = [dims[0], groups, dims[1] / groups * inner];
    let parts = cx.b.reshape(x, &split);
    let epsilon = positive(cx, "epsilon", 1e-5)?;
    let standard = standardised(cx, parts, &[2], epsilon, true);
    let by_channel = cx.opset >= 21;
    let (count, shape) = match by_channel {
        true => (dims[1], vec![dims[0], dims[1], inner]),
        false => (groups, split.to_vec()),
    };
    let y = cx.b.reshape(standard.y, &shape);
    let (scale, bias) = (column(cx, 1, count, 3)?, column(cx, 2, count, 3)?);
    let y = affine(cx, y, Some(scale), Some(bias))?;
    Ok(vec![cx.b.reshape(y, &dims)])
}

pub(super) fn mean_variance(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let axes = cx.ints("axes")?.unwrap_or_else(|| vec![0, 2, 3]);
    let axes = cx.axes("attribute axes", &axes, cx.b.rank(x))?;
    Ok(vec![standardised(cx, x, &axes, 0.0, true).y])
}

pub(super) fn lp(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let axis = cx.axis("attribute axis", cx.int("axis", -1)?, cx.b.rank(x))?;
    let norm = match cx.int("p", 2)? {
        1 => {
            let absolute = cx.b.function(x, Formula::argument().then(Unary::Abs), Kind::Float);
            cx.b.reduce_sum(absolute, &[axis], true)
        }
        2 => {
            let squares = cx.b.reduce_product(x, x, &[axis], true);
            cx.b.sqrt(squares)
        }
        other => return Err(cx.error("attribute p", "1 or 2", other.to_string())),
    };
    Ok(vec![or_zero(cx, x, norm)])
}

/// `x (bias + alpha / size sum of squares of the channels around)^-beta`.
pub(super) fn local_response(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, dims) = channels(cx)?;
    let size = match usize::try_from(cx.int("size", 0)?) {
        Ok(size) if size > 0 => size,
        _ => return Err(cx.error("attribute size", "a positive integer", cx.int("size", 0)?.to_string())),
    };
    let (alpha, beta, bias) = (cx.float("alpha", 1e-4)?, cx.float("beta", 0.75)?, cx.float("bias", 1.0)?);
    let (before, after) = ((size - 1) / 2, (size - 1).div_ceil(2));
    let square = cx.b.mul(x, x);
    let window = |p: usize| p.saturating_sub(before)..p.saturating_add(after).saturating_add(1).min(dims[1]);
    let entries = (0..dims[1]).flat_map(|p| window(p).map(move |q| (p as u32, q as u32, 1))).collect();
    let sum = cx.b.map(square, 1, AxisMatrix::new(dims[1], entries, 1));
    let factor = Formula::argument()
        .with_constant(Binary::Mul, f64::from(alpha) / size as f64)
        .with_constant(Binary::Add, bias.into())
        .with_constant(Binary::Pow, -f64::from(beta));
    let factor = cx.b.function(sum, factor, Kind::Float);
    Ok(vec![cx.b.mul(x, factor)])
}
