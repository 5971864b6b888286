//! Pow: products or one function where the exponent is public, otherwise `exp(b log |a|)`.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use super::arithmetic::operands;
use crate::Result;
use crate::program::{Id, Kind};

/// Integer powers beyond this leave 31 bits for every base but 0, 1 and -1.
const MAX_POWER: f64 = 30.0;

pub(super) fn pow(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (base, exponent) = operands(cx)?;
    let kind = cx.kind(base);
    if let Some(c) = cx.b.public_scalar(exponent).filter(|c| c.is_finite()) {
        let (base, _) = cx.b.broadcast_pair(base, exponent);
        return match kind {
            Kind::Float => Ok(vec![real_power(cx, base, c)]),
            _ => integer_power(cx, base, c),
        };
    }
    let constant = cx.b.constant(base).is_some() && cx.b.constant(exponent).is_some();
    if kind != Kind::Float && !constant {
        let got = "an exponent that is private or known only at run time";
        return Err(cx.error("input 1", "a public exponent for a base of integers", got));
    }
    if constant {
        return constant_power(cx, base, exponent);
    }
    Ok(vec![general_power(cx, base, exponent)])
}

/// x^c for a public number.
fn real_power(cx: &mut Context<'_>, x: Id, c: f64) -> Id {
    let formula = Formula::argument().with_constant(Binary::Pow, c);
    match c {
        1.0 => x,
        2.0 => cx.b.mul(x, x),
        3.0 => {
            let square = cx.b.mul(x, x);
            cx.b.mul(square, x)
        }
        0.5 => cx.b.sqrt(x),
        _ => cx.b.function(x, formula, Kind::Float),
    }
}

/// x^c for integers, by squaring; the result is of the base's type.
fn integer_power(cx: &mut Context<'_>, x: Id, c: f64) -> Result<Vec<Id>> {
    if c.fract() != 0.0 || !(0.0..=MAX_POWER).contains(&c) {
        let expected = format!("an integer from 0 to {MAX_POWER} for a base of integers");
        return Err(cx.error("input 1", expected, c.to_string()));
    }
    let mut left = c as u32;
    let (mut power, mut result) = (x, None);
    while left > 0 {
        if left & 1 == 1 {
            result = Some(match result {
                None => power,
                Some(result) => cx.b.int_product(result, power),
            });
        }
        left >>= 1;
        if left > 0 {
            power = cx.b.int_product(power, power);
        }
    }
    let dims = cx.dims(x);
    Ok(vec![result.unwrap_or_else(|| cx.constant_ints(&dims, |_| 1))])
}

/// Both operands are constants.
fn constant_power(cx: &mut Context<'_>, base: Id, exponent: Id) -> Result<Vec<Id>> {
    let kind = cx.kind(base);
    let (a, b) = cx.b.broadcast_pair(base, exponent);
    let dims = cx.dims(a);
    let (Some(x), Some(y)) = (cx.b.constant(a), cx.b.constant(b)) else {
        return Err(cx.error("inputs", "constants", "others"));
    };
    let powers: Vec<f64> = x.iter().zip(y.iter()).map(|(x, y)| Binary::Pow.eval(x, y)).collect();
    let entry = |i: usize| powers.get(i).copied().unwrap_or_default();
    let tensor: crate::Tensor = match kind {
        Kind::Float => crate::FloatTensor::from_fn(dims, |i| entry(i) as f32).into(),
        _ => crate::IntTensor::from_fn(dims, |i| entry(i) as i64).into(),
    };
    Ok(vec![cx.derived(tensor, kind, &[base, exponent])])
}

/// `exp(b log |a|)`, with the sign that b gives a negative base; b is rounded where that base has no real power.
/// A base of zero with a negative exponent, infinite in ONNX, gives zero.
fn general_power(cx: &mut Context<'_>, base: Id, exponent: Id) -> Id {
    if let Some(c) = cx.b.public_scalar(base).filter(|c| *c > 0.0) {
        // c^b is a function of b.
        let (_, exponent) = cx.b.broadcast_pair(base, exponent);
        let formula = Formula::constant(c).with(Binary::Pow, Formula::argument());
        return cx.b.function(exponent, formula, Kind::Float);
    }
    let x = Formula::argument;
    let logarithm =
        x().then(Unary::IsZero).select(Formula::constant(0.0), x().then(Unary::Abs).then(Unary::Log));
    let log = cx.b.function(base, logarithm, Kind::Float);
    let product = cx.b.mul(exponent, log);
    let power = cx.b.function(product, x().then(Unary::Exp), Kind::Float);
    // What |a|^b is multiplied by: the sign of a where b is odd, its square where b is even.
    let sign = cx.b.function(base, x().then(Unary::Sign), Kind::Int);
    let nonzero = cx.b.cast(base, Kind::Bool);
    let whole = x().then(Unary::Round);
    let even =
        whole.clone().with_constant(Binary::Div, 2.0).then(Unary::Floor).with_constant(Binary::Mul, 2.0);
    let odd = cx.b.function(exponent, whole.with(Binary::Sub, even), Kind::Int);
    let negative = cx.b.sub(sign, nonzero);
    let flipped = cx.b.int_product(odd, negative);
    let factor = cx.b.add(nonzero, flipped);
    let power = cx.b.mul(power, factor);
    // 0^0 is 1.
    let zero = cx.b.not(nonzero);
    let constant = cx.b.function(exponent, x().then(Unary::IsZero), Kind::Bool);
    let one = cx.b.and(zero, constant);
    cx.b.add(power, one)
}
