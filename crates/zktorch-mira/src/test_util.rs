//! Inputs of tests, and naive oracles.

use proptest::prelude::*;
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::{Fr, Row};
use zktorch_transcript::Transcript;
use zktorch_transcript::probe::Probe;

use crate::levels::{Chunk, Column};
use crate::plan::{ClaimTerm, FoldPlan};
use crate::{Functional, OpeningInstance, OpeningWitness};

/// Deterministic coins.
pub(crate) fn coins(seed: u64) -> Transcript {
    let mut transcript = Transcript::new(b"mira test coins");
    transcript.append_u64(b"seed", seed);
    transcript
}

pub(crate) fn scalar(seed: u64) -> Fr {
    coins(seed).challenge_scalar(b"scalar")
}

pub(crate) fn scalars(seed: u64, count: usize) -> Vec<Fr> {
    coins(seed).challenge_scalars(b"scalars", count)
}

fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut out = vec![0; count];
    coins(seed).challenge_bytes(b"bytes", &mut out);
    out
}

/// A transcript that ignores a label: the one of a verifier with this mistake.
pub(crate) fn forgetful(transcript: Transcript, label: &'static [u8]) -> Transcript {
    let probe = Probe::new();
    probe.omit_label(label);
    transcript.with_probe(&probe)
}

/// The coefficients of `eq(point, .)`, by the definition.
pub(crate) fn naive_eq(point: &[Fr]) -> Vec<Fr> {
    let one = Fr::from(1u64);
    (0..1usize << point.len())
        .map(|x| {
            let bit = |i: usize| x >> (point.len() - 1 - i) & 1 == 1;
            point.iter().enumerate().map(|(i, z)| if bit(i) { *z } else { one - z }).product()
        })
        .collect()
}

pub(crate) fn naive_inner_product(a: &[Fr], b: &[Fr]) -> Fr {
    a.iter().zip(b).map(|(a, b)| *a * b).sum()
}

/// A committed instance that holds, with its witness.
pub(crate) fn satisfied(
    srs: &Srs,
    seed: u64,
    num_vars: usize,
    points: usize,
) -> (OpeningInstance<Fr>, OpeningWitness) {
    let terms =
        (0..points as u64).map(|p| (scalar(seed ^ (100 + p)), scalars(seed ^ (200 + p), num_vars))).collect();
    let functional = if points == 1 {
        Functional::eq(scalars(seed ^ 200, num_vars))
    } else {
        Functional::new(num_vars, terms).unwrap()
    };
    let vector = scalars(seed ^ 300, 1 << num_vars);
    let blind = Blind::from_scalar(scalar(seed ^ 400));
    let commitment = srs.commit(&vector, &blind).unwrap().projective();
    let value = functional.apply(&vector).unwrap();
    (OpeningInstance { commitment, functional, value }, OpeningWitness { vector, blind })
}

/// One column, owned.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    I16(Vec<i16>),
    I32(Vec<i32>),
    Field(Vec<Fr>),
    Gathered(Vec<Row<Fr>>, Vec<u32>),
}

impl Data {
    pub(crate) fn new(seed: u64, kind: usize, len: usize) -> Self {
        match kind {
            0 => {
                Self::I16(bytes(seed, 2 * len).chunks(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect())
            }
            1 => Self::I32(
                bytes(seed, 4 * len)
                    .chunks(4)
                    .map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                    .collect(),
            ),
            2 => Self::Field(scalars(seed, len)),
            _ => {
                let table = scalars(seed, 5).into_iter().map(Row::new).collect();
                Self::Gathered(table, bytes(seed, len).iter().map(|b| u32::from(b % 5)).collect())
            }
        }
    }

    pub(crate) fn column(&self) -> Column<'_> {
        match self {
            Self::I16(v) => Column::I16(v),
            Self::I32(v) => Column::I32(v),
            Self::Field(v) => Column::Field(v),
            Self::Gathered(table, indices) => Column::Gathered(table, indices.as_slice().into()),
        }
    }

    pub(crate) fn naive_field(&self) -> Vec<Fr> {
        match self {
            Self::I16(v) => v.iter().map(|x| Fr::from(*x)).collect(),
            Self::I32(v) => v.iter().map(|x| Fr::from(*x)).collect(),
            Self::Field(v) => v.clone(),
            Self::Gathered(table, indices) => indices.iter().map(|i| table[*i as usize].get()).collect(),
        }
    }
}

/// Claims with everything that both sides need.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    pub(crate) plan: FoldPlan,
    pub(crate) coefficients: Vec<Vec<Fr>>,
    pub(crate) points: Vec<Vec<Fr>>,
    pub(crate) data: Vec<Data>,
    pub(crate) blinds: Vec<Blind>,
    pub(crate) commitments: Vec<Commitment>,
    pub(crate) values: Vec<Fr>,
}

impl Claims {
    /// True claims of this structure; commitments only if there is an SRS.
    pub(crate) fn new(
        srs: Option<&Srs>,
        seed: u64,
        num_vars: usize,
        data: Vec<Data>,
        points: usize,
        terms: Vec<Vec<ClaimTerm>>,
    ) -> Self {
        let coefficients: Vec<Vec<Fr>> =
            (0u64..)
                .zip(&terms)
                .map(|(j, claim)| {
                    if claim.len() == 1 {
                        vec![Fr::from(1u64)]
                    } else {
                        scalars(seed ^ (j << 8), claim.len())
                    }
                })
                .collect();
        let points: Vec<Vec<Fr>> = (0..points as u64).map(|p| scalars(seed ^ (p << 16), num_vars)).collect();
        let blinds: Vec<Blind> =
            (0..data.len() as u64).map(|b| Blind::from_scalar(scalar(seed ^ (b << 24)))).collect();
        let fields: Vec<Vec<Fr>> = data.iter().map(Data::naive_field).collect();
        let commitments = fields
            .iter()
            .zip(&blinds)
            .map(|(v, blind)| srs.map_or(Commitment::default(), |srs| srs.commit(v, blind).unwrap()))
            .collect();
        let eqs: Vec<Vec<Fr>> = points.iter().map(|p| naive_eq(p)).collect();
        let value = |(claim, coefficients): (&Vec<ClaimTerm>, &Vec<Fr>)| {
            let products = claim.iter().zip(coefficients);
            products.map(|(t, k)| *k * naive_inner_product(&fields[t.chunk], &eqs[t.point])).sum()
        };
        let values = terms.iter().zip(&coefficients).map(value).collect();
        let plan = FoldPlan::new(data.len(), points.len(), terms).unwrap();
        Self { plan, coefficients, points, data, blinds, commitments, values }
    }

    /// One claim per column of 16-bit integers, each at its own point.
    pub(crate) fn separate(srs: &Srs, seed: u64, num_vars: usize, count: usize) -> Self {
        let data = (0..count as u64).map(|b| Data::new(seed ^ (b << 32), 0, 1 << num_vars)).collect();
        let terms = (0..count).map(|i| vec![ClaimTerm { chunk: i, point: i }]).collect();
        Self::new(Some(srs), seed, num_vars, data, count, terms)
    }

    pub(crate) fn statement(&self) -> crate::levels::Statement<'_> {
        crate::levels::Statement { plan: &self.plan, coefficients: &self.coefficients, points: &self.points }
    }

    pub(crate) fn chunks(&self) -> Vec<Chunk<'_>> {
        let chunk = |b: usize| Chunk {
            column: self.data[b].column(),
            commitment: self.commitments[b],
            blind: &self.blinds[b],
        };
        (0..self.data.len()).map(chunk).collect()
    }
}

/// Random terms of claims over a few chunks and points.
pub(crate) fn any_terms(chunks: usize, points: usize) -> impl Strategy<Value = Vec<Vec<ClaimTerm>>> {
    let term = (0..chunks, 0..points).prop_map(|(chunk, point)| ClaimTerm { chunk, point });
    proptest::collection::vec(proptest::collection::vec(term, 1..4), 1..16)
}
