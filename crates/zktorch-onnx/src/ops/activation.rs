//! Activations that are one formula of their argument: one lookup each.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use crate::Result;
use crate::program::{Id, Kind};

fn x() -> Formula {
    Formula::argument()
}

fn times(formula: Formula, c: f64) -> Formula {
    formula.with_constant(Binary::Mul, c)
}

fn plus(formula: Formula, c: f64) -> Formula {
    formula.with_constant(Binary::Add, c)
}

/// 1 where x < c.
fn below(c: f64) -> Formula {
    x().with_constant(Binary::Less, c)
}

/// 1 where x > c.
fn above(c: f64) -> Formula {
    Formula::constant(c).with(Binary::Less, x())
}

fn apply(cx: &mut Context<'_>, formula: Formula) -> Result<Vec<Id>> {
    let input = cx.input(0)?;
    Ok(vec![cx.b.function(input, formula, Kind::Float)])
}

fn attribute(cx: &Context<'_>, name: &str, default: f32) -> Result<f64> {
    Ok(cx.float(name, default)?.into())
}

/// `alpha (exp(x / scale) - 1)`.
fn exponential(alpha: f64, scale: f64) -> Formula {
    let argument = if scale == 1.0 { x() } else { x().with_constant(Binary::Div, scale) };
    times(plus(argument.then(Unary::Exp), -1.0), alpha)
}

pub(super) fn elu(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let alpha = attribute(cx, "alpha", 1.0)?;
    apply(cx, below(0.0).select(exponential(alpha, 1.0), x()))
}

pub(super) fn selu(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    // Before version 6 the defaults had four decimals.
    let (alpha, gamma) = if cx.opset < 6 { (1.6732, 1.0507) } else { (1.673_263_2, 1.050_701) };
    let (alpha, gamma) = (attribute(cx, "alpha", alpha)?, attribute(cx, "gamma", gamma)?);
    apply(cx, below(0.0).select(exponential(alpha * gamma, 1.0), times(x(), gamma)))
}

/// `max(0, x) + min(0, alpha (exp(x / alpha) - 1))`.
pub(super) fn celu(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let alpha = attribute(cx, "alpha", 1.0)?;
    if alpha == 0.0 {
        return Err(cx.error("attribute alpha", "a number that is not zero", "0"));
    }
    let low = exponential(alpha, alpha).with_constant(Binary::Min, 0.0);
    apply(cx, x().with_constant(Binary::Max, 0.0).with(Binary::Add, low))
}

/// `clamp(alpha x + beta, 0, 1)`.
fn ramp(alpha: f64, beta: f64) -> Formula {
    let line = plus(times(x(), alpha), beta);
    line.with_constant(Binary::Min, 1.0).with_constant(Binary::Max, 0.0)
}

pub(super) fn hard_sigmoid(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (alpha, beta) = (attribute(cx, "alpha", 0.2)?, attribute(cx, "beta", 0.5)?);
    apply(cx, ramp(alpha, beta))
}

pub(super) fn hard_swish(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    apply(cx, x().with(Binary::Mul, ramp(1.0 / 6.0, 0.5)))
}

/// `x sigmoid(alpha x)`.
pub(super) fn swish(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let alpha = attribute(cx, "alpha", 1.0)?;
    apply(cx, x().with(Binary::Mul, times(x(), alpha).then(Unary::Sigmoid)))
}

/// `x tanh(softplus(x))`.
pub(super) fn mish(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    apply(cx, x().with(Binary::Mul, x().then(Unary::Softplus).then(Unary::Tanh)))
}

/// `x / 2 (1 + erf(x / sqrt 2))`, or its approximation by a tanh.
pub(super) fn gelu(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let half = times(x(), 0.5);
    let sigmoid = match &*cx.string("approximate", "none")? {
        "none" => times(x(), core::f64::consts::FRAC_1_SQRT_2).then(Unary::Erf),
        "tanh" => {
            let cube = times(x().with(Binary::Mul, x()).with(Binary::Mul, x()), 0.044715);
            let factor = (2.0 / core::f64::consts::PI).sqrt();
            times(x().with(Binary::Add, cube), factor).then(Unary::Tanh)
        }
        other => return Err(cx.error("attribute approximate", "none or tanh", other)),
    };
    apply(cx, half.with(Binary::Mul, plus(sigmoid, 1.0)))
}

/// `if x > alpha { x } else { 0 }`.
pub(super) fn thresholded_relu(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let alpha = attribute(cx, "alpha", 1.0)?;
    apply(cx, above(alpha).select(x(), Formula::constant(0.0)))
}

/// `x + bias` below `-lambd`, `x - bias` above `lambd`, else 0.
pub(super) fn shrink(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (bias, lambd) = (attribute(cx, "bias", 0.0)?, attribute(cx, "lambd", 0.5)?);
    let high = above(lambd).select(plus(x(), -bias), Formula::constant(0.0));
    let input = cx.input(0)?;
    let formula = below(-lambd).select(plus(x(), bias), high);
    let kind = cx.kind(input);
    Ok(vec![cx.b.function(input, formula, kind)])
}

pub(super) fn softplus(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    apply(cx, x().then(Unary::Softplus))
}

/// `x / (1 + |x|)`.
pub(super) fn softsign(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    apply(cx, x().with(Binary::Div, plus(x().then(Unary::Abs), 1.0)))
}

/// `x` where it is positive, else `slope x`.
pub(super) fn prelu(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (input, mut slope) = (cx.input(0)?, cx.input(1)?);
    let dims = cx.dims(input);
    let kind = cx.kind(input);
    if let Some(slope) = cx.b.public_scalar(slope).filter(|_| kind == Kind::Float) {
        return apply(cx, below(0.0).select(times(x(), slope), x()));
    }
    // Before version 7 a slope of one axis is one number per channel.
    if cx.opset < 7 && cx.b.rank(slope) == 1 && cx.b.len(slope) > 1 && dims.len() > 2 {
        let mut channels = vec![1; dims.len() - 1];
        channels[0] = cx.b.len(slope);
        slope = cx.b.reshape(slope, &channels);
    }
    let positive = cx.b.function(input, x().with_constant(Binary::Max, 0.0), kind);
    let negative = cx.b.sub(input, positive);
    let scaled = cx.b.mul(negative, slope);
    let y = cx.b.add(positive, scaled);
    match cx.dims(y) == dims {
        true => Ok(vec![y]),
        false => {
            let got = format!("{:?}", cx.dims(slope));
            Err(cx.error("input 1 (slope)", format!("extents that broadcast to {dims:?}"), got))
        }
    }
}
