//! The prover of the level-synchronous mode.

use zktorch_commit::hyperkzg::combine_commitments;
use zktorch_commit::{Blind, Commitment};
use zktorch_field::Fr;
use zktorch_transcript::ProverChannel;

use super::combination::Combination;
use super::form::QuadraticForm;
use super::stages::{is_collapsed, stage_sizes};
use super::tables::point_tables;
use super::{Column, GAMMA, LEVEL, RHO, Statement, first, later};
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
/// The vectors are read once per *stage*, a run of consecutive levels whose messages all follow from the quadratic forms of
/// the groups of instances that meet within the stage; folded vectors exist only block by block, in cache, so memory
/// beyond the columns is the one vector returned.
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
    let mut columns: Vec<Column<'_>> = chunks.iter().map(|chunk| chunk.column).collect();
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
    // Columns of zeros add nothing.
    let mut rows = bound.rows().to_vec();
    rows.iter_mut().for_each(|row| row.chunks.retain(|(b, _)| !columns[*b].is_empty()));
    let collapsed = collapse(&rows, &columns);
    for (row, sum) in &collapsed {
        rows[*row].chunks = vec![(columns.len(), Fr::from(1u64))];
        columns.push(Column::Field(sum));
    }
    let tables = point_tables(&rows, statement.points);
    let mut values: Option<Vec<Fr>> = None;
    for levels in stage_sizes(&rows, &columns, &tables, statement.plan.levels()) {
        let span = tracing::debug_span!("mira stage", levels, instances = rows.len()).entered();
        let mut forms = match &values {
            None => first::forms(&rows, &columns, &tables, levels, statement.num_vars()),
            Some(values) => later::forms(&rows, values, &columns, &tables, levels, statement.num_vars()),
        };
        drop(span);
        for _ in 0..levels {
            let y0: Fr = forms.iter().map(QuadraticForm::left).sum();
            let t: Fr = forms.iter().map(QuadraticForm::cross).sum();
            channel.send(LEVEL, &[y0, t])?;
            let gamma = channel.transcript().challenge_scalar(GAMMA);
            let y2 = sum - y0;
            sum = y0 + gamma * t + gamma * gamma * y2;
            forms.iter_mut().for_each(|form| form.bind(gamma));
            gammas.push(gamma);
        }
        rows = fold_rows(&rows, &fold_weights(&gammas[gammas.len() - levels..], 1 << levels));
        values = Some(forms.iter().map(QuadraticForm::value).collect());
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
    let _span = tracing::debug_span!("mira accumulated vector").entered();
    // One row is left, and it says what the accumulator is a sum of.
    let terms = rows.iter().flat_map(|row| &row.chunks).map(|(b, a)| (columns[*b], *a));
    let vector = Combination::new(terms).to_field();
    Ok((instance, OpeningWitness { vector, blind }))
}

/// The vectors of instances that are sums of so many columns that reading them once and then their sum is cheaper than reading
/// them in every pass, by the number of the instance.
fn collapse(rows: &[Row], columns: &[Column<'_>]) -> Vec<(usize, Vec<Fr>)> {
    let many = rows.iter().enumerate().filter(|(_, row)| is_collapsed(row, columns));
    let sum = |(i, row): (usize, &Row)| {
        let terms = row.chunks.iter().map(|(b, a)| (columns[*b], *a));
        (i, Combination::new(terms).to_field())
    };
    let _span = tracing::debug_span!("mira collapse").entered();
    many.map(sum).collect()
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
