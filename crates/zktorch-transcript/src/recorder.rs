//! The verifier's end of hidden messages: constraints are recorded, not checked.

use zktorch_field::{Fr, G1Affine};
use zktorch_mutants::enforced;

use crate::r1cs::{R1cs, R1csBuilder};
use crate::{LinearCombination, RowLayout, Scalar, Transcript, TranscriptError, VerifierChannel};

/// How the messages are committed: where the row commitments come from, and how wide a row is.
pub trait RowSource {
    /// Cells of a row, a power of two.
    fn columns(&self) -> usize;

    /// The commitments of the next `count` rows. The recorder absorbs them.
    ///
    /// # Errors
    /// [`TranscriptError::MissingMessage`] if there are not so many.
    fn next_rows(&mut self, label: &'static [u8], count: usize) -> Result<Vec<G1Affine>, TranscriptError>;
}

/// Rows without commitments, for running verifier code only to learn its shape (numbers of rows and constraints).
#[derive(Clone, Copy, Debug)]
pub struct PlaceholderRows {
    columns: usize,
}

impl PlaceholderRows {
    /// Rows of `columns` cells.
    pub fn new(columns: usize) -> Self {
        Self { columns }
    }
}

impl RowSource for PlaceholderRows {
    fn columns(&self) -> usize {
        self.columns
    }

    fn next_rows(&mut self, _label: &'static [u8], count: usize) -> Result<Vec<G1Affine>, TranscriptError> {
        Ok(vec![G1Affine::identity(); count])
    }
}

/// Runs verifier code on hidden scalars. A received message is one or more rows of z, of which only the commitments
/// are known; a constraint becomes a row of an R1CS over (1, z).
///
/// The R1CS depends on the challenges (its coefficients) but its shape only on the verifier code.
#[derive(Debug)]
pub struct Recorder<R> {
    transcript: Transcript,
    source: R,
    layout: RowLayout,
    builder: R1csBuilder,
}

/// What a [`Recorder`] leaves when the protocol is over.
#[derive(Debug)]
pub struct Recorded<R> {
    /// The transcript after the last message.
    pub transcript: Transcript,
    /// The rest of the rows.
    pub source: R,
    /// The constraints.
    pub r1cs: R1cs,
}

impl<R: RowSource> Recorder<R> {
    /// Starts recording.
    ///
    /// # Errors
    /// [`TranscriptError::Columns`] if the width of a row is no power of two.
    pub fn new(transcript: Transcript, source: R) -> Result<Self, TranscriptError> {
        let layout = RowLayout::new(source.columns())?;
        Ok(Self { transcript, source, layout, builder: R1csBuilder::default() })
    }

    /// The rows received so far.
    pub fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// The source of row commitments.
    pub fn source_mut(&mut self) -> &mut R {
        &mut self.source
    }

    /// Constraints recorded so far.
    pub fn num_constraints(&self) -> usize {
        self.builder.num_constraints()
    }

    /// Closes the R1CS. Nothing can be added to it afterwards.
    ///
    /// # Errors
    /// [`TranscriptError::UnconstrainedScalar`] if a received scalar is in no constraint: the prover could set it to
    /// anything, which is never what a protocol wants.
    pub fn finish(self) -> Result<Recorded<R>, TranscriptError> {
        self.layout.check_all_used(self.builder.used())?;
        let r1cs = self.builder.finish(self.layout);
        Ok(Recorded { transcript: self.transcript, source: self.source, r1cs })
    }
}

impl<R: RowSource> VerifierChannel for Recorder<R> {
    type Scalar = LinearCombination;

    fn transcript(&mut self) -> &mut Transcript {
        &mut self.transcript
    }

    fn receive(
        &mut self,
        label: &'static [u8],
        len: usize,
    ) -> Result<Vec<LinearCombination>, TranscriptError> {
        let rows = self.layout.push(label, len)?;
        let commitments = self.source.next_rows(label, rows.len())?;
        self.transcript.append_hidden(label, len, &commitments);
        let first = rows.start * self.layout.columns();
        // The layout keeps cell numbers below 2^31.
        Ok((first..first + len).map(|cell| LinearCombination::variable(cell as u32)).collect())
    }

    #[track_caller]
    fn enforce_zero(
        &mut self,
        constraint: &'static str,
        value: LinearCombination,
    ) -> Result<(), TranscriptError> {
        // 0 * 0 = value: only one of the three matrices gets entries.
        if enforced() {
            self.builder.push(constraint, &Scalar::zero(), &Scalar::zero(), &value);
        }
        Ok(())
    }

    #[track_caller]
    fn enforce_product(
        &mut self,
        constraint: &'static str,
        a: LinearCombination,
        b: LinearCombination,
        c: LinearCombination,
    ) -> Result<(), TranscriptError> {
        if enforced() {
            self.builder.push(constraint, &a, &b, &c);
        }
        Ok(())
    }
}

impl LinearCombination {
    /// The value under an assignment of the hidden scalars: for the prover, which knows them, and for tests.
    /// Cells beyond the end of `z` count as zero.
    pub fn evaluate(&self, z: &[Fr]) -> Fr {
        self.terms().iter().fold(self.constant_term(), |sum, &(cell, coefficient)| {
            z.get(cell as usize).map_or(sum, |value| sum + coefficient * value)
        })
    }
}
