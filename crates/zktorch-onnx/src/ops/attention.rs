//! Attention: `softmax(scale Q K^T + mask) V` in heads, also grouped ones.

use zktorch_graph::{Binary, Formula, Unary};

use super::Context;
use crate::program::{Builder, Id, Kind};
use crate::{IntTensor, Result};

/// Labels of the axes: batch, heads of K, heads of Q for each of them, rows, depth, columns, depth of V.
const QUERIES: &[u32] = &[0, 1, 2, 3, 4];
const KEYS: &[u32] = &[0, 1, 5, 4];
const VALUES: &[u32] = &[0, 1, 5, 6];
const SCORES: &[u32] = &[0, 1, 2, 3, 5];
const RESULT: &[u32] = &[0, 1, 2, 3, 6];

/// An input as [batch, heads, length, depth].
fn heads(cx: &mut Context<'_>, index: usize, attribute: &str) -> Result<Id> {
    let x = cx.input(index)?;
    let dims = cx.dims(x);
    match dims[..] {
        [_, _, _, _] => Ok(x),
        [batch, length, hidden] => {
            let count = match usize::try_from(cx.int(attribute, 0)?) {
                Ok(count) if count > 0 && hidden.is_multiple_of(count) => count,
                _ => {
                    let got = cx.int(attribute, 0)?.to_string();
                    let expected = format!("a divisor of {hidden}");
                    return Err(cx.error(format!("attribute {attribute}"), expected, got));
                }
            };
            let split = cx.b.reshape(x, &[batch, length, count, hidden / count]);
            Ok(cx.b.transpose(split, &[0, 2, 1, 3]))
        }
        _ => Err(cx.error(format!("input {index}"), "3 or 4 axes", format!("extents {dims:?}"))),
    }
}

/// What was there before, and what is new, along the axis of length; and the length before.
fn continued(cx: &mut Context<'_>, index: usize, new: Id) -> Result<(Id, usize)> {
    let Some(past) = cx.optional(index) else { return Ok((new, 0)) };
    let (old, dims) = (cx.dims(past), cx.dims(new));
    let fits = old.len() == 4 && (0..4).all(|axis| axis == 2 || old[axis] == dims[axis]);
    if !fits {
        let expected = format!("extents {dims:?} but for axis 2");
        return Err(cx.error(format!("input {index}"), expected, format!("{old:?}")));
    }
    match old[2] {
        0 => Ok((new, 0)),
        length => Ok((cx.b.concat(&[past, new], 2), length)),
    }
}

/// The mask of the model: a boolean of what counts, or something that is added to the scores.
enum Mask {
    Keep(Id),
    Bias(Id),
}

fn mask(cx: &mut Context<'_>, scores: &[usize]) -> Result<Option<Mask>> {
    let Some(mut mask) = cx.optional(3) else { return Ok(None) };
    let dims = cx.dims(mask);
    let (last, length) = (dims.len().saturating_sub(1), scores[3]);
    let given = dims.get(last).copied().unwrap_or_default();
    // A mask that is shorter than the keys leaves the others out.
    let short = given < length && given != 1;
    let boolean = cx.kind(mask) == Kind::Bool;
    if short {
        mask = cx.b.select(mask, last, length, |p| (p < given).then_some(p));
    }
    let broadcast = Builder::broadcast_dims(scores, cx.b.dims(mask));
    if dims.is_empty() || broadcast.as_deref() != Some(scores) {
        let expected = format!("extents that broadcast to {scores:?}");
        return Err(cx.error("input 3", expected, format!("{dims:?}")));
    }
    if boolean {
        return Ok(Some(Mask::Keep(mask)));
    }
    mask = cx.b.cast(mask, Kind::Float);
    if short {
        let inside = cx.constant_ints(&[length], |p| i64::from(p < given));
        let inside = cx.b.cast(inside, Kind::Bool);
        mask = cx.b.keep_where(mask, inside);
    }
    Ok(Some(Mask::Bias(mask)))
}

/// What counts by position: nothing after the row's own (`is_causal`), nothing after the number of keys that
/// are given.
fn positions(cx: &mut Context<'_>, scores: &[usize], past: usize) -> Result<Vec<Id>> {
    let mut keeps = Vec::new();
    let (rows, columns) = (scores[2], scores[3]);
    if cx.flag("is_causal", false)? {
        let lower = IntTensor::from_fn([rows, columns], |i| i64::from(i % columns <= i / columns + past));
        keeps.push(cx.derived(lower, Kind::Bool, &[]));
    }
    if let Some(lengths) = cx.optional(6) {
        if cx.dims(lengths) != [scores[0]] || cx.kind(lengths) != Kind::Int {
            let got = format!("extents {:?}", cx.dims(lengths));
            return Err(cx.error("input 6", format!("{} integers", scores[0]), got));
        }
        let lengths = cx.b.reshape(lengths, &[scores[0], 1, 1, 1]);
        let count = cx.b.count_along(4, 3, columns, |p| p);
        keeps.push(cx.b.less(count, lengths));
    }
    Ok(keeps)
}

pub(super) fn attention(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let flat = cx.b.rank(cx.input(0)?) == 3;
    let q = heads(cx, 0, "q_num_heads")?;
    let k = heads(cx, 1, "kv_num_heads")?;
    let v = heads(cx, 2, "kv_num_heads")?;
    let (k, past) = continued(cx, 4, k)?;
    let (v, _) = continued(cx, 5, v)?;
    let (qd, kd, vd) = (cx.dims(q), cx.dims(k), cx.dims(v));
    let fits =
        qd[0] == kd[0] && qd[3] == kd[3] && kd[..3] == vd[..3] && kd[1] > 0 && qd[1].is_multiple_of(kd[1]);
    if !fits || [&qd, &kd, &vd].iter().any(|dims| dims.contains(&0)) {
        let expected = "Q [B, H G, S, D], K [B, H, T, D], V [B, H, T, E]";
        return Err(cx.error("inputs", expected, format!("{qd:?}, {kd:?}, {vd:?}")));
    }
    let grouped = [qd[0], kd[1], qd[1] / kd[1], qd[2]];
    let with = |last: usize| [grouped[0], grouped[1], grouped[2], grouped[3], last];
    let dims = [qd[0], qd[1], qd[2], kd[2]];
    let scale = match cx.has("scale") {
        true => f64::from(cx.float("scale", 1.0)?),
        false => 1.0 / (qd[3] as f64).sqrt(),
    };
    let queries = cx.b.reshape(q, &with(qd[3]));
    let raw = cx.b.einsum((queries, QUERIES), (k, KEYS), SCORES);
    let raw = cx.b.reshape(raw, &dims);
    let raw = cx.b.scale(raw, scale);
    let cap = f64::from(cx.float("softcap", 0.0)?);
    let capped = match cap > 0.0 {
        true => {
            let formula = Formula::argument().with_constant(Binary::Div, cap).then(Unary::Tanh);
            cx.b.function(raw, formula.with_constant(Binary::Mul, cap), Kind::Float)
        }
        false => raw,
    };
    let mut scores = capped;
    let mut keeps = positions(cx, &dims, past)?;
    match mask(cx, &dims)? {
        Some(Mask::Keep(keep)) => keeps.push(keep),
        Some(Mask::Bias(bias)) => scores = cx.b.add(scores, bias),
        None => {}
    }
    if let Some(keep) = keeps.into_iter().reduce(|a, b| cx.b.and(a, b)) {
        scores = cx.b.keep_where(scores, keep);
    }
    let mode = cx.int("qk_matmul_output_mode", 0)?;
    let (exponentials, sum) = cx.b.exponentials(scores, &[3]);
    // One quotient per entry of the smaller one of weights and result.
    let early = mode == 3 && cx.wants(3) || kd[2] < vd[3];
    let weights = if early { cx.b.div_positive(exponentials, sum) } else { exponentials };
    let grouped = cx.b.reshape(weights, &with(kd[2]));
    let y = cx.b.einsum((grouped, SCORES), (v, VALUES), RESULT);
    let mut y = cx.b.reshape(y, &[qd[0], qd[1], qd[2], vd[3]]);
    if !early {
        y = cx.b.div_positive(y, sum);
    }
    if flat {
        y = cx.b.transpose(y, &[0, 2, 1, 3]);
        y = cx.b.reshape(y, &[qd[0], qd[2], qd[1] * vd[3]]);
    }
    let shown = match mode {
        0 => raw,
        1 => capped,
        2 => scores,
        3 => weights,
        other => return Err(cx.error("attribute qk_matmul_output_mode", "0 to 3", other.to_string())),
    };
    Ok(vec![y, k, v, shown])
}
