//! The shape of a proof: what fixes all its lengths, known to the verifier beforehand.

use zktorch_commit::{Commitment, MAX_LOG_SIZE, MAX_ROW, MIN_LOG_SIZE};
use zktorch_field::{Fr, G1Affine};
use zktorch_mira::OpeningInstance;
use zktorch_mira::decider::{DeciderProof, ReductionShape};
use zktorch_mira::mask::{self, MaskProof};
use zktorch_mutants::enforced;
use zktorch_transcript::wire::{POINT_BYTES, SCALAR_BYTES};
use zktorch_transcript::{PlaceholderRows, Recorder, Transcript};

use crate::spartan::Sizes;
use crate::{ChannelError, Ending, Part, Protocol, SplitProof};

/// The lengths of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub(crate) k: usize,
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) constraints: usize,
    pub(crate) masks: usize,
    pub(crate) claim_vars: usize,
}

impl Shape {
    /// Runs `protocol` on rows that are not there, to count what it receives and requires.
    ///
    /// `k` is log2 of the size of committed vectors, `columns` the width of rows.
    ///
    /// # Errors
    /// Those of the protocol.
    pub fn measure<P: Protocol>(protocol: &P, k: usize, columns: usize) -> Result<Self, P::Error> {
        let transcript = Transcript::new(b"zktorch-channel shape");
        let recorder = Recorder::new(transcript, PlaceholderRows::new(columns));
        let mut recorder = recorder.map_err(ChannelError::from)?;
        let claims = protocol.verify(&mut recorder)?;
        let claim_vars = claims.iter().map(|claim| claim.functional.num_vars()).max().unwrap_or(0);
        let masks = claims.len();
        let nothing = MaskProof { commitment: Commitment(G1Affine::identity()), value: Fr::from(0u64) };
        for claim in claims {
            let _: OpeningInstance<Fr> =
                mask::verify(&mut recorder, claim, &nothing).map_err(ChannelError::from)?;
        }
        let (rows, constraints) = (recorder.layout().rows(), recorder.num_constraints());
        Ok(Self { k, columns, rows, constraints, masks, claim_vars })
    }

    /// Rows of z, those of the masks included.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Constraints of the R1CS, those of the masks included.
    pub fn constraints(&self) -> usize {
        self.constraints
    }

    /// Length of an encoded proof.
    ///
    /// # Errors
    /// [`ChannelError::Mira`] for sizes that cannot be opened.
    pub fn proof_bytes(&self) -> Result<usize, ChannelError> {
        self.bytes_of::<DeciderProof>()
    }

    /// Length of an encoded proof with this ending.
    ///
    /// # Errors
    /// [`ChannelError::Mira`] for sizes that cannot be opened.
    pub fn bytes_of<E: Ending>(&self) -> Result<usize, ChannelError> {
        let points = self.rows + self.mask_chunks() + 2 * self.error_chunks();
        let scalars = self.sizes().num_scalars();
        let decider = E::proof_bytes(self.reduction())?;
        Ok(points * POINT_BYTES
            + scalars * SCALAR_BYTES
            + self.masks * MaskProof::BYTES
            + SplitProof::BYTES
            + decider)
    }

    /// What an encoded proof with this ending consists of, in its order.
    ///
    /// # Errors
    /// [`ChannelError::Mira`] for sizes that cannot be opened.
    pub fn parts<E: Ending>(&self) -> Result<Vec<Part>, ChannelError> {
        let fold = self.mask_chunks() + 2 * self.error_chunks();
        let own = [
            ("hidden messages", self.rows, 0),
            ("masks of the claims", self.masks, self.masks),
            ("random instance to fold with", fold, 0),
            ("argument about the messages", 0, self.sizes().num_scalars()),
            ("claim on the messages, split", 2, 2),
        ];
        let own = own.map(|(name, points, scalars)| Part { name, points, scalars });
        Ok(own.into_iter().chain(E::parts(self.reduction())?).collect())
    }

    /// Chunks of the messages' mask.
    pub(crate) fn mask_chunks(&self) -> usize {
        (self.rows * self.columns).div_ceil(1 << self.k)
    }

    /// Chunks of an error term.
    pub(crate) fn error_chunks(&self) -> usize {
        self.constraints.div_ceil(1 << self.k)
    }

    pub(crate) fn sizes(&self) -> Sizes {
        Sizes::new(self.constraints, self.rows, self.columns)
    }

    /// The claims of the decider: the masked ones, the two parts of z, and E.
    pub(crate) fn reduction(&self) -> ReductionShape {
        let sizes = self.sizes();
        let own = sizes.message_vars().max(sizes.mask_vars(self.k)).max(sizes.error_vars(self.k));
        ReductionShape { num_vars: self.claim_vars.max(own), instances: self.masks + 3 }
    }

    /// Refuses shapes that cannot be proved.
    pub(crate) fn check(&self) -> Result<(), ChannelError> {
        if (self.rows == 0 || self.constraints == 0) && enforced() {
            return Err(ChannelError::Empty { rows: self.rows, constraints: self.constraints });
        }
        check_sizes(self.k, self.columns)
    }
}

/// Refuses sizes of vectors and rows that no SRS has.
pub(crate) fn check_sizes(k: usize, columns: usize) -> Result<(), ChannelError> {
    if (MIN_LOG_SIZE..=MAX_LOG_SIZE).contains(&k) && columns <= MAX_ROW.min(1 << k) {
        Ok(())
    } else {
        Err(ChannelError::Columns { columns, k })
    }
}
