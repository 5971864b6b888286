//! Views: factors partition the axes, maps stay within the real extents.

use zktorch_mutants::enforced;

use super::bounds::Bound;
use super::limits;
use super::progress::Progress;
use super::rules::{At, check_shape, invalid, require, show};
use crate::{AxisMap, Entry, Factor, GraphError, Role, Shape, TensorId, View, Visibility};

/// Checks a view and bounds it: the largest entry of the tensor times, for every factor, the largest row sum of absolute values.
pub(super) fn check(progress: &mut Progress<'_>, view: &View) -> Result<Bound, GraphError> {
    progress.readable(view.tensor)?;
    progress.views += 1;
    let graph = progress.graph;
    let views = progress.views;
    require(views <= limits::VIEWS, "views of the graph", format_args!("at most {}", limits::VIEWS), views)?;
    let tensor = graph.tensor(view.tensor);
    let place = || format!("view of {}", graph.place(view.tensor.0 as usize));
    check_shape(&view.shape, limits::VIRTUAL_VARS).at(place)?;
    partition(view.factors.iter().map(|factor| &factor.src), &tensor.shape, "source axes").at(place)?;
    partition(view.factors.iter().map(|factor| &factor.out), &view.shape, "output axes").at(place)?;
    let largest = tensor.range.lo.unsigned_abs().max(tensor.range.hi.unsigned_abs());
    let mut bound = Bound::new(largest.into());
    for (i, factor) in view.factors.iter().enumerate() {
        let row = row_sum(progress, factor, &tensor.shape, &view.shape);
        let row = Bound::new(row.at(|| format!("factor {i}")).at(place)?.into());
        bound.acc = bound.acc.saturating_mul(row.acc);
        bound.intermediate = bound.intermediate.saturating_mul(row.intermediate);
    }
    Ok(bound)
}

/// Every axis is in exactly one of the lists.
fn partition<'a>(
    lists: impl Iterator<Item = &'a Vec<u32>>,
    shape: &Shape,
    rule: &'static str,
) -> Result<(), GraphError> {
    let mut seen = vec![false; shape.rank()];
    for axis in lists.flatten() {
        match seen.get_mut(*axis as usize) {
            None => return invalid(rule, format_args!("below {}", shape.rank()), axis),
            Some(seen) if *seen && enforced() => {
                return invalid(rule, "each axis once", format_args!("axis {axis} twice"));
            }
            Some(seen) => *seen = true,
        }
    }
    match seen.iter().position(|seen| !seen) {
        Some(axis) if enforced() => invalid(rule, "each axis once", format_args!("axis {axis} in no factor")),
        _ => Ok(()),
    }
}

/// Checks a factor; the largest row sum of its matrix's absolute values.
fn row_sum(
    progress: &mut Progress<'_>,
    factor: &Factor,
    source: &Shape,
    output: &Shape,
) -> Result<u64, GraphError> {
    let dims = |axes: &[u32], shape: &Shape| -> Vec<u32> {
        axes.iter().map(|axis| shape.dims()[*axis as usize]).collect()
    };
    let (src, out) = (dims(&factor.src, source), dims(&factor.out, output));
    let axes = || format!("{} to {}", src.len(), out.len());
    let sum = match &factor.map {
        AxisMap::Identity => {
            require(src.len() == 1 && out.len() == 1, "axes of an identity", "1 to 1", axes())?;
            require(src == out, "extents of an identity", src[0], out[0])?;
            1
        }
        AxisMap::Window { stride, dilation, .. } => {
            require(src.len() == 1 && out.len() == 2, "axes of a window", "1 to 2", axes())?;
            require(*stride >= 1, "stride", "at least 1", stride)?;
            require(*dilation >= 1, "dilation", "at least 1", dilation)?;
            // A rule, no list: evaluating it takes time by its rows at most.
            count(progress, u64::from(out[0]) + u64::from(out[1]))?;
            1 // One tap of one position reads one entry.
        }
        AxisMap::Gather { indices } => {
            require(src.len() == 1, "axes of a gather", "1 to any", axes())?;
            let len = indices_of(progress, *indices, src[0]).at(|| "indices".to_owned())?;
            let places: u64 = out.iter().map(|dim| u64::from(*dim)).product();
            require(len == places, "entries of the indices", places, len)?;
            count(progress, len)?;
            1 // One index of one place selects one entry.
        }
        AxisMap::Sparse(entries) => {
            count(progress, entries.len() as u64)?;
            sparse(entries, &Axes::new(&src), &Axes::new(&out))?
        }
    };
    Ok(sum)
}

/// Checks the indices of a gather from an axis of this extent; how many there are.
fn indices_of(progress: &Progress<'_>, id: TensorId, extent: u32) -> Result<u64, GraphError> {
    progress.readable(id)?;
    let tensor = progress.graph.tensor(id);
    let public = tensor.role == Role::Input(Visibility::Public);
    require(public, "role", "a public input", format_args!("{:?}", tensor.role))?;
    let (lo, hi) = (-i64::from(extent), i64::from(extent) - 1);
    let within = i64::from(tensor.range.lo) >= lo && i64::from(tensor.range.hi) <= hi;
    require(within, "range", format_args!("within [{lo}, {hi}]"), show(tensor.range))?;
    Ok(tensor.shape.len() as u64)
}

/// Counts entries of maps against the limit.
pub(super) fn count(progress: &mut Progress<'_>, entries: u64) -> Result<(), GraphError> {
    progress.map_entries = progress.map_entries.saturating_add(entries);
    let total = progress.map_entries;
    require(
        total <= limits::MAP_ENTRIES,
        "map entries of the graph",
        format_args!("at most {}", limits::MAP_ENTRIES),
        total,
    )
}

fn sparse(entries: &[Entry], src: &Axes, out: &Axes) -> Result<u64, GraphError> {
    let (mut largest, mut row, mut before) = (0u64, 0u64, None);
    for (i, entry) in entries.iter().enumerate() {
        let place = || format!("entry {i}");
        let key = (entry.out, entry.src);
        require(
            before < Some(key),
            "order of the entries",
            "strictly increasing by (out, src)",
            format_args!("{key:?}"),
        )
        .at(place)?;
        require(entry.coeff != 0, "coefficient", "not 0", 0).at(place)?;
        let size = entry.coeff.unsigned_abs();
        require(size <= limits::COEFF, "coefficient", "at most 2^20 in absolute value", entry.coeff)
            .at(place)?;
        require(out.contains(entry.out), "row", "a real entry", entry.out).at(place)?;
        require(src.contains(entry.src), "column", "a real entry", entry.src).at(place)?;
        row = if before.is_some_and(|(out, _)| out == entry.out) { row } else { 0 } + u64::from(size);
        largest = largest.max(row);
        before = Some(key);
    }
    Ok(largest)
}

/// The axes of an index, last (least significant) first: variables and extent. Axes of extent 1 have no variables.
struct Axes(Vec<(usize, u32)>);

impl Axes {
    fn new(dims: &[u32]) -> Self {
        Self(
            dims.iter()
                .rev()
                .map(|dim| (Shape::axis_vars(*dim), *dim))
                .filter(|(vars, _)| *vars > 0)
                .collect(),
        )
    }

    /// Whether an index over the padded extents is within the real ones.
    fn contains(&self, index: u32) -> bool {
        let mut index = u64::from(index);
        for (vars, dim) in &self.0 {
            if index & ((1 << vars) - 1) >= u64::from(*dim) {
                return false;
            }
            index >>= vars;
        }
        index == 0
    }
}
