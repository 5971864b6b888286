//! Affine additions, from the inverse of the denominator on.

use crate::{
    packed::{LANES, Mask, Packed, PackedPoints},
    point::ScratchPoint,
};

/// Vectors of additions that are worked on together: their intermediate values fit the level-1 cache.
pub const CHORDS: usize = 8;

/// A block of vectors of additions (+-)(x1, y1) + (+-)(x2, y2), x1 != x2 or with a tangent's numerator.
#[derive(Debug)]
pub struct Chords<P: Packed> {
    /// The left operands.
    pub x1: [P; CHORDS],
    /// Before their sign.
    pub y1: [P; CHORDS],
    /// The right operands.
    pub x2: [P; CHORDS],
    /// Which operands are negated, left and right.
    pub minus: [[Mask; 2]; CHORDS],
    /// The numerator of the slope, negated if the right operand is: y2 - y1, with the signs s1 and s2 y2 - s1 s2 y1.
    pub numerator: [P::Lazy; CHORDS],
    /// 1 / (x2 - x1); overwritten by the slope.
    pub inverse: [P; CHORDS],
    x3: [P::Tight; CHORDS],
}

impl<P: PackedPoints> Chords<P> {
    /// A block of nothing.
    #[inline(always)]
    pub fn new() -> Self {
        let zero = P::zero();
        Self {
            x1: [zero; CHORDS],
            y1: [zero; CHORDS],
            x2: [zero; CHORDS],
            minus: [[0; 2]; CHORDS],
            numerator: [zero.into(); CHORDS],
            inverse: [zero; CHORDS],
            x3: [P::reduce(zero); CHORDS],
        }
    }

    /// Vector `w`: points before their signs. The slope is computed up to the sign of the right operand:
    /// s2 l = (y2 - s1 s2 y1) / (x2 - x1), one conditional negation instead of two.
    #[inline(always)]
    pub(crate) fn set(&mut self, w: usize, (x1, y1): (P, P), (x2, y2): (P, P), minus: [Mask; 2]) {
        self.x1[w] = x1;
        self.y1[w] = y1;
        self.x2[w] = x2;
        self.minus[w] = minus;
        self.numerator[w] = y2.add_or_sub_lazy(y1, !(minus[0] ^ minus[1]));
    }

    /// [`PackedPoints::add_chords`] of an even number of vectors, two at a time.
    #[inline(always)]
    pub(crate) fn add_in_phases(&mut self, vectors: usize, out: &mut [ScratchPoint]) {
        // l = numerator / denominator, up to the sign of the right operand.
        for w in (0..vectors).step_by(2) {
            (self.inverse[w], self.inverse[w + 1]) =
                P::mul2(self.numerator[w], self.inverse[w], self.numerator[w + 1], self.inverse[w + 1]);
        }
        // x3 = l^2 - x1 - x2.
        for w in (0..vectors).step_by(2) {
            let (a, b) = P::square2(self.inverse[w], self.inverse[w + 1]);
            self.x3[w] = a.sub2(self.x1[w], self.x2[w]);
            self.x3[w + 1] = b.sub2(self.x1[w + 1], self.x2[w + 1]);
        }
        // y3 = l (x1 - x3) - y1, with the signs restored.
        for w in (0..vectors).step_by(2) {
            let products = P::mul2(
                self.inverse[w],
                self.x1[w].sub_lazy(self.x3[w].into()),
                self.inverse[w + 1],
                self.x1[w + 1].sub_lazy(self.x3[w + 1].into()),
            );
            for (w, product) in [(w, products.0), (w + 1, products.1)] {
                let [minus1, minus2] = self.minus[w];
                let y3 = P::signed_sum(product, minus2, self.y1[w], !minus1);
                let at = (w * LANES) as u32;
                P::scatter_xy_scratch(out, &std::array::from_fn(|l| at + l as u32), self.x3[w], y3);
            }
        }
    }
}

impl<P: PackedPoints> Default for Chords<P> {
    fn default() -> Self {
        Self::new()
    }
}
