//! Models in shards.

use std::fs;
use std::path::Path;

use super::support::{Files, cnn, fixture, folder, succeed, text, zktorch};

/// The files of a model set up in this many shards, in a folder that lives as long as the test program.
fn set_up(shards: &[&str], options: &[&str]) -> (Files, u64) {
    let folder = folder().keep();
    let mut files = Files::at(&folder);
    let [zkt, pk, vk] = ["model.zkt", "model.pk", "model.vk"].map(|name| files.path(name));
    let (onnx, calibration) = (fixture("digits/cnn.onnx"), fixture("digits/calibration.npz"));
    succeed(&[&["compile", &onnx, "-o", &zkt, "--calibration", &calibration], options].concat());
    let json = succeed(&[&["setup", &zkt, "--pk", &pk, "--vk", &vk], shards].concat());
    files.id = json["model_id"].as_str().unwrap().to_owned();
    (files, json["shards"].as_u64().unwrap_or(1))
}

fn prove(files: &Files, more: &[&str]) -> serde_json::Value {
    let [pk, proof, statement] = ["model.pk", "proof.bin", "statement.json"].map(|name| files.path(name));
    let sample = fixture("digits/sample.npy");
    let own = ["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement];
    succeed(&[&own[..], more].concat())
}

#[test]
fn a_model_in_shards() {
    let (files, shards) = set_up(&["--shards", "3"], &["--private", "input"]);
    assert_eq!(shards, 3);
    for name in ["model.pk.shard0", "model.pk.shard2"] {
        assert!(Path::new(&files.path(name)).exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(files.path(name)).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    let told = succeed(&["info", &files.path("model.vk")]);
    assert_eq!((told["kind"].as_str(), told["shards"].as_u64()), (Some("pipeline_key"), Some(3)));
    assert_eq!(succeed(&["info", &files.path("model.pk")])["shards"], 3);

    let proved = prove(&files, &[]);
    assert_eq!((proved["shards"].as_u64(), &proved["model_id"]), (Some(3), &files.id.as_str().into()));
    assert_eq!(told["expected_proof_bytes"], proved["proof_bytes"]);
    assert_eq!(files.verify_insecure(&["--model-id", &files.id]).code, 0);
    // What it says is what the model in one piece says.
    assert_eq!(files.statement()["outputs"], cnn().statement()["outputs"]);
    files.verify(&[]).rejected("SRS");
    files.verify_insecure(&["--model-id", &"0".repeat(64)]).rejected("the key is of model");
    files.verify_insecure(&["--context", "another"]).rejected("the proof of shard 0 does not verify");
    let mut statement = files.statement();
    statement["outputs"][0]["integers"][0] = 1.into();
    statement["outputs"][0]["real"] = serde_json::Value::Null;
    let folder = folder();
    let edited = text(&folder.path().join("s.json"));
    fs::write(&edited, statement.to_string()).unwrap();
    files.verify_insecure(&["--statement", &edited]).rejected("");

    // Whoever may see the weights makes the key again.
    let (pk, vk) = (files.path("model.pk"), files.path("model.vk"));
    let audit = |vk: &str, onnx: &str| zktorch(&["audit", "--json", "--pk", &pk, "--vk", vk, &fixture(onnx)]);
    assert_eq!(audit(&vk, "digits/cnn.onnx").json()["accepted"], true);
    audit(&vk, "digits/mlp.onnx").rejected("another ONNX file");
    let (others, _) = set_up(&["--shards", "3"], &["--private", "input"]);
    audit(&others.path("model.vk"), "digits/cnn.onnx").rejected("not that of the proving key");

    // Keys and proofs in one piece are something else.
    files.verify_insecure(&["--vk", &cnn().path("model.vk")]).rejected("wrong key");
    files.verify_insecure(&["--proof", &cnn().path("proof.bin")]).rejected("wrong key");
    cnn().verify_insecure(&["--proof", &files.path("proof.bin")]).rejected("wrong key");
}

#[test]
fn workers_prove_shards() {
    let (files, shards) = set_up(&["--shard-values", "1000"], &[]);
    assert!(shards > 1);
    prove(&files, &["--workers", "2", "--context", "fresh"]);
    assert_eq!(files.verify_insecure(&["--context", "fresh"]).code, 0);
    // Nothing is left of what they exchanged.
    let left: Vec<_> = fs::read_dir(Path::new(&files.path("model.pk")).parent().unwrap()).unwrap().collect();
    let hidden = |name: &str| name.starts_with(".zktorch");
    assert!(left.iter().all(|entry| !hidden(entry.as_ref().unwrap().file_name().to_str().unwrap())));

    // A worker for a folder without jobs, and for none.
    let folder = folder();
    let json = succeed(&["worker", &text(folder.path()), "--once"]);
    assert_eq!(json["proved_shards"], 0);
    zktorch(&["worker", &text(&folder.path().join("none"))]).fails(2, "expected a folder");
    // What is no job is said to be none, and left to nobody else.
    fs::write(folder.path().join("0.job"), b"garbage").unwrap();
    succeed(&["worker", &text(folder.path()), "--once"]);
    let told = fs::read(folder.path().join("0.error")).unwrap();
    assert!(String::from_utf8_lossy(&told).contains("0.taken"));
    assert!(
        !fs::read_dir(folder.path())
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_string_lossy().contains("taken") })
    );

    let one = cnn();
    let [pk, proof, statement] = ["model.pk", "p", "s"].map(|name| one.path(name));
    let sample = fixture("digits/sample.npy");
    let own = ["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement];
    zktorch(&[&own[..], &["--workers", "2"]].concat()).fails(2, "expected a key in shards");
}

/// A worker that somebody else has started, as on another machine: whatever it proves of a proof, the proof is whole.
#[test]
fn workers_join_from_elsewhere() {
    use std::process::Command;

    let (files, _) = set_up(&["--shard-values", "300"], &[]);
    let parent = Path::new(&files.path("model.pk")).parent().unwrap().to_owned();
    let finished = std::sync::atomic::AtomicBool::new(false);
    let joined = std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            while !finished.load(std::sync::atomic::Ordering::Relaxed) {
                let entries = fs::read_dir(&parent).unwrap().map(|entry| entry.unwrap().path());
                let hidden = |path: &std::path::PathBuf| path.to_str().unwrap().contains("/.zktorch-");
                // Without --once: it ends when the driver removes the folder, maybe while it writes into it.
                if let Some(jobs) = entries.into_iter().find(|path| path.is_dir() && hidden(path)) {
                    let worker =
                        Command::new(env!("CARGO_BIN_EXE_zktorch")).arg("worker").arg(jobs).output().unwrap();
                    assert!(!String::from_utf8_lossy(&worker.stderr).contains("panicked"));
                    return true;
                }
                std::thread::yield_now();
            }
            false
        });
        prove(&files, &["--workers", "1"]);
        finished.store(true, std::sync::atomic::Ordering::Relaxed);
        worker.join().unwrap()
    });
    assert!(joined, "no folder was seen");
    assert_eq!(files.verify_insecure(&[]).code, 0);
}

/// Who can write a job has a worker prove what they like, and errors may quote values: folders are the user's own, files are files.
#[cfg(unix)]
#[test]
fn folders_of_others_are_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = folder();
    let (jobs, elsewhere) = (folder.path().join("jobs"), folder.path().join("elsewhere"));
    fs::create_dir(&jobs).unwrap();
    fs::set_permissions(&jobs, fs::Permissions::from_mode(0o770)).unwrap();
    zktorch(&["worker", &text(&jobs), "--once"]).fails(2, "nobody else can write to, found mode 770");
    fs::set_permissions(&jobs, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(&elsewhere, b"a secret").unwrap();
    symlink(&elsewhere, jobs.join("0.job")).unwrap();
    symlink(&elsewhere, jobs.join("0.error")).unwrap();
    succeed(&["worker", &text(&jobs), "--once"]);
    // What links led to is neither read nor written.
    assert_eq!(fs::read(&elsewhere).unwrap(), b"a secret");
    let told = fs::read(jobs.join("0.error")).unwrap();
    assert!(String::from_utf8_lossy(&told).contains("expected a file") && !told.ends_with(b"a secret"));
    assert_eq!(fs::symlink_metadata(jobs.join("0.error")).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Whoever dies takes a shard along that others prove.
#[cfg(target_os = "linux")]
#[test]
fn killed_workers_lose_nothing() {
    use std::process::{Command, Stdio};

    let (files, _) = set_up(&["--shards", "4"], &[]);
    let [pk, proof, statement] = ["model.pk", "proof.bin", "statement.json"].map(|name| files.path(name));
    let sample = fixture("digits/sample.npy");
    for delay in [0, 40, 160] {
        let own = ["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement];
        let mut driver = Command::new(env!("CARGO_BIN_EXE_zktorch"))
            .args(own)
            .args(["--workers", "2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let tasks = format!("/proc/{}/task", driver.id());
        let children = || -> Vec<String> {
            let tasks = fs::read_dir(&tasks).into_iter().flatten().flatten();
            let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
            children.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
        };
        let mut found = Vec::new();
        while found.is_empty() && driver.try_wait().unwrap().is_none() {
            found = children();
        }
        std::thread::sleep(std::time::Duration::from_millis(delay));
        for child in found {
            let _ = Command::new("kill").args(["-9", &child]).stderr(Stdio::null()).status();
        }
        assert!(driver.wait().unwrap().success(), "killed after {delay} ms");
        assert_eq!(files.verify_insecure(&[]).code, 0);
    }
}

#[test]
fn keys_of_shards_belong_together() {
    let (files, _) = set_up(&["--shards", "2"], &[]);
    let (others, _) = set_up(&["--shards", "2"], &[]);
    let [pk, proof, statement] = ["model.pk", "p", "s"].map(|name| files.path(name));
    let sample = fixture("digits/sample.npy");
    let own = ["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement];
    // Another setup's, one of this setup in the place of the other, none.
    let shard = files.path("model.pk.shard1");
    let kept = fs::read(&shard).unwrap();
    fs::copy(others.path("model.pk.shard1"), &shard).unwrap();
    zktorch(&own).fails(2, "proving key of shard 1");
    fs::copy(files.path("model.pk.shard0"), &shard).unwrap();
    zktorch(&own).fails(2, "proving key of shard 1");
    fs::remove_file(&shard).unwrap();
    zktorch(&own).fails(2, "model.pk.shard1");
    fs::write(&shard, kept).unwrap();
    succeed(&own);

    // None is written over, nor does one write over another file of the command.
    let onto = ["prove", "--pk", &pk, "--input", &sample, "--proof", &shard, "--statement", &statement];
    zktorch(&onto).fails(2, "a shard's key beside --pk");
    let own_model = files.path("model.zkt");
    let onto = ["setup", &own_model, "--pk", &pk, "--vk", &shard, "--shards", "2", "--force"];
    zktorch(&onto).fails(2, "a shard's key beside --pk");

    // A setup in fewer shards leaves none behind.
    let [zkt, vk] = ["model.zkt", "model.vk"].map(|name| files.path(name));
    let again = ["setup", &zkt, "--pk", &pk, "--vk", &vk];
    zktorch(&again).fails(2, "is there already");
    succeed(&[&again[..], &["--force"]].concat());
    assert!(!Path::new(&shard).exists());
    succeed(&own);
}

/// A setup that is killed goes on where it stopped; a key that is damaged, unfinished or another model's is made again.
#[cfg(unix)]
#[test]
fn unfinished_setups_go_on() {
    use std::process::{Command, Stdio};

    let (files, shards) = set_up(&["--shards", "3"], &[]);
    assert_eq!(shards, 3);
    let [zkt, pk, vk] = ["model.zkt", "model.pk", "model.vk"].map(|name| files.path(name));
    let setup = ["setup", &zkt, "--pk", &pk, "--vk", &vk, "--shards", "3"];
    let remove = |names: &[&String]| names.iter().for_each(|name| fs::remove_file(name).unwrap());
    let proves = || {
        prove(&files, &[]);
        assert_eq!(files.verify_insecure(&[]).code, 0);
    };
    // One key is a part of one, one another shard's.
    let kept = files.read("model.pk.shard0");
    remove(&[&pk, &vk]);
    let part = files.read("model.pk.shard1");
    fs::write(files.path("model.pk.shard1"), &part[..part.len() / 2]).unwrap();
    fs::copy(files.path("model.pk.shard0"), files.path("model.pk.shard2")).unwrap();
    assert_eq!(succeed(&setup)["shards_found"], 1);
    assert_eq!(files.read("model.pk.shard0"), kept);
    proves();

    // Another model's, or of another number of shards.
    remove(&[&pk, &vk]);
    let other = files.path("other.zkt");
    let (onnx, calibration) = (fixture("digits/cnn.onnx"), fixture("digits/calibration.npz"));
    succeed(&["compile", &onnx, "-o", &other, "--calibration", &calibration, "--headroom", "4"]);
    let of_other = ["setup", &other, "--pk", &pk, "--vk", &vk, "--shards", "3"];
    assert_eq!(succeed(&of_other)["shards_found"], 0);
    remove(&[&pk, &vk]);
    assert_eq!(succeed(&setup)["shards_found"], 0);
    remove(&[&pk, &vk]);
    assert_eq!(succeed(&["setup", &zkt, "--pk", &pk, "--vk", &vk, "--shards", "2"])["shards_found"], 0);

    // A setup that came to its end is replaced as a whole: every setup gives a new model id.
    let again = succeed(&[&setup[..], &["--force"]].concat());
    assert_eq!(again["shards_found"], 0);

    // Killed at any time.
    let mut found = Vec::new();
    for wait_for in ["model.pk.shard0", "model.pk.shard1"] {
        (0..3).for_each(|index| fs::remove_file(files.path(&format!("model.pk.shard{index}"))).unwrap());
        remove(&[&pk, &vk]);
        let mut child = Command::new(env!("CARGO_BIN_EXE_zktorch"))
            .args(setup)
            .args(["--threads", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !Path::new(&files.path(wait_for)).exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let _ = Command::new("kill").args(["-9", &child.id().to_string()]).stderr(Stdio::null()).status();
        child.wait().unwrap();
        if Path::new(&pk).exists() {
            continue;
        }
        found.push(succeed(&setup)["shards_found"].as_u64().unwrap());
        proves();
    }
    // On a machine that is busy both may have come to their ends.
    assert!(found.iter().all(|found| *found > 0), "{found:?}");
}

#[test]
fn memory_is_predicted_and_refused_before_work_begins() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let (zkt, pk, vk) = (cnn().path("model.zkt"), file("model.pk"), file("model.vk"));
    let setup = ["setup", &zkt, "--pk", &pk, "--vk", &vk];
    let made = succeed(&[&setup[..], &["--memory", "1GB"]].concat());
    assert!(made.get("shards").is_none_or(serde_json::Value::is_null), "{made}");
    let predicted = made["estimated_memory_bytes"].as_u64().unwrap();
    let peak = made["peak_anon_bytes"].as_u64().unwrap();
    assert!(predicted > 10 << 20 && peak > 1 << 20, "{predicted} {peak}");
    let parts = made["estimated_memory"].as_object().unwrap();
    assert_eq!(parts.values().filter_map(serde_json::Value::as_u64).sum::<u64>(), predicted);
    // Less than the process alone takes.
    let setup = [&setup[..], &["--force", "--memory"]].concat();
    zktorch(&[&setup[..], &["5MB"]].concat())
        .fails(2, "memory: expected a model that is proved within 5000000 bytes");
    zktorch(&[&setup[..], &["much"]].concat()).fails(2, "--memory");
    zktorch(&[&setup[..], &["1GB", "--shards", "2"]].concat()).fails(2, "--memory");
    let sample = fixture("digits/sample.npy");
    let [proof, statement] = ["proof", "statement"].map(file);
    let prove = ["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement];
    let small = zktorch(&[&prove[..], &["--memory", "5MB"]].concat());
    small.fails(2, "--memory: expected a proof within 5.0 MB, got one that takes about");
    assert!(!Path::new(&proof).exists());
    let proved = succeed(&[&prove[..], &["--memory", "1GB"]].concat());
    assert!(proved["estimated_memory_bytes"].as_u64().is_some_and(|bytes| bytes > 10 << 20), "{proved}");
}
