//! Comparisons, booleans, Where, IsNaN and IsInf.

use super::Context;
use super::arithmetic::operands;
use crate::program::{Id, Kind};
use crate::{IntTensor, Result};

pub(super) fn equal(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = operands(cx)?;
    Ok(vec![cx.b.equal(a, b)])
}

pub(super) fn less(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = operands(cx)?;
    Ok(vec![cx.b.less(a, b)])
}

pub(super) fn greater(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = operands(cx)?;
    Ok(vec![cx.b.less(b, a)])
}

pub(super) fn less_or_equal(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = operands(cx)?;
    let greater = cx.b.less(b, a);
    Ok(vec![cx.b.not(greater)])
}

pub(super) fn greater_or_equal(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = operands(cx)?;
    let less = cx.b.less(a, b);
    Ok(vec![cx.b.not(less)])
}

/// Operands that are booleans.
fn booleans(cx: &mut Context<'_>) -> Result<(Id, Id)> {
    let (a, b) = operands(cx)?;
    Ok((cx.b.cast(a, Kind::Bool), cx.b.cast(b, Kind::Bool)))
}

pub(super) fn and(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = booleans(cx)?;
    Ok(vec![cx.b.and(a, b)])
}

pub(super) fn or(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = booleans(cx)?;
    Ok(vec![cx.b.or(a, b)])
}

pub(super) fn xor(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = booleans(cx)?;
    Ok(vec![cx.b.xor(a, b)])
}

pub(super) fn not(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let x = cx.b.cast(x, Kind::Bool);
    Ok(vec![cx.b.not(x)])
}

pub(super) fn choose(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (condition, a, b) = (cx.input(0)?, cx.input(1)?, cx.input(2)?);
    let condition = cx.b.cast(condition, Kind::Bool);
    Ok(vec![cx.b.choose(condition, a, b)])
}

/// A question about numbers that are not finite: values of a run never are any, constants may be.
fn finiteness(cx: &mut Context<'_>, holds: impl Fn(f64) -> bool) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let found: Option<Vec<bool>> = cx.b.constant(x).map(|tensor| tensor.iter().map(holds).collect());
    let tensor = IntTensor::from_fn(cx.dims(x), |i| {
        i64::from(found.as_ref().and_then(|found| found.get(i)).copied().unwrap_or(false))
    });
    let from: &[Id] = if found.is_some() { &[x] } else { &[] };
    Ok(vec![cx.derived(tensor, Kind::Bool, from)])
}

pub(super) fn is_nan(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    finiteness(cx, f64::is_nan)
}

pub(super) fn is_inf(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (negative, positive) = (cx.flag("detect_negative", true)?, cx.flag("detect_positive", true)?);
    finiteness(cx, |x| x.is_infinite() && (if x < 0.0 { negative } else { positive }))
}
