//! Roles and steps: every committed tensor is defined once, before it is read.

use super::{At, Bound, Bounds, expr, invalid, limits, require, show};
use crate::{Expr, Graph, GraphError, Interval, Role, Step, TableId, TensorId};

/// What is known while the steps are gone through.
pub(super) struct Progress<'a> {
    pub(super) graph: &'a Graph,
    /// Tensors that may be read: weights, inputs, and what earlier steps defined.
    pub(super) defined: Vec<bool>,
    /// Arguments of a lookup so far.
    looked_up: Vec<bool>,
    /// Views so far.
    pub(super) views: usize,
    /// Entries of maps so far.
    pub(super) map_entries: u64,
}

/// Checks the steps, and that they define what must be defined.
pub(super) fn check(graph: &Graph) -> Result<Bounds, GraphError> {
    let given = |role| matches!(role, Role::Weight | Role::Input(_));
    let mut progress = Progress {
        graph,
        defined: graph.tensors.iter().map(|tensor| given(tensor.role)).collect(),
        looked_up: vec![false; graph.tensors.len()],
        views: 0,
        map_entries: 0,
    };
    let mut steps = Vec::with_capacity(graph.steps.len());
    for (i, step) in graph.steps.iter().enumerate() {
        let bound = match step {
            Step::Rescale { acc, divisor, y, r } => progress.rescale(acc, *divisor, *y, *r),
            Step::Lookup { table, x, y } => progress.lookup(*table, *x, *y).map(|()| Bound::default()),
        };
        steps.push(bound.at(|| format!("step {i}"))?);
    }
    for (id, tensor) in graph.tensors.iter().enumerate() {
        require(progress.defined[id], "defined by a step", 1, 0).at(|| graph.place(id))?;
        let unused = matches!(tensor.role, Role::LookupInput(_)) && !progress.looked_up[id];
        require(!unused, "argument of a lookup", 1, 0).at(|| graph.place(id))?;
    }
    Ok(Bounds { steps })
}

impl<'a> Progress<'a> {
    /// Nothing was counted yet, and every tensor is known.
    #[cfg(feature = "executor")]
    pub(super) fn all_defined(graph: &'a Graph) -> Self {
        let count = graph.tensors.len();
        Self { graph, defined: vec![true; count], looked_up: vec![false; count], views: 0, map_entries: 0 }
    }
}

impl Progress<'_> {
    fn rescale(
        &mut self,
        acc: &Expr,
        divisor: u32,
        y: TensorId,
        r: Option<TensorId>,
    ) -> Result<Bound, GraphError> {
        let holds = (1..=limits::DIVISOR).contains(&divisor);
        require(holds, "divisor", format_args!("1 to {}", limits::DIVISOR), divisor)?;
        let bound = expr::check(self, acc).at(|| "acc".to_owned())?;
        let by_rescale = |role| matches!(role, Role::Ranged | Role::LookupInput(_) | Role::Output(_));
        self.define(y, "Ranged, LookupInput or Output", by_rescale, acc).at(|| "y".to_owned())?;
        match r {
            None => require(divisor == 1, "remainder", "one, as the divisor is not 1", "none")?,
            Some(r) => {
                require(divisor != 1, "remainder", "none, as the divisor is 1", "one")?;
                self.define(r, "Ranged", |role| role == Role::Ranged, acc).at(|| "r".to_owned())?;
                let (range, expected) = (self.graph.tensor(r).range, Interval::new(0, divisor as i32 - 1));
                require(range == expected, "range of a remainder", show(expected), show(range))
                    .at(|| self.graph.place(r.0 as usize))?;
            }
        }
        Ok(bound)
    }

    fn lookup(&mut self, table: TableId, x: TensorId, y: TensorId) -> Result<(), GraphError> {
        let tables = self.graph.tables.len();
        require((table.0 as usize) < tables, "table id", format_args!("below {tables}"), table.0)?;
        self.readable(x).at(|| "x".to_owned())?;
        let argument = self.graph.tensor(x);
        let is_argument = argument.role == Role::LookupInput(table);
        require(
            is_argument,
            "role",
            format_args!("{:?}", Role::LookupInput(table)),
            format_args!("{:?}", argument.role),
        )
        .at(|| format!("x: {}", self.graph.place(x.0 as usize)))?;
        let again = std::mem::replace(&mut self.looked_up[x.0 as usize], true);
        require(!again, "argument of a lookup", 1, "more")
            .at(|| format!("x: {}", self.graph.place(x.0 as usize)))?;
        let is_value = |role| role == Role::LookupOutput(table);
        let expected = format!("{:?}", Role::LookupOutput(table));
        let shape = Expr { shape: argument.shape.clone(), terms: Vec::new() };
        self.define(y, &expected, is_value, &shape).at(|| "y".to_owned())
    }

    /// Marks a tensor as defined by this step, in the shape of `acc`.
    fn define(
        &mut self,
        id: TensorId,
        roles: &str,
        has_role: impl Fn(Role) -> bool,
        acc: &Expr,
    ) -> Result<(), GraphError> {
        let Some(tensor) = self.graph.tensors.get(id.0 as usize) else {
            return invalid("tensor id", format_args!("below {}", self.graph.tensors.len()), id.0);
        };
        let place = || self.graph.place(id.0 as usize);
        require(has_role(tensor.role), "role", roles, format_args!("{:?}", tensor.role)).at(place)?;
        require(tensor.shape == acc.shape, "shape", dims(acc), format_args!("{:?}", tensor.shape.dims()))
            .at(place)?;
        let again = std::mem::replace(&mut self.defined[id.0 as usize], true);
        require(!again, "defined by a step", 1, "more").at(|| self.graph.place(id.0 as usize))
    }

    /// That a tensor exists and is known before this step.
    pub(super) fn readable(&self, id: TensorId) -> Result<(), GraphError> {
        match self.defined.get(id.0 as usize) {
            None => invalid("tensor id", format_args!("below {}", self.defined.len()), id.0),
            Some(defined) => require(*defined, "order", "a tensor of an earlier step", "a later one")
                .at(|| self.graph.place(id.0 as usize)),
        }
    }
}

fn dims(acc: &Expr) -> String {
    format!("{:?}", acc.shape.dims())
}
