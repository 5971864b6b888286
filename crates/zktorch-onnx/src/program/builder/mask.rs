//! Scores that a softmax leaves out.
//!
//! Models mask attention by adding minus infinity, or a number so low that its exponential is zero. Such a
//! value would widen the range of the scores until nothing is left of their bits. A masked value is therefore
//! also known as a finite one with a boolean that says which entries count ([`Builder::masked`]); nobody
//! computes the value itself unless something else reads it, which is an error where it is infinite.

use std::sync::Arc;

use zktorch_graph::{Binary, Formula, Unary};

use super::super::{Id, Kind, Mask};
use super::Builder;
use crate::{FloatTensor, IntTensor, Tensor};

/// What is added to an entry that does not count: this or less.
const MASKED: f64 = -1e4;

/// Whether a constant is a mask: some entries are minus infinity, or some are very low and all others zero.
fn is_mask(tensor: &Tensor) -> bool {
    let infinite = tensor.iter().any(|x| x == f64::NEG_INFINITY);
    let low = tensor.iter().any(|x| x <= MASKED);
    let finite = || tensor.iter().any(|x| x == 0.0) && tensor.iter().all(|x| x == 0.0 || x <= MASKED);
    infinite || low && finite()
}

impl Builder {
    /// What a masked value is made of, if it is one.
    pub(crate) fn masked(&mut self, x: Id) -> Option<Mask> {
        if let Some(known) = self.value(x).masked {
            return Some(known);
        }
        if self.constant(x).is_some() {
            return self.constant_mask(x);
        }
        self.computed_mask(x)
    }

    fn constant_mask(&mut self, x: Id) -> Option<Mask> {
        let tensor = self.constant(x).filter(|tensor| self.kind(x) == Kind::Float && is_mask(tensor))?;
        let low = |i: usize| tensor.get(i) <= MASKED;
        let finite = FloatTensor::from_fn(tensor.dims(), |i| if low(i) { 0.0 } else { tensor.get(i) as f32 });
        let keep = IntTensor::from_fn(tensor.dims(), |i| i64::from(!low(i)));
        let (name, public) = (self.value(x).name.clone(), self.value(x).public);
        let finite = self.constant_of(&name, finite.into(), Kind::Float, public);
        let keep = self.constant_of(&name, keep.into(), Kind::Bool, public);
        Some(Mask { finite, keep, uniform: false })
    }

    /// A mask that is computed from integers, such as `(1 - m) (-10000)`.
    fn computed_mask(&mut self, x: Id) -> Option<Mask> {
        let (root, formula) = self.value(x).formula.clone()?;
        if self.kind(root) == Kind::Float || self.kind(x) != Kind::Float {
            return None;
        }
        let ends = [formula.eval(0.0), formula.eval(1.0)];
        let masks = |low: f64, other: f64| low <= MASKED && other == 0.0;
        if !masks(ends[0], ends[1]) && !masks(ends[1], ends[0]) {
            return None;
        }
        let low = formula.clone().with_constant(Binary::Less, MASKED / 2.0);
        let (zero, one) = (Formula::constant(0.0), Formula::constant(1.0));
        let keep = match self.kind(root) {
            Kind::Bool if ends[0] <= MASKED => root,
            Kind::Bool => self.not(root),
            _ => self.function(root, low.clone().select(zero.clone(), one), Kind::Bool),
        };
        let finite = match self.kind(root) {
            Kind::Bool => self.scalar(0.0, Kind::Float),
            _ => self.function(root, low.select(zero, formula), Kind::Float),
        };
        let dims = self.dims(x).to_vec();
        Some(Mask { finite: self.broadcast(finite, &dims), keep, uniform: false })
    }

    fn note_mask(&mut self, id: Id, mask: Mask) {
        if self.constant(id).is_none() {
            self.program.values[id.0].masked = Some(mask);
        }
    }

    /// A sum of masked values is masked where one of them is.
    pub(super) fn note_masked_sum(&mut self, id: Id, terms: &[(f64, Id)]) {
        if self.kind(id) != Kind::Float || self.constant(id).is_some() {
            return;
        }
        let mut keeps: Option<Id> = None;
        let mut finite = Vec::with_capacity(terms.len());
        let mut uniform = false;
        for (coefficient, term) in terms {
            match self.masked(*term).filter(|_| *coefficient > 0.0) {
                Some(Mask { finite: base, keep, uniform: other }) => {
                    finite.push((*coefficient, base));
                    uniform |= other;
                    keeps = Some(keeps.map_or(keep, |other| self.and(other, keep)));
                }
                None => finite.push((*coefficient, *term)),
            }
        }
        if let Some(keep) = keeps {
            let dims = self.dims(id).to_vec();
            let base = self.sum(&finite);
            let base = self.broadcast(base, &dims);
            self.note_mask(id, Mask { finite: base, keep, uniform });
        }
    }

    /// A choice between a value and a number that is low everywhere is a masked value.
    pub(super) fn note_masked_choice(&mut self, id: Id, condition: Id, a: Id, b: Id) {
        if self.kind(id) != Kind::Float || self.constant(id).is_some() {
            return;
        }
        let low = |builder: &Self, id: Id| {
            let constant = builder.constant(id).filter(|tensor| !tensor.is_empty());
            constant.is_some_and(|tensor| tensor.iter().all(|x| x <= MASKED))
        };
        let (value, keep, other) = match (low(self, a), low(self, b)) {
            (false, true) => (a, condition, b),
            (true, false) => (b, self.not(condition), a),
            _ => return,
        };
        let uniform = self.public_scalar(other).is_some_and(f64::is_finite);
        let (value, keep) = match self.masked(value) {
            Some(mask) => (mask.finite, self.and(mask.keep, keep)),
            None => (value, keep),
        };
        let dims = self.dims(id).to_vec();
        let value = self.broadcast(value, &dims);
        self.note_mask(id, Mask { finite: value, keep, uniform });
    }

    /// The same movement of a masked value's parts; `keep` is repeated to all extents first if `whole`.
    pub(super) fn note_masked_move(
        &mut self,
        id: Id,
        from: Id,
        whole: bool,
        movement: impl Fn(&mut Self, Id) -> Id,
    ) {
        let Some(Mask { finite, keep, uniform }) = self.value(from).masked else { return };
        let dims = self.dims(from).to_vec();
        let keep = if whole { self.broadcast(keep, &dims) } else { keep };
        let finite = movement(self, finite);
        let keep = if whole { movement(self, keep) } else { keep };
        self.note_mask(id, Mask { finite, keep, uniform });
    }

    /// x where `keep` is 1, minus infinity elsewhere.
    pub(crate) fn keep_where(&mut self, x: Id, keep: Id) -> Id {
        let low = self.scalar(f64::NEG_INFINITY, Kind::Float);
        self.choose(keep, x, low)
    }

    /// `exp(x - max)` of the entries that count, 0 for the others, and the sum along the axes. Where none counts and all are one
    /// finite number, each is 1.
    pub(super) fn masked_exponentials(&mut self, mask: Mask, axes: &[usize]) -> (Id, Id) {
        let Mask { finite, keep, uniform } = mask;
        // The others stand for something that is not above the maximum of those that count.
        let fill = match self.common_entry(finite, keep, axes) {
            Some((axis, q)) => self.slice(finite, axis, q, 1),
            None => self.reduce_min(finite, axes, true),
        };
        let difference = self.sub(finite, fill);
        let kept = self.mul(keep, difference);
        let max = self.reduce_max(kept, axes, true);
        let exponent = self.sub(kept, max);
        let exponentials = self.exp(exponent);
        let mut exponentials = self.mul(keep, exponentials);
        if uniform && self.constant(keep).is_none() {
            let dims = self.dims(finite).to_vec();
            let all = self.broadcast(keep, &dims);
            let count = self.reduce_sum(all, axes, true);
            let none = self.function(count, Formula::argument().then(Unary::IsZero), Kind::Float);
            exponentials = self.add(exponentials, none);
        }
        let sum = self.reduce_sum(exponentials, axes, true);
        (exponentials, sum)
    }

    /// An entry of the axis that counts everywhere, if that is known.
    fn common_entry(&self, finite: Id, keep: Id, axes: &[usize]) -> Option<(usize, usize)> {
        let [axis] = axes else { return None };
        let keep: &Arc<Tensor> = self.value(keep).constant.as_ref()?;
        let own = (*axis + keep.dims().len()).checked_sub(self.rank(finite))?;
        let extent = keep.dims()[own];
        let inner = crate::tensor::len(&keep.dims()[own + 1..]).max(1);
        let mut common = vec![true; extent];
        for (i, _) in keep.iter().enumerate().filter(|(_, x)| *x == 0.0) {
            common[i / inner % extent] = false;
        }
        common.iter().position(|common| *common).map(|q| (*axis, q))
    }

    /// Whether some entries along the axes count for sure, or cannot be known before the run.
    pub(super) fn may_count(&self, finite: Id, keep: Id, axes: &[usize]) -> bool {
        let ([axis], Some(tensor)) = (axes, self.constant(keep)) else { return true };
        let Some(own) = (*axis + tensor.dims().len()).checked_sub(self.rank(finite)) else {
            return tensor.iter().all(|x| x != 0.0);
        };
        let extent = tensor.dims()[own].max(1);
        let inner = crate::tensor::len(&tensor.dims()[own + 1..]).max(1);
        let mut counts = vec![false; tensor.len() / extent];
        for (i, _) in tensor.iter().enumerate().filter(|(_, x)| *x != 0.0) {
            counts[i / inner / extent * inner + i % inner] = true;
        }
        counts.into_iter().all(|counts| counts)
    }
}
