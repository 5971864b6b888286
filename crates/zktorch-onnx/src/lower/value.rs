//! Values while a model is lowered: pending expressions over sub-axes.

use zktorch_graph::{AxisMap, Entry, Expr, Factor, Linear, Operand, Shape, Term, View};

use crate::tensor::len;

/// A tensor of the ONNX model as integers: `real = integer / (2^scale div)`.
///
/// Every ONNX axis is a list of *sub-axes* (without those of extent 1) whose row-major product it is. The axes of the
/// expression are all sub-axes in order, so that ONNX's row-major order is row-major over the sub-axes too. Flattening
/// [C, H, W] to [C H W] therefore changes the lists and nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) axes: Vec<Vec<u32>>,
    pub(crate) expr: Expr,
    pub(crate) scale: i32,
    /// From averages; odd.
    pub(crate) div: u32,
    /// All integers are in this interval.
    pub(crate) bounds: (i128, i128),
    /// Largest absolute real value that calibration has seen.
    pub(crate) max_abs: f64,
}

/// Sub-axes of an extent: none for 1.
pub(crate) fn sub_axes(dim: usize) -> Vec<u32> {
    if dim == 1 { vec![] } else { vec![u32::try_from(dim).unwrap_or(u32::MAX)] }
}

/// Sub-axes of extents, one each.
pub(crate) fn plain_axes(dims: &[usize]) -> Vec<Vec<u32>> {
    dims.iter().map(|dim| sub_axes(*dim)).collect()
}

/// The shape of an expression over these axes.
pub(crate) fn shape(axes: &[Vec<u32>]) -> Shape {
    Shape::new(axes.concat())
}

fn extent(sub: &[u32]) -> usize {
    len(&sub.iter().map(|dim| *dim as usize).collect::<Vec<_>>())
}

/// The index over padded extents of a row-major index over real ones.
pub(crate) fn padded(dims: &[u32], mut flat: usize) -> u32 {
    let (mut index, mut shift) = (0u32, 0);
    for dim in dims.iter().rev() {
        let digit = flat % *dim as usize;
        index |= u32::try_from(digit).unwrap_or(u32::MAX) << shift;
        shift += Shape::axis_vars(*dim);
        flat /= *dim as usize;
    }
    index
}

/// A sparse factor without zeros, sorted.
pub(crate) fn sparse(
    src: Vec<u32>,
    out: Vec<u32>,
    entries: impl IntoIterator<Item = (u32, u32, i32)>,
) -> Factor {
    let mut entries: Vec<Entry> = entries
        .into_iter()
        .filter(|(_, _, coeff)| *coeff != 0)
        .map(|(out, src, coeff)| Entry { out, src, coeff })
        .collect();
    entries.sort_unstable_by_key(|entry| (entry.out, entry.src));
    Factor { src, out, map: AxisMap::Sparse(entries) }
}

/// The identity of one axis.
pub(crate) fn identity(src: u32, out: u32) -> Factor {
    Factor { src: vec![src], out: vec![out], map: AxisMap::Identity }
}

impl Value {
    pub(crate) fn dims(&self) -> Vec<usize> {
        self.axes.iter().map(|sub| extent(sub)).collect()
    }

    /// The axes of the expression that belong to an ONNX axis.
    pub(crate) fn expr_axes(&self, axis: usize) -> Vec<u32> {
        let start = self.axes[..axis].iter().map(Vec::len).sum::<usize>();
        (start..start + self.axes[axis].len()).map(|axis| axis as u32).collect()
    }

    /// Whether all views read an axis as it is.
    pub(crate) fn is_straight(&self, axis: usize) -> bool {
        let axes = self.expr_axes(axis);
        let straight = |factor: &Factor| {
            factor.map == AxisMap::Identity || factor.out.iter().all(|out| !axes.contains(out))
        };
        self.expr.terms.iter().all(|term| match &term.operand {
            Operand::View(view) => view.factors.iter().all(straight),
            Operand::Contract(_) => true,
        })
    }

    /// Whether contractions or divisions are pending.
    pub(crate) fn is_pending(&self) -> bool {
        self.div != 1 || self.expr.terms.iter().any(|term| matches!(term.operand, Operand::Contract(_)))
    }

    /// The expression as a sum of views; `None` if it contains a contraction.
    pub(crate) fn linear(&self) -> Option<Linear> {
        let view = |term: &Term| match &term.operand {
            Operand::View(view) => Some((term.coeff, view.clone())),
            Operand::Contract(_) => None,
        };
        let terms = self.expr.terms.iter().map(view).collect::<Option<Vec<_>>>()?;
        Some(Linear { shape: self.expr.shape.clone(), terms })
    }

    /// The same entries with ONNX axes permuted: output axis i is input axis `perm[i]`.
    pub(crate) fn permuted(&self, perm: &[usize]) -> Self {
        let order: Vec<u32> = perm.iter().flat_map(|axis| self.expr_axes(*axis)).collect();
        let axes: Vec<Vec<u32>> = perm.iter().map(|axis| self.axes[*axis].clone()).collect();
        let shape = shape(&axes);
        // New position of each old axis of the expression.
        let mut place = vec![0u32; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old as usize] = new as u32;
        }
        let terms = self.expr.terms.iter().map(|term| {
            let operand = match &term.operand {
                Operand::View(view) => {
                    let rename = |factor: &Factor| Factor {
                        src: factor.src.clone(),
                        out: factor.out.iter().map(|axis| place[*axis as usize]).collect(),
                        map: factor.map.clone(),
                    };
                    let factors = view.factors.iter().map(rename).collect();
                    Operand::View(View { tensor: view.tensor, shape: shape.clone(), factors })
                }
                Operand::Contract(contract) => {
                    let mut contract = contract.clone();
                    contract.out_axes = order.iter().map(|old| contract.out_axes[*old as usize]).collect();
                    Operand::Contract(contract)
                }
            };
            Term { coeff: term.coeff, operand }
        });
        let expr = Expr { terms: terms.collect(), shape: shape.clone() };
        Self { axes, expr, ..self.clone() }
    }

    /// The same entries in the same order with other ONNX axes over the same sub-axes.
    pub(crate) fn regrouped(&self, axes: Vec<Vec<u32>>) -> Self {
        debug_assert_eq!(axes.concat(), self.axes.concat());
        Self { axes, ..self.clone() }
    }

    /// Multiplies integers by 2^bits, so that the scale grows. `None` on overflow.
    pub(crate) fn raised(&self, bits: u32) -> Option<Self> {
        let mut value = self.clone();
        for term in &mut value.expr.terms {
            term.coeff = term.coeff.checked_mul(1i64.checked_shl(bits).filter(|_| bits < 62)?)?;
        }
        value.scale += i32::try_from(bits).ok()?;
        value.bounds = (self.bounds.0.checked_mul(1 << bits)?, self.bounds.1.checked_mul(1 << bits)?);
        Some(value)
    }

    /// Integers times m; the scale stays, so that the real numbers change.
    pub(crate) fn times(mut self, m: i64) -> Self {
        self.expr.terms.iter_mut().for_each(|term| term.coeff = term.coeff.saturating_mul(m));
        self.drop_zeros();
        let m = i128::from(m);
        self.bounds = (self.bounds.0.saturating_mul(m), self.bounds.1.saturating_mul(m));
        self
    }

    /// Leaves out terms without a coefficient. One stays where nothing else would: an operand has terms.
    fn drop_zeros(&mut self) {
        let kept = self.expr.terms.iter().position(|term| term.coeff != 0).unwrap_or_default();
        let mut index = 0..;
        self.expr.terms.retain(|term| index.next() == Some(kept) || term.coeff != 0);
    }

    /// Zero at a coarser scale, if that is what every integer within the bounds rounds to there.
    pub(crate) fn negligible(&self, scale: i32) -> Option<Self> {
        let bits = u32::try_from(self.scale - scale).ok().filter(|bits| *bits > 0)?;
        let half = 1i128.checked_shl(bits - 1).filter(|_| bits < 120).unwrap_or(i128::MAX);
        let small = self.bounds.0 > -half && self.bounds.1 < half;
        small.then(|| Self { scale, div: 1, bounds: (0, 0), ..self.clone().times(0) })
    }

    /// The negative.
    pub(crate) fn negated(&self) -> Self {
        let mut value = self.clone();
        for term in &mut value.expr.terms {
            term.coeff = -term.coeff;
        }
        value.bounds = (-self.bounds.1, -self.bounds.0);
        value
    }

    /// The sum of two values of the same axes, scale and divisor.
    pub(crate) fn plus(mut self, other: &Self) -> Self {
        debug_assert_eq!((&self.axes, self.scale, self.div), (&other.axes, other.scale, other.div));
        for term in &other.expr.terms {
            match self.expr.terms.iter_mut().find(|mine| mine.operand == term.operand) {
                Some(mine) => mine.coeff += term.coeff,
                None => self.expr.terms.push(term.clone()),
            }
        }
        self.drop_zeros();
        self.bounds = (self.bounds.0 + other.bounds.0, self.bounds.1 + other.bounds.1);
        self
    }
}

/// A map along one axis of at most one sub-axis, entries (out, source, coefficient); identities elsewhere.
pub(crate) fn along(
    value: &Value,
    axes: &[Vec<u32>],
    axis: usize,
    entries: &[(u32, u32, i32)],
) -> Vec<Factor> {
    let mut factors = Vec::new();
    let (mut src, mut out) = (0u32, 0u32);
    for (index, (old, new)) in value.axes.iter().zip(axes).enumerate() {
        let (olds, news) = ((src..src + old.len() as u32), (out..out + new.len() as u32));
        (src, out) = (olds.end, news.end);
        if index == axis {
            let trivial = old.is_empty() && new.is_empty() && entries == [(0, 0, 1)];
            if !trivial {
                factors.push(sparse(olds.collect(), news.collect(), entries.iter().copied()));
            }
        } else {
            factors.extend(olds.zip(news).map(|(src, out)| identity(src, out)));
        }
    }
    factors
}
