//! Commitments to short rows over the first bases: the messages of a proof, committed one at a time.
//!
//! A row has at most [`MAX_ROW`] scalars and is usually sparse. Multiples `d 2^{6w} B` of the first bases and of `H`
//! are tabulated once (3 MB), so that a commitment is the sum of 43 table entries for each non-zero scalar.

use std::sync::OnceLock;

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{PrimeField, Zero};
use zktorch_field::{Fr, G1Affine, G1Projective, par};

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
    /// `Com(row; r)` of a row of at most [`MAX_ROW`] scalars: the same as [`commit`](Srs::commit), about ten times faster.
    ///
    /// # Errors
    /// [`CommitError::RowLength`]; [`CommitError::ShortSrs`].
    pub fn commit_prefix(&self, row: &[Fr], blind: &Blind) -> Result<Commitment, CommitError> {
        Ok(self.row(row, blind)?.into())
    }

    /// [`commit_prefix`](Self::commit_prefix) of many rows, in parallel.
    ///
    /// # Errors
    /// As [`commit_prefix`](Self::commit_prefix), and [`CommitError::Length`] unless there is a blind for every row.
    pub fn commit_prefixes(&self, rows: &[&[Fr]], blinds: &[Blind]) -> Result<Vec<Commitment>, CommitError> {
        if rows.len() != blinds.len() {
            return Err(CommitError::Length {
                what: "blinds of rows",
                expected: rows.len(),
                got: blinds.len(),
            });
        }
        let sums: Result<Vec<G1Projective>, CommitError> =
            par::map(rows.len(), |i| self.row(rows[i], &blinds[i])).into_iter().collect();
        Ok(G1Projective::normalize_batch(&sums?).into_iter().map(Commitment).collect())
    }

    fn row(&self, row: &[Fr], blind: &Blind) -> Result<G1Projective, CommitError> {
        if row.len() > MAX_ROW {
            return Err(CommitError::RowLength { max: MAX_ROW, got: row.len() });
        }
        self.prefix("row", row.len())?;
        let table = self.row_table();
        let mut sum = table.multiple(0, blind.expose());
        for (column, scalar) in row.iter().enumerate().filter(|(_, scalar)| !scalar.is_zero()) {
            sum += table.multiple(1 + column, scalar);
        }
        Ok(sum)
    }

    fn row_table(&self) -> &RowTable {
        self.rows.get_or_init(|| {
            let bases = self.bases().iter().take(MAX_ROW).map(|b| b.to_affine_unchecked());
            RowTable::new(&core::iter::once(self.hiding_generator()).chain(bases).collect::<Vec<_>>())
        })
    }
}

/// A table that is made when it is first needed.
pub(crate) type LazyRowTable = OnceLock<RowTable>;

/// `d 2^{6w} B` for `1 <= d <= 32`, windows w and bases B (`H` first).
#[derive(Debug)]
pub(crate) struct RowTable {
    multiples: Vec<G1Affine>,
}

impl RowTable {
    fn new(bases: &[G1Affine]) -> Self {
        let rows = par::map(bases.len(), |i| {
            let mut window = bases[i].into_group();
            let mut multiples = Vec::with_capacity(WINDOWS * MULTIPLES);
            for _ in 0..WINDOWS {
                let mut multiple = window;
                for _ in 0..MULTIPLES {
                    multiples.push(multiple);
                    multiple += window;
                }
                (0..BITS).for_each(|_| window += window);
            }
            G1Projective::normalize_batch(&multiples)
        });
        Self { multiples: rows.concat() }
    }

    /// `scalar B`, B the base with this number.
    fn multiple(&self, base: usize, scalar: &Fr) -> G1Projective {
        let mut sum = G1Projective::zero();
        for (w, digit) in digits(scalar).into_iter().enumerate() {
            let start = (base * WINDOWS + w) * MULTIPLES;
            match usize::from(digit.unsigned_abs()) {
                0 => {}
                d if digit > 0 => sum += self.multiples[start + d - 1],
                d => sum -= self.multiples[start + d - 1],
            }
        }
        sum
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
