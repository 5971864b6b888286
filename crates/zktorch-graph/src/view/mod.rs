//! Views: linear maps of a tensor that are a product of one sparse public matrix per group of axes.

mod compose;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{Shape, TensorId};

/// `V[o] = sum over q of prod_f M_f[o_f, q_f] T[q]`, where every factor f maps some source axes to some output axes.
///
/// Transposes, slices, padding, windows (im2col), concatenation slots, broadcasts, flips, sums and averages along axes are
/// views. Views of views are views; see [`View::then`]. Output entries beyond the real extents are zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The tensor that is read.
    pub tensor: TensorId,
    /// Extents of the view.
    pub shape: Shape,
    /// Every source axis is in exactly one factor, and so is every output axis.
    pub factors: Vec<Factor>,
}

/// One factor: a sparse matrix from its source axes to its output axes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Source axes, in the order of the matrix's column index (first = most significant). May be empty: a broadcast.
    pub src: Vec<u32>,
    /// Output axes, in the order of the matrix's row index. May be empty: a sum or a selection.
    pub out: Vec<u32>,
    /// The matrix.
    pub map: AxisMap,
}

/// The matrix of a [`Factor`]. Indices are row-major over the **padded** extents of the axes, in the factor's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AxisMap {
    /// One source axis, one output axis of the same extent.
    Identity,
    /// One source axis q, output axes (p, k): 1 where `q = stride p + dilation k - pad` and 0 <= q < extent; p and k real.
    Window {
        /// Step between positions.
        stride: u32,
        /// Step between taps.
        dilation: u32,
        /// Zeros before the first entry.
        pad: u32,
    },
    /// Explicit entries, strictly increasing by (out, src), coefficients not zero. For an empty list of axes the index is 0.
    Sparse(Vec<Entry>),
    /// One source axis q of extent E, output axes p: 1 where `q = indices[p]`, or `q = indices[p] + E` for negative ones. The matrix
    /// is part of the statement: indices are a public input, whose entries in row-major order are those of the output axes.
    Gather {
        /// A public input with a range within [-E, E - 1].
        indices: TensorId,
    },
}

impl AxisMap {
    /// Whether every output entry is a source entry or zero.
    pub fn is_selection(&self) -> bool {
        match self {
            Self::Identity | Self::Window { .. } | Self::Gather { .. } => true,
            Self::Sparse(entries) => {
                entries.iter().all(|entry| entry.coeff == 1)
                    && entries.windows(2).all(|pair| pair[0].out != pair[1].out)
            }
        }
    }
}

/// One entry of a sparse matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Row: index into the factor's output axes.
    pub out: u32,
    /// Column: index into the factor's source axes.
    pub src: u32,
    /// The coefficient.
    pub coeff: i32,
}

impl View {
    /// The tensors that it reads: its own, and the indices of its factors.
    pub fn reads(&self) -> impl Iterator<Item = TensorId> {
        std::iter::once(self.tensor).chain(self.factors.iter().filter_map(Factor::indices))
    }

    /// The tensor itself.
    pub fn identity(tensor: TensorId, shape: &Shape) -> Self {
        let axes = 0..u32::try_from(shape.rank()).unwrap_or(u32::MAX);
        let factors =
            axes.map(|axis| Factor { src: vec![axis], out: vec![axis], map: AxisMap::Identity }).collect();
        Self { tensor, shape: shape.clone(), factors }
    }
}
