//! Conv.

use super::spatial::{Window, split, two, windows};
use super::{Context, Operator, Resolved};
use crate::lower::{Lowering, Value, identity, sub_axes};
use crate::tensor::len;
use crate::{FloatTensor, Result};

struct Conv {
    groups: usize,
    windows: Vec<Window>,
    /// The weight's extents.
    weight: Vec<usize>,
}

pub(super) fn resolve(cx: &Context<'_>) -> Result<Resolved> {
    let (batch, channels, spatial) = split(cx)?;
    let weight = cx.input_floats(1)?.ok_or_else(|| cx.error("input 1", "a weight", "none"))?;
    let groups = match usize::try_from(cx.int("group", 1)?) {
        Ok(groups) if groups > 0 && channels.is_multiple_of(groups) => groups,
        _ => {
            let expected = format!("a divisor of the {channels} channels");
            return Err(cx.error("attribute group", expected, format!("{:?}", cx.int("group", 1)?)));
        }
    };
    let dims = weight.dims();
    let good = dims.len() == spatial.len() + 2
        && dims.iter().all(|dim| *dim > 0)
        && dims[0].is_multiple_of(groups)
        && dims[1] == channels / groups;
    if !good {
        let expected =
            format!("extents [M, {}, {} taps], M a multiple of {groups}", channels / groups, spatial.len());
        return Err(cx.error("input 1", expected, format!("{dims:?}")));
    }
    let kernel = cx.positive("kernel_shape", spatial.len(), Some(1))?;
    if cx.has("kernel_shape") && kernel != dims[2..] {
        return Err(cx.error("attribute kernel_shape", format!("{:?}", &dims[2..]), format!("{kernel:?}")));
    }
    if let Some(bias) = cx.input_floats(2)?
        && bias.dims() != [dims[0]]
    {
        return Err(cx.error("input 2", format!("extents [{}]", dims[0]), format!("{:?}", bias.dims())));
    }
    let windows = windows(cx, &spatial, &dims[2..])?;
    let mut out = vec![batch, dims[0]];
    out.extend(windows.iter().map(|window| window.positions));
    let multiplications = (len(&out) as u64).saturating_mul(len(&dims[1..]) as u64);
    let names: Vec<&str> = cx.inputs.iter().flatten().map(|info| info.name).collect();
    let conv = Conv { groups, windows, weight: dims.to_vec() };
    Ok(Resolved::op(conv, &names, out).with_multiplications(multiplications))
}

impl Operator for Conv {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        let [h, w] = two(&self.windows);
        let (batch, out_channels) = (dims[0], dims[1]);
        let (per_group, out_per_group) = (self.weight[1], out_channels / self.groups);
        let (x, weight) = (inputs[0].data(), inputs[1].data());
        let plane = h.positions * w.positions;
        let mut out = FloatTensor::zeros(dims);
        let data = out.data_mut();
        for n in 0..batch {
            for o in 0..out_channels {
                let start = (n * out_channels + o) * plane;
                let target = &mut data[start..start + plane];
                target.fill(inputs.get(2).map_or(0.0, |bias| bias.data()[o]));
                for c in 0..per_group {
                    let channel = n * per_group * self.groups + o / out_per_group * per_group + c;
                    let source = &x[channel * h.extent * w.extent..(channel + 1) * h.extent * w.extent];
                    let taps = &weight[(o * per_group + c) * h.taps * w.taps..][..h.taps * w.taps];
                    accumulate(target, source, taps, &h, &w);
                }
            }
        }
        out
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let mut x = lowering.linear(&inputs[0])?;
        for axis in 2..x.axes.len() {
            x = lowering.merged(x, axis, &inputs[0])?;
        }
        // Channels as (group, channel in the group).
        let dims = x.dims();
        let mut grouped = vec![dims[0], self.groups, dims[1] / self.groups];
        grouped.extend(&dims[2..]);
        let x = lowering.reshape(x, &grouped, &inputs[0])?;
        // Windows: [n] [g] [c] then [p] [k] for every spatial axis.
        let mut axes = x.axes[..3].to_vec();
        let kept = axes.concat().len() as u32;
        let mut factors: Vec<_> = (0..kept).map(|axis| identity(axis, axis)).collect();
        let mut next = kept;
        let mut fresh = |sub: &Vec<u32>| (!sub.is_empty()).then(|| (next, next += 1).0);
        for (axis, window) in self.windows.iter().enumerate() {
            let (p, k) = (sub_axes(window.positions), sub_axes(window.taps));
            let src = x.expr_axes(axis + 3).first().copied();
            factors.extend(window.factor(src, fresh(&p), fresh(&k)));
            axes.extend([p, k]);
        }
        let windows = lowering.apply(&x, axes, &factors)?;
        // Weight [g] [o] [c] [k]..: the rows of ONNX's [o, c, k..] in the same order.
        let constant =
            lowering.constant(&inputs[1]).ok_or_else(|| lowering.bug("a constant weight", "none"))?;
        let mut axes = vec![x.axes[1].clone(), sub_axes(self.weight[0] / self.groups), x.axes[2].clone()];
        axes.extend(self.weight[2..].iter().map(|dim| sub_axes(*dim)));
        let weight = lowering.factor_weight(&inputs[1], constant, axes, &windows)?;

        let mut label = 0..;
        let mut labels = |sub: &Vec<u32>| label.by_ref().take(sub.len()).collect::<Vec<u32>>();
        let x_labels: Vec<Vec<u32>> = windows.axes.iter().map(&mut labels).collect();
        let outs = labels(&weight.axes[1]);
        let mut weight_labels = vec![x_labels[1].clone(), outs.clone(), x_labels[2].clone()];
        let mut out_labels = vec![x_labels[0].clone(), [x_labels[1].clone(), outs].concat()];
        for pair in x_labels[3..].chunks_exact(2) {
            out_labels.push(pair[0].clone());
            weight_labels.push(pair[1].clone());
        }
        let value = lowering.contract((&weight, &weight_labels), (&windows, &x_labels), &out_labels)?;
        match inputs.get(2) {
            None => Ok(value),
            Some(bias) => lowering.add_channels(value, bias, 1),
        }
    }

    fn channel_axis(&self) -> Option<usize> {
        Some(0)
    }
}

/// Adds the products of one channel.
fn accumulate(target: &mut [f32], source: &[f32], taps: &[f32], h: &Window, w: &Window) {
    for kh in 0..h.taps {
        for kw in 0..w.taps {
            let tap = taps[kh * w.taps + kw];
            // Positions p with 0 <= stride p + dilation k - pad < extent.
            let offset = w.dilation * kw;
            let first = w.pad.saturating_sub(offset).div_ceil(w.stride);
            let end = (w.extent + w.pad).saturating_sub(offset).div_ceil(w.stride).min(w.positions);
            for ph in 0..h.positions {
                let Some(row) = h.source(ph, kh) else { continue };
                if first >= end {
                    continue;
                }
                let out = &mut target[ph * w.positions + first..ph * w.positions + end];
                let start = row * w.extent + first * w.stride + offset - w.pad;
                if w.stride == 1 {
                    let line = &source[start..start + out.len()];
                    out.iter_mut().zip(line).for_each(|(y, x)| *y += tap * x);
                } else {
                    let line = source[start..].iter().step_by(w.stride);
                    out.iter_mut().zip(line).for_each(|(y, x)| *y += tap * x);
                }
            }
        }
    }
}
