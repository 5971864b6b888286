//! Cast and CastLike.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use super::element::{kind_of, width_of};
use crate::Result;
use crate::program::{Id, Kind};

/// Casts to integers of at most so many bits wrap around; wider types hold what a run can represent.
const MAX_WRAPPED: u32 = 16;

pub(super) fn cast(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let to = cx.int("to", 0)?;
    let kind = kind_of(to)
        .ok_or_else(|| cx.error("attribute to", "a type of numbers", crate::model::type_name(to as i32)))?;
    convert(cx, kind, width_of(to))
}

/// To the type of another value.
pub(super) fn cast_like(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let kind = cx.kind(cx.input(1)?);
    let width = match cx.element(1) {
        Some(to) => width_of(to),
        None => None,
    };
    convert(cx, kind, width)
}

fn convert(cx: &mut Context<'_>, kind: Kind, width: Option<(u32, bool)>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let narrow = width.filter(|(bits, _)| *bits <= MAX_WRAPPED);
    let (Some((bits, signed)), Kind::Int) = (narrow, kind) else {
        return Ok(vec![cx.b.cast(x, kind)]);
    };
    match cx.kind(x) {
        Kind::Bool => Ok(vec![cx.b.cast(x, kind)]),
        Kind::Float => {
            // trunc(x) modulo 2^bits, in one function.
            let whole = Formula::argument().then(Unary::Trunc);
            Ok(vec![cx.b.function(x, wrap(bits, signed).of(&whole), Kind::Int)])
        }
        Kind::Int => {
            // Nothing changes in a type that holds all numbers of the old one.
            let from = cx.element(0).and_then(width_of);
            let holds = from.is_some_and(|(old, negative)| match (negative, signed) {
                (true, true) | (false, false) => old <= bits,
                (false, true) => old < bits,
                (true, false) => false,
            });
            Ok(vec![if holds { x } else { cx.b.int_wrap(x, bits, signed) }])
        }
    }
}

/// An integer modulo 2^bits, from -2^(bits - 1) or from 0 on.
fn wrap(bits: u32, signed: bool) -> Formula {
    let size = f64::from(1u32 << bits.min(MAX_WRAPPED));
    let half = if signed { size / 2.0 } else { 0.0 };
    let floor = Formula::argument()
        .with_constant(Binary::Add, half)
        .with_constant(Binary::Div, size)
        .then(Unary::Floor)
        .with_constant(Binary::Mul, size);
    Formula::argument().with(Binary::Sub, floor)
}
