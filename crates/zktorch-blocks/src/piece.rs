//! Pieces of tensors: what an evaluation of a tensor is on the cells of each.

use zktorch_field::Fr;
use zktorch_graph::layout::{Piece, Place};
use zktorch_sumcheck::eq_eval;

use crate::BlockError;
use crate::point::{Drawn, Point};

/// A piece's part in the evaluation of its tensor.
#[derive(Debug)]
pub(crate) struct Part {
    /// Where the piece lies in its column.
    pub(crate) offset: usize,
    /// What its own extension is multiplied with.
    pub(crate) scale: Fr,
    /// The point of that extension: as many coordinates as the piece has variables.
    pub(crate) point: Point,
}

/// `T~(z)` is the sum over the pieces of T of `eq(first variables of the piece, first coordinates of z)` times the piece's own
/// extension at the others, where the coordinates of z are in the order of the cells. What no piece holds is zero.
pub(crate) fn parts(place: &Place, z: &Point, drawn: &Drawn) -> Result<Vec<Part>, BlockError> {
    let z = z.permuted(&place.cut.order())?;
    let part = |(Piece { vars, slice }, offset)| {
        let [fixed, point] = z.split_low(vars);
        let slice = drawn.coords(&Point::bits(slice, fixed.len()))?;
        Ok(Part { offset, scale: eq_eval(&slice, &drawn.coords(&fixed)?), point })
    };
    place.pieces().map(part).collect()
}

#[cfg(feature = "prover")]
pub(crate) mod prover {
    //! Cells of pieces, from and to entries.

    use std::borrow::Cow;

    use zktorch_graph::Shape;
    use zktorch_graph::layout::{Cut, Piece, Place};

    use crate::cells::Cells;

    /// Writes the real entries that lie in a piece to its cells; the others stay as they are.
    pub(crate) fn lay_into<T: Copy>(values: &[T], shape: &Shape, cut: &Cut, piece: Piece, cells: &mut [T]) {
        cut.rows(piece, |cell, index, count| {
            let first = index.iter().zip(shape.dims()).fold(0, |first, (i, dim)| first * *dim as usize + i);
            cells[cell..cell + count].copy_from_slice(&values[first..first + count]);
        });
    }

    /// The real entries of the tensor that lies at a place of a column, of which these are the cells from number `start` on; lent
    /// where they lie in their own order.
    pub(crate) fn real_entries<'c, T: Copy + Default>(
        cells: &'c [T],
        start: usize,
        shape: &Shape,
        place: &Place,
    ) -> Option<Cow<'c, [T]>> {
        let at = |offset: usize, len: usize| {
            let first = offset.checked_sub(start)?;
            cells.get(first..first.checked_add(len)?)
        };
        let inner = shape.dims().get(1..).unwrap_or_default();
        if let ([_], [offset], true) =
            (place.cut.pieces(), place.offsets.as_slice(), inner.iter().all(|dim| dim.is_power_of_two()))
            && place.cut.is_whole()
        {
            return at(*offset, shape.len()).map(Cow::Borrowed);
        }
        let mut entries = vec![T::default(); shape.len()];
        for (piece, offset) in place.pieces() {
            let cells = at(offset, 1 << piece.vars)?;
            place.cut.rows(piece, |cell, index, count| {
                let first =
                    index.iter().zip(shape.dims()).fold(0, |first, (i, dim)| first * *dim as usize + i);
                entries[first..first + count].copy_from_slice(&cells[cell..cell + count]);
            });
        }
        Some(Cow::Owned(entries))
    }

    /// The padded entries of a tensor, in its own order.
    #[derive(Clone, Debug)]
    pub(crate) enum Entries<'c> {
        /// As its cells lie.
        Lie(Cells<'c>),
        /// Put together from pieces.
        I16(Vec<i16>),
        I32(Vec<i32>),
    }

    impl<'c> Entries<'c> {
        /// Of the tensor that lies at a place of a column.
        pub(crate) fn new(column: Cells<'c>, shape: &Shape, place: &Place) -> Option<Self> {
            if let ([piece], [offset], true) =
                (place.cut.pieces(), place.offsets.as_slice(), place.cut.is_whole())
            {
                return column.get(*offset..*offset + (1 << piece.vars)).map(Self::Lie);
            }
            match column {
                Cells::I16(column) => gather(column, shape, place).map(Self::I16),
                Cells::I32(column) => gather(column, shape, place).map(Self::I32),
            }
        }

        /// The entries.
        pub(crate) fn cells(&self) -> Cells<'_> {
            match self {
                Self::Lie(cells) => *cells,
                Self::I16(entries) => entries.into(),
                Self::I32(entries) => entries.into(),
            }
        }
    }

    fn gather<T: Copy + Default>(column: &[T], shape: &Shape, place: &Place) -> Option<Vec<T>> {
        let mut entries = vec![T::default(); shape.padded_len()];
        let vars = shape.vars();
        for (piece, offset) in place.pieces() {
            let cells = column.get(offset..offset + (1 << piece.vars))?;
            place.cut.rows(piece, |cell, index, count| {
                let first = index.iter().zip(&vars).fold(0, |first: usize, (i, vars)| (first << vars) + i);
                entries[first..first + count].copy_from_slice(&cells[cell..cell + count]);
            });
        }
        Some(entries)
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
                let entries = Entries::new(Cells::from(&column), &shape, &place).unwrap();
                let Cells::I32(entries) = entries.cells() else { panic!("32 bits") };
                assert_eq!(entries, pad(&values, &shape), "{shape:?}");
                // The same from a part of a longer column.
                let later = Place { offsets: place.offsets.iter().map(|at| at + 64).collect(), ..place };
                let real = real_entries(&column, 64, &shape, &later).unwrap();
                assert_eq!(*real, values, "{shape:?}");
                assert!(real_entries(&column, 65, &shape, &later).is_none());
                assert!(real_entries(&column[..column.len() / 2], 64, &shape, &later).is_none());
            }
        }
    }
}
