//! Sums and products of values.

use zktorch_graph::{Interval, Role};

use super::{Lowering, Value, sub_axes};
use crate::{FloatTensor, Result};

impl Lowering<'_> {
    /// a + b or a - b; both activations.
    pub(crate) fn add(&mut self, a_name: &str, b_name: &str, subtract: bool) -> Result<Value> {
        let (a, b) = (self.addend(a_name)?, self.addend(b_name)?);
        let rank = a.axes.len().max(b.axes.len());
        let (a, b) = (self.with_rank(a, rank), self.with_rank(b, rank));
        let (mut a, mut b) = self.aligned(a, b, (a_name, b_name))?;
        // Where one is repeated it has to be a sum of views.
        let axes: Vec<Vec<u32>> = a
            .axes
            .iter()
            .zip(&b.axes)
            .map(|(a, b)| if a.is_empty() { b.clone() } else { a.clone() })
            .collect();
        for (value, name) in [(&mut a, a_name), (&mut b, b_name)] {
            if value.axes != axes {
                *value = self.settled(value.clone(), name)?;
                *value = self.broadcast(value.clone(), &axes)?;
            }
        }
        if subtract {
            b = b.negated();
        }
        let (a, b) = self.same_scale(a, b)?;
        Ok(a.plus(&b))
    }

    /// An operand of a sum. Divisions are carried out, and so are contractions whose scale is too fine for the sum.
    fn addend(&mut self, name: &str) -> Result<Value> {
        let value = self.value(name)?;
        let room = self.target_scale() + 16;
        if value.div == 1 && (!value.is_pending() || value.scale <= room) {
            return Ok(value);
        }
        let scale = self.own_scale(&value).min(room);
        let stored = self.rescale(&value, scale, Interval::I16, Role::Ranged, name)?;
        self.replace(name, stored.clone());
        Ok(stored)
    }

    /// Brings two values to the finer of their scales.
    fn same_scale(&self, a: Value, b: Value) -> Result<(Value, Value)> {
        let scale = a.scale.max(b.scale);
        let raise = |value: Value| {
            let bits = (scale - value.scale) as u32;
            value.raised(bits).ok_or_else(|| self.error("scales of a sum", "at most 61 bits apart", bits))
        };
        Ok((raise(a)?, raise(b)?))
    }

    /// value + constant, the constant repeated where its extents are 1. `value_name` names the tensor that is stored if the value has
    /// to be repeated.
    pub(crate) fn add_constant(
        &mut self,
        value: Value,
        value_name: &str,
        name: &str,
        constant: &FloatTensor,
    ) -> Result<Value> {
        let mut value = if value.div == 1 { value } else { self.settled(value, value_name)? };
        let rank = value.axes.len().max(constant.dims().len());
        value = self.with_rank(value, rank);
        let axes = self.axes_like(&value, constant.dims(), rank);
        let joint: Vec<Vec<u32>> = value
            .axes
            .iter()
            .zip(&axes)
            .map(|(a, b)| if a.is_empty() { b.clone() } else { a.clone() })
            .collect();
        if value.axes != joint {
            value = self.settled(value, value_name)?;
            value = self.broadcast(value, &joint)?;
        }
        let max_scale = value.scale.max(self.target_scale());
        let weight = self.weight(name, constant, axes, max_scale)?;
        let weight = self.broadcast(weight, &joint)?;
        let (value, weight) = self.same_scale(value, weight)?;
        Ok(value.plus(&weight))
    }

    /// value + a bias of one number per entry of an axis.
    pub(crate) fn add_channels(&mut self, value: Value, bias: &str, axis: usize) -> Result<Value> {
        let constant = self.constant(bias).ok_or_else(|| self.bug("a constant bias", "none"))?;
        let mut dims = vec![1; value.axes.len() - axis];
        dims[0] = constant.data().len();
        let constant = constant.clone().reshaped(&dims);
        let name = self.current().to_owned();
        self.add_constant(value, &name, bias, &constant)
    }

    /// The layout of a constant that meets `value` elementwise.
    fn axes_like(&self, value: &Value, dims: &[usize], rank: usize) -> Vec<Vec<u32>> {
        let value_dims = value.dims();
        let skip = rank - dims.len();
        (0..rank)
            .map(|axis| match axis.checked_sub(skip).map(|axis| dims[axis]) {
                None | Some(1) => vec![],
                Some(dim) if dim == value_dims[axis] => value.axes[axis].clone(),
                Some(dim) => sub_axes(dim),
            })
            .collect()
    }

    /// value * constant, elementwise.
    pub(crate) fn mul_constant(
        &mut self,
        value_name: &str,
        name: &str,
        constant: &FloatTensor,
    ) -> Result<Value> {
        let value = self.value(value_name)?;
        if let [factor] = constant.data()
            && let Some(shift) = exponent(*factor)
        {
            // A power of two is a change of scale.
            let mut value = self.with_rank(value, constant.dims().len());
            value.scale -= shift;
            return Ok(value);
        }
        let value = self.linear(value_name)?;
        let rank = value.axes.len().max(constant.dims().len());
        let value = self.with_rank(value, rank);
        let axes = self.axes_like(&value, constant.dims(), rank);
        let weight = self.factor_weight(name, constant, axes, &value)?;
        self.elementwise(&weight, &value)
    }

    /// a * b, elementwise; both activations.
    pub(crate) fn mul(&mut self, a_name: &str, b_name: &str) -> Result<Value> {
        let (a, b) = (self.linear(a_name)?, self.linear(b_name)?);
        let rank = a.axes.len().max(b.axes.len());
        let (a, b) = (self.with_rank(a, rank), self.with_rank(b, rank));
        let (a, b) = self.aligned(a, b, (a_name, b_name))?;
        let (a, b) = self.coarse(a, b, (a_name, b_name))?;
        self.elementwise(&a, &b)
    }

    /// Operands of a product of activations, at scales that one rescaling can take back.
    pub(crate) fn coarse(&mut self, a: Value, b: Value, names: (&str, &str)) -> Result<(Value, Value)> {
        let lower = |lowering: &mut Self, value: Value, name: &str| {
            let own = lowering.own_scale(&value);
            if value.scale > own { lowering.store(&value, name) } else { Ok(value) }
        };
        let (mut a, mut b) = (lower(self, a, names.0)?, lower(self, b, names.1)?);
        let excess = a.scale + b.scale - self.target_scale() - 16;
        if excess > 0 {
            let (value, name) = if a.scale > b.scale { (&mut a, names.0) } else { (&mut b, names.1) };
            let scale = value.scale - excess;
            *value = self.rescale(value, scale, Interval::I16, Role::Ranged, name)?;
        }
        Ok((a, b))
    }

    fn elementwise(&mut self, a: &Value, b: &Value) -> Result<Value> {
        let mut label = 0u32..;
        let (mut a_labels, mut b_labels, mut out) = (Vec::new(), Vec::new(), Vec::new());
        for (a, b) in a.axes.iter().zip(&b.axes) {
            let joint = if a.is_empty() { b } else { a };
            let labels: Vec<u32> = label.by_ref().take(joint.len()).collect();
            a_labels.push(if a.is_empty() { vec![] } else { labels.clone() });
            b_labels.push(if b.is_empty() { vec![] } else { labels.clone() });
            out.push(labels);
        }
        self.contract((a, &a_labels), (b, &b_labels), &out)
    }
}

/// k if the number is 2^k.
fn exponent(x: f32) -> Option<i32> {
    (x > 0.0).then(|| x.log2() as i32).filter(|k| f32::powi(2.0, *k) == x)
}
