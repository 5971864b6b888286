//! The sums of many buckets of points, by pairwise additions inside each bucket.
//!
//! All buckets of a group are halved together, level by level, so that each level is one batch of additions.

use zktorch_field::{Backend, LANES, Packed, PackedPoints, RawAffine, ScratchPoint};

use super::addition::{Adder, Additions, CHAINS, InArena, Operands, SignedBases};

/// How many single points ahead [`Tree::copy_singles`] prefetches.
const AHEAD_SINGLES: usize = 16;

/// A bucket on its way up the tree: its partial sums are `arena[start..start + len]`, and `arena[slot]` if `spare`.
#[derive(Clone, Copy)]
struct Bucket {
    slot: u32,
    start: u32,
    len: u32,
    spare: bool,
}

/// Sums groups of buckets, one group after another in the same memory.
///
/// The arena holds one *slot* per bucket (a partial sum without a partner waits there, and the last one stays
/// there), then two halves that the levels alternate between.
pub(super) struct Tree<B: Backend> {
    adder: Adder<B>,
    additions: Additions,
    arena: Vec<ScratchPoint>,
    active: Vec<Bucket>,
    /// Which slots hold a partial sum.
    filled: Vec<bool>,
    /// Sums of the last batch that are the point at infinity.
    vanished: Vec<u32>,
    /// References of single points, and the slots they go to.
    singles: Vec<u32>,
    single_slots: Vec<u32>,
}

impl<B: Backend> Tree<B> {
    /// Memory for groups of about `entries` entries (larger ones work too).
    #[inline(always)]
    pub(super) fn new(entries: usize) -> Self {
        Self {
            adder: Adder::new(entries / 2),
            additions: Additions::default(),
            arena: Vec::new(),
            active: Vec::new(),
            filled: Vec::new(),
            vanished: Vec::new(),
            singles: Vec::new(),
            single_slots: Vec::new(),
        }
    }

    /// Sums consecutive pieces of `entries`, bucket b of length `lengths[b]`: appends the sums that are not infinity to `points`
    /// and their b to `kept`, both ascending in b.
    #[inline(always)]
    pub(super) fn sum(
        &mut self,
        bases: &[RawAffine],
        entries: &[u32],
        lengths: &[u32],
        kept: &mut Vec<u32>,
        points: &mut Vec<RawAffine>,
    ) {
        let slots = lengths.len();
        let room = (entries.len() / 2).next_multiple_of(CHAINS * LANES);
        let size = slots + 2 * room;
        if self.arena.len() < size {
            self.arena.resize(size, ScratchPoint::default());
        }
        let halves = [slots as u32, (slots + room) as u32];
        self.filled.clear();
        self.filled.resize(slots, false);

        // From the bases to the first half; points without a partner go to the slots.
        self.list_first_level(entries, lengths, halves[0]);
        self.copy_singles(bases);
        self.add_level(&SignedBases(bases), halves[0]);
        // From one half to the other, until every bucket has ended in its slot.
        let mut to = 1;
        while !self.active.is_empty() {
            self.list_level(halves[to]);
            self.add_level(&InArena, halves[to]);
            to ^= 1;
        }
        self.collect(kept, points);
    }

    #[inline(always)]
    fn list_first_level(&mut self, entries: &[u32], lengths: &[u32], mut place: u32) {
        self.additions.clear();
        self.singles.clear();
        self.single_slots.clear();
        let mut rest = entries;
        for (slot, &length) in lengths.iter().enumerate() {
            let (bucket, tail) = rest.split_at(length as usize);
            rest = tail;
            let (pairs, single) = bucket.as_chunks::<2>();
            for &[left, right] in pairs {
                self.additions.push(left, right);
            }
            if let [single] = single {
                self.singles.push(*single);
                self.single_slots.push(slot as u32);
                self.filled[slot] = true;
            }
            if !pairs.is_empty() {
                let len = pairs.len() as u32;
                self.active.push(Bucket { slot: slot as u32, start: place, len, spare: !single.is_empty() });
                place += len;
            }
        }
    }

    /// Copies single points to their slots, with their signs.
    #[inline(always)]
    fn copy_singles(&mut self, bases: &[RawAffine]) {
        let (Some(&single), Some(&slot)) = (self.singles.last(), self.single_slots.last()) else { return };
        let padded = self.singles.len().next_multiple_of(LANES);
        self.singles.resize(padded, single);
        self.single_slots.resize(padded, slot);
        let (refs, _) = self.singles.as_chunks::<LANES>();
        let (slots, _) = self.single_slots.as_chunks::<LANES>();
        let operands = SignedBases(bases);
        for (i, (refs, slots)) in refs.iter().zip(slots).enumerate() {
            for ahead in self.singles.iter().skip(i * LANES + AHEAD_SINGLES).take(LANES) {
                B::prefetch(bases, (ahead >> 1) as usize);
            }
            let (x, y) = Operands::<B>::xy(&operands, &self.arena, refs);
            let negative = Operands::<B>::negative(&operands, refs);
            let y = B::Fq::signed_sum(y, negative, B::Fq::zero(), 0);
            B::Fq::scatter_xy_scratch(&mut self.arena, slots, B::Fq::reduce(x), y);
        }
    }

    /// Lists the next level's additions; their sums will start at `place`.
    #[inline(always)]
    fn list_level(&mut self, mut place: u32) {
        self.additions.clear();
        let Self { additions, arena, active, filled, .. } = self;
        active.retain_mut(|bucket| {
            let Bucket { slot, start, len, .. } = *bucket;
            let mut sums = len / 2;
            for pair in 0..sums {
                additions.push(start + 2 * pair, start + 2 * pair + 1);
            }
            if len % 2 == 1 {
                let last = start + len - 1;
                if bucket.spare {
                    additions.push(last, slot);
                    sums += 1;
                } else {
                    arena[slot as usize] = arena[last as usize];
                }
                bucket.spare = !bucket.spare;
                filled[slot as usize] = bucket.spare;
            }
            bucket.start = place;
            bucket.len = sums;
            place += sums;
            sums > 0
        });
    }

    /// Adds what has been listed and takes the sums that vanished out of their buckets.
    #[inline(always)]
    fn add_level<O: Operands<B>>(&mut self, operands: &O, place: u32) {
        self.adder.add(operands, &mut self.arena, &mut self.additions, place, &mut self.vanished);
        // From the last to the first, so that the sum that takes the place of a vanished one has not vanished itself.
        for &place in self.vanished.iter().rev() {
            let after = self.active.partition_point(|bucket| bucket.start <= place);
            let bucket = &mut self.active[after - 1];
            bucket.len -= 1;
            self.arena[place as usize] = self.arena[(bucket.start + bucket.len) as usize];
        }
    }

    /// Converts the filled slots to points at rest.
    #[inline(always)]
    fn collect(&self, kept: &mut Vec<u32>, points: &mut Vec<RawAffine>) {
        let begin = kept.len();
        kept.extend((0..).zip(&self.filled).filter(|&(_, &filled)| filled).map(|(slot, _)| slot));
        let slots = &kept[begin..];
        let at = points.len();
        points.resize(at + slots.len(), RawAffine::default());
        let points = &mut points[at..];
        for (i, chunk) in slots.chunks(LANES).enumerate() {
            // Past the end, the last one again.
            let lane = |l: usize| l.min(chunk.len() - 1);
            let (x, y) = B::Fq::gather_xy_scratch(&self.arena, &std::array::from_fn(|l| chunk[lane(l)]));
            let to = std::array::from_fn(|l| (i * LANES + lane(l)) as u32);
            B::Fq::scatter_xy(points, &to, x.into(), y.into());
        }
    }
}
