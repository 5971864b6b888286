//! `--trace`.

use std::fs;

use serde_json::Value;

use super::support::{cnn, fixture, folder, text, zktorch};

/// The events of a trace.
fn events(path: &str) -> Vec<Value> {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Requires that spans are nested on every thread; their names.
fn nested(events: &[Value]) -> Vec<&str> {
    let mut open: Vec<(u64, &str)> = Vec::new();
    let mut names = Vec::new();
    for event in events {
        let (name, thread) = (event["name"].as_str().unwrap(), event["tid"].as_u64().unwrap());
        match event["ph"].as_str().unwrap() {
            "B" => {
                open.push((thread, name));
                names.push(name);
            }
            "E" => {
                let last = open.iter().rposition(|(other, _)| *other == thread).unwrap();
                assert_eq!(open.remove(last).1, name);
            }
            other => assert!(["i", "M"].contains(&other), "{event}"),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    names
}

#[test]
fn the_stages_of_proving_are_in_the_trace() {
    let (files, folder) = (cnn(), folder());
    let [proof, statement, trace] =
        ["proof", "s.json", "trace.json"].map(|name| text(&folder.path().join(name)));
    let (pk, sample) = (files.path("model.pk"), fixture("digits/sample.npy"));
    let run = zktorch(&[
        "prove",
        "--pk",
        &pk,
        "--input",
        &sample,
        "--proof",
        &proof,
        "--statement",
        &statement,
        "--trace",
        &trace,
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let events = events(&trace);
    let names = nested(&events);
    for stage in [
        "read key",
        "SRS",
        "witness",
        "commit V",
        "commit H",
        "inverse columns",
        "relations",
        "sumcheck A",
        "sumcheck B",
        "mira",
        "mask",
        "channel fold",
        "spartan",
        "mira reduction",
        "mira opening",
        "write proof",
    ] {
        assert!(names.contains(&stage), "{stage} in {names:?}");
    }
    let rounds = names.iter().filter(|name| **name == "sumcheck round").count();
    assert!(rounds > 13 && names.len() < 1000, "rounds, but not elements: {rounds} of {}", names.len());
    // Stages follow each other in time.
    let begin = |name: &str| {
        let event = events.iter().find(|event| event["ph"] == "B" && event["name"] == name).unwrap();
        event["ts"].as_f64().unwrap()
    };
    let order = ["read key", "witness", "commit V", "commit H", "sumcheck A", "mira", "mask", "mira opening"];
    assert!(order.map(begin).is_sorted());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing temporary is left");
}

#[test]
fn what_fails_has_a_trace_too() {
    let folder = folder();
    let trace = text(&folder.path().join("trace.json"));
    zktorch(&["info", "no/such/file", "--trace", &trace]).fails(2, "no/such/file");
    assert!(nested(&events(&trace)).is_empty());
    let zkt = cnn().path("model.zkt");
    zktorch(&["run", &zkt, "--input", "no/such/file", "--trace", &trace]).fails(2, "no/such/file");
    assert_eq!(nested(&events(&trace)), ["read model"]);
    zktorch(&["info", &zkt, "--trace", "no/such/trace.json"]).fails(2, "no/such/trace.json");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
