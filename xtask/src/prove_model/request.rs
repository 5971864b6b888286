//! What is to be measured.

use std::path::PathBuf;

use anyhow::Result;

use super::Model;
use crate::workspace;

/// One measurement. `Request::new` gives the defaults; the fields are set where they differ.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) source: Source,
    /// Threads of each stage; none: all.
    pub(crate) threads: Option<usize>,
    /// Folder in which every stage's files stay; none: target/prove-model/NAME.
    pub(crate) out: Option<PathBuf>,
    /// Variables of the stages' environment, such as `("ZKTORCH_BACKEND", "portable")`.
    pub(crate) env: Vec<(String, String)>,
}

/// The model of a measurement.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// One that comes with the repository.
    Model(Model),
}

impl Request {
    /// The model with every default.
    pub(crate) fn new(source: Source) -> Self {
        Self { source, threads: None, out: None, env: Vec::new() }
    }

    /// What the model is called in reports and in the name of its folder.
    pub(crate) fn name(&self) -> String {
        match &self.source {
            Source::Model(model) => model.name(),
        }
    }

    /// The folder of the files.
    pub(super) fn folder(&self) -> Result<PathBuf> {
        match &self.out {
            Some(out) => Ok(out.clone()),
            None => Ok(workspace::root()?.join("target").join("prove-model").join(self.name())),
        }
    }
}
