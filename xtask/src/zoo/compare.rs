//! What was proved beside what ONNX Runtime computes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::manifest::{Model, Rule};

/// Integer outputs of this many entries and more may differ in some.
const MANY: usize = 20;
/// How many of them have to be equal.
const EQUAL: f64 = 0.95;
/// Errors under [`Rule::Top1`], in tolerances.
const TOP1_SLACK: f64 = 5.0;

/// An output of ONNX Runtime.
#[derive(Debug, Deserialize)]
pub(super) struct Expected {
    pub(super) name: String,
    pub(super) dims: Vec<usize>,
    /// Integers or truth values.
    pub(super) integer: bool,
    /// None where it is not finite.
    pub(super) values: Vec<Option<f64>>,
}

/// An output of the statement.
#[derive(Debug)]
pub(super) struct Proved {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

/// The comparison.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// What is wrong.
    pub(super) problems: Vec<String>,
    /// The largest error, as a part of the largest absolute value.
    pub(super) error: f64,
    /// Zeros would have passed too.
    pub(super) weak: bool,
}

#[derive(Deserialize)]
struct Statement {
    outputs: Vec<Tensor>,
}

#[derive(Deserialize)]
struct Tensor {
    name: String,
    scale: i32,
    #[serde(default)]
    zero: i32,
    #[serde(default = "one")]
    multiplier: f64,
    integers: Integers,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Integers {
    Inline(Vec<i32>),
    File { npy: String },
}

fn one() -> f64 {
    1.0
}

/// The public outputs of a statement file.
///
/// # Errors
/// If it, or a file that it names, is not what the command line writes.
pub(super) fn outputs(path: &Path) -> Result<Vec<Proved>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let statement: Statement = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is no statement with public outputs", path.display()))?;
    let real = |tensor: Tensor| {
        let Tensor { name, scale, zero, multiplier, integers } = tensor;
        let integers = match integers {
            Integers::Inline(integers) => integers,
            Integers::File { npy } => {
                let file = path.with_file_name(npy);
                let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                npy_entries(&bytes).with_context(|| format!("cannot parse {}", file.display()))?
            }
        };
        let unit = multiplier * f64::powi(2.0, -scale);
        let values = integers.iter().map(|i| (f64::from(*i) - f64::from(zero)) * unit).collect();
        Ok(Proved { name, values })
    };
    statement.outputs.into_iter().map(real).collect()
}

/// The entries of an array file of 32-bit integers, version 1.
fn npy_entries(bytes: &[u8]) -> Result<Vec<i32>> {
    let rest = bytes.strip_prefix(b"\x93NUMPY\x01\x00").context("expected an array file of version 1.0")?;
    let (length, rest) = rest.split_first_chunk::<2>().context("the header's length is missing")?;
    let (header, data) =
        rest.split_at_checked(u16::from_le_bytes(*length).into()).context("the header is cut off")?;
    let header = String::from_utf8_lossy(header);
    if !header.contains("'<i4'") || !header.contains("'fortran_order': False") || data.len() % 4 != 0 {
        bail!("expected 32-bit integers in C order, found {header}");
    }
    let word = |word: &[u8]| i32::from_le_bytes([word[0], word[1], word[2], word[3]]);
    Ok(data.chunks_exact(4).map(word).collect())
}

/// Compares all outputs, the first one by the model's rule.
pub(super) fn compare(model: &Model, expected: &[Expected], proved: &[Proved]) -> Verdict {
    let mut verdict = Verdict { weak: true, ..Verdict::default() };
    for (index, expected) in expected.iter().enumerate() {
        let name = &expected.name;
        let Some(proved) = proved.iter().find(|proved| proved.name == *name) else {
            verdict.problems.push(format!("{name} is no output of the statement"));
            continue;
        };
        let (wanted, found) = (expected.values.len(), proved.values.len());
        if wanted != found {
            verdict.problems.push(format!("{name}: expected {wanted} entries, found {found}"));
            continue;
        }
        let pair = |(wanted, found): (&Option<f64>, &f64)| match wanted {
            Some(wanted) => (*wanted, *found),
            // Nothing is expected where there is no number.
            None => (0.0, 0.0),
        };
        let pairs: Vec<(f64, f64)> = expected.values.iter().zip(&proved.values).map(pair).collect();
        if pairs.is_empty() {
            continue;
        }
        let problem = if expected.integer {
            verdict.weak = false;
            integers(&pairs)
        } else {
            let (rule, per) = if index == 0 { (model.compare, model.per) } else { (Rule::Allclose, None) };
            let scales = Scales::new(&pairs, &expected.dims, per, model.floor);
            let error = scales.worst(&pairs, |(wanted, found)| (wanted - found).abs());
            verdict.error = verdict.error.max(error);
            verdict.weak &= scales.worst(&pairs, |(wanted, _)| wanted.abs()) <= model.tolerance;
            reals(rule, model.tolerance, &pairs, &expected.dims, &scales, error)
        };
        verdict.problems.extend(problem.map(|problem| format!("{name}: {problem}")));
    }
    verdict
}

fn integers(pairs: &[(f64, f64)]) -> Option<String> {
    let equal = pairs.iter().filter(|(wanted, found)| wanted.round() == found.round()).count();
    let needed = if pairs.len() < MANY { 1.0 } else { EQUAL };
    ((equal as f64) < needed * pairs.len() as f64).then(|| format!("{equal} of {} are equal", pairs.len()))
}

fn reals(
    rule: Rule,
    tolerance: f64,
    pairs: &[(f64, f64)],
    dims: &[usize],
    scales: &Scales,
    error: f64,
) -> Option<String> {
    let allowed = match rule {
        Rule::Allclose => tolerance,
        Rule::Top1 => TOP1_SLACK * tolerance,
    };
    if error > allowed {
        return Some(format!("off by {error:.3}, allowed {allowed:.3}"));
    }
    if rule == Rule::Allclose {
        return None;
    }
    // A single number along the last axis has no rival in it: the tensor is one row.
    let row = dims.last().copied().filter(|extent| *extent > 1).unwrap_or(pairs.len());
    let other = pairs.chunks(row).filter(|row| differs(row, tolerance * scales.largest())).count();
    (other > 0).then(|| format!("another largest entry in {other} of {} rows", pairs.len() / row))
}

/// Whether the largest proved entry is another one than the expected one, which leads by more than `margin`.
fn differs(row: &[(f64, f64)], margin: f64) -> bool {
    let best = |key: fn(&(f64, f64)) -> f64| {
        row.iter().enumerate().max_by(|a, b| key(a.1).total_cmp(&key(b.1)).then(b.0.cmp(&a.0)))
    };
    let (Some((wanted, top)), Some((found, _))) = (best(|pair| pair.0), best(|pair| pair.1)) else {
        return false;
    };
    let rivals = row.iter().enumerate().filter(|(index, _)| *index != wanted).map(|(_, pair)| pair.0);
    let second = rivals.fold(f64::NEG_INFINITY, f64::max);
    wanted != found && top.0 - second > margin
}

/// The largest absolute value, of a tensor or of each entry along an axis.
struct Scales {
    sizes: Vec<f64>,
    /// Entries of the tensor that follow each other with the same index along the axis.
    stride: usize,
}

impl Scales {
    fn new(pairs: &[(f64, f64)], dims: &[usize], per: Option<usize>, floor: f64) -> Self {
        let (count, stride) = match per.and_then(|axis| Some((*dims.get(axis)?, dims.get(axis + 1..)?))) {
            Some((extent, inner)) => (extent.max(1), inner.iter().product::<usize>().max(1)),
            None => (1, 1),
        };
        let mut scales = Self { sizes: vec![floor.max(1e-12); count], stride };
        for (index, (wanted, _)) in pairs.iter().enumerate() {
            let group = scales.group(index);
            scales.sizes[group] = scales.sizes[group].max(wanted.abs());
        }
        scales
    }

    fn group(&self, index: usize) -> usize {
        index / self.stride % self.sizes.len()
    }

    fn largest(&self) -> f64 {
        self.sizes.iter().copied().fold(0.0, f64::max)
    }

    /// The largest measure of an entry over its scale.
    fn worst(&self, pairs: &[(f64, f64)], measure: impl Fn(&(f64, f64)) -> f64) -> f64 {
        let parts =
            pairs.iter().enumerate().map(|(index, pair)| measure(pair) / self.sizes[self.group(index)]);
        parts.fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests;
