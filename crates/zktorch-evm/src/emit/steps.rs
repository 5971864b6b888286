//! Steps other than values: messages, sums of points, checks, the pairing.

use ark_ff::{BigInteger, PrimeField};
use traced_field::tape::{Check, Node};
use traced_hash::Kind;

use super::{ECADD, ECMUL, Emitter, PAIRING};
use crate::assembler::{Code, Op};
use crate::program::{Piece, Place, Source, Value};
use crate::schedule::Step;

impl Emitter<'_> {
    pub(super) fn turned(&mut self, value: Value) {
        let back = self.code.push_place();
        let bound = self.value(value);
        self.reduce(bound);
        let turn = self.code.push_place();
        self.turns.push(turn);
        self.code.ops(&[Op::Jump]);
        self.code.land(back);
        self.code.ops(&[Op::Jumpdest]);
        self.code.charge(TURN);
        let slot = self.slot(Step::Turned(value));
        self.code.store(slot);
        self.touch(slot + 32);
    }

    /// Writes a message behind everything else, and its digest into its slot.
    pub(super) fn message(&mut self, hash: u32) {
        let message = &self.program.messages[hash as usize];
        let start = self.scratch();
        let mut at = start;
        let mut copies: Option<[usize; 3]> = None;
        for piece in &message.pieces {
            // What lies side by side is copied at once.
            let source = match piece {
                Piece::Scalar(value) => match self.program.nodes[*value as usize] {
                    Node::Scalar(index) => Some((self.layout.scalars + 32 * index as usize, 32)),
                    _ => None,
                },
                Piece::Point(place) => Some((self.point_address(*place), 64)),
                Piece::Context => Some((self.layout.context, 32)),
                Piece::Digest(hash) => Some((self.slot(Step::Message(*hash)), 32)),
                Piece::ScalarLe(value) => Some((self.slot(Step::Turned(*value)), 32)),
                _ => None,
            };
            if let Some((from, len)) = source {
                match &mut copies {
                    Some([_, first, run]) if *first + *run == from => *run += len,
                    _ => {
                        self.copy_run(copies.take());
                        self.cut(at);
                        copies = Some([at, from, len]);
                    }
                }
                at += len;
                continue;
            }
            self.copy_run(copies.take());
            self.cut(at);
            at = self.piece(piece, at);
        }
        self.copy_run(copies);
        let (len, slot) = (at - start, self.slot(Step::Message(hash)));
        self.touch(at + 32);
        let words = len.div_ceil(32);
        match message.kind {
            Kind::Keccak256 => {
                self.code.push(len);
                self.code.push(start);
                self.code.ops(&[Op::Keccak256]);
                self.code.charge(6 * words as u64);
                self.code.store(slot);
            }
            Kind::Sha256 => {
                self.code.precompile(2, 60 + 12 * words, [start, len], [slot, 32]);
                self.and();
            }
        }
        self.touch(slot + 32);
    }

    fn copy_run(&mut self, run: Option<[usize; 3]>) {
        match run {
            Some([to, from, 32]) => {
                self.code.load(from);
                self.code.store(to);
            }
            Some([to, from, len]) => self.code.copy(to, from, len),
            None => {}
        }
    }

    /// Writes what has to be computed; returns where the next piece goes.
    fn piece(&mut self, piece: &Piece, at: usize) -> usize {
        match piece {
            Piece::Bytes(bytes) => {
                // Behind the last bytes comes what is written next.
                for (i, word) in bytes.chunks(32).enumerate() {
                    let mut full = [0; 32];
                    full[..word.len()].copy_from_slice(word);
                    self.code.push_bytes(&full);
                    self.code.store(at + 32 * i);
                }
                at + bytes.len()
            }
            Piece::Scalar(value) => {
                let bound = self.value(*value);
                self.reduce(bound);
                self.code.store(at);
                at + 32
            }
            Piece::Public(tensor) => {
                let (words, from) =
                    (&self.program.publics[*tensor as usize], self.layout.publics[*tensor as usize]);
                let len = 4 * words.len;
                self.code.precompile(2, 60 + 12 * len.div_ceil(32), [from, len], [at, 32]);
                self.and();
                at + 32
            }
            // These are copied.
            Piece::Point(_) | Piece::Digest(_) | Piece::ScalarLe(_) | Piece::Context => at,
        }
    }

    /// Where a point's words lie. (Constants are in no memory, and are never asked for.)
    fn point_address(&self, place: Place) -> usize {
        match self.program.points[place as usize] {
            Source::Input(index) => self.layout.points + 64 * index as usize,
            _ => self.slot(Step::Sum(place)),
        }
    }

    /// Writes a point to an address.
    fn put_point(&mut self, place: Place, to: usize) {
        match &self.program.points[place as usize] {
            Source::Constant([x, y]) => {
                for (word, at) in [(x, to), (y, to + 32)] {
                    self.code.push_bytes(word);
                    self.code.store(at);
                }
            }
            _ => self.code.copy(to, self.point_address(place), 64),
        }
    }

    /// sum_i s_i P_i: products and sums, one after the other.
    pub(super) fn sum(&mut self, place: Place) {
        let Source::Sum(terms) = &self.program.points[place as usize] else { return };
        let slot = self.slot(Step::Sum(place));
        // The sum so far, the next term; a factor and its point.
        let (sum, term, factor) = (self.scratch(), self.scratch() + 64, self.scratch() + 128);
        self.touch(factor + 96);
        self.touch(slot + 64);
        for (i, (place, scalar)) in terms.iter().enumerate() {
            self.cut(term);
            let to = if i == 0 { sum } else { term };
            self.put_point(*place, factor);
            let bound = self.value(*scalar);
            self.reduce(bound);
            self.code.store(factor + 64);
            self.code.precompile(7, ECMUL, [factor, 96], [to, 64]);
            self.and();
            if i > 0 {
                self.code.precompile(6, ECADD, [sum, 128], [sum, 64]);
                self.and();
            }
        }
        self.code.copy(slot, sum, 64);
    }

    pub(super) fn check(&mut self, index: usize) {
        match self.program.checks[index] {
            Check::Equal(a, b) => {
                let bound = self.value(a);
                self.reduce(bound);
                let bound = self.value(b);
                self.reduce(bound);
                self.code.ops(&[Op::Eq]);
            }
            Check::Nonzero(a) => {
                let bound = self.value(a);
                self.reduce(bound);
                self.code.ops(&[Op::Iszero, Op::Iszero]);
            }
        }
        self.and();
    }

    pub(super) fn pairing(&mut self) {
        let pairing = &self.program.pairing;
        let (at, quotient) = (self.scratch(), self.point_address(pairing.quotient));
        self.touch(at + 576);
        self.code.copy(at, self.point_address(pairing.left), 64);
        // -W: y becomes q - y, and 0 for infinity.
        self.code.copy(at + 192, quotient, 64);
        let q = ark_bn254::Fq::MODULUS.to_bytes_be();
        self.code.push_bytes(&q);
        self.code.load(quotient + 32);
        self.code.push_bytes(&q);
        self.code.ops(&[Op::Sub, Op::Mod]);
        self.code.store(at + 224);
        // s W.
        self.code.copy(at + 384, quotient, 64);
        let bound = self.value(pairing.s);
        self.reduce(bound);
        self.code.store(at + 448);
        self.code.precompile(7, ECMUL, [at + 384, 96], [at + 384, 64]);
        self.and();
        for (i, words) in pairing.g2.iter().enumerate() {
            for (j, word) in words.iter().enumerate() {
                self.code.push_bytes(word);
                self.code.store(at + 192 * i + 64 + 32 * j);
            }
        }
        self.code.precompile(8, PAIRING, [at, 576], [at, 32]);
        self.and();
        self.code.load(at);
        self.and();
    }
}

/// Gas of [`turn`].
const TURN: u64 = 1 + 4 * (3 * 10) + 3 * 6 + 3 + 8;

/// The subroutine (return place, word): the word's bytes the other way round.
pub(super) fn turn(code: &mut Code) {
    code.ops(&[Op::Jumpdest]);
    for log in 0..5 {
        let bytes = 1usize << log;
        let bits = 8 * bytes;
        if bytes == 16 {
            code.ops(&[Op::Dup1]);
            code.push(bits);
            code.ops(&[Op::Shr, Op::Swap1]);
            code.push(bits);
            code.ops(&[Op::Shl, Op::Or]);
            continue;
        }
        let pattern = [vec![0; bytes], vec![0xff; bytes]].concat().repeat(16 / bytes);
        code.ops(&[Op::Dup1]);
        code.push(bits);
        code.ops(&[Op::Shr]);
        code.push_bytes(&pattern);
        code.ops(&[Op::And, Op::Swap1]);
        code.push_bytes(&pattern);
        code.ops(&[Op::And]);
        code.push(bits);
        code.ops(&[Op::Shl, Op::Or]);
    }
    code.ops(&[Op::Swap1, Op::Jump]);
}
