//! Progress is for terminals: `script` of util-linux makes one.

use std::process::{Command, Stdio};

use super::support::{cnn, fixture, folder, text, zktorch};

/// What a run writes to a terminal; none where there is no `script`.
fn on_a_terminal(args: &[&str]) -> Option<String> {
    let line: Vec<String> = args.iter().map(|arg| format!("'{arg}'")).collect();
    let line = format!("'{}' {}", env!("CARGO_BIN_EXE_zktorch"), line.join(" "));
    let mut script = Command::new("script");
    // Without TERM nothing is drawn.
    script
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env("TERM", "xterm")
        .stdin(Stdio::null());
    let output = script.output().ok()?;
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn stages_and_an_estimate_on_a_terminal_only() {
    let (files, folder) = (cnn(), folder());
    let [pk, vk] = ["pk", "vk"].map(|name| text(&folder.path().join(name)));
    let zkt = files.path("model.zkt");
    let setup = ["setup", &zkt, "--pk", &pk, "--vk", &vk, "--force"];
    let Some(shown) = on_a_terminal(&setup) else {
        eprintln!("skipped: there is no program `script`");
        return;
    };
    assert!(shown.contains("setup: ") && shown.contains(" left"), "{shown}");
    assert!(shown.contains(" of 1") && shown.contains('['), "{shown}");
    // The line is gone at the end, and warnings replace it.
    let end = shown.rfind(" left").unwrap();
    assert!(shown[end..].contains("\u{1b}[2K"), "{shown:?}");
    assert!(shown.contains("\u{1b}[2Kwarning: "), "{shown:?}");
    let quiet = on_a_terminal(&[&["--quiet"], &setup[..]].concat()).unwrap();
    assert!(!quiet.contains(" left"), "{quiet}");

    let proof = text(&folder.path().join("proof"));
    let statement = text(&folder.path().join("s.json"));
    let sample = fixture("digits/sample.npy");
    let run =
        zktorch(&["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "no terminal, no progress");
}
