//! GridSample and AffineGrid.

use super::Context;
use super::indices::{bounded, constant_ints, extents};
use super::sampling::{Method, Padding, contract, weights};
use super::windows::split;
use crate::Result;
use crate::program::Id;

pub(super) fn grid_sample(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (batch, channels, spatial) = split(cx)?;
    let (x, grid) = (cx.input(0)?, cx.input(1)?);
    let rank = spatial.len();
    let dims = cx.dims(grid);
    let good = dims.len() == rank + 2 && dims[0] == batch && dims[rank + 1] == rank;
    if !good || spatial.contains(&0) {
        let expected = format!("extents [{batch}, {rank} extents of the result, {rank}]");
        return Err(cx.error("input 1", expected, format!("{dims:?}")));
    }
    let aligned = cx.flag("align_corners", false)?;
    let method = match cx.string("mode", "linear")?.as_str() {
        "linear" | "bilinear" => Method::Linear,
        "nearest" => Method::Nearest,
        "cubic" | "bicubic" => Method::Cubic,
        other => return Err(cx.error("attribute mode", "linear, nearest or cubic", other)),
    };
    let padding = match cx.string("padding_mode", "zeros")?.as_str() {
        "zeros" => Padding::Zeros,
        "border" => Padding::Border,
        "reflection" => Padding::Reflection { at_entries: aligned },
        other => return Err(cx.error("attribute padding_mode", "zeros, border or reflection", other)),
    };
    let places: usize = dims[1..=rank].iter().product();
    let mut out = vec![batch, channels];
    out.extend(&dims[1..=rank]);
    bounded(cx, "result", &out)?;
    let grid = cx.b.reshape(grid, &[batch, places, rank]);
    let mut axes = Vec::with_capacity(rank);
    for (axis, extent) in spatial.iter().enumerate() {
        bounded(cx, "input 1", &[batch, places, extent + 4])?;
        // The last axis comes first in a grid; -1 and 1 are its ends.
        let component = cx.b.slice(grid, 2, rank - 1 - axis, 1);
        let component = cx.b.reshape(component, &[batch, places]);
        let last = *extent as f64 - 1.0;
        let scaled = cx.b.scale(component, if aligned { last } else { *extent as f64 } / 2.0);
        let coordinates = cx.b.offset(scaled, last / 2.0);
        axes.push(weights(cx, coordinates, *extent, method, padding));
    }
    let value = contract(cx, x, &axes);
    Ok(vec![cx.b.reshape(value, &out)])
}

/// The affine maps theta [N, r, r + 1] of regular grids.
pub(super) fn affine_grid(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let theta = cx.input(0)?;
    let list = constant_ints(cx, 1)?;
    let size = extents(cx, "input 1", &list)?;
    let dims = cx.dims(theta);
    let rank = size.len().saturating_sub(2);
    if rank == 0 || dims != [size[0], rank, rank + 1] {
        let got = format!("{dims:?} and {size:?}");
        return Err(cx.error("inputs 0 and 1", "[N, r, r + 1] and [N, C, r extents]", got));
    }
    let spatial = &size[2..];
    let aligned = cx.flag("align_corners", false)?;
    let places: usize = spatial.iter().product();
    bounded(cx, "input 1", &[size[0], places, rank + 1])?;
    let entry = |i: usize| {
        let (place, component) = (i / (rank + 1), i % (rank + 1));
        if component == rank {
            return 1.0;
        }
        let axis = rank - 1 - component;
        let (p, extent) = (super::indices::unravel(place, spatial)[axis] as f64, spatial[axis] as f64);
        let along = match aligned {
            true if extent > 1.0 => 2.0 * p / (extent - 1.0) - 1.0,
            true => -1.0,
            false => (2.0 * p + 1.0) / extent - 1.0,
        };
        along as f32
    };
    let base = cx.constant_floats(&[places, rank + 1], entry);
    let grid = cx.b.einsum((theta, &[0, 1, 2]), (base, &[3, 2]), &[0, 3, 1]);
    let mut out = vec![size[0]];
    out.extend(spatial);
    out.push(rank);
    Ok(vec![cx.b.reshape(grid, &out)])
}
