//! Statements: what a proof is about.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use pyo3::prelude::*;
use zktorch_files::statement::{Statement as Inner, StatementTensor};
use zktorch_files::{Error, Side};

use crate::arrays::{self, Made};
use crate::errors::raise;

/// What the names of large tensors' files begin with in the bytes of a statement.
const STEM: &str = "statement";

/// What a proof is about.
#[pyclass(frozen, module = "zktorch._zktorch")]
pub(crate) struct Statement {
    inner: Inner,
}

impl Statement {
    pub(crate) fn new(inner: Inner) -> Self {
        Self { inner }
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }
}

#[pymethods]
impl Statement {
    /// From its JSON and the files that this names, by name.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str, files: BTreeMap<String, Vec<u8>>) -> PyResult<Self> {
        let file = |name: &str, limit: u64| match files.get(name) {
            Some(bytes) if bytes.len() as u64 <= limit => Ok(bytes.clone()),
            Some(bytes) => Err(Error::TooLarge { what: name.to_owned(), size: bytes.len() as u64, limit }),
            None => {
                Err(Error::format("statement", "files", format!("{name} among them"), "none of this name"))
            }
        };
        let inner: Result<Inner, Error> = Inner::from_json(text.as_bytes(), file);
        inner.map(Self::new).map_err(|error| raise(py, &error.into()))
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        zktorch::statement::read(&path).map(Self::new).map_err(|error| raise(py, &error.into()))
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        zktorch::statement::write(&self.inner, &path).map_err(|error| raise(py, &error.into()))
    }

    /// Its JSON, and the files that this names.
    fn to_json(&self, py: Python<'_>) -> PyResult<(String, BTreeMap<String, Vec<u8>>)> {
        let (text, files) = self.inner.to_json(STEM).map_err(|error| raise(py, &error.into()))?;
        Ok((text, files.into_iter().map(|file| (file.name, file.bytes)).collect()))
    }

    #[getter]
    fn model_id(&self) -> String {
        self.inner.model_id.to_string()
    }

    #[getter]
    fn srs_id(&self) -> String {
        self.inner.srs_id.to_string()
    }

    /// The public values of a side, and the names of private tensors.
    fn values(&self, py: Python<'_>, outputs: bool) -> (Vec<Made>, Vec<String>) {
        let (mut public, mut private) = (Vec::new(), Vec::new());
        let side = if outputs { Side::Output } else { Side::Input };
        for tensor in self.inner.tensors(side) {
            let StatementTensor { name, dims, .. } = tensor;
            match tensor.real() {
                Some(values) => public.push(arrays::made(py, name, dims, &values)),
                None => private.push(name.clone()),
            }
        }
        (public, private)
    }
}
