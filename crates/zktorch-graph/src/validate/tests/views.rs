//! The rules of views.

use super::*;
use crate::AxisMap;

/// Changes the factor of the mirrored axis: source axis 1 to output axis 1, both of extent 5, padded to 8.
#[track_caller]
fn mirrored(rule: &str, place: &str, change: impl FnOnce(&mut Factor)) -> (String, String) {
    let place = format!("step 2: acc: term 1: view of tensor 4 \"a\"{place}");
    refused(rule, &place, |g| change(&mut view(g, 1).factors[1]))
}

fn entries(factor: &mut Factor) -> &mut Vec<Entry> {
    match &mut factor.map {
        AxisMap::Sparse(entries) => entries,
        _ => panic!("not sparse"),
    }
}

#[test]
fn factors_partition_the_axes() {
    mirrored("source axes", "", |f| f.src.clear());
    mirrored("source axes", "", |f| f.src = vec![1, 1]);
    mirrored("source axes", "", |f| f.src = vec![0]);
    mirrored("source axes", "", |f| f.src = vec![1, 2]);
    mirrored("source axes", "", |f| f.src = vec![u32::MAX]);
    mirrored("output axes", "", |f| f.out.clear());
    mirrored("output axes", "", |f| f.out = vec![1, 1]);
    mirrored("output axes", "", |f| f.out = vec![0]);
    mirrored("output axes", "", |f| f.out.push(2));
    accepted(|g| {
        // A factor without axes scales.
        let scale = AxisMap::Sparse(vec![Entry { out: 0, src: 0, coeff: -3 }]);
        view(g, 1).factors.push(Factor { src: vec![], out: vec![], map: scale });
        g.tensors[OUTPUT].range = Interval::new(-1000, 1000);
    });
}

#[test]
fn identities() {
    let place = ": factor 1";
    refused("axes of an identity", "step 2: acc: term 0: view of tensor 4 \"a\": factor 0", |g| {
        let view = view(g, 0);
        view.factors.remove(1);
        (view.factors[0].src, view.factors[0].out) = (vec![0, 1], vec![0, 1]);
    });
    let (expected, got) =
        refused("extents of an identity", "step 2: acc: term 1: view of tensor 4 \"a\": factor 0", |g| {
            (view(g, 1).factors[0].out, view(g, 1).factors[1].out) = (vec![1], vec![0]);
        });
    assert_eq!((expected.as_str(), got.as_str()), ("2", "5"));
    mirrored("axes of a window", place, |f| f.map = AxisMap::Window { stride: 1, dilation: 1, pad: 0 });
    accepted(|g| view(g, 1).factors[1].map = AxisMap::Identity);
}

#[test]
fn windows() {
    fn window(graph: &mut Graph) -> &mut View {
        &mut contract(graph).b.terms[0].1
    }
    let at = "step 0: acc: term 0: b: term 0: view of tensor 1 \"x\": factor 1";
    let map = |stride, dilation, pad| AxisMap::Window { stride, dilation, pad };
    refused("stride", at, |g| window(g).factors[1].map = map(0, 1, 0));
    refused("dilation", at, |g| window(g).factors[1].map = map(1, 0, 0));
    accepted(|g| window(g).factors[1].map = map(u32::MAX, u32::MAX, u32::MAX));
    refused("axes of a window", at, |g| {
        let factors = &mut window(g).factors;
        (factors[0].out, factors[1].out) = (vec![0, 2], vec![1]);
        factors[0].map = AxisMap::Sparse(vec![]);
    });
    // Positions and taps count as entries.
    refused("map entries of the graph", at, |g| {
        let shape = Shape::new([2, 1 << 24, 17]);
        window(g).shape = shape.clone();
        contract(g).b.shape = shape;
    });
}

#[test]
fn sparse_maps() {
    let at = |entry: usize| format!(": factor 1: entry {entry}");
    mirrored("order of the entries", &at(4), |f| entries(f).swap(3, 4));
    mirrored("order of the entries", &at(1), |f| entries(f)[1] = entries(f)[0]);
    mirrored("coefficient", &at(2), |f| entries(f)[2].coeff = 0);
    mirrored("coefficient", &at(2), |f| entries(f)[2].coeff = (1 << 20) + 1);
    mirrored("coefficient", &at(2), |f| entries(f)[2].coeff = i32::MIN);
    // Padding, and beyond.
    for index in [5, 7, 8, u32::MAX] {
        mirrored("row", &at(4), |f| entries(f)[4].out = index);
        mirrored("column", &at(0), |f| entries(f)[0].src = index);
    }
    accepted(|g| entries(&mut view(g, 1).factors[1]).clear());
    accepted(|g| entries(&mut view(g, 1).factors[1])[0].coeff = -(1 << 20));
}

/// Two axes of extents 2 and 5 in one factor: indices 0 to 4 and 8 to 12 are real.
#[test]
fn sparse_maps_of_several_axes() {
    let map = |out: u32, src: u32| {
        move |g: &mut Graph| {
            let map = AxisMap::Sparse(vec![Entry { out, src, coeff: 1 }]);
            view(g, 1).factors = vec![Factor { src: vec![0, 1], out: vec![0, 1], map }];
        }
    };
    let at = "step 2: acc: term 1: view of tensor 4 \"a\": factor 0: entry 0";
    for real in [0, 4, 8, 12] {
        accepted(map(real, 0));
        accepted(map(0, real));
    }
    for padding in [5, 7, 13, 15, 16, 24, 1 << 31] {
        refused("row", at, map(padding, 0));
        refused("column", at, map(0, padding));
    }
    // The other order: extents 5 and 2, indices 0 to 9.
    accepted(|g| {
        map(9, 12)(g);
        view(g, 1).factors[0].out = vec![1, 0];
    });
    refused("row", at, |g| {
        map(12, 9)(g);
        view(g, 1).factors[0].out = vec![1, 0];
    });
}

#[test]
fn bounds_take_the_largest_row() {
    let bound = |list: &[(u32, u32, i32)]| {
        let mut graph = example();
        let list = list.iter().map(|(out, src, coeff)| Entry { out: *out, src: *src, coeff: *coeff });
        *entries(&mut view(&mut graph, 1).factors[1]) = list.collect();
        graph.validate().unwrap().steps[2]
    };
    // |a| <= 128, once as it is.
    assert_eq!(bound(&[(0, 0, 3), (0, 1, -4), (1, 0, 6), (4, 4, 1)]).acc, 128 * (1 + 7));
    assert_eq!(bound(&[]), Bound { acc: 128, intermediate: 256 });
}

/// The mirrored axis of extent 5, gathered by a public input of five indices.
fn gather(change: impl FnOnce(&mut Graph)) -> impl FnOnce(&mut Graph) {
    |g: &mut Graph| {
        let indices = id(g.tensors.len());
        g.tensors.push(crate::Tensor {
            name: "indices".to_owned(),
            shape: Shape::new([5]),
            scale: 0,
            range: Interval::new(-5, 4),
            role: Role::Input(Visibility::Public),
        });
        g.inputs.push(indices);
        view(g, 1).factors[1].map = AxisMap::Gather { indices };
        change(g);
    }
}

#[test]
fn gathers() {
    let at = "step 2: acc: term 1: view of tensor 4 \"a\": factor 1";
    let indices = format!("{at}: indices");
    accepted(gather(|_| {}));
    let last = |g: &mut Graph| g.tensors.len() - 1;
    refused("role", &indices, gather(|g| view(g, 1).factors[1].map = AxisMap::Gather { indices: id(0) }));
    let private = gather(|g| {
        let last = last(g);
        g.tensors[last].role = Role::Input(Visibility::Private);
    });
    refused("role", &indices, private);
    refused(
        "tensor id",
        &indices,
        gather(|g| view(g, 1).factors[1].map = AxisMap::Gather { indices: id(999) }),
    );
    for range in [Interval::new(-6, 4), Interval::new(-5, 5)] {
        let wide = gather(|g| {
            let last = last(g);
            g.tensors[last].range = range;
        });
        refused("range", &indices, wide);
    }
    for dims in [&[4][..], &[5, 2], &[]] {
        let other = gather(|g| {
            let last = last(g);
            g.tensors[last].shape = Shape::new(dims);
        });
        refused("entries of the indices", at, other);
    }
    refused(
        "axes of a gather",
        "step 2: acc: term 1: view of tensor 4 \"a\": factor 0",
        gather(|g| {
            let view = view(g, 1);
            view.factors.remove(1);
            let map = AxisMap::Gather { indices: id(999) };
            view.factors[0] = Factor { src: vec![0, 1], out: vec![0, 1], map };
        }),
    );
}
