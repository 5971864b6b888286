//! Files of a run: written whole or not at all.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::Builder;

use super::extra::{self, Extra};
use super::html;
use super::report::Report;

/// Writes a report and its page into a folder, which is made if it is not there. Tables of other subcommands that cannot be read are
/// left out: they must not cost a long run its result.
pub(super) fn write(report: &Report, folder: &Path) -> Result<()> {
    let mut json = serde_json::to_vec_pretty(report)?;
    json.push(b'\n');
    let subject = report.settings.subject;
    replace(&folder.join(format!("{}.json", subject.stem())), &json)?;
    let extras = extra::read(subject, folder).unwrap_or_else(|error| {
        eprintln!("warning: {error:#}");
        Vec::new()
    });
    write_html(report, &extras, folder)
}

/// Writes a report that is complete, and shows it: the table, or with `json` the report, and where the page is.
pub(super) fn write_complete(report: &mut Report, folder: &Path, table: &str, json: bool) -> Result<()> {
    report.complete = true;
    write(report, folder)?;
    if json {
        eprint!("{table}");
        println!("{}", serde_json::to_string(report)?);
    } else {
        print!("{table}");
    }
    eprintln!("wrote {}", folder.join(format!("{}.html", report.settings.subject.stem())).display());
    Ok(())
}

/// Writes the page alone.
pub(super) fn write_html(report: &Report, extras: &[Extra], folder: &Path) -> Result<()> {
    let page = html::page(report, extras)?;
    replace(&folder.join(format!("{}.html", report.settings.subject.stem())), page.as_bytes())
}

/// A reader sees the old file or the new one, never a part.
fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let context = || format!("cannot write {}", path.display());
    let mut file = builder().tempfile_in(folder).with_context(context)?;
    file.write_all(content).with_context(context)?;
    file.persist(path).with_context(context)?;
    Ok(())
}

/// Writes the report of another subcommand to NAME.json in the folder of results, prints the table on stderr, and the report on
/// stdout if that is wanted.
pub(super) fn publish(name: &str, report: &Value, table: &str, json: bool) -> Result<()> {
    let path = super::folder()?.join(format!("{name}.json"));
    replace(&path, format!("{report:#}\n").as_bytes())?;
    eprint!("{table}");
    eprintln!("{}", path.display());
    if json {
        println!("{report:#}");
    }
    Ok(())
}

/// Temporary files are private; these are results that others may read, as the system's mask says.
#[cfg(unix)]
fn builder() -> Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut builder = Builder::new();
    builder.permissions(fs::Permissions::from_mode(0o666));
    builder
}

#[cfg(not(unix))]
fn builder() -> Builder<'static, 'static> {
    Builder::new()
}
