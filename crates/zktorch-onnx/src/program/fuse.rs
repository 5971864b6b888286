//! Passes over a whole program: normalisations into the weights before them, and what nobody reads.

use std::sync::Arc;

use super::{Core, Id, Program};
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

    /// Puts factors and offsets per channel into the weights of the convolution or matrix product before them, where nothing
    /// else reads that one's result.
    pub(crate) fn fold_norms(&mut self) {
        let readers = self.readers();
        let mut index = 0;
        while index < self.nodes.len() {
            match self.foldable(index, &readers) {
                Some((host, weight, bias)) => {
                    let norm = self.nodes.remove(index);
                    let weight = self.add_constant(norm.output, "weight", weight);
                    let bias = self.add_constant(norm.output, "bias", bias);
                    let target = &mut self.nodes[host];
                    target.inputs.truncate(1);
                    target.inputs.extend([weight, bias]);
                    target.output = norm.output;
                }
                None => index += 1,
            }
        }
    }

    fn add_constant(&mut self, of: Id, what: &str, tensor: FloatTensor) -> Id {
        let mut value = self.values[of.0].clone();
        value.name = format!("{} ({what})", value.name);
        value.dims = tensor.dims().to_vec();
        (value.constant, value.public) = (Some(Arc::new(tensor.into())), false);
        self.values.push(value);
        Id(self.values.len() - 1)
    }

    /// The convolution before, with the weight and bias that replace its own, if `index` is a normalisation that can be folded.
    fn foldable(&self, index: usize, readers: &[usize]) -> Option<(usize, FloatTensor, FloatTensor)> {
        let norm = &self.nodes[index];
        let Core::ChannelAffine(1) = norm.core else { return None };
        let constants: Vec<&Tensor> =
            norm.inputs[1..].iter().map(|id| self.constant(*id)).collect::<Option<_>>()?;
        let (factor, offset) = (constants.first()?, constants.get(1)?);
        let host = self.nodes[..index].iter().position(|node| node.output == norm.inputs[0])?;
        let node = &self.nodes[host];
        if !matches!(node.core, Core::Conv { .. }) || readers.get(node.output.0) != Some(&1) {
            return None;
        }
        let weight = self.constant(*node.inputs.get(1)?)?;
        let inner: usize = weight.dims()[1..].iter().product();
        let channels = weight.dims()[0];
        let old = match node.inputs.get(2) {
            None => None,
            Some(id) => Some(self.constant(*id)?),
        };
        let bias = FloatTensor::from_fn([channels], |c| {
            (old.map_or(0.0, |bias| bias.get(c)) * factor.get(c) + offset.get(c)) as f32
        });
        let scaled = FloatTensor::from_fn(weight.dims(), |i| (weight.get(i) * factor.get(i / inner)) as f32);
        // Factors can overflow 32 bits where the variance is tiny; then nothing is folded.
        let finite = scaled.data().iter().chain(bias.data()).all(|x| x.is_finite());
        finite.then_some((host, scaled, bias))
    }
}
