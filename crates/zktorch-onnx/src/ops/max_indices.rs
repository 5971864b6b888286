//! The indices of MaxPool's maxima.

use super::Context;
use crate::Result;
use crate::program::{Id, Window};

/// The maxima of windows, and where the first of each is: its row-major index in the whole input, or with the order of
/// the spatial axes reversed. Pairs of taps are compared; where the later one is larger, its value and its index go on.
pub(super) fn max_with_indices(
    cx: &mut Context<'_>,
    windows: &[Window],
    column_major: bool,
) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    // Row-major strides of the spatial axes.
    let mut order: Vec<usize> = (0..windows.len()).collect();
    if column_major {
        order.reverse();
    }
    let mut strides = vec![1; windows.len()];
    for pair in order.windows(2).rev() {
        strides[pair[0]] = strides[pair[1]] * dims[pair[1] + 2];
    }
    let plane: usize = dims[2..].iter().product();
    let base = cx.constant_ints(&[dims[0], dims[1]], |i| (i * plane) as i64);
    let mut shape = vec![dims[0], dims[1]];
    shape.resize(dims.len(), 1);
    let base = cx.b.reshape(base, &shape);
    let (mut value, mut index) = (x, base);
    // The last axis first: ties go to the smaller index along every axis, as in row-major order.
    for (axis, window) in windows.iter().enumerate().rev() {
        let first = |position: usize| (0..window.taps).find_map(|tap| window.source(position, tap));
        let read = |position: usize, tap: usize| window.source(position, tap).or_else(|| first(position));
        let stride = strides[axis] as i64;
        let mut taps = Vec::with_capacity(window.taps);
        for tap in 0..window.taps {
            let part = cx.b.select(value, axis + 2, window.positions, |position| read(position, tap));
            let mut shape = vec![1; dims.len()];
            shape[axis + 2] = window.positions;
            let own = cx.constant_ints(&shape, |position| read(position, tap).unwrap_or(0) as i64 * stride);
            // Until the first axis is compared, the index is a constant per channel.
            let before = match cx.b.dims(index)[axis + 2] == dims[axis + 2] {
                true => cx.b.select(index, axis + 2, window.positions, |position| read(position, tap)),
                false => index,
            };
            let place = cx.b.add(before, own);
            taps.push((part, place));
        }
        while taps.len() > 1 {
            let mut pairs = taps.into_iter();
            let mut next = Vec::new();
            while let Some((a, a_place)) = pairs.next() {
                next.push(match pairs.next() {
                    None => (a, a_place),
                    Some((b, b_place)) => {
                        let later = cx.b.less(a, b);
                        (cx.b.max(a, b), cx.b.choose(later, b_place, a_place))
                    }
                });
            }
            taps = next;
        }
        (value, index) = taps[0];
    }
    let dims = cx.dims(value);
    let index = cx.b.broadcast(index, &dims);
    Ok(vec![value, index])
}
