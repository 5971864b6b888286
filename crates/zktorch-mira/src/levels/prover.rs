//! The prover of the level-synchronous mode.

use zktorch_commit::hyperkzg::combine_commitments;
use zktorch_commit::{Blind, Commitment};
use zktorch_field::Fr;
use zktorch_transcript::ProverChannel;

use super::column::{Combination, combine};
use super::gram::{Gram, Member, Tables, group_forms};
use super::stages::stage_sizes;
use super::{Column, GAMMA, LEVEL, RHO, Statement};
use crate::plan::{Row, fold_weights};
use crate::{MiraError, OpeningInstance, OpeningWitness};

/// A committed vector.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Its entries.
    pub column: Column<'a>,
    /// Its commitment, which the transcript holds.
    pub commitment: Commitment,
    /// The blind of the commitment.
    pub blind: &'a Blind,
}

/// Proves the claims with these `values` on `chunks`; returns the accumulator. The values were sent before.
///
/// The vectors are read once per *stage*, a run of consecutive levels whose messages all follow from the products
/// `<v_i, u_j>` of instances that meet within the stage ([`Gram`] matrices); folded vectors exist only block by block,
/// in cache, so memory beyond the columns is the one vector returned.
///
/// # Errors
/// [`MiraError::Length`] and [`MiraError::TooLong`] if the inputs are inconsistent; those of the channel. False values
/// are not noticed here; they give an accumulator that does not verify.
pub fn prove<P: ProverChannel>(
    channel: &mut P,
    statement: &Statement<'_>,
    chunks: &[Chunk<'_>],
    values: &[Fr],
) -> Result<(OpeningInstance<Fr>, OpeningWitness), MiraError> {
    statement.check(chunks.len(), values.len())?;
    let columns: Vec<Column<'_>> = chunks.iter().map(|chunk| chunk.column).collect();
    let limit = 1usize << statement.num_vars();
    if let Some(column) = columns.iter().find(|c| c.len() > limit) {
        return Err(MiraError::TooLong { what: "chunk", limit, got: column.len() });
    }

    // 1. rho; S = sum_j rho^j y_j.
    let rho = channel.transcript().challenge_scalar(RHO);
    let bound = statement.plan.bind(statement.coefficients, rho)?;
    let mut sum = values.iter().rev().fold(Fr::from(0u64), |sum, y| sum * rho + y);

    // 2. The levels, a stage at a time.
    let mut gammas = Vec::with_capacity(statement.plan.levels());
    let mut rows = bound.rows().to_vec();
    for levels in stage_sizes(&rows, &columns, statement.plan.levels()) {
        let members: Vec<Member<'_>> = rows.iter().map(|row| Member::new(row, &columns)).collect();
        let tables = Tables::new(&members, statement.points);
        let mut grams = group_forms(&members, &tables, 1 << levels, statement.num_vars());
        for _ in 0..levels {
            let y0: Fr = grams.iter().map(Gram::even).sum();
            let t: Fr = grams.iter().map(Gram::cross).sum();
            channel.send(LEVEL, &[y0, t])?;
            let gamma = channel.transcript().challenge_scalar(GAMMA);
            let y2 = sum - y0;
            sum = y0 + gamma * t + gamma * gamma * y2;
            grams.iter_mut().for_each(|gram| gram.fold(gamma));
            gammas.push(gamma);
        }
        rows = fold_rows(&rows, &fold_weights(&gammas[gammas.len() - levels..], 1 << levels));
    }

    // 3. The accumulator in closed form.
    let weights = fold_weights(&gammas, bound.num_instances());
    let coefficients = bound.chunk_coefficients(&weights);
    let mut blind = Blind::zero();
    chunks.iter().zip(&coefficients).for_each(|(chunk, c)| blind.add_scaled(chunk.blind, *c));
    let commitments: Vec<Commitment> = chunks.iter().map(|chunk| chunk.commitment).collect();
    let instance = OpeningInstance {
        commitment: combine_commitments(&commitments, &coefficients)?,
        functional: statement.functional(&bound, &weights)?,
        value: sum,
    };
    let vector = combine(&Combination::new(columns.into_iter().zip(coefficients)));
    Ok((instance, OpeningWitness { vector, blind }))
}

/// Folds groups of `weights.len()` neighbouring instances; coefficients of the same chunk or point add up.
fn fold_rows(rows: &[Row], weights: &[Fr]) -> Vec<Row> {
    rows.chunks(weights.len())
        .map(|group| {
            let fold = |side: fn(&Row) -> &Vec<(usize, Fr)>| {
                let mut out = std::collections::BTreeMap::new();
                for (row, w) in group.iter().zip(weights) {
                    for (index, c) in side(row) {
                        *out.entry(*index).or_insert(Fr::from(0u64)) += *w * c;
                    }
                }
                out.into_iter().collect()
            };
            Row { chunks: fold(|row| &row.chunks), points: fold(|row| &row.points) }
        })
        .collect()
}
