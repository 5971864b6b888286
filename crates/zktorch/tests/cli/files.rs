//! Files that are written: none of them is another one of the command, and keys are not replaced unasked.

use std::fs;
use std::path::Path;

use super::support::{fixture, folder, mlp, succeed, text, zktorch};

/// Every file of a folder with its content.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (text(&path), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_written_is_no_other_file_of_the_command() {
    let folder = folder();
    let at = |name: &str| text(&folder.path().join(name));
    for name in ["model.zkt", "model.pk", "model.vk", "proof.bin", "statement.json"] {
        fs::copy(mlp().path(name), at(name)).unwrap();
    }
    fs::copy(fixture("digits/mlp.onnx"), at("m.onnx")).unwrap();
    fs::copy(fixture("digits/sample.npy"), at("x.npy")).unwrap();
    fs::copy(fixture("digits/sample.npy"), at("s.input0.npy")).unwrap();
    fs::create_dir(at("samples")).unwrap();
    fs::copy(fixture("digits/sample.npy"), at("samples/a.npy")).unwrap();
    let [onnx, zkt, pk, vk, x] = ["m.onnx", "model.zkt", "model.pk", "model.vk", "x.npy"].map(at);
    let (a, b) = (at("a"), at("b"));
    // The same names, otherwise.
    let (dotted, around) = (at("./model.pk"), at("samples/../model.pk"));
    let links = cfg!(unix);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&pk, at("link")).unwrap();
        fs::hard_link(&x, at("hard")).unwrap();
        std::os::unix::fs::symlink("a", at("dangling")).unwrap();
    }
    let (link, hard, dangling) = (at("link"), at("hard"), at("dangling"));
    let (sibling, sample, out) = (at("s.input0.npy"), at("samples/a.npy"), text(folder.path()));
    let (s, samples, trace) = (at("s.json"), at("samples"), at("samples/a.npy"));
    let before = contents(folder.path());

    let mut cases: Vec<(Vec<&str>, &str, &str)> = vec![
        (vec!["compile", &onnx, "-o", &onnx], "-o", "MODEL.onnx"),
        (vec!["compile", &onnx, "-o", &x, "--calibration", &x], "-o", "--calibration"),
        (vec!["compile", &onnx, "-o", &sample, "--calibration", &samples], "-o", "--calibration"),
        (vec!["setup", &zkt, "--pk", &a, "--vk", &a], "--pk", "--vk"),
        (vec!["setup", &zkt, "--pk", &zkt, "--vk", &a, "--force"], "--pk", "MODEL.zkt"),
        (vec!["setup", &zkt, "--pk", &a, "--vk", &b, "--trace", &b], "--trace", "--vk"),
        (
            vec!["prove", "--pk", &pk, "--input", &x, "--proof", &a, "--statement", &a],
            "--proof",
            "--statement",
        ),
        (vec!["prove", "--pk", &pk, "--input", &x, "--proof", &pk, "--statement", &a], "--proof", "--pk"),
        (vec!["prove", "--pk", &pk, "--input", &x, "--proof", &dotted, "--statement", &a], "--proof", "--pk"),
        (
            vec!["prove", "--pk", &pk, "--input", &x, "--proof", &a, "--statement", &around],
            "--statement",
            "--pk",
        ),
        (vec!["prove", "--pk", &pk, "--input", &x, "--proof", &x, "--statement", &a], "--proof", "--input"),
        (
            vec!["prove", "--pk", &pk, "--input", &sibling, "--proof", &a, "--statement", &s],
            "the tensors beside --statement",
            "--input",
        ),
        (vec!["prove", &onnx, "--input", &zkt, "--out", &out], "--out: model.zkt", "--input"),
        (vec!["inspect", &onnx, "--trace", &onnx], "--trace", "MODEL.onnx"),
        (vec!["run", &zkt, "--input", &x, "--trace", &x], "--trace", "--input"),
        (vec!["info", &vk, "--trace", &vk], "--trace", "FILE"),
        (vec!["audit", "--pk", &pk, "--vk", &vk, &onnx, "--trace", &vk], "--trace", "--vk"),
        (
            vec!["compile", &onnx, "-o", &a, "--calibration", &samples, "--trace", &trace],
            "--trace",
            "--calibration",
        ),
    ];
    if links {
        cases.extend([
            (
                vec!["prove", "--pk", &pk, "--input", &x, "--proof", &link, "--statement", &a],
                "--proof",
                "--pk",
            ),
            (
                vec!["prove", "--pk", &link, "--input", &x, "--proof", &pk, "--statement", &a],
                "--proof",
                "--pk",
            ),
            (
                vec!["prove", "--pk", &pk, "--input", &x, "--proof", &hard, "--statement", &a],
                "--proof",
                "--input",
            ),
            (vec!["setup", &zkt, "--pk", &a, "--vk", &dangling], "--pk", "--vk"),
        ]);
    }
    for (args, output, other) in cases {
        let run = zktorch(&args);
        run.fails(2, &format!("is the same file as {other}: expected a file of its own for {output}"));
        assert!(run.stderr.starts_with(&format!("error: {output} ")), "{}", run.stderr);
        assert!(contents(folder.path()) == before, "{args:?}");
    }
    // Two that are read may be one file; a device is nobody's.
    let verify = ["verify", "--vk", &vk, "--any-model", "--allow-insecure-srs", "--expect-input", &x];
    let own = ["--proof".to_owned(), at("proof.bin"), "--statement".to_owned(), at("statement.json")];
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    assert_eq!(zktorch(&[&verify[..], &own].concat()).code, 0);
    let compiled = zktorch(&["compile", &onnx, "-o", &a, "--calibration", &x, "--calibration", &x]);
    assert_eq!(compiled.code, 0, "{}", compiled.stderr);
}

#[cfg(unix)]
#[test]
fn devices_are_written_to_and_stay() {
    use std::os::unix::fs::FileTypeExt as _;
    let (files, null) = (mlp(), "/dev/null");
    let is_device = || fs::metadata(null).unwrap().file_type().is_char_device();
    assert!(is_device());
    succeed(&["setup", &files.path("model.zkt"), "--pk", null, "--vk", null, "--trace", null]);
    let (pk, sample) = (files.path("model.pk"), fixture("digits/sample.npy"));
    succeed(&["prove", "--pk", &pk, "--input", &sample, "--proof", null, "--statement", null]);
    assert!(is_device());
}

#[test]
fn keys_are_replaced_only_by_force() {
    let folder = folder();
    let at = |name: &str| text(&folder.path().join(name));
    let (zkt, pk, vk) = (mlp().path("model.zkt"), at("pk"), at("vk"));
    let setup = ["setup", &zkt, "--pk", &pk, "--vk", &vk];
    let first = succeed(&setup)["model_id"].as_str().unwrap().to_owned();
    let before = contents(folder.path());
    let refused = zktorch(&setup);
    refused.fails(2, "--force");
    refused.fails(2, &first);
    refused.fails(2, "every setup gives a new model id");
    // One of the two is enough, whichever it is, and files that are no keys are not replaced either.
    fs::rename(&vk, at("elsewhere")).unwrap();
    zktorch(&setup).fails(2, &first);
    fs::rename(&pk, at("pk2")).unwrap();
    fs::write(&vk, b"mine").unwrap();
    zktorch(&setup).fails(2, "unknown");
    fs::remove_file(&vk).unwrap();
    fs::rename(at("pk2"), &pk).unwrap();
    fs::rename(at("elsewhere"), &vk).unwrap();
    assert!(contents(folder.path()) == before);

    let forced = zktorch(&[&setup[..], &["--force", "--json"]].concat());
    let json = forced.json();
    let second = json["model_id"].as_str().unwrap();
    assert_ne!(second, first);
    assert_eq!(json["replaced_model_id"], first.as_str());
    assert!(forced.stderr.contains(&first) && forced.stderr.contains(second), "{}", forced.stderr);
    // Where nothing is replaced, nothing is said of it.
    fs::remove_file(&pk).unwrap();
    fs::remove_file(&vk).unwrap();
    let fresh = zktorch(&[&setup[..], &["--force", "--json"]].concat());
    assert!(
        fresh.json().get("replaced_model_id").is_none() && !fresh.stderr.contains("replaced"),
        "{}",
        fresh.stderr
    );
}
