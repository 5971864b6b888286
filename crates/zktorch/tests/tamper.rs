//! A sample of what `cargo xtask tamper` tries: 24 cases of each kind, or `ZKTORCH_TAMPER_SAMPLE`.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../examples/tamper/attack.rs"]
mod attack;
#[path = "../examples/tamper/subject.rs"]
mod subject;

use attack::{Plan, attack};
use subject::{Io, Subject};

fn sampled(io: Io) {
    let subject = Subject::new("digits/cnn.onnx", io).unwrap();
    let sample = std::env::var("ZKTORCH_TAMPER_SAMPLE").map_or(24, |sample| sample.parse().unwrap());
    let counts = attack(&subject, Plan { sample: Some(sample), seed: 7 }).unwrap();
    assert_eq!(counts.len(), 7);
    for count in counts {
        // Of each kind there are 64 cases at least.
        assert!(count.cases == sample || (64..sample).contains(&count.cases), "{count:?}");
        assert!(count.accepted.is_empty() && count.panicked.is_empty(), "{count:?}");
        assert_eq!(count.rejected, count.cases, "{}", count.name);
    }
}

#[test]
fn damage_with_public_input_and_output() {
    sampled(Io::Public);
}

#[test]
fn damage_with_private_input_and_output() {
    sampled(Io::Private);
}
