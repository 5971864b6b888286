//! Multilinear evaluations, and the tables they are made of, against arkworks, whose first variable is the least significant bit.
#![allow(clippy::unwrap_used, reason = "tests")]

use ark_ff::{One, UniformRand, Zero};
use ark_poly::{DenseMultilinearExtension, Polynomial};
use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};
use zktorch_field::{Fr, PackedVec};
use zktorch_sumcheck::{Evaluations, eq_eval, eq_table};

/// The extension by arkworks, at a point in our order.
fn extension(values: &[Fr], point: &[Fr]) -> Fr {
    let reversed: Vec<Fr> = point.iter().rev().copied().collect();
    DenseMultilinearExtension::from_evaluations_slice(point.len(), values).evaluate(&reversed)
}

fn scalars<T: Copy + Into<i64>>(values: &[T]) -> Vec<Fr> {
    values.iter().map(|value| Fr::from((*value).into())).collect()
}

/// Random points, and points with coordinates on the cube.
fn points(vars: usize, rng: &mut StdRng) -> [Vec<Fr>; 3] {
    let random: Vec<Fr> = (0..vars).map(|_| Fr::rand(rng)).collect();
    let vertex = (0..vars).map(|_| if rng.r#gen() { Fr::one() } else { Fr::zero() }).collect();
    let mut mixed = random.clone();
    mixed.iter_mut().step_by(2).for_each(|coordinate| *coordinate = Fr::one());
    [random, vertex, mixed]
}

#[test]
fn evaluations_of_every_kind_of_column() {
    let mut rng = StdRng::seed_from_u64(1);
    for vars in 0..=13 {
        let len = 1usize << vars;
        // Extremes among random values.
        let wide = |rng: &mut StdRng, lo: i32, hi: i32| -> Vec<i32> {
            let pick = |i: usize, rng: &mut StdRng| {
                if i.is_multiple_of(3) { [lo, hi][i % 2] } else { rng.gen_range(lo..=hi) }
            };
            (0..len).map(|i| pick(i, rng)).collect()
        };
        let i8s: Vec<i8> = wide(&mut rng, -128, 127).into_iter().map(|x| x as i8).collect();
        let i16s: Vec<i16> = wide(&mut rng, -32768, 32767).into_iter().map(|x| x as i16).collect();
        let u16s: Vec<u16> = wide(&mut rng, 0, 65535).into_iter().map(|x| x as u16).collect();
        let i32s = wide(&mut rng, i32::MIN, i32::MAX);
        let field: Vec<Fr> = (0..len).map(|_| Fr::rand(&mut rng)).collect();
        for point in points(vars, &mut rng) {
            let check = |ours: Evaluations<'_>, values: &[Fr]| {
                assert_eq!(ours.evaluate(&point).unwrap(), extension(values, &point), "{vars} variables");
            };
            check(Evaluations::from(i8s.as_slice()), &scalars(&i8s));
            check(Evaluations::from(i16s.as_slice()), &scalars(&i16s));
            check(Evaluations::from(u16s.as_slice()), &scalars(&u16s));
            check(Evaluations::from(i32s.as_slice()), &scalars(&i32s));
            check(Evaluations::from(PackedVec::from_slice(&field)), &field);
        }
    }
}

#[test]
fn tables_of_eq_and_eq_itself() {
    let mut rng = StdRng::seed_from_u64(2);
    for vars in 0..=11 {
        let [z, ..] = points(vars, &mut rng);
        let table = eq_table(&z);
        assert_eq!(table.len(), 1 << vars);
        for x in points(vars, &mut rng) {
            assert_eq!(extension(&table, &x), eq_eval(&z, &x));
        }
        // One cell alone: the table's entry is the extension of its indicator.
        let cell = rng.gen_range(0..table.len());
        let mut indicator = vec![Fr::zero(); table.len()];
        indicator[cell] = Fr::one();
        assert_eq!(table[cell], extension(&indicator, &z));
    }
}
