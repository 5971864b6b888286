//! Throughput of Fr multiplication against `ark_ff`.

use anyhow::{Result, ensure};
use zktorch_field::{Backend, Fr, Kernel, Packed, PackedVec, dispatch};

use crate::context::{Context, Times};
use crate::inputs;
use crate::measure::{Contender, contender};
use crate::report::Measured;

/// Elements of the operands: all three vectors stay in the first-level cache.
const LEN: usize = 256;
/// Passes per timed call.
const PASSES: usize = 400;

/// `x <- x y`, lane by lane, a number of times: each product depends only on the one before it in its own lane.
struct Powers<'a> {
    x: &'a mut PackedVec<Fr>,
    y: Fr,
    passes: usize,
}

impl Kernel for Powers<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let y = B::Fr::splat(self.y);
        for blocks in self.x.blocks_mut().chunks_exact_mut(4) {
            let mut x: [B::Fr; 4] = std::array::from_fn(|i| B::Fr::load(&blocks[i]));
            for _ in 0..self.passes {
                (x[0], x[1]) = B::Fr::mul2(x[0], y, x[1], y);
                (x[2], x[3]) = B::Fr::mul2(x[2], y, x[3], y);
            }
            for (x, block) in x.into_iter().zip(blocks) {
                x.store(block);
            }
        }
    }
}

/// `out = a b`, from memory to memory: with the conversions at rest.
struct Products<'a> {
    a: &'a PackedVec<Fr>,
    b: &'a PackedVec<Fr>,
    out: &'a mut PackedVec<Fr>,
    passes: usize,
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        for _ in 0..self.passes {
            let inputs = self.a.blocks().chunks_exact(2).zip(self.b.blocks().chunks_exact(2));
            for (out, (a, b)) in self.out.blocks_mut().chunks_exact_mut(2).zip(inputs) {
                let (first, second) = B::Fr::mul2(
                    B::Fr::load(&a[0]),
                    B::Fr::load(&b[0]),
                    B::Fr::load(&a[1]),
                    B::Fr::load(&b[1]),
                );
                first.store(&mut out[0]);
                second.store(&mut out[1]);
            }
        }
    }
}

/// `x <- x y` on arkworks' elements.
fn ark_powers(x: &mut [Fr], y: Fr, passes: usize) {
    for _ in 0..passes {
        for x in x.iter_mut() {
            *x *= y;
        }
        std::hint::black_box(&mut *x);
    }
}

/// `out = a b` on arkworks' elements.
fn ark_products(a: &[Fr], b: &[Fr], out: &mut [Fr], passes: usize) {
    for _ in 0..passes {
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = a * b;
        }
        std::hint::black_box(&mut *out);
    }
}

/// Multiplications in one call of [`ark_multiplications`].
pub(super) const ARK_MULTIPLICATIONS: usize = LEN * PASSES;

/// Arkworks multiplications on one thread: the unit of `muls_per_entry`.
pub(super) fn ark_multiplications() -> Contender<'static> {
    let (mut x, y) = (inputs::scalars(10, LEN), inputs::scalars(12, 1)[0]);
    contender(move || ark_powers(&mut x, y, PASSES))
}

fn passes(context: &Context) -> usize {
    if context.quick { PASSES / 5 } else { PASSES }
}

pub(super) fn throughput(context: &Context) -> Result<Measured> {
    let passes = passes(context);
    let (a, b, y) = (inputs::scalars(10, LEN), inputs::scalars(11, LEN), inputs::scalars(12, 1)[0]);
    let (packed_a, packed_b) = (PackedVec::from_slice(&a), PackedVec::from_slice(&b));

    // The same results first.
    let (mut ours, mut theirs) = (packed_a.clone(), a.clone());
    dispatch(Powers { x: &mut ours, y, passes: 5 });
    ark_powers(&mut theirs, y, 5);
    ensure!(ours.to_vec() == theirs, "our powers and arkworks' differ");
    dispatch(Products { a: &packed_a, b: &packed_b, out: &mut ours, passes: 1 });
    ark_products(&a, &b, &mut theirs, 1);
    ensure!(ours.to_vec() == theirs, "our products and arkworks' differ");

    // Every thread of the pool does the same on its own copy.
    let powers = context.versus(
        contender(|| {
            rayon::broadcast(|_| dispatch(Powers { x: &mut packed_a.clone(), y, passes }));
        }),
        contender(|| {
            rayon::broadcast(|_| ark_powers(&mut a.clone(), y, passes));
        }),
    );
    let products = context.versus(
        contender(|| {
            rayon::broadcast(|_| {
                let (a, b, out) = (&packed_a, &packed_b, &mut packed_a.clone());
                dispatch(Products { a, b, out, passes });
            });
        }),
        contender(|| {
            rayon::broadcast(|_| ark_products(&a, &b, &mut a.clone(), passes));
        }),
    );

    let done = (LEN * passes) as f64;
    let per_product = |times: Times| Times {
        one: times.one.per(done),
        all: times.all.per(done * context.threads() as f64),
    };
    let measured =
        Measured::speedup(LEN.ilog2() as usize, per_product(powers.0), "arkworks", powers.1.map(per_product));
    Ok(match products {
        (ours, Some(arkworks)) => measured
            .with("memory_to_memory_speedup", arkworks.one.min / ours.one.min)
            .with("memory_to_memory_ours_s", ours.one.min / done)
            .with("memory_to_memory_arkworks_s", arkworks.one.min / done),
        (ours, None) => measured.with("memory_to_memory_ours_s", ours.one.min / done),
    })
}
