//! Why every message is absorbed: forgeries that a verifier accepts if it forgets one absorption, and that the real one
//! rejects. In each of them something is chosen *after* the challenge that should have depended on it.

use ark_ff::AdditiveGroup;
use zktorch_sumcheck::eq_eval;

use super::*;
use crate::Functional;
use crate::test_util::forgetful;

/// A proof for `lies` with a reduction that a verifier accepts who forgets `label`; it opens `witness`.
fn open_forged(
    srs: &Srs,
    label: &'static [u8],
    lies: &[OpeningInstance<Fr>],
    reduction: ReductionProof,
    witness: OpeningWitness,
) -> DeciderProof {
    let mut transcript = forgetful(fresh(), label);
    let instance = verify_reduce(&mut transcript, lies, &reduction).unwrap();
    DeciderProof { opening: open(srs, &mut transcript, &instance, witness).unwrap(), reduction }
}

/// The forgery passes with the verifier who forgets `label`; with the real one the result is this.
fn accepted_only_without(
    srs: &Srs,
    label: &'static [u8],
    lies: &[OpeningInstance<Fr>],
    proof: &DeciderProof,
) -> Result<(), MiraError> {
    verify(srs.verifier(), &mut forgetful(fresh(), label), lies, proof).expect("nothing binds the message");
    check(srs, lies, proof)
}

/// Claims of which the first one is false by one.
fn with_a_lie(mut claims: Vec<Claim>) -> Vec<Claim> {
    claims[0].0.value += Fr::one();
    claims
}

/// A round polynomial chosen after its challenge makes up for a false claim.
#[test]
fn a_round_that_is_not_absorbed_is_forged() {
    let label = b"mira decider round";
    let srs = Srs::dev(4).unwrap();
    let lies = with_a_lie(claims(&srs, &[(4, 1)]));
    // The rounds for the true claim.
    let (mut reduction, instance, witness) = reduce(&mut forgetful(fresh(), label), lies.clone()).unwrap();
    // They arrive at a value that is false by r; x more in the constant coefficient is x (1 - 2 r) more at r.
    let r = instance.functional.as_evaluation().unwrap()[0];
    reduction.rounds[0][0] -= r / (Fr::one() - r.double());
    let lies = instances(&lies);
    let proof = open_forged(&srs, label, &lies, reduction, witness);
    assert!(is_unsatisfied(&accepted_only_without(&srs, label, &lies, &proof)));
}

/// Evaluations chosen after rho5: two false ones that suit the sumcheck have a true combination.
#[test]
fn evaluations_that_are_not_absorbed_are_forged() {
    let label = b"mira decider evaluations";
    let srs = Srs::dev(4).unwrap();
    let lies = with_a_lie(claims(&srs, &[(4, 1), (4, 2)]));
    let vector = lies[0].1.vector.clone();
    let (mut reduction, _, witness) = reduce(&mut forgetful(fresh(), label), lies.clone()).unwrap();
    let lies = instances(&lies);

    // What is missing to the residual of the false claim.
    let (reduced, rho5) = replay(&mut forgetful(fresh(), label), &lies, &reduction);
    let u: Vec<Fr> = (lies.iter().zip(&reduced.coefficients))
        .map(|(lie, rho4)| *rho4 * lie.functional.evaluate(&reduced.point).unwrap())
        .collect();
    let e = &mut reduction.evaluations;
    let missing = reduced.residual - u[0] * e[0] - u[1] * e[1];
    // u_0 d_0 + u_1 d_1 = missing and d_0 + rho5 d_1 = 0.
    let d = missing / (u[1] - rho5 * u[0]);
    e[0] -= rho5 * d;
    e[1] += d;
    assert_ne!(e[0], Functional::eq(reduced.point).apply(&vector).unwrap());
    let proof = open_forged(&srs, label, &lies, reduction, witness);
    assert!(is_failed_opening(&accepted_only_without(&srs, label, &lies, &proof)));
}

/// The functional of a claim chosen after r, where it has to have the value of another one.
fn exchanged_functional(label: &'static [u8], points: usize, change: impl Fn(&mut [(Fr, Vec<Fr>)], &[Fr])) {
    let srs = Srs::dev(4).unwrap();
    let honest = claims(&srs, &[(4, points)]);
    let (reduction, instance, witness) = reduce(&mut forgetful(fresh(), label), honest.clone()).unwrap();
    let r = instance.functional.as_evaluation().unwrap();
    let mut lies = instances(&honest);
    let mut terms = lies[0].functional.terms().to_vec();
    change(&mut terms, r);
    lies[0].functional = Functional::new(4, terms).unwrap();
    assert_ne!(lies[0].functional.apply(&honest[0].1.vector).unwrap(), lies[0].value);
    let proof = open_forged(&srs, label, &lies, reduction, witness);
    assert!(is_unsatisfied(&accepted_only_without(&srs, label, &lies, &proof)));
}

#[test]
fn a_coefficient_that_is_not_absorbed_is_forged() {
    exchanged_functional(b"mira functional", 2, |terms, r| {
        terms[0].0 += Fr::one();
        terms[1].0 -= eq_eval(&terms[0].1, r) / eq_eval(&terms[1].1, r);
    });
}

#[test]
fn weights_that_are_not_absorbed_are_forged() {
    let (srs, label) = (Srs::dev(4).unwrap(), b"mira functional");
    let vector = scalars(90, 16);
    let blind = Blind::from_scalar(scalars(91, 1)[0]);
    let functional = |weights: &[Fr]| Functional::block(scalars(92, 2), weights.to_vec()).unwrap();
    let mut weights = scalars(93, 4);
    let instance = OpeningInstance {
        commitment: srs.commit(&vector, &blind).unwrap().projective(),
        value: functional(&weights).apply(&vector).unwrap(),
        functional: functional(&weights),
    };
    let honest = vec![(instance, OpeningWitness { vector, blind })];
    let (reduction, instance, witness) = reduce(&mut forgetful(fresh(), label), honest.clone()).unwrap();
    let r = instance.functional.as_evaluation().unwrap();
    let mut lies = instances(&honest);
    // One weight more, another less, so that the value at r stays.
    let eq = zktorch_sumcheck::eq_table(&r[2..]);
    weights[0] += Fr::one();
    weights[1] -= eq[0] / eq[1];
    lies[0].functional = functional(&weights);
    assert_ne!(lies[0].functional.apply(&honest[0].1.vector).unwrap(), lies[0].value);
    let proof = open_forged(&srs, label, &lies, reduction, witness);
    assert!(is_unsatisfied(&accepted_only_without(&srs, label, &lies, &proof)));
}

#[test]
fn a_point_that_is_not_absorbed_is_forged() {
    exchanged_functional(b"mira functional", 1, |terms, r| {
        let point = &mut terms[0].1;
        let target = eq_eval(&point[..2], &r[..2]);
        // The first coordinate is another one; the second, in which eq is 1 - r + z (2 r - 1), makes up for it.
        point[0] += Fr::one();
        let factor = target / eq_eval(&point[..1], &r[..1]);
        point[1] = (factor - Fr::one() + r[1]) / (r[1].double() - Fr::one());
    });
}
