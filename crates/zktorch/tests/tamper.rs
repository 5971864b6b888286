//! A sample of what `cargo xtask tamper` tries.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../examples/tamper/attack.rs"]
mod attack;
#[path = "../examples/tamper/subject.rs"]
mod subject;

use attack::{Plan, attack};
use subject::{Io, Subject};

fn sampled(io: Io) {
    let subject = Subject::new("digits/cnn.onnx", io).unwrap();
    let counts = attack(&subject, Plan { sample: Some(24), seed: 7 }).unwrap();
    assert_eq!(counts.len(), 7);
    for count in counts {
        assert_eq!(count.cases, 24, "{}", count.name);
        assert!(count.accepted.is_empty() && count.panicked.is_empty(), "{count:?}");
        assert_eq!(count.rejected, 24, "{}", count.name);
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
