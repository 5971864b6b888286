//! Matrix products of small matrices and large ones.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, ShapeError};
use zktorch_field::par;

use super::number::Number;

/// An m x k matrix times a k x n matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) m: usize,
    pub(super) k: usize,
    pub(super) n: usize,
    /// The second matrix lies in memory by columns: n x k.
    pub(super) transposed: bool,
}

/// Sides below which the library is not faster.
pub(super) const BLOCK: usize = 4;
/// Products below which a task is not worth a thread.
const SMALL: usize = 1 << 15;

/// `c[i] = a[i] b[i]` for every i of a batch.
pub(super) fn batched<N: Number>(size: Size, a: &[N], b: &[N], c: &mut [N]) {
    let Size { m, k, n, transposed } = size;
    if m == 1 && transposed {
        // The threads share the rows of the first matrix.
        return batched(Size { m: n, k, n: 1, transposed: false }, b, a, c);
    }
    if m == 1 && n == 1 && k == 1 {
        par::for_each_chunk_mut(c, SMALL, |i, c| {
            let at = i * SMALL;
            c.iter_mut().zip(&a[at..]).zip(&b[at..]).for_each(|((c, a), b)| *c = *a * *b);
        });
        return;
    }
    // Several small products a task; within a large one the threads share the work.
    let group = (SMALL / (m * k * n).max(1)).max(1);
    par::for_each_chunk_mut(c, group * m * n, |i, c| {
        for (j, c) in c.chunks_mut(m * n).enumerate() {
            let at = i * group + j;
            N::matmul(size, &a[at * m * k..(at + 1) * m * k], &b[at * k * n..(at + 1) * k * n], c);
        }
    });
}

/// Row by row, for any type and size.
pub(super) fn plain<N: Number>(size: Size, a: &[N], b: &[N], c: &mut [N]) {
    let Size { k, n, transposed, .. } = size;
    let rows = (SMALL / (k * n).max(1)).max(1);
    par::for_each_chunk_mut(c, rows * n, |i, c| {
        for (j, c) in c.chunks_mut(n).enumerate() {
            let a = &a[(i * rows + j) * k..][..k];
            if n == 1 || transposed {
                c.iter_mut().zip(b.chunks(k)).for_each(|(c, b)| *c = dot(a, b));
                continue;
            }
            c.fill(N::default());
            for (a, b) in a.iter().zip(b.chunks(n)) {
                c.iter_mut().zip(b).for_each(|(c, b)| *c += *a * *b);
            }
        }
    });
}

/// With several sums, as one alone would wait for each addition.
fn dot<N: Number>(a: &[N], b: &[N]) -> N {
    let mut sums = [N::default(); 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (a, b) in a8.iter().zip(b8) {
        (0..8).for_each(|i| sums[i] += a[i] * b[i]);
    }
    a_rest.iter().zip(b_rest).for_each(|(a, b)| sums[0] += *a * *b);
    sums.into_iter().fold(N::default(), |sum, x| sum + x)
}

/// With a library's kernels. The order of the additions is theirs; sums below 2^53 are exact in any order.
pub(super) fn blocked(size: Size, a: &[f64], b: &[f64], c: &mut [f64]) {
    let Size { m, n, .. } = size;
    let threads = par::current_num_threads();
    // Every task sorts the operand that is not cut into the order of the kernel: the threads share the longer side, once.
    if m >= n {
        let rows = m.div_ceil(threads);
        par::for_each_chunk_mut(c, rows * n, |task, c| {
            let count = c.len() / n;
            let a = &a[task * rows * size.k..][..count * size.k];
            let matrices = matrices(Size { m: count, ..size }, a, b, c);
            if let Ok((a, b, mut c)) = matrices {
                general_mat_mul(1.0, &a, &b, 0.0, &mut c);
            }
        });
    } else if let Ok((a, b, mut c)) = matrices(size, a, b, c) {
        let columns = n.div_ceil(threads);
        let parts = b.axis_chunks_iter(Axis(1), columns).zip(c.axis_chunks_iter_mut(Axis(1), columns));
        par::map_vec(parts.collect(), |(b, mut c)| general_mat_mul(1.0, &a, &b, 0.0, &mut c));
    }
}

/// The factors of a product and the matrix that it is added to.
type Matrices<'s> = (ArrayView2<'s, f64>, ArrayView2<'s, f64>, ArrayViewMut2<'s, f64>);

/// The three slices as matrices; an error if their lengths are not those of `size`, which callers see to.
fn matrices<'s>(
    Size { m, k, n, transposed }: Size,
    a: &'s [f64],
    b: &'s [f64],
    c: &'s mut [f64],
) -> Result<Matrices<'s>, ShapeError> {
    Ok((
        ArrayView2::from_shape((m, k), a)?,
        match transposed {
            true => ArrayView2::from_shape((n, k), b)?.reversed_axes(),
            false => ArrayView2::from_shape((k, n), b)?,
        },
        ArrayViewMut2::from_shape((m, n), c)?,
    ))
}
