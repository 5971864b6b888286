//! Zip archives of NumPy arrays (`.npz`), stored or deflated.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::tensor::Tensor;
use super::{MAX_FILE_BYTES, npy};
use crate::Error;

const FORMAT: &str = "npz";
/// The most arrays in an archive.
const MAX_ENTRIES: usize = 4096;

pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Tensor>, Error> {
    let damaged = |field: &str| {
        let field = field.to_owned();
        move |error: ZipError| Error::format(FORMAT, field, "a readable zip archive", error.to_string())
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged("directory"))?;
    if archive.is_empty() || archive.len() > MAX_ENTRIES {
        let expected = format!("1 to {MAX_ENTRIES}");
        return Err(Error::format(FORMAT, "number of arrays", expected, archive.len().to_string()));
    }
    let mut tensors = Vec::new();
    // What an archive may decode to does not follow from its size: one budget for all arrays.
    let mut budget = MAX_FILE_BYTES;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged(&format!("entry {index}")))?;
        let file = entry.name().map_err(damaged(&format!("name of entry {index}")))?.into_owned();
        let Some(name) = file.strip_suffix(".npy").map(str::to_owned) else {
            return Err(Error::format(FORMAT, "entries", "names ending in .npy", format!("{file:?}")));
        };
        let declared = entry.size();
        if declared > budget {
            return Err(Error::TooLarge { what: format!("npz: {file}"), size: declared, limit: budget });
        }
        // The declared size is not trusted for an allocation: the buffer grows with what there is, and no further.
        let mut array = Vec::new();
        entry
            .take(declared.saturating_add(1))
            .read_to_end(&mut array)
            .map_err(|error| Error::format(FORMAT, &file, "a readable array", error.to_string()))?;
        if array.len() as u64 != declared {
            return Err(Error::format(FORMAT, file, format!("{declared} bytes"), array.len().to_string()));
        }
        budget -= declared;
        tensors.push(npy::decode(&array, Some(name)).map_err(|error| in_entry(&file, error))?);
    }
    Ok(tensors)
}

/// Says which array of the archive an error is about.
fn in_entry(file: &str, error: Error) -> Error {
    match error {
        Error::Format { format, field, expected, got } => {
            Error::Format { format, field: format!("{file}: {field}"), expected, got }
        }
        other => other,
    }
}
