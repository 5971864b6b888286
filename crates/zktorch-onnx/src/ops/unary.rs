//! Elementary functions of one number.

use zktorch_graph::{Formula, Unary};

use super::Context;
use crate::Result;
use crate::program::{Id, Kind};

/// A function of real numbers.
fn real(cx: &mut Context<'_>, function: Unary) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    Ok(vec![cx.b.function(x, Formula::argument().then(function), Kind::Float)])
}

/// A function that leaves integers as they are.
fn rounding(cx: &mut Context<'_>, function: Unary) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    if cx.kind(x) != Kind::Float {
        return Ok(vec![x]);
    }
    real(cx, function)
}

pub(super) fn floor(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    rounding(cx, Unary::Floor)
}

pub(super) fn ceil(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    rounding(cx, Unary::Ceil)
}

pub(super) fn round(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    rounding(cx, Unary::Round)
}

pub(super) fn exp(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Exp)
}

pub(super) fn log(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Log)
}

pub(super) fn erf(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Erf)
}

pub(super) fn sin(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Sin)
}

pub(super) fn cos(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Cos)
}

pub(super) fn tan(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Tan)
}

pub(super) fn asin(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Asin)
}

pub(super) fn acos(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Acos)
}

pub(super) fn atan(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Atan)
}

pub(super) fn sinh(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Sinh)
}

pub(super) fn cosh(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Cosh)
}

pub(super) fn asinh(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Asinh)
}

pub(super) fn acosh(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Acosh)
}

pub(super) fn atanh(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    real(cx, Unary::Atanh)
}

/// The root is a step of its own: a table is too coarse near zero.
pub(super) fn sqrt(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    Ok(vec![cx.b.sqrt(x)])
}

pub(super) fn reciprocal(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let one = cx.b.scalar(1.0, Kind::Float);
    Ok(vec![cx.b.div(one, x)])
}

pub(super) fn neg(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    Ok(vec![cx.b.scale(x, -1.0)])
}

pub(super) fn sign(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let kind = cx.kind(x);
    Ok(vec![cx.b.function(x, Formula::argument().then(Unary::Sign), kind)])
}

pub(super) fn abs(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    Ok(vec![match cx.kind(x) {
        Kind::Float => cx.b.function(x, Formula::argument().then(Unary::Abs), Kind::Float),
        Kind::Int => cx.b.int_abs(x),
        Kind::Bool => x,
    }])
}
