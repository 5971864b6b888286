//! Where everything lies in a segment's memory.

use std::collections::{BTreeSet, BinaryHeap, HashMap};

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
    /// For every step, the first byte behind all that it or a later one reads, and its own result.
    pub(super) scratch: Vec<usize>,
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
    let (sums, words) = (inputs, inputs + 64 * most[1]);
    let slots: HashMap<Step, usize> = indices
        .into_iter()
        .map(|(step, index)| match step {
            Step::Sum(_) => (step, sums + 64 * index),
            _ => (step, words + 32 * index),
        })
        .collect();
    // Whole tensors last: most steps come when none of them is read any more.
    let mut end = words + 32 * most[0];
    let arrays = program.publics.iter().map(|tensor| {
        end += 32 * tensor.len;
        end - 32 * tensor.len
    });
    let mut layout = Layout {
        context,
        points,
        scalars,
        publics,
        inputs,
        arrays: arrays.collect(),
        scratch: Vec::new(),
        slots,
    };
    layout.scratch = layout.scratches(program, schedule);
    layout
}

impl Layout {
    /// Where what a step leaves ends; none if it leaves nothing.
    pub(super) fn end(&self, program: &Program, step: Step) -> Option<usize> {
        match step {
            Step::Public(tensor) => {
                let (start, tensor) =
                    (self.arrays.get(tensor as usize)?, program.publics.get(tensor as usize)?);
                Some(start + 32 * tensor.len)
            }
            Step::Sum(_) => self.slots.get(&step).map(|slot| slot + 64),
            _ => self.slots.get(&step).map(|slot| slot + 32),
        }
    }

    fn scratches(&self, program: &Program, schedule: &Schedule) -> Vec<usize> {
        // (end, last step that reads it), the highest first; those that are over are left in until they are the highest.
        let mut live: BinaryHeap<(usize, usize)> = BinaryHeap::new();
        (0..)
            .zip(&schedule.steps)
            .map(|(now, step)| {
                if let Some(end) = self.end(program, *step) {
                    live.push((end, schedule.last(*step).unwrap_or(now)));
                }
                while live.peek().is_some_and(|(_, last)| *last < now) {
                    live.pop();
                }
                live.peek().map_or(self.inputs, |(end, _)| *end)
            })
            .collect()
    }
}
