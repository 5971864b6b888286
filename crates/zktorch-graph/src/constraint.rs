//! What a step stands for in a proof: a list of constraints on committed tensors. The only place that says
//! so: planner, limits,
//! prover and verifier read the list and know no step.

use crate::{
    AxisMap, Contract, Entry, Expr, Factor, Graph, Limbs, Linear, Operand, Role, Shape, Step, TableId,
    TensorId, View,
};

/// A tensor that is read by a constraint: committed, or virtual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A tensor itself.
    Tensor(TensorId),
    /// A view.
    View(View),
    /// A contraction.
    Contract(Contract),
}

/// What is proved about tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// `constant box + sum_t coeff_t slot_t = 0` on the whole padded cube, box being the indicator of the
    /// real entries. Over the
    /// integers: validation keeps every term below 2^100, so nothing wraps in the field.
    Zero {
        /// Extents of all slots.
        shape: Shape,
        /// What is added to real entries.
        constant: i128,
        /// Coefficients and what they multiply.
        terms: Vec<(i128, Slot)>,
    },
    /// `(x, y)` is an entry of the table, in every real entry.
    Lookup {
        /// f.
        table: TableId,
        /// The arguments.
        x: TensorId,
        /// The values f(x).
        y: TensorId,
    },
}

/// A [`Constraint::Zero`] in the making.
struct Zero<'a> {
    shape: &'a Shape,
    constant: i128,
    terms: Vec<(i128, Slot)>,
}

impl<'a> Zero<'a> {
    fn new(shape: &'a Shape) -> Self {
        Self { shape, constant: 0, terms: Vec::new() }
    }

    fn constant(mut self, constant: i128) -> Self {
        self.constant += constant;
        self
    }

    fn tensor(mut self, coeff: i128, id: TensorId) -> Self {
        self.terms.push((coeff, Slot::Tensor(id)));
        self
    }

    fn limbs(self, coeff: i128, limbs: &Limbs) -> Self {
        limbs.weighted().fold(self, |zero, (weight, id)| zero.tensor(coeff * i128::from(weight), id))
    }

    fn view(mut self, coeff: i128, view: View) -> Self {
        self.terms.push((coeff, Slot::View(view)));
        self
    }

    fn product(mut self, coeff: i128, a: Linear, b: Linear) -> Self {
        self.terms.push((coeff, Slot::Contract(Contract::elementwise(a, b))));
        self
    }

    fn linear(mut self, coeff: i128, linear: &Linear) -> Self {
        let terms = linear.terms.iter().map(|(c, view)| (coeff * i128::from(*c), Slot::View(view.clone())));
        self.terms.extend(terms);
        self
    }

    fn expr(mut self, expr: &Expr) -> Self {
        self.terms.extend(expr.terms.iter().map(|term| {
            let slot = match &term.operand {
                Operand::View(view) => Slot::View(view.clone()),
                Operand::Contract(contract) => Slot::Contract(contract.clone()),
            };
            (term.coeff.into(), slot)
        }));
        self
    }

    fn done(self) -> Constraint {
        Constraint::Zero { shape: self.shape.clone(), constant: self.constant, terms: self.terms }
    }
}

impl View {
    /// A tensor in the shape without an axis, repeated along it.
    fn repeated(tensor: TensorId, shape: &Shape, axis: u32) -> Self {
        let extent = shape.dims().get(axis as usize).copied().unwrap_or(1);
        let entries = (0..extent).map(|out| Entry { out, src: 0, coeff: 1 }).collect();
        let repeated = Factor { src: vec![], out: vec![axis], map: AxisMap::Sparse(entries) };
        let rest = others(shape, axis).zip(0u32..).map(|(out, src)| (src, out));
        Self { tensor, shape: shape.clone(), factors: identities(rest).chain([repeated]).collect() }
    }

    /// The sums of a tensor of this shape along an axis.
    fn summed(tensor: TensorId, shape: &Shape, axis: u32) -> Self {
        let extent = shape.dims().get(axis as usize).copied().unwrap_or(1);
        let entries = (0..extent).map(|src| Entry { out: 0, src, coeff: 1 }).collect();
        let summed = Factor { src: vec![axis], out: vec![], map: AxisMap::Sparse(entries) };
        let rest = others(shape, axis).zip(0u32..);
        Self { tensor, shape: shape.without(axis), factors: identities(rest).chain([summed]).collect() }
    }
}

/// The axes of a shape but one.
fn others(shape: &Shape, axis: u32) -> impl Iterator<Item = u32> {
    (0u32..).take(shape.rank()).filter(move |other| *other != axis)
}

/// Identities from source to output axes.
fn identities(pairs: impl Iterator<Item = (u32, u32)>) -> impl Iterator<Item = Factor> {
    pairs.map(|(src, out)| Factor { src: vec![src], out: vec![out], map: AxisMap::Identity })
}

impl Contract {
    /// The sums along an axis of the products of two operands of one shape.
    fn along(a: Linear, b: Linear, axis: u32) -> Self {
        let out_axes = others(&a.shape, axis).collect();
        Self { out_axes, ..Self::elementwise(a, b) }
    }

    /// The elementwise product of two operands of one shape.
    pub fn elementwise(a: Linear, b: Linear) -> Self {
        let axes: Vec<u32> = (0u32..).take(a.shape.rank()).collect();
        Self { a, b, a_axes: axes.clone(), b_axes: axes.clone(), out_axes: axes }
    }
}

impl Step {
    /// The constraints of a step of this (validated) graph: what is proved about it. With the ranges of the
    /// tensors, which are
    /// proved as well, they determine everything that the step defines; the comments say which one pins what.
    ///
    /// # Panics
    /// May panic if the graph is not valid.
    pub fn constraints(&self, graph: &Graph) -> Vec<Constraint> {
        let mut list = Vec::new();
        match self {
            Self::Rescale { acc, divisor, y, r, slack } => {
                // y and r, given 0 <= r < D: by the range of r, or by that of the slack.
                let d = i128::from(*divisor);
                let zero = Zero::new(&acc.shape).constant(d / 2).limbs(-d, y).limbs(-1, r);
                list.push(zero.expr(acc).done());
                list.extend(below(&acc.shape, *divisor, r, slack));
            }
            Self::Lookup { .. } => {}
            Self::Quotient { a, b, q, r, slack } => {
                // q and r, given 0 <= r < b.
                let zero = Zero::new(&a.shape).limbs(-1, r).product(-1, q.linear(&a.shape), b.clone());
                list.push(zero.expr(a).done());
                // The slack, and so r < b and b > 0.
                let zero = Zero::new(&a.shape).constant(1).limbs(1, r).limbs(1, slack);
                list.push(zero.linear(-1, b).done());
            }
            Self::Root { a, y, r, slack } => {
                // y and r, given y >= 0 and 0 <= r <= 2 y.
                let root = || y.linear(&a.shape);
                let zero = Zero::new(&a.shape).limbs(-1, r).product(-1, root(), root());
                list.push(zero.expr(a).done());
                // The slack, and so r <= 2 y.
                list.push(Zero::new(&a.shape).limbs(1, r).limbs(1, slack).limbs(-2, y).done());
            }
            Self::Saturate { acc, divisor, y, r, slack, excess, negative } => {
                // y + e and r, given 0 <= r < D.
                let (d, shape) = (i128::from(*divisor), &acc.shape);
                let zero = Zero::new(shape).constant(d / 2).tensor(-d, *y).limbs(-d, excess).limbs(-1, r);
                list.push(zero.expr(acc).done());
                list.extend(below(shape, *divisor, r, slack));
                // How y + e is split: e (hi - y - (hi - lo) nu) = 0, nu = [e < 0] being looked up. So y = hi
                // where e > 0, and
                // y = lo where e < 0; where e = 0 the range of y says that nothing saturates.
                let range = graph.tensor(*y).range;
                let (lo, hi) = (i64::from(range.lo), i64::from(range.hi));
                let [mut reached, nu] = [y, negative].map(|id| Limbs::from(*id).linear(shape));
                reached.terms.extend(nu.terms.into_iter().map(|(_, view)| (hi - lo, view)));
                let zero = Zero::new(shape).limbs(hi.into(), excess);
                list.push(zero.product(-1, excess.linear(shape), reached).done());
            }
            Self::Gap { acc, divisor, r, slack, axis, max, gap, excess, chosen } => {
                // x = max - gap - excess and r, given 0 <= r < D.
                let (d, shape) = (i128::from(*divisor), &acc.shape);
                let zero = Zero::new(shape).constant(d / 2).limbs(d, gap).limbs(d, excess).limbs(-1, r);
                let spread = max.weighted().fold(zero, |zero, (weight, id)| {
                    zero.view(-d * i128::from(weight), View::repeated(id, shape, *axis))
                });
                list.push(spread.expr(acc).done());
                list.extend(below(shape, *divisor, r, slack));
                // The maximum, given that gap and excess are not negative: one entry is chosen, and it is at no distance.
                let (row, one) = (shape.without(*axis), *chosen);
                let count = Zero::new(&row).constant(-1);
                list.push(count.view(1, View::summed(one, shape, *axis)).done());
                let mut distance = gap.linear(shape);
                distance.terms.extend(excess.linear(shape).terms);
                let chosen = Limbs::from(one).linear(shape);
                let product = Slot::Contract(Contract::along(chosen, distance, *axis));
                list.push(Constraint::Zero { shape: row, constant: 0, terms: vec![(1, product)] });
                // How max - x is split: excess (top - gap) = 0.
                if !excess.is_empty() {
                    let top = gap.range(graph)[1];
                    let product = Zero::new(shape).product(-1, excess.linear(shape), gap.linear(shape));
                    list.push(product.limbs(top, excess).done());
                }
            }
        }
        list.extend(self.lookup(graph).map(|(table, x, y)| Constraint::Lookup { table, x, y }));
        list
    }

    /// Table, argument and value of the lookup among the constraints.
    pub fn lookup(&self, graph: &Graph) -> Option<(TableId, TensorId, TensorId)> {
        match self {
            Self::Lookup { table, x, y } => Some((*table, *x, *y)),
            Self::Saturate { excess, negative, .. } => {
                let top = excess.top()?;
                match graph.tensors.get(top.0 as usize)?.role {
                    Role::LookupInput(table) => Some((table, top, *negative)),
                    _ => None,
                }
            }
            Self::Rescale { .. } | Self::Quotient { .. } | Self::Root { .. } | Self::Gap { .. } => None,
        }
    }
}

/// `r + slack = D - 1`: the slack, and so r < D. Nothing where the range of r says so.
fn below(shape: &Shape, divisor: u64, r: &Limbs, slack: &Limbs) -> Option<Constraint> {
    let zero = Zero::new(shape).constant(1 - i128::from(divisor)).limbs(1, r).limbs(1, slack);
    (!slack.is_empty()).then(|| zero.done())
}
