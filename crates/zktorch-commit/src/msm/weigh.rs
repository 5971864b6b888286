//! The weighted sum of buckets, sum_b b S_b, by splitting the bits of b.
//!
//! A key of 2 m bits is hi 2^m + lo, so sum_b b S_b = 2^m sum_hi hi R_hi + sum_lo lo C_lo with the row sums R and the column sums C: two
//! affine additions per bucket leave two problems of the square root of the size. Splitting until one bit is left
//! gives one point per bit, and a Horner chain over the bits ends it. All of it is again sums of buckets, so many weighted
//! sums (the windows of an MSM) go together.

use ark_ec::AdditiveGroup;
use zktorch_field::{BackendKind, G1Projective, RawAffine};

use super::{
    sort::Buckets,
    sums::{Sums, sum_buckets},
};

/// A weighted sum still to be taken, times 2^`offset`: the keys `base + b` for b below 2^`width` weigh b.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) base: u32,
    pub(super) width: u32,
    pub(super) offset: usize,
}

impl Field {
    /// Fields of the given widths and offsets, side by side, and the number of their keys.
    pub(super) fn layout(shapes: impl IntoIterator<Item = (u32, usize)>) -> (Vec<Self>, usize) {
        let mut base = 0;
        let place = |(width, offset)| {
            let field = Self { base, width, offset };
            base += 1 << width;
            field
        };
        let fields = shapes.into_iter().map(place).collect();
        (fields, base as usize)
    }
}

/// Points that weigh powers of two: the exponent and the point, none at infinity.
pub(super) type BitSums = Vec<(usize, RawAffine)>;

/// Reduces the weighted sums of all fields to points that weigh powers of two. `fields` ascend in their bases; a key of weight
/// zero is ignored.
pub(super) fn bit_sums(kind: BackendKind, mut fields: Vec<Field>, mut sums: Sums) -> BitSums {
    let mut bits = Vec::new();
    loop {
        let halves = |field: &Field| {
            let low = field.width / 2;
            [(low, field.offset), (field.width - low, field.offset + low as usize)]
        };
        let wide = fields.iter().filter(|field| field.width > 1);
        let (next, key_count) = Field::layout(wide.flat_map(halves));
        let mut items = Vec::with_capacity(2 * sums.keys.len());
        let (mut current, mut split) = (0, 0);
        for (i, &key) in (0..).zip(&sums.keys) {
            // Keys ascend, so the field of a key is the current one or a later one.
            while (key - fields[current].base) >> fields[current].width > 0 {
                split += 2 * usize::from(fields[current].width > 1);
                current += 1;
            }
            let field = &fields[current];
            let weight = key - field.base;
            if field.width > 1 {
                let [low, high] = [next[split], next[split + 1]];
                for (part, weight) in [(low, weight & ((1 << low.width) - 1)), (high, weight >> low.width)] {
                    if weight > 0 {
                        items.push((part.base + weight, 2 * i));
                    }
                }
            } else if weight == 1 {
                bits.push((field.offset, sums.points[i as usize]));
            }
        }
        if items.is_empty() {
            return bits;
        }
        let mut buckets = Buckets::default();
        buckets.push(items.iter().copied(), key_count, 0, 0);
        sums = sum_buckets(kind, &sums.points, &buckets);
        fields = next;
    }
}

/// sum_j 2^(e_j) P_j.
pub(super) fn horner(mut bits: BitSums) -> G1Projective {
    bits.sort_unstable_by_key(|&(exponent, _)| std::cmp::Reverse(exponent));
    let mut acc = G1Projective::default();
    let mut at = 0;
    for (exponent, point) in bits {
        if acc != G1Projective::default() {
            for _ in exponent..at {
                acc.double_in_place();
            }
        }
        at = exponent;
        acc += point.to_affine_unchecked();
    }
    for _ in 0..at {
        acc.double_in_place();
    }
    acc
}
