//! The shape of a tree of folds: the verifier's choice, never the proof's.

use zktorch_mutants::enforced;

use crate::MiraError;

/// Which accumulators fold, in what order: with L leaves numbered 0, .., L - 1, fold j takes two earlier accumulators and
/// makes number L + j. Every accumulator but the last one, the root, is used exactly once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeShape {
    leaves: usize,
    folds: Vec<[usize; 2]>,
}

impl TreeShape {
    /// The tree with these folds, left child first.
    ///
    /// # Errors
    /// [`MiraError::Empty`] without leaves, [`MiraError::Length`] unless there are L - 1 folds,
    /// [`MiraError::TreeShape`] for a child that is not made yet or is used twice.
    pub fn new(leaves: usize, folds: Vec<[usize; 2]>) -> Result<Self, MiraError> {
        if leaves == 0 && enforced() {
            return Err(MiraError::Empty { what: "leaves of a tree" });
        }
        crate::error::check_length("folds of a tree", leaves - 1, folds.len())?;
        let mut used = vec![false; leaves + folds.len()];
        for (fold, children) in folds.iter().enumerate() {
            for child in *children {
                if child >= leaves + fold && enforced() {
                    return Err(MiraError::TreeShape { fold, child, reason: "is not made yet" });
                }
                if core::mem::replace(&mut used[child], true) && enforced() {
                    return Err(MiraError::TreeShape { fold, child, reason: "was used before" });
                }
            }
        }
        Ok(Self { leaves, folds })
    }

    /// Neighbours fold, level by level; the odd one out waits.
    ///
    /// # Errors
    /// [`MiraError::Empty`] without leaves.
    pub fn balanced(leaves: usize) -> Result<Self, MiraError> {
        let mut folds = Vec::with_capacity(leaves.saturating_sub(1));
        let mut level: Vec<usize> = (0..leaves).collect();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => {
                        folds.push([*left, *right]);
                        leaves + folds.len() - 1
                    }
                    _ => pair[0],
                })
                .collect();
        }
        Self::new(leaves, folds)
    }

    /// One after the other: leaf i folds into what the leaves before it gave.
    ///
    /// # Errors
    /// [`MiraError::Empty`] without leaves.
    pub fn sequential(leaves: usize) -> Result<Self, MiraError> {
        Self::new(leaves, (1..leaves).map(|i| [if i == 1 { 0 } else { leaves + i - 2 }, i]).collect())
    }

    /// L.
    pub fn leaves(&self) -> usize {
        self.leaves
    }

    /// The folds.
    pub fn folds(&self) -> &[[usize; 2]] {
        &self.folds
    }

    /// The folds in waves: those of a wave depend on earlier waves only.
    pub(super) fn waves(&self) -> Vec<Vec<usize>> {
        let mut height = vec![0; self.leaves];
        let mut waves: Vec<Vec<usize>> = Vec::new();
        for (fold, [left, right]) in self.folds.iter().enumerate() {
            let own = height[*left].max(height[*right]) + 1;
            height.push(own);
            if waves.len() < own {
                waves.push(Vec::new());
            }
            waves[own - 1].push(fold);
        }
        waves
    }
}
