//! What the steps count is what sorting says.

use proptest::prelude::*;

use super::*;
use crate::layout::{ArenaKind, ChunkSize, Layout, Scope};
use crate::{Bounds, execute};

/// A network whose scores are its input, in the shapes given.
fn copy(input: &[u32], output: &[u32]) -> Graph {
    let range = Interval::new(-300, 600);
    let tensor = |name: &str, dims: &[u32], role| Tensor {
        name: name.to_owned(),
        shape: Shape::new(dims),
        scale: 0,
        range,
        role,
    };
    let tensors = vec![
        tensor("x", input, Role::Input(Visibility::Public)),
        tensor("y", output, Role::Output(Visibility::Public)),
    ];
    let axes = |shape: &Shape| (0..).take(shape.rank()).collect::<Vec<u32>>();
    let [from, to] = [0, 1].map(|id| tensors[id].shape.clone());
    let all = |shape: &Shape| inner(&Shape::new([&[1], shape.dims()].concat())).1;
    let entries = all(&to).into_iter().zip(all(&from)).map(|(out, src)| Entry { out, src, coeff: 1 });
    let map = AxisMap::Sparse(entries.collect());
    let factors = vec![Factor { src: axes(&from), out: axes(&to), map }];
    let acc = Expr::view(View { tensor: TensorId(0), shape: to, factors });
    let steps = vec![Step::rescale(acc, 1, TensorId(1), None)];
    Graph { tensors, tables: vec![], steps, inputs: vec![TensorId(0)], outputs: vec![TensorId(1)] }
}

fn claim(images: u32, classes: u32) -> Accuracy {
    let set = LabelledSet { images, pixels: classes, classes };
    let (order, values) = ((0..classes).collect(), (0..256).collect());
    Accuracy { set, order, channels: 1, values, top: 1, at_least: 1 }
}

/// The values of everything.
fn values(graph: &Graph, images: &[i32], labels: &[i32]) -> Result<Vec<Vec<i32>>, GraphError> {
    let bounds: Bounds = graph.validate().unwrap();
    let mut given: Vec<Option<Vec<i32>>> = vec![None; graph.tensors.len()];
    given[graph.inputs[0].0 as usize] = Some(images.to_vec());
    given[graph.inputs[1].0 as usize] = Some(labels.to_vec());
    execute(graph, &bounds, given)
}

fn named<'a>(graph: &Graph, values: &'a [Vec<i32>], name: &str) -> &'a [i32] {
    &values[graph.tensors.iter().position(|tensor| tensor.name == name).unwrap()]
}

/// Which images are right: classes in the order of their scores, among equal ones of their numbers.
fn sorted(scores: &[i32], labels: &[i32], classes: usize, top: usize) -> Vec<i32> {
    let right = |(scores, label): (&[i32], &i32)| {
        let mut order: Vec<usize> = (0..classes).collect();
        order.sort_by_key(|class| (-scores[*class], *class));
        i32::from(order[..top].contains(&(*label as usize)))
    };
    scores.chunks(classes).zip(labels).map(right).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn counting_is_sorting(
        (classes, top, images, labels) in (2u32..7, 2usize..9).prop_flat_map(|(classes, count)| (
            Just(classes),
            1..classes,
            // Few values: many are equal.
            prop::collection::vec(0i32..4, classes as usize * count),
            prop::collection::vec(0..classes as i32, count),
        )),
    ) {
        let right = sorted(&images, &labels, classes as usize, top as usize);
        let count = right.iter().sum::<i32>() as u32;
        let images_of = labels.len() as u32;
        for at_least in [1, count, count + 1] {
            if !(1..=images_of).contains(&at_least) {
                continue;
            }
            let claim = Accuracy { top, at_least, ..claim(images_of, classes) };
            let graph = copy(&[classes], &[1, classes, 1]).accuracy(&claim).unwrap();
            match values(&graph, &images, &labels) {
                Ok(values) => {
                    prop_assert!(at_least <= count);
                    prop_assert_eq!(named(&graph, &values, "right"), &right);
                    prop_assert_eq!(named(&graph, &values, "more than claimed"), &[(count - at_least) as i32]);
                }
                Err(GraphError::OutOfRange { value, .. }) => {
                    prop_assert!(at_least > count);
                    prop_assert_eq!(value, i64::from(count) - i64::from(at_least));
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn pixels_go_where_the_model_has_them_each_by_its_channel() {
    // A set with channels last, a network with channels first: [2, 3] pixels of two channels.
    let set = LabelledSet { images: 3, pixels: 12, classes: 12 };
    let order: Vec<u32> = (0..2).flat_map(|channel| (0..6).map(move |pixel| 2 * pixel + channel)).collect();
    let table: Vec<i32> = (0..256).chain((0..256).map(|u| 2 * u - 300)).collect();
    let claim =
        Accuracy { set, order: order.clone(), channels: 2, values: table.clone(), top: 3, at_least: 1 };
    let graph = copy(&[2, 2, 3], &[12]).accuracy(&claim).unwrap();
    let images: Vec<i32> = (0..36).map(|i| i * i % 256).collect();
    let computed = values(&graph, &images, &[0, 5, 11]).unwrap();
    let x = |image: usize| order.iter().map(move |pixel| (image, *pixel));
    let expected = (0..3).flat_map(x).map(|(image, pixel)| {
        table[(256 * (pixel % 2)) as usize + images[12 * image + pixel as usize] as usize]
    });
    assert_eq!(named(&graph, &computed, "x"), expected.collect::<Vec<_>>());
    // The extremes of the table are what the network's bounds are made of.
    assert_eq!(graph.tensors[0].range, Interval::new(-300, 255));
}

#[test]
fn all_may_be_right_and_labels_are_classes() {
    let claim = Accuracy { at_least: 2, ..claim(2, 3) };
    let graph = copy(&[3], &[3]).accuracy(&claim).unwrap();
    let images = [5, 0, 0, 0, 0, 1];
    assert!(values(&graph, &images, &[0, 2]).is_ok());
    assert!(values(&graph, &images, &[0, 1]).is_err());
    for outside in [-1, 3] {
        let error = values(&graph, &images, &[0, outside]).unwrap_err();
        assert!(matches!(error, GraphError::OutOfRange { .. }), "{error}");
    }
}

#[test]
fn what_makes_no_sense_is_named() {
    let refused = |graph: &Graph, claim: &Accuracy| match graph.accuracy(claim) {
        Err(GraphError::Accuracy { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let (graph, good) = (copy(&[3], &[3]), claim(4, 3));
    graph.accuracy(&good).unwrap();
    for top in [0, 3, u32::MAX] {
        assert_eq!(refused(&graph, &Accuracy { top, ..good.clone() }), "top");
    }
    for at_least in [0, 5, u32::MAX] {
        assert_eq!(refused(&graph, &Accuracy { at_least, ..good.clone() }), "images that are right");
    }
    for channels in [0, 2, 300] {
        assert_eq!(refused(&graph, &Accuracy { channels, ..good.clone() }), "channels");
    }
    assert_eq!(refused(&graph, &Accuracy { channels: 3, ..good.clone() }), "values of pixels");
    for order in [vec![0, 1], vec![0, 1, 1], vec![0, 1, 3], vec![0, 1, 2, 2]] {
        assert_eq!(refused(&graph, &Accuracy { order, ..good.clone() }), "order of pixels");
    }
    let set = |images, pixels, classes| Accuracy {
        set: LabelledSet { images, pixels, classes },
        order: (0..pixels.min(1 << 10)).collect(),
        ..good.clone()
    };
    assert_eq!(refused(&graph, &set(1, 3, 3)), "images of the set");
    assert_eq!(refused(&graph, &set(4, 0, 3)), "pixels of an image");
    assert_eq!(refused(&graph, &set(4, 2, 3)), "pixels of an image");
    assert_eq!(refused(&graph, &set(4, 3, 4)), "classes of the set");
    assert_eq!(refused(&graph, &set(4, 3, 1)), "classes of the set");
    assert_eq!(refused(&graph, &set(u32::MAX, u32::MAX, 3)), "numbers of all images");
    let mut wide = graph.clone();
    wide.tensors[1].range = Interval::new(i32::MIN, i32::MAX);
    assert_eq!(refused(&wide, &good), "range of the scores");
    let mut two = graph.clone();
    two.outputs.push(TensorId(1));
    assert_eq!(refused(&two, &good), "outputs of the model");
    two.inputs.clear();
    assert_eq!(refused(&two, &good), "inputs of the model");
}

/// Every chunk of a set is the beginning of one of whatever network it is shown to.
#[test]
fn a_set_lies_alike_in_all_networks() {
    for (images, classes) in [(5, 3), (61, 33), (300, 100)] {
        let claim = claim(images, classes);
        let graph = copy(&[classes], &[classes]).accuracy(&claim).unwrap();
        graph.validate().unwrap();
        for inputs in [4, 6, 9, claim.set.chunk_vars()] {
            let own = Layout::new(&claim.set.graph(), inputs, Scope::Inference);
            for k in [inputs, inputs + 1, inputs + 4] {
                let layout = Layout::new(&graph, ChunkSize { k, weights: 4, inputs }, Scope::Inference);
                let kind = ArenaKind::PrivateInputs;
                let chunks = own.arena(kind).chunks();
                assert_eq!(layout.arena(kind).chunks(), chunks);
                for chunk in 0..chunks {
                    let regions = [&own, &layout].map(|layout| {
                        let regions = layout.regions(kind, chunk);
                        let part =
                            |r: &crate::layout::Region| (r.start, r.low, r.slice, r.high, r.runs().len());
                        regions.iter().map(part).collect::<Vec<_>>()
                    });
                    assert_eq!(regions[0], regions[1], "{images} {classes} {inputs} {k} {chunk}");
                }
            }
        }
    }
}
