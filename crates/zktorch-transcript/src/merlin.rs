//! Transcripts on merlin.

use ark_ff::PrimeField;
use zktorch_field::{Fr, G1Affine};

use crate::ProverRng;
use crate::engine::{Engine, Items};
use crate::wire::{POINT_BYTES, SCALAR_BYTES, point_to_bytes, scalar_to_bytes};

/// merlin (STROBE-128). A challenge is the reduction of 64 bytes modulo the 254-bit order: its distance from uniform is below
/// 2^-257.
#[derive(Clone)]
pub(crate) struct Strobe(merlin::Transcript);

impl Strobe {
    pub(crate) fn new(protocol: &'static [u8]) -> Self {
        Self(merlin::Transcript::new(protocol))
    }
}

impl Engine for Strobe {
    fn absorb(&mut self, label: &'static [u8], items: Items<'_>) {
        let (kind, count) = items.header();
        let mut message = vec![kind as u8];
        message.extend_from_slice(&count.to_le_bytes());
        let points = |message: &mut Vec<u8>, points: &[G1Affine]| {
            message.reserve(points.len() * POINT_BYTES);
            points.iter().for_each(|point| message.extend_from_slice(&point_to_bytes(point)));
        };
        match items {
            Items::Bytes(bytes) => message.extend_from_slice(bytes),
            Items::Number(number) => message.extend_from_slice(&number.to_le_bytes()),
            Items::Scalars(scalars) => {
                message.reserve(scalars.len() * SCALAR_BYTES);
                scalars.iter().for_each(|scalar| message.extend_from_slice(&scalar_to_bytes(scalar)));
            }
            Items::Points(items) | Items::Hidden(_, items) => points(&mut message, items),
        }
        self.0.append_message(label, &message);
    }

    fn challenge(&mut self, label: &'static [u8]) -> Fr {
        let mut bytes = [0; 64];
        self.0.challenge_bytes(label, &mut bytes);
        Fr::from_le_bytes_mod_order(&bytes)
    }

    fn digest(&mut self, label: &'static [u8], bytes: &mut [u8]) {
        self.0.challenge_bytes(label, bytes);
    }

    fn rng(&self, secrets: &[&[u8]], nonce: [u8; 32]) -> ProverRng {
        let builder = self.0.build_rng();
        let builder = secrets
            .iter()
            .fold(builder, |builder, secret| builder.rekey_with_witness_bytes(b"secret", secret));
        ProverRng::from_merlin(builder, nonce)
    }
}
