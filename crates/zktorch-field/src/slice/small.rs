//! Products of field elements with vectors of small integers, which are never converted to field elements.

use super::piece_len;
use crate::{
    Backend, Block, Element, FieldError, Ints, Kernel, LANES, Packed, PackedVec, dispatch, error::check_len,
    par,
};

mod sealed {
    pub trait Sealed {}
}

/// An integer type with products by field elements: `i8`, `i16`, `u16`, `i32`, `i64`.
pub trait SmallInt: Copy + Default + Send + Sync + sealed::Sealed + 'static {
    /// Whether every value is below 2^51 in absolute value.
    const NARROW: bool;
    /// Eight integers.
    fn load<I: Ints>(values: &[Self; LANES]) -> I;
}

macro_rules! small_ints {
    ($($int:ty: $load:ident, $narrow:literal;)*) => {$(
        impl sealed::Sealed for $int {}
        impl SmallInt for $int {
            const NARROW: bool = $narrow;
            #[inline(always)]
            fn load<I: Ints>(values: &[Self; LANES]) -> I {
                I::$load(values)
            }
        }
    )*};
}

small_ints! {
    i8: load_i8, true;
    i16: load_i16, true;
    u16: load_u16, true;
    i32: load_i32, true;
    i64: load_i64, false;
}

/// sum_i weights_i values_i.
///
/// # Errors
/// [`FieldError::LengthMismatch`].
pub fn inner_product_small<F: Element, T: SmallInt>(weights: &[F], values: &[T]) -> Result<F, FieldError> {
    check_len("inner product with integers", weights.len(), values.len())?;
    let sum = par::map_reduce(
        values.len(),
        piece_len(values.len()),
        |range| dispatch(SmallProduct { weights: &weights[range.clone()], values: &values[range] }),
        |x, y| x + y,
    );
    Ok(sum.unwrap_or(F::ZERO))
}

/// The random linear combination of rows: `out[c] = sum_r weights_r rows_r[c]`, a vector of `columns` elements.
///
/// # Errors
/// [`FieldError::LengthMismatch`] if there are not as many weights as rows, or a row has another length.
pub fn combine_rows<F: Element, T: SmallInt>(
    weights: &[F],
    rows: &[&[T]],
    columns: usize,
) -> Result<PackedVec<F>, FieldError> {
    check_len("combination of rows: rows", weights.len(), rows.len())?;
    for row in rows {
        check_len("combination of rows: a row", columns, row.len())?;
    }
    let mut out = PackedVec::zeros(columns);
    let size = piece_len(columns.saturating_mul(rows.len()) / 8).div_ceil(rows.len().max(1)).max(8);
    par::for_each_chunk_mut(out.blocks_mut(), size, |i, out| {
        dispatch(CombineRows { out, weights, rows, at: i * size * LANES });
    });
    Ok(out)
}

/// Eight integers from a chunk that may be shorter (the rest is zero).
#[inline(always)]
fn load_padded<I: Ints, T: SmallInt>(values: &[T]) -> I {
    let mut padded = [T::default(); LANES];
    for (slot, value) in padded.iter_mut().zip(values) {
        *slot = *value;
    }
    T::load(&padded)
}

#[inline(always)]
fn mul_add<P: Packed, T: SmallInt>(acc: &mut P::SmallAcc, weight: P, values: P::Ints) {
    if T::NARROW {
        P::small_mul_add(acc, weight, values);
    } else {
        P::small_mul_add_i64(acc, weight, values);
    }
}

struct SmallProduct<'a, F, T> {
    weights: &'a [F],
    values: &'a [T],
}

impl<F: Element, T: SmallInt> Kernel for SmallProduct<'_, F, T> {
    type Output = F;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> F {
        let (weights, weights_rest) = self.weights.as_chunks::<LANES>();
        let (values, values_rest) = self.values.as_chunks::<LANES>();
        let mut acc = F::Packed::<B>::small_zero();
        for (weight, value) in weights.iter().zip(values) {
            mul_add::<F::Packed<B>, T>(&mut acc, F::Packed::<B>::load_slice(weight), T::load(value));
        }
        let mut padded = [F::ZERO; LANES];
        for (slot, weight) in padded.iter_mut().zip(weights_rest) {
            *slot = *weight;
        }
        mul_add::<F::Packed<B>, T>(&mut acc, F::Packed::<B>::load_slice(&padded), load_padded(values_rest));
        F::Packed::<B>::small_reduce(acc).sum_lanes()
    }
}

struct CombineRows<'a, F, T> {
    out: &'a mut [Block<F>],
    weights: &'a [F],
    rows: &'a [&'a [T]],
    /// The column of `out`'s first element.
    at: usize,
}

impl<F: Element, T: SmallInt> Kernel for CombineRows<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let mut weights = Vec::with_capacity(self.weights.len());
        let mut sum = F::Packed::<B>::zero();
        for weight in self.weights {
            let weight = F::Packed::<B>::splat(*weight);
            sum = sum.add(weight);
            weights.push(weight);
        }
        let mut column = self.at;
        let (groups, rest) = self.out.as_chunks_mut::<GROUP>();
        for group in groups {
            // The last group of the matrix may lack a few columns.
            if self.rows.iter().all(|row| row.len() >= column + GROUP * LANES) {
                combine_group::<B, F, T>(group, &weights, sum, self.rows, column);
            } else {
                combine_blocks::<B, F, T>(group, &weights, self.rows, column);
            }
            column += GROUP * LANES;
        }
        combine_blocks::<B, F, T>(rest, &weights, self.rows, column);
    }
}

/// Blocks combined at a time: 32 columns, a cache line of 16-bit integers. (Fewer would read every line of a tall matrix several
/// times, and rows a power of two apart throw each other out of the cache; more would not fit the registers.)
const GROUP: usize = 4;

/// Four full blocks of the combination, from `column` on.
#[inline(always)]
fn combine_group<B: Backend, F: Element, T: SmallInt>(
    out: &mut [Block<F>; GROUP],
    weights: &[F::Packed<B>],
    weight_sum: F::Packed<B>,
    rows: &[&[T]],
    column: usize,
) {
    // Four variables, not an array indexed in a loop: they have to stay in registers.
    let zero = F::Packed::<B>::small_zero();
    let (mut acc0, mut acc1, mut acc2, mut acc3) = (zero, zero, zero, zero);
    for (weight, row) in weights.iter().zip(rows) {
        let (chunks, _) = row[column..column + GROUP * LANES].as_chunks::<LANES>();
        let values = [T::load(&chunks[0]), T::load(&chunks[1]), T::load(&chunks[2]), T::load(&chunks[3])];
        let accs = [&mut acc0, &mut acc1, &mut acc2, &mut acc3];
        if T::NARROW {
            F::Packed::<B>::small_mul_add4_known(accs, *weight, values);
        } else {
            for (acc, values) in accs.into_iter().zip(values) {
                F::Packed::<B>::small_mul_add_i64(acc, *weight, values);
            }
        }
    }
    for (acc, block) in [acc0, acc1, acc2, acc3].into_iter().zip(out) {
        let total = if T::NARROW {
            F::Packed::<B>::small_reduce_known(acc, weight_sum)
        } else {
            F::Packed::<B>::small_reduce(acc)
        };
        total.store(block);
    }
}

/// Blocks of the combination one at a time, from `column` on; columns past the end of a row count as zero.
#[inline(always)]
fn combine_blocks<B: Backend, F: Element, T: SmallInt>(
    out: &mut [Block<F>],
    weights: &[F::Packed<B>],
    rows: &[&[T]],
    column: usize,
) {
    for (k, block) in out.iter_mut().enumerate() {
        let mut acc = F::Packed::<B>::small_zero();
        for (weight, row) in weights.iter().zip(rows) {
            let from = row.len().min(column + k * LANES);
            let to = row.len().min(from + LANES);
            mul_add::<F::Packed<B>, T>(&mut acc, *weight, load_padded(&row[from..to]));
        }
        F::Packed::<B>::small_reduce(acc).store(block);
    }
}
