//! A program as EVM code, in segments of the size that a contract may have.
//!
//! A segment is given the memory of the one before as its calldata, and returns its own; the last one returns one word, 1. It keeps one
//! word on the stack, whether all has held so far, and reverts at its end if not. There is nothing else that it can do: no other branch
//! than that and the call of one subroutine, no address that is computed, no storage.
//!
//! On the stack a value is below a small multiple of the order r (its *bound*); it is reduced where a sum would leave the word,
//! where it is compared, hashed, or given to a precompile that is strict.

mod layout;
mod public;
mod steps;
mod values;

use traced_field::tape::Node;

use self::layout::{Layout, layout};
use self::steps::turn;
use self::values::bounds;
use crate::EvmError;
use crate::assembler::{Code, Op};
use crate::program::Program;
use crate::schedule::{Schedule, Step};

/// The longest code of a contract (EIP-170).
const LONGEST: usize = 24_576;
/// Code of a segment after which no further step begins: a step is shorter than what is left (`schedule::SIZE`).
const SEGMENT: usize = 20_000;
/// Multiples of r that are kept in memory, r, 2r, 3r, 4r: the first words.
const MULTIPLES: usize = 4;
/// 5 r is below 2^256.
const MOST: usize = 5;
/// Where the free memory of a contract in Solidity begins.
const CALLER_MEMORY: usize = 128;
/// Gas of the precompiles since Istanbul.
const ECADD: usize = 150;
const ECMUL: usize = 6_000;
const PAIRING: usize = 45_000 + 3 * 34_000;
/// Modular exponentiation of words since Osaka (EIP-7883): 16 products of limbs, 253 squarings. Prague takes a third (EIP-2565), and
/// gives the rest back.
const MODEXP: usize = 16 * 253;

/// A program's segments.
#[derive(Debug)]
pub struct Segments {
    /// Code of each.
    pub codes: Vec<Vec<u8>>,
    /// Gas, by what it is spent on.
    pub gas: Vec<(&'static str, u64)>,
}

struct Emitter<'a> {
    program: &'a Program,
    schedule: &'a Schedule,
    layout: Layout,
    code: Code,
    /// Bounds of values as they are pushed, and as they are computed.
    bounds: Vec<(usize, usize)>,
    /// Calls of the subroutine that turns a word around.
    turns: Vec<usize>,
    codes: Vec<Vec<u8>>,
    gas: Vec<(&'static str, u64)>,
    memory: usize,
    /// The most memory that a segment returned, which is the most that one is given.
    handed: usize,
    /// The step that is written, and what its gas is counted as.
    at: usize,
    label: &'static str,
    /// The code's gas that was counted.
    counted: u64,
}

/// What gas is spent on.
const SCALARS: &str = "scalars are canonical";
const SEGMENTS: &str = "calls between segments";
const MEMORY: &str = "memory";

/// Gas of the memory up to an address.
fn memory_gas(end: usize) -> u64 {
    let words = end.div_ceil(32) as u64;
    3 * words + words * words / 512
}

impl Program {
    /// The program's segments.
    ///
    /// # Errors
    /// [`EvmError::Segment`] if a segment is longer than a contract may be.
    pub fn segments(&self) -> Result<Segments, EvmError> {
        let schedule = Schedule::new(self);
        let layout = layout(self, &schedule);
        let mut emitter = Emitter {
            program: self,
            schedule: &schedule,
            layout,
            code: Code::default(),
            bounds: bounds(self, &schedule),
            turns: Vec::new(),
            codes: Vec::new(),
            gas: Vec::new(),
            memory: 0,
            handed: 0,
            at: 0,
            label: SCALARS,
            counted: 0,
        };
        emitter.run();
        // Who calls the segments holds what they are given, behind Solidity's first words and their addresses.
        let addresses = (20 * emitter.codes.len()).next_multiple_of(32);
        let held = emitter.handed.max(emitter.layout.inputs);
        emitter.add(MEMORY, memory_gas(CALLER_MEMORY + addresses + held));
        match emitter.codes.iter().position(|code| code.len() > LONGEST) {
            Some(index) => Err(EvmError::Segment { index, most: LONGEST, got: emitter.codes[index].len() }),
            None => Ok(Segments { codes: emitter.codes, gas: emitter.gas }),
        }
    }
}

impl Emitter<'_> {
    fn run(&mut self) {
        self.begin();
        self.touch(self.layout.inputs);
        for multiple in 1..=MULTIPLES {
            self.multiple(multiple);
        }
        self.check_scalars();
        self.count(SCALARS);
        for (at, step) in self.schedule.steps.iter().enumerate() {
            self.at = at;
            self.cut(0);
            self.label = label(self.program, *step);
            match *step {
                Step::Public(tensor) => self.public(tensor),
                Step::Value(value) => self.value_step(value),
                Step::Turned(value) => self.turned(value),
                Step::Message(hash) => self.message(hash),
                Step::Sum(place) => self.sum(place),
                Step::Check(index) => self.check(index),
                Step::Pairing => self.pairing(),
            }
            self.count(self.label);
        }
        // One word, 1: what is left on the stack if all has held.
        self.code.push(0);
        self.code.ops(&[Op::Mstore]);
        self.code.push(32);
        self.code.ops(&[Op::Push0, Op::Return]);
        self.finish_segment();
    }

    /// Counts the gas since it was counted last.
    fn count(&mut self, what: &'static str) {
        let gas = self.code.gas() - std::mem::replace(&mut self.counted, self.code.gas());
        self.add(what, gas);
    }

    fn add(&mut self, what: &'static str, gas: u64) {
        match self.gas.iter_mut().find(|(other, _)| *other == what) {
            Some((_, sum)) => *sum += gas,
            None => self.gas.push((what, gas)),
        }
    }

    /// Ends the segment if it is long, with all of the memory up to `end` and whatever is read later. On the stack is nothing but
    /// what has held.
    fn cut(&mut self, end: usize) {
        if self.code.len() > SEGMENT {
            let live = self.live(self.at).max(end);
            self.count(self.label);
            // A part of a message may have been written up to here.
            self.touch(live);
            self.end(live);
            self.begin();
            self.touch(live);
        }
    }

    /// Up to where something lies that this step or a later one reads.
    fn live(&self, at: usize) -> usize {
        let steps = self.schedule.steps.iter().filter(|step| self.schedule.is_live(**step, at));
        let ends = steps.filter_map(|step| self.layout.end(self.program, *step));
        ends.max().unwrap_or(0).max(self.layout.inputs)
    }

    /// Where the step may write what nobody reads after it.
    fn scratch(&self) -> usize {
        self.layout.scratch.get(self.at).copied().unwrap_or(self.layout.inputs)
    }

    /// The memory of the segment before; that all has held.
    fn begin(&mut self) {
        self.code.ops(&[Op::Calldatasize, Op::Push0, Op::Push0, Op::Calldatacopy]);
        self.code.push(1);
        self.count(SEGMENTS);
    }

    /// Reverts if something has not held; returns the memory.
    fn end(&mut self, live: usize) {
        let place = self.code.push_place();
        // One byte says that the proof is refused: a segment that runs out of gas leaves none.
        self.code.ops(&[Op::Jumpi]);
        self.code.push(1);
        self.code.ops(&[Op::Push0, Op::Revert]);
        self.code.land(place);
        self.code.ops(&[Op::Jumpdest]);
        self.code.push(live);
        self.code.ops(&[Op::Push0, Op::Return]);
        self.handed = self.handed.max(live);
        // The next segment is called (a cold account), and what is returned is copied into the caller's memory and into its.
        self.code.charge(2_600 + 2 * 3 * live.div_ceil(32) as u64);
        self.finish_segment();
    }

    fn finish_segment(&mut self) {
        self.count(SEGMENTS);
        let mut code = std::mem::take(&mut self.code);
        self.counted = 0;
        if !self.turns.is_empty() {
            for place in std::mem::take(&mut self.turns) {
                code.land(place);
            }
            turn(&mut code);
        }
        self.add(MEMORY, memory_gas(self.memory));
        self.memory = 0;
        self.codes.push(code.into_bytes());
    }

    fn touch(&mut self, end: usize) {
        self.memory = self.memory.max(end);
    }
}

/// What a step's gas is counted as.
fn label(program: &Program, step: Step) -> &'static str {
    match step {
        Step::Public(_) => "public values",
        Step::Value(value) => match program.nodes[value as usize] {
            Node::Inverse(_) => "inverses",
            _ => "arithmetic",
        },
        Step::Check(_) => "arithmetic",
        Step::Turned(_) | Step::Message(_) => "messages and hashes",
        Step::Sum(_) => "multiples of points",
        Step::Pairing => "pairing",
    }
}
