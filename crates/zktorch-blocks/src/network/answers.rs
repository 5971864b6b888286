//! The values that members ask for.

use ark_ff::{AdditiveGroup, Field};
use zktorch_field::{Fr, par};
use zktorch_graph::{TensorId, View};
use zktorch_sumcheck::Evaluations;

use super::member::Ask;
use super::statement::Statement;
use super::witness::Witness;
use crate::BlockError;
use crate::cells::Cells;
use crate::contract::prover::Factors;
use crate::contract::{ContractClaim, SumAxes};
use crate::linear::Slot;
use crate::piece::prover::Entries;
use crate::piece::{Part, parts};
use crate::point::{Drawn, Point};
use crate::reindex::{self, Access, access};

/// Tensors of more cells are read by all threads together.
const SHARED: usize = 1 << 18;

/// Answers, and keeps the factors that were computed for a value and are needed again for its sumcheck: in the order of the
/// claims, which is that of the asks.
pub(super) struct Answers<'a> {
    statement: &'a Statement<'a>,
    witness: &'a Witness<'a>,
    /// The cells of the chunks before the inverse columns, by number.
    chunks: Vec<Cells<'a>>,
    /// Of the inverse columns.
    sums: &'a [Fr],
    /// Nothing for a product with zeros.
    pub(super) contracts: Vec<Option<Factors>>,
    pub(super) reindexes: Vec<[Vec<Fr>; 2]>,
}

/// A value, and the factors of the sumcheck that is left to prove of it.
enum Answer {
    Value(Fr),
    Contract(Fr, Option<Factors>),
    Reindex(Fr, [Vec<Fr>; 2]),
}

impl<'a> Answers<'a> {
    pub(super) fn new(statement: &'a Statement<'a>, witness: &'a Witness<'a>, sums: &'a [Fr]) -> Self {
        let chunks = witness.chunks(statement.network()).collect();
        Self { statement, witness, chunks, sums, contracts: Vec::new(), reindexes: Vec::new() }
    }

    /// The values as they stand in a message, all at once; `finals` are those of the instances of the member that asks.
    pub(super) fn answer(
        &mut self,
        asks: &[Ask<'_>],
        finals: &[Vec<Fr>],
        drawn: &Drawn,
    ) -> Result<Vec<Fr>, BlockError> {
        // The threads take small tensors one by one; large ones, which wait for memory, they share.
        let small: Vec<bool> = asks.iter().map(|ask| self.cells(ask) <= SHARED).collect();
        let mut answers = {
            let this = &*self;
            par::map(asks.len(), |i| small[i].then(|| this.one(&asks[i], finals, drawn)))
        };
        let mut values = Vec::with_capacity(asks.len());
        for (i, slot) in answers.iter_mut().enumerate() {
            values.push(match slot.take().unwrap_or_else(|| self.one(&asks[i], finals, drawn))? {
                Answer::Value(value) => value,
                Answer::Contract(value, factors) => {
                    self.contracts.push(factors);
                    value
                }
                Answer::Reindex(value, factors) => {
                    self.reindexes.push(factors);
                    value
                }
            });
        }
        Ok(values)
    }

    /// The cells that an answer reads.
    fn cells(&self, ask: &Ask<'_>) -> usize {
        let graph = self.statement.network().graph();
        let tensor = |id: TensorId| graph.tensor(id).shape.padded_len();
        match ask {
            Ask::Slot(Slot::Tensor(id), _) => tensor(*id),
            Ask::Slot(Slot::View(view), _) | Ask::Operand { view, .. } => tensor(view.tensor),
            Ask::Slot(Slot::Contract(contract), _) => {
                let views = contract.a.terms.iter().chain(&contract.b.terms);
                views.map(|(_, view)| tensor(view.tensor)).sum()
            }
            Ask::Chunk(..) => 1 << self.statement.network().k(),
            Ask::Sum(_) | Ask::Factor(_) | Ask::Product(_) => 0,
        }
    }

    fn one(&self, ask: &Ask<'_>, finals: &[Vec<Fr>], drawn: &Drawn) -> Result<Answer, BlockError> {
        let value = match ask {
            Ask::Slot(slot, z) => return self.slot(*slot, z, drawn),
            Ask::Operand { view, point, coefficient, factor: (instance, side) } => {
                return match factors(finals, *instance)? {
                    Some(factors) => self.operand(view, point, factors[*side], *coefficient, drawn),
                    None => self.slot(Slot::View(view), point, drawn),
                };
            }
            Ask::Chunk(chunk, z) => {
                let missing =
                    BlockError::Length { what: "chunks", expected: chunk + 1, got: self.chunks.len() };
                let cells = *self.chunks.get(*chunk).ok_or(missing)?;
                if cells.is_empty() {
                    Fr::ZERO
                } else {
                    Evaluations::from(cells).evaluate(&drawn.coords(z)?)?
                }
            }
            Ask::Sum(chunk) => {
                let index = chunk.checked_sub(self.statement.network().chunks().inverses.first);
                let missing =
                    BlockError::Length { what: "inverse columns", expected: chunk + 1, got: self.sums.len() };
                index.and_then(|index| self.sums.get(index)).copied().ok_or(missing)?
            }
            Ask::Factor(instance) => factors(finals, *instance)?.map_or(Fr::ZERO, |[a, _]| a),
            Ask::Product(instance) => factors(finals, *instance)?.map_or(Fr::ZERO, |[a, b]| a * b),
        };
        Ok(Answer::Value(value))
    }

    /// The padded entries of a tensor.
    fn entries(&self, id: TensorId) -> Result<Entries<'a>, BlockError> {
        let public = self.statement.public_cells(id).map(|cells| Entries::Lie(cells.into()));
        let entries = public.or_else(|| self.witness.entries(self.statement.network(), id));
        entries.ok_or(BlockError::NoTensor { id: id.0 })
    }

    fn tensor(&self, id: TensorId, z: &Point, drawn: &Drawn) -> Result<Fr, BlockError> {
        if let Some(cells) = self.statement.public_cells(id) {
            return Ok(Evaluations::from(cells).evaluate(&drawn.coords(z)?)?);
        }
        if self.witness.is_zero(id) {
            return Ok(Fr::ZERO);
        }
        let missing = BlockError::NoTensor { id: id.0 };
        let (column, place) = self.witness.place(self.statement.network(), id).ok_or(missing)?;
        let mut value = Fr::from(0u64);
        for Part { offset, scale, point } in parts(place, z, drawn)? {
            let cells = column.get(offset..offset + (1 << point.len()));
            let cells = cells.ok_or(BlockError::NoTensor { id: id.0 })?;
            value += scale * Evaluations::from(cells).evaluate(&drawn.coords(&point)?)?;
        }
        Ok(value)
    }

    /// What a view reads at a point, where `value` is `coefficient` times its value.
    fn operand(
        &self,
        view: &View,
        z: &Point,
        value: Fr,
        coefficient: i64,
        drawn: &Drawn,
    ) -> Result<Answer, BlockError> {
        let source = &self.statement.network().graph().tensor(view.tensor).shape;
        if let Access::Direct { scale, .. } = access(view, source, z, drawn)?
            && let Some(inverse) = (scale * Fr::from(coefficient)).inverse()
        {
            return Ok(Answer::Value(value * inverse));
        }
        self.slot(Slot::View(view), z, drawn)
    }

    fn slot(&self, slot: Slot<'_>, z: &Point, drawn: &Drawn) -> Result<Answer, BlockError> {
        let graph = self.statement.network().graph();
        let indices = self.statement.indices();
        match slot {
            Slot::Tensor(id) => self.tensor(id, z, drawn).map(Answer::Value),
            Slot::View(view) => {
                let source = &graph.tensor(view.tensor).shape;
                match access(view, source, z, drawn)? {
                    Access::Direct { point, .. } => {
                        self.tensor(view.tensor, &point, drawn).map(Answer::Value)
                    }
                    Access::Sum(sum) => {
                        let entries = self.entries(view.tensor)?;
                        let factors = reindex::prover::sum_factors(
                            &sum,
                            view,
                            source,
                            entries.cells(),
                            drawn,
                            &indices,
                        )?;
                        let value = zktorch_field::slice::inner_product(&factors[0], &factors[1])?;
                        Ok(Answer::Reindex(value, factors))
                    }
                }
            }
            Slot::Contract(contract) => {
                let axes = SumAxes::new(contract)?;
                let is_zero = |(_, view): &(i64, View)| self.witness.is_zero(view.tensor);
                if [&contract.a, &contract.b].into_iter().any(|linear| linear.terms.iter().all(is_zero)) {
                    return Ok(Answer::Contract(Fr::ZERO, None));
                }
                let entries = |id| self.entries(id);
                let factors = Factors::new(contract, &axes, (z, drawn), graph, entries, &indices)?;
                let claim = ContractClaim { contract, axes, point: z.clone(), value: () };
                let value = factors.value(&drawn.coords(&claim.batch_point()?)?);
                Ok(Answer::Contract(value, Some(factors)))
            }
        }
    }
}

/// Both factors of an instance at its end; nothing for a product with zeros.
fn factors(finals: &[Vec<Fr>], instance: usize) -> Result<Option<[Fr; 2]>, BlockError> {
    let missing =
        BlockError::Length { what: "instances of a member", expected: instance + 1, got: finals.len() };
    let finals = finals.get(instance).ok_or(missing)?;
    if finals.is_empty() {
        return Ok(None);
    }
    let wrong = BlockError::Length { what: "final values of an instance", expected: 2, got: finals.len() };
    finals.first_chunk::<2>().copied().map(Some).ok_or(wrong)
}
