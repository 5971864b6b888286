//! A batch of affine additions that shares one inversion.
//!
//! The chord through (x1, y1) and (x2, y2) has slope l = (y2 - y1) / (x2 - x1), and the sum is
//! x3 = l^2 - x1 - x2, y3 = l (x1 - x3) - y1. With Montgomery's trick (prefix products, one inversion, products from the back) an
//! addition costs five products and a square, against eleven to fourteen in projective coordinates.
//!
//! Equal points (x2 = x1, y2 = y1) take the tangent l = 3 x1^2 / (2 y1) in their lane. Opposite points have no affine sum: their lane
//! divides by one, and the index of the result is reported as *vanished*. Either way the other lanes and the
//! batch are not disturbed.

use zktorch_field::{Backend, CHORDS, Chords, LANES, Mask, Packed, PackedPoints, RawAffine, ScratchPoint};

/// Vectors of eight additions that share an inversion: their operands just fit a 2 MiB level-2 cache, and the
/// inversion costs less than 0.3 ns an addition.
const BATCH: usize = 1024;
/// Independent chains of prefix products: hides the latency of a product.
pub(super) const CHAINS: usize = 4;
/// How many vectors ahead operands are prefetched on the way up and on the way down.
const AHEAD_UP: usize = 16;
const AHEAD_DOWN: usize = 24;

/// Where a batch finds its operands. A reference is an index, with a sign if the source has signs.
pub(super) trait Operands<B: Backend> {
    /// x2 - x1 of eight pairs of operands, and where it is zero.
    fn difference_x(
        &self,
        arena: &[ScratchPoint],
        left: &[u32; LANES],
        right: &[u32; LANES],
    ) -> (<B::Fq as Packed>::Lazy, Mask);
    /// Makes eight pairs of operands vector `w` of the block.
    fn gather_chords(
        &self,
        arena: &[ScratchPoint],
        left: &[u32; LANES],
        right: &[u32; LANES],
        chords: &mut Chords<B::Fq>,
        w: usize,
    );
    /// The coordinates of eight operands, not yet negated.
    fn xy(&self, arena: &[ScratchPoint], refs: &[u32; LANES]) -> (B::Fq, B::Fq);
    /// The lanes whose operand is to be negated.
    fn negative(&self, refs: &[u32; LANES]) -> Mask;
    /// Asks the memory for eight operands.
    fn prefetch(&self, arena: &[ScratchPoint], refs: &[u32; LANES]);
}

/// Points at rest. Reference `2 i` is the point i, `2 i + 1` its negative.
pub(super) struct SignedBases<'a>(pub(super) &'a [RawAffine]);

impl<B: Backend> Operands<B> for SignedBases<'_> {
    #[inline(always)]
    fn difference_x(
        &self,
        _: &[ScratchPoint],
        left: &[u32; LANES],
        right: &[u32; LANES],
    ) -> (<B::Fq as Packed>::Lazy, Mask) {
        B::Fq::difference_x(self.0, &left.map(|r| r >> 1), &right.map(|r| r >> 1))
    }

    #[inline(always)]
    fn gather_chords(
        &self,
        _: &[ScratchPoint],
        left: &[u32; LANES],
        right: &[u32; LANES],
        chords: &mut Chords<B::Fq>,
        w: usize,
    ) {
        let minus = [Operands::<B>::negative(self, left), Operands::<B>::negative(self, right)];
        let indices = [&left.map(|r| r >> 1), &right.map(|r| r >> 1)];
        B::Fq::gather_chords(chords, w, self.0, indices, minus);
    }

    #[inline(always)]
    fn xy(&self, _: &[ScratchPoint], refs: &[u32; LANES]) -> (B::Fq, B::Fq) {
        B::Fq::gather_xy(self.0, &refs.map(|r| r >> 1))
    }

    #[inline(always)]
    fn negative(&self, refs: &[u32; LANES]) -> Mask {
        let mut mask = 0;
        for (lane, r) in refs.iter().enumerate() {
            mask |= ((r & 1) as Mask) << lane;
        }
        mask
    }

    #[inline(always)]
    fn prefetch(&self, _: &[ScratchPoint], refs: &[u32; LANES]) {
        for r in refs {
            B::prefetch(self.0, (r >> 1) as usize);
        }
    }
}

/// Sums of an earlier batch. References are indices into the arena.
pub(super) struct InArena;

impl<B: Backend> Operands<B> for InArena {
    #[inline(always)]
    fn difference_x(
        &self,
        arena: &[ScratchPoint],
        left: &[u32; LANES],
        right: &[u32; LANES],
    ) -> (<B::Fq as Packed>::Lazy, Mask) {
        B::Fq::difference_x_scratch(arena, left, right)
    }

    #[inline(always)]
    fn gather_chords(
        &self,
        arena: &[ScratchPoint],
        left: &[u32; LANES],
        right: &[u32; LANES],
        chords: &mut Chords<B::Fq>,
        w: usize,
    ) {
        B::Fq::gather_chords_scratch(chords, w, arena, [left, right]);
    }

    #[inline(always)]
    fn xy(&self, arena: &[ScratchPoint], refs: &[u32; LANES]) -> (B::Fq, B::Fq) {
        let (x, y) = B::Fq::gather_xy_scratch(arena, refs);
        (x.into(), y.into())
    }

    #[inline(always)]
    fn negative(&self, _: &[u32; LANES]) -> Mask {
        0
    }

    #[inline(always)]
    fn prefetch(&self, _: &[ScratchPoint], _: &[u32; LANES]) {}
}

/// The list of additions of one level: `left[k] + right[k]`.
#[derive(Default)]
pub(super) struct Additions {
    left: Vec<u32>,
    right: Vec<u32>,
}

impl Additions {
    pub(super) fn clear(&mut self) {
        self.left.clear();
        self.right.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.left.len()
    }

    #[inline(always)]
    pub(super) fn push(&mut self, left: u32, right: u32) {
        self.left.push(left);
        self.right.push(right);
    }

    /// Repeats the last addition until the length is a multiple of what the kernel works on.
    fn pad(&mut self) {
        let padded = self.len().next_multiple_of(CHAINS * LANES);
        if let (Some(&left), Some(&right)) = (self.left.last(), self.right.last()) {
            self.left.resize(padded, left);
            self.right.resize(padded, right);
        }
    }
}

/// A vector with lanes that the chord formula does not cover.
struct Special {
    vector: usize,
    equal: Mask,
}

/// The memory of a batch, reused from one to the next.
pub(super) struct Adder<B: Backend> {
    prefix: Vec<B::Fq>,
    denominator: Vec<<B::Fq as Packed>::Lazy>,
    special: Vec<Special>,
    chords: Chords<B::Fq>,
}

impl<B: Backend> Adder<B> {
    /// An adder for lists of up to `additions` additions (longer ones work too, in smaller batches).
    #[inline(always)]
    pub(super) fn new(additions: usize) -> Self {
        let zero = B::Fq::zero();
        let vectors = (additions.div_ceil(CHAINS * LANES) * CHAINS).clamp(CHAINS, BATCH);
        Self {
            prefix: vec![zero; vectors],
            denominator: vec![zero.into(); vectors],
            special: Vec::new(),
            chords: Chords::new(),
        }
    }

    /// Writes the sum of the k-th pair to `arena[first + k]`, and the places of vanished sums, ascending, to `vanished`.
    ///
    /// Up to `CHAINS * LANES - 1` places after the last sum are overwritten; no operand may lie in what is written.
    #[inline(always)]
    pub(super) fn add<O: Operands<B>>(
        &mut self,
        operands: &O,
        arena: &mut [ScratchPoint],
        list: &mut Additions,
        first: u32,
        vanished: &mut Vec<u32>,
    ) {
        let end = first + list.len() as u32;
        vanished.clear();
        list.pad();
        let (left, _) = list.left.as_chunks::<LANES>();
        let (right, _) = list.right.as_chunks::<LANES>();
        let mut place = first;
        let size = self.prefix.len();
        for (left, right) in left.chunks(size).zip(right.chunks(size)) {
            let total = self.multiply_denominators(operands, arena, left, right, place, vanished);
            self.add_with_inverse(operands, arena, left, right, place, total);
            place += (left.len() * LANES) as u32;
        }
        // A padding lane repeats the last addition, and its vanishing too.
        vanished.truncate(vanished.partition_point(|&k| k < end));
    }

    /// First pass: denominators and their prefix products; the inverses of the products of the four chains.
    #[inline(always)]
    fn multiply_denominators<O: Operands<B>>(
        &mut self,
        operands: &O,
        arena: &[ScratchPoint],
        left: &[[u32; LANES]],
        right: &[[u32; LANES]],
        place: u32,
        vanished: &mut Vec<u32>,
    ) -> [B::Fq; CHAINS] {
        let vectors = left.len();
        let (prefix, denominator) = (&mut self.prefix[..vectors], &mut self.denominator[..vectors]);
        let right = &right[..vectors];
        self.special.clear();
        let mut product = [B::Fq::one(); CHAINS];
        let mut v = 0;
        while v + CHAINS <= vectors {
            for w in v..v + CHAINS {
                if w + AHEAD_UP < vectors {
                    operands.prefetch(arena, &left[w + AHEAD_UP]);
                    operands.prefetch(arena, &right[w + AHEAD_UP]);
                }
                let (mut difference, same_x) = operands.difference_x(arena, &left[w], &right[w]);
                if same_x != 0 {
                    let (_, y1) = operands.xy(arena, &left[w]);
                    let (_, y2) = operands.xy(arena, &right[w]);
                    // 2 y1 where the points are equal, 0 where they are opposite.
                    let sum: B::Fq =
                        B::Fq::signed_sum(y1, operands.negative(&left[w]), y2, operands.negative(&right[w]))
                            .into();
                    let opposite = same_x & B::Fq::is_zero(sum);
                    let equal = same_x & !opposite;
                    let chord: B::Fq = B::Fq::reduce(difference).into();
                    let other = B::Fq::select(opposite, B::Fq::one(), chord);
                    difference = B::Fq::select(equal, sum, other).into();
                    self.special.push(Special { vector: w, equal });
                    for lane in (0..LANES).filter(|&lane| opposite >> lane & 1 == 1) {
                        vanished.push(place + (w * LANES + lane) as u32);
                    }
                }
                denominator[w] = difference;
            }
            let [product0, product1, product2, product3] = &mut product;
            let [prefix0, prefix1, prefix2, prefix3, ..] = &mut prefix[v..] else { break };
            let [factor0, factor1, factor2, factor3, ..] = &denominator[v..] else { break };
            B::Fq::chain_up2([product0, product1], [factor0, factor1], [prefix0, prefix1]);
            B::Fq::chain_up2([product2, product3], [factor2, factor3], [prefix2, prefix3]);
            v += CHAINS;
        }
        let [a, b, c, d] = product;
        let (ab, cd) = B::Fq::mul2(a, b, c, d);
        let inverse = ab.mul(cd).inverse();
        let (inverse_ab, inverse_cd) = B::Fq::mul2(inverse, cd, inverse, ab);
        let (inverse_a, inverse_b) = B::Fq::mul2(inverse_ab, b, inverse_ab, a);
        let (inverse_c, inverse_d) = B::Fq::mul2(inverse_cd, d, inverse_cd, c);
        [inverse_a, inverse_b, inverse_c, inverse_d]
    }

    /// Second pass, from the back: slopes and sums, phase by phase over blocks of vectors.
    #[inline(always)]
    fn add_with_inverse<O: Operands<B>>(
        &mut self,
        operands: &O,
        arena: &mut [ScratchPoint],
        left: &[[u32; LANES]],
        right: &[[u32; LANES]],
        place: u32,
        inverse: [B::Fq; CHAINS],
    ) {
        let mut inverse = inverse;
        let mut end = left.len();
        let mut special = self.special.pop();
        let chords = &mut self.chords;
        while end > 0 {
            let start = (end - 1) / CHORDS * CHORDS;
            let size = end - start;
            let (left_block, right_block) = (&left[start..end], &right[start..end]);
            let (prefix, denominator) = (&self.prefix[start..end], &self.denominator[start..end]);
            // Operands and numerators.
            for w in 0..size {
                if start + w >= AHEAD_DOWN {
                    operands.prefetch(arena, &left[start + w - AHEAD_DOWN]);
                    operands.prefetch(arena, &right[start + w - AHEAD_DOWN]);
                }
                operands.gather_chords(arena, &left_block[w], &right_block[w], chords, w);
            }
            while let Some(Special { vector, equal }) = special
                && vector >= start
            {
                let w = vector - start;
                let square = chords.x1[w].square();
                let triple: B::Fq = B::Fq::reduce(square.double().add_lazy(square)).into();
                let negative = operands.negative(&right_block[w]);
                let tangent = B::Fq::signed_sum(triple, negative, B::Fq::zero(), 0).into();
                let chord: B::Fq = B::Fq::reduce(chords.numerator[w]).into();
                chords.numerator[w] = B::Fq::select(equal, tangent, chord).into();
                special = self.special.pop();
            }
            // Inverses of the denominators, back along the chains.
            let mut v = size;
            while v >= CHAINS {
                v -= CHAINS;
                let [inverse0, inverse1, inverse2, inverse3] = &mut inverse;
                let [out0, out1, out2, out3, ..] = &mut chords.inverse[v..] else { break };
                let [prefix0, prefix1, prefix2, prefix3, ..] = &prefix[v..] else { break };
                let [factor0, factor1, factor2, factor3, ..] = &denominator[v..] else { break };
                B::Fq::chain_down2(
                    [inverse0, inverse1],
                    [factor0, factor1],
                    [prefix0, prefix1],
                    [out0, out1],
                );
                B::Fq::chain_down2(
                    [inverse2, inverse3],
                    [factor2, factor3],
                    [prefix2, prefix3],
                    [out2, out3],
                );
            }
            let at = place as usize + start * LANES;
            B::Fq::add_chords(chords, size, &mut arena[at..at + size * LANES]);
            end = start;
        }
    }
}
