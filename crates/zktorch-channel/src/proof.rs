//! The proof and its encoding.

use std::borrow::Cow;

use zktorch_field::{Fr, G1Affine};
use zktorch_mira::decider::{DeciderProof, ReductionProof};
use zktorch_mira::mask::MaskProof;
use zktorch_mutants::enforced;
use zktorch_transcript::wire::{Reader, point_to_bytes, scalar_to_bytes};

use crate::{ChannelError, Ending, Shape, SplitProof};

/// A proof: commitments of the hidden messages, and the argument that they satisfy the verifier's constraints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HiddenProof<E = DeciderProof> {
    /// Commitments of the rows of z.
    pub rows: Vec<G1Affine>,
    /// C_s and y* for every claim on a committed vector.
    pub masks: Vec<MaskProof>,
    /// The random instance that z is folded with.
    pub fold: FoldProof,
    /// The argument for the folded instance.
    pub argument: ArgumentProof<E>,
}

/// A proof that leaves one evaluation claim to be decided.
pub type DeferredProof = HiddenProof<ReductionProof>;

/// A random satisfying instance of the same constraints, and its fold with the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldProof {
    /// Com(z_r), in chunks.
    pub mask: Vec<G1Affine>,
    /// Com(E_r), in chunks.
    pub error: Vec<G1Affine>,
    /// Com(T), in chunks.
    pub cross: Vec<G1Affine>,
}

/// The argument for the folded instance, in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentProof<E = DeciderProof> {
    /// Outer rounds, values of A z, B z, C z, inner rounds.
    pub spartan: Vec<Fr>,
    /// The claim on the folded messages, as two masked ones.
    pub split: SplitProof,
    /// Reduction of all claims to one point, and the opening there unless it is left to others.
    pub decider: E,
}

impl<E: Ending> HiddenProof<E> {
    /// Encodes the proof: canonical scalars and points in the order of the protocol, no lengths.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let points = |bytes: &mut Vec<u8>, points: &[G1Affine]| {
            points.iter().for_each(|point| bytes.extend(point_to_bytes(point)));
        };
        points(&mut bytes, &self.rows);
        self.masks.iter().for_each(|mask| bytes.extend(mask.to_bytes()));
        points(&mut bytes, &self.fold.mask);
        points(&mut bytes, &self.fold.error);
        points(&mut bytes, &self.fold.cross);
        self.argument.spartan.iter().for_each(|scalar| bytes.extend(scalar_to_bytes(scalar)));
        bytes.extend(self.argument.split.to_bytes());
        bytes.extend(self.argument.decider.to_bytes());
        bytes
    }

    /// Decodes a proof of the given shape. Its length is checked before anything is allocated; scalars must be canonical
    /// and points canonical, on the curve, and so in the group.
    ///
    /// # Errors
    /// [`ChannelError::ProofLength`]; [`ChannelError::Transcript`], [`ChannelError::Mira`] for values that are not canonical.
    pub fn from_bytes(shape: &Shape, bytes: &[u8]) -> Result<Self, ChannelError> {
        shape.check()?;
        let expected = shape.bytes_of::<E>()?;
        if bytes.len() != expected && enforced() {
            return Err(ChannelError::ProofLength { expected, got: bytes.len() });
        }
        let decider = E::proof_bytes(shape.reduction())?;
        let (head, tail) = bytes.split_at(expected - decider);
        let mut reader = Reader::new(head);
        let rows = reader.points("row commitments", shape.rows)?;
        let masks = (0..shape.masks).map(|_| MaskProof::read(&mut reader)).collect::<Result<_, _>>()?;
        let fold = FoldProof {
            mask: reader.points("message mask", shape.mask_chunks())?,
            error: reader.points("mask error", shape.error_chunks())?,
            cross: reader.points("cross term", shape.error_chunks())?,
        };
        let spartan = reader.scalars("clear argument", shape.sizes().num_scalars())?;
        let split = SplitProof::read(&mut reader)?;
        reader.finish("proof")?;
        let decider = E::from_bytes(shape.reduction(), tail)?;
        Ok(Self { rows, masks, fold, argument: ArgumentProof { spartan, split, decider } })
    }

    /// Checks the lengths of a proof that was not decoded.
    pub(crate) fn check_lengths(&self, shape: &Shape) -> Result<(), ChannelError> {
        let error = shape.error_chunks();
        let expected = [shape.rows, shape.masks, shape.mask_chunks(), error, error, 2];
        for ((what, points), expected) in self.points().into_iter().zip(expected) {
            if points.len() != expected && enforced() {
                return Err(ChannelError::Length { what, expected, got: points.len() });
            }
        }
        Ok(())
    }

    /// Checks that the points of a proof that was not decoded are on the curve. (The opening checks its own.)
    pub(crate) fn check_points(&self) -> Result<(), ChannelError> {
        for (what, points) in self.points() {
            if let Some(index) = points.iter().position(|point| !point.is_on_curve())
                && enforced()
            {
                return Err(ChannelError::InvalidPoint { what, index });
            }
        }
        Ok(())
    }

    fn points(&self) -> [(&'static str, Cow<'_, [G1Affine]>); 6] {
        let masks: Vec<G1Affine> = self.masks.iter().map(|mask| mask.commitment.point()).collect();
        [
            ("row commitments", Cow::from(&self.rows)),
            ("masks", Cow::from(masks)),
            ("message mask", Cow::from(&self.fold.mask)),
            ("mask error", Cow::from(&self.fold.error)),
            ("cross term", Cow::from(&self.fold.cross)),
            ("masks of the split claim", Cow::from(self.argument.split.masks.as_slice())),
        ]
    }
}
