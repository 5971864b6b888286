//! The prover's columns: V, which it commits first, and H, the inverse columns.

use zktorch_commit::buckets::BlockSums;
use zktorch_commit::stages::COMMIT;
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::{Fr, PackedVec, Row, par};
use zktorch_graph::layout::LookupTable;
use zktorch_mira::levels::Column as MiraColumn;
use zktorch_sumcheck::{self as sumcheck, EqProduct, InverseTable, SumcheckInstance};

use super::description::Network;
use super::stages;
use super::witness::Witness;
use crate::BlockError;
use crate::error::check_length;
use crate::lookup::prover::{Column, Sorted, table_queries};
use crate::lookup::{self, Challenges};

/// V, and what was sorted into buckets for it.
pub(super) struct Committed {
    pub(super) v: Vec<Commitment>,
    columns: Vec<Column>,
    /// See [`lookup::prover::shifts`].
    shifts: Vec<i32>,
    /// Of every column, until its inverse column is committed.
    sorted: Vec<Sorted>,
}

/// The looked-up columns of a network, sorted into buckets.
pub(super) fn sort(srs: &Srs, network: &Network, witness: &Witness<'_>) -> Result<Vec<Sorted>, BlockError> {
    let looked_up = network.looked_up();
    let blocks = is_even(network, witness).then(|| BlockSums::new(&srs.bases()[..1 << network.k()]));
    // The threads take whole columns: sorting one into buckets is work for one thread.
    let sorted = par::map(looked_up.len(), |i| {
        let _span = tracing::debug_span!("sort column").entered();
        Sorted::new(srs, blocks.as_ref(), network, witness, (&looked_up[i], witness.resting()[i]))
    });
    sorted.into_iter().collect()
}

impl Committed {
    /// `sorted` are the columns in buckets.
    pub(super) fn new(
        srs: &Srs,
        network: &Network,
        witness: &Witness<'_>,
        sorted: Vec<Sorted>,
        blinds: &[Blind],
    ) -> Result<Self, BlockError> {
        let chunks = network.chunks();
        let looked_up = network.looked_up();
        check_length("columns in buckets", looked_up.len(), sorted.len())?;
        let blind = |chunk: usize| &blinds[chunk - chunks.ranged.first];
        let columns = par::map(looked_up.len(), |i| {
            let _span = tracing::debug_span!("commit column").entered();
            let chunk = looked_up[i];
            let column = Column::new(network, chunk, witness.resting()[i]);
            let x = Some(chunk.x).filter(|x| *x >= chunks.ranged.first);
            let x = x.map(|x| (x, sorted[i].commit_x(srs, blind(x))));
            let y = chunk.y.map(|y| (y, sorted[i].commit_y(srs, network, blind(y))));
            COMMIT.step();
            (column, [x, y])
        });
        let mut v = vec![Commitment::default(); chunks.v_count()];
        for (chunk, commitment) in columns.iter().flat_map(|(_, commitments)| commitments).flatten() {
            v[chunk - chunks.ranged.first] = *commitment;
        }
        let cells = witness.multiplicities().chunks(1 << network.k());
        for (chunk, cells) in chunks.multiplicities.numbers().zip(cells) {
            v[chunk - chunks.ranged.first] = srs.commit(cells, blind(chunk))?;
        }
        let columns = columns.into_iter().map(|(column, _)| column).collect();
        Ok(Self { v, columns, shifts: lookup::prover::shifts(network), sorted })
    }

    /// The instances of sumcheck A, in the order of the looked-up chunks.
    pub(super) fn instances<'a>(
        &'a self,
        network: &Network,
        witness: &'a Witness<'_>,
        inverses: &'a Inverses,
        challenges: &Challenges,
    ) -> Result<Vec<Box<dyn SumcheckInstance + 'a>>, BlockError> {
        let mut instances: Vec<Box<dyn SumcheckInstance + 'a>> = Vec::new();
        for (column, sum) in self.columns.iter().zip(&inverses.sums) {
            let chunk = column.chunk;
            let x = witness.argument_chunk(network, &chunk)?;
            let y = chunk
                .y
                .map(|_| Witness::chunk(network, witness.outputs().into(), chunk.chunk))
                .transpose()?;
            instances.push(column.instance(challenges, (&inverses.table, &self.shifts), (x, y), *sum)?);
        }
        Ok(instances)
    }
}

/// Whether some values come so often that sums over blocks of the bases, an addition each, save more than they cost.
fn is_even(network: &Network, witness: &Witness<'_>) -> bool {
    let tables = network.layout().tables().tables();
    let counts = |table: &LookupTable| {
        // Cells at rest are added nowhere.
        let cells = table.offset..table.offset + table.keys.len();
        let others = cells.filter(|cell| *cell != table.cell(table.rest()));
        others.filter_map(|cell| witness.multiplicities().get(cell)).max().copied()
    };
    let often: u64 = tables.iter().filter_map(counts).map(|most| most as u64).sum();
    often >> (network.k() + 1) > 0
}

/// The entries of a table of inverses, less w.
fn centred(network: &Network, table: InverseTable, centres: &[[Fr; 2]]) -> Vec<Row<Fr>> {
    let mut rows = table.into_rows();
    for (table, [_, w]) in network.layout().tables().tables().iter().zip(centres) {
        for row in &mut rows[table.offset..table.offset + table.keys.len()] {
            *row = Row::new(row.get() - w);
        }
    }
    rows
}

/// H, and the inverse columns: those of looked-up chunks read from one table of inverses, those of the tables as they are.
pub(super) struct Inverses {
    pub(super) h: Vec<Commitment>,
    /// The columns' sums, in their order.
    pub(super) sums: Vec<Fr>,
    table: InverseTable,
    /// Tag and w of every lookup table.
    centres: Vec<[Fr; 2]>,
    queries: Vec<Fr>,
    tables: Vec<Vec<Fr>>,
}

/// What is left of [`Inverses`] when their sumcheck is over: the columns that were committed.
pub(super) struct Centred {
    pub(super) h: Vec<Commitment>,
    table: Vec<Row<Fr>>,
    tables: Vec<Vec<Fr>>,
}

impl Inverses {
    pub(super) fn new(
        srs: &Srs,
        network: &Network,
        witness: &Witness<'_>,
        Committed { columns, shifts, sorted, .. }: &mut Committed,
        challenges: [Fr; 2],
        blinds: &[Blind],
    ) -> Result<Self, BlockError> {
        let n = 1usize << network.k();
        let queries = table_queries(network, challenges);
        let table = tracing::info_span!("inverse columns").in_scope(|| {
            let _stage = stages::INVERSE_COLUMNS.enter();
            InverseTable::from_queries(&queries)
        })?;
        let centres = lookup::centres(network, challenges)?;
        // Large, and not needed any more.
        let sorted = std::mem::take(sorted);
        let inverses = par::map(columns.len(), |i| -> Result<_, BlockError> {
            let _span = tracing::debug_span!("commit inverse column").entered();
            let commitment = sorted[i].commit_inverse(srs, network, challenges, &centres, &blinds[i])?;
            let x = witness.argument_chunk(network, &columns[i].chunk)?;
            let sum = columns[i].sum_of_inverses(&table, x, shifts)?;
            COMMIT.step();
            Ok((commitment, sum))
        });
        drop(sorted);
        let (mut h, mut sums): (Vec<_>, Vec<_>) =
            inverses.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let mut tables: Vec<Vec<Fr>> = Vec::with_capacity(network.chunks().table_inverses.count);
        for (i, counts) in witness.multiplicities().chunks(n).enumerate() {
            let column: Vec<Fr> = counts
                .iter()
                .zip(&table.rows()[i * n..])
                .map(|(m, inverse)| if *m == 0 { Fr::from(0u64) } else { inverse.get() * Fr::from(*m) })
                .collect();
            h.push(srs.commit(&column, &blinds[columns.len() + i])?);
            sums.push(column.iter().sum());
            tables.push(column);
        }
        Ok(Self { h, sums, table, centres, queries, tables })
    }

    /// `alpha - t` of every entry of the tables: [`table_instances`](Self::table_instances) needs it, nothing after that.
    pub(super) fn take_queries(&mut self) -> Vec<Fr> {
        std::mem::take(&mut self.queries)
    }

    /// The tables' instances of sumcheck A, with their claims.
    pub(super) fn table_instances(
        &self,
        queries: Vec<Fr>,
        Challenges { lambda, z, .. }: &Challenges,
        statements: &[sumcheck::Statement<Fr>],
    ) -> Result<Vec<Box<dyn SumcheckInstance + 'static>>, BlockError> {
        let mut instances: Vec<Box<dyn SumcheckInstance>> = Vec::new();
        for ((h, a), statement) in self.tables.iter().zip(queries.chunks(1 << z.len())).zip(statements) {
            let (h, a) = (PackedVec::from_slice(h), PackedVec::from_slice(a));
            let instance = EqProduct::new(z, h, a, statement.claim)?;
            instances.push(Box::new(instance.with_linear(*lambda)));
        }
        Ok(instances)
    }

    /// The columns as they were committed.
    pub(super) fn centred(self, network: &Network) -> Centred {
        Centred { h: self.h, table: centred(network, self.table, &self.centres), tables: self.tables }
    }
}

impl Centred {
    /// The columns as the accumulator reads them.
    pub(super) fn columns<'a>(
        &'a self,
        network: &Network,
        witness: &'a Witness<'_>,
        Committed { columns, shifts, .. }: &'a Committed,
    ) -> Result<Vec<MiraColumn<'a>>, BlockError> {
        let gathered = columns.iter().map(|column| {
            let x = witness.argument_chunk(network, &column.chunk)?;
            Ok(MiraColumn::Gathered(&self.table, column.committed(x, shifts)?))
        });
        let tables = self.tables.iter().map(|column| Ok(MiraColumn::Field(column)));
        gathered.chain(tables).collect()
    }
}
