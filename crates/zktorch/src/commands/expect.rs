//! Inputs and outputs that the verifier expects, compared with those of a statement.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::json;
use zktorch::ImageSpec;
use zktorch::cli;
use zktorch::data;
use zktorch::report::Report;
use zktorch::statement::Statement;
use zktorch_files::{Error, Interface, Side};
use zktorch_onnx::PortInfo;

use super::samples::{load_inputs, port_names};
use super::verify::Failure;

/// Requires that the statement's public inputs are these data, quantised. Images are preprocessed as the key
/// says.
pub(super) fn input(
    report: &mut Report,
    model: &Interface,
    image: Option<&ImageSpec>,
    path: &Path,
    statement: &Statement,
) -> Result<(), Failure> {
    let expected = load(path, image, model.inputs(), statement.inferences)?;
    let mut compared = format!("the numbers in {}", path.display());
    if let Some(spec) = image.filter(|_| data::is_image(path)) {
        compared = format!(
            "the pixels of {} as decoded here (decoders of JPEG differ by a step or two), after {spec}",
            path.display()
        );
    }
    same(model, Side::Input, statement, &expected, &compared)?;
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
    statement: &Statement,
) -> Result<(), Failure> {
    let expected = load(path, None, model.outputs(), statement.inferences)?;
    if options.exact {
        let compared = format!("the numbers in {}", path.display());
        same(model, Side::Output, statement, &expected, &compared)?;
        report.note("expected_output", "the same integers");
        return Ok(());
    }
    let distances = model.demand_near(Side::Output, statement, &expected, options.tolerance)?;
    let differences = model.outputs().iter().zip(distances).map(|(port, (largest, tolerance))| {
        json!({"name": port.name, "max_abs_difference": largest, "tolerance": tolerance})
    });
    report.note("expected_output", differences.collect::<Vec<_>>());
    Ok(())
}

/// The values of every port, of all inferences one after the other.
fn load(
    path: &Path,
    image: Option<&ImageSpec>,
    ports: &[PortInfo],
    inferences: u32,
) -> anyhow::Result<Vec<Vec<f64>>> {
    let several = inferences > 1;
    let samples = load_inputs(&[path.to_path_buf()], several, image, &port_names(ports));
    let samples = samples.context("expected data")?;
    if samples.len() != inferences as usize {
        bail!(
            "{}: expected {inferences} samples, as the statement has, got {}",
            path.display(),
            samples.len()
        );
    }
    let of_port =
        |port: usize| -> Vec<f64> { samples.iter().flat_map(|sample| sample[port].iter()).collect() };
    Ok((0..ports.len()).map(of_port).collect())
}

/// Says of a difference what was compared.
fn same(
    model: &Interface,
    side: Side,
    statement: &Statement,
    expected: &[Vec<f64>],
    compared: &str,
) -> Result<(), Failure> {
    model.demand_same(side, statement, expected).map_err(|error| match error {
        Error::Entry { .. } => Failure::Rejected(format!("{error}; compared with {compared}")),
        error => error.into(),
    })
}
