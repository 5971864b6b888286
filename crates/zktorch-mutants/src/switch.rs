//! The switch itself: which check is off, and which are reached, as the environment says.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::panic::Location;
use std::sync::{LazyLock, Mutex, PoisonError};

enum Site<'a> {
    Place(&'a str, u32),
    Absorb(&'a str),
}

/// What is off.
static OFF: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("ZKTORCH_MUTANT").ok());

/// Where to note what is reached, and what was noted.
static REACHED: LazyLock<Option<Mutex<(File, BTreeSet<String>)>>> = LazyLock::new(|| {
    let path = std::env::var_os("ZKTORCH_MUTANTS_REACHED")?;
    let file = OpenOptions::new().create(true).append(true).open(path).ok()?;
    Some(Mutex::new((file, BTreeSet::new())))
});

pub(crate) fn is_on(place: &Location<'_>) -> bool {
    let on = !OFF.as_ref().is_some_and(|off| is(off, &Site::Place(place.file(), place.line())));
    note(&Site::Place(place.file(), place.line()));
    on
}

pub(crate) fn absorbs(label: &[u8]) -> bool {
    let Ok(label) = std::str::from_utf8(label) else { return true };
    let on = !OFF.as_ref().is_some_and(|off| is(off, &Site::Absorb(label)));
    note(&Site::Absorb(label));
    on
}

fn is(off: &str, site: &Site<'_>) -> bool {
    match site {
        Site::Absorb(label) => off.strip_prefix("absorb ") == Some(label),
        Site::Place(file, line) => {
            off.rsplit_once(':').is_some_and(|(path, number)| path == *file && number.parse() == Ok(*line))
        }
    }
}

/// Notes a site once per test: tests run in threads with their names. A thread of another name works for some test of its program.
fn note(site: &Site<'_>) {
    let Some(reached) = REACHED.as_ref() else { return };
    let site = match site {
        Site::Absorb(label) => format!("absorb {label}"),
        Site::Place(file, line) => format!("{file}:{line}"),
    };
    let line = format!("{}\t{site}\n", std::thread::current().name().unwrap_or_default());
    let mut reached = reached.lock().unwrap_or_else(PoisonError::into_inner);
    if !reached.1.contains(&line) {
        // A place that could not be noted is one that seems to be reached by no test: it is reported.
        let _ = reached.0.write_all(line.as_bytes());
        reached.1.insert(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_have_names() {
        assert!(is("crates/a/src/b.rs:12", &Site::Place("crates/a/src/b.rs", 12)));
        assert!(!is("crates/a/src/b.rs:12", &Site::Place("crates/a/src/b.rs", 1)));
        assert!(!is("crates/a/src/b.rs:12", &Site::Place("a/src/b.rs", 12)));
        assert!(is("absorb V", &Site::Absorb("V")));
        assert!(!is("absorb V", &Site::Absorb("H")));
    }
}
