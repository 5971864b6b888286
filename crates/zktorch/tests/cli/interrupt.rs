//! Ctrl-C: no temporary file stays, and a target is complete or not there.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use zktorch::container::{self, Kind};

use super::support::{fixture, folder, succeed, text};

/// Whether this process was started with SIGINT ignored: then its children ignore it too, as they should.
fn ignores_sigint() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap() & 2 != 0)
}

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Starts a setup in this folder. When it has a temporary file (its trace) it handles signals.
fn start(folder: &Path, zkt: &str) -> Child {
    let path = |name: &str| text(&folder.join(name));
    let child = Command::new(env!("CARGO_BIN_EXE_zktorch"))
        .args([
            "setup",
            zkt,
            "--pk",
            &path("pk"),
            "--vk",
            &path("vk"),
            "--trace",
            &path("trace"),
            "--threads",
            "1",
            "--force",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !names(folder).iter().any(|name| name.starts_with(".zktorch-")) {
        assert!(started.elapsed() < Duration::from_secs(30), "no temporary file");
        sleep(Duration::from_millis(1));
    }
    child
}

/// What a file holds before.
const OLD: &[u8] = b"old";

/// No temporary files; what is there is complete, or was there before.
fn check(folder: &Path, output: &Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    for name in names(folder) {
        assert!(["pk", "vk", "trace"].contains(&name.as_str()), "{name}: {stderr}");
        let bytes = fs::read(folder.join(&name)).unwrap();
        let kind = match name.as_str() {
            "pk" if bytes == OLD => continue,
            "pk" => Kind::ProvingKey,
            "vk" => Kind::VerifyingKey,
            _ => {
                serde_json::from_slice::<Vec<serde_json::Value>>(&bytes).unwrap();
                continue;
            }
        };
        let protocol = container::describe(&folder.join(&name)).unwrap().protocol;
        container::decode(&bytes, kind, &protocol).unwrap();
    }
}

#[test]
fn an_interrupted_setup_leaves_nothing_half_written() {
    let folder = folder();
    let zkt = text(&folder.path().join("m.zkt"));
    succeed(&["compile", &fixture("bench/mlp_784_128_10.onnx"), "-o", &zkt]);
    let out = |name: &str| {
        let out = folder.path().join(name);
        fs::create_dir(&out).unwrap();
        out
    };

    // How long it takes if nobody interrupts it.
    let whole = out("whole");
    let started = Instant::now();
    let output = start(&whole, &zkt).wait_with_output().unwrap();
    let time = started.elapsed();
    assert_eq!((output.status.code(), names(&whole).len()), (Some(0), 3));
    check(&whole, &output);

    let (mut interrupted, mut survived) = (0, 0);
    for moment in 0..6 {
        let int = moment % 2 == 0 && !ignores_sigint();
        let (name, code) = if int { ("INT", 130) } else { ("TERM", 143) };
        let out = out(&format!("out{moment}"));
        fs::write(out.join("pk"), OLD).unwrap();
        let child = start(&out, &zkt);
        // The last ones are when files are written, or too late.
        sleep(time.mul_f64(f64::from(moment) / 4.5));
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        check(&out, &output);
        let stderr = String::from_utf8_lossy(&output.stderr);
        if output.status.code() == Some(code) {
            interrupted += 1;
            survived += usize::from(fs::read(out.join("pk")).unwrap() == OLD);
            let line = format!("interrupted by SIG{name}");
            assert!(stderr.lines().any(|other| other == line), "{stderr}");
        } else {
            assert_eq!((output.status.code(), names(&out).len()), (Some(0), 3), "{stderr}");
        }
    }
    assert!(interrupted >= 2 && survived >= 1, "{interrupted} of 6, {survived} before the key");
}
