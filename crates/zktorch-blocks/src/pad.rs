//! Padding: from real entries to the cube.

use zktorch_graph::Shape;

/// The padded entries of a tensor with these real ones.
pub(crate) fn pad<T: Copy + Default>(values: &[T], shape: &Shape) -> Vec<T> {
    let mut out = vec![T::default(); shape.padded_len()];
    pad_into(values, shape, &mut out);
    out
}

/// Writes the real entries to their cells; the others stay as they are.
fn pad_into<T: Copy>(values: &[T], shape: &Shape, out: &mut [T]) {
    let Some((last, outer)) = shape.dims().split_last() else {
        out.iter_mut().zip(values).for_each(|(cell, value)| *cell = *value);
        return;
    };
    let width = last.next_power_of_two() as usize;
    let mut index = vec![0u32; outer.len()];
    for row in values.chunks(*last as usize) {
        let cell = index
            .iter()
            .zip(outer)
            .fold(0usize, |cell, (i, dim)| cell * dim.next_power_of_two() as usize + *i as usize);
        if let Some(cells) = out.get_mut(cell * width..) {
            cells.iter_mut().zip(row).for_each(|(cell, value)| *cell = *value);
        }
        for (i, dim) in index.iter_mut().zip(outer).rev() {
            *i += 1;
            if *i < *dim {
                break;
            }
            *i = 0;
        }
    }
}
