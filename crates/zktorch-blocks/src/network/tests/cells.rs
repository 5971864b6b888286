//! Cells of padded tensors by their indices.

use zktorch_graph::Shape;
use zktorch_graph::layout::Place;

/// Index per axis of an index over padded extents.
pub(super) fn unravel(mut index: usize, dims: &[u32]) -> Vec<usize> {
    let mut indices: Vec<usize> = (dims.iter().rev())
        .map(|dim| {
            let size = dim.next_power_of_two() as usize;
            let i = index % size;
            index /= size;
            i
        })
        .collect();
    indices.reverse();
    indices
}

pub(super) fn ravel(indices: &[usize], dims: &[u32]) -> usize {
    indices.iter().zip(dims).fold(0, |index, (i, dim)| index * dim.next_power_of_two() as usize + i)
}

/// The cells of a shape that are no padding.
pub(super) fn real_cells(shape: &Shape) -> impl Iterator<Item = usize> {
    (0..shape.padded_len()).filter(|cell| {
        unravel(*cell, shape.dims()).iter().zip(shape.dims()).all(|(i, dim)| *i < *dim as usize)
    })
}

/// The cell of a column at which the entry with a padded index lies (beyond a whole tensor: whatever follows it); none where no piece
/// holds it.
pub(super) fn cell_at(place: &Place, index: usize) -> Option<usize> {
    if place.cut.is_whole() {
        return Some(place.offsets[0] + index);
    }
    let order = place.cut.order();
    let bit = |variable: usize| index >> (order.len() - 1 - variable) & 1;
    let cell = order.iter().fold(0, |cell, own| cell << 1 | bit(*own));
    let (piece, offset) = place.pieces().find(|(piece, _)| cell >> piece.vars == piece.slice)?;
    Some(offset + (cell & ((1 << piece.vars) - 1)))
}
