//! The executor: the integers that are proved.

mod contract;
mod matmul;
mod number;
mod rescale;
mod scratch;
mod stage;
#[cfg(test)]
mod tests;
mod values;
mod view;
mod wide;

use number::Number;
use rescale::Division;
use scratch::{Buffers, Scratch};
pub use values::Entries;
use view::Prepared;
use wide::Results;
use zktorch_field::par;
use zktorch_field::task::checkpoint;

use crate::validate::{expr_bound, limits};
use crate::{Bound, Bounds, Expr, Graph, GraphError, Interval, Operand, Role, Step, TensorId, View};

/// Executes a validated graph. `given[id]` holds the real entries, row-major, of every weight and input, and `None` for
/// other tensors. Returns the real entries of all tensors in the order of [`Graph::tensors`], but those that were lent
/// ([`Entries`]): nothing for these.
///
/// `bounds` is what [`Graph::validate`] returned for this graph: it decides in which type each step is computed exactly.
///
/// Costs the multiplications of the contractions (about one nanosecond each) and one pass over every view; memory for all
/// tensors and 64 MiB per operand of the largest contraction, and some numbers for every tap of every position of a window.
///
/// # Errors
/// [`GraphError::Length`] if a given tensor is missing or has another length, [`GraphError::OutOfRange`] if a given or a
/// computed entry is outside of its tensor's range, [`GraphError::Divisor`] and [`GraphError::Radicand`]
/// where a quotient or a
/// root is not defined.
///
/// # Panics
/// May panic, or compute other values, if the graph is not valid.
pub fn execute<'a, E: Into<Entries<'a>>>(
    graph: &Graph,
    bounds: &Bounds,
    given: Vec<Option<E>>,
) -> Result<Vec<Vec<i32>>, GraphError> {
    run(graph, bounds, given, None)
}

/// [`execute`] of a graph whose weights are not there at once: those that are not given are asked for when a step reads them, and
/// are dropped after it.
///
/// # Errors
/// Those of [`execute`] and of `weight`.
///
/// # Panics
/// As [`execute`].
pub fn execute_lending<'a, E: Into<Entries<'a>>>(
    graph: &Graph,
    bounds: &Bounds,
    given: Vec<Option<E>>,
    weight: Lender<'_, 'a>,
) -> Result<Vec<Vec<i32>>, GraphError> {
    run(graph, bounds, given, Some(weight))
}

/// Gives the real entries of a weight, row-major.
pub type Lender<'f, 'a> = &'f dyn Fn(TensorId) -> Result<Entries<'a>, GraphError>;

fn run<'a, E: Into<Entries<'a>>>(
    graph: &Graph,
    bounds: &Bounds,
    given: Vec<Option<E>>,
    weight: Option<Lender<'_, 'a>>,
) -> Result<Vec<Vec<i32>>, GraphError> {
    if given.len() != graph.tensors.len() {
        let (expected, got) = (graph.tensors.len(), given.len());
        return Err(GraphError::Length { tensor: "list of given tensors".to_owned(), expected, got });
    }
    if bounds.steps.len() != graph.steps.len() {
        let (expected, got) = (graph.steps.len(), bounds.steps.len());
        return Err(GraphError::Length { tensor: "bounds of the steps".to_owned(), expected, got });
    }
    let mut values: Vec<Entries<'a>> = Vec::with_capacity(given.len());
    let mut later = vec![false; graph.tensors.len()];
    for (id, (tensor, given)) in graph.tensors.iter().zip(given).enumerate() {
        later[id] = weight.is_some() && given.is_none() && tensor.role == Role::Weight;
        let given = given.map(E::into).unwrap_or_default();
        if !later[id] {
            check(graph, id, &given)?;
        }
        values.push(if tensor.role == Role::One { vec![1].into() } else { given });
    }
    let mut tables: Vec<Option<Vec<i32>>> = vec![None; graph.tables.len()];
    let mut scratch = Scratch::default();
    for (step, bound) in graph.steps.iter().zip(&bounds.steps) {
        checkpoint();
        let lent: Vec<TensorId> = step.reads().into_iter().filter(|id| later[id.0 as usize]).collect();
        if let Some(weight) = weight {
            for id in &lent {
                let entries = weight(*id)?;
                check(graph, id.0 as usize, &entries)?;
                values[id.0 as usize] = entries;
            }
        }
        let mut results = Results::new(graph);
        match step {
            Step::Rescale { acc, divisor, y, r, slack } => {
                let acc = eval_bounded(graph, acc, *bound, &values, TILE, &mut scratch);
                let small = *divisor <= limits::ONE_LIMB && bound.acc < 1 << 62;
                match y.0.as_slice() {
                    [y] if small => {
                        let division = acc.divide(*divisor, graph.tensor(*y).range, !r.is_empty(), 1);
                        results.division(division, *y, r)?;
                    }
                    _ => results.rescale(&acc.to_i128(), *divisor, [y, r, slack])?,
                }
            }
            Step::Quotient { a, b, q, r, slack } => {
                let a = eval_bounded(graph, a, *bound, &values, TILE, &mut scratch).to_i128();
                let b = eval_bounded(graph, &b.clone().into(), *bound, &values, TILE, &mut scratch).to_i128();
                results.quotient(&a, &b, [q, r, slack])?;
            }
            Step::Root { a, y, r, slack } => {
                let a = eval_bounded(graph, a, *bound, &values, TILE, &mut scratch).to_i128();
                results.root(&a, [y, r, slack])?;
            }
            Step::Saturate { acc, divisor, y, r, slack, excess, negative } => {
                let acc = eval_bounded(graph, acc, *bound, &values, TILE, &mut scratch);
                if *divisor <= limits::ONE_LIMB && bound.acc < 1 << 62 {
                    let range = graph.tensor(*y).range;
                    let mut division = acc.divide(*divisor, range, !r.is_empty(), usize::MAX);
                    let beyond = core::mem::take(&mut division.excess);
                    results.excess(division.quotients.len(), &beyond, excess, *negative)?;
                    results.division(division, *y, r)?;
                } else {
                    results.saturate(&acc.to_i128(), *divisor, *y, [r, slack, excess], *negative)?;
                }
            }
            Step::Gap { acc, divisor, r, slack, axis, max, gap, excess, chosen } => {
                let shape = &acc.shape;
                let acc = eval_bounded(graph, acc, *bound, &values, TILE, &mut scratch).to_i128();
                let rows = [shape.dims(), &[*axis]];
                results.gap(&acc, *divisor, rows, [max, gap, r, slack, excess], *chosen)?;
            }
            Step::Lookup { table, x, y } => {
                let definition = graph.table(*table);
                let table = tables[table.0 as usize].get_or_insert_with(|| definition.values());
                let lo = i64::from(definition.domain.lo);
                // Arguments are in their range, the domain.
                let x = &values[x.0 as usize];
                let mut out = vec![0; x.len()];
                par::for_each_chunk_mut(&mut out, PIECE, |piece, out| {
                    for (i, y) in (piece * PIECE..).zip(out) {
                        *y = table[(i64::from(x.get(i)) - lo) as usize];
                    }
                });
                results.tensors.push((*y, out));
            }
        }
        for (id, entries) in results.tensors {
            values[id.0 as usize] = entries.into();
        }
        lent.into_iter().for_each(|id| values[id.0 as usize] = Entries::default());
    }
    Ok(values.into_iter().map(Entries::into_owned).collect())
}

/// The real entries of an expression, row-major, exactly; an entry that does not fit 64 bits saturates.
///
/// `values` are the real entries of all tensors, as [`execute`] returns them; tensors that the expression does not read may be
/// empty.
///
/// # Errors
/// [`GraphError::Invalid`] if the expression is not one of the graph's tensors.
///
/// # Panics
/// May panic, or compute other values, if the graph is not valid, or the values are not those of its tensors.
pub fn eval_expr(graph: &Graph, expr: &Expr, values: &[Vec<i32>]) -> Result<Vec<i64>, GraphError> {
    let bound = expr_bound(graph, expr)?;
    let values: Vec<Entries<'_>> = values.iter().map(|values| values.as_slice().into()).collect();
    Ok(eval_bounded(graph, expr, bound, &values, TILE, &mut Scratch::default()).to_i64())
}

/// The entries of an expression, exactly, in the type that they were computed in.
enum Exact<'s> {
    F64(&'s [f64]),
    I64(&'s [i64]),
    I128(&'s [i128]),
}

impl Exact<'_> {
    fn divide(&self, divisor: u64, range: Interval, remainders: bool, most: usize) -> Division {
        match self {
            Self::F64(acc) => rescale::divide(acc, divisor, range, remainders, most),
            Self::I64(acc) => rescale::divide(acc, divisor, range, remainders, most),
            Self::I128(acc) => rescale::divide(acc, divisor, range, remainders, most),
        }
    }

    fn to_i128(&self) -> Vec<i128> {
        match self {
            Self::F64(acc) => acc.iter().map(|x| x.to_i128()).collect(),
            Self::I64(acc) => acc.iter().map(|x| x.to_i128()).collect(),
            Self::I128(acc) => acc.to_vec(),
        }
    }

    /// Saturates.
    fn to_i64(&self) -> Vec<i64> {
        match self {
            Self::F64(acc) => acc.iter().map(|x| x.to_i64()).collect(),
            Self::I64(acc) => acc.to_vec(),
            Self::I128(acc) => acc.iter().map(|x| x.to_i64()).collect(),
        }
    }
}

/// Numbers of an operand or the result of a contraction's tile: 64 MiB of f64.
const TILE: usize = 1 << 23;

/// What views read.
struct Context<'a> {
    graph: &'a Graph,
    values: &'a [Entries<'a>],
    /// Numbers of an operand or the result of a tile.
    tile: usize,
}

impl<'a> Context<'a> {
    fn prepare<N: Number>(&self, view: &View) -> Prepared<'a, N> {
        let indices = |id: TensorId| self.values[id.0 as usize].to_vec();
        Prepared::new(self.graph, view, &self.values[view.tensor.0 as usize], &indices)
    }
}

fn eval_bounded<'s>(
    graph: &Graph,
    expr: &Expr,
    bound: Bound,
    values: &[Entries<'_>],
    tile: usize,
    scratch: &'s mut Scratch,
) -> Exact<'s> {
    let context = Context { graph, values, tile };
    // Every number on the way is an integer below the bound: below 2^53 not even f64 rounds one.
    if bound.intermediate < 1 << 53 {
        Exact::F64(eval(&context, expr, &mut scratch.f64))
    } else if bound.intermediate < 1 << 63 {
        Exact::I64(eval(&context, expr, &mut scratch.i64))
    } else {
        Exact::I128(eval(&context, expr, &mut scratch.i128))
    }
}

fn eval<'s, N: Number>(context: &Context<'_>, expr: &Expr, buffers: &'s mut Buffers<N>) -> &'s [N] {
    let Buffers { acc, term: read, tile } = buffers;
    let acc = scratch::zeros(acc, expr.shape.len());
    for term in &expr.terms {
        match &term.operand {
            Operand::View(view) => {
                let order: Vec<usize> = (0..expr.shape.rank()).collect();
                let ranges: Vec<_> = expr.shape.dims().iter().map(|dim| 0..*dim as usize).collect();
                let coeff = N::from_i64(term.coeff);
                let read = scratch::stale(read, acc.len());
                context.prepare(view).read(&order, &ranges, read);
                par::for_each_chunk_mut(acc, PIECE, |i, acc| {
                    acc.iter_mut().zip(&read[i * PIECE..]).for_each(|(acc, x)| *acc += *x * coeff);
                });
            }
            Operand::Contract(product) => {
                contract::add(context, product, term.coeff, expr.shape.dims(), acc, tile);
            }
        }
    }
    acc
}

/// Entries a task handles at once.
const PIECE: usize = 1 << 14;

/// That a tensor has these entries, if it is given, and none if it is not, in its range.
fn check(graph: &Graph, id: usize, entries: &Entries<'_>) -> Result<(), GraphError> {
    let tensor = &graph.tensors[id];
    let (expected, got) = (if tensor.role.is_given() { tensor.shape.len() } else { 0 }, entries.len());
    if expected != got {
        return Err(GraphError::Length { tensor: graph.place(id), expected, got });
    }
    in_range(graph, id, entries)
}

/// That every entry is in the tensor's range.
fn in_range(graph: &Graph, id: usize, entries: &Entries<'_>) -> Result<(), GraphError> {
    let range = graph.tensors[id].range;
    match entries.find_outside(range) {
        None => Ok(()),
        Some(index) => Err(GraphError::OutOfRange {
            tensor: graph.place(id),
            index,
            value: entries.get(index).into(),
            lo: range.lo,
            hi: range.hi,
        }),
    }
}
