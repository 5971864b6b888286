//! The entries of a factor's matrix, whatever its representation.

use crate::{AxisMap, Entry, Factor, Shape};

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

    /// All entries of the matrix, sorted by (out, src); indices are padded ones.
    pub fn entries(&self, source: &Shape, view: &Shape) -> Vec<Entry> {
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
            AxisMap::Sparse(entries) => entries.clone(),
        }
    }
}
