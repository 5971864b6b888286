//! Multi-scalar multiplication with batched affine additions.
//!
//! sum_i s_i G_i by Pippenger's method: points are grouped by the digit of their scalar, window by window, each group is
//! summed, and the sums are weighted by their digit. All additions are affine with one inversion per thousands of
//! additions, eight lanes at a time, on whatever backend the machine has.
//!
//! Bases are ordinary points (never infinity, which [`RawAffine`] cannot hold) in any relation to each other: equal and opposite
//! points are added correctly, if a little slower. Running time depends on the scalars.

mod addition;
mod digits;
mod plan;
pub(crate) mod sort;
pub(crate) mod sums;
#[cfg(test)]
pub(crate) mod tests;
mod tree;
mod weigh;

use zktorch_field::{BackendKind, Fr, G1Affine, G1Projective, RawAffine, decide, par};

use self::{
    digits::{Recoded, window_count},
    plan::Plan,
    sort::Buckets,
    sums::sum_buckets,
    weigh::{Field, bit_sums, horner},
};

/// sum_i `scalars[i]` `bases[i]`.
///
/// # Panics
/// If the lengths differ.
pub fn msm(bases: &[RawAffine], scalars: &[Fr]) -> G1Projective {
    msm_with_backend(BackendKind::active(), bases, scalars)
}

/// [`msm`] of ordinary points, of which those at infinity contribute nothing: what a verifier adds up.
///
/// # Panics
/// If the lengths differ.
pub fn msm_points(points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    assert_eq!(points.len(), scalars.len(), "one scalar per point");
    if let Some(recorded) = decide::combination(points, scalars) {
        return recorded;
    }
    let terms =
        points.iter().zip(scalars).filter_map(|(point, scalar)| Some((RawAffine::new(point)?, *scalar)));
    let (bases, scalars): (Vec<RawAffine>, Vec<Fr>) = terms.unzip();
    msm(&bases, &scalars)
}

/// [`msm`] on a given backend, for tests and benches.
///
/// # Panics
/// If the lengths differ.
pub fn msm_with_backend(kind: BackendKind, bases: &[RawAffine], scalars: &[Fr]) -> G1Projective {
    assert_eq!(bases.len(), scalars.len(), "one scalar per base");
    let Plan { c, joint } = Plan::new(scalars.len());
    let recoded = Recoded::new(scalars, c);
    let windows = window_count(c);
    let runs = windows.div_ceil(joint);
    let bits = par::map(runs, |run| {
        window_bits(kind, bases, &recoded, c, run * joint..windows.min((run + 1) * joint))
    });
    horner(bits.concat())
}

/// The bit sums of a run of windows of c bits.
fn window_bits(
    kind: BackendKind,
    bases: &[RawAffine],
    recoded: &Recoded,
    c: usize,
    windows: std::ops::Range<usize>,
) -> weigh::BitSums {
    // A digit has an absolute value up to 2^(c-1): c bits.
    let (fields, _) = Field::layout(windows.clone().map(|w| (c as u32, c * w)));
    let mut buckets = Buckets::default();
    let mut digits = Vec::new();
    for (window, field) in windows.zip(&fields) {
        digits.clear();
        recoded.digits(window, &mut digits);
        buckets.push_signed(digits.iter().copied(), 1 << (c - 1), field.base);
    }
    drop(digits);
    let sums = sum_buckets(kind, bases, &buckets);
    drop(buckets);
    bit_sums(kind, fields, sums)
}

/// sum_i `values[i]` `bases[i]` for signed 16-bit values.
///
/// # Panics
/// If the lengths differ.
pub fn msm_i16(bases: &[RawAffine], values: &[i16]) -> G1Projective {
    msm_i16_with_backend(BackendKind::active(), bases, values)
}

/// [`msm_i16`] on a given backend, for tests and benches.
///
/// # Panics
/// If the lengths differ.
pub fn msm_i16_with_backend(kind: BackendKind, bases: &[RawAffine], values: &[i16]) -> G1Projective {
    msm_signed(kind, bases, values.iter().map(|&v| v.into()))
}

/// sum_i `values[i]` `bases[i]` for signed 8-bit values.
///
/// # Panics
/// If the lengths differ.
pub fn msm_i8(bases: &[RawAffine], values: &[i8]) -> G1Projective {
    msm_signed(BackendKind::active(), bases, values.iter().map(|&v| v.into()))
}

/// sum_i `values[i]` `bases[i]` for unsigned 16-bit values.
///
/// # Panics
/// If the lengths differ.
pub fn msm_u16(bases: &[RawAffine], values: &[u16]) -> G1Projective {
    msm_signed(BackendKind::active(), bases, values.iter().map(|&v| v.into()))
}

/// Largest value that one window takes; the memory of the counting sort grows with it.
const ONE_WINDOW: u32 = 1 << 18;

/// sum_i `values[i]` `bases[i]`, in one window if the values are small.
///
/// # Panics
/// If the lengths differ.
pub(crate) fn msm_signed(
    kind: BackendKind,
    bases: &[RawAffine],
    values: impl ExactSizeIterator<Item = i32> + Clone,
) -> G1Projective {
    assert_eq!(bases.len(), values.len(), "one value per base");
    let max = values.clone().map(i32::unsigned_abs).max().unwrap_or(0);
    if max > ONE_WINDOW {
        return msm_with_backend(kind, bases, &values.map(Fr::from).collect::<Vec<_>>());
    }
    let (fields, _) = Field::layout([(u32::BITS - max.leading_zeros(), 0)]);
    let mut buckets = Buckets::default();
    buckets.push_signed(values, max as usize, 0);
    let sums = sum_buckets(kind, bases, &buckets);
    horner(bit_sums(kind, fields, sums))
}
