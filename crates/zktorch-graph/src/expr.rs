//! Expressions: virtual tensors, sums of views and of contractions of views.

use serde::{Deserialize, Serialize};

use crate::{Shape, View};

/// `sum_t coeff_t term_t`, all terms of one shape. Real entries have absolute values below 2^100 (validated from the ranges).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expr {
    /// Extents.
    pub shape: Shape,
    /// The terms; none is the zero tensor.
    pub terms: Vec<Term>,
}

/// One term of an [`Expr`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// The coefficient.
    pub coeff: i64,
    /// What it multiplies.
    pub operand: Operand,
}

/// What an [`Expr`] sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operand {
    /// A view.
    View(View),
    /// A contraction.
    Contract(Contract),
}

/// `sum_t coeff_t view_t`: what contractions read. All views have this shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linear {
    /// Extents.
    pub shape: Shape,
    /// Coefficients and views; at least one.
    pub terms: Vec<(i64, View)>,
}

/// An einsum of two linear expressions: `out[o] = sum over contracted labels of a[..] b[..]`.
///
/// Every axis has a label. A label occurs at most once per list and at least in two of the three: in a, b and out it is
/// a batch axis, in a and out (b and out) a free axis, in a and b contracted. Axes with the same label have the same extent.
///
/// Convolution: a = `W[o,c,kh,kw]`, b = windows of X, `[c,ph,kh,pw,kw]`, out = `[o,ph,pw]`. Matrix product: `[m,k] [k,n] -> [m,n]`.
/// Elementwise product: all labels in all three.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// First operand.
    pub a: Linear,
    /// Second operand.
    pub b: Linear,
    /// Labels of the axes of a.
    pub a_axes: Vec<u32>,
    /// Labels of the axes of b.
    pub b_axes: Vec<u32>,
    /// Labels of the axes of the result.
    pub out_axes: Vec<u32>,
}

impl From<Linear> for Expr {
    fn from(linear: Linear) -> Self {
        let terms = linear.terms.into_iter();
        let terms = terms.map(|(coeff, view)| Term { coeff, operand: Operand::View(view) }).collect();
        Self { shape: linear.shape, terms }
    }
}

impl Expr {
    /// The expression that is one view.
    pub fn view(view: View) -> Self {
        Self { shape: view.shape.clone(), terms: vec![Term { coeff: 1, operand: Operand::View(view) }] }
    }
}
