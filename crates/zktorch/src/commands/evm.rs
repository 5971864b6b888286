//! `zktorch export-evm`, `audit-evm`, `calldata-evm`: what a program of its own does, `zktorch-evm`.
//!
//! That one is built from the verifier's crates twice, once over names instead of numbers, in a workspace of its own: whoever needs no
//! contract does not build it. It lies beside this program, or in the path.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use zktorch::cli::EXIT_ERROR;

use super::Outcome;

/// The program.
const PROGRAM: &str = "zktorch-evm";

/// Starts the program with one of its commands; it ends as that does.
pub(super) fn run(command: &str, options: &zktorch::cli::Evm) -> Result<Outcome> {
    let program = beside(std::env::current_exe().ok().as_deref());
    let status = Command::new(&program).arg(command).args(&options.arguments).status();
    let status = status.with_context(|| {
        format!(
            "cannot start {}: expected it beside zktorch or in the path (cargo install --locked --path \
             crates/zktorch-evm/cli, in the repository)",
            program.display()
        )
    })?;
    Ok(Outcome::Ended(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(EXIT_ERROR)))
}

/// Beside this program, if it is there.
fn beside(own: Option<&Path>) -> PathBuf {
    let name = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    let sibling = own.map(|own| own.with_file_name(&name)).filter(|sibling| sibling.is_file());
    sibling.unwrap_or_else(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_beside_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("zktorch");
        let name = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
        assert_eq!(beside(Some(&own)), Path::new(&name));
        std::fs::write(folder.path().join(&name), []).unwrap();
        assert_eq!(beside(Some(&own)), folder.path().join(&name));
        assert_eq!(beside(None), Path::new(&name));
    }
}
