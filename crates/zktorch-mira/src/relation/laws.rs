//! The laws of a relaxed relation, to be run on every implementation.

use ark_ff::{Field, One};
use zktorch_field::Fr;
use zktorch_transcript::Transcript;

use super::{
    CommitValue, Folded, Relaxed, RelaxedRelation, RelaxedWitness, check_satisfied, cross_terms, prove,
    verify,
};
use crate::MiraError;
use crate::module::Module;

/// Checks the laws of `relation` on satisfying accumulators `a` and `b` (take them different, and random):
///
/// 1. both satisfy the relation;
/// 2. f is homogeneous: `f(c a) = c^d f(a)`;
/// 3. [`form_on_line`](RelaxedRelation::form_on_line) is f on the line;
/// 4. the cross terms are the middle coefficients: `f(a + c b) = f(a) + sum c^j T_j + c^d f(b)`, for several c;
/// 5. committing to error terms is linear, openings included;
/// 6. a fold satisfies the relation, prover and verifier arrive at the same challenge and instance;
/// 7. with a wrong cross term, swapped sides or another transcript, it does not.
///
/// `commit` makes error terms as a prover would; `equal` compares two instances with their error terms.
///
/// # Errors
/// [`MiraError::LawBroken`] names the first law that fails; [`MiraError::NotSatisfied`] for the first one.
pub fn check<R: RelaxedRelation>(
    relation: &R,
    key: &R::Key,
    a: &(Relaxed<R>, RelaxedWitness<R>),
    b: &(Relaxed<R>, RelaxedWitness<R>),
    commit: &mut CommitValue<'_, R>,
    equal: impl Fn(&Relaxed<R>, &Relaxed<R>) -> bool,
) -> Result<(), MiraError> {
    let require = |holds: bool, law: &'static str| {
        if holds { Ok(()) } else { Err(MiraError::LawBroken { relation: R::NAME, law }) }
    };
    let mut coins = Transcript::new(b"mira relation laws");
    let degree = relation.degree();
    let (pa, pb) = ((&a.0.instance, &a.1.witness), (&b.0.instance, &b.1.witness));
    let (fa, fb) = (relation.form(pa.0, pa.1)?, relation.form(pb.0, pb.1)?);

    // 1.
    for (relaxed, witness) in [a, b] {
        check_satisfied(relation, key, relaxed, witness)?;
    }

    // 2. c a = a + (c - 1) a.
    let c = coins.challenge_scalar(b"scale");
    let scaled = relation.form_on_line(pa, pa, c - Fr::one())?;
    let mut expected = fa.clone();
    expected.accumulate(&fa, c.pow([degree as u64]) - Fr::one());
    require(scaled == expected, "homogeneous form")?;

    // 3. and 4.
    let cross = cross_terms(relation, pa, pb, (fa.clone(), fb.clone()))?;
    require(cross.len() + 1 == degree, "number of cross terms")?;
    for _ in 0..degree + 1 {
        let c = coins.challenge_scalar(b"line");
        let (mut instance, mut witness) = (a.0.instance.clone(), a.1.witness.clone());
        instance.accumulate(&b.0.instance, c);
        witness.accumulate(&b.1.witness, c);
        let direct = relation.form(&instance, &witness)?;
        require(relation.form_on_line(pa, pb, c)? == direct, "form on a line")?;
        let mut expanded = fa.clone();
        super::fold_error(&mut expanded, &fb, &cross, c);
        require(direct == expanded, "expansion into cross terms")?;
    }

    // 5.
    let (mut e1, mut o1) = commit(&fa)?;
    let (e2, o2) = commit(&fb)?;
    let mut value = fa.clone();
    value.accumulate(&fb, c);
    e1.accumulate(&e2, c);
    o1.accumulate(&o2, c);
    require(relation.value(&e1, &o1) == value, "openings of error terms are linear")?;
    let sum = (Relaxed { error: e1, ..a.0.clone() }, RelaxedWitness { opening: o1, ..a.1.clone() });
    require(relation.commitments_hold(key, &sum.0, &sum.1)?, "error terms are linear")?;
    let rejects = |relaxed: &Relaxed<R>, witness: &RelaxedWitness<R>, law| match check_satisfied(
        relation, key, relaxed, witness,
    ) {
        Err(MiraError::NotSatisfied { .. }) => Ok(()),
        Err(other) => Err(other),
        Ok(()) => Err(MiraError::LawBroken { relation: R::NAME, law }),
    };
    let mut changed = a.0.clone();
    changed.error.accumulate(&e2, Fr::one());
    rejects(&changed, &a.1, "a changed error term is noticed")?;

    // 6.
    let start = Transcript::new(b"mira relation law fold");
    let mut prover = start.clone();
    let Folded { cross, relaxed: folded, witness } =
        prove(relation, &mut prover, a.clone(), (&b.0, &b.1), commit)?;
    let mut verifier = start.clone();
    let recomputed = verify(relation, &mut verifier, a.0.clone(), &b.0, &cross)?;
    require(equal(&folded, &recomputed), "prover and verifier fold to the same instance")?;
    let same = prover.challenge_scalar(b"after") == verifier.challenge_scalar(b"after");
    require(same, "prover and verifier end in the same transcript")?;
    check_satisfied(relation, key, &folded, &witness)?;

    // 7.
    for index in 0..cross.len() {
        let mut wrong = cross.clone();
        wrong[index].accumulate(&e2, Fr::one());
        let forged = verify(relation, &mut start.clone(), a.0.clone(), &b.0, &wrong)?;
        rejects(&forged, &witness, "a wrong cross term is noticed")?;
    }
    let swapped = verify(relation, &mut start.clone(), b.0.clone(), &a.0, &cross)?;
    rejects(&swapped, &witness, "swapped sides are noticed")?;
    let other = verify(relation, &mut Transcript::new(b"another"), a.0.clone(), &b.0, &cross)?;
    rejects(&other, &witness, "another transcript is noticed")
}
