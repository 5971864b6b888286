//! Indices: constants that select, and values of the run that are compared with every number they may be.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use crate::Result;
use crate::program::{Id, Kind};
use crate::tensor::{checked_len, len};

/// That a result of these extents may exist. To be called before anything of its size is made.
pub(super) fn bounded(cx: &Context<'_>, field: &str, dims: &[usize]) -> Result<()> {
    let most = cx.options.max_entries;
    match checked_len(dims).filter(|len| *len <= most) {
        Some(_) => Ok(()),
        None => {
            Err(cx.error(field, format!("a result of at most {most} entries"), format!("extents {dims:?}")))
        }
    }
}

/// A list of extents from integers that are not negative.
pub(super) fn extents(cx: &Context<'_>, field: &str, list: &[i64]) -> Result<Vec<usize>> {
    let dims = list.iter().map(|dim| usize::try_from(*dim).ok()).collect::<Option<Vec<_>>>();
    let dims = dims.ok_or_else(|| cx.error(field, "integers from 0", format!("{list:?}")))?;
    bounded(cx, field, &dims)?;
    Ok(dims)
}

/// The entries of an integer value, if they are known.
pub(super) fn known(cx: &Context<'_>, id: Id) -> Result<Option<Vec<i64>>> {
    if cx.kind(id) == Kind::Float {
        return Err(cx.error("indices", "integers", "real numbers"));
    }
    Ok(cx.b.constant(id).and_then(|tensor| tensor.ints().map(<[i64]>::to_vec)))
}

/// The input `index` as constant integers of any rank.
pub(in crate::ops) fn constant_ints(cx: &Context<'_>, index: usize) -> Result<Vec<i64>> {
    let id = cx.input(index)?;
    let field = format!("input {index}");
    known(cx, id)?.ok_or_else(|| cx.error(field, "a constant", "a value known only at run time"))
}

/// 1 where an index is the number of an entry along a new last axis; negative ones count from the end. What
/// is out of range selects nothing.
pub(super) fn one_hot(cx: &mut Context<'_>, index: Id, extent: usize) -> Result<Id> {
    if cx.kind(index) == Kind::Float {
        return Err(cx.error("indices", "integers", "real numbers"));
    }
    let mut dims = cx.dims(index);
    dims.push(1);
    let index = cx.b.reshape(index, &dims);
    let numbers = cx.constant_ints(&[extent], |i| i as i64);
    let difference = cx.b.sub(index, numbers);
    // The difference is 0, or -extent.
    let wrapped = Formula::argument().with_constant(Binary::Add, extent as f64);
    let either = Formula::argument().with(Binary::Mul, wrapped).then(Unary::IsZero);
    Ok(cx.b.function(difference, either, Kind::Bool))
}

/// Entries of a value in row-major order: entry p of the result is entry `source(p)`, or zero.
pub(super) fn pick(
    cx: &mut Context<'_>,
    x: Id,
    dims: &[usize],
    source: impl Fn(usize) -> Option<usize>,
) -> Id {
    let count = cx.b.len(x);
    let flat = cx.b.reshape(x, &[count]);
    let picked = cx.b.select(flat, 0, len(dims), source);
    cx.b.reshape(picked, dims)
}

/// The row-major index with these extents as one index per axis.
pub(super) fn unravel(mut index: usize, dims: &[usize]) -> Vec<usize> {
    let mut list = vec![0; dims.len()];
    for (place, dim) in list.iter_mut().zip(dims).rev() {
        *place = index % dim.max(&1);
        index /= dim.max(&1);
    }
    list
}

/// The row-major index of one index per axis.
pub(super) fn ravel(list: &[usize], dims: &[usize]) -> usize {
    list.iter().zip(dims).fold(0, |index, (i, dim)| index * dim + i)
}
