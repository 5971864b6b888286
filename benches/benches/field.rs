//! Packed arithmetic on vectors that stay in the cache, on every backend of the machine, beside arkworks.

use std::hint::black_box;
use std::time::Duration;

use benches::inputs;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zktorch_field::{Backend, BackendKind, Block, Fr, Ints, Kernel, Packed, PackedVec, dispatch_on};

const LEN: usize = 1 << 10;

/// `a <- a b`.
struct Multiply<'a>(&'a mut [Block<Fr>], &'a [Block<Fr>]);

impl Kernel for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        for (a, b) in self.0.iter_mut().zip(self.1) {
            B::Fr::load(a).mul(B::Fr::load(b)).store(a);
        }
    }
}

/// `sum a b`, reduced once.
struct InnerProduct<'a>(&'a [Block<Fr>], &'a [Block<Fr>]);

impl Kernel for InnerProduct<'_> {
    type Output = Fr;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Fr {
        let mut acc = B::Fr::acc_zero();
        for (a, b) in self.0.iter().zip(self.1) {
            B::Fr::acc_mul_add(&mut acc, B::Fr::load(a), B::Fr::load(b));
        }
        B::Fr::acc_reduce(acc).sum_lanes()
    }
}

/// `sum a x` with 16-bit x.
struct SmallInnerProduct<'a>(&'a [Block<Fr>], &'a [i16]);

impl Kernel for SmallInnerProduct<'_> {
    type Output = Fr;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Fr {
        let mut acc = B::Fr::small_zero();
        for (a, x) in self.0.iter().zip(self.1.as_chunks().0) {
            B::Fr::small_mul_add(&mut acc, B::Fr::load(a), B::Ints::load_i16(x));
        }
        B::Fr::small_reduce(acc).sum_lanes()
    }
}

/// `lo <- lo + r (hi - lo)`.
struct Bind<'a>(&'a mut [Block<Fr>], &'a [Block<Fr>], Fr);

impl Kernel for Bind<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let r = B::Fr::splat(self.2);
        for (lo, hi) in self.0.iter_mut().zip(self.1) {
            B::Fr::bind(B::Fr::load(lo), B::Fr::load(hi), r).store(lo);
        }
    }
}

fn arithmetic(criterion: &mut Criterion) {
    let (mut a, b, r) = (inputs::scalars(1, LEN), inputs::scalars(2, LEN), inputs::scalars(3, 1)[0]);
    let small = inputs::uniform_i16(4, LEN);
    let (mut packed_a, packed_b) = (PackedVec::from_slice(&a), PackedVec::from_slice(&b));

    let mut group = criterion.benchmark_group("field");
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group.throughput(Throughput::Elements(LEN as u64));
    for kind in BackendKind::available() {
        let id = |name: &str| BenchmarkId::new(name, kind.name());
        group.bench_function(id("multiply"), |bench| {
            bench.iter(|| dispatch_on(kind, Multiply(packed_a.blocks_mut(), packed_b.blocks())));
        });
        group.bench_function(id("bind"), |bench| {
            bench.iter(|| dispatch_on(kind, Bind(packed_a.blocks_mut(), packed_b.blocks(), r)));
        });
        group.bench_function(id("inner product"), |bench| {
            bench.iter(|| dispatch_on(kind, InnerProduct(packed_a.blocks(), packed_b.blocks())));
        });
        group.bench_function(id("inner product with 16-bit integers"), |bench| {
            bench.iter(|| dispatch_on(kind, SmallInnerProduct(packed_a.blocks(), &small)));
        });
    }
    group.bench_function(BenchmarkId::new("multiply", "arkworks"), |bench| {
        bench.iter(|| a.iter_mut().zip(&b).for_each(|(a, b)| *a *= b));
    });
    group.bench_function(BenchmarkId::new("bind", "arkworks"), |bench| {
        bench.iter(|| a.iter_mut().zip(&b).for_each(|(a, b)| *a += (*b - *a) * r));
    });
    group.bench_function(BenchmarkId::new("inner product", "arkworks"), |bench| {
        bench.iter(|| black_box(a.iter().zip(&b).map(|(a, b)| *a * b).sum::<Fr>()));
    });
}

criterion_group!(benches, arithmetic);
criterion_main!(benches);
