//! Pieces of tensors: what an evaluation of a tensor is on the cells of each.

use zktorch_field::Fr;
use zktorch_graph::layout::{Cut, Piece};
use zktorch_sumcheck::eq_eval;

use crate::BlockError;
use crate::point::{Drawn, Point};

/// `T~(z)` is the sum over the pieces of T of `eq(first variables of the piece, first coordinates of z)` times the piece's own
/// extension at the others, where the coordinates of z are in the order of the cells. What no piece holds is zero. This factor, and
/// the point of the others.
pub(crate) fn at_piece(cut: &Cut, piece: Piece, z: &Point, drawn: &Drawn) -> Result<(Fr, Point), BlockError> {
    let [fixed, within] = z.permuted(&cut.order())?.split_low(piece.vars);
    let slice = drawn.coords(&Point::bits(piece.slice, fixed.len()))?;
    Ok((eq_eval(&slice, &drawn.coords(&fixed)?), within))
}

#[cfg(feature = "prover")]
pub(crate) mod prover {
    //! Cells of pieces, from and to entries.

    use std::borrow::Cow;

    use zktorch_graph::Shape;
    use zktorch_graph::layout::{Cut, Piece, Place};

    /// Writes the real entries that lie in a piece to its cells; the others stay as they are.
    pub(crate) fn lay_into<T: Copy + Into<i32>>(
        values: &[T],
        shape: &Shape,
        cut: &Cut,
        piece: Piece,
        cells: &mut [i32],
    ) {
        cut.rows(piece, |cell, index, count| {
            let first = index.iter().zip(shape.dims()).fold(0, |first, (i, dim)| first * *dim as usize + i);
            let row = cells[cell..cell + count].iter_mut().zip(&values[first..first + count]);
            row.for_each(|(cell, value)| *cell = (*value).into());
        });
    }

    /// The padded entries of the tensor that lies at a place of a column, in its own order.
    pub(crate) fn whole<'c>(column: &'c [i32], shape: &Shape, place: &Place) -> Option<Cow<'c, [i32]>> {
        let of = |(piece, offset): (&Piece, &usize)| column.get(*offset..*offset + (1 << piece.vars));
        let mut pieces = place.cut.pieces().iter().zip(&place.offsets);
        if place.cut.is_whole() {
            return pieces.next().and_then(of).map(Cow::Borrowed);
        }
        let mut entries = vec![0; shape.padded_len()];
        for (piece, offset) in pieces {
            let cells = of((piece, offset))?;
            place.cut.rows(*piece, |cell, index, count| {
                let first =
                    index.iter().zip(shape.vars()).fold(0, |first: usize, (i, vars)| (first << vars) + i);
                entries[first..first + count].copy_from_slice(&cells[cell..cell + count]);
            });
        }
        Some(Cow::Owned(entries))
    }

    #[cfg(test)]
    mod tests {
        use std::sync::Arc;

        use super::*;
        use crate::pad::pad;

        #[test]
        fn what_is_laid_down_is_what_is_read() {
            for dims in
                [vec![12, 32, 128], vec![384, 65], vec![768, 30, 1], vec![3, 5], vec![], vec![100, 200]]
            {
                let shape = Shape::new(dims);
                let cut = Cut::new(&shape);
                let values: Vec<i32> = (1..).take(shape.len()).collect();
                let (mut column, mut offsets) = (Vec::new(), Vec::new());
                for piece in cut.pieces() {
                    offsets.push(column.len());
                    column.resize(column.len() + (1 << piece.vars), 0);
                    lay_into(&values, &shape, &cut, *piece, &mut column[offsets[offsets.len() - 1]..]);
                }
                let arena = zktorch_graph::layout::ArenaKind::Ranged;
                let place = Place { arena, cut: Arc::new(cut), offsets, output: false };
                assert_eq!(whole(&column, &shape, &place).unwrap(), pad(&values, &shape), "{shape:?}");
            }
        }
    }
}
