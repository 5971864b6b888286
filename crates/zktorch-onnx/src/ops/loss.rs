//! NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss: a product with the indicator of the target, and its sum.

use super::Context;
use super::softmax::log_of_softmax;
use crate::Result;
use crate::program::{Id, Kind};

pub(super) fn negative_log_likelihood(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    Ok(vec![loss(cx, x)?])
}

pub(super) fn softmax_cross_entropy(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    if cx.b.rank(x) < 2 {
        return Err(cx.error("input 0", "extents [N, C, ..]", format!("{:?}", cx.dims(x))));
    }
    let log = log_of_softmax(cx, x, 1);
    Ok(vec![loss(cx, log)?, log])
}

/// The sum over classes of minus the logarithm where the class is the target's, times the class's weight. A
/// class that is ignored has weight zero, an index out of range no class at all.
fn loss(cx: &mut Context<'_>, log: Id) -> Result<Id> {
    let target = cx.input(1)?;
    let (dims, target_dims) = (cx.dims(log), cx.dims(target));
    let fits = dims.len() >= 2
        && target_dims.len() + 1 == dims.len()
        && target_dims[0] == dims[0]
        && target_dims[1..] == dims[2..];
    if !fits || cx.kind(target) != Kind::Int {
        let expected = format!("integers, with the extents {dims:?} but for axis 1");
        return Err(cx.error("input 1", expected, format!("{target_dims:?}")));
    }
    let (rank, classes) = (dims.len(), dims[1]);
    let mut chosen = cx.b.one_hot(target, 1, classes);
    let mut weighted = false;
    if cx.has("ignore_index") {
        weighted = true;
        if let Ok(ignored) = usize::try_from(cx.int("ignore_index", 0)?)
            && ignored < classes
        {
            chosen = cx.b.select(chosen, 1, classes, |class| (class != ignored).then_some(class));
        }
    }
    if let Some(weight) = cx.optional(2) {
        if cx.dims(weight) != [classes] {
            let got = format!("extents {:?}", cx.dims(weight));
            return Err(cx.error("input 2", format!("extents [{classes}]"), got));
        }
        weighted = true;
        let mut column = vec![1; rank];
        column[1] = classes;
        let column = cx.b.reshape(weight, &column);
        chosen = cx.b.mul(chosen, column);
    }
    let reduction = cx.string("reduction", "mean")?;
    let axes: Vec<usize> = match reduction.as_str() {
        "none" => vec![1],
        "sum" | "mean" => (0..rank).collect(),
        other => return Err(cx.error("attribute reduction", "none, sum or mean", other)),
    };
    let mean = reduction == "mean";
    let total = cx.b.reduce_sum(chosen, &(0..rank).collect::<Vec<_>>(), false);
    let known = mean && weighted && cx.b.constant(total).is_some();
    if known {
        // Weights whose sum is known are divided before the sum.
        chosen = cx.b.div(chosen, total);
    }
    let likelihood = cx.b.reduce_product(chosen, log, &axes, false);
    if mean && !weighted {
        let count: usize = target_dims.iter().product();
        return Ok(cx.b.scale(likelihood, -1.0 / count.max(1) as f64));
    }
    let loss = cx.b.scale(likelihood, -1.0);
    Ok(if mean && !known { cx.b.div_positive(loss, total) } else { loss })
}
