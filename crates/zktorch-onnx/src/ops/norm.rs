//! BatchNormalization: a factor and a summand for each channel.

use super::Context;
use super::normalise::moments;
use crate::program::{Core, Id, Kind};
use crate::{FloatTensor, Result, Tensor};

pub(super) fn batch(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let [_, channels, ..] = dims[..] else {
        return Err(cx.error("input 0", "extents [N, C, ..]", format!("{dims:?}")));
    };
    let training = cx.flag("training_mode", false)?;
    let epsilon = f64::from(cx.float("epsilon", 1e-5)?);
    let mut ids = Vec::new();
    for index in 1..5 {
        let id = cx.input(index)?;
        if cx.dims(id) != [channels] {
            let got = format!("extents {:?}", cx.dims(id));
            return Err(cx.error(format!("input {index}"), format!("extents [{channels}]"), got));
        }
        ids.push(id);
    }
    if training {
        return by_batch(cx, x, &ids, epsilon);
    }
    let constants: Option<Vec<Tensor>> = ids.iter().map(|id| cx.b.constant(*id).cloned()).collect();
    let Some(constants) = constants else { return at_run_time(cx, x, &ids, epsilon) };
    let [scale, bias, mean, variance] = &constants[..] else {
        return Err(cx.error("inputs", "scale, bias, mean and variance", "others"));
    };
    if let Some(bad) = variance.iter().find(|variance| *variance + epsilon <= 0.0) {
        return Err(cx.error("input 4", format!("variances above -{epsilon}"), bad.to_string()));
    }
    let factor: Vec<f64> = scale.iter().zip(variance.iter()).map(|(s, v)| s / (v + epsilon).sqrt()).collect();
    let offset: Vec<f64> = bias.iter().zip(mean.iter()).zip(&factor).map(|((b, m), f)| b - m * f).collect();
    let float = |list: &[f64]| FloatTensor::from_fn([channels], |i| list[i] as f32);
    let (factor, offset) = (float(&factor), float(&offset));
    let factor = cx.derived(factor, Kind::Float, &ids);
    let offset = cx.derived(offset, Kind::Float, &ids);
    Ok(vec![cx.b.push(Core::ChannelAffine(1), &[x, factor, offset], dims, Kind::Float)])
}

/// (x - mean) scale / sqrt(variance + epsilon) + bias.
fn at_run_time(cx: &mut Context<'_>, x: Id, ids: &[Id], epsilon: f64) -> Result<Vec<Id>> {
    let mut column = vec![1; cx.b.rank(x) - 1];
    column[0] = cx.dims(x)[1];
    let [scale, bias, mean, variance] = ids[..] else {
        return Err(cx.error("inputs", "scale, bias, mean and variance", "others"));
    };
    let sum = cx.b.offset(variance, epsilon);
    let root = cx.b.sqrt(sum);
    let factor = cx.b.div_positive(scale, root);
    let column = |cx: &mut Context<'_>, id: Id| cx.b.reshape(id, &column);
    let (factor, bias, mean) = (column(cx, factor), column(cx, bias), column(cx, mean));
    let centred = cx.b.sub(x, mean);
    let scaled = cx.b.mul(centred, factor);
    Ok(vec![cx.b.add(scaled, bias)])
}

/// By the mean and the variance of the batch, and both mixed with those before.
fn by_batch(cx: &mut Context<'_>, x: Id, ids: &[Id], epsilon: f64) -> Result<Vec<Id>> {
    let rank = cx.b.rank(x);
    let axes: Vec<usize> = (0..rank).filter(|axis| *axis != 1).collect();
    let channels = cx.dims(x)[1];
    let mut column = vec![1; rank - 1];
    column[0] = channels;
    let [scale, bias, mean, variance] = ids[..] else {
        return Err(cx.error("inputs", "scale, bias, mean and variance", "others"));
    };
    let momentum = f64::from(cx.float("momentum", 0.9)?);
    let moments = moments(cx, x, &axes, epsilon, true);
    let (scale, bias) = (cx.b.reshape(scale, &column), cx.b.reshape(bias, &column));
    let y = moments.by_channel(cx, scale, bias);
    let mixed = |cx: &mut Context<'_>, before: Id, now: Id| {
        let now = cx.b.reshape(now, &[channels]);
        cx.b.sum(&[(momentum, before), (1.0 - momentum, now)])
    };
    Ok(vec![y, mixed(cx, mean, moments.mean), mixed(cx, variance, moments.variance)])
}
