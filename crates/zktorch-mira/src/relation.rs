//! Relaxed relations and their folds.
//!
//! A relation is given by one homogeneous form f of degree d: an accumulator is an instance x and a witness w with
//!
//! ```text
//! f(x, w) = E
//! ```
//!
//! where the *error term* E is public, either as it is (a scalar) or as a commitment. An inhomogeneous relation
//! `g = 0` becomes such a form with a *slack* mu, an entry of the instance: `f = mu^d g(x/mu, w/mu)`, and an ordinary
//! instance is the one with mu = 1 and E = 0. Everything but f is linear, so along the line through two accumulators
//!
//! ```text
//! f(x1 + gamma x2, w1 + gamma w2) = E1 + sum_{j=1}^{d-1} gamma^j T_j + gamma^d E2,
//! ```
//!
//! and the *cross terms* T_j are all a prover has to send. They are found by interpolation ([`cross_terms`]), the same
//! code for every relation: an implementation supplies f, never a cross term.
//!
//! A fold is knowledge sound: two different polynomials of degree d in gamma agree at a random gamma with probability
//! at most `d / |F|`. Source: Nova (eprint 2021/370) section 3, generalised to degree d as in ProtoStar (eprint
//! 2023/620) section 3 and Mira (the accumulation of pairing-based arguments; eprint 2024/2025).

mod interpolate;
pub mod laws;

use zktorch_field::Fr;
use zktorch_mutants::enforced;
use zktorch_transcript::Transcript;

pub use self::interpolate::cross_terms;
use crate::MiraError;
use crate::error::check_length;
use crate::module::Module;

/// A homogeneous form of degree d over linear data. [`laws::check`] tests an implementation.
pub trait RelaxedRelation {
    /// Name, for transcripts and errors.
    const NAME: &'static str;
    /// What commitments are checked with.
    type Key: ?Sized;
    /// The public linear data x: commitments, public inputs, slack.
    type Instance: Module;
    /// The secret linear data w: vectors and the blinds of their commitments.
    type Witness: Module;
    /// What f takes its values in.
    type Value: Module + PartialEq;
    /// An error term as the verifier sees it: a value, or a commitment to one. Linear in the value.
    type Error: Module;
    /// What opens an error term: `()`, or a value and a blind.
    type Opening: Module;

    /// The degree d of f, at least 1.
    fn degree(&self) -> usize;

    /// f(x, w).
    ///
    /// # Errors
    /// When the lengths of the two do not match.
    fn form(&self, instance: &Self::Instance, witness: &Self::Witness) -> Result<Self::Value, MiraError>;

    /// f at `a + gamma b`. Implementations may fuse the two steps; that changes no value (a law).
    ///
    /// # Errors
    /// As [`form`](Self::form).
    fn form_on_line(
        &self,
        a: Pair<'_, Self>,
        b: Pair<'_, Self>,
        gamma: Fr,
    ) -> Result<Self::Value, MiraError> {
        let (mut instance, mut witness) = (a.0.clone(), a.1.clone());
        instance.accumulate(b.0, gamma);
        witness.accumulate(b.1, gamma);
        self.form(&instance, &witness)
    }

    /// The value that an error term stands for, given its opening.
    fn value(&self, error: &Self::Error, opening: &Self::Opening) -> Self::Value;

    /// Whether the witness and the opening are those the instance and the error term commit to.
    ///
    /// # Errors
    /// Those of the commitment scheme.
    fn commitments_hold(
        &self,
        key: &Self::Key,
        relaxed: &Relaxed<Self>,
        witness: &RelaxedWitness<Self>,
    ) -> Result<bool, MiraError>;

    /// Absorbs an instance: everything that defines it.
    fn absorb_instance(&self, transcript: &mut Transcript, instance: &Self::Instance);

    /// Absorbs an error term.
    fn absorb_error(&self, transcript: &mut Transcript, error: &Self::Error);
}

/// An instance with its witness, by reference.
pub type Pair<'a, R> = (&'a <R as RelaxedRelation>::Instance, &'a <R as RelaxedRelation>::Witness);

/// The public side of an accumulator: the claim `f(x, w) = E`.
#[derive(Debug)]
pub struct Relaxed<R: RelaxedRelation + ?Sized> {
    /// x.
    pub instance: R::Instance,
    /// E.
    pub error: R::Error,
}

/// The secret side of an accumulator. Not printable.
pub struct RelaxedWitness<R: RelaxedRelation + ?Sized> {
    /// w.
    pub witness: R::Witness,
    /// The opening of E.
    pub opening: R::Opening,
}

impl<R: RelaxedRelation + ?Sized> Clone for Relaxed<R> {
    fn clone(&self) -> Self {
        Self { instance: self.instance.clone(), error: self.error.clone() }
    }
}

impl<R: RelaxedRelation + ?Sized> Clone for RelaxedWitness<R> {
    fn clone(&self) -> Self {
        Self { witness: self.witness.clone(), opening: self.opening.clone() }
    }
}

impl<R: RelaxedRelation + ?Sized> Relaxed<R> {
    /// `x1 + gamma x2` and `E1 + sum_j gamma^j T_j + gamma^d E2`, where `cross` = T_1, .., T_{d-1}.
    pub fn fold(&mut self, other: &Self, cross: &[R::Error], gamma: Fr) {
        self.instance.accumulate(&other.instance, gamma);
        fold_error(&mut self.error, &other.error, cross, gamma);
    }
}

impl<R: RelaxedRelation + ?Sized> RelaxedWitness<R> {
    /// The same for the witnesses.
    pub fn fold(&mut self, other: &Self, cross: &[R::Opening], gamma: Fr) {
        self.witness.accumulate(&other.witness, gamma);
        fold_error(&mut self.opening, &other.opening, cross, gamma);
    }
}

/// `e1 + sum_j gamma^j t_j + gamma^d e2`.
fn fold_error<M: Module>(error: &mut M, other: &M, cross: &[M], gamma: Fr) {
    let mut power = gamma;
    for term in cross {
        error.accumulate(term, power);
        power *= gamma;
    }
    error.accumulate(other, power);
}

/// Whether `witness` satisfies `relaxed`.
///
/// # Errors
/// [`MiraError::NotSatisfied`] if not, and what the relation reports.
pub fn check_satisfied<R: RelaxedRelation + ?Sized>(
    relation: &R,
    key: &R::Key,
    relaxed: &Relaxed<R>,
    witness: &RelaxedWitness<R>,
) -> Result<(), MiraError> {
    if !relation.commitments_hold(key, relaxed, witness)? && enforced() {
        return Err(MiraError::NotSatisfied { relation: R::NAME, what: "commitments" });
    }
    let value = relation.value(&relaxed.error, &witness.opening);
    if relation.form(&relaxed.instance, &witness.witness)? != value && enforced() {
        return Err(MiraError::NotSatisfied { relation: R::NAME, what: "form" });
    }
    Ok(())
}

/// How a prover turns the value of a cross term into an error term with its opening: not at all where it is sent in the
/// clear, with a commitment under a fresh blind elsewhere.
pub type CommitValue<'a, R> = dyn FnMut(
        &<R as RelaxedRelation>::Value,
    ) -> Result<(<R as RelaxedRelation>::Error, <R as RelaxedRelation>::Opening), MiraError>
    + 'a;

/// What a prover's fold gives.
pub struct Folded<R: RelaxedRelation + ?Sized> {
    /// The message: the cross terms T_1, .., T_{d-1}.
    pub cross: Vec<R::Error>,
    /// The new accumulator's public side.
    pub relaxed: Relaxed<R>,
    /// Its secret side.
    pub witness: RelaxedWitness<R>,
}

/// Folds `right` into `left`; returns the cross terms (the message) and the new accumulator.
///
/// Cost: d - 1 evaluations of f, their commitments, one pass over the witness.
///
/// # Errors
/// What the relation reports.
pub fn prove<R: RelaxedRelation + ?Sized>(
    relation: &R,
    transcript: &mut Transcript,
    left: (Relaxed<R>, RelaxedWitness<R>),
    right: (&Relaxed<R>, &RelaxedWitness<R>),
    commit: &mut CommitValue<'_, R>,
) -> Result<Folded<R>, MiraError> {
    absorb_both(relation, transcript, &left.0, right.0);
    prove_bound(relation, transcript, left, right, commit)
}

/// [`prove`] with a transcript that binds both instances already (for example through their digests).
///
/// # Errors
/// As [`prove`].
pub fn prove_bound<R: RelaxedRelation + ?Sized>(
    relation: &R,
    transcript: &mut Transcript,
    left: (Relaxed<R>, RelaxedWitness<R>),
    right: (&Relaxed<R>, &RelaxedWitness<R>),
    commit: &mut CommitValue<'_, R>,
) -> Result<Folded<R>, MiraError> {
    let (mut relaxed, mut witness) = left;
    // 1. The cross terms, as the verifier will see them.
    let ends =
        (relation.value(&relaxed.error, &witness.opening), relation.value(&right.0.error, &right.1.opening));
    let values = cross_terms(
        relation,
        (&relaxed.instance, &witness.witness),
        (&right.0.instance, &right.1.witness),
        ends,
    )?;
    let mut cross = Vec::with_capacity(values.len());
    let mut openings = Vec::with_capacity(values.len());
    for value in &values {
        let (error, opening) = commit(value)?;
        cross.push(error);
        openings.push(opening);
    }
    // 2. gamma.
    let gamma = draw(relation, transcript, &cross);
    // 3. Instance and witness.
    relaxed.fold(right.0, &cross, gamma);
    witness.fold(right.1, &openings, gamma);
    Ok(Folded { cross, relaxed, witness })
}

/// The verifier's fold of `right` into `left`, given the prover's cross terms. Nothing is checked here: a wrong cross
/// term gives an accumulator that nobody can open.
///
/// # Errors
/// [`MiraError::Length`] unless there are d - 1 cross terms.
pub fn verify<R: RelaxedRelation + ?Sized>(
    relation: &R,
    transcript: &mut Transcript,
    left: Relaxed<R>,
    right: &Relaxed<R>,
    cross: &[R::Error],
) -> Result<Relaxed<R>, MiraError> {
    absorb_both(relation, transcript, &left, right);
    verify_bound(relation, transcript, left, right, cross)
}

/// [`verify`] with a transcript that binds both instances already.
///
/// # Errors
/// As [`verify`].
pub fn verify_bound<R: RelaxedRelation + ?Sized>(
    relation: &R,
    transcript: &mut Transcript,
    mut left: Relaxed<R>,
    right: &Relaxed<R>,
    cross: &[R::Error],
) -> Result<Relaxed<R>, MiraError> {
    check_length("cross terms of a fold", relation.degree().saturating_sub(1), cross.len())?;
    let gamma = draw(relation, transcript, cross);
    left.fold(right, cross, gamma);
    Ok(left)
}

fn absorb_both<R: RelaxedRelation + ?Sized>(
    relation: &R,
    transcript: &mut Transcript,
    left: &Relaxed<R>,
    right: &Relaxed<R>,
) {
    transcript.append_message(b"mira fold", R::NAME.as_bytes());
    for relaxed in [left, right] {
        relation.absorb_instance(transcript, &relaxed.instance);
        relation.absorb_error(transcript, &relaxed.error);
    }
}

/// Absorbs the cross terms and draws gamma, which is not zero: a fold must not forget its right side.
fn draw<R: RelaxedRelation + ?Sized>(relation: &R, transcript: &mut Transcript, cross: &[R::Error]) -> Fr {
    cross.iter().for_each(|term| relation.absorb_error(transcript, term));
    transcript.challenge_nonzero(b"mira fold gamma")
}

#[cfg(test)]
mod tests;
