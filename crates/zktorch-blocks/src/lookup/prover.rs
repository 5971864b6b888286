//! The prover's side of a lookup: columns, their commitments, and the instances of sumcheck A.

use ark_ff::AdditiveGroup;
use zktorch_commit::buckets::{BlockSums, BucketKey, BucketSums, TagRun};
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::{Fr, G1Projective, RawAffine};
use zktorch_sumcheck::{InverseTable, Query, ZeroCheck};

use super::Challenges;
use crate::cells::Cells;
use crate::network::{LookedUp, Witness};
use crate::{BlockError, Network};

/// A looked-up chunk.
pub(crate) struct Column<'w> {
    pub(crate) chunk: LookedUp,
    /// The table entry of every cell.
    indices: &'w [u32],
    tags: Vec<i16>,
}

/// The cells of a chunk in buckets: what its columns are committed from.
pub(crate) struct Sorted(BucketSums);

fn hide(srs: &Srs, point: G1Projective, blind: &Blind) -> Commitment {
    Commitment::from(point + srs.hiding_generator() * *blind.expose())
}

/// The bucket of padding: cells of the table {(0, 0)}.
const PADDING: BucketKey = BucketKey { tag: 0, value: 0 };

/// Runs of cells with their tables' numbers as tags; cells of other tables than those to `keep` are left out.
fn tag_runs(runs: &[(usize, usize)], keep: impl Fn(u32) -> bool) -> Vec<TagRun> {
    let run =
        |&(len, table): &(usize, usize)| TagRun { len, tag: Some(table as u32).filter(|tag| keep(*tag)) };
    runs.iter().map(run).collect()
}

/// The sum of the bases over a chunk's padding.
pub(crate) fn padding_sum(srs: &Srs, network: &Network, chunk: &LookedUp) -> Result<Commitment, BlockError> {
    let n = 1usize << network.k();
    let runs = tag_runs(&Witness::runs(network, chunk), |tag| tag == PADDING.tag);
    let sums = BucketSums::compute(&srs.bases()[..n], &vec![0i8; n], &runs)?;
    Ok(sums.commit_function(|_| 1).into())
}

impl Sorted {
    /// Sorts the chunk's cells into buckets, all but the padding's if its sum is known.
    pub(crate) fn new(
        srs: &Srs,
        blocks: Option<&BlockSums>,
        network: &Network,
        witness: &Witness<'_>,
        chunk: &LookedUp,
        padding: Option<&Commitment>,
    ) -> Result<Self, BlockError> {
        let runs = Witness::runs(network, chunk);
        let tag_runs = tag_runs(&runs, |tag| padding.is_none() || tag != PADDING.tag);
        let bases = &srs.bases()[..1usize << network.k()];
        let mut sums = match witness.argument_chunk(network, chunk)? {
            Cells::I16(cells) => BucketSums::compute_in_blocks(bases, blocks, cells, &tag_runs)?,
            Cells::I32(cells) => BucketSums::compute_in_blocks(bases, blocks, cells, &tag_runs)?,
        };
        // A chunk without padding has no such bucket.
        if let Some(sum) = padding.and_then(|padding| RawAffine::new(&padding.point())) {
            sums.add_bucket(PADDING, sum);
        }
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

    /// Com(h).
    pub(crate) fn commit_inverse(
        &self,
        srs: &Srs,
        network: &Network,
        [alpha, beta]: [Fr; 2],
        blind: &Blind,
    ) -> Result<Commitment, BlockError> {
        let tables = network.layout().tables().tables();
        let tag = |table: u32| Fr::from(tables[table as usize].tag);
        let point = self.0.commit_inverse(alpha, beta, tag, |key| value(network, key))?;
        Ok(hide(srs, point, blind))
    }
}

impl<'w> Column<'w> {
    pub(crate) fn new(network: &Network, chunk: LookedUp, indices: &'w [u32]) -> Self {
        let tables = network.layout().tables().tables();
        let mut tags = Vec::with_capacity(1 << network.k());
        for (count, table) in Witness::runs(network, &chunk) {
            tags.resize(tags.len() + count, tables[table].tag as i16);
        }
        Self { chunk, indices, tags }
    }

    /// The sum of h.
    pub(crate) fn sum_of_inverses(&self, table: &InverseTable) -> Fr {
        self.indices.iter().map(|index| table.rows()[*index as usize].get()).sum()
    }

    /// The instance, with the sum of h weighted by lambda.
    pub(crate) fn instance<'a>(
        &'a self,
        Challenges { alpha, beta, lambda, z }: &Challenges,
        table: &'a InverseTable,
        [x, y]: [Option<Cells<'a>>; 2],
        sum: Fr,
    ) -> Result<ZeroCheck<'a>, BlockError> {
        let mut query = Query::new(*alpha).plus(-Fr::from(1u64), self.tags.as_slice());
        if let Some(x) = x {
            query = query.plus(-*beta, x);
        }
        if let Some(y) = y {
            query = query.plus(-*beta * beta, y);
        }
        Ok(ZeroCheck::from_table(z, table, self.indices, query)?.with_sum(*lambda, sum))
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
