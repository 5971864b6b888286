//! Names of classes on the disk. What is shown of outputs is for [`zktorch_files`] to say.

use std::path::Path;

pub use zktorch_files::{Labels, ProvedOutput, Scored};

use crate::Error;
use crate::files::read_limited;

/// The longest file of labels.
const MAX_BYTES: u64 = 16 << 20;

/// Reads names, one per line, for outputs with these dimensions.
///
/// # Errors
/// [`Error::File`]: it cannot be read, is no text, or no output has one score for each name.
pub fn read_labels(path: &Path, outputs: &[&[usize]]) -> Result<Labels, Error> {
    let bytes = read_limited(path, MAX_BYTES)?;
    Labels::parse(&bytes, outputs).map_err(|error| Error::from(error).at(path))
}
