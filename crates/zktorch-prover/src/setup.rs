//! Setup: weights are committed once, and proved to be in their ranges, part by part.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;

use ark_std::UniformRand;
use zeroize::{Zeroize, Zeroizing};
use zktorch_blocks::{Network, Private, SortedWeights, Statement, Witness};
use zktorch_channel::Nonce;
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::Fr;
use zktorch_graph::layout::{ChunkSize, Scope};
use zktorch_graph::{
    Graph, Role, Tensor, TensorId, ValidGraph, WeightParts, WeightRef, WeightSpec, consecutive,
};
use zktorch_transcript::{Hash, Transcript};
use zktorch_verifier::{
    KeyBody, Port, UncheckedKey, VERSION, VerifyError, WeightsId, WeightsPart, encode_key,
};

use crate::cells::Held;
use crate::key::{SecretPart, head, write_cells, write_start};
use crate::prove::check_srs;
use crate::weights::{Digest, Known, digest_of};
use crate::{ProverError, ProvingKey};

/// Cells of a part of the weights at most, if nothing else is said: setup takes 31 bytes for each, and whoever checks a key verifies
/// one proof for every part.
pub const PART_CELLS: u64 = 1 << 28;

/// What setup needs to know of a model.
#[derive(Clone, Debug)]
pub struct Model {
    /// The quantised network.
    pub graph: Graph,
    /// Its inputs as its user knows them.
    pub inputs: Vec<Port>,
    /// Its outputs as its user knows them.
    pub outputs: Vec<Port>,
    /// What is done to raw data before they are the input ([`KeyBody::preprocessing`]); empty if nothing.
    pub preprocessing: String,
    /// The real entries of every weight tensor, row-major.
    pub weights: Vec<(TensorId, Vec<i32>)>,
}

/// How a key is made.
#[derive(Clone, Copy, Debug)]
pub struct SetupOptions<'a> {
    /// The hash of transcripts; beside another key it is that key's.
    pub hash: Hash,
    /// Cells of a part of the weights at most: memory is that of one part. A weight that has more is a part of its own.
    pub part_cells: u64,
    /// A key whose weights may be read, and log2 of the entries of proofs' chunks: see [`setup_beside`].
    pub beside: Option<(&'a ProvingKey, usize)>,
}

impl Default for SetupOptions<'_> {
    fn default() -> Self {
        Self { hash: Hash::default(), part_cells: PART_CELLS, beside: None }
    }
}

impl<'a> SetupOptions<'a> {
    fn base(&self, srs: &Srs) -> Result<Base<'a>, ProverError> {
        let part_cells = self.part_cells;
        let Some((other, k)) = self.beside else {
            return Ok(Base { size: srs.k().into(), hash: self.hash, part_cells, key: None });
        };
        let network = other.vk.network();
        let weights = network.layout().chunk_size().weights;
        check_srs(srs, other.vk.srs().id(), weights)?;
        let size = ChunkSize { weights, ..k.max(weights).into() };
        Ok(Base { size, hash: network.hash(), part_cells, key: Some(other) })
    }
}

/// Commits to the weights and proves that they are in their ranges. The SRS must have exactly `2^k` powers for the wanted
/// chunk size 2^k ([`choose_k`](crate::choose_k), [`Srs::truncated`]).
///
/// # Errors
/// Those of [`setup_with_nonces`]; [`ProverError::Transcript`] if the system has no randomness.
#[cfg(feature = "os-rng")]
pub fn setup(model: &Model, srs: &Srs) -> Result<ProvingKey, ProverError> {
    setup_with_hash(model, srs, Hash::default())
}

/// [`setup`] of a key whose transcripts are on a hash of the caller's choice: it is part of the key, and so of its id.
///
/// # Errors
/// As [`setup`].
#[cfg(feature = "os-rng")]
pub fn setup_with_hash(model: &Model, srs: &Srs, hash: Hash) -> Result<ProvingKey, ProverError> {
    setup_with_nonces(model, srs, hash, fresh_nonces()?)
}

/// [`setup`] for callers with their own source of randomness, and for reproducible tests.
///
/// `nonces` are fresh, one for the blinds and one for the weight-range proof.
///
/// # Errors
/// [`ProverError::WeightRange`], [`ProverError::Length`] for weights that do not fit the graph; those of the proof.
pub fn setup_with_nonces(
    model: &Model,
    srs: &Srs,
    hash: Hash,
    nonces: [[u8; 32]; 2],
) -> Result<ProvingKey, ProverError> {
    setup_in_parts_with_nonces(model, srs, &SetupOptions { hash, ..SetupOptions::default() }, nonces)
}

/// [`setup`] of a model that reads weights of another key: the same integers, with the same extents and ranges, are
/// not committed to again, and what is proved of them is taken as it is. Other weights become a part of their own.
///
/// The chunks of proofs have `2^k` entries ([`choose_k`](crate::choose_k)), or as many as those of the weights, if that
/// is more. The SRS is that of the other key, with as many powers as the weights' chunks have entries
/// ([`Network::layout`], [`ChunkSize::weights`]); transcripts are on its hash.
///
/// # Errors
/// Those of [`setup`]; [`ProverError::Srs`] for another SRS; [`ProverError::Key`] for more parts than there may be.
#[cfg(feature = "os-rng")]
pub fn setup_beside(
    model: &Model,
    srs: &Srs,
    k: usize,
    other: &ProvingKey,
) -> Result<ProvingKey, ProverError> {
    setup_beside_with_nonces(model, srs, k, other, fresh_nonces()?)
}

/// [`setup_beside`] for callers with their own source of randomness, and for reproducible tests.
///
/// # Errors
/// Those of [`setup_beside`].
pub fn setup_beside_with_nonces(
    model: &Model,
    srs: &Srs,
    k: usize,
    other: &ProvingKey,
    nonces: [[u8; 32]; 2],
) -> Result<ProvingKey, ProverError> {
    let options = SetupOptions { beside: Some((other, k)), ..SetupOptions::default() };
    setup_in_parts_with_nonces(model, srs, &options, nonces)
}

/// [`setup_with_nonces`] and [`setup_beside_with_nonces`], with all that can be chosen.
///
/// # Errors
/// Those of these two.
pub fn setup_in_parts_with_nonces(
    model: &Model,
    srs: &Srs,
    options: &SetupOptions<'_>,
    nonces: [[u8; 32]; 2],
) -> Result<ProvingKey, ProverError> {
    let weights = listed(model)?;
    let mut weight = |id: TensorId| {
        let entries = weights.get(&id).copied().unwrap_or_default();
        narrow(model.graph.tensor(id), entries)
    };
    let mut cells = InMemory::default();
    let made = make_key(
        model,
        &mut weight,
        srs,
        &options.base(srs)?,
        nonces,
        &UncheckedKey::from_bytes,
        &mut cells,
    )?;
    Ok(made.into_key(cells))
}

/// [`setup`] of a model whose weights are not in memory, but for those of one part at a time: those of `model` are not looked at,
/// `weight` gives the real entries of one, row-major. The proving key is written as it is made, as
/// [`ProvingKey::write_to`] does. Beside another key weights are asked for twice.
///
/// # Errors
/// Those of [`setup`] and [`setup_beside`], of `weight` and of the writer.
#[cfg(feature = "os-rng")]
pub fn setup_to(
    model: &Model,
    mut weight: impl FnMut(TensorId) -> Result<Vec<i16>, ProverError>,
    srs: &Srs,
    options: &SetupOptions<'_>,
    writer: &mut dyn Write,
) -> Result<WrittenKey, ProverError> {
    setup_to_with_nonces(model, &mut weight, srs, options, fresh_nonces()?, writer)
}

/// [`setup_to`] for callers with their own source of randomness, and for reproducible tests.
///
/// # Errors
/// As [`setup_to`].
pub fn setup_to_with_nonces(
    model: &Model,
    weight: &mut Weight<'_>,
    srs: &Srs,
    options: &SetupOptions<'_>,
    nonces: [[u8; 32]; 2],
    writer: &mut dyn Write,
) -> Result<WrittenKey, ProverError> {
    let base = options.base(srs)?;
    let mut cells = Written { writer: &mut *writer };
    let mut made = make_key(model, weight, srs, &base, nonces, &UncheckedKey::from_bytes, &mut cells)?;
    let blinds: Vec<Blind> = made.blinds.concat();
    writer.write_all(&head(&made.vk_bytes, &blinds, &made.secret)?)?;
    Ok(WrittenKey { vk: made.vk.clone(), vk_bytes: std::mem::take(&mut made.vk_bytes) })
}

/// What is known of a proving key that was written as it was made.
#[derive(Clone, Debug)]
pub struct WrittenKey {
    /// The verifying key. Its weight-range proofs were not verified.
    pub vk: UncheckedKey,
    /// Its encoding.
    pub vk_bytes: Vec<u8>,
}

#[cfg(feature = "os-rng")]
fn fresh_nonces() -> Result<[[u8; 32]; 2], ProverError> {
    Ok([zktorch_transcript::fresh_nonce()?, zktorch_transcript::fresh_nonce()?])
}

/// What a key is made on.
pub(crate) struct Base<'a> {
    pub(crate) size: ChunkSize,
    pub(crate) hash: Hash,
    pub(crate) part_cells: u64,
    /// A key whose weights may be read.
    pub(crate) key: Option<&'a ProvingKey>,
}

/// Gives the real entries of a weight, row-major.
pub type Weight<'a> = dyn FnMut(TensorId) -> Result<Vec<i16>, ProverError> + 'a;

/// What becomes of the weights' cells, part by part.
pub(crate) trait Cells {
    /// So many will come.
    fn start(&mut self, cells: u64) -> Result<(), ProverError>;
    /// Takes those of a part.
    fn take(&mut self, part: Held) -> Result<(), ProverError>;
}

/// They are kept.
#[derive(Default)]
pub(crate) struct InMemory(Vec<Held>);

impl Cells for InMemory {
    fn start(&mut self, _: u64) -> Result<(), ProverError> {
        Ok(())
    }

    fn take(&mut self, part: Held) -> Result<(), ProverError> {
        self.0.push(part);
        Ok(())
    }
}

/// They are written.
struct Written<'a> {
    writer: &'a mut dyn Write,
}

impl Cells for Written<'_> {
    fn start(&mut self, cells: u64) -> Result<(), ProverError> {
        write_start(self.writer, cells)
    }

    fn take(&mut self, part: Held) -> Result<(), ProverError> {
        write_cells(self.writer, part.cells())
    }
}

/// A key but for its cells.
pub(crate) struct Made {
    vk: UncheckedKey,
    vk_bytes: Vec<u8>,
    /// Of every part.
    blinds: Vec<Vec<Blind>>,
    secret: [u8; 32],
}

impl Drop for Made {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl Made {
    /// With its cells.
    pub(crate) fn into_key(mut self, cells: InMemory) -> ProvingKey {
        let blinds = std::mem::take(&mut self.blinds);
        let parts = cells.0.into_iter().zip(blinds).map(|(cells, blinds)| SecretPart { cells, blinds });
        ProvingKey::new(self.vk.clone(), std::mem::take(&mut self.vk_bytes), parts.collect(), self.secret)
    }
}

/// A part that is committed to.
struct Own {
    ids: Vec<TensorId>,
    specs: Vec<WeightSpec>,
}

/// The key of a model, or of a shard: `decode` says which. Weights are asked for part by part; beside another key once more, before.
pub(crate) fn make_key(
    model: &Model,
    weight: &mut Weight<'_>,
    srs: &Srs,
    base: &Base<'_>,
    nonces: [[u8; 32]; 2],
    decode: &dyn Fn(&[u8]) -> Result<UncheckedKey, VerifyError>,
    cells: &mut dyn Cells,
) -> Result<Made, ProverError> {
    let _span = tracing::info_span!("setup").entered();
    let number = |k: usize| u32::try_from(k).unwrap_or(u32::MAX);
    let mut body = KeyBody {
        version: VERSION,
        srs_id: srs.verifier().id().0,
        k: number(base.size.k),
        transcript: u8::from(base.hash == Hash::Keccak),
        graph: model.graph.clone(),
        inputs: model.inputs.clone(),
        outputs: model.outputs.clone(),
        preprocessing: model.preprocessing.clone(),
        weights_k: number(base.size.weights),
        weights: Vec::new(),
        refs: Vec::new(),
    };
    let mut weight = |id: TensorId| -> Result<Vec<i16>, ProverError> {
        let values = weight(id)?;
        check_weight(model.graph.tensor(id), &values)?;
        Ok(values)
    };

    // 1. What was committed to before stays as it is: the parts of which something is read. All else is in parts of its own.
    let ids: Vec<TensorId> = (0..).map(TensorId).take(model.graph.tensors.len()).collect();
    let ids: Vec<TensorId> =
        ids.into_iter().filter(|id| model.graph.tensor(*id).role == Role::Weight).collect();
    let mut found: Vec<Option<WeightRef>> = vec![None; ids.len()];
    let mut key_of_values = None;
    if let Some(key) = base.key {
        let mut known = Known::new(key)?;
        let mut digest = Digest::new(&model.graph);
        for (id, found) in ids.iter().zip(&mut found) {
            let values = Zeroizing::new(weight(*id)?);
            *found = known.take(model.graph.tensor(*id), &values);
            digest.add(*id, &values);
        }
        key_of_values = Some(digest.finish());
    }
    let new: Vec<TensorId> =
        ids.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(id, _)| *id).collect();
    let specs = new.iter().map(|id| WeightSpec::from(model.graph.tensor(*id)));
    let mut next = new.iter().copied();
    let own = consecutive(specs, base.part_cells).into_iter();
    let own: Vec<Own> =
        own.map(|specs| Own { ids: next.by_ref().take(specs.len()).collect(), specs }).collect();
    let read: BTreeSet<u32> = found.iter().flatten().map(|found| found.part).collect();
    let numbers: BTreeMap<u32, u32> = read.iter().copied().zip(0..).collect();
    let mut own_refs = (number(numbers.len())..)
        .zip(&own)
        .flat_map(|(part, own)| (0..).zip(&own.specs).map(move |(index, _)| WeightRef { part, index }));
    let renumbered = |found: WeightRef| Some(WeightRef { part: *numbers.get(&found.part)?, ..found });
    body.refs =
        found.into_iter().filter_map(|found| found.map_or_else(|| own_refs.next(), renumbered)).collect();
    let mut proofs = Vec::new();
    let shared = base.key.into_iter().flat_map(|key| read.iter().map(move |part| (key, *part as usize)));
    for (key, part) in shared.clone() {
        let stated = &key.vk.weight_parts()[part];
        let commitments = stated.commitments().iter().map(Commitment::to_bytes).collect();
        let specs = key.vk.network().weight_parts().parts[part].clone();
        body.weights.push(WeightsPart { specs, commitments });
        proofs.push(stated.proof().to_vec());
    }

    // 2. What would be refused in the end is refused before it is worked for.
    let own_specs = own.iter().map(|own| own.specs.clone());
    let stated = body.weights.iter().map(|part| part.specs.clone()).chain(own_specs).collect();
    let weights = Arc::new(WeightParts { parts: stated, refs: body.refs.clone() });
    let graph = ValidGraph::new(model.graph.clone())?;
    let whole = Network::with_weights(graph, base.size, Scope::Inference, weights)?;
    let chunks: Vec<usize> = whole.layout().part_chunks().iter().map(ExactSizeIterator::len).collect();
    cells.start((whole.weight_chunks() as u64) << base.size.weights)?;
    drop(whole);

    // The generator is bound to all that is public and keyed with the weights.
    let mut read_part = |own: &Own| -> Result<Values, ProverError> {
        let values: Result<Vec<Vec<i16>>, ProverError> = own.ids.iter().map(|id| weight(*id)).collect();
        values.map(Values)
    };
    let mut ahead = own.first().map(&mut read_part).transpose()?;
    let empty = Values(Vec::new());
    let first = own.first().map_or(&[][..], |own| &own.ids);
    let key_of_values =
        key_of_values.unwrap_or_else(|| digest_of(&model.graph, first, &ahead.as_ref().unwrap_or(&empty).0));
    let mut transcript = Transcript::new(b"zktorch setup v2");
    transcript.append_message(b"body without own commitments", &body.to_bytes()?);
    let mut rng = transcript.rng(&[&*key_of_values], nonces[0]);
    // A key's file may say that it has committed to other weights than it holds: then somebody else could prove with them.
    let mut blinds = Vec::new();
    for (key, part) in shared {
        key.check_part(srs, part, Fr::rand(&mut rng))?;
        blinds.push(key.parts[part].blinds.clone());
        cells.take(key.parts[part].cells.clone())?;
    }

    // 3. Commitments to the others, under fresh blinds, and proofs of their ranges: one part after the other.
    let mut key_secret = [0; 32];
    let mut nonce = nonces[1];
    if own.is_empty() {
        ark_std::rand::RngCore::fill_bytes(&mut rng, &mut key_secret);
    }
    for (index, part) in own.iter().enumerate() {
        let _span = tracing::info_span!("part", index).entered();
        let values = ahead.take().map_or_else(|| read_part(part), Ok)?;
        if index > 0 {
            // As the first one, but for its number.
            let digest = digest_of(&model.graph, &part.ids, &values.0);
            transcript.append_message(b"part", &(index as u64).to_le_bytes());
            rng = transcript.rng(&[&*digest, &key_secret], nonces[0]);
            ark_std::rand::RngCore::fill_bytes(&mut rng, &mut nonce);
        }
        let parts = WeightParts { parts: vec![part.specs.clone()], refs: Vec::new() };
        let network = Network::new(parts.graph(0), base.size.weights, Scope::Weights)?.with_hash(base.hash);
        let column = Held::new(network.stack_weights(&values.0)?);
        drop(values);
        let own_blinds: Vec<Blind> = (0..network.weight_chunks()).map(|_| Blind::random(&mut rng)).collect();
        if index == 0 {
            ark_std::rand::RngCore::fill_bytes(&mut rng, &mut key_secret);
        }
        let secret = PartSecret { blinds: &own_blinds, key: &key_secret, nonce };
        let later = own.iter().zip(chunks.iter().skip(read.len())).skip(index + 1);
        let later = later.map(|(own, chunks)| (own.specs.as_slice(), *chunks));
        let later: Vec<(&[WeightSpec], usize)> = if index == 0 { later.collect() } else { Vec::new() };
        let check = |body: &KeyBody, proofs: &[Vec<u8>]| -> Result<(), ProverError> {
            // The parts that are not there yet, as long as they will be.
            let mut body = body.clone();
            let mut proofs = proofs.to_vec();
            let any = body.weights.last().and_then(|part| part.commitments.first().copied());
            for (specs, chunks) in &later {
                let commitments = vec![any.unwrap_or_default(); *chunks];
                body.weights.push(WeightsPart { specs: specs.to_vec(), commitments });
                proofs.push(Vec::new());
            }
            Ok(decode(&encode(&body, srs, &proofs)?).map(drop)?)
        };
        prove_part(srs, (&network, &column), part, &secret, (&mut body, &mut proofs), &|body, proofs| {
            if index == 0 { check(body, proofs) } else { Ok(()) }
        })?;
        cells.take(column)?;
        blinds.push(own_blinds);
    }

    // 4. The body, and with it the model's id.
    let vk_bytes = encode(&body, srs, &proofs)?;
    Ok(Made { vk: decode(&vk_bytes)?, vk_bytes, blinds, secret: key_secret })
}

/// Entries of the weights of a part. Wiped when dropped.
struct Values(Vec<Vec<i16>>);

impl Drop for Values {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What is secret about a part but its cells.
struct PartSecret<'a> {
    blinds: &'a [Blind],
    key: &'a [u8; 32],
    nonce: [u8; 32],
}

/// Refuses a key's body with these proofs.
type Check<'a> = dyn Fn(&KeyBody, &[Vec<u8>]) -> Result<(), ProverError> + 'a;

/// Commits to a part, adds it to a key's body, which is checked, and proves its ranges.
fn prove_part(
    srs: &Srs,
    (network, column): (&Network, &Held),
    part: &Own,
    secret: &PartSecret<'_>,
    (body, proofs): (&mut KeyBody, &mut Vec<Vec<u8>>),
    check: &Check<'_>,
) -> Result<(), ProverError> {
    let witness = Witness::new(network, column.cells(), &[])?;
    let sorted = SortedWeights::new(srs, network, &witness)?;
    let commitments = sorted.commit(srs, secret.blinds)?;
    let bytes = commitments.iter().map(Commitment::to_bytes).collect();
    let stated = WeightsPart { specs: part.specs.clone(), commitments: bytes };
    let id = WeightsId::new(body, &stated)?;
    body.weights.push(stated);
    proofs.push(Vec::new());
    check(body, proofs)?;
    // The proof absorbs the part's id.
    let statement = Statement::new(network, id.0, &[], &commitments, [&[], &[]], &[])?;
    let private = Private { weights: secret.blinds, io: [&[], &[]], secret: secret.key };
    let proof = sorted.prove(srs, &statement, &witness, &private, Nonce::from_bytes(secret.nonce))?;
    if let Some(last) = proofs.last_mut() {
        *last = proof.to_bytes();
    }
    Ok(())
}

fn encode(body: &KeyBody, srs: &Srs, proofs: &[Vec<u8>]) -> Result<Vec<u8>, VerifyError> {
    let proofs: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
    encode_key(&body.to_bytes()?, srs.verifier(), &proofs)
}

/// The weights of a model by tensor; all of them are weights.
fn listed(model: &Model) -> Result<BTreeMap<TensorId, &[i32]>, ProverError> {
    for (id, _) in &model.weights {
        let found = model.graph.tensors.get(id.0 as usize);
        if found.is_none_or(|tensor| tensor.role != Role::Weight) {
            let (expected, got) = (model.graph.tensors.len(), id.0 as usize);
            return Err(ProverError::Length { what: "number of a weight tensor".to_owned(), expected, got });
        }
    }
    Ok(model.weights.iter().map(|(id, entries)| (*id, entries.as_slice())).collect())
}

/// Weights of 32 bits in 16: those in their range have no more.
///
/// # Errors
/// [`ProverError::WeightRange`].
pub fn narrow(tensor: &Tensor, entries: &[i32]) -> Result<Vec<i16>, ProverError> {
    let narrow = |(index, value): (usize, &i32)| {
        let outside = || ProverError::WeightRange { tensor: tensor.name.clone(), index, value: *value };
        i16::try_from(*value).map_err(|_| outside())
    };
    entries.iter().enumerate().map(narrow).collect()
}

/// That a tensor has these entries, if it is a weight, and none if it is not, in its range.
pub(crate) fn check_weight(tensor: &Tensor, values: &[i16]) -> Result<(), ProverError> {
    let expected = if tensor.role == Role::Weight { tensor.shape.len() } else { 0 };
    if values.len() != expected {
        return Err(ProverError::Length { what: tensor.name.clone(), expected, got: values.len() });
    }
    let outside = |value: &i16| !tensor.range.contains(i64::from(*value));
    match values.iter().enumerate().find(|(_, value)| outside(value)) {
        None => Ok(()),
        Some((index, value)) => {
            let (tensor, value) = (tensor.name.clone(), i32::from(*value));
            Err(ProverError::WeightRange { tensor, index, value })
        }
    }
}
