//! BitShift, and the bitwise operators: integers as sums of their bits in two's complement.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use super::arithmetic::operands;
use super::element::width_of;
use crate::Result;
use crate::program::{Id, Kind};

/// Integers of a run have 32 bits at most. Wider types only repeat the sign.
const WORD: u32 = 32;

/// Two operands that have bits.
fn integers(cx: &mut Context<'_>) -> Result<(Id, Id)> {
    let (a, b) = operands(cx)?;
    require_integers(cx, 0, a)?;
    require_integers(cx, 1, b)?;
    Ok((a, b))
}

fn require_integers(cx: &Context<'_>, index: usize, id: Id) -> Result<()> {
    match cx.kind(id) {
        Kind::Int => Ok(()),
        kind => Err(cx.error(format!("input {index}"), "integers", format!("{kind:?}"))),
    }
}

pub(super) fn shift(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, by) = integers(cx)?;
    let left = match &*cx.string("direction", "")? {
        "LEFT" => true,
        "RIGHT" => false,
        other => return Err(cx.error("attribute direction", "LEFT or RIGHT", other)),
    };
    let power = |cx: &mut Context<'_>, formula: Formula| {
        let formula = Formula::constant(2.0).with(Binary::Pow, formula);
        cx.b.function(by, formula, Kind::Int)
    };
    let factor = if cx.b.constant(by).is_some() {
        power(cx, Formula::argument())
    } else {
        // 2^min(by, 15) 2^(by - min(by, 15)): a function of integers has 17 bits.
        let low = Formula::argument().with_constant(Binary::Min, 15.0);
        let high = Formula::argument().with_constant(Binary::Add, -15.0).with_constant(Binary::Max, 0.0);
        let (low, high) = (power(cx, low), power(cx, high));
        cx.b.int_product(low, high)
    };
    if !left {
        return Ok(vec![cx.b.floor_div(x, factor)]);
    }
    let shifted = cx.b.int_product(x, factor);
    Ok(vec![match cx.element(0).and_then(width_of) {
        Some((bits, signed)) if bits < WORD => cx.b.int_wrap(shifted, bits, signed),
        _ => shifted,
    }])
}

/// The bits of an integer, the lowest one first; the last one is its sign.
fn bits(cx: &mut Context<'_>, x: Id, count: u32) -> Vec<Id> {
    let bit = |cx: &mut Context<'_>, x: Id, place: u32| {
        let shifted = |place: u32| {
            Formula::argument().with_constant(Binary::Div, f64::from(1u32 << place)).then(Unary::Floor)
        };
        let above = shifted(place + 1).with_constant(Binary::Mul, 2.0);
        cx.b.function(x, shifted(place).with(Binary::Sub, above), Kind::Int)
    };
    if count <= WORD / 2 {
        return (0..count).map(|place| bit(cx, x, place)).collect();
    }
    // A function of integers has 17 bits: halves.
    let size = cx.b.scalar(f64::from(1u32 << (WORD / 2)), Kind::Int);
    let high = cx.b.floor_div(x, size);
    let low = cx.b.sum(&[(1.0, x), (-f64::from(1u32 << (WORD / 2)), high)]);
    let mut bits: Vec<Id> = (0..WORD / 2).map(|place| bit(cx, low, place)).collect();
    bits.extend((0..WORD / 2).map(|place| bit(cx, high, place)));
    bits
}

/// The two operands, and their conjunction.
fn conjunction(cx: &mut Context<'_>) -> Result<(Id, Id, Id)> {
    let (a, b) = integers(cx)?;
    let width = cx.element(0).and_then(width_of).map_or(WORD, |(bits, signed)| bits + u32::from(!signed));
    let count = if width <= WORD / 2 { width } else { WORD };
    let (a_bits, b_bits) = (bits(cx, a, count), bits(cx, b, count));
    let mut terms = Vec::new();
    for (place, (a, b)) in a_bits.into_iter().zip(b_bits).enumerate() {
        if [a, b].iter().any(|id| cx.b.public_scalar(*id) == Some(0.0)) {
            continue;
        }
        let weight = 2f64.powi(place as i32);
        let sign = if place + 1 == count as usize { -1.0 } else { 1.0 };
        terms.push((sign * weight, cx.b.int_product(a, b)));
    }
    let both = match terms.is_empty() {
        true => cx.b.scale(a, 0.0),
        false => cx.b.sum(&terms),
    };
    Ok((a, b, both))
}

pub(super) fn and(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (_, _, both) = conjunction(cx)?;
    Ok(vec![both])
}

/// `a + b - (a and b)`.
pub(super) fn or(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b, both) = conjunction(cx)?;
    Ok(vec![cx.b.sum(&[(1.0, a), (1.0, b), (-1.0, both)])])
}

/// `a + b - 2 (a and b)`.
pub(super) fn xor(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b, both) = conjunction(cx)?;
    Ok(vec![cx.b.sum(&[(1.0, a), (1.0, b), (-2.0, both)])])
}

/// `-1 - x`, or the largest number minus x where there is no sign.
pub(super) fn not(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    require_integers(cx, 0, x)?;
    let ones = match cx.element(0).and_then(width_of) {
        Some((_, true)) => -1.0,
        Some((bits, false)) if bits < WORD => 2f64.powi(bits as i32) - 1.0,
        Some(_) => {
            return Err(cx.error(
                "input 0",
                "a type of at most 31 bits",
                "unsigned integers of 32 or 64 bits",
            ));
        }
        None => {
            return Err(cx.error(
                "input 0",
                "a known type of integers",
                "one that follows from no declaration",
            ));
        }
    };
    let ones = cx.b.scalar(ones, Kind::Int);
    Ok(vec![cx.b.sub(ones, x)])
}
