//! Reads with a stride per axis: transposes and broadcasts.

use super::Number;

/// The entries of `data` at the places `sum_i index_i strides_i`, row-major over `dims`.
pub(super) fn read<N: Number>(data: &[N], dims: &[usize], strides: &[usize]) -> Vec<N> {
    let mut out = Vec::with_capacity(crate::tensor::len(dims));
    if !dims.contains(&0) {
        append(data, dims, strides, 0, &mut out);
    }
    out
}

fn append<N: Number>(data: &[N], dims: &[usize], strides: &[usize], from: usize, out: &mut Vec<N>) {
    match (dims, strides) {
        ([dim], [1]) => out.extend_from_slice(&data[from..from + dim]),
        ([dim], [stride]) => out.extend((0..*dim).map(|i| data[from + i * stride])),
        ([dim, dims @ ..], [stride, strides @ ..]) => {
            (0..*dim).for_each(|i| append(data, dims, strides, from + i * stride, out));
        }
        _ => out.push(data[from]),
    }
}

/// The strides that repeat `from` along its axes of extent 1 to `dims`.
pub(super) fn repeated(from: &[usize], dims: &[usize]) -> Vec<usize> {
    let strides = crate::tensor::strides(from);
    let axes = strides.iter().zip(from.iter().zip(dims));
    axes.map(|(stride, (old, new))| if old == new { *stride } else { 0 }).collect()
}
