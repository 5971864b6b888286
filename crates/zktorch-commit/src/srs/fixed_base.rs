//! Many multiples of one point: windows of a table, added with batched affine additions.
//!
//! `s G = sum_w d_w 2^{cw} G` with digits `0 <= d_w < 2^c` of `s < r`. All partial sums of a batch grow together, one window
//! a step: an affine addition costs six multiplications when its inversion is shared by the whole batch.
//!
//! The two exceptional cases are masked: a digit that is zero adds nothing, and a partial sum that is still infinity
//! becomes the table entry. Equal or opposite points cannot meet: a partial sum below `2^{cw}` and an addend
//! `d_w 2^{cw}` are congruent up to sign modulo r only if their sum is at least r, but it is at most `s`.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::PrimeField;
use zktorch_field::{Backend, BackendKind, Fr, G1Affine, G1Projective, Kernel, Mask, Packed, PackedPoints};
use zktorch_field::{LANES, RawAffine, dispatch_on, par};

/// Scalars that share one inversion: about 5 us over 2048 additions.
const BATCH: usize = 2048;
/// Bits of a scalar.
const SCALAR_BITS: usize = 254;

/// Multiples `d 2^{cw} G` of a point, `1 <= d < 2^c`.
pub(super) struct FixedBase {
    bits: usize,
    table: Vec<RawAffine>,
}

impl FixedBase {
    /// A table for about `count` multiplications of `point`, which is not infinity.
    pub(super) fn new(point: &G1Affine, count: usize) -> Self {
        // The table's own additions have to pay off: 8 bits are 8,000 entries, 12 bits are 90,000 (6 MB).
        let bits = if count < 1 << 14 { 8 } else { 12 };
        let mut window = point.into_group();
        let windows: Vec<G1Projective> = (0..SCALAR_BITS.div_ceil(bits))
            .map(|_| {
                let first = window;
                (0..bits).for_each(|_| window += window);
                first
            })
            .collect();
        let rows = par::map_vec(windows, |first| {
            let multiples: Vec<G1Projective> =
                core::iter::successors(Some(first), |p| Some(*p + first)).take((1 << bits) - 1).collect();
            G1Projective::normalize_batch(&multiples)
        });
        // Multiples below r of a point of prime order r are never infinity.
        let table = rows.iter().flatten().filter_map(RawAffine::new).collect();
        Self { bits, table }
    }

    /// `scalars[i] G`, none of which may be zero.
    pub(super) fn mul(&self, scalars: &[Fr]) -> Vec<RawAffine> {
        self.mul_with(BackendKind::active(), scalars)
    }

    pub(super) fn mul_with(&self, backend: BackendKind, scalars: &[Fr]) -> Vec<RawAffine> {
        let mut out = vec![RawAffine::default(); scalars.len()];
        par::for_each_chunk_mut(&mut out, BATCH, |i, out| {
            let scalars = &scalars[i * BATCH..][..out.len()];
            dispatch_on(backend, Multiply { base: self, scalars, out });
        });
        out
    }

    /// Index of the table entry that digit `w` of the scalar asks for; `None` if the digit is zero.
    fn entry(&self, scalar: &[u64; 4], w: usize) -> Option<u32> {
        let position = w * self.bits;
        let (limb, shift) = (position / 64, position % 64);
        let low = scalar.get(limb)? >> shift;
        let high = scalar.get(limb + 1).map_or(0, |l| if shift == 0 { 0 } else { l << (64 - shift) });
        let row = (1usize << self.bits) - 1;
        let digit = (low | high) as usize & row;
        (digit > 0).then(|| (w * row + digit - 1) as u32)
    }
}

struct Multiply<'a> {
    base: &'a FixedBase,
    scalars: &'a [Fr],
    out: &'a mut [RawAffine],
}

/// What one vector of eight partial sums adds in one window.
struct Addend<P> {
    /// Table entries, any for a lane that adds nothing.
    indices: [u32; LANES],
    /// Lanes that add nothing.
    skip: Mask,
    /// Lanes whose sum is infinity: they take the entry.
    start: Mask,
    /// The product of the denominators before this vector.
    before: P,
}

impl Kernel for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let Self { base, scalars, out } = self;
        let limbs: Vec<[u64; 4]> = scalars.iter().map(|s| s.into_bigint().0).collect();
        let vectors: Vec<&[[u64; 4]]> = limbs.chunks(LANES).collect();
        let one = B::Fq::one();
        let mut sums = vec![(B::Fq::zero(), B::Fq::zero()); vectors.len()];
        let mut infinite: Vec<Mask> = vec![Mask::MAX; vectors.len()];
        let mut addends: Vec<Addend<B::Fq>> = Vec::with_capacity(vectors.len());
        for w in 0..SCALAR_BITS.div_ceil(base.bits) {
            // Denominators x_entry - x_sum, one in the exceptional lanes, and their running product.
            addends.clear();
            let mut product = one;
            for ((vector, sum), infinite) in vectors.iter().zip(&sums).zip(&mut infinite) {
                let mut indices = [0u32; LANES];
                let mut skip = Mask::MAX;
                for (lane, scalar) in vector.iter().enumerate() {
                    if let Some(entry) = base.entry(scalar, w) {
                        indices[lane] = entry;
                        skip &= !(1 << lane);
                    }
                }
                let start = *infinite & !skip;
                *infinite &= skip;
                addends.push(Addend { indices, skip, start, before: product });
                let x = B::Fq::gather_x(&base.table, &indices);
                product = product.mul(denominator::<B>(sum.0, x, skip | start));
            }
            // Backwards: each inverse out of the inverse of the whole product.
            let mut inverse = product.inverse();
            for (addend, sum) in addends.iter().zip(&mut sums).rev() {
                let (x, y) = B::Fq::gather_xy(&base.table, &addend.indices);
                let d = denominator::<B>(sum.0, x, addend.skip | addend.start);
                let slope = B::Fq::mul_lazy(y.sub_lazy(sum.1), addend.before.mul(inverse));
                inverse = inverse.mul(d);
                let x3: B::Fq = slope.square().sub2(sum.0, x).into();
                let y3 = B::Fq::mul_lazy(slope, sum.0.sub_lazy(x3)).sub(sum.1);
                let added = (B::Fq::select(addend.start, x, x3), B::Fq::select(addend.start, y, y3));
                sum.0 = B::Fq::select(addend.skip, sum.0, added.0);
                sum.1 = B::Fq::select(addend.skip, sum.1, added.1);
            }
        }
        for ((x, y), out) in sums.iter().zip(out.chunks_mut(LANES)) {
            let mut points = [RawAffine::default(); LANES];
            B::Fq::scatter_xy(&mut points, &core::array::from_fn(|lane| lane as u32), *x, *y);
            out.copy_from_slice(&points[..out.len()]);
        }
    }
}

/// `x - sum_x`, or one in the lanes of `exceptional`.
#[inline(always)]
fn denominator<B: Backend>(sum_x: B::Fq, x: B::Fq, exceptional: Mask) -> B::Fq {
    B::Fq::select(exceptional, B::Fq::one(), x.sub(sum_x))
}
