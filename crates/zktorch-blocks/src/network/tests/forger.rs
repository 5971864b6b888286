//! A prover without any of the fast paths and without any check: the oracle of the fast prover, and the base of all cheating ones.
//!
//! Columns are field elements, views and products are stored, sums are made term by term.

use std::collections::BTreeMap;

use ark_ff::{AdditiveGroup, Field, One};
use zktorch_commit::{Blind, Commitment};
use zktorch_field::Fr;
use zktorch_graph::layout::Scope;
use zktorch_graph::{AxisMap, Contract, Entry, Linear, Shape, TensorId, View};
use zktorch_mira::levels::{self, Chunk, Column};
use zktorch_mira::{OpeningInstance, OpeningWitness};
use zktorch_sumcheck::{self as sumcheck, Dense, SumcheckInstance, eq_table};
use zktorch_transcript::probe::Probe;
use zktorch_transcript::{ClearProver, ClearVerifier, ProverChannel, Transcript, TranscriptError};

use super::super::ledger::{Ledger, Values};
use super::super::member::Member;
use super::super::members::{Contractions, Lookups, Reindexings, Relations, Sums, Tables};
use super::super::prover::Reduced;
use super::super::statement::Statement;
use super::super::transcript::*;
use super::super::verifier::{self, Argument};
use super::cells::{cell_at, ravel, unravel};
use crate::contract::ContractClaim;
use crate::linear::Slot;
use crate::lookup::Challenges;
use crate::pad::pad;
use crate::point::{Drawn, Point, Stage, bits, last};
use crate::reindex::{Access, access};
use crate::test_util::Case;
use crate::{BlockError, Network};

mod lookups;

type AlterColumns<'a> = Box<dyn Fn(&mut [Vec<Fr>], [Fr; 2]) + 'a>;
type AlterPlayed<'a> = Box<dyn Fn(&mut [Vec<Fr>], [Fr; 2], &[Fr]) + 'a>;
type AlterCommitments<'a> = Box<dyn Fn(&'static str, &mut Vec<Commitment>) + 'a>;
type AlterMessage<'a> = Box<dyn Fn(&'static [u8], &mut Vec<Fr>) + 'a>;

/// A prover that does as it is told.
pub(crate) struct Forger<'a> {
    pub(crate) case: &'a Case,
    /// The network it proves for.
    pub(crate) network: &'a Network,
    /// The cells of all chunks by number; those of H are made after the challenges.
    pub(crate) columns: Vec<Vec<Fr>>,
    pub(crate) public: Vec<Vec<i32>>,
    pub(crate) private: [Vec<Commitment>; 2],
    /// Changes H (all columns are given), once alpha and beta are known.
    pub(crate) alter_inverses: AlterColumns<'a>,
    /// Whether the inverse columns are committed less the inverses of cells at rest, as they are to be.
    pub(crate) centred: bool,
    /// What the lookups are played on in the place of what is committed, by chunk.
    pub(crate) played: BTreeMap<usize, Vec<Fr>>,
    /// Changes what the lookups are played on (all columns are given), once alpha, beta and z are known.
    pub(crate) alter_played: AlterPlayed<'a>,
    /// Changes a message before it is sent.
    pub(crate) alter_message: AlterMessage<'a>,
    /// Changes what was committed and is sent in the clear (V, H).
    pub(crate) alter_commitments: AlterCommitments<'a>,
}

/// What a run in the clear leaves.
pub(crate) struct Forged {
    pub(crate) v: Vec<Commitment>,
    pub(crate) h: Vec<Commitment>,
    pub(crate) messages: Vec<Fr>,
    pub(crate) accumulated: (OpeningInstance<Fr>, OpeningWitness),
}

/// Which constraint refused a proof; "accepted" if none did.
pub(crate) fn refused_by(result: Result<(), BlockError>) -> String {
    use zktorch_sumcheck::SumcheckError;
    match result {
        Ok(()) => "accepted".to_owned(),
        Err(
            BlockError::Transcript(TranscriptError::Unsatisfied { constraint })
            | BlockError::Sumcheck(SumcheckError::Transcript(TranscriptError::Unsatisfied { constraint }))
            | BlockError::Channel(zktorch_channel::ChannelError::Transcript(TranscriptError::Unsatisfied {
                constraint,
            })),
        ) => constraint.to_owned(),
        Err(other) => other.to_string(),
    }
}

pub(crate) const DECIDER: &str = "the decider";

fn evaluate(cells: &[Fr], point: &[Fr]) -> Fr {
    assert_eq!(cells.len(), 1 << point.len());
    cells.iter().zip(eq_table(point)).map(|(cell, weight)| *cell * weight).sum()
}

impl<'a> Forger<'a> {
    /// Honest so far: these are the values of all tensors, whether they are true or not.
    pub(crate) fn new(case: &'a Case, values: &[Vec<i32>]) -> Self {
        Self::of_network(case, &case.network, values)
    }

    pub(crate) fn of_network(case: &'a Case, network: &'a Network, values: &[Vec<i32>]) -> Self {
        let public = network.public_tensors().iter().map(|id| values[id.0 as usize].clone()).collect();
        let n = 1usize << network.k();
        let mut forger = Self {
            case,
            network,
            columns: vec![vec![Fr::ZERO; n]; network.chunks().total],
            public,
            private: case.private.clone(),
            alter_inverses: Box::new(|_, _| {}),
            centred: true,
            played: BTreeMap::new(),
            alter_played: Box::new(|_, _, _| {}),
            alter_message: Box::new(|_, _| {}),
            alter_commitments: Box::new(|_, _| {}),
        };
        for (id, tensor) in (0u32..).map(TensorId).zip(&network.graph().tensors) {
            if !forger.is_committed(id) {
                continue;
            }
            for (index, value) in pad(&values[id.0 as usize], &tensor.shape).into_iter().enumerate() {
                if let Some((chunk, cell)) = forger.lies_at(id, index) {
                    forger.columns[chunk][cell] = Fr::from(value);
                }
            }
        }
        forger.count();
        forger
    }

    fn is_committed(&self, id: TensorId) -> bool {
        use zktorch_graph::Role;
        let weight = self.network.graph().tensor(id).role == Role::Weight;
        !self.network.is_public(id) && (weight || self.network.scope() == Scope::Inference)
    }

    /// A cell of a committed tensor, by its padded index (beyond its end: whatever follows it in its column).
    pub(crate) fn cell(&mut self, id: TensorId, index: usize) -> &mut Fr {
        let (chunk, cell) = self.lies_at(id, index).unwrap();
        &mut self.columns[chunk][cell]
    }

    /// The chunk of a cell, and its number there; none where no piece of the tensor holds it.
    pub(crate) fn lies_at(&self, id: TensorId, index: usize) -> Option<(usize, usize)> {
        let (first, place) = self.network.location(id).unwrap();
        let k = self.network.layout().chunk_size().of(place.arena);
        let (n, cell) = (1usize << k, cell_at(place, index)?);
        Some((first + cell / n, cell % n))
    }

    /// Commits the private inputs and outputs that it holds, in the place of the case's.
    pub(crate) fn recommit(mut self) -> Self {
        let chunks = self.network.chunks();
        self.private = [chunks.private_inputs, chunks.private_outputs].map(|range| {
            (range.first..range.first + range.count).map(|c| self.commit(c, &self.blind(c))).collect()
        });
        self
    }

    /// The cells of a chunk that the lookups are played on.
    fn played(&self, chunk: usize) -> &[Fr] {
        self.played.get(&chunk).unwrap_or(&self.columns[chunk])
    }

    fn blind(&self, chunk: usize) -> Blind {
        let (chunks, case) = (self.network.chunks(), self.case);
        let of = |first: usize, blinds: &[Blind]| Blind::from_scalar(*blinds[chunk - first].expose());
        if chunk < chunks.private_inputs.first {
            of(0, &case.weight_blinds)
        } else if chunk < chunks.private_outputs.first {
            of(chunks.private_inputs.first, &case.private_blinds[0])
        } else if chunk < chunks.ranged.first {
            of(chunks.private_outputs.first, &case.private_blinds[1])
        } else {
            Blind::from_scalar(Fr::from(9u64))
        }
    }

    fn commit(&self, chunk: usize, blind: &Blind) -> Commitment {
        self.case.srs.commit(&self.columns[chunk], blind).unwrap()
    }

    fn commit_all(&self, chunks: std::ops::Range<usize>) -> Vec<Commitment> {
        chunks.map(|chunk| self.commit(chunk, &self.blind(chunk))).collect()
    }

    /// V.
    pub(crate) fn commit_v(&self) -> Vec<Commitment> {
        let chunks = self.network.chunks();
        self.commit_all(chunks.ranged.first..chunks.inverses.first)
    }

    /// The statement with the public values and private commitments that it wants.
    pub(crate) fn statement(&self) -> Result<Statement<'_>, BlockError> {
        let public: Vec<&[i32]> = self.public.iter().map(Vec::as_slice).collect();
        let private = [self.private[0].as_slice(), &self.private[1]];
        Statement::new(self.network, [7; 32], b"test", &self.case.weight_commitments, private, &public)
    }

    /// The padded cells of a tensor.
    fn tensor(&self, statement: &Statement<'_>, id: TensorId) -> Vec<Fr> {
        if let Some(cells) = statement.public_cells(id) {
            return cells.iter().map(|cell| Fr::from(*cell)).collect();
        }
        let cell = |(chunk, cell): (usize, usize)| self.columns[chunk][cell];
        let len = self.network.graph().tensor(id).shape.padded_len();
        (0..len).map(|index| self.lies_at(id, index).map_or(Fr::ZERO, cell)).collect()
    }

    /// All entries of a view, from the product of the entries of its maps.
    fn view(&self, statement: &Statement<'_>, view: &View) -> Vec<Fr> {
        let source = &self.network.graph().tensor(view.tensor).shape;
        let tensor = self.tensor(statement, view.tensor);
        let mut entries = vec![(vec![0; view.shape.rank()], vec![0; source.rank()], Fr::one())];
        for factor in &view.factors {
            let (out_dims, src_dims) = (factor.out_dims(&view.shape), factor.src_dims(source));
            let own = match factor.map {
                // The verifier renames coordinates: padding passes through (a cheating prover's may not be zero).
                AxisMap::Identity => {
                    let padded = src_dims[0].next_power_of_two();
                    (0..padded).map(|i| Entry { out: i, src: i, coeff: 1 }).collect()
                }
                _ => factor.entries(source, &view.shape, &statement.indices()),
            };
            entries = (entries.iter())
                .flat_map(|(out, src, coeff)| {
                    own.iter().map(|entry| {
                        let (mut out, mut src) = (out.clone(), src.clone());
                        for (axis, i) in factor.out.iter().zip(unravel(entry.out as usize, &out_dims)) {
                            out[*axis as usize] = i;
                        }
                        for (axis, i) in factor.src.iter().zip(unravel(entry.src as usize, &src_dims)) {
                            src[*axis as usize] = i;
                        }
                        (out, src, *coeff * Fr::from(entry.coeff))
                    })
                })
                .collect();
        }
        let mut cells = vec![Fr::ZERO; view.shape.padded_len()];
        for (out, src, coeff) in entries {
            cells[ravel(&out, view.shape.dims())] += coeff * tensor[ravel(&src, source.dims())];
        }
        cells
    }

    fn linear(&self, statement: &Statement<'_>, linear: &Linear) -> Vec<Fr> {
        let mut cells = vec![Fr::ZERO; linear.shape.padded_len()];
        for (coeff, view) in &linear.terms {
            let view = self.view(statement, view);
            cells.iter_mut().zip(view).for_each(|(cell, x)| *cell += Fr::from(*coeff) * x);
        }
        cells
    }

    /// All entries of a product, from all combinations of its labels.
    fn product(&self, statement: &Statement<'_>, contract: &Contract) -> Vec<Fr> {
        let (a, b) = (self.linear(statement, &contract.a), self.linear(statement, &contract.b));
        let mut dims: BTreeMap<u32, u32> = BTreeMap::new();
        dims.extend(contract.a_axes.iter().zip(contract.a.shape.dims()));
        dims.extend(contract.b_axes.iter().zip(contract.b.shape.dims()));
        let (labels, extents): (Vec<u32>, Vec<u32>) = dims.iter().map(|(l, d)| (*l, *d)).unzip();
        let out_dims: Vec<u32> = contract.out_axes.iter().map(|label| dims[label]).collect();
        let mut cells = vec![Fr::ZERO; Shape::new(out_dims.clone()).padded_len()];
        for index in 0..Shape::new(extents.clone()).padded_len() {
            let indices = unravel(index, &extents);
            let at = |axes: &[u32], dims: &[u32]| {
                let of = |label| indices[labels.iter().position(|other| other == label).unwrap()];
                ravel(&axes.iter().map(of).collect::<Vec<_>>(), dims)
            };
            cells[at(&contract.out_axes, &out_dims)] += a[at(&contract.a_axes, contract.a.shape.dims())]
                * b[at(&contract.b_axes, contract.b.shape.dims())];
        }
        cells
    }

    fn value(&self, statement: &Statement<'_>, slot: Slot<'_>, z: &Point, drawn: &Drawn) -> Fr {
        let coords = |point: &Point| drawn.coords(point).unwrap();
        match slot {
            Slot::Tensor(id) => evaluate(&self.tensor(statement, id), &coords(z)),
            Slot::Contract(contract) => evaluate(&self.product(statement, contract), &coords(z)),
            Slot::View(view) => {
                let source = &self.network.graph().tensor(view.tensor).shape;
                match access(view, source, z, drawn).unwrap() {
                    Access::Direct { point, .. } => {
                        evaluate(&self.tensor(statement, view.tensor), &coords(&point))
                    }
                    Access::Sum(_) => evaluate(&self.view(statement, view), &coords(z)),
                }
            }
        }
    }

    fn send<P: ProverChannel>(
        &self,
        channel: &mut P,
        label: &'static [u8],
        mut message: Vec<Fr>,
    ) -> Result<Vec<Fr>, BlockError> {
        (self.alter_message)(label, &mut message);
        channel.send(label, &message)?;
        Ok(message)
    }

    /// Sends the values that members ask for, and takes their claims on what should be sent.
    fn finish<'m, P: ProverChannel>(
        &self,
        channel: &mut P,
        label: &'static [u8],
        message: Vec<Fr>,
        members: &[&dyn Member<'m, Fr>],
        ledger: &mut Ledger<'m, Fr>,
    ) -> Result<(), BlockError> {
        self.send(channel, label, message.clone())?;
        let mut values = Values::new(&message);
        for member in members {
            member.finish(&mut values, ledger)?;
        }
        values.end()
    }

    /// The two factors of a contraction over the sum's variables, and eq.
    fn factors(
        &self,
        statement: &Statement<'_>,
        claim: &ContractClaim<'_, Fr>,
        drawn: &Drawn,
    ) -> (Vec<Fr>, Vec<Fr>, Vec<Fr>) {
        let (a, b) = (self.linear(statement, &claim.contract.a), self.linear(statement, &claim.contract.b));
        let vars = claim.axes.num_vars;
        let eq = eq_table(&drawn.coords(&claim.batch_point().unwrap()).unwrap());
        let [a_point, b_point] = claim.operand_points().unwrap();
        let mut tables = (Vec::new(), Vec::new(), Vec::new());
        for s in 0..1usize << vars {
            // As if the sumcheck ended in a corner.
            let mut drawn = drawn.clone();
            drawn.draw(Stage::A, &bits(s, vars)).unwrap();
            tables.0.push(eq[s >> (vars - claim.axes.batch_vars)]);
            tables.1.push(evaluate(&a, &drawn.coords(&a_point).unwrap()));
            tables.2.push(evaluate(&b, &drawn.coords(&b_point).unwrap()));
        }
        tables
    }

    /// All steps of the protocol up to the accumulator.
    pub(crate) fn reduce<P: ProverChannel>(&mut self, channel: &mut P) -> Result<Reduced, BlockError> {
        let network = self.network;
        let (k, chunks, looked_up) = (network.k(), network.chunks().clone(), network.looked_up());
        let mut v = self.commit_v();
        (self.alter_commitments)("V", &mut v);
        let [alpha, beta] = draw_lookup_challenges(channel.transcript(), &v);

        // H.
        let query = |[tag, x, y]: [Fr; 3]| alpha - tag - beta * x - beta * beta * y;
        let queries: Vec<Fr> = self.lookups().into_iter().map(query).collect();
        let table_queries: Vec<Fr> = self.entries().into_iter().map(query).collect();
        let n = 1usize << k;
        for (i, query) in queries.iter().enumerate() {
            self.columns[chunks.inverses.first + i / n][i % n] = query.inverse().unwrap();
        }
        for (j, query) in table_queries.iter().enumerate() {
            let m = self.columns[chunks.multiplicities.first + j / n][j % n];
            self.columns[chunks.table_inverses.first + j / n][j % n] = m * query.inverse().unwrap();
        }
        (self.alter_inverses)(&mut self.columns, [alpha, beta]);
        let mut played: Vec<Vec<Fr>> = (0..chunks.total).map(|chunk| self.played(chunk).to_vec()).collect();
        if self.centred {
            for (i, rest) in self.at_rest().into_iter().map(query).enumerate() {
                self.columns[chunks.inverses.first + i / n][i % n] -= rest.inverse().unwrap();
            }
        }
        let mut h = self.commit_all(chunks.inverses.first..chunks.total);
        (self.alter_commitments)("H", &mut h);
        let r = draw_relation_point(channel.transcript(), network, &h);
        let z = last(&r, k)?.to_vec();
        (self.alter_played)(&mut played, [alpha, beta], &z);
        let mut drawn = Drawn::default();
        drawn.draw(Stage::Relations, &r)?;

        // The values of the relations.
        let statement = self.statement()?;
        let tables = chunks.multiplicities.count;
        let mut message = Vec::new();
        for relation in network.relations() {
            let z = Point::suffix(Stage::Relations, relation.num_vars());
            let hidden = relation.slots().filter(|(slot, _)| network.is_hidden(*slot));
            message.extend(hidden.map(|(slot, _)| self.value(&statement, slot, &z, &drawn)));
        }
        let m = chunks.multiplicities.first..chunks.multiplicities.first + tables;
        message.extend(m.clone().map(|chunk| evaluate(&played[chunk], &z)));
        message.extend((chunks.inverses.first..chunks.total).map(|c| played[c].iter().sum::<Fr>()));
        let message = self.send(channel, RELATION_VALUES, message)?;
        let mut values = Values::new(&message);
        let mut ledger: Ledger<'_, Fr> = Ledger::new(&statement);
        ledger.drawn = drawn;
        Relations { network }.finish(&mut values, &mut ledger)?;
        Sums { network }.finish(&mut values, &mut ledger)?;
        let multiplicities = ledger.multiplicities.clone();
        let sums = [ledger.inverse_sums.clone(), ledger.table_sums.clone()].concat();
        let lambda = draw_sum_weight(channel.transcript());
        let challenges = Challenges { alpha, beta, lambda, z: z.clone() };
        let lookups = Lookups::new(network, &challenges, &mut ledger)?;
        let table_members = Tables::new(network, &challenges, &mut ledger)?;
        let contractions = Contractions::new(network, &mut ledger);

        // Sumcheck A.
        let eq = eq_table(&z);
        let mut instances: Vec<Box<dyn SumcheckInstance>> = Vec::new();
        for (i, chunk) in looked_up.iter().enumerate() {
            let (h, a) = (played[chunk.h].clone(), queries[i * n..(i + 1) * n].to_vec());
            let compose = move |t: &[Fr]| t[0] * (t[1] * t[2] - Fr::one()) + lambda * t[1];
            instances.push(Box::new(Dense::new(vec![eq.clone(), h, a], 3, lambda * sums[i], compose)?));
        }
        for (i, m) in multiplicities.iter().enumerate() {
            let h = played[chunks.table_inverses.first + i].clone();
            let a = table_queries[i * n..(i + 1) * n].to_vec();
            let compose = move |t: &[Fr]| t[0] * t[1] * t[2] + lambda * t[1];
            let claim = *m + lambda * sums[looked_up.len() + i];
            instances.push(Box::new(Dense::new(vec![eq.clone(), h, a], 3, claim, compose)?));
        }
        for claim in &contractions.claims {
            let (eq, a, b) = self.factors(&statement, claim, &ledger.drawn);
            if claim.axes.batch_vars > 0 {
                let compose = |t: &[Fr]| t[0] * t[1] * t[2];
                instances.push(Box::new(Dense::new(vec![eq, a, b], 3, claim.value, compose)?));
            } else {
                let compose = |t: &[Fr]| t[0] * t[1];
                instances.push(Box::new(Dense::new(vec![a, b], 2, claim.value, compose)?));
            }
        }
        let output = sumcheck::prove(channel, SUMCHECK_A, &mut borrowed(&mut instances))?;

        // The values after it.
        ledger.drawn.draw(Stage::A, &output.point)?;
        let point = last(&output.point, k)?;
        let mut message = Vec::new();
        for (chunk, finals) in looked_up.iter().zip(&output.finals) {
            for column in [Some(chunk.x), chunk.y, Some(chunk.h)].into_iter().flatten() {
                message.push(evaluate(&played[column], point));
            }
            message.push(finals[1] * finals[2]);
        }
        for i in 0..tables {
            let chunk = chunks.table_inverses.first + i;
            message.push(evaluate(&played[chunk], point));
        }
        for claim in &contractions.claims {
            let points = claim.operand_points()?;
            let mut product = Fr::one();
            for (linear, z) in [&claim.contract.a, &claim.contract.b].into_iter().zip(&points) {
                let hidden = linear.terms.iter().filter(|(_, view)| network.is_hidden(Slot::View(view)));
                message.extend(
                    hidden.map(|(_, view)| self.value(&statement, Slot::View(view), z, &ledger.drawn)),
                );
                product *= evaluate(&self.linear(&statement, linear), &ledger.drawn.coords(z)?);
            }
            message.push(product);
        }
        let members: [&dyn Member<'_, Fr>; 3] = [&lookups, &table_members, &contractions];
        self.finish(channel, A_VALUES, message, &members, &mut ledger)?;

        // Sumcheck B.
        let reindexings = Reindexings::new(network, &mut ledger);
        if !reindexings.claims.is_empty() {
            let mut instances: Vec<Box<dyn SumcheckInstance>> = Vec::new();
            for claim in &reindexings.claims {
                let source = &network.graph().tensor(claim.view.tensor).shape;
                let tensor = self.tensor(&statement, claim.view.tensor);
                let (mut cells, mut weights) = (Vec::new(), Vec::new());
                for q in 0..1usize << claim.sum.num_vars {
                    let mut drawn = ledger.drawn.clone();
                    drawn.draw(Stage::B, &bits(q, claim.sum.num_vars))?;
                    let (weight, point) =
                        claim.sum.finish(claim.view, source, &drawn, &statement.indices())?;
                    weights.push(weight);
                    cells.push(evaluate(&tensor, &drawn.coords(&point)?));
                }
                let compose = |t: &[Fr]| t[0] * t[1];
                instances.push(Box::new(Dense::new(vec![cells, weights], 2, claim.value, compose)?));
            }
            let output = sumcheck::prove(channel, SUMCHECK_B, &mut borrowed(&mut instances))?;
            ledger.drawn.draw(Stage::B, &output.point)?;
            let mut message = Vec::new();
            for (claim, finals) in reindexings.claims.iter().zip(&output.finals) {
                message.extend((!network.is_public(claim.view.tensor)).then_some(finals[0]));
            }
            self.finish(channel, B_VALUES, message, &[&reindexings], &mut ledger)?;
        }

        // The accumulator.
        let commitments: Vec<Commitment> =
            statement.commitments().chain(v.clone()).chain(h.clone()).collect();
        let blinds: Vec<Blind> = (0..chunks.total).map(|chunk| self.blind(chunk)).collect();
        let opened: Vec<Chunk<'_>> = (self.columns.iter().zip(commitments).zip(&blinds))
            .map(|((column, commitment), blind)| Chunk { column: Column::Field(column), commitment, blind })
            .collect();
        let (plan, points) = ledger.claims.plan(chunks.total, &chunks.quiet, &ledger.drawn)?;
        let claims =
            levels::Statement { plan: &plan, coefficients: &ledger.claims.coefficients, points: &points };
        let accumulated = levels::prove(channel, &claims, &opened, &ledger.claims.values)?;
        Ok(Reduced { v, h, accumulated })
    }

    /// The prover's side in the clear.
    pub(crate) fn forge(&mut self, mut transcript: Transcript) -> Result<Forged, BlockError> {
        let mut channel = ClearProver::new(&mut transcript);
        let Reduced { v, h, accumulated } = self.reduce(&mut channel)?;
        Ok(Forged { v, h, messages: channel.into_messages(), accumulated })
    }

    /// Both sides in the clear, the decider included.
    pub(crate) fn run(&mut self) -> Result<(), BlockError> {
        let transcript = self.statement()?.transcript();
        let forged = self.forge(transcript)?;
        forged.verify(self.case, &self.statement()?, self.statement()?.transcript())
    }

    /// The same, with a probe of its own on the transcript of each side.
    pub(crate) fn run_with(&mut self, probe: impl Fn() -> Probe) -> Result<(), BlockError> {
        let transcript = |statement: &Statement<'_>| {
            statement.absorb(Transcript::new(statement.label()).with_probe(&probe()))
        };
        let first = transcript(&self.statement()?);
        let forged = self.forge(first)?;
        let statement = self.statement()?;
        forged.verify(self.case, &statement, transcript(&statement))
    }
}

impl Forged {
    /// The verifier's side. The accumulator is opened.
    pub(crate) fn verify(
        &self,
        case: &Case,
        statement: &Statement<'_>,
        mut transcript: Transcript,
    ) -> Result<(), BlockError> {
        let mut channel = ClearVerifier::new(&mut transcript, &self.messages);
        let claims = verifier::verify(&mut channel, &Argument { statement, v: &self.v, h: &self.h })?;
        channel.finish()?;
        let OpeningWitness { vector, blind } = &self.accumulated.1;
        let opens = claims[0].commitment == case.srs.commit(vector, blind)?.projective();
        if opens && claims[0].functional.apply(vector)? == claims[0].value {
            Ok(())
        } else {
            Err(TranscriptError::Unsatisfied { constraint: DECIDER }.into())
        }
    }
}

fn borrowed(instances: &mut [Box<dyn SumcheckInstance>]) -> Vec<&mut dyn SumcheckInstance> {
    instances.iter_mut().map(|instance| instance.as_mut() as &mut dyn SumcheckInstance).collect()
}
