use ark_ec::VariableBaseMSM;
use ark_ff::{Field, UniformRand, Zero};
use proptest::prelude::*;
use zktorch_field::{G1Affine, par};

use super::*;
use crate::msm::tests::{points, raw};

/// A table with kinks, signs and a spike.
fn f(key: BucketKey) -> i32 {
    key.value.max(0) / 2 - i32::from(key.tag == 7) * (key.value & 3) + i32::from(key.value == 5) * 40_000
}

fn tag_scalar(tag: u32) -> Fr {
    Fr::from(tag) * Fr::from(1u64 << 40)
}

fn zero(_: u32) -> Fr {
    Fr::zero()
}

/// The run of every cell.
fn each(runs: &[TagRun]) -> Vec<TagRun> {
    runs.iter().flat_map(|run| std::iter::repeat_n(*run, run.len)).collect()
}

/// Checks every commitment of a column against arkworks, cell by cell.
fn check(points: &[G1Affine], values: &[i32], runs: &[TagRun]) {
    let mut rng = ark_std::test_rng();
    let (alpha, beta) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
    let per_cell = |g: &dyn Fn(BucketKey) -> Fr| {
        let cell = |(run, &value): (&TagRun, &i32)| {
            if run.rest == Some(value) { Fr::zero() } else { g(BucketKey { tag: run.tag, value }) }
        };
        let scalars: Vec<Fr> = each(runs).iter().zip(values).map(cell).collect();
        G1Projective::msm(points, &scalars).unwrap()
    };
    let inverse = |key: BucketKey| {
        (alpha - tag_scalar(key.tag) - beta * Fr::from(key.value) - beta * beta * Fr::from(f(key)))
            .inverse()
            .unwrap()
    };
    for kind in BackendKind::available() {
        let sums = BucketSums::compute_with_backend(kind, &raw(points), values, runs).unwrap();
        assert!(sums.iter().map(|(key, _)| key).is_sorted_by(|a, b| a < b));
        assert_eq!(sums.commit_values(), per_cell(&|key| Fr::from(key.value)));
        assert_eq!(sums.commit_function(f), per_cell(&|key| Fr::from(f(key))));
        assert_eq!(sums.commit_scalars(inverse), per_cell(&inverse));
        assert_eq!(sums.commit_inverse(alpha, beta, tag_scalar, f, zero).unwrap(), per_cell(&inverse));
        let centred = per_cell(&|key| inverse(key) - tag_scalar(key.tag + 1));
        let centre = |tag| tag_scalar(tag + 1);
        assert_eq!(sums.commit_inverse(alpha, beta, tag_scalar, f, centre).unwrap(), centred);
    }
}

fn column(n: usize, bits: u32) -> Vec<i32> {
    (0..n as u32).map(|i| (i.wrapping_mul(0x9e37_79b1) as i32) >> (32 - bits)).collect()
}

#[test]
fn one_tag() {
    for (n, bits) in [(1, 16), (7, 16), (64, 2), (1000, 5), (1 << 12, 17)] {
        check(&points(n), &column(n, bits), &[TagRun::new(n, 3)]);
    }
}

#[test]
fn extremes_of_the_domain() {
    let values = [MAX_VALUE, -MAX_VALUE, 0, 1, -1, MAX_VALUE, -MAX_VALUE, 65_535, -65_535];
    check(&points(values.len()), &values, &[TagRun::new(values.len(), 0)]);
}

#[test]
fn several_tags_without_some_values() {
    let runs = [
        TagRun::new(100, 7).without(3),
        TagRun::new(13, 8).without(99),
        TagRun::new(1, u32::MAX - 1).without(0),
        TagRun::new(0, 5),
        TagRun::new(200, 0),
        TagRun::new(186, 7).without(3),
    ];
    check(&points(500), &column(500, 6), &runs);
}

#[test]
fn equal_and_opposite_bases() {
    let p = points(2);
    let alternate: Vec<_> = (0..300).map(|i| if i % 2 == 0 { p[0] } else { -p[0] }).collect();
    check(&alternate, &column(300, 3), &[TagRun::new(300, 1)]);
    check(&alternate, &vec![9; 300], &[TagRun::new(300, 1)]);
    check(&[p[0]; 300], &column(300, 3), &[TagRun::new(300, 1)]);
}

#[test]
fn the_empty_column() {
    let sums = BucketSums::compute::<i16>(&[], &[], &[]).unwrap();
    assert!(sums.is_empty() && sums.commit_values().is_zero());
    assert!(sums.commit_inverse(Fr::from(3u64), Fr::from(2u64), tag_scalar, f, zero).unwrap().is_zero());
}

#[test]
fn sixteen_bit_values_of_either_sign() {
    let n = 400;
    let bases = raw(&points(n));
    let signed: Vec<i16> = column(n, 16).iter().map(|&v| v as i16).collect();
    let unsigned: Vec<u16> = signed.iter().map(|&v| v as u16).collect();
    let runs = [TagRun::new(n, 0)];
    let sums = BucketSums::compute(&bases, &signed, &runs).unwrap();
    assert_eq!(sums.commit_values(), crate::msm::msm_i16(&bases, &signed));
    let sums = BucketSums::compute(&bases, &unsigned, &runs).unwrap();
    assert_eq!(sums.commit_values(), crate::msm::msm_u16(&bases, &unsigned));
}

#[test]
fn pieces_merge_to_the_whole() {
    let n = 600;
    let p = points(n);
    let bases = raw(&p);
    let values = column(n, 5);
    let runs = [TagRun::new(250, 2), TagRun::new(50, 3).without(1), TagRun::new(300, 1)];
    let whole = BucketSums::compute(&bases, &values, &runs).unwrap();
    let piece = |range: std::ops::Range<usize>, runs: &[TagRun]| {
        BucketSums::compute(&bases[range.clone()], &values[range], runs).unwrap()
    };
    let mut merged = piece(0..250, &[TagRun::new(250, 2)]);
    merged.merge(piece(300..400, &[TagRun::new(100, 1)]));
    merged.merge(piece(250..300, &[TagRun::new(50, 3).without(1)]));
    merged.merge(piece(400..600, &[TagRun::new(200, 1)]));
    assert_eq!(merged.iter().collect::<Vec<_>>(), whole.iter().collect::<Vec<_>>());
}

#[test]
fn blocks_of_one_value_change_nothing() {
    let n = 700;
    let p = points(n);
    let bases = raw(&p);
    let blocks = BlockSums::new(&bases);
    let rare = column(n, 6);
    // Runs begin and end within blocks; nothing, some and everything else than the frequent value is in a block.
    for (every, frequent) in [(1000, 0), (9, 0), (9, -7), (3, 5), (1, 0), (65, 131_072)] {
        let values: Vec<i32> = (0..n).map(|i| if i % every == 8 { rare[i] } else { frequent }).collect();
        let run = |tag: u32, len: usize| TagRun::new(len, tag);
        let runs = [run(2, 70), run(3, 130).without(frequent), run(1, 300), run(2, 200)];
        let plain = BucketSums::compute(&bases, &values, &runs).unwrap();
        let sums = BucketSums::compute_in_blocks(&bases, Some(&blocks), &values, &runs).unwrap();
        assert_eq!(sums.iter().collect::<Vec<_>>(), plain.iter().collect::<Vec<_>>(), "{every}, {frequent}");
        assert!(sums.iter().all(|(key, _)| key != BucketKey { tag: 3, value: frequent }));
    }
    // Sums of fewer bases than the column has are not used.
    let few = BlockSums::new(&bases[..100]);
    let runs = [TagRun::new(n, 0)];
    let sums = BucketSums::compute_in_blocks(&bases, Some(&few), &vec![0i16; n], &runs).unwrap();
    assert_eq!(sums.len(), 1);
    // A base at infinity has no sums of blocks; bases that cancel have a bucket that vanished.
    let opposite: Vec<G1Affine> = (0..128).map(|i| if i % 2 == 0 { p[0] } else { -p[0] }).collect();
    let bases = raw(&opposite);
    let sums = BucketSums::compute_in_blocks(
        &bases,
        Some(&BlockSums::new(&bases)),
        &[3i16; 128],
        &[TagRun::new(128, 4)],
    );
    let (tag, value) = (Fr::from(4u64), Fr::from(3u64));
    let pole = sums.unwrap().commit_inverse(tag + value, Fr::from(1u64), |_| tag, |_| 0, zero);
    assert!(matches!(pole, Err(CommitError::Pole { tag: 4, value: 3 })));
}

#[test]
fn every_pole_is_reported() {
    let n = 50;
    let p = points(n);
    let values = column(n, 5);
    let runs = [TagRun::new(20, 4), TagRun::new(30, 9)];
    let beta = Fr::from(1_000_003u64);
    for kind in BackendKind::available() {
        let sums = BucketSums::compute_with_backend(kind, &raw(&p), &values, &runs).unwrap();
        for (key, _) in sums.iter() {
            let alpha = tag_scalar(key.tag) + beta * Fr::from(key.value) + beta * beta * Fr::from(f(key));
            assert_eq!(
                sums.commit_inverse(alpha, beta, tag_scalar, f, zero),
                Err(CommitError::Pole { tag: key.tag, value: key.value })
            );
        }
    }
}

/// A bucket whose bases cancel contributes nothing, but its pole still means that the column does not exist.
#[test]
fn poles_of_vanished_buckets_are_reported() {
    let p = points(2);
    let bases = raw(&[p[0], -p[0], p[1]]);
    let mut sums = BucketSums::compute(&bases, &[5i16, 5, 6], &[TagRun::new(3, 4)]).unwrap();
    assert_eq!(sums.len(), 1);
    let key = BucketKey { tag: 4, value: 5 };
    let beta = Fr::from(77u64);
    let alpha = tag_scalar(4) + beta * Fr::from(5) + beta * beta * Fr::from(f(key));
    let pole = Err(CommitError::Pole { tag: 4, value: 5 });
    assert_eq!(sums.commit_inverse(alpha, beta, tag_scalar, f, zero), pole);
    // Also when it vanishes in a merge.
    let mut pieces = BucketSums::compute(&bases[..1], &[5i16], &[TagRun::new(1, 4)]).unwrap();
    pieces.merge(BucketSums::compute(&bases[1..2], &[5i16], &[TagRun::new(1, 4)]).unwrap());
    assert!(pieces.is_empty());
    assert_eq!(pieces.commit_inverse(alpha, beta, tag_scalar, f, zero), pole);
    sums.merge(pieces);
    assert_eq!(sums.commit_inverse(alpha, beta, tag_scalar, f, zero), pole);
}

#[test]
fn wrong_lengths_and_values_are_typed_errors() {
    let bases = raw(&points(4));
    let error = |values: &[i32], runs: &[TagRun]| BucketSums::compute(&bases, values, runs).err();
    let runs = [TagRun::new(4, 0)];
    assert_eq!(error(&[1; 3], &runs), Some(CommitError::Length { what: "column", expected: 4, got: 3 }));
    assert_eq!(error(&[1; 5], &runs), Some(CommitError::Length { what: "column", expected: 4, got: 5 }));
    for (runs, got) in [
        (vec![], 0),
        (vec![TagRun::new(3, 0)], 3),
        (vec![TagRun::new(5, 0)], 5),
        (vec![TagRun::new(2, 0), TagRun::new(3, 0)], 5),
        (vec![TagRun::new(2, 0), TagRun::new(usize::MAX, 0)], usize::MAX),
    ] {
        assert_eq!(error(&[1; 4], &runs), Some(CommitError::Length { what: "tag runs", expected: 4, got }));
    }
    for got in [MAX_VALUE + 1, -MAX_VALUE - 1, i32::MAX, i32::MIN] {
        let expected = Some(CommitError::ValueRange { what: "column", max: MAX_VALUE, got });
        assert_eq!(error(&[1, got, 0, 2], &runs), expected);
    }
}

/// Pieces of work may run on any number of threads, in any order.
#[test]
fn results_do_not_depend_on_threads() {
    let n = 1 << 12;
    let bases = raw(&points(n));
    let values = column(n, 9);
    let runs = [TagRun::new(n, 1)];
    let compute = || BucketSums::compute(&bases, &values, &runs).unwrap();
    let alone = compute();
    let together = par::map(3, |_| compute());
    for sums in together {
        assert_eq!(sums.iter().collect::<Vec<_>>(), alone.iter().collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn agrees_with_arkworks(
        cells in prop::collection::vec((0usize..5, any::<bool>(), -40i32..40), 1..120),
        cut in 0usize..120,
        tags in (0u32..3, 0u32..3),
    ) {
        let p = points(5);
        let bases: Vec<_> = cells.iter().map(|&(i, minus, _)| if minus { -p[i] } else { p[i] }).collect();
        let values: Vec<_> = cells.iter().map(|&(_, _, v)| v).collect();
        let cut = cut.min(cells.len());
        check(&bases, &values, &[TagRun::new(cut, tags.0), TagRun::new(cells.len() - cut, tags.1)]);
    }
}
