//! SHA-256 and Keccak-256 as `sha2` and `sha3` have them, which remember what was hashed.
//!
//! The traced verifier is built with this crate in the place of both. A digest of a message with symbolic scalars in it is a number
//! like any other to the verifier, which absorbs it or takes a challenge from it; the tape looks up here what it is a digest of.
#![warn(missing_docs)]

use std::cell::RefCell;
use std::collections::HashMap;

use sha2::digest::{FixedOutput, FixedOutputReset, HashMarker, Output, OutputSizeUser, Reset, Update};
pub use sha2::{Digest, Sha512};

/// Which hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// SHA-256.
    Sha256,
    /// Keccak-256.
    Keccak256,
}

/// What has a digest.
pub type Preimage = (Kind, Vec<u8>);

/// What was hashed, by its digest; digests, by their low 253 bits.
#[derive(Default)]
struct Memory {
    preimages: HashMap<[u8; 32], Preimage>,
    masked: HashMap<[u8; 32], [u8; 32]>,
}

thread_local! {
    static MEMORY: RefCell<Option<Memory>> = const { RefCell::new(None) };
}

/// Starts to remember on this thread, with nothing.
pub fn start() {
    MEMORY.with(|memory| *memory.borrow_mut() = Some(Memory::default()));
}

/// Remembers no longer.
pub fn stop() {
    MEMORY.with(|memory| *memory.borrow_mut() = None);
}

/// What has this digest, of all that was hashed since [`start`].
pub fn preimage(digest: &[u8; 32]) -> Option<Preimage> {
    MEMORY.with(|memory| memory.borrow().as_ref().and_then(|memory| memory.preimages.get(digest).cloned()))
}

/// The digest of Keccak-256 of which these are the low 253 bits, if one was taken since [`start`].
pub fn unmasked(low: &[u8; 32]) -> Option<[u8; 32]> {
    MEMORY.with(|memory| memory.borrow().as_ref().and_then(|memory| memory.masked.get(low).copied()))
}

fn remember(kind: Kind, digest: [u8; 32], bytes: &[u8]) {
    MEMORY.with(|memory| {
        if let Some(memory) = memory.borrow_mut().as_mut() {
            memory.preimages.insert(digest, (kind, bytes.to_vec()));
            if kind == Kind::Keccak256 {
                let mut low = digest;
                low[0] &= 0x1f;
                memory.masked.insert(low, digest);
            }
        }
    });
}

macro_rules! remembering {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name(Vec<u8>);

        impl HashMarker for $name {}

        impl OutputSizeUser for $name {
            type OutputSize = <$inner as OutputSizeUser>::OutputSize;
        }

        impl Update for $name {
            fn update(&mut self, data: &[u8]) {
                self.0.extend_from_slice(data);
            }
        }

        impl FixedOutput for $name {
            fn finalize_into(self, out: &mut Output<Self>) {
                *out = <$inner as Digest>::digest(&self.0);
                remember(Kind::$name, (*out).into(), &self.0);
            }
        }

        impl Reset for $name {
            fn reset(&mut self) {
                self.0.clear();
            }
        }

        impl FixedOutputReset for $name {
            fn finalize_into_reset(&mut self, out: &mut Output<Self>) {
                FixedOutput::finalize_into(core::mem::take(self), out);
            }
        }
    };
}
remembering! {
    /// SHA-256.
    Sha256, sha2::Sha256
}
remembering! {
    /// Keccak-256.
    Keccak256, sha3::Keccak256
}
