//! Gather, GatherElements, GatherND, OneHot: views for constant indices, maps that follow from the statement for a public input,
//! products with indicators for all others.

use zktorch_graph::Visibility;

use super::Context;
use super::indices::{bounded, known, one_hot, pick, ravel, unravel};
use crate::Result;
use crate::program::{Core, Id, Kind, Node};

/// The labels `from..to`.
fn labels(from: usize, to: usize) -> Vec<u32> {
    (from as u32..to as u32).collect()
}

/// Entries of an axis: a selection by constant indices, else a product with one-hot rows.
pub(super) fn gather(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, index) = (cx.input(0)?, cx.input(1)?);
    let dims = cx.dims(x);
    let axis = cx.axis("attribute axis", cx.int("axis", 0)?, dims.len())?;
    let mut out = dims[..axis].to_vec();
    out.extend(cx.dims(index));
    out.extend(&dims[axis + 1..]);
    bounded(cx, "result", &out)?;
    if let Some(list) = known(cx, index)? {
        let list = list.iter().map(|i| cx.axis("indices", *i, dims[axis])).collect::<Result<Vec<_>>>()?;
        let y = cx.b.select(x, axis, list.len(), |p| list.get(p).copied());
        return Ok(vec![cx.b.reshape(y, &out)]);
    }
    if let Some(input) = public_input(cx, index).filter(|_| dims[axis] > 1) {
        let y = cx.b.gather(x, axis, input);
        return Ok(vec![cx.b.reshape(y, &out)]);
    }
    let hot = one_hot(cx, index, dims[axis])?;
    let (rank, index_rank) = (dims.len(), cx.b.rank(index));
    let mut hot_labels = labels(rank, rank + index_rank);
    let mut out_labels = labels(0, axis);
    out_labels.extend(&hot_labels);
    out_labels.extend(labels(axis + 1, rank));
    hot_labels.push(axis as u32);
    Ok(vec![cx.b.einsum((hot, &hot_labels), (x, &labels(0, rank)), &out_labels)])
}

/// The public input of the model that holds the entries of a value, in their order.
fn public_input(cx: &Context<'_>, mut id: Id) -> Option<Id> {
    while let Some(Node { core: Core::Reshape, inputs, .. }) = cx.b.maker(id) {
        id = inputs[0];
    }
    (cx.options.input == Visibility::Public && cx.b.is_input(id)).then_some(id)
}

/// The entries of x along an axis at the indices of every place.
pub(super) fn gather_elements(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, index) = (cx.input(0)?, cx.input(1)?);
    let (dims, index_dims) = (cx.dims(x), cx.dims(index));
    let axis = cx.axis("attribute axis", cx.int("axis", 0)?, dims.len())?;
    check_places(cx, &index_dims, &dims, axis)?;
    if let Some(list) = known(cx, index)? {
        let list = list.iter().map(|i| cx.axis("indices", *i, dims[axis])).collect::<Result<Vec<_>>>()?;
        let source = |p: usize| {
            let mut place = unravel(p, &index_dims);
            place[axis] = list[p];
            Some(ravel(&place, &dims))
        };
        return Ok(vec![pick(cx, x, &index_dims, source)]);
    }
    let hot = one_hot(cx, index, dims[axis])?;
    let mut x = x;
    for (other, count) in index_dims.iter().enumerate().filter(|(other, _)| *other != axis) {
        x = cx.b.slice(x, other, 0, *count);
    }
    let rank = dims.len();
    let mut x_labels = labels(0, rank);
    x_labels[axis] = rank as u32;
    Ok(vec![cx.b.einsum((hot, &labels(0, rank + 1)), (x, &x_labels), &labels(0, rank))])
}

/// That indices have the rank of the data, and no larger extents but along the axis.
pub(super) fn check_places(
    cx: &Context<'_>,
    index_dims: &[usize],
    dims: &[usize],
    axis: usize,
) -> Result<()> {
    let fits = |(other, (index, dim)): (usize, (&usize, &usize))| other == axis || index <= dim;
    match index_dims.len() == dims.len() && index_dims.iter().zip(dims).enumerate().all(fits) {
        true => Ok(()),
        false => {
            let expected = format!("extents of at most {dims:?} but for axis {axis}");
            Err(cx.error("indices", expected, format!("{index_dims:?}")))
        }
    }
}

/// The number of indices in a tuple: the last extent of the indices, at most `most`.
pub(super) fn tuple(cx: &Context<'_>, index_dims: &[usize], most: usize) -> Result<usize> {
    match index_dims.last() {
        Some(count) if *count <= most && *count > 0 => Ok(*count),
        _ => {
            let expected = format!("a last extent from 1 to {most}");
            Err(cx.error("indices", expected, format!("extents {index_dims:?}")))
        }
    }
}

/// Slices of x at index tuples, which may depend on leading batch axes.
pub(super) fn gather_nd(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, index) = (cx.input(0)?, cx.input(1)?);
    let (dims, index_dims) = (cx.dims(x), cx.dims(index));
    let batch = cx.int("batch_dims", 0)?;
    let batch = usize::try_from(batch)
        .ok()
        .filter(|batch| *batch < dims.len().min(index_dims.len()) && dims[..*batch] == index_dims[..*batch]);
    let batch = batch.ok_or_else(|| {
        let got = format!("extents {dims:?} and {index_dims:?}");
        cx.error("attribute batch_dims", "the number of equal leading extents", got)
    })?;
    let count = tuple(cx, &index_dims, dims.len() - batch)?;
    let mut out = index_dims[..index_dims.len() - 1].to_vec();
    out.extend(&dims[batch + count..]);
    bounded(cx, "result", &out)?;
    // [batch, tuples, count] and [batch, indexed.., rest].
    let size: usize = dims[..batch].iter().product();
    let tuples: usize = index_dims[batch..index_dims.len() - 1].iter().product();
    let indexed = &dims[batch..batch + count];
    let rest: usize = dims[batch + count..].iter().product();
    if let Some(list) = known(cx, index)? {
        let mut starts = Vec::with_capacity(size * tuples);
        for (place, tuple) in list.chunks_exact(count).enumerate() {
            let indices = tuple.iter().zip(indexed).map(|(i, dim)| cx.axis("indices", *i, *dim));
            let mut start = place / tuples.max(1);
            for (index, dim) in indices.zip(indexed) {
                start = start * dim + index?;
            }
            starts.push(start);
        }
        return Ok(vec![pick(cx, x, &out, |p| Some(starts[p / rest] * rest + p % rest))]);
    }
    let index = cx.b.reshape(index, &[size, tuples, count]);
    let mut shape = vec![size];
    shape.extend(indexed);
    shape.push(rest);
    // Labels: batch 0, tuple 1, rest 2, indexed axes from 3 on; one axis after the other is contracted.
    let mut value = cx.b.reshape(x, &shape);
    for (number, dim) in indexed.iter().enumerate() {
        let column = cx.b.slice(index, 2, number, 1);
        let column = cx.b.reshape(column, &[size, tuples]);
        let hot = one_hot(cx, column, *dim)?;
        let mut left = vec![0];
        left.extend((number > 0).then_some(1));
        left.extend(labels(3 + number, 3 + count));
        left.push(2);
        let mut result = vec![0, 1];
        result.extend(labels(4 + number, 3 + count));
        result.push(2);
        value = cx.b.einsum((value, &left), (hot, &[0, 1, 3 + number as u32]), &result);
    }
    Ok(vec![cx.b.reshape(value, &out)])
}

/// `off + hot (on - off)` along a new axis.
pub(super) fn one_hot_operator(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (index, values) = (cx.input(0)?, cx.input(2)?);
    let depth = cx.input_number(1)?.unwrap_or(0.0);
    let depth = if depth >= 1.0 && depth <= cx.options.max_entries as f64 { depth as usize } else { 0 };
    if depth == 0 {
        return Err(cx.error("input 1", "a depth from 1", "another number"));
    }
    if cx.dims(values) != [2] {
        return Err(cx.error("input 2", "extents [2]", format!("{:?}", cx.dims(values))));
    }
    let mut dims = cx.dims(index);
    let axis = cx.axis("attribute axis", cx.int("axis", -1)?, dims.len() + 1)?;
    dims.insert(axis, depth);
    bounded(cx, "result", &dims)?;
    let index = cx.b.cast(index, Kind::Int);
    let hot = one_hot(cx, index, depth)?;
    let last = dims.len() - 1;
    let mut perm: Vec<usize> = (0..last).collect();
    perm.insert(axis, last);
    let hot = cx.b.transpose(hot, &perm);
    let part = |cx: &mut Context<'_>, number| {
        let part = cx.b.slice(values, 0, number, 1);
        cx.b.reshape(part, &[])
    };
    let (off, on) = (part(cx, 0), part(cx, 1));
    let difference = cx.b.sub(on, off);
    let scaled = cx.b.mul(hot, difference);
    Ok(vec![cx.b.add(scaled, off)])
}
