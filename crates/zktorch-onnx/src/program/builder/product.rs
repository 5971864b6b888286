//! Einsums and matrix products.

use super::super::{Core, Id, Kind};
use super::Builder;

impl Builder {
    /// `out[..] = sum over the labels that out lacks of a[..] b[..]`; a label of one operand alone may be summed, too.
    pub(crate) fn einsum(&mut self, a: (Id, &[u32]), b: (Id, &[u32]), out: &[u32]) -> Id {
        let (a, a_labels) = self.sum_alone(a, b.1, out);
        let (b, b_labels) = self.sum_alone(b, &a_labels, out);
        let dim = |label: &u32| {
            let place = |labels: &[u32], id: Id| {
                labels
                    .iter()
                    .position(|other| other == label)
                    .and_then(|axis| self.dims(id).get(axis).copied())
            };
            place(&a_labels, a).or_else(|| place(&b_labels, b)).unwrap_or(1)
        };
        let agree = |labels: &[u32], id: Id| labels.iter().zip(self.dims(id)).all(|(l, d)| dim(l) == *d);
        if !agree(&b_labels, b) {
            let got = format!("{:?} and {:?}", self.dims(a), self.dims(b));
            self.fail("extents that agree on contracted axes", got);
            return self.nothing(out.len(), self.kind(a));
        }
        let dims = out.iter().map(dim).collect();
        let kind = match self.joint_kind(&[a, b]) {
            Kind::Bool => Kind::Int,
            kind => kind,
        };
        self.push(Core::Einsum { a: a_labels, b: b_labels, out: out.to_vec() }, &[a, b], dims, kind)
    }

    /// Sums the axes whose label neither the other operand nor the result has.
    fn sum_alone(&mut self, (id, labels): (Id, &[u32]), other: &[u32], out: &[u32]) -> (Id, Vec<u32>) {
        let alone: Vec<usize> = (0..labels.len())
            .filter(|axis| !other.contains(&labels[*axis]) && !out.contains(&labels[*axis]))
            .collect();
        let kept = labels.iter().copied().enumerate().filter(|(axis, _)| !alone.contains(axis));
        let kept = kept.map(|(_, label)| label).collect();
        (self.reduce_sum(id, &alone, false), kept)
    }

    /// numpy's matrix product.
    pub(crate) fn matmul(&mut self, a: Id, b: Id) -> Id {
        let (a_rank, b_rank) = (self.rank(a), self.rank(b));
        if a_rank == 0 || b_rank == 0 {
            self.fail("operands with axes", "a number");
            return a;
        }
        let batch = a_rank.max(b_rank).max(2) - 2;
        // Labels: batch axes from 2 on, the last one innermost; m = 0, n = 1, k = a label of its own.
        let k = 2 + batch as u32;
        let (mut a, mut b) = (a, b);
        // Batch axes of extent 1 are left out, so that nothing is repeated.
        let labels = |builder: &mut Self, id: Id, own: [Option<u32>; 2]| {
            let matrix: Vec<u32> = own.into_iter().flatten().collect();
            let dims = builder.dims(id).to_vec();
            let count = dims.len() - matrix.len();
            let mut labels = Vec::new();
            let mut extents = Vec::new();
            for (axis, extent) in dims.iter().take(count).enumerate() {
                if *extent != 1 {
                    labels.push((2 + batch - count + axis) as u32);
                    extents.push(*extent);
                }
            }
            labels.extend(&matrix);
            extents.extend(&dims[count..]);
            (builder.reshape(id, &extents), labels, dims[..count].to_vec())
        };
        let (a_labels, b_labels, a_batch, b_batch);
        (a, a_labels, a_batch) = labels(self, a, [(a_rank > 1).then_some(0), Some(k)]);
        (b, b_labels, b_batch) = labels(self, b, [Some(k), (b_rank > 1).then_some(1)]);
        let Some(mut dims) = Self::broadcast_dims(&a_batch, &b_batch) else {
            self.fail("batch axes that broadcast", format!("{a_batch:?} and {b_batch:?}"));
            return a;
        };
        let mut out: Vec<u32> =
            (2..k).filter(|label| a_labels.contains(label) || b_labels.contains(label)).collect();
        out.extend((a_rank > 1).then_some(0));
        out.extend((b_rank > 1).then_some(1));
        let (rows, columns) = (self.dims(a).len(), self.dims(b).len());
        dims.extend((a_rank > 1).then(|| self.dims(a)[rows - 2]));
        dims.extend((b_rank > 1).then(|| self.dims(b)[columns - 1]));
        let id = self.einsum((a, &a_labels), (b, &b_labels), &out);
        self.reshape(id, &dims)
    }
}
