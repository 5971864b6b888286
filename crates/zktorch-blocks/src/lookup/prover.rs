//! The prover's side of a lookup: columns, their commitments, and the instances of sumcheck A.

use ark_ff::AdditiveGroup;
use zktorch_commit::buckets::{BlockSums, BucketKey, BucketSums, TagRun};
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::{Fr, G1Projective};
use zktorch_sumcheck::{
    Indices, InverseTable, KeyedIndices, Query, RepeatedZeroCheck, SmallColumn, SumcheckInstance, ZeroCheck,
};

use super::Challenges;
use crate::cells::Cells;
use crate::network::{LookedUp, Witness};
use crate::{BlockError, Network};

/// A looked-up chunk.
pub(crate) struct Column {
    pub(crate) chunk: LookedUp,
    /// The tag of every cell; where all are at rest, of those in `resting`.
    tags: Tags,
    resting: Option<Resting>,
}

/// Cells that are all at rest.
struct Resting {
    /// The table entry of one of every `2^low`, which are alike.
    indices: Vec<u32>,
    low: usize,
}

/// Tags of cells: few networks look up in more tables than a byte can tell apart.
enum Tags {
    Short(Vec<i8>),
    Long(Vec<i16>),
}

impl Tags {
    /// From runs of (cells, tag).
    fn new(len: usize, runs: impl Iterator<Item = (usize, i32)> + Clone) -> Self {
        fn repeat<T: Copy>(len: usize, runs: impl Iterator<Item = (usize, T)>) -> Vec<T> {
            let mut tags = Vec::with_capacity(len);
            runs.for_each(|(count, tag)| tags.resize(tags.len() + count, tag));
            tags
        }
        if runs.clone().all(|(_, tag)| i8::try_from(tag).is_ok()) {
            Self::Short(repeat(len, runs.map(|(count, tag)| (count, tag as i8))))
        } else {
            Self::Long(repeat(len, runs.map(|(count, tag)| (count, tag as i16))))
        }
    }

    fn column(&self) -> SmallColumn<'_> {
        match self {
            Self::Short(tags) => tags.as_slice().into(),
            Self::Long(tags) => tags.as_slice().into(),
        }
    }
}

/// By tag, the number of the table column's cell with the key 0, were it in the table.
pub(crate) fn shifts(network: &Network) -> Vec<i32> {
    let tables = network.layout().tables().tables();
    let tags = tables.iter().map(|table| table.tag as usize).max().map_or(0, |most| most + 1);
    let mut shifts = vec![0; tags];
    for table in tables {
        shifts[table.tag as usize] = table.offset as i32 - table.keys.lo;
    }
    shifts
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
    /// Sorts the chunk's cells into buckets: none where all are at rest.
    pub(crate) fn new(
        srs: &Srs,
        blocks: Option<&BlockSums>,
        network: &Network,
        witness: &Witness<'_>,
        (chunk, rests): (&LookedUp, bool),
    ) -> Result<Self, BlockError> {
        if rests {
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

impl Column {
    /// Of equal cells one will do, where all are at rest.
    pub(crate) fn new(network: &Network, chunk: LookedUp, rests: bool) -> Self {
        let tables = network.layout().tables().tables();
        let runs = Witness::runs(network, &chunk);
        let tagged = runs.iter().map(|(count, table)| (*count, tables[*table].tag));
        if !rests {
            return Self { chunk, tags: Tags::new(1 << network.k(), tagged), resting: None };
        }
        let ends = runs.iter().scan(0usize, |at, (count, _)| {
            *at += count;
            Some(*at)
        });
        let low = ends.map(usize::trailing_zeros).min().unwrap_or(0) as usize;
        let mut indices = Vec::new();
        for (count, table) in &runs {
            let table = &tables[*table];
            indices.resize(indices.len() + (count >> low), table.cell(table.rest()) as u32);
        }
        let tags = Tags::new(indices.len(), tagged.map(|(count, tag)| (count >> low, tag)));
        Self { chunk, tags, resting: Some(Resting { indices, low }) }
    }

    /// The table entry of every cell, or of those that stand for all of them at rest; `x` are the cells.
    fn indices<'a>(&'a self, x: Cells<'a>, shifts: &'a [i32]) -> Result<Indices<'a>, BlockError> {
        Ok(match &self.resting {
            Some(Resting { indices, .. }) => indices.as_slice().into(),
            None => KeyedIndices::new(x, self.tags.column(), shifts)?.into(),
        })
    }

    /// The table entry of every cell; none where all are at rest, and zero in the column that is committed.
    pub(crate) fn committed<'a>(
        &'a self,
        x: Cells<'a>,
        shifts: &'a [i32],
    ) -> Result<Indices<'a>, BlockError> {
        if self.resting.is_some() { Ok(Indices::U32(&[])) } else { self.indices(x, shifts) }
    }

    /// The sum of h.
    pub(crate) fn sum_of_inverses(
        &self,
        table: &InverseTable,
        x: Cells<'_>,
        shifts: &[i32],
    ) -> Result<Fr, BlockError> {
        let repeated = self.resting.as_ref().map_or(0, |resting| resting.low);
        Ok(table.sum(self.indices(x, shifts)?) * Fr::from(1u64 << repeated))
    }

    /// The instance, with the sum of h weighted by lambda.
    pub(crate) fn instance<'a>(
        &'a self,
        Challenges { alpha, beta, lambda, z }: &Challenges,
        (table, shifts): (&'a InverseTable, &'a [i32]),
        (x, y): (Cells<'a>, Option<Cells<'a>>),
        sum: Fr,
    ) -> Result<Box<dyn SumcheckInstance + 'a>, BlockError> {
        let indices = self.indices(x, shifts)?;
        let mut query = Query::new(*alpha).plus(-Fr::from(1u64), self.tags.column());
        if let Some(Resting { low, .. }) = &self.resting {
            let high = &z[..z.len() - low];
            let distinct = ZeroCheck::from_table(high, table, indices, query)?;
            return Ok(Box::new(RepeatedZeroCheck::new(z, distinct, *lambda, table.sum(indices))?));
        }
        query = query.plus(-*beta, x);
        if let Some(y) = y {
            query = query.plus(-*beta * beta, y);
        }
        Ok(Box::new(ZeroCheck::from_table(z, table, indices, query)?.with_sum(*lambda, sum)))
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
