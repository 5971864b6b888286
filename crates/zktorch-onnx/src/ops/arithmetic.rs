//! Add, Sub, Mul, of broadcast operands.

use super::Context;
use crate::Result;
use crate::program::Id;

/// The two operands. Before opset 7 the second one may be laid along an axis of the first.
pub(super) fn operands(cx: &mut Context<'_>) -> Result<(Id, Id)> {
    let (a, mut b) = (cx.input(0)?, cx.input(1)?);
    if cx.opset < 7 && cx.has("axis") {
        let (rank, mut dims) = (cx.b.rank(a), cx.dims(b));
        let axis = cx.axis("attribute axis", cx.int("axis", 0)?, rank + 1)?;
        if axis + dims.len() > rank {
            return Err(cx.error("attribute axis", "room for input 1", axis.to_string()));
        }
        dims.resize(rank - axis, 1);
        b = cx.b.reshape(b, &dims);
    }
    Ok((a, b))
}

pub(super) fn add(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = operands(cx)?;
    Ok(vec![cx.b.add(a, b)])
}

pub(super) fn sub(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = operands(cx)?;
    Ok(vec![cx.b.sub(a, b)])
}

pub(super) fn mul(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = operands(cx)?;
    Ok(vec![cx.b.mul(a, b)])
}
