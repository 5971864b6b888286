//! One model per operator and special case.

use super::{AttributeProto, Builder, float, int, ints, string};

/// A model and the error that quantising it may cause, per output entry.
pub struct Case {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub tolerance: f32,
}

/// x -> op(x, constants) -> y.
fn one(op: &str, dims: &[usize], opset: i64, extra: &[&str], attributes: Vec<AttributeProto>) -> Builder {
    let mut inputs = vec!["x"];
    inputs.extend(extra);
    Builder::new(opset).input("x", dims).node(op, &inputs, "y", attributes).output("y")
}

fn conv(dims: &[usize], weight: &[usize], bias: bool, attributes: Vec<AttributeProto>) -> Builder {
    let extra: &[&str] = if bias { &["w", "b"] } else { &["w"] };
    let builder = one("Conv", dims, 11, extra, attributes).weight("w", weight, 0.5);
    if bias { builder.weight("b", &[weight[0]], 1.0) } else { builder }
}

fn norm(builder: Builder, channels: usize, input: &str, output: &str, epsilon: f32) -> Builder {
    // Small variances: the epsilon matters.
    let variance = (0..channels).map(|i| 0.02 + 0.03 * i as f32).collect();
    builder
        .weight("scale", &[channels], 1.0)
        .weight("shift", &[channels], 1.0)
        .weight("mean", &[channels], 0.5)
        .floats("variance", &[channels], variance)
        .node(
            "BatchNormalization",
            &[input, "scale", "shift", "mean", "variance"],
            output,
            vec![float("epsilon", epsilon)],
        )
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add =
        |name, builder: Builder, tolerance| cases.push(Case { name, bytes: builder.bytes(), tolerance });
    convolutions(&mut add);
    products(&mut add);
    functions(&mut add);
    pools(&mut add);
    shapes(&mut add);
    networks(&mut add);
    combinations(&mut add);
    random(&mut add);
    cases
}

type Add<'a> = &'a mut dyn FnMut(&'static str, Builder, f32);

fn convolutions(add: Add<'_>) {
    add("conv with default strides", conv(&[1, 3, 7, 5], &[4, 3, 3, 3], true, vec![]), 1.5e-3);
    add(
        "conv with extents that are no powers of two",
        conv(&[1, 5, 11, 13], &[6, 5, 3, 5], true, vec![ints("pads", &[1, 2, 1, 2])]),
        3e-3,
    );
    add(
        "conv with strides, dilations and uneven pads",
        conv(
            &[1, 3, 12, 9],
            &[4, 3, 3, 2],
            true,
            vec![ints("strides", &[2, 3]), ints("dilations", &[2, 1]), ints("pads", &[0, 1, 3, 2])],
        ),
        3e-3,
    );
    add("conv 1-d", conv(&[1, 3, 17], &[5, 3, 4], true, vec![ints("strides", &[2])]), 1.5e-3);
    add("conv 1x1", conv(&[1, 6, 4, 4], &[3, 6, 1, 1], false, vec![]), 1.5e-3);
    add(
        "conv 1x1 with stride",
        conv(&[1, 6, 5, 4], &[3, 6, 1, 1], true, vec![ints("strides", &[2, 2])]),
        1.5e-3,
    );
    add("conv to one pixel", conv(&[1, 3, 4, 4], &[5, 3, 4, 4], true, vec![]), 1.5e-3);
    add("conv with one channel", conv(&[1, 1, 6, 6], &[1, 1, 3, 3], true, vec![]), 1.5e-3);
    add("conv of a batch", conv(&[3, 2, 5, 5], &[3, 2, 3, 3], true, vec![]), 1.5e-3);
    add("depthwise conv", conv(&[1, 6, 7, 7], &[6, 1, 3, 3], true, vec![int("group", 6)]), 1.5e-3);
    add(
        "depthwise conv with multiplier",
        conv(&[1, 3, 7, 7], &[6, 1, 3, 3], true, vec![int("group", 3)]),
        1.5e-3,
    );
    add(
        "grouped conv, 3 channels a group",
        conv(&[1, 6, 6, 6], &[10, 3, 3, 3], true, vec![int("group", 2)]),
        1.5e-3,
    );
    for (name, mode) in
        [("conv same upper", "SAME_UPPER"), ("conv same lower", "SAME_LOWER"), ("conv valid", "VALID")]
    {
        let attributes = vec![string("auto_pad", mode), ints("strides", &[2, 2])];
        add(name, conv(&[1, 2, 7, 8], &[3, 2, 4, 3], true, attributes), 1.5e-3);
    }
    let twice = Builder::new(11)
        .input("x", &[1, 4, 8, 8])
        .weight("w1", &[6, 2, 3, 3], 0.4)
        .weight("w2", &[3, 6, 3, 3], 0.3)
        .node("Conv", &["x", "w1"], "h", vec![int("group", 2)])
        .node("Conv", &["h", "w2"], "y", vec![])
        .output("y");
    add("grouped conv, then conv over its channels", twice, 2e-3);
    let normed = norm(conv(&[1, 3, 6, 6], &[4, 3, 3, 3], true, vec![]), 4, "y", "z", 0.1);
    let mut normed = normed.output("z");
    normed.graph().output.remove(0);
    add("batch normalisation folded, epsilon 0.1", normed, 2e-3);
    let alone = norm(Builder::new(11).input("x", &[1, 3, 5, 5]), 3, "x", "y", 1e-3).output("y");
    add("batch normalisation alone", alone, 2e-3);
}

fn products(add: Add<'_>) {
    let gemm = |attributes, a: &[usize], b: &[usize], c: &[usize]| {
        one("Gemm", a, 11, &["w", "b"], attributes).weight("w", b, 0.5).weight("b", c, 1.0)
    };
    add("gemm", gemm(vec![], &[1, 10], &[10, 7], &[7]), 1.5e-3);
    add(
        "gemm with all attributes",
        gemm(
            vec![int("transA", 1), int("transB", 1), float("alpha", 0.7), float("beta", -1.5)],
            &[10, 3],
            &[7, 10],
            &[3, 1],
        ),
        4e-3,
    );
    add("matmul", one("MatMul", &[2, 3, 5], 11, &["w"], vec![]).weight("w", &[5, 4], 1.0), 1.5e-3);
    add("matmul with a vector", one("MatMul", &[3, 5], 11, &["w"], vec![]).weight("w", &[5], 1.0), 1.5e-3);
    add(
        "matmul of batches",
        one("MatMul", &[2, 3, 5], 11, &["w"], vec![]).weight("w", &[2, 5, 4], 1.0),
        1.5e-3,
    );
    let left = Builder::new(11)
        .input("x", &[5, 4])
        .weight("w", &[3, 5], 1.0)
        .node("MatMul", &["w", "x"], "y", vec![])
        .output("y");
    add("matmul with the constant on the left", left, 1.5e-3);
    let both = Builder::new(11)
        .input("a", &[2, 3, 5])
        .input("b", &[2, 5, 4])
        .node("MatMul", &["a", "b"], "y", vec![])
        .output("y");
    add("matmul of activations", both, 1.5e-3);
    let shared = Builder::new(11)
        .input("a", &[2, 3, 5])
        .input("b", &[5, 4])
        .node("MatMul", &["a", "b"], "y", vec![])
        .output("y");
    add("matmul of activations, one repeated", shared, 1.5e-3);
    for (name, op) in [("add", "Add"), ("sub", "Sub"), ("mul", "Mul")] {
        let two = Builder::new(11)
            .input("a", &[2, 3, 5])
            .input("b", &[3, 1])
            .node(op, &["a", "b"], "y", vec![])
            .output("y");
        add(name, two, 2e-3);
        add(name, one(op, &[2, 3, 5], 11, &["w"], vec![]).weight("w", &[3, 1], 2.0), 2e-3);
        add(name, one(op, &[3, 1], 11, &["w"], vec![]).weight("w", &[2, 3, 5], 2.0), 2e-3);
        let left = Builder::new(11)
            .input("x", &[4, 3])
            .weight("w", &[], 2.0)
            .node(op, &["w", "x"], "y", vec![])
            .output("y");
        add(name, left, 2e-3);
    }
    // Two networks that differ in the middle of two large weights only: equal corners.
    for middle in [0.5, -0.5] {
        let data = |k: usize| {
            let mut data = vec![0.25; 64 * 64];
            data[64 * 31 + k] = middle;
            data
        };
        let deep = Builder::new(11)
            .input("x", &[1, 64])
            .floats("w1", &[64, 64], data(17))
            .floats("w2", &[64, 64], data(40))
            .node("MatMul", &["x", "w1"], "h", vec![])
            .node("MatMul", &["h", "w2"], "y", vec![])
            .output("y");
        add("two large weights with equal corners", deep, 1.2e-2);
    }
}

fn functions(add: Add<'_>) {
    for op in ["Relu", "Sigmoid", "Tanh"] {
        add("function", one(op, &[3, 7], 13, &[], vec![]), 1e-3);
    }
    add("leaky relu, default slope", one("LeakyRelu", &[3, 7], 13, &[], vec![]), 1e-3);
    add("leaky relu", one("LeakyRelu", &[3, 7], 13, &[], vec![float("alpha", 0.3)]), 1e-3);
    add("clip", one("Clip", &[3, 7], 7, &[], vec![float("min", -0.25), float("max", 0.5)]), 1e-3);
    let relu6 = one("Clip", &[3, 7], 13, &["lo", "hi"], vec![]);
    add("clip with inputs", relu6.floats("lo", &[], vec![0.0]).floats("hi", &[], vec![0.75]), 1e-3);
    let above = one("Clip", &[3, 7], 13, &["", "hi"], vec![]);
    add("clip without a minimum", above.floats("hi", &[], vec![0.125]), 1e-3);
}

fn pools(add: Add<'_>) {
    let kernel = |k: &[i64]| ints("kernel_shape", k);
    let pool = |op: &str, dims: &[usize], attributes| one(op, dims, 11, &[], attributes);
    for op in ["MaxPool", "AveragePool"] {
        add("2-channel pool", pool(op, &[1, 2, 4, 4], vec![kernel(&[2, 2]), ints("strides", &[2, 2])]), 1e-3);
        add("pool with default strides", pool(op, &[1, 3, 6, 5], vec![kernel(&[3, 2])]), 1e-3);
        let pads = vec![kernel(&[3, 3]), ints("strides", &[2, 2]), ints("pads", &[1, 1, 1, 1])];
        add("pool with pads", pool(op, &[1, 2, 7, 9], pads), 1e-3);
        add("pool 1-d", pool(op, &[1, 3, 11], vec![kernel(&[4]), ints("strides", &[3])]), 1e-3);
        let ceil = vec![kernel(&[3, 3]), ints("strides", &[2, 2]), int("ceil_mode", 1)];
        add("pool with ceil mode", pool(op, &[1, 2, 6, 8], ceil), 1e-3);
        let same = vec![kernel(&[3, 2]), ints("strides", &[2, 2]), string("auto_pad", "SAME_UPPER")];
        add("pool same upper", pool(op, &[1, 2, 6, 5], same), 1e-3);
        add("pool of everything", pool(op, &[1, 2, 5, 3], vec![kernel(&[5, 3])]), 1e-3);
    }
    let include = vec![kernel(&[3, 3]), ints("pads", &[1, 0, 1, 2]), int("count_include_pad", 1)];
    add("average pool counting pads", pool("AveragePool", &[1, 2, 5, 5], include), 1e-3);
    // All entries are negative: a padding of zeros would win.
    let negative = Builder::new(11)
        .input("x", &[1, 2, 5, 5])
        .floats("three", &[], vec![3.0])
        .node("Sub", &["x", "three"], "n", vec![])
        .node("MaxPool", &["n"], "y", vec![kernel(&[3, 3]), ints("pads", &[1, 1, 1, 1])])
        .output("y");
    add("negative max pool at borders", negative, 2e-3);
    let after = Builder::new(11)
        .input("x", &[1, 2, 8, 8])
        .weight("w", &[3, 2, 3, 3], 0.5)
        .node("Relu", &["x"], "r", vec![])
        .node(
            "MaxPool",
            &["r"],
            "p",
            vec![kernel(&[3, 3]), ints("strides", &[2, 2]), ints("pads", &[1, 1, 1, 1])],
        )
        .node("Conv", &["p", "w"], "y", vec![])
        .output("y");
    add("relu, max pool, conv", after, 1.5e-3);
    add("global average pool", pool("GlobalAveragePool", &[1, 3, 5, 7], vec![]), 1e-3);
    add("mean over all", one("ReduceMean", &[2, 3, 5], 11, &[], vec![]), 1e-3);
    let axes = vec![ints("axes", &[-1, 0]), int("keepdims", 0)];
    add("mean over axes", one("ReduceMean", &[2, 3, 5], 11, &[], axes), 1e-3);
    let sum = one("ReduceSum", &[2, 3, 5], 13, &["axes"], vec![int("keepdims", 0)]);
    add("sum over axes given as input", sum.ints("axes", &[1]), 2e-3);
}

fn shapes(add: Add<'_>) {
    add("flatten", one("Flatten", &[2, 3, 5], 11, &[], vec![]), 1.3e-4);
    add("transpose", one("Transpose", &[2, 3, 5], 11, &[], vec![ints("perm", &[2, 0, 1])]), 1.3e-4);
    add("transpose by default", one("Transpose", &[2, 3, 5], 11, &[], vec![]), 1.3e-4);
    for (name, shape) in [
        ("reshape that merges", &[6i64, 5][..]),
        ("reshape that splits", &[2, 3, 1, -1]),
        ("reshape that cuts", &[5, 6]),
        ("reshape with zero", &[0, 15]),
    ] {
        add(name, one("Reshape", &[2, 3, 5], 11, &["s"], vec![]).ints("s", shape), 1.3e-4);
    }
    add("squeeze", one("Squeeze", &[1, 3, 1, 5], 11, &[], vec![ints("axes", &[2])]), 1.3e-4);
    add("unsqueeze", one("Unsqueeze", &[3, 5], 13, &["a"], vec![]).ints("a", &[0, -1]), 1.3e-4);
    let slice = |starts: &[i64], ends: &[i64], axes: &[i64], steps: &[i64]| {
        one("Slice", &[4, 6, 5], 11, &["starts", "ends", "axes", "steps"], vec![])
            .ints("starts", starts)
            .ints("ends", ends)
            .ints("axes", axes)
            .ints("steps", steps)
    };
    add("slice", slice(&[1, -4], &[i64::MAX, -1], &[0, 1], &[1, 2]), 1.3e-4);
    add("slice backwards", slice(&[-1], &[i64::MIN], &[2], &[-2]), 1.3e-4);
    let attributes = vec![ints("starts", &[0, 2]), ints("ends", &[3, 5])];
    add("slice by attributes", one("Slice", &[4, 6], 9, &[], attributes), 1.3e-4);
    for mode in ["constant", "reflect", "edge"] {
        let pad = one("Pad", &[3, 4], 11, &["p"], vec![string("mode", mode)]).ints("p", &[1, 2, 0, 3]);
        add("pad", pad, 1.3e-4);
    }
    let two = Builder::new(11)
        .input("a", &[2, 3, 4])
        .input("b", &[2, 5, 4])
        .weight("w", &[2, 1, 4], 1.0)
        .node("Concat", &["a", "b", "w"], "y", vec![int("axis", 1)])
        .output("y");
    add("concat", two, 1.3e-4);
    add("identity", one("Identity", &[3, 5], 11, &[], vec![]), 1.3e-4);
    add("dropout", one("Dropout", &[3, 5], 11, &[], vec![float("ratio", 0.5)]), 1.3e-4);
    // The batch idiom of exporters: Shape, Gather, Unsqueeze, Concat, Reshape.
    let idiom = Builder::new(11)
        .input("x", &[2, 3, 4])
        .ints("zero", &[0])
        .ints("minus", &[-1])
        .node("Shape", &["x"], "shape", vec![])
        .node("Gather", &["shape", "zero"], "n", vec![int("axis", 0)])
        .node("Concat", &["n", "minus"], "s", vec![int("axis", 0)])
        .node("Reshape", &["x", "s"], "y", vec![])
        .output("y");
    add("reshape to a computed shape", idiom, 1.3e-4);
}

fn networks(add: Add<'_>) {
    let kernel = |k: &[i64]| ints("kernel_shape", k);
    let cnn = Builder::new(13)
        .input("x", &[1, 1, 8, 8])
        .weight("w1", &[6, 1, 3, 3], 0.6)
        .weight("b1", &[6], 0.2)
        .weight("w2", &[10, 6, 3, 3], 0.3)
        .weight("b2", &[10], 0.2)
        .weight("w3", &[10, 40], 0.3)
        .weight("b3", &[10], 0.2)
        .node("Conv", &["x", "w1", "b1"], "c1", vec![ints("pads", &[1, 1, 1, 1])])
        .node("Relu", &["c1"], "r1", vec![])
        .node("MaxPool", &["r1"], "p1", vec![kernel(&[2, 2]), ints("strides", &[2, 2])])
        .node("Conv", &["p1", "w2", "b2"], "c2", vec![ints("pads", &[1, 1, 1, 1])])
        .node("Relu", &["c2"], "r2", vec![])
        .node("AveragePool", &["r2"], "p2", vec![kernel(&[2, 2]), ints("strides", &[2, 2])])
        .node("Flatten", &["p2"], "f", vec![])
        .node("Gemm", &["f", "w3", "b3"], "y", vec![int("transB", 1)])
        .output("y");
    add("a small CNN", cnn, 1e-3);
    let residual = Builder::new(13)
        .input("x", &[1, 4, 6, 6])
        .weight("w1", &[4, 4, 3, 3], 0.3)
        .weight("w2", &[4, 4, 3, 3], 0.3)
        .node("Conv", &["x", "w1"], "c1", vec![ints("pads", &[1, 1, 1, 1])])
        .node("Add", &["c1", "x"], "s1", vec![])
        .node("Relu", &["s1"], "r1", vec![])
        .node("Conv", &["r1", "w2"], "c2", vec![ints("pads", &[1, 1, 1, 1])])
        .node("Add", &["c2", "r1"], "s2", vec![])
        .node("GlobalAveragePool", &["s2"], "g", vec![])
        .node("Flatten", &["g"], "y", vec![])
        .output("y")
        .output("s1");
    add("residual blocks, two outputs", residual, 1e-3);
    let mlp = Builder::new(13)
        .input("x", &[1, 20])
        .weight("w1", &[20, 16], 0.5)
        .weight("w2", &[16, 5], 0.5)
        .weight("b", &[5], 0.5)
        .node("MatMul", &["x", "w1"], "h", vec![])
        .node("Tanh", &["h"], "t", vec![])
        .node("MatMul", &["t", "w2"], "m", vec![])
        .node("Add", &["m", "b"], "s", vec![])
        .node("Sigmoid", &["s"], "y", vec![])
        .output("y");
    add("an MLP with tanh and sigmoid", mlp, 2e-3);
}

/// Operators meeting what other operators leave pending.
fn combinations(add: Add<'_>) {
    let swish = Builder::new(13)
        .input("x", &[1, 3, 4, 4])
        .weight("w", &[5, 3, 3, 3], 0.5)
        .node("Conv", &["x", "w"], "c", vec![])
        .node("Sigmoid", &["c"], "s", vec![])
        .node("Mul", &["c", "s"], "y", vec![])
        .output("y");
    add("swish of a conv", swish, 1.5e-3);
    let far = Builder::new(13)
        .input("x", &[1, 8])
        .input("big", &[1, 8])
        .weight("w", &[8, 8], 0.01)
        .floats("thousand", &[], vec![3000.0])
        .node("MatMul", &["x", "w"], "small", vec![])
        .node("Mul", &["big", "thousand"], "large", vec![])
        .node("Add", &["small", "large"], "y", vec![])
        .output("y");
    add("sum of a small and a large product", far, 2.0);
    let wider = Builder::new(13)
        .input("x", &[1, 3, 6, 6])
        .weight("w1", &[12, 3, 3, 3], 0.05)
        .weight("w2", &[12, 3, 3, 3], 1.5)
        .node("Conv", &["x", "w1"], "small", vec![])
        .node("Conv", &["x", "w2"], "large", vec![])
        .node("Add", &["small", "large"], "y", vec![])
        .output("y");
    add("sum of two convs of different size", wider, 4e-3);
    let tiny = Builder::new(13)
        .input("x", &[1, 8])
        .weight("w", &[8, 8], 1e-4)
        .weight("b", &[8], 1e-4)
        .node("Gemm", &["x", "w", "b"], "s", vec![])
        .node("Relu", &["s"], "y", vec![])
        .output("y");
    add("tiny weights", tiny, 2e-7);
    let dead = Builder::new(13)
        .input("x", &[1, 8])
        .floats("w", &[8, 3], vec![0.0; 24])
        .node("MatMul", &["x", "w"], "s", vec![])
        .node("Relu", &["s"], "y", vec![])
        .output("y");
    add("zero weights", dead, 1e-9);
    let mut dense = Builder::new(13).input("x", &[1, 2, 4, 4]).node("Relu", &["x"], "c0", vec![]);
    for i in 0..10 {
        let (from, weight, conv, to) =
            (format!("c{i}"), format!("w{i}"), format!("v{i}"), format!("c{}", i + 1));
        dense = dense
            .weight(&weight, &[1, 2 + i, 3, 3], 0.3)
            .node("Conv", &[&from, &weight], &conv, vec![ints("pads", &[1, 1, 1, 1])])
            .node("Concat", &[&from, &conv], &to, vec![int("axis", 1)]);
    }
    add("ten concatenations", dense.output("c10"), 1.5e-3);
    let order = Builder::new(13)
        .input("x", &[1, 3, 4, 5])
        .weight("w", &[60, 7], 0.3)
        .node("Transpose", &["x"], "t", vec![ints("perm", &[0, 2, 3, 1])])
        .node("Flatten", &["t"], "f", vec![])
        .node("MatMul", &["f", "w"], "y", vec![])
        .output("y");
    add("flatten of a transpose", order, 1e-3);
    let compound = Builder::new(13)
        .input("x", &[2, 3, 4])
        .weight("w", &[2, 12], 0.5)
        .ints("s", &[2, 12])
        .ints("t", &[3, 8])
        .node("Reshape", &["x", "s"], "f", vec![])
        .node("Add", &["f", "w"], "a", vec![])
        .node("Reshape", &["a", "t"], "y", vec![])
        .output("y");
    add("sum over a compound axis, then a cut", compound, 1e-3);
    let pieces = Builder::new(13)
        .input("x", &[1, 4, 6])
        .weight("w", &[4, 6, 6], 0.4)
        .ints("a", &[1])
        .ints("b", &[3])
        .ints("axis", &[1])
        .node("MatMul", &["x", "w"], "m", vec![])
        .node("Slice", &["m", "a", "b", "axis"], "s", vec![])
        .node("ReduceMean", &["s"], "r", vec![ints("axes", &[1]), int("keepdims", 0)])
        .node("Tanh", &["r"], "y", vec![])
        .output("y");
    add("slice and mean of a product", pieces, 1e-3);
    let attention = Builder::new(13)
        .input("x", &[1, 5, 8])
        .weight("q", &[8, 8], 0.5)
        .weight("k", &[8, 8], 0.5)
        .ints("heads", &[1, 5, 2, 4])
        .node("MatMul", &["x", "q"], "xq", vec![])
        .node("MatMul", &["x", "k"], "xk", vec![])
        .node("Reshape", &["xq", "heads"], "hq", vec![])
        .node("Reshape", &["xk", "heads"], "hk", vec![])
        .node("Transpose", &["hq"], "tq", vec![ints("perm", &[0, 2, 1, 3])])
        .node("Transpose", &["hk"], "tk", vec![ints("perm", &[0, 2, 3, 1])])
        .node("MatMul", &["tq", "tk"], "y", vec![])
        .output("y");
    add("scores of two heads", attention, 4e-3);
    let after = norm(
        Builder::new(13).input("x", &[2, 9]).weight("w", &[4, 9], 0.4).weight("b", &[4], 0.4).node(
            "Gemm",
            &["x", "w", "b"],
            "g",
            vec![int("transB", 1)],
        ),
        4,
        "g",
        "n",
        1e-5,
    );
    let after = after.node("LeakyRelu", &["n"], "y", vec![]).output("y");
    add("batch normalisation after gemm", after, 2e-3);
    let read_twice = norm(
        Builder::new(13).input("x", &[1, 2, 4, 4]).weight("w", &[3, 2, 1, 1], 0.5).node(
            "Conv",
            &["x", "w"],
            "c",
            vec![],
        ),
        3,
        "c",
        "n",
        1e-5,
    );
    let read_twice = read_twice.node("Add", &["n", "c"], "y", vec![]).output("y");
    add("batch normalisation of a value that is read twice", read_twice, 2.5e-3);
    let line = Builder::new(13)
        .input("x", &[1, 3, 8])
        .node("AveragePool", &["x"], "a", vec![ints("kernel_shape", &[3]), ints("pads", &[1, 1])])
        .node("Add", &["a", "x"], "s", vec![])
        .node("AveragePool", &["s"], "y", vec![ints("kernel_shape", &[5])])
        .output("y");
    add("averages of sums of averages", line, 5e-4);
    let same = Builder::new(13)
        .input("x", &[1, 3, 8])
        .node("Sub", &["x", "x"], "z", vec![])
        .node("Mul", &["x", "x"], "q", vec![])
        .node("Add", &["z", "q"], "y", vec![])
        .output("y");
    add("a value with itself", same, 1e-3);
    let six = Builder::new(7)
        .input("x", &[1, 3, 5, 5])
        .weight("w", &[6, 1, 3, 3], 3.0)
        .node("Conv", &["x", "w"], "c", vec![int("group", 3), ints("pads", &[1, 1, 1, 1])])
        .node("Clip", &["c"], "y", vec![float("min", 0.0), float("max", 6.0)])
        .output("y");
    add("relu6 of a depthwise conv", six, 2e-3);
}

/// Convolutions and pools of random shapes.
fn random(add: Add<'_>) {
    let mut random = super::Random::new(2024);
    let mut draw = |from: usize, to: usize| from + random.next() as usize % (to - from + 1);
    for round in 0..60 {
        let groups = [1, 1, 2, 3][draw(0, 3)];
        let (per_group, outs) = (draw(1, 3), draw(1, 3));
        let (h, w, kh, kw) = (draw(3, 9), draw(3, 9), draw(1, 3), draw(1, 3));
        let (sh, sw, dh, dw) = (draw(1, 3), draw(1, 3), draw(1, 2), draw(1, 2));
        // Pads smaller than the kernel: no window is empty.
        let pads = [draw(0, kh - 1), draw(0, kw - 1), draw(0, kh - 1), draw(0, kw - 1)].map(|p| p as i64);
        let x = [draw(1, 2), groups * per_group, h, w];
        let dilated = (kh - 1) * dh < h && (kw - 1) * dw < w;
        let dilations = if dilated { [dh as i64, dw as i64] } else { [1, 1] };
        let strides = ints("strides", &[sh as i64, sw as i64]);
        let attributes = vec![
            strides.clone(),
            ints("dilations", &dilations),
            ints("pads", &pads),
            int("group", groups as i64),
        ];
        let weight = [groups * outs, per_group, kh, kw];
        add("random conv", conv(&x, &weight, round % 2 == 0, attributes), 2.5e-3);
        let pool = [strides, ints("kernel_shape", &[kh as i64, kw as i64]), ints("pads", &pads)];
        let op = ["MaxPool", "AveragePool"][round % 2];
        let mut attributes = pool.to_vec();
        if op == "AveragePool" {
            attributes.push(int("count_include_pad", (round / 2 % 2) as i64));
        }
        add("random pool", one(op, &x, 11, &[], attributes), 5e-4);
    }
}
