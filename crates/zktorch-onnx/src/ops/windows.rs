//! The windows of convolutions and pools, from a node's attributes.

use super::Context;
use crate::Result;
use crate::program::Window;

/// The windows of a node over the spatial axes of extents `extents`.
pub(super) fn windows(cx: &Context<'_>, extents: &[usize], kernel: &[usize]) -> Result<Vec<Window>> {
    let rank = extents.len();
    let strides = cx.positive("strides", rank, Some(1))?;
    let dilations = cx.positive("dilations", rank, Some(1))?;
    let ceil = cx.flag("ceil_mode", false)?;
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
        let span = taps.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
        let same = |upper: bool| {
            let positions = extent.div_ceil(stride);
            let total = (positions.saturating_sub(1) * stride + span).saturating_sub(extent);
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
        if ceil && positions > 1 && (positions - 1) * stride >= extent + pad {
            positions -= 1;
        }
        windows.push(Window { extent, taps, stride, dilation, pad, pad_end, positions });
    }
    Ok(windows)
}

/// Splits the extents [N, C, spatial..] of input 0.
pub(super) fn split(cx: &Context<'_>) -> Result<(usize, usize, Vec<usize>)> {
    let dims = cx.dims(cx.input(0)?);
    match &dims[..] {
        [n, c, spatial @ ..] if !spatial.is_empty() => Ok((*n, *c, spatial.to_vec())),
        _ => Err(cx.error("input 0", "extents [N, C, spatial..]", format!("{dims:?}"))),
    }
}
