//! HyperKZG with folding by d = 4 or 8 and a single quotient: opens one committed vector at one multilinear point.
//!
//! # Statement
//! `C` commits (without a blind) to `f` with `n = 2^k` entries, and `f~(z) = v`, where `f~` is the multilinear extension
//! of `f` and the first coordinate of `z` belongs to the most significant bit of the index. On the side of KZG the
//! entries are the coefficients of `f_0(X) = sum_i f[i] X^i`.
//!
//! # Folding
//! Let `d = 2^b`: 4 for short vectors, where the proof is shorter, and 8 from `k = 16` on, where committing to folds counts.
//! Write `f_i(X) = sum_{j<d} X^j g_{i,j}(X^d)`. Binding the last b free variables is
//! ```text
//! f_{i+1}(Y) = sum_{j<d} e_{i,j} g_{i,j}(Y),        e_{i,j} = eq((z_{k-b(i+1)+1}, .., z_{k-bi}), j),
//! ```
//! a d-th of the size. With `k = b a + t`, `1 <= t <= b`, folding `a` times leaves the *tail* `f_a` of `2^t`
//! coefficients in the first `t` variables, which is sent as it is. `f_1, .., f_{a-1}` are committed.
//!
//! # Opening
//! At a random `s` the prover sends the *residues* `f_i mod (X^d - s)`, whose coefficients are exactly
//! `g_{i,j}(s)`. The verifier derives `f_{i+1}(s) = sum_j e_{i,j} g_{i,j}(s)` from them, so every `f_i` (with
//! `f_0(s)` sent as well) has a claimed remainder `R_i` of degree at most d modulo
//! ```text
//! Z(X) = (X^d - s)(X - s) = X^(d+1) - s X^d - s X + s^2,
//! ```
//! the same `Z` for all `i`. One quotient proves them all (Boneh, Drake, Fisch, Gabizon, "Halo Infinite" and
//! "Efficient polynomial commitment schemes for multiple points", eprint 2020/081, with equal point sets):
//! ```text
//! W = (sum_i gamma^i (f_i - R_i)) / Z,   e(sum_i gamma^i C_i - [R]_1 - s^2 W, [1]_2) = e(W, [tau^(d+1)]_2 - s([tau^d]_2 + [tau]_2)).
//! ```
//! With a d-th root of unity `w` and `s = r^d` the residues are the interpolants on `{r w^j}`, so this is the
//! opening at `r w^0, .., r w^(d-1), r^d`; in this form neither `r` nor `w` is needed. The multilinear-to-univariate
//! reduction is Gemini's (eprint 2022/420, section 2.4.2), HyperKZG's packaging is eprint 2023/917, section 6.
//!
//! # What it proves
//! `sum_j e_{i,j} g_{i,j}(s) = f_{i+1}(s)` at a random `s` is an identity of polynomials, whatever their degree, and the
//! tail has `2^t` coefficients. If `f_0 = sum_q X^{nq} f^{(q)}` uses powers of tau beyond `n` (the SRS may have them),
//! folding it gives `f_a = sum_q Y^{q 2^t} f^{(q)}(., z_{t+1}, .., z_k)`, so every part with `q > 0` is zero after
//! binding the last `b a` variables, and the claim is true of the first `n` coefficients. At a point that is random
//! given `C` the higher parts themselves are zero: a commitment beyond `n` cannot be opened there (error at most
//! `b a / |F|`).
//!
//! Soundness error, with `D` powers of tau, in the algebraic group model under the `D`-strong Diffie-Hellman assumption:
//! at most `(a D + a - 1) / |F|`. Challenges with `s^d = s` (equal or colliding roots) are refused.
//!
//! # Cost
//! Prover: `n/(d-1)` points for the folds and `n` for the quotient. Proof: `a` points and `d a + 1 + 2^t` scalars. Verifier: an
//! MSM of about `a + d + 2` points, one scalar multiplication in G2, one two-pairing product.

mod combine;
mod kernels;
mod proof;
mod prover;
mod shape;
mod verifier;

#[cfg(test)]
mod tests;

pub use combine::{combine_commitments, combine_vectors, open_many, verify_many};
pub use proof::OpeningProof;
pub use prover::{evaluate, open};
pub use verifier::verify;

use ark_ff::Field;
use zktorch_field::{Fr, decide};
use zktorch_mutants::enforced;
use zktorch_transcript::Transcript;

use self::shape::Shape;
use crate::{CommitError, Commitment, SrsId};

/// `weights[j] = eq(group, j)`, where the group's first coordinate belongs to the most significant bit of `j`.
pub(crate) fn eq_weights(group: &[Fr]) -> Vec<Fr> {
    let mut weights = vec![Fr::from(1u64)];
    for z in group {
        weights = weights.iter().flat_map(|w| [*w - *w * z, *w * z]).collect();
    }
    weights
}

/// First messages of both sides: everything that the opening is about.
pub(crate) fn absorb_statement(
    transcript: &mut Transcript,
    srs: SrsId,
    shape: &Shape,
    commitment: Commitment,
    point: &[Fr],
    value: &Fr,
) {
    transcript.append_message(b"hyperkzg", if shape.radix() == 4 { b"radix 4, v2" } else { b"radix 8, v2" });
    transcript.append_message(b"hyperkzg srs", &srs.0);
    transcript.append_u64(b"hyperkzg k", shape.k as u64);
    transcript.append_point(b"hyperkzg commitment", &commitment.0);
    transcript.append_scalars(b"hyperkzg point", point);
    transcript.append_scalar(b"hyperkzg value", value);
}

/// Refuses the challenges with `s^d = s`: the roots of `Z` must be simple.
pub(crate) fn check_challenge(s: &Fr, radix: usize) -> Result<(), CommitError> {
    let difference = s.pow([radix as u64]) - s;
    if decide::nonzero(&[difference]).is_err() && enforced() {
        Err(CommitError::DegenerateChallenge)
    } else {
        Ok(())
    }
}
