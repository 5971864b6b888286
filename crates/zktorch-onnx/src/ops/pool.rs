//! MaxPool: maxima, one spatial axis after the other; AveragePool, GlobalAveragePool: weighted sums.

use super::Context;
use super::windows::{split, windows};
use crate::Result;
use crate::program::{AxisMatrix, Id, Window};

/// The windows of a pool, each of which contains entries.
pub(super) fn read(cx: &Context<'_>) -> Result<Vec<Window>> {
    let (_, _, spatial) = split(cx)?;
    let kernel = cx.positive("kernel_shape", spatial.len(), None)?;
    let windows = windows(cx, &spatial, &kernel)?;
    for window in &windows {
        if let Some(position) = (0..window.positions).find(|position| window.count(*position, false) == 0) {
            let got = format!("a window that is padding only at position {position}");
            return Err(cx.error("attribute pads", "windows that contain entries", got));
        }
    }
    Ok(windows)
}

/// One spatial axis after the other: the maximum of a rectangle is the maximum of the maxima of its rows.
pub(super) fn max(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let windows = read(cx)?;
    if cx.wants(1) {
        let column_major = cx.flag("storage_order", false)?;
        return super::max_indices::max_with_indices(cx, &windows, column_major);
    }
    let mut value = cx.input(0)?;
    for (index, window) in windows.iter().enumerate().rev() {
        let taps: Vec<Id> = (0..window.taps)
            .map(|tap| {
                // A tap in the padding is replaced by the first entry of its window: the maximum does not change.
                let read = |position| {
                    let first = || (0..window.taps).find_map(|k| window.source(position, k));
                    window.source(position, tap).or_else(first)
                };
                cx.b.select(value, index + 2, window.positions, read)
            })
            .collect();
        value = maximum(cx, taps);
    }
    Ok(vec![value])
}

/// The maximum of several values of one shape.
pub(super) fn maximum(cx: &mut Context<'_>, mut values: Vec<Id>) -> Id {
    while values.len() > 1 {
        let others = values.split_off(values.len().div_ceil(2));
        for (value, other) in values.iter_mut().zip(others) {
            *value = cx.b.max(*value, other);
        }
    }
    values[0]
}

pub(super) fn average(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let include_pad = cx.flag("count_include_pad", false)?;
    let windows = read(cx)?;
    let mut value = cx.input(0)?;
    for (index, window) in windows.iter().enumerate() {
        // Counts differ at the borders: sums weighted by lcm / count are lcm times the mean.
        let counts: Vec<u64> = (0..window.positions).map(|p| window.count(p, include_pad) as u64).collect();
        let lcm = counts
            .iter()
            .try_fold(1u64, |lcm, count| Some(lcm / gcd(lcm, *count) * count).filter(|lcm| *lcm <= 1 << 16));
        let lcm = lcm.ok_or_else(|| {
            cx.error("windows", "sizes whose least common multiple is at most 2^16", format!("{counts:?}"))
        })?;
        let entries = counts.iter().enumerate().flat_map(|(p, count)| {
            (0..window.taps)
                .filter_map(move |k| window.source(p, k))
                .map(move |q| (p as u32, q as u32, (lcm / count) as i32))
        });
        let matrix = AxisMatrix::new(window.positions, entries.collect(), lcm as u32);
        value = cx.b.map(value, index + 2, matrix);
    }
    Ok(vec![value])
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

pub(super) fn global_average(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let x = cx.input(0)?;
    split(cx)?;
    let axes: Vec<usize> = (2..cx.b.rank(x)).collect();
    Ok(vec![cx.b.reduce_mean(x, &axes, true)])
}
