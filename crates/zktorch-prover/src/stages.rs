//! What is done, stage by stage: a list of the stages with what they may cost, and a [`Meter`] that tells how far work is.
//!
//! ```
//! use zktorch_field::task::{Cancelled, Task};
//! use zktorch_prover::stages::{COMMIT, Meter, Planned, RELATIONS};
//!
//! let plan = [Planned { stage: COMMIT, steps: 2, seconds: 3.0 }, Planned { stage: RELATIONS, steps: 1, seconds: 1.0 }];
//! let meter = Meter::new(&plan, |now| println!("{}: {} of {}", now.stage.name(), now.done, now.total));
//! // Proofs open such stages; the task may be cancelled meanwhile, from any thread.
//! Task::observed(meter.clone()).run(|| {
//!     let stage = COMMIT.enter();
//!     COMMIT.step();
//!     COMMIT.step();
//!     drop(stage);
//!     let _stage = RELATIONS.enter();
//! })?;
//! assert_eq!(meter.share(), 1.0);
//! assert_eq!(meter.times().iter().map(|(stage, _)| stage.name()).collect::<Vec<_>>(), ["commit", "relations"]);
//! # Ok::<(), Cancelled>(())
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

pub use zktorch_blocks::stages::{
    COMMIT, INVERSE_COLUMNS, MASK, MIRA, OPENING, RELATIONS, SRS, SUMCHECK_A, SUMCHECK_B,
};
pub use zktorch_field::task::{Observer, Stage};
use zktorch_graph::layout::{ArenaKind, Layout, Scope};
use zktorch_graph::{Constraint, Contract, Graph, Slot, Step, WeightParts};

use crate::PART_CELLS;

/// The integers of all tensors, and in their columns.
pub const WITNESS: Stage = Stage::new("witness");

/// Seconds per multiplication of the integer executor.
const MULTIPLICATION: f64 = 0.15e-9;
/// Seconds per term of a full-width multi-scalar multiplication.
const TERM: f64 = 0.28e-6;
/// Distinct values of a full chunk of activations.
const DISTINCT: f64 = 25_000.0;
/// Seconds per cell that is looked up: to commit to it, in the relations, in both sumchecks.
const COMMIT_CELL: f64 = 19e-9;
const RELATION_CELL: f64 = 10e-9;
const SUM_A_CELL: f64 = 20e-9;
const SUM_B_CELL: f64 = 5e-9;
/// Seconds per cell of every column to fold it.
const FOLD_CELL: f64 = 5e-9;
/// Seconds per multiplication of a contraction: in the relations, in the first sumcheck.
const RELATION_MULTIPLICATION: f64 = 0.01e-9;
const SUM_A_MULTIPLICATION: f64 = 0.01e-9;

/// A stage that is known before the work begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planned {
    /// The stage.
    pub stage: Stage,
    /// The steps that it says are done; 1 for a stage that says nothing.
    pub steps: u64,
    /// About how many seconds it takes on two cores with AVX-512 IFMA, all steps together. Other machines differ by a factor.
    pub seconds: f64,
}

/// The stages of a proof in chunks of 2^k entries.
pub fn of_proof(graph: &Graph, k: usize) -> Vec<Planned> {
    let layout = Layout::new(graph, k, Scope::Inference);
    let kinds = [ArenaKind::PrivateInputs, ArenaKind::PrivateOutputs, ArenaKind::Ranged, ArenaKind::Function];
    let io = kinds[..2].iter().map(|kind| layout.arena(*kind).chunks()).sum();
    let witness = Planned { stage: WITNESS, steps: 1, seconds: MULTIPLICATION * multiplications(graph) };
    [vec![witness], proof(graph, &layout, &kinds, io)].concat()
}

/// The stages of a proof in shards: those of each shard, one after the other, and one opening.
pub fn of_shards<'a>(graphs: impl IntoIterator<Item = &'a Graph>, k: usize) -> Vec<Planned> {
    let all: Vec<Planned> = graphs.into_iter().flat_map(|graph| of_proof(graph, k)).collect();
    let opening = all.iter().rev().find(|planned| planned.stage == OPENING).copied();
    all.into_iter().filter(|planned| planned.stage != OPENING).chain(opening).collect()
}

/// The stages of a setup in chunks of 2^k entries, under an SRS that is there: of every part of the weights, of [`PART_CELLS`] at most.
pub fn of_setup(graph: &Graph, k: usize) -> Vec<Planned> {
    let parts = WeightParts::within(graph, PART_CELLS);
    let of_part = |part: usize| {
        let graph = parts.graph(part);
        let layout = Layout::new(&graph, k, Scope::Weights);
        let weights = layout.arena(ArenaKind::Weights).chunks();
        proof(&graph, &layout, &[ArenaKind::Weights], weights)
    };
    (0..parts.parts.len()).flat_map(of_part).collect()
}

/// A proof in which the columns of these kinds are looked up, and so many chunks are committed to before.
fn proof(graph: &Graph, layout: &Layout, looked_up: &[ArenaKind], before: usize) -> Vec<Planned> {
    let n = (1u64 << layout.k()) as f64;
    let chunks = |kind: &ArenaKind| layout.arena(*kind).chunks();
    let columns: usize = looked_up.iter().map(chunks).sum();
    let tables = layout.tables().chunks() as f64;
    // Table functions have a y beside the x, and every column an inverse one.
    let all = 2.0 * columns as f64 + chunks(&ArenaKind::Weights) as f64 + tables;
    let (cells, points) = (columns as f64 * n, columns as f64 * n.min(DISTINCT) * TERM);
    let multiplications = multiplications(graph);
    let stage = |stage, seconds| Planned { stage, steps: 1, seconds };
    let commit = COMMIT_CELL * cells + points + 1.5 * tables * n * TERM + before as f64 * 0.05e-6 * n;
    vec![
        Planned { stage: COMMIT, steps: (2 * columns + before).max(1) as u64, seconds: commit },
        stage(INVERSE_COLUMNS, tables * n * 20e-9),
        stage(RELATIONS, RELATION_CELL * cells + RELATION_MULTIPLICATION * multiplications),
        stage(SUMCHECK_A, SUM_A_CELL * cells + SUM_A_MULTIPLICATION * multiplications),
        stage(SUMCHECK_B, SUM_B_CELL * cells),
        stage(MIRA, FOLD_CELL * all * n),
        stage(MASK, 1.5 * n * TERM),
        stage(OPENING, 20e-9 * n + 1.8 * n * TERM),
    ]
}

/// What the looked-up cells, the cells of weights and the multiplications of a part of a network add to a proof in chunks of 2^k
/// entries, in seconds. What is left of [`of_proof`] belongs to no part: tables, mask and opening, and the cells that pad chunks.
pub(crate) fn of_part(k: usize, looked_up: f64, weights: f64, multiplications: f64) -> f64 {
    let n = (1u64 << k) as f64;
    let cell = COMMIT_CELL + RELATION_CELL + SUM_A_CELL + SUM_B_CELL + 2.0 * FOLD_CELL;
    // A commitment takes a full-width term for every distinct value.
    let term = TERM * n.min(DISTINCT) / n;
    let multiplication = MULTIPLICATION + RELATION_MULTIPLICATION + SUM_A_MULTIPLICATION;
    (cell + term) * looked_up + FOLD_CELL * weights + multiplication * multiplications
}

/// Multiplications of all contractions of a graph.
fn multiplications(graph: &Graph) -> f64 {
    graph.steps.iter().map(|step| of_step(graph, step)).sum()
}

/// Multiplications of the contractions of one step.
pub(crate) fn of_step(graph: &Graph, step: &Step) -> f64 {
    let slots = step.constraints(graph).into_iter().flat_map(|constraint| match constraint {
        Constraint::Zero { terms, .. } => terms,
        Constraint::Lookup { .. } => Vec::new(),
    });
    let products = slots.map(|(_, slot)| match slot {
        Slot::Contract(contract) => products(&contract),
        Slot::Tensor(_) | Slot::View(_) => 0.0,
    });
    products.sum()
}

/// The product of the extents of all labels.
fn products(contract: &Contract) -> f64 {
    let a = contract.a_axes.iter().zip(contract.a.shape.dims());
    let new = |(label, _): &(&u32, &u32)| !contract.a_axes.contains(label);
    let b = contract.b_axes.iter().zip(contract.b.shape.dims()).filter(new);
    a.chain(b).map(|(_, extent)| f64::from(*extent)).product()
}

/// How far work is, as it is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// The stage that begins, goes on, or ends.
    pub stage: Stage,
    /// Its steps that are done.
    pub done: u64,
    /// All of its steps.
    pub total: u64,
    /// The share of the whole work that is done, from 0 to 1.
    pub share: f64,
}

/// Watches a task: tells how far it is, and measures how long each stage took. Clones are the same meter.
///
/// A moment belongs to the innermost stage of the thread that drives the work, which is the first one to begin a stage.
#[derive(Clone)]
pub struct Meter {
    state: Arc<Mutex<State>>,
    tell: Arc<dyn Fn(Now) + Send + Sync>,
}

impl core::fmt::Debug for Meter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Meter").field("state", &self.state).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct State {
    /// What is planned, and how many steps are done.
    plan: Vec<(Planned, u64)>,
    driver: Option<ThreadId>,
    /// Stages that have begun, outermost first.
    open: Vec<Stage>,
    /// Up to when time has been given away.
    until: Instant,
    /// Stages in the order in which they began.
    times: Vec<(Stage, Duration)>,
}

impl Meter {
    /// `tell` is called when a stage begins or ends, and after each of its steps: from any thread, one at a time. It may not ask the meter.
    pub fn new(plan: &[Planned], tell: impl Fn(Now) + Send + Sync + 'static) -> Self {
        let plan = plan.iter().map(|planned| (*planned, 0)).collect();
        let (open, times, until) = (Vec::new(), Vec::new(), Instant::now());
        let state = State { plan, driver: None, open, until, times };
        Self { state: Arc::new(Mutex::new(state)), tell: Arc::new(tell) }
    }

    /// The share of the planned work that is done, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.lock().share()
    }

    /// How long each stage took, nested ones counted once, in the order in which they began.
    pub fn times(&self) -> Vec<(Stage, Duration)> {
        self.lock().times.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // It is whole whenever the lock is free.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Meter {
    fn enter(&self, stage: Stage) {
        let mut state = self.lock();
        let thread = thread::current().id();
        if *state.driver.get_or_insert(thread) == thread {
            state.give_away();
            state.open.push(stage);
            if !state.times.iter().any(|(known, _)| *known == stage) {
                state.times.push((stage, Duration::ZERO));
            }
        }
        (self.tell)(state.now(stage));
    }

    fn step(&self, stage: Stage) {
        let mut state = self.lock();
        state.count(stage, |planned| planned.steps > 1);
        (self.tell)(state.now(stage));
    }

    fn exit(&self, stage: Stage) {
        let mut state = self.lock();
        if state.driver == Some(thread::current().id()) {
            state.give_away();
            if let Some(index) = state.open.iter().rposition(|open| *open == stage) {
                state.open.remove(index);
            }
        }
        state.count(stage, |planned| planned.steps == 1);
        (self.tell)(state.now(stage));
    }
}

impl State {
    fn give_away(&mut self) {
        let now = Instant::now();
        if let Some(stage) = self.open.last()
            && let Some((_, time)) = self.times.iter_mut().find(|(known, _)| known == stage)
        {
            *time += now.saturating_duration_since(self.until);
        }
        self.until = now;
    }

    /// One more step is done, if they are counted in this way.
    fn count(&mut self, stage: Stage, counts: impl Fn(&Planned) -> bool) {
        // A stage that is planned several times is done as often.
        let open = |(planned, done): &&mut (Planned, u64)| planned.stage == stage && *done < planned.steps;
        if let Some((_, done)) = self.plan.iter_mut().find(open).filter(|(planned, _)| counts(planned)) {
            *done += 1;
        }
    }

    fn now(&self, stage: Stage) -> Now {
        let planned = self.plan.iter().filter(|(planned, _)| planned.stage == stage);
        let (done, total) =
            planned.fold((0, 0), |(done, total), (planned, own)| (done + own, total + planned.steps));
        Now { stage, done, total: total.max(1), share: self.share() }
    }

    fn share(&self) -> f64 {
        let total: f64 = self.plan.iter().map(|(planned, _)| planned.seconds).sum();
        let part = |(planned, done): &(Planned, u64)| planned.seconds * *done as f64 / planned.steps as f64;
        if total > 0.0 { self.plan.iter().map(part).sum::<f64>() / total } else { 0.0 }
    }
}
