//! What other parts of `bench` have left beside the report, as tables of its page.

mod ablation;
mod peers;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::report::Subject;

/// One table with its heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extra {
    pub(super) title: String,
    pub(super) columns: Vec<Column>,
    /// One cell per column.
    pub(super) rows: Vec<Vec<String>>,
    pub(super) note: String,
}

/// The head of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// Words stand left, numbers right.
    pub(super) text: bool,
}

/// Columns of numbers after `words` of words.
fn columns(names: &[&str], words: usize) -> Vec<Column> {
    names.iter().enumerate().map(|(at, name)| Column { name: (*name).to_owned(), text: at < words }).collect()
}

/// A file's table, if the file has what a table needs.
type Table = fn(&Value) -> Option<Extra>;

const TABLES: [(&str, Table); 2] = [("peers.json", peers::table), ("ablation.json", ablation::table)];

/// The tables of a folder: of peers.json and ablation.json as far as they are there. They are about the suite's models.
///
/// # Errors
/// If a file that is there cannot be read.
pub(super) fn read(subject: Subject, folder: &Path) -> Result<Vec<Extra>> {
    let tables = match subject {
        Subject::Suite => &TABLES[..],
        Subject::MlPerf => &[],
    };
    let mut extras = Vec::new();
    for (name, table) in tables {
        let path = folder.join(name);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let value =
            serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        extras.extend(table(&value));
    }
    Ok(extras)
}

/// A number somewhere in a file, in words; a dash where there is none.
fn cell(value: Option<&Value>, format: fn(f64) -> String) -> String {
    value.and_then(Value::as_f64).map_or_else(|| "–".to_owned(), format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_there() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(Subject::Suite, folder.path()).unwrap(), []);
        let peers = r#"{"models": {"lenet": {"zktorch": {"prove_s": 0.1}, "ezkl": {}}}}"#;
        fs::write(folder.path().join("peers.json"), peers).unwrap();
        assert_eq!(read(Subject::Suite, folder.path()).unwrap().len(), 1);
        fs::write(folder.path().join("ablation.json"), "{").unwrap();
        let message = format!("{:#}", read(Subject::Suite, folder.path()).unwrap_err());
        assert!(message.contains("ablation.json is not JSON"), "{message}");
        assert_eq!(read(Subject::MlPerf, folder.path()).unwrap(), []);
    }
}
