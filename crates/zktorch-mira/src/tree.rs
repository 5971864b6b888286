//! Trees of pairwise folds: accumulators of any number of proofs, merged in any order, in parallel.
//!
//! A *leaf* is the masked accumulator that a proof exports, reduced to one evaluation point (so that descriptions grow with
//! the number of leaves, not of claims). Every node has a digest, and the challenge of a fold is a function of it alone,
//! so any worker can do any fold as soon as its two children are there:
//!
//! ```text
//! leaf i:   H(SRS id, shape, i, statement, final transcript state, C, point, y)
//! fold j:   H(j, left digest, right digest, t),      gamma = H'(the same)
//! ```
//!
//! The verifier rebuilds the whole tree from the SRS id and the shape (its own), the leaves (which it checked as proofs)
//! and the error terms t, and is left with the root: one instance, to be decided with a transcript seeded by the root's
//! digest ([`Root::transcript`]). Another SRS or shape, a leaf bound to another statement, swapped leaves or another t
//! give other challenges everywhere above.
//!
//! Soundness error: `2/|F|` per fold. Proof: one scalar per fold.

mod digest;
mod folding;
mod proof;
mod shape;

use zktorch_commit::SrsId;
use zktorch_field::{Fr, par};
use zktorch_transcript::Transcript;

pub use self::digest::Digest;
pub use self::folding::Folding;
pub use self::proof::TreeProof;
pub use self::shape::TreeShape;
use crate::error::check_length;
use crate::pair::{Accumulator, verify_bound};
use crate::{MiraError, OpeningInstance, OpeningWitness};

/// What a tree knows of a proof that it accumulates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Digest of the statement that the proof proves.
    pub statement: Digest,
    /// Digest of the final state of the proof's transcript.
    pub transcript: Digest,
    /// What the proof leaves to be decided: masked, at one point.
    pub instance: OpeningInstance<Fr>,
}

/// The root of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Digest of the whole tree.
    pub digest: Digest,
    /// The instance that implies all leaves.
    pub instance: OpeningInstance<Fr>,
}

impl Root {
    /// The transcript with which the root is decided.
    pub fn transcript(&self) -> Transcript {
        let mut transcript = Transcript::new(b"zktorch mira root v1");
        transcript.append_message(b"root", &self.digest);
        transcript
    }
}

/// Folds all leaves, whose commitments are under the SRS with the id `srs`. Folds whose children are there run in parallel.
///
/// # Errors
/// [`MiraError::Length`] if there are not as many leaves as the shape has; [`MiraError::NotReduced`];
/// [`MiraError::TooLong`].
pub fn prove(
    srs: SrsId,
    shape: &TreeShape,
    leaves: &[Leaf],
    witnesses: Vec<OpeningWitness>,
) -> Result<(TreeProof, Root, OpeningWitness), MiraError> {
    check_length("witnesses of a tree", leaves.len(), witnesses.len())?;
    let digests = leaf_digests(srs, shape, leaves)?;
    let inputs: Vec<_> = leaves.iter().zip(witnesses).zip(digests).collect();
    let mut nodes = par::map_vec(inputs, |((leaf, witness), digest)| {
        Ok(Some((digest, Accumulator::new(leaf.instance.clone(), witness)?)))
    })
    .into_iter()
    .collect::<Result<Vec<_>, MiraError>>()?;
    nodes.resize_with(leaves.len() + shape.folds().len(), || None);

    let mut errors = vec![Fr::from(0u64); shape.folds().len()];
    for wave in shape.waves() {
        let mut jobs = Vec::with_capacity(wave.len());
        for fold in wave {
            let [left, right] = shape.folds()[fold];
            // Every accumulator is used exactly once, after it was made: the shape was checked.
            if let (Some(left), Some(right)) = (nodes[left].take(), nodes[right].take()) {
                jobs.push((fold, left, right));
            }
        }
        let _span = tracing::debug_span!("mira wave", folds = jobs.len()).entered();
        let folded = par::map_vec(jobs, |(fold, (left_digest, left), (right_digest, right))| {
            let mut transcript = digest::fold_transcript(fold, &left_digest, &right_digest);
            let (t, accumulator) = left.fold_bound(&mut transcript, &right)?;
            Ok::<_, MiraError>((fold, t, digest::finish(transcript), accumulator))
        });
        for result in folded {
            let (fold, t, digest, accumulator) = result?;
            errors[fold] = t;
            nodes[leaves.len() + fold] = Some((digest, accumulator));
        }
    }
    let Some((digest, accumulator)) = nodes.pop().flatten() else {
        return Err(MiraError::Empty { what: "tree" });
    };
    let (instance, witness) = accumulator.into_parts();
    Ok((TreeProof { errors }, Root { digest, instance }, witness))
}

/// Rebuilds the tree; the root is left to be decided, under the SRS with the id `srs`.
///
/// # Errors
/// [`MiraError::Length`] for another number of leaves or error terms than the shape has; [`MiraError::NotReduced`].
pub fn verify(srs: SrsId, shape: &TreeShape, leaves: &[Leaf], proof: &TreeProof) -> Result<Root, MiraError> {
    check_length("error terms of a tree", shape.folds().len(), proof.errors.len())?;
    let digests = leaf_digests(srs, shape, leaves)?;
    let mut nodes: Vec<Option<(Digest, OpeningInstance<Fr>)>> =
        leaves.iter().zip(digests).map(|(leaf, digest)| Some((digest, leaf.instance.clone()))).collect();
    for (fold, ([left, right], t)) in shape.folds().iter().zip(&proof.errors).enumerate() {
        let (Some((left_digest, left)), Some((right_digest, right))) =
            (nodes[*left].take(), nodes[*right].take())
        else {
            return Err(MiraError::TreeShape { fold, child: *left, reason: "was used before" });
        };
        let mut transcript = digest::fold_transcript(fold, &left_digest, &right_digest);
        let folded = verify_bound(&mut transcript, left, &right, *t)?;
        nodes.push(Some((digest::finish(transcript), folded)));
    }
    match nodes.pop().flatten() {
        Some((digest, instance)) => Ok(Root { digest, instance }),
        None => Err(MiraError::Empty { what: "tree" }),
    }
}

fn leaf_digests(srs: SrsId, shape: &TreeShape, leaves: &[Leaf]) -> Result<Vec<Digest>, MiraError> {
    check_length("leaves of a tree", shape.leaves(), leaves.len())?;
    let tree = digest::tree(srs, shape);
    leaves.iter().enumerate().map(|(index, leaf)| digest::leaf(&tree, index, leaf)).collect()
}

#[cfg(test)]
mod tests;
