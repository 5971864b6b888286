//! A pinned sample of ONNX's node tests: what was proved once stays proved.
//!
//! The tests are those of the Python package `onnx` 1.22.0, whose folder `onnx/backend/test/data/node` the environment
//! variable `ZKTORCH_ONNX_TESTS` names. Without it only the list itself is checked.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an error is a failure")]

use std::path::Path;

use benches::conformance::{Class, run};
use benches::proofs::Setups;

const PINNED: &str = include_str!("conformance/pinned.txt");

#[test]
fn pinned_tests_are_right() {
    let names: Vec<&str> = PINNED.lines().collect();
    assert!(names.len() >= 100 && names.is_sorted(), "a sorted list of a hundred tests or more");
    let Some(folder) = std::env::var_os("ZKTORCH_ONNX_TESTS") else {
        println!("ZKTORCH_ONNX_TESTS is not set: nothing is proved");
        return;
    };
    let setups = Setups::default();
    let mut bad = Vec::new();
    for name in names {
        let outcome = run(&Path::new(&folder).join(name), &setups);
        if outcome.class != Class::Right {
            bad.push(format!("{name}: {:?}: {}", outcome.class, outcome.reason));
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}
