//! Random small graphs: valid but for the bounds of their accumulators, and of what saturations cover.

use super::oracle::{indices, padded};
use crate::{
    AxisMap, Binary, Contract, Entry, Expr, Factor, Formula, Function, Graph, Interval, Limbs, Linear,
    Operand, Role, Shape, Step, Table, TableId, Tensor, TensorId, Term, View, Visibility,
};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to n - 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(crate) fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        (1..items.len()).rev().for_each(|i| items.swap(i, self.below(i + 1)));
    }

    fn shape(&mut self, max_rank: usize) -> Shape {
        let rank = self.below(max_rank + 1);
        Shape::new((0..rank).map(|_| self.pick(&[1, 2, 3, 4, 5])).collect::<Vec<u32>>())
    }

    fn range(&mut self) -> Interval {
        let extremes =
            [(-(1 << 16), (1 << 16) - 1), (0, (1 << 17) - 1), (0, 0), (0, 1), (-3, 2), (-(1 << 15), 40)];
        let (lo, hi) = self.pick(&extremes);
        Interval::new(lo, hi)
    }

    /// Values in a range, often the ends.
    pub(crate) fn values(&mut self, tensor: &Tensor) -> Vec<i32> {
        let Interval { lo, hi } = tensor.range;
        (0..tensor.shape.len())
            .map(|_| match self.below(4) {
                0 => lo,
                1 => hi,
                _ => (i64::from(lo) + self.below(tensor.range.len()) as i64) as i32,
            })
            .collect()
    }

    /// A coefficient of up to so many bits.
    fn coeff(&mut self, bits: u32) -> i64 {
        let size = self.next() >> (64 - 1 - self.below(bits as usize + 1) as u32).min(63);
        if self.below(2) == 0 { size as i64 } else { -(size as i64) }
    }

    /// A view of a tensor in this shape.
    fn view(&mut self, graph: &Graph, tensor: TensorId, shape: &Shape, bits: u32) -> View {
        let source = &graph.tensor(tensor).shape;
        let groups = 1 + self.below(4);
        let mut factors = vec![Factor { src: vec![], out: vec![], map: AxisMap::Sparse(vec![]) }; groups];
        let mut axes: Vec<u32> = (0..source.rank() as u32).collect();
        self.shuffle(&mut axes);
        axes.into_iter().for_each(|axis| factors[self.below(groups)].src.push(axis));
        let mut axes: Vec<u32> = (0..shape.rank() as u32).collect();
        self.shuffle(&mut axes);
        axes.into_iter().for_each(|axis| factors[self.below(groups)].out.push(axis));
        for factor in &mut factors {
            let extents = |axes: &[u32], shape: &Shape| {
                axes.iter().map(|a| shape.dims()[*a as usize]).collect::<Vec<_>>()
            };
            let (src, out) = (extents(&factor.src, source), extents(&factor.out, shape));
            let special = self.below(4) > 0;
            factor.map = if special && src.len() == 1 && src == out {
                AxisMap::Identity
            } else if special && src.len() == 1 && out.len() == 2 {
                let [stride, dilation] = [1, 1].map(|one| one + self.below(3) as u32);
                AxisMap::Window { stride, dilation, pad: self.below(4) as u32 }
            } else {
                AxisMap::Sparse(self.entries(factor, source, shape, bits))
            };
        }
        View { tensor, shape: shape.clone(), factors }
    }

    fn entries(&mut self, factor: &Factor, source: &Shape, shape: &Shape, bits: u32) -> Vec<Entry> {
        let kind = self.below(4);
        let rows = |axes: &[u32], shape: &Shape| -> Vec<u32> {
            let mut dims = vec![1; shape.rank()];
            axes.iter().for_each(|axis| dims[*axis as usize] = shape.dims()[*axis as usize]);
            let mut rows: Vec<u32> = indices(&dims).iter().map(|index| padded(axes, index, shape)).collect();
            rows.sort_unstable();
            rows
        };
        let columns = rows(&factor.src, source);
        let mut entries = Vec::new();
        for out in rows(&factor.out, shape) {
            let one = self.below(columns.len());
            for (i, src) in columns.iter().enumerate() {
                let chosen = match kind {
                    0 => true,
                    1 => self.below(2) == 0,
                    _ => i == one && self.below(5) > 0,
                };
                let coeff =
                    if kind == 3 { 1 } else { self.coeff(bits.min(20)).clamp(-(1 << 20), 1 << 20) as i32 };
                if chosen && coeff != 0 {
                    entries.push(Entry { out, src: *src, coeff });
                }
            }
        }
        entries
    }

    fn linear(&mut self, graph: &Graph, readable: &[TensorId], shape: Shape, bits: u32) -> Linear {
        let terms = (0..1 + self.below(2)).map(|_| {
            let (coeff, tensor) = (self.coeff(bits), self.pick(readable));
            (coeff, self.view(graph, tensor, &shape, bits))
        });
        let terms = terms.collect();
        Linear { shape, terms }
    }

    fn contract(&mut self, graph: &Graph, readable: &[TensorId], out: &Shape, bits: u32) -> Contract {
        // (label, extent) of the axes of a and b.
        let (mut a, mut b) = (Vec::new(), Vec::new());
        let out_axes: Vec<u32> = (0..out.rank() as u32).map(|axis| 7 + 3 * axis).collect();
        for axis in out_axes.iter().copied().zip(out.dims().iter().copied()) {
            let kind = self.below(3);
            (kind != 1).then(|| a.push(axis));
            (kind != 2).then(|| b.push(axis));
        }
        for label in 0..self.below(3) as u32 {
            let axis = (label, self.pick(&[1, 2, 3, 5]));
            a.push(axis);
            b.push(axis);
        }
        self.shuffle(&mut a);
        self.shuffle(&mut b);
        let mut operand = |axes: &[(u32, u32)]| {
            let dims: Vec<u32> = axes.iter().map(|axis| axis.1).collect();
            self.linear(graph, readable, Shape::new(dims), bits)
        };
        let [a_axes, b_axes] = [&a, &b].map(|axes| axes.iter().map(|axis| axis.0).collect());
        Contract { a: operand(&a), b: operand(&b), a_axes, b_axes, out_axes }
    }

    pub(crate) fn expr(&mut self, graph: &Graph, readable: &[TensorId], bits: u32) -> Expr {
        let shape = self.shape(3);
        let mut expr = Expr { shape: shape.clone(), terms: Vec::new() };
        for _ in 0..self.below(4) {
            let tensor = self.pick(readable);
            let operand = match self.below(2) {
                0 => Operand::View(self.view(graph, tensor, &shape, bits)),
                _ => Operand::Contract(self.contract(graph, readable, &shape, bits)),
            };
            expr.terms.push(Term { coeff: self.coeff(bits), operand });
        }
        expr
    }

    fn tensor(&mut self, graph: &mut Graph, shape: Shape, range: Interval, role: Role) -> TensorId {
        let id = graph.tensors.len() as u32;
        graph.tensors.push(Tensor {
            name: format!("t{id}"),
            shape,
            scale: self.below(20) as i32,
            range,
            role,
        });
        match role {
            Role::Input(_) => graph.inputs.push(TensorId(id)),
            Role::Output(_) => graph.outputs.push(TensorId(id)),
            _ => {}
        }
        TensorId(id)
    }

    /// A graph of several steps; coefficients have up to `bits` bits.
    pub(crate) fn graph(&mut self, bits: u32) -> Graph {
        let mut graph = Graph::default();
        let domain = Interval::new(-(1 << 15), (1 << 15) - 1);
        graph.tables.push(Table { function: Function::Relu, domain });
        graph.tables.push(Table { function: Function::Tanh { input_scale: 9, output_scale: 7 }, domain });
        let negative = Formula::argument().with_constant(Binary::Less, 0.0);
        let (input_scale, output_scale, lo, hi) = (0, 0, 0, 1);
        let function = Function::Formula { formula: negative, input_scale, output_scale, lo, hi };
        let domain = Interval::new(-(1 << 16), (1 << 16) - 1);
        graph.tables.push(Table { function, domain });
        let mut readable = Vec::new();
        for _ in 0..2 + self.below(3) {
            let role =
                self.pick(&[Role::Weight, Role::Input(Visibility::Public), Role::Input(Visibility::Private)]);
            let wide = role == Role::Input(Visibility::Public) && self.below(3) == 0;
            let range = if wide { Interval::new(i32::MIN, i32::MAX) } else { self.range() };
            let shape = self.shape(3);
            readable.push(self.tensor(&mut graph, shape, range, role));
        }
        let one = graph.tensors.len() as u32;
        graph.tensors.push(Tensor::one());
        readable.push(TensorId(one));
        for _ in 0..1 + self.below(3) {
            let first = graph.tensors.len() as u32;
            match self.below(7) {
                0 => self.quotient(&mut graph, &readable, bits),
                1 => self.root(&mut graph, &readable, bits),
                2 => self.saturate(&mut graph, &readable, bits),
                6 => self.gap(&mut graph, &readable, bits),
                3 => self.wide_rescale(&mut graph, &readable, bits),
                _ => self.rescale(&mut graph, &readable, bits),
            }
            let chosen = match graph.steps.last() {
                Some(Step::Gap { chosen, .. }) => Some(*chosen),
                _ => None,
            };
            let defined = (first..graph.tensors.len() as u32).map(TensorId);
            readable.extend(defined.filter(|id| Some(*id) != chosen));
        }
        graph
    }

    fn rescale(&mut self, graph: &mut Graph, readable: &[TensorId], bits: u32) {
        let acc = self.expr(graph, readable, bits);
        let shape = acc.shape.clone();
        let divisor = self.pick(&[1, 2, 3, 7, 64, 1000, 1 << 16, 1 << 17]);
        let table = TableId(self.below(2) as u32);
        let private = Role::Output(Visibility::Private);
        let role =
            self.pick(&[Role::Ranged, private, Role::Output(Visibility::Public), Role::LookupInput(table)]);
        let range = match role {
            Role::LookupInput(table) => graph.table(table).domain,
            Role::Output(Visibility::Public) => Interval::new(i32::MIN, i32::MAX),
            _ => self.range(),
        };
        let y = self.tensor(graph, shape.clone(), range, role);
        let remainders = Interval::new(0, divisor as i32 - 1);
        let r = (divisor > 1).then(|| self.tensor(graph, shape.clone(), remainders, Role::Ranged));
        graph.steps.push(Step::rescale(acc, divisor, y, r));
        if let Role::LookupInput(_) = role {
            self.look_up(graph, table, y);
        }
    }

    fn look_up(&mut self, graph: &mut Graph, table: TableId, x: TensorId) {
        let (shape, domain) = (graph.tensor(x).shape.clone(), Interval::new(-(1 << 15), (1 << 15) - 1));
        let y = self.tensor(graph, shape, domain, Role::LookupOutput(table));
        graph.steps.push(Step::Lookup { table, x, y });
    }

    /// Limbs with this range of the last one.
    fn limbs(&mut self, graph: &mut Graph, shape: &Shape, count: usize, top: Interval, role: Role) -> Limbs {
        let low = (1..count).map(|_| self.tensor(graph, shape.clone(), Limbs::LOW, Role::Ranged));
        let mut limbs: Vec<TensorId> = low.collect();
        limbs.push(self.tensor(graph, shape.clone(), top, role));
        Limbs(limbs)
    }

    /// Numbers from 0 on.
    fn natural(&mut self, graph: &mut Graph, shape: &Shape, count: usize) -> Limbs {
        self.limbs(graph, shape, count, Interval::new(0, (1 << 17) - 1), Role::Ranged)
    }

    /// Remainder and slack for a divisor.
    fn remainder(&mut self, graph: &mut Graph, shape: &Shape, divisor: u64) -> (Limbs, Limbs) {
        let none = Limbs::default();
        if divisor == 1 {
            return (none.clone(), none);
        }
        if divisor <= 1 << 17 {
            let range = Interval::new(0, divisor as i32 - 1);
            return (self.limbs(graph, shape, 1, range, Role::Ranged), none);
        }
        let count = (divisor.ilog2() as usize).div_ceil(16).max(2);
        let top = (divisor - 1) >> (16 * (count - 1));
        let r = self.limbs(graph, shape, count, Interval::new(0, top as i32), Role::Ranged);
        let slack = if divisor.is_power_of_two() { none } else { self.natural(graph, shape, count) };
        (r, slack)
    }

    fn wide_rescale(&mut self, graph: &mut Graph, readable: &[TensorId], bits: u32) {
        let acc = self.expr(graph, readable, bits);
        let divisors = [1, 2, 3, 1 << 17, (1 << 17) + 1, 1 << 18, 1_000_003, 1 << 33, (1 << 40) + 5, 1 << 48];
        let (divisor, count) = (self.pick(&divisors), 1 + self.below(3));
        let table = TableId(self.below(2) as u32);
        let role = self.pick(&[Role::Ranged, Role::LookupInput(table)]);
        let range = if role == Role::Ranged { self.range() } else { graph.table(table).domain };
        let y = self.limbs(graph, &acc.shape, count, range, role);
        let (r, slack) = self.remainder(graph, &acc.shape, divisor);
        let top = y.top();
        graph.steps.push(Step::Rescale { acc, divisor, y, r, slack });
        if let (Role::LookupInput(_), Some(top)) = (role, top) {
            self.look_up(graph, table, top);
        }
    }

    /// A broadcast of the number 1.
    fn ones(&self, graph: &Graph, shape: &Shape) -> View {
        let one = (0u32..).zip(&graph.tensors).find(|(_, tensor)| tensor.role == Role::One).unwrap().0;
        let ones = |(axis, dim): (u32, &u32)| Factor {
            src: vec![],
            out: vec![axis],
            map: AxisMap::Sparse((0..*dim).map(|out| Entry { out, src: 0, coeff: 1 }).collect()),
        };
        let factors = (0u32..).zip(shape.dims()).map(ones).collect();
        View { tensor: TensorId(one), shape: shape.clone(), factors }
    }

    fn quotient(&mut self, graph: &mut Graph, readable: &[TensorId], bits: u32) {
        let a = self.expr(graph, readable, bits);
        let mut b = self.linear(graph, readable, a.shape.clone(), bits.min(6));
        // Mostly positive.
        let size = 1 << self.pick(&[0, 4, 20, 30]);
        b.terms.push((size, self.ones(graph, &a.shape)));
        let (count, top) = (1 + self.below(2), self.range());
        let q = self.limbs(graph, &a.shape, count, top, Role::Ranged);
        let [r, slack] = [0, 1].map(|_| self.natural(graph, &a.shape, 2));
        graph.steps.push(Step::Quotient { a, b, q, r, slack });
    }

    fn root(&mut self, graph: &mut Graph, readable: &[TensorId], bits: u32) {
        let mut a = self.expr(graph, readable, bits);
        let operand = Operand::View(self.ones(graph, &a.shape));
        a.terms.push(Term { coeff: 1 << self.pick(&[0, 20, 35]), operand });
        let count = 1 + self.below(2);
        let y = self.natural(graph, &a.shape, count);
        let [r, slack] = [0, 1].map(|_| self.natural(graph, &a.shape, count + 1));
        graph.steps.push(Step::Root { a, y, r, slack });
    }

    fn saturate(&mut self, graph: &mut Graph, readable: &[TensorId], bits: u32) {
        let acc = self.expr(graph, readable, bits);
        let divisor = self.pick(&[1, 2, 3, 1 << 17, 1_000_003, 1 << 33]);
        let role =
            self.pick(&[Role::Ranged, Role::LookupInput(TableId(0)), Role::Output(Visibility::Public)]);
        let range = match role {
            Role::LookupInput(table) => graph.table(table).domain,
            _ => self.pick(&[Interval::new(0, 0), Interval::new(-7, 0), Interval::new(-3, 300)]),
        };
        let shape = acc.shape.clone();
        let y = self.tensor(graph, shape.clone(), range, role);
        let (r, slack) = self.remainder(graph, &shape, divisor);
        let (sign, domain) = (TableId(2), graph.table(TableId(2)).domain);
        let count = 1 + self.below(4);
        let excess = self.limbs(graph, &shape, count, domain, Role::LookupInput(sign));
        let negative = self.tensor(graph, shape, Interval::new(0, 1), Role::LookupOutput(sign));
        graph.steps.push(Step::Saturate { acc, divisor, y, r, slack, excess, negative });
        if let Role::LookupInput(table) = role {
            self.look_up(graph, table, y);
        }
    }

    fn gap(&mut self, graph: &mut Graph, readable: &[TensorId], bits: u32) {
        let acc = self.expr(graph, readable, bits);
        if acc.shape.rank() == 0 {
            return;
        }
        let axis = self.below(acc.shape.rank()) as u32;
        let divisor = self.pick(&[1, 2, 3, 1 << 17, 1_000_003, 1 << 33]);
        let (shape, row) = (acc.shape.clone(), acc.shape.without(axis));
        let (count, top) = (1 + self.below(3), self.range());
        let max = self.limbs(graph, &row, count, top, Role::Ranged);
        let (r, slack) = self.remainder(graph, &shape, divisor);
        let clamped = self.below(2) == 0;
        let count = if clamped { 1 } else { 2 };
        let gap = self.natural(graph, &shape, count);
        let count = if clamped { 1 + self.below(3) } else { 0 };
        let excess = if clamped { self.natural(graph, &shape, count) } else { Limbs::default() };
        let chosen = self.tensor(graph, shape, Interval::new(0, 1), Role::Ranged);
        graph.steps.push(Step::Gap { acc, divisor, r, slack, axis, max, gap, excess, chosen });
    }
}
