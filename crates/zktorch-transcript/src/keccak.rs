//! Transcripts on a chain of Keccak-256, in words of 32 bytes.

use ark_ec::AffineRepr;
use ark_ff::{BigInt, BigInteger, PrimeField};
use sha3::{Digest, Keccak256};
use zeroize::Zeroizing;
use zktorch_field::{Fr, G1Affine, decide};

use crate::ProverRng;
use crate::engine::{Engine, Items};

type Word = [u8; 32];

/// A state of one word, and what was absorbed since the last hash:
///
/// ```text
/// state_0 = H(protocol),    message = word(label) | word(kind 2^64 + count) | items,
/// state' = H(state | messages | word(label of the challenge)),    challenge = state' mod 2^253.
/// ```
///
/// Numbers are big-endian; a scalar is a word, a point two words (x, y; infinity is 0, 0, which is no point), bytes end with zeros to
/// full words. A label is its bytes, then zeros; of one that is longer than a word, its hash. 253 bits of a hash are below the order,
/// and so uniform as they are: a challenge is one of 2^253, which makes errors 1.5 times as large as 1/|F|.
/// (A reduction of all 256 bits would prefer some scalars by a third.)
#[derive(Clone)]
pub(crate) struct KeccakChain {
    state: Word,
    pending: Vec<u8>,
}

fn number(number: u64) -> Word {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

fn label_word(label: &[u8]) -> Word {
    let mut word = [0; 32];
    match word.get_mut(..label.len()) {
        Some(start) => start.copy_from_slice(label),
        None => word = Keccak256::digest(label).into(),
    }
    word
}

/// 32 big-endian bytes.
fn big_endian<F: PrimeField>(x: &F) -> Word {
    let bytes = x.into_bigint().to_bytes_be();
    let mut word = [0; 32];
    word[32 - bytes.len().min(32)..].copy_from_slice(&bytes[bytes.len().saturating_sub(32)..]);
    word
}

impl KeccakChain {
    pub(crate) fn new(protocol: &'static [u8]) -> Self {
        Self { state: Keccak256::digest(protocol).into(), pending: Vec::new() }
    }

    fn push(&mut self, word: Word) {
        self.pending.extend_from_slice(&word);
    }

    fn point(&mut self, point: &G1Affine) {
        let (x, y) = point.xy().unwrap_or_default();
        self.push(big_endian(&x));
        self.push(big_endian(&y));
    }

    /// The next state.
    fn step(&mut self, label: &'static [u8]) -> Word {
        let hash = Keccak256::new().chain_update(self.state).chain_update(&self.pending);
        self.state = hash.chain_update(label_word(label)).finalize().into();
        self.pending.clear();
        self.state
    }
}

impl Engine for KeccakChain {
    fn absorb(&mut self, label: &'static [u8], items: Items<'_>) {
        let (kind, count) = items.header();
        let mut header = number(count);
        header[23] = kind as u8;
        self.push(label_word(label));
        self.push(header);
        match items {
            Items::Bytes(bytes) => {
                self.pending.extend_from_slice(bytes);
                self.pending.resize(self.pending.len().next_multiple_of(32), 0);
            }
            Items::Number(value) => self.push(number(value)),
            Items::Scalars(scalars) => scalars.iter().for_each(|scalar| self.push(big_endian(scalar))),
            Items::Points(points) | Items::Hidden(_, points) => {
                decide::absorbed(points);
                points.iter().for_each(|point| self.point(point))
            }
        }
    }

    fn challenge(&mut self, label: &'static [u8]) -> Fr {
        let mut word = self.step(label);
        word[0] &= 0x1f;
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(word.as_chunks().0.iter().rev()) {
            *limb = u64::from_be_bytes(*bytes);
        }
        // Below the order: never refused.
        Fr::from_bigint(BigInt(limbs)).unwrap_or_default()
    }

    fn digest(&mut self, label: &'static [u8], bytes: &mut [u8]) {
        let state = self.step(label);
        for (index, block) in (0u64..).zip(bytes.chunks_mut(32)) {
            let hash = Keccak256::new().chain_update(state).chain_update(number(index)).finalize();
            block.copy_from_slice(&hash[..block.len()]);
        }
    }

    fn rng(&self, secrets: &[&[u8]], nonce: [u8; 32]) -> ProverRng {
        let mut hash =
            Keccak256::new().chain_update(b"zktorch prover randomness v1").chain_update(self.state);
        hash.update(number(self.pending.len() as u64));
        hash.update(&self.pending);
        for secret in secrets {
            hash.update(number(secret.len() as u64));
            hash.update(secret);
        }
        ProverRng::from_seed(Zeroizing::new(hash.chain_update(nonce).finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What another implementation has to arrive at, word by word.
    #[test]
    fn a_chain_is_what_its_equations_say() {
        let mut chain = KeccakChain::new(b"p");
        chain.absorb(b"n", Items::Number(7));
        chain.absorb(b"s", Items::Scalars(&[Fr::from(3u64)]));
        chain.absorb(b"P", Items::Points(&[G1Affine::generator(), G1Affine::identity()]));
        chain.absorb(b"b", Items::Bytes(b"xyz"));
        let first = chain.challenge(b"alpha");

        let start: Word = Keccak256::digest(b"p").into();
        let mut bytes = start.to_vec();
        let word = |high: u8, low: u8| {
            let mut word = [0u8; 32];
            (word[23], word[31]) = (high, low);
            word
        };
        let text = |text: &[u8]| [text, &vec![0; 32 - text.len()]].concat();
        for words in [
            [text(b"n"), word(2, 1).to_vec(), word(0, 7).to_vec()].concat(),
            [text(b"s"), word(3, 1).to_vec(), word(0, 3).to_vec()].concat(),
            [text(b"P"), word(4, 2).to_vec(), word(0, 1).to_vec(), word(0, 2).to_vec(), vec![0; 64]].concat(),
            [text(b"b"), word(1, 3).to_vec(), text(b"xyz")].concat(),
            text(b"alpha"),
        ] {
            bytes.extend(words);
        }
        let state: Word = Keccak256::digest(&bytes).into();
        let mut masked = state;
        masked[0] &= 0x1f;
        assert_eq!(first, Fr::from_be_bytes_mod_order(&masked));
        // A second one without a message.
        let next: Word = Keccak256::digest([state.to_vec(), text(b"beta")].concat()).into();
        let mut masked = next;
        masked[0] &= 0x1f;
        assert_eq!(chain.challenge(b"beta"), Fr::from_be_bytes_mod_order(&masked));
    }

    #[test]
    fn long_labels_are_hashed() {
        let long = b"a label of more than thirty-two bytes";
        assert_eq!(label_word(long), <[u8; 32]>::from(Keccak256::digest(long)));
        assert_ne!(label_word(&long[..32]), label_word(long));
    }
}
