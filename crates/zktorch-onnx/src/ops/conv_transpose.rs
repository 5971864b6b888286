//! ConvTranspose and Col2Im: contractions with the input, between whose entries there are zeros.

use super::Context;
use super::indices::{bounded, constant_ints, extents};
use super::windows::split;
use crate::Result;
use crate::program::{AxisMatrix, Core, Id, Window};

/// The attributes of one spatial axis.
struct Axis {
    stride: usize,
    dilation: usize,
    taps: usize,
    /// Entries that are dropped before the first one; negative: zeros.
    pad: i64,
    output: usize,
}

impl Axis {
    fn span(&self) -> usize {
        (self.taps - 1).saturating_mul(self.dilation)
    }
}

fn axes(cx: &Context<'_>, spatial: &[usize], kernel: &[usize]) -> Result<Vec<Axis>> {
    let rank = spatial.len();
    let strides = cx.positive("strides", rank, Some(1))?;
    let dilations = cx.positive("dilations", rank, Some(1))?;
    let list = |name: &str, count: usize| -> Result<Option<Vec<i64>>> {
        let list = cx.ints(name)?.filter(|list| !list.is_empty());
        match list {
            Some(list) if list.len() != count || list.iter().any(|x| !(0..1 << 24).contains(x)) => {
                let expected = format!("{count} integers from 0 to 2^24");
                Err(cx.error(format!("attribute {name}"), expected, format!("{list:?}")))
            }
            list => Ok(list),
        }
    };
    let extra = list("output_padding", rank)?.unwrap_or_else(|| vec![0; rank]);
    let pads = list("pads", 2 * rank)?.unwrap_or_else(|| vec![0; 2 * rank]);
    // The extents of N and C may stand before the spatial ones.
    let wanted = match cx.ints("output_shape")? {
        Some(shape) if shape.len() == rank + 2 => Some(shape[2..].to_vec()),
        _ => list("output_shape", rank)?,
    };
    let auto = cx.string("auto_pad", "NOTSET")?;
    let mut found = Vec::with_capacity(rank);
    for axis in 0..rank {
        let (stride, dilation, taps) = (strides[axis], dilations[axis], kernel[axis]);
        let span = (taps - 1).saturating_mul(dilation) + 1;
        let full = (stride.saturating_mul(spatial[axis].saturating_sub(1)) + span) as i64 + extra[axis];
        let same = matches!(auto.as_str(), "SAME_UPPER" | "SAME_LOWER");
        let output = match &wanted {
            Some(shape) => shape[axis],
            None if same => (spatial[axis] * stride) as i64,
            None if matches!(auto.as_str(), "NOTSET" | "" | "VALID") => {
                if auto == "VALID" {
                    full
                } else {
                    full - pads[axis] - pads[axis + rank]
                }
            }
            None => {
                let expected = "NOTSET, SAME_UPPER, SAME_LOWER or VALID";
                return Err(cx.error("attribute auto_pad", expected, auto));
            }
        };
        let total = full - output;
        let pad = match (&wanted, same) {
            (None, false) if auto == "VALID" => 0,
            (None, false) => pads[axis],
            // The smaller half is at the end for SAME_LOWER, else at the start.
            _ if auto == "SAME_UPPER" => total.div_euclid(2),
            _ => total - total.div_euclid(2),
        };
        let output = usize::try_from(output).ok().filter(|output| *output > 0);
        let output = output.ok_or_else(|| {
            cx.error("attributes", format!("entries on spatial axis {axis}"), format!("{full} less {total}"))
        })?;
        found.push(Axis { stride, dilation, taps, pad, output });
    }
    Ok(found)
}

/// A convolution of the input, zeros between its entries, with the mirrored weight.
pub(super) fn conv_transpose(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (batch, channels, spatial) = split(cx)?;
    let (x, weight) = (cx.input(0)?, cx.input(1)?);
    let dims = cx.dims(weight);
    let groups = cx.int("group", 1)?;
    let groups =
        usize::try_from(groups).ok().filter(|groups| *groups > 0 && channels.is_multiple_of(*groups));
    let groups = groups
        .ok_or_else(|| cx.error("attribute group", format!("a divisor of {channels}"), "another number"))?;
    if dims.len() != spatial.len() + 2 || dims[0] != channels || dims.contains(&0) {
        let expected = format!("extents [{channels}, M / {groups}, {} taps]", spatial.len());
        return Err(cx.error("input 1", expected, format!("{dims:?}")));
    }
    let kernel = cx.positive("kernel_shape", spatial.len(), Some(1))?;
    if cx.has("kernel_shape") && kernel != dims[2..] {
        return Err(cx.error("attribute kernel_shape", format!("{:?}", &dims[2..]), format!("{kernel:?}")));
    }
    let axes = axes(cx, &spatial, &dims[2..])?;
    let mut out = vec![batch, dims[1].saturating_mul(groups)];
    out.extend(axes.iter().map(|axis| axis.output));
    bounded(cx, "result", &out)?;
    // Entry p of the padded input is entry (p - span + pad) / stride, if that is one.
    let mut spread = x;
    let mut windows = Vec::with_capacity(axes.len());
    for (index, axis) in axes.iter().enumerate() {
        let rows = axis.output.saturating_add(axis.span());
        bounded(cx, "window", &[rows])?;
        let source = |p: usize| {
            let place = p as i64 - axis.span() as i64 + axis.pad;
            let place = usize::try_from(place).ok().filter(|place| place.is_multiple_of(axis.stride))?;
            Some(place / axis.stride).filter(|place| *place < spatial[index])
        };
        spread = cx.b.map(spread, index + 2, AxisMatrix::select(rows, source));
        windows.push(Window {
            extent: rows,
            taps: axis.taps,
            stride: 1,
            dilation: axis.dilation,
            pad: 0,
            pad_end: 0,
            positions: axis.output,
        });
    }
    // [C, M / g, taps..] becomes [M, C / g, mirrored taps..].
    let mut mirrored = weight;
    for (index, taps) in dims[2..].iter().enumerate() {
        mirrored = cx.b.select(mirrored, index + 2, *taps, |p| Some(taps - 1 - p));
    }
    let mut shape = vec![groups, channels / groups];
    shape.extend(&dims[1..]);
    let mut perm: Vec<usize> = (0..shape.len()).collect();
    perm.swap(1, 2);
    let grouped = cx.b.reshape(mirrored, &shape);
    let grouped = cx.b.transpose(grouped, &perm);
    let mut shape = vec![groups * dims[1], channels / groups];
    shape.extend(&dims[2..]);
    let weight = cx.b.reshape(grouped, &shape);
    let mut inputs = vec![spread, weight];
    let mut late = None;
    if let Some(bias) = cx.optional(2) {
        if cx.dims(bias) != [out[1]] {
            let got = format!("{:?}", cx.dims(bias));
            return Err(cx.error("input 2", format!("extents [{}]", out[1]), got));
        }
        if cx.b.constant(bias).is_some() { inputs.push(bias) } else { late = Some(bias) }
    }
    let kind = cx.kind(x);
    let y = cx.b.push(Core::Conv { groups, windows }, &inputs, out.clone(), kind);
    let Some(bias) = late else { return Ok(vec![y]) };
    let mut column = vec![1; out.len() - 1];
    column[0] = out[1];
    let bias = cx.b.reshape(bias, &column);
    Ok(vec![cx.b.add(y, bias)])
}

/// Adds blocks [N, C block, positions] up where they overlap in an image: one matrix per spatial axis.
pub(super) fn col2im(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let list = constant_ints(cx, 1)?;
    let image = extents(cx, "input 1", &list)?;
    let list = constant_ints(cx, 2)?;
    let block = extents(cx, "input 2", &list)?;
    let rank = image.len();
    if block.len() != rank || rank == 0 || block.contains(&0) || image.contains(&0) {
        let got = format!("{image:?} and {block:?}");
        return Err(cx.error("inputs 1 and 2", "two lists of positive extents of one length", got));
    }
    let windows = super::windows::windows(cx, &image, &block)?;
    let dims = cx.dims(x);
    let size: usize = block.iter().product();
    let positions: usize = windows.iter().map(|window| window.positions).product();
    let [n, columns, count] = dims[..] else {
        return Err(cx.error("input 0", "extents [N, C block, positions]", format!("{dims:?}")));
    };
    if !columns.is_multiple_of(size) || count != positions {
        let expected = format!("extents [N, a multiple of {size}, {positions}]");
        return Err(cx.error("input 0", expected, format!("{dims:?}")));
    }
    // [N, C, taps.., positions..]; then per axis its taps and positions become entries of the image.
    let mut shape = vec![n, columns / size];
    shape.extend(&block);
    shape.extend(windows.iter().map(|window| window.positions));
    let mut perm = vec![0, 1];
    perm.extend((0..rank).flat_map(|axis| [2 + axis, 2 + rank + axis]));
    let split = cx.b.reshape(x, &shape);
    let mut value = cx.b.transpose(split, &perm);
    let mut shape = vec![n, columns / size];
    shape.extend(windows.iter().map(|window| window.taps * window.positions));
    value = cx.b.reshape(value, &shape);
    for (axis, window) in windows.iter().enumerate() {
        let pairs =
            (0..window.taps).flat_map(|tap| (0..window.positions).map(move |position| (tap, position)));
        let entries = pairs.filter_map(|(tap, position)| {
            let target = window.source(position, tap)?;
            Some((target as u32, (tap * window.positions + position) as u32, 1))
        });
        value = cx.b.map(value, axis + 2, AxisMatrix::new(window.extent, entries.collect(), 1));
    }
    Ok(vec![value])
}
