//! The operators of the domain `ai.onnx.ml`: what converters of scikit-learn, XGBoost and LightGBM write.
//!
//! Their attributes hold what was trained, so coefficients, thresholds and leaf values become private
//! weights. Public are the structure (which feature a node reads, which nodes follow it), hyperparameters and
//! the labels of classes.

mod ensemble;
mod features;
mod labels;
mod linear;
mod scores;
mod svm;
mod tables;
mod trees;

use super::{ANY, Context, Spec, spec};
use crate::program::{Id, Kind};
use crate::{FloatTensor, Result};

const LINEAR_CLASSIFIER: &[&str] = &[
    "classlabels_ints",
    "classlabels_strings",
    "coefficients",
    "intercepts",
    "multi_class",
    "post_transform",
];
const LINEAR_REGRESSOR: &[&str] = &["coefficients", "intercepts", "post_transform", "targets"];
const SVM_REGRESSOR: &[&str] = &[
    "coefficients",
    "kernel_params",
    "kernel_type",
    "n_supports",
    "one_class",
    "post_transform",
    "rho",
    "support_vectors",
];
const LABEL_ENCODER: &[&str] = &[
    "classes_strings",
    "default_float",
    "default_int64",
    "default_string",
    "default_tensor",
    "keys_floats",
    "keys_int64s",
    "keys_strings",
    "keys_tensor",
    "values_floats",
    "values_int64s",
    "values_strings",
    "values_tensor",
];
const IMPUTER: &[&str] =
    &["imputed_value_floats", "imputed_value_int64s", "replaced_value_float", "replaced_value_int64"];
const ZIP_MAP: &[&str] = &["classlabels_int64s", "classlabels_strings"];

/// Their domain.
pub(super) const DOMAIN: &str = "ai.onnx.ml";

/// All of them.
#[rustfmt::skip]
pub(crate) const REGISTRY: &[Spec] = &[
    spec!("ArrayFeatureExtractor", ANY, (2, 2), &[], features::extract),
    spec!("Binarizer", ANY, (1, 1), &["threshold"], features::binarize),
    spec!("FeatureVectorizer", ANY, (1, super::MANY), &["inputdimensions"], features::vectorize),
    spec!("Imputer", ANY, (1, 1), IMPUTER, features::impute),
    spec!("Normalizer", ANY, (1, 1), &["norm"], features::normalize),
    spec!("OneHotEncoder", ANY, (1, 1), &["cats_int64s", "cats_strings", "zeros"], features::one_hot),
    spec!("Scaler", ANY, (1, 1), &["offset", "scale"], features::scale),
    spec!("LabelEncoder", ANY, (1, 1), LABEL_ENCODER, labels::encode),
    spec!("LinearRegressor", ANY, (1, 1), LINEAR_REGRESSOR, linear::regressor),
    spec!("LinearClassifier", ANY, (1, 1), LINEAR_CLASSIFIER, linear::classifier),
    spec!("SVMRegressor", ANY, (1, 1), SVM_REGRESSOR, svm::regressor),
    spec!("TreeEnsembleRegressor", ANY, (1, 1), tables::REGRESSOR, trees::regressor),
    spec!("TreeEnsembleClassifier", ANY, (1, 1), tables::CLASSIFIER, trees::classifier),
    spec!("TreeEnsemble", ANY, (1, 1), tables::ENSEMBLE, trees::ensemble),
    Spec { name: "ZipMap", opsets: ANY, arity: (1, 1), attributes: ZIP_MAP, expand: zip_map, module: None },
];

fn zip_map(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    let got = "a list of maps; export without ZipMap (skl2onnx: options={'zipmap': False})";
    Err(cx.error("output 0", "a tensor", got))
}

/// Numbers that were trained: private.
fn weights(cx: &mut Context<'_>, dims: &[usize], data: &[f32]) -> Result<Id> {
    let name = crate::model::node_name(cx.node);
    let tensor = FloatTensor::new(dims, data.to_vec()).map_err(|_| {
        cx.error("attributes", format!("numbers for {dims:?}"), format!("{} numbers", data.len()))
    })?;
    tensor.check_finite(&name)?;
    Ok(cx.b.constant_of(&name, tensor.into(), Kind::Float, false))
}

/// Input 0 as a matrix of samples and features.
fn samples(cx: &mut Context<'_>) -> Result<(Id, usize, usize)> {
    let x = cx.input(0)?;
    let dims = cx.dims(x);
    let (rows, columns) = match dims[..] {
        [columns] => (1, columns),
        [rows, columns] => (rows, columns),
        _ => return Err(cx.error("input 0", "extents [N, C] or [C]", format!("{dims:?}"))),
    };
    if rows == 0 || columns == 0 {
        return Err(cx.error("input 0", "samples and features", format!("extents {dims:?}")));
    }
    let x = cx.b.reshape(x, &[rows, columns]);
    Ok((cx.b.cast(x, Kind::Float), rows, columns))
}
