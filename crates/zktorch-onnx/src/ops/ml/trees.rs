//! Ensembles of trees.
//!
//! Which feature a node reads and where its branches lead is public; thresholds and leaf values are private.
//! Every node's comparison is a lookup. A leaf is reached if all comparisons on its path come out its way:
//! their signed sum is then exactly one number, which is a second lookup. What the reached leaves say is one
//! product with their values.

use zktorch_graph::{Binary, Formula, Unary};

use super::scores::{Labels, transform, two_columns};
use super::{ensemble, samples, tables, weights};
use crate::Result;
use crate::ops::Context;
use crate::program::{AxisMatrix, Id, Kind};

/// Most entries of all paths together.
pub(super) const MAX_PATHS: usize = 1 << 24;

/// How a node compares a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// threshold < x.
    Above,
    /// x < threshold.
    Below,
    /// x is one of the values.
    Equal,
}

/// A node that has branches.
pub(super) struct Split {
    pub(super) feature: usize,
    pub(super) comparison: Comparison,
    /// Whether the first branch is for what the comparison denies.
    pub(super) negated: bool,
    /// One threshold, or the members of a set.
    pub(super) values: Vec<f32>,
}

/// A leaf.
pub(super) struct Leaf {
    pub(super) tree: usize,
    /// Splits and whether their first branch is taken.
    pub(super) path: Vec<(usize, bool)>,
    /// What it adds to which outputs.
    pub(super) values: Vec<(usize, f32)>,
}

/// All trees.
#[derive(Default)]
pub(super) struct Forest {
    pub(super) trees: usize,
    pub(super) splits: Vec<Split>,
    pub(super) leaves: Vec<Leaf>,
}

/// What becomes of the values of several trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
}

/// A comparison and its negation by the name of a mode.
pub(super) fn mode(name: &str) -> Option<(Comparison, bool)> {
    Some(match name {
        "BRANCH_LEQ" => (Comparison::Above, true),
        "BRANCH_GT" => (Comparison::Above, false),
        "BRANCH_LT" => (Comparison::Below, false),
        "BRANCH_GTE" => (Comparison::Below, true),
        "BRANCH_EQ" | "BRANCH_MEMBER" => (Comparison::Equal, false),
        "BRANCH_NEQ" => (Comparison::Equal, true),
        _ => return None,
    })
}

/// 1 for every comparison that holds, and the columns of every split.
fn comparisons(cx: &mut Context<'_>, x: Id, columns: usize, forest: &Forest) -> Result<(Id, Vec<Vec<u32>>)> {
    let mut parts = Vec::new();
    let mut places = vec![Vec::new(); forest.splits.len()];
    let mut next = 0u32;
    for comparison in [Comparison::Above, Comparison::Below, Comparison::Equal] {
        let mut features = Vec::new();
        let mut values = Vec::new();
        for (split, places) in forest.splits.iter().zip(&mut places) {
            if split.comparison != comparison {
                continue;
            }
            if split.feature >= columns {
                let expected = format!("features below {columns}");
                return Err(cx.error("attribute nodes_featureids", expected, split.feature.to_string()));
            }
            for value in &split.values {
                features.push(split.feature);
                values.push(*value);
                places.push(next);
                next += 1;
            }
        }
        if values.is_empty() {
            continue;
        }
        let read = cx.b.select(x, 1, features.len(), |p| Some(features[p]));
        let (sign, formula) = match comparison {
            Comparison::Above => (1.0, negative()),
            Comparison::Below => (-1.0, negative()),
            Comparison::Equal => (1.0, zero()),
        };
        let mut terms = vec![(-sign, read)];
        for part in precise(&values) {
            terms.push((sign, weights(cx, &[values.len()], &part)?));
        }
        let difference = cx.b.sum(&terms);
        parts.push(cx.b.function(difference, formula, Kind::Bool));
    }
    if parts.is_empty() {
        return Err(cx.error("attributes", "at least one node with branches", "none"));
    }
    let bits = cx.b.concat(&parts, 1);
    Ok((cx.b.cast(bits, Kind::Int), places))
}

/// Thresholds as sums of two weights: each has 16 bits at a scale of its own, and inputs may have more than
/// that. Both have the sign of the threshold, so that their sum is rounded as an input is and what equals a
/// threshold stays equal to it.
fn precise(values: &[f32]) -> [Vec<f32>; 2] {
    let largest = values.iter().fold(0f64, |max, value| max.max(f64::from(value.abs())));
    let unit =
        if largest > 0.0 && largest.is_finite() { (largest / 16384.0).log2().ceil().exp2() } else { 1.0 };
    let coarse: Vec<f32> =
        values.iter().map(|value| ((f64::from(*value) / unit).trunc() * unit) as f32).collect();
    let fine = values.iter().zip(&coarse).map(|(value, coarse)| value - coarse).collect();
    [coarse, fine]
}

fn negative() -> Formula {
    Formula::argument().with_constant(Binary::Less, 0.0)
}

fn zero() -> Formula {
    Formula::argument().then(Unary::IsZero)
}

/// 1 for every leaf that is reached, [N, leaves].
fn reached(cx: &mut Context<'_>, x: Id, columns: usize, forest: &Forest) -> Result<Id> {
    let (bits, places) = comparisons(cx, x, columns, forest)?;
    let mut entries = Vec::new();
    let mut expected = vec![0i64; forest.leaves.len()];
    for (row, leaf) in forest.leaves.iter().enumerate() {
        for (split, first) in &leaf.path {
            // The comparison holds on one of the two ways.
            let holds = *first != forest.splits[*split].negated;
            expected[row] += i64::from(holds);
            let sign = if holds { 1 } else { -1 };
            entries.extend(places[*split].iter().map(|column| (row as u32, *column, sign)));
        }
        if entries.len() > MAX_PATHS {
            return Err(cx.error("attributes", format!("at most {MAX_PATHS} nodes on all paths"), "more"));
        }
    }
    let sum = cx.b.map(bits, 1, AxisMatrix::new(forest.leaves.len(), entries, 1));
    let expected = cx.constant_ints(&[expected.len()], |i| expected[i]);
    let difference = cx.b.sub(sum, expected);
    let reached = cx.b.function(difference, zero(), Kind::Bool);
    Ok(cx.b.cast(reached, Kind::Int))
}

/// The outputs [N, outputs] before the last transformation.
fn scores(
    cx: &mut Context<'_>,
    forest: &Forest,
    outputs: usize,
    aggregate: Aggregate,
    base: Vec<f32>,
) -> Result<Id> {
    let (x, _, columns) = samples(cx)?;
    let reached = reached(cx, x, columns, forest)?;
    let count = forest.leaves.len();
    let values = |trees: std::ops::Range<usize>| {
        let mut values = vec![0f32; count.saturating_mul(outputs)];
        for (row, leaf) in forest.leaves.iter().enumerate().filter(|(_, leaf)| trees.contains(&leaf.tree)) {
            leaf.values.iter().for_each(|(output, value)| values[row * outputs + output] += value);
        }
        values
    };
    if outputs == 0 || count.checked_mul(outputs).is_none_or(|entries| entries > cx.options.max_entries) {
        let expected = format!("from 1 to {} values", cx.options.max_entries);
        return Err(cx.error("number of leaves and outputs", expected, format!("{count} times {outputs}")));
    }
    let say = |cx: &mut Context<'_>, trees: std::ops::Range<usize>| -> Result<Id> {
        let values = weights(cx, &[count, outputs], &values(trees))?;
        Ok(cx.b.einsum((reached, &[0, 2]), (values, &[2, 1]), &[0, 1]))
    };
    let mut score = match aggregate {
        Aggregate::Sum => say(cx, 0..forest.trees)?,
        Aggregate::Average => {
            let sum = say(cx, 0..forest.trees)?;
            cx.b.scale(sum, 1.0 / forest.trees as f64)
        }
        Aggregate::Min | Aggregate::Max => {
            let mut best = say(cx, 0..1)?;
            for tree in 1..forest.trees {
                let other = say(cx, tree..tree + 1)?;
                best =
                    if aggregate == Aggregate::Max { cx.b.max(best, other) } else { cx.b.min(best, other) };
            }
            best
        }
    };
    if base.iter().any(|value| *value != 0.0) {
        let base = weights(cx, &[outputs], &base)?;
        score = cx.b.add(score, base);
    }
    Ok(score)
}

pub(super) fn regressor(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let outputs = usize::try_from(cx.int("n_targets", 1)?).unwrap_or_default();
    let forest = tables::read(cx, "target", outputs)?;
    let aggregate = match &*cx.string("aggregate_function", "SUM")? {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Min,
        "MAX" => Aggregate::Max,
        other => {
            return Err(cx.error("attribute aggregate_function", "SUM, AVERAGE, MIN or MAX", other));
        }
    };
    let base = tables::floats(cx, "base_values")?;
    let score = scores(cx, &forest, outputs, aggregate, base)?;
    let name = cx.string("post_transform", "NONE")?;
    Ok(vec![transform(cx, score, &name)?])
}

pub(super) fn ensemble(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let outputs = usize::try_from(cx.int("n_targets", 1)?).unwrap_or_default();
    let forest = ensemble::read(cx, outputs)?;
    let aggregate = match cx.int("aggregate_function", 1)? {
        0 => Aggregate::Average,
        1 => Aggregate::Sum,
        2 => Aggregate::Min,
        3 => Aggregate::Max,
        other => return Err(cx.error("attribute aggregate_function", "from 0 to 3", other.to_string())),
    };
    let score = scores(cx, &forest, outputs, aggregate, Vec::new())?;
    let name = match cx.int("post_transform", 0)? {
        0 => "NONE",
        1 => "SOFTMAX",
        2 => "LOGISTIC",
        other => {
            let expected = "0 (none), 1 (softmax) or 2 (logistic)";
            return Err(cx.error("attribute post_transform", expected, other.to_string()));
        }
    };
    Ok(vec![transform(cx, score, name)?])
}

pub(super) fn classifier(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let labels = Labels::read(cx, "classlabels_int64s", "classlabels_strings")?;
    let mut forest = tables::read(cx, "class", labels.count)?;
    let name = cx.string("post_transform", "NONE")?;
    let base = tables::floats(cx, "base_values")?;
    let all = || forest.leaves.iter().flat_map(|leaf| &leaf.values);
    let first = all().next().map(|(class, _)| *class);
    let one = all().all(|(class, _)| Some(*class) == first);
    if !(labels.count == 2 && one) {
        let score = scores(cx, &forest, labels.count, Aggregate::Sum, base)?;
        let label = labels.of(cx, score);
        return Ok(vec![label, transform(cx, score, &name)?]);
    }
    // One score stands for two classes. Where no leaf says less than zero, it is a probability.
    if base.len() > 1 {
        return Err(cx.error("attribute base_values", "at most one for one score", base.len().to_string()));
    }
    let positive = all().all(|(_, value)| *value >= 0.0);
    for leaf in &mut forest.leaves {
        leaf.values.iter_mut().for_each(|(class, _)| *class = 0);
    }
    let score = scores(cx, &forest, 1, Aggregate::Sum, base)?;
    let label = labels.above(cx, score, if positive { 0.5 } else { 0.0 });
    Ok(vec![label, two_columns(cx, score, &name, positive)?])
}
