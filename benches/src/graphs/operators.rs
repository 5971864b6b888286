//! Which nodes a random model consists of: every core operator is reached by several.

use std::collections::BTreeSet;

use zktorch_onnx::proto::AttributeProto;

use super::generate::{Choice, Generator, Id, Kind, Operand};
use super::random::Random;

const NUMBERS: &[Kind] = &[Kind::Float, Kind::Int];
const ALL: &[Kind] = &[Kind::Float, Kind::Int, Kind::Bool];

fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: 2, i, ..AttributeProto::default() }
}

fn float(name: &str, f: f32) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: 1, f, ..AttributeProto::default() }
}

fn ints(name: &str, ints: &[usize]) -> AttributeProto {
    let ints = ints.iter().map(|i| *i as i64).collect();
    AttributeProto { name: name.into(), r#type: 7, ints, ..AttributeProto::default() }
}

fn string(name: &str, s: &str) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: 3, s: s.as_bytes().to_vec(), ..AttributeProto::default() }
}

/// Adds a node or a few, if the operands that were drawn allow it.
pub(super) fn add(g: &mut Generator) -> Option<Id> {
    match g.random.below(21) {
        0..=2 => function(g),
        3..=5 => arithmetic(g),
        6 | 7 => integer(g),
        8 => logic(g),
        9 => choose(g),
        10..=12 => movement(g),
        13 | 14 => reduce(g),
        15 | 16 => product(g),
        17 => windows(g),
        18 => normalise(g),
        19 => at_indices(g),
        _ => order(g),
    }
}

/// Extents that broadcast to `dims`.
fn narrower(random: &mut Random, dims: &[usize]) -> Vec<usize> {
    match random.below(4) {
        0 => vec![],
        1 => dims.to_vec(),
        2 => dims[random.below(dims.len() + 1)..].to_vec(),
        _ => dims.iter().map(|dim| if random.once_in(2) { 1 } else { *dim }).collect(),
    }
}

fn broadcast(a: &[usize], b: &[usize]) -> bool {
    a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b || *a == 1 || *b == 1)
}

/// Another operand of this kind that broadcasts with one: a value of the run if there is one, or a constant.
fn other(g: &mut Generator, id: Id) -> Operand {
    let (kind, dims) = (g.values[id].kind, g.dims(id));
    let fits = |other: &Id| g.values[*other].kind == kind && broadcast(g.values[*other].dims(), &dims);
    let found: Vec<Id> = (0..g.values.len()).filter(fits).collect();
    if !g.random.once_in(3) {
        return g.random.of(&found).into();
    }
    let dims = narrower(&mut g.random, &dims);
    let size = g.random.of(&[1.0, 1.0, 0.1, 8.0]);
    g.constant(kind, &dims, |random| match kind {
        Kind::Float => f64::from(random.real(-size, size)),
        Kind::Int => random.below(11) as f64 - 5.0,
        Kind::Bool => random.below(2) as f64,
    })
}

fn number(g: &mut Generator, kind: Kind, x: f64) -> Operand {
    g.constant(kind, &[], |_| x)
}

/// `|x| + c`: positive.
fn positive(g: &mut Generator, x: Id) -> Option<Id> {
    let kind = g.values[x].kind;
    let size = g.node("Abs", &[x.into()], vec![], kind)?;
    let least = match kind {
        Kind::Float => g.random.of(&[0.25, 1.0]),
        _ => 1.0,
    };
    let least = number(g, kind, least);
    g.node("Add", &[size.into(), least], vec![], kind)
}

fn function(g: &mut Generator) -> Option<Id> {
    let x = g.pick(&[Kind::Float])?;
    let plain = |g: &mut Generator, op: &str, attributes| g.node(op, &[x.into()], attributes, Kind::Float);
    match g.random.below(14) {
        0 => {
            let op = g.random.of(&["Relu", "Abs", "Neg", "Identity"]);
            plain(g, op, vec![])
        }
        1 | 2 => {
            let op = g.random.of(&["Tanh", "Sigmoid", "Erf", "Softsign", "HardSigmoid", "HardSwish"]);
            plain(g, op, vec![])
        }
        3 => {
            let op = g.random.of(&["Softplus", "Mish", "Sin", "Cos", "Atan"]);
            plain(g, op, vec![])
        }
        4 => {
            let op = g.random.of(&["Elu", "LeakyRelu", "Selu", "Celu"]);
            plain(g, op, vec![])
        }
        5 => {
            let low = plain(g, "Tanh", vec![])?;
            g.node("Exp", &[low.into()], vec![], Kind::Float)
        }
        6 => {
            let x = positive(g, x)?;
            let op = g.random.of(&["Log", "Sqrt", "Reciprocal"]);
            g.node(op, &[x.into()], vec![], Kind::Float)
        }
        7 => {
            let size = plain(g, "Abs", vec![])?;
            g.node("Sqrt", &[size.into()], vec![], Kind::Float)
        }
        8 => {
            let bounds = [g.random.real(-2.0, 0.0), g.random.real(0.0, 2.0)];
            let [lo, hi] = bounds.map(|bound| number(g, Kind::Float, bound.into()));
            g.node("Clip", &[x.into(), lo, hi], vec![], Kind::Float)
        }
        9 => {
            let exponent = g.random.of(&[2.0, 3.0]);
            let exponent = number(g, Kind::Float, exponent);
            g.node("Pow", &[x.into(), exponent], vec![], Kind::Float)
        }
        10 => {
            // The choice is between two branches that meet.
            let dims = g.dims(x);
            let dims = narrower(&mut g.random, &dims);
            let slope = g.constant(Kind::Float, &dims, |random| random.real(0.0, 0.5).into());
            g.node("PRelu", &[x.into(), slope], vec![], Kind::Float)
        }
        11 => {
            let (op, offset) = g.random.of(&[("Floor", 0.0), ("Ceil", 0.0), ("Round", 0.5)]);
            g.choice(op, &[x.into()], vec![], Kind::Float, &[(x, Choice::Steps(offset))])
        }
        12 => g.choice("Sign", &[x.into()], vec![], Kind::Float, &[(x, Choice::Threshold(0.0))]),
        _ => {
            let choices = [(x, Choice::Steps(0.0))];
            g.choice("Cast", &[x.into()], vec![int("to", 7)], Kind::Int, &choices)
        }
    }
}

fn arithmetic(g: &mut Generator) -> Option<Id> {
    let x = g.pick(NUMBERS)?;
    let kind = g.values[x].kind;
    let y = other(g, x);
    match g.random.below(10) {
        0..=2 => g.node("Add", &[x.into(), y], vec![], kind),
        3 | 4 => g.node("Sub", &[y, x.into()], vec![], kind),
        5 | 6 => g.node("Mul", &[x.into(), y], vec![], kind),
        7 => {
            let op = g.random.of(&["Max", "Min"]);
            g.node(op, &[x.into(), y], vec![], kind)
        }
        8 if kind == Kind::Float => {
            let joint = g.node("Add", &[x.into(), y], vec![], kind)?;
            let third = other(g, joint);
            g.node("Mean", &[joint.into(), third], vec![], kind)
        }
        _ => {
            let divisor = g.pick(&[kind])?;
            let divisor = match broadcast(g.values[divisor].dims(), g.values[x].dims()) {
                true => positive(g, divisor)?.into(),
                false => g.constant(kind, &[], |random| random.between(1, 6) as f64),
            };
            g.node("Div", &[x.into(), divisor], vec![], kind)
        }
    }
}

fn integer(g: &mut Generator) -> Option<Id> {
    let x = g.pick(&[Kind::Int])?;
    match g.random.below(6) {
        0 => {
            let op = g.random.of(&["Abs", "Neg", "Sign"]);
            g.node(op, &[x.into()], vec![], Kind::Int)
        }
        1 => {
            let divisor = g.constant(Kind::Int, &[], |random| random.between(2, 9) as f64);
            let op = g.random.of(&["Mod", "Div"]);
            g.node(op, &[x.into(), divisor], vec![], Kind::Int)
        }
        2 => {
            let divisor = positive(g, x)?;
            let dims = g.dims(x);
            let dividend = g.constant(Kind::Int, &dims, |random| random.below(101) as f64 - 50.0);
            let op = g.random.of(&["Mod", "Div"]);
            g.node(op, &[dividend, divisor.into()], vec![], Kind::Int)
        }
        3 => g.node("Cast", &[x.into()], vec![int("to", 1)], Kind::Float),
        4 => g.node("Cast", &[x.into()], vec![int("to", 9)], Kind::Bool),
        _ => {
            let [lo, hi] = [-4.0, 5.0].map(|bound| number(g, Kind::Int, bound));
            g.node("Clip", &[x.into(), lo, hi], vec![], Kind::Int)
        }
    }
}

fn logic(g: &mut Generator) -> Option<Id> {
    let x = g.pick(ALL)?;
    match g.values[x].kind {
        Kind::Bool => {
            let y = other(g, x);
            match g.random.below(5) {
                0 => g.node("Not", &[x.into()], vec![], Kind::Bool),
                1 => g.node("Cast", &[x.into()], vec![int("to", 1)], Kind::Float),
                2 => g.node("Cast", &[x.into()], vec![int("to", 7)], Kind::Int),
                _ => {
                    let op = g.random.of(&["And", "Or", "Xor"]);
                    g.node(op, &[x.into(), y], vec![], Kind::Bool)
                }
            }
        }
        Kind::Int => {
            let op = g.random.of(&["Less", "Greater", "Equal", "LessOrEqual", "GreaterOrEqual"]);
            let y = other(g, x);
            g.node(op, &[x.into(), y], vec![], Kind::Bool)
        }
        Kind::Float => {
            let op = g.random.of(&["Less", "Greater", "LessOrEqual", "GreaterOrEqual"]);
            let threshold = g.random.of(&[0.0, 0.5, -0.3]);
            let y = number(g, Kind::Float, threshold);
            g.choice(op, &[x.into(), y], vec![], Kind::Bool, &[(x, Choice::Threshold(threshold))])
        }
    }
}

/// Where.
fn choose(g: &mut Generator) -> Option<Id> {
    let x = g.pick(NUMBERS)?;
    let (dims, kind) = (g.dims(x), g.values[x].kind);
    let fits = |id: &Id| g.values[*id].kind == Kind::Bool && broadcast(g.values[*id].dims(), &dims);
    let found: Vec<Id> = (0..g.values.len()).filter(fits).collect();
    let condition: Operand = match found.is_empty() || g.random.once_in(4) {
        true => {
            let dims = narrower(&mut g.random, &dims);
            g.constant(Kind::Bool, &dims, |random| random.below(2) as f64)
        }
        false => g.random.of(&found).into(),
    };
    let y = match g.random.once_in(2) {
        true => number(g, kind, 2.0),
        false => g.constant(kind, &dims, |random| random.below(9) as f64 - 4.0),
    };
    g.node("Where", &[condition, x.into(), y], vec![], kind)
}

fn movement(g: &mut Generator) -> Option<Id> {
    let x = g.pick(ALL)?;
    let (dims, kind) = (g.dims(x), g.values[x].kind);
    let rank = dims.len();
    let axis = g.random.below(rank);
    match g.random.below(10) {
        0 => {
            let shape = regrouped(&mut g.random, dims.iter().product());
            let shape: Vec<i64> = shape.into_iter().map(|dim| dim as i64).collect();
            let shape = g.integers(&shape);
            g.node("Reshape", &[x.into(), shape], vec![], kind)
        }
        1 | 2 => {
            let mut perm: Vec<usize> = (0..rank).collect();
            (1..rank).for_each(|i| perm.swap(i, g.random.below(i + 1)));
            g.node("Transpose", &[x.into()], vec![ints("perm", &perm)], kind)
        }
        _ if rank == 0 => None,
        3 => {
            let step = g.random.of(&[1, 1, 2, -1]);
            let (start, end) = match step {
                -1 => (dims[axis] as i64 - 1, i64::MIN + 1),
                _ => (g.random.below(dims[axis]) as i64, dims[axis] as i64),
            };
            let operands = [[start], [end], [axis as i64], [step]].map(|entries| g.integers(&entries));
            let mut all = vec![x.into()];
            all.extend(operands);
            g.node("Slice", &all, vec![], kind)
        }
        4 if kind == Kind::Float => {
            let mode = g.random.of(&["constant", "edge", "reflect"]);
            let pads: Vec<i64> = (0..2)
                .flat_map(|_| dims.clone())
                .map(|dim| g.random.below(if mode == "reflect" { dim.min(3) } else { 3 }) as i64)
                .collect();
            let pads = g.integers(&pads);
            g.node("Pad", &[x.into(), pads], vec![string("mode", mode)], kind)
        }
        5 => {
            let mut other = dims.clone();
            other[axis] = g.random.between(1, 3);
            let fits = |id: &Id| g.values[*id].kind == kind && g.values[*id].dims() == dims;
            let found: Vec<Id> = (0..g.values.len()).filter(fits).collect();
            let part = match g.random.once_in(2) {
                true => g.random.of(&found).into(),
                false => g.constant(kind, &other, |random| random.below(2) as f64),
            };
            let parts = if g.random.once_in(2) { [x.into(), part] } else { [part, x.into()] };
            g.node("Concat", &parts, vec![int("axis", axis as i64)], kind)
        }
        6 => {
            let mut shape: Vec<i64> = dims.iter().map(|dim| *dim as i64).collect();
            shape.iter_mut().filter(|dim| **dim == 1).for_each(|dim| *dim = 3);
            if rank < 4 {
                shape.insert(0, 2);
            }
            let shape = g.integers(&shape);
            g.node("Expand", &[x.into(), shape], vec![], kind)
        }
        7 => {
            let repeats: Vec<i64> = (0..rank).map(|i| if i == axis { 2 } else { 1 }).collect();
            let repeats = g.integers(&repeats);
            g.node("Tile", &[x.into(), repeats], vec![], kind)
        }
        8 => {
            let extent = dims[axis];
            let count = g.random.between(1, 4);
            let indices = g.constant(Kind::Int, &[count], |random| random.below(extent) as f64);
            g.node("Gather", &[x.into(), indices], vec![int("axis", axis as i64)], kind)
        }
        _ => {
            let extent = number(g, Kind::Int, dims[axis] as f64);
            let index = g.pick(&[Kind::Int])?;
            let index = g.node("Mod", &[index.into(), extent], vec![], Kind::Int)?;
            g.node("Gather", &[x.into(), index.into()], vec![int("axis", axis as i64)], kind)
        }
    }
}

/// Entries of an axis at integers that are in range as they are, such as an input's.
fn at_indices(g: &mut Generator) -> Option<Id> {
    let (x, index) = (g.pick(ALL)?, g.pick(&[Kind::Int])?);
    let axis = g.dims(x).iter().position(|dim| {
        let within = |x: f64| -(*dim as f64) <= x && x < *dim as f64;
        *dim > 1 && g.values[index].data.iter().all(|data| data.iter().all(within))
    })?;
    let kind = g.values[x].kind;
    g.node("Gather", &[x.into(), index.into()], vec![int("axis", axis as i64)], kind)
}

/// Extents of a product.
fn regrouped(random: &mut Random, mut len: usize) -> Vec<usize> {
    let mut dims = Vec::new();
    while dims.len() < 3 && !random.once_in(4) {
        let divisors: Vec<usize> = (1..=len.min(8)).filter(|d| len.is_multiple_of(*d)).collect();
        let dim = random.of(&divisors);
        dims.push(dim);
        len /= dim;
    }
    dims.push(len);
    dims
}

fn reduce(g: &mut Generator) -> Option<Id> {
    let x = g.pick(NUMBERS)?;
    let (rank, kind) = (g.values[x].rank(), g.values[x].kind);
    if rank == 0 {
        return None;
    }
    let axes: BTreeSet<i64> = (0..g.random.between(1, 2)).map(|_| g.random.below(rank) as i64).collect();
    let axes: Vec<i64> = axes.into_iter().collect();
    let keep = int("keepdims", g.random.below(2) as i64);
    let op = match kind {
        Kind::Float => g.random.of(&[
            "ReduceSum",
            "ReduceMean",
            "ReduceMax",
            "ReduceMin",
            "ReduceL2",
            "ReduceL1",
            "ReduceSumSquare",
            "ReduceLogSumExp",
            "CumSum",
        ]),
        _ => g.random.of(&["ReduceSum", "ReduceMax", "ReduceMin", "ReduceSumSquare", "CumSum"]),
    };
    if op == "CumSum" {
        let axis = number(g, Kind::Int, axes[0] as f64);
        return g.node(op, &[x.into(), axis], vec![], kind);
    }
    let axes = g.integers(&axes);
    g.node(op, &[x.into(), axes], vec![keep], kind)
}

fn weight(g: &mut Generator, dims: &[usize]) -> Operand {
    let size = g.random.of(&[0.3, 1.0]);
    g.constant(Kind::Float, dims, |random| random.real(-size, size).into())
}

fn product(g: &mut Generator) -> Option<Id> {
    let x = g.pick(&[Kind::Float])?;
    let dims = g.dims(x);
    let rank = dims.len();
    if rank < 2 {
        return None;
    }
    let columns = g.random.between(1, 6);
    match g.random.below(5) {
        0 => {
            let weight = weight(g, &[dims[rank - 1], columns]);
            g.node("MatMul", &[x.into(), weight], vec![], Kind::Float)
        }
        1 => {
            let mut perm: Vec<usize> = (0..rank).collect();
            perm.swap(rank - 1, rank - 2);
            let transposed = g.node("Transpose", &[x.into()], vec![ints("perm", &perm)], Kind::Float)?;
            g.node("MatMul", &[transposed.into(), x.into()], vec![], Kind::Float)
        }
        2 => {
            let weight = weight(g, &[dims[rank - 2], columns]);
            let equation = if rank == 2 { "ij,ik->jk" } else { "...ij,ik->...jk" };
            g.node("Einsum", &[x.into(), weight], vec![string("equation", equation)], Kind::Float)
        }
        3 => {
            let flat = g.node("Flatten", &[x.into()], vec![int("axis", 1)], Kind::Float)?;
            let weight_dims = [columns, g.dims(flat)[1]];
            let operands = [flat.into(), weight(g, &weight_dims), weight(g, &[columns])];
            g.node("Gemm", &operands, vec![int("transB", 1), float("alpha", 0.5)], Kind::Float)
        }
        _ => {
            let y = other(g, x);
            g.node("Mul", &[x.into(), y], vec![], Kind::Float)
        }
    }
}

/// A value of four axes, of which the last two are large enough for a window.
fn image(g: &mut Generator) -> Option<Id> {
    let x = g.pick(&[Kind::Float])?;
    let dims = g.dims(x);
    if dims.len() == 4 && dims[2..].iter().all(|dim| *dim >= 2) {
        return Some(x);
    }
    let len: usize = dims.iter().product();
    let side = [4, 3, 2].into_iter().find(|side| len.is_multiple_of(side * side))?;
    let channels = len / side / side;
    let shape = g.integers(&[1, channels as i64, side as i64, side as i64]);
    g.node("Reshape", &[x.into(), shape], vec![], Kind::Float)
}

fn windows(g: &mut Generator) -> Option<Id> {
    let x = image(g)?;
    let dims = g.dims(x);
    let kernel = ints("kernel_shape", &[2, 2]);
    let strides = {
        let stride = g.random.between(1, 2);
        ints("strides", &[stride, stride])
    };
    let pads = ints("pads", &[0, 0, 1, 1]);
    match g.random.below(7) {
        0 | 1 => {
            let filters = g.random.between(1, 4);
            let operands = [x.into(), weight(g, &[filters, dims[1], 2, 2]), weight(g, &[filters])];
            let with_bias = g.random.below(2);
            g.node("Conv", &operands[..2 + with_bias], vec![strides, pads], Kind::Float)
        }
        2 => {
            let weight = weight(g, &[dims[1], 1, 2, 2]);
            let group = int("group", dims[1] as i64);
            let conv = g.node("Conv", &[x.into(), weight], vec![group, pads], Kind::Float)?;
            batch_norm(g, conv)
        }
        3 => g.node("MaxPool", &[x.into()], vec![kernel, strides], Kind::Float),
        4 => g.node("AveragePool", &[x.into()], vec![kernel, strides, pads], Kind::Float),
        5 => g.node("GlobalAveragePool", &[x.into()], vec![], Kind::Float),
        _ => batch_norm(g, x),
    }
}

fn batch_norm(g: &mut Generator, x: Id) -> Option<Id> {
    let channels = [g.dims(x)[1]];
    let [scale, shift, mean] = [(); 3].map(|()| weight(g, &channels));
    let variance = g.constant(Kind::Float, &channels, |random| random.real(0.2, 2.0).into());
    g.node("BatchNormalization", &[x.into(), scale, shift, mean, variance], vec![], Kind::Float)
}

fn normalise(g: &mut Generator) -> Option<Id> {
    let x = g.pick(&[Kind::Float])?;
    let dims = g.dims(x);
    let last = *dims.last()?;
    let axis = int("axis", -1);
    match g.random.below(4) {
        0 | 1 => {
            let op = g.random.of(&["Softmax", "LogSoftmax"]);
            g.node(op, &[x.into()], vec![axis], Kind::Float)
        }
        // Of one entry, or of equal ones, nothing is left but the roundings.
        2 if last >= 3 => {
            let scale = weight(g, &[last]);
            let shift = weight(g, &[last]);
            let epsilon = float("epsilon", 0.1);
            g.node("LayerNormalization", &[x.into(), scale, shift], vec![axis, epsilon], Kind::Float)
        }
        _ => {
            let op = g.random.of(&["Softmax", "Hardmax"]);
            let choices: &[_] = if op == "Hardmax" { &[(x, Choice::Order(dims.len() - 1))] } else { &[] };
            g.choice(op, &[x.into()], vec![axis], Kind::Float, choices)
        }
    }
}

fn order(g: &mut Generator) -> Option<Id> {
    let x = g.pick(NUMBERS)?;
    let (dims, kind) = (g.dims(x), g.values[x].kind);
    let axis = g.random.below(dims.len());
    let extent = *dims.get(axis)?;
    let choices = match kind {
        Kind::Float => vec![(x, Choice::Order(axis))],
        _ => vec![],
    };
    let along = int("axis", axis as i64);
    match g.random.below(3) {
        0 | 1 => {
            let op = g.random.of(&["ArgMax", "ArgMin"]);
            let keep = int("keepdims", g.random.below(2) as i64);
            g.choice(op, &[x.into()], vec![along, keep], Kind::Int, &choices)
        }
        _ => {
            let count = g.random.between(1, extent) as i64;
            let count = g.integers(&[count]);
            let kinds = [kind, Kind::Int];
            g.nodes("TopK", &[x.into(), count], vec![along], &kinds, &choices).map(|ids| ids[0])
        }
    }
}
