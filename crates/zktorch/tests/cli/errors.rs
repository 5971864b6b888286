//! Exit status 2, messages, and no files where something went wrong.

use std::fs;
use std::path::Path;

use super::support::{cnn, fixture, folder, mlp, succeed, text, zktorch};

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().count() == 0
}

#[test]
fn usage() {
    for args in [
        &[][..],
        &["frobnicate"],
        &["verify"],
        &["prove", "--input", "x"],
        &["prove", "m.onnx", "--input", "x"],
        &["prove", "m.onnx", "--input", "x", "--out", "d", "--pk", "k"],
        &["compile", "m.onnx"],
        &["verify", "--vk", "a", "--proof", "b", "--statement", "c", "--model-id", "12"],
        &["verify", "--vk", "a", "--proof", "b", "--statement", "c"],
        &["info", "x", "--threads", "0"],
        &["info", "x", "--threads", "many"],
        &["compile", "m.onnx", "-o", "m.zkt", "--input-visibility", "secret"],
        &["compile", "m.onnx", "-o", "m.zkt", "--dim", "x=0"],
        &["compile", "m.onnx", "-o", "m.zkt", "--image", "resize=big"],
    ] {
        let run = zktorch(args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(!run.stderr.is_empty());
    }
    // The old spellings name the new ones.
    for (old, new) in [("--input", "--input-visibility"), ("--output", "--output-visibility")] {
        zktorch(&["compile", "m.onnx", "-o", "m.zkt", old, "private"]).fails(2, new);
    }
    for args in [&["--help"][..], &["verify", "--help"], &["--version"]] {
        assert_eq!(zktorch(args).code, 0, "{args:?}");
    }
}

#[test]
fn files_that_are_not_there_are_named() {
    let files = cnn();
    let none = "no/such/file";
    let (zkt, pk, vk) = (files.path("model.zkt"), files.path("model.pk"), files.path("model.vk"));
    let (onnx, sample, folder) = (fixture("digits/cnn.onnx"), fixture("digits/sample.npy"), folder());
    let [out, other] = ["out", "other"].map(|name| text(&folder.path().join(name)));
    for args in [
        &["inspect", none][..],
        &["compile", none, "-o", &out],
        &["compile", &onnx, "-o", &out, "--calibration", none],
        &["setup", none, "--pk", &out, "--vk", &other],
        &["setup", &zkt, "--pk", &out, "--vk", &other, "--srs", none],
        &["run", none, "--input", &sample],
        &["run", &zkt, "--input", none],
        &["prove", "--pk", none, "--input", &sample, "--proof", &out, "--statement", &other],
        &["prove", "--pk", &pk, "--input", none, "--proof", &out, "--statement", &other],
        &["info", none],
        &["audit", "--pk", none, "--vk", &vk, &onnx],
        &["audit", "--pk", &pk, "--vk", none, &onnx],
        &["audit", "--pk", &pk, "--vk", &vk, none],
    ] {
        let run = zktorch(args);
        run.fails(2, none);
        assert!(run.stderr.contains("error: ") && run.stdout.is_empty(), "{args:?}: {}", run.stderr);
    }
    for flag in ["--vk", "--proof", "--statement", "--expect-input", "--expect-output", "--accept-srs"] {
        files.verify_insecure(&[flag, none]).fails(2, none);
    }
    assert!(is_empty(folder.path()));
}

#[test]
fn errors_are_objects_too() {
    let (zkt, pk) = (mlp().path("model.zkt"), mlp().path("model.pk"));
    for (args, kind, message) in [
        (&["verify"][..], "usage", "--vk"),
        (&["inspect", "no/such/file"], "io", "no/such/file"),
        (&["setup", &zkt, "--pk", "k", "--vk", "k"], "usage", "--pk k is the same file as --vk"),
        (&["run", &pk, "--input", &fixture("digits/sample.npy")], "container", "expected a compiled model"),
        (&["run", &zkt, "--input", &fixture("digits/README.md")], "format", "file type"),
        (&["run", &zkt, "--input", &fixture("digits/heldout.npz")], "other", "expected one sample"),
        (&["inspect", &fixture("digits/sample.npy")], "model", "no ONNX model"),
        (&["compile", "m", "-o", "z", "--dim", "a=1", "--dim", "a=2"], "usage", "each name once"),
    ] {
        let run = zktorch(&[args, &["--json"]].concat());
        run.fails(2, message);
        let json = run.json();
        assert_eq!(json["error"]["kind"], kind, "{json}");
        assert!(json["error"]["message"].as_str().unwrap().contains(message), "{json}");
        assert_eq!(json.as_object().unwrap().len(), 1);
        assert_eq!(zktorch(args).stdout, "");
    }
}

#[test]
fn outputs_go_where_a_folder_is_or_nowhere() {
    let (files, folder) = (cnn(), folder());
    let (zkt, pk) = (files.path("model.zkt"), files.path("model.pk"));
    let (onnx, sample) = (fixture("digits/cnn.onnx"), fixture("digits/sample.npy"));
    let (good, bad) = (text(&folder.path().join("good")), text(&folder.path().join("none/file")));
    let taken = text(folder.path());
    for args in [
        &["compile", &onnx, "-o", &bad][..],
        &["setup", &zkt, "--pk", &good, "--vk", &bad],
        &["setup", &zkt, "--pk", &bad, "--vk", &good],
        &["setup", &zkt, "--pk", &taken, "--vk", &good],
        &["prove", "--pk", &pk, "--input", &sample, "--proof", &bad, "--statement", &good],
        &["prove", "--pk", &pk, "--input", &sample, "--proof", &good, "--statement", &bad],
        &["prove", "--pk", &pk, "--input", &sample, "--proof", &good, "--statement", &taken],
    ] {
        zktorch(args).fails(2, "cannot write");
        assert!(is_empty(folder.path()), "{args:?}");
    }
}

#[test]
fn inputs_that_do_not_fit() {
    let (files, folder) = (mlp(), folder());
    let file = |name: &str| text(&folder.path().join(name));
    let [input, proof, statement] = ["input.json", "proof", "s.json"].map(file);
    let (pk, zkt) = (files.path("model.pk"), files.path("model.zkt"));
    let refuse = |data: &str, message: &str| {
        fs::write(&input, data).unwrap();
        zktorch(&["prove", "--pk", &pk, "--input", &input, "--proof", &proof, "--statement", &statement])
            .fails(2, message);
        zktorch(&["run", &zkt, "--input", &input]).fails(2, message);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the input");
    };
    let image = |value: &str| format!("[[[{}]]]", vec![format!("[{}]", [value; 8].join(",")); 8].join(","));
    refuse("[1, 2, 3]", "input image: expected dimensions [1, 1, 8, 8]");
    refuse("hello", "input.json");
    refuse("", "input.json");
    refuse(&image("1e400"), "input.json");
    refuse(&image("1e6"), "image");
    refuse(&image("1e6"), "--headroom above 2");
    let two = image("0.5").replacen('[', &format!("[{},", &image("0.5")[1..image("0.5").len() - 1]), 1);
    refuse(&two, "expected one sample, got 2");
    // A wrong kind of file.
    let sample = fixture("digits/sample.npy");
    zktorch(&["run", &pk, "--input", &sample])
        .fails(2, "this is a proving key (pk), expected a compiled model");
    zktorch(&["prove", "--pk", &zkt, "--input", &sample, "--proof", &proof, "--statement", &statement])
        .fails(2, "this is a compiled model, expected a proving key");
    zktorch(&["run", &zkt, "--input", &fixture("images/china.jpg")]).fails(2, "--image");
}

#[test]
fn an_activation_out_of_range_is_named_and_nothing_is_written() {
    let (files, folder) = (mlp(), folder());
    let file = |name: &str| text(&folder.path().join(name));
    let [input, proof, statement] = ["input.json", "proof", "s.json"].map(file);
    // Every value is in the input's range, but far from what the model was calibrated for.
    let onnx = fs::read(fixture("digits/mlp.onnx")).unwrap();
    let weights = zktorch_onnx::compile(&onnx, &zktorch_onnx::Options::default()).unwrap().weights;
    let row = &weights[0].1[..64];
    let values: Vec<f64> = row.iter().map(|weight| 7.9 * f64::from(weight.signum())).collect();
    let image: Vec<&[f64]> = values.chunks(8).collect();
    fs::write(&input, serde_json::to_vec(&[[image]]).unwrap()).unwrap();
    let pk = files.path("model.pk");
    let run =
        zktorch(&["prove", "--pk", &pk, "--input", &input, "--proof", &proof, "--statement", &statement]);
    run.fails(2, "at entry 0 is outside [-32767, 32767]");
    assert!(run.stderr.contains("gemm1_out"), "{}", run.stderr);
    run.fails(2, "--calibration and samples like this input, with --headroom above 2, or with --saturate");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the input");
    let run = zktorch(&["run", &files.path("model.zkt"), "--input", &input]);
    run.fails(2, "at entry 0 is outside [-32767, 32767]");
    run.fails(2, "--headroom above 2");
}

#[test]
fn quiet_and_old_files() {
    // An old proof is replaced; a failure leaves it as it was.
    let (files, folder) = (mlp(), folder());
    let file = |name: &str| text(&folder.path().join(name));
    let (proof, statement) = (file("proof"), file("s.json"));
    fs::write(&proof, b"old").unwrap();
    let pk = files.path("model.pk");
    let args = |input: &'static str| {
        let input = if input.is_empty() { fixture("digits/sample.npy") } else { input.to_owned() };
        ["prove", "--quiet", "--pk", &pk, "--input", &input, "--proof", &proof, "--statement", &statement]
            .map(str::to_owned)
    };
    let run = |args: [String; 10]| zktorch(&args.iter().map(String::as_str).collect::<Vec<_>>());
    run(args("none.npy")).fails(2, "none.npy");
    assert_eq!(fs::read(&proof).unwrap(), b"old");
    let done = run(args(""));
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert_ne!(fs::read(&proof).unwrap(), b"old");
    let json = succeed(&["info", &proof, "--quiet"]);
    assert_eq!(json["kind"], "proof");
}

/// Contracts are another program's, which says what it is that was not found.
#[test]
fn a_program_that_is_not_installed_is_named() {
    for command in ["export-evm", "audit-evm", "calldata-evm"] {
        let mut started = std::process::Command::new(env!("CARGO_BIN_EXE_zktorch"));
        let output = started.args([command, "--vk", "model.vk", "--help"]).env("PATH", "").output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("cannot start zktorch-evm") && error.contains("cargo install"), "{error}");
    }
}
