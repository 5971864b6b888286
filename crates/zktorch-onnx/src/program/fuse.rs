//! Passes over a whole program: normalisations into the weights before them, and what nobody reads.

use std::sync::Arc;

use super::weights::Affine;
use super::{Core, Id, Node, Program};
use crate::{FloatTensor, Tensor};

impl Program {
    /// Removes what no output depends on.
    pub(crate) fn simplify(&mut self) {
        let mut live = vec![false; self.values.len()];
        self.outputs.iter().for_each(|(_, id)| live[id.0] = true);
        let mut kept: Vec<_> = Vec::with_capacity(self.nodes.len());
        for node in std::mem::take(&mut self.nodes).into_iter().rev() {
            if live[node.output.0] {
                node.inputs.iter().for_each(|id| live[id.0] = true);
                kept.push(node);
            }
        }
        kept.reverse();
        self.nodes = kept;
        // Constants that nobody reads any more need no memory.
        for (value, live) in self.values.iter_mut().zip(live) {
            if !live {
                value.constant = None;
            }
        }
    }

    /// Divides products instead of their operands, where all that is added up is divided by the same: attention's weights are
    /// as many as pairs of positions, its results are not.
    pub(crate) fn divide_products(&mut self) {
        self.rewrite(Self::late_quotient);
    }

    /// Puts other nodes in the place of those for which there are some, given the nodes before and how often each value is read; what
    /// is not read any more goes.
    pub(super) fn rewrite(
        &mut self,
        mut instead: impl FnMut(&mut Self, &Node, &[Node], &[usize]) -> Option<Vec<Node>>,
    ) {
        let readers = self.readers();
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for node in std::mem::take(&mut self.nodes) {
            match instead(self, &node, &nodes, &readers) {
                Some(replaced) => nodes.extend(replaced),
                None => nodes.push(node),
            }
        }
        self.nodes = nodes;
        self.simplify();
    }

    /// Adds a node to a list, of the same node of the file, and returns its value: like another one, with other extents.
    pub(super) fn append(
        &mut self,
        list: &mut Vec<Node>,
        (core, inputs, origin): (Core, Vec<Id>, usize),
        like: Id,
        dims: Vec<usize>,
    ) -> Id {
        let value = super::Value { dims, ..self.values[like.0].clone() };
        self.values.push(value);
        let output = Id(self.values.len() - 1);
        list.push(Node { core, inputs, output, origin });
        output
    }

    /// The product of the dividend, and its quotient by the divisor, if `node` is a product of a quotient that nothing else reads.
    fn late_quotient(&mut self, node: &Node, before: &[Node], readers: &[usize]) -> Option<Vec<Node>> {
        let Core::Einsum { a, out, .. } = &node.core else { return None };
        let maker = |id: Id| before.iter().rfind(|other| other.output == id);
        let alone = |id: Id| readers[id.0] == 1;
        // Products leave out axes of extent 1.
        let mut quotient = maker(node.inputs[0]).filter(|node| alone(node.output))?;
        if quotient.core == Core::Reshape {
            quotient = maker(quotient.inputs[0]).filter(|node| alone(node.output))?;
        }
        let repeated = maker(*quotient.inputs.get(1)?)?;
        if quotient.core != Core::Divide || repeated.core != Core::Broadcast {
            return None;
        }
        let read = self.value(node.inputs[0]).dims.clone();
        let divisor = repeated.inputs[0];
        let extents = self.squeezed(&self.value(quotient.output).dims, &self.value(divisor).dims, &read)?;
        let axis = |label: &u32| a.iter().position(|other| other == label);
        let summed: Vec<usize> = (0..a.len()).filter(|axis| !out.contains(&a[*axis])).collect();
        // The divisor is the same for all that is added up, and the result not much larger than the quotient.
        let entries = |id: Id| crate::tensor::len(&self.value(id).dims);
        let same = summed.iter().all(|axis| extents[*axis] == 1);
        if !same || summed.is_empty() || entries(node.output) > entries(quotient.output) {
            return None;
        }
        let mut perm: Vec<usize> = out.iter().filter_map(axis).collect();
        perm.extend(&summed);
        let moved: Vec<usize> = perm.iter().map(|axis| extents[*axis]).collect();
        let dims: Vec<usize> = out.iter().map(|label| axis(label).map_or(1, |axis| extents[axis])).collect();
        let whole = self.value(node.output).dims.clone();
        let (dividend, other) = (quotient.inputs[0], node.inputs[1]);
        let mut list = Vec::new();
        let mut push = |program: &mut Self, core, inputs: Vec<Id>, like: Id, dims: Vec<usize>| {
            program.append(&mut list, (core, inputs, node.origin), like, dims)
        };
        let dividend = push(self, Core::Reshape, vec![dividend], dividend, read);
        let divisor = push(self, Core::Reshape, vec![divisor], divisor, extents);
        let product = push(self, node.core.clone(), vec![dividend, other], node.output, whole.clone());
        let divisor = push(self, Core::Transpose(perm), vec![divisor], divisor, moved);
        let divisor = push(self, Core::Reshape, vec![divisor], divisor, dims);
        let divisor = push(self, Core::Broadcast, vec![divisor], divisor, whole);
        list.push(Node {
            core: Core::Divide,
            inputs: vec![product, divisor],
            output: node.output,
            origin: node.origin,
        });
        Some(list)
    }

    /// The extents of a value that broadcasts to `whole`, for `read`: the same extents without, or with other, ones.
    fn squeezed(&self, whole: &[usize], part: &[usize], read: &[usize]) -> Option<Vec<usize>> {
        let mut long = whole.iter().zip(part).filter(|(whole, _)| **whole != 1);
        let extents = read.iter().map(|dim| match dim {
            1 => Some(1),
            dim => long.next().filter(|(whole, _)| *whole == dim).map(|(_, part)| *part),
        });
        let extents = extents.collect::<Option<Vec<usize>>>()?;
        (whole.len() == part.len() && long.next().is_none()).then_some(extents)
    }

    /// Puts factors and offsets per channel into the weights of the convolution before them, where nothing else reads that one's
    /// result.
    pub(crate) fn fold_norms(&mut self) {
        let (readers, made_by) = (self.readers(), self.made_by());
        // Of a product and a sum the sum comes first: it has both.
        for index in (0..self.nodes.len()).rev() {
            let output = self.nodes[index].output;
            let Some((host, weight, bias)) = self.foldable(output, &readers, &made_by) else { continue };
            let weight = self.add_constant(output, "weight", weight);
            let bias = self.add_constant(output, "bias", bias.into());
            let target = &mut self.nodes[host];
            target.inputs.truncate(1);
            target.inputs.extend([weight, bias]);
            target.output = output;
            self.nodes[index].output = self.spare(output);
        }
        self.simplify();
    }

    /// A value that nobody reads, like another one.
    fn spare(&mut self, like: Id) -> Id {
        self.values.push(self.values[like.0].clone());
        Id(self.values.len() - 1)
    }

    pub(super) fn add_constant(&mut self, of: Id, what: &str, tensor: Tensor) -> Id {
        let mut value = self.values[of.0].clone();
        value.name = format!("{} ({what})", value.name);
        value.dims = tensor.dims().to_vec();
        (value.constant, value.public) = (Some(Arc::new(tensor)), false);
        self.values.push(value);
        Id(self.values.len() - 1)
    }

    /// The convolution before a value, with the weight and bias that replace its own, if the value is a factor and an offset of each of
    /// its channels.
    fn foldable(
        &self,
        output: Id,
        readers: &[usize],
        made_by: &[Option<usize>],
    ) -> Option<(usize, Tensor, FloatTensor)> {
        let (value, factor, offset) = self.channels(output, made_by)?;
        let host = self.alone_before(output, value, readers, made_by)?;
        let node = &self.nodes[host];
        let weight = self.constant(*node.inputs.get(1)?)?;
        let channels = weight.dims()[0];
        let old = match node.inputs.get(2) {
            None => None,
            Some(id) => Some(self.constant(*id)?),
        };
        if self.value(output).dims != self.value(node.output).dims || factor.len() != channels {
            return None;
        }
        let bias = FloatTensor::from_fn([channels], |c| {
            (old.map_or(0.0, |bias| bias.get(c)) * factor[c] + offset[c]) as f32
        });
        let scaled = weight.scaled_along(0, &factor);
        // Factors can overflow 32 bits where the variance is tiny; then nothing is folded.
        let finite = scaled.may_be_finite() && bias.check_finite("").is_ok();
        finite.then_some((host, scaled, bias))
    }

    /// The value of which a value is factors and offsets of the channels (its second axis), and these: a normalisation, or a product
    /// with or without a sum, as exporters write one whose statistics are constants.
    fn channels(&self, id: Id, made_by: &[Option<usize>]) -> Option<(Id, Vec<f64>, Vec<f64>)> {
        let node = &self.nodes[made_by[id.0]?];
        if node.core == Core::ChannelAffine(1) {
            let [value, factor, offset] = node.inputs[..] else { return None };
            let [factor, offset] = [self.constant(factor)?, self.constant(offset)?];
            return Some((value, factor.iter().collect(), offset.iter().collect()));
        }
        let Affine { value, axis, factor, offset } = self.affine(id, made_by)?;
        let offset = offset.unwrap_or_else(|| vec![0.0; factor.len()]);
        (axis == 1).then_some((value, factor, offset))
    }

    /// The convolution that makes a value, if another one is all that comes of it.
    fn alone_before(
        &self,
        output: Id,
        value: Id,
        readers: &[usize],
        made_by: &[Option<usize>],
    ) -> Option<usize> {
        let (mut at, mut passed) = (output, false);
        loop {
            let index = made_by[at.0]?;
            let node = &self.nodes[index];
            if passed && matches!(node.core, Core::Conv { .. }) {
                return (node.output == at).then_some(index);
            }
            // Extents of 1 come and go.
            if passed && node.core != Core::Reshape {
                return None;
            }
            at = *node.inputs.iter().find(|id| self.constant(**id).is_none())?;
            passed |= at == value;
            if readers[at.0] != 1 {
                return None;
            }
        }
    }
}
