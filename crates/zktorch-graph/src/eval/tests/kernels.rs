//! The matrix products at sizes around their blocks.

use super::super::matmul::{Size, batched, blocked, plain};
use super::*;

fn naive(size: Size, a: &[i64], b: &[i64], c: &mut [i64]) {
    for i in 0..size.m {
        for j in 0..size.n {
            c[i * size.n + j] = (0..size.k).map(|k| a[i * size.k + k] * b[k * size.n + j]).sum::<i64>();
        }
    }
}

#[test]
fn products_at_block_boundaries() {
    let mut random = Random(1);
    for m in [1, 3, 4, 5, 65, 130] {
        for n in [1, 2, 4, 7, 33] {
            for k in [1, 7, 8, 9, 511, 513, 1100] {
                let size = Size { m, k, n, transposed: false };
                // Up to the limit of f64: k 2^42 < 2^53.
                let mut values =
                    |len| (0..len).map(|_| random.below(1 << 22) as i64 - (1 << 21)).collect::<Vec<_>>();
                let (a, b, mut c) = (values(m * k), values(k * n), values(m * n));
                let float = |values: &[i64]| values.iter().map(|x| *x as f64).collect::<Vec<f64>>();
                let (fa, fb, mut fc) = (float(&a), float(&b), float(&c));
                let mut fd = fc.clone();
                blocked(size, &fa, &fb, &mut fc);
                plain(size, &fa, &fb, &mut fd);
                naive(size, &a, &b, &mut c);
                assert!(fc == float(&c), "blocked {size:?}");
                assert!(fd == float(&c), "plain {size:?}");
                // The same with the second matrix by columns.
                let size = Size { transposed: true, ..size };
                let fb: Vec<f64> =
                    (0..n).flat_map(|j| (0..k).map(move |i| (i, j))).map(|(i, j)| fb[i * n + j]).collect();
                blocked(size, &fa, &fb, &mut fc);
                plain(size, &fa, &fb, &mut fd);
                assert!(fc == float(&c), "blocked {size:?}");
                assert!(fd == float(&c), "plain {size:?}");
            }
        }
    }
}

#[test]
fn batches() {
    let mut random = Random(2);
    for (batch, m, k, n) in
        [(40_000, 1, 1, 1), (5, 1, 1, 1), (3000, 2, 3, 4), (3, 40, 50, 60), (70, 1, 9, 100)]
    {
        let size = Size { m, k, n, transposed: false };
        let mut values = |len| (0..len).map(|_| i64::from(random.next() as i16)).collect::<Vec<_>>();
        let (a, b) = (values(batch * m * k), values(batch * k * n));
        let mut c = vec![0; batch * m * n];
        let mut expected = c.clone();
        for (i, c) in expected.chunks_mut(m * n).enumerate() {
            naive(size, &a[i * m * k..][..m * k], &b[i * k * n..][..k * n], c);
        }
        batched(size, &a, &b, &mut c);
        assert_eq!(c, expected, "{size:?}");
        let columns: Vec<i64> = b
            .chunks(k * n)
            .flat_map(|b| (0..n).flat_map(move |j| (0..k).map(move |i| b[i * n + j])))
            .collect();
        batched(Size { transposed: true, ..size }, &a, &columns, &mut c);
        assert_eq!(c, expected, "transposed {size:?}");
    }
}
