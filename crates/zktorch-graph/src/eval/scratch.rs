//! Memory that the steps use one after the other: fresh memory costs a page fault per 4 KiB.

/// Buffers of numbers of one type, with whatever the last step left in them.
#[derive(Default)]
pub(super) struct Buffers<N> {
    /// The entries of an expression.
    pub(super) acc: Vec<N>,
    /// One of its terms.
    pub(super) term: Vec<N>,
    /// Operands and result of a contraction's tile.
    pub(super) tile: [Vec<N>; 3],
}

/// Buffers of all types.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) f64: Buffers<f64>,
    pub(super) i64: Buffers<i64>,
    pub(super) i128: Buffers<i128>,
}

/// `len` numbers of any value.
pub(super) fn stale<N: Copy + Default>(buffer: &mut Vec<N>, len: usize) -> &mut [N] {
    if buffer.len() < len {
        // Nothing to copy into the larger one.
        *buffer = Vec::new();
        *buffer = vec![N::default(); len];
    }
    &mut buffer[..len]
}

/// `len` zeros.
pub(super) fn zeros<N: Copy + Default + Send>(buffer: &mut Vec<N>, len: usize) -> &mut [N] {
    if buffer.len() < len {
        return stale(buffer, len);
    }
    let zeros = &mut buffer[..len];
    zktorch_field::par::for_each_chunk_mut(zeros, super::PIECE, |_, piece| piece.fill(N::default()));
    zeros
}
