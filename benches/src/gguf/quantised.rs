//! How a tensor's numbers are written.

use anyhow::{Context, Result, bail, ensure};
use half::f16;

/// Numbers of a block that share what they are scaled with.
const BLOCK: usize = 32;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    F32,
    F16,
    /// Blocks of 32 numbers `scale * q + least`: both as 16-bit floats, then q of four bits, those of the first half low.
    Q4_1,
    /// Blocks of 32 numbers `scale * q`: a 16-bit float, then q of eight bits.
    Q8_0,
}

impl Encoding {
    /// By its number in the format.
    pub(super) fn read(number: u32) -> Result<Self> {
        Ok(match number {
            0 => Self::F32,
            1 => Self::F16,
            3 => Self::Q4_1,
            8 => Self::Q8_0,
            other => bail!("expected numbers as F32 (0), F16 (1), Q4_1 (3) or Q8_0 (8), found type {other}"),
        })
    }

    /// Numbers of a block, and its bytes.
    fn block(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 => (1, 2),
            Self::Q4_1 => (BLOCK, 2 + 2 + BLOCK / 2),
            Self::Q8_0 => (BLOCK, 2 + BLOCK),
        }
    }

    /// Bytes of a tensor. Its rows consist of whole blocks.
    pub(super) fn length(self, dims: &[usize]) -> Result<usize> {
        let (numbers, bytes) = self.block();
        let row = dims.last().copied().unwrap_or(1);
        ensure!(row % numbers == 0, "expected rows of whole blocks of {numbers}, found {row} entries");
        let entries = dims.iter().try_fold(1usize, |product, dim| product.checked_mul(*dim));
        let length = entries.and_then(|entries| (entries / numbers).checked_mul(bytes));
        length.with_context(|| format!("extents {dims:?} are too large"))
    }

    /// The numbers of whole blocks.
    pub(super) fn floats(self, bytes: &[u8]) -> Vec<f32> {
        let half = |low: u8, high: u8| f16::from_le_bytes([low, high]).to_f32();
        match self {
            Self::F32 => {
                bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
            }
            Self::F16 => bytes.chunks_exact(2).map(|b| half(b[0], b[1])).collect(),
            Self::Q4_1 => {
                let decode = |block: &[u8]| -> [f32; BLOCK] {
                    let (scale, least) = (half(block[0], block[1]), half(block[2], block[3]));
                    std::array::from_fn(|i| {
                        let pair = block[4 + i % (BLOCK / 2)];
                        let q = if i < BLOCK / 2 { pair & 15 } else { pair >> 4 };
                        scale * f32::from(q) + least
                    })
                };
                bytes.chunks_exact(self.block().1).flat_map(decode).collect()
            }
            Self::Q8_0 => {
                let decode = |block: &[u8]| -> [f32; BLOCK] {
                    let scale = half(block[0], block[1]);
                    std::array::from_fn(|i| scale * f32::from(i8::from_le_bytes([block[2 + i]])))
                };
                bytes.chunks_exact(self.block().1).flat_map(decode).collect()
            }
        }
    }
}
