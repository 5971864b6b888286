//! Every fast instance against [`Dense`] on the same tables, round by round, on every backend.

use ark_ff::{Field, One};
use proptest::prelude::*;
use zktorch_field::{BackendKind, Fr, PackedVec, par};

use super::*;
use crate::test_util::{evaluate_naively, fr, random_point};
use crate::{
    Evaluations, Indices, InverseTable, KeyedIndices, Query, RoundPolynomial, SmallColumn, SumcheckInstance,
    eq_eval, eq_table,
};

/// Round polynomials and finals of an instance for fixed challenges.
fn run(instance: &mut dyn SumcheckInstance) -> (Vec<RoundPolynomial>, Vec<Fr>) {
    let rounds = instance.num_rounds();
    let challenges = random_point(rounds, 99);
    let mut polynomials = Vec::new();
    for round in 0..rounds {
        polynomials.push(instance.round(round.checked_sub(1).map(|i| challenges[i])));
    }
    (polynomials, instance.finish(challenges.last().copied()))
}

/// Pads to the degree the instance declares (the oracle always sends full degree).
fn padded(polynomials: &[RoundPolynomial], degree: usize) -> Vec<Vec<Fr>> {
    polynomials
        .iter()
        .map(|p| {
            assert!(p.degree() <= degree);
            let mut message = p.message().to_vec();
            message.resize(degree, Fr::from(0u64));
            message
        })
        .collect()
}

/// The same messages as the oracle's; `finals` of the oracle are compared where the instance has them.
fn assert_matches(instance: &mut dyn SumcheckInstance, oracle: &mut dyn SumcheckInstance, finals: &[usize]) {
    assert_eq!(instance.num_rounds(), oracle.num_rounds());
    assert_eq!(instance.claim(), oracle.claim());
    let degree = instance.degree();
    assert!(degree <= oracle.degree());
    let (polynomials, values) = run(instance);
    let (expected, expected_values) = run(oracle);
    assert_eq!(padded(&polynomials, oracle.degree()), padded(&expected, oracle.degree()));
    assert_eq!(values, finals.iter().map(|i| expected_values[*i]).collect::<Vec<_>>());
    for (i, p) in polynomials.iter().enumerate() {
        assert!(p.degree() <= degree, "round {i}");
    }
}

/// eq(z, first variables), repeated over the others.
fn weights(z: &[Fr], num_vars: usize) -> Vec<Fr> {
    let repeat = 1 << (num_vars - z.len());
    eq_table(z).iter().flat_map(|w| std::iter::repeat_n(*w, repeat)).collect()
}

fn oracle_eq_product(z: &[Fr], a: Vec<Fr>, b: Vec<Fr>, lambda: Fr) -> Dense<impl Fn(&[Fr]) -> Fr + Send> {
    let num_vars = a.len().ilog2() as usize;
    let tables = vec![weights(z, num_vars), a, b];
    let composition = move |v: &[Fr]| v[0] * v[1] * v[2] + lambda * v[1];
    let claim = Dense::sum(&tables, &composition);
    Dense::new(tables, 3, claim, composition).unwrap()
}

/// An `EqProduct` against the oracle on every backend; `lambda` = 0 leaves the linear summand out.
fn check_eq_product(z: &[Fr], a: Evaluations<'_>, b: Evaluations<'_>, lambda: Fr) {
    for backend in BackendKind::available() {
        let mut oracle = oracle_eq_product(z, a.to_field(), b.to_field(), lambda);
        let mut instance =
            EqProduct::new(z, a.clone(), b.clone(), oracle.claim()).unwrap().with_backend(backend);
        if lambda != Fr::from(0u64) {
            instance = instance.with_linear(lambda);
        }
        assert_matches(&mut instance, &mut oracle, &[1, 2]);
    }
}

/// Integers that hit the extremes of their type often.
fn ints<T: Copy + TryFrom<i64>>(len: usize, seed: u64, min: T, max: T) -> Vec<T>
where
    i64: From<T>,
{
    (0..len as u64)
        .map(|i| {
            let x = (i ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            match x % 5 {
                0 => min,
                1 => max,
                _ => {
                    let (low, high) = (i64::from(min), i64::from(max));
                    let span = (high as i128 - low as i128 + 1) as u128;
                    let value = low as i128 + (u128::from(x) % span) as i128;
                    T::try_from(value as i64).ok().unwrap()
                }
            }
        })
        .collect()
}

#[test]
fn eq_products_of_every_size() {
    for m in 0..=11 {
        let (a, b, z) = (random_point(1 << m, 1), random_point(1 << m, 2), random_point(m, 3));
        check_eq_product(&z, a.clone().into(), b.clone().into(), fr(0) - fr(0));
        check_eq_product(&z, a.into(), b.into(), fr(7));
    }
}

#[test]
fn eq_products_over_leading_variables() {
    for (m, k) in [(4, 2), (9, 0), (10, 1), (11, 3), (11, 4), (11, 8), (11, 11)] {
        let (a, b, z) = (random_point(1 << m, 1), random_point(1 << m, 2), random_point(k, 3));
        check_eq_product(&z, a.into(), b.into(), Fr::from(0u64));
    }
}

#[test]
fn eq_products_at_boolean_points() {
    let (a, b) = (random_point(1 << 10, 1), random_point(1 << 10, 2));
    for bit in 0..2u64 {
        let mut z = random_point(10, 3);
        (z[0], z[1], z[9]) = (Fr::from(bit), Fr::from(1 - bit), Fr::from(bit));
        check_eq_product(&z, a.clone().into(), b.clone().into(), Fr::from(0u64));
    }
}

#[test]
fn products_of_every_size() {
    for m in 0..=11 {
        let (a, b) = (random_point(1 << m, 1), random_point(1 << m, 2));
        for backend in BackendKind::available() {
            let mut oracle = oracle_eq_product(&[], a.clone(), b.clone(), Fr::from(0u64));
            let mut instance =
                Product::new(a.clone(), b.clone(), oracle.claim()).unwrap().with_backend(backend);
            assert_eq!(instance.degree(), 2);
            assert_matches(&mut instance, &mut oracle, &[1, 2]);
        }
    }
}

#[test]
fn small_integers_of_every_type() {
    for m in [2, 3, 9, 10, 12] {
        let n = 1usize << m;
        let z = random_point(m, 5);
        let i8s = ints(n, 1, i8::MIN, i8::MAX);
        let i16s = ints(n, 2, i16::MIN, i16::MAX);
        let u16s = ints(n, 3, u16::MIN, u16::MAX);
        let i32s = ints(n, 4, i32::MIN, i32::MAX);
        let i64s = ints(n, 5, i64::MIN, i64::MAX);
        let field = random_point(n, 6);
        let columns: [Evaluations<'_>; 6] = [
            i8s[..].into(),
            i16s[..].into(),
            u16s[..].into(),
            i32s[..].into(),
            i64s[..].into(),
            field.into(),
        ];
        for (i, a) in columns.iter().enumerate() {
            for b in &columns[i..] {
                check_eq_product(&z, a.clone(), b.clone(), Fr::from(0u64));
            }
        }
        check_eq_product(&z, columns[5].clone(), columns[1].clone(), Fr::from(0u64));
        check_eq_product(&z, columns[1].clone(), columns[1].clone(), fr(3));
    }
}

fn check_zero_check<'a>(z: &[Fr], h: &[Fr], a: &[Fr], lambda: Option<Fr>, make: impl Fn() -> ZeroCheck<'a>) {
    for backend in BackendKind::available() {
        let tables = vec![eq_table(z), h.to_vec(), a.to_vec()];
        let weight = lambda.unwrap_or(Fr::from(0u64));
        let composition = move |v: &[Fr]| v[0] * (v[1] * v[2] - Fr::one()) + weight * v[1];
        let total: Fr = h.iter().sum();
        let mut oracle = Dense::new(tables, 3, weight * total, composition).unwrap();
        assert_eq!(Dense::sum(&[eq_table(z), h.to_vec(), a.to_vec()], &composition), weight * total);
        let mut instance = make().with_backend(backend);
        if let Some(lambda) = lambda {
            instance = instance.with_sum(lambda, total);
        }
        assert_matches(&mut instance, &mut oracle, &[1, 2]);
    }
}

#[test]
fn zero_checks_of_every_size_and_kind() {
    let (alpha, beta) = (fr(41), fr(42));
    for m in 0..=15 {
        let (n, z) = (1usize << m, random_point(m, 31));
        for table_len in [1usize, 5, 300] {
            // Entry j is (tag, x, y) = (1 + j mod 3, j - 100, j^2); extremes of 16 bits where the table has them.
            let tag = |j: usize| 1 + (j % 3) as i8;
            let x = |j: usize| if j == 3 { i16::MIN } else { j as i16 - 100 };
            let y = |j: usize| if j == 3 { i32::MAX } else { (j * j) as i32 };
            let query =
                |j: usize| alpha - Fr::from(tag(j)) - beta * Fr::from(x(j)) - beta * beta * Fr::from(y(j));
            let queries: Vec<Fr> = (0..table_len).map(query).collect();
            let table = InverseTable::from_queries(&queries).unwrap();
            let indices: Vec<u16> = (0..n as u64)
                .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as usize % table_len)
                .map(|j| j as u16)
                .collect();
            let wide: Vec<u32> = indices.iter().map(|i| u32::from(*i)).collect();
            let rows = || indices.iter().map(|j| usize::from(*j));
            let h: Vec<Fr> = rows().map(|j| queries[j].inverse().unwrap()).collect();
            let a: Vec<Fr> = rows().map(query).collect();
            let tags: Vec<i8> = rows().map(tag).collect();
            let xs: Vec<i16> = rows().map(x).collect();
            let ys: Vec<i32> = rows().map(y).collect();
            let form = || {
                let query = Query::new(alpha).plus(-Fr::one(), &tags[..]).plus(-beta, &xs[..]);
                query.plus(-beta * beta, &ys[..])
            };
            for lambda in [None, Some(fr(8))] {
                check_zero_check(&z, &h, &a, lambda, || {
                    let (h, a) = (PackedVec::from_slice(&h), PackedVec::from_slice(&a));
                    ZeroCheck::dense(&z, h, a).unwrap()
                });
                check_zero_check(&z, &h, &a, lambda, || {
                    ZeroCheck::from_table(&z, &table, &indices[..], form()).unwrap()
                });
                check_zero_check(&z, &h, &a, lambda, || {
                    ZeroCheck::from_table(&z, &table, &wide[..], form()).unwrap()
                });
            }
        }
    }
}

/// Columns whose values are stored after one, three and five variables.
#[test]
fn products_of_columns_are_bound_as_they_are_read() {
    for (m, weighted) in [(11, 11), (12, 0), (12, 12), (13, 5), (14, 14), (15, 9), (15, 15)] {
        let z = random_point(weighted, 5);
        let wide = ints(1 << m, 4, i32::MIN, i32::MAX);
        let short = ints(1 << m, 2, i16::MIN, i16::MAX);
        for (threads, a) in [1, 2].into_iter().zip([&wide[..], &wide[..]]) {
            par::with_num_threads(threads, || {
                check_eq_product(&z, a.into(), short[..].into(), Fr::from(0u64));
                check_eq_product(&z, short[..].into(), short[..].into(), fr(3));
            });
        }
    }
}

/// Tables behind each other: a range each, with the squares of its keys.
#[test]
fn indices_of_keys_and_tags_are_those_of_the_entries() {
    let (alpha, beta) = (fr(41), fr(42));
    let ranges = [0..1i32, -300..400, -5..4, 100..356];
    let entries: Vec<(i32, i32)> =
        (1..).zip(&ranges).flat_map(|(tag, keys)| keys.clone().map(move |key| (tag, key))).collect();
    let offsets = ranges.iter().scan(0, |end, keys| {
        *end += keys.end - keys.start;
        Some(*end - keys.end)
    });
    let shifts: Vec<i32> = std::iter::once(0).chain(offsets).collect();
    let query = |(tag, key): (i32, i32)| {
        alpha - Fr::from(tag) - beta * Fr::from(key) - beta * beta * Fr::from(key * key)
    };
    let queries: Vec<Fr> = entries.iter().map(|entry| query(*entry)).collect();
    let table = InverseTable::from_queries(&queries).unwrap();
    for m in 0..=15 {
        let (n, z) = (1usize << m, random_point(m, 31));
        let pick = |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as usize % entries.len();
        let wide: Vec<u32> = (0..n as u64).map(|i| pick(i) as u32).collect();
        let cells: Vec<(i32, i32)> = wide.iter().map(|index| entries[*index as usize]).collect();
        let (keys, tags): (Vec<i32>, Vec<i16>) = cells.iter().map(|(tag, key)| (*key, *tag as i16)).unzip();
        let squares: Vec<i32> = keys.iter().map(|key| key * key).collect();
        let short_keys: Vec<i16> = keys.iter().map(|key| *key as i16).collect();
        let short_tags: Vec<i8> = tags.iter().map(|tag| *tag as i8).collect();
        let a: Vec<Fr> = cells.iter().map(|cell| query(*cell)).collect();
        let h: Vec<Fr> = wide.iter().map(|index| table.rows()[*index as usize].get()).collect();
        let columns: [(SmallColumn<'_>, SmallColumn<'_>); 3] = [
            (keys[..].into(), short_tags[..].into()),
            (short_keys[..].into(), short_tags[..].into()),
            (keys[..].into(), tags[..].into()),
        ];
        for (threads, (keys, tags)) in [1, 2, 2].into_iter().zip(columns) {
            let indices: Indices<'_> = KeyedIndices::new(keys, tags, &shifts).unwrap().into();
            assert_eq!(indices.iter().map(|index| index as u32).collect::<Vec<_>>(), wide);
            assert_eq!(table.sum(indices), h.iter().sum());
            assert_eq!(table.sum(wide[..].into()), h.iter().sum());
            let form = || Query::new(alpha).plus(-Fr::one(), tags).plus(-beta, keys);
            let form = || form().plus(-beta * beta, &squares[..]);
            par::with_num_threads(threads, || {
                check_zero_check(&z, &h, &a, Some(fr(8)), || {
                    ZeroCheck::from_table(&z, &table, indices, form()).unwrap()
                });
            });
        }
    }
    let pair = |keys: &'static [i16], tags: &'static [i8]| KeyedIndices::new(keys, tags, &[7, -1, i32::MAX]);
    let error = pair(&[1, 2], &[0]).err().unwrap();
    assert!(matches!(error, SumcheckError::Length { what: "tags of cells", expected: 2, got: 1 }));
    // A tag without a shift, an index below the table, and one beyond it.
    for (keys, tags) in [(&[1i16, 2], &[0i8, 3]), (&[0, 5], &[1, 1]), (&[1, 1], &[-1, 1]), (&[1, 1], &[1, 2])]
    {
        let indices = pair(keys, tags).unwrap();
        let result = ZeroCheck::from_table(&random_point(1, 1), &table, indices, Query::new(alpha));
        assert!(matches!(result.err(), Some(SumcheckError::Index { len: 966, .. })));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn random_shapes(m in 0usize..11, weighted in 0usize..11, seed in any::<u64>()) {
        let n = 1usize << m;
        let (a, z) = (random_point(n, seed), random_point(weighted.min(m), seed ^ 1));
        let b = ints(n, seed, i16::MIN, i16::MAX);
        check_eq_product(&z, a.into(), b[..].into(), Fr::from(0u64));
        check_eq_product(&z, b[..].into(), b[..].into(), Fr::from(0u64));
    }
}

#[test]
fn repeated_entries_give_the_messages_of_the_whole_columns() {
    let lambda = fr(7);
    for (m, low) in [(0, 0), (5, 0), (5, 5), (9, 2), (10, 7), (12, 1)] {
        let z = random_point(m, 4);
        let a = random_point(1 << (m - low), 5);
        let h: Vec<Fr> = a.iter().map(|a| a.inverse().unwrap()).collect();
        let whole = |entries: &[Fr]| -> Vec<Fr> {
            entries.iter().flat_map(|x| std::iter::repeat_n(*x, 1 << low)).collect()
        };
        let tables = vec![eq_table(&z), whole(&h), whole(&a)];
        let composition = move |v: &[Fr]| v[0] * (v[1] * v[2] - Fr::one()) + lambda * v[1];
        let claim = Dense::sum(&tables, &composition);
        let mut oracle = Dense::new(tables, 3, claim, composition).unwrap();
        let total = h.iter().sum();
        let (h, a) = (PackedVec::from_slice(&h), PackedVec::from_slice(&a));
        let distinct = ZeroCheck::dense(&z[..m - low], h, a).unwrap();
        let mut instance = RepeatedZeroCheck::new(&z, distinct, lambda, total).unwrap();
        assert_eq!(instance.degree(), oracle.degree());
        assert_matches(&mut instance, &mut oracle, &[1, 2]);
    }
    let pack = || PackedVec::from_slice(&[fr(1); 8]);
    let distinct = ZeroCheck::dense(&random_point(3, 1), pack(), pack()).unwrap();
    let short = RepeatedZeroCheck::new(&random_point(2, 1), distinct, lambda, fr(8)).err();
    assert!(matches!(short, Some(SumcheckError::Length { expected: 2, got: 3, .. })));
}

#[test]
fn a_sum_of_zeros_sends_zeros() {
    let zero = Fr::from(0u64);
    let (z, zeros) = (random_point(3, 2), vec![zero; 32]);
    let mut oracle = oracle_eq_product(&z, zeros, random_point(32, 6), zero);
    assert_matches(&mut ZeroSum::new(5, 3), &mut oracle, &[]);
}

#[test]
fn finals_are_evaluations_at_the_challenges() {
    let m = 10;
    let (a, b, z) = (random_point(1 << m, 1), random_point(1 << m, 2), random_point(m, 3));
    let point = random_point(m, 99);
    let (_, finals) = run(&mut EqProduct::new(&z, a.clone(), b.clone(), fr(0)).unwrap());
    assert_eq!(finals, [evaluate_naively(&a, &point), evaluate_naively(&b, &point)]);
    assert_ne!(eq_eval(&z, &point), Fr::from(0u64));
}

#[test]
fn wrong_shapes_are_refused() {
    let (four, three, two) = (random_point(4, 1), random_point(3, 1), random_point(2, 1));
    let zero = Fr::from(0u64);
    let error = Product::new(three.clone(), three.clone(), zero).err().unwrap();
    assert!(matches!(error, SumcheckError::NotPowerOfTwo { what: "first factor", got: 3 }));
    let error = Product::new(four.clone(), two.clone(), zero).err().unwrap();
    assert!(matches!(error, SumcheckError::Length { what: "second factor", expected: 4, got: 2 }));
    let error = EqProduct::new(&three, four.clone(), four.clone(), zero).err().unwrap();
    assert!(matches!(error, SumcheckError::Length { what: "point of eq", expected: 2, got: 3 }));
    let pack = |v: &[Fr]| PackedVec::from_slice(v);
    let error = ZeroCheck::dense(&two, pack(&four), pack(&two)).err().unwrap();
    assert!(matches!(error, SumcheckError::Length { what: "queries", expected: 4, got: 2 }));
    let table = InverseTable::from_queries(&four).unwrap();
    let query = || Query::new(fr(1));
    let error = ZeroCheck::from_table(&two, &table, &[0u16, 1, 2][..], query()).err().unwrap();
    assert!(matches!(error, SumcheckError::Length { what: "indices", expected: 4, got: 3 }));
    let error = ZeroCheck::from_table(&two, &table, &[0u16, 1, 4, 2][..], query()).err().unwrap();
    assert!(matches!(error, SumcheckError::Index { index: 4, len: 4 }));
    let short = query().plus(fr(1), &[1i16, 2][..]);
    let error = ZeroCheck::from_table(&two, &table, &[0u16, 1, 3, 2][..], short).err().unwrap();
    assert!(matches!(error, SumcheckError::Length { what: "column of a query", expected: 4, got: 2 }));
    let many = random_point(64, 1);
    let error = ZeroCheck::from_table(&many, &table, &[0u32][..], query()).err().unwrap();
    assert!(matches!(error, SumcheckError::Length { what: "indices", got: 1, .. }));
    let error = InverseTable::from_queries(&[four[0], zero, zero]).unwrap_err();
    assert!(matches!(error, SumcheckError::Pole { index: 1 }));
}
