//! SVMRegressor: a kernel of the sample with every support vector, and their weighted sum.

use zktorch_graph::{Formula, Unary};

use super::scores::transform;
use super::{samples, weights};
use crate::Result;
use crate::ops::Context;
use crate::program::{Id, Kind};

pub(super) fn regressor(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, rows, columns) = samples(cx)?;
    let coefficients = cx.floats("coefficients")?.unwrap_or_default();
    let supports = usize::try_from(cx.int("n_supports", 0)?).unwrap_or_default();
    let rho = cx.floats("rho")?.unwrap_or_default();
    let [rho] = rho[..] else {
        return Err(cx.error("attribute rho", "one number", format!("{rho:?}")));
    };
    let score = if supports == 0 {
        let weights = weights(cx, &[columns], &coefficients)?;
        cx.b.einsum((x, &[0, 1]), (weights, &[1]), &[0])
    } else {
        let vectors = cx.floats("support_vectors")?.unwrap_or_default();
        let vectors = weights(cx, &[supports, columns], &vectors)?;
        let kernel = kernel(cx, x, vectors)?;
        let weights = weights(cx, &[supports], &coefficients)?;
        cx.b.einsum((kernel, &[0, 1]), (weights, &[1]), &[0])
    };
    let rho = weights(cx, &[], &[rho])?;
    let mut score = cx.b.add(score, rho);
    if cx.flag("one_class", false)? {
        // 1 for inliers, else -1.
        let sign = cx.b.function(score, Formula::argument().then(Unary::Sign), Kind::Int);
        score = cx.b.cast(sign, Kind::Float);
    }
    let score = cx.b.reshape(score, &[rows, 1]);
    let name = cx.string("post_transform", "NONE")?;
    Ok(vec![transform(cx, score, &name)?])
}

/// K(x, v) for each sample and each support vector.
fn kernel(cx: &mut Context<'_>, x: Id, vectors: Id) -> Result<Id> {
    let params = cx.floats("kernel_params")?.unwrap_or_default();
    let param = |index: usize| f64::from(params.get(index).copied().unwrap_or_default());
    let (gamma, offset, degree) = (param(0), param(1), param(2));
    let kind = cx.string("kernel_type", "LINEAR")?;
    if kind == "RBF" {
        let (rows, columns) = (cx.dims(x)[0], cx.dims(x)[1]);
        let x = cx.b.reshape(x, &[rows, 1, columns]);
        let difference = cx.b.sub(x, vectors);
        let labels: &[u32] = &[0, 1, 2];
        let square = cx.b.einsum((difference, labels), (difference, labels), &[0, 1]);
        let exponent = cx.b.scale(square, -gamma);
        return Ok(cx.b.function(exponent, Formula::argument().then(Unary::Exp), Kind::Float));
    }
    let product = cx.b.einsum((x, &[0, 2]), (vectors, &[1, 2]), &[0, 1]);
    let affine = |cx: &mut Context<'_>| {
        let scaled = cx.b.scale(product, gamma);
        cx.b.offset(scaled, offset)
    };
    match &*kind {
        "LINEAR" => Ok(product),
        "SIGMOID" => {
            let sum = affine(cx);
            Ok(cx.b.function(sum, Formula::argument().then(Unary::Tanh), Kind::Float))
        }
        "POLY" => {
            let sum = affine(cx);
            let power = Formula::argument().with_constant(zktorch_graph::Binary::Pow, degree);
            Ok(cx.b.function(sum, power, Kind::Float))
        }
        other => Err(cx.error("attribute kernel_type", "LINEAR, POLY, RBF or SIGMOID", other)),
    }
}
