//! The operators of the domain `ai.onnx.ml`: what converters of scikit-learn, XGBoost and LightGBM write.

use super::Spec;

/// All of them.
#[rustfmt::skip]
pub(crate) const REGISTRY: &[Spec] = &[
];
