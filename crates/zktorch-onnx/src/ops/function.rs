//! Relu, LeakyRelu, Clip, Sigmoid, Tanh: functions of one number.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use crate::Result;
use crate::program::{Id, Kind};

fn x() -> Formula {
    Formula::argument()
}

fn apply(cx: &mut Context<'_>, formula: Formula) -> Result<Vec<Id>> {
    let input = cx.input(0)?;
    Ok(vec![cx.b.function(input, formula, Kind::Float)])
}

pub(super) fn relu(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let input = cx.input(0)?;
    let kind = cx.kind(input);
    Ok(vec![cx.b.function(input, x().with_constant(Binary::Max, 0.0), kind)])
}

/// `if x < 0 { a x } else { x }`.
pub(super) fn leaky_relu(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let alpha = cx.float("alpha", 0.01)?;
    let negative = x().with_constant(Binary::Less, 0.0);
    apply(cx, negative.select(x().with_constant(Binary::Mul, alpha.into()), x()))
}

pub(super) fn sigmoid(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    apply(cx, x().then(Unary::Sigmoid))
}

pub(super) fn tanh(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    apply(cx, x().then(Unary::Tanh))
}

pub(super) fn clip_attributes(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (lo, hi) = (cx.float("min", f32::MIN)?, cx.float("max", f32::MAX)?);
    let input = cx.input(0)?;
    let (lo, hi) = (cx.b.scalar(lo.into(), Kind::Float), cx.b.scalar(hi.into(), Kind::Float));
    clip(cx, input, Some(lo), Some(hi))
}

pub(super) fn clip_inputs(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    clip(cx, cx.input(0)?, cx.optional(1), cx.optional(2))
}

fn clip(cx: &mut Context<'_>, x: Id, lo: Option<Id>, hi: Option<Id>) -> Result<Vec<Id>> {
    // Bounds that no number reaches change nothing.
    let bound = |cx: &Context<'_>, id: Option<Id>| {
        let most = if cx.kind(x) == Kind::Float { 3.4e38 } else { 2f64.powi(31) };
        let far = |id: &Id| cx.b.constant(*id).is_some_and(|t| t.len() == 1 && t.get(0).abs() >= most);
        id.filter(|id| !far(id))
    };
    let (lo, hi) = (bound(cx, lo), bound(cx, hi));
    Ok(vec![cx.b.clamp(x, lo, hi)])
}
