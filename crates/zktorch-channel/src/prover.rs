//! The prover's end of hidden messages: they are committed, not sent.

use ark_std::rand::RngCore;
use zeroize::{Zeroize, Zeroizing};
use zktorch_commit::{Blind, Commitment, MAX_ROW, Srs};
use zktorch_field::{Fr, G1Affine};
use zktorch_transcript::wire::scalar_to_bytes;
use zktorch_transcript::{ProverChannel, ProverRng, RowLayout, Transcript, TranscriptError};

use crate::close::absorb_parameters;
use crate::{ChannelError, Nonce, RowReader};

/// Commits every message as one or more rows, each `Com(row; r) = sum_j row_j [tau^j]_1 + r H` over the *same* first
/// `columns` generators and with a fresh blind, and absorbs the commitments.
///
/// A row belongs to one message. If all messages shared one long vector, each owning a range of its indices, the
/// commitment of a later message could add to the range of an earlier one, after the challenges that depend on it.
pub struct HiddenProver<'a> {
    srs: &'a Srs,
    start: Transcript,
    transcript: Transcript,
    layout: RowLayout,
    z: Zeroizing<Vec<Fr>>,
    blinds: Vec<Blind>,
    rows: Vec<G1Affine>,
    stream: ProverRng,
    nonce: Nonce,
}

/// What the prover holds when the messages are over.
pub(crate) struct Messages {
    pub(crate) transcript: Transcript,
    pub(crate) z: Zeroizing<Vec<Fr>>,
    pub(crate) blinds: Vec<Blind>,
    pub(crate) rows: Vec<G1Affine>,
}

impl<'a> HiddenProver<'a> {
    /// A channel that continues `transcript`, with rows of `columns` cells (a power of two; 16 or 32 are good).
    ///
    /// `secrets` is key or witness material that an attacker does not know; `nonce` must be fresh for every attempt,
    /// also after one that was aborted: two openings under the same masks reveal the witness.
    ///
    /// # Errors
    /// [`TranscriptError::Columns`] if `columns` is no power of two, [`ChannelError::Columns`] if such a row does not fit
    /// the SRS or is longer than [`MAX_ROW`].
    pub fn new(
        srs: &'a Srs,
        mut transcript: Transcript,
        columns: usize,
        secrets: &[&[u8]],
        nonce: Nonce,
    ) -> Result<Self, ChannelError> {
        let layout = RowLayout::new(columns)?;
        if columns > srs.size().min(MAX_ROW) {
            return Err(ChannelError::Columns { columns, k: srs.k() });
        }
        absorb_parameters(&mut transcript, srs.verifier().id(), srs.k(), columns);
        let stream = transcript.rng(secrets, *nonce.bytes());
        Ok(Self {
            srs,
            start: transcript.clone(),
            transcript,
            layout,
            z: Zeroizing::new(Vec::new()),
            blinds: Vec::new(),
            rows: Vec::new(),
            stream,
            nonce,
        })
    }

    /// The SRS that rows are committed with.
    pub fn srs(&self) -> &'a Srs {
        self.srs
    }

    /// Commitments of the rows so far.
    pub fn rows(&self) -> &[G1Affine] {
        &self.rows
    }

    /// A generator for blinds and masks, bound to the transcript so far.
    ///
    /// Every call returns a new stream, also when nothing was sent in between: each is keyed with fresh bytes of the
    /// channel's own.
    pub fn rng(&mut self) -> ProverRng {
        self.rng_for(&[])
    }

    /// The same, bound to a message as well: even if the nonce is repeated by mistake, another message is committed under
    /// another blind.
    fn rng_for(&mut self, message: &[Fr]) -> ProverRng {
        let mut key = Zeroizing::new([0; 32]);
        self.stream.fill_bytes(&mut key[..]);
        let message: Zeroizing<Vec<u8>> = Zeroizing::new(message.iter().flat_map(scalar_to_bytes).collect());
        self.transcript.rng(&[&key[..], &message[..]], *self.nonce.bytes())
    }

    /// The transcript before the first message, and the rows sent since: what a verifier starts from.
    pub(crate) fn start(&self) -> (Transcript, RowReader) {
        (self.start.clone(), RowReader::new(self.layout.columns(), self.rows.clone()))
    }

    /// The transcript as it is.
    pub(crate) fn transcript_ref(&self) -> &Transcript {
        &self.transcript
    }

    /// All cells of z so far.
    pub(crate) fn cells(&self) -> &[Fr] {
        &self.z
    }

    pub(crate) fn into_messages(self) -> Messages {
        let Self { transcript, z, blinds, rows, .. } = self;
        Messages { transcript, z, blinds, rows }
    }
}

impl core::fmt::Debug for HiddenProver<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HiddenProver").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl ProverChannel for HiddenProver<'_> {
    fn transcript(&mut self) -> &mut Transcript {
        &mut self.transcript
    }

    fn send(&mut self, label: &'static [u8], message: &[Fr]) -> Result<(), TranscriptError> {
        let rows = self.layout.push(label, message.len())?;
        let mut rng = self.rng_for(message);
        let blinds: Vec<Blind> = rows.map(|_| Blind::random(&mut rng)).collect();
        let chunks: Vec<&[Fr]> = message.chunks(self.layout.columns()).collect();
        // A row fits: that was checked when the channel was made.
        let commitments = self.srs.commit_prefixes(&chunks, &blinds);
        let commitments = commitments.map_err(|_| TranscriptError::Columns { got: self.layout.columns() })?;
        let commitments: Vec<G1Affine> = commitments.iter().map(Commitment::point).collect();
        self.transcript.append_hidden(label, message.len(), &commitments);
        self.blinds.extend(blinds);
        self.rows.extend(commitments);
        // Growing would leave unwiped copies behind: grow by hand.
        let cells = self.layout.cells();
        if cells > self.z.capacity() {
            let mut larger = Vec::with_capacity(2 * cells);
            larger.extend_from_slice(&self.z);
            self.z.zeroize();
            self.z = Zeroizing::new(larger);
        }
        self.z.extend_from_slice(message);
        self.z.resize(cells, Fr::from(0u64));
        Ok(())
    }
}
