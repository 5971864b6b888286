//! RoiAlign, of regions that are known.

use super::Context;
use super::indices::{bounded, known, one_hot, pick};
use super::pool::maximum;
use crate::program::{Id, Kind};
use crate::{FloatTensor, Result};

/// Bins with more samples along an axis are refused.
const MAX_SAMPLES: usize = 256;

/// Sample points of one axis of a region: per bin and sample the two entries around it, with their weights.
struct Samples {
    per_bin: usize,
    /// In the order of bins; none: outside.
    points: Vec<Option<[(usize, f64); 2]>>,
}

/// What all regions share on one axis.
struct Axis {
    extent: usize,
    bins: usize,
    ratio: usize,
    scale: f64,
    aligned: bool,
}

impl Axis {
    /// The sample points between two coordinates, if they are not too many.
    fn samples(&self, from: f64, to: f64) -> Option<Samples> {
        let shift = if self.aligned { 0.5 } else { 0.0 };
        let (start, end) = (from * self.scale - shift, to * self.scale - shift);
        // Regions that are too small cover one entry.
        let size = if self.aligned { end - start } else { (end - start).max(1.0) };
        let bin = size / self.bins as f64;
        let per_bin = if self.ratio > 0 { self.ratio } else { bin.ceil().max(0.0) as usize };
        if per_bin > MAX_SAMPLES {
            return None;
        }
        let last = self.extent - 1;
        let point = |i: usize| {
            let (bin_index, sample) = ((i / per_bin) as f64, (i % per_bin) as f64);
            let place = start + bin_index * bin + (sample + 0.5) * bin / per_bin as f64;
            if !(-1.0..=self.extent as f64).contains(&place) {
                return None;
            }
            let place = place.clamp(0.0, last as f64);
            let low = (place as usize).min(last);
            let part = place - low as f64;
            Some([(low, 1.0 - part), ((low + 1).min(last), part)])
        };
        Some(Samples { per_bin, points: (0..self.bins * per_bin).map(point).collect() })
    }

    /// Per bin and entry the mean of the weights.
    fn mean(&self, samples: &Samples) -> Vec<f64> {
        let mut row = vec![0.0; self.bins * self.extent];
        for (i, point) in samples.points.iter().enumerate() {
            for (entry, weight) in point.iter().flatten() {
                row[i / samples.per_bin * self.extent + entry] += weight / samples.per_bin as f64;
            }
        }
        row
    }
}

pub(super) fn roi_align(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let (x, rois) = (cx.input(0)?, cx.input(1)?);
    let dims = cx.dims(x);
    let [batch, channels, height, width] = dims[..] else {
        return Err(cx.error("input 0", "extents [N, C, H, W]", format!("{dims:?}")));
    };
    if height == 0 || width == 0 {
        return Err(cx.error("input 0", "images with entries", format!("extents {dims:?}")));
    }
    let regions = match (cx.input_constant(1)?, cx.dims(rois).as_slice()) {
        (Some(tensor), [_, 4]) => tensor.iter().collect::<Vec<_>>(),
        (_, dims) => return Err(cx.error("input 1", "extents [regions, 4]", format!("{dims:?}"))),
    };
    let count = regions.len() / 4;
    let default = if cx.opset < 16 { "output_half_pixel" } else { "half_pixel" };
    let aligned = match cx.string("coordinate_transformation_mode", default)?.as_str() {
        "half_pixel" => true,
        "output_half_pixel" => false,
        other => {
            let field = "attribute coordinate_transformation_mode";
            return Err(cx.error(field, "half_pixel or output_half_pixel", other));
        }
    };
    let size = |name: &str, default: i64, least: i64| {
        let value = cx.int(name, default)?;
        let good = usize::try_from(value).ok().filter(|_| (least..1 << 12).contains(&value));
        good.ok_or_else(|| {
            cx.error(format!("attribute {name}"), format!("from {least} to 4095"), value.to_string())
        })
    };
    let ratio = size("sampling_ratio", 0, 0)?;
    let (rows, columns) = (size("output_height", 1, 1)?, size("output_width", 1, 1)?);
    let scale = f64::from(cx.float("spatial_scale", 1.0)?);
    bounded(cx, "result", &[count, channels, rows, columns])?;
    bounded(cx, "regions", &[count, rows.max(columns) * ratio.max(1), height.max(width)])?;
    let vertical = Axis { extent: height, bins: rows, ratio, scale, aligned };
    let horizontal = Axis { extent: width, bins: columns, ratio, scale, aligned };
    let of = |axis: &Axis, first: usize| -> Result<Vec<Samples>> {
        let samples = regions.chunks_exact(4).map(|roi| axis.samples(roi[first], roi[first + 2]));
        samples.collect::<Option<Vec<_>>>().ok_or_else(|| {
            let expected = format!("regions with at most {MAX_SAMPLES} samples along a bin");
            cx.error("input 1", expected, "a larger one")
        })
    };
    let (ys, xs) = (of(&vertical, 1)?, of(&horizontal, 0)?);
    let images = images(cx, x, count, batch)?;
    match cx.string("mode", "avg")?.as_str() {
        "avg" => {
            let table = |samples: &[Samples], axis: &Axis| {
                let data: Vec<f64> = samples.iter().flat_map(|samples| axis.mean(samples)).collect();
                FloatTensor::from_fn([count, axis.bins, axis.extent], |i| data[i] as f32)
            };
            let (y, x) = (table(&ys, &vertical), table(&xs, &horizontal));
            let (y, x) = (cx.derived(y, Kind::Float, &[rois]), cx.derived(x, Kind::Float, &[rois]));
            // Labels: region 0, channel 1, row 2, column 3; bins 4 and 5.
            let half = cx.b.einsum((images, &[0, 1, 2, 3]), (x, &[0, 5, 3]), &[0, 1, 2, 5]);
            Ok(vec![cx.b.einsum((half, &[0, 1, 2, 5]), (y, &[0, 4, 2]), &[0, 1, 4, 5])])
        }
        "max" => largest(cx, images, rois, (&ys, &vertical), (&xs, &horizontal)),
        other => Err(cx.error("attribute mode", "avg or max", other)),
    }
}

/// The image of every region.
fn images(cx: &mut Context<'_>, x: Id, count: usize, batch: usize) -> Result<Id> {
    let index = cx.input(2)?;
    if cx.dims(index) != [count] {
        return Err(cx.error("input 2", format!("extents [{count}]"), format!("{:?}", cx.dims(index))));
    }
    if let Some(list) = known(cx, index)? {
        let list = list.iter().map(|i| cx.axis("input 2", *i, batch)).collect::<Result<Vec<_>>>()?;
        return Ok(cx.b.select(x, 0, count, |p| list.get(p).copied()));
    }
    let hot = one_hot(cx, index, batch)?;
    Ok(cx.b.einsum((hot, &[0, 4]), (x, &[4, 1, 2, 3]), &[0, 1, 2, 3]))
}

/// The largest weighted entry around any sample point.
fn largest(
    cx: &mut Context<'_>,
    images: Id,
    rois: Id,
    (ys, vertical): (&[Samples], &Axis),
    (xs, horizontal): (&[Samples], &Axis),
) -> Result<Vec<Id>> {
    let dims = cx.dims(images);
    let (count, channels) = (dims[0], dims[1]);
    let (rows, columns) = (vertical.bins, horizontal.bins);
    let most = |list: &[Samples]| list.iter().map(|samples| samples.per_bin).max().unwrap_or(0);
    let steps = most(ys) * most(xs) * 4;
    if steps == 0 || steps > 1024 {
        let expected = "from 1 to 256 samples of a bin";
        return Err(cx.error("attribute sampling_ratio", expected, (steps / 4).to_string()));
    }
    // What a bin reads for a sample and a corner, with its weight; bins with fewer samples repeat them.
    let read = |samples: &[Samples], region: usize, bin: usize, sample: usize, corner: usize| {
        let own = samples.get(region).filter(|own| own.per_bin > 0)?;
        own.points.get(bin * own.per_bin + sample % own.per_bin).copied().flatten().map(|pair| pair[corner])
    };
    let mut values = Vec::with_capacity(steps);
    for step in 0..steps {
        let (sample, corner) = (step / 4, step % 4);
        let tap = |region: usize, row: usize, column: usize| {
            let (y, wy) = read(ys, region, row, sample / most(xs), corner / 2)?;
            let (x, wx) = read(xs, region, column, sample % most(xs), corner % 2)?;
            Some((y, x, wy * wx))
        };
        let place = |p: usize| (p / (columns * rows * channels), p / columns % rows, p % columns);
        let source = |p: usize| {
            let (region, row, column) = place(p);
            let (y, x, _) = tap(region, row, column)?;
            let plane = p / (columns * rows);
            Some((plane * vertical.extent + y) * horizontal.extent + x)
        };
        let entries = pick(cx, images, &[count, channels, rows, columns], source);
        let weights = FloatTensor::from_fn([count, 1, rows, columns], |p| {
            let (region, row, column) = (p / (columns * rows), p / columns % rows, p % columns);
            tap(region, row, column).map_or(0.0, |(_, _, weight)| weight as f32)
        });
        let weights = cx.derived(weights, Kind::Float, &[rois]);
        values.push(cx.b.mul(entries, weights));
    }
    Ok(vec![maximum(cx, values)])
}
