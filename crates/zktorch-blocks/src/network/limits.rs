//! What can be proved at once. A key is hostile input: these limits are checked before anything is allocated by them, and keep a
//! verifier's time and memory bounded whatever a valid graph says.

use std::collections::{BTreeMap, BTreeSet};

use zktorch_commit::MIN_LOG_SIZE;
use zktorch_graph::layout::{ArenaKind, ChunkSize, Cut, Layout, LookupKind, Place};
use zktorch_graph::{AxisMap, Constraint, Graph, Role, Slot, TensorId, View, WeightParts};
use zktorch_mutants::enforced;

use crate::{BlockError, reindex};

/// log2 of the largest chunk: the tables' column has at least one chunk of cells, which the verifier reads.
pub(crate) const MAX_K: usize = 24;
/// Padded cells of all tensors but the weights: offsets fit the 32-bit machine words of wasm32.
pub(crate) const CELLS: u64 = 1 << 31;
/// Padded cells of all weights. Offsets are machine words: where these have 32 bits, a key of more is refused.
pub(crate) const WEIGHT_CELLS: u64 = if usize::BITS < 64 { 1 << 31 } else { 1 << 34 };
/// Lookup tables: tags are 16-bit integers in the prover's columns.
pub(crate) const TABLES: u64 = 1 << 14;
/// Padded cells of all lookup tables.
pub(crate) const TABLE_CELLS: u64 = 1 << 24;
/// Chunks of all columns, W, V and H.
pub(crate) const CHUNKS: u64 = 1 << 15;
/// Evaluations of chunks that readings ask for: the size of the fold plan.
pub(crate) const CLAIM_TERMS: u64 = 1 << 18;
/// Cells of public tensors that the verifier reads, once for every reading.
pub(crate) const PUBLIC_CELLS: u64 = 1 << 28;

/// Pieces of all tensors: regions of tags, and what a layout lists.
pub(crate) const PIECES: u64 = 1 << 17;
/// Readings of pieces of committed tensors, as they are or in views: most have a point of their own, which the verifier keeps (a
/// piece smaller than a chunk is evaluated where it lies in it).
pub(crate) const READINGS: u64 = 1 << 17;
/// Readings that need a sum: instances of sumcheck B.
pub(crate) const SUMS: u64 = 1 << 14;
/// Contractions: instances of sumcheck A.
pub(crate) const CONTRACTIONS: u64 = 1 << 14;
/// Factors of all views.
pub(crate) const FACTORS: u64 = 1 << 18;
/// Multiplications that evaluating the maps of all views takes, about: a second's.
pub(crate) const MAP_WORK: u64 = 1 << 25;

#[track_caller]
fn at_most(what: &'static str, max: u64, got: u64) -> Result<(), BlockError> {
    if got <= max || !enforced() { Ok(()) } else { Err(BlockError::Limit { what, max, got }) }
}

/// What has to hold before a valid graph is laid out in chunks of `2^k` cells.
pub(super) fn check_graph(graph: &Graph, k: usize) -> Result<(), BlockError> {
    if !(MIN_LOG_SIZE..=MAX_K).contains(&k) && enforced() {
        return Err(BlockError::ChunkSize { min: MIN_LOG_SIZE, max: MAX_K, got: k });
    }
    for (what, weights, max) in
        [("padded cells of all tensors", false, CELLS), ("padded cells of all weights", true, WEIGHT_CELLS)]
    {
        let tensors = graph.tensors.iter().filter(|tensor| (tensor.role == Role::Weight) == weights);
        let cells = tensors.map(|tensor| tensor.shape.padded_len() as u64);
        at_most(what, max, cells.fold(0, u64::saturating_add))?;
    }
    let mut pieces = 0;
    for tensor in &graph.tensors {
        pieces += Cut::new(&tensor.shape).pieces().len() as u64;
        at_most("pieces of all tensors", PIECES, pieces)?;
    }

    // Both scopes together: a graph is refused as a whole.
    let kinds: BTreeSet<LookupKind> = graph.tensors.iter().filter_map(LookupKind::of).collect();
    at_most("lookup tables", TABLES, kinds.len() as u64)?;
    at_most("cells of all lookup tables", TABLE_CELLS, table_cells(graph))
}

/// Padded cells of the lookup tables of a graph.
fn table_cells(graph: &Graph) -> u64 {
    let kinds: BTreeSet<LookupKind> = graph.tensors.iter().filter_map(LookupKind::of).collect();
    let keys = kinds.iter().map(|kind| match kind {
        LookupKind::Range(interval) => *interval,
        LookupKind::Function(table) => graph.table(*table).domain,
    });
    keys.map(|keys| keys.len().next_power_of_two() as u64).sum()
}

/// What has to hold before weights in parts, which were checked, are laid out in chunks of `2^k` cells. Each part has tables of
/// its own, whose cells a verifier of its range proof reads.
pub(super) fn check_parts(weights: &WeightParts, k: usize) -> Result<(), BlockError> {
    check_graph(&weights.all(), k)?;
    at_most("cells of all lookup tables", TABLE_CELLS, part_cells(weights))
}

/// Cells of the tables of all parts.
pub(super) fn part_cells(weights: &WeightParts) -> u64 {
    (0..weights.parts.len()).map(|part| table_cells(&weights.graph(part))).sum()
}

/// What has to hold before anything of a layout's size is allocated.
pub(super) fn check_layout(layout: &Layout) -> Result<(), BlockError> {
    // Functions have three columns (x, y, h), the table two (m, h'), all others two.
    let chunks = |kind| layout.arena(kind).chunks() as u64;
    let arenas: u64 = ArenaKind::ALL.iter().map(|kind| 2 * chunks(*kind)).sum();
    let total = arenas + chunks(ArenaKind::Function) + 2 * layout.tables().chunks() as u64;
    at_most("chunks of all columns", CHUNKS, total)
}

/// The constraints of all steps, in their order. Stops at the first step with which they are too many: a step's own bytes may
/// be a small part of what it stands for.
pub(super) fn constraints(graph: &Graph, size: impl Into<ChunkSize>) -> Result<Vec<Constraint>, BlockError> {
    let (mut list, size) = (Vec::new(), size.into());
    let mut work = Work::default();
    for step in &graph.steps {
        let constraints = step.constraints(graph);
        constraints.iter().for_each(|constraint| work.add(graph, size, constraint));
        work.check()?;
        list.extend(constraints);
    }
    Ok(list)
}

/// Nanoseconds, about, that reading a network and verifying its proofs may take beyond what the lengths of keys and proofs explain:
/// formulas, maps, public cells, tables. The limits above bound it for one network; whoever reads several adds up.
pub(super) fn work(graph: &Graph, size: ChunkSize, constraints: &[Constraint], table_cells: usize) -> u64 {
    const MAP: u64 = 32;
    const CELL: u64 = 8;
    let mut work = Work::default();
    constraints.iter().for_each(|constraint| work.add(graph, size, constraint));
    let formulas = graph.tables.iter().map(zktorch_graph::Table::work);
    let others = [work.maps.saturating_mul(MAP), (work.public + table_cells as u64).saturating_mul(CELL)];
    formulas.chain(others).fold(0, u64::saturating_add)
}

/// What constraints ask of a verifier.
#[derive(Debug, Default)]
struct Work {
    /// Pieces of tensors, and the chunks that these are in, as far as they are known.
    known: BTreeMap<TensorId, [u64; 2]>,
    contractions: u64,
    factors: u64,
    terms: u64,
    readings: u64,
    sums: u64,
    maps: u64,
    public: u64,
}

impl Work {
    fn add(&mut self, graph: &Graph, size: ChunkSize, constraint: &Constraint) {
        let Constraint::Zero { terms, .. } = constraint else { return };
        for (_, slot) in terms {
            match slot {
                Slot::Tensor(id) => self.reading(graph, size, *id),
                Slot::View(view) => self.view(graph, size, view),
                Slot::Contract(contract) => {
                    self.contractions += 1;
                    let views = contract.a.views().chain(contract.b.views());
                    views.for_each(|view| self.view(graph, size, view));
                }
            }
        }
    }

    fn view(&mut self, graph: &Graph, size: ChunkSize, view: &View) {
        let shape = &graph.tensor(view.tensor).shape;
        self.sums += u64::from(reindex::needs_sum(view));
        self.factors += view.factors.len() as u64;
        for factor in view.factors.iter().filter(|factor| factor.map != AxisMap::Identity) {
            self.maps = self.maps.saturating_add(reindex::matrix_cost(factor, shape, &view.shape));
        }
        self.reading(graph, size, view.tensor);
    }

    fn reading(&mut self, graph: &Graph, size: ChunkSize, id: TensorId) {
        let tensor = graph.tensor(id);
        if tensor.role.is_public() {
            self.public = self.public.saturating_add(tensor.shape.padded_len() as u64);
        } else {
            let [pieces, chunks] = *self.known.entry(id).or_insert_with(|| {
                let cut = Cut::new(&tensor.shape);
                let k = match tensor.role {
                    Role::Weight => size.weights,
                    Role::Input(_) => size.inputs,
                    _ => size.k,
                };
                let chunks = cut.pieces().iter().map(|piece| 1 << piece.vars.saturating_sub(k)).sum();
                // In chunks that are not theirs alone, pieces end with them.
                let parted = matches!(tensor.role, Role::Input(_)) && size.inputs < size.k;
                [if parted { chunks } else { cut.pieces().len() as u64 }, chunks]
            });
            self.readings += pieces;
            self.terms += chunks;
        }
    }

    fn check(&self) -> Result<(), BlockError> {
        at_most("contractions", CONTRACTIONS, self.contractions)?;
        at_most("factors of all views", FACTORS, self.factors)?;
        at_most("chunks that all constraints read", CLAIM_TERMS, self.terms)?;
        at_most("readings of committed tensors", READINGS, self.readings)?;
        at_most("readings with a sum", SUMS, self.sums)?;
        at_most("multiplications for the maps of all views", MAP_WORK, self.maps)?;
        at_most("public cells that all constraints read", PUBLIC_CELLS, self.public)
    }
}

/// That the layout proves the lookups that the constraints list: their values lie next to their arguments, which are looked
/// up in that table. A lookup that it did not know of would be proved by nobody.
pub(super) fn check_lookups(
    graph: &Graph,
    constraints: &[Constraint],
    layout: &Layout,
) -> Result<(), BlockError> {
    for constraint in constraints {
        let Constraint::Lookup { table, x, y } = constraint else { continue };
        let place = layout.place(*x).filter(|place| place.arena == ArenaKind::Function && !place.output);
        let value = place.map(|place| Place { output: true, ..place.clone() });
        let kind = layout.table_of(*x).and_then(|index| layout.tables().tables().get(index));
        let holds = value.is_some()
            && layout.place(*y) == value.as_ref()
            && kind.is_some_and(|found| found.kind == LookupKind::Function(*table))
            && graph.tensor(*x).shape == graph.tensor(*y).shape;
        if !holds && enforced() {
            return Err(BlockError::Lookup { table: table.0, x: x.0, y: y.0 });
        }
    }
    Ok(())
}
