//! The weights of a key: which they are, and whether it holds what it has committed to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::{Fr, G1Projective, par};
use zktorch_graph::{Entries, Graph, GraphError, Role, Tensor, TensorId, WeightRef};

use crate::{ProverError, ProvingKey};

/// Cells that a thread adds up at a time.
const PIECE: usize = 1 << 12;

/// Weights that were committed to, each until it is taken: by their names too, so that it tells nobody which weights of different
/// names are equal, and no weight of an unrelated model is taken that happens to be the same.
#[derive(Default)]
pub(crate) struct Known(BTreeMap<[u8; 32], WeightRef>);

impl Known {
    pub(crate) fn new(key: &ProvingKey) -> Result<Self, ProverError> {
        let network = key.vk.network();
        let said = key.weight_ids().zip(&network.weight_parts().refs).map(|(id, found)| {
            let values = key.weight(id)?;
            Ok((said(network.graph().tensor(id), &values), *found))
        });
        said.collect::<Result<_, ProverError>>().map(Self)
    }

    pub(crate) fn take(&mut self, tensor: &Tensor, values: &[i16]) -> Option<WeightRef> {
        self.0.remove(&said(tensor, values))
    }
}

/// SHA-256 of a weight: name, extents, range, entries.
fn said(tensor: &Tensor, values: &[i16]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((tensor.name.len() as u64).to_le_bytes());
    hash.update(&tensor.name);
    hash.update((tensor.shape.rank() as u64).to_le_bytes());
    tensor.shape.dims().iter().for_each(|dim| hash.update(dim.to_le_bytes()));
    [tensor.range.lo, tensor.range.hi].iter().for_each(|bound| hash.update(bound.to_le_bytes()));
    absorb(&mut hash, values);
    hash.finalize().into()
}

impl ProvingKey {
    /// The tensors of the graph that are weights.
    pub(crate) fn weight_ids(&self) -> impl Iterator<Item = TensorId> {
        let tensors = (0..).map(TensorId).zip(&self.vk.network().graph().tensors);
        tensors.filter(|(_, tensor)| tensor.role == Role::Weight).map(|(id, _)| id)
    }

    /// The real entries of a weight, row-major: lent if they lie in this order.
    ///
    /// # Errors
    /// [`ProverError::Block`] for a tensor that is no weight.
    pub(crate) fn weight(&self, id: TensorId) -> Result<Cow<'_, [i16]>, ProverError> {
        let network = self.vk.network();
        let k = network.layout().chunk_size().weights;
        let first = network.layout().chunks_of(id).map_or(0, |chunks| chunks.start);
        let mut parts = network.layout().part_chunks().iter().zip(&self.parts);
        let (start, cells) = match parts.find(|(chunks, _)| chunks.contains(&first)) {
            Some((chunks, part)) => (chunks.start << k, part.cells.cells()),
            None => (0, &[][..]),
        };
        Ok(network.weight_entries(id, start, cells)?)
    }

    /// A weight as the executor asks for it.
    pub(crate) fn lend(&self, id: TensorId) -> Result<Entries<'_>, GraphError> {
        let missing = |_| {
            let tensor = self.vk.network().graph().tensor(id);
            GraphError::Length { tensor: tensor.name.clone(), expected: tensor.shape.len(), got: 0 }
        };
        self.weight(id).map(Entries::from).map_err(missing)
    }

    /// That a part's range proof verifies, and that what the key holds of the part is what it has committed to: a random combination of
    /// the chunks is committed to once more.
    pub(crate) fn check_part(&self, srs: &Srs, part: usize, rho: Fr) -> Result<(), ProverError> {
        self.vk.check_part(part)?;
        let (held, stated) = (&self.parts[part], &self.vk.weight_parts()[part]);
        let network = self.vk.network().of_weights(part)?;
        let column = held.cells.cells();
        let powers: Vec<Fr> = std::iter::successors(Some(Fr::from(1u64)), |power| Some(*power * rho))
            .take(held.blinds.len())
            .collect();
        let n = 1usize << network.k();
        let mut combined = vec![Fr::from(0u64); n];
        par::for_each_chunk_mut(&mut combined, PIECE, |piece, cells| {
            for (chunk, power) in column.chunks(n).zip(&powers) {
                let chunk = &chunk[piece * PIECE..][..cells.len()];
                for (cell, value) in cells.iter_mut().zip(chunk).filter(|(_, value)| **value != 0) {
                    *cell += *power * Fr::from(*value);
                }
            }
        });
        let blind: Fr = powers.iter().zip(&held.blinds).map(|(power, blind)| *power * blind.expose()).sum();
        let expected: G1Projective =
            powers.iter().zip(stated.commitments()).map(|(power, point)| point.projective() * power).sum();
        if srs.commit(&combined, &Blind::from_scalar(blind))?.projective() != expected {
            return Err(ProverError::Part { part, id: stated.id() });
        }
        Ok(())
    }

    /// Whether the key's weights are these.
    pub fn has_weights(&self, weights: &[(TensorId, Vec<i32>)]) -> bool {
        let listed: BTreeMap<TensorId, &[i32]> =
            weights.iter().map(|(id, entries)| (*id, entries.as_slice())).collect();
        let same = |(id, listed): (&TensorId, &&[i32])| {
            let own = self.weight(*id);
            own.is_ok_and(|own| own.iter().map(|x| i32::from(*x)).eq(listed.iter().copied()))
        };
        self.weight_ids().eq(listed.keys().copied()) && listed.iter().all(same)
    }

    /// Whether the key's weights are these, of which one is asked for at a time.
    ///
    /// # Errors
    /// Those of `weight`.
    pub fn has_values(
        &self,
        mut weight: impl FnMut(TensorId) -> Result<Vec<i16>, ProverError>,
    ) -> Result<bool, ProverError> {
        for id in self.weight_ids() {
            if *self.weight(id)? != *weight(id)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The chunk commitments to the key's weights under its blinds, computed again: those that its graph does not read
    /// too. The SRS has as many powers as the weights' chunks have entries, or more.
    ///
    /// # Errors
    /// [`ProverError::Commit`] if the SRS is too small.
    pub fn commit_weights(&self, srs: &Srs) -> Result<Vec<Commitment>, ProverError> {
        let k = self.vk.network().layout().chunk_size().weights;
        Ok(srs.commit_chunks(self.column(), k, self.blinds())?.0)
    }
}

/// SHA-256 of the weights of a graph, those of one part or of all: as good a key as they are themselves, in a tenth of the time.
pub(crate) struct Digest<'a> {
    graph: &'a Graph,
    next: usize,
    hash: Sha256,
}

impl<'a> Digest<'a> {
    /// Of none yet.
    pub(crate) fn new(graph: &'a Graph) -> Self {
        Self { graph, next: 0, hash: Sha256::new() }
    }

    /// Adds the entries of a weight behind all that came before.
    pub(crate) fn add(&mut self, id: TensorId, entries: &[i16]) {
        self.skip(id.0 as usize);
        absorb(&mut self.hash, entries);
        self.next = id.0 as usize + 1;
    }

    /// What is no weight, or not added, has no entries.
    fn skip(&mut self, to: usize) {
        (self.next..to).for_each(|_| absorb(&mut self.hash, &[]));
        self.next = self.next.max(to);
    }

    pub(crate) fn finish(mut self) -> Zeroizing<[u8; 32]> {
        self.skip(self.graph.tensors.len());
        Zeroizing::new(self.hash.finalize().into())
    }
}

/// [`Digest`] of these.
pub(crate) fn digest_of(graph: &Graph, ids: &[TensorId], values: &[Vec<i16>]) -> Zeroizing<[u8; 32]> {
    let mut digest = Digest::new(graph);
    ids.iter().zip(values).for_each(|(id, values)| digest.add(*id, values));
    digest.finish()
}

/// Their number, and numbers of 16 bits.
fn absorb(hash: &mut Sha256, entries: &[i16]) {
    hash.update((entries.len() as u64).to_le_bytes());
    let mut bytes = Vec::new();
    for piece in entries.chunks(1 << 14) {
        bytes.clear();
        bytes.extend(piece.iter().flat_map(|value| value.to_le_bytes()));
        hash.update(&bytes);
    }
    bytes.zeroize();
}
