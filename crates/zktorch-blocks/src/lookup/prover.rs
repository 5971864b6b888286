//! The prover's side of a lookup: columns, their commitments, and the instances of sumcheck A.

use std::borrow::Cow;

use ark_ff::AdditiveGroup;
use zktorch_commit::buckets::{BlockSums, BucketKey, BucketSums, TagRun};
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::{Fr, G1Projective};
use zktorch_sumcheck::{InverseTable, Query, RepeatedZeroCheck, SumcheckInstance, ZeroCheck};

use super::Challenges;
use crate::cells::Cells;
use crate::network::{LookedUp, Witness};
use crate::{BlockError, Network};

/// A looked-up chunk.
pub(crate) struct Column<'w> {
    pub(crate) chunk: LookedUp,
    /// The table entry of every cell, and its tag; where all are at rest, of one of every `2^repeated`, which are alike.
    indices: Cow<'w, [u32]>,
    tags: Vec<i16>,
    repeated: Option<usize>,
}

/// The cells of a chunk in buckets: what its columns are committed from.
pub(crate) struct Sorted(BucketSums);

fn hide(srs: &Srs, point: G1Projective, blind: &Blind) -> Commitment {
    Commitment::from(point + srs.hiding_generator() * *blind.expose())
}

/// Runs of cells with their tables' numbers as tags. Cells at rest are left out where they are zeros.
fn tag_runs(network: &Network, runs: &[(usize, usize)]) -> Vec<TagRun> {
    let run = |&(len, table): &(usize, usize)| {
        let run = TagRun::new(len, table as u32);
        if network.rests_at_zero(table) { run.without(0) } else { run }
    };
    runs.iter().map(run).collect()
}

impl Sorted {
    /// Sorts the chunk's cells into buckets: none where all are at rest, and there are no `indices`.
    pub(crate) fn new(
        srs: &Srs,
        blocks: Option<&BlockSums>,
        network: &Network,
        witness: &Witness<'_>,
        chunk: &LookedUp,
        indices: &[u32],
    ) -> Result<Self, BlockError> {
        if indices.is_empty() {
            return Ok(Self(BucketSums::compute::<i16>(&[], &[], &[])?));
        }
        let tag_runs = tag_runs(network, &Witness::runs(network, chunk));
        let bases = &srs.bases()[..1usize << network.k()];
        let sums = match witness.argument_chunk(network, chunk)? {
            Cells::I16(cells) => BucketSums::compute_in_blocks(bases, blocks, cells, &tag_runs)?,
            Cells::I32(cells) => BucketSums::compute_in_blocks(bases, blocks, cells, &tag_runs)?,
        };
        Ok(Self(sums))
    }

    /// Com(x).
    pub(crate) fn commit_x(&self, srs: &Srs, blind: &Blind) -> Commitment {
        hide(srs, self.0.commit_values(), blind)
    }

    /// Com(f(x)).
    pub(crate) fn commit_y(&self, srs: &Srs, network: &Network, blind: &Blind) -> Commitment {
        hide(srs, self.0.commit_function(|key| value(network, key)), blind)
    }

    /// Com(h - w), with tag and w of every table.
    pub(crate) fn commit_inverse(
        &self,
        srs: &Srs,
        network: &Network,
        [alpha, beta]: [Fr; 2],
        centres: &[[Fr; 2]],
        blind: &Blind,
    ) -> Result<Commitment, BlockError> {
        let [tag, w] = [0, 1].map(|i| move |table: u32| centres[table as usize][i]);
        let point = self.0.commit_inverse(alpha, beta, tag, |key| value(network, key), w)?;
        Ok(hide(srs, point, blind))
    }
}

impl<'w> Column<'w> {
    /// Without `indices`, all cells are at rest: of equal ones one will do.
    pub(crate) fn new(network: &Network, chunk: LookedUp, indices: &'w [u32]) -> Self {
        let tables = network.layout().tables().tables();
        let runs = Witness::runs(network, &chunk);
        if !indices.is_empty() {
            let mut tags = Vec::with_capacity(1 << network.k());
            for (count, table) in runs {
                tags.resize(tags.len() + count, tables[table].tag as i16);
            }
            return Self { chunk, indices: indices.into(), tags, repeated: None };
        }
        let ends = runs.iter().scan(0usize, |at, (count, _)| {
            *at += count;
            Some(*at)
        });
        let low = ends.map(usize::trailing_zeros).min().unwrap_or(0) as usize;
        let (mut indices, mut tags) = (Vec::new(), Vec::new());
        for (count, table) in runs {
            let table = &tables[table];
            indices.resize(indices.len() + (count >> low), table.cell(table.rest()) as u32);
            tags.resize(indices.len(), table.tag as i16);
        }
        Self { chunk, indices: indices.into(), tags, repeated: Some(low) }
    }

    /// The sum of h over the cells in `indices`.
    fn sum_of_distinct(&self, table: &InverseTable) -> Fr {
        self.indices.iter().map(|index| table.rows()[*index as usize].get()).sum()
    }

    /// The sum of h.
    pub(crate) fn sum_of_inverses(&self, table: &InverseTable) -> Fr {
        self.sum_of_distinct(table) * Fr::from(1u64 << self.repeated.unwrap_or(0))
    }

    /// The instance, with the sum of h weighted by lambda.
    pub(crate) fn instance<'a>(
        &'a self,
        Challenges { alpha, beta, lambda, z }: &Challenges,
        table: &'a InverseTable,
        [x, y]: [Option<Cells<'a>>; 2],
        sum: Fr,
    ) -> Result<Box<dyn SumcheckInstance + 'a>, BlockError> {
        let mut query = Query::new(*alpha).plus(-Fr::from(1u64), self.tags.as_slice());
        if let Some(low) = self.repeated {
            let high = &z[..z.len() - low];
            let distinct = ZeroCheck::from_table(high, table, self.indices.as_ref(), query)?;
            let total = self.sum_of_distinct(table);
            return Ok(Box::new(RepeatedZeroCheck::new(z, distinct, *lambda, total)?));
        }
        if let Some(x) = x {
            query = query.plus(-*beta, x);
        }
        if let Some(y) = y {
            query = query.plus(-*beta * beta, y);
        }
        Ok(Box::new(ZeroCheck::from_table(z, table, self.indices.as_ref(), query)?.with_sum(*lambda, sum)))
    }
}

/// f(v) of a bucket; zero for ranges.
fn value(network: &Network, key: BucketKey) -> i32 {
    let tables = network.layout().tables().tables();
    tables.get(key.tag as usize).map_or(0, |table| {
        let cell = table.offset as i64 + i64::from(key.value) - i64::from(table.keys.lo);
        usize::try_from(cell).ok().and_then(|cell| network.tables()[2].get(cell)).copied().unwrap_or(0)
    })
}

/// `alpha - t_j` for every cell of the table column.
pub(crate) fn table_queries(network: &Network, [alpha, beta]: [Fr; 2]) -> Vec<Fr> {
    let [tags, keys, values] = network.tables();
    let beta2 = beta * beta;
    zktorch_field::par::map(tags.len(), |j| {
        let value = if values[j] == 0 { Fr::ZERO } else { beta2 * Fr::from(values[j]) };
        alpha - Fr::from(tags[j]) - beta * Fr::from(keys[j]) - value
    })
}
