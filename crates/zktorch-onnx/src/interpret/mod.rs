//! The interpreter of the core operators: in floats what the model means, in exact integers what shapes and indices are.
//!
//! It folds constants, calibrates, and is what the integers are compared with; nothing that is proved depends on it.

mod conv;
mod einsum;
mod strided;

use zktorch_graph::Formula;

use crate::program::{AxisMatrix, Core, FAR, Kind};
use crate::tensor::{len, strides};
use crate::{FloatTensor, IntTensor, Tensor};

/// A number that sums and products are made of.
pub(crate) trait Number: Copy + Default + PartialOrd {
    fn from_f64(x: f64) -> Self;
    fn add(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
}

impl Number for f32 {
    fn from_f64(x: f64) -> Self {
        x as f32
    }
    fn add(self, other: Self) -> Self {
        self + other
    }
    fn mul(self, other: Self) -> Self {
        self * other
    }
}

/// Integers wrap, as ONNX's do.
impl Number for i64 {
    fn from_f64(x: f64) -> Self {
        x as Self
    }
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn mul(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }
}

/// Computes one operator; the result has these extents and is of this kind.
pub(crate) fn evaluate(core: &Core, inputs: &[&Tensor], dims: &[usize], kind: Kind) -> Tensor {
    zktorch_field::task::checkpoint();
    // Functions change kinds; everything else computes in the kind of its result.
    match core {
        Core::Function(formula) => return function(formula, inputs[0], dims, kind),
        Core::Gap(axis) => return gap(inputs[0], *axis, inputs.get(1).copied()),
        Core::Gather { axis } => return gather(inputs[0], *axis, inputs[1], dims),
        Core::Divide => return quotient(inputs, dims, Kind::Float, |a, b| a / b),
        Core::FloorDivide if inputs.iter().any(|input| matches!(input, Tensor::Float(_))) => {
            return quotient(inputs, dims, kind, |a, b| (a / b).floor());
        }
        Core::Sqrt => return from_f64(dims, Kind::Float, inputs[0].iter().map(f64::sqrt)),
        _ => {}
    }
    if kind == Kind::Float {
        let floats: Vec<std::borrow::Cow<'_, FloatTensor>> = inputs
            .iter()
            .map(|input| match input {
                Tensor::Float(tensor) => std::borrow::Cow::Borrowed(tensor),
                other => std::borrow::Cow::Owned(other.to_float()),
            })
            .collect();
        let data: Vec<(&[usize], &[f32])> = floats.iter().map(|t| (t.dims(), t.data())).collect();
        let mut out = linear(core, &data, dims).into_iter();
        return FloatTensor::from_fn(dims, |_| out.next().unwrap_or_default()).into();
    }
    let ints: Vec<(Vec<usize>, Vec<i64>)> = inputs
        .iter()
        .map(|input| match input {
            Tensor::Int(tensor) => (tensor.dims().to_vec(), tensor.data().to_vec()),
            other => (other.dims().to_vec(), other.iter().map(|x| x as i64).collect()),
        })
        .collect();
    let data: Vec<(&[usize], &[i64])> = ints.iter().map(|(dims, data)| (&**dims, &**data)).collect();
    let mut out = match core {
        Core::FloorDivide => {
            let pairs = data[0].1.iter().zip(data[1].1);
            pairs.map(|(a, b)| a.checked_div_euclid(*b).unwrap_or_default()).collect()
        }
        _ => linear(core, &data, dims),
    }
    .into_iter();
    IntTensor::from_fn(dims, |_| out.next().unwrap_or_default()).into()
}

/// How far entries are below the largest one along an axis, of those that count.
fn gap(x: &Tensor, axis: usize, keep: Option<&Tensor>) -> Tensor {
    let dims = x.dims();
    let counts: Option<Vec<i64>> = keep.map(|keep| {
        let ints: Vec<i64> = keep.iter().map(|x| x as i64).collect();
        let mut from = vec![1; dims.len() - keep.dims().len().min(dims.len())];
        from.extend(keep.dims());
        strided::read(&ints, dims, &strided::repeated(&from, dims))
    });
    let counts = |at: usize| counts.as_ref().is_none_or(|counts| counts[at] != 0);
    let inner = len(&dims[axis + 1..]).max(1);
    let row = |at: usize| at / (inner * dims[axis]) * inner + at % inner;
    let mut largest = vec![f64::NEG_INFINITY; x.len() / dims[axis].max(1)];
    for (at, entry) in x.iter().enumerate().filter(|(at, _)| counts(*at)) {
        let max = &mut largest[row(at)];
        *max = max.max(entry);
    }
    let entries =
        x.iter().enumerate().map(|(at, entry)| if counts(at) { largest[row(at)] - entry } else { FAR });
    from_f64(dims, Kind::Float, entries)
}

/// Entries of an axis at indices, of which negative ones count from the end. What is out of range selects zero: the statement's
/// range refuses it.
fn gather(x: &Tensor, axis: usize, indices: &Tensor, dims: &[usize]) -> Tensor {
    let (extent, inner) = (x.dims()[axis], len(&x.dims()[axis + 1..]));
    let count = indices.len();
    let places: Vec<Option<usize>> = (0..count)
        .map(|place| {
            let index = indices.get(place) as i64;
            let index = if index < 0 { index + extent as i64 } else { index };
            usize::try_from(index).ok().filter(|index| *index < extent)
        })
        .collect();
    x.gather(dims, |at| {
        let (outer, place, inside) = (at / (count * inner), at / inner % count, at % inner);
        places[place].map(|index| (outer * extent + index) * inner + inside)
    })
}

/// Everything that sums, products and comparisons suffice for.
fn linear<N: Number + einsum::Multiply>(core: &Core, inputs: &[(&[usize], &[N])], dims: &[usize]) -> Vec<N> {
    match core {
        Core::Reshape => inputs[0].1.to_vec(),
        Core::Transpose(perm) => {
            let from = strides(inputs[0].0);
            strided::read(inputs[0].1, dims, &perm.iter().map(|axis| from[*axis]).collect::<Vec<_>>())
        }
        Core::Broadcast => strided::read(inputs[0].1, dims, &strided::repeated(inputs[0].0, dims)),
        Core::Map { axis, matrix } => map(inputs[0], *axis, matrix, dims),
        Core::Concat(axis) => {
            let inner: usize = dims[axis + 1..].iter().product();
            let outer: usize = dims[..*axis].iter().product();
            let mut data = Vec::with_capacity(len(dims));
            for row in 0..outer {
                for (dims, input) in inputs {
                    let size = dims[*axis] * inner;
                    data.extend_from_slice(&input[row * size..(row + 1) * size]);
                }
            }
            data
        }
        Core::Sum(coefficients) => {
            let mut sum = vec![N::default(); len(dims)];
            for (coefficient, (from, input)) in coefficients.iter().zip(inputs) {
                let repeated;
                let input = match *from == dims {
                    true => *input,
                    false => {
                        repeated = strided::read(input, dims, &strided::repeated(from, dims));
                        &repeated
                    }
                };
                let c = N::from_f64(*coefficient);
                let one = *coefficient == 1.0;
                sum.iter_mut().zip(input).for_each(|(sum, x)| {
                    *sum = sum.add(if one { *x } else { x.mul(c) });
                });
            }
            sum
        }
        Core::Einsum { a, b, out } => einsum::einsum((a, inputs[0]), (b, inputs[1]), out),
        Core::Conv { groups, windows } => conv::conv(*groups, windows, inputs, dims),
        Core::ChannelAffine(axis) => {
            let inner: usize = dims[axis + 1..].iter().product();
            let channel = |i: usize| i / inner % dims[*axis];
            let affine = |(i, x): (usize, &N)| x.mul(inputs[1].1[channel(i)]).add(inputs[2].1[channel(i)]);
            inputs[0].1.iter().enumerate().map(affine).collect()
        }
        Core::Max => {
            let pairs = inputs[0].1.iter().zip(inputs[1].1);
            pairs.map(|(a, b)| if b > a { *b } else { *a }).collect()
        }
        // Handled before.
        Core::Gap(_)
        | Core::Gather { .. }
        | Core::Function(_)
        | Core::Divide
        | Core::FloorDivide
        | Core::Sqrt => Vec::new(),
    }
}

fn map<N: Number>(
    (from, input): (&[usize], &[N]),
    axis: usize,
    matrix: &AxisMatrix,
    dims: &[usize],
) -> Vec<N> {
    let inner: usize = dims[axis + 1..].iter().product();
    let outer: usize = dims[..axis].iter().product();
    let (rows, columns) = (matrix.rows * inner, from[axis] * inner);
    let mut out = vec![N::default(); outer * rows];
    let selection = matrix.is_selection();
    for block in 0..outer {
        let (source, target) = (&input[block * columns..], &mut out[block * rows..(block + 1) * rows]);
        for (row, column, coefficient) in &matrix.entries {
            let source = &source[*column as usize * inner..][..inner];
            let target = &mut target[*row as usize * inner..][..inner];
            if selection {
                target.copy_from_slice(source);
            } else {
                let c = N::from_f64(f64::from(*coefficient));
                target.iter_mut().zip(source).for_each(|(out, x)| *out = out.add(x.mul(c)));
            }
        }
    }
    if matrix.divisor != 1 {
        let factor = N::from_f64(1.0 / f64::from(matrix.divisor));
        out.iter_mut().for_each(|x| *x = x.mul(factor));
    }
    out
}

fn function(formula: &Formula, input: &Tensor, dims: &[usize], kind: Kind) -> Tensor {
    from_f64(dims, kind, input.iter().map(|x| formula.eval(x)))
}

fn quotient(inputs: &[&Tensor], dims: &[usize], kind: Kind, f: impl Fn(f64, f64) -> f64) -> Tensor {
    from_f64(dims, kind, inputs[0].iter().zip(inputs[1].iter()).map(|(a, b)| f(a, b)))
}

fn from_f64(dims: &[usize], kind: Kind, entries: impl Iterator<Item = f64>) -> Tensor {
    let mut entries = entries;
    let mut next = || entries.next().unwrap_or_default();
    match kind {
        Kind::Float => FloatTensor::from_fn(dims, |_| next() as f32).into(),
        Kind::Int | Kind::Bool => IntTensor::from_fn(dims, |_| next().round() as i64).into(),
    }
}
