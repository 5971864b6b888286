//! Commitments to short rows over the first bases: the messages of a proof, committed one at a time.
//!
//! A row has at most [`MAX_ROW`] scalars and is usually sparse. Multiples `d 2^{6w} B` of the first bases and of `H`
//! are tabulated once (3 MB), so that a commitment is the sum of 43 table entries for each non-zero scalar.

use std::sync::OnceLock;

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{PrimeField, Zero};
use zeroize::Zeroize;
use zktorch_field::{BackendKind, Fr, G1Affine, G1Projective, RawAffine, par};
use zktorch_mutants::enforced;

use crate::msm::sort::Buckets;
use crate::msm::sums::sum_buckets;
use crate::{Blind, CommitError, Commitment, Srs};

/// The longest row of [`Srs::commit_prefix`].
pub const MAX_ROW: usize = 32;

/// Bits of a digit.
const BITS: usize = 6;
/// Multiples that are tabulated: digits are signed, so half of them.
const MULTIPLES: usize = 1 << (BITS - 1);
/// Digits of a scalar of 254 bits; the last one has room for a carry.
const WINDOWS: usize = 254usize.div_ceil(BITS);

impl Srs {
    /// `Com(row; r)` of a row of at most [`MAX_ROW`] scalars: the same as [`commit`](Srs::commit), much faster.
    ///
    /// # Errors
    /// [`CommitError::RowLength`]; [`CommitError::ShortSrs`].
    pub fn commit_prefix(&self, row: &[Fr], blind: &Blind) -> Result<Commitment, CommitError> {
        let commitments = self.commit_prefixes(&[row], core::slice::from_ref(blind))?;
        Ok(commitments.first().copied().unwrap_or_default())
    }

    /// [`commit_prefix`](Self::commit_prefix) of many rows at once, which share inversions: five times faster again for
    /// short rows.
    ///
    /// # Errors
    /// As [`commit_prefix`](Self::commit_prefix), and [`CommitError::Length`] unless there is a blind for every row.
    pub fn commit_prefixes(&self, rows: &[&[Fr]], blinds: &[Blind]) -> Result<Vec<Commitment>, CommitError> {
        if rows.len() != blinds.len() && enforced() {
            return Err(CommitError::Length {
                what: "blinds of rows",
                expected: rows.len(),
                got: blinds.len(),
            });
        }
        rows.iter().try_for_each(|row| self.check_row(row))?;
        let table = self.row_table();
        let mut buckets = Buckets::default();
        for (key, (row, blind)) in (0..).zip(rows.iter().zip(blinds)) {
            table.push(key, core::iter::once(blind.expose()).chain(*row), &mut buckets);
        }
        let sums = sum_buckets(BackendKind::active(), &table.multiples, &buckets);
        // The references are the digits of messages and blinds.
        buckets.entries.zeroize();
        // Rows without a sum are infinity.
        let mut commitments = vec![Commitment::default(); rows.len()];
        for (key, point) in sums.keys.iter().zip(&sums.points) {
            commitments[*key as usize] = Commitment(point.to_affine_unchecked());
        }
        Ok(commitments)
    }

    fn check_row(&self, row: &[Fr]) -> Result<(), CommitError> {
        if row.len() > MAX_ROW && enforced() {
            return Err(CommitError::RowLength { max: MAX_ROW, got: row.len() });
        }
        self.prefix("row", row.len()).map(|_| ())
    }

    fn row_table(&self) -> &RowTable {
        self.rows.get_or_init(|| {
            let bases = self.bases().iter().take(MAX_ROW).map(RawAffine::to_affine_unchecked);
            RowTable::new(&core::iter::once(self.hiding_generator()).chain(bases).collect::<Vec<_>>())
        })
    }
}

/// A table that is made when it is first needed.
pub(crate) type LazyRowTable = OnceLock<RowTable>;

/// `d 2^{6w} B` for `1 <= d <= 32`, windows w and bases B (`H` first).
#[derive(Debug)]
pub(crate) struct RowTable {
    multiples: Vec<RawAffine>,
}

impl RowTable {
    fn new(bases: &[G1Affine]) -> Self {
        // 2^i B, then every small multiple as the sum of its bits.
        let doublings = par::map(bases.len(), |b| {
            let powers = core::iter::successors(Some(bases[b].into_group()), |p| Some(*p + p));
            G1Projective::normalize_batch(&powers.take(BITS * WINDOWS).collect::<Vec<_>>())
        });
        let doublings: Vec<RawAffine> = doublings.iter().flatten().filter_map(RawAffine::new).collect();
        let mut buckets = Buckets::default();
        for window in 0..(bases.len() * WINDOWS) as u32 {
            for multiple in 1..=MULTIPLES as u32 {
                let bits = (0..BITS as u32).filter(|bit| multiple >> bit & 1 == 1);
                buckets.keys.push(window * MULTIPLES as u32 + multiple - 1);
                buckets.lengths.push(multiple.count_ones());
                buckets.entries.extend(bits.map(|bit| 2 * (window * BITS as u32 + bit)));
            }
        }
        // Small multiples of points of a large prime order: none is infinity, so none is missing.
        Self { multiples: sum_buckets(BackendKind::active(), &doublings, &buckets).points }
    }

    /// The bucket of the table entries whose signed sum is `sum_b scalars[b] B_b`.
    fn push<'a>(&self, key: u32, scalars: impl Iterator<Item = &'a Fr>, buckets: &mut Buckets) {
        let before = buckets.entries.len();
        for (base, scalar) in scalars.enumerate().filter(|(_, scalar)| !scalar.is_zero()) {
            for (w, digit) in digits(scalar).into_iter().enumerate().filter(|(_, digit)| *digit != 0) {
                let index = (base * WINDOWS + w) * MULTIPLES + usize::from(digit.unsigned_abs()) - 1;
                buckets.entries.push(2 * index as u32 + u32::from(digit < 0));
            }
        }
        let length = buckets.entries.len() - before;
        if length > 0 {
            buckets.keys.push(key);
            buckets.lengths.push(length as u32);
        }
    }
}

/// Signed digits: `scalar = sum_w digits[w] 2^{6w}`, `-32 < digits[w] <= 32`.
fn digits(scalar: &Fr) -> [i8; WINDOWS] {
    let limbs = scalar.into_bigint().0;
    let mut carry = 0;
    core::array::from_fn(|w| {
        let (limb, shift) = (w * BITS / 64, w * BITS % 64);
        let low = limbs.get(limb).map_or(0, |l| l >> shift);
        let high = if shift + BITS > 64 { limbs.get(limb + 1).map_or(0, |l| l << (64 - shift)) } else { 0 };
        let digit = ((low | high) & (2 * MULTIPLES as u64 - 1)) as i8 + carry;
        carry = i8::from(digit > MULTIPLES as i8);
        digit - carry * 2 * MULTIPLES as i8
    })
}

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, Field, UniformRand};
    use ark_std::rand::SeedableRng;
    use ark_std::rand::rngs::StdRng;
    use proptest::prelude::*;

    use super::*;

    fn special() -> Vec<Fr> {
        let powers = (0..8u64).map(|i| Fr::from(2u64).pow([i * 36]));
        let near = [0i64, 1, -1, 31, 32, 33, 63, 64, 65, -32, -33].map(Fr::from);
        powers.chain(near).chain([-Fr::from(1u64) / Fr::from(2u64)]).collect()
    }

    #[test]
    fn digits_add_up() {
        let mut rng = StdRng::seed_from_u64(1);
        for scalar in special().into_iter().chain((0..200).map(|_| Fr::rand(&mut rng))) {
            let digits = digits(&scalar);
            assert!(digits.iter().all(|d| (-31..=32).contains(d)));
            let sum = digits.iter().rev().fold(Fr::ZERO, |acc, d| acc * Fr::from(64u64) + Fr::from(*d));
            assert_eq!(sum, scalar);
        }
    }

    #[test]
    fn rows_of_special_scalars() {
        let srs = Srs::dev(6).unwrap();
        let row = special();
        for blind in [Blind::zero(), Blind::from_scalar(Fr::from(-5i64))] {
            assert_eq!(srs.commit_prefix(&row, &blind), srs.commit(&row, &blind));
        }
        assert_eq!(srs.commit_prefix(&[], &Blind::zero()), Ok(Commitment::default()));
    }

    #[test]
    fn lengths_are_checked() {
        let srs = Srs::dev(4).unwrap();
        let blind = Blind::zero();
        let long = srs.commit_prefix(&[Fr::ONE; 33], &blind);
        assert_eq!(long, Err(CommitError::RowLength { max: 32, got: 33 }));
        let short = srs.commit_prefix(&[Fr::ONE; 17], &blind);
        assert_eq!(short, Err(CommitError::ShortSrs { what: "row", capacity: 16, got: 17 }));
        let blinds = srs.commit_prefixes(&[&[Fr::ONE]], &[]);
        assert_eq!(blinds, Err(CommitError::Length { what: "blinds of rows", expected: 1, got: 0 }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn rows_are_prefix_commitments(lengths in proptest::collection::vec(0..=MAX_ROW, 0..4), seed: u64) {
            let srs = Srs::dev(6).unwrap();
            let mut rng = StdRng::seed_from_u64(seed);
            let rows: Vec<Vec<Fr>> =
                lengths.iter().map(|n| (0..*n).map(|_| Fr::rand(&mut rng)).collect()).collect();
            let blinds: Vec<Blind> = rows.iter().map(|_| Blind::random(&mut rng)).collect();
            let slices: Vec<&[Fr]> = rows.iter().map(Vec::as_slice).collect();
            let expected: Result<Vec<Commitment>, CommitError> =
                rows.iter().zip(&blinds).map(|(row, blind)| srs.commit(row, blind)).collect();
            prop_assert_eq!(srs.commit_prefixes(&slices, &blinds), expected);
        }
    }
}
