//! Random small graphs: valid but for the bounds of their accumulators.

use super::oracle::{indices, padded};
use crate::{
    AxisMap, Contract, Entry, Expr, Factor, Function, Graph, Interval, Linear, Operand, Role, Shape, Step,
    Table, TableId, Tensor, TensorId, Term, View, Visibility,
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
                _ => lo + self.below(tensor.range.len()) as i32,
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
        let mut readable = Vec::new();
        for _ in 0..2 + self.below(3) {
            let role =
                self.pick(&[Role::Weight, Role::Input(Visibility::Public), Role::Input(Visibility::Private)]);
            let (shape, range) = (self.shape(3), self.range());
            readable.push(self.tensor(&mut graph, shape, range, role));
        }
        for _ in 0..1 + self.below(3) {
            let acc = self.expr(&graph, &readable, bits);
            let shape = acc.shape.clone();
            let divisor = self.pick(&[1, 2, 3, 7, 64, 1000, 1 << 16, 1 << 17]);
            let table = TableId(self.below(2) as u32);
            let roles = [Role::Ranged, Role::Output(Visibility::Private), Role::LookupInput(table)];
            let role = self.pick(&roles);
            let range = if let Role::LookupInput(_) = role { domain } else { self.range() };
            let y = self.tensor(&mut graph, shape.clone(), range, role);
            let remainders = Interval::new(0, divisor as i32 - 1);
            let r = (divisor > 1).then(|| self.tensor(&mut graph, shape.clone(), remainders, Role::Ranged));
            graph.steps.push(Step::Rescale { acc, divisor, y, r });
            readable.extend([y].into_iter().chain(r));
            if let Role::LookupInput(_) = role {
                let value = self.tensor(&mut graph, shape, domain, Role::LookupOutput(table));
                graph.steps.push(Step::Lookup { table, x: y, y: value });
                readable.push(value);
            }
        }
        graph
    }
}
