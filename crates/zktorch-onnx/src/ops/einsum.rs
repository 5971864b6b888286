//! Einsum: any number of operands, diagonals, ellipses.

use super::Context;
use crate::Result;
use crate::program::{Builder, Id};

/// Labels of the axes under an ellipsis: the last one is the largest.
const ELLIPSIS: u32 = 0x0011_0000;

/// The labels that a subscript gives to `rank` axes.
fn labels(cx: &Context<'_>, text: &str, rank: usize) -> Result<Vec<u32>> {
    let wrong = || cx.error("attribute equation", format!("letters for {rank} axes"), text);
    let (before, after) = match text.split_once("...") {
        None => (text, None),
        Some((before, after)) => (before, Some(after)),
    };
    let named = before.len() + after.map_or(0, str::len);
    if !before.chars().chain(after.unwrap_or_default().chars()).all(|c| c.is_ascii_alphabetic()) {
        return Err(wrong());
    }
    let hidden = match after {
        None if named == rank => 0,
        Some(_) => rank.checked_sub(named).ok_or_else(wrong)?,
        None => return Err(wrong()),
    };
    let hidden = (0..hidden as u32).rev().map(|i| ELLIPSIS - i);
    let tail = after.unwrap_or_default().chars().map(u32::from);
    Ok(before.chars().map(u32::from).chain(hidden).chain(tail).collect())
}

/// Only the diagonal of axes with one label is read.
fn diagonal(cx: &mut Context<'_>, mut x: Id, mut labels: Vec<u32>) -> Result<(Id, Vec<u32>)> {
    while let Some((first, second)) =
        (0..labels.len()).flat_map(|j| (0..j).map(move |i| (i, j))).find(|(i, j)| labels[*i] == labels[*j])
    {
        let dims = cx.dims(x);
        let extent = dims[first];
        if dims[second] != extent {
            return Err(cx.error("inputs", "equal extents for one letter", format!("{dims:?}")));
        }
        let rest = (0..dims.len()).filter(|axis| *axis != first && *axis != second);
        let perm: Vec<usize> = rest.chain([first, second]).collect();
        x = cx.b.transpose(x, &perm);
        labels = perm.iter().take(dims.len() - 1).map(|axis| labels[*axis]).collect();
        let mut merged: Vec<usize> = perm.iter().take(dims.len() - 2).map(|axis| dims[*axis]).collect();
        merged.push(extent.saturating_mul(extent));
        x = cx.b.reshape(x, &merged);
        x = cx.b.select(x, merged.len() - 1, extent, |p| Some(p * (extent + 1)));
    }
    Ok((x, labels))
}

/// Axes of extent 1 under an ellipsis are left out: they broadcast.
fn squeezed(cx: &mut Context<'_>, x: Id, labels: &[u32]) -> (Id, Vec<u32>) {
    let dims = cx.dims(x);
    let kept = (0..dims.len()).filter(|axis| dims[*axis] != 1 || labels[*axis] <= 'z' as u32);
    let kept: Vec<usize> = kept.collect();
    let x = cx.b.reshape(x, &kept.iter().map(|axis| dims[*axis]).collect::<Vec<_>>());
    (x, kept.iter().map(|axis| labels[*axis]).collect())
}

/// What numpy does without an arrow: the ellipsis, then the letters that occur once, in the order of the
/// alphabet.
fn implied(operands: &[Vec<u32>]) -> Vec<u32> {
    let all: Vec<u32> = operands.concat();
    let mut hidden: Vec<u32> = all.iter().copied().filter(|label| *label > 'z' as u32).collect();
    hidden.sort_unstable();
    hidden.dedup();
    let once = |label: &u32| all.iter().filter(|other| *other == label).count() == 1;
    let mut named: Vec<u32> =
        all.iter().copied().filter(|label| *label <= 'z' as u32 && once(label)).collect();
    named.sort_unstable();
    hidden.into_iter().chain(named).collect()
}

pub(super) fn einsum(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let equation: String = cx.string("equation", "")?.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match equation.split_once("->") {
        None => (equation.as_str(), None),
        Some((left, right)) => (left, Some(right)),
    };
    let parts: Vec<&str> = left.split(',').collect();
    if parts.len() != cx.inputs.len() {
        let expected = format!("subscripts for {} inputs", cx.inputs.len());
        return Err(cx.error("attribute equation", expected, equation.clone()));
    }
    let mut operands = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let id = cx.input(index)?;
        let labels = labels(cx, part, cx.b.rank(id))?;
        operands.push((id, labels));
    }
    let lists: Vec<Vec<u32>> = operands.iter().map(|(_, labels)| labels.clone()).collect();
    let all = lists.concat();
    let out = match right {
        None => implied(&lists),
        Some(text) => {
            let hidden = all.iter().filter(|label| **label > 'z' as u32);
            let hidden = hidden.map(|label| (ELLIPSIS - label + 1) as usize).max().unwrap_or_default();
            let named = text.replace("...", "").len();
            labels(cx, text, named + if text.contains("...") { hidden } else { 0 })?
        }
    };
    let twice = (1..out.len()).any(|i| out[..i].contains(&out[i]));
    if twice || out.iter().any(|label| !all.contains(label)) {
        return Err(cx.error(
            "attribute equation",
            "letters of the inputs after the arrow, each once",
            equation,
        ));
    }
    let mut shape = vec![1; out.len()];
    let mut rest = Vec::new();
    for (id, labels) in operands {
        let (id, labels) = diagonal(cx, id, labels)?;
        let (id, labels) = squeezed(cx, id, &labels);
        for (label, dim) in labels.iter().zip(cx.b.dims(id)) {
            if let Some(axis) = out.iter().position(|other| other == label) {
                shape[axis] = *dim;
            }
        }
        rest.push((id, labels));
    }
    let result = contracted(cx.b, rest, &out);
    Ok(vec![cx.b.reshape(result, &shape)])
}

/// From left to right; a label is summed as soon as nobody needs it.
fn contracted(b: &mut Builder, operands: Vec<(Id, Vec<u32>)>, out: &[u32]) -> Id {
    let mut operands = operands.into_iter();
    let (mut id, mut labels) = operands.next().unwrap_or((Id(0), Vec::new()));
    let mut rest: Vec<(Id, Vec<u32>)> = operands.collect();
    while !rest.is_empty() {
        let (other, other_labels) = rest.remove(0);
        let needed = |label: &u32| out.contains(label) || rest.iter().any(|(_, list)| list.contains(label));
        let mut kept: Vec<u32> = labels.clone();
        kept.extend(other_labels.iter().filter(|label| !labels.contains(label)));
        kept.retain(|label| needed(label));
        if rest.is_empty() {
            kept = out.iter().copied().filter(|label| kept.contains(label)).collect();
        }
        id = b.einsum((id, &labels), (other, &other_labels), &kept);
        labels = kept;
    }
    let summed: Vec<usize> = (0..labels.len()).filter(|axis| !out.contains(&labels[*axis])).collect();
    id = b.reduce_sum(id, &summed, false);
    labels.retain(|label| out.contains(label));
    let perm: Vec<usize> =
        out.iter().filter_map(|label| labels.iter().position(|other| other == label)).collect();
    b.transpose(id, &perm)
}
