//! Running the binary; files that several tests share.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;
use zktorch::container::{self, Kind};

/// How a run of the binary ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The one object on stdout.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Requires the status, and a line on stderr that says this.
    pub(crate) fn fails(&self, code: i32, message: &str) {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        assert!(self.stderr.contains(message), "expected {message:?} in: {}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }

    /// Requires a rejection with this reason, on stderr and in the object.
    pub(crate) fn rejected(&self, reason: &str) {
        self.fails(1, reason);
        assert!(self.stderr.contains("rejected: "), "{}", self.stderr);
        let json = self.json();
        assert_eq!(json["accepted"], false);
        assert!(json["reason"].as_str().unwrap().contains(reason), "{json}");
    }
}

/// Runs the binary.
pub(crate) fn zktorch(args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_zktorch")).args(args).output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the binary with `--json`; it must succeed.
pub(crate) fn succeed(args: &[&str]) -> Value {
    let run = zktorch(&[args, &["--json"]].concat());
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    run.json()
}

pub(crate) fn fixture(path: &str) -> String {
    text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path))
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A folder inside the build's, gone at the end of the test.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// The files of a model that was proved once.
pub(crate) struct Files {
    folder: PathBuf,
    pub(crate) id: String,
}

impl Files {
    /// Those in a folder.
    pub(crate) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), id: String::new() }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        text(&self.folder.join(name))
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(name)).unwrap()
    }

    pub(crate) fn statement(&self) -> Value {
        serde_json::from_slice(&self.read("statement.json")).unwrap()
    }

    /// The body of a container.
    pub(crate) fn body(&self, name: &str, kind: Kind) -> Vec<u8> {
        let protocol = container::describe(&self.folder.join(name)).unwrap().protocol;
        container::decode(&self.read(name), kind, &protocol).unwrap().to_vec()
    }

    /// A container with another body, under the same protocol.
    pub(crate) fn repack(&self, name: &str, body: &[u8]) -> Vec<u8> {
        let header = container::describe(&self.folder.join(name)).unwrap();
        container::encode(header.kind, &header.protocol, body)
    }

    /// Verifies, with other arguments after these; a `--vk`, `--proof` or `--statement` among them takes the
    /// place of the own file, a `--model-id` that of `--any-model`.
    pub(crate) fn verify(&self, more: &[&str]) -> Run {
        let own = [("--vk", "model.vk"), ("--proof", "proof.bin"), ("--statement", "statement.json")];
        let own = own.map(|(flag, name)| (flag, self.path(name)));
        let mut args = vec!["verify", "--json"];
        for (flag, path) in own.iter().filter(|(flag, _)| !more.contains(flag)) {
            args.extend([*flag, path]);
        }
        if !more.contains(&"--model-id") && !more.contains(&"--any-model") {
            args.push("--any-model");
        }
        zktorch(&[&args, more].concat())
    }

    /// As [`verify`](Self::verify), with permission for the development SRS.
    pub(crate) fn verify_insecure(&self, more: &[&str]) -> Run {
        self.verify(&[more, &["--allow-insecure-srs"]].concat())
    }
}

/// Compiles, sets up and proves the sample image.
fn make(model: &str, options: &[&str]) -> Files {
    let folder = folder().keep();
    let mut files = Files { folder, id: String::new() };
    let [zkt, pk, vk, proof, statement] =
        ["model.zkt", "model.pk", "model.vk", "proof.bin", "statement.json"].map(|name| files.path(name));
    let (onnx, calibration) = (fixture(model), fixture("digits/calibration.npz"));
    succeed(&[&["compile", &onnx, "-o", &zkt, "--calibration", &calibration], options].concat());
    let json = succeed(&["setup", &zkt, "--pk", &pk, "--vk", &vk]);
    files.id = json["model_id"].as_str().unwrap().to_owned();
    let sample = fixture("digits/sample.npy");
    succeed(&["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement]);
    files
}

/// The CNN, input and output public.
pub(crate) fn cnn() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| make("digits/cnn.onnx", &[]))
}

/// The perceptron, input and output public.
pub(crate) fn mlp() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| make("digits/mlp.onnx", &[]))
}

/// The perceptron with a private input and a public output.
pub(crate) fn private_input() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| make("digits/mlp.onnx", &["--private", "input"]))
}

/// The perceptron with a private output.
pub(crate) fn private_output() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| make("digits/mlp.onnx", &["--output-visibility", "private"]))
}
