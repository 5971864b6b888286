//! What is accumulated: claims about committed vectors, with as many small and full-width ones as a proof has.

use anyhow::Result;
use zktorch_commit::{Blind, Commitment};
use zktorch_field::Fr;
use zktorch_mira::levels::{Chunk, Column, Statement};
use zktorch_mira::plan::{ClaimTerm, FoldPlan};
use zktorch_mira::{Functional, OpeningInstance, OpeningWitness};
use zktorch_transcript::Transcript;

use super::Run;
use crate::inputs;

/// One vector in four is an inverse column, and full width (52 of 197 in ResNet-50); the others hold small integers.
const FULL_WIDTH_EVERY: usize = 4;
/// Standard deviation of the small integers.
const SIGMA: f64 = 4096.0;

enum Vector {
    Small(Vec<i16>),
    Full(Vec<Fr>),
}

impl Vector {
    fn column(&self) -> Column<'_> {
        match self {
            Self::Small(vector) => Column::I16(vector),
            Self::Full(vector) => Column::Field(vector),
        }
    }
}

/// Claim i: vector i has value i at point i. No two share a vector or a point, so that nothing collapses linearly.
pub(super) struct Claims {
    vectors: Vec<Vector>,
    blinds: Vec<Blind>,
    plan: FoldPlan,
    coefficients: Vec<Vec<Fr>>,
    points: Vec<Vec<Fr>>,
    pub(super) commitments: Vec<Commitment>,
    pub(super) values: Vec<Fr>,
}

impl Claims {
    pub(super) fn new(run: &Run) -> Result<Self> {
        let (count, k) = (run.size.instances, run.size.log_size);
        let stream = |kind: u64, i: usize| 10_000 * kind + i as u64;
        let vector = |i: usize| match i % FULL_WIDTH_EVERY {
            0 => Vector::Full(inputs::scalars(stream(1, i), 1 << k)),
            _ => Vector::Small(inputs::gaussian_i16(stream(1, i), 1 << k, SIGMA)),
        };
        let mut claims = Self {
            vectors: (0..count).map(vector).collect(),
            blinds: inputs::scalars(stream(2, 0), count).into_iter().map(Blind::from_scalar).collect(),
            plan: FoldPlan::new(
                count,
                count,
                (0..count).map(|i| vec![ClaimTerm { chunk: i, point: i }]).collect(),
            )?,
            coefficients: vec![vec![Fr::from(1u64)]; count],
            points: (0..count).map(|i| inputs::scalars(stream(3, i), k)).collect(),
            commitments: Vec::new(),
            values: Vec::new(),
        };
        for ((vector, blind), point) in claims.vectors.iter().zip(&claims.blinds).zip(&claims.points) {
            let commitment = match vector {
                Vector::Small(vector) => run.srs.commit(vector, blind)?,
                Vector::Full(vector) => run.srs.commit(vector, blind)?,
            };
            claims.commitments.push(commitment);
            claims.values.push(Functional::eq(point.clone()).apply(&vector.column().to_field())?);
        }
        Ok(claims)
    }

    pub(super) fn full_width(&self) -> usize {
        self.vectors.iter().filter(|vector| matches!(vector, Vector::Full(_))).count()
    }

    pub(super) fn statement(&self) -> Statement<'_> {
        Statement { plan: &self.plan, coefficients: &self.coefficients, points: &self.points }
    }

    /// For the level-synchronous mode, which reads the vectors as they lie in memory.
    pub(super) fn chunks(&self) -> Vec<Chunk<'_>> {
        (self.vectors.iter().zip(&self.commitments).zip(&self.blinds))
            .map(|((vector, commitment), blind)| Chunk {
                column: vector.column(),
                commitment: *commitment,
                blind,
            })
            .collect()
    }

    /// For the pairwise mode, which folds full-width vectors.
    pub(super) fn instances(&self) -> Vec<OpeningInstance<Fr>> {
        (self.commitments.iter().zip(&self.points).zip(&self.values))
            .map(|((commitment, point), value)| OpeningInstance {
                commitment: commitment.projective(),
                functional: Functional::eq(point.clone()),
                value: *value,
            })
            .collect()
    }

    /// The vectors of [`instances`](Self::instances), converted.
    pub(super) fn witnesses(&self) -> Vec<OpeningWitness> {
        (self.vectors.iter().zip(&self.blinds))
            .map(|(vector, blind)| OpeningWitness {
                vector: vector.column().to_field(),
                blind: blind.clone(),
            })
            .collect()
    }

    /// A transcript that holds commitments and points.
    pub(super) fn transcript(&self) -> Transcript {
        let mut transcript = Transcript::new(b"ablation claims");
        self.commitments.iter().for_each(|c| transcript.append_point(b"commitment", &c.point()));
        self.points.iter().for_each(|point| transcript.append_scalars(b"point", point));
        transcript
    }
}
