//! Tables of other subcommands, which lie beside the report.

use std::path::Path;

use anyhow::Result;

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

/// The tables of a folder.
pub(super) fn read(_folder: &Path) -> Result<Vec<Extra>> {
    Ok(Vec::new())
}
