use std::collections::{BTreeMap, BTreeSet};

use ark_ff::{One, Zero};
use proptest::prelude::*;
use zktorch_field::Fr;

use super::*;
use crate::test_util::{any_terms, scalar, scalars};

fn term(chunk: usize, point: usize) -> ClaimTerm {
    ClaimTerm { chunk, point }
}

/// The pairs (chunk, point) that occur.
fn pairs(claims: &[Vec<ClaimTerm>]) -> BTreeSet<(usize, usize)> {
    claims.iter().flatten().map(|t| (t.chunk, t.point)).collect()
}

/// The size of a minimum vertex cover, by trying all of them.
fn naive_cover_size(pairs: &BTreeSet<(usize, usize)>, chunks: usize, points: usize) -> usize {
    (0u32..1 << (chunks + points))
        .filter(|set| pairs.iter().all(|(b, p)| set >> b & 1 == 1 || set >> (chunks + p) & 1 == 1))
        .map(|set| set.count_ones() as usize)
        .min()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// sum_i a_{i,b} d_{i,p} = c_{b,p} for all b and p, c by its definition.
    #[test]
    fn the_rank_one_terms_add_up_to_c(terms in any_terms(6, 5), seed: u64) {
        let coefficients: Vec<Vec<Fr>> = (0u64..).zip(&terms).map(|(j, t)| scalars(seed ^ j, t.len())).collect();
        let rho = scalar(seed);
        let mut c: BTreeMap<(usize, usize), Fr> = BTreeMap::new();
        let mut power = Fr::one();
        for (claim, coefficients) in terms.iter().zip(&coefficients) {
            for (t, k) in claim.iter().zip(coefficients) {
                *c.entry((t.chunk, t.point)).or_default() += power * k;
            }
            power *= rho;
        }
        let plan = FoldPlan::new(6, 5, terms.clone()).unwrap();
        let bound = plan.bind(&coefficients, rho).unwrap();
        for b in 0..6 {
            for p in 0..5 {
                let at = |side: &[(usize, Fr)], i: usize| -> Fr {
                    side.iter().filter(|(j, _)| *j == i).map(|(_, x)| *x).sum()
                };
                let sum: Fr = bound.rows().iter().map(|row| at(&row.chunks, b) * at(&row.points, p)).sum();
                prop_assert_eq!(sum, c.get(&(b, p)).copied().unwrap_or_else(Fr::zero));
            }
        }
    }

    #[test]
    fn the_stars_cover_every_pair_once_and_are_as_few_as_possible(terms in any_terms(6, 5)) {
        let plan = FoldPlan::new(6, 5, terms.clone()).unwrap();
        let covered: Vec<(usize, usize)> = plan.stars().iter().flat_map(Star::pairs).collect();
        let distinct: BTreeSet<_> = covered.iter().copied().collect();
        prop_assert_eq!(covered.len(), distinct.len());
        prop_assert_eq!(&distinct, &pairs(&terms));
        prop_assert_eq!(plan.stars().len(), naive_cover_size(&distinct, 6, 5));
        prop_assert!(1 << plan.levels() >= plan.stars().len());
        prop_assert!(plan.levels() == 0 || 1 << (plan.levels() - 1) < plan.stars().len());
    }

    /// The plan is a function of which pairs occur: not of coefficients, order of claims or repetitions.
    #[test]
    fn the_plan_depends_on_the_structure_alone(terms in any_terms(6, 5)) {
        let plan = FoldPlan::new(6, 5, terms.clone()).unwrap();
        prop_assert_eq!(&plan, &FoldPlan::new(6, 5, terms.clone()).unwrap());
        let mut reversed = terms.clone();
        reversed.reverse();
        reversed.extend(terms);
        let other = FoldPlan::new(6, 5, reversed).unwrap();
        prop_assert_eq!(plan.stars(), other.stars());
    }

    /// w(i) = prod gamma_l^{i_l}, and the accumulator is what folding pair by pair gives.
    #[test]
    fn closed_forms_are_the_result_of_the_folds(terms in any_terms(6, 5), seed: u64) {
        let plan = FoldPlan::new(6, 5, terms.clone()).unwrap();
        let coefficients: Vec<Vec<Fr>> = (0u64..).zip(&terms).map(|(j, t)| scalars(seed ^ j, t.len())).collect();
        let bound = plan.bind(&coefficients, scalar(seed)).unwrap();
        let gammas = scalars(seed ^ 77, plan.levels());
        let weights = fold_weights(&gammas, bound.num_instances());
        for (i, w) in weights.iter().enumerate() {
            let expected: Fr = gammas.iter().enumerate().filter(|(l, _)| i >> l & 1 == 1).map(|(_, g)| *g).product();
            prop_assert_eq!(*w, expected);
        }
        // Dense rows over (chunks, points), padded with identity instances, folded level by level.
        let dense = |row: &Row| {
            let mut out = vec![Fr::zero(); 11];
            row.chunks.iter().for_each(|(b, a)| out[*b] += a);
            row.points.iter().for_each(|(p, d)| out[6 + p] += d);
            out
        };
        let mut rows: Vec<Vec<Fr>> = bound.rows().iter().map(dense).collect();
        rows.resize(1 << plan.levels(), vec![Fr::zero(); 11]);
        for gamma in &gammas {
            rows = rows
                .chunks(2)
                .map(|pair| pair[0].iter().zip(&pair[1]).map(|(x, y)| *x + *gamma * y).collect())
                .collect();
        }
        prop_assert_eq!(&rows[0][..6], bound.chunk_coefficients(&weights));
        prop_assert_eq!(&rows[0][6..], bound.point_coefficients(&weights));
    }
}

#[test]
fn claims_that_share_a_point_or_a_chunk_collapse() {
    // One tensor over four chunks at one point, and one chunk at three points.
    let claims =
        vec![(0..4).map(|b| term(b, 0)).collect(), vec![term(4, 1)], vec![term(4, 2)], vec![term(4, 3)]];
    let plan = FoldPlan::new(5, 4, claims).unwrap();
    let expected =
        [Star::Point { point: 0, chunks: vec![0, 1, 2, 3] }, Star::Chunk { chunk: 4, points: vec![1, 2, 3] }];
    assert_eq!(plan.stars(), expected);
    assert_eq!(plan.levels(), 1);
}

#[test]
fn long_augmenting_paths_are_found() {
    // A path of 2 * 400 vertices: the greedy matching from the wrong end has to be turned around.
    let size = 400;
    let claims: Vec<Vec<ClaimTerm>> =
        (0..size).flat_map(|i| [vec![term(i, i)], vec![term(i, (i + 1) % size)]]).collect();
    let plan = FoldPlan::new(size, size, claims).unwrap();
    assert_eq!(plan.stars().len(), size);
}

#[test]
fn malformed_structures_are_refused() {
    assert!(matches!(FoldPlan::new(1, 1, vec![]), Err(MiraError::Empty { what: "claims of a fold plan" })));
    assert!(matches!(FoldPlan::new(1, 1, vec![vec![]]), Err(MiraError::Empty { what: "terms of a claim" })));
    let chunk = FoldPlan::new(2, 1, vec![vec![term(2, 0)]]);
    assert!(matches!(chunk, Err(MiraError::Index { what: "chunk of a claim", index: 2, count: 2 })));
    let point = FoldPlan::new(2, 1, vec![vec![term(1, 1)]]);
    assert!(matches!(point, Err(MiraError::Index { what: "point of a claim", index: 1, count: 1 })));
    let plan = FoldPlan::new(2, 1, vec![vec![term(0, 0), term(1, 0)]]).unwrap();
    let few = plan.bind(&[vec![Fr::one()]], Fr::one());
    assert!(matches!(few, Err(MiraError::Length { what: "coefficients of a claim", expected: 2, got: 1 })));
    let none = plan.bind(&[], Fr::one());
    assert!(matches!(
        none,
        Err(MiraError::Length { what: "coefficients of the claims", expected: 1, got: 0 })
    ));
}
