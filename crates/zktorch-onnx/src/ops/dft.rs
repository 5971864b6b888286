//! DFT and STFT: products with the matrices of cosines and sines.

use super::Context;
use super::indices::bounded;
use crate::Result;
use crate::program::Id;

/// What is transformed how.
struct Transform {
    axis: usize,
    /// Length of the transform.
    length: usize,
    inverse: bool,
    onesided: bool,
}

pub(super) fn dft(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let axis = match cx.optional(2) {
        Some(_) => cx.input_number(2)?.unwrap_or(0.0) as i64,
        None => cx.int("axis", if cx.opset < 20 { 1 } else { -2 })?,
    };
    let axis = cx.axis("axis", axis, dims.len())?;
    let (inverse, onesided) = (cx.flag("inverse", false)?, cx.flag("onesided", false)?);
    let complex = match dims.last() {
        Some(parts @ (1 | 2)) if axis + 1 < dims.len() => *parts == 2,
        _ => {
            let expected = "a last extent of 1 or 2, and another axis";
            return Err(cx.error("input 0", expected, format!("extents {dims:?}, axis {axis}")));
        }
    };
    let default = if inverse && onesided { 2 * dims[axis].saturating_sub(1) } else { dims[axis] };
    let length = cx.input_number(1)?.unwrap_or(default as f64);
    if !(1.0..=cx.options.max_entries as f64).contains(&length) {
        return Err(cx.error("input 1", "a length from 1", length.to_string()));
    }
    let transform = Transform { axis, length: length as usize, inverse, onesided };
    Ok(vec![apply(cx, x, complex, &transform)?])
}

/// `X_k = sum_n x_n exp(-+ 2 pi i k n / N)`: per entry the real and the imaginary part.
fn apply(cx: &mut Context<'_>, x: Id, complex: bool, transform: &Transform) -> Result<Id> {
    let Transform { axis, length, inverse, onesided } = *transform;
    // Shorter signals are continued by zeros, longer ones cut.
    let extent = cx.dims(x)[axis].min(if inverse && onesided { length / 2 + 1 } else { length });
    let x = cx.b.slice(x, axis, 0, extent);
    let rows = if onesided && !inverse { length / 2 + 1 } else { length };
    let parts_in = if complex { 2 } else { 1 };
    let parts_out = if onesided && inverse { 1 } else { 2 };
    let shape = [rows, parts_out, extent, parts_in];
    bounded(cx, "transform", &shape)?;
    let entry = |i: usize| {
        let [k, out, n, part] = [
            i / (parts_out * extent * parts_in),
            i / (extent * parts_in) % parts_out,
            i / parts_in % extent,
            i % parts_in,
        ];
        let turn = (k as u128 * n as u128 % length as u128) as f64 / length as f64;
        let angle = 2.0 * std::f64::consts::PI * turn * if inverse { 1.0 } else { -1.0 };
        // (a + b i) (cos + i sin)
        let value = match (out, part) {
            (0, 0) | (1, 1) => angle.cos(),
            (0, _) => -angle.sin(),
            _ => angle.sin(),
        };
        // The half that is not there is the conjugate of the one that is.
        let twice = onesided && inverse && n > 0 && 2 * n < length;
        let scale = if inverse { 1.0 / length as f64 } else { 1.0 };
        (value * scale * if twice { 2.0 } else { 1.0 }) as f32
    };
    let matrix = cx.constant_floats(&shape, entry);
    // Labels: axes of x, then the row and the part of the result.
    let rank = cx.b.rank(x) as u32;
    let labels: Vec<u32> = (0..rank).collect();
    let last = rank - 1;
    let mut out = labels.clone();
    (out[axis], out[last as usize]) = (rank, rank + 1);
    Ok(cx.b.einsum((x, &labels), (matrix, &[rank, rank + 1, axis as u32, last]), &out))
}

/// Transforms of overlapping frames of a signal [batch, length, parts].
pub(super) fn stft(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let signal = cx.input(0)?;
    let dims = cx.dims(signal);
    let (batch, length, complex) = match dims[..] {
        [batch, length] => (batch, length, false),
        [batch, length, 1] => (batch, length, false),
        [batch, length, 2] => (batch, length, true),
        _ => return Err(cx.error("input 0", "extents [batch, length, 1 or 2]", format!("{dims:?}"))),
    };
    let positive = |cx: &Context<'_>, index: usize| -> Result<Option<usize>> {
        match cx.input_number(index)? {
            None => Ok(None),
            Some(x) if x >= 1.0 && x <= length as f64 => Ok(Some(x as usize)),
            Some(x) => Err(cx.error(format!("input {index}"), format!("from 1 to {length}"), x.to_string())),
        }
    };
    let step = positive(cx, 1)?.ok_or_else(|| cx.error("input 1", "a step", "none"))?;
    let window = cx.optional(2);
    let own = match window {
        None => None,
        Some(window) => match cx.dims(window)[..] {
            [size] if size >= 1 && size <= length => Some(size),
            _ => {
                let expected = format!("from 1 to {length} entries");
                return Err(cx.error("input 2", expected, format!("extents {:?}", cx.dims(window))));
            }
        },
    };
    let size = positive(cx, 3)?.or(own).unwrap_or(length);
    if own.is_some_and(|own| own != size) {
        return Err(cx.error("input 3", format!("the window's length {own:?}"), size.to_string()));
    }
    let frames = 1 + (length - size) / step;
    let parts = if complex { 2 } else { 1 };
    bounded(cx, "frames", &[batch, frames, size, parts])?;
    let signal = cx.b.reshape(signal, &[batch, length, parts]);
    let framed = cx.b.select(signal, 1, frames * size, |p| Some(p / size * step + p % size));
    let mut framed = cx.b.reshape(framed, &[batch, frames, size, parts]);
    if let Some(window) = window {
        let window = cx.b.reshape(window, &[size, 1]);
        framed = cx.b.mul(framed, window);
    }
    let onesided = cx.flag("onesided", true)?;
    Ok(vec![apply(cx, framed, complex, &Transform { axis: 2, length: size, inverse: false, onesided })?])
}
