//! Einsums as batched matrix products.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::{Number, strided};
use crate::tensor::{len, strides};

/// Matrix products of a type.
pub(crate) trait Multiply: Number {
    /// `c += a b` for a of m x k, b of k x n.
    fn multiply(sizes: [usize; 3], a: &[Self], b: &[Self], c: &mut [Self]);
}

impl Multiply for f32 {
    fn multiply([m, k, n]: [usize; 3], a: &[Self], b: &[Self], c: &mut [Self]) {
        let matrices = (ArrayView2::from_shape((m, k), a), ArrayView2::from_shape((k, n), b));
        if let ((Ok(a), Ok(b)), Ok(mut c)) = (matrices, ArrayViewMut2::from_shape((m, n), c)) {
            general_mat_mul(1.0, &a, &b, 1.0, &mut c);
        }
    }
}

impl Multiply for i64 {
    fn multiply([m, k, n]: [usize; 3], a: &[Self], b: &[Self], c: &mut [Self]) {
        for row in 0..m {
            let out = &mut c[row * n..(row + 1) * n];
            for (i, x) in a[row * k..(row + 1) * k].iter().enumerate() {
                let b = &b[i * n..(i + 1) * n];
                out.iter_mut().zip(b).for_each(|(out, y)| *out = out.wrapping_add(x.wrapping_mul(*y)));
            }
        }
    }
}

type Operand<'a, N> = (&'a [u32], (&'a [usize], &'a [N]));

/// `out[..] = sum over the labels that out lacks of a[..] b[..]`.
pub(super) fn einsum<N: Multiply>(
    (a_labels, (a_dims, a)): Operand<'_, N>,
    (b_labels, (b_dims, b)): Operand<'_, N>,
    out: &[u32],
) -> Vec<N> {
    let dim = |label: &u32| {
        let place = |labels: &[u32], dims: &[usize]| {
            labels.iter().position(|other| other == label).map(|axis| dims[axis])
        };
        place(a_labels, a_dims).or_else(|| place(b_labels, b_dims)).unwrap_or(1)
    };
    // A label of one operand alone that is summed counts as contracted with ones.
    let in_a = |label: &u32| a_labels.contains(label);
    let in_b = |label: &u32| b_labels.contains(label);
    let pick = |labels: &[u32], keep: &dyn Fn(&u32) -> bool| -> Vec<u32> {
        labels.iter().copied().filter(|label| keep(label)).collect()
    };
    let batch = pick(out, &|label| in_a(label) && in_b(label));
    let rows = pick(out, &|label| in_a(label) && !in_b(label));
    let columns = pick(out, &|label| !in_a(label));
    let mut summed = pick(a_labels, &|label| !out.contains(label));
    summed.extend(pick(b_labels, &|label| !out.contains(label) && !in_a(label)));
    let read = |labels: &[u32], dims: &[usize], data: &[N], order: [&[u32]; 3]| {
        let steps = strides(dims);
        let order = order.concat();
        let stride = |label: &u32| {
            // An operand may have a label twice (a diagonal): its steps add up.
            labels.iter().zip(&steps).filter(|(other, _)| *other == label).map(|(_, step)| step).sum()
        };
        let extents: Vec<usize> = order.iter().map(dim).collect();
        strided::read(data, &extents, &order.iter().map(stride).collect::<Vec<usize>>())
    };
    let size = |labels: &[u32]| len(&labels.iter().map(dim).collect::<Vec<_>>());
    let [m, k, n] = [size(&rows), size(&summed), size(&columns)];
    let a = read(a_labels, a_dims, a, [&batch, &rows, &summed]);
    let b = read(b_labels, b_dims, b, [&batch, &summed, &columns]);
    let mut c = vec![N::default(); size(&batch) * m * n];
    if m * n * k > 0 {
        if m == 1 && n == 1 && k == 1 {
            c.iter_mut().zip(a.iter().zip(&b)).for_each(|(c, (a, b))| *c = a.mul(*b));
        } else {
            for (i, c) in c.chunks_mut(m * n).enumerate() {
                N::multiply([m, k, n], &a[i * m * k..(i + 1) * m * k], &b[i * k * n..(i + 1) * k * n], c);
            }
        }
    }
    // From [batch, rows, columns] to the order of `out`.
    let order = [&batch[..], &rows, &columns].concat();
    let steps = strides(&order.iter().map(dim).collect::<Vec<_>>());
    let stride = |label: &u32| order.iter().position(|other| other == label).map_or(0, |axis| steps[axis]);
    let dims: Vec<usize> = out.iter().map(dim).collect();
    strided::read(&c, &dims, &out.iter().map(stride).collect::<Vec<_>>())
}
