//! Comparisons, booleans, choices.

use zktorch_graph::{Binary, Formula, Unary};

use super::super::{Id, Kind};
use super::Builder;
use crate::{FloatTensor, IntTensor, Tensor};

impl Builder {
    /// 1 where a < b.
    pub(crate) fn less(&mut self, a: Id, b: Id) -> Id {
        let difference = self.sub(a, b);
        let formula = Formula::argument().with_constant(Binary::Less, 0.0);
        self.function(difference, formula, Kind::Bool)
    }

    /// 1 where a = b.
    pub(crate) fn equal(&mut self, a: Id, b: Id) -> Id {
        let difference = self.sub(a, b);
        self.function(difference, Formula::argument().then(Unary::IsZero), Kind::Bool)
    }

    /// 1 - a, of booleans.
    pub(crate) fn not(&mut self, a: Id) -> Id {
        let dims = self.dims(a).to_vec();
        let one = self.scalar(1.0, Kind::Int);
        let id = self.sum(&[(1.0, one), (-1.0, a)]);
        debug_assert_eq!(self.dims(id), dims);
        self.as_bool(id)
    }

    pub(crate) fn and(&mut self, a: Id, b: Id) -> Id {
        let id = self.mul(a, b);
        self.as_bool(id)
    }

    /// a + b - a b.
    pub(crate) fn or(&mut self, a: Id, b: Id) -> Id {
        let both = self.mul(a, b);
        let id = self.sum(&[(1.0, a), (1.0, b), (-1.0, both)]);
        self.as_bool(id)
    }

    /// a + b - 2 a b.
    pub(crate) fn xor(&mut self, a: Id, b: Id) -> Id {
        let both = self.mul(a, b);
        let id = self.sum(&[(1.0, a), (1.0, b), (-2.0, both)]);
        self.as_bool(id)
    }

    /// Integers that are known to be 0 or 1 are called booleans.
    fn as_bool(&mut self, id: Id) -> Id {
        self.program.values[id.0].kind = Kind::Bool;
        id
    }

    /// `if c { a } else { b }`, entry by entry over the joint numpy shape: `b + c (a - b)`.
    pub(crate) fn choose(&mut self, condition: Id, a: Id, b: Id) -> Id {
        let (a_dims, b_dims) = (self.dims(a).to_vec(), self.dims(b).to_vec());
        let joint = Self::broadcast_dims(&a_dims, &b_dims)
            .and_then(|dims| Self::broadcast_dims(&dims, self.dims(condition)));
        let Some(dims) = joint else {
            let got = format!("{:?}, {a_dims:?} and {b_dims:?}", self.dims(condition));
            self.fail("extents that broadcast", got);
            return a;
        };
        let kind = self.joint_kind(&[a, b]);
        if let Some(id) = self.constant_choice(condition, a, b, &dims, kind) {
            return id;
        }
        if let Some(id) = self.defined_choice(condition, a, b, &dims) {
            return id;
        }
        let narrow = condition;
        let condition = self.broadcast(condition, &dims);
        let given = (a, b);
        // Where all three are functions of one value, so is the choice.
        let (root, c) = self.as_formula(condition);
        let part = |builder: &Self, id: Id| match builder.public_scalar(id) {
            Some(x) => Some(Formula::constant(x)),
            None => Some(builder.as_formula(id)).filter(|(other, _)| *other == root).map(|(_, f)| f),
        };
        if self.value(condition).constant.is_none()
            && let (Some(a), Some(b)) = (part(self, a), part(self, b))
        {
            let formula = c.select(a, b);
            if formula.is_valid() {
                let id = self.function(root, formula, kind);
                self.note_masked_choice(id, narrow, given.0, given.1);
                return id;
            }
        }
        let difference = self.sub(a, b);
        let chosen = self.mul(condition, difference);
        let id = self.add(b, chosen);
        let id = self.broadcast(id, &dims);
        self.note_masked_choice(id, narrow, a, b);
        if kind == Kind::Bool { self.as_bool(id) } else { id }
    }

    /// A choice between a value and NaN is the value where it may be chosen; a run in which NaN is has no result.
    fn defined_choice(&mut self, condition: Id, a: Id, b: Id, dims: &[usize]) -> Option<Id> {
        let undefined =
            |id: Id| self.constant(id).is_some_and(|t| !t.is_empty() && t.iter().all(f64::is_nan));
        let (value, keep) = match (undefined(a), undefined(b)) {
            (false, true) => (a, condition),
            (true, false) => (b, self.not(condition)),
            _ => return None,
        };
        let (value, keep) = (self.broadcast(value, dims), self.broadcast(keep, dims));
        Some(self.div_positive(value, keep))
    }

    /// A choice between constants: also between infinite ones.
    fn constant_choice(&mut self, condition: Id, a: Id, b: Id, dims: &[usize], kind: Kind) -> Option<Id> {
        let all = [condition, a, b];
        if all.iter().any(|id| self.constant(*id).is_none()) {
            return None;
        }
        let public = all.iter().all(|id| self.value(*id).public);
        let [condition, a, b] = all.map(|id| self.broadcast(id, dims));
        let (condition, a, b) = (self.constant(condition)?, self.constant(a)?, self.constant(b)?);
        let (a, b) = match kind {
            Kind::Float => (a.to_float().into(), b.to_float().into()),
            Kind::Int | Kind::Bool => (a.clone(), b.clone()),
        };
        let chosen: Tensor = match (a, b) {
            (Tensor::Int(a), Tensor::Int(b)) => {
                let pick = |i: usize| if condition.get(i) != 0.0 { a.data()[i] } else { b.data()[i] };
                IntTensor::from_fn(dims, pick).into()
            }
            (a, b) => {
                let pick = |i: usize| if condition.get(i) != 0.0 { a.get(i) } else { b.get(i) };
                FloatTensor::from_fn(dims, |i| pick(i) as f32).into()
            }
        };
        let name = self.label.clone();
        Some(self.constant_of(&name, chosen, kind, public))
    }
}
