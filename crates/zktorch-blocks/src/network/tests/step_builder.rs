//! Steps whose values are wide, or have a slack: builders for tests.

use zktorch_graph::{
    AxisMap, Binary, Entry, Expr, Formula, Function, Interval, Limbs, Linear, Operand, Role, Shape, Step,
    Table, TableId, Tensor, TensorId, Term, View,
};

use crate::test_util::{Builder, factor};

impl Builder {
    /// The number 1 as every entry of a shape.
    pub(crate) fn ones(&mut self, dims: &[u32]) -> View {
        let found = self.graph.tensors.iter().position(|tensor| tensor.role == Role::One);
        let id = found.unwrap_or_else(|| {
            self.graph.tensors.push(Tensor::one());
            self.graph.tensors.len() - 1
        });
        let ones = |dim: u32| AxisMap::Sparse((0..dim).map(|out| Entry { out, src: 0, coeff: 1 }).collect());
        let factors = (0u32..).zip(dims).map(|(axis, dim)| factor(&[], &[axis], ones(*dim))).collect();
        View { tensor: TensorId(id as u32), shape: Shape::new(dims), factors }
    }

    /// Limbs `name 0`, `name 1`, .. with this range and role of the last one.
    pub(crate) fn limbs(
        &mut self,
        name: &str,
        dims: &[u32],
        count: usize,
        top: Interval,
        role: Role,
    ) -> Limbs {
        let limb = |i: usize| if i + 1 < count { (Limbs::LOW, Role::Ranged) } else { (top, role) };
        let add = |i: usize| {
            let (range, role) = limb(i);
            let id = self.tensor(&format!("{name} {i}"), dims, range, role);
            if let Role::Output(_) = role {
                self.graph.outputs.push(id);
            }
            id
        };
        Limbs((0..count).map(add).collect())
    }

    /// One limb that is Ranged from 0 on.
    pub(crate) fn natural(&mut self, name: &str, dims: &[u32], hi: i32) -> Limbs {
        self.limbs(name, dims, 1, Interval::new(0, hi), Role::Ranged)
    }

    /// The table `v -> [v < 0]`.
    pub(crate) fn sign_table(&mut self, domain: Interval) -> TableId {
        let formula = Formula::argument().with_constant(Binary::Less, 0.0);
        let (input_scale, output_scale, lo, hi) = (0, 0, 0, 1);
        let function = Function::Formula { formula, input_scale, output_scale, lo, hi };
        self.graph.tables.push(Table { function, domain });
        TableId(self.graph.tables.len() as u32 - 1)
    }

    /// `floor(a / b)`; remainder and slack up to `rest`.
    pub(crate) fn quotient(&mut self, a: Expr, b: Linear, q: Limbs, rest: i32) {
        let dims = a.shape.dims().to_vec();
        let (r, slack) = (self.natural("r", &dims, rest), self.natural("slack", &dims, rest));
        self.graph.steps.push(Step::Quotient { a, b, q, r, slack });
    }

    /// `floor(sqrt(a))`; remainder and slack up to `rest`.
    pub(crate) fn root(&mut self, a: Expr, y: Limbs, rest: i32) {
        let dims = a.shape.dims().to_vec();
        let (r, slack) = (self.natural("r", &dims, rest), self.natural("slack", &dims, rest));
        self.graph.steps.push(Step::Root { a, y, r, slack });
    }

    /// A clamped quotient by D > 1; the excess has `count` limbs, the last one in this range.
    pub(crate) fn saturate(&mut self, acc: Expr, divisor: u64, y: TensorId, count: usize, top: Interval) {
        let dims = acc.shape.dims().to_vec();
        let table = self.sign_table(top);
        let r = self.natural("r", &dims, divisor as i32 - 1);
        let excess = self.limbs("excess", &dims, count, top, Role::LookupInput(table));
        let negative = self.tensor("negative", &dims, Interval::new(0, 1), Role::LookupOutput(table));
        let slack = Limbs::default();
        self.graph.steps.push(Step::Saturate { acc, divisor, y, r, slack, excess, negative });
    }

    /// `coeff t`.
    pub(crate) fn times(&self, coeff: i64, id: TensorId) -> Expr {
        let view = self.view(id);
        Expr { shape: view.shape.clone(), terms: vec![Term { coeff, operand: Operand::View(view) }] }
    }
}
