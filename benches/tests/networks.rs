//! The networks against what is known of torchvision's: parameters, nodes, floor; and their two forms against each other.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use benches::describe::floor_points;
use benches::networks::{EXTENT, Network, OPSET};
use prost::Message;
use zktorch_onnx::{FloatModel, FloatTensor, Options, Report, inspect};

/// Parameters as torchvision counts them: running statistics are none.
fn parameters(network: Network, folded: bool) -> usize {
    let graph = network.model(EXTENT, folded).graph.unwrap();
    let counted = graph.initializer.iter().filter(|tensor| !tensor.name.contains("running_"));
    counted.map(|tensor| tensor.dims.iter().product::<i64>() as usize).sum()
}

fn report(network: Network, folded: bool) -> Report {
    inspect(&network.model(EXTENT, folded).encode_to_vec(), &Options::default()).unwrap()
}

fn operators(report: &Report) -> Vec<(&str, usize)> {
    report.operators.iter().map(|(op, count)| (op.as_str(), *count)).collect()
}

#[test]
fn parameters_are_torchvisions() {
    assert_eq!(parameters(Network::Resnet18, false), 11_689_512);
    assert_eq!(parameters(Network::Resnet50, false), 25_557_032);
    assert_eq!(parameters(Network::MobileNetV2, false), 3_504_872);
    assert_eq!(parameters(Network::Squeezenet, false), 1_235_496);
    // Folding leaves one bias of the two numbers per channel: 26,560 channels in ResNet-50, 17,056 in MobileNetV2.
    assert_eq!(parameters(Network::Resnet50, true), 25_557_032 - 26_560);
    assert_eq!(parameters(Network::MobileNetV2, true), 3_504_872 - 17_056);
}

#[test]
fn resnet_50() {
    let plain = report(Network::Resnet50, false);
    assert_eq!(plain.opset, OPSET);
    let mut expected = vec![
        ("Add", 16),
        ("BatchNormalization", 53),
        ("Conv", 53),
        ("Flatten", 1),
        ("Gemm", 1),
        ("GlobalAveragePool", 1),
        ("MaxPool", 1),
        ("Relu", 49),
    ];
    assert_eq!(operators(&plain), expected);
    assert!(plain.supported);
    assert_eq!(floor_points(&plain).unwrap(), 22_229_968);
    // Version 1.5: 4.09 billion multiplications; 3.8 with the strides in the 1x1 convolutions.
    assert_eq!(plain.multiplications, 4_089_184_256);

    let folded = report(Network::Resnet50, true);
    expected.retain(|(op, _)| *op != "BatchNormalization");
    assert_eq!(operators(&folded), expected);
    assert_eq!(floor_points(&folded).unwrap(), 22_229_968);
}

#[test]
fn resnet_18() {
    let plain = report(Network::Resnet18, false);
    let expected = [
        ("Add", 8),
        ("BatchNormalization", 20),
        ("Conv", 20),
        ("Flatten", 1),
        ("Gemm", 1),
        ("GlobalAveragePool", 1),
        ("MaxPool", 1),
        ("Relu", 17),
    ];
    assert_eq!(operators(&plain), expected);
    assert_eq!(plain.multiplications, 1_814_073_344);
}

#[test]
fn mobilenet_v2() {
    let plain = report(Network::MobileNetV2, false);
    let expected = [
        ("Add", 10),
        ("BatchNormalization", 52),
        ("Clip", 35),
        ("Constant", 70),
        ("Conv", 52),
        ("Flatten", 1),
        ("Gemm", 1),
        ("GlobalAveragePool", 1),
    ];
    assert_eq!(operators(&plain), expected);
    assert_eq!(floor_points(&plain).unwrap(), 13_358_224);
    assert_eq!(plain.multiplications, 300_774_272);
}

#[test]
fn squeezenet_1_1() {
    let report = report(Network::Squeezenet, false);
    let expected =
        [("Concat", 8), ("Conv", 26), ("Flatten", 1), ("GlobalAveragePool", 1), ("MaxPool", 3), ("Relu", 26)];
    assert_eq!(operators(&report), expected);
    assert!(report.supported);
    let extents: Vec<_> = report
        .nodes
        .iter()
        .filter(|node| node.op == "MaxPool")
        .map(|node| node.dims.clone().unwrap())
        .collect();
    assert_eq!(extents, [[1, 64, 55, 55], [1, 128, 27, 27], [1, 256, 13, 13]]);
}

/// One test for all that needs VGG-16: half a gigabyte of weights.
#[test]
fn vgg_16() {
    let model = Network::Vgg16.model(EXTENT, false);
    let graph = model.graph.as_ref().unwrap();
    let counted = graph.initializer.iter().map(|tensor| tensor.dims.iter().product::<i64>());
    assert_eq!(counted.sum::<i64>(), 138_357_544);
    let bytes = model.encode_to_vec();
    drop(model);
    let report = inspect(&bytes, &Options::default()).unwrap();
    let expected =
        [("AveragePool", 1), ("Conv", 13), ("Flatten", 1), ("Gemm", 3), ("MaxPool", 5), ("Relu", 15)];
    assert_eq!(operators(&report), expected);
    assert!(report.supported);
    assert_eq!(floor_points(&report).unwrap(), 27_113_424);
}

/// Another 350 megabytes.
#[test]
fn vit_b_16() {
    let model = Network::VitB16.model(EXTENT, false);
    let graph = model.graph.as_ref().unwrap();
    let counted = graph.initializer.iter().map(|tensor| tensor.dims.iter().product::<i64>());
    assert_eq!(counted.sum::<i64>(), 86_567_656);
    let bytes = model.encode_to_vec();
    drop(model);
    let report = inspect(&bytes, &Options::default()).unwrap();
    let blocks = 12;
    let expected = [
        ("Add", 6 * blocks + 1),
        ("Concat", 1),
        ("Constant", 19 * blocks + 2),
        ("Conv", 1),
        ("Div", blocks),
        ("Erf", blocks),
        ("Gather", 3 * blocks + 1),
        ("Gemm", blocks + 1),
        ("LayerNormalization", 2 * blocks + 1),
        ("MatMul", 5 * blocks),
        ("Mul", 4 * blocks),
        ("Reshape", 9 * blocks + 1),
        ("Softmax", blocks),
        ("Squeeze", blocks),
        ("Transpose", 8 * blocks + 1),
        ("Unsqueeze", blocks),
    ];
    assert_eq!(operators(&report), expected);
    assert!(report.supported);
    // 17.6 billion multiplications: the blocks' products with weights, of 197 tokens; scores and sums of values; squares and factors
    // of normalisations; patches; the head.
    let (tokens, hidden, inner) = (197, 768, 3072);
    let dense = tokens * hidden * (4 * hidden + 2 * inner);
    let attention = 2 * tokens * tokens * hidden;
    let ends = (tokens - 1) * hidden * 3 * 16 * 16 + hidden * 1000;
    let norms = 2 * 25 * tokens * hidden;
    assert_eq!(report.multiplications, 12 * (dense + attention) + norms + ends);
}

/// Small images, where that is enough to tell the forms apart: every channel counts.
#[test]
fn folding_changes_nothing() {
    let extent = 64;
    let input = FloatTensor::from_fn([1, 3, extent, extent], |i| (i * i % 1009) as f32 / 252.0 - 2.0).into();
    for network in [Network::Resnet18, Network::Resnet50, Network::MobileNetV2] {
        let [plain, folded] = [false, true].map(|folded| {
            let bytes = network.model(extent, folded).encode_to_vec();
            let model = FloatModel::new(&bytes, &Options::default()).unwrap();
            model.run(std::slice::from_ref(&input)).unwrap().remove(0)
        });
        assert_eq!(plain.dims(), [1, 1000]);
        let largest = plain.data().iter().fold(0f32, |max, x| max.max(x.abs()));
        assert!((0.5..100.0).contains(&largest), "{network:?}: {largest}");
        let error = plain.data().iter().zip(folded.data()).fold(0f32, |max, (a, b)| max.max((a - b).abs()));
        assert!(error < 1e-4 * largest, "{network:?}: {error} of {largest}");
    }
}

/// Every initialiser has its own name, and the two forms have the same seed.
#[test]
fn names_and_seeds() {
    let plain = Network::Resnet18.model(EXTENT, false).graph.unwrap();
    let mut names = BTreeMap::new();
    for tensor in plain.initializer {
        assert!(names.insert(tensor.name.clone(), tensor.raw_data).is_none(), "{} twice", tensor.name);
    }
    assert!(names.contains_key("layer4.0.downsample.1.running_var"));
    let folded = Network::Resnet18.model(EXTENT, true).graph.unwrap();
    let dense = folded.initializer.iter().find(|tensor| tensor.name == "fc.weight").unwrap();
    assert_eq!(names["fc.weight"], dense.raw_data);
    let conv = folded.initializer.iter().find(|tensor| tensor.name == "conv1.weight").unwrap();
    assert_ne!(names["conv1.weight"], conv.raw_data);
}
