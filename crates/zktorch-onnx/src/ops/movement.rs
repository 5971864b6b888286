//! Operators that move entries: Transpose, Concat, Slice, Pad.

use super::pool::along;
use super::{Context, Operator, Resolved};
use crate::lower::{Lowering, Value, sub_axes};
use crate::tensor::strides;
use crate::{FloatTensor, Result};

struct Transpose(Vec<usize>);

pub(super) fn transpose(cx: &Context<'_>) -> Result<Resolved> {
    let input = cx.input(0)?;
    let rank = input.dims.len();
    let perm = match cx.ints("perm")? {
        None => (0..rank).rev().collect(),
        Some(perm) => {
            let mut sorted = perm.clone();
            sorted.sort_unstable();
            if sorted != (0..rank as i64).collect::<Vec<_>>() {
                let expected = format!("a permutation of {rank} axes");
                return Err(cx.error("attribute perm", expected, format!("{perm:?}")));
            }
            perm.iter().map(|axis| *axis as usize).collect::<Vec<_>>()
        }
    };
    let dims = perm.iter().map(|axis| input.dims[*axis]).collect();
    Ok(Resolved::op(Transpose(perm), &[input.name], dims))
}

impl Operator for Transpose {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        let (from, to) = (strides(inputs[0].dims()), strides(dims));
        let place = |i: usize, axis: usize| i / to[axis] % dims[axis] * from[self.0[axis]];
        FloatTensor::from_fn(dims, |i| {
            inputs[0].data()[(0..dims.len()).map(|axis| place(i, axis)).sum::<usize>()]
        })
    }

    fn is_sum(&self) -> bool {
        true
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        Ok(lowering.value(&inputs[0])?.permuted(&self.0))
    }
}

struct Concat(usize);

pub(super) fn concat(cx: &Context<'_>) -> Result<Resolved> {
    let first = cx.input(0)?;
    let axis = match cx.has("axis") {
        true => cx.axis("attribute axis", cx.int("axis", 0)?, first.dims.len())?,
        false => return Err(cx.error("attribute axis", "an integer", "none")),
    };
    let mut dims = first.dims.to_vec();
    let mut names = vec![first.name];
    for index in 1..cx.inputs.len() {
        let input = cx.input(index)?;
        let rest = |dims: &[usize]| {
            dims.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, d)| *d).collect::<Vec<_>>()
        };
        if input.dims.len() != dims.len() || rest(input.dims) != rest(&dims) {
            let expected = format!("extents {dims:?} but for axis {axis}");
            return Err(cx.error(format!("input {index}"), expected, format!("{:?}", input.dims)));
        }
        dims[axis] = dims[axis].saturating_add(input.dims[axis]);
        names.push(input.name);
    }
    Ok(Resolved::op(Concat(axis), &names, dims))
}

impl Operator for Concat {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        let inner: usize = dims[self.0 + 1..].iter().product();
        let outer: usize = dims[..self.0].iter().product();
        let mut data = Vec::with_capacity(outer * dims[self.0] * inner);
        for row in 0..outer {
            for input in inputs {
                let len = input.dims()[self.0] * inner;
                data.extend_from_slice(&input.data()[row * len..(row + 1) * len]);
            }
        }
        let mut data = data.into_iter();
        FloatTensor::from_fn(dims, |_| data.next().unwrap_or_default())
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let mut values = Vec::with_capacity(inputs.len());
        for name in inputs {
            let value = match lowering.constant(name) {
                None => lowering.linear(name)?,
                Some(constant) => {
                    let axes = crate::lower::plain_axes(constant.dims());
                    let scale = lowering.target_scale();
                    lowering.weight(name, constant, axes, scale)?
                }
            };
            values.push(lowering.merged(value, self.0, name)?);
        }
        let total: usize = values.iter().map(|value| value.dims()[self.0]).sum();
        let scale = values.iter().map(|value| value.scale).max().unwrap_or_default();
        let mut sum: Option<Value> = None;
        let mut start = 0;
        let layout = values.first().map(|value| value.axes.clone()).unwrap_or_default();
        for (value, name) in values.into_iter().zip(inputs) {
            let extent = value.dims()[self.0];
            let mut axes = layout.clone();
            axes[self.0] = sub_axes(extent);
            let value = lowering.relayout(value, axes.clone(), name)?;
            axes[self.0] = sub_axes(total);
            let entries = (0..extent).map(|i| ((start + i) as u32, i as u32, 1)).collect();
            let factors = along(&value, &axes, self.0, entries);
            let placed = lowering.apply(&value, axes, &factors)?;
            start += extent;
            let bits = (scale - placed.scale) as u32;
            let placed = placed
                .raised(bits)
                .ok_or_else(|| lowering.error("scales of a concatenation", "at most 61 bits apart", bits))?;
            sum = Some(match sum {
                None => placed,
                Some(sum) => {
                    // The slots do not overlap.
                    let bounds = (sum.bounds.0.min(placed.bounds.0), sum.bounds.1.max(placed.bounds.1));
                    Value { bounds, ..sum.plus(&placed) }
                }
            });
        }
        sum.ok_or_else(|| lowering.bug("at least one value", "none"))
    }
}

/// Per axis the entries that the result reads, in order; `None`: the fill value.
struct Select {
    axes: Vec<Vec<Option<usize>>>,
    fill: f32,
}

impl Select {
    fn resolved(self, cx: &Context<'_>) -> Result<Resolved> {
        let dims: Vec<usize> = self.axes.iter().map(Vec::len).collect();
        Ok(Resolved::op(self, &[cx.input(0)?.name], dims))
    }
}

impl Operator for Select {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        let (from, to) = (strides(inputs[0].dims()), strides(dims));
        FloatTensor::from_fn(dims, |i| {
            let place = |axis: usize| self.axes[axis][i / to[axis] % dims[axis]].map(|q| q * from[axis]);
            let index = (0..dims.len()).map(place).sum::<Option<usize>>();
            index.map_or(self.fill, |index| inputs[0].data()[index])
        })
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let mut value = lowering.linear(&inputs[0])?;
        for (axis, entries) in self.axes.iter().enumerate() {
            let extent = value.dims()[axis];
            if entries.len() == extent && entries.iter().enumerate().all(|(i, entry)| *entry == Some(i)) {
                continue;
            }
            value = lowering.merged(value, axis, &inputs[0])?;
            let mut axes = value.axes.clone();
            axes[axis] = sub_axes(entries.len());
            let entries = entries.iter().enumerate().filter_map(|(p, q)| q.map(|q| (p as u32, q as u32, 1)));
            let factors = along(&value, &axes, axis, entries.collect());
            value = lowering.apply(&value, axes, &factors)?;
        }
        Ok(value)
    }
}

/// All entries of every axis.
fn everything(cx: &Context<'_>) -> Result<Vec<Vec<Option<usize>>>> {
    Ok(cx.input(0)?.dims.iter().map(|dim| (0..*dim).map(Some).collect()).collect())
}

pub(super) fn slice_attributes(cx: &Context<'_>) -> Result<Resolved> {
    let get = |name| cx.ints(name)?.ok_or_else(|| cx.error(format!("attribute {name}"), "a list", "none"));
    slice(cx, get("starts")?, get("ends")?, cx.ints("axes")?, None)
}

pub(super) fn slice_inputs(cx: &Context<'_>) -> Result<Resolved> {
    let get =
        |index| cx.input_ints(index)?.ok_or_else(|| cx.error(format!("input {index}"), "a list", "none"));
    slice(cx, get(1)?, get(2)?, cx.input_ints(3)?, cx.input_ints(4)?)
}

fn slice(
    cx: &Context<'_>,
    starts: Vec<i64>,
    ends: Vec<i64>,
    axes: Option<Vec<i64>>,
    steps: Option<Vec<i64>>,
) -> Result<Resolved> {
    let dims = cx.input(0)?.dims;
    let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        let got = format!(
            "{} starts, {} ends, {} axes, {} steps",
            starts.len(),
            ends.len(),
            axes.len(),
            steps.len()
        );
        return Err(cx.error("inputs", "lists of one length", got));
    }
    cx.axes("axes", &axes, dims.len())?;
    let mut entries = everything(cx)?;
    for (((start, end), axis), step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
        let axis = cx.axis("axes", *axis, dims.len())?;
        let extent = dims[axis] as i64;
        if *step == 0 || *step == i64::MIN {
            return Err(cx.error("steps", "not zero", step.to_string()));
        }
        let wrap = |x: i64| if x < 0 { x.saturating_add(extent) } else { x };
        let list: Vec<_> = if *step > 0 {
            let (start, end) = (wrap(*start).clamp(0, extent), wrap(*end).clamp(0, extent));
            (start..end.max(start)).step_by(*step as usize).map(|i| Some(i as usize)).collect()
        } else {
            let (start, end) = (wrap(*start).clamp(-1, extent - 1), wrap(*end).clamp(-1, extent - 1));
            (end + 1..start.max(end) + 1)
                .rev()
                .step_by(step.unsigned_abs() as usize)
                .map(|i| Some(i as usize))
                .collect()
        };
        entries[axis] = list;
    }
    Select { axes: entries, fill: 0.0 }.resolved(cx)
}

pub(super) fn pad_attributes(cx: &Context<'_>) -> Result<Resolved> {
    let pads = cx.ints("pads")?.ok_or_else(|| cx.error("attribute pads", "a list", "none"))?;
    pad(cx, &pads, cx.float("value", 0.0)?, None)
}

pub(super) fn pad_inputs(cx: &Context<'_>) -> Result<Resolved> {
    let pads = cx.input_ints(1)?.ok_or_else(|| cx.error("input 1", "a list", "none"))?;
    pad(cx, &pads, cx.input_float(2)?.unwrap_or(0.0), cx.input_ints(3)?)
}

fn pad(cx: &Context<'_>, pads: &[i64], fill: f32, axes: Option<Vec<i64>>) -> Result<Resolved> {
    let dims = cx.input(0)?.dims;
    let axes = axes.unwrap_or_else(|| (0..dims.len() as i64).collect());
    cx.axes("axes", &axes, dims.len())?;
    if pads.len() != 2 * axes.len() {
        return Err(cx.error("pads", format!("{} integers", 2 * axes.len()), format!("{pads:?}")));
    }
    let mode = cx.string("mode", "constant")?;
    if fill != 0.0 && mode == "constant" {
        return Err(cx.error("constant value", "0", fill.to_string()));
    }
    let mut entries = everything(cx)?;
    for (index, axis) in axes.iter().enumerate() {
        let axis = cx.axis("axes", *axis, dims.len())?;
        let extent = dims[axis] as i64;
        let (before, after) = (pads[index], pads[index + axes.len()]);
        let limit = cx.options.max_entries as i64;
        let reflect = mode == "reflect" && before.max(after) >= extent;
        if before.abs() > limit || after.abs() > limit || before + after + extent < 0 || reflect {
            let expected = "pads that leave entries and, in mode reflect, are below the extent";
            return Err(cx.error("pads", expected, format!("{pads:?} for {dims:?}")));
        }
        let read = |i: i64| match mode.as_str() {
            "constant" => Ok(Some(i).filter(|i| (0..extent).contains(i))),
            "edge" => Ok(Some(i.clamp(0, extent - 1))),
            "reflect" if i < 0 => Ok(Some(-i)),
            "reflect" if i >= extent => Ok(Some(2 * (extent - 1) - i)),
            "reflect" => Ok(Some(i)),
            other => Err(cx.error("attribute mode", "constant, reflect or edge", other)),
        };
        let list = (-before..extent + after).map(|i| Ok(read(i)?.map(|i| i as usize)));
        entries[axis] = list.collect::<Result<Vec<_>>>()?;
    }
    Select { axes: entries, fill }.resolved(cx)
}
