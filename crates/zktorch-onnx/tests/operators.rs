//! Every operator: quantised and executed in integers against the float interpreter.

mod common;

use common::{Builder, cases::cases, compiled, max_error, samples};
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

#[test]
fn every_stored_value_is_compared() {
    let case = cases().into_iter().find(|case| case.name == "a small CNN").unwrap();
    let model = FloatModel::new(&case.bytes, &Options::default()).unwrap();
    let errors = compiled(&case.bytes).compare(&model, &samples(&case.bytes, 1, 3)[0]).unwrap();
    let names: Vec<&str> = errors.iter().map(|error| &*error.name).collect();
    assert_eq!(names, ["x", "c1", "r1", "c2", "r2", "y"]);
    for error in errors {
        assert!(error.max_error > 0.0 && error.max_error < 1e-3 && error.max_abs > 0.1, "{error:?}");
    }
}

#[test]
fn what_is_linear_is_not_stored() {
    let steps = |name: &str| {
        let case = cases().into_iter().find(|case| case.name == name).unwrap();
        compiled(&case.bytes).graph.steps.len()
    };
    // One step: the output.
    for name in [
        "batch normalisation folded, epsilon 0.1",
        "transpose",
        "concat",
        "reshape that cuts",
        "add",
        "mean over axes",
        "sum of two convs of different size",
    ] {
        assert_eq!(steps(name), 1, "{name}");
    }
    // The input, which is wider, as 16 bits; two convolutions, a ReLU, and two outputs.
    assert_eq!(steps("residual blocks, two outputs"), 6);
}

#[test]
fn what_several_products_read_is_stored_once() {
    let model = |last: &dyn Fn(Builder) -> Builder| {
        let sum = Builder::new(13).input("x", &[1, 2, 8]).weight("w", &[8, 8], 0.5).node(
            "MatMul",
            &["x", "w"],
            "h",
            vec![],
        );
        compiled(&last(sum).bytes()).graph.steps.len()
    };
    let square = |b: Builder| b.node("Mul", &["h", "h"], "y", vec![]).output("y");
    assert_eq!(model(&square), 2, "the sum, and its square");
    let three = |b: Builder| {
        ["q", "k", "v"].into_iter().fold(b, |b, name| {
            let weight = format!("w{name}");
            b.weight(&weight, &[8, 4], 0.5).node("MatMul", &["h", &weight], name, vec![]).output(name)
        })
    };
    assert_eq!(model(&three), 4, "the sum, and three outputs");
}

#[test]
fn compiling_twice_gives_one_graph() {
    for case in cases() {
        let (a, b) = (compiled(&case.bytes), compiled(&case.bytes));
        assert_eq!((a.graph, a.weights), (b.graph, b.weights), "{}", case.name);
    }
}

#[test]
fn outputs_keep_the_extents_and_order_of_the_model() {
    for case in cases() {
        let model = FloatModel::new(&case.bytes, &Options::default()).unwrap();
        let outputs = model.run(&samples(&case.bytes, 1, 0)[0]).unwrap();
        let compiled = compiled(&case.bytes);
        for (port, output) in compiled.outputs.iter().zip(&outputs) {
            assert_eq!(port.dims, output.dims(), "{}", case.name);
            assert_eq!(compiled.graph.tensor(port.tensor).shape.len(), output.data().len());
        }
    }
}
