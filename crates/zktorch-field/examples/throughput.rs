//! Throughput of the backends against arkworks: one thread, arrays that stay in the second cache level.
//!
//! ```text
//! cargo run --release -p zktorch-field --example throughput
//! ```
//! Each line is the best of several repetitions, in nanoseconds per element (or product), and its ratio to the
//! same computation in arkworks in the same process.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a program that prints a table")]

use std::{hint::black_box, time::Instant};

use zktorch_field::{
    Backend, BackendKind, Element, Fq, Fr, Ints, Kernel, LANES, Packed, PackedVec, dispatch_on, invert,
    slice::{batch_inverse, combine_rows},
};

/// Elements per array: 512, 16 KiB at rest.
const N: usize = 1 << 9;
/// Rows of the matrix of integers.
const ROWS: usize = 64;

/// The best time of one run of the body, in nanoseconds per element. (A macro, not a function of a closure: kernels
/// must not contain closures, see `zktorch_field::backend`.)
macro_rules! best {
    ($elements:expr, $body:block) => {{
        let mut best = f64::INFINITY;
        for _ in 0..40 {
            let start = Instant::now();
            for _ in 0..4 {
                $body
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / (4 * $elements) as f64);
        }
        best
    }};
}

/// Whether `B` is the backend of the slice operations.
fn is_active<B: Backend>() -> bool {
    BackendKind::active().name() == B::NAME
}

/// What is measured: the same computation by arkworks and as a kernel.
trait Measure<F: Element>: Sized {
    const NAME: &'static str;
    fn arkworks(input: &Input<F>) -> f64;
    fn packed<B: Backend>(input: &Input<F>) -> f64;
}

struct Input<F> {
    a: Vec<F>,
    b: Vec<F>,
    pa: PackedVec<F>,
    pb: PackedVec<F>,
    ints: Vec<i16>,
    r: F,
}

impl<F: Element> Input<F> {
    fn new() -> Self {
        let mut x = F::from(3u64);
        let mut next = || {
            x = x.square() + F::from(7u64);
            x
        };
        let (a, b): (Vec<F>, Vec<F>) = (0..N).map(|_| (next(), next())).unzip();
        let ints = (0..N * ROWS)
            .map(|i| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(20) as i16)
            .collect();
        let (pa, pb) = (PackedVec::from_slice(&a), PackedVec::from_slice(&b));
        Self { a, b, pa, pb, ints, r: next() }
    }
}

struct OnBackend<'a, F, M>(&'a Input<F>, std::marker::PhantomData<M>);

impl<F: Element, M: Measure<F>> Kernel for OnBackend<'_, F, M> {
    type Output = f64;
    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> f64 {
        M::packed::<B>(self.0)
    }
}

fn report<F: Element, M: Measure<F>>(field: &str, input: &Input<F>) {
    let ark = M::arkworks(input);
    print!("{field} {:<34} arkworks {ark:>6.2} ns", M::NAME);
    for kind in BackendKind::available() {
        let ns = dispatch_on(kind, OnBackend::<F, M>(input, std::marker::PhantomData));
        if !ns.is_nan() {
            print!("   {} {ns:>6.2} ns {:>5.2}x", kind.name(), ark / ns);
        }
    }
    println!();
}

/// x_i *= y_i, values staying in the working form between the steps, as in a longer kernel.
struct Multiply;
impl<F: Element> Measure<F> for Multiply {
    const NAME: &'static str = "mul, in working form";
    fn arkworks(input: &Input<F>) -> f64 {
        let (mut x, y) = (input.a.clone(), &input.b);
        best!(N, {
            for (x, y) in x.iter_mut().zip(y) {
                *x *= y;
            }
            black_box(&mut x);
        })
    }
    #[inline(always)]
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        let mut x = Vec::with_capacity(N / LANES);
        let mut y = Vec::with_capacity(N / LANES);
        for (a, b) in input.pa.blocks().iter().zip(input.pb.blocks()) {
            x.push(F::Packed::<B>::load(a));
            y.push(F::Packed::<B>::load(b));
        }
        best!(N, {
            for (x, y) in x.iter_mut().zip(&y) {
                *x = x.mul(*y);
            }
            black_box(&mut x);
        })
    }
}

/// The same, two at a time.
struct Multiply2;
impl<F: Element> Measure<F> for Multiply2 {
    const NAME: &'static str = "mul2, in working form";
    fn arkworks(input: &Input<F>) -> f64 {
        Multiply::arkworks(input)
    }
    #[inline(always)]
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        let mut x = Vec::with_capacity(N / LANES);
        let mut y = Vec::with_capacity(N / LANES);
        for (a, b) in input.pa.blocks().iter().zip(input.pb.blocks()) {
            x.push(F::Packed::<B>::load(a));
            y.push(F::Packed::<B>::load(b));
        }
        best!(N, {
            for (x, y) in x.as_chunks_mut::<2>().0.iter_mut().zip(y.as_chunks::<2>().0) {
                (x[0], x[1]) = F::Packed::<B>::mul2(x[0], y[0], x[1], y[1]);
            }
            black_box(&mut x);
        })
    }
}

/// x_i = x_i^2.
struct Square;
impl<F: Element> Measure<F> for Square {
    const NAME: &'static str = "square, in working form";
    fn arkworks(input: &Input<F>) -> f64 {
        let mut x = input.a.clone();
        best!(N, {
            for x in &mut x {
                x.square_in_place();
            }
            black_box(&mut x);
        })
    }
    #[inline(always)]
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        let mut x = Vec::with_capacity(N / LANES);
        for a in input.pa.blocks().iter() {
            x.push(F::Packed::<B>::load(a));
        }
        best!(N, {
            for x in &mut x {
                *x = x.square();
            }
            black_box(&mut x);
        })
    }
}

/// x_i *= y_i from and to vectors at rest (canonical before and after).
struct MultiplyAtRest;
impl<F: Element> Measure<F> for MultiplyAtRest {
    const NAME: &'static str = "mul, at rest";
    fn arkworks(input: &Input<F>) -> f64 {
        Multiply::arkworks(input)
    }
    #[inline(always)]
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        let (mut x, y) = (input.pa.clone(), &input.pb);
        best!(N, {
            for (x, y) in x.blocks_mut().iter_mut().zip(y.blocks()) {
                F::Packed::<B>::mul_in_place(x, y);
            }
            black_box(&mut x);
        })
    }
}

/// sum x_i y_i over arrays of elements.
struct InnerProduct;
impl<F: Element> Measure<F> for InnerProduct {
    const NAME: &'static str = "inner product, packed vectors";
    fn arkworks(input: &Input<F>) -> f64 {
        best!(N, {
            let mut sum = F::ZERO;
            for (x, y) in black_box(&input.a).iter().zip(&input.b) {
                sum += *x * y;
            }
            black_box(sum);
        })
    }
    #[inline(always)]
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        best!(N, {
            let (mut even, mut odd) = (F::Packed::<B>::acc_zero(), F::Packed::<B>::acc_zero());
            let x = black_box(&input.pa).blocks().as_chunks::<2>().0;
            for (x, y) in x.iter().zip(input.pb.blocks().as_chunks::<2>().0) {
                F::Packed::<B>::acc_mul_add2(
                    [&mut even, &mut odd],
                    F::Packed::<B>::load(&x[0]),
                    F::Packed::<B>::load(&y[0]),
                    F::Packed::<B>::load(&x[1]),
                    F::Packed::<B>::load(&y[1]),
                );
            }
            black_box(F::Packed::<B>::acc_reduce(even).add(F::Packed::<B>::acc_reduce(odd)).sum_lanes());
        })
    }
}

/// lo + r (hi - lo), per output.
struct Bind;
impl<F: Element> Measure<F> for Bind {
    const NAME: &'static str = "bind, at rest, per output";
    fn arkworks(input: &Input<F>) -> f64 {
        let mut lo = input.a.clone();
        best!(N, {
            for (lo, hi) in lo.iter_mut().zip(&input.b) {
                *lo += input.r * (*hi - *lo);
            }
            black_box(&mut lo);
        })
    }
    #[inline(always)]
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        let mut lo = input.pa.clone();
        let r = F::Packed::<B>::splat(input.r);
        best!(N, {
            for (lo, hi) in lo.blocks_mut().iter_mut().zip(input.pb.blocks()) {
                F::Packed::<B>::bind_in_place(lo, hi, r);
            }
            black_box(&mut lo);
        })
    }
}

/// sum w_i n_i, n 16-bit.
struct SmallInnerProduct;
impl<F: Element> Measure<F> for SmallInnerProduct {
    const NAME: &'static str = "inner product with i16";
    fn arkworks(input: &Input<F>) -> f64 {
        best!(N, {
            let mut sum = F::ZERO;
            for (w, n) in black_box(&input.a).iter().zip(&input.ints) {
                sum += *w * F::from(*n);
            }
            black_box(sum);
        })
    }
    #[inline(always)]
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        best!(N, {
            let mut acc = F::Packed::<B>::small_zero();
            for (w, n) in black_box(&input.pa).blocks().iter().zip(input.ints.as_chunks::<LANES>().0) {
                F::Packed::<B>::small_mul_add(&mut acc, F::Packed::<B>::load(w), B::Ints::load_i16(n));
            }
            black_box(F::Packed::<B>::small_reduce(acc).sum_lanes());
        })
    }
}

/// sum_r w_r m[r][c] over 64 rows of 16-bit integers, per entry of the matrix.
struct CombineRows;
impl<F: Element> Measure<F> for CombineRows {
    const NAME: &'static str = "combination of 64 i16 rows, per entry";
    fn arkworks(input: &Input<F>) -> f64 {
        let mut out = vec![F::ZERO; 64];
        best!(64 * ROWS, {
            for (c, out) in out.iter_mut().enumerate() {
                *out = F::ZERO;
                for r in 0..ROWS {
                    *out += input.a[r] * F::from(input.ints[r * N + c]);
                }
            }
            black_box(&mut out);
        })
    }
    #[inline(always)]
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        if !is_active::<B>() {
            return f64::NAN;
        }
        let rows: Vec<&[i16]> = input.ints.chunks(N).collect();
        best!(N * ROWS, {
            black_box(combine_rows(&input.a[..ROWS], black_box(&rows), N)).expect("equal lengths");
        })
    }
}

/// lo + r (hi - lo) over 16-bit integers, per output.
struct SmallBind;
impl<F: Element> Measure<F> for SmallBind {
    const NAME: &'static str = "bind of i16, per output";
    fn arkworks(input: &Input<F>) -> f64 {
        let mut out = vec![F::ZERO; N];
        best!(N, {
            for (i, out) in out.iter_mut().enumerate() {
                let (lo, hi) = (i64::from(input.ints[i]), i64::from(input.ints[N + i]));
                *out = F::from(lo) + input.r * F::from(hi - lo);
            }
            black_box(&mut out);
        })
    }
    #[inline(always)]
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        let r = F::Packed::<B>::small_bind_prepare(input.r);
        let mut out = PackedVec::<F>::zeros(N);
        let (lo, hi) = (input.ints[..N].as_chunks::<LANES>().0, input.ints[N..2 * N].as_chunks::<LANES>().0);
        best!(N, {
            for ((out, lo), hi) in out.blocks_mut().iter_mut().zip(lo).zip(hi) {
                F::Packed::<B>::small_bind(&r, B::Ints::load_i16(lo), B::Ints::load_i16(hi)).store(out);
            }
            black_box(&mut out);
        })
    }
}

/// All inverses of an array, arkworks by its own batch inversion.
struct BatchInverse;
impl<F: Element> Measure<F> for BatchInverse {
    const NAME: &'static str = "batch inverse of 512";
    fn arkworks(input: &Input<F>) -> f64 {
        let mut x = input.a.clone();
        best!(N, {
            ark_ff::batch_inversion(&mut x);
            black_box(&mut x);
        })
    }
    #[inline(always)]
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        if !is_active::<B>() {
            return f64::NAN;
        }
        let mut x = input.a.clone();
        best!(N, {
            batch_inverse(&mut x);
            black_box(&mut x);
        })
    }
}

/// One inverse after the other.
struct Inverse;
impl<F: Element> Measure<F> for Inverse {
    const NAME: &'static str = "inverse, one by one";
    fn arkworks(input: &Input<F>) -> f64 {
        let mut x = input.r;
        best!(1, { x = x.inverse().unwrap_or(F::ONE) + F::ONE })
    }
    fn packed<B: Backend>(input: &Input<F>) -> f64 {
        let mut x = input.r;
        best!(1, { x = invert(&x).unwrap_or(F::ONE) + F::ONE })
    }
}

fn field<F: Element>(name: &str) {
    let input = Input::<F>::new();
    report::<F, Multiply>(name, &input);
    report::<F, Multiply2>(name, &input);
    report::<F, Square>(name, &input);
    report::<F, MultiplyAtRest>(name, &input);
    report::<F, InnerProduct>(name, &input);
    report::<F, Bind>(name, &input);
    report::<F, SmallInnerProduct>(name, &input);
    report::<F, CombineRows>(name, &input);
    report::<F, SmallBind>(name, &input);
    report::<F, BatchInverse>(name, &input);
    report::<F, Inverse>(name, &input);
}

fn main() {
    field::<Fr>("Fr");
    field::<Fq>("Fq");
}
