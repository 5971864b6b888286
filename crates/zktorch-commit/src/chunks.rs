//! Chunked commitments: a long vector is cut into chunks of `n` entries, each with a commitment of its own.
//!
//! All tensors of one family are stacked into one vector; the family's commitment is the list of the commitments to its
//! chunks, 32 bytes each. How many there are follows from the length of the vector, never from a proof.

use zktorch_field::{Fr, G1Projective, RawAffine};
use zktorch_transcript::{Transcript, wire};

use crate::{Blind, CommitError, Commitment, Srs, msm};

mod sealed {
    pub trait Sealed {}
    impl Sealed for zktorch_field::Fr {}
}

/// What can be committed: a scalar, or a small integer (whose commitments are much cheaper).
pub trait Coefficient: sealed::Sealed + Copy + Send + Sync {
    /// `sum_i values[i] bases[i]`; both slices have the same length.
    fn msm(bases: &[RawAffine], values: &[Self]) -> G1Projective;
}

impl Coefficient for Fr {
    fn msm(bases: &[RawAffine], values: &[Self]) -> G1Projective {
        msm::msm(bases, values)
    }
}

/// A list of chunk commitments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChunkCommitments(pub Vec<Commitment>);

impl ChunkCommitments {
    /// Absorbs the list, as one message.
    pub fn absorb(&self, transcript: &mut Transcript, label: &'static [u8]) {
        let points: Vec<_> = self.0.iter().map(|c| c.0).collect();
        transcript.append_points(label, &points);
    }

    /// The encoding: 32 bytes a chunk, no length.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(Commitment::to_bytes).collect()
    }

    /// Decodes exactly `count` commitments.
    ///
    /// # Errors
    /// [`CommitError::Length`] (before anything is allocated), [`CommitError::Encoding`].
    pub fn from_bytes(count: usize, bytes: &[u8]) -> Result<Self, CommitError> {
        let expected = count.saturating_mul(Commitment::BYTES);
        if bytes.len() != expected {
            return Err(CommitError::Length { what: "chunk commitments bytes", expected, got: bytes.len() });
        }
        let points = wire::Reader::new(bytes).points("chunk commitments", count)?;
        Ok(Self(points.into_iter().map(Commitment).collect()))
    }
}

impl Srs {
    /// The number of chunks of `2^k` entries that a vector has.
    pub fn chunk_count(len: usize, k: usize) -> usize {
        len.div_ceil(1 << k)
    }

    /// Commits a vector in chunks of `2^k` entries (the last one is padded with zeros), one blind for each.
    ///
    /// # Errors
    /// [`CommitError::LogSize`] for a `k` out of range; [`CommitError::ShortSrs`] for chunks larger than the SRS;
    /// [`CommitError::Length`] unless there is a blind for every chunk.
    pub fn commit_chunks<T: Coefficient>(
        &self,
        values: &[T],
        k: usize,
        blinds: &[Blind],
    ) -> Result<ChunkCommitments, CommitError> {
        crate::srs::check_log_size(k)?;
        self.prefix("chunk", 1 << k)?;
        let count = Self::chunk_count(values.len(), k);
        if blinds.len() != count {
            return Err(CommitError::Length { what: "blinds of chunks", expected: count, got: blinds.len() });
        }
        // Each commitment is parallel inside; one after the other they share the memory of one.
        let chunks = values.chunks(1 << k).zip(blinds).map(|(chunk, blind)| self.commit(chunk, blind));
        Ok(ChunkCommitments(chunks.collect::<Result<_, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use ark_std::rand::SeedableRng;
    use ark_std::rand::rngs::StdRng;
    use proptest::prelude::*;
    use zktorch_transcript::TranscriptError;

    use super::*;

    fn random(seed: u64, count: usize) -> (Vec<Fr>, Vec<Blind>) {
        let mut rng = StdRng::seed_from_u64(seed);
        let values = (0..count).map(|_| Fr::rand(&mut rng)).collect();
        (values, (0..count.div_ceil(16)).map(|_| Blind::random(&mut rng)).collect())
    }

    #[test]
    fn chunks_are_commitments_of_their_entries() {
        let srs = Srs::dev(5).unwrap();
        for len in [0, 1, 16, 17, 40] {
            let (values, blinds) = random(len as u64, len);
            let chunks = srs.commit_chunks(&values, 4, &blinds).unwrap();
            assert_eq!(chunks.0.len(), Srs::chunk_count(len, 4));
            for (i, commitment) in chunks.0.iter().enumerate() {
                let mut entries = values[16 * i..].to_vec();
                entries.resize(16, Fr::from(0u64));
                assert_eq!(srs.commit(&entries, &blinds[i]), Ok(*commitment));
            }
        }
    }

    #[test]
    fn wrong_counts_and_sizes_are_refused() {
        let srs = Srs::dev(5).unwrap();
        let (values, blinds) = random(1, 40);
        let count = srs.commit_chunks(&values, 4, &blinds[1..]);
        assert_eq!(count, Err(CommitError::Length { what: "blinds of chunks", expected: 3, got: 2 }));
        let large = srs.commit_chunks(&values, 6, &blinds[..1]);
        assert_eq!(large, Err(CommitError::ShortSrs { what: "chunk", capacity: 32, got: 64 }));
        assert!(matches!(srs.commit_chunks(&values, 70, &blinds), Err(CommitError::LogSize { got: 70, .. })));
    }

    #[test]
    fn encodings_have_exact_lengths() {
        let srs = Srs::dev(5).unwrap();
        let (values, blinds) = random(3, 40);
        let chunks = srs.commit_chunks(&values, 4, &blinds).unwrap();
        let bytes = chunks.to_bytes();
        assert_eq!(ChunkCommitments::from_bytes(3, &bytes), Ok(chunks));
        for (count, bytes) in [(2, &bytes[..]), (3, &bytes[1..]), (4, &bytes[..]), (usize::MAX, &bytes[..])] {
            let refused = ChunkCommitments::from_bytes(count, bytes);
            assert!(matches!(refused, Err(CommitError::Length { what: "chunk commitments bytes", .. })));
        }
        let mut wrong = bytes.clone();
        wrong[63] = 0xff;
        let refused = CommitError::Encoding(TranscriptError::InvalidPoint { what: "chunk commitments" });
        assert_eq!(ChunkCommitments::from_bytes(3, &wrong), Err(refused));
    }

    proptest! {
        #[test]
        fn decoding_arbitrary_bytes(count in 0usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            if let Ok(chunks) = ChunkCommitments::from_bytes(count, &bytes) {
                prop_assert_eq!(chunks.to_bytes(), bytes);
            }
        }
    }
}
