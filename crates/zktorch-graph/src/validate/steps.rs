//! Roles and steps: every committed tensor is defined once, before it is read.

use super::bounds::{Bound, Bounds};
use super::progress::Progress;
use super::rules::{At, invalid, require, show};
use super::{expr, limits, view};
use crate::{Expr, Graph, GraphError, Interval, Limbs, Role, Shape, Step, TableId, TensorId};

/// Checks the steps, and that they define what must be defined.
///
/// `signs` says of tables whether they are `v -> [v < 0]`, where that is known already.
pub(super) fn check(graph: &Graph, signs: Vec<Option<bool>>) -> Result<Bounds, GraphError> {
    let known = |role: Role| role.is_given() || role == Role::One;
    let defined = graph.tensors.iter().map(|tensor| known(tensor.role)).collect();
    let mut progress = Progress::new(graph, defined, signs);
    let mut steps = Vec::with_capacity(graph.steps.len());
    for (i, step) in graph.steps.iter().enumerate() {
        let bound = progress.step(step);
        steps.push(bound.at(|| format!("step {i}"))?);
    }
    for (id, tensor) in graph.tensors.iter().enumerate() {
        require(progress.defined[id], "defined by a step", 1, 0).at(|| graph.place(id))?;
        let unused = matches!(tensor.role, Role::LookupInput(_)) && !progress.looked_up[id];
        require(!unused, "argument of a lookup", 1, 0).at(|| graph.place(id))?;
    }
    Ok(Bounds { steps })
}

impl Progress<'_> {
    /// Checks a step and bounds its expressions.
    fn step(&mut self, step: &Step) -> Result<Bound, GraphError> {
        match step {
            Step::Lookup { table, x, y } => self.lookup(*table, *x, *y).map(|()| Bound::default()),
            Step::Rescale { acc, divisor, y, r, slack } => {
                let bound = self.divided(acc, *divisor)?;
                let y = self.value(y, &acc.shape).at(|| "y".to_owned())?;
                self.remainder(*divisor, r, slack, &acc.shape)?;
                small("D y", &[largest(y), u128::from(*divisor)])?;
                Ok(bound)
            }
            Step::Quotient { a, b, q, r, slack } => {
                let bound = expr::check(self, a).at(|| "a".to_owned())?;
                let divisor = expr::linear(self, b).at(|| "b".to_owned())?;
                expr::same(&b.shape, &a.shape).at(|| "b".to_owned())?;
                let q = self.value(q, &a.shape).at(|| "q".to_owned())?;
                self.natural(r, &a.shape).at(|| "r".to_owned())?;
                self.natural(slack, &a.shape).at(|| "slack".to_owned())?;
                small("b q", &[divisor.acc, largest(q)])?;
                Ok(bound.max(divisor))
            }
            Step::Root { a, y, r, slack } => {
                let bound = expr::check(self, a).at(|| "a".to_owned())?;
                let [lo, hi] = self.value(y, &a.shape).at(|| "y".to_owned())?;
                // (-y)^2 = y^2: only the range tells them apart.
                require(lo == 0, "range of a root", "one that begins at 0", lo).at(|| "y".to_owned())?;
                self.natural(r, &a.shape).at(|| "r".to_owned())?;
                self.natural(slack, &a.shape).at(|| "slack".to_owned())?;
                small("y^2", &[largest([lo, hi]), largest([lo, hi])])?;
                Ok(bound)
            }
            Step::Saturate { acc, divisor, y, r, slack, excess, negative } => {
                let bound = self.divided(acc, *divisor)?;
                let y = self.value(&(*y).into(), &acc.shape).at(|| "y".to_owned())?;
                self.remainder(*divisor, r, slack, &acc.shape)?;
                let e = self.excess(excess, *negative, &acc.shape).at(|| "excess".to_owned())?;
                covers(bound.acc, *divisor, y, e).at(|| "excess".to_owned())?;
                let sum = largest(y) + largest(e);
                small("D (y + e)", &[sum, u128::from(*divisor)])?;
                // The range of y has at most 2^32 values.
                small("e (hi - y)", &[largest(e), 1 << 33])?;
                Ok(bound)
            }
            Step::Gap { acc, divisor, r, slack, axis, max, gap, excess, chosen } => {
                let bound = self.divided(acc, *divisor)?;
                let (shape, rank) = (&acc.shape, acc.shape.rank());
                require((*axis as usize) < rank, "axis", format_args!("below {rank}"), axis)?;
                let extent = u64::from(shape.dims()[*axis as usize]);
                // The maximum is repeated, and the choice summed up.
                view::count(self, (max.len() as u64).saturating_add(1).saturating_mul(extent))?;
                let ranged = |role| role == Role::Ranged;
                let max = self.limbs(max, &shape.without(*axis), "Ranged", ranged);
                let max = largest(max.at(|| "max".to_owned())?);
                self.remainder(*divisor, r, slack, shape)?;
                let argument = |role| matches!(role, Role::Ranged | Role::LookupInput(_));
                let roles = "Ranged or LookupInput";
                let [lo, hi] = self.limbs(gap, shape, roles, argument).at(|| "gap".to_owned())?;
                require(lo == 0, "lowest value", 0, lo).at(|| "gap".to_owned())?;
                let gap = hi.unsigned_abs();
                let excess = match excess.is_empty() {
                    true => 0,
                    false => self.natural(excess, shape).at(|| "excess".to_owned())?.unsigned_abs(),
                };
                self.limbs(&(*chosen).into(), shape, "Ranged", ranged).at(|| "chosen".to_owned())?;
                let range = self.graph.tensor(*chosen).range;
                require(range == Interval::new(0, 1), "range", show(Interval::new(0, 1)), show(range))
                    .at(|| "chosen".to_owned())?;
                small("D (max - gap - excess)", &[max + gap + excess, u128::from(*divisor)])?;
                // Which of several largest entries is chosen is the prover's choice.
                self.unread[chosen.0 as usize] = true;
                // Below 2^66 and 2^32: sums of chosen (gap + excess) need no check.
                small("excess (top - gap)", &[excess, gap])?;
                Ok(bound)
            }
        }
    }

    /// An accumulator and what it is divided by.
    fn divided(&mut self, acc: &Expr, divisor: u64) -> Result<Bound, GraphError> {
        let holds = (1..=limits::DIVISOR).contains(&divisor);
        require(holds, "divisor", format_args!("1 to {}", limits::DIVISOR), divisor)?;
        expr::check(self, acc).at(|| "acc".to_owned())
    }

    /// Limbs that nothing but a step's constraints and their ranges pin: the result of a step, as lowest and
    /// highest value.
    fn value(&mut self, limbs: &Limbs, shape: &Shape) -> Result<[i128; 2], GraphError> {
        let one = limbs.len() == 1;
        let top = move |role| match role {
            Role::Ranged | Role::LookupInput(_) => true,
            Role::Output(_) => one,
            _ => false,
        };
        let roles = if one { "Ranged, LookupInput or Output" } else { "Ranged or LookupInput" };
        self.limbs(limbs, shape, roles, top)
    }

    /// Limbs of numbers from 0 on; the highest value.
    fn natural(&mut self, limbs: &Limbs, shape: &Shape) -> Result<i128, GraphError> {
        let [lo, hi] = self.limbs(limbs, shape, "Ranged", |role| role == Role::Ranged)?;
        require(lo == 0, "lowest value", 0, lo)?;
        Ok(hi)
    }

    /// Defines limbs: all but the last are Ranged over 16 bits exactly, so that every value has one
    /// representation.
    fn limbs(
        &mut self,
        limbs: &Limbs,
        shape: &Shape,
        roles: &str,
        top: impl Fn(Role) -> bool,
    ) -> Result<[i128; 2], GraphError> {
        let count = limbs.len();
        let expected = format_args!("1 to {}", Limbs::MAX).to_string();
        require((1..=Limbs::MAX).contains(&count), "number of limbs", expected, count)?;
        for (i, id) in limbs.0.iter().enumerate() {
            if i + 1 == count {
                self.define(*id, roles, &top, shape)?;
                continue;
            }
            self.define(*id, "Ranged", |role| role == Role::Ranged, shape)?;
            let range = self.graph.tensor(*id).range;
            require(range == Limbs::LOW, "range of a limb", show(Limbs::LOW), show(range))
                .at(|| self.graph.place(id.0 as usize))?;
        }
        Ok(limbs.range(self.graph))
    }

    /// A remainder of a division by a constant: `0 <= r < D` by its range, or because r and the slack add up
    /// to D - 1.
    fn remainder(&mut self, divisor: u64, r: &Limbs, slack: &Limbs, shape: &Shape) -> Result<(), GraphError> {
        let (last, one) = (i128::from(divisor) - 1, divisor <= limits::ONE_LIMB);
        if divisor == 1 {
            require(r.is_empty(), "remainder", "none, as the divisor is 1", "one")?;
        } else {
            require(!r.is_empty(), "remainder", "one, as the divisor is not 1", "none")?;
            require(
                !one || r.len() == 1,
                "limbs of a remainder",
                "1, as the divisor is at most 2^17",
                r.len(),
            )?;
        }
        let ranged = |role| role == Role::Ranged;
        let range = if r.is_empty() {
            [0, 0]
        } else {
            self.limbs(r, shape, "Ranged", ranged).at(|| "r".to_owned())?
        };
        let expected = format_args!("[0, {last}]").to_string();
        let exact = range == [0, last];
        let place = || self.graph.place(r.top().map_or(0, |id| id.0 as usize));
        let got = || format!("[{}, {}]", range[0], range[1]);
        require(exact || !one, "range of a remainder", &expected, got()).at(place)?;
        let enough = range[0] == 0 && range[1] >= last;
        require(enough, "range of a remainder", format!("{expected} or more"), got()).at(place)?;
        if exact {
            let expected = "none, as the range of the remainder ends at D - 1";
            return require(slack.is_empty(), "slack", expected, slack.len());
        }
        let needed = format_args!("one, as the remainder reaches {}", range[1]).to_string();
        require(!slack.is_empty(), "slack", needed, "none")?;
        let hi = self.natural(slack, shape).at(|| "slack".to_owned())?;
        require(hi >= last, "range of a slack", format!("{expected} or more"), format!("[0, {hi}]"))
            .at(|| "slack".to_owned())
    }

    /// The excess of a saturation and its sign: the last limb is looked up by this step.
    fn excess(&mut self, limbs: &Limbs, negative: TensorId, shape: &Shape) -> Result<[i128; 2], GraphError> {
        let is_argument = |role| matches!(role, Role::LookupInput(_));
        let range = self.limbs(limbs, shape, "LookupInput", is_argument)?;
        if let Some(top) = limbs.top()
            && let Role::LookupInput(table) = self.graph.tensor(top).role
        {
            let sign = self.is_sign(table);
            require(sign, "table", "1 for every negative number, else 0", "another function")?;
            self.lookup(table, top, negative)?;
        }
        Ok(range)
    }

    /// Whether a table is `v -> [v < 0]`. Every table is looked through once at most, and formulas were before.
    fn is_sign(&mut self, id: TableId) -> bool {
        let Some((known, table)) =
            self.signs.get_mut(id.0 as usize).zip(self.graph.tables.get(id.0 as usize))
        else {
            return false;
        };
        let function = |v: i32| table.function.eval(v) == i32::from(v < 0);
        *known.get_or_insert_with(|| (table.domain.lo..=table.domain.hi).all(function))
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
        self.define(y, &expected, is_value, &argument.shape).at(|| "y".to_owned())
    }

    /// Marks a tensor as defined by this step, in this shape.
    fn define(
        &mut self,
        id: TensorId,
        roles: &str,
        has_role: impl Fn(Role) -> bool,
        shape: &Shape,
    ) -> Result<(), GraphError> {
        let Some(tensor) = self.graph.tensors.get(id.0 as usize) else {
            return invalid("tensor id", format_args!("below {}", self.graph.tensors.len()), id.0);
        };
        let place = || self.graph.place(id.0 as usize);
        require(has_role(tensor.role), "role", roles, format_args!("{:?}", tensor.role)).at(place)?;
        let dims = [shape, &tensor.shape].map(|shape| format!("{:?}", shape.dims()));
        require(tensor.shape == *shape, "shape", &dims[0], &dims[1]).at(place)?;
        let again = std::mem::replace(&mut self.defined[id.0 as usize], true);
        require(!again, "defined by a step", 1, "more").at(|| self.graph.place(id.0 as usize))
    }
}

/// The largest absolute value between two.
fn largest([lo, hi]: [i128; 2]) -> u128 {
    lo.unsigned_abs().max(hi.unsigned_abs())
}

/// That a product of bounds is as small as accumulators are.
fn small(rule: &'static str, factors: &[u128]) -> Result<(), GraphError> {
    let product = factors.iter().fold(1u128, |product, factor| product.saturating_mul(*factor));
    let bits = u128::BITS - product.leading_zeros();
    require(bits <= limits::ACC_BITS, rule, "at most 100 bits", bits)
}

/// That the excess of a saturation reaches what an accumulator may be: no input is outside.
fn covers(acc: u128, divisor: u64, [lo, hi]: [i128; 2], excess: [i128; 2]) -> Result<(), GraphError> {
    // Below 2^100, and so is D.
    let (acc, divisor) = (acc as i128, i128::from(divisor));
    let round = |acc: i128| (acc + divisor / 2).div_euclid(divisor);
    let [below, above] = [(round(-acc) - lo).min(0), (round(acc) - hi).max(0)];
    let holds = excess[0] <= below && above <= excess[1];
    let [below, above] = [format!("[{below}, {above}]"), format!("[{}, {}]", excess[0], excess[1])];
    require(holds, "range of the excess", below, above)
}
