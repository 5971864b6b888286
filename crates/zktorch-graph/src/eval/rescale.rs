//! Division by a constant, rounded half up, with its remainder: where 64 bits suffice.

use zktorch_field::par;

use super::PIECE;
use super::number::Number;
use crate::{Graph, GraphError, TensorId};

/// `acc + floor(D/2) = D y + r` for D of at most 2^17 and |acc| below 2^62: quotients, and remainders if they
/// are wanted.
///
/// # Errors
/// [`GraphError::OutOfRange`] for the first quotient outside of the range of `y`.
pub(super) fn rescale<N: Number>(
    graph: &Graph,
    acc: &[N],
    divisor: u64,
    y: TensorId,
    remainders: bool,
) -> Result<(Vec<i32>, Vec<i32>), GraphError> {
    let (divisor, half) = (divisor as i64, (divisor / 2) as i64);
    let shift = (divisor & (divisor - 1) == 0).then(|| divisor.trailing_zeros());
    let quotient = |acc: N| {
        let sum = acc.to_i64() + half;
        shift.map_or_else(|| sum.div_euclid(divisor), |shift| sum >> shift)
    };
    let range = graph.tensor(y).range;
    let mut quotients = vec![0; acc.len()];
    let mut rests = vec![0; if remainders { acc.len() } else { 0 }];
    let mut rest_pieces = rests.chunks_mut(PIECE);
    let pieces = acc.chunks(PIECE).zip(quotients.chunks_mut(PIECE));
    let pieces = pieces.map(|(acc, y)| (acc, y, rest_pieces.next().unwrap_or_default())).collect();
    let outside = par::map_vec(pieces, |(acc, quotients, rests): (&[N], &mut [i32], &mut [i32])| {
        for (i, (y, acc)) in quotients.iter_mut().zip(acc).enumerate() {
            let value = quotient(*acc);
            if !range.contains(value) {
                return Some((i, value));
            }
            // Every range is one of 32-bit integers.
            *y = value as i32;
        }
        for ((r, acc), y) in rests.iter_mut().zip(acc).zip(quotients) {
            *r = (acc.to_i64() + half - divisor * i64::from(*y)) as i32;
        }
        None
    });
    let outside = outside.into_iter().enumerate().find_map(|(piece, found)| Some((piece, found?)));
    match outside {
        None => Ok((quotients, rests)),
        Some((piece, (i, value))) => Err(GraphError::OutOfRange {
            tensor: graph.place(y.0 as usize),
            index: piece * PIECE + i,
            value,
            lo: range.lo,
            hi: range.hi,
        }),
    }
}
