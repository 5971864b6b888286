//! ReduceMean, ReduceSum, GlobalAveragePool.

use super::{Context, Operator, Resolved};
use crate::lower::{Lowering, Value};
use crate::tensor::strides;
use crate::{FloatTensor, Result};

struct Reduce {
    /// Sorted.
    axes: Vec<usize>,
    mean: bool,
    keep: bool,
}

pub(super) fn mean(cx: &Context<'_>) -> Result<Resolved> {
    resolve(cx, true, 18)
}

pub(super) fn sum(cx: &Context<'_>) -> Result<Resolved> {
    resolve(cx, false, 13)
}

/// Axes are an input from opset `since`, an attribute before.
fn resolve(cx: &Context<'_>, mean: bool, since: i64) -> Result<Resolved> {
    let input = cx.input(0)?;
    let rank = input.dims.len();
    let given = match (cx.ints("axes")?, cx.input_ints(1)?) {
        (Some(_), _) if cx.opset >= since => {
            return Err(cx.error("attribute axes", format!("an input from opset {since}"), "an attribute"));
        }
        (None, Some(_)) if cx.opset < since => {
            return Err(cx.error("input 1", format!("an attribute before opset {since}"), "an input"));
        }
        (attribute, input) => attribute.or(input).unwrap_or_default(),
    };
    let axes = match (given.is_empty(), cx.int("noop_with_empty_axes", 0)?) {
        (false, _) => cx.axes("axes", &given, rank)?,
        (true, 0) => (0..rank).collect(),
        (true, _) => vec![],
    };
    let keep = cx.int("keepdims", 1)? != 0;
    let all = input.dims.iter().enumerate();
    let dims = all
        .filter(|(axis, _)| keep || !axes.contains(axis))
        .map(|(axis, dim)| if axes.contains(&axis) { 1 } else { *dim })
        .collect();
    Ok(Resolved::op(Reduce { axes, mean, keep }, &[input.name], dims))
}

pub(super) fn global_average(cx: &Context<'_>) -> Result<Resolved> {
    let input = cx.input(0)?;
    if input.dims.len() < 3 {
        return Err(cx.error("input 0", "extents [N, C, ..]", format!("{:?}", input.dims)));
    }
    let axes: Vec<usize> = (2..input.dims.len()).collect();
    let dims = input.dims.iter().enumerate().map(|(axis, dim)| if axis < 2 { *dim } else { 1 }).collect();
    Ok(Resolved::op(Reduce { axes, mean: true, keep: true }, &[input.name], dims))
}

impl Operator for Reduce {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        let from = inputs[0].dims();
        let kept: Vec<usize> = from
            .iter()
            .enumerate()
            .map(|(axis, dim)| if self.axes.contains(&axis) { 1 } else { *dim })
            .collect();
        let (outer, inner) = (strides(from), strides(&kept));
        let mut sums = vec![0f64; crate::tensor::len(&kept)];
        for (i, x) in inputs[0].data().iter().enumerate() {
            let place =
                |axis: usize| if kept[axis] == 1 { 0 } else { i / outer[axis] % from[axis] * inner[axis] };
            sums[(0..from.len()).map(place).sum::<usize>()] += f64::from(*x);
        }
        let count = if self.mean { (inputs[0].data().len() / sums.len()) as f64 } else { 1.0 };
        FloatTensor::from_fn(dims, |i| (sums[i] / count) as f32)
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let mut value = lowering.linear(&inputs[0])?;
        for axis in &self.axes {
            value = lowering.merged(value, *axis, &inputs[0])?;
            let extent = value.dims()[*axis] as u32;
            let mut axes = value.axes.clone();
            axes[*axis] = vec![];
            let entries = (0..extent).map(|q| (0, q, 1)).collect();
            let divisor = if self.mean { extent } else { 1 };
            value = lowering.average(value, axes, *axis, entries, divisor, &inputs[0])?;
        }
        if !self.keep {
            let axes = (0..value.axes.len()).filter(|axis| !self.axes.contains(axis));
            let axes = axes.map(|axis| value.axes[axis].clone()).collect();
            value = value.regrouped(axes);
        }
        Ok(value)
    }
}
