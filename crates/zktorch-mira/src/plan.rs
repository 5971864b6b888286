//! The fold plan: which linear collapses to make before any fold, so that few folds remain.
//!
//! Evaluation claim j says `sum_t k_{j,t} <v_{b(j,t)}, e_{p(j,t)}> = y_j`: a tensor spread over chunks b, evaluated at a
//! low point p that all of its chunks share. With a coefficient rho^j per claim, all of them together are
//!
//! ```text
//! S = sum_j rho^j y_j = sum_{b,p} c_{b,p} <v_b, e_p>,      c_{b,p} = sum of rho^j k_{j,t} over the terms at (b, p).
//! ```
//!
//! Claims that share the chunk, or that share the point, collapse without an error term: a *star* is one chunk with all of
//! its points, `(v_b, sum_p c_{b,p} e_p)`, or one point with all of its chunks, `(sum_b c_{b,p} v_b, e_p)`. Covering every
//! pair (b, p) with the fewest stars is a minimum vertex cover of the bipartite graph of chunks and points. So
//! `c_{b,p} = sum_i a_{i,b} d_{i,p}` with one rank-one term, one instance `(sum_b a_{i,b} v_b, sum_p d_{i,p} e_p)`, per star.
//!
//! The plan depends on the structure alone: indices of chunks and of *structurally* distinct points. It never looks at
//! a challenge, so prover and verifier derive it from the key.

mod cover;
mod weights;

use std::collections::{BTreeMap, BTreeSet};

use zktorch_mutants::enforced;

use self::cover::{Cover, minimum_vertex_cover};
pub(crate) use self::weights::Row;
pub use self::weights::{BoundPlan, fold_weights};
use crate::MiraError;
use crate::error::{check_index, check_length};

/// One product `<v_chunk, e_point>` of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimTerm {
    /// Index of the chunk.
    pub chunk: usize,
    /// Index of the low point. Two terms have the same index only if the points are equal whatever the challenges are.
    pub point: usize,
}

/// Instance i of the plan: a chunk or a point with everything that is collapsed onto it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Star {
    /// One chunk at several points.
    Chunk {
        /// The chunk.
        chunk: usize,
        /// Its points, increasing.
        points: Vec<usize>,
    },
    /// Several chunks at one point.
    Point {
        /// The point.
        point: usize,
        /// Its chunks, increasing.
        chunks: Vec<usize>,
    },
}

impl Star {
    /// The pairs (chunk, point) that the star covers.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let (centre, leaves, of_chunk) = match self {
            Self::Chunk { chunk, points } => (*chunk, points, true),
            Self::Point { point, chunks } => (*point, chunks, false),
        };
        leaves.iter().map(move |leaf| if of_chunk { (centre, *leaf) } else { (*leaf, centre) })
    }
}

/// The plan for a list of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldPlan {
    chunks: usize,
    points: usize,
    claims: Vec<Vec<ClaimTerm>>,
    stars: Vec<Star>,
}

impl FoldPlan {
    /// Plans the folds of `claims` over `chunks` chunks and `points` structurally distinct points.
    ///
    /// Deterministic. Cost: `O(E sqrt(V))` for E distinct terms (Hopcroft and Karp; Koenig).
    ///
    /// # Errors
    /// [`MiraError::Empty`] without claims or with a claim without terms; [`MiraError::Index`] for a chunk or point
    /// that is not there.
    pub fn new(chunks: usize, points: usize, claims: Vec<Vec<ClaimTerm>>) -> Result<Self, MiraError> {
        if claims.is_empty() && enforced() {
            return Err(MiraError::Empty { what: "claims of a fold plan" });
        }
        let mut points_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for claim in &claims {
            if claim.is_empty() && enforced() {
                return Err(MiraError::Empty { what: "terms of a claim" });
            }
            for term in claim {
                check_index("chunk of a claim", term.chunk, chunks)?;
                check_index("point of a claim", term.point, points)?;
                points_of.entry(term.chunk).or_default().push(term.point);
            }
        }
        for points in points_of.values_mut() {
            points.sort_unstable();
            points.dedup();
        }
        let stars = stars(&points_of, points);
        Ok(Self { chunks, points, claims, stars })
    }

    /// The same plan, but instances that are one of `chunks` fold last, in their order. Those of chunks that are mostly zero are
    /// then neighbours, of whose products a prover has few to make.
    pub fn with_last(mut self, chunks: &BTreeSet<usize>) -> Self {
        self.stars.sort_by_key(|star| matches!(star, Star::Chunk { chunk, .. } if chunks.contains(chunk)));
        self
    }

    /// Number of chunks.
    pub fn num_chunks(&self) -> usize {
        self.chunks
    }

    /// Number of structurally distinct points.
    pub fn num_points(&self) -> usize {
        self.points
    }

    /// The terms of every claim.
    pub fn claims(&self) -> &[Vec<ClaimTerm>] {
        &self.claims
    }

    /// The instances, in the order in which they fold.
    pub fn stars(&self) -> &[Star] {
        &self.stars
    }

    /// Number of levels of the tree: log2 of the number of instances, padded with identity instances (zero
    /// commitment, zero vector, zero functional) to a power of two.
    pub fn levels(&self) -> usize {
        self.stars.len().next_power_of_two().ilog2() as usize
    }

    /// Checks that there is one coefficient per term.
    pub(crate) fn check_coefficients(
        &self,
        coefficients: &[Vec<zktorch_field::Fr>],
    ) -> Result<(), MiraError> {
        check_length("coefficients of the claims", self.claims.len(), coefficients.len())?;
        self.claims
            .iter()
            .zip(coefficients)
            .try_for_each(|(claim, c)| check_length("coefficients of a claim", claim.len(), c.len()))
    }
}

/// Stars of a minimum vertex cover. A pair whose both ends are in the cover belongs to its point's star: one more small
/// vector in a sum costs the prover less than one more eq table.
fn stars(points_of: &BTreeMap<usize, Vec<usize>>, points: usize) -> Vec<Star> {
    let chunks: Vec<usize> = points_of.keys().copied().collect();
    let edges: Vec<Vec<usize>> = points_of.values().cloned().collect();
    let Cover { left, right } = minimum_vertex_cover(&edges, points);
    let mut stars = Vec::new();
    // Order: by the smallest chunk of a star, then chunk before point, then index. Families are numbered in the order
    // W, V, H, IO, so neighbours in the tree are neighbours in memory.
    for (i, chunk) in chunks.iter().enumerate() {
        let points: Vec<usize> = edges[i].iter().copied().filter(|p| left[i] && !right[*p]).collect();
        if !points.is_empty() {
            stars.push((*chunk, Star::Chunk { chunk: *chunk, points }));
        }
    }
    for point in (0..points).filter(|p| right[*p]) {
        let chunks: Vec<usize> =
            chunks.iter().zip(&edges).filter(|(_, e)| e.contains(&point)).map(|(b, _)| *b).collect();
        if let Some(first) = chunks.first() {
            stars.push((*first, Star::Point { point, chunks: chunks.clone() }));
        }
    }
    stars.sort_by_key(|(first, _)| *first);
    stars.into_iter().map(|(_, star)| star).collect()
}

#[cfg(test)]
mod tests;
