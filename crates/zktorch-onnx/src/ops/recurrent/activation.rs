//! The activations of recurrent layers, by name.

use zktorch_graph::{Binary, Formula, Unary};

use crate::Result;
use crate::ops::Context;

/// The formulas of all activations; alpha and beta are taken in their order by those that have them.
pub(super) fn read(cx: &Context<'_>, directions: usize, defaults: &[&str]) -> Result<Vec<Formula>> {
    let count = directions * defaults.len();
    let names = match cx.strings("activations")? {
        Some(names) if names.len() == count => names,
        Some(names) => {
            let expected = format!("{count} names");
            return Err(cx.error("attribute activations", expected, format!("{names:?}")));
        }
        None => (0..count).map(|i| defaults[i % defaults.len()].to_owned()).collect(),
    };
    let alphas = cx.floats("activation_alpha")?.unwrap_or_default();
    let betas = cx.floats("activation_beta")?.unwrap_or_default();
    let (mut alphas, mut betas) = (alphas.into_iter(), betas.into_iter());
    let mut formulas = Vec::with_capacity(count);
    for name in names {
        let mut alpha = |default: f32| f64::from(alphas.next().unwrap_or(default));
        let mut beta = |default: f32| f64::from(betas.next().unwrap_or(default));
        let formula = match &*name.to_ascii_lowercase() {
            "relu" => x().with_constant(Binary::Max, 0.0),
            "tanh" => x().then(Unary::Tanh),
            "sigmoid" => x().then(Unary::Sigmoid),
            "softplus" => x().then(Unary::Softplus),
            "softsign" => x().with(Binary::Div, x().then(Unary::Abs).with_constant(Binary::Add, 1.0)),
            "affine" => affine(alpha(1.0), beta(0.0)),
            "leakyrelu" => negative(x().with_constant(Binary::Mul, alpha(0.01))),
            "thresholdedrelu" => {
                let above = Formula::constant(alpha(1.0)).with(Binary::Less, x());
                above.select(x(), Formula::constant(0.0))
            }
            "scaledtanh" => {
                let (alpha, beta) = (alpha(1.0), beta(1.0));
                affine(beta, 0.0).then(Unary::Tanh).with_constant(Binary::Mul, alpha)
            }
            "hardsigmoid" => {
                let line = affine(alpha(0.2), beta(0.5));
                line.with_constant(Binary::Max, 0.0).with_constant(Binary::Min, 1.0)
            }
            "elu" => {
                let curve = x().then(Unary::Exp).with_constant(Binary::Sub, 1.0);
                negative(curve.with_constant(Binary::Mul, alpha(1.0)))
            }
            _ => {
                let expected = "an activation that ONNX defines for recurrent layers";
                return Err(cx.error("attribute activations", expected, name));
            }
        };
        formulas.push(formula);
    }
    Ok(formulas)
}

fn x() -> Formula {
    Formula::argument()
}

fn affine(alpha: f64, beta: f64) -> Formula {
    x().with_constant(Binary::Mul, alpha).with_constant(Binary::Add, beta)
}

/// `if x < 0 { f } else { x }`.
fn negative(f: Formula) -> Formula {
    x().with_constant(Binary::Less, 0.0).select(f, x())
}
