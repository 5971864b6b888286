//! A valid graph with every step that is more than a rescaling, one of each.

use crate::{
    AxisMap, Binary, Entry, Expr, Factor, Formula, Function, Graph, Interval, Limbs, Linear, Operand, Role,
    Shape, Step, Table, TableId, Tensor, TensorId, Term, View, Visibility,
};

fn shape() -> Shape {
    Shape::new([3])
}

impl Graph {
    /// The tensor with this name.
    pub(crate) fn named(&self, name: &str) -> TensorId {
        let found = self.tensors.iter().position(|tensor| tensor.name == name);
        TensorId(found.unwrap_or_else(|| panic!("no tensor {name}")) as u32)
    }

    fn add(&mut self, name: &str, range: (i32, i32), role: Role) -> TensorId {
        let range = Interval::new(range.0, range.1);
        self.tensors.push(Tensor { name: name.to_owned(), shape: shape(), scale: 0, range, role });
        TensorId(self.tensors.len() as u32 - 1)
    }

    fn add_limbs(&mut self, name: &str, count: usize, top: i32) -> Limbs {
        let limb = |i: usize| {
            let range = (0, if i + 1 < count { Limbs::LOW.hi } else { top });
            self.add(&format!("{name}{i}"), range, Role::Ranged)
        };
        Limbs((0..count).map(limb).collect())
    }
}

fn times(coeff: i64, id: TensorId) -> Expr {
    let operand = Operand::View(View::identity(id, &shape()));
    Expr { shape: shape(), terms: vec![Term { coeff, operand }] }
}

/// Of a public input x of any range and a positive one d: `x 2^20` in limbs; that by 1,000,003; `x / (d +
/// 1)`; the root of d;
/// x / 16 clamped to [-8, 7]; how far the entries of x / 3 are below the largest one, clamped to 1000.
pub(crate) fn wide() -> Graph {
    let mut graph = Graph::default();
    let formula = Formula::argument().with_constant(Binary::Less, 0.0);
    let (input_scale, output_scale, lo, hi) = (0, 0, 0, 1);
    let function = Function::Formula { formula, input_scale, output_scale, lo, hi };
    graph.tables.push(Table { function, domain: Interval::new(-(1 << 12), (1 << 12) - 1) });
    let public = Visibility::Public;
    let x = graph.add("x", (i32::MIN, i32::MAX), Role::Input(public));
    let d = graph.add("d", (0, 100_000), Role::Input(public));
    graph.inputs = vec![x, d];
    graph.tensors.push(Tensor::one());
    let one = graph.named("one");

    let y = graph.add_limbs("exact", 3, 0);
    graph.tensors[y.0[2].0 as usize].range = Interval::new(-(1 << 16), (1 << 16) - 1);
    let none = Limbs::default();
    let exact = Expr::from(y.linear(&shape()));
    graph.steps.push(Step::Rescale {
        acc: times(1 << 16, x),
        divisor: 1,
        y,
        r: none.clone(),
        slack: none.clone(),
    });

    let y = graph.add("odd", (-(1 << 30), 1 << 30), Role::Output(public));
    let (r, slack) = (graph.add_limbs("odd r", 2, 15), graph.add_limbs("odd slack", 2, 15));
    graph.steps.push(Step::Rescale { acc: exact, divisor: 1_000_003, y: y.into(), r, slack });

    let ones = |src: u32| (0..3).map(|out| Entry { out, src, coeff: 1 }).collect();
    let factors = vec![Factor { src: vec![], out: vec![0], map: AxisMap::Sparse(ones(0)) }];
    let terms = vec![(1, View::identity(d, &shape())), (1, View { tensor: one, shape: shape(), factors })];
    let b = Linear { shape: shape(), terms };
    let q = graph.add_limbs("q", 2, 0);
    graph.tensors[q.0[1].0 as usize].range = Interval::new(-(1 << 15), (1 << 15) - 1);
    let (r, slack) = (graph.add_limbs("q r", 1, 100_000), graph.add_limbs("q slack", 1, 100_000));
    graph.steps.push(Step::Quotient { a: times(1, x), b, q, r, slack });

    let y = graph.add_limbs("root", 1, 400);
    let (r, slack) = (graph.add_limbs("root r", 1, 800), graph.add_limbs("root slack", 1, 800));
    graph.steps.push(Step::Root { a: times(1, d), y, r, slack });

    let y = graph.add("clamped", (-8, 7), Role::Output(public));
    let r = graph.add_limbs("clamped r", 1, 15);
    let low = graph.add("excess0", (0, Limbs::LOW.hi), Role::Ranged);
    let top = graph.add("excess1", (-(1 << 12), (1 << 12) - 1), Role::LookupInput(TableId(0)));
    let negative = graph.add("negative", (0, 1), Role::LookupOutput(TableId(0)));
    let excess = Limbs(vec![low, top]);
    graph.steps.push(Step::Saturate { acc: times(1, x), divisor: 16, y, r, slack: none, excess, negative });

    let (r, gap) = (graph.add_limbs("gap r", 1, 2), graph.add_limbs("gap", 1, 1000));
    let (max, excess) = (graph.add_limbs("max", 2, 1 << 15), graph.add_limbs("beyond", 2, 1 << 16));
    for (i, limb) in max.0.iter().enumerate() {
        let lo = if i == 0 { 0 } else { -(1 << 15) };
        let tensor = &mut graph.tensors[limb.0 as usize];
        (tensor.shape, tensor.range.lo) = (Shape::default(), lo);
    }
    let chosen = graph.add("chosen", (0, 1), Role::Ranged);
    let (acc, slack) = (times(1, x), Limbs::default());
    graph.steps.push(Step::Gap { acc, divisor: 3, r, slack, axis: 0, max, gap, excess, chosen });
    graph.outputs = vec![graph.named("odd"), graph.named("clamped")];
    graph
}
