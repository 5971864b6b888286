//! Tensors whose entries stay in a file: models that are larger than memory have them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::model::{brain, half};
use crate::{FloatTensor, OnnxError, Result};

/// Entries that are read at once.
const BLOCK: usize = 1 << 18;

/// A row-major tensor of floats in a file of external data. Its entries are read whenever they are needed, and never kept.
#[derive(Clone, Debug)]
pub struct StoredTensor {
    dims: Vec<usize>,
    source: Source,
    /// What the entries are multiplied with, in this order; each product is rounded to 32 bits.
    factors: Vec<Factor>,
    summary: Arc<OnceLock<Summary>>,
}

/// Where the entries are.
#[derive(Clone, Debug, PartialEq)]
struct Source {
    name: String,
    path: PathBuf,
    offset: u64,
    format: Format,
}

/// What an entry is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Single,
    Half,
    Brain,
}

impl Format {
    fn bytes(self) -> usize {
        match self {
            Self::Single => 4,
            Self::Half | Self::Brain => 2,
        }
    }

    fn decode(self, raw: &[u8], out: &mut Vec<f32>) {
        let words = || raw.as_chunks::<2>().0.iter().map(|word| u16::from_le_bytes(*word));
        match self {
            Self::Single => out.extend(raw.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word))),
            Self::Half => out.extend(words().map(half)),
            Self::Brain => out.extend(words().map(brain)),
        }
    }
}

/// Entry i is multiplied with `values[i / inner % values.len()]`: indices are row-major, so other extents change nothing.
#[derive(Clone, Debug, PartialEq)]
struct Factor {
    inner: usize,
    values: Arc<[f64]>,
}

/// What one pass over the entries shows.
#[derive(Clone, Copy, Debug)]
struct Summary {
    max_abs: f64,
    /// The first entry that is no number.
    not_finite: Option<(usize, f32)>,
}

/// Whatever is read of them, these are the same numbers.
impl PartialEq for StoredTensor {
    fn eq(&self, other: &Self) -> bool {
        (&self.dims, &self.source, &self.factors) == (&other.dims, &other.source, &other.factors)
    }
}

impl StoredTensor {
    /// The tensor of these extents at an offset of a file, where so many bytes are known to be. None for an element type that is
    /// no float of 16 or 32 bits.
    pub(crate) fn new(
        name: &str,
        dims: Vec<usize>,
        data_type: i32,
        (path, offset): (PathBuf, u64),
    ) -> Option<Self> {
        let format = match data_type {
            1 => Format::Single,
            10 => Format::Half,
            16 => Format::Brain,
            _ => return None,
        };
        let source = Source { name: name.to_owned(), path, offset, format };
        Some(Self { dims, source, factors: Vec::new(), summary: Arc::default() })
    }

    /// The extents.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        crate::tensor::len(&self.dims)
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The same entries with other extents of the same product.
    pub(crate) fn reshaped(&self, dims: Vec<usize>) -> Self {
        Self { dims, ..self.clone() }
    }

    /// Every entry times one of these factors: that of its index on an axis.
    pub(crate) fn scaled(&self, axis: usize, values: &[f64]) -> Self {
        let inner = crate::tensor::len(&self.dims[axis + 1..]);
        self.with_factor(Factor { inner, values: values.into() })
    }

    /// Every entry times a number.
    pub(crate) fn times(&self, c: f64) -> Self {
        self.with_factor(Factor { inner: 1, values: [c].into() })
    }

    fn with_factor(&self, factor: Factor) -> Self {
        let mut factors = self.factors.clone();
        factors.push(factor);
        Self { factors, summary: Arc::default(), ..self.clone() }
    }

    /// Largest absolute value; not a number where an entry cannot be read.
    pub(crate) fn max_abs(&self) -> f64 {
        self.summary().map_or(f64::NAN, |summary| summary.max_abs)
    }

    /// That all entries can be read and are numbers.
    pub(crate) fn check_finite(&self, name: &str) -> Result<()> {
        match self.summary()?.not_finite {
            None => Ok(()),
            Some((index, value)) => Err(OnnxError::NotFinite { name: name.into(), index, value }),
        }
    }

    fn summary(&self) -> Result<Summary> {
        if let Some(summary) = self.summary.get() {
            return Ok(*summary);
        }
        let mut found = Summary { max_abs: 0.0, not_finite: None };
        self.read(0..self.len(), |start, entries| {
            let max_abs = entries.iter().fold(0f32, |max, x| max.max(x.abs()));
            found.max_abs = found.max_abs.max(max_abs.into());
            // A maximum hides what is no number.
            if found.not_finite.is_none()
                && let Some(index) = entries.iter().position(|x| !x.is_finite())
            {
                found.not_finite = Some((start + index, entries[index]));
            }
        })?;
        Ok(*self.summary.get_or_init(|| found))
    }

    /// All entries; those that cannot be read are not numbers.
    pub fn to_float(&self) -> FloatTensor {
        let mut data = Vec::with_capacity(self.len());
        // Whoever computes with them finds out by `check_finite`.
        let _ = self.read(0..self.len(), |_, entries| data.extend_from_slice(entries));
        FloatTensor::padded(&self.dims, data, f32::NAN)
    }

    /// One entry.
    pub(crate) fn get(&self, index: usize) -> f64 {
        let mut entry = f32::NAN;
        let _ =
            self.read(index..index + 1, |_, entries| entry = entries.first().copied().unwrap_or(f32::NAN));
        entry.into()
    }

    /// All entries in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        let mut block: Vec<f32> = Vec::new();
        (0..self.len()).map(move |index| {
            let at = index % BLOCK;
            if at == 0 {
                block.clear();
                let end = self.len().min(index + BLOCK);
                let _ = self.read(index..end, |_, entries| block.extend_from_slice(entries));
            }
            block.get(at).copied().unwrap_or(f32::NAN).into()
        })
    }

    /// Shows these entries, in blocks with the index of their first one.
    fn read(&self, range: core::ops::Range<usize>, mut show: impl FnMut(usize, &[f32])) -> Result<()> {
        let Source { name, path, offset, format } = &self.source;
        let width = format.bytes();
        let io = |error: std::io::Error| OnnxError::Tensor {
            name: name.clone(),
            field: "external data",
            expected: format!("a readable file {}", path.display()),
            got: error.to_string(),
        };
        let mut file = File::open(path).map_err(io)?;
        file.seek(SeekFrom::Start(offset + (range.start * width) as u64)).map_err(io)?;
        let mut raw = vec![0; BLOCK.min(range.len()) * width];
        let mut entries = Vec::with_capacity(BLOCK.min(range.len()));
        let mut start = range.start;
        while start < range.end {
            let count = BLOCK.min(range.end - start);
            let raw = &mut raw[..count * width];
            file.read_exact(raw).map_err(io)?;
            entries.clear();
            format.decode(raw, &mut entries);
            for factor in &self.factors {
                factor.apply(start, &mut entries);
            }
            show(start, &entries);
            start += count;
        }
        Ok(())
    }
}

impl Factor {
    fn apply(&self, start: usize, entries: &mut [f32]) {
        let (mut at, end) = (0, entries.len());
        // Neighbours have one factor, or factors that are neighbours.
        while at < end {
            let place = (start + at) / self.inner % self.values.len();
            if self.inner == 1 {
                let run = (self.values.len() - place).min(end - at);
                let pairs = entries[at..at + run].iter_mut().zip(&self.values[place..]);
                pairs.for_each(|(x, c)| *x = (f64::from(*x) * c) as f32);
                at += run;
            } else {
                let run = (self.inner - (start + at) % self.inner).min(end - at);
                let c = self.values[place];
                entries[at..at + run].iter_mut().for_each(|x| *x = (f64::from(*x) * c) as f32);
                at += run;
            }
        }
    }
}

/// A quantised weight whose entries stay in a file of external data as floats.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalWeight {
    tensor: StoredTensor,
    /// What an entry is multiplied with before it is rounded.
    factor: f64,
}

impl ExternalWeight {
    /// Integers in 16 bits: the caller knows that all are.
    pub(crate) fn new(tensor: StoredTensor, factor: f64) -> Self {
        Self { tensor, factor }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.tensor.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.tensor.is_empty()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.tensor.path()
    }

    /// The entries, row-major.
    ///
    /// # Errors
    /// [`OnnxError::Tensor`] if they cannot be read, or are not those that were seen when the model was compiled.
    pub fn values(&self) -> Result<Vec<i16>> {
        let mut values = Vec::with_capacity(self.len());
        let mut outside = None;
        self.tensor.read(0..self.len(), |start, entries| {
            for (index, x) in entries.iter().enumerate() {
                let integer = (f64::from(*x) * self.factor).round();
                // A number that is none is in no range.
                if !(-32767.0..=32767.0).contains(&integer) {
                    outside.get_or_insert((start + index, *x));
                }
                values.push(integer as i16);
            }
        })?;
        match outside {
            None => Ok(values),
            Some((index, value)) => Err(OnnxError::Tensor {
                name: self.tensor.source.name.clone(),
                field: "external data",
                expected: format!("the numbers that were compiled, up to {}", 32767.0 / self.factor),
                got: format!("{value} at {index}"),
            }),
        }
    }
}
