//! Linear combinations of vectors.

use super::piece_len;
use crate::{
    Backend, Block, Element, FieldError, Kernel, LANES, Packed, PackedVec, dispatch, error::check_len, par,
};

/// y_i <- y_i + a x_i.
///
/// # Errors
/// [`FieldError::LengthMismatch`].
pub fn axpy<F: Element>(y: &mut PackedVec<F>, a: F, x: &PackedVec<F>) -> Result<(), FieldError> {
    check_len("axpy", y.len(), x.len())?;
    let size = piece_len(y.len()) / LANES;
    par::for_each_chunk_mut(y.blocks_mut(), size, |i, y| {
        dispatch(Axpy { y, a, x: &x.blocks()[i * size..] });
    });
    Ok(())
}

/// sum_k weights_k vectors_k, a vector of `len` elements (which says what the sum of no vectors is).
///
/// # Errors
/// [`FieldError::LengthMismatch`] if there are not as many weights as vectors, or a vector has another length.
pub fn linear_combination<F: Element>(
    weights: &[F],
    vectors: &[&PackedVec<F>],
    len: usize,
) -> Result<PackedVec<F>, FieldError> {
    check_len("linear combination: vectors", weights.len(), vectors.len())?;
    for vector in vectors {
        check_len("linear combination: a vector", len, vector.len())?;
    }
    let mut out = PackedVec::zeros(len);
    let size = piece_len(len) / LANES;
    par::for_each_chunk_mut(out.blocks_mut(), size, |i, out| {
        dispatch(Combine { out, weights, vectors, at: i * size });
    });
    Ok(out)
}

struct Axpy<'a, F> {
    y: &'a mut [Block<F>],
    a: F,
    x: &'a [Block<F>],
}

impl<F: Element> Kernel for Axpy<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let a = F::Packed::<B>::splat(self.a);
        for (y, x) in self.y.iter_mut().zip(self.x) {
            F::Packed::<B>::axpy_in_place(y, a, x);
        }
    }
}

struct Combine<'a, F> {
    out: &'a mut [Block<F>],
    weights: &'a [F],
    vectors: &'a [&'a PackedVec<F>],
    /// First block of the vectors that belongs to `out`.
    at: usize,
}

impl<F: Element> Kernel for Combine<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let mut weights = Vec::with_capacity(self.weights.len());
        for weight in self.weights {
            weights.push(F::Packed::<B>::splat(*weight));
        }
        for (i, out) in self.out.iter_mut().enumerate() {
            let mut acc = F::Packed::<B>::acc_zero();
            for (weight, vector) in weights.iter().zip(self.vectors) {
                F::Packed::<B>::acc_mul_add(
                    &mut acc,
                    F::Packed::<B>::load(&vector.blocks()[self.at + i]),
                    *weight,
                );
            }
            F::Packed::<B>::acc_reduce(acc).store(out);
        }
    }
}
