//! Convolutions: windows as a matrix, then one product per image and group.

use super::Number;
use super::einsum::Multiply;
use crate::program::Window;
use crate::tensor::len;

/// Numbers of the matrix of windows that are held at once.
const COLUMNS: usize = 1 << 25;

/// [N, C, spatial..] with a weight [M, C / groups, taps..] and, if there is a third input, a bias [M].
pub(super) fn conv<N: Multiply>(
    groups: usize,
    windows: &[Window],
    inputs: &[(&[usize], &[N])],
    dims: &[usize],
) -> Vec<N> {
    let (x, weight) = (inputs[0].1, inputs[1].1);
    let (channels, per_group) = (inputs[0].0[1], inputs[0].0[1] / groups);
    let out_per_group = dims[1] / groups;
    let plane_in: usize = windows.iter().map(|window| window.extent).product();
    let plane: usize = windows.iter().map(|window| window.positions).product();
    let taps: usize = windows.iter().map(|window| window.taps).product();
    let depth = per_group * taps;
    let mut out = vec![N::default(); len(dims)];
    // In slices of positions along the first axis.
    let first = windows.first().map_or(1, |window| window.positions);
    let slice = (COLUMNS / (depth * (plane / first).max(1)).max(1)).clamp(1, first);
    for n in 0..dims[0] {
        for group in 0..groups {
            let image = &x[(n * channels + group * per_group) * plane_in..][..per_group * plane_in];
            let weight = &weight[group * out_per_group * depth..][..out_per_group * depth];
            for start in (0..first).step_by(slice) {
                let range = start..(start + slice).min(first);
                let width = range.len() * (plane / first);
                let mut columns = vec![N::default(); depth * width];
                for (row, columns) in columns.chunks_mut(width.max(1)).enumerate() {
                    fill(
                        &image[row / taps * plane_in..][..plane_in],
                        windows,
                        range.clone(),
                        row % taps,
                        columns,
                    );
                }
                let mut product = vec![N::default(); out_per_group * width];
                N::multiply([out_per_group, depth, width], weight, &columns, &mut product);
                for (o, row) in product.chunks(width.max(1)).enumerate() {
                    let channel = n * dims[1] + group * out_per_group + o;
                    let at = channel * plane + start * (plane / first);
                    out[at..at + width].copy_from_slice(row);
                }
            }
        }
    }
    if let Some((_, bias)) = inputs.get(2) {
        for (i, out) in out.chunks_mut(plane.max(1)).enumerate() {
            out.iter_mut().for_each(|x| *x = x.add(bias[i % dims[1]]));
        }
    }
    out
}

/// What one tap (row-major index) reads at all positions, those of the first axis in a range.
fn fill<N: Number>(
    image: &[N],
    windows: &[Window],
    range: std::ops::Range<usize>,
    tap: usize,
    out: &mut [N],
) {
    let Some((window, inner)) = windows.split_first() else {
        out[0] = image[0];
        return;
    };
    let taps: usize = inner.iter().map(|window| window.taps).product();
    let plane: usize = inner.iter().map(|window| window.extent).product();
    let positions: usize = inner.iter().map(|window| window.positions).product();
    for (position, out) in range.zip(out.chunks_mut(positions)) {
        let Some(source) = window.source(position, tap / taps) else { continue };
        match inner {
            [] => out[0] = image[source],
            _ => fill(&image[source * plane..][..plane], inner, 0..inner[0].positions, tap % taps, out),
        }
    }
}
