//! Inputs and outputs that the verifier expects, compared with those of a statement.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use zktorch::ImageSpec;
use zktorch::cli;
use zktorch::data;
use zktorch::report::Report;
use zktorch::statement::{StatementTensor, TensorValue};
use zktorch_onnx::{PortInfo, Tensor};

use super::interface::Interface;
use super::verify::Failure;
use super::{load_input, port_names};

/// Requires that the statement's public inputs are these data, quantised. Images are preprocessed as the key
/// says.
pub(super) fn input(
    report: &mut Report,
    model: &Interface,
    image: Option<&ImageSpec>,
    path: &Path,
    tensors: &[StatementTensor],
) -> Result<(), Failure> {
    let ports = model.inputs();
    let expected = load(path, image, ports)?;
    let mut compared = format!("the numbers in {}", path.display());
    if let Some(spec) = image.filter(|_| data::is_image(path)) {
        compared = format!(
            "the pixels of {} as decoded here (decoders of JPEG differ by a step or two), after {spec}",
            path.display()
        );
    }
    for ((port, expected), tensor) in ports.iter().zip(expected).zip(tensors) {
        exact(model, "input", port, &expected, tensor, &compared)?;
    }
    report.note("expected_input", compared);
    Ok(())
}

/// Requires that the statement's public outputs are these data: within the tolerance, or exactly once
/// quantised.
pub(super) fn output(
    report: &mut Report,
    model: &Interface,
    options: &cli::Verify,
    path: &Path,
    tensors: &[StatementTensor],
) -> Result<(), Failure> {
    let ports = model.outputs();
    let expected = load(path, None, ports)?;
    let compared = format!("the numbers in {}", path.display());
    let mut differences = Vec::new();
    for ((port, expected), tensor) in ports.iter().zip(expected).zip(tensors) {
        if options.exact {
            exact(model, "output", port, &expected, tensor, &compared)?;
            continue;
        }
        let TensorValue::Public(integers) = &tensor.value else { return Err(private("output", port)) };
        let tolerance = options.tolerance.unwrap_or_else(|| unit(port));
        let mut largest = 0f64;
        for (index, (expected, integer)) in expected.iter().zip(integers).enumerate() {
            let got = port.real(*integer);
            let difference = (expected - got).abs();
            if difference > tolerance || difference.is_nan() {
                return Err(Failure::Rejected(format!(
                    "output {}: entry {index}: expected {expected}, the statement says {got}: that differs by \
                     {difference}, more than {tolerance}",
                    port.name
                )));
            }
            largest = largest.max(difference);
        }
        differences.push(json!({"name": port.name, "max_abs_difference": largest, "tolerance": tolerance}));
    }
    if options.exact {
        report.note("expected_output", "the same integers");
    } else {
        report.note("expected_output", differences);
    }
    Ok(())
}

/// What one step of an integer is worth.
fn unit(port: &PortInfo) -> f64 {
    port.multiplier * f64::powi(2.0, -port.scale)
}

fn load(path: &Path, image: Option<&ImageSpec>, ports: &[PortInfo]) -> anyhow::Result<Vec<Tensor>> {
    load_input(path, image, &port_names(ports)).context("expected data")
}

fn private(what: &str, port: &PortInfo) -> Failure {
    Failure::Rejected(format!("{what} {} is private: there is nothing to compare", port.name))
}

fn exact(
    model: &Interface,
    what: &str,
    port: &PortInfo,
    expected: &Tensor,
    tensor: &StatementTensor,
    compared: &str,
) -> Result<(), Failure> {
    let TensorValue::Public(got) = &tensor.value else { return Err(private(what, port)) };
    let range = model.graph.tensor(port.tensor).range;
    let integers = port.quantise(expected.iter(), range).map_err(anyhow::Error::from)?;
    for (index, (expected, got)) in integers.iter().zip(got).enumerate() {
        if expected != got {
            let (real, stated) = (port.real(*expected), port.real(*got));
            return Err(Failure::Rejected(format!(
                "{what} {}: entry {index}: expected {expected} (which is {real}), the statement says {got} ({stated}); \
                 compared with {compared}",
                port.name
            )));
        }
    }
    Ok(())
}
