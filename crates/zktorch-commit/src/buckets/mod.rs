//! Bucket commitments: one pass over a column of small integers, then commitments to any function of it.
//!
//! For a column x of small integers with piecewise constant tags, the *bucket sums*
//!
//! S_(tag,v) = sum over {i : tag_i = tag, x_i = v} of G_i
//!
//! cost one affine addition per cell. From them, with work that depends only on the number of non-empty buckets,
//!
//! * Com(x) = sum v S_(tag,v) ([`BucketSums::commit_values`]),
//! * Com(f(x)) = sum f(tag, v) S_(tag,v) for any table f ([`BucketSums::commit_function`]),
//! * Com(1 / (alpha - tag - beta x - beta^2 f(x)) - centre(tag)), the full-width inverse column of a lookup
//!   argument ([`BucketSums::commit_inverse`]).
//!
//! Nothing here hides: the caller adds r H to what it publishes.

mod blocks;
mod inverse;
mod keys;
#[cfg(test)]
mod tests;

use zktorch_field::{BackendKind, Fr, G1Projective, RawAffine};

pub use self::blocks::BlockSums;
pub use self::keys::{BucketKey, MAX_VALUE, TagRun, Value};
use crate::{
    CommitError,
    msm::{
        msm_signed, msm_with_backend,
        sort::Buckets,
        sums::{Sums, sum_buckets},
    },
};

/// The sums of the bases over the cells of each (tag, value), for the pairs that occur.
///
/// A column can be processed in pieces: [`merge`](Self::merge) the sums of sub-ranges.
#[derive(Clone, Debug)]
pub struct BucketSums {
    kind: BackendKind,
    /// The pairs with a finite sum, ascending, and their sums.
    keys: Vec<BucketKey>,
    points: Vec<RawAffine>,
    /// Pairs that occur but whose bases cancel: they change no commitment, but alpha may not hit them either.
    vanished: Vec<BucketKey>,
}

impl BucketSums {
    /// The bucket sums of a column: `values[i]` belongs to `bases[i]`, and `runs` are the tags of consecutive cells.
    ///
    /// # Errors
    /// [`CommitError::Length`] if `values` or `runs` do not cover the bases exactly; [`CommitError::ValueRange`] for a value above
    /// [`MAX_VALUE`] in absolute value.
    pub fn compute<V: Value>(
        bases: &[RawAffine],
        values: &[V],
        runs: &[TagRun],
    ) -> Result<Self, CommitError> {
        Self::compute_with_backend(BackendKind::active(), bases, values, runs)
    }

    /// [`compute`](Self::compute) on a given backend (and all that follows from the sums too), for tests and benches.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn compute_with_backend<V: Value>(
        kind: BackendKind,
        bases: &[RawAffine],
        values: &[V],
        runs: &[TagRun],
    ) -> Result<Self, CommitError> {
        Self::grouped(kind, bases, None, values, runs)
    }

    /// [`compute`](Self::compute) with the sums over blocks of the bases, if they are known: cheaper for columns in which one value comes often in a
    /// row, the same otherwise.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn compute_in_blocks<V: Value>(
        bases: &[RawAffine],
        blocks: Option<&BlockSums>,
        values: &[V],
        runs: &[TagRun],
    ) -> Result<Self, CommitError> {
        let blocks = blocks.and_then(|blocks| blocks.of(bases.len()));
        Self::grouped(BackendKind::active(), bases, blocks, values, runs)
    }

    fn grouped<V: Value>(
        kind: BackendKind,
        bases: &[RawAffine],
        blocks: Option<&[RawAffine]>,
        values: &[V],
        runs: &[TagRun],
    ) -> Result<Self, CommitError> {
        if values.len() != bases.len() {
            return Err(CommitError::Length { what: "column", expected: bases.len(), got: values.len() });
        }
        let grouped = keys::group(values, runs, blocks.is_some())?;
        let sums = |bases: &[RawAffine], buckets: &Buckets| {
            let Sums { keys, points } = sum_buckets(kind, bases, buckets);
            let all = grouped.layout.decode(&buckets.keys);
            let mut finite = keys.iter().peekable();
            let (mut kept, mut vanished) = (Vec::with_capacity(keys.len()), Vec::new());
            for (key, decoded) in buckets.keys.iter().zip(all) {
                let found = finite.next_if_eq(&key).is_some();
                if found { &mut kept } else { &mut vanished }.push(decoded);
            }
            Self { kind, keys: kept, points, vanished }
        };
        let mut column = sums(bases, &grouped.cells);
        if let Some(blocks) = blocks.filter(|_| !grouped.blocks.keys.is_empty()) {
            column.merge(sums(blocks, &grouped.blocks));
        }
        Ok(column)
    }

    /// The number of buckets with a finite sum.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no bucket with a finite sum.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The buckets with a finite sum, by ascending tag and value.
    pub fn iter(&self) -> impl Iterator<Item = (BucketKey, &RawAffine)> {
        self.keys.iter().copied().zip(&self.points)
    }

    /// Adds the cells of another column over other bases: the sums of their union.
    pub fn merge(&mut self, other: Self) {
        let mut order: Vec<(BucketKey, u32)> =
            self.keys.iter().chain(&other.keys).copied().zip((0u32..).map(|i| 2 * i)).collect();
        // Two ascending runs: a stable merge sort is linear.
        order.sort_by_key(|&(key, _)| key);
        let mut keys = Vec::with_capacity(order.len());
        let mut buckets = Buckets::default();
        for run in order.chunk_by(|a, b| a.0 == b.0) {
            buckets.keys.push(keys.len() as u32);
            buckets.lengths.push(run.len() as u32);
            buckets.entries.extend(run.iter().map(|&(_, entry)| entry));
            keys.push(run[0].0);
        }
        let points = [self.points.as_slice(), &other.points].concat();
        let sums = sum_buckets(self.kind, &points, &buckets);
        self.vanished.extend(other.vanished);
        let mut finite = sums.keys.iter().peekable();
        self.keys.clear();
        for (i, key) in (0..).zip(keys) {
            let found = finite.next_if_eq(&&i).is_some();
            if found { &mut self.keys } else { &mut self.vanished }.push(key);
        }
        self.points = sums.points;
    }

    /// Com(x) = sum v S_(tag,v).
    pub fn commit_values(&self) -> G1Projective {
        msm_signed(self.kind, &self.points, self.keys.iter().map(|key| key.value))
    }

    /// Com(f(x)) = sum f(tag, v) S_(tag,v) for a table of integers. Cheapest if they have at most 17 bits.
    pub fn commit_function(&self, f: impl Fn(BucketKey) -> i32) -> G1Projective {
        let outputs: Vec<i32> = self.keys.iter().map(|&key| f(key)).collect();
        msm_signed(self.kind, &self.points, outputs.iter().copied())
    }

    /// Com(f(x)) = sum f(tag, v) S_(tag,v) for a table of scalars: one full-width MSM over the buckets.
    pub fn commit_scalars(&self, f: impl Fn(BucketKey) -> Fr) -> G1Projective {
        let outputs: Vec<Fr> = self.keys.iter().map(|&key| f(key)).collect();
        msm_with_backend(self.kind, &self.points, &outputs)
    }

    /// Com(h) for the inverse column h_i = 1 / (alpha - `tag`(tag_i) - beta x_i - beta^2 `f`(tag_i, x_i)) - `centre`(tag_i): one
    /// batch inversion and one full-width MSM over the buckets.
    ///
    /// # Errors
    /// [`CommitError::Pole`] if a denominator is zero, which has probability (number of buckets) / |F| for a random alpha. The
    /// proof must be abandoned: no h satisfies the lookup's equation.
    pub fn commit_inverse(
        &self,
        alpha: Fr,
        beta: Fr,
        tag: impl Fn(u32) -> Fr,
        f: impl Fn(BucketKey) -> i32,
        centre: impl Fn(u32) -> Fr,
    ) -> Result<G1Projective, CommitError> {
        inverse::inverses(self.kind, alpha, beta, &tag, &f, &self.vanished)?;
        let mut scalars = inverse::inverses(self.kind, alpha, beta, &tag, &f, &self.keys)?;
        for (scalar, key) in scalars.iter_mut().zip(&self.keys) {
            *scalar -= centre(key.tag);
        }
        Ok(msm_with_backend(self.kind, &self.points, &scalars))
    }
}
