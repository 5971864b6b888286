//! The vectors that are folded, as they lie in memory.

use ark_ff::AdditiveGroup;
use zktorch_field::{Backend, Fr, Ints, Kernel, LANES, Packed, Row, dispatch, par};
use zktorch_sumcheck::Indices;

use crate::kernels;

/// Entries per piece of parallel work.
const PIECE: usize = 1 << 12;

/// The entries of a chunk. Shorter ones continue with zeros.
///
/// Small integers stay small: a product with one costs a fifth of a field product, and reading one a sixteenth.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Column<'a> {
    /// 16-bit integers.
    I16(&'a [i16]),
    /// 32-bit integers.
    I32(&'a [i32]),
    /// Field elements.
    Field(&'a [Fr]),
    /// Entries of a table: the i-th is `table[indices[i]]`. For columns with few distinct entries, such as inverses of looked-up
    /// values: an index is an eighth of a field element, if it takes memory at all, and the table stays in the cache.
    Gathered(&'a [Row<Fr>], Indices<'a>),
}

impl Column<'_> {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::I16(v) => v.len(),
            Self::I32(v) => v.len(),
            Self::Field(v) => v.len(),
            Self::Gathered(_, indices) => indices.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the entries are integers.
    pub(crate) fn is_small(&self) -> bool {
        matches!(self, Self::I16(_) | Self::I32(_))
    }

    /// The entries as field elements.
    pub fn to_field(&self) -> Vec<Fr> {
        struct Convert<'c, 'a>(&'c Column<'a>, usize, &'c mut [Fr]);
        impl Kernel for Convert<'_, '_> {
            type Output = ();
            #[inline(always)]
            fn run<B: Backend>(self, _: B) {
                let Self(column, start, out) = self;
                for (i, out) in out.chunks_mut(LANES).enumerate() {
                    kernels::store::<B>(column.load::<B>(start + i * LANES), out);
                }
            }
        }
        if let Self::Field(v) = self {
            return v.to_vec();
        }
        let mut out = vec![Fr::ZERO; self.len()];
        par::for_each_chunk_mut(&mut out, PIECE, |i, out| dispatch(Convert(self, i * PIECE, out)));
        out
    }

    /// Eight entries starting at `start`, zeros past the end.
    #[inline(always)]
    pub(crate) fn load<B: Backend>(&self, start: usize) -> B::Fr {
        match self {
            Self::Field(v) => kernels::load::<B>(v, start),
            Self::Gathered(table, indices) => {
                if let Some(eight) = indices.eight(start) {
                    return B::Fr::gather_rows(table, &eight);
                }
                let mut eight = [Fr::ZERO; LANES];
                for (cell, slot) in (start..).zip(&mut eight) {
                    if let Some(index) = indices.get(cell) {
                        *slot = table[index].get();
                    }
                }
                B::Fr::load_slice(&eight)
            }
            Self::I16(_) | Self::I32(_) => B::Fr::from_ints(self.load_ints::<B>(start)),
        }
    }

    /// Eight integers starting at `start`, zeros past the end (and for a column of field elements).
    #[inline(always)]
    pub(crate) fn load_ints<B: Backend>(&self, start: usize) -> B::Ints {
        match self {
            Self::I16(v) => B::Ints::load_i16(&eight(v, start)),
            Self::I32(v) => B::Ints::load_i32(&eight(v, start)),
            Self::Field(_) | Self::Gathered(..) => B::Ints::splat(0),
        }
    }
}

/// Eight entries starting at `start`, zeros past the end.
#[inline(always)]
fn eight<T: Copy + Default>(v: &[T], start: usize) -> [T; LANES] {
    let rest = v.get(start..).unwrap_or_default();
    match rest.first_chunk::<LANES>() {
        Some(eight) => *eight,
        None => {
            let mut eight = [T::default(); LANES];
            eight.iter_mut().zip(rest).for_each(|(slot, x)| *slot = *x);
            eight
        }
    }
}
