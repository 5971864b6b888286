//! Points at rest and in scratch form; here both are limbs, the scratch form merely below 2q.

use super::{Lanes, lanes, scalar};
use crate::{
    Fq,
    packed::{LANES, PackedPoints},
    point::{RawAffine, ScratchPoint},
};

impl PackedPoints for Lanes<Fq> {
    #[inline(always)]
    fn gather_x(points: &[RawAffine], indices: &[u32; LANES]) -> Self {
        Self::new(lanes!(|l| points[indices[l] as usize].x))
    }
    #[inline(always)]
    fn gather_xy(points: &[RawAffine], indices: &[u32; LANES]) -> (Self, Self) {
        let point = |l: usize| &points[indices[l] as usize];
        (Self::new(lanes!(|l| point(l).x)), Self::new(lanes!(|l| point(l).y)))
    }
    #[inline(always)]
    fn scatter_xy(points: &mut [RawAffine], indices: &[u32; LANES], x: Self, y: Self) {
        for (l, index) in indices.iter().enumerate() {
            points[*index as usize] = RawAffine {
                x: scalar::canonical::<Fq>(&x.lanes[l]),
                y: scalar::canonical::<Fq>(&y.lanes[l]),
            };
        }
    }
    #[inline(always)]
    fn gather_x_scratch(points: &[ScratchPoint], indices: &[u32; LANES]) -> Self {
        Self::new(lanes!(|l| halves(&points[indices[l] as usize]).0))
    }
    #[inline(always)]
    fn gather_xy_scratch(points: &[ScratchPoint], indices: &[u32; LANES]) -> (Self, Self) {
        let point = |l: usize| halves(&points[indices[l] as usize]);
        (Self::new(lanes!(|l| point(l).0)), Self::new(lanes!(|l| point(l).1)))
    }
    #[inline(always)]
    fn scatter_xy_scratch(points: &mut [ScratchPoint], indices: &[u32; LANES], x: Self, y: Self) {
        for (l, index) in indices.iter().enumerate() {
            points[*index as usize] = join(&x.lanes[l], &y.lanes[l]);
        }
    }
    #[inline(always)]
    fn to_scratch(point: &RawAffine) -> ScratchPoint {
        join(&point.x, &point.y)
    }
    #[inline(always)]
    fn from_scratch(point: &ScratchPoint) -> RawAffine {
        let (x, y) = halves(point);
        RawAffine { x: scalar::canonical::<Fq>(&x), y: scalar::canonical::<Fq>(&y) }
    }
}

#[inline(always)]
fn halves(point: &ScratchPoint) -> (scalar::Limbs, scalar::Limbs) {
    let p = &point.0;
    ([p[0], p[1], p[2], p[3]], [p[4], p[5], p[6], p[7]])
}

#[inline(always)]
fn join(x: &scalar::Limbs, y: &scalar::Limbs) -> ScratchPoint {
    ScratchPoint([x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]])
}
