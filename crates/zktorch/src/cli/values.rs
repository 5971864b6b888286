//! Values of flags that are more than a number or a path.

use std::path::PathBuf;
use std::str::FromStr;

use zktorch_verifier::MAX_CONTEXT;

use crate::files::read_limited;
use crate::{Bytes32, Error};

/// An SRS that the user accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AcceptedSrs {
    /// The one with this id.
    Id(Bytes32),
    /// The one whose verifier part is in this file, whoever made it.
    File(PathBuf),
}

impl FromStr for AcceptedSrs {
    type Err = Error;

    /// 64 hexadecimal digits are an id (`./` before them makes a file of them), everything else is a file.
    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(text.parse().map_or_else(|_| Self::File(text.into()), Self::Id))
    }
}

/// What a proof is tied to: the verifier's own bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofContext {
    /// The bytes of this text.
    Text(String),
    /// The content of this file.
    File(PathBuf),
}

impl FromStr for ProofContext {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let source = match text.strip_prefix('@') {
            Some(path) => Self::File(path.into()),
            None => Self::Text(text.to_owned()),
        };
        match &source {
            Self::Text(text) => check(text.as_bytes())?,
            Self::File(path) if path.as_os_str().is_empty() => {
                return Err(Error::format("context", "file", "its name behind the @", "none"));
            }
            Self::File(_) => {}
        }
        Ok(source)
    }
}

impl ProofContext {
    /// The bytes.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be read, is empty, or longer than [`MAX_CONTEXT`].
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Text(text) => Ok(text.as_bytes().to_vec()),
            Self::File(path) => {
                let bytes = read_limited(path, MAX_CONTEXT as u64)?;
                check(&bytes).map_err(|error| error.at(path))?;
                Ok(bytes)
            }
        }
    }
}

/// No bytes would be no context at all.
fn check(bytes: &[u8]) -> Result<(), Error> {
    if (1..=MAX_CONTEXT).contains(&bytes.len()) {
        return Ok(());
    }
    Err(Error::format("context", "length", format!("1 to {MAX_CONTEXT} bytes"), bytes.len().to_string()))
}

/// A tolerance: finite and not negative.
pub(super) fn tolerance(text: &str) -> Result<f64, Error> {
    not_negative("tolerance", text)
}

/// The largest error that an output may have, as a part of its largest value.
pub(super) fn max_error(text: &str) -> Result<f64, Error> {
    not_negative("max error", text)
}

fn not_negative(what: &'static str, text: &str) -> Result<f64, Error> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
    value.ok_or_else(|| Error::format(what, "value", "a number from 0 up", format!("{text:?}")))
}
