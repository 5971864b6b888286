//! What crosses the borders of shards.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_graph::layout::ArenaKind;
use zktorch_transcript::{ProverRng, wire};
use zktorch_verifier::{ShardBody, Statement, UncheckedKey, UncheckedPipeline};

use super::leaf::malformed;
use super::{ShardKeys, ShardSecrets, check_key};
use crate::{ProverError, ProvingKey};

/// Values of tensors that are kept from the witness for the proofs, at most: 64 MB. Shards whose values are more are executed
/// again when they are proved, which takes a small part of the proof.
pub(crate) const KEPT: usize = 1 << 24;

/// Everything that crosses the border of a shard, and the values inside of shards as long as they are few.
#[derive(Debug, Default)]
pub struct Wires {
    pub(super) wires: Vec<Wire>,
    /// By shard; none where they are not kept.
    values: Vec<Option<Arc<Values>>>,
}

/// The values of all tensors of a shard but its weights. Secret; wiped when dropped.
pub(super) struct Values(pub(super) Vec<Vec<i32>>);

impl core::fmt::Debug for Values {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Values(..)")
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Values, commitments, blinds. Secret; wiped when dropped.
#[derive(Default)]
pub(super) struct Wire {
    pub(super) values: Vec<i32>,
    commitments: Vec<Commitment>,
    blinds: Vec<Blind>,
}

impl core::fmt::Debug for Wire {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Wire(..)")
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

/// A wire as it is stored.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct StoredWire {
    values: Vec<i32>,
    commitments: Vec<[u8; 32]>,
    blinds: Vec<[u8; 32]>,
}

impl From<&Wire> for StoredWire {
    fn from(wire: &Wire) -> Self {
        Self {
            values: wire.values.clone(),
            commitments: wire.commitments.iter().map(Commitment::to_bytes).collect(),
            blinds: wire.blinds.iter().map(|blind| wire::scalar_to_bytes(blind.expose())).collect(),
        }
    }
}

impl TryFrom<&StoredWire> for Wire {
    type Error = ProverError;

    fn try_from(stored: &StoredWire) -> Result<Self, ProverError> {
        let blind =
            |bytes: &[u8; 32]| Ok(Blind::from_scalar(wire::scalar_from_bytes(bytes, "blind of a wire")?));
        Ok(Self {
            values: stored.values.clone(),
            commitments: stored.commitments.iter().map(Commitment::from_bytes).collect::<Result<_, _>>()?,
            blinds: stored.blinds.iter().map(blind).collect::<Result<_, ProverError>>()?,
        })
    }
}

impl Wires {
    /// What crosses the borders; values inside of shards follow from it.
    pub(super) fn stored(&self) -> Vec<StoredWire> {
        self.wires.iter().map(StoredWire::from).collect()
    }

    /// Decodes what [`stored`](Self::stored) gave: as many values and commitments as the key has.
    pub(super) fn from_stored(vk: &UncheckedPipeline, stored: &[StoredWire]) -> Result<Self, ProverError> {
        if stored.len() != vk.wires().len() {
            return Err(malformed(format!("{} wires, expected {}", stored.len(), vk.wires().len())));
        }
        for (index, (own, stored)) in vk.wires().iter().zip(stored).enumerate() {
            let expected = [own.tensor.shape.len(), own.chunks, own.chunks];
            let got = [stored.values.len(), stored.commitments.len(), stored.blinds.len()];
            if got != expected {
                return Err(malformed(format!(
                    "wire {index}: values, commitments, blinds: {got:?}, expected {expected:?}"
                )));
            }
        }
        let wires = stored.iter().map(Wire::try_from).collect::<Result<_, _>>()?;
        Ok(Self { wires, values: Vec::new() })
    }

    /// Runs the whole inference, shard by shard, keeps what crosses their borders, and commits to what of it is private: once,
    /// for all shards. `rng` makes the source of their blinds from the key of the first shard, which is read first.
    ///
    /// # Errors
    /// [`ProverError::Graph`] if an activation leaves its range; those of keys and commitments.
    pub fn compute<K: ShardKeys + ?Sized>(
        vk: &UncheckedPipeline,
        keys: &K,
        srs: &Srs,
        inputs: &[Vec<i32>],
        rng: impl FnOnce(&ProvingKey) -> ProverRng,
    ) -> Result<Self, ProverError> {
        if inputs.len() != vk.body().inputs.len() {
            let (expected, got) = (vk.body().inputs.len(), inputs.len());
            return Err(ProverError::Length { what: "inputs".to_owned(), expected, got });
        }
        let (wires, values) = (vk.wires().iter().map(|_| Wire::default()).collect(), Vec::new());
        let (mut all, mut room) = (Self { wires, values }, KEPT);
        all.wires.iter_mut().zip(inputs).for_each(|(wire, values)| wire.values.clone_from(values));
        let (mut rng, mut make) = (None, Some(rng));
        for (index, shard) in vk.body().shards.iter().enumerate() {
            let _span = (tracing::info_span!("witness").entered(), crate::stages::WITNESS.enter());
            let key = keys.shard(index)?;
            check_key(vk, index, &key)?;
            rng = rng.or_else(|| make.take().map(|make| make(&key)));
            let Some(rng) = &mut rng else { continue };
            let values = key.execute(&all.inputs(shard))?;
            all.keep(&key, srs, (ArenaKind::PrivateInputs, &values), &shard.inputs, rng)?;
            all.keep(&key, srs, (ArenaKind::PrivateOutputs, &values), &shard.outputs, rng)?;
            let (count, values) = (values.iter().map(Vec::len).sum::<usize>(), Values(values));
            let left = room.checked_sub(count);
            all.values.push(left.map(|_| Arc::new(values)));
            room = left.unwrap_or(room);
        }
        Ok(all)
    }

    /// Keeps a side of a shard, as far as it is new.
    fn keep(
        &mut self,
        key: &ProvingKey,
        srs: &Srs,
        (kind, values): (ArenaKind, &[Vec<i32>]),
        wires: &[u32],
        rng: &mut ProverRng,
    ) -> Result<(), ProverError> {
        let network = key.vk.network();
        let graph = network.graph();
        let ids = if kind == ArenaKind::PrivateInputs { &graph.inputs } else { &graph.outputs };
        let column = network.stack_private(kind, values)?;
        for (id, wire) in ids.iter().zip(wires) {
            let Some(kept) = self.wires.get_mut(*wire as usize) else { continue };
            if kind == ArenaKind::PrivateOutputs {
                kept.values.clone_from(&values[id.0 as usize]);
            }
            if graph.tensor(*id).role.is_public() || !kept.commitments.is_empty() {
                continue;
            }
            let chunks = network.layout().chunks_of(*id).unwrap_or(0..0);
            kept.blinds = chunks.clone().map(|_| Blind::random(rng)).collect();
            let (k, cells) = (network.k(), chunks.start << network.k()..chunks.end << network.k());
            kept.commitments = srs.commit_chunks(column.get(cells).unwrap_or_default(), k, &kept.blinds)?.0;
        }
        Ok(())
    }

    /// The inputs of a shard.
    fn inputs(&self, shard: &ShardBody) -> Vec<Vec<i32>> {
        let values =
            |wire: &u32| self.wires.get(*wire as usize).map(|wire| wire.values.clone()).unwrap_or_default();
        shard.inputs.iter().map(values).collect()
    }

    /// What one shard needs to know. `key` is that of shard `index`.
    pub fn secrets(&self, index: usize, shard: &ShardBody, key: &UncheckedKey) -> ShardSecrets {
        let graph = key.network().graph();
        let blinds =
            [(&graph.inputs, &shard.inputs), (&graph.outputs, &shard.outputs)].map(|(ids, wires)| {
                let mut found: Vec<(usize, &Wire)> = (ids.iter().zip(wires))
                    .filter(|(id, _)| !graph.tensor(**id).role.is_public())
                    .filter_map(|(id, wire)| {
                        let chunks = key.network().layout().chunks_of(*id)?;
                        Some((chunks.start, self.wires.get(*wire as usize)?))
                    })
                    .collect();
                // In the order of the shard's chunks.
                found.sort_unstable_by_key(|(start, _)| *start);
                found.into_iter().flat_map(|(_, wire)| wire.blinds.iter().cloned()).collect()
            });
        let values = self.values.get(index).cloned().flatten();
        ShardSecrets { inputs: self.inputs(shard), blinds, values }
    }

    /// What is proved, and the commitments to the boundaries.
    pub fn statement(&self, vk: &UncheckedPipeline, context: &[u8]) -> (Statement, Vec<[u8; 32]>) {
        let (inputs, outputs) = (vk.body().inputs.len(), vk.body().outputs.len());
        let encode = |wires: &[Wire]| -> Vec<[u8; 32]> {
            wires.iter().flat_map(|wire| &wire.commitments).map(Commitment::to_bytes).collect()
        };
        let public = vk.wires().iter().zip(&self.wires).take(inputs + outputs);
        let public = public.filter(|(wire, _)| wire.is_public()).map(|(_, wire)| wire.values.clone());
        let statement = Statement {
            inferences: 1,
            model_id: vk.model_id(),
            public: public.collect(),
            private_inputs: encode(&self.wires[..inputs]),
            private_outputs: encode(&self.wires[inputs..inputs + outputs]),
            context: context.to_vec(),
        };
        (statement, encode(&self.wires[inputs + outputs..]))
    }
}
