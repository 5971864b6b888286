//! Interpolation at coordinates of the run: weights for every entry of an axis, functions of the distance to it.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use crate::program::{AxisMatrix, Id, Kind};

/// How entries around a coordinate are combined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Method {
    Nearest,
    Linear,
    Cubic,
}

/// What lies outside of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Padding {
    Zeros,
    Border,
    /// Mirrored at the first and the last entry, or half an entry outside of them.
    Reflection {
        at_entries: bool,
    },
}

/// `1 - |d|` where that is positive.
fn hat() -> Formula {
    let distance = Formula::argument().then(Unary::Abs);
    Formula::constant(1.0).with(Binary::Sub, distance).with_constant(Binary::Max, 0.0)
}

/// Keys' kernel with a = -3/4, of a distance from 0 to 2.
fn keys() -> Formula {
    let (x, a) = (Formula::argument, -0.75);
    let horner = |coefficients: &[f64]| {
        let mut terms = coefficients.iter();
        let first = Formula::constant(terms.next().copied().unwrap_or(0.0));
        terms.fold(first, |sum, c| sum.with(Binary::Mul, x()).with_constant(Binary::Add, *c))
    };
    let near = horner(&[a + 2.0, -(a + 3.0), 0.0, 1.0]);
    let far = horner(&[a, -5.0 * a, 8.0 * a, -4.0 * a]);
    x().with_constant(Binary::Less, 1.0).select(near, far)
}

/// Where x goes when it is mirrored between two numbers.
fn reflected(lo: f64, hi: f64) -> Formula {
    let range = hi - lo;
    if range <= 0.0 {
        return Formula::constant(lo);
    }
    // t in [0, 2 range) becomes range - |t - range|.
    let shifted = || Formula::argument().with_constant(Binary::Sub, lo);
    let periods = shifted().with_constant(Binary::Div, 2.0 * range).then(Unary::Floor);
    let t = shifted().with(Binary::Sub, periods.with_constant(Binary::Mul, 2.0 * range));
    let distance = t.with_constant(Binary::Sub, range).then(Unary::Abs);
    Formula::constant(hi).with(Binary::Sub, distance)
}

/// Weights [.., extent] of the entries of an axis at coordinates [..], counted in entries.
pub(super) fn weights(
    cx: &mut Context<'_>,
    coordinates: Id,
    extent: usize,
    method: Method,
    padding: Padding,
) -> Id {
    let last = extent as f64 - 1.0;
    let x = Formula::argument;
    let clamp = || x().with_constant(Binary::Max, 0.0).with_constant(Binary::Min, last);
    // Coordinates inside or near the axis, and how many neighbours outside are read.
    let (inside, margin) = match (padding, method) {
        (Padding::Zeros, _) => (None, 0),
        (Padding::Border, Method::Cubic) => {
            let above = Formula::constant(last + 0.5).with(Binary::Less, x());
            let above = above.select(Formula::constant(last), x());
            (Some(x().with_constant(Binary::Less, -0.5).select(Formula::constant(0.0), above)), 2)
        }
        (Padding::Border, _) => (Some(clamp()), 0),
        (Padding::Reflection { at_entries }, _) => {
            let edge = if at_entries { 0.0 } else { 0.5 };
            let margin = match method {
                Method::Nearest => 0,
                Method::Linear => 1,
                Method::Cubic => 2,
            };
            (Some(reflected(-edge, last + edge)), margin)
        }
    };
    let mut place = coordinates;
    if method == Method::Nearest {
        place = cx.b.function(place, x().then(Unary::Round), Kind::Int);
    }
    if let Some(inside) = inside {
        let kind = cx.kind(place);
        place = cx.b.function(place, inside, kind);
    }
    let mut dims = cx.dims(place);
    dims.push(1);
    let place = cx.b.reshape(place, &dims);
    let columns = extent + 2 * margin;
    let numbers = cx.constant_ints(&[columns], |i| i as i64 - margin as i64);
    let numbers = if method == Method::Nearest { numbers } else { cx.b.cast(numbers, Kind::Float) };
    let difference = cx.b.sub(place, numbers);
    let weights = match method {
        Method::Nearest => cx.b.function(difference, x().then(Unary::IsZero), Kind::Bool),
        Method::Linear => cx.b.function(difference, hat(), Kind::Float),
        Method::Cubic => {
            let distance = x().then(Unary::Abs).with_constant(Binary::Min, 2.0);
            let distance = cx.b.function(difference, distance, Kind::Float);
            cx.b.function(distance, keys(), Kind::Float)
        }
    };
    if margin == 0 {
        return weights;
    }
    // Neighbours outside are entries inside.
    let target = |column: usize| {
        let number = column as f64 - margin as f64;
        let inside = match padding {
            Padding::Reflection { at_entries } => {
                let edge = if at_entries { 0.0 } else { 0.5 };
                reflected(-edge, last + edge).eval(number)
            }
            _ => number,
        };
        inside.clamp(0.0, last.max(0.0)) as u32
    };
    let entries = (0..columns).map(|column| (target(column), column as u32, 1)).collect();
    let axis = cx.b.rank(weights) - 1;
    cx.b.map(weights, axis, AxisMatrix::new(extent, entries, 1))
}

/// `sum_s x[n, c, s..] prod_axis w_axis[n, p, s_axis]` for every n, c and p: one axis after the other, the last one
/// first.
pub(super) fn contract(cx: &mut Context<'_>, x: Id, weights: &[Id]) -> Id {
    let rank = weights.len() as u32;
    let mut value = x;
    for (axis, weight) in weights.iter().enumerate().rev() {
        let axis = axis as u32;
        let first = axis + 1 == rank;
        let mut left = vec![0, 1];
        left.extend((!first).then_some(2));
        left.extend(3..=3 + axis);
        let mut out = vec![0, 1, 2];
        out.extend(3..3 + axis);
        value = cx.b.einsum((value, &left), (*weight, &[0, 2, 3 + axis]), &out);
    }
    value
}
