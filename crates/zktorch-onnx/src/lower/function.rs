//! Functions: a lookup, with the scales of its argument and its value.

use zktorch_graph::{
    Binary, Formula, Function, Instruction, Interval, Role, Step, Table, TableId, Tensor, Unary,
};

use super::quantise::fit;
use super::{Lowering, Value};
use crate::Result;
use crate::program::{Id, Kind};

/// Points at which a function is looked at to choose scales.
const SAMPLES: usize = 512;

impl Lowering<'_> {
    /// y = f(x).
    pub(super) fn function(&mut self, x: Id, formula: &Formula, y: Id) -> Result<Value> {
        let value = self.value(x)?;
        let own = self.own_scale(&value);
        let exact = self.program.value(y).kind != Kind::Float;
        let plan = if exact { self.exact(formula, &value) } else { self.approximate(formula, x, own) };
        let table = self.table(plan.table);
        let stored = self.rescale(&value, plan.scale, plan.domain, Role::LookupInput(table), x)?;
        if plan.scale == own && (value.is_pending() || value.expr.terms.len() > 1) {
            self.replace(x, stored.clone());
        }
        let name = self.name(y);
        self.look_up(&stored, table, plan.range, plan.output_scale, name)
    }

    /// Integers of integers.
    fn exact(&self, formula: &Formula, value: &Value) -> Plan {
        let domain = [Interval::I16, Interval::new(-(1 << 16), (1 << 16) - 1)];
        let inside = |d: &&Interval| i128::from(d.lo) <= value.bounds.0 && value.bounds.1 <= i128::from(d.hi);
        let domain = domain.iter().find(inside).copied().unwrap_or(domain[1]);
        Plan::new(formula, domain, value.scale, 0)
    }

    fn approximate(&self, formula: &Formula, x: Id, own: i32) -> Plan {
        if *formula == Formula::argument().with_constant(Binary::Max, 0.0) {
            let table = Table { function: Function::Relu, domain: Interval::I16 };
            let range = Interval::new(0, Interval::I16.hi);
            return Plan { table, domain: Interval::I16, range, scale: own, output_scale: own };
        }
        if keeps_integers(formula) {
            return Plan::new(formula, Interval::I16, own, own);
        }
        let (lo, hi) = self.statistics.range(x);
        let points = (0..=SAMPLES).map(|i| lo + (hi - lo) * i as f64 / SAMPLES as f64);
        let max = points.map(|x| formula.eval(x).abs()).filter(|y| y.is_finite()).fold(0f64, f64::max);
        let output_scale = if max > 0.0 { fit(max) - 1 } else { own };
        Plan::new(formula, Interval::I16, own, output_scale)
    }

    /// The step of a lookup of a value that is one tensor.
    pub(super) fn look_up(
        &mut self,
        x: &Value,
        table: TableId,
        range: Interval,
        scale: i32,
        name: &str,
    ) -> Result<Value> {
        let x_id = self.last_tensor(x)?;
        let y = self.add_tensor(Tensor {
            name: name.into(),
            shape: x.expr.shape.clone(),
            scale,
            range,
            role: Role::LookupOutput(table),
        });
        self.graph.steps.push(Step::Lookup { table, x: x_id, y });
        Ok(self.tensor_value(y, x.axes.clone(), x.max_abs))
    }
}

/// How a function is looked up.
struct Plan {
    table: Table,
    domain: Interval,
    range: Interval,
    scale: i32,
    output_scale: i32,
}

impl Plan {
    fn new(formula: &Formula, domain: Interval, scale: i32, output_scale: i32) -> Self {
        let (lo, hi) = (-(1 << 16), (1 << 16) - 1);
        let formula = formula.clone();
        let function = Function::Formula { formula, input_scale: scale, output_scale, lo, hi };
        let table = Table { function, domain };
        let image = table.image();
        let range = Interval::new(image.lo.min(0), image.hi.max(0));
        Self { table, domain, range, scale, output_scale }
    }
}

/// Whether a function maps multiples of a number to such: minima, maxima and signs of the argument and numbers.
fn keeps_integers(formula: &Formula) -> bool {
    formula.0.iter().all(|instruction| {
        matches!(
            instruction,
            Instruction::Argument
                | Instruction::Constant(_)
                | Instruction::Unary(Unary::Neg | Unary::Abs)
                | Instruction::Binary(Binary::Min | Binary::Max)
        )
    })
}
