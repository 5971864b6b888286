//! Comparisons, booleans, choices.

use zktorch_graph::{Binary, Formula, Unary};

use super::super::{Id, Kind};
use super::Builder;

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
        let condition = self.broadcast(condition, &dims);
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
                return self.function(root, formula, kind);
            }
        }
        let difference = self.sub(a, b);
        let chosen = self.mul(condition, difference);
        let id = self.add(b, chosen);
        let id = self.broadcast(id, &dims);
        if kind == Kind::Bool { self.as_bool(id) } else { id }
    }
}
