//! Operators that prepare features.

use zktorch_graph::{Binary, Formula, Unary};

use super::weights;
use crate::Result;
use crate::ops::Context;
use crate::ops::indices::constant_ints;
use crate::program::{Id, Kind};

/// Columns of the last axis.
pub(super) fn extract(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let mut dims = cx.dims(x);
    if dims.len() < 2 {
        dims.insert(0, 1);
    }
    let axis = dims.len() - 1;
    if dims.contains(&0) {
        return Err(cx.error("input 0", "at least one entry", format!("extents {dims:?}")));
    }
    let x = cx.b.reshape(x, &dims);
    let list = constant_ints(cx, 1)?;
    let list = list.iter().map(|i| cx.axis("indices", *i, dims[axis])).collect::<Result<Vec<_>>>()?;
    Ok(vec![cx.b.select(x, axis, list.len(), |p| Some(list[p]))])
}

/// 1 where x > threshold.
pub(super) fn binarize(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let threshold = cx.float("threshold", 0.0)?;
    let x = cx.b.scale(x, -1.0);
    let difference = cx.b.offset(x, threshold.into());
    let bit = cx.b.function(difference, Formula::argument().with_constant(Binary::Less, 0.0), Kind::Bool);
    Ok(vec![cx.b.cast(bit, Kind::Float)])
}

/// All inputs beside each other.
pub(super) fn vectorize(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let stated = cx.ints("inputdimensions")?;
    let mut parts = Vec::new();
    let mut rows = None;
    for index in 0..cx.inputs.len() {
        let id = cx.input(index)?;
        let dims = match cx.dims(id)[..] {
            [columns] => [1, columns],
            [rows, columns] => [rows, columns],
            _ => {
                let got = format!("{:?}", cx.dims(id));
                return Err(cx.error(format!("input {index}"), "extents [N, C] or [C]", got));
            }
        };
        let columns = stated.as_ref().and_then(|list| list.get(index)).copied();
        if *rows.get_or_insert(dims[0]) != dims[0] || columns.is_some_and(|columns| columns != dims[1] as i64)
        {
            let expected = format!("extents [{rows:?}, {columns:?}]");
            return Err(cx.error(format!("input {index}"), expected, format!("{dims:?}")));
        }
        let id = cx.b.reshape(id, &dims);
        parts.push(cx.b.cast(id, Kind::Float));
    }
    Ok(vec![cx.b.concat(&parts, 1)])
}

/// What stands for a missing value is replaced. NaN cannot occur in an input that is proved.
pub(super) fn impute(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let columns = cx.dims(x).last().copied().unwrap_or(1);
    let (missing, values): (f64, Vec<f32>) = if let Some(values) = cx.ints("imputed_value_int64s")? {
        let missing = cx.int("replaced_value_int64", 0)? as f64;
        (missing, values.into_iter().map(|value| value as f32).collect())
    } else {
        let replaced = cx.node.attribute.iter().find(|attribute| attribute.name == "replaced_value_float");
        // The only attribute of any operator that may be NaN.
        let missing = replaced.map_or(0.0, |attribute| f64::from(attribute.f));
        (missing, cx.floats("imputed_value_floats")?.unwrap_or_default())
    };
    if values.len() != 1 && values.len() != columns {
        let expected = format!("1 or {columns} values");
        return Err(cx.error("attribute imputed_value_floats", expected, values.len().to_string()));
    }
    if missing.is_nan() {
        return Ok(vec![x]);
    }
    let kind = cx.kind(x);
    let values = weights(cx, &[values.len()], &values)?;
    let values = cx.b.cast(values, kind);
    let difference = cx.b.offset(x, -missing);
    let is_missing = cx.b.function(difference, Formula::argument().then(Unary::IsZero), Kind::Bool);
    Ok(vec![cx.b.choose(is_missing, values, x)])
}

/// Rows divided by their norm.
pub(super) fn normalize(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let x = cx.b.cast(x, Kind::Float);
    let rank = cx.b.rank(x);
    let axis = rank.checked_sub(1).ok_or_else(|| cx.error("input 0", "an axis", "a number"))?;
    let norm = match &*cx.string("norm", "MAX")? {
        "MAX" => {
            let absolute = cx.b.function(x, Formula::argument().then(Unary::Abs), Kind::Float);
            cx.b.reduce_max(absolute, &[axis], true)
        }
        "L1" => {
            let absolute = cx.b.function(x, Formula::argument().then(Unary::Abs), Kind::Float);
            cx.b.reduce_sum(absolute, &[axis], true)
        }
        "L2" => {
            let squares = cx.b.mul(x, x);
            let sum = cx.b.reduce_sum(squares, &[axis], true);
            cx.b.sqrt(sum)
        }
        other => return Err(cx.error("attribute norm", "MAX, L1 or L2", other)),
    };
    Ok(vec![cx.b.div_positive(x, norm)])
}

/// 1 for the category that an entry is, along a new last axis.
pub(super) fn one_hot(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let Some(categories) = cx.ints("cats_int64s")?.filter(|list| !list.is_empty()) else {
        return Err(cx.error("attribute cats_int64s", "integers", "none; strings are not supported"));
    };
    let mut dims = cx.dims(x);
    dims.push(1);
    let x = cx.b.reshape(x, &dims);
    let x = cx.b.cast(x, Kind::Int);
    let categories = cx.constant_ints(&[categories.len()], |i| categories[i]);
    let bits = cx.b.equal(x, categories);
    Ok(vec![cx.b.cast(bits, Kind::Float)])
}

/// (x - offset) scale.
pub(super) fn scale(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let columns = cx.dims(x).last().copied().unwrap_or(1);
    let mut y = cx.b.cast(x, Kind::Float);
    for (name, neutral) in [("offset", 0.0), ("scale", 1.0)] {
        let list = cx.floats(name)?.unwrap_or_else(|| vec![neutral]);
        if list.len() != 1 && list.len() != columns {
            let expected = format!("1 or {columns} numbers");
            return Err(cx.error(format!("attribute {name}"), expected, list.len().to_string()));
        }
        let dims: &[usize] = if list.len() == 1 { &[] } else { &[columns] };
        let list = weights(cx, dims, &list)?;
        y = if name == "offset" { cx.b.sub(y, list) } else { cx.b.mul(y, list) };
    }
    Ok(vec![y])
}
