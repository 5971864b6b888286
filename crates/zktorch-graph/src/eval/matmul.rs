//! Matrix products of small matrices and large ones.

use zktorch_field::par;

use super::number::Number;

/// An m x k matrix times a k x n matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) m: usize,
    pub(super) k: usize,
    pub(super) n: usize,
}

/// Rows and columns of the block of c that stays in registers: 16 numbers are eight 128-bit registers of f64.
pub(super) const ROWS: usize = 4;
pub(super) const COLUMNS: usize = 4;
/// Length of the piece of k whose panel of b stays in the L1 cache (16 KiB).
const DEPTH: usize = 512;
/// Rows of a task: DEPTH x TASK numbers of a stay in the L2 cache.
const TASK: usize = 64;
/// Products below which a task is not worth a thread.
const SMALL: usize = 1 << 15;

/// `c[i] += a[i] b[i]` for every i of a batch.
pub(super) fn batched<N: Number>(size: Size, a: &[N], b: &[N], c: &mut [N]) {
    let Size { m, k, n } = size;
    if m == 1 && n == 1 && k == 1 {
        par::for_each_chunk_mut(c, SMALL, |i, c| {
            let at = i * SMALL;
            c.iter_mut().zip(&a[at..]).zip(&b[at..]).for_each(|((c, a), b)| *c += *a * *b);
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
    let Size { k, n, .. } = size;
    let rows = (SMALL / (k * n).max(1)).max(1);
    par::for_each_chunk_mut(c, rows * n, |i, c| {
        for (j, c) in c.chunks_mut(n).enumerate() {
            let a = &a[(i * rows + j) * k..][..k];
            if n == 1 {
                c[0] += dot(a, b);
                continue;
            }
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

/// In blocks: b is stored once in panels of `COLUMNS` columns (zeros beyond n), tasks take `TASK` rows.
pub(super) fn packed(size: Size, a: &[f64], b: &[f64], c: &mut [f64]) {
    let Size { m, k, n } = size;
    let panels = n.div_ceil(COLUMNS);
    let mut packed = vec![[0.0; COLUMNS]; panels * k];
    par::for_each_chunk_mut(&mut packed, k, |panel, rows| {
        let columns = panel * COLUMNS..n.min((panel + 1) * COLUMNS);
        for (row, b) in rows.iter_mut().zip(b.chunks(n)) {
            row[..columns.len()].copy_from_slice(&b[columns.clone()]);
        }
    });
    let share = m.div_ceil(par::current_num_threads()).next_multiple_of(ROWS).min(TASK);
    par::for_each_chunk_mut(c, share * n, |task, c| {
        let a = &a[task * share * k..][..c.len() / n * k];
        for from in (0..k).step_by(DEPTH) {
            let depth = from..k.min(from + DEPTH);
            for (panel, b) in packed.chunks(k).enumerate() {
                let b = &b[depth.clone()];
                let column = panel * COLUMNS;
                for (c, a) in c.chunks_mut(ROWS * n).zip(a.chunks(ROWS * k)) {
                    block(a, b, c, column, (k, depth.start, n));
                }
            }
        }
    });
}

/// Up to `ROWS` rows of a times one panel of b.
fn block(a: &[f64], b: &[[f64; COLUMNS]], c: &mut [f64], column: usize, sizes: (usize, usize, usize)) {
    let (k, from, n) = sizes;
    let count = a.len() / k;
    // A missing row repeats the first; its sums are dropped.
    let rows: [&[f64]; ROWS] =
        std::array::from_fn(|i| &a[if i < count { i } else { 0 } * k + from..][..b.len()]);
    let mut sums = [[0.0; COLUMNS]; ROWS];
    for (at, b) in b.iter().enumerate() {
        for (sums, row) in sums.iter_mut().zip(&rows) {
            let a = row[at];
            (0..COLUMNS).for_each(|j| sums[j] += a * b[j]);
        }
    }
    for (c, sums) in c.chunks_mut(n).zip(&sums) {
        c[column..].iter_mut().zip(sums).for_each(|(c, sum)| *c += sum);
    }
}
