//! Sums, products, quotients.

use zktorch_graph::{Binary, Formula, Instruction, Unary};

use super::super::{Core, Id, Kind, Node};
use super::Builder;
use crate::tensor::len;

impl Builder {
    /// `sum_i c_i x_i` over the joint numpy shape; coefficients are public.
    pub(crate) fn sum(&mut self, terms: &[(f64, Id)]) -> Id {
        let mut dims = Vec::new();
        for (_, id) in terms {
            match Self::broadcast_dims(&dims, self.dims(*id)) {
                Some(joint) => dims = joint,
                None => {
                    let got = format!("{dims:?} and {:?}", self.dims(*id));
                    self.fail("extents that broadcast", got);
                    return *id;
                }
            }
        }
        if let [(1.0, one)] = terms {
            return *one;
        }
        if let Some(id) = self.variance(terms) {
            return id;
        }
        let ids: Vec<Id> = terms.iter().map(|(_, id)| *id).collect();
        let kind = match self.joint_kind(&ids) {
            Kind::Bool => Kind::Int,
            kind => kind,
        };
        let id = self.sum_of_kind(terms, &dims, kind);
        self.note_masked_sum(id, terms);
        id
    }

    fn sum_of_kind(&mut self, terms: &[(f64, Id)], dims: &[usize], kind: Kind) -> Id {
        // As a function of one value: where all terms are, or public numbers.
        let mut root = None;
        let mut formula: Option<Formula> = None;
        for (coefficient, id) in terms {
            let term = match self.public_scalar(*id) {
                Some(x) => Formula::constant(x * coefficient),
                None => {
                    let (other, inner) = self.as_formula(*id);
                    let known = *root.get_or_insert(other);
                    if known != other || self.dims(other) != dims {
                        root = None;
                        break;
                    }
                    match *coefficient {
                        1.0 => inner,
                        -1.0 => inner.then(Unary::Neg),
                        c => inner.with_constant(Binary::Mul, c),
                    }
                }
            };
            formula = Some(match formula {
                Some(formula) => formula.with(Binary::Add, term),
                None => term,
            });
        }
        // Constants are repeated where they are read.
        let all = terms.iter().all(|(_, id)| self.constant(*id).is_some());
        let whole = |builder: &mut Self, id: Id| match builder.constant(id) {
            Some(_) if !all => {
                let mut full = vec![1; dims.len() - builder.rank(id)];
                full.extend(builder.dims(id));
                builder.reshape(id, &full)
            }
            _ => builder.broadcast(id, dims),
        };
        let ids: Vec<Id> = terms.iter().map(|(_, id)| whole(self, *id)).collect();
        let coefficients = terms.iter().map(|(c, _)| *c).collect();
        let id = self.push(Core::Sum(coefficients), &ids, dims.to_vec(), kind);
        if let (Some(root), Some(formula)) = (root, formula) {
            self.note_formula(id, root, formula);
        }
        id
    }

    pub(crate) fn add(&mut self, a: Id, b: Id) -> Id {
        self.sum(&[(1.0, a), (1.0, b)])
    }

    pub(crate) fn sub(&mut self, a: Id, b: Id) -> Id {
        self.sum(&[(1.0, a), (-1.0, b)])
    }

    /// c x for a public number.
    pub(crate) fn scale(&mut self, x: Id, c: f64) -> Id {
        if c == 1.0 { x } else { self.sum(&[(c, x)]) }
    }

    /// x + c for a public number.
    pub(crate) fn offset(&mut self, x: Id, c: f64) -> Id {
        if c == 0.0 {
            return x;
        }
        let kind = self.kind(x);
        let c = self.scalar(c, kind);
        self.add(x, c)
    }

    /// The same numbers as another kind; real numbers become integers towards zero, or booleans where they are not zero.
    pub(crate) fn cast(&mut self, x: Id, kind: Kind) -> Id {
        let dims = self.dims(x).to_vec();
        match (self.kind(x), kind) {
            (from, to) if from == to => x,
            (Kind::Float, Kind::Int) => self.function(x, Formula::argument().then(Unary::Trunc), kind),
            (_, Kind::Bool) => {
                let is_zero = Formula::argument().then(Unary::IsZero);
                self.function(x, is_zero.then(Unary::IsZero), kind)
            }
            // Nothing changes but what the numbers are called.
            _ => self.sum_of_kind(&[(1.0, x)], &dims, kind),
        }
    }

    /// Whether a value is a linear function of its root.
    fn is_linear(formula: &Formula) -> bool {
        let linear = |i: &Instruction| {
            matches!(
                i,
                Instruction::Argument
                    | Instruction::Constant(_)
                    | Instruction::Unary(Unary::Neg)
                    | Instruction::Binary(Binary::Add | Binary::Sub)
            )
        };
        let scaled = |pair: &[Instruction]| {
            matches!(pair, [Instruction::Constant(_), Instruction::Binary(Binary::Mul)])
        };
        let products = formula.0.windows(2).filter(|pair| scaled(pair)).count();
        let all = formula.0.iter().filter(|i| **i == Instruction::Binary(Binary::Mul)).count();
        products == all && formula.0.iter().all(|i| linear(i) || *i == Instruction::Binary(Binary::Mul))
    }

    /// If both are functions of one value, and one of them is not linear or the other is no number: the function of both.
    fn joint_function(&mut self, a: Id, b: Id, function: Binary, kind: Kind) -> Option<Id> {
        let (a_root, a_formula) = self.as_formula(a);
        let (b_root, b_formula) = self.as_formula(b);
        if a_root != b_root || self.dims(a) != self.dims(b) || self.value(a_root).constant.is_some() {
            return None;
        }
        let formula = a_formula.with(function, b_formula);
        formula.is_valid().then(|| self.function(a_root, formula, kind))
    }

    /// a b over the joint numpy shape.
    pub(crate) fn mul(&mut self, a: Id, b: Id) -> Id {
        let dims = match Self::broadcast_dims(self.dims(a), self.dims(b)) {
            Some(dims) => dims,
            None => return self.broadcast_pair(a, b).0,
        };
        for (x, c) in [(a, b), (b, a)] {
            if let Some(c) = self.public_scalar(c).filter(|c| c.is_finite()) {
                let kind = self.joint_kind(&[a, b]);
                let x = self.broadcast(x, &dims);
                let x = self.cast(x, kind);
                return self.scale(x, c);
            }
        }
        let kind = self.joint_kind(&[a, b]);
        let linear = [a, b].map(|id| Self::is_linear(&self.as_formula(id).1));
        if linear != [true; 2]
            && let Some(id) = self.joint_function(a, b, Binary::Mul, kind)
        {
            return id;
        }
        let id = self.product(a, b, &dims, kind);
        let ((a_root, a_formula), (b_root, b_formula)) = (self.as_formula(a), self.as_formula(b));
        if a_root == b_root {
            self.note_formula(id, a_root, a_formula.with(Binary::Mul, b_formula));
        }
        id
    }

    /// An einsum in which axes of extent 1 are left out, so that nothing is repeated.
    fn product(&mut self, a: Id, b: Id, dims: &[usize], kind: Kind) -> Id {
        let mut operand = |id: Id| {
            let skip = dims.len() - self.rank(id);
            let labels: Vec<u32> = (skip..dims.len())
                .filter(|axis| self.dims(id)[axis - skip] != 1 || dims[*axis] == 1)
                .map(|axis| axis as u32)
                .collect();
            let extents: Vec<usize> = labels.iter().map(|axis| dims[*axis as usize]).collect();
            (self.reshape(id, &extents), labels)
        };
        let ((a, a_labels), (b, b_labels)) = (operand(a), operand(b));
        // An axis that neither has (both extents are 1) is left out, too.
        let out: Vec<u32> = (0..dims.len() as u32)
            .filter(|axis| a_labels.contains(axis) || b_labels.contains(axis))
            .collect();
        let extents: Vec<usize> = out.iter().map(|axis| dims[*axis as usize]).collect();
        let core = Core::Einsum { a: a_labels, b: b_labels, out };
        let id = self.push(core, &[a, b], extents, kind);
        self.reshape(id, dims)
    }

    /// a / b of real numbers.
    pub(crate) fn div(&mut self, a: Id, b: Id) -> Id {
        if let Some(c) = self.public_scalar(b).filter(|c| *c != 0.0) {
            let dims = Self::broadcast_dims(self.dims(a), self.dims(b));
            let a = self.broadcast(a, &dims.unwrap_or_default());
            return self.scale(a, 1.0 / c);
        }
        if self.constant(b).is_some() {
            let one = Formula::constant(1.0).with(Binary::Div, Formula::argument());
            let reciprocal = self.function(b, one, Kind::Float);
            return self.mul(a, reciprocal);
        }
        if self.is_positive(b, 16) {
            return self.div_positive(a, b);
        }
        if let Some(c) = self.public_scalar(a) {
            let formula = Formula::constant(c).with(Binary::Div, Formula::argument());
            let quotient = self.function(b, formula, Kind::Float);
            let dims = Self::broadcast_dims(self.dims(a), self.dims(b)).unwrap_or_default();
            return self.broadcast(quotient, &dims);
        }
        if let Some(id) = self.joint_function(a, b, Binary::Div, Kind::Float) {
            return id;
        }
        // The denominator is made positive.
        let sign = self.function(b, Formula::argument().then(Unary::Sign), Kind::Float);
        let b = self.function(b, Formula::argument().then(Unary::Abs), Kind::Float);
        let a = self.mul(a, sign);
        self.div_positive(a, b)
    }

    /// r and n, if a value is `r / n` for a small integer n: a quotient by it is exact as one by r. Else itself and 1.
    pub(crate) fn as_part(&self, id: Id) -> (Id, u32) {
        let node = self.maker(id);
        let Some(Node { core: Core::Sum(coefficients), inputs, .. }) = node else { return (id, 1) };
        let parts = coefficients[0].recip();
        let whole = (parts - parts.round()).abs() < 1e-9 * parts && (2.0..=65_536.0).contains(&parts);
        let same = inputs.len() == 1 && self.dims(inputs[0]) == self.dims(id);
        if whole && same { (inputs[0], parts.round() as u32) } else { (id, 1) }
    }

    /// Whether a value of the run is positive wherever it is not zero: roots, exponentials, and sums of such.
    fn is_positive(&self, id: Id, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        if let Some(tensor) = self.constant(id) {
            return tensor.len() <= 1 << 16 && tensor.iter().all(|x| x > 0.0);
        }
        let Some(node) = self.maker(id) else { return false };
        match &node.core {
            Core::Sqrt => true,
            Core::Function(formula) => formula.0.last() == Some(&Instruction::Unary(Unary::Exp)),
            Core::Reshape | Core::Transpose(_) | Core::Broadcast => self.is_positive(node.inputs[0], depth),
            Core::Map { matrix, .. } => {
                matrix.entries.iter().all(|entry| entry.2 > 0) && self.is_positive(node.inputs[0], depth)
            }
            Core::Sum(coefficients) => {
                let terms = coefficients.iter().zip(&node.inputs);
                terms.into_iter().all(|(c, input)| *c > 0.0 && self.is_positive(*input, depth))
            }
            _ => false,
        }
    }

    /// a / b where b is known to be positive.
    pub(crate) fn div_positive(&mut self, a: Id, b: Id) -> Id {
        let (a, b) = self.broadcast_pair(a, b);
        let dims = self.dims(a).to_vec();
        self.push(Core::Divide, &[a, b], dims, Kind::Float)
    }

    /// floor(a / b) where b is known to be positive: exact for what the operands are stored as.
    pub(crate) fn floor_div(&mut self, a: Id, b: Id) -> Id {
        let (a, b) = self.broadcast_pair(a, b);
        let dims = self.dims(a).to_vec();
        self.push(Core::FloorDivide, &[a, b], dims, Kind::Int)
    }

    /// The square root at any magnitude.
    pub(crate) fn sqrt(&mut self, x: Id) -> Id {
        let dims = self.dims(x).to_vec();
        self.push(Core::Sqrt, &[x], dims, Kind::Float)
    }

    /// The larger one, entry by entry, over the joint numpy shape.
    pub(crate) fn max(&mut self, a: Id, b: Id) -> Id {
        let kind = self.joint_kind(&[a, b]);
        for (x, c) in [(a, b), (b, a)] {
            if let Some(c) = self.public_scalar(c) {
                let dims = Self::broadcast_dims(self.dims(a), self.dims(b)).unwrap_or_default();
                let x = self.broadcast(x, &dims);
                return self.function(x, Formula::argument().with_constant(Binary::Max, c), kind);
            }
        }
        let (a, b) = self.broadcast_pair(a, b);
        if let Some(id) = self.joint_function(a, b, Binary::Max, kind) {
            return id;
        }
        self.max_of_values(a, b)
    }

    /// The larger one, never as a function of one of them.
    fn max_of_values(&mut self, a: Id, b: Id) -> Id {
        let kind = self.joint_kind(&[a, b]);
        let (a, b) = self.broadcast_pair(a, b);
        let dims = self.dims(a).to_vec();
        self.push(Core::Max, &[a, b], dims, kind)
    }

    /// `min(max(x, lo), hi)`.
    pub(crate) fn clamp(&mut self, x: Id, lo: Option<Id>, hi: Option<Id>) -> Id {
        // Beside a bound that is a value, numbers are values too: a function of x would round what the other one cuts off.
        let values = [lo, hi].iter().flatten().any(|id| self.public_scalar(*id).is_none());
        let larger = |builder: &mut Self, x: Id, bound: Id| match builder.public_scalar(bound) {
            Some(_) if values => builder.max_of_values(x, bound),
            _ => builder.max(x, bound),
        };
        let x = lo.map_or(x, |lo| larger(self, x, lo));
        match hi {
            Some(hi) if values => {
                let (x, hi) = (self.scale(x, -1.0), self.scale(hi, -1.0));
                let x = larger(self, x, hi);
                self.scale(x, -1.0)
            }
            Some(hi) => self.min(x, hi),
            None => x,
        }
    }

    /// The smaller one.
    pub(crate) fn min(&mut self, a: Id, b: Id) -> Id {
        for (x, c) in [(a, b), (b, a)] {
            if let Some(c) = self.public_scalar(c) {
                let kind = self.joint_kind(&[a, b]);
                let dims = Self::broadcast_dims(self.dims(a), self.dims(b)).unwrap_or_default();
                let x = self.broadcast(x, &dims);
                return self.function(x, Formula::argument().with_constant(Binary::Min, c), kind);
            }
        }
        let (a, b) = (self.scale(a, -1.0), self.scale(b, -1.0));
        let max = self.max(a, b);
        self.scale(max, -1.0)
    }

    /// Number of entries.
    pub(crate) fn len(&self, id: Id) -> usize {
        len(self.dims(id))
    }
}
