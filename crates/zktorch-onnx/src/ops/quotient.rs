//! Div and Mod, of real numbers, and of integers exactly.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use super::arithmetic::operands;
use crate::Result;
use crate::program::{Id, Kind};

/// Quotients of integers are rounded towards zero.
pub(super) fn div(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = operands(cx)?;
    let real = cx.kind(a) == Kind::Float || cx.kind(b) == Kind::Float;
    Ok(vec![if real { cx.b.div(a, b) } else { cx.b.int_div(a, b) }])
}

/// The remainder with the sign of the divisor, or with that of the dividend (`fmod`).
pub(super) fn modulo(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    let like_dividend = cx.flag("fmod", false)?;
    let real = cx.kind(a) == Kind::Float || cx.kind(b) == Kind::Float;
    if !real && !like_dividend {
        return Ok(vec![cx.b.int_mod(a, b)]);
    }
    let quotient = if !real {
        cx.b.int_div(a, b)
    } else {
        if let Some(c) = cx.b.public_scalar(b).filter(|c| *c != 0.0 && c.is_finite()) {
            let x = Formula::argument();
            let formula = match like_dividend {
                true => x.with_constant(Binary::Rem, c),
                false => {
                    let floor = x.clone().with_constant(Binary::Div, c).then(Unary::Floor);
                    x.with(Binary::Sub, floor.with_constant(Binary::Mul, c))
                }
            };
            let (a, _) = cx.b.broadcast_pair(a, b);
            return Ok(vec![cx.b.function(a, formula, Kind::Float)]);
        }
        let quotient = cx.b.div(a, b);
        let round = if like_dividend { Unary::Trunc } else { Unary::Floor };
        cx.b.function(quotient, Formula::argument().then(round), Kind::Float)
    };
    let product = cx.b.mul(quotient, b);
    Ok(vec![cx.b.sub(a, product)])
}
