//! What the verifier decides becomes a check of the program: here the answer is always the one that lets the verifier go on.

use ark_ec::CurveGroup;

use crate::{Fr, G1Affine, G1Projective, G2Affine, scalar, tape};

/// Records that `a = b`.
pub fn equal(a: &Fr, b: &Fr) -> bool {
    tape::check_equal(a, b)
}

/// Records that no element is zero.
///
/// # Errors
/// The index of a number that is.
pub fn nonzero(elements: &[Fr]) -> Result<(), usize> {
    elements.iter().position(|element| !tape::check_nonzero(element)).map_or(Ok(()), Err)
}

/// Whether a factor is the number zero, so that its terms may be left out: those of a name are added, whatever its value.
pub fn absent(factor: &Fr) -> bool {
    scalar::is_zero(factor)
}

/// Whether two are the same number, or the same name: what is computed of values that are equal by chance is computed twice.
pub fn alike(a: &Fr, b: &Fr) -> bool {
    tape::alike(a, b)
}

/// Records a sum of multiples.
pub fn combination(points: &[G1Affine], scalars: &[Fr]) -> Option<G1Projective> {
    tape::combination(points, scalars)
}

/// Values of a public tensor.
pub fn public(tensor: u32, _values: &[i32]) -> Option<Vec<Fr>> {
    tape::public_values(tensor)
}

/// Sees that points in messages are known.
pub fn absorbed(points: &[G1Affine]) {
    points.iter().for_each(tape::absorbed);
}

/// That values of a public tensor decide what is computed: there is no such program.
pub fn branches(what: &'static str) {
    tape::branch(what);
}

/// Records the opening.
pub fn opening(
    left: &G1Projective,
    quotient: &G1Affine,
    s: &Fr,
    [one, high, low, tau]: [G2Affine; 4],
) -> Option<bool> {
    Some(tape::check_opening(&left.into_affine(), quotient, s, [one, high, (low + tau).into_affine()]))
}
