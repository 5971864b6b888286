//! Every operator: quantised and executed in integers against the float interpreter.

mod common;

use common::{cases::cases, compiled, max_error, samples};
use zktorch_onnx::{FloatModel, Options};

#[test]
fn integers_stay_within_the_quantisation_bound() {
    let mut failures = Vec::new();
    for case in cases() {
        let model = FloatModel::new(&case.bytes, &Options::default()).unwrap();
        let compiled = compiled(&case.bytes);
        for sample in samples(&case.bytes, 4, 99) {
            let float = model.run(&sample).unwrap();
            let integer = compiled.run(&sample).unwrap();
            let error = max_error(&float, &integer);
            if error > case.tolerance {
                failures.push(format!("{}: error {error}, tolerance {}", case.name, case.tolerance));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
