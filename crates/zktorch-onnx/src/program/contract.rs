//! Sums of products that a model spells as a product of all entries and a sum along an axis: `mean(x^2)` of a normalisation.

use super::{AxisMatrix, Core, Id, Kind, Node, Program};

impl Program {
    /// Sums of products become contractions, where nothing else reads the products: their entries go further than the sums, and
    /// need not be stored.
    pub(crate) fn contract_products(&mut self) {
        self.rewrite(Self::contraction);
    }

    /// The contraction, its layout and its division that a sum or mean along an axis is.
    fn contraction(&mut self, node: &Node, before: &[Node], readers: &[usize]) -> Option<Vec<Node>> {
        let Core::Map { axis, matrix } = &node.core else { return None };
        let extent = self.value(node.inputs[0]).dims[*axis];
        let all = matrix.rows == 1 && matrix.entries.len() == extent;
        if !all || extent < 2 || matrix.entries.iter().any(|entry| entry.2 != 1) {
            return None;
        }
        let alone = |id: Id| readers.get(id.0) == Some(&1);
        let maker = |id: Id| before.iter().rfind(|other| other.output == id).filter(|_| alone(id));
        let mut product = maker(node.inputs[0])?;
        if product.core == Core::Reshape {
            product = maker(product.inputs[0])?;
        }
        let Core::Einsum { a, b, out } = &product.core else { return None };
        let of_the_run = product.inputs.iter().all(|id| self.constant(*id).is_none());
        let value = self.value(product.output);
        if a != b || a != out || !of_the_run || value.kind != Kind::Float {
            return None;
        }
        // Products may leave out axes of extent 1.
        let long = |dims: &[usize]| dims.iter().copied().filter(|dim| *dim != 1).collect::<Vec<_>>();
        let read = &self.value(node.inputs[0]).dims;
        let position = match *read == value.dims {
            true => *axis,
            false if long(read) == value.dims => long(&read[..*axis]).len(),
            false => return None,
        };
        let (a, b, mut out, inputs) = (a.clone(), b.clone(), out.clone(), product.inputs.clone());
        let mut dims = value.dims.clone();
        out.remove(position);
        dims.remove(position);
        let whole = self.value(node.output).dims.clone();
        let mut list = Vec::new();
        let mut push = |program: &mut Self, core, inputs, dims| {
            program.append(&mut list, (core, inputs, node.origin), node.output, dims)
        };
        let sum = push(self, Core::Einsum { a, b, out }, inputs, dims);
        let sum = push(self, Core::Reshape, vec![sum], whole);
        let matrix = AxisMatrix::new(1, vec![(0, 0, 1)], matrix.divisor);
        let core = Core::Map { axis: *axis, matrix: matrix.into() };
        list.push(Node { core, inputs: vec![sum], output: node.output, origin: node.origin });
        Some(list)
    }
}
