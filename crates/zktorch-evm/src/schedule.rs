//! The order of a program's steps, and where results lie.
//!
//! A value that is used once is computed where it is used, on the stack. The others are steps, as messages and sums of points are; each
//! comes right before the first step that needs it. What a step leaves lies in memory until its last use.

use std::collections::HashMap;

use traced_field::tape::{Check, Node};

use crate::program::{Hash, Piece, Place, Program, Source, Value};

/// Values on the stack at most this deep in each other.
const DEPTH: u32 = 100;
/// Values that are computed without a place to cut the code between them: at most this many of an operand's (of 40 bytes at
/// most, so that a step is short beside a segment).
const SIZE: u32 = 64;

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// The values of a public tensor, as scalars.
    Public(u32),
    /// A value that is used more than once.
    Value(Value),
    /// A value that is written least significant byte first.
    Turned(Value),
    /// A digest.
    Message(Hash),
    /// A sum of multiples of points.
    Sum(Place),
    /// A check, by its number.
    Check(usize),
    /// The pairing.
    Pairing,
}

/// Steps in their order, and which values are steps.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) steps: Vec<Step>,
    stored: Vec<bool>,
    place: HashMap<Step, usize>,
    /// Index of the last step that reads what a step left.
    last: HashMap<Step, usize>,
}

impl Schedule {
    pub(crate) fn new(program: &Program) -> Self {
        let stored = stored(program);
        let mut schedule = Self { steps: Vec::new(), stored, place: HashMap::new(), last: HashMap::new() };
        let mut done = HashMap::new();
        let messages = (0..program.messages.len() as Hash).map(Step::Message);
        let checks = (0..program.checks.len()).map(Step::Check);
        // Also tensors that nothing reads are held to their ranges, and their words to zeros where no value is.
        let publics = (0..program.publics.len() as u32).map(Step::Public);
        for root in messages.chain(checks).chain(publics).chain([Step::Pairing]) {
            schedule.visit(program, root, &mut done);
        }
        for (at, step) in schedule.steps.clone().into_iter().enumerate() {
            schedule.place.insert(step, at);
            for read in schedule.reads(program, step) {
                schedule.last.insert(read, at);
            }
        }
        schedule
    }

    /// Whether a value is a step.
    pub(crate) fn is_stored(&self, value: Value) -> bool {
        self.stored[value as usize]
    }

    /// Index of the last step that reads what a step left, if one does.
    pub(crate) fn last(&self, step: Step) -> Option<usize> {
        self.last.get(&step).copied()
    }

    /// Whether what a step left is no longer read after the step with this index.
    pub(crate) fn is_over(&self, step: Step, at: usize) -> bool {
        self.last.get(&step).is_none_or(|last| *last <= at)
    }

    /// Whether what a step left before the step with this index is read by it, or later.
    pub(crate) fn is_live(&self, step: Step, at: usize) -> bool {
        let made = self.place.get(&step).is_some_and(|place| *place < at);
        made && self.last.get(&step).is_some_and(|last| *last >= at)
    }

    /// Depth first, without recursion: messages are a long chain.
    fn visit(&mut self, program: &Program, root: Step, done: &mut HashMap<Step, bool>) {
        let mut todo = vec![root];
        while let Some(&step) = todo.last() {
            match done.get(&step) {
                Some(true) => {
                    todo.pop();
                }
                Some(false) => {
                    done.insert(step, true);
                    self.steps.push(step);
                    todo.pop();
                }
                None => {
                    done.insert(step, false);
                    let reads = self.reads(program, step);
                    todo.extend(reads.into_iter().rev().filter(|read| !done.contains_key(read)));
                }
            }
        }
    }

    /// The steps whose results a step reads.
    pub(crate) fn reads(&self, program: &Program, step: Step) -> Vec<Step> {
        let mut reads = Vec::new();
        match step {
            Step::Public(_) => {}
            Step::Value(value) => match program.nodes[value as usize] {
                Node::Challenge(hash) => reads.push(Step::Message(hash)),
                Node::Binary(_, a, b) => [a, b].iter().for_each(|a| self.leaves(program, *a, &mut reads)),
                Node::Inverse(a) => self.leaves(program, a, &mut reads),
                Node::Number(_) | Node::Scalar(_) | Node::Public(..) => {}
            },
            Step::Turned(value) => self.leaves(program, value, &mut reads),
            Step::Message(hash) => {
                for piece in &program.messages[hash as usize].pieces {
                    match piece {
                        Piece::Scalar(value) => self.leaves(program, *value, &mut reads),
                        Piece::ScalarLe(value) => reads.push(Step::Turned(*value)),
                        Piece::Point(place) => self.point(program, *place, &mut reads),
                        Piece::Digest(hash) => reads.push(Step::Message(*hash)),
                        Piece::Bytes(_) | Piece::Public(_) | Piece::Context => {}
                    }
                }
            }
            Step::Sum(place) => {
                if let Source::Sum(terms) = &program.points[place as usize] {
                    for (place, scalar) in terms {
                        self.point(program, *place, &mut reads);
                        self.leaves(program, *scalar, &mut reads);
                    }
                }
            }
            Step::Check(index) => match program.checks[index] {
                Check::Equal(a, b) => [a, b].iter().for_each(|a| self.leaves(program, *a, &mut reads)),
                Check::Nonzero(a) => self.leaves(program, a, &mut reads),
            },
            Step::Pairing => {
                self.point(program, program.pairing.left, &mut reads);
                self.point(program, program.pairing.quotient, &mut reads);
                self.leaves(program, program.pairing.s, &mut reads);
            }
        }
        reads
    }

    fn point(&self, program: &Program, place: Place, reads: &mut Vec<Step>) {
        if matches!(program.points[place as usize], Source::Sum(_)) {
            reads.push(Step::Sum(place));
        }
    }

    /// The stored values that a value on the stack is computed from; itself, if it is one.
    fn leaves(&self, program: &Program, value: Value, reads: &mut Vec<Step>) {
        let mut todo = vec![value];
        while let Some(value) = todo.pop() {
            if self.is_stored(value) {
                reads.push(Step::Value(value));
                continue;
            }
            match program.nodes[value as usize] {
                Node::Binary(_, a, b) => todo.extend([b, a]),
                Node::Inverse(a) => todo.push(a),
                Node::Public(tensor, _) => reads.push(Step::Public(tensor)),
                Node::Number(_) | Node::Scalar(_) | Node::Challenge(_) => {}
            }
        }
    }
}

/// Values that are used more than once, challenges, and some of those that would be too deep on the stack, or too long in one step.
fn stored(program: &Program) -> Vec<bool> {
    let mut uses = vec![0u32; program.nodes.len()];
    for root in program.roots() {
        uses[root as usize] += 1;
    }
    // Results come after operands: what a live one uses is counted before it is looked at.
    let mut stack: Vec<Value> = program.roots();
    let mut seen = vec![false; program.nodes.len()];
    while let Some(value) = stack.pop() {
        if std::mem::replace(&mut seen[value as usize], true) {
            continue;
        }
        let operands = match program.nodes[value as usize] {
            Node::Binary(_, a, b) => vec![a, b],
            Node::Inverse(a) => vec![a],
            _ => Vec::new(),
        };
        for operand in operands {
            uses[operand as usize] += 1;
            stack.push(operand);
        }
    }
    // Of the expression that is on the stack: how deep, how many values.
    let mut on_stack = vec![(0u32, 0u32); program.nodes.len()];
    let mut stored = vec![false; program.nodes.len()];
    for value in 0..program.nodes.len() {
        let at = |a: Value| if stored[a as usize] { (0, 0) } else { on_stack[a as usize] };
        let ((below, size), computed) = match program.nodes[value] {
            Node::Binary(_, a, b) => {
                let (a, b) = (at(a), at(b));
                ((a.0.max(b.0), a.1 + b.1), true)
            }
            // Inverses call a precompile, whose success is checked with nothing else on the stack.
            Node::Inverse(_) | Node::Challenge(_) => ((DEPTH, 0), true),

            Node::Number(_) | Node::Scalar(_) | Node::Public(..) => ((0, 0), false),
        };
        on_stack[value] = (below + 1, size + 1);
        stored[value] = computed && seen[value] && (uses[value] > 1 || below >= DEPTH || size >= SIZE);
    }
    stored
}
