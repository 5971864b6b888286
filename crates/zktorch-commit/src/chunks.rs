//! Chunked commitments: a long vector is cut into chunks of `n` entries, each with a commitment of its own.
//!
//! All tensors of one family are stacked into one vector; the family's commitment is the list of the commitments to its
//! chunks, 32 bytes each. How many there are follows from the length of the vector, never from a proof.

use zktorch_field::{BackendKind, Fr, G1Projective, RawAffine, par};
use zktorch_mutants::enforced;
use zktorch_transcript::{Transcript, wire};

use crate::stages::COMMIT;
use crate::{Blind, CommitError, Commitment, Srs, msm};

mod sealed {
    pub trait Sealed {}
    impl Sealed for zktorch_field::Fr {}
    impl Sealed for i8 {}
    impl Sealed for i16 {}
    impl Sealed for i32 {}
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

impl Coefficient for i8 {
    fn msm(bases: &[RawAffine], values: &[Self]) -> G1Projective {
        msm::msm_i8(bases, values)
    }
}

impl Coefficient for i16 {
    fn msm(bases: &[RawAffine], values: &[Self]) -> G1Projective {
        msm::msm_i16(bases, values)
    }
}

/// One pass over values of up to 18 bits, two over larger ones.
impl Coefficient for i32 {
    fn msm(bases: &[RawAffine], values: &[Self]) -> G1Projective {
        let kind = BackendKind::active();
        if values.iter().all(|v| v.unsigned_abs() < 1 << 18) {
            return msm::msm_signed(kind, bases, values.iter().copied());
        }
        // v = low + 2^16 high with low in [-2^15, 2^15) and high in [-2^15, 2^15].
        let low = values.iter().map(|v| i32::from(*v as i16));
        let high = values.iter().map(|v| ((i64::from(*v) - i64::from(*v as i16)) >> 16) as i32);
        msm::msm_signed(kind, bases, low) + msm::msm_signed(kind, bases, high) * Fr::from(1u64 << 16)
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
        if bytes.len() != expected && enforced() {
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
        if blinds.len() != count && enforced() {
            return Err(CommitError::Length { what: "blinds of chunks", expected: count, got: blinds.len() });
        }
        let _span = tracing::info_span!("commit chunks", count, k).entered();
        let _stage = COMMIT.enter();
        // The threads take whole chunks: sorting one into buckets is work for one thread.
        let chunks: Vec<(&[T], &Blind)> = values.chunks(1 << k).zip(blinds).collect();
        let commitments = par::map_vec(chunks, |(chunk, blind)| {
            let commitment = tracing::debug_span!("commit chunk").in_scope(|| self.commit(chunk, blind));
            COMMIT.step();
            commitment
        });
        Ok(ChunkCommitments(commitments.into_iter().collect::<Result<_, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use ark_std::rand::SeedableRng;
    use ark_std::rand::rngs::StdRng;
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

    /// Extremes of every type, and both sides of the limit between one pass and two.
    #[test]
    fn small_integers_are_scalars() {
        let srs = Srs::dev(4).unwrap();
        let blind = Blind::from_scalar(Fr::from(5u64));
        let small = [0i32, 1, -1, 127, -128, 255];
        let medium = [32767i32, -32768, 32768, -32769, (1 << 18) - 1, 1 - (1 << 18), 77];
        let large = [1i32 << 18, -(1 << 18), i32::MAX, i32::MIN, i32::MIN + 1, 0x7fff_8000, 0x7fff_7fff, -1];
        for values in [&small[..], &medium, &large] {
            let scalars: Vec<Fr> = values.iter().map(|v| Fr::from(*v)).collect();
            assert_eq!(srs.commit(values, &blind), srs.commit(&scalars, &blind));
        }
        let (i8s, i16s) = ([i8::MIN, -1, 0, 1, i8::MAX], [i16::MIN, -1, 0, 1, i16::MAX]);
        let scalars = (i8s.map(Fr::from), i16s.map(Fr::from));
        assert_eq!(srs.commit(&i8s, &blind), srs.commit(&scalars.0, &blind));
        assert_eq!(srs.commit(&i16s, &blind), srs.commit(&scalars.1, &blind));
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

    #[test]
    fn fuzz_chunk_commitments() {
        let srs = Srs::dev(5).unwrap();
        let (values, blinds) = random(4, 40);
        let valid = srs.commit_chunks(&values, 4, &blinds).unwrap().to_bytes();
        crate::fuzz::fuzz(&[valid], |bytes| {
            for count in 0..4 {
                if let Ok(chunks) = ChunkCommitments::from_bytes(count, bytes) {
                    assert_eq!((chunks.0.len(), chunks.to_bytes().as_slice()), (count, bytes));
                }
            }
        });
    }
}
