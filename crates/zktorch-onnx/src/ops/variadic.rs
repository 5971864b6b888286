//! Max, Min, Sum and Mean of any number of values.

use super::Context;
use crate::Result;
use crate::program::{Builder, Id};

fn inputs(cx: &Context<'_>) -> Result<Vec<Id>> {
    (0..cx.inputs.len()).map(|index| cx.input(index)).collect()
}

fn fold(cx: &mut Context<'_>, f: impl Fn(&mut Builder, Id, Id) -> Id) -> Result<Vec<Id>> {
    let mut result = cx.input(0)?;
    for id in inputs(cx)?.into_iter().skip(1) {
        result = f(cx.b, result, id);
    }
    Ok(vec![result])
}

pub(super) fn max(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    fold(cx, Builder::max)
}

pub(super) fn min(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    fold(cx, Builder::min)
}

fn weighted(cx: &mut Context<'_>, coefficient: f64) -> Result<Vec<Id>> {
    let terms: Vec<(f64, Id)> = inputs(cx)?.into_iter().map(|id| (coefficient, id)).collect();
    Ok(vec![cx.b.sum(&terms)])
}

pub(super) fn sum(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    weighted(cx, 1.0)
}

pub(super) fn mean(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let count = cx.inputs.len().max(1);
    weighted(cx, 1.0 / count as f64)
}
