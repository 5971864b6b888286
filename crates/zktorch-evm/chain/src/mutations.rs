//! Damaged arguments of `verify`, the same every time.

use crate::primitives::keccak256;

/// What is done to the bytes of a proof and its public values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// A bit of a word changes.
    Bit(usize, u8),
    /// The order of the group is added to a word, which stands for the same scalar.
    Order(usize),
    /// The modulus of the curve's field is added to a word, which stands for the same coordinate.
    Modulus(usize),
    /// A word becomes zero, one, or all ones.
    Constant(usize, u8),
    /// Two words change places.
    Swap(usize, usize),
    /// A point becomes its negative, or infinity.
    Point(usize, bool),
}

const ORDER: &str = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
const MODULUS: &str = "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";

fn number(text: &str) -> [u8; 32] {
    let digit = |i: usize| text.as_bytes().get(i).map_or(0, |c| (*c as char).to_digit(16).unwrap_or(0) as u8);
    core::array::from_fn(|i| digit(2 * i) << 4 | digit(2 * i + 1))
}

fn add(word: &mut [u8], other: [u8; 32]) {
    let mut carry = 0;
    for (byte, other) in word.iter_mut().zip(other).rev() {
        carry += u16::from(*byte) + u16::from(other);
        *byte = carry as u8;
        carry >>= 8;
    }
}

/// a - b of words.
fn sub(a: [u8; 32], b: &[u8]) -> [u8; 32] {
    let (mut out, mut borrow) = ([0; 32], 0i16);
    for i in (0..32).rev() {
        let difference = i16::from(a[i]) - i16::from(b[i]) - borrow;
        borrow = i16::from(difference < 0);
        out[i] = difference.rem_euclid(256) as u8;
    }
    out
}

impl Mutation {
    /// The `index`-th of so many words, of which these many are points (in pairs).
    pub fn nth(index: u64, words: usize, points: usize) -> Self {
        let random = keccak256(index.to_be_bytes()).0;
        let number = |at: usize| {
            u32::from_be_bytes([random[at], random[at + 1], random[at + 2], random[at + 3]]) as usize
        };
        let word = number(4) % words.max(1);
        match random[0] % 8 {
            0..=2 => Self::Bit(word, random[1]),
            3 => Self::Order(word),
            4 => Self::Modulus(word),
            5 => Self::Constant(word, random[1] % 3),
            6 => Self::Swap(word, number(8) % words.max(1)),
            _ => Self::Point(number(8) % points.max(1), random[1] & 1 == 1),
        }
    }

    /// Does it to the bytes; `false` if they are as before.
    pub fn apply(self, bytes: &mut [u8]) -> bool {
        let before = bytes.to_vec();
        let at = |word: usize| 32 * word..32 * word + 32;
        match self {
            Self::Bit(word, bit) => bytes[32 * word + usize::from(bit / 8)] ^= 1 << (bit % 8),
            Self::Order(word) => add(&mut bytes[at(word)], number(ORDER)),
            Self::Modulus(word) => add(&mut bytes[at(word)], number(MODULUS)),
            Self::Constant(word, 2) => bytes[at(word)].fill(0xff),
            Self::Constant(word, constant) => {
                bytes[at(word)].fill(0);
                bytes[32 * word + 31] = constant;
            }
            Self::Swap(a, b) => {
                let (first, second) = (bytes[at(a)].to_vec(), bytes[at(b)].to_vec());
                bytes[at(a)].copy_from_slice(&second);
                bytes[at(b)].copy_from_slice(&first);
            }
            Self::Point(point, true) => bytes[64 * point..64 * point + 64].fill(0),
            Self::Point(point, false) => {
                let y = at(2 * point + 1);
                let negative = sub(number(MODULUS), &bytes[y.clone()]);
                bytes[y].copy_from_slice(&negative);
            }
        }
        bytes != before
    }
}
