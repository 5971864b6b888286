//! Integers of up to 31 bits: nothing here becomes a lookup of a whole integer, which has 17 bits at most.

use zktorch_graph::{Formula, Unary};

use super::super::{Id, Kind};
use super::Builder;

impl Builder {
    /// a b over the joint numpy shape, whatever the operands are functions of.
    pub(crate) fn int_product(&mut self, a: Id, b: Id) -> Id {
        let (a, b) = self.broadcast_pair(a, b);
        let labels: Vec<u32> = (0..self.rank(a) as u32).collect();
        self.einsum((a, &labels), (b, &labels), &labels)
    }

    fn int_sign(&mut self, x: Id) -> Id {
        self.function(x, Formula::argument().then(Unary::Sign), Kind::Int)
    }

    pub(crate) fn int_abs(&mut self, x: Id) -> Id {
        let sign = self.int_sign(x);
        self.int_product(x, sign)
    }

    /// The fraction a / b with a positive denominator, and the sign that both were multiplied by.
    fn positive_denominator(&mut self, a: Id, b: Id) -> (Id, Id, Option<Id>) {
        let positive = self.constant(b).is_some_and(|tensor| tensor.iter().all(|x| x > 0.0));
        if positive {
            return (a, b, None);
        }
        let sign = self.int_sign(b);
        (self.int_product(a, sign), self.int_product(b, sign), Some(sign))
    }

    /// a / b towards zero. A denominator of zero is an error of the run.
    pub(crate) fn int_div(&mut self, a: Id, b: Id) -> Id {
        let (a, b, _) = self.positive_denominator(a, b);
        // Negative fractions are rounded up: floor((a + b - 1) / b).
        let zero = self.scalar(0.0, Kind::Int);
        let negative = self.less(a, zero);
        let most = self.offset(b, -1.0);
        let raise = self.int_product(negative, most);
        let dividend = self.add(a, raise);
        self.floor_div(dividend, b)
    }

    /// a modulo b, with the sign of b.
    pub(crate) fn int_mod(&mut self, a: Id, b: Id) -> Id {
        let (a, b, sign) = self.positive_denominator(a, b);
        let quotient = self.floor_div(a, b);
        let product = self.int_product(quotient, b);
        let remainder = self.sub(a, product);
        match sign {
            None => remainder,
            Some(sign) => self.int_product(remainder, sign),
        }
    }

    /// x modulo 2^bits, from -2^(bits - 1) or from 0 on.
    pub(crate) fn int_wrap(&mut self, x: Id, bits: u32, signed: bool) -> Id {
        let size = 2f64.powi(bits.min(30) as i32);
        let half = if signed { size / 2.0 } else { 0.0 };
        let raised = self.offset(x, half);
        let modulus = self.scalar(size, Kind::Int);
        let quotient = self.floor_div(raised, modulus);
        self.sum(&[(1.0, x), (-size, quotient)])
    }
}
