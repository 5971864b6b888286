//! Points: canonical coordinates at rest, coordinates below 2q in the working form as scratch.

use super::{Tight, Vector, arith::reduce, rest, vector as v};
use crate::{
    Fq,
    packed::{LANES, PackedPoints},
    point::{RawAffine, ScratchPoint},
};

impl PackedPoints for Vector<Fq> {
    #[inline(always)]
    fn gather_x(points: &[RawAffine], indices: &[u32; LANES]) -> Self {
        Self::new(rest::lift(rest::gather_rows(points, indices, |point| &point.x)))
    }
    #[inline(always)]
    fn gather_xy(points: &[RawAffine], indices: &[u32; LANES]) -> (Self, Self) {
        let (x, y) = rest::gather_lines(points, indices, rest::point_words);
        (Self::new(rest::lift(x)), Self::new(rest::lift(y)))
    }
    #[inline(always)]
    fn scatter_xy(points: &mut [RawAffine], indices: &[u32; LANES], x: Self, y: Self) {
        let (x, y) = (rest::canonical::<Fq>(x.limbs), rest::canonical::<Fq>(y.limbs));
        rest::scatter_lines(points, indices, x, y, rest::point_words_mut);
    }
    #[inline(always)]
    fn gather_x_scratch(points: &[ScratchPoint], indices: &[u32; LANES]) -> Tight<Fq> {
        Tight::new(rest::split(rest::gather_rows(points, indices, |point| rest::first_half(&point.0))))
    }
    #[inline(always)]
    fn gather_xy_scratch(points: &[ScratchPoint], indices: &[u32; LANES]) -> (Tight<Fq>, Tight<Fq>) {
        let (x, y) = rest::gather_lines(points, indices, |point| &point.0);
        (Tight::new(rest::split(x)), Tight::new(rest::split(y)))
    }
    #[inline(always)]
    fn scatter_xy_scratch(points: &mut [ScratchPoint], indices: &[u32; LANES], x: Tight<Fq>, y: Tight<Fq>) {
        let (x, y) = (rest::join(x.limbs), rest::join(y.limbs));
        rest::scatter_lines(points, indices, x, y, |point| &mut point.0);
    }
    #[inline(always)]
    fn to_scratch(point: &RawAffine) -> ScratchPoint {
        ScratchPoint(rest::line(scratch_limbs(&point.x), scratch_limbs(&point.y)))
    }
    #[inline(always)]
    fn from_scratch(point: &ScratchPoint) -> RawAffine {
        let [x0, x1, x2, x3, y0, y1, y2, y3] = point.0;
        RawAffine { x: canonical_limbs(&[x0, x1, x2, x3]), y: canonical_limbs(&[y0, y1, y2, y3]) }
    }
}

/// Canonical limbs at rest as scratch limbs, in every lane.
#[inline(always)]
fn scratch_limbs(limbs: &[u64; 4]) -> rest::V4 {
    rest::join(reduce::<Fq>(rest::lift(v::splat4(limbs))))
}

/// Scratch limbs as canonical limbs.
#[inline(always)]
fn canonical_limbs(limbs: &[u64; 4]) -> [u64; 4] {
    v::first_lanes(rest::canonical::<Fq>(rest::split(v::splat4(limbs))))
}
