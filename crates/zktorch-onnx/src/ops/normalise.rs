//! Normalisations by statistics of the run: LayerNormalization, RMSNormalization, InstanceNormalization,
//! GroupNormalization, MeanVarianceNormalization, LpNormalization, LRN.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use crate::Result;
use crate::program::{AxisMatrix, CHANNEL, Id, Kind};

/// What a value is normalised by, along axes.
pub(super) struct Moments {
    /// The value without its mean, where it is centred.
    difference: Id,
    /// Kept axes, extent 1.
    pub(super) mean: Id,
    /// `sqrt(mean square + epsilon)`, kept axes.
    pub(super) deviation: Id,
    /// The mean square, kept axes.
    pub(super) variance: Id,
    /// Whether the deviation is never zero.
    positive: bool,
}

/// The moments of x along axes, with `deviation = sqrt(mean((x - mean)^2) + epsilon)`.
pub(super) fn moments(cx: &mut Context<'_>, x: Id, axes: &[usize], epsilon: f64, centred: bool) -> Moments {
    let mean = cx.b.reduce_mean(x, axes, true);
    let difference = if centred { cx.b.sub(x, mean) } else { x };
    let squares = cx.b.reduce_product(difference, difference, axes, true);
    let count: usize = axes.iter().map(|axis| cx.b.dims(x)[*axis]).product();
    let variance = cx.b.scale(squares, 1.0 / count.max(1) as f64);
    let radicand = cx.b.offset(variance, epsilon);
    let deviation = cx.b.sqrt(radicand);
    Moments { difference, mean, deviation, variance, positive: epsilon > 0.0 }
}

impl Moments {
    /// `(x - mean) / deviation`, a quotient and not a product with a reciprocal: rows of small variance next to rows of a large one
    /// keep their bits.
    fn standardised(&self, cx: &mut Context<'_>) -> Id {
        match self.positive {
            true => cx.b.div_positive(self.difference, self.deviation),
            false => or_zero(cx, self.difference, self.deviation),
        }
    }

    /// `(x - mean) (gain / deviation) + bias`, for statistics of whole channels: there are few of these factors, which are rounded much
    /// finer than the product, and one rescaling of that is all that is stored of x's size.
    /// Of channels of few entries, or that may be constant, the quotient is stored.
    pub(super) fn by_channel(&self, cx: &mut Context<'_>, gain: Id, bias: Id) -> Id {
        let factors = crate::program::Builder::broadcast_dims(cx.b.dims(gain), cx.b.dims(self.deviation));
        let factors = crate::tensor::len(&factors.unwrap_or_default());
        if !self.positive || factors.saturating_mul(CHANNEL) > crate::tensor::len(cx.b.dims(self.difference))
        {
            let y = self.standardised(cx);
            let scaled = cx.b.mul(y, gain);
            return cx.b.add(scaled, bias);
        }
        let factor = cx.b.div_positive(gain, self.deviation);
        cx.b.note_of_channels(factor);
        let scaled = cx.b.mul(self.difference, factor);
        cx.b.add(scaled, bias)
    }
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
    let moments = moments(cx, x, &axes, epsilon, true);
    let (scale, bias) = (cx.input(1)?, cx.optional(2));
    let y = moments.standardised(cx);
    let y = affine(cx, y, Some(scale), bias)?;
    let mut outputs = vec![y, moments.mean];
    if cx.wants(2) {
        let one = cx.b.scalar(1.0, Kind::Float);
        outputs.push(cx.b.div_positive(one, moments.deviation));
    }
    Ok(outputs)
}

pub(super) fn rms(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, axes, epsilon) = (cx.input(0)?, trailing(cx)?, positive(cx, "epsilon", 1e-5)?);
    let y = moments(cx, x, &axes, epsilon, false).standardised(cx);
    let scale = cx.input(1)?;
    Ok(vec![affine(cx, y, Some(scale), None)?])
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
    let moments = moments(cx, x, &axes, epsilon, true);
    let scale = column(cx, 1, dims[1], dims.len())?;
    let bias = column(cx, 2, dims[1], dims.len())?;
    Ok(vec![moments.by_channel(cx, scale, bias)])
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
    let moments = moments(cx, parts, &[2], epsilon, true);
    let (count, shape) = match cx.opset >= 21 {
        true => (dims[1], vec![dims[0], groups, dims[1] / groups, inner]),
        false => (groups, vec![dims[0], groups, 1, dims[1] / groups * inner]),
    };
    let difference = cx.b.reshape(moments.difference, &shape);
    let deviation = cx.b.reshape(moments.deviation, &[dims[0], groups, 1, 1]);
    let parameter = |cx: &mut Context<'_>, index: usize| -> Result<Id> {
        let id = column(cx, index, count, 2)?;
        Ok(cx.b.reshape(id, &[1, groups, shape[2], 1]))
    };
    let (scale, bias) = (parameter(cx, 1)?, parameter(cx, 2)?);
    let y = Moments { difference, deviation, ..moments }.by_channel(cx, scale, bias);
    Ok(vec![cx.b.reshape(y, &dims)])
}

pub(super) fn mean_variance(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let axes = cx.ints("axes")?.unwrap_or_else(|| vec![0, 2, 3]);
    let axes = cx.axes("attribute axes", &axes, cx.b.rank(x))?;
    Ok(vec![moments(cx, x, &axes, 0.0, true).standardised(cx)])
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
