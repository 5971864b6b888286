//! Random small graphs: honest proofs verify, and one changed entry of one tensor is refused.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use zktorch_graph::{
    AxisMap, Contract, Entry, Expr, Factor, Graph, Interval, Limbs, Linear, Operand, Role, Shape, Step,
    TensorId, Term, View, Visibility,
};

use super::forger::{Forger, refused_by};
use super::oracle::assert_same;
use crate::test_util::{Builder, Case, factor};

/// Small random numbers, from proptest's so that failures shrink.
#[derive(Clone, Debug)]
struct Dice(Vec<u32>, usize);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        let value = self.0[self.1 % self.0.len()].wrapping_add(self.1 as u32 / self.0.len() as u32);
        self.1 += 1;
        value % sides
    }

    fn between(&mut self, lo: u32, hi: u32) -> u32 {
        lo + self.roll(hi - lo + 1)
    }

    /// A map with random entries, negative coefficients and rows without any included.
    fn sparse(&mut self, out: &[u32], src: &[u32]) -> AxisMap {
        let padded = |dims: &[u32], mut index: u32| {
            let (mut sum, mut scale) = (0, 1);
            for dim in dims.iter().rev() {
                sum += index % dim * scale;
                index /= dim;
                scale *= dim.next_power_of_two();
            }
            sum
        };
        let (rows, columns): (u32, u32) = (out.iter().product(), src.iter().product());
        let mut entries = Vec::new();
        for row in 0..rows {
            for _ in 0..self.roll(3) {
                let coeff = [1, 1, -2, 5][self.roll(4) as usize];
                entries.push(Entry { out: padded(out, row), src: padded(src, self.roll(columns)), coeff });
            }
        }
        entries.sort_by_key(|entry| (entry.out, entry.src));
        entries.dedup_by_key(|entry| (entry.out, entry.src));
        AxisMap::Sparse(entries)
    }
}

fn ones(extent: u32) -> AxisMap {
    AxisMap::Sparse((0..extent).map(|out| Entry { out, src: 0, coeff: 1 }).collect())
}

fn sum_all(extent: u32) -> AxisMap {
    AxisMap::Sparse((0..extent).map(|src| Entry { out: 0, src, coeff: 1 }).collect())
}

fn view(tensor: TensorId, dims: &[u32], factors: Vec<Factor>) -> View {
    View { tensor, shape: Shape::new(dims), factors }
}

fn linear(view: View) -> Linear {
    Linear { shape: view.shape.clone(), terms: vec![(1, view)] }
}

fn term(operand: Operand) -> Term {
    Term { coeff: 1, operand }
}

/// The next expression over a tensor `x` with axes [c, h, w].
fn layer(b: &mut Builder, dice: &mut Dice, x: TensorId) -> Expr {
    let dims = b.graph.tensor(x).shape.dims().to_vec();
    let [c, h, w] = [0, 1, 2].map(|axis| dims[axis]);
    let identity = |axis| factor(&[axis], &[axis], AxisMap::Identity);
    match dice.roll(9) {
        // A convolution in groups: group, channel in, channel out; stride, dilation and padding of each axis of its own.
        0 | 1 => {
            let groups = if dice.roll(2) == 0 { c } else { 1 };
            let (inner, outer) = (c / groups, dice.between(1, 3));
            let mut window = |extent: u32| {
                let (kernel, dilation) = (dice.between(1, 3), dice.between(1, 2));
                let (stride, pad) = (dice.between(1, 3), dice.between(0, 2));
                let span = dilation * (kernel - 1) + 1;
                // Not more positions than there are.
                let positions = (extent + 2 * pad).saturating_sub(span) / stride + 1;
                (AxisMap::Window { stride, dilation, pad }, positions, kernel)
            };
            let ((rows, ph, kh), (columns, pw, kw)) = (window(h), window(w));
            // Channels [c] to [groups, inner]: a reshape of one axis into two.
            let split: Vec<Entry> = (0..c)
                .map(|i| Entry { out: i / inner * inner.next_power_of_two() + i % inner, src: i, coeff: 1 })
                .collect();
            let channels = factor(&[0], &[0, 1], AxisMap::Sparse(split));
            let factors = vec![channels, factor(&[1], &[2, 3], rows), factor(&[2], &[4, 5], columns)];
            let windows = view(x, &[groups, inner, ph, kh, pw, kw], factors);
            let weight = b.weight("conv", &[groups, outer, inner, kh, kw]);
            let contract = Contract {
                a: b.linear(weight),
                b: linear(windows),
                a_axes: vec![0, 1, 2, 3, 4],
                b_axes: vec![0, 2, 5, 3, 6, 4],
                out_axes: vec![0, 1, 5, 6],
            };
            Expr {
                shape: Shape::new([groups, outer, ph, pw]),
                terms: vec![term(Operand::Contract(contract))],
            }
        }
        // Dense over one or two axes, the others free; the weights' axes in another order.
        2 => {
            let out = dice.between(1, 3);
            let weight = b.weight("dense", &[w, out, c]);
            let x = b.linear(x);
            let contract = Contract {
                a: b.linear(weight),
                b: x,
                a_axes: vec![3, 9, 1],
                b_axes: vec![1, 2, 3],
                out_axes: vec![2, 9],
            };
            Expr { shape: Shape::new([h, out]), terms: vec![term(Operand::Contract(contract))] }
        }
        // Times a vector, broadcast (factors without source axes), and times itself.
        3 => {
            let scale = b.weight("scale", &[c]);
            let factors = vec![identity(0), factor(&[], &[1], ones(h)), factor(&[], &[2], ones(w))];
            let broadcast = linear(view(scale, &dims, factors));
            let mut own = b.linear(x);
            own.terms.push((-3, b.view(x)));
            let axes = vec![0, 1, 2];
            let contract =
                Contract { a: own, b: broadcast, a_axes: axes.clone(), b_axes: axes.clone(), out_axes: axes };
            Expr { shape: Shape::new(dims), terms: vec![term(Operand::Contract(contract))] }
        }
        // A random map of one axis, another over the two others together.
        4 => {
            let out = [dice.between(1, 4), dice.between(1, 3)];
            let factors = vec![
                factor(&[1], &[1], dice.sparse(&out[1..], &[h])),
                factor(&[2, 0], &[0], dice.sparse(&out[..1], &[w, c])),
            ];
            Expr::view(view(x, &out, factors))
        }
        // A transpose, plus the tensor sliced and joined: slots in a larger shape.
        5 => {
            let transposed = view(
                x,
                &[w, c, h],
                vec![
                    factor(&[2], &[0], AxisMap::Identity),
                    factor(&[0], &[1], AxisMap::Identity),
                    factor(&[1], &[2], AxisMap::Identity),
                ],
            );
            Expr::view(transposed)
        }
        6 => {
            let at = |first: u32| {
                AxisMap::Sparse((0..c).map(|i| Entry { out: first + i, src: i, coeff: 1 }).collect())
            };
            let slot = |first| {
                view(x, &[2 * c, h, w], vec![factor(&[0], &[0], at(first)), identity(1), identity(2)])
            };
            let terms =
                vec![term(Operand::View(slot(0))), Term { coeff: -4, operand: Operand::View(slot(c)) }];
            Expr { shape: Shape::new([2 * c, h, w]), terms }
        }
        // Average pooling over both axes: sums; the divisor is no power of two.
        7 => Expr::view(view(
            x,
            &[c],
            vec![identity(0), factor(&[1], &[], sum_all(h)), factor(&[2], &[], sum_all(w))],
        )),
        // An outer product without any sum, and an expression with nothing but zeros in it.
        _ => {
            let u = b.weight("u", &[2]);
            let sums = linear(view(
                x,
                &[c],
                vec![identity(0), factor(&[1], &[], sum_all(h)), factor(&[2], &[], sum_all(w))],
            ));
            let contract =
                Contract { a: b.linear(u), b: sums, a_axes: vec![0], b_axes: vec![1], out_axes: vec![1, 0] };
            let nothing =
                view(u, &[c, 2], vec![identity_to(0, 1), factor(&[], &[0], AxisMap::Sparse(Vec::new()))]);
            let terms = vec![
                term(Operand::Contract(contract)),
                Term { coeff: 0, operand: Operand::View(nothing.clone()) },
                term(Operand::View(nothing)),
            ];
            Expr { shape: Shape::new([c, 2]), terms }
        }
    }
}

fn identity_to(src: u32, out: u32) -> Factor {
    factor(&[src], &[out], AxisMap::Identity)
}

/// A step of another kind on a tensor (or none): what it defines, and whether with limbs of 16 bits.
fn step(b: &mut Builder, dice: &mut Dice, x: TensorId) -> (TensorId, bool) {
    let dims = b.graph.tensor(x).shape.dims().to_vec();
    let square = |b: &Builder| {
        let product = Contract::elementwise(b.linear(x), b.linear(x));
        Expr { shape: Shape::new(dims.clone()), terms: vec![term(Operand::Contract(product))] }
    };
    let role = Role::Ranged;
    match dice.roll(6) {
        // 100 x / (x^2 + 1), the square stored; or a row's constant.
        0 => {
            let z = b.rescale("square", square(b), 1, Interval::new(0, 4000), role);
            let mut divisor = b.linear(z);
            divisor.terms.push((1 + i64::from(dice.roll(5)), b.ones(&dims)));
            let q = b.limbs("q", &dims, 1, Interval::new(-700, 700), role);
            let a = b.times(100, x);
            b.quotient(a, divisor, q.clone(), 4095);
            (q.0[0], false)
        }
        1 => {
            let mut a = square(b);
            let one = b.ones(&dims);
            a.terms.push(Term { coeff: dice.roll(9).into(), operand: Operand::View(one) });
            let y = b.limbs("root", &dims, 1, Interval::new(0, 800), role);
            b.root(a, y.clone(), 2047);
            (y.0[0], false)
        }
        2 => {
            let (divisor, hi) = (2 + u64::from(dice.roll(5)), dice.roll(20) as i32);
            let y = b.tensor("clamped", &dims, Interval::new(-5, hi), role);
            let acc = b.times(3, x);
            b.saturate(acc, divisor, y, 1, Interval::new(-1100, 1100));
            (y, false)
        }
        3 => {
            let y = b.tensor("clamped", &dims, Interval::new(-5, 300), role);
            let acc = b.times(3, x);
            b.saturate(acc, 3, y, 2, Interval::new(-1, 1));
            (y, true)
        }
        // An exact product in limbs, divided by what has remainders of limbs.
        4 => {
            let acc = b.times(12_345, x);
            let (shape, none) = (acc.shape.clone(), Limbs::default());
            let exact = b.limbs("exact", &dims, 2, Interval::new(-200, 200), role);
            b.graph.steps.push(Step::Rescale {
                acc,
                divisor: 1,
                y: exact.clone(),
                r: none.clone(),
                slack: none.clone(),
            });
            let (divisor, top) = [(1 << 18, 3), (200_001, 7)][dice.roll(2) as usize];
            let y = b.limbs("rescaled", &dims, 1, Interval::new(-700, 700), role);
            let r = b.limbs("remainder", &dims, 2, Interval::new(0, top), role);
            let slack = if top == 3 { none } else { b.limbs("slack", &dims, 2, Interval::new(0, 3), role) };
            let acc = exact.linear(&shape).into();
            b.graph.steps.push(Step::Rescale { acc, divisor, y: y.clone(), r, slack });
            (y.0[0], true)
        }
        _ => (x, false),
    }
}

/// Two layers of random kinds, with ReLU or without, the first output read once more at the end.
fn graph(mut dice: Dice) -> (Graph, usize) {
    let mut b = Builder::default();
    let visibility =
        |dice: &mut Dice| if dice.roll(2) == 0 { Visibility::Public } else { Visibility::Private };
    let dims = [dice.between(1, 4), dice.between(1, 5), dice.between(1, 5)];
    let x = b.tensor("x", &dims, Interval::new(-60, 60), Role::Input(visibility(&mut dice)));
    b.graph.inputs.push(x);
    let wide = Interval::new(-700, 700);
    let acc = layer(&mut b, &mut dice, x);
    let divisor = [1, 7, 64, 100][dice.roll(4) as usize];
    let y = if dice.roll(2) == 0 {
        b.relu("y", acc, divisor, wide)
    } else if dice.roll(2) == 0 {
        b.rescale("y", acc, divisor, wide, Role::Ranged)
    } else {
        let y = b.rescale("y", acc, divisor, wide, Role::Output(visibility(&mut dice)));
        b.graph.outputs.push(y);
        y
    };
    let (y, wide) = step(&mut b, &mut dice, y);
    let acc = if b.graph.tensor(y).shape.rank() == 3 {
        layer(&mut b, &mut dice, y)
    } else {
        let rank = b.graph.tensor(y).shape.rank() as u32;
        let axes: Vec<u32> = (0..rank).collect();
        let square = Contract {
            a: b.linear(y),
            b: b.linear(y),
            a_axes: axes.clone(),
            b_axes: axes.clone(),
            out_axes: Vec::new(),
        };
        Expr { shape: Shape::new([]), terms: vec![term(Operand::Contract(square))] }
    };
    let divisor = [1, 30, 128, 1000][dice.roll(4) as usize];
    b.rescale("z", acc, divisor, Interval::new(-1500, 1500), Role::Output(visibility(&mut dice)));
    b.graph.outputs.push(TensorId(b.graph.tensors.iter().position(|t| t.name == "z").unwrap() as u32));
    // Small chunks: tensors of several. Limbs have large tables.
    let k = dice.between(if wide { 11 } else { 4 }, 12) as usize;
    (b.graph, k)
}

fn dice() -> impl Strategy<Value = Dice> {
    proptest::collection::vec(any::<u32>(), 24).prop_map(|rolls| Dice(rolls, 0))
}

/// The values of a run with the largest entries that leave nothing out of range: small ones, and extreme ones in between.
fn case(graph: &Graph, k: usize, dice: &mut Dice) -> Option<Case> {
    let bounds = graph.validate().unwrap();
    for limit in [60u32, 12, 3, 1] {
        let given = (graph.tensors.iter())
            .map(|tensor| {
                tensor.role.is_given().then(|| {
                    let mut value = || match dice.roll(4) {
                        0 => limit as i32,
                        1 => -(limit as i32),
                        _ => dice.roll(2 * limit + 1) as i32 - limit as i32,
                    };
                    (0..tensor.shape.len()).map(|_| value()).collect::<Vec<_>>()
                })
            })
            .collect();
        if let Ok(values) = zktorch_graph::execute(graph, &bounds, given) {
            return Some(Case::with_values(graph.clone(), k, values));
        }
    }
    None
}

fn run(cases: u32, smallest: usize, check: impl Fn(&Case, &mut Dice)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let proved = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(&dice(), |mut dice| {
            let (graph, k) = graph(dice.clone());
            let k = k.max(smallest);
            if let Some(case) = case(&graph, k, &mut dice) {
                proved.set(proved.get() + 1);
                check(&case, &mut dice);
            }
            Ok(())
        })
        .unwrap();
    // Graphs whose values leave their ranges are left out: most do not.
    assert!(2 * proved.get() > cases, "{} of {cases}", proved.get());
}

#[test]
fn honest_proofs_of_random_graphs_verify() {
    run(60, 4, |case, _| case.verify(&case.prove()).unwrap());
}

#[test]
fn both_provers_agree_on_random_graphs() {
    run(10, 8, |case, _| assert_same(case));
}

#[test]
fn a_changed_entry_of_a_random_tensor_is_refused() {
    run(10, 8, |case, dice| {
        let graph = case.network.graph();
        let read: Vec<TensorId> = steps_tensors(graph);
        let tensor = read[dice.roll(read.len() as u32) as usize];
        let mut values = case.values.clone();
        let entries = &mut values[tensor.0 as usize];
        let entry = dice.roll(entries.len() as u32) as usize;
        entries[entry] += if dice.roll(2) == 0 { 1 } else { -1 };
        let mut forger = Forger::new(case, &values).recommit();
        if forger.statement().is_ok() {
            assert_ne!(refused_by(forger.run()), "accepted", "{tensor:?} {entry}");
        }
    });
}

/// What steps define: every entry of these is determined by the inputs.
fn steps_tensors(graph: &Graph) -> Vec<TensorId> {
    graph.steps.iter().flat_map(Step::defines).collect()
}
