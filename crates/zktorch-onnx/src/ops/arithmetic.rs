//! Add, Sub, Mul with numpy's broadcasting.

use super::{Context, Operator, Resolved};
use crate::lower::{Lowering, Value};
use crate::tensor::strides;
use crate::{FloatTensor, Result};

#[derive(Clone, Copy, PartialEq)]
enum Binary {
    Add,
    Sub,
    Mul,
}

pub(super) fn add(cx: &Context<'_>) -> Result<Resolved> {
    resolve(cx, Binary::Add)
}

pub(super) fn sub(cx: &Context<'_>) -> Result<Resolved> {
    resolve(cx, Binary::Sub)
}

pub(super) fn mul(cx: &Context<'_>) -> Result<Resolved> {
    resolve(cx, Binary::Mul)
}

/// The extents of the result of an elementwise operator, if there is one.
pub(super) fn broadcast_dims(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let dim =
        |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |axis| dims[axis]);
    (0..rank)
        .map(|axis| match (dim(a, axis), dim(b, axis)) {
            (a, b) if a == b || b == 1 => Some(a),
            (1, b) => Some(b),
            _ => None,
        })
        .collect()
}

fn resolve(cx: &Context<'_>, op: Binary) -> Result<Resolved> {
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    let dims = broadcast_dims(a.dims, b.dims).ok_or_else(|| {
        cx.error("input 1", format!("extents that go with {:?}", a.dims), format!("{:?}", b.dims))
    })?;
    let count = if op == Binary::Mul { crate::tensor::len(&dims) as u64 } else { 0 };
    Ok(Resolved::op(op, &[a.name, b.name], dims).with_multiplications(count))
}

/// Row-major indices of an operand for every entry of the result.
pub(super) fn broadcast_index(from: &[usize], to: &[usize]) -> impl Fn(usize) -> usize {
    let (mut steps, own, outer) = (vec![0; to.len()], strides(from), strides(to));
    let skip = to.len() - from.len();
    for (axis, dim) in from.iter().enumerate() {
        steps[axis + skip] = if *dim == 1 { 0 } else { own[axis] };
    }
    let to = to.to_vec();
    move |index| (0..to.len()).map(|axis| index / outer[axis] % to[axis] * steps[axis]).sum()
}

impl Operator for Binary {
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor {
        let (a, b) = (inputs[0], inputs[1]);
        let (at_a, at_b) = (broadcast_index(a.dims(), dims), broadcast_index(b.dims(), dims));
        let (same_a, same_b) = (a.dims() == dims, b.dims() == dims);
        FloatTensor::from_fn(dims, |i| {
            let x = a.data()[if same_a { i } else { at_a(i) }];
            let y = b.data()[if same_b { i } else { at_b(i) }];
            match self {
                Self::Add => x + y,
                Self::Sub => x - y,
                Self::Mul => x * y,
            }
        })
    }

    fn is_sum(&self) -> bool {
        *self != Self::Mul
    }

    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value> {
        let (a, b) = (&inputs[0], &inputs[1]);
        let constants = (lowering.constant(a), lowering.constant(b));
        match (self, constants) {
            (Self::Mul, (Some(constant), _)) => lowering.mul_constant(b, a, constant),
            (Self::Mul, (_, Some(constant))) => lowering.mul_constant(a, b, constant),
            (Self::Mul, _) => lowering.mul(a, b),
            (Self::Add, (Some(constant), _)) => {
                let value = lowering.value(b)?;
                lowering.add_constant(value, b, a, constant)
            }
            (Self::Add, (_, Some(constant))) => {
                let value = lowering.value(a)?;
                lowering.add_constant(value, a, b, constant)
            }
            (Self::Sub, (Some(constant), _)) => {
                let value = lowering.value(b)?.negated();
                lowering.add_constant(value, b, a, constant)
            }
            (Self::Sub, (_, Some(constant))) => {
                let value = lowering.value(a)?.negated();
                Ok(lowering.add_constant(value, a, b, constant)?.negated())
            }
            (Self::Add, _) => lowering.add(a, b, false),
            (Self::Sub, _) => lowering.add(a, b, true),
        }
    }
}
