//! Padding: from real entries to the cube.

use zktorch_graph::Shape;

/// The padded entries of a tensor with these real ones.
pub(crate) fn pad(values: &[i32], shape: &Shape) -> Vec<i32> {
    let mut out = vec![0; shape.padded_len()];
    pad_into(values, shape, &mut out);
    out
}

/// Writes the real entries to their cells; the others stay as they are.
pub(crate) fn pad_into<T: Copy>(values: &[T], shape: &Shape, out: &mut [T]) {
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
