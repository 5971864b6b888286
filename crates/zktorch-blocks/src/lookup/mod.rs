//! Lookups with committed inverses.
//!
//! Statement: every cell i of the looked-up chunks has its query `q_i = tag_i + beta x_i + beta^2 y_i` among the entries
//! `t_j = tag_j + beta key_j + beta^2 value_j` of the tables; y = 0 for ranges. With multiplicities m_j committed before alpha and beta,
//! and inverse columns `h_i = 1/(alpha - q_i)`, `h'_j = m_j/(alpha - t_j)` committed after:
//!
//! ```text
//! h (alpha - q) = 1 and h' (alpha - t) = m on the cubes (zero-checks at z, drawn after H),      sum h = sum h'.
//! ```
//!
//! What is committed of h is the *centred* column `h - w`: w, which is public, has on all cells of a table the inverse of one entry's
//! query, that of the cells *at rest* (x = 0, where the table has it). So the column is zero there, and padding, tensors of zeros and zeros
//! within tensors cost nothing; a claim on h is one on the column, less w~.
//!
//! Padding is looked up as well, in the one-entry table {(0, 0)} with a tag of its own, which forces it to be zero. Per chunk one
//! instance of sumcheck A, with the sum of its column weighted by lambda:
//!
//! ```text
//! sum_x eq(z, x) (h a - 1) + lambda h = lambda L,      a = alpha - q,
//! sum_x eq(z, x) h' a' + lambda h' = m~(z) + lambda L'.
//! ```
//!
//! Soundness error, N cells and T entries: `(N + T)/|F|` for alpha, `2 T/|F|` for beta, `k/|F|` for z, `1/|F|` for lambda, and the
//! sumcheck's. For beta: one query that is no entry equals the value of one of T entries for at most 2 T of all beta, as their
//! difference has degree 2; for all others nothing cancels its pole, whose coefficient is at most N. Source: LogUp (Haboeck, eprint 2022/1530) with committed inverses instead of a GKR tree.

use zktorch_field::slice::batch_inverse;
use zktorch_field::{Fr, decide};
use zktorch_sumcheck::{Statement, SumcheckError};
use zktorch_transcript::Scalar;

use crate::{BlockError, Network};

#[cfg(feature = "prover")]
pub(crate) mod prover;
pub(crate) mod table;

/// The instance of one chunk with this claim.
pub(crate) fn statement<S>(k: usize, claim: S) -> Statement<S> {
    Statement { num_rounds: k, degree: 3, claim }
}

/// `eq (h a - 1) + lambda h` from h and the product h a.
pub(crate) fn final_value<S: Scalar>(eq: Fr, lambda: Fr, h: &S, product: &S) -> S {
    let mut value = S::constant(-eq);
    value.add_scaled(product, eq);
    value.add_scaled(h, lambda);
    value
}

/// The challenges of all lookups.
#[derive(Clone, Debug)]
pub(crate) struct Challenges {
    pub(crate) alpha: Fr,
    pub(crate) beta: Fr,
    pub(crate) lambda: Fr,
    pub(crate) z: Vec<Fr>,
}

/// Tag and w of every lookup table: w is the inverse of `alpha - q` of a cell at rest.
pub(crate) fn centres(network: &Network, [alpha, beta]: [Fr; 2]) -> Result<Vec<[Fr; 2]>, BlockError> {
    let entries: Vec<[Fr; 3]> = network.rests().map(|entry| entry.map(Fr::from)).collect();
    let mut w: Vec<Fr> =
        entries.iter().map(|[tag, key, value]| alpha - tag - beta * (*key + beta * value)).collect();
    decide::nonzero(&w).map_err(|index| SumcheckError::Pole { index })?;
    batch_inverse(&mut w);
    Ok(entries.iter().zip(w).map(|([tag, ..], w)| [*tag, w]).collect())
}
