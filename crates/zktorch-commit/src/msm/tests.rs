use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{BigInteger, One, PrimeField, UniformRand, Zero};
use proptest::prelude::*;
use zktorch_field::G1Affine;

use super::{sums::sum_buckets_with, *};

/// n different points.
pub(crate) fn points(n: usize) -> Vec<G1Affine> {
    let step = G1Affine::generator() * Fr::from(0x1234_5678_9abc_def1_u64);
    let walk = std::iter::successors(Some(step), |p| Some(*p + step)).take(n).collect::<Vec<_>>();
    G1Projective::normalize_batch(&walk)
}

pub(crate) fn raw(points: &[G1Affine]) -> Vec<RawAffine> {
    points.iter().map(|p| RawAffine::new(p).unwrap()).collect()
}

fn random_scalars(n: usize) -> Vec<Fr> {
    let mut rng = ark_std::test_rng();
    (0..n).map(|_| Fr::rand(&mut rng)).collect()
}

/// Scalars at the edges of digits, limbs and the field.
fn edges() -> Vec<Fr> {
    let mut out =
        vec![Fr::zero(), Fr::one(), -Fr::one(), -Fr::one() / Fr::from(2u64), Fr::one() / Fr::from(2u64)];
    for bit in 1..254 {
        let power = Fr::from(2u64).pow_u(bit);
        out.extend([power, power - Fr::one(), -power, Fr::one() - power]);
    }
    out
}

trait PowU {
    fn pow_u(self, e: u64) -> Self;
}

impl PowU for Fr {
    fn pow_u(self, e: u64) -> Self {
        ark_ff::Field::pow(&self, [e])
    }
}

fn check(points: &[G1Affine], scalars: &[Fr]) {
    let expected = G1Projective::msm(points, scalars).unwrap();
    for kind in BackendKind::available() {
        assert_eq!(
            msm_with_backend(kind, &raw(points), scalars),
            expected,
            "{} points, {}",
            points.len(),
            kind.name()
        );
    }
}

#[test]
fn random_scalars_of_all_sizes() {
    let (p, s) = (points(1 << 12), random_scalars(1 << 12));
    for n in [0, 1, 2, 3, 7, 8, 9, 31, 33, 100, 257, 1000, 1 << 12] {
        check(&p[..n], &s[..n]);
    }
}

#[test]
fn scalars_at_the_edges() {
    let s = edges();
    check(&points(s.len()), &s);
}

#[test]
fn equal_and_opposite_bases() {
    let n = 600;
    let (p, s) = (points(3), random_scalars(n));
    let patterns: [&dyn Fn(usize) -> G1Affine; 5] = [
        &|_| p[0],
        &|i| if i % 2 == 0 { p[0] } else { -p[0] },
        &|i| p[i % 3],
        &|i| if i % 3 == 0 { -p[i % 2] } else { p[i % 2] },
        &|i| if i < 300 { p[1] } else { -p[1] },
    ];
    for pattern in patterns {
        let bases: Vec<_> = (0..n).map(pattern).collect();
        check(&bases, &s);
        // All in one bucket of every window: long runs of doublings, or of vanishing sums.
        check(&bases, &vec![s[0]; n]);
        check(&bases, &vec![Fr::one(); n]);
        check(&bases, &vec![-Fr::one(); n]);
    }
    check(&vec![p[0]; n], &vec![Fr::zero(); n]);
}

#[test]
fn small_values() {
    let n = 700;
    let p = points(n);
    let bases = raw(&p);
    let mut values: Vec<i16> =
        (0..n as i32).map(|i| (i.wrapping_mul(0x9e37_79b1_u32 as i32) >> 16) as i16).collect();
    values[..6].copy_from_slice(&[i16::MIN, i16::MAX, 0, 1, -1, i16::MIN]);
    let expect = |scalars: Vec<Fr>| G1Projective::msm(&p, &scalars).unwrap();
    let expected = expect(values.iter().map(|&v| Fr::from(v)).collect());
    for kind in BackendKind::available() {
        assert_eq!(msm_i16_with_backend(kind, &bases, &values), expected);
    }
    assert_eq!(msm_i16(&bases, &values), expected);
    let unsigned: Vec<u16> = values.iter().map(|&v| v as u16).collect();
    assert_eq!(msm_u16(&bases, &unsigned), expect(unsigned.iter().map(|&v| Fr::from(v)).collect()));
    let bytes: Vec<i8> = values.iter().map(|&v| v as i8).collect();
    assert_eq!(msm_i8(&bases, &bytes), expect(bytes.iter().map(|&v| Fr::from(v)).collect()));
    let wide: Vec<i32> =
        values.iter().map(|&v| i32::from(v) << 16 | 0x1234).chain([i32::MIN, i32::MAX]).collect();
    let wide = &wide[wide.len() - n..];
    assert_eq!(
        msm_signed(BackendKind::active(), &bases, wide.iter().copied()),
        expect(wide.iter().map(|&v| Fr::from(v)).collect())
    );
    assert!(msm_i16(&bases, &vec![0; n]).is_zero());
    assert!(msm_i16(&[], &[]).is_zero());
}

#[test]
fn digits_recompose() {
    let scalars: Vec<Fr> = edges().into_iter().chain(random_scalars(50)).collect();
    for c in 2..=20 {
        let recoded = Recoded::new(&scalars, c);
        let mut sums = vec![Fr::zero(); scalars.len()];
        let mut digits = Vec::new();
        for window in (0..window_count(c)).rev() {
            digits.clear();
            recoded.digits(window, &mut digits);
            assert_eq!(digits.len(), scalars.len());
            for (sum, &digit) in sums.iter_mut().zip(&digits) {
                assert!(digit.unsigned_abs() <= 1 << (c - 1), "digit {digit} of window {window}, c = {c}");
                *sum = *sum * Fr::from(1u64 << c) + Fr::from(digit);
            }
        }
        assert_eq!(sums, scalars, "c = {c}");
    }
}

/// The largest scalar has the largest top digit; it must not leave its window.
#[test]
fn top_digit_fits_its_window() {
    let largest = -Fr::one();
    assert_eq!(largest.into_bigint().num_bits(), 254);
    for c in 2..=20 {
        let mut digits = Vec::new();
        Recoded::new(&[largest], c).digits(window_count(c) - 1, &mut digits);
        assert!((0..=1 << (c - 1)).contains(&digits[0]), "c = {c}");
    }
}

/// Buckets of the given lengths over few points, so that doublings and vanishing sums abound.
fn crowded(lengths: &[usize], points: u32) -> Buckets {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % (2 * points)
    };
    Buckets {
        keys: (0..lengths.len() as u32).map(|key| 3 * key + 1).collect(),
        lengths: lengths.iter().map(|&l| l as u32).collect(),
        entries: (0..lengths.iter().sum()).map(|_| next()).collect(),
    }
}

fn naive_sums(points: &[G1Affine], buckets: &Buckets) -> Vec<(u32, G1Affine)> {
    let mut rest = buckets.entries.as_slice();
    let mut out = Vec::new();
    for (&key, &length) in buckets.keys.iter().zip(&buckets.lengths) {
        let (entries, tail) = rest.split_at(length as usize);
        rest = tail;
        let signed = |&e: &u32| if e % 2 == 0 { points[e as usize / 2] } else { -points[e as usize / 2] };
        let sum: G1Projective = entries.iter().map(signed).sum();
        if !sum.is_zero() {
            out.push((key, sum.into_affine()));
        }
    }
    out
}

#[test]
fn sums_of_buckets_of_all_shapes() {
    // Longer than a group (cut into pieces), longer than a batch, empty levels, single points.
    let shapes: [&[usize]; 6] =
        [&[1], &[2, 1, 3, 5, 1, 1, 8, 9], &[70_000, 1, 2], &[1; 100], &[33_000, 40, 33_000], &[17; 300]];
    for shape in shapes {
        for count in [1, 2, 40] {
            let p = points(count as usize);
            let buckets = crowded(shape, count);
            let expected = naive_sums(&p, &buckets);
            for kind in BackendKind::available() {
                for threads in [1, 2, 5] {
                    let sums = sum_buckets_with(kind, &raw(&p), &buckets, threads);
                    let got: Vec<_> = sums.points.iter().map(|p| p.to_affine().unwrap()).collect();
                    let got: Vec<_> = sums.keys.into_iter().zip(got).collect();
                    assert_eq!(got, expected, "{shape:?} over {count} points, {threads} threads");
                }
            }
        }
    }
}

#[test]
fn a_reference_out_of_bounds_panics_and_reads_nothing() {
    let buckets = Buckets { keys: vec![0], lengths: vec![3], entries: vec![0, 2, 4] };
    for kind in BackendKind::available() {
        let result = std::panic::catch_unwind(|| sum_buckets_with(kind, &raw(&points(2)), &buckets, 1));
        assert!(result.is_err(), "{}", kind.name());
    }
}

#[test]
fn weighted_sums_of_several_fields() {
    let widths = [1u32, 5, 2, 16, 3];
    let mut offset = 0;
    let (fields, count) = Field::layout(widths.map(|width| {
        offset += 7;
        (width, offset)
    }));
    let p = points(200);
    // Keys spread over all fields, weight zero and the largest weight included.
    let mut keys: Vec<u32> = (0..200u64).map(|i| (i * i * 40_503 % count as u64) as u32).collect();
    keys.extend(fields.iter().flat_map(|f| [f.base, f.base + (1 << f.width) - 1]));
    keys.sort_unstable();
    keys.dedup();
    let p = &p[..keys.len().min(p.len())];
    keys.truncate(p.len());
    let mut expected = G1Projective::zero();
    for (&key, point) in keys.iter().zip(p) {
        let field = fields.iter().rev().find(|f| f.base <= key).unwrap();
        expected += *point * (Fr::from(key - field.base) * Fr::from(2u64).pow_u(field.offset as u64));
    }
    for kind in BackendKind::available() {
        let sums = sums::Sums { keys: keys.clone(), points: raw(p) };
        assert_eq!(horner(bit_sums(kind, fields.clone(), sums)), expected);
    }
}

#[test]
fn plans_are_sensible() {
    for log in 0..=24 {
        let Plan { c, joint } = Plan::new(1 << log);
        assert!(
            (2..=20).contains(&c) && (1..=window_count(c)).contains(&joint),
            "2^{log}: c = {c}, joint = {joint}"
        );
    }
    assert!(Plan::new(1 << 20).c >= 16);
    assert!(Plan::new(1 << 12).c < 12);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn agrees_with_arkworks(choices in prop::collection::vec((0usize..6, any::<bool>(), 0usize..1020), 0..150)) {
        let (p, edges) = (points(6), edges());
        let bases: Vec<_> = choices.iter().map(|&(i, minus, _)| if minus { -p[i] } else { p[i] }).collect();
        let scalars: Vec<_> = choices.iter().map(|&(_, _, s)| edges[s % edges.len()]).collect();
        check(&bases, &scalars);
    }

    #[test]
    fn small_values_agree_with_full_width(choices in prop::collection::vec((0usize..6, any::<i16>()), 0..150)) {
        let p = points(6);
        let bases: Vec<_> = choices.iter().map(|&(i, _)| p[i]).collect();
        let values: Vec<_> = choices.iter().map(|&(_, v)| v).collect();
        let scalars: Vec<_> = values.iter().map(|&v| Fr::from(v)).collect();
        prop_assert_eq!(msm_i16(&raw(&bases), &values), G1Projective::msm(&bases, &scalars).unwrap());
    }
}
