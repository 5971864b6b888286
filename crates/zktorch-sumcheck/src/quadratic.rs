//! The prover of quadratic sums, the one engine under all fast instances:
//!
//! ```text
//! sum over x of  w(x) (a(x) b(x) - c)  +  lambda a(x),      w(x) = eq(z, first variables), c in {0, 1}.
//! ```
//!
//! Rounds come in three kinds. The *first* reads the factors as they are given (field elements, small integers,
//! indices into a table) and computes block sums. The *packed* rounds bind the previous variable and add up the
//! next quadratic coefficients in the same pass, in place. The last [`INNER_VARS`] variables are the *tail*: a few
//! hundred scalars.

#![allow(clippy::needless_range_loop, reason = "plain loops are sure to be inlined in kernels; see `pass`")]

mod columns;
mod gathered;
mod job;
mod open;
mod pass;
mod sums;
mod table;
mod tail;
mod weights;

use std::mem;

use ark_ff::{One, Zero};
use zktorch_field::{BackendKind, Block, Fr, LANES, PackedVec};

use self::columns::{Bound, IntsToBind, Stored, Unbound};
use self::gathered::{Gather, Gathered, OpenGathered};
use self::open::{Open, OpenInts, Outputs};
use self::pass::{Evaluate, Source};
use self::sums::BlockSums;
use self::table::OpenTable;
use self::tail::Tail;
use self::weights::Weights;
use crate::RoundPolynomial;

pub(crate) use self::columns::{AtRest, Column, IntSlice};
pub(crate) use self::job::{Job, run as run_job};
pub(crate) use self::pass::load_inner;
pub(crate) use self::table::{First, IndexSlice, Linear, MIN_TABLE_VARS, SmallFactors};
pub(crate) use self::weights::{INNER, INNER_VARS};

/// Both factors as they are given, or as they are stored between rounds.
pub(crate) enum Factors<'a> {
    Columns(Column<'a>, Column<'a>),
    /// Until a few variables are bound.
    Small(SmallFactors<'a>),
}

impl Factors<'_> {
    /// As scalars, for the last rounds.
    fn into_tail(self, constant: Fr) -> Tail {
        match self {
            Self::Columns(a, b) => Tail::new([a.to_scalars(), b.to_scalars()], constant),
            Self::Small(factors) => {
                let tail = Tail::new(factors.to_scalars(), constant);
                factors.bound.into_iter().fold(tail, |tail, r| tail.bound(Some(r)))
            }
        }
    }
}

/// What is summed besides w a b.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// c = 1, and a b = 1 on the cube: the products there are known to vanish.
    pub(crate) vanishing: bool,
    /// The coefficient lambda of a.
    pub(crate) linear: Option<Fr>,
}

/// The prover's state.
pub(crate) struct Quadratic<'a> {
    backend: BackendKind,
    weights: Weights,
    terms: Terms,
    stage: Stage<'a>,
}

enum Stage<'a> {
    /// Before the first round.
    Given(Factors<'a>),
    /// The packed rounds.
    Packed { factors: Factors<'a>, sums: BlockSums, inner: Vec<Block<Fr>> },
    /// At most [`INNER_VARS`] variables.
    Tail(Tail),
}

impl<'a> Quadratic<'a> {
    /// Factors of 2^`num_vars` values each, weighted by eq(`point`, first variables).
    pub(crate) fn new(num_vars: usize, point: &[Fr], factors: Factors<'a>, terms: Terms) -> Self {
        let weights = Weights::new(point, num_vars);
        Self { backend: BackendKind::active(), weights, terms, stage: Stage::Given(factors) }
    }

    pub(crate) fn set_backend(&mut self, backend: BackendKind) {
        self.backend = backend;
    }

    pub(crate) fn set_linear(&mut self, lambda: Fr) {
        self.terms.linear = Some(lambda);
    }

    pub(crate) fn num_vars(&self) -> usize {
        self.weights.num_vars()
    }

    pub(crate) fn degree(&self) -> usize {
        self.weights.degree()
    }

    /// See [`SumcheckInstance::round`](crate::SumcheckInstance::round).
    pub(crate) fn round(&mut self, previous: Option<Fr>) -> RoundPolynomial {
        self.advance(previous);
        let (t, linear) = match &self.stage {
            Stage::Packed { sums, .. } => (sums.totals(self.backend), sums.linear_at_zero()),
            Stage::Tail(tail) => (tail.totals(&self.weights.rest()), tail.linear_at_zero()),
            // `advance` leaves this stage.
            Stage::Given(_) => ([Fr::zero(); 3], Fr::zero()),
        };
        let linear = self.terms.linear.map_or_else(Fr::zero, |lambda| lambda * linear);
        self.weights.round_polynomial(t, linear)
    }

    /// See [`SumcheckInstance::finish`](crate::SumcheckInstance::finish): [a, b] at the point.
    pub(crate) fn finish(&mut self, last: Option<Fr>) -> [Fr; 2] {
        self.advance(last);
        match &self.stage {
            Stage::Tail(tail) => tail.values(),
            // Not all variables were bound: the caller's bug, and there is no value at a point yet.
            Stage::Packed { .. } | Stage::Given(_) => [Fr::zero(); 2],
        }
    }

    /// Binds the previous variable and makes the sums of the current one.
    fn advance(&mut self, previous: Option<Fr>) {
        let stage = mem::replace(&mut self.stage, Stage::Tail(Tail::default()));
        let remaining = self.weights.remaining() - usize::from(previous.is_some());
        self.stage = match (stage, previous) {
            (Stage::Given(mut factors), None) if remaining > INNER_VARS => {
                let inner = self.weights.inner();
                let sums = self.open(&mut factors, &inner);
                Stage::Packed { factors, sums, inner }
            }
            (Stage::Packed { factors, mut sums, inner }, Some(r)) if remaining > INNER_VARS => {
                sums.bind(self.backend, &self.weights, r);
                let factors = self.bind_and_evaluate(factors, &mut sums, &inner, (r, remaining));
                Stage::Packed { factors, sums, inner }
            }
            (Stage::Given(factors) | Stage::Packed { factors, .. }, previous) => {
                let constant = if self.terms.vanishing { Fr::one() } else { Fr::zero() };
                Stage::Tail(factors.into_tail(constant).bound(previous))
            }
            (Stage::Tail(tail), previous) => Stage::Tail(tail.bound(previous)),
        };
        if let Some(r) = previous {
            self.weights.bind(r);
        }
    }

    /// The first round: block sums from the factors as given.
    fn open(&self, factors: &mut Factors<'_>, inner: &[Block<Fr>]) -> BlockSums {
        let Terms { vanishing, linear } = self.terms;
        let mut sums = BlockSums::new(&self.weights, vanishing, linear.is_some());
        match factors {
            Factors::Columns(Column::Ints(a), Column::Ints(b))
                if a.is_narrow() && b.is_narrow() && !vanishing && linear.is_none() =>
            {
                let outputs = Outputs::of(&mut sums);
                job::run(self.backend, OpenInts { a: a.parts(), b: b.parts(), inner, outputs });
            }
            Factors::Columns(a, b) => {
                self.open_source(Unbound { a: a.halves(), b: b.halves() }, inner, &mut sums);
            }
            Factors::Small(factors) => self.open_small(factors, inner, &mut sums),
        }
        sums
    }

    fn open_source<S: Source>(&self, source: S, inner: &[Block<Fr>], sums: &mut BlockSums) {
        let outputs = Outputs::of(sums);
        if self.terms.vanishing {
            job::run(self.backend, Open::<_, false> { source, inner, outputs });
        } else {
            job::run(self.backend, Open::<_, true> { source, inner, outputs });
        }
    }

    /// The first round of a lookup, which also prepares the second.
    fn open_small(&self, factors: &mut SmallFactors<'_>, inner: &[Block<Fr>], sums: &mut BlockSums) {
        // Columns are given as such: there is no other first factor to begin with.
        let First::Table(table, indices) = factors.first else { return };
        let outer = sums.quadratic.len() / 2;
        let mut next = Default::default();
        let of_two = two_rounds(&mut sums.quadratic, &mut next);
        let mut parts = sums.linear.chunks_mut(outer);
        let linear = std::array::from_fn(|_| parts.next().unwrap_or_default());
        let pass = OpenTable::new((table, indices), &factors.second, inner, of_two, linear);
        job::run(self.backend, pass);
        factors.next = Some(next);
    }

    /// A later packed round, in one pass: binds the previous variable to `r` and writes the next quadratic
    /// coefficients. `remaining` variables are left.
    fn bind_and_evaluate(
        &self,
        factors: Factors<'a>,
        sums: &mut BlockSums,
        inner: &[Block<Fr>],
        (r, remaining): (Fr, usize),
    ) -> Factors<'a> {
        let factors = match factors {
            Factors::Columns(Column::Ints(a), Column::Ints(b)) if remaining >= MIN_TABLE_VARS => {
                Factors::Small(SmallFactors::of_columns(a, b))
            }
            other => other,
        };
        let pass = Pass {
            backend: self.backend,
            inner: (!self.weights.inner_is_trivial()).then_some(inner),
            quadratic: &mut sums.quadratic,
        };
        let (a, b) = match factors {
            Factors::Columns(Column::Field(a), Column::Field(b)) => pass.bind(a, b, r),
            Factors::Columns(Column::Ints(a), Column::Field(b)) => pass.bind(IntsToBind::new(a), b, r),
            Factors::Columns(Column::Field(a), Column::Ints(b)) => pass.bind(a, IntsToBind::new(b), r),
            Factors::Columns(Column::Ints(a), Column::Ints(b)) => {
                pass.bind(IntsToBind::new(a), IntsToBind::new(b), r)
            }
            Factors::Small(factors) => return self.bind_small(factors, sums, inner, (r, remaining)),
        };
        Factors::Columns(Column::Field(a), Column::Field(b))
    }

    /// The same for factors that are bound as they are read until they are stored.
    fn bind_small(
        &self,
        mut factors: SmallFactors<'a>,
        sums: &mut BlockSums,
        inner: &[Block<Fr>],
        (r, remaining): (Fr, usize),
    ) -> Factors<'a> {
        // The pass of the round before may have prepared this one.
        if let Some(quadratic) = factors.bind(self.backend, r) {
            sums.quadratic = quadratic;
            return Factors::Small(factors);
        }
        if factors.goes_on(remaining) {
            let gather = Gather::new(&factors, 4);
            let mut next = Default::default();
            let sums = two_rounds(&mut sums.quadratic, &mut next);
            job::run(self.backend, OpenGathered { gather, inner, sums });
            factors.next = Some(next);
            return Factors::Small(factors);
        }
        let len = (factors.len() * LANES) >> factors.bound.len();
        let (mut h, mut a) = (PackedVec::zeros(len), PackedVec::zeros(len));
        let out = [&mut h, &mut a].map(|vector| {
            let blocks = vector.blocks_mut();
            let middle = blocks.len() / 2;
            blocks.split_at_mut(middle).into()
        });
        let (gather, quadratic) = (Gather::new(&factors, 2), sums.quadratic.as_mut_slice());
        job::run(self.backend, Gathered { gather, inner, quadratic, out });
        Factors::Columns(Column::Field(h), Column::Field(a))
    }
}

/// Where a pass writes that serves two rounds: the first one's quadratic coefficients by the value of the second one's variable, and
/// [`SmallFactors::next`].
fn two_rounds<'s>(quadratic: &'s mut [Fr], next: &'s mut [Vec<Fr>; 3]) -> [&'s mut [Fr]; 5] {
    let outer = quadratic.len() / 2;
    *next = std::array::from_fn(|_| vec![Fr::zero(); outer]);
    let (low, high) = quadratic.split_at_mut(outer);
    let [at_zero, at_one, curvature] = next.each_mut().map(Vec::as_mut_slice);
    [low, high, at_zero, at_one, curvature]
}

/// The unchanging part of a pass of a later round.
struct Pass<'p> {
    backend: BackendKind,
    inner: Option<&'p [Block<Fr>]>,
    quadratic: &'p mut [Fr],
}

impl Pass<'_> {
    fn run<S: Source>(self, source: S) {
        job::run(self.backend, Evaluate { source, inner: self.inner, quadratic: self.quadratic });
    }

    /// Binds two columns.
    fn bind<A: Stored, B: Stored>(self, mut a: A, mut b: B, r: Fr) -> (PackedVec<Fr>, PackedVec<Fr>) {
        self.run(Bound { a: a.column(r), b: b.column(r) });
        (a.into_bound(), b.into_bound())
    }
}
