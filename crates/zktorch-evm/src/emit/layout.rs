//! Where everything lies in a segment's memory.

use std::collections::{BTreeSet, HashMap};

use crate::program::Program;
use crate::schedule::{Schedule, Step};

use super::MULTIPLES;

/// Where everything lies.
pub(super) struct Layout {
    pub(super) context: usize,
    pub(super) points: usize,
    pub(super) scalars: usize,
    pub(super) publics: Vec<usize>,
    /// How many bytes are given.
    pub(super) inputs: usize,
    pub(super) arrays: Vec<usize>,
    /// The first byte that no step leaves anything in.
    pub(super) scratch: usize,
    pub(super) slots: HashMap<Step, usize>,
}

/// Memory a step leaves its result in: words and pairs of words, each used again when its result is over.
pub(super) fn layout(program: &Program, schedule: &Schedule) -> Layout {
    let context = 32 * MULTIPLES;
    let points = context + 32;
    let scalars = points + 64 * program.input_points;
    let mut at = scalars + 32 * program.input_scalars;
    let mut publics = Vec::new();
    for tensor in &program.publics {
        publics.push(at);
        at += 32 * tensor.words();
    }
    let mut indices: HashMap<Step, usize> = HashMap::new();
    // The lowest first: what is behind the last one that is read again is not given to the next segment.
    let mut free = [BTreeSet::new(), BTreeSet::new()];
    let mut most = [0, 0];
    for (now, step) in schedule.steps.iter().enumerate() {
        let pool = match step {
            Step::Value(_) | Step::Turned(_) | Step::Message(_) => Some(0),
            Step::Sum(_) => Some(1),
            Step::Public(_) | Step::Check(_) | Step::Pairing => None,
        };
        if let Some(pool) = pool {
            let index = free[pool].pop_first().unwrap_or_else(|| {
                most[pool] += 1;
                most[pool] - 1
            });
            indices.insert(*step, index);
        }
        let mut over = schedule.reads(program, *step);
        over.push(*step);
        over.sort_unstable();
        over.dedup();
        for step in over.into_iter().filter(|step| schedule.is_over(*step, now)) {
            let freed = match (step, indices.get(&step)) {
                (Step::Sum(_), Some(index)) => free[1].insert(*index),
                (_, Some(index)) => free[0].insert(*index),
                _ => true,
            };
            debug_assert!(freed, "{step:?} was over before");
        }
    }
    let inputs = at;
    let sums = inputs;
    let words = sums + 64 * most[1];
    let mut scratch = words + 32 * most[0];
    let arrays = program.publics.iter().map(|tensor| {
        scratch += 32 * tensor.len;
        scratch - 32 * tensor.len
    });
    let arrays = arrays.collect();
    let slots = indices.into_iter().map(|(step, index)| match step {
        Step::Sum(_) => (step, sums + 64 * index),
        _ => (step, words + 32 * index),
    });
    Layout { context, points, scalars, publics, inputs, arrays, scratch, slots: slots.collect() }
}
