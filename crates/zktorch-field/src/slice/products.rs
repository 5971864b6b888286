//! Element-wise and inner products.

use super::piece_len;
use crate::{
    Backend, Block, Element, FieldError, Kernel, LANES, Packed, PackedVec, dispatch, error::check_len, par,
};

/// sum_i a_i b_i.
///
/// # Errors
/// [`FieldError::LengthMismatch`].
pub fn inner_product<F: Element>(a: &[F], b: &[F]) -> Result<F, FieldError> {
    check_len("inner product", a.len(), b.len())?;
    let size = piece_len(a.len());
    let sum = par::map_reduce(
        a.len(),
        size,
        |range| dispatch(SliceProduct { a: &a[range.clone()], b: &b[range] }),
        |x, y| x + y,
    );
    Ok(sum.unwrap_or(F::ZERO))
}

/// sum_i a_i b_i over packed vectors.
///
/// # Errors
/// [`FieldError::LengthMismatch`].
pub fn inner_product_packed<F: Element>(a: &PackedVec<F>, b: &PackedVec<F>) -> Result<F, FieldError> {
    check_len("inner product", a.len(), b.len())?;
    let (a, b) = (a.blocks(), b.blocks());
    let size = piece_len(a.len() * LANES) / LANES;
    let sum = par::map_reduce(
        a.len(),
        size,
        |range| dispatch(BlockProduct { a: &a[range.clone()], b: &b[range] }),
        |x, y| x + y,
    );
    Ok(sum.unwrap_or(F::ZERO))
}

/// a_i <- a_i b_i.
///
/// # Errors
/// [`FieldError::LengthMismatch`].
pub fn multiply<F: Element>(a: &mut PackedVec<F>, b: &PackedVec<F>) -> Result<(), FieldError> {
    check_len("multiply", a.len(), b.len())?;
    let size = piece_len(a.len()) / LANES;
    par::for_each_chunk_mut(a.blocks_mut(), size, |i, a| {
        dispatch(Multiply { a, b: &b.blocks()[i * size..] });
    });
    Ok(())
}

struct SliceProduct<'a, F> {
    a: &'a [F],
    b: &'a [F],
}

impl<F: Element> Kernel for SliceProduct<'_, F> {
    type Output = F;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> F {
        let (a, a_rest) = self.a.as_chunks::<{ 2 * LANES }>();
        let (b, b_rest) = self.b.as_chunks::<{ 2 * LANES }>();
        let (mut even, mut odd) = (F::Packed::<B>::acc_zero(), F::Packed::<B>::acc_zero());
        for (a, b) in a.iter().zip(b) {
            let ((a0, a1), (b0, b1)) = (load_two::<B, F>(a), load_two::<B, F>(b));
            F::Packed::<B>::acc_mul_add2([&mut even, &mut odd], a0, b0, a1, b1);
        }
        let mut sum = F::Packed::<B>::acc_reduce(even).add(F::Packed::<B>::acc_reduce(odd)).sum_lanes();
        for (a, b) in a_rest.iter().zip(b_rest) {
            sum += *a * b;
        }
        sum
    }
}

#[inline(always)]
fn load_two<B: Backend, F: Element>(elements: &[F; 2 * LANES]) -> (F::Packed<B>, F::Packed<B>) {
    let (chunks, _) = elements.as_chunks::<LANES>();
    (F::Packed::<B>::load_slice(&chunks[0]), F::Packed::<B>::load_slice(&chunks[1]))
}

struct BlockProduct<'a, F> {
    a: &'a [Block<F>],
    b: &'a [Block<F>],
}

impl<F: Element> Kernel for BlockProduct<'_, F> {
    type Output = F;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> F {
        let (a, a_rest) = self.a.as_chunks::<2>();
        let (b, b_rest) = self.b.as_chunks::<2>();
        let (mut even, mut odd) = (F::Packed::<B>::acc_zero(), F::Packed::<B>::acc_zero());
        for (a, b) in a.iter().zip(b) {
            let (a0, a1) = (F::Packed::<B>::load(&a[0]), F::Packed::<B>::load(&a[1]));
            let (b0, b1) = (F::Packed::<B>::load(&b[0]), F::Packed::<B>::load(&b[1]));
            F::Packed::<B>::acc_mul_add2([&mut even, &mut odd], a0, b0, a1, b1);
        }
        for (a, b) in a_rest.iter().zip(b_rest) {
            F::Packed::<B>::acc_mul_add(&mut even, F::Packed::<B>::load(a), F::Packed::<B>::load(b));
        }
        F::Packed::<B>::acc_reduce(even).add(F::Packed::<B>::acc_reduce(odd)).sum_lanes()
    }
}

struct Multiply<'a, F> {
    a: &'a mut [Block<F>],
    b: &'a [Block<F>],
}

impl<F: Element> Kernel for Multiply<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        for (a, b) in self.a.iter_mut().zip(self.b) {
            F::Packed::<B>::mul_in_place(a, b);
        }
    }
}
