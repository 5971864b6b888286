//! Gemm and MatMul: one contraction, for Gemm in a weighted sum.

use super::Context;
use crate::Result;
use crate::program::{Builder, Id};

/// `alpha A B + beta C` with A and B transposed if told.
pub(super) fn gemm(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    let transposed = (cx.flag("transA", false)?, cx.flag("transB", false)?);
    let labels = |index: usize, id: Id, transposed: bool, labels: [u32; 2]| match &cx.dims(id)[..] {
        [rows, columns] => Ok(match transposed {
            false => (labels, [*rows, *columns]),
            true => ([labels[1], labels[0]], [*columns, *rows]),
        }),
        dims => Err(cx.error(format!("input {index}"), "a matrix", format!("extents {dims:?}"))),
    };
    let (a_labels, [m, k]) = labels(0, a, transposed.0, [0, 2])?;
    let (b_labels, [k_b, n]) = labels(1, b, transposed.1, [2, 1])?;
    if k != k_b {
        return Err(cx.error("input 1", format!("{k} rows after transposing"), k_b.to_string()));
    }
    let (alpha, beta) = (cx.float("alpha", 1.0)?, cx.float("beta", 1.0)?);
    let product = cx.b.einsum((a, &a_labels), (b, &b_labels), &[0, 1]);
    let product = cx.b.scale(product, alpha.into());
    let Some(c) = cx.optional(2).filter(|_| beta != 0.0) else { return Ok(vec![product]) };
    let dims = cx.dims(c);
    if Builder::broadcast_dims(&dims, &[m, n]).as_deref() != Some(&[m, n]) {
        return Err(cx.error("input 2", format!("extents that go with {:?}", [m, n]), format!("{dims:?}")));
    }
    Ok(vec![cx.b.sum(&[(1.0, product), (beta.into(), c)])])
}

pub(super) fn matmul(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    Ok(vec![cx.b.matmul(a, b)])
}
