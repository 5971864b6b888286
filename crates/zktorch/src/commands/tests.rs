//! Commands on a machine without room on its disk.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::Parser as _;
use tempfile::TempDir;
use zktorch::cli::Cli;
use zktorch::progress::Progress;
use zktorch::stages::Stages;

use super::{Context, Outcome, run};

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/digits")
        .join(name)
        .to_str()
        .unwrap()
        .to_owned()
}

/// Bytes of the files in a folder, also of those that are not whole yet.
fn used(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap());
    files.filter(|file| file.is_file()).map(|file| file.len()).sum()
}

/// Runs a command line on a disk with so many bytes left, of which what it writes takes some; the error, if any.
fn with_room(free: u64, args: &[&str]) -> Result<(), String> {
    let cli = Cli::try_parse_from(["zktorch", "--quiet"].iter().chain(args)).unwrap();
    let mut context = Context::new(cli.common, Progress::new(true), Stages::new());
    let before = OnceLock::new();
    context.free_bytes = Box::new(move |folder| {
        let used = used(folder);
        Ok(free.saturating_sub(used.saturating_sub(*before.get_or_init(|| used))))
    });
    match run(&context, &cli.command) {
        Ok(Outcome::Done(_) | Outcome::Told { .. }) => Ok(()),
        Ok(Outcome::Rejected(_, reason)) => panic!("rejected: {reason}"),
        Ok(Outcome::Ended(code)) => panic!("another program ended with {code}"),
        Err(error) => Err(format!("{error:#}")),
    }
}

struct Files {
    folder: TempDir,
}

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn bytes(&self, names: &[&str]) -> u64 {
        names.iter().map(|name| fs::metadata(self.path(name)).unwrap().len()).sum()
    }

    fn remove(&self, names: &[&str]) {
        names.iter().for_each(|name| fs::remove_file(self.path(name)).unwrap());
    }

    fn count(&self) -> usize {
        fs::read_dir(self.folder.path()).unwrap().count()
    }

    /// The command needs room for exactly these files, which it makes; without it, it makes none and says why.
    fn needs_room_for(&self, made: &[&str], args: &[&str]) {
        let before = self.count();
        with_room(u64::MAX, args).unwrap();
        assert_eq!(self.count(), before + made.len(), "{args:?}");
        let needed = self.bytes(made);
        self.remove(made);
        for free in [0, needed / 2, needed - 1] {
            let error = with_room(free, args).unwrap_err();
            let start = format!("not enough room in {}: ", self.folder.path().display());
            assert!(error.starts_with(&start) && error.ends_with(" are free"), "{error}");
            assert_eq!(self.count(), before, "{args:?} with {free} of {needed} bytes");
        }
        with_room(needed, args).unwrap();
        assert_eq!(self.bytes(made), needed);
    }
}

#[test]
fn nothing_is_written_where_it_does_not_fit() {
    let files = Files { folder: tempfile::tempdir().unwrap() };
    let [zkt, pk, vk, srs] = ["m.zkt", "pk", "vk", "given.srs"].map(|name| files.text(name));
    let (onnx, calibration) = (fixture("mlp.onnx"), fixture("calibration.npz"));
    files.needs_room_for(&["m.zkt"], &["compile", &onnx, "-o", &zkt, "--calibration", &calibration]);

    // With the file of an SRS its powers are written too.
    zktorch_commit::Srs::dev(14).unwrap().write(&srs).unwrap();
    let made = ["pk", "pk.srs", "vk"];
    files.needs_room_for(&made, &["setup", &zkt, "--pk", &pk, "--vk", &vk, "--srs", &srs]);
    files.remove(&made);
    files.needs_room_for(&["pk", "vk"], &["setup", &zkt, "--pk", &pk, "--vk", &vk]);

    // Statements are text: what they need is known about.
    let [proof, statement] = ["proof", "s.json"].map(|name| files.text(name));
    let sample = fixture("sample.npy");
    let prove = ["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement];
    let before = files.count();
    let error = with_room(1000, &prove).unwrap_err();
    assert!(error.contains("not enough room") && error.contains("1000 are free"), "{error}");
    assert_eq!(files.count(), before);
    with_room(u64::MAX, &prove).unwrap();
    let needed = files.bytes(&["proof", "s.json"]);
    files.remove(&["proof", "s.json"]);
    let error = with_room(needed / 2, &prove).unwrap_err();
    assert!(error.contains("not enough room"), "{error}");
    with_room(2 * needed, &prove).unwrap();
}
