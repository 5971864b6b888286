//! Digests of nodes, and the transcripts that give the challenges of folds.

use zktorch_commit::SrsId;
use zktorch_transcript::Transcript;

use super::{Leaf, TreeShape};
use crate::MiraError;

/// 32 bytes squeezed from a transcript.
pub type Digest = [u8; 32];

/// The digest of everything a transcript has absorbed.
pub(super) fn finish(mut transcript: Transcript) -> Digest {
    let mut digest = [0; 32];
    transcript.challenge_bytes(b"digest", &mut digest);
    digest
}

/// Binds the SRS that all commitments of the tree are under, and the shape.
pub(super) fn tree(srs: SrsId, shape: &TreeShape) -> Digest {
    let mut transcript = Transcript::new(b"zktorch mira tree v1");
    transcript.append_message(b"srs", &srs.0);
    transcript.append_u64(b"leaves", shape.leaves() as u64);
    for [left, right] in shape.folds() {
        transcript.append_u64(b"left", *left as u64);
        transcript.append_u64(b"right", *right as u64);
    }
    finish(transcript)
}

/// Binds the tree, the leaf's place in it, its statement, its final transcript state and its instance.
pub(super) fn leaf(tree: &Digest, index: usize, leaf: &Leaf) -> Result<Digest, MiraError> {
    leaf.instance.functional.require_evaluation("leaf of a tree")?;
    let mut transcript = Transcript::new(b"zktorch mira leaf v1");
    transcript.append_message(b"tree", tree);
    transcript.append_u64(b"index", index as u64);
    transcript.append_message(b"statement", &leaf.statement);
    transcript.append_message(b"transcript", &leaf.transcript);
    leaf.instance.absorb(&mut transcript);
    Ok(finish(transcript))
}

/// The transcript of fold `fold`. The fold absorbs t and draws gamma; what it holds then is the node's digest.
pub(super) fn fold_transcript(fold: usize, left: &Digest, right: &Digest) -> Transcript {
    let mut transcript = Transcript::new(b"zktorch mira fold v1");
    transcript.append_u64(b"fold", fold as u64);
    transcript.append_message(b"left", left);
    transcript.append_message(b"right", right);
    transcript
}
