//! RotaryEmbedding: pairs of entries turned by angles that depend on the position.

use super::Context;
use crate::Result;
use crate::program::{AxisMatrix, Id, Kind};

/// Rows of a table of cosines or sines, [batch or 1, length, half]: by position, or as they are.
fn rows(cx: &mut Context<'_>, index: usize, batch: usize, length: usize, half: usize) -> Result<Id> {
    let cache = cx.input(index)?;
    let dims = cx.dims(cache);
    let wrong = |cx: &Context<'_>, expected: String| {
        Err(cx.error(format!("input {index}"), expected, format!("{dims:?}")))
    };
    let Some(ids) = cx.optional(3) else {
        return match dims[..] {
            [b, l, h] if (b == batch || b == 1) && l == length && h == half => Ok(cache),
            _ => wrong(cx, format!("extents [{batch}, {length}, {half}]")),
        };
    };
    let [positions, h] = dims[..] else { return wrong(cx, format!("extents [positions, {half}]")) };
    if h != half {
        return wrong(cx, format!("extents [positions, {half}]"));
    }
    if cx.dims(ids) != [batch, length] || cx.kind(ids) != Kind::Int {
        let got = format!("extents {:?}", cx.dims(ids));
        return Err(cx.error("input 3", format!("integers of extents [{batch}, {length}]"), got));
    }
    let all = batch * length;
    let known = cx.b.constant(ids).and_then(|tensor| tensor.ints()).map(<[i64]>::to_vec);
    let rows = match known {
        Some(list) => {
            let list = list.iter().map(|i| cx.axis("input 3", *i, positions)).collect::<Result<Vec<_>>>()?;
            cx.b.select(cache, 0, all, |p| Some(list[p]))
        }
        None => {
            let ids = cx.b.reshape(ids, &[all]);
            let found = cx.b.one_hot(ids, 1, positions);
            cx.b.einsum((found, &[0, 1]), (cache, &[1, 2]), &[0, 2])
        }
    };
    Ok(cx.b.reshape(rows, &[batch, length, half]))
}

/// `x C + (R x) S`, where R swaps the entries of every pair, one of them with the opposite sign: one sum of
/// two products.
pub(super) fn rotary(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    // As [batch, length, heads, depth].
    let turned = match dims[..] {
        [_, _, _, _] => cx.b.transpose(x, &[0, 2, 1, 3]),
        [batch, length, hidden] => match usize::try_from(cx.int("num_heads", 0)?) {
            Ok(heads) if heads > 0 && hidden.is_multiple_of(heads) => {
                cx.b.reshape(x, &[batch, length, heads, hidden / heads])
            }
            _ => {
                let got = cx.int("num_heads", 0)?.to_string();
                return Err(cx.error("attribute num_heads", format!("a divisor of {hidden}"), got));
            }
        },
        _ => return Err(cx.error("input 0", "3 or 4 axes", format!("extents {dims:?}"))),
    };
    let [batch, length, _, depth] = cx.dims(turned)[..] else {
        return Err(cx.error("input 0", "4 axes", format!("extents {dims:?}")));
    };
    let size = match cx.int("rotary_embedding_dim", 0)? {
        0 => depth,
        size => usize::try_from(size).unwrap_or(usize::MAX),
    };
    if size > depth || !size.is_multiple_of(2) || size == 0 {
        let field = "attribute rotary_embedding_dim";
        return Err(cx.error(field, format!("an even number of at most {depth}"), size.to_string()));
    }
    let (half, interleaved) = (size / 2, cx.flag("interleaved", false)?);
    // Entry i of the depth: its pair, and whether it is the second one.
    let pair = |i: usize| if interleaved { (i / 2, i % 2 == 1) } else { (i % half, i >= half) };
    let place = |pair: usize, second: bool| match interleaved {
        true => 2 * pair + usize::from(second),
        false => pair + if second { half } else { 0 },
    };
    let cos = rows(cx, 1, batch, length, half)?;
    let sin = rows(cx, 2, batch, length, half)?;
    let spread = |cx: &mut Context<'_>, table: Id| {
        let wide = cx.b.select(table, 2, depth, |i| (i < size).then(|| pair(i).0));
        let mut dims = cx.dims(wide);
        dims.insert(2, 1);
        cx.b.reshape(wide, &dims)
    };
    let (mut cos, sin) = (spread(cx, cos), spread(cx, sin));
    if size < depth {
        let rest = cx.constant_floats(&[depth], |i| if i < size { 0.0 } else { 1.0 });
        cos = cx.b.add(cos, rest);
    }
    let swap = (0..size).map(|i| {
        let (pair, second) = pair(i);
        (i as u32, place(pair, !second) as u32, if second { 1 } else { -1 })
    });
    let other = cx.b.map(turned, 3, AxisMatrix::new(depth, swap.collect(), 1));
    let (a, b) = (cx.b.mul(turned, cos), cx.b.mul(other, sin));
    let y = cx.b.add(a, b);
    Ok(vec![match dims.len() {
        4 => cx.b.transpose(y, &[0, 2, 1, 3]),
        _ => cx.b.reshape(y, &dims),
    }])
}
