//! Many inferences of one network as one graph: what belongs to one inference gets a first axis, with an index for each.

use crate::{
    AxisMap, Contract, Entry, Expr, Factor, Graph, GraphError, Linear, Operand, Role, Shape, Step, TensorId,
    Term, View,
};

/// Entries of maps that repeat what all inferences share, of a graph: what deriving it may allocate.
const REPEATED: u64 = 1 << 22;

impl Graph {
    /// The graph of `count` inferences of this one, a function of the two alone: tensors, tables and steps are the same, under the
    /// same numbers, but every tensor that is neither a weight nor the [one](Role::One) has a first axis of `count` entries.
    ///
    /// Weights are those of this graph, so they lie where they lay: what was committed of them is what the derived graph reads. A view
    /// of them is repeated along the new axis where it stands beside tensors that have it; a contraction with them keeps them as they
    /// are, and the new axis is one of its free axes (a batch axis where both operands have it). A gather from a weight reads
    /// `indices[i, p]` in the place of `indices[p]`. Entry by entry along the new axis the graph computes what this one does.
    ///
    /// The result is to be validated like any other graph.
    ///
    /// # Errors
    /// [`GraphError::Batch`] for a view that has no such form, which is one with indices from public inputs into a tensor that every
    /// inference has its own of, or with two such maps; for no inference; and for more than can be written down.
    pub fn batched(&self, count: u32) -> Result<Self, GraphError> {
        let batch = Batch { graph: self, count };
        let repeated = self.steps.iter().flat_map(Step::views).filter(|view| batch.is_shared(view)).count();
        let entries = (repeated as u64).saturating_mul(count.into());
        if count == 0 || entries > REPEATED {
            let most = REPEATED / (repeated as u64).max(1);
            let (expected, got) = (format!("from 1 to {most} inferences"), count.to_string());
            return Err(GraphError::Batch { place: "the graph".to_owned(), expected, got });
        }
        let mut tensors = self.tensors.clone();
        for tensor in tensors.iter_mut().filter(|tensor| !is_shared(tensor.role)) {
            tensor.shape = batch.shape(&tensor.shape);
        }
        let step = |(index, step)| batch.step(step).map_err(|error| error.of_step(index));
        let steps = self.steps.iter().enumerate().map(step).collect::<Result<_, _>>()?;
        let (tables, inputs, outputs) = (self.tables.clone(), self.inputs.clone(), self.outputs.clone());
        Ok(Self { tensors, tables, steps, inputs, outputs })
    }
}

impl GraphError {
    /// With the number of the step that it is about.
    fn of_step(self, index: usize) -> Self {
        match self {
            Self::Batch { place, expected, got } => {
                Self::Batch { place: format!("step {index}: {place}"), expected, got }
            }
            other => other,
        }
    }
}

/// Whether all inferences have one tensor of this role together.
fn is_shared(role: Role) -> bool {
    matches!(role, Role::Weight | Role::One)
}

/// Every axis behind the new one.
fn behind(axes: &[u32]) -> Vec<u32> {
    axes.iter().map(|axis| axis.saturating_add(1)).collect()
}

struct Batch<'a> {
    graph: &'a Graph,
    count: u32,
}

impl Batch<'_> {
    fn shape(&self, shape: &Shape) -> Shape {
        Shape::new([&[self.count], shape.dims()].concat())
    }

    /// Whether a tensor is the same in all inferences. There is no such tensor in a valid graph that is none of its own.
    fn is_shared_tensor(&self, id: TensorId) -> bool {
        self.graph.tensors.get(id.0 as usize).is_some_and(|tensor| is_shared(tensor.role))
    }

    /// Whether a view is the same in all inferences: it reads no tensor, and no indices, of which each has its own.
    fn is_shared(&self, view: &View) -> bool {
        view.reads().all(|id| self.is_shared_tensor(id))
    }

    fn is_shared_linear(&self, linear: &Linear) -> bool {
        linear.views().all(|view| self.is_shared(view))
    }

    /// A view with the new axis.
    fn view(&self, view: &View) -> Result<View, GraphError> {
        let own = !self.is_shared_tensor(view.tensor);
        let src = |axes: &[u32]| if own { behind(axes) } else { axes.to_vec() };
        let mut factors: Vec<Factor> = (view.factors.iter())
            .map(|factor| Factor { src: src(&factor.src), out: behind(&factor.out), map: factor.map.clone() })
            .collect();
        let mut gathers = factors.iter_mut().filter(|factor| factor.indices().is_some());
        match (own, gathers.next(), gathers.next()) {
            (true, None, _) => {
                factors.insert(0, Factor { src: vec![0], out: vec![0], map: AxisMap::Identity });
            }
            (false, None, _) => {
                let entries = (0..self.count).map(|out| Entry { out, src: 0, coeff: 1 }).collect();
                factors.insert(0, Factor { src: vec![], out: vec![0], map: AxisMap::Sparse(entries) });
            }
            // The indices have the new axis as well, before their others.
            (false, Some(gather), None) => gather.out.insert(0, 0),
            (_, _, second) => {
                let got = match second {
                    Some(_) => "two of them in one view",
                    None => "indices into a tensor of every inference's own",
                };
                let expected = "indices from public inputs only into weights, once in a view".to_owned();
                let place = self.graph.place(view.tensor.0 as usize);
                return Err(GraphError::Batch { place, expected, got: got.to_owned() });
            }
        }
        Ok(View { tensor: view.tensor, shape: self.shape(&view.shape), factors })
    }

    /// An operand with the new axis.
    fn linear(&self, linear: &Linear) -> Result<Linear, GraphError> {
        let term = |(coeff, view): &(i64, View)| Ok((*coeff, self.view(view)?));
        let terms = linear.terms.iter().map(term).collect::<Result<_, GraphError>>()?;
        Ok(Linear { shape: self.shape(&linear.shape), terms })
    }

    /// A contraction whose result has the new axis. What is shared stays without it, unless both operands are.
    fn contract(&self, contract: &Contract) -> Result<Contract, GraphError> {
        let Contract { a, b, a_axes, b_axes, out_axes } = contract;
        let [own_a, own_b] = [a, b].map(|linear| !self.is_shared_linear(linear));
        let used = || a_axes.iter().chain(b_axes).chain(out_axes);
        let label = (0..).find(|label| used().all(|used| used != label)).unwrap_or(u32::MAX);
        let with = |axes: &[u32]| [&[label], axes].concat();
        let operand = |linear: &Linear, axes: &[u32], own: bool| -> Result<_, GraphError> {
            if own { Ok((self.linear(linear)?, with(axes))) } else { Ok((linear.clone(), axes.to_vec())) }
        };
        let (a, a_axes) = operand(a, a_axes, own_a || !own_b)?;
        let (b, b_axes) = operand(b, b_axes, own_b)?;
        Ok(Contract { a, b, a_axes, b_axes, out_axes: with(out_axes) })
    }

    fn expr(&self, expr: &Expr) -> Result<Expr, GraphError> {
        let term = |term: &Term| {
            let operand = match &term.operand {
                Operand::View(view) => Operand::View(self.view(view)?),
                Operand::Contract(contract) => Operand::Contract(self.contract(contract)?),
            };
            Ok(Term { coeff: term.coeff, operand })
        };
        let terms = expr.terms.iter().map(term).collect::<Result<_, GraphError>>()?;
        Ok(Expr { shape: self.shape(&expr.shape), terms })
    }

    fn step(&self, step: &Step) -> Result<Step, GraphError> {
        let mut batched = step.clone();
        match &mut batched {
            Step::Lookup { .. } => {}
            Step::Rescale { acc: expr, .. }
            | Step::Saturate { acc: expr, .. }
            | Step::Root { a: expr, .. } => {
                *expr = self.expr(expr)?;
            }
            Step::Quotient { a, b, .. } => (*a, *b) = (self.expr(a)?, self.linear(b)?),
            Step::Gap { acc, axis, .. } => {
                *acc = self.expr(acc)?;
                *axis = axis.saturating_add(1);
            }
        }
        Ok(batched)
    }
}

#[cfg(test)]
#[cfg(feature = "executor")]
mod tests;
