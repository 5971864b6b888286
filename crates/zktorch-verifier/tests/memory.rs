//! What a key takes before it is refused. A program of its own: the peak is that of the process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

use zktorch_commit::VerifierSrs;
use zktorch_graph::{
    AxisMap, Entry, Expr, Factor, Graph, Interval, Limbs, Linear, Role, Shape, Step, Tensor, TensorId, View,
    Visibility, WeightParts,
};
use zktorch_verifier::{
    KeyBody, MAX_DECODED_BYTES, MAX_KEY_BYTES, Port, VERSION, VerifyingKey, WeightsPart, encode_key,
};

/// A number of bytes that the system knows of this process.
fn memory(key: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    1024 * line.trim().trim_end_matches("kB").trim().parse::<usize>().unwrap()
}

fn varint(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A body that is nothing but one sum of the smallest terms: five bytes each, which are 35 times as many in
/// memory.
fn sum_of_views(bytes: usize) -> Vec<u8> {
    let mut body = vec![VERSION as u8];
    body.extend(VerifierSrs::dev().id().0);
    // k, transcript; no tensors, no tables; one step, a rescale of an expression without axes.
    body.extend([10, 0, 0, 0, 1, 0, 0]);
    let terms = bytes / 5;
    varint(terms, &mut body);
    body.extend(std::iter::repeat_n([0u8; 5], terms).flatten());
    // Divisor, y of one limb, no r, no slack; no inputs, outputs, ports, preprocessing; chunk size of the weights, none.
    body.extend([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0]);
    body
}

/// A part of as many weights as there are bytes for.
fn many_weights(bytes: usize) -> Vec<u8> {
    let mut body = vec![VERSION as u8];
    body.extend(VerifierSrs::dev().id().0);
    // k, transcript; an empty graph, no ports and preprocessing; chunk size of the weights, one part.
    body.extend([10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 1]);
    let specs = bytes / 3;
    varint(specs, &mut body);
    body.extend(std::iter::repeat_n([0u8; 3], specs).flatten());
    // No commitments, no references.
    body.extend([0, 0]);
    body
}

/// As many square roots as there may be tensors for, each with four limbs and 32 axes, of nothing: 300 bytes a step, and what
/// it stands for takes 40 kilobytes.
fn roots() -> Vec<u8> {
    let shape = || Shape::new([1; 32]);
    let mut graph = Graph::default();
    for _ in 0..10_922 {
        let ids: Vec<TensorId> = (0..6).map(|i| TensorId(graph.tensors.len() as u32 + i)).collect();
        graph.tensors.extend((0..6).map(|i| Tensor {
            name: String::new(),
            shape: shape(),
            scale: 0,
            range: if i == 3 { Interval::new(0, 3) } else { Limbs::LOW },
            role: Role::Ranged,
        }));
        let (y, r, slack) = (Limbs(ids[..4].to_vec()), ids[4].into(), ids[5].into());
        graph.steps.push(Step::Root { a: Expr { shape: shape(), terms: vec![] }, y, r, slack });
    }
    body(graph)
}

/// Quotients by a tensor of which a large matrix is applied: it is in the key once, and in two constraints.
fn quotients(entries: u32) -> Vec<u8> {
    let x = Tensor {
        name: String::new(),
        shape: Shape::new([1 << 11]),
        scale: 0,
        range: Interval::new(0, 1),
        role: Role::Input(Visibility::Public),
    };
    let limb = |shape: &Shape, role| Tensor { shape: shape.clone(), range: Limbs::LOW, role, ..x.clone() };
    let shape = Shape::new([1 << 11]);
    let tensors = [vec![x.clone()], vec![limb(&shape, Role::Ranged); 3]].concat();
    let entry = |i: u32| Entry { out: i >> 11, src: i & 0x7ff, coeff: 1 };
    let map = AxisMap::Sparse((0..entries).map(entry).collect());
    let factors = vec![Factor { src: vec![0], out: vec![0], map }];
    let view = View { tensor: TensorId(0), shape: shape.clone(), factors };
    let b = Linear { shape: shape.clone(), terms: vec![(1, view)] };
    let [q, r, slack] = [1, 2, 3].map(|id| TensorId(id).into());
    let steps = vec![Step::Quotient { a: Expr { shape, terms: vec![] }, b, q, r, slack }];
    let mut graph = Graph { tensors, steps, inputs: vec![TensorId(0)], ..Graph::default() };
    // A weight without a commitment: refused after the constraints were made.
    graph.tensors.push(Tensor { role: Role::Weight, ..x });
    body(graph)
}

fn body(graph: Graph) -> Vec<u8> {
    let inputs =
        graph.inputs.iter().map(|id| Port::new("x", [graph.tensor(*id).shape.len() as u64])).collect();
    let parts = WeightParts::of(&graph);
    let weights = parts.parts.into_iter().map(|specs| WeightsPart { specs, commitments: vec![] });
    let body = KeyBody {
        version: VERSION,
        srs_id: VerifierSrs::dev().id().0,
        k: 10,
        transcript: 0,
        graph,
        inputs,
        outputs: vec![],
        preprocessing: String::new(),
        weights_k: 10,
        weights: weights.collect(),
        refs: parts.refs,
    };
    body.to_bytes().unwrap()
}

/// What decoding takes beside the key's bytes, at the peak, and why it was refused.
fn decode(body: Vec<u8>) -> (usize, String) {
    let bytes = encode_key(&body, &VerifierSrs::dev(), &[&[]]).unwrap();
    drop(body);
    let before = memory("VmRSS:");
    let error = VerifyingKey::from_bytes(&bytes).unwrap_err().to_string();
    let taken = memory("VmHWM:").saturating_sub(before);
    eprintln!("{} bytes: {taken} more at the peak: {error}", bytes.len());
    (taken, error)
}

#[test]
fn the_largest_keys_take_little_before_they_are_refused() {
    // The peak is that of the process: the smallest first. Each less than what the largest key takes once decoded.
    let (taken, error) = decode(roots());
    assert!(error.contains("factors of all views"), "{error}");
    assert!(taken < 3 * MAX_DECODED_BYTES / 2, "{taken}");
    let (taken, error) = decode(quotients(1 << 22));
    assert!(error.contains("weight commitments"), "{error}");
    assert!(taken < 3 * MAX_DECODED_BYTES, "{taken}");
    let (taken, error) = decode(many_weights(3 * (MAX_DECODED_BYTES / 32 - 100)));
    assert!(error.contains("number of weights"), "{error}");
    assert!(taken < 3 * MAX_DECODED_BYTES, "{taken}");
    // As many terms as may be decoded: the graph is built, and is none.
    let (taken, error) = decode(sum_of_views(5 * (MAX_DECODED_BYTES / 176 - 100)));
    assert!(error.contains("verifying key: ") && !error.contains("memory"), "{error}");
    // The list's old content, and its doubled capacity.
    assert!((MAX_DECODED_BYTES..3 * MAX_DECODED_BYTES).contains(&(taken + (1 << 20))), "{taken}");
    // As many as there may be bytes for.
    let (taken, error) = decode(sum_of_views(MAX_KEY_BYTES - 4096));
    assert!(error.contains("memory of the key once decoded"), "{error}");
    assert!(taken < 3 * MAX_DECODED_BYTES, "{taken}");
}
