//! EVM code, with the gas that it costs when it is run from its first to its last byte.

use ark_ff::{BigInteger, PrimeField};
use traced_field::tape::Number;

/// Opcodes that are written, of the Prague hard fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Op {
    Add = 0x01,
    Sub = 0x03,
    Mod = 0x06,
    Addmod = 0x08,
    Mulmod = 0x09,
    Signextend = 0x0b,
    Lt = 0x10,
    Gt = 0x11,
    Eq = 0x14,
    Iszero = 0x15,
    And = 0x16,
    Or = 0x17,
    Shl = 0x1b,
    Shr = 0x1c,
    Keccak256 = 0x20,
    Calldatasize = 0x36,
    Calldatacopy = 0x37,
    Pop = 0x50,
    Mload = 0x51,
    Mstore = 0x52,
    Jump = 0x56,
    Jumpi = 0x57,
    Jumpdest = 0x5b,
    Mcopy = 0x5e,
    Push0 = 0x5f,
    Dup1 = 0x80,
    Dup4 = 0x83,
    Swap1 = 0x90,
    Swap3 = 0x92,
    Return = 0xf3,
    Staticcall = 0xfa,
    Revert = 0xfd,
}

impl Op {
    /// What it costs, without the words it copies or hashes, the memory it is the first to touch, and what it calls.
    fn gas(self) -> u64 {
        match self {
            Self::Push0 | Self::Calldatasize | Self::Pop => 2,
            Self::Mod | Self::Signextend => 5,
            Self::Addmod | Self::Mulmod | Self::Jump => 8,
            Self::Jumpi => 10,
            Self::Jumpdest => 1,
            Self::Keccak256 => 30,
            Self::Staticcall => 100,
            Self::Return | Self::Revert => 0,
            _ => 3,
        }
    }
}

/// Code that grows at its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    bytes: Vec<u8>,
    gas: u64,
}

impl Code {
    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Gas so far.
    pub(crate) fn gas(&self) -> u64 {
        self.gas
    }

    /// The bytes.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes operations.
    pub(crate) fn ops(&mut self, ops: &[Op]) {
        for op in ops {
            self.bytes.push(*op as u8);
            self.gas += op.gas();
        }
    }

    /// Adds gas that the operations themselves do not show.
    pub(crate) fn charge(&mut self, gas: u64) {
        self.gas += gas;
    }

    /// Pushes a big-endian number with as few bytes as it takes.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        let bytes = &bytes[first..];
        if bytes.is_empty() {
            return self.ops(&[Op::Push0]);
        }
        self.bytes.push(Op::Push0 as u8 + bytes.len() as u8);
        self.bytes.extend_from_slice(bytes);
        self.gas += 3;
    }

    /// Pushes a number.
    pub(crate) fn push(&mut self, number: usize) {
        self.push_bytes(&(number as u64).to_be_bytes());
    }

    /// Pushes a number with exactly two bytes: a place that is known later.
    pub(crate) fn push_place(&mut self) -> usize {
        self.bytes.extend([Op::Push0 as u8 + 2, 0, 0]);
        self.gas += 3;
        self.bytes.len() - 2
    }

    /// Says that the place is here.
    pub(crate) fn land(&mut self, place: usize) {
        let here = self.bytes.len() as u16;
        self.bytes[place..place + 2].copy_from_slice(&here.to_be_bytes());
    }

    /// Pushes a scalar.
    pub(crate) fn push_number(&mut self, number: &Number) {
        self.push_bytes(&number.into_bigint().to_bytes_be());
    }

    /// Pushes the word at an address.
    pub(crate) fn load(&mut self, address: usize) {
        self.push(address);
        self.ops(&[Op::Mload]);
    }

    /// Pops into the word at an address.
    pub(crate) fn store(&mut self, address: usize) {
        self.push(address);
        self.ops(&[Op::Mstore]);
    }

    /// Copies memory.
    pub(crate) fn copy(&mut self, to: usize, from: usize, len: usize) {
        self.push(len);
        self.push(from);
        self.push(to);
        self.ops(&[Op::Mcopy]);
        self.gas += 3 * len.div_ceil(32) as u64;
    }

    /// Calls a precompile with a fixed gas, which is what it costs; pushes whether it succeeded.
    pub(crate) fn precompile(
        &mut self,
        address: usize,
        gas: usize,
        [input, len]: [usize; 2],
        [out, out_len]: [usize; 2],
    ) {
        for argument in [out_len, out, len, input, address, gas] {
            self.push(argument);
        }
        self.ops(&[Op::Staticcall]);
        self.gas += gas as u64;
    }
}
