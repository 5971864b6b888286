//! The order in which points and scalars of a proof are given to a contract.

/// Visits all parts of a proof, of whichever field, in the order of calldata: every point, every scalar.
macro_rules! visit {
    ($proof:expr, $commitment:ident, $point:expr, $scalar:expr) => {{
        let proof = $proof;
        let (mut point, mut scalar) = ($point, $scalar);
        proof.v.0.iter_mut().chain(&mut proof.h.0).for_each(|$commitment(p)| point(p));
        let hidden = &mut proof.hidden;
        hidden.rows.iter_mut().for_each(&mut point);
        for mask in &mut hidden.masks {
            point(&mut mask.commitment.0);
            scalar(&mut mask.value);
        }
        let fold = &mut hidden.fold;
        fold.mask.iter_mut().chain(&mut fold.error).chain(&mut fold.cross).for_each(&mut point);
        let argument = &mut hidden.argument;
        argument.spartan.iter_mut().for_each(&mut scalar);
        argument.split.masks.iter_mut().for_each(&mut point);
        scalar(&mut argument.split.mask_value);
        scalar(&mut argument.split.value);
        let decider = &mut argument.decider;
        decider.reduction.rounds.iter_mut().flatten().for_each(&mut scalar);
        decider.reduction.evaluations.iter_mut().for_each(&mut scalar);
        scalar(&mut decider.opening.blind);
        let opening = &mut decider.opening.opening;
        opening.folds.iter_mut().for_each(&mut point);
        opening.tail.iter_mut().chain(&mut opening.residues).for_each(&mut scalar);
        scalar(&mut opening.evaluation);
        point(&mut opening.quotient);
    }};
}
pub(crate) use visit;
