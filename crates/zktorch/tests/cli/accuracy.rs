//! Accuracy on a committed test set, of two models.

use std::fs;
use std::path::Path;

use serde_json::Value;
use zktorch::data;

use super::support::{Run, cnn, fixture, folder, mlp, succeed, text, zktorch};

/// The first held-out digits as bytes, 0 to 16, and their labels.
fn digits(count: usize) -> [Vec<i32>; 2] {
    let heldout = data::load(Path::new(&fixture("digits/heldout.npz")), None).unwrap();
    let named =
        |name: &str| heldout.iter().find(|tensor| tensor.name.as_deref() == Some(name)).unwrap().floats();
    let images = named("images").iter().take(64 * count).map(|x| (x * 16.0).round() as i32).collect();
    [images, named("labels").iter().take(count).map(|label| *label as i32).collect()]
}

#[test]
fn a_set_is_committed_to_once_and_models_are_measured_on_it() {
    let (folder, count) = (folder(), 40);
    let file = |name: &str| text(&folder.path().join(name));
    let [images, labels, set, opening] =
        ["images.npy", "labels.npy", "digits.set", "digits.opening"].map(file);
    let [proof, statement] = ["proof.bin", "statement.json"].map(file);
    let [pixels, classes] = digits(count);
    fs::write(&images, data::encode_npy_i32(&[count, 8, 8], &pixels).unwrap()).unwrap();
    fs::write(&labels, data::encode_npy_i32(&[count], &classes).unwrap()).unwrap();
    let commit = |more: &[&str]| -> Run {
        let own = ["accuracy", "commit", "--json", "--images", &images, "--labels", &labels];
        let files = ["--set", &set, "--opening", &opening];
        zktorch(&[&own[..], &files, more].concat())
    };
    let committed = commit(&["--classes", "10"]);
    assert!(committed.stderr.contains("development SRS"), "{}", committed.stderr);
    let committed = committed.json();
    let id = committed["set_id"].as_str().unwrap();
    assert_eq!((&committed["images"], &committed["classes"]), (&40.into(), &10.into()));
    assert_eq!(committed["extents"], serde_json::json!([8, 8, 1]));
    commit(&["--classes", "10"]).fails(2, "is there already");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&opening).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(succeed(&["info", &set])["set_id"], id);
    assert_eq!(succeed(&["info", &opening])["set_id"], id);

    for model in [mlp(), cnn()] {
        let [pk, vk] = ["model.pk", "model.vk"].map(|name| model.path(name));
        let prove = |more: &[&str]| -> Run {
            let own =
                ["accuracy", "prove", "--json", "--pk", &pk, "--opening", &opening, "--pixels", "scale=16"];
            zktorch(&[&own[..], &["--proof", &proof, "--statement", &statement], more].concat())
        };
        let proved = prove(&["--at-least", "36"]).json();
        let right = proved["right"].as_u64().unwrap();
        assert!((36..=40).contains(&right), "{right}");
        // What the proof does not say, no file does.
        assert!(!fs::read_to_string(&statement).unwrap().contains("right"));
        let own = [
            "accuracy",
            "verify",
            "--json",
            "--vk",
            &vk,
            "--set",
            &set,
            "--proof",
            &proof,
            "--allow-insecure-srs",
        ];
        let trusted = ["--statement", &statement, "--model-id", &model.id, "--set-id", id];
        let verify = |more: &[&str]| -> Run { zktorch(&[&own[..], &trusted, more].concat()) };
        let verified = verify(&["--at-least", "36"]).json();
        assert_eq!((&verified["accepted"], &verified["set_id_pinned"]), (&true.into(), &true.into()));
        for (key, value) in [("images", 40), ("top", 1), ("at_least", 36)] {
            assert_eq!(verified[key], value, "{key}");
        }
        assert_eq!(
            verified["claim"],
            "for at least 36 of 40 images, the label's class has the largest score"
        );
        assert_eq!(verified["pixels"], "scale=16,nchw");
        // What the verifier asks for.
        assert_eq!(
            verify(&["--at-least", "30", "--top", "1", "--pixels", "scale=16"]).json()["accepted"],
            true
        );
        verify(&["--at-least", "37"]).rejected("at_least: expected 37 or more, got 36");
        verify(&["--at-least", "36", "--top", "5"]).rejected("top: expected 5, got 1");
        verify(&["--at-least", "36", "--pixels", "scale=255"])
            .rejected("pixels: expected scale=255,nchw, got scale=16,nchw");
        verify(&["--at-least", "36", "--context", "a challenge"]).rejected("does not verify");
        verify(&[]).fails(2, "--at-least");
        let unpinned = verify(&["--at-least", "36"]);
        assert!(unpinned.stderr.contains("--pixels demands it"), "{}", unpinned.stderr);
        let zeros = "0".repeat(64);
        let least = ["--at-least", "36"];
        let other = ["--statement", &statement, "--model-id", &model.id, "--set-id", &zeros];
        zktorch(&[&own[..], &other, &least].concat()).rejected(&format!("the set is {id}, expected {zeros}"));
        let any = ["--statement", &statement, "--any-model", "--any-set"];
        let any = zktorch(&[&own[..], &any, &least].concat());
        assert!(any.stderr.contains("--any-set: ") && any.stderr.contains(id), "{}", any.stderr);
        assert_eq!((any.code, &any.json()["set_id_pinned"]), (0, &false.into()));

        // A claim that says more than the proof.
        let stated: Value = serde_json::from_slice(&fs::read(&statement).unwrap()).unwrap();
        for (field, value, reason) in [
            ("at_least", 37.into(), "does not verify"),
            ("top", 2.into(), "top: expected 1, got 2"),
            ("images", 41.into(), "images: expected 40, got 41"),
            ("set_id", zeros.as_str().into(), "set_id: expected"),
            ("model_id", zeros.as_str().into(), "model_id: expected"),
        ] {
            let mut edited = stated.clone();
            edited[field] = value;
            fs::write(&statement, edited.to_string()).unwrap();
            verify(&least).rejected(reason);
        }
        // More than are right, and five largest scores.
        prove(&["--at-least", "41"]).fails(2, "images that are right: expected 1 to 40, got 41");
        if right < 40 {
            let message = format!("expected {} right of 40 images, got {right}", right + 1);
            prove(&["--at-least", &(right + 1).to_string()]).fails(2, &message);
        }
        let five = prove(&["--at-least", "40", "--top", "5", "--context", "a challenge"]).json();
        assert_eq!(five["right"], 40);
        let verified = verify(&["--context", "a challenge", "--at-least", "40", "--top", "5"]).json();
        assert_eq!(
            verified["claim"],
            "for at least 40 of 40 images, the label's class has one of the 5 largest scores"
        );
        // Pixels beyond what the model knows count as the ends of its range.
        let dark = [
            "accuracy",
            "prove",
            "--pk",
            &pk,
            "--opening",
            &opening,
            "--pixels",
            "scale=0.1",
            "--at-least",
            "40",
        ];
        let dark = zktorch(&[&dark[..], &["--proof", &proof, "--statement", &statement]].concat());
        assert!(dark.stderr.contains("beyond the range"), "{}", dark.stderr);
    }
}

#[test]
fn sets_that_cannot_be_are_named() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let [images, labels, set, opening] = ["images.npy", "labels.npy", "a.set", "a.opening"].map(file);
    let refused = |dims: &[usize], pixels: &[i32], classes: &[i32], message: &str| {
        fs::write(&images, data::encode_npy_i32(dims, pixels).unwrap()).unwrap();
        fs::write(&labels, data::encode_npy_i32(&[classes.len()], classes).unwrap()).unwrap();
        let own = ["accuracy", "commit", "--images", &images, "--labels", &labels, "--classes", "3"];
        zktorch(&[&own[..], &["--set", &set, "--opening", &opening]].concat()).fails(2, message);
        assert!(!Path::new(&set).exists() && !Path::new(&opening).exists());
    };
    refused(
        &[2, 1, 2],
        &[0, 1, 2, 256],
        &[0, 1],
        "images: entry 3: expected an integer from 0 to 255, got 256",
    );
    refused(&[2, 1, 2], &[0; 4], &[0, 3], "labels: entry 1: expected an integer from 0 to 2, got 3");
    refused(&[2, 1, 2], &[0; 4], &[0, -1], "labels: entry 1: expected an integer from 0 to 2, got -1");
    refused(&[2, 1, 2], &[0; 4], &[0; 3], "labels: expected dimensions [2], one for each image, got [3]");
    refused(&[2, 2], &[0; 4], &[0; 2], "images: expected dimensions [N, height, width]");
    refused(&[1, 2, 2], &[0; 4], &[0], "images of the set: expected 2 or more, got 1");
    refused(&[5000, 1, 1], &[0; 5000], &[0; 5000], "images: expected at most 4096");
    // Two files of one name.
    let own = ["accuracy", "commit", "--images", &images, "--labels", &labels, "--classes", "3"];
    zktorch(&[&own[..], &["--set", &set, "--opening", &set]].concat()).fails(2, "is the same file as");
}
