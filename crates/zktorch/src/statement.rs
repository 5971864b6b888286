//! Statements on the disk, with their large tensors beside them. The format is that of [`zktorch_files::statement`].

use std::path::Path;

use zktorch_files::AccuracyFile;
pub use zktorch_files::statement::{MAX_INLINE, Statement, StatementTensor, TensorValue};

use crate::Error;
use crate::data::MAX_FILE_BYTES;
use crate::error::IoContext;
use crate::files::{Access, is_special, read_limited, write_bytes};

/// Reads a statement and the files that it names, which are in the same folder.
///
/// # Errors
/// [`Error::File`], which names the file, the field, and what is wrong.
pub fn read(path: &Path) -> Result<Statement, Error> {
    let bytes = read_limited(path, MAX_FILE_BYTES)?;
    let sibling = |name: &str, limit: u64| read_limited(&path.with_file_name(name), limit);
    Statement::from_json(&bytes, sibling).map_err(|error: Error| error.at(path))
}

/// Writes a statement, and its large tensors beside it, each file at once; the statement comes last.
///
/// # Errors
/// [`Error::File`], also if the statement breaks a rule of the format.
pub fn write(statement: &Statement, path: &Path) -> Result<(), Error> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let (text, siblings) = statement.to_json(&stem).map_err(|error| Error::from(error).at(path))?;
    // Beside a device there is no place for tensors.
    for sibling in siblings.iter().filter(|_| !is_special(path)) {
        let beside = path.with_file_name(&sibling.name);
        if beside == path {
            let taken = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(taken).action("write a tensor beside it").map_err(|error: Error| error.at(path));
        }
        write_bytes(&beside, Access::Ordinary, &sibling.bytes)?;
    }
    write_bytes(path, Access::Ordinary, text.as_bytes())
}

/// Reads a statement about a model's accuracy.
///
/// # Errors
/// [`Error::File`], which names the file, the field, and what is wrong.
pub fn read_accuracy(path: &Path) -> Result<AccuracyFile, Error> {
    let bytes = read_limited(path, MAX_FILE_BYTES)?;
    AccuracyFile::from_json(&bytes).map_err(|error| Error::from(error).at(path))
}

/// Writes a statement about a model's accuracy, at once.
///
/// # Errors
/// [`Error::File`], also if the statement breaks a rule of the format.
pub fn write_accuracy(statement: &AccuracyFile, path: &Path) -> Result<(), Error> {
    let text = statement.to_json().map_err(|error| Error::from(error).at(path))?;
    write_bytes(path, Access::Ordinary, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::Bytes32;

    fn tensor(name: &str, dims: &[usize], scale: i32, value: TensorValue) -> StatementTensor {
        StatementTensor { name: name.to_owned(), dims: dims.to_vec(), scale, zero: 0, multiplier: 1.0, value }
    }

    fn sample() -> Statement {
        let large = (0..5000).map(|i| i * 37 % 65536 - 32768).collect();
        Statement {
            model_id: Bytes32::sha256(b"model"),
            srs_id: Bytes32::sha256(b"srs"),
            inferences: 1,
            inputs: vec![
                tensor("image", &[1, 3], 4, TensorValue::Public(vec![16, -8, 0])),
                tensor("large", &[50, 100], 12, TensorValue::Public(large)),
            ],
            outputs: vec![tensor("logits", &[1, 10], -2, TensorValue::Private(vec![Bytes32::sha256(b"c")]))],
        }
    }

    #[test]
    fn round_trips_through_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("statement.json");
        let statement = sample();
        write(&statement, &path).unwrap();
        assert_eq!(read(&path).unwrap(), statement);
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["statement.input1.npy", "statement.json"]);
        // The file is a plain array of the real one's shape.
        let array = crate::data::load(&folder.path().join("statement.input1.npy"), None).unwrap();
        assert_eq!(array[0].dims, [50, 100]);
        assert_eq!(array[0].floats()[1], 37.0 - 32768.0);
        // Moved without its file, or with an edited one.
        let edited = folder.path().join("statement.input1.npy");
        let mut bytes = fs::read(&edited).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&edited, &bytes).unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains("inputs[1].integers.sha256 (statement.input1.npy)"), "{message}");
        fs::remove_file(edited).unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains("statement.input1.npy: cannot open"), "{message}");
    }

    #[test]
    fn a_statement_does_not_overwrite_itself() {
        let folder = tempfile::tempdir().unwrap();
        // The stem of "x.input1.npy" is "x.input1": its files are "x.input1.input1.npy".
        let path = folder.path().join("x.input1.npy");
        write(&sample(), &path).unwrap();
        assert_eq!(read(&path).unwrap(), sample());
    }
}
