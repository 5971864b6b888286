//! Functions of one number: lookups.

use zktorch_graph::{Function as Table, Interval};

use super::{Context, Operator, Resolved};
use crate::lower::{Lowering, Value};
use crate::{FloatTensor, Result};

/// Values of sigmoid and tanh have this scale.
const OUTPUT_SCALE: i32 = 14;
/// Arguments of sigmoid and tanh have at most this scale: [-8, 8).
const INPUT_SCALE: i32 = 12;
/// Slopes are multiples of 2^-16.
const SLOPE_SHIFT: u32 = 16;

enum Function {
    Relu,
    LeakyRelu { slope: f32 },
    Clip { lo: f32, hi: f32 },
    Sigmoid,
    Tanh,
}

fn resolve(cx: &Context<'_>, function: Function) -> Result<Resolved> {
    let input = cx.input(0)?;
    Ok(Resolved::op(function, &[input.name], input.dims.to_vec()))
}

pub(super) fn relu(cx: &Context<'_>) -> Result<Resolved> {
    resolve(cx, Function::Relu)
}

pub(super) fn leaky_relu(cx: &Context<'_>) -> Result<Resolved> {
    let slope = cx.float("alpha", 0.01)?;
    if slope.abs() > 1.0 {
        return Err(cx.error("attribute alpha", "from -1 to 1", slope.to_string()));
    }
    resolve(cx, Function::LeakyRelu { slope })
}

pub(super) fn sigmoid(cx: &Context<'_>) -> Result<Resolved> {
    resolve(cx, Function::Sigmoid)
}

pub(super) fn tanh(cx: &Context<'_>) -> Result<Resolved> {
    resolve(cx, Function::Tanh)
}

pub(super) fn clip_attributes(cx: &Context<'_>) -> Result<Resolved> {
    clip(cx, cx.float("min", f32::MIN)?, cx.float("max", f32::MAX)?)
}

pub(super) fn clip_inputs(cx: &Context<'_>) -> Result<Resolved> {
    clip(cx, cx.input_float(1)?.unwrap_or(f32::MIN), cx.input_float(2)?.unwrap_or(f32::MAX))
}

fn clip(cx: &Context<'_>, lo: f32, hi: f32) -> Result<Resolved> {
    match lo <= hi {
        true => resolve(cx, Function::Clip { lo, hi }),
        false => Err(cx.error("bounds", "min <= max", format!("{lo} and {hi}"))),
    }
}

impl Operator for Function {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        FloatTensor::from_fn(dims, |i| {
            let x = inputs[0].data()[i];
            match self {
                Self::Relu => x.max(0.0),
                Self::LeakyRelu { slope } => {
                    if x < 0.0 {
                        slope * x
                    } else {
                        x
                    }
                }
                Self::Clip { lo, hi } => x.max(*lo).min(*hi),
                Self::Sigmoid => 1.0 / (1.0 + (-x).exp()),
                Self::Tanh => x.tanh(),
            }
        })
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let Interval { lo: least, hi: most } = Interval::I16;
        let one = 1 << OUTPUT_SCALE;
        match self {
            Self::Relu => {
                lowering.lookup(&inputs[0], i32::MAX, |scale| (Table::Relu, Interval::new(0, most), scale))
            }
            Self::LeakyRelu { slope } => lowering.lookup(&inputs[0], i32::MAX, |scale| {
                let numerator = (f64::from(*slope) * f64::from(1 << SLOPE_SHIFT)).round() as i32;
                let function = Table::LeakyRelu { numerator, shift: SLOPE_SHIFT };
                // The extreme argument is -2^15.
                let end = (-f64::from(numerator) / 2.0).round() as i32;
                (function, Interval::new(end.min(0), most.max(end)), scale)
            }),
            Self::Clip { lo, hi } => lowering.lookup(&inputs[0], i32::MAX, |scale| {
                let integer = |x: f32| (f64::from(x) * f64::powi(2.0, scale)).round();
                let clamp = |x: f64| x.clamp(f64::from(least), f64::from(most)) as i32;
                let (lo, hi) = (clamp(integer(*lo)), clamp(integer(*hi)));
                let function = if (lo, hi) == (0, most) { Table::Relu } else { Table::Clip { lo, hi } };
                (function, Interval::new(lo.min(0), hi.max(0)), scale)
            }),
            Self::Sigmoid => lowering.lookup(&inputs[0], INPUT_SCALE, |input_scale| {
                let function = Table::Sigmoid { input_scale, output_scale: OUTPUT_SCALE };
                (function, Interval::new(0, one), OUTPUT_SCALE)
            }),
            Self::Tanh => lowering.lookup(&inputs[0], INPUT_SCALE, |input_scale| {
                let function = Table::Tanh { input_scale, output_scale: OUTPUT_SCALE };
                (function, Interval::new(-one, one), OUTPUT_SCALE)
            }),
        }
    }
}
