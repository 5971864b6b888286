//! Conv: one contraction, of the kernel with windows of the input.

use super::Context;
use super::windows::{split, windows};
use crate::Result;
use crate::program::{Core, Id};

pub(super) fn conv(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (batch, channels, spatial) = split(cx)?;
    let (x, weight) = (cx.input(0)?, cx.input(1)?);
    let groups = match usize::try_from(cx.int("group", 1)?) {
        Ok(groups) if groups > 0 && channels.is_multiple_of(groups) => groups,
        _ => {
            let expected = format!("a divisor of the {channels} channels");
            return Err(cx.error("attribute group", expected, format!("{:?}", cx.int("group", 1)?)));
        }
    };
    let dims = cx.dims(weight);
    let good = dims.len() == spatial.len() + 2
        && dims.iter().all(|dim| *dim > 0)
        && dims[0].is_multiple_of(groups)
        && dims[1] == channels / groups;
    if !good {
        let expected =
            format!("extents [M, {}, {} taps], M a multiple of {groups}", channels / groups, spatial.len());
        return Err(cx.error("input 1", expected, format!("{dims:?}")));
    }
    let kernel = cx.positive("kernel_shape", spatial.len(), Some(1))?;
    if cx.has("kernel_shape") && kernel != dims[2..] {
        return Err(cx.error("attribute kernel_shape", format!("{:?}", &dims[2..]), format!("{kernel:?}")));
    }
    let windows = windows(cx, &spatial, &dims[2..])?;
    let mut out = vec![batch, dims[0]];
    out.extend(windows.iter().map(|window| window.positions));
    let mut inputs = vec![x, weight];
    let mut late = None;
    if let Some(bias) = cx.optional(2) {
        if cx.dims(bias) != [dims[0]] {
            let got = format!("{:?}", cx.dims(bias));
            return Err(cx.error("input 2", format!("extents [{}]", dims[0]), got));
        }
        // A bias of the run is added like any other value.
        if cx.b.constant(bias).is_some() { inputs.push(bias) } else { late = Some(bias) }
    }
    let kind = cx.kind(x);
    let y = cx.b.push(Core::Conv { groups, windows }, &inputs, out.clone(), kind);
    let Some(bias) = late else { return Ok(vec![y]) };
    let mut column = vec![1; out.len() - 1];
    column[0] = dims[0];
    let bias = cx.b.reshape(bias, &column);
    Ok(vec![cx.b.add(y, bias)])
}
