//! Data for the inputs of a model: one sample to prove, many to calibrate with.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Error, Result, anyhow, bail};
use zktorch::cli::Bind;
use zktorch::data::{self, Values, Wanted};
use zktorch::{ImageSpec, explained};
use zktorch_graph::{Graph, GraphError};
use zktorch_onnx::{FloatTensor, IntTensor, OnnxError, PortInfo, Tensor};
use zktorch_prover::ProverError;

use super::Context;

/// The most files that are read of a folder.
const MAX_FILES: usize = 1 << 16;

/// The inputs' tensors of one sample, in the model's order.
type Sample = Vec<Tensor>;

/// The samples in files and folders, for inputs with these names and extents.
pub(super) fn load_samples(
    paths: &[PathBuf],
    image: Option<&ImageSpec>,
    inputs: &[(String, Vec<usize>)],
) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for path in paths {
        for file in files_of(path)? {
            samples.extend(load_file(&file, image, inputs)?);
        }
    }
    Ok(samples)
}

/// The only sample in a file.
pub(super) fn load_input(
    path: &Path,
    image: Option<&ImageSpec>,
    inputs: &[(String, Vec<usize>)],
) -> Result<Sample> {
    let mut samples = load_file(path, image, inputs)?;
    match (samples.pop(), samples.len()) {
        (Some(sample), 0) => Ok(sample),
        (_, others) => bail!("{}: expected one sample, got {}", path.display(), others + 1),
    }
}

/// The samples to prove together: one of every file, or with `all` those of files and folders.
pub(super) fn load_inputs(
    paths: &[PathBuf],
    all: bool,
    image: Option<&ImageSpec>,
    inputs: &[(String, Vec<usize>)],
) -> Result<Vec<Sample>> {
    if all {
        return load_samples(paths, image, inputs);
    }
    paths.iter().map(|path| load_input(path, image, inputs)).collect()
}

/// The values of inputs that are part of the model.
pub(super) fn load_bound(list: &[Bind]) -> Result<BTreeMap<String, Tensor>> {
    let mut bound = BTreeMap::new();
    for Bind { name, path } in list {
        let mut tensors = data::load(path, None)?;
        // An archive holds one of this name, any other file one alone.
        if tensors.len() > 1 {
            tensors.retain(|tensor| tensor.name.as_ref() == Some(name));
        }
        let [tensor] = &tensors[..] else {
            bail!("{}: expected one tensor for input {name}, got {}", path.display(), tensors.len());
        };
        if bound.insert(name.clone(), convert(tensor.clone())?).is_some() {
            bail!("--bind: expected each name once, got {name:?} twice");
        }
    }
    Ok(bound)
}

fn convert(data::Tensor { dims, values, .. }: data::Tensor) -> Result<Tensor> {
    Ok(match values {
        Values::Floats(data) => FloatTensor::new(dims, data)?.into(),
        Values::Integers(data) => IntTensor::new(dims, data)?.into(),
    })
}

/// Names and extents of ports.
pub(super) fn port_names(ports: &[PortInfo]) -> Vec<(String, Vec<usize>)> {
    ports.iter().map(|port| (port.name.clone(), port.dims.clone())).collect()
}

/// Requires that images are what the model's input takes.
pub(super) fn check_image(image: &ImageSpec, inputs: &[(String, Vec<usize>)]) -> Result<()> {
    image.for_inputs(&wanted(inputs)).context("--image")?;
    Ok(())
}

fn wanted(inputs: &[(String, Vec<usize>)]) -> Vec<Wanted<'_>> {
    inputs.iter().map(|(name, dims)| Wanted { name, dims }).collect()
}

fn load_file(path: &Path, image: Option<&ImageSpec>, inputs: &[(String, Vec<usize>)]) -> Result<Vec<Sample>> {
    let wanted = wanted(inputs);
    let image = image.map(|image| image.for_inputs(&wanted)).transpose()?;
    let tensors = data::load(path, image.as_ref())?;
    let samples = data::assign(&tensors, &wanted).with_context(|| path.display().to_string())?;
    samples.into_iter().map(|sample| sample.into_iter().map(convert).collect()).collect()
}

/// The file itself, or the files of a folder by name, but for hidden ones and folders.
fn files_of(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let entry = entry.with_context(|| format!("cannot read {}", path.display()))?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && entry.path().is_file() {
            files.push(entry.path());
        }
        if files.len() > MAX_FILES {
            bail!("{}: expected at most {MAX_FILES} files, got more", path.display());
        }
    }
    if files.is_empty() {
        bail!("{}: expected a folder with images or other data, got one without files", path.display());
    }
    files.sort();
    Ok(files)
}

/// The inputs that are zero in every sample: of these calibration learns nothing.
pub(super) fn dead_inputs<'a>(samples: &[Sample], inputs: &'a [(String, Vec<usize>)]) -> Vec<&'a str> {
    let is_zero =
        |index: usize, sample: &Sample| sample.get(index).is_none_or(|tensor| tensor.max_abs() == 0.0);
    let dead = |index: usize| !samples.is_empty() && samples.iter().all(|sample| is_zero(index, sample));
    inputs.iter().enumerate().filter(|(index, _)| dead(*index)).map(|(_, (name, _))| name.as_str()).collect()
}

/// The error with what can be done, if a value leaves the range that calibration chose with so many bits of
/// room.
pub(super) fn suggest_room(error: Error, headroom: u32) -> Error {
    let out_of_range = match (error.downcast_ref::<OnnxError>(), error.downcast_ref::<ProverError>()) {
        (Some(OnnxError::Input { field, .. }), _) => *field == "value",
        (Some(OnnxError::Graph(error)), _)
        | (_, Some(ProverError::Graph(error) | ProverError::Inference { error, .. })) => {
            matches!(error, GraphError::OutOfRange { .. })
        }
        _ => false,
    };
    if !out_of_range {
        return error;
    }
    anyhow!(
        "{}; compile the model again with --calibration and samples like this input, with --headroom above {headroom}, or with \
         --saturate to clamp what is out of range",
        explained(error.as_ref())
    )
}

/// Warns of numbers that are clamped: the statement is about what they are clamped to.
pub(super) fn tell_clamped(context: &Context, ports: &[PortInfo], inputs: &[Tensor], graph: &Graph) {
    for (port, input) in ports.iter().zip(inputs).filter(|(port, _)| port.saturates) {
        let range = graph.tensor(port.tensor).range;
        let count = port.count_outside(input.iter(), range);
        if count > 0 {
            let (lo, hi) = (port.real(range.lo), port.real(range.hi));
            context
                .progress
                .warn(&format!("input {}: {count} values are clamped to [{lo}, {hi}]", port.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_folder_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let empty = files_of(folder.path()).unwrap_err().to_string();
        assert!(empty.contains("without files"), "{empty}");
        for name in ["b.npy", "a.npy", ".hidden"] {
            fs::write(folder.path().join(name), b"x").unwrap();
        }
        fs::create_dir(folder.path().join("c")).unwrap();
        let files = files_of(folder.path()).unwrap();
        assert_eq!(files, [folder.path().join("a.npy"), folder.path().join("b.npy")]);
        assert_eq!(files_of(&files[0]).unwrap(), files[..1]);
    }

    #[test]
    fn zeros_are_told_by_input() {
        let inputs = [("a".to_owned(), vec![2]), ("b".to_owned(), vec![1])];
        let sample = |a: f32, b: i64| {
            let b = IntTensor::new([1], vec![b]).unwrap().into();
            vec![FloatTensor::new([2], vec![0.0, a]).unwrap().into(), b]
        };
        assert!(dead_inputs(&[], &inputs).is_empty());
        assert_eq!(dead_inputs(&[sample(0.0, 0), sample(-1.0, 0)], &inputs), ["b"]);
        assert_eq!(dead_inputs(&[sample(-0.0, 0)], &inputs), ["a", "b"]);
    }

    #[test]
    fn only_ranges_get_the_suggestion() {
        let input = |field| OnnxError::Input {
            name: "x".to_owned(),
            field,
            expected: "from -1 to 1".to_owned(),
            got: "2".to_owned(),
        };
        let shown = |error: Error| format!("{:#}", suggest_room(error, 3));
        let ranged = shown(input("value").into());
        assert!(
            ranged.starts_with("input x: ") && ranged.contains("--headroom above 3, or with --saturate"),
            "{ranged}"
        );
        assert_eq!(shown(input("extents").into()), "input x: extents: expected from -1 to 1, got 2");
        assert_eq!(shown(anyhow!("something else")), "something else");
    }
}
