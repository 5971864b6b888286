//! MaxPool and AveragePool.

use zktorch_graph::Factor;

use super::spatial::{Window, split, two, windows};
use super::{Context, Operator, Resolved};
use crate::lower::{Lowering, Value, identity, sparse, sub_axes};
use crate::{FloatTensor, Result};

struct MaxPool(Vec<Window>);

struct AveragePool {
    windows: Vec<Window>,
    include_pad: bool,
}

fn resolve(cx: &Context<'_>) -> Result<(Vec<Window>, Vec<usize>)> {
    let (batch, channels, spatial) = split(cx)?;
    let kernel = cx.positive("kernel_shape", spatial.len(), None)?;
    let windows = windows(cx, &spatial, &kernel)?;
    let mut dims = vec![batch, channels];
    dims.extend(windows.iter().map(|window| window.positions));
    for window in &windows {
        if let Some(position) = (0..window.positions).find(|position| window.count(*position, false) == 0) {
            let got = format!("a window that is padding only at position {position}");
            return Err(cx.error("attribute pads", "windows that contain entries", got));
        }
    }
    Ok((windows, dims))
}

pub(super) fn max(cx: &Context<'_>) -> Result<Resolved> {
    if cx.node.output.len() > 1 && !cx.node.output[1].is_empty() {
        return Err(cx.error("output 1 (Indices)", "absent", &*cx.node.output[1]));
    }
    let (windows, dims) = resolve(cx)?;
    Ok(Resolved::op(MaxPool(windows), &[cx.input(0)?.name], dims))
}

pub(super) fn average(cx: &Context<'_>) -> Result<Resolved> {
    let include_pad = match cx.int("count_include_pad", 0)? {
        0 => false,
        1 => true,
        other => return Err(cx.error("attribute count_include_pad", "0 or 1", other.to_string())),
    };
    let (windows, dims) = resolve(cx)?;
    Ok(Resolved::op(AveragePool { windows, include_pad }, &[cx.input(0)?.name], dims))
}

/// Folds every window.
fn fold(
    windows: &[Window],
    input: &FloatTensor,
    dims: &[usize],
    start: f32,
    mut step: impl FnMut(f32, f32) -> f32,
    mut finish: impl FnMut(f32, [usize; 2]) -> f32,
) -> FloatTensor {
    let [h, w] = two(windows);
    let plane = h.positions * w.positions;
    FloatTensor::from_fn(dims, |i| {
        let source = &input.data()[i / plane * h.extent * w.extent..];
        let (ph, pw) = (i % plane / w.positions, i % w.positions);
        let mut result = start;
        for row in (0..h.taps).filter_map(|k| h.source(ph, k)) {
            for column in (0..w.taps).filter_map(|k| w.source(pw, k)) {
                result = step(result, source[row * w.extent + column]);
            }
        }
        finish(result, [ph, pw])
    })
}

impl Operator for MaxPool {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        fold(&self.0, inputs[0], dims, f32::NEG_INFINITY, f32::max, |max, _| max)
    }

    /// One spatial axis after the other: the maximum of a rectangle is the maximum of the maxima of its rows.
    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let mut value = lowering.narrow(&inputs[0])?;
        for (index, window) in self.0.iter().enumerate().rev() {
            let axis = index + 2;
            value = lowering.merged(value, axis, &inputs[0])?;
            let mut axes = value.axes.clone();
            axes[axis] = sub_axes(window.positions);
            let mut taps = Vec::with_capacity(window.taps);
            for tap in 0..window.taps {
                // A tap in the padding is replaced by the first entry of its window: the maximum does not change.
                let read = |position| {
                    let first = || (0..window.taps).find_map(|k| window.source(position, k));
                    window.source(position, tap).or_else(first)
                };
                let entries: Vec<_> = (0..window.positions).map(|p| (p, read(p), 1)).collect();
                let entries = entries.into_iter().filter_map(|(p, q, c)| q.map(|q| (p as u32, q as u32, c)));
                let factors = along(&value, &axes, axis, entries.collect());
                taps.push(lowering.apply(&value, axes.clone(), &factors)?);
            }
            value = lowering.maximum(taps)?;
        }
        Ok(value)
    }
}

impl Operator for AveragePool {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        let [h, w] = two(&self.windows);
        let count = |[ph, pw]: [usize; 2]| h.count(ph, self.include_pad) * w.count(pw, self.include_pad);
        fold(&self.windows, inputs[0], dims, 0.0, |sum, x| sum + x, |sum, p| sum / count(p) as f32)
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let mut value = lowering.linear(&inputs[0])?;
        for (index, window) in self.windows.iter().enumerate() {
            let axis = index + 2;
            value = lowering.merged(value, axis, &inputs[0])?;
            // Counts differ at the borders: sums weighted by lcm / count are lcm times the mean.
            let counts: Vec<u64> =
                (0..window.positions).map(|p| window.count(p, self.include_pad) as u64).collect();
            let lcm = counts.iter().try_fold(1u64, |lcm, count| {
                Some(lcm / gcd(lcm, *count) * count).filter(|lcm| *lcm <= 1 << 16)
            });
            let lcm = lcm.ok_or_else(|| {
                lowering.error(
                    "least common multiple of the window sizes",
                    "at most 2^16",
                    format!("{counts:?}"),
                )
            })?;
            let mut axes = value.axes.clone();
            axes[axis] = sub_axes(window.positions);
            let entries = counts.iter().enumerate().flat_map(|(p, count)| {
                (0..window.taps)
                    .filter_map(move |k| window.source(p, k))
                    .map(move |q| (p as u32, q as u32, (lcm / count) as i32))
            });
            value = lowering.average(value, axes, axis, entries.collect(), lcm as u32, &inputs[0])?;
        }
        Ok(value)
    }
}

pub(super) fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A map along one axis of at most one sub-axis, entries (out, source, coefficient); identities elsewhere.
pub(crate) fn along(
    value: &Value,
    axes: &[Vec<u32>],
    axis: usize,
    entries: Vec<(u32, u32, i32)>,
) -> Vec<Factor> {
    let mut factors = Vec::new();
    let (mut src, mut out) = (0u32, 0u32);
    for (index, (old, new)) in value.axes.iter().zip(axes).enumerate() {
        let (olds, news) = ((src..src + old.len() as u32), (out..out + new.len() as u32));
        (src, out) = (olds.end, news.end);
        if index == axis {
            let trivial = old.is_empty() && new.is_empty() && entries == [(0, 0, 1)];
            if !trivial {
                factors.push(sparse(olds.collect(), news.collect(), entries.iter().copied()));
            }
        } else {
            factors.extend(olds.zip(news).map(|(src, out)| identity(src, out)));
        }
    }
    factors
}
