//! Windows of convolutions and pools.

use zktorch_graph::{AxisMap, Factor};

use super::Context;
use crate::Result;
use crate::lower::sparse;

/// The windows along one spatial axis: tap k of position p reads entry `stride p + dilation k - pad`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Entries of the axis.
    pub(crate) extent: usize,
    /// Taps.
    pub(crate) taps: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    /// Zeros before.
    pub(crate) pad: usize,
    /// Zeros after.
    pub(crate) pad_end: usize,
    /// Positions.
    pub(crate) positions: usize,
}

impl Window {
    /// The entry that a tap reads, if it is no padding.
    pub(crate) fn source(&self, position: usize, tap: usize) -> Option<usize> {
        let index = (self.stride * position + self.dilation * tap).checked_sub(self.pad)?;
        Some(index).filter(|index| *index < self.extent)
    }

    /// Number of taps of a position that are inside the axis or, with `padding`, inside its padding.
    pub(crate) fn count(&self, position: usize, padding: bool) -> usize {
        let end = self.extent + self.pad + self.pad_end;
        let inside = |tap: &usize| match padding {
            true => self.stride * position + self.dilation * tap < end,
            false => self.source(position, *tap).is_some(),
        };
        (0..self.taps).filter(inside).count()
    }

    /// The map from the axis `src` to (position, tap), axes of extent 1 left out. `None` if there is nothing to do.
    pub(crate) fn factor(&self, src: Option<u32>, position: Option<u32>, tap: Option<u32>) -> Option<Factor> {
        let out: Vec<u32> = position.into_iter().chain(tap).collect();
        if let (Some(src), Some(_), Some(_)) = (src, position, tap) {
            let map = AxisMap::Window {
                stride: self.stride as u32,
                dilation: self.dilation as u32,
                pad: self.pad as u32,
            };
            return Some(Factor { src: vec![src], out, map });
        }
        let plain = self.taps == 1 && self.stride == 1 && self.pad == 0 && self.positions == self.extent;
        if let (true, Some(src), Some(_)) = (plain, src, position) {
            return Some(Factor { src: vec![src], out, map: AxisMap::Identity });
        }
        // One of the two is absent, so that the index over (position, tap) is the other one.
        let pairs = (0..self.positions).flat_map(|p| (0..self.taps).map(move |k| (p, k)));
        let entries = pairs
            .filter_map(|(p, k)| self.source(p, k).map(|q| ((p + k) as u32, q as u32, 1)))
            .collect::<Vec<_>>();
        if src.is_none() && out.is_empty() && entries.len() == 1 {
            return None;
        }
        Some(sparse(src.into_iter().collect(), out, entries))
    }
}

/// The windows of a node over the spatial axes of extents `extents`.
pub(crate) fn windows(cx: &Context<'_>, extents: &[usize], kernel: &[usize]) -> Result<Vec<Window>> {
    let rank = extents.len();
    let strides = cx.positive("strides", rank, Some(1))?;
    let dilations = cx.positive("dilations", rank, Some(1))?;
    let ceil = match cx.int("ceil_mode", 0)? {
        0 => false,
        1 => true,
        other => return Err(cx.error("attribute ceil_mode", "0 or 1", other.to_string())),
    };
    let auto = cx.string("auto_pad", "NOTSET")?;
    let pads = match cx.ints("pads")? {
        None => vec![0; 2 * rank],
        Some(pads) => {
            let good = pads.len() == 2 * rank && pads.iter().all(|pad| (0..1 << 24).contains(pad));
            if !good {
                let expected = format!("{} integers from 0", 2 * rank);
                return Err(cx.error("attribute pads", expected, format!("{pads:?}")));
            }
            pads.iter().map(|pad| *pad as usize).collect()
        }
    };
    let mut windows = Vec::with_capacity(rank);
    for axis in 0..rank {
        let (extent, stride, dilation, taps) = (extents[axis], strides[axis], dilations[axis], kernel[axis]);
        let span = (taps - 1).saturating_mul(dilation) + 1;
        let same = |upper: bool| {
            let positions = extent.div_ceil(stride);
            let total = ((positions - 1) * stride + span).saturating_sub(extent);
            let small = total / 2;
            if upper { (small, total - small) } else { (total - small, small) }
        };
        let (pad, pad_end) = match auto.as_str() {
            "NOTSET" | "" => (pads[axis], pads[axis + rank]),
            "SAME_UPPER" => same(true),
            "SAME_LOWER" => same(false),
            "VALID" => (0, 0),
            other => {
                return Err(cx.error("attribute auto_pad", "NOTSET, SAME_UPPER, SAME_LOWER or VALID", other));
            }
        };
        let Some(room) = (extent + pad + pad_end).checked_sub(span) else {
            let expected =
                format!("a window of at most {} entries on spatial axis {axis}", extent + pad + pad_end);
            return Err(cx.error("window", expected, span.to_string()));
        };
        let mut positions = if ceil { room.div_ceil(stride) } else { room / stride } + 1;
        // A window must start before the padding at the end.
        if ceil && (positions - 1) * stride >= extent + pad {
            positions -= 1;
        }
        windows.push(Window { extent, taps, stride, dilation, pad, pad_end, positions });
    }
    Ok(windows)
}

/// Splits [N, C, spatial..] of rank 3 or 4.
pub(crate) fn split(cx: &Context<'_>) -> Result<(usize, usize, Vec<usize>)> {
    match cx.input(0)?.dims {
        [n, c, spatial @ ..] if matches!(spatial.len(), 1 | 2) => Ok((*n, *c, spatial.to_vec())),
        dims => Err(cx.error("input 0", "extents [N, C, L] or [N, C, H, W]", format!("{dims:?}"))),
    }
}

/// One or two windows as two: a missing height is 1.
pub(crate) fn two(windows: &[Window]) -> [Window; 2] {
    let one = Window { extent: 1, taps: 1, stride: 1, dilation: 1, pad: 0, pad_end: 0, positions: 1 };
    match windows {
        [h, w, ..] => [*h, *w],
        [w] => [one, *w],
        [] => [one, one],
    }
}
