//! ScatterElements (Scatter) and ScatterND.
//!
//! With constant indices a scatter is a sum of views. Indices of the run are compared with every number they may
//! be: one-hot rows that place the updates, and whose sums tell which entries are replaced.

use super::Context;
use super::gather::{check_places, tuple};
use super::indices::{bounded, known, one_hot, pick, ravel, unravel};
use crate::Result;
use crate::program::{AxisMatrix, Id};
use crate::tensor::len;

/// More updates of the run than this are not combined one by one.
const MAX_STEPS: usize = 256;

/// What happens to an entry that is updated.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Reduction {
    Replace,
    Add,
    Mul,
    Max,
    Min,
}

fn reduction(cx: &Context<'_>) -> Result<Reduction> {
    Ok(match cx.string("reduction", "none")?.as_str() {
        "none" => Reduction::Replace,
        "add" => Reduction::Add,
        "mul" => Reduction::Mul,
        "max" => Reduction::Max,
        "min" => Reduction::Min,
        other => return Err(cx.error("attribute reduction", "none, add, mul, max or min", other)),
    })
}

fn combine(cx: &mut Context<'_>, reduction: Reduction, x: Id, update: Id) -> Id {
    match reduction {
        Reduction::Replace => update,
        Reduction::Add => cx.b.add(x, update),
        Reduction::Mul => cx.b.mul(x, update),
        Reduction::Max => cx.b.max(x, update),
        Reduction::Min => cx.b.min(x, update),
    }
}

/// Updates at known places: `targets[i]` is where update i goes.
pub(super) fn place(
    cx: &mut Context<'_>,
    data: Id,
    updates: Id,
    targets: &[usize],
    reduction: Reduction,
) -> Result<Id> {
    let dims = cx.dims(data);
    let entries = len(&dims);
    if reduction == Reduction::Add {
        let count = targets.len();
        let flat = cx.b.reshape(updates, &[count]);
        let moved = targets.iter().enumerate().map(|(i, target)| (*target as u32, i as u32, 1)).collect();
        let placed = cx.b.map(flat, 0, AxisMatrix::new(entries, moved, 1));
        let placed = cx.b.reshape(placed, &dims);
        return Ok(cx.b.add(data, placed));
    }
    // Per layer the update of an entry: where several updates have one target, they come one after the other.
    let mut layers: Vec<Vec<Option<usize>>> = Vec::new();
    let mut used = vec![0usize; entries];
    for (update, target) in targets.iter().enumerate() {
        // The last one replaces all others.
        let layer = if reduction == Reduction::Replace { 0 } else { used[*target] };
        if layer == layers.len() {
            check_steps(cx, layer + 1)?;
            layers.push(vec![None; entries]);
        }
        layers[layer][*target] = Some(update);
        used[*target] += 1;
    }
    let mut value = data;
    for layer in layers {
        value = match reduction {
            Reduction::Mul => {
                let factor = pick(cx, updates, &dims, |p| layer[p]);
                let ones = cx.constant_ints(&dims, |p| i64::from(layer[p].is_none()));
                let factor = cx.b.add(factor, ones);
                cx.b.mul(value, factor)
            }
            Reduction::Replace => {
                let kept = pick(cx, value, &dims, |p| Some(p).filter(|p| layer[*p].is_none()));
                let placed = pick(cx, updates, &dims, |p| layer[p]);
                cx.b.add(kept, placed)
            }
            _ => {
                // Entries without an update are compared with themselves.
                let count = cx.b.len(updates);
                let own = cx.b.reshape(value, &[entries]);
                let flat = cx.b.reshape(updates, &[count]);
                let both = cx.b.concat(&[own, flat], 0);
                let other = pick(cx, both, &dims, |p| Some(layer[p].map_or(p, |update| entries + update)));
                combine(cx, reduction, value, other)
            }
        };
    }
    Ok(value)
}

/// `data (1 - hit) + placed`.
pub(super) fn replace(cx: &mut Context<'_>, data: Id, hit: Id, placed: Id) -> Id {
    let lost = cx.b.mul(data, hit);
    cx.b.sum(&[(1.0, data), (-1.0, lost), (1.0, placed)])
}

/// That the updates of the run are few enough to be combined one by one.
fn check_steps(cx: &Context<'_>, steps: usize) -> Result<()> {
    match steps <= MAX_STEPS {
        true => Ok(()),
        false => {
            let expected = format!(
                "at most {MAX_STEPS} updates of one entry with constant indices, or of all with others"
            );
            Err(cx.error("indices with this reduction", expected, steps.to_string()))
        }
    }
}

pub(super) fn scatter_elements(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (data, index, updates) = (cx.input(0)?, cx.input(1)?, cx.input(2)?);
    let (dims, index_dims) = (cx.dims(data), cx.dims(index));
    let axis = cx.axis("attribute axis", cx.int("axis", 0)?, dims.len())?;
    check_places(cx, &index_dims, &dims, axis)?;
    if cx.dims(updates) != index_dims {
        return Err(cx.error(
            "input 2",
            format!("extents {index_dims:?}"),
            format!("{:?}", cx.dims(updates)),
        ));
    }
    let reduction = reduction(cx)?;
    if let Some(list) = known(cx, index)? {
        let mut targets = Vec::with_capacity(list.len());
        for (p, i) in list.iter().enumerate() {
            let mut place = unravel(p, &index_dims);
            place[axis] = cx.axis("indices", *i, dims[axis])?;
            targets.push(ravel(&place, &dims));
        }
        return Ok(vec![place(cx, data, updates, &targets, reduction)?]);
    }
    // Places that the indices do not reach.
    let padded = |cx: &mut Context<'_>, id: Id| {
        let mut id = id;
        for (other, dim) in dims.iter().enumerate().filter(|(other, _)| *other != axis) {
            let count = index_dims[other];
            id = cx.b.select(id, other, *dim, |p| Some(p).filter(|p| *p < count));
        }
        id
    };
    let hot = one_hot(cx, index, dims[axis])?;
    let (hot, updates) = (padded(cx, hot), padded(cx, updates));
    let rank = dims.len() as u32;
    let all: Vec<u32> = (0..=rank).collect();
    let mut out: Vec<u32> = (0..rank).collect();
    out[axis] = rank;
    if matches!(reduction, Reduction::Replace | Reduction::Add) {
        let placed = cx.b.einsum((hot, &all), (updates, &all[..dims.len()]), &out);
        if reduction == Reduction::Add {
            return Ok(vec![cx.b.add(data, placed)]);
        }
        let hit = cx.b.reduce_sum(hot, &[axis], true);
        let hit = swap_last(cx, hit, axis, &dims);
        return Ok(vec![replace(cx, data, hit, placed)]);
    }
    check_steps(cx, index_dims[axis])?;
    let mut value = data;
    for step in 0..index_dims[axis] {
        let hit = cx.b.slice(hot, axis, step, 1);
        let hit = swap_last(cx, hit, axis, &dims);
        let update = cx.b.slice(updates, axis, step, 1);
        let other = combine(cx, reduction, value, update);
        value = cx.b.choose(hit, other, value);
    }
    Ok(vec![value])
}

/// The last axis in the place of an axis of extent 1.
fn swap_last(cx: &mut Context<'_>, x: Id, axis: usize, dims: &[usize]) -> Id {
    let mut perm: Vec<usize> = (0..=dims.len()).collect();
    perm.swap(axis, dims.len());
    let x = cx.b.transpose(x, &perm);
    cx.b.reshape(x, dims)
}

pub(super) fn scatter_nd(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (data, index, updates) = (cx.input(0)?, cx.input(1)?, cx.input(2)?);
    let (dims, index_dims) = (cx.dims(data), cx.dims(index));
    let count = tuple(cx, &index_dims, dims.len())?;
    let mut expected = index_dims[..index_dims.len() - 1].to_vec();
    expected.extend(&dims[count..]);
    if cx.dims(updates) != expected {
        return Err(cx.error("input 2", format!("extents {expected:?}"), format!("{:?}", cx.dims(updates))));
    }
    let reduction = reduction(cx)?;
    let (indexed, rest) = (&dims[..count], len(&dims[count..]));
    if let Some(list) = known(cx, index)? {
        let mut targets = Vec::new();
        for tuple in list.chunks_exact(count) {
            let mut start = 0;
            for (i, dim) in tuple.iter().zip(indexed) {
                start = start * dim + cx.axis("indices", *i, *dim)?;
            }
            targets.extend((0..rest).map(|i| start * rest + i));
        }
        return Ok(vec![place(cx, data, updates, &targets, reduction)?]);
    }
    let tuples = len(&index_dims[..index_dims.len() - 1]);
    let rows = len(indexed);
    bounded(cx, "indices", &[tuples, rows])?;
    // [tuples, rows]: products of one-hot rows, one per index of a tuple.
    let index = cx.b.reshape(index, &[tuples, count]);
    let mut hot: Option<Id> = None;
    for (number, dim) in indexed.iter().enumerate() {
        let column = cx.b.slice(index, 1, number, 1);
        let column = cx.b.reshape(column, &[tuples]);
        let own = one_hot(cx, column, *dim)?;
        let mut shape = vec![1; count + 1];
        (shape[0], shape[number + 1]) = (tuples, *dim);
        let own = cx.b.reshape(own, &shape);
        hot = Some(match hot {
            None => own,
            Some(hot) => cx.b.mul(hot, own),
        });
    }
    let hot = hot.ok_or_else(|| cx.error("indices", "a tuple", "none"))?;
    let hot = cx.b.reshape(hot, &[tuples, rows]);
    let flat = cx.b.reshape(data, &[rows, rest]);
    let updates = cx.b.reshape(updates, &[tuples, rest]);
    let value = scatter_rows(cx, flat, hot, updates, reduction)?;
    Ok(vec![cx.b.reshape(value, &dims)])
}

/// Rows of updates [tuples, rest] to the rows of data [rows, rest] that hot [tuples, rows] tells.
fn scatter_rows(cx: &mut Context<'_>, data: Id, hot: Id, updates: Id, reduction: Reduction) -> Result<Id> {
    if matches!(reduction, Reduction::Replace | Reduction::Add) {
        let placed = cx.b.einsum((hot, &[0, 1]), (updates, &[0, 2]), &[1, 2]);
        if reduction == Reduction::Add {
            return Ok(cx.b.add(data, placed));
        }
        let rows = cx.dims(hot)[1];
        let hit = cx.b.reduce_sum(hot, &[0], false);
        let hit = cx.b.reshape(hit, &[rows, 1]);
        return Ok(replace(cx, data, hit, placed));
    }
    let (tuples, rows) = (cx.dims(hot)[0], cx.dims(hot)[1]);
    check_steps(cx, tuples)?;
    let mut value = data;
    for step in 0..tuples {
        let hit = cx.b.slice(hot, 0, step, 1);
        let hit = cx.b.reshape(hit, &[rows, 1]);
        let update = cx.b.slice(updates, 0, step, 1);
        let other = combine(cx, reduction, value, update);
        value = cx.b.choose(hit, other, value);
    }
    Ok(value)
}
