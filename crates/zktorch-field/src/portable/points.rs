//! Points at rest and in scratch form; here both are limbs, the scratch form merely below 2q.

use super::{Lanes, lanes, leaves, scalar};
use crate::{
    Fq,
    chords::Chords,
    packed::{LANES, Mask, Packed, PackedPoints},
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
    fn difference_x(points: &[RawAffine], left: &[u32; LANES], right: &[u32; LANES]) -> (Self, Mask) {
        let at = |i: u32| &points[i as usize].x;
        let (mut out, mut zeros) = (Self::zero(), 0);
        leaves::difference::<Fq>(&mut out.lanes, &right.map(at), &left.map(at), &mut zeros);
        (out, zeros)
    }
    #[inline(always)]
    fn difference_x_scratch(
        points: &[ScratchPoint],
        left: &[u32; LANES],
        right: &[u32; LANES],
    ) -> (Self, Mask) {
        let at = |i: u32| split(&points[i as usize]).0;
        let (mut out, mut zeros) = (Self::zero(), 0);
        leaves::difference::<Fq>(&mut out.lanes, &right.map(at), &left.map(at), &mut zeros);
        (out, zeros)
    }
    #[inline(always)]
    fn gather_chords(
        chords: &mut Chords<Self>,
        w: usize,
        points: &[RawAffine],
        [left, right]: [&[u32; LANES]; 2],
        minus: [Mask; 2],
    ) {
        let at = |i: u32| {
            let point = &points[i as usize];
            (&point.x, &point.y)
        };
        start(chords, w, left.map(at), right.map(at), minus);
    }
    #[inline(always)]
    fn gather_chords_scratch(
        chords: &mut Chords<Self>,
        w: usize,
        points: &[ScratchPoint],
        [left, right]: [&[u32; LANES]; 2],
    ) {
        let at = |i: u32| split(&points[i as usize]);
        start(chords, w, left.map(at), right.map(at), [0; 2]);
    }
    /// In place and from place to place: moving eight lanes costs as much as a multiplication.
    #[inline(always)]
    fn add_chords(chords: &mut Chords<Self>, vectors: usize, out: &mut [ScratchPoint]) {
        let (out, _) = out.as_chunks_mut::<LANES>();
        for (w, out) in out.iter_mut().enumerate().take(vectors) {
            let slope = &mut chords.inverse[w].lanes;
            let (x1, x2) = (&chords.x1[w].lanes, &chords.x2[w].lanes);
            leaves::mul_assign::<Fq>(slope, &chords.numerator[w].lanes);
            leaves::chord_x::<Fq>(out, slope, x1, x2);
            let (y1, minus) = (&chords.y1[w].lanes, chords.minus[w]);
            if minus == [0; 2] {
                leaves::chord_y::<Fq>(out, slope, x1, y1);
            } else {
                leaves::signed_chord_y::<Fq>(out, slope, x1, y1, minus);
            }
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

/// Vector `w` of a block.
#[inline(always)]
fn start(
    chords: &mut Chords<Lanes<Fq>>,
    w: usize,
    left: [(&scalar::Limbs, &scalar::Limbs); LANES],
    right: [(&scalar::Limbs, &scalar::Limbs); LANES],
    minus: [Mask; 2],
) {
    let [x1, y1, x2] = [&mut chords.x1[w], &mut chords.y1[w], &mut chords.x2[w]].map(|v| &mut v.lanes);
    let numerator = &mut chords.numerator[w].lanes;
    if minus == [0; 2] {
        leaves::chord_start::<Fq>(x1, y1, x2, numerator, &left, &right);
    } else {
        leaves::signed_chord_start::<Fq>(x1, y1, x2, numerator, &left, &right, !(minus[0] ^ minus[1]));
    }
    chords.minus[w] = minus;
}

/// Both coordinates of a point in scratch form, in place.
#[inline(always)]
fn split(point: &ScratchPoint) -> (&scalar::Limbs, &scalar::Limbs) {
    let (halves, _) = point.0.as_chunks::<4>();
    (&halves[0], &halves[1])
}

#[inline(always)]
pub(super) fn halves(point: &ScratchPoint) -> (scalar::Limbs, scalar::Limbs) {
    let p = &point.0;
    ([p[0], p[1], p[2], p[3]], [p[4], p[5], p[6], p[7]])
}

#[inline(always)]
pub(super) fn join(x: &scalar::Limbs, y: &scalar::Limbs) -> ScratchPoint {
    ScratchPoint([x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]])
}
