//! The leaves of several proofs: folded in a tree whose shape follows from their number, and opened at once.

use zktorch_channel::Part;
#[cfg(feature = "prover")]
use zktorch_commit::Srs;
use zktorch_commit::VerifierSrs;
use zktorch_mira::MiraError;
#[cfg(feature = "prover")]
use zktorch_mira::OpeningWitness;
use zktorch_mira::decider::{self, DeciderProof, ReductionShape};
#[cfg(feature = "prover")]
use zktorch_mira::tree::Folding;
use zktorch_mira::tree::{self, Leaf, TreeProof, TreeShape};
use zktorch_transcript::wire::SCALAR_BYTES;

use crate::BlockError;
use crate::error::check_length;

/// The error terms of a tree of folds, and the opening of its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accumulation {
    /// One scalar per fold.
    pub tree: TreeProof,
    /// The root's claim at one point, and the opening there.
    pub decider: DeciderProof,
}

impl Accumulation {
    /// Error terms, decider; no lengths.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.tree.to_bytes(), self.decider.to_bytes()].concat()
    }

    /// Length of the encoding for this many leaves of `2^k` entries.
    ///
    /// # Errors
    /// [`BlockError::Mira`] without leaves, or for sizes that cannot be opened.
    pub fn encoded_len(leaves: usize, k: usize) -> Result<usize, BlockError> {
        let tree = TreeProof::proof_bytes(&TreeShape::balanced(leaves)?);
        Ok(tree + DeciderProof::proof_bytes(root(k))?)
    }

    /// What the encoding consists of.
    ///
    /// # Errors
    /// As [`encoded_len`](Self::encoded_len).
    pub fn parts(leaves: usize, k: usize) -> Result<Vec<Part>, BlockError> {
        let scalars = TreeProof::proof_bytes(&TreeShape::balanced(leaves)?) / SCALAR_BYTES;
        let tree = Part { name: "folds of the shards' claims", points: 0, scalars };
        let opening = Part::opening(k).map_err(MiraError::from)?;
        Ok(vec![tree, Part::reduction(root(k)), opening])
    }

    /// Decodes exactly what [`to_bytes`](Self::to_bytes) wrote. The length is checked before anything is allocated.
    ///
    /// # Errors
    /// [`BlockError::Length`]; [`BlockError::Mira`] for values that are not canonical.
    pub fn from_bytes(leaves: usize, k: usize, bytes: &[u8]) -> Result<Self, BlockError> {
        check_length("bytes of the accumulation", Self::encoded_len(leaves, k)?, bytes.len())?;
        let shape = TreeShape::balanced(leaves)?;
        let (tree, decider) = bytes.split_at(TreeProof::proof_bytes(&shape));
        let tree = TreeProof::from_bytes(&shape, tree)?;
        Ok(Self { tree, decider: DeciderProof::from_bytes(root(k), decider)? })
    }
}

/// One claim, in k variables.
fn root(k: usize) -> ReductionShape {
    ReductionShape { num_vars: k, instances: 1 }
}

/// Folds leaves with their witnesses as they come, and opens the root.
#[cfg(feature = "prover")]
#[derive(Debug)]
pub struct Accumulator(Folding);

#[cfg(feature = "prover")]
impl Accumulator {
    /// For so many leaves.
    ///
    /// # Errors
    /// [`BlockError::Mira`] for none.
    pub fn new(srs: &Srs, leaves: usize) -> Result<Self, BlockError> {
        Ok(Self(Folding::new(srs.verifier().id(), TreeShape::balanced(leaves)?)))
    }

    /// Adds a leaf. They may come in any order; in that of their indices few are held at a time.
    ///
    /// # Errors
    /// [`BlockError::Mira`] for one that there is not, or that came before.
    pub fn push(&mut self, index: usize, leaf: &Leaf, witness: OpeningWitness) -> Result<(), BlockError> {
        let _span = tracing::info_span!("accumulate", index).entered();
        Ok(self.0.push(index, leaf, witness)?)
    }

    /// Opens the root.
    ///
    /// # Errors
    /// [`BlockError::Mira`] if a leaf has not come; those of the opening.
    pub fn finish(self, srs: &Srs) -> Result<Accumulation, BlockError> {
        let (tree, root, witness) = self.0.finish()?;
        let mut transcript = root.transcript();
        let decider = decider::prove(srs, &mut transcript, vec![(root.instance, witness)])?;
        Ok(Accumulation { tree, decider })
    }
}

/// That all leaves hold. They are what proofs have left, in their order; whoever calls this has verified these.
///
/// # Errors
/// [`BlockError::Length`] for leaves of another size; [`BlockError::Mira`] for a false leaf or a wrong opening.
pub fn verify_accumulation(
    srs: &VerifierSrs,
    k: usize,
    leaves: &[Leaf],
    proof: &Accumulation,
) -> Result<(), BlockError> {
    for leaf in leaves {
        check_length("variables of a leaf", k, leaf.instance.functional.num_vars())?;
    }
    let shape = TreeShape::balanced(leaves.len())?;
    let root = tree::verify(srs.id(), &shape, leaves, &proof.tree)?;
    Ok(decider::verify(srs, &mut root.transcript(), &[root.instance], &proof.decider)?)
}

/// That a witness opens a leaf's commitment, and to its value: what somebody else has proved is folded only then.
///
/// # Errors
/// [`BlockError::Leaf`].
#[cfg(feature = "prover")]
pub fn check_leaf(srs: &Srs, leaf: &Leaf, witness: &OpeningWitness) -> Result<(), BlockError> {
    let commitment = srs.commit(&witness.vector, &witness.blind)?;
    let value = leaf.instance.functional.apply(&witness.vector)?;
    let wrong = match (commitment.projective() == leaf.instance.commitment, value == leaf.instance.value) {
        (false, _) => Some("commitment"),
        (true, false) => Some("value"),
        (true, true) => None,
    };
    wrong.map_or(Ok(()), |what| Err(BlockError::Leaf { what }))
}
