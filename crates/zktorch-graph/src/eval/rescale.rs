//! Division by a constant, rounded half up, with its remainder: where 64 bits suffice.

use zktorch_field::par;

use super::PIECE;
use super::number::Number;
use crate::Interval;

/// `acc + floor(D/2) = D (y + e) + r`, y clamped to a range.
pub(super) struct Division {
    /// y.
    pub(super) quotients: Vec<i32>,
    /// r, if it was wanted.
    pub(super) remainders: Vec<i32>,
    /// The entries where e is not zero, ascending, and e.
    pub(super) excess: Vec<(usize, i64)>,
}

/// Divides for D of at most 2^17 and |acc| below 2^62; `range` is that of y. After `most` entries of a piece that are
/// beyond it, the rest of the piece is left out: whoever wants none reads the first one alone.
pub(super) fn divide<N: Number>(
    acc: &[N],
    divisor: u64,
    range: Interval,
    remainders: bool,
    most: usize,
) -> Division {
    let (divisor, half) = (divisor as i64, (divisor / 2) as i64);
    let shift = (divisor & (divisor - 1) == 0).then(|| divisor.trailing_zeros());
    let quotient = |acc: N| {
        let sum = acc.to_i64() + half;
        shift.map_or_else(|| sum.div_euclid(divisor), |shift| sum >> shift)
    };
    let clamped = |value: i64| value.clamp(range.lo.into(), range.hi.into());
    let mut quotients = vec![0; acc.len()];
    let mut rests = vec![0; if remainders { acc.len() } else { 0 }];
    let mut rest_pieces = rests.chunks_mut(PIECE);
    let pieces = acc.chunks(PIECE).zip(quotients.chunks_mut(PIECE)).enumerate();
    let pieces =
        pieces.map(|(i, (acc, y))| (i * PIECE, acc, y, rest_pieces.next().unwrap_or_default())).collect();
    let excess =
        par::map_vec(pieces, |(at, acc, quotients, rests): (usize, &[N], &mut [i32], &mut [i32])| {
            let mut excess = Vec::new();
            for (i, (y, acc)) in quotients.iter_mut().zip(acc).enumerate() {
                let value = quotient(*acc);
                if !range.contains(value) {
                    if excess.len() == most {
                        break;
                    }
                    excess.push((at + i, value - clamped(value)));
                }
                // Every range is one of 32-bit integers.
                *y = clamped(value) as i32;
            }
            for ((r, acc), y) in rests.iter_mut().zip(acc).zip(quotients.iter()) {
                *r = (acc.to_i64() + half - divisor * i64::from(*y)) as i32;
            }
            if !rests.is_empty() {
                for (i, e) in &excess {
                    let quotient = i64::from(quotients[i - at]) + e;
                    rests[i - at] = (acc[i - at].to_i64() + half - divisor * quotient) as i32;
                }
            }
            excess
        });
    Division { quotients, remainders: rests, excess: excess.concat() }
}
