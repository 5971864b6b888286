//! Public values: read from their words, held to their ranges.

use super::Emitter;
use crate::assembler::Op;

impl Emitter<'_> {
    /// The values of a tensor, range-checked, each as itself or plus r.
    pub(super) fn public(&mut self, index: u32) {
        let (tensor, at) = (&self.program.publics[index as usize], self.layout.publics[index as usize]);
        let array = self.layout.arrays[index as usize];
        self.touch(array + 32 * tensor.len);
        let lanes = |pattern: u32| pattern.to_be_bytes().repeat(8);
        for word in 0..tensor.words() {
            self.cut(self.scratch());
            self.code.load(at + 32 * word);
            // Bytes of every 32 bits the other way round: neighbours, then pairs.
            for (mask, bits) in [(0x00ff_00ff_u32, 8), (0x0000_ffff, 16)] {
                self.code.ops(&[Op::Dup1]);
                self.code.push(bits);
                self.code.ops(&[Op::Shr]);
                self.code.push_bytes(&lanes(mask));
                self.code.ops(&[Op::And, Op::Swap1]);
                self.code.push_bytes(&lanes(mask));
                self.code.ops(&[Op::And]);
                self.code.push(bits);
                self.code.ops(&[Op::Shl, Op::Or]);
            }
            let values = (tensor.len - 8 * word).min(8);
            for lane in 0..values {
                self.code.ops(&[Op::Dup1]);
                self.code.push(224 - 32 * lane);
                self.code.ops(&[Op::Shr]);
                self.code.push(3);
                self.code.ops(&[Op::Signextend]);
                // x - lo < hi - lo + 1, as numbers without a sign.
                self.code.ops(&[Op::Dup1]);
                if tensor.range.lo <= 0 {
                    self.code.push(tensor.range.lo.unsigned_abs() as usize);
                    self.code.ops(&[Op::Add]);
                } else {
                    self.code.push(tensor.range.lo as usize);
                    self.code.ops(&[Op::Swap1, Op::Sub]);
                }
                let width = i64::from(tensor.range.hi) - i64::from(tensor.range.lo) + 1;
                self.code.push(width as usize);
                // Under the word and x lies what has held so far.
                self.code.ops(&[Op::Gt, Op::Swap3, Op::Dup4, Op::And, Op::Swap3, Op::Pop]);
                self.push_r();
                self.code.ops(&[Op::Add]);
                self.code.store(array + 32 * (8 * word + lane));
            }
            // Zeros where no value is.
            let rest = 256 - 32 * values;
            self.code.push_bytes(&mask(rest));
            self.code.ops(&[Op::And, Op::Iszero]);
            self.and();
        }
    }
}

/// The low bits of a word.
fn mask(bits: usize) -> [u8; 32] {
    std::array::from_fn(|i| {
        let left = bits.saturating_sub(8 * (31 - i)).min(8);
        ((1u16 << left) - 1) as u8
    })
}
