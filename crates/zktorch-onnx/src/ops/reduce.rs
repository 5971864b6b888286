//! ReduceMean, ReduceSum.

use super::Context;
use crate::Result;
use crate::program::Id;

/// The axes, and whether they are kept; none if the operator does nothing.
pub(super) fn axes(cx: &Context<'_>) -> Result<Option<(Vec<usize>, bool)>> {
    let rank = cx.b.rank(cx.input(0)?);
    let keep = cx.flag("keepdims", true)?;
    let given = cx.axes_anywhere(1, rank)?.unwrap_or_default();
    match (given.is_empty(), cx.flag("noop_with_empty_axes", false)?) {
        (false, _) => Ok(Some((given, keep))),
        (true, false) => Ok(Some(((0..rank).collect(), keep))),
        (true, true) => Ok(None),
    }
}

pub(super) fn mean(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    Ok(vec![match axes(cx)? {
        Some((axes, keep)) => cx.b.reduce_mean(x, &axes, keep),
        None => x,
    }])
}

pub(super) fn sum(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    Ok(vec![match axes(cx)? {
        Some((axes, keep)) => cx.b.reduce_sum(x, &axes, keep),
        None => x,
    }])
}
