//! Factors and offsets that constant weights can take: a normalisation's before a matrix product, public numbers after one.

use std::sync::Arc;

use super::{Core, Id, Kind, Node, Program};
use crate::FloatTensor;
use crate::tensor::len;

/// A factor that is this many times the mean of its kind would take bits from the weights of the others.
const UNEVEN: f64 = 8.0;

/// `x = factor value + offset`, one factor and one offset for every entry of an axis of x.
pub(super) struct Affine {
    pub(super) value: Id,
    pub(super) axis: usize,
    pub(super) factor: Vec<f64>,
    pub(super) offset: Option<Vec<f64>>,
}

/// A product of an affine value with a constant weight, by its node's number.
struct Product {
    node: usize,
    /// Which input the value is; the other one is the weight.
    operand: usize,
    affine: Affine,
}

impl Program {
    /// `(g o v + b) W` becomes `v (g o W) + b W` where products with constant weights and sums are all that reads `g o v + b`: it need
    /// not be stored then.
    pub(crate) fn fold_affine(&mut self) {
        let (readers, made_by) = (self.readers(), self.made_by());
        let constant = |id: &Id| self.constant(*id).is_some();
        let mut products = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let alone = |id: &Id| constant(id) && readers[id.0] == 1;
            let Some(operand) = node.inputs.iter().position(|id| !constant(id)) else { continue };
            let weight = node.inputs.get(1 - operand.min(1)).filter(|id| alone(id));
            if !matches!(node.core, Core::Einsum { .. }) || weight.is_none() || node.inputs.len() != 2 {
                continue;
            }
            if let Some(affine) = self.affine(node.inputs[operand], &made_by) {
                products.push(Product { node: index, operand, affine });
            }
        }
        let folded = |index: usize| products.iter().any(|product| product.node == index);
        let mut stays = vec![false; self.values.len()];
        self.outputs.iter().for_each(|(_, id)| stays[id.0] = true);
        for (index, node) in self.nodes.iter().enumerate().rev() {
            let keeps = match node.core {
                Core::Reshape => stays[node.output.0],
                Core::Sum(_) => false,
                _ => !folded(index),
            };
            if keeps {
                node.inputs.iter().for_each(|id| stays[id.0] = true);
            }
        }
        products.retain(|product| !stays[self.nodes[product.node].inputs[product.operand].0]);
        let mut lists: Vec<_> = products.iter().filter_map(|product| self.fold(product)).collect();
        lists.sort_by_key(|(index, _)| std::cmp::Reverse(*index));
        for (index, list) in lists {
            self.nodes.splice(index..=index, list);
        }
        self.add_offsets();
        self.simplify();
    }

    /// `(v + b) + c` becomes `v + (b + c)` for constants over the same axes, where nothing else reads `v + b`.
    fn add_offsets(&mut self) {
        let (readers, made_by) = (self.readers(), self.made_by());
        let alone = |id: Id| made_by[id.0].filter(|_| readers[id.0] == 1);
        for index in 0..self.nodes.len() {
            let Some((mut sum, outer)) = self.offset(index) else { continue };
            let Some(mut before) = alone(sum) else { continue };
            if self.nodes[before].core == Core::Reshape {
                sum = self.nodes[before].inputs[0];
                let Some(maker) = alone(sum) else { continue };
                before = maker;
            }
            let Some((value, inner)) = self.offset(before) else { continue };
            let same = self.axes_of(inner, sum) == self.axes_of(outer, self.nodes[index].output);
            let entries =
                |id: Id| self.value(id).constant.clone().filter(|_| self.value(id).kind == Kind::Float);
            let (Some(b), Some(c)) = (entries(inner), entries(outer)) else { continue };
            if !same || b.len() != c.len() {
                continue;
            }
            let both = FloatTensor::from_fn(b.dims(), |i| (b.get(i) + c.get(i)) as f32);
            let both = self.add_constant(inner, "and offset", both.into());
            self.nodes[before].inputs = vec![value, both];
            let node = &mut self.nodes[index];
            node.inputs.retain(|id| *id != outer);
            node.core = Core::Reshape;
        }
    }

    /// The extents of a constant over the axes of a value that are longer than 1.
    fn axes_of(&self, constant: Id, value: Id) -> Vec<usize> {
        let (own, dims) = (&self.value(constant).dims, &self.value(value).dims);
        let skip = dims.len() - own.len().min(dims.len());
        let extent =
            |axis: usize| axis.checked_sub(skip).and_then(|axis| own.get(axis)).copied().unwrap_or(1);
        (0..dims.len()).filter(|axis| dims[*axis] != 1).map(extent).collect()
    }

    /// What a node adds a constant to, and the constant.
    fn offset(&self, index: usize) -> Option<(Id, Id)> {
        let Node { core: Core::Sum(coefficients), inputs, .. } = &self.nodes[index] else { return None };
        let [a, b] = inputs[..] else { return None };
        let constant = |id: Id| self.constant(id).is_some();
        match (coefficients[..] == [1.0, 1.0], constant(a), constant(b)) {
            (true, false, true) => Some((a, b)),
            (true, true, false) => Some((b, a)),
            _ => None,
        }
    }

    /// The axis along which a constant of some rank varies, if it is one alone, and its entries.
    fn along_one(&self, id: Id, rank: usize) -> Option<(usize, Vec<f64>)> {
        let constant = self.constant(id)?;
        let dims = constant.dims();
        let axis = dims.iter().position(|dim| *dim > 1)?;
        (dims[axis] == constant.len()).then(|| (axis + rank - dims.len(), constant.iter().collect()))
    }

    /// What a value is as factors and offsets of another one's entries.
    pub(super) fn affine(&self, id: Id, made_by: &[Option<usize>]) -> Option<Affine> {
        let node = &self.nodes[made_by[id.0]?];
        let dims = &self.value(id).dims;
        match &node.core {
            // Extents of 1 come and go.
            Core::Reshape => {
                let mut affine = self.affine(node.inputs[0], made_by)?;
                let before = &self.value(node.inputs[0]).dims;
                let long = |dims: &[usize]| (0..dims.len()).filter(|i| dims[*i] != 1).collect::<Vec<_>>();
                let (from, to) = (long(before), long(dims));
                let same = from.iter().map(|i| before[*i]).eq(to.iter().map(|i| dims[*i]));
                affine.axis = to[from.iter().position(|i| *i == affine.axis).filter(|_| same)?];
                Some(affine)
            }
            Core::Sum(coefficients) if coefficients[..] == [1.0, 1.0] => {
                let offset = node.inputs.iter().position(|id| self.constant(*id).is_some())?;
                let affine = self.affine(node.inputs[1 - offset], made_by)?;
                let (axis, entries) = self.along_one(node.inputs[offset], dims.len())?;
                let whole = affine.offset.is_none() && axis == affine.axis && entries.len() == dims[axis];
                whole.then_some(Affine { offset: Some(entries), ..affine })
            }
            Core::Einsum { a, b, out } => {
                let (factor, other) = match node.inputs[..] {
                    [value, factor] if self.constant(factor).is_some() => ((factor, b), (value, a)),
                    [factor, value] if self.constant(factor).is_some() => ((factor, a), (value, b)),
                    _ => return None,
                };
                let (axis, entries) = self.along_one(factor.0, factor.1.len())?;
                let axis = out.iter().position(|label| *label == factor.1[axis])?;
                let mean = entries.iter().map(|x| x.abs()).sum::<f64>() / entries.len() as f64;
                let even = entries.iter().all(|x| x.abs() <= UNEVEN * mean);
                let whole = other.1 == out && factor.1.iter().all(|label| out.contains(label));
                let known = self.constant(other.0).is_none() && entries.len() == dims[axis];
                (whole && known && even).then_some(Affine {
                    value: other.0,
                    axis,
                    factor: entries,
                    offset: None,
                })
            }
            _ => None,
        }
    }

    /// The product of the value itself, and what is to be added to it: the nodes in its place.
    fn fold(&mut self, Product { node, operand, affine }: &Product) -> Option<(usize, Vec<Node>)> {
        let node_index = *node;
        let Node { core, inputs, output, origin } = self.nodes[node_index].clone();
        let Core::Einsum { a, b, out } = &core else { return None };
        let (labels, weight_labels) = if *operand == 0 { (a, b) } else { (b, a) };
        let (read, weight) = (inputs[*operand], inputs[1 - operand]);
        let label = labels[affine.axis];
        let position = weight_labels.iter().position(|other| *other == label)?;
        let summed = |label: &u32| !out.contains(label);
        if !summed(&label) || labels.iter().any(|label| summed(label) && !weight_labels.contains(label)) {
            return None;
        }
        let constant = self.value(weight).constant.clone()?;
        let dims = constant.dims().to_vec();
        let inner = len(&dims[position + 1..]);
        let channel = |i: usize| i / inner % dims[position];
        let scaled = constant.scaled_along(position, &affine.factor);
        if !scaled.may_be_finite() {
            return None;
        }
        let mut list = Vec::new();
        let read_dims = self.value(read).dims.clone();
        let value =
            self.append(&mut list, (Core::Reshape, vec![affine.value], origin), affine.value, read_dims);
        let scaled = self.add_constant(weight, "scaled", scaled);
        let mut operands = vec![value, scaled];
        if *operand == 1 {
            operands.reverse();
        }
        let Some(offset) = &affine.offset else {
            list.push(Node { core, inputs: operands, output, origin });
            return Some((node_index, list));
        };
        // The offset's product has the axes that the weight gives the result.
        let whole = self.value(output).dims.clone();
        let own: Vec<usize> = (0..out.len()).filter(|axis| weight_labels.contains(&out[*axis])).collect();
        let extents: Vec<usize> =
            (0..out.len()).map(|axis| if own.contains(&axis) { whole[axis] } else { 1 }).collect();
        let mut sums = vec![0f64; len(&extents)];
        for (i, entry) in constant.iter().enumerate() {
            let mut index = 0;
            for axis in &own {
                let at = weight_labels.iter().position(|label| *label == out[*axis])?;
                index = index * whole[*axis] + i / len(&dims[at + 1..]) % dims[at];
            }
            sums[index] += entry * offset[channel(i)];
        }
        let sums = FloatTensor::from_fn(&*extents, |i| sums[i] as f32);
        let product = self.append(&mut list, (core, operands, origin), output, whole);
        let offset = self.add_constant(output, "offset", sums.into());
        let inputs = vec![product, offset];
        list.push(Node { core: Core::Sum(vec![1.0, 1.0]), inputs, output, origin });
        Some((node_index, list))
    }

    /// `c (x W + b)` becomes `x (c W) + c b`: the bits of c are in the weights then, and need not be rounded away.
    pub(crate) fn fold_numbers(&mut self) {
        let (readers, made_by) = (self.readers(), self.made_by());
        for index in 0..self.nodes.len() {
            let Node { core: Core::Sum(coefficients), inputs, .. } = &self.nodes[index] else { continue };
            let (coefficients, inputs) = (coefficients.clone(), inputs.clone());
            for (term, c) in coefficients.into_iter().enumerate() {
                let mut constants = Vec::new();
                let of_the_run = self.constant(inputs[term]).is_none();
                let odd = c != 0.0 && c.abs().log2().fract() != 0.0;
                if !of_the_run || !odd || !self.scalable(inputs[term], &readers, &made_by, &mut constants) {
                    continue;
                }
                for id in constants {
                    let Some(constant) = self.value(id).constant.clone() else { continue };
                    let scaled = constant.times(c);
                    self.values[id.0].constant = Some(Arc::new(scaled));
                }
                if let Core::Sum(coefficients) = &mut self.nodes[index].core {
                    coefficients[term] = 1.0;
                }
            }
        }
    }

    /// Whether a value is scaled by scaling constants that nothing else reads; which ones.
    fn scalable(
        &self,
        id: Id,
        readers: &[usize],
        made_by: &[Option<usize>],
        constants: &mut Vec<Id>,
    ) -> bool {
        if readers[id.0] != 1 {
            return false;
        }
        if let Some(constant) = self.constant(id) {
            constants.push(id);
            return !matches!(constant, crate::Tensor::Int(_));
        }
        let Some(node) = made_by[id.0].map(|index| &self.nodes[index]) else { return false };
        let mut all = |inputs: &[Id]| inputs.iter().all(|id| self.scalable(*id, readers, made_by, constants));
        match &node.core {
            Core::Reshape | Core::Transpose(_) | Core::Sum(_) => all(&node.inputs),
            Core::Einsum { .. } => {
                let weight = node.inputs.iter().find(|id| self.constant(**id).is_some());
                weight.is_some_and(|weight| all(&[*weight]))
            }
            _ => false,
        }
    }
}
