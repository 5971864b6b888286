//! LinearRegressor and LinearClassifier: one contraction, and a function of the scores.

use super::scores::{Labels, transform, two_columns};
use super::{samples, weights};
use crate::Result;
use crate::ops::Context;
use crate::program::Id;

/// x coefficients' + intercepts, [N, outputs].
fn scores(cx: &mut Context<'_>, outputs: Option<usize>) -> Result<(Id, usize)> {
    let (x, _, columns) = samples(cx)?;
    let coefficients = cx.floats("coefficients")?.unwrap_or_default();
    let outputs = outputs.unwrap_or(coefficients.len() / columns);
    if outputs == 0 || Some(coefficients.len()) != outputs.checked_mul(columns) {
        let expected = format!("{outputs} times {columns} numbers");
        return Err(cx.error("attribute coefficients", expected, coefficients.len().to_string()));
    }
    let matrix = weights(cx, &[outputs, columns], &coefficients)?;
    let product = cx.b.einsum((x, &[0, 2]), (matrix, &[1, 2]), &[0, 1]);
    let Some(intercepts) = cx.floats("intercepts")?.filter(|list| !list.is_empty()) else {
        return Ok((product, outputs));
    };
    let intercepts = weights(cx, &[outputs], &intercepts)?;
    Ok((cx.b.add(product, intercepts), outputs))
}

pub(super) fn regressor(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let targets = cx.int("targets", 1)?;
    let targets = usize::try_from(targets)
        .map_err(|_| cx.error("attribute targets", "a positive number", targets.to_string()))?;
    let (scores, _) = scores(cx, Some(targets))?;
    let name = cx.string("post_transform", "NONE")?;
    Ok(vec![transform(cx, scores, &name)?])
}

pub(super) fn classifier(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let labels = Labels::read(cx, "classlabels_ints", "classlabels_strings")?;
    let (scores, outputs) = scores(cx, None)?;
    let name = cx.string("post_transform", "NONE")?;
    if outputs == 1 && labels.count == 2 {
        let label = labels.above(cx, scores, 0.0);
        return Ok(vec![label, two_columns(cx, scores, &name, false)?]);
    }
    if outputs != labels.count || outputs < 2 {
        let expected = format!("those of {} classes", labels.count);
        return Err(cx.error("attribute coefficients", expected, format!("those of {outputs}")));
    }
    let label = labels.of(cx, scores);
    Ok(vec![label, transform(cx, scores, &name)?])
}
