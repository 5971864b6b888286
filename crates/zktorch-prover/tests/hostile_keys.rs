//! Verifying keys made to hurt: refused, or consistent, in bounded time.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use common::{body, key, model};
use zktorch_commit::{Srs, SrsPolicy, VerifierSrs};
use zktorch_graph::{
    AxisMap, Contract, Expr, Factor, Function, Interval, Limbs, Linear, MAX_PARTS, Operand, Role, Shape,
    Step, Table, TableId, Tensor, TensorId, Term, View, Visibility, WeightRef, WeightSpec,
};
use zktorch_verifier::{
    KeyBody, MAX_KEY_BYTES, MAX_PREPROCESSING, Port, UncheckedKey, VerifyError, VerifyingKey, WeightsPart,
    encode_key,
};

/// The body of an honest key.
fn honest() -> (VerifierSrs, KeyBody) {
    static HONEST: OnceLock<(VerifierSrs, KeyBody)> = OnceLock::new();
    HONEST.get_or_init(make).clone()
}

fn make() -> (VerifierSrs, KeyBody) {
    let (srs, model) = (Srs::dev(10).unwrap(), model(Visibility::Public, Visibility::Public, 5));
    let key = key(&model, &srs);
    let body = body(model, &srs, &key);
    (srs.verifier().clone(), body)
}

/// Decodes the honest key after an edit, and checks its weights. Whatever it is, it takes no time.
fn decode(edit: impl FnOnce(&mut KeyBody)) -> Result<UncheckedKey, VerifyError> {
    let (srs, mut body) = honest();
    edit(&mut body);
    let proofs = vec![&[0; 5000][..]; body.weights.len()];
    let bytes = encode_key(&body.to_bytes().unwrap(), &srs, &proofs).unwrap();
    let start = Instant::now();
    let result = VerifyingKey::from_bytes(&bytes);
    if let Ok(vk) = &result {
        // Zeros are no proof.
        let checked = vk.clone().check(&SrsPolicy::new().allow_insecure());
        assert_eq!(checked.is_ok(), vk.weights().is_empty());
    }
    // Milliseconds on an idle machine.
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}: {:?}", start.elapsed(), result.map(|_| ()));
    result
}

fn refused(what: &str, edit: impl FnOnce(&mut KeyBody)) -> String {
    let error = decode(edit).map(|_| ()).unwrap_err().to_string();
    assert!(error.len() < 2000, "{what}: {error}");
    error
}

/// A tensor that no step reads or writes but one that stores zeros.
fn add_zeros(body: &mut KeyBody, dims: &[u32], role: Role) {
    let id = TensorId(body.graph.tensors.len() as u32);
    let shape = Shape::new(dims);
    let (name, range) = (format!("zeros {}", id.0), Interval::I16);
    body.graph.tensors.push(Tensor { name, shape: shape.clone(), scale: 0, range, role });
    if role == Role::Weight {
        let index = body.weights[0].specs.len() as u32;
        body.weights[0].specs.push(WeightSpec { shape: shape.clone(), range });
        body.refs.push(WeightRef { part: 0, index });
    }
    if !matches!(role, Role::Weight | Role::Input(_)) {
        let acc = Expr { shape, terms: vec![] };
        body.graph.steps.push(Step::rescale(acc, 1, id, None));
    }
    let dims: Vec<u64> = dims.iter().map(|dim| u64::from(*dim)).collect();
    let port = Port::new(format!("port {}", id.0), dims);
    match role {
        Role::Input(_) => {
            body.graph.inputs.push(id);
            body.inputs.push(port);
        }
        Role::Output(_) => {
            body.graph.outputs.push(id);
            body.outputs.push(port);
        }
        _ => {}
    }
}

fn rescale(body: &mut KeyBody) -> (&mut Expr, &mut u64, &mut TensorId, &mut Limbs) {
    match &mut body.graph.steps[0] {
        Step::Rescale { acc, divisor, y, r, .. } => (acc, divisor, &mut y.0[0], r),
        _ => unreachable!("the first step is a matrix product"),
    }
}

#[test]
fn the_unedited_key_decodes() {
    decode(|_| {}).unwrap();
    decode(|body| add_zeros(body, &[7], Role::Ranged)).unwrap();
}

#[test]
fn absurd_extents() {
    for dim in [0, 1 << 28, (1 << 28) + 1, 1 << 31, u32::MAX] {
        for tensor in 0..6 {
            refused("extent", |body| body.graph.tensors[tensor].shape = Shape::new([dim]));
        }
    }
    let error = refused("rank", |body| body.graph.tensors[0].shape = Shape::new([2; 40]));
    assert!(error.contains("rank"), "{error}");
    // Each tensor is allowed, all together are not.
    for role in [
        Role::Ranged,
        Role::Input(Visibility::Public),
        Role::Input(Visibility::Private),
        Role::Output(Visibility::Public),
        Role::Output(Visibility::Private),
    ] {
        for (dims, count) in
            [(&[1 << 28][..], 1), (&[1 << 28], 15), (&[1 << 28], 17), (&[1 << 14, 1 << 11], 5)]
        {
            let error = refused("sizes", |body| (0..count).for_each(|_| add_zeros(body, dims, role)));
            assert!(error.contains("entries"), "{error}");
        }
    }
    // Weights need a commitment for each chunk.
    let error = refused("weights", |body| add_zeros(body, &[1 << 20], Role::Weight));
    assert!(error.contains("weight commitments"), "{error}");
}

#[test]
fn as_many_chunks_and_values_as_are_allowed() {
    let fill = |body: &mut KeyBody| add_zeros(body, &[1 << 20], Role::Ranged);
    decode(|body| (0..3).for_each(|_| fill(body))).unwrap();
    let error = refused("chunks", |body| (0..4).for_each(|_| fill(body)));
    assert!(error.contains("entries of committed tensors"), "{error}");
    for size in [1 << 22, 1 << 26] {
        decode(|body| add_zeros(body, &[size], Role::Output(Visibility::Public))).unwrap();
    }
}

#[test]
fn chunk_sizes() {
    for k in [0, 1, 23, 30, 63, 64, u32::MAX] {
        assert!(refused("k", |body| body.k = k).contains("k: expected"), "{k}");
    }
    // Larger chunks than the SRS part is for: nothing is allocated for them.
    let _ = decode(|body| body.k = 22);
    let _ = decode(|body| {
        body.k = 22;
        (0..8).for_each(|i| {
            add_zeros(body, &[3 + i], Role::Input(Visibility::Private));
            add_zeros(body, &[3 + i], Role::Output(Visibility::Private));
        });
    });
}

#[test]
fn tables() {
    let relu = |lo, hi| Table { function: Function::Relu, domain: Interval::new(lo, hi) };
    // 65536 of them, small and large; the same twice; more entries than there are keys.
    let _ = decode(|body| body.graph.tables.extend((0..65_535).map(|i| relu(-(i % 7), 8))));
    let error = refused("tables", |body| body.graph.tables.extend((0..65_536).map(|_| relu(-1, 1))));
    assert!(error.contains("number of items"), "{error}");
    let large =
        |count| move |body: &mut KeyBody| body.graph.tables.extend((0..count).map(|_| relu(-65_536, 65_535)));
    for count in [60, 100, 200, 60_000] {
        let error = refused("tables", large(count));
        assert!(error.contains("entries of tables") || error.contains("entries of all tables"), "{error}");
    }
    let _ = decode(|body| body.graph.tables.push(body.graph.tables[0].clone()));
    for domain in [(1, 5), (-5, -1), (5, -5), (i32::MIN, i32::MAX), (-65_537, 0), (0, 1 << 17)] {
        refused("domain", |body| body.graph.tables[0].domain = Interval::new(domain.0, domain.1));
    }
    for function in [
        Function::LeakyRelu { numerator: i32::MAX, shift: 1 },
        Function::LeakyRelu { numerator: 1, shift: 0 },
        Function::LeakyRelu { numerator: 1, shift: u32::MAX },
        Function::Clip { lo: 5, hi: -5 },
        Function::Clip { lo: i32::MIN, hi: i32::MIN },
        Function::Sigmoid { input_scale: i32::MIN, output_scale: 0 },
        Function::Tanh { input_scale: 0, output_scale: i32::MAX },
    ] {
        refused("function", |body| body.graph.tables[0].function = function.clone());
    }
    for id in [1, 7, u32::MAX] {
        refused("table id", |body| body.graph.tensors[2].role = Role::LookupInput(TableId(id)));
        refused("table id", |body| {
            body.graph.steps[1] = Step::Lookup { table: TableId(id), x: TensorId(2), y: TensorId(4) };
        });
    }
}

#[test]
fn divisors_labels_coefficients_and_ids() {
    for divisor in [0, 1, 15, 17, (1 << 17) + 1, 1 << 31, u32::MAX.into(), 1 << 48, u64::MAX] {
        refused("divisor", |body| *rescale(body).1 = divisor);
    }
    for coeff in [i64::MIN, i64::MAX, 1 << 62] {
        let product = |body: &mut KeyBody| {
            let Operand::Contract(contract) = &mut rescale(body).0.terms[0].operand else { return };
            contract.a.terms[0].0 = coeff;
            contract.b.terms[0].0 = coeff;
        };
        refused("coefficient", product);
    }
    for label in [1 << 16, u32::MAX] {
        let relabel = |body: &mut KeyBody| {
            let Operand::Contract(contract) = &mut rescale(body).0.terms[0].operand else { return };
            contract.a_axes[1] = label;
            contract.b_axes[0] = label;
        };
        refused("label", relabel);
    }
    // Tensors that overlap: the same one defined twice, read before it is defined, as its own remainder, as input and output.
    refused("defined twice", |body| body.graph.steps.push(body.graph.steps[0].clone()));
    refused("order", |body| body.graph.steps.reverse());
    refused("own remainder", |body| *rescale(body).3 = TensorId(2).into());
    refused("no remainder", |body| *rescale(body).3 = Limbs::default());
    refused("own input", |body| *rescale(body).0 = Expr::view(View::identity(TensorId(2), &Shape::new([3]))));
    refused("input twice", |body| body.graph.inputs.push(TensorId(0)));
    refused("output as input", |body| body.graph.inputs = vec![TensorId(5)]);
    refused("weight as output", |body| *rescale(body).2 = TensorId(1));
    for id in [6, u32::MAX] {
        refused("id", |body| body.graph.inputs = vec![TensorId(id)]);
        refused("id", |body| *rescale(body).2 = TensorId(id));
        refused("id", |body| *rescale(body).3 = TensorId(id).into());
        refused("id", |body| *rescale(body).0 = Expr::view(View::identity(TensorId(id), &Shape::new([3]))));
    }
    refused("range", |body| body.graph.tensors[1].range = Interval::new(i32::MIN, i32::MAX));
    refused("scale", |body| body.graph.tensors[1].scale = i32::MIN);
    refused("name", |body| body.graph.tensors[1].name = "n".repeat(1 << 20));
}

/// A graph with one scalar input, and one scalar output from this expression.
fn of_scalar(body: &mut KeyBody, acc: Expr) {
    let tensor =
        |role| Tensor { name: String::new(), shape: Shape::new([]), scale: 0, range: Interval::I16, role };
    let public = Visibility::Public;
    body.graph.tensors = vec![tensor(Role::Input(public)), tensor(Role::Output(public))];
    body.graph.tables.clear();
    body.graph.steps = vec![Step::rescale(acc, 1, TensorId(1), None)];
    (body.graph.inputs, body.graph.outputs) = (vec![TensorId(0)], vec![TensorId(1)]);
    let port = |name: &str| vec![Port::new(name, [])];
    (body.inputs, body.outputs) = (port("x"), port("y"));
    (body.weights, body.refs) = (vec![], vec![]);
}

fn contract(a: Linear, b: Linear, axes: Vec<u32>) -> Operand {
    Operand::Contract(Contract { a, b, a_axes: axes.clone(), b_axes: axes, out_axes: vec![] })
}

/// As many square roots as there may be tensors for.
fn roots(body: &mut KeyBody) {
    of_scalar(body, Expr { shape: Shape::new([]), terms: vec![] });
    let shape = Shape::new([1; 32]);
    let tensors = &mut body.graph.tensors;
    let mut tensor = |range| {
        let id = TensorId(tensors.len() as u32);
        let (name, shape) = (String::new(), shape.clone());
        tensors.push(Tensor { name, shape, scale: 0, range, role: Role::Ranged });
        id
    };
    for _ in 0..10_922 {
        let low = Limbs::LOW;
        let y = Limbs(vec![tensor(low), tensor(low), tensor(low), tensor(Interval::new(0, 3))]);
        let [r, slack] = [low, low].map(|range| tensor(range).into());
        let a = Expr { shape: Shape::new([1; 32]), terms: vec![] };
        body.graph.steps.push(Step::Root { a, y, r, slack });
    }
}

/// Work that no number of cells, chunks or entries shows. Each took seconds to minutes once.
#[test]
fn many_small_things() {
    let scalar = || Shape::new([]);
    let view = |tensor| View { tensor: TensorId(tensor), shape: scalar(), factors: vec![] };
    let terms = |operand: Operand, count| vec![Term { coeff: 1, operand }; count];
    // Maps without entries between huge spaces.
    let (huge, map) = (Shape::new([1 << 16, 1 << 16]), AxisMap::Sparse(vec![]));
    let factors = vec![Factor { src: vec![], out: vec![0, 1], map }];
    let empty = View { tensor: TensorId(0), shape: huge.clone(), factors };
    let linear = |count| Linear { shape: huge.clone(), terms: vec![(1, empty.clone()); count] };
    let operand = contract(linear(1 << 15), linear(1), vec![0, 1]);
    let vk = decode(|body| of_scalar(body, Expr { shape: scalar(), terms: terms(operand, 1) }));
    vk.unwrap();
    // As many contractions as are allowed.
    let linear = || Linear { shape: scalar(), terms: vec![(1, view(0))] };
    let operand = contract(linear(), linear(), vec![]);
    let vk = decode(|body| of_scalar(body, Expr { shape: scalar(), terms: terms(operand, 1 << 14) }));
    vk.unwrap();
    // Many readings of the last one of many public inputs.
    let inputs = 1 << 15;
    let vk = decode(|body| {
        // Behind one input and the output.
        let last = Operand::View(view(1 + inputs));
        of_scalar(body, Expr { shape: scalar(), terms: terms(last, 1 << 18) });
        for _ in 0..inputs {
            add_zeros(body, &[], Role::Input(Visibility::Public));
        }
    });
    vk.unwrap();
    // Roots of nothing with four limbs and 32 axes: their squares are a hundred times what they take in the key.
    let error = refused("roots", roots);
    assert!(error.contains("factors of all views"), "{error}");
    let error = refused("bytes", |body| body.inputs[0].name = "n".repeat(MAX_KEY_BYTES));
    assert!(error.contains("bytes of the verifying key"), "{error}");
}

#[test]
fn a_key_without_weights_has_no_proof_of_them() {
    let (srs, mut body) = honest();
    of_scalar(&mut body, Expr { shape: Shape::new([]), terms: vec![] });
    let policy = SrsPolicy::new().allow_insecure();
    let decode = |proofs: &[&[u8]]| {
        let bytes = encode_key(&body.to_bytes().unwrap(), &srs, proofs).unwrap();
        VerifyingKey::from_bytes(&bytes)?.check(&policy)
    };
    decode(&[]).unwrap();
    let error = decode(&[&[]]).unwrap_err().to_string();
    assert!(error.contains("weight-range proofs: expected 0, got 1"), "{error}");
}

fn points(body: &mut KeyBody) -> &mut Vec<[u8; 32]> {
    &mut body.weights[0].commitments
}

/// Weights that the graph does not read ask as much of a verifier as those that it does.
#[test]
fn weights_in_parts() {
    let spec = |dims: &[u32]| WeightSpec { shape: Shape::new(dims), range: Interval::I16 };
    let part = |specs: Vec<WeightSpec>, chunks: usize| WeightsPart {
        specs,
        commitments: vec![honest().1.weights[0].commitments[0]; chunks],
    };
    decode(|body| body.weights.push(part(vec![spec(&[1 << 10])], 1))).unwrap();
    decode(|body| body.weights.push(part(vec![spec(&[1 << 20]); 2], 2 << 10))).unwrap();
    for (dims, count) in [(&[1 << 20][..], 17), (&[1 << 28], 1), (&[1 << 28], 16), (&[1], 70_000)] {
        let error = refused("sizes", |body| body.weights.push(part(vec![spec(dims); count], 1)));
        let said = [
            "entries of weights",
            "padded cells of all weights",
            "items",
            "pieces of all tensors",
            "chunks of all columns",
            "number of weights",
        ];
        assert!(said.iter().any(|said| error.contains(said)), "{dims:?}: {error}");
    }
    for dims in [&[0][..], &[u32::MAX], &[1 << 31, 1 << 31], &[2; 40], &[u32::MAX; 32]] {
        refused("extents", |body| body.weights.push(part(vec![spec(dims)], 1)));
    }
    // Each part has range tables of its own, which whoever checks its proof reads.
    let ranges = |body: &mut KeyBody| {
        let narrower = |i| WeightSpec { range: Interval::new(i - (1 << 16), (1 << 16) - 1), ..spec(&[1]) };
        body.weights.push(part((0..100).map(narrower).collect(), 1));
    };
    decode(ranges).unwrap();
    let error = refused("tables of two parts", |body| (0..2).for_each(|_| ranges(body)));
    assert!(error.contains("cells of all lookup tables"), "{error}");
    let error = refused("nothing", |body| body.weights.push(part(vec![], 0)));
    assert!(error.contains("number of weights"), "{error}");
    let more = |body: &mut KeyBody, count| {
        (0..count).for_each(|_| body.weights.push(part(vec![spec(&[4])], 1)));
    };
    decode(|body| more(body, MAX_PARTS - 1)).unwrap();
    let error = refused("parts", |body| more(body, MAX_PARTS));
    assert!(error.contains("number of parts"), "{error}");
    for weights_k in [0, 3, 11, 24, 64, u32::MAX] {
        refused("chunk size of the weights", |body| body.weights_k = weights_k);
    }
    refused("no such part", |body| body.refs[0].part = 1);
    refused("no such weight", |body| body.refs[0].index = 1);
    refused("too many", |body| body.refs.push(body.refs[0]));
    refused("too few", |body| body.refs.clear());
    let error = refused("range", |body| body.weights[0].specs[0].range.hi -= 1);
    assert!(error.contains("extents and range"), "{error}");
}

#[test]
fn ports_commitments_versions() {
    refused("no port", |body| body.inputs.clear());
    refused("two ports", |body| body.inputs.push(body.inputs[0].clone()));
    refused("extents", |body| body.inputs[0].dims = vec![u64::MAX, u64::MAX]);
    refused("extents", |body| body.inputs[0].dims = vec![1; 100]);
    refused("name", |body| body.inputs[0].name = "n".repeat(1 << 20));
    for multiplier in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, f64::powi(2.0, 65)] {
        let error = refused("multiplier", |body| body.outputs[0].multiplier = multiplier);
        assert!(error.contains("multiplier from 2^-64"), "{error}");
    }
    // Neither infinite nor zero, whatever the integer and the multiplier; other tensors' scales say nothing.
    for (tensor, scale) in [(0, 257), (0, -257), (5, 257), (5, -1000)] {
        let error = refused("scale", |body| body.graph.tensors[tensor].scale = scale);
        assert!(error.contains("scale -256 to 256, got"), "{error}");
    }
    decode(|body| [0, 5].into_iter().for_each(|tensor| body.graph.tensors[tensor].scale = -256)).unwrap();
    decode(|body| body.graph.tensors[2].scale = 1000).unwrap();
    let port = |body: &mut KeyBody| (body.inputs[0].zero, body.inputs[0].multiplier) = (i32::MIN, 0.1);
    decode(port).unwrap();
    let error = refused("preprocessing", |body| body.preprocessing = "x".repeat(MAX_PREPROCESSING + 1));
    assert!(error.contains("preprocessing"), "{error}");
    refused("commitments", |body| body.weights.clear());
    refused("commitments", |body| points(body).clear());
    refused("commitments", |body| {
        let first = points(body)[0];
        points(body).push(first);
    });
    refused("not a point", |body| points(body)[0] = [0xff; 32]);
    for version in [0, 4, 6, u32::MAX] {
        let result = decode(|body| body.version = version);
        assert!(matches!(result, Err(VerifyError::Version { got, .. }) if got == version));
    }
    let error = refused("SRS", |body| body.srs_id = [7; 32]);
    assert!(error.contains("SRS id"), "{error}");
}

#[test]
fn one_encoding_alone_is_accepted() {
    let key = key(&model(Visibility::Public, Visibility::Public, 5), &Srs::dev(10).unwrap());
    // The length of the body in a byte more than it needs.
    let mut bytes = key.vk_bytes().to_vec();
    let last = bytes.iter().position(|byte| *byte < 0x80).unwrap();
    bytes[last] |= 0x80;
    bytes.insert(last + 1, 0);
    let error = VerifyingKey::from_bytes(&bytes).unwrap_err().to_string();
    assert!(error.contains("canonical"), "{error}");
}
