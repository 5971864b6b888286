//! Values: on the stack, in memory, from the calldata.

use ark_ff::{BigInteger, PrimeField};
use traced_field::tape::{Node, Number, Operation};

use super::{Emitter, MODEXP, MOST, MULTIPLES};
use crate::assembler::Op;
use crate::program::{Program, Value};
use crate::schedule::{Schedule, Step};

impl Emitter<'_> {
    /// Writes a multiple of r to its place, in the first segment.
    pub(super) fn multiple(&mut self, multiple: usize) {
        let mut number = Number::MODULUS;
        for _ in 1..multiple {
            number.add_with_carry(&Number::MODULUS);
        }
        self.code.push_bytes(&number.to_bytes_be());
        self.code.store(32 * (multiple - 1));
    }

    pub(super) fn push_r(&mut self) {
        self.code.ops(&[Op::Push0, Op::Mload]);
    }

    pub(super) fn and(&mut self) {
        self.code.ops(&[Op::And]);
    }

    pub(super) fn check_scalars(&mut self) {
        for index in 0..self.program.input_scalars {
            self.push_r();
            self.code.load(self.layout.scalars + 32 * index);
            self.code.ops(&[Op::Lt]);
            self.and();
        }
    }

    /// The bound that a value has on the stack.
    fn bound(&self, value: Value) -> usize {
        self.bounds[value as usize].0
    }

    /// Pushes a value; returns its bound.
    pub(super) fn value(&mut self, value: Value) -> usize {
        if self.schedule.is_stored(value) {
            let slot = self.slot(Step::Value(value));
            self.code.load(slot);
            return self.bound(value);
        }
        self.compute(value)
    }

    fn compute(&mut self, value: Value) -> usize {
        match self.program.nodes[value as usize] {
            Node::Number(number) => {
                self.code.push_number(&number);
                1
            }
            Node::Scalar(index) => {
                self.code.load(self.layout.scalars + 32 * index as usize);
                1
            }
            Node::Public(tensor, index) => {
                self.code.load(self.layout.arrays[tensor as usize] + 32 * index as usize);
                2
            }
            Node::Challenge(hash) => {
                // The low 253 bits.
                let slot = self.slot(Step::Message(hash));
                self.code.load(slot);
                self.code.push(3);
                self.code.ops(&[Op::Shl]);
                self.code.push(3);
                self.code.ops(&[Op::Shr]);
                1
            }
            Node::Binary(Operation::Mul, a, b) => {
                self.push_r();
                self.value(a);
                self.value(b);
                self.code.ops(&[Op::Mulmod]);
                1
            }
            Node::Binary(Operation::Add, a, b) => {
                let sum = self.bound(a) + self.bound(b);
                if sum > MOST {
                    self.push_r();
                }
                self.value(a);
                self.value(b);
                self.code.ops(&[if sum > MOST { Op::Addmod } else { Op::Add }]);
                if sum > MOST { 1 } else { sum }
            }
            Node::Binary(Operation::Sub, a, b) => self.difference(a, b),
            Node::Inverse(a) => {
                self.inverse(a);
                1
            }
        }
    }

    /// a^(r - 2): lengths, base, exponent, modulus. With nothing on the stack but what has held.
    fn inverse(&mut self, a: Value) {
        let at = self.scratch();
        for i in 0..3 {
            self.code.push(32);
            self.code.store(at + 32 * i);
        }
        self.value(a);
        self.code.store(at + 96);
        let mut exponent = Number::MODULUS;
        exponent.sub_with_borrow(&2u64.into());
        self.code.push_bytes(&exponent.to_bytes_be());
        self.code.store(at + 128);
        self.push_r();
        self.code.store(at + 160);
        self.touch(at + 192);
        self.code.precompile(5, MODEXP, [at, 192], [at, 32]);
        self.and();
        self.code.load(at);
    }

    /// a - b as (k r + a) - b for b below k r.
    fn difference(&mut self, a: Value, b: Value) -> usize {
        let (bound_a, bound_b) = (self.bound(a), self.bound(b));
        let fits = bound_b <= MULTIPLES && bound_a + bound_b <= MOST;
        self.value(b);
        if !fits {
            self.reduce(bound_b);
        }
        self.value(a);
        if !fits {
            self.reduce(bound_a);
        }
        let multiple = if fits { bound_b } else { 1 };
        self.code.load(32 * (multiple - 1));
        self.code.ops(&[Op::Add, Op::Sub]);
        if fits { bound_a + bound_b } else { 2 }
    }

    /// Makes the top of the stack canonical.
    pub(super) fn reduce(&mut self, bound: usize) {
        if bound > 1 {
            self.push_r();
            self.code.ops(&[Op::Swap1, Op::Mod]);
        }
    }

    pub(super) fn slot(&self, step: Step) -> usize {
        self.layout.slots.get(&step).copied().unwrap_or(self.scratch())
    }

    pub(super) fn value_step(&mut self, value: Value) {
        self.compute(value);
        let (pushed, computed) = self.bounds[value as usize];
        if pushed < computed {
            self.reduce(computed);
        }
        let slot = self.slot(Step::Value(value));
        self.code.store(slot);
        self.touch(slot + 32);
    }
}

/// Bounds of all values: as pushed, as computed. What is read often, hashed or compared is reduced before it is stored.
pub(super) fn bounds(program: &Program, schedule: &Schedule) -> Vec<(usize, usize)> {
    let mut strict = vec![false; program.nodes.len()];
    program.roots().into_iter().for_each(|root| strict[root as usize] = true);
    let mut bounds: Vec<(usize, usize)> = Vec::with_capacity(program.nodes.len());
    for (value, node) in program.nodes.iter().enumerate() {
        let computed = match *node {
            Node::Public(..) => 2,
            Node::Binary(Operation::Add, a, b) => {
                let sum = bounds[a as usize].0 + bounds[b as usize].0;
                if sum > MOST { 1 } else { sum }
            }
            Node::Binary(Operation::Sub, a, b) => {
                let (a, b) = (bounds[a as usize].0, bounds[b as usize].0);
                if b <= MULTIPLES && a + b <= MOST { a + b } else { 2 }
            }
            _ => 1,
        };
        let pushed = match schedule.is_stored(value as Value) && (strict[value] || computed > 2) {
            true => 1,
            false => computed,
        };
        bounds.push((pushed, computed));
    }
    bounds
}
