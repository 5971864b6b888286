//! The attributes of TreeEnsemble: rows of inner nodes, and rows of leaves.

use super::trees::{Forest, Leaf, MAX_PATHS, Split, mode};
use crate::Result;
use crate::ops::Context;

const MODES: [&str; 7] =
    ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER"];

/// A tensor attribute as a list.
fn numbers(cx: &Context<'_>, name: &str) -> Result<Vec<f32>> {
    Ok(cx.tensor(name)?.map(|(tensor, _)| tensor.to_float().into_data()).unwrap_or_default())
}

fn rows(cx: &Context<'_>, name: &str, len: usize) -> Result<Vec<usize>> {
    let list = cx.ints(name)?.unwrap_or_default();
    let list = list.iter().map(|i| usize::try_from(*i).ok()).collect::<Option<Vec<_>>>();
    list.filter(|list| list.len() == len).ok_or_else(|| {
        cx.error(format!("attribute {name}"), format!("{len} numbers from 0 on"), "another list")
    })
}

pub(super) fn read(cx: &Context<'_>, outputs: usize) -> Result<Forest> {
    let (splits, modes) = (numbers(cx, "nodes_splits")?, numbers(cx, "nodes_modes")?);
    let count = splits.len();
    if modes.len() != count {
        let got = modes.len().to_string();
        return Err(cx.error("attribute nodes_modes", format!("{count} entries"), got));
    }
    let features = rows(cx, "nodes_featureids", count)?;
    let branches = [
        (rows(cx, "nodes_falsenodeids", count)?, rows(cx, "nodes_falseleafs", count)?, false),
        (rows(cx, "nodes_truenodeids", count)?, rows(cx, "nodes_trueleafs", count)?, true),
    ];
    let values = numbers(cx, "leaf_weights")?;
    let targets = rows(cx, "leaf_targetids", values.len())?;
    if let Some(bad) = targets.iter().find(|target| **target >= outputs) {
        let expected = format!("numbers below {outputs}");
        return Err(cx.error("attribute leaf_targetids", expected, bad.to_string()));
    }
    let roots = cx.ints("tree_roots")?.unwrap_or_default();
    let roots = rows(cx, "tree_roots", roots.len())?;
    // The members of the sets of all nodes that test one, in their order, a NaN after each set.
    let members = numbers(cx, "membership_values")?;
    let mut sets = members.split(|value| value.is_nan());
    let mut sets: Vec<Vec<f32>> = modes
        .iter()
        .map(|mode| if *mode == 6.0 { sets.next().unwrap_or_default().to_vec() } else { Vec::new() })
        .collect();
    let mut forest = Forest { trees: roots.len(), ..Forest::default() };
    let mut visited = vec![false; count];
    let mut total = 0;
    for (tree, root) in roots.into_iter().enumerate() {
        let mut open = vec![(root, false, Vec::new())];
        while let Some((row, is_leaf, path)) = open.pop() {
            if is_leaf {
                let Some((target, value)) = targets.get(row).zip(values.get(row)) else {
                    let expected = format!("leaves below {}", values.len());
                    return Err(cx.error("branches", expected, row.to_string()));
                };
                total += path.len();
                if total > MAX_PATHS {
                    let expected = format!("at most {MAX_PATHS} nodes on all paths");
                    return Err(cx.error("attributes", expected, "more"));
                }
                forest.leaves.push(Leaf { tree, path, values: vec![(*target, *value)] });
                continue;
            }
            if row >= count || std::mem::replace(&mut visited[row], true) {
                let expected = format!("trees of nodes below {count}");
                return Err(cx.error("branches", expected, format!("node {row}, or twice")));
            }
            // A tree that is one leaf is written as a node both of whose branches are that leaf.
            let [(no, no_leaf, _), (yes, yes_leaf, _)] = &branches;
            if no[row] == yes[row] && no_leaf[row] != 0 && yes_leaf[row] != 0 {
                open.push((no[row], true, path));
                continue;
            }
            let name = MODES.get(modes[row] as usize).copied().unwrap_or_default();
            let Some((comparison, negated)) = mode(name) else {
                return Err(cx.error("attribute nodes_modes", "from 0 to 6", modes[row].to_string()));
            };
            let mut values = std::mem::take(&mut sets[row]);
            if name != "BRANCH_MEMBER" {
                values = vec![splits[row]];
            }
            values.sort_by(f32::total_cmp);
            values.dedup();
            let split = forest.splits.len();
            forest.splits.push(Split { feature: features[row], comparison, negated, values });
            for (next, leaves, first) in &branches {
                let mut path = path.clone();
                path.push((split, *first));
                open.push((next[row], leaves[row] != 0, path));
            }
        }
    }
    Ok(forest)
}
