use ark_ff::Zero;
use proptest::prelude::*;
use zktorch_field::Fr;

use crate::module::Module;
use crate::test_util::{naive_eq, naive_inner_product, scalar, scalars};
use crate::{Functional, MiraError};

fn functional(seed: u64, num_vars: usize, terms: usize) -> Functional {
    // Of three points two end in the same coordinates: they are summed together.
    let term = |t: u64| {
        let [own, shared] = [t, t % 3 / 2].map(|number| scalars(seed ^ (1000 + number), num_vars));
        let head = num_vars - num_vars.min(8 + (t % 2) as usize);
        (scalar(seed ^ t), [&own[..head], &shared[head..]].concat())
    };
    Functional::new(num_vars, (0..terms as u64).map(term).collect()).unwrap()
}

/// With a block whose weights are for the last half of the variables.
fn with_block(seed: u64, num_vars: usize, terms: usize) -> Functional {
    let low = num_vars / 2;
    let (prefix, weights) = (scalars(seed ^ 50, num_vars - low), scalars(seed ^ 51, 1 << low));
    let mut u = functional(seed, num_vars, terms);
    u.accumulate(&Functional::block(prefix, weights).unwrap(), scalar(seed ^ 52));
    u
}

fn naive_dense(u: &Functional) -> Vec<Fr> {
    let mut out = vec![Fr::zero(); 1 << u.num_vars()];
    for (prefix, weights) in u.blocks() {
        let eq = naive_eq(prefix);
        let cells = eq.iter().flat_map(|eq| weights.iter().map(move |weight| *eq * weight));
        out.iter_mut().zip(cells).for_each(|(slot, x)| *slot += x);
    }
    for (c, point) in u.terms() {
        out.iter_mut().zip(naive_eq(point)).for_each(|(slot, e)| *slot += *c * e);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn expands_to_the_sum_of_its_eq_tables(seed: u64, num_vars in 0usize..11, terms in 0usize..5) {
        let u = with_block(seed, num_vars, terms);
        prop_assert_eq!(u.dense(), naive_dense(&u));
    }

    #[test]
    fn applies_and_evaluates_as_its_dense_form(seed: u64, num_vars in 0usize..10, terms in 0usize..4, cut in 0usize..600) {
        let u = with_block(seed, num_vars, terms);
        let dense = naive_dense(&u);
        let mut v = scalars(seed ^ 7, 1 << num_vars);
        v.truncate(cut.max(1));
        prop_assert_eq!(u.apply(&v).unwrap(), naive_inner_product(&v, &dense));
        let x = scalars(seed ^ 8, num_vars);
        prop_assert_eq!(u.evaluate(&x).unwrap(), naive_inner_product(&dense, &naive_eq(&x)));
    }

    #[test]
    fn accumulates_linearly_also_on_prefixes(seed: u64, small in 0usize..6, more in 0usize..4) {
        let (a, b, c) = (with_block(seed, small, 2), with_block(seed ^ 1, small + more, 3), scalar(seed ^ 2));
        // A functional on fewer variables acts on the first entries.
        let extended = |u: &Functional| {
            let mut dense = naive_dense(u);
            dense.resize(1 << (small + more), Fr::zero());
            dense
        };
        for (left, right) in [(&a, &b), (&b, &a)] {
            let mut sum = left.clone();
            sum.accumulate(right, c);
            let expected: Vec<Fr> = extended(left).iter().zip(extended(right)).map(|(l, r)| *l + c * r).collect();
            prop_assert_eq!(sum.dense(), expected);
        }
    }
}

#[test]
fn wrong_lengths_are_refused() {
    let error = Functional::new(3, vec![(scalar(0), scalars(1, 2))]).unwrap_err();
    assert!(matches!(error, MiraError::Length { what: "point of a functional", expected: 3, got: 2 }));
    let error = Functional::block(scalars(0, 2), scalars(1, 3)).unwrap_err();
    assert!(matches!(error, MiraError::Length { what: "weights of a functional", expected: 4, got: 3 }));
    let u = Functional::eq(scalars(0, 3));
    let error = u.evaluate(&scalars(1, 4)).unwrap_err();
    assert!(matches!(error, MiraError::Length { what: "point of evaluation", expected: 3, got: 4 }));
    let error = u.apply(&scalars(1, 9)).unwrap_err();
    assert!(matches!(error, MiraError::TooLong { limit: 8, got: 9, .. }));
}

#[test]
fn only_one_term_with_coefficient_one_is_an_evaluation() {
    let point = scalars(0, 3);
    assert_eq!(Functional::eq(point.clone()).as_evaluation(), Some(point.as_slice()));
    assert_eq!(Functional::zero(3).as_evaluation(), None);
    assert_eq!(Functional::new(3, vec![(Fr::from(2u64), point.clone())]).unwrap().as_evaluation(), None);
    let one = Fr::from(1u64);
    assert_eq!(Functional::block(point.clone(), vec![one]).unwrap().as_evaluation(), None);
    let twice = Functional::new(3, vec![(one, point.clone()), (one, point)]).unwrap();
    assert!(matches!(
        twice.require_evaluation("test").unwrap_err(),
        MiraError::NotReduced { what: "test", terms: 2 }
    ));
}

#[test]
fn a_digest_is_of_what_a_functional_has_become() {
    let digest = |u: &Functional| *u.digest.0.get_or_init(|| u.digest());
    let (mut u, other) = (functional(1, 3, 2), functional(2, 5, 2));
    let before = digest(&u);
    let copy = u.clone();
    u.accumulate(&other, scalar(3));
    assert_eq!(digest(&u), Functional { digest: super::Digested::default(), ..u.clone() }.digest());
    assert_ne!(digest(&u), before);
    assert_eq!(digest(&copy), before);
    u.extend_to(7);
    assert_eq!(digest(&u), u.digest());
}
