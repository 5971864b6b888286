//! Every `zktorch` command that a page of the repository shows is one that the command line takes.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use zktorch::cli::Cli;

/// Stands for a model id, or an SRS id.
const ID: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The front page and those beside it, the book's, those of the crates.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let list = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let crates = list(root.join("crates")).map(|folder| folder.join("README.md"));
    let pages = list(root.clone()).chain(list(root.join("docs"))).chain(crates);
    pages.filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "md")).collect()
}

/// The commands in a page's blocks for the shell, with their lines: also those that a script starts.
fn commands(page: &str) -> Vec<(usize, Vec<String>)> {
    let (mut shell, mut fenced, mut found) = (false, false, Vec::new());
    for (index, line) in page.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            fenced = !fenced;
            shell = fenced && language == "sh";
        } else if shell {
            let words = shlex::split(line.trim()).unwrap_or_default();
            let command = words.iter().position(|word| word == "zktorch").map(|start| &words[start..]);
            if let Some(command) = command.filter(|command| command.len() > 1) {
                let end = command.iter().position(|word| ["&&", "||", "|", "&"].contains(&word.as_str()));
                found.push((index + 1, command[..end.unwrap_or(command.len())].to_vec()));
            }
        }
    }
    found
}

#[test]
fn commands_on_pages_are_those_of_the_command_line() {
    let mut count = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        for (line, words) in commands(&page) {
            let words = words.iter().map(|word| if word == "ID" { ID } else { word.trim_end_matches(';') });
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{}:{line}: {error}", path.display());
            }
            count += 1;
        }
    }
    assert!(count >= 20, "{count} commands");
}

#[test]
fn commands_are_found_in_scripts() {
    let page = "zktorch no\n```sh\nzktorch info a  # why\n  if x; then zktorch run \"b c\" || true\ncd zktorch\n```\n```rust\n\
                zktorch no\n```\n";
    let expected = [(3, vec!["zktorch", "info", "a"]), (4, vec!["zktorch", "run", "b c"])];
    let found = commands(page);
    assert_eq!(found.len(), 2, "{found:?}");
    for ((line, words), (expected_line, expected)) in found.iter().zip(expected) {
        assert_eq!((*line, words.iter().map(String::as_str).collect::<Vec<_>>()), (expected_line, expected));
    }
}
