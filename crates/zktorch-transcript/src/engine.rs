//! What a transcript is hashed with.

use zktorch_field::{Fr, G1Affine};

use crate::ProverRng;
use crate::keccak::KeccakChain;
use crate::merlin::Strobe;

/// The hash of a transcript. Both bind the same messages in the same order; proofs of one do not verify with the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hash {
    /// merlin's STROBE-128, byte by byte: the default.
    #[default]
    Merlin,
    /// A chain of Keccak-256 over 32-byte words, for verifiers where such a hash is cheap: contracts.
    Keccak,
}

/// What a message holds. It is absorbed with the message, so that values of different types never collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Bytes = 1,
    U64 = 2,
    Scalars = 3,
    Points = 4,
    Hidden = 5,
}

/// The items of a message; each engine encodes them in its own way.
#[derive(Clone, Copy)]
pub(crate) enum Items<'a> {
    Bytes(&'a [u8]),
    Number(u64),
    Scalars(&'a [Fr]),
    Points(&'a [G1Affine]),
    /// So many scalars, of which the commitments of their rows are known.
    Hidden(usize, &'a [G1Affine]),
}

impl Items<'_> {
    /// The kind, and how many items there are.
    pub(crate) fn header(&self) -> (Kind, u64) {
        match self {
            Self::Bytes(bytes) => (Kind::Bytes, bytes.len() as u64),
            Self::Number(_) => (Kind::U64, 1),
            Self::Scalars(scalars) => (Kind::Scalars, scalars.len() as u64),
            Self::Points(points) => (Kind::Points, points.len() as u64),
            Self::Hidden(len, _) => (Kind::Hidden, *len as u64),
        }
    }
}

/// A hash as a transcript uses it. Every message is absorbed as label, kind, count and items, so that two different sequences of
/// messages never give the same bytes.
pub(crate) trait Engine {
    /// Absorbs a message.
    fn absorb(&mut self, label: &'static [u8], items: Items<'_>);
    /// Draws a challenge.
    fn challenge(&mut self, label: &'static [u8]) -> Fr;
    /// Fills `bytes` with a digest of everything absorbed so far.
    fn digest(&mut self, label: &'static [u8], bytes: &mut [u8]);
    /// A generator for the prover; the engine does not change.
    fn rng(&self, secrets: &[&[u8]], nonce: [u8; 32]) -> ProverRng;
}

/// The engine of a transcript.
#[derive(Clone)]
pub(crate) enum Inner {
    Merlin(Strobe),
    Keccak(KeccakChain),
}

impl Inner {
    pub(crate) fn new(hash: Hash, protocol: &'static [u8]) -> Self {
        match hash {
            Hash::Merlin => Self::Merlin(Strobe::new(protocol)),
            Hash::Keccak => Self::Keccak(KeccakChain::new(protocol)),
        }
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        match self {
            Self::Merlin(engine) => engine,
            Self::Keccak(engine) => engine,
        }
    }

    pub(crate) fn engine_mut(&mut self) -> &mut dyn Engine {
        match self {
            Self::Merlin(engine) => engine,
            Self::Keccak(engine) => engine,
        }
    }
}
