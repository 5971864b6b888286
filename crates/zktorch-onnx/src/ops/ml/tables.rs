//! The attributes of TreeEnsembleRegressor and TreeEnsembleClassifier: a row for each node, a row for each
//! leaf value.

use std::collections::BTreeMap;

use super::trees::{Forest, Leaf, MAX_PATHS, Split, mode};
use crate::Result;
use crate::ops::Context;

pub(super) const REGRESSOR: &[&str] = &[
    "aggregate_function",
    "base_values",
    "base_values_as_tensor",
    "n_targets",
    "nodes_falsenodeids",
    "nodes_featureids",
    "nodes_hitrates",
    "nodes_hitrates_as_tensor",
    "nodes_missing_value_tracks_true",
    "nodes_modes",
    "nodes_nodeids",
    "nodes_treeids",
    "nodes_truenodeids",
    "nodes_values",
    "nodes_values_as_tensor",
    "post_transform",
    "target_ids",
    "target_nodeids",
    "target_treeids",
    "target_weights",
    "target_weights_as_tensor",
];
pub(super) const CLASSIFIER: &[&str] = &[
    "base_values",
    "base_values_as_tensor",
    "class_ids",
    "class_nodeids",
    "class_treeids",
    "class_weights",
    "class_weights_as_tensor",
    "classlabels_int64s",
    "classlabels_strings",
    "nodes_falsenodeids",
    "nodes_featureids",
    "nodes_hitrates",
    "nodes_hitrates_as_tensor",
    "nodes_missing_value_tracks_true",
    "nodes_modes",
    "nodes_nodeids",
    "nodes_treeids",
    "nodes_truenodeids",
    "nodes_values",
    "nodes_values_as_tensor",
    "post_transform",
];
pub(super) const ENSEMBLE: &[&str] = &[
    "aggregate_function",
    "leaf_targetids",
    "leaf_weights",
    "membership_values",
    "n_targets",
    "nodes_falseleafs",
    "nodes_falsenodeids",
    "nodes_featureids",
    "nodes_hitrates",
    "nodes_missing_value_tracks_true",
    "nodes_modes",
    "nodes_splits",
    "nodes_trueleafs",
    "nodes_truenodeids",
    "post_transform",
    "tree_roots",
];

/// A list of numbers, which may also be a tensor.
pub(super) fn floats(cx: &Context<'_>, name: &str) -> Result<Vec<f32>> {
    if let Some(list) = cx.floats(name)?.filter(|list| !list.is_empty()) {
        return Ok(list);
    }
    let tensor = cx.tensor(&format!("{name}_as_tensor"))?;
    Ok(tensor.map(|(tensor, _)| tensor.to_float().into_data()).unwrap_or_default())
}

fn ints(cx: &Context<'_>, name: &str, len: Option<usize>) -> Result<Vec<i64>> {
    let list = cx.ints(name)?.unwrap_or_default();
    match len.is_none_or(|len| len == list.len()) {
        true => Ok(list),
        false => {
            let expected = format!("{} entries", len.unwrap_or_default());
            Err(cx.error(format!("attribute {name}"), expected, list.len().to_string()))
        }
    }
}

/// A node's tree and its number there.
type Key = (i64, i64);

/// The trees; `prefix` names the attributes of the leaf values.
pub(super) fn read(cx: &Context<'_>, prefix: &str, outputs: usize) -> Result<Forest> {
    let trees = ints(cx, "nodes_treeids", None)?;
    let count = Some(trees.len());
    let numbers = ints(cx, "nodes_nodeids", count)?;
    let features = ints(cx, "nodes_featureids", count)?;
    let (yes, no) = (ints(cx, "nodes_truenodeids", count)?, ints(cx, "nodes_falsenodeids", count)?);
    let modes = cx.strings("nodes_modes")?.unwrap_or_default();
    let values = floats(cx, "nodes_values")?;
    if modes.len() != trees.len() || values.len() != trees.len() {
        let got = format!("{} modes and {} values", modes.len(), values.len());
        return Err(cx.error(
            "attributes nodes_modes and nodes_values",
            format!("{} each", trees.len()),
            got,
        ));
    }
    let mut rows: BTreeMap<Key, usize> = BTreeMap::new();
    let mut roots: Vec<(i64, usize)> = Vec::new();
    for (row, key) in trees.iter().copied().zip(numbers.iter().copied()).enumerate() {
        if rows.insert(key, row).is_some() {
            return Err(cx.error("attribute nodes_nodeids", "different nodes", format!("{key:?} twice")));
        }
        // The first node of a tree is its root.
        if roots.last().is_none_or(|(tree, _)| *tree != key.0) {
            roots.push((key.0, row));
        }
    }
    let mut said = leaf_values(cx, prefix, outputs)?;
    let mut forest = Forest { trees: roots.len(), ..Forest::default() };
    let mut total = 0;
    let mut visited = vec![false; trees.len()];
    for (tree, (_, root)) in roots.into_iter().enumerate() {
        let mut open = vec![(root, Vec::new())];
        while let Some((row, path)) = open.pop() {
            if std::mem::replace(&mut visited[row], true) {
                return Err(cx.error("nodes", "trees", format!("node {} reached twice", numbers[row])));
            }
            if modes[row] == "LEAF" {
                total += path.len();
                if total > MAX_PATHS {
                    let expected = format!("at most {MAX_PATHS} nodes on all paths");
                    return Err(cx.error("attributes", expected, "more"));
                }
                let values = said.remove(&(trees[row], numbers[row])).unwrap_or_default();
                forest.leaves.push(Leaf { tree, path, values });
                continue;
            }
            let Some((comparison, negated)) = mode(&modes[row]) else {
                let expected = "LEAF or BRANCH_ with LEQ, LT, GTE, GT, EQ or NEQ";
                return Err(cx.error("attribute nodes_modes", expected, modes[row].clone()));
            };
            let feature = usize::try_from(features[row]).unwrap_or(usize::MAX);
            let split = forest.splits.len();
            forest.splits.push(Split { feature, comparison, negated, values: vec![values[row]] });
            for (next, first) in [(no[row], false), (yes[row], true)] {
                let next = rows.get(&(trees[row], next)).copied().ok_or_else(|| {
                    cx.error("branches", "nodes of the same tree", format!("{next} in tree {}", trees[row]))
                })?;
                let mut path = path.clone();
                path.push((split, first));
                open.push((next, path));
            }
        }
    }
    Ok(forest)
}

/// What each leaf adds to which outputs.
fn leaf_values(cx: &Context<'_>, prefix: &str, outputs: usize) -> Result<BTreeMap<Key, Vec<(usize, f32)>>> {
    let weights = floats(cx, &format!("{prefix}_weights"))?;
    let count = Some(weights.len());
    let trees = ints(cx, &format!("{prefix}_treeids"), count)?;
    let nodes = ints(cx, &format!("{prefix}_nodeids"), count)?;
    let ids = ints(cx, &format!("{prefix}_ids"), count)?;
    let mut said: BTreeMap<Key, Vec<(usize, f32)>> = BTreeMap::new();
    for (((tree, node), id), weight) in trees.into_iter().zip(nodes).zip(ids).zip(weights) {
        let output = usize::try_from(id).ok().filter(|id| *id < outputs);
        let output = output.ok_or_else(|| {
            cx.error(format!("attribute {prefix}_ids"), format!("numbers below {outputs}"), id.to_string())
        })?;
        said.entry((tree, node)).or_default().push((output, weight));
    }
    Ok(said)
}
