//! BatchNormalization in inference mode.

use super::{Context, Operator, Resolved};
use crate::lower::{Lowering, Value};
use crate::{FloatTensor, Result};

struct BatchNorm {
    epsilon: f32,
}

pub(super) fn batch(cx: &Context<'_>) -> Result<Resolved> {
    let input = cx.input(0)?;
    let channels = match input.dims {
        [_, channels, ..] => *channels,
        dims => return Err(cx.error("input 0", "extents [N, C, ..]", format!("{dims:?}"))),
    };
    if cx.int("training_mode", 0)? != 0 {
        return Err(cx.error("attribute training_mode", "0", "1"));
    }
    let epsilon = cx.float("epsilon", 1e-5)?;
    let mut names = vec![input.name];
    for index in 1..5 {
        let constant =
            cx.input_floats(index)?.ok_or_else(|| cx.error(format!("input {index}"), "a value", "none"))?;
        if constant.dims() != [channels] {
            let got = format!("extents {:?}", constant.dims());
            return Err(cx.error(format!("input {index}"), format!("extents [{channels}]"), got));
        }
        names.push(cx.input(index)?.name);
    }
    let variance = cx.input_floats(4)?.map(FloatTensor::data).unwrap_or_default();
    if let Some(bad) = variance.iter().find(|variance| **variance + epsilon <= 0.0) {
        return Err(cx.error("input 4", format!("variances above -{epsilon}"), bad.to_string()));
    }
    let dims = input.dims.to_vec();
    Ok(Resolved::op(BatchNorm { epsilon }, &names, dims))
}

impl BatchNorm {
    /// Factor and offset of every channel.
    fn affine(&self, [scale, bias, mean, variance]: [&[f32]; 4]) -> (Vec<f32>, Vec<f32>) {
        let root = |variance: f32| (f64::from(variance) + f64::from(self.epsilon)).sqrt();
        let factor = scale.iter().zip(variance).map(|(s, v)| f64::from(*s) / root(*v)).collect::<Vec<_>>();
        let offset =
            bias.iter().zip(mean).zip(&factor).map(|((b, m), f)| (f64::from(*b) - f64::from(*m) * f) as f32);
        (factor.iter().map(|f| *f as f32).collect(), offset.collect())
    }
}

impl Operator for BatchNorm {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        let (factor, offset) =
            self.affine([inputs[1].data(), inputs[2].data(), inputs[3].data(), inputs[4].data()]);
        let inner: usize = dims[2..].iter().product();
        FloatTensor::from_fn(dims, |i| {
            let channel = i / inner % dims[1];
            inputs[0].data()[i] * factor[channel] + offset[channel]
        })
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let mut constants = [&[][..]; 4];
        for (constant, name) in constants.iter_mut().zip(&inputs[1..]) {
            *constant = lowering.constant(name).ok_or_else(|| lowering.bug("a constant", "none"))?.data();
        }
        let (factor, offset) = self.affine(constants);
        let rank = lowering.value(&inputs[0])?.axes.len();
        let mut dims = vec![1; rank - 1];
        dims[0] = factor.len();
        let name = lowering.current().to_owned();
        let (factor, offset) = (FloatTensor::new(&*dims, factor)?, FloatTensor::new(&*dims, offset)?);
        let product = lowering.mul_constant(&inputs[0], &format!("{name} (factor)"), &factor)?;
        lowering.add_constant(product, &name, &format!("{name} (offset)"), &offset)
    }

    fn channel_affine(&self, constants: &[&FloatTensor]) -> Option<(Vec<f32>, Vec<f32>)> {
        let [scale, bias, mean, variance] = constants else { return None };
        Some(self.affine([scale.data(), bias.data(), mean.data(), variance.data()]))
    }
}
