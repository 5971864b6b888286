//! Constants that operators make: Range, Size, EyeLike, NonZero, the windows of signal processing.

use super::Context;
use super::element::kind_of;
use super::indices::{bounded, unravel};
use crate::program::{Id, Kind};
use crate::{FloatTensor, IntTensor, Result, Tensor};

/// A public tensor of a kind from real numbers.
fn made(cx: &mut Context<'_>, dims: &[usize], kind: Kind, f: impl Fn(usize) -> f64) -> Id {
    let tensor: Tensor = match kind {
        Kind::Float => FloatTensor::from_fn(dims, |i| f(i) as f32).into(),
        Kind::Int | Kind::Bool => IntTensor::from_fn(dims, |i| f(i) as i64).into(),
    };
    cx.derived(tensor, kind, &[])
}

pub(super) fn range(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let ids = [cx.input(0)?, cx.input(1)?, cx.input(2)?];
    let mut numbers = [0.0; 3];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = cx.input_number(index)?.unwrap_or(0.0);
    }
    let [start, limit, delta] = numbers;
    let count = ((limit - start) / delta).ceil().max(0.0);
    if count > cx.options.max_entries as f64 {
        let got = format!("from {start} to {limit} in steps of {delta}");
        return Err(cx.error("inputs", format!("at most {} steps", cx.options.max_entries), got));
    }
    let kind = cx.kind(ids[0]);
    let entry = |i: usize| start + i as f64 * delta;
    let tensor: Tensor = match kind {
        Kind::Float => FloatTensor::from_fn([count as usize], |i| entry(i) as f32).into(),
        Kind::Int | Kind::Bool => IntTensor::from_fn([count as usize], |i| entry(i) as i64).into(),
    };
    Ok(vec![cx.derived(tensor, kind, &ids)])
}

pub(super) fn size(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let count = cx.b.len(cx.input(0)?) as i64;
    Ok(vec![cx.constant_ints(&[], |_| count)])
}

pub(super) fn eye_like(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let [_, columns] = dims[..] else {
        return Err(cx.error("input 0", "a matrix", format!("extents {dims:?}")));
    };
    let diagonal = cx.int("k", 0)?;
    let kind = if cx.has("dtype") { data_kind(cx, "dtype", 1)? } else { cx.kind(x) };
    let on = |i: usize| (i % columns) as i64 - (i / columns) as i64 == diagonal;
    Ok(vec![made(cx, &dims, kind, |i| if on(i) { 1.0 } else { 0.0 })])
}

/// The kind of an attribute that names an element type.
fn data_kind(cx: &Context<'_>, name: &str, default: i64) -> Result<Kind> {
    let data_type = cx.int(name, default)?;
    let got = || crate::model::type_name(data_type as i32);
    kind_of(data_type).ok_or_else(|| cx.error(format!("attribute {name}"), "a type of numbers", got()))
}

/// The indices of the entries of a constant that are not zero, one column each.
pub(super) fn non_zero(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let Some(tensor) = cx.input_constant(0)? else { return Ok(vec![]) };
    let (dims, list) = (tensor.dims().to_vec(), (0..tensor.len()).filter(|i| tensor.get(*i) != 0.0));
    let places: Vec<Vec<usize>> = list.map(|i| unravel(i, &dims)).collect();
    let count = places.len();
    let indices = IntTensor::from_fn([dims.len(), count], |i| places[i % count][i / count] as i64);
    Ok(vec![cx.derived(indices, Kind::Int, &[x])])
}

/// `sum_k c_k cos(2 pi k n / N)`: N is the size, or one less for a symmetric window.
fn window(cx: &mut Context<'_>, coefficients: [f64; 3]) -> Result<Vec<Id>> {
    let size = cx.input_number(0)?.unwrap_or(0.0);
    if !(0.0..=cx.options.max_entries as f64).contains(&size) {
        return Err(cx.error("input 0", "a number of entries", size.to_string()));
    }
    let count = size as usize;
    bounded(cx, "input 0", &[count])?;
    let kind = data_kind(cx, "output_datatype", 1)?;
    let period = if cx.flag("periodic", true)? { size } else { (size - 1.0).max(1.0) };
    let entry = |n: usize| {
        let angle = 2.0 * std::f64::consts::PI * n as f64 / period;
        coefficients.iter().enumerate().map(|(k, c)| c * (k as f64 * angle).cos()).sum()
    };
    Ok(vec![made(cx, &[count], kind, entry)])
}

pub(super) fn hann_window(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    window(cx, [0.5, -0.5, 0.0])
}

pub(super) fn hamming_window(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    window(cx, [25.0 / 46.0, -21.0 / 46.0, 0.0])
}

pub(super) fn blackman_window(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    window(cx, [0.42, -0.5, 0.08])
}
