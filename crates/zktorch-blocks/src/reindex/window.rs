//! The multilinear extension of a window's map in closed form.
//!
//! ```text
//! M~(z, t, q) = sum over p < P, k < K, i < I with s p + d k = i + pad of eq(z, p) eq(t, k) eq(q, i)
//! ```
//!
//! for stride s, dilation d, P positions, K taps and the extent I. The condition is decided bit by bit from the lowest one: a carry,
//! and for each of p, k and i whether the bits so far are below those of its bound. The sum over all bits is a sum over paths of
//! that automaton, so it takes a number of multiplications that is linear in the variables, not in the entries.

use ark_ff::{One, Zero};
use zktorch_field::{Fr, decide};

/// Larger strides and dilations make more carries than entries are worth.
const MAX_STEP: u32 = 64;

/// A window's numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) stride: u32,
    pub(super) dilation: u32,
    pub(super) pad: u32,
    pub(super) positions: u32,
    pub(super) taps: u32,
    pub(super) extent: u32,
}

/// The smallest carry: `(c - i - pad) / 2 >= -2` for bits i, pad and c >= -2.
const LEAST: i64 = -2;

impl Window {
    /// Carries are from [`LEAST`] to `stride + dilation`.
    fn carries(&self) -> usize {
        (i64::from(self.stride) + i64::from(self.dilation) - LEAST + 1) as usize
    }

    /// Bits that are looked at: those of all coordinates, bounds and the pad.
    fn bits(&self, vars: [usize; 3]) -> usize {
        let bounds =
            [self.positions, self.taps, self.extent, self.pad].map(|x| 32 - x.leading_zeros() as usize);
        bounds.into_iter().chain(vars).max().unwrap_or(0)
    }

    /// About how many multiplications [`Window::eval`] takes; None if it has too many states.
    pub(super) fn cost(&self, vars: [usize; 3]) -> Option<u64> {
        let small = self.stride <= MAX_STEP && self.dilation <= MAX_STEP;
        // Eight weights a bit, and four successors of every state.
        small.then(|| self.bits(vars) as u64 * (12 + self.carries() as u64 * 8 * 4))
    }

    /// `M~(z, t, q)`; coordinates are most significant first.
    pub(super) fn eval(&self, z: &[Fr], t: &[Fr], q: &[Fr]) -> Fr {
        let points = [z, t, q];
        let bounds = [self.positions, self.taps, self.extent];
        // states[8 (c - LEAST) + flags]: the weight of all low bits that lead to carry c; a flag says that what it stands for is
        // below its bound's low bits.
        let mut states = vec![Fr::zero(); 8 * self.carries()];
        if let Some(start) = states.get_mut(8 * LEAST.unsigned_abs() as usize) {
            *start = Fr::one();
        }
        for bit in 0..self.bits(points.map(<[Fr]>::len)) {
            let weights = weights(points, bit);
            let pad = i64::from(self.pad.checked_shr(bit as u32).unwrap_or(0) & 1);
            let bound = bounds.map(|bound| bound.checked_shr(bit as u32).unwrap_or(0) & 1);
            let mut next = vec![Fr::zero(); states.len()];
            for (index, state) in states.iter().enumerate().filter(|(_, state)| !decide::absent(state)) {
                let carry = (index / 8) as i64 + LEAST;
                for (digits, weight) in (0..8u32).zip(&weights).filter(|(_, weight)| !decide::absent(weight))
                {
                    let [p, k, i] = [digits & 1, digits >> 1 & 1, digits >> 2 & 1];
                    let sum = i64::from(self.stride) * i64::from(p)
                        + i64::from(self.dilation) * i64::from(k)
                        + carry
                        - i64::from(i)
                        - pad;
                    if sum % 2 != 0 {
                        continue;
                    }
                    let mut flags = 0;
                    for (axis, (digit, bound)) in [p, k, i].into_iter().zip(bound).enumerate() {
                        let below = digit < bound || digit == bound && index >> axis & 1 == 1;
                        flags |= usize::from(below) << axis;
                    }
                    let target =
                        usize::try_from(sum / 2 - LEAST).ok().and_then(|c| next.get_mut(8 * c + flags));
                    if let Some(target) = target {
                        *target += *state * weight;
                    }
                }
            }
            states = next;
        }
        // No carry is left, and all three are below their bounds.
        states.get(8 * LEAST.unsigned_abs() as usize + 7).copied().unwrap_or_default()
    }
}

/// The product of `eq` of three coordinates with three bits; beyond a point only zeros count.
fn weights(points: [&[Fr]; 3], bit: usize) -> [Fr; 8] {
    let of = |point: &[Fr]| match point.len().checked_sub(bit + 1).and_then(|i| point.get(i)) {
        Some(x) => [Fr::one() - x, *x],
        None => [Fr::one(), Fr::zero()],
    };
    let [p, k, i] = points.map(of);
    std::array::from_fn(|digits| p[digits & 1] * k[digits >> 1 & 1] * i[digits >> 2 & 1])
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};

    use zktorch_graph::{AxisMap, Factor, Shape};

    use super::super::{closed_form, eq_at, matrix_eval};
    use super::*;

    fn naive(window: &Window, z: &[Fr], t: &[Fr], q: &[Fr]) -> Fr {
        let mut sum = Fr::zero();
        for p in 0..window.positions {
            for k in 0..window.taps {
                let at = i64::from(window.stride) * i64::from(p) + i64::from(window.dilation) * i64::from(k)
                    - i64::from(window.pad);
                if (0..i64::from(window.extent)).contains(&at) {
                    sum += eq_at(z, p) * eq_at(t, k) * eq_at(q, at as u32);
                }
            }
        }
        sum
    }

    #[test]
    fn the_closed_form_is_the_sum_over_entries() {
        let mut rng = StdRng::seed_from_u64(3);
        let vars = |extent: u32| extent.next_power_of_two().trailing_zeros() as usize;
        for case in 0..300 {
            let window = Window {
                stride: rng.gen_range(1..5),
                dilation: rng.gen_range(1..5),
                pad: rng.gen_range(0..9),
                positions: rng.gen_range(1..20),
                taps: rng.gen_range(1..9),
                extent: rng.gen_range(1..40),
            };
            let mut point = |extent| (0..vars(extent)).map(|_| Fr::rand(&mut rng)).collect::<Vec<_>>();
            let (z, t, q) = (point(window.positions), point(window.taps), point(window.extent));
            assert_eq!(window.eval(&z, &t, &q), naive(&window, &z, &t, &q), "case {case}: {window:?}");
        }
    }

    /// A factor whose position is the view's second axis and whose tap is the first one.
    #[test]
    fn a_long_window_of_a_view_has_the_value_of_its_entries() {
        let mut rng = StdRng::seed_from_u64(5);
        for (stride, dilation, pad) in [(1, 1, 0), (3, 2, 5), (2, 7, 0), (64, 1, 63)] {
            let map = AxisMap::Window { stride, dilation, pad };
            let factor = Factor { src: vec![0], out: vec![1, 0], map };
            let (source, view) = (Shape::new([1000]), Shape::new([37, 300]));
            let mut point = |vars| (0..vars).map(|_| Fr::rand(&mut rng)).collect::<Vec<_>>();
            let (z, q) = (point(9 + 6), point(10));
            assert!(closed_form(&factor, &source, &view).is_some());
            let entries = factor.entries(&source, &view, &|_| vec![]);
            let sum: Fr =
                entries.iter().map(|e| eq_at(&z, e.out) * eq_at(&q, e.src) * Fr::from(e.coeff)).sum();
            assert_eq!(
                matrix_eval(&factor, &source, &view, [&z, &q], &|_| vec![]),
                sum,
                "{stride} {dilation} {pad}"
            );
        }
    }

    #[test]
    fn bounds_that_are_powers_of_two_and_steps_without_an_end_count() {
        let window = Window { stride: 64, dilation: 1, pad: 0, positions: 4, taps: 64, extent: 256 };
        let mut rng = StdRng::seed_from_u64(4);
        let mut point = |vars| (0..vars).map(|_| Fr::rand(&mut rng)).collect::<Vec<_>>();
        let (z, t, q) = (point(2), point(6), point(8));
        assert_eq!(window.eval(&z, &t, &q), naive(&window, &z, &t, &q));
        assert!(window.cost([2, 6, 8]).is_some());
        assert!(Window { stride: 65, ..window }.cost([2, 6, 8]).is_none());
    }
}
