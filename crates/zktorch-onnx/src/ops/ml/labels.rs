//! LabelEncoder of numbers.

use crate::ops::Context;
use crate::program::{AxisMatrix, Id, Kind};
use crate::{FloatTensor, IntTensor, Result, Tensor};

/// Strings are not numbers, and have none.
fn no_strings(cx: &Context<'_>) -> Result<()> {
    let strings = ["classes_strings", "keys_strings", "values_strings"];
    match strings.into_iter().find(|name| cx.has(name)) {
        None => Ok(()),
        Some(name) => {
            Err(cx.error(format!("attribute {name}"), "keys and values that are numbers", "strings"))
        }
    }
}

/// A list that may be integers, floats or a tensor.
fn list(cx: &Context<'_>, what: &str) -> Result<Tensor> {
    if let Some(ints) = cx.ints(&format!("{what}_int64s"))? {
        return Ok(IntTensor::from_fn([ints.len()], |i| ints[i]).into());
    }
    if let Some(floats) = cx.floats(&format!("{what}_floats"))? {
        return Ok(FloatTensor::from_fn([floats.len()], |i| floats[i]).into());
    }
    let tensor = cx.tensor(&format!("{what}_tensor"))?.map(|(tensor, _)| tensor);
    tensor.ok_or_else(|| cx.error(format!("attributes {what}_.."), "a list of numbers", "none"))
}

/// `default + sum_k [x = key_k] (value_k - default)`. Keys are public, and so are values that are integers.
pub(super) fn encode(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    no_strings(cx)?;
    let x = cx.input(0)?;
    let (keys, values) = (list(cx, "keys")?, list(cx, "values")?);
    if keys.len() != values.len() || keys.is_empty() {
        let got = format!("{} keys and {} values", keys.len(), values.len());
        return Err(cx.error("attributes", "as many keys as values, at least one", got));
    }
    let count = keys.len();
    let mut dims = cx.dims(x);
    let rank = dims.len();
    let out = dims.clone();
    dims.push(1);
    let x = cx.b.reshape(x, &dims);
    let keys = match &keys {
        Tensor::Int(_) => cx.constant_ints(&[count], |i| keys.get(i) as i64),
        Tensor::Float(_) | Tensor::Stored(_) => cx.constant_floats(&[count], |i| keys.get(i) as f32),
    };
    let bits = cx.b.equal(x, keys);
    let given = cx.tensor("default_tensor")?.map(|(tensor, _)| tensor).filter(|tensor| tensor.len() == 1);
    let given = given.map(|tensor| tensor.get(0));
    let Some(ints) = values.ints() else {
        let default = given.map_or(cx.float("default_float", 0.0)?, |default| default as f32);
        let differences: Vec<f32> = values.iter().map(|value| value as f32 - default).collect();
        let differences = super::weights(cx, &[count], &differences)?;
        let labels: Vec<u32> = (0..=rank as u32).collect();
        let sum = cx.b.einsum((bits, &labels), (differences, &[rank as u32]), &labels[..rank]);
        return Ok(vec![cx.b.offset(sum, default.into())]);
    };
    let default = given.map_or(cx.int("default_int64", -1)?, |default| default as i64);
    let difference = |value: &i64| value.checked_sub(default).and_then(|value| i32::try_from(value).ok());
    let differences = ints.iter().map(difference).collect::<Option<Vec<_>>>();
    let differences = differences.ok_or_else(|| {
        cx.error("attributes", "integers that differ by 32 bits at most", format!("{ints:?} and {default}"))
    })?;
    let entries = differences.iter().enumerate().map(|(i, difference)| (0, i as u32, *difference)).collect();
    let bits = cx.b.cast(bits, Kind::Int);
    let sum = cx.b.map(bits, rank, AxisMatrix::new(1, entries, 1));
    let sum = cx.b.reshape(sum, &out);
    Ok(vec![cx.b.offset(sum, default as f64)])
}
