//! All blocks of a network, proved at once.
//!
//! Every intermediate tensor is committed, so blocks do not wait for each other. In order: inverse columns after (alpha,
//! beta); a point r; the values of all relations at r; sumcheck A over all lookups and contractions; the values of their
//! operands; sumcheck B over all reindexings; accumulation of all claims.
//!
//! | file | holds |
//! |---|---|
//! | `description`, `chunks`, `limits`, `batch`, `accuracy` | the network: what both sides derive from the key, and from the number of inferences or a claim about a set |
//! | `statement`, `proof` | what is proved; the proof, its lengths and its bytes |
//! | `transcript` | labels, absorptions and challenges, in their order |
//! | `member`, `members` | the parts of the proof: each says once what it states, which values it asks for, and which claims it leaves |
//! | `ledger` | what members leave behind: claims, constraints, and work for later members |
//! | `accumulate` | the leaves of several proofs, folded and opened at once |
//! | `verifier`, `prover` | the two sides: lists of members. The prover (`witness`, `columns`, `answers`) adds values and round polynomials, and runs every member's end on numbers |

mod accumulate;
mod accuracy;
#[cfg(feature = "prover")]
mod answers;
mod batch;
mod chunks;
#[cfg(feature = "prover")]
mod columns;
mod description;
mod ledger;
mod limits;
mod member;
mod members;
mod proof;
#[cfg(feature = "prover")]
mod prover;
#[cfg(feature = "prover")]
pub mod stages;
mod statement;
#[cfg(test)]
mod tests;
mod transcript;
mod verifier;
#[cfg(feature = "prover")]
mod witness;

pub use self::accumulate::{Accumulation, verify_accumulation};
#[cfg(feature = "prover")]
pub use self::accumulate::{Accumulator, check_leaf};
#[cfg(feature = "prover")]
pub(crate) use self::chunks::LookedUp;
pub use self::description::Network;
pub use self::proof::{DeferredProof, NetworkProof};
#[cfg(feature = "prover")]
pub use self::prover::{Private, SortedWeights, prove, prove_deferred};
pub use self::statement::Statement;
#[cfg(feature = "prover")]
pub use self::witness::Witness;
#[cfg(test)]
pub(crate) use self::{prover::reduce, verifier::clear_verify};
