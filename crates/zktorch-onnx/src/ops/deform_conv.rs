//! DeformConv: a convolution whose taps are shifted by offsets of the run.

use super::Context;
use super::indices::{bounded, unravel};
use super::sampling::{Method, Padding, weights};
use super::windows::{split, windows};
use crate::Result;
use crate::program::Id;

/// A divisor of the channels from an attribute.
fn divisor(cx: &Context<'_>, name: &str, channels: usize) -> Result<usize> {
    let groups = usize::try_from(cx.int(name, 1)?).ok();
    let groups = groups.filter(|groups| *groups > 0 && channels.is_multiple_of(*groups));
    let got = cx.int(name, 1)?.to_string();
    groups.ok_or_else(|| cx.error(format!("attribute {name}"), format!("a divisor of {channels}"), got))
}

fn check(cx: &Context<'_>, index: usize, id: Id, expected: &[usize]) -> Result<()> {
    match cx.dims(id) == expected {
        true => Ok(()),
        false => {
            let got = format!("{:?}", cx.dims(id));
            Err(cx.error(format!("input {index}"), format!("extents {expected:?}"), got))
        }
    }
}

pub(super) fn deform_conv(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (batch, channels, spatial) = split(cx)?;
    let (x, weight, offset) = (cx.input(0)?, cx.input(1)?, cx.input(2)?);
    let rank = spatial.len();
    let (groups, shifts) = (divisor(cx, "group", channels)?, divisor(cx, "offset_group", channels)?);
    let dims = cx.dims(weight);
    let good = dims.len() == rank + 2 && !dims.contains(&0) && dims[1] == channels / groups;
    if !good || !dims[0].is_multiple_of(groups) {
        let expected = format!("extents [M, {}, {rank} taps], M a multiple of {groups}", channels / groups);
        return Err(cx.error("input 1", expected, format!("{dims:?}")));
    }
    let kernel = &dims[2..];
    let windows = windows(cx, &spatial, kernel)?;
    let positions: Vec<usize> = windows.iter().map(|window| window.positions).collect();
    let (taps, places): (usize, usize) = (kernel.iter().product(), positions.iter().product());
    let mut shape = vec![batch, shifts * taps * rank];
    shape.extend(&positions);
    check(cx, 2, offset, &shape)?;
    // Per group of channels, tap and position one coordinate and its weights along every axis.
    let count = taps * places;
    let offset = cx.b.reshape(offset, &[batch, shifts, taps, rank, places]);
    let mut axes = Vec::with_capacity(rank);
    for (axis, window) in windows.iter().enumerate() {
        bounded(cx, "input 2", &[batch, shifts, count, window.extent])?;
        let own = cx.b.slice(offset, 3, axis, 1);
        let own = cx.b.reshape(own, &[batch, shifts, count]);
        let base = cx.constant_floats(&[count], |i| {
            let (tap, place) = (unravel(i / places, kernel)[axis], unravel(i % places, &positions)[axis]);
            (window.stride * place + window.dilation * tap) as f32 - window.pad as f32
        });
        let coordinates = cx.b.add(own, base);
        axes.push(weights(cx, coordinates, window.extent, Method::Linear, Padding::Zeros));
    }
    if let Some(mask) = cx.optional(4) {
        let mut shape = vec![batch, shifts * taps];
        shape.extend(&positions);
        check(cx, 4, mask, &shape)?;
        let mask = cx.b.reshape(mask, &[batch, shifts, count, 1]);
        axes[0] = cx.b.mul(axes[0], mask);
    }
    // Labels: n 0, offset group 1, channel in it 2, tap and position 3, spatial axes from 4 on.
    let mut shape = vec![batch, shifts, channels / shifts];
    shape.extend(&spatial);
    let mut value = cx.b.reshape(x, &shape);
    for (axis, own) in axes.iter().enumerate().rev() {
        let axis = axis as u32;
        let mut left = vec![0, 1, 2];
        left.extend((axis + 1 < rank as u32).then_some(3));
        left.extend(4..=4 + axis);
        let mut out = vec![0, 1, 2, 3];
        out.extend(4..4 + axis);
        value = cx.b.einsum((value, &left), (*own, &[0, 1, 3, 4 + axis]), &out);
    }
    let (inputs, outputs) = (channels / groups, dims[0] / groups);
    let value = cx.b.reshape(value, &[batch, groups, inputs, taps, places]);
    let weight = cx.b.reshape(weight, &[groups, outputs, inputs, taps]);
    let y = cx.b.einsum((value, &[0, 1, 2, 3, 4]), (weight, &[1, 5, 2, 3]), &[0, 1, 5, 4]);
    let mut out = vec![batch, dims[0]];
    out.extend(&positions);
    let y = cx.b.reshape(y, &out);
    let Some(bias) = cx.optional(3) else { return Ok(vec![y]) };
    check(cx, 3, bias, &[dims[0]])?;
    let mut column = vec![1; out.len() - 1];
    column[0] = dims[0];
    let bias = cx.b.reshape(bias, &column);
    Ok(vec![cx.b.add(y, bias)])
}
