//! The prover of a network.

use std::collections::BTreeMap;

use zktorch_channel::{HiddenProver, Nonce};
use zktorch_commit::{Blind, ChunkCommitments, Commitment, Srs};
use zktorch_field::{Fr, PackedVec, par};
use zktorch_graph::TensorId;
use zktorch_graph::layout::ArenaKind;
use zktorch_mira::levels::{self, Chunk, Column as MiraColumn};
use zktorch_mira::{OpeningInstance, OpeningWitness};
use zktorch_sumcheck::{self as sumcheck, EqProduct, Evaluations, InverseTable, Product, SumcheckInstance};
use zktorch_transcript::ProverChannel;

use super::stages::{Reduction, Values, relation_point};
use super::statement::{Argument, NetworkProof, ROW_COLUMNS, Statement};
use super::verifier::{
    A_VALUES, B_VALUES, RELATION_VALUES, SUMCHECK_A, SUMCHECK_B, draw_lookup_challenges, draw_relation_point,
    draw_sum_weight,
};
use super::{Network, Witness};
use crate::BlockError;
use crate::contract::{ContractClaim, SumAxes, prover::Factors};
use crate::error::check_length;
use crate::linear::Slot;
use crate::lookup::prover::{Column, padding_sum, table_queries};
use crate::point::{Point, Stage};
use crate::reindex::{self, Access, access};

/// What the prover knows about the commitments of the statement.
#[derive(Clone, Copy, Debug)]
pub struct Private<'a> {
    /// Blinds of the weights' chunks.
    pub weights: &'a [Blind],
    /// Blinds of the private inputs' and outputs' chunks.
    pub io: [&'a [Blind]; 2],
    /// Secret key material that the randomness is keyed with.
    pub secret: &'a [u8],
    /// What depends on the layout alone ([`padding_sums`]); nothing if it was not computed beforehand.
    pub padding: &'a [Commitment],
}

/// The sums of the bases over the padding of every looked-up column, without blinds: a fixed point of the layout, so that
/// proofs add up real cells only.
///
/// # Errors
/// [`BlockError::Length`] if the SRS has another size.
pub fn padding_sums(srs: &Srs, network: &Network) -> Result<Vec<Commitment>, BlockError> {
    check_length("log2 of the size of the SRS", network.k(), srs.k())?;
    let looked_up = network.looked_up();
    par::map(looked_up.len(), |i| padding_sum(srs, network, &looked_up[i])).into_iter().collect()
}

/// Factors of a claim that were computed for its value and are needed again for its sumcheck.
enum Prepared {
    Contract(Factors),
    Reindex([Vec<Fr>; 2]),
}

/// Evaluates slots.
struct Evaluator<'a> {
    network: &'a Network,
    statement: &'a Statement<'a>,
    witness: &'a Witness<'a>,
    contracts: Vec<Factors>,
    reindexes: Vec<[Vec<Fr>; 2]>,
}

impl<'a> Evaluator<'a> {
    fn cells(&self, id: TensorId) -> &'a [i32] {
        let public = self.statement.public_cells(id);
        // Every tensor that a graph reads has a place or is public.
        public.or_else(|| self.witness.cells(self.network, id)).unwrap_or_default()
    }

    fn tensor(&self, id: TensorId, z: &Point) -> Result<Fr, BlockError> {
        Ok(Evaluations::from(self.cells(id)).evaluate(&z.coords)?)
    }

    /// The value of a slot as it stands in a message.
    fn value(&mut self, slot: Slot<'_>, z: &Point) -> Result<Fr, BlockError> {
        let (value, prepared) = self.compute(slot, z)?;
        match prepared {
            Some(Prepared::Contract(factors)) => self.contracts.push(factors),
            Some(Prepared::Reindex(factors)) => self.reindexes.push(factors),
            None => {}
        }
        Ok(value)
    }

    fn compute(&self, slot: Slot<'_>, z: &Point) -> Result<(Fr, Option<Prepared>), BlockError> {
        let graph = self.network.graph();
        match slot {
            Slot::Tensor(id) => Ok((self.tensor(id, z)?, None)),
            Slot::View(view) => {
                let source = &graph.tensor(view.tensor).shape;
                match access(view, source, z) {
                    Access::Direct { point, .. } => Ok((self.tensor(view.tensor, &point)?, None)),
                    Access::Sum(sum) => {
                        let factors =
                            reindex::prover::sum_factors(&sum, view, source, self.cells(view.tensor));
                        let value = zktorch_field::slice::inner_product(&factors[0], &factors[1])?;
                        Ok((value, Some(Prepared::Reindex(factors))))
                    }
                }
            }
            Slot::Contract(contract) => {
                let axes = SumAxes::new(contract);
                let factors = Factors::new(contract, &axes, &z.coords, graph, |id| self.cells(id));
                let claim = ContractClaim { contract, axes, point: z.coords.clone(), value: () };
                let value = factors.value(&claim.batch_point());
                Ok((value, Some(Prepared::Contract(factors))))
            }
        }
    }
}

/// Proves a statement.
///
/// # Errors
/// Those of commitments and of the channel; a false statement is an unsatisfied constraint
/// ([`TranscriptError`](zktorch_transcript::TranscriptError)) that is found before anything is sent.
pub fn prove(
    srs: &Srs,
    statement: &Statement<'_>,
    witness: &Witness<'_>,
    private: &Private<'_>,
    nonce: Nonce,
) -> Result<NetworkProof, BlockError> {
    let network = statement.network();
    let mut channel = HiddenProver::new(srs, statement.transcript(), ROW_COLUMNS, &[private.secret], nonce)?;
    let mut rng = channel.rng();
    let blinds =
        network.proof_chunks().map(|count| (0..count).map(|_| Blind::random(&mut rng)).collect::<Vec<_>>());
    let Reduced { v, h, accumulated } = reduce(&mut channel, srs, statement, witness, private, &blinds)?;

    // Mask, close, open.
    let _span = tracing::info_span!("close").entered();
    let argument = Argument { statement, v: &v, h: &h };
    let hidden = zktorch_channel::prove(channel, &argument, vec![accumulated])?;
    Ok(NetworkProof { v: ChunkCommitments(v), h: ChunkCommitments(h), hidden })
}

/// What the prover holds when all claims are one.
pub(crate) struct Reduced {
    pub(crate) v: Vec<Commitment>,
    pub(crate) h: Vec<Commitment>,
    pub(crate) accumulated: (OpeningInstance<Fr>, OpeningWitness),
}

/// Steps 2 to 11 of the protocol, over any channel. `blinds` are those of V and H.
pub(crate) fn reduce<P: ProverChannel>(
    channel: &mut P,
    srs: &Srs,
    statement: &Statement<'_>,
    witness: &Witness<'_>,
    private: &Private<'_>,
    [v_blinds, h_blinds]: &[Vec<Blind>; 2],
) -> Result<Reduced, BlockError> {
    let network = statement.network();
    let (k, n) = (network.k(), 1usize << network.k());
    let chunks = network.chunks();
    let looked_up = network.looked_up();
    let [v_count, h_count] = network.proof_chunks();
    check_length("log2 of the size of the SRS", k, srs.k())?;
    check_length("blinds of the weights", chunks.weights.count, private.weights.len())?;
    check_length("blinds of private inputs", chunks.private_inputs.count, private.io[0].len())?;
    check_length("blinds of private outputs", chunks.private_outputs.count, private.io[1].len())?;
    if !private.padding.is_empty() {
        check_length("sums of padding", looked_up.len(), private.padding.len())?;
    }

    // 1. V; alpha, beta.
    let span = tracing::info_span!("commit V").entered();
    let v_blind = |chunk: usize| &v_blinds[chunk - chunks.ranged.first];
    // The threads take whole columns: sorting one into buckets is work for one thread.
    let columns = par::map(looked_up.len(), |i| -> Result<_, BlockError> {
        let _span = tracing::debug_span!("commit column").entered();
        let column =
            Column::new(srs, network, witness, looked_up[i], &witness.indices()[i], private.padding.get(i))?;
        let x = Some(column.chunk.x).filter(|x| *x >= chunks.ranged.first);
        let x = x.map(|x| (x, column.commit_x(srs, v_blind(x))));
        let y = column.chunk.y.map(|y| (y, column.commit_y(srs, network, v_blind(y))));
        Ok((column, [x, y]))
    });
    let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut v = vec![Commitment::default(); v_count];
    for (chunk, commitment) in columns.iter().flat_map(|(_, commitments)| commitments).flatten() {
        v[chunk - chunks.ranged.first] = *commitment;
    }
    let columns: Vec<Column<'_>> = columns.into_iter().map(|(column, _)| column).collect();
    for (i, cells) in witness.multiplicities().chunks(n).enumerate() {
        let chunk = chunks.multiplicities.first + i;
        v[chunk - chunks.ranged.first] = srs.commit(cells, v_blind(chunk))?;
    }
    let challenges = draw_lookup_challenges(channel.transcript(), &v);
    drop(span);

    // 2. H; the point r.
    let span = tracing::info_span!("commit H").entered();
    let queries = table_queries(network, challenges);
    let table = tracing::info_span!("inverse columns").in_scope(|| InverseTable::from_queries(&queries))?;
    let inverses = par::map(columns.len(), |i| -> Result<_, BlockError> {
        let _span = tracing::debug_span!("commit inverse column").entered();
        let commitment = columns[i].commit_inverse(srs, network, challenges, &h_blinds[i])?;
        Ok((commitment, columns[i].sum_of_inverses(&table)))
    });
    let (mut h, mut sums): (Vec<_>, Vec<_>) =
        inverses.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let mut table_inverses: Vec<Vec<Fr>> = Vec::with_capacity(h_count - looked_up.len());
    for (i, counts) in witness.multiplicities().chunks(n).enumerate() {
        let column: Vec<Fr> = counts
            .iter()
            .zip(&table.rows()[i * n..])
            .map(|(m, inverse)| if *m == 0 { Fr::from(0u64) } else { inverse.get() * Fr::from(*m) })
            .collect();
        h.push(srs.commit(&column, &h_blinds[looked_up.len() + i])?);
        sums.push(column.iter().sum());
        table_inverses.push(column);
    }
    let r = draw_relation_point(channel.transcript(), network, &h);
    let z = relation_point(&r, k);
    drop(span);

    // 3. The values of all relations at r; multiplicities at z; sums of inverse columns.
    let span = tracing::info_span!("relations").entered();
    let mut evaluator =
        Evaluator { network, statement, witness, contracts: Vec::new(), reindexes: Vec::new() };
    let mut message = Vec::new();
    for relation in network.relations() {
        let z = relation_point(&r, relation.num_vars());
        for (slot, _) in relation.slots() {
            if network.is_hidden(slot) {
                message.push(evaluator.value(slot, &z)?);
            }
        }
    }
    let mut multiplicities = Vec::new();
    for cells in witness.multiplicities().chunks(n) {
        multiplicities.push(Evaluations::from(cells).evaluate(&z.coords)?);
    }
    message.extend(&multiplicities);
    message.extend(&sums);
    channel.send(RELATION_VALUES, &message)?;
    let mut reduction: Reduction<'_, Fr> = Reduction::new(statement);
    let mut values = Values::new(&message);
    reduction.relations(&r, &mut values)?;
    for (i, m) in multiplicities.iter().enumerate() {
        reduction.claims.chunk(chunks.multiplicities.first + i, &z, *m);
    }
    let lambda = draw_sum_weight(channel.transcript());
    drop(span);

    // 4. Sumcheck A.
    let span = tracing::info_span!("sumcheck A").entered();
    let contracts = std::mem::take(&mut reduction.contracts);
    let mut instances: Vec<Box<dyn SumcheckInstance + '_>> = Vec::new();
    let outputs = witness.outputs();
    for (column, sum) in columns.iter().zip(&sums) {
        let chunk = column.chunk;
        let x = Witness::chunk(network, witness.column(chunk.arena), chunk.chunk);
        let y = chunk.y.map(|_| Witness::chunk(network, outputs, chunk.chunk));
        let instance = column.instance(&z.coords, &table, challenges, [Some(x), y], (lambda, *sum))?;
        instances.push(Box::new(instance));
    }
    for (i, m) in multiplicities.iter().enumerate() {
        let (h, sum) = (&table_inverses[i], sums[looked_up.len() + i]);
        let a = PackedVec::from_slice(&queries[i * n..(i + 1) * n]);
        let instance = EqProduct::new(&z.coords, PackedVec::from_slice(h), a, *m + lambda * sum)?;
        instances.push(Box::new(instance.with_linear(lambda)));
    }
    for (claim, factors) in contracts.iter().zip(std::mem::take(&mut evaluator.contracts)) {
        let (a, b) = (factors.a, factors.b);
        instances.push(if claim.axes.batch_vars > 0 {
            Box::new(EqProduct::new(&claim.batch_point(), a, b, claim.value)?)
        } else {
            Box::new(Product::new(a, b, claim.value)?)
        });
    }
    let output = run(channel, SUMCHECK_A, &mut instances)?;

    // 5. The values at its end.
    let point = Point::suffix(&output.point, k, Stage::A);
    let mut message = Vec::new();
    for (column, finals) in columns.iter().zip(&output.finals) {
        let chunk = column.chunk;
        let x = Witness::chunk(network, witness.column(chunk.arena), chunk.chunk);
        let x = Evaluations::from(x).evaluate(&point.coords)?;
        reduction.claims.chunk(chunk.x, &point, x);
        message.push(x);
        if let Some(index) = chunk.y {
            let y = Witness::chunk(network, outputs, chunk.chunk);
            let y = Evaluations::from(y).evaluate(&point.coords)?;
            reduction.claims.chunk(index, &point, y);
            message.push(y);
        }
        let [h, a] = pair(finals)?;
        reduction.claims.chunk(chunk.h, &point, h);
        message.extend([h, h * a]);
    }
    for (i, finals) in output.finals[looked_up.len()..].iter().take(multiplicities.len()).enumerate() {
        let [h, _] = pair(finals)?;
        reduction.claims.chunk(chunks.table_inverses.first + i, &point, h);
        message.push(h);
    }
    let finals = output.finals[looked_up.len() + multiplicities.len()..].iter();
    let mut operand_values = Vec::new();
    for (claim, finals) in contracts.iter().zip(finals) {
        let s = reindex::suffix(&output.point, claim.axes.num_vars);
        let [a_point, b_point] = claim.operand_points(s);
        for (linear, z) in [(&claim.contract.a, &a_point), (&claim.contract.b, &b_point)] {
            let mut own = Vec::new();
            for (_, view) in &linear.terms {
                if network.is_hidden(Slot::View(view)) {
                    own.push(evaluator.value(Slot::View(view), z)?);
                }
            }
            reduction.linear(linear, z, &mut Values::new(&own))?;
            operand_values.extend(own);
        }
        let [a, b] = pair(finals)?;
        operand_values.push(a * b);
    }
    message.extend(operand_values);
    channel.send(A_VALUES, &message)?;
    drop(span);

    // 6. Sumcheck B.
    if !reduction.reindexes.is_empty() {
        let _span = tracing::info_span!("sumcheck B").entered();
        let mut instances: Vec<Box<dyn SumcheckInstance + '_>> = Vec::new();
        for (claim, [tensor, weights]) in reduction.reindexes.iter().zip(evaluator.reindexes) {
            instances.push(Box::new(Product::new(tensor, weights, claim.value)?));
        }
        let output = run(channel, SUMCHECK_B, &mut instances)?;
        let mut message = Vec::new();
        for index in 0..reduction.reindexes.len() {
            let tensor = pair(&output.finals[index])?[0];
            let public = network.is_public(reduction.reindexes[index].view.tensor);
            let own: Vec<Fr> = if public { Vec::new() } else { vec![tensor] };
            reduction.source(index, &output.point, &mut Values::new(&own))?;
            message.extend(own);
        }
        channel.send(B_VALUES, &message)?;
    }

    // 7. All claims into one.
    let _span = tracing::info_span!("mira").entered();
    let mut all: Vec<(Commitment, &Blind)> = Vec::with_capacity(chunks.total);
    let blinds = private.weights.iter().chain(private.io[0]).chain(private.io[1]);
    all.extend(statement.commitments().zip(blinds));
    all.extend(v.iter().copied().zip(v_blinds));
    all.extend(h.iter().copied().zip(h_blinds));
    let mut cells: BTreeMap<usize, MiraColumn<'_>> = BTreeMap::new();
    let arenas = [
        (chunks.weights, ArenaKind::Weights),
        (chunks.private_inputs, ArenaKind::PrivateInputs),
        (chunks.private_outputs, ArenaKind::PrivateOutputs),
        (chunks.ranged, ArenaKind::Ranged),
        (chunks.x, ArenaKind::Function),
    ];
    let small = arenas.iter().map(|(range, kind)| (*range, witness.column(*kind)));
    let small = small.chain([(chunks.y, outputs), (chunks.multiplicities, witness.multiplicities())]);
    for (range, column) in small {
        let numbers = range.first..range.first + range.count;
        cells.extend(numbers.zip(column.chunks(n).map(MiraColumn::I32)));
    }
    let gathered = witness.indices().iter().map(|indices| MiraColumn::Gathered(table.rows(), indices));
    cells.extend((chunks.inverses.first..).zip(gathered));
    let field = table_inverses.iter().map(|column| MiraColumn::Field(column));
    cells.extend((chunks.table_inverses.first..).zip(field));
    let opened: Vec<Chunk<'_>> = all
        .iter()
        .zip(cells.values())
        .map(|((commitment, blind), column)| Chunk { column: *column, commitment: *commitment, blind })
        .collect();
    check_length("chunks", chunks.total, opened.len())?;
    let (plan, points) = reduction.claims.plan(chunks.total)?;
    let claims = levels::Statement { plan: &plan, coefficients: &reduction.claims.coefficients, points };
    let accumulated = levels::prove(channel, &claims, &opened, &reduction.claims.values)?;
    Ok(Reduced { v, h, accumulated })
}

fn run<P: ProverChannel>(
    channel: &mut P,
    label: &'static [u8],
    instances: &mut [Box<dyn SumcheckInstance + '_>],
) -> Result<sumcheck::ProverOutput, BlockError> {
    let mut instances: Vec<&mut dyn SumcheckInstance> =
        instances.iter_mut().map(|instance| instance.as_mut() as &mut dyn SumcheckInstance).collect();
    Ok(sumcheck::prove(channel, label, &mut instances)?)
}

/// The two factors' values at the end of an instance.
fn pair(finals: &[Fr]) -> Result<[Fr; 2], BlockError> {
    let wrong = BlockError::Length { what: "final values of an instance", expected: 2, got: finals.len() };
    finals.first_chunk::<2>().copied().ok_or(wrong)
}
