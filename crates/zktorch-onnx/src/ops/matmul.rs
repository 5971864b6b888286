//! Gemm and MatMul.

use super::arithmetic::{broadcast_dims, broadcast_index};
use super::{Context, Operator, Resolved};
use crate::lower::{Lowering, Value, plain_axes, sub_axes};
use crate::tensor::len;
use crate::{FloatTensor, Result};

/// `alpha A B + beta C` with A and B transposed if told.
struct Gemm {
    alpha: f32,
    beta: f32,
    transposed: (bool, bool),
}

pub(super) fn gemm(cx: &Context<'_>) -> Result<Resolved> {
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    let flag = |name| match cx.int(name, 0)? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(cx.error(format!("attribute {name}"), "0 or 1", other.to_string())),
    };
    let transposed = (flag("transA")?, flag("transB")?);
    let matrix = |index: usize, dims: &[usize], transposed: bool| match dims {
        [rows, columns] => Ok(if transposed { [*columns, *rows] } else { [*rows, *columns] }),
        _ => Err(cx.error(format!("input {index}"), "a matrix", format!("extents {dims:?}"))),
    };
    let ([m, k], [k_b, n]) = (matrix(0, a.dims, transposed.0)?, matrix(1, b.dims, transposed.1)?);
    if k != k_b {
        return Err(cx.error("input 1", format!("{k} rows after transposing"), k_b.to_string()));
    }
    let dims = vec![m, n];
    let mut names = vec![a.name, b.name];
    if let Some(c) = cx.optional(2) {
        if broadcast_dims(c.dims, &dims).as_ref() != Some(&dims) {
            return Err(cx.error(
                "input 2",
                format!("extents that go with {dims:?}"),
                format!("{:?}", c.dims),
            ));
        }
        names.push(c.name);
    }
    let gemm = Gemm { alpha: cx.float("alpha", 1.0)?, beta: cx.float("beta", 1.0)?, transposed };
    let count = (len(&dims) as u64).saturating_mul(k as u64);
    Ok(Resolved::op(gemm, &names, dims).with_multiplications(count))
}

/// Out[i, j] += sum_k A[i, k] B[k, j] with row-major strides.
fn multiply(
    out: &mut [f32],
    (a, a_row, a_column): (&[f32], usize, usize),
    (b, b_row, b_column): (&[f32], usize, usize),
    [m, k, n]: [usize; 3],
) {
    for i in 0..m {
        let row = &mut out[i * n..(i + 1) * n];
        for p in 0..k {
            let x = a[i * a_row + p * a_column];
            for (j, y) in row.iter_mut().enumerate() {
                *y += x * b[p * b_row + j * b_column];
            }
        }
    }
}

impl Operator for Gemm {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        let (a, b) = (inputs[0], inputs[1]);
        let [m, n] = [dims[0], dims[1]];
        let k = len(a.dims()) / m;
        let strides =
            |columns: usize, rows: usize, transposed: bool| if transposed { (1, rows) } else { (columns, 1) };
        let (a_row, a_column) = strides(k, m, self.transposed.0);
        let (b_row, b_column) = strides(n, k, self.transposed.1);
        let mut out = FloatTensor::zeros(dims);
        multiply(out.data_mut(), (a.data(), a_row, a_column), (b.data(), b_row, b_column), [m, k, n]);
        let at = inputs.get(2).map(|c| (c.data(), broadcast_index(c.dims(), dims)));
        for (i, y) in out.data_mut().iter_mut().enumerate() {
            *y = self.alpha * *y + at.as_ref().map_or(0.0, |(c, at)| self.beta * c[at(i)]);
        }
        out
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let product = matrix_product(lowering, &inputs[0], &inputs[1], self.transposed, self.alpha)?;
        let Some(c) = inputs.get(2).filter(|_| self.beta != 0.0) else { return Ok(product) };
        let name = lowering.current().to_owned();
        match lowering.constant(c) {
            Some(constant) => {
                let scaled = FloatTensor::from_fn(constant.dims(), |i| self.beta * constant.data()[i]);
                let weight = weight_name(lowering, c, self.beta);
                lowering.add_constant(product, &name, &weight, &scaled)
            }
            None if self.beta == 1.0 => {
                let product_name = format!("{name} without the last addend");
                lowering.define(&product_name, product);
                lowering.add(&product_name, c, false)
            }
            None => Err(lowering.error("attribute beta", "1 for an activation", self.beta)),
        }
    }

    fn channel_axis(&self) -> Option<usize> {
        (self.beta == 1.0).then_some(usize::from(!self.transposed.1))
    }
}

struct MatMul;

pub(super) fn matmul(cx: &Context<'_>) -> Result<Resolved> {
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    let error =
        || cx.error("inputs", "extents [.., m, k] and [.., k, n]", format!("{:?} and {:?}", a.dims, b.dims));
    if a.dims.is_empty() || b.dims.is_empty() {
        return Err(error());
    }
    let (a_dims, b_dims) = promoted(a.dims, b.dims);
    let (a_batch, b_batch) = (&a_dims[..a_dims.len() - 2], &b_dims[..b_dims.len() - 2]);
    let (m, k) = (a_dims[a_dims.len() - 2], a_dims[a_dims.len() - 1]);
    let (k_b, n) = (b_dims[b_dims.len() - 2], b_dims[b_dims.len() - 1]);
    let mut dims = broadcast_dims(a_batch, b_batch).filter(|_| k == k_b).ok_or_else(error)?;
    if a.dims.len() > 1 {
        dims.push(m);
    }
    if b.dims.len() > 1 {
        dims.push(n);
    }
    let count = (len(&dims) as u64).saturating_mul(k as u64);
    Ok(Resolved::op(MatMul, &[a.name, b.name], dims).with_multiplications(count))
}

/// Vectors become matrices.
fn promoted(a: &[usize], b: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let a = if let [k] = a { vec![1, *k] } else { a.to_vec() };
    let b = if let [k] = b { vec![*k, 1] } else { b.to_vec() };
    (a, b)
}

impl Operator for MatMul {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        let (a, b) = (inputs[0], inputs[1]);
        let (a_dims, b_dims) = promoted(a.dims(), b.dims());
        let (a_batch, a_matrix) = a_dims.split_at(a_dims.len() - 2);
        let (b_batch, b_matrix) = b_dims.split_at(b_dims.len() - 2);
        let (m, k, n) = (a_matrix[0], a_matrix[1], b_matrix[1]);
        let batch = broadcast_dims(a_batch, b_batch).unwrap_or_default();
        let (at_a, at_b) = (broadcast_index(a_batch, &batch), broadcast_index(b_batch, &batch));
        let mut out = FloatTensor::zeros(dims);
        for (i, block) in out.data_mut().chunks_exact_mut(m * n).enumerate() {
            let (a, b) = (&a.data()[at_a(i) * m * k..], &b.data()[at_b(i) * k * n..]);
            multiply(block, (a, k, 1), (b, n, 1), [m, k, n]);
        }
        out
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        matrix_product(lowering, &inputs[0], &inputs[1], (false, false), 1.0)
    }
}

/// `alpha A B`; either may be a constant.
fn matrix_product(
    lowering: &mut Lowering<'_>,
    a_name: &str,
    b_name: &str,
    transposed: (bool, bool),
    alpha: f32,
) -> Result<Value> {
    let constants = (lowering.constant(a_name), lowering.constant(b_name));
    let vectors = |lowering: &Lowering<'_>, name: &str| {
        lowering
            .constant(name)
            .map_or_else(|| lowering.value(name).map(|v| v.axes.len()), |c| Ok(c.dims().len()))
    };
    let (a_rank, b_rank) = (vectors(lowering, a_name)?, vectors(lowering, b_name)?);
    let promote_a =
        |value: Value| if a_rank == 1 { value.regrouped(vec![vec![], value.axes[0].clone()]) } else { value };
    let promote_b =
        |value: Value| if b_rank == 1 { value.regrouped(vec![value.axes[0].clone(), vec![]]) } else { value };
    let scaled =
        |constant: &FloatTensor| FloatTensor::from_fn(constant.dims(), |i| alpha * constant.data()[i]);
    // Axes (m, k) of a and (k, n) of b, counted from the end.
    let (a_k, b_k) = (if transposed.0 { 2 } else { 1 }, if transposed.1 { 1 } else { 2 });
    let (mut a, mut b) = match constants {
        (None, Some(constant)) => {
            let a = promote_a(lowering.linear(a_name)?);
            let (_, dims) = promoted(&a.dims(), constant.dims());
            let axes = layout_beside(&a, &dims, a_k, b_k);
            let name = weight_name(lowering, b_name, alpha);
            let b = lowering.factor_weight(&name, &scaled(constant), axes, &a)?;
            (a, b)
        }
        (Some(constant), None) => {
            let b = promote_b(lowering.linear(b_name)?);
            let (dims, _) = promoted(constant.dims(), &b.dims());
            let axes = layout_beside(&b, &dims, b_k, a_k);
            let name = weight_name(lowering, a_name, alpha);
            let a = lowering.factor_weight(&name, &scaled(constant), axes, &b)?;
            (a, b)
        }
        (None, None) if alpha == 1.0 => {
            let (a, b) = (promote_a(lowering.linear(a_name)?), promote_b(lowering.linear(b_name)?));
            let (a, mut b) = lowering.coarse(a, b, (a_name, b_name))?;
            let rank = a.axes.len().max(b.axes.len());
            let mut axes = b.axes.clone();
            // Equal layouts of the summed axis and of equal batch axes.
            let (k, end) = (a.axes.len() - a_k, axes.len());
            axes[end - b_k] = a.axes[k].clone();
            let (a_dims, b_dims) = (a.dims(), b.dims());
            for back in 3..=rank.min(a_dims.len()).min(b_dims.len()) {
                let (i, j) = (a_dims.len() - back, b_dims.len() - back);
                if a_dims[i] == b_dims[j] {
                    axes[j] = a.axes[i].clone();
                }
            }
            b = lowering.relayout(b, axes, b_name)?;
            (a, b)
        }
        (None, None) => return Err(lowering.error("attribute alpha", "1 for two activations", alpha)),
        (Some(_), Some(_)) => return Err(lowering.bug("an activation", "two constants")),
    };
    let rank = a.axes.len().max(b.axes.len());
    a = lowering.with_rank(a, rank);
    b = lowering.with_rank(b, rank);
    let mut label = 0u32..;
    let mut labels = |sub: &Vec<u32>| label.by_ref().take(sub.len()).collect::<Vec<u32>>();
    let mut a_labels: Vec<Vec<u32>> = a.axes.iter().map(&mut labels).collect();
    let mut b_labels: Vec<Vec<u32>> = b.axes.iter().map(&mut labels).collect();
    b_labels[rank - b_k] = a_labels[rank - a_k].clone();
    let mut out = Vec::new();
    for axis in 0..rank - 2 {
        if !a.axes[axis].is_empty() && !b.axes[axis].is_empty() {
            b_labels[axis] = a_labels[axis].clone();
        }
        out.push(if a.axes[axis].is_empty() { b_labels[axis].clone() } else { a_labels[axis].clone() });
    }
    out.push(std::mem::take(&mut a_labels[rank + a_k - 3]));
    a_labels[rank + a_k - 3] = out[rank - 2].clone();
    out.push(b_labels[rank + b_k - 3].clone());
    let value = lowering.contract((&a, &a_labels), (&b, &b_labels), &out)?;
    let mut axes = value.axes.clone();
    if b_rank == 1 {
        axes.pop();
    }
    if a_rank == 1 {
        axes.remove(rank - 2);
    }
    Ok(value.regrouped(axes))
}

/// The name of a constant times alpha: weights are shared by name.
fn weight_name(lowering: &Lowering<'_>, name: &str, alpha: f32) -> String {
    if alpha == 1.0 { name.to_owned() } else { format!("{name} of {}", lowering.current()) }
}

/// The layout of a constant factor: that of the activation on the summed axis and on batch axes of the same extent.
fn layout_beside(value: &Value, dims: &[usize], value_k: usize, k: usize) -> Vec<Vec<u32>> {
    let value_dims = value.dims();
    let mut axes = plain_axes(dims);
    let end = dims.len();
    axes[end - k] = value.axes[value.axes.len() - value_k].clone();
    for back in 3..=end.min(value_dims.len()) {
        let (mine, other) = (end - back, value_dims.len() - back);
        axes[mine] =
            if dims[mine] == value_dims[other] { value.axes[other].clone() } else { sub_axes(dims[mine]) };
    }
    axes
}
