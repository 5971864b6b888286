//! Folding leaves as they come, so that few accumulators are held at a time.

use zktorch_commit::SrsId;
use zktorch_field::Fr;

use super::digest::{self, Digest};
use super::{Leaf, Root, TreeProof, TreeShape};
use crate::error::{check_index, check_length};
use crate::pair::Accumulator;
use crate::{MiraError, OpeningWitness};

/// A tree that grows: leaves in any order, each fold as soon as both of its children are there. Of a balanced tree whose leaves
/// come in their order, as many accumulators are held as it has levels. The result is that of [`prove`](super::prove).
#[derive(Debug)]
pub struct Folding {
    shape: TreeShape,
    tree: Digest,
    /// The fold that uses every accumulator; none for the root.
    parents: Vec<Option<usize>>,
    nodes: Vec<Option<(Digest, Accumulator)>>,
    /// Leaves that came.
    came: Vec<bool>,
    errors: Vec<Fr>,
}

impl Folding {
    /// A tree without leaves, for commitments under the SRS with the id `srs`.
    pub fn new(srs: SrsId, shape: TreeShape) -> Self {
        let count = shape.leaves() + shape.folds().len();
        let mut parents = vec![None; count];
        for (fold, children) in shape.folds().iter().enumerate() {
            children.iter().for_each(|child| parents[*child] = Some(fold));
        }
        let mut nodes = Vec::with_capacity(count);
        nodes.resize_with(count, || None);
        let (tree, came) = (digest::tree(srs, &shape), vec![false; shape.leaves()]);
        let errors = vec![Fr::from(0u64); shape.folds().len()];
        Self { shape, tree, parents, nodes, came, errors }
    }

    /// Adds a leaf, and folds what can be folded.
    ///
    /// # Errors
    /// [`MiraError::Index`] for a leaf that the tree has not, [`MiraError::Length`] for one that came before;
    /// [`MiraError::NotReduced`]; [`MiraError::TooLong`].
    pub fn push(&mut self, index: usize, leaf: &Leaf, witness: OpeningWitness) -> Result<(), MiraError> {
        check_index("leaf of a tree", index, self.shape.leaves())?;
        let before = usize::from(core::mem::replace(&mut self.came[index], true));
        check_length("times that a leaf came before", 0, before)?;
        let digest = digest::leaf(&self.tree, index, leaf)?;
        let mut node = (index, digest, Accumulator::new(leaf.instance.clone(), witness)?);
        loop {
            let (place, digest, accumulator) = node;
            self.nodes[place] = Some((digest, accumulator));
            let Some(fold) = self.parents[place] else { return Ok(()) };
            let [left, right] = self.shape.folds()[fold];
            if self.nodes[left].is_none() || self.nodes[right].is_none() {
                return Ok(());
            }
            let (Some((left_digest, left)), Some((right_digest, right))) =
                (self.nodes[left].take(), self.nodes[right].take())
            else {
                return Ok(());
            };
            let mut transcript = digest::fold_transcript(fold, &left_digest, &right_digest);
            let (t, folded) = left.fold_bound(&mut transcript, &right)?;
            self.errors[fold] = t;
            node = (self.shape.leaves() + fold, digest::finish(transcript), folded);
        }
    }

    /// Accumulators that wait for others.
    pub fn held(&self) -> usize {
        self.nodes.iter().flatten().count()
    }

    /// The root.
    ///
    /// # Errors
    /// [`MiraError::Length`] if a leaf has not come.
    pub fn finish(mut self) -> Result<(TreeProof, Root, OpeningWitness), MiraError> {
        let came = self.came.iter().filter(|came| **came).count();
        check_length("leaves of a tree", self.shape.leaves(), came)?;
        let Some((digest, accumulator)) = self.nodes.pop().flatten() else {
            return Err(MiraError::Empty { what: "tree" });
        };
        let (instance, witness) = accumulator.into_parts();
        Ok((TreeProof { errors: self.errors }, Root { digest, instance }, witness))
    }
}
