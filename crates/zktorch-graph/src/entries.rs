//! The entries of a factor's matrix, whatever its representation.

use crate::{AxisMap, Entry, Factor, Shape, TensorId};

/// The real entries of public inputs, by number: what [`AxisMap::Gather`] reads. A tensor that is not known has none.
pub type Indices<'a> = &'a (dyn Fn(TensorId) -> Vec<i32> + Sync);

/// Extents of the given axes.
fn extents(shape: &Shape, axes: &[u32]) -> Vec<u32> {
    axes.iter().filter_map(|axis| shape.dims().get(*axis as usize).copied()).collect()
}

impl Factor {
    /// Extents of its source axes within a source of this shape.
    pub fn src_dims(&self, source: &Shape) -> Vec<u32> {
        extents(source, &self.src)
    }

    /// Extents of its output axes within a view of this shape.
    pub fn out_dims(&self, view: &Shape) -> Vec<u32> {
        extents(view, &self.out)
    }

    /// The tensor that its matrix follows from, if there is one.
    pub fn indices(&self) -> Option<TensorId> {
        match self.map {
            AxisMap::Gather { indices } => Some(indices),
            AxisMap::Identity | AxisMap::Window { .. } | AxisMap::Sparse(_) => None,
        }
    }

    /// [`indices`](Self::indices), to be renamed.
    pub(crate) fn indices_mut(&mut self) -> Option<&mut TensorId> {
        match &mut self.map {
            AxisMap::Gather { indices } => Some(indices),
            AxisMap::Identity | AxisMap::Window { .. } | AxisMap::Sparse(_) => None,
        }
    }

    /// All entries of the matrix, sorted by (out, src); indices are padded ones.
    pub fn entries(&self, source: &Shape, view: &Shape, indices: Indices<'_>) -> Vec<Entry> {
        match &self.map {
            AxisMap::Identity => {
                let extent = self.src_dims(source).first().copied().unwrap_or(1);
                (0..extent).map(|i| Entry { out: i, src: i, coeff: 1 }).collect()
            }
            AxisMap::Window { stride, dilation, pad } => {
                let extent = u64::from(self.src_dims(source).first().copied().unwrap_or(1));
                let out = self.out_dims(view);
                let [positions, taps] = [0, 1].map(|i| out.get(i).copied().unwrap_or(1));
                let width = taps.max(1).next_power_of_two();
                let mut entries = Vec::new();
                for p in 0..positions {
                    for tap in 0..taps {
                        let padded =
                            u64::from(*stride) * u64::from(p) + u64::from(*dilation) * u64::from(tap);
                        let source = padded.checked_sub(u64::from(*pad)).filter(|q| *q < extent);
                        if let Some(src) = source.and_then(|q| u32::try_from(q).ok()) {
                            entries.push(Entry { out: p * width + tap, src, coeff: 1 });
                        }
                    }
                }
                entries
            }
            AxisMap::Gather { indices: id } => {
                let extent = self.src_dims(source).first().copied().unwrap_or(1);
                let rows = PaddedRows::new(&self.out_dims(view));
                let entry = |(out, index): (u32, i32)| {
                    gathered(index, extent).map(|src| Entry { out, src, coeff: 1 })
                };
                rows.zip(indices(*id)).filter_map(entry).collect()
            }
            AxisMap::Sparse(entries) => entries.clone(),
        }
    }
}

/// The entry of an axis that an index selects; negative ones count from the end.
pub(crate) fn gathered(index: i32, extent: u32) -> Option<u32> {
    let index = i64::from(index);
    let index = if index < 0 { index + i64::from(extent) } else { index };
    u32::try_from(index).ok().filter(|index| *index < extent)
}

/// The indices over padded extents of all real entries, row-major.
struct PaddedRows {
    /// Last axis first: extent, the index's digit, and its shift.
    digits: Vec<(u32, u32, u32)>,
    left: u64,
}

impl PaddedRows {
    fn new(dims: &[u32]) -> Self {
        let mut shift = 0;
        let digits = dims.iter().rev().map(|dim| {
            let own = shift;
            shift += Shape::axis_vars(*dim) as u32;
            (*dim, 0, own)
        });
        let digits = digits.collect();
        Self { digits, left: dims.iter().map(|dim| u64::from(*dim)).product() }
    }
}

impl Iterator for PaddedRows {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let index = self.digits.iter().map(|(_, digit, shift)| digit.checked_shl(*shift).unwrap_or(0)).sum();
        for (dim, digit, _) in &mut self.digits {
            *digit += 1;
            if *digit < *dim {
                break;
            }
            *digit = 0;
        }
        Some(index)
    }
}
