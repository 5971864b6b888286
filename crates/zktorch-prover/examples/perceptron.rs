//! A perceptron built by hand (784-128-10, random weights): setup, prove, verify, with times.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example")]

use std::time::Instant;

use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};
use zktorch_commit::{Srs, SrsPolicy};
use zktorch_graph::{
    Contract, Expr, Function, Graph, Interval, Linear, Operand, Role, Shape, Step, Table, TableId, Tensor,
    TensorId, Term, View, Visibility,
};
use zktorch_prover::{Model, choose_k, committed_values, setup};
use zktorch_verifier::{Port, VerifyingKey, verify};

fn tensor(graph: &mut Graph, name: &str, dims: &[u32], range: Interval, role: Role) -> TensorId {
    graph.tensors.push(Tensor { name: name.to_owned(), shape: Shape::new(dims), scale: 0, range, role });
    TensorId(graph.tensors.len() as u32 - 1)
}

fn linear(graph: &Graph, id: TensorId) -> Linear {
    let view = View::identity(id, &graph.tensor(id).shape);
    Linear { shape: view.shape.clone(), terms: vec![(1, view)] }
}

/// W x for W [rows, columns].
fn dense(graph: &mut Graph, name: &str, x: TensorId, rows: u32) -> (TensorId, Expr) {
    let columns = graph.tensor(x).shape.dims()[0];
    let w = tensor(graph, name, &[rows, columns], Interval::I16, Role::Weight);
    let contract = Contract {
        a: linear(graph, w),
        b: linear(graph, x),
        a_axes: vec![0, 1],
        b_axes: vec![1],
        out_axes: vec![0],
    };
    let terms = vec![Term { coeff: 1, operand: Operand::Contract(contract) }];
    (w, Expr { shape: Shape::new([rows]), terms })
}

/// acc / 2^12 with this role.
fn rescale(graph: &mut Graph, name: &str, acc: Expr, role: Role) -> TensorId {
    let dims = acc.shape.dims().to_vec();
    let y = tensor(graph, name, &dims, Interval::I16, role);
    let r = tensor(graph, &format!("{name} remainder"), &dims, Interval::new(0, 4095), Role::Ranged);
    graph.steps.push(Step::rescale(acc, 4096, y, Some(r)));
    y
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sizes: Vec<u32> = std::env::args().skip(1).map(|size| size.parse()).collect::<Result<_, _>>()?;
    let sizes = if sizes.len() < 2 { vec![784, 128, 10] } else { sizes };
    let mut graph = Graph::default();
    graph.tables.push(Table { function: Function::Relu, domain: Interval::I16 });
    let mut x = tensor(&mut graph, "input", &sizes[..1], Interval::I16, Role::Input(Visibility::Public));
    graph.inputs.push(x);
    let mut weights = Vec::new();
    let mut rng = StdRng::seed_from_u64(1);
    for (layer, size) in sizes[1..].iter().enumerate() {
        let (w, acc) = dense(&mut graph, &format!("w{layer}"), x, *size);
        let entries = graph.tensor(w).shape.len();
        weights.push((w, (0..entries).map(|_| rng.gen_range(-300..300)).collect::<Vec<i32>>()));
        if layer + 2 == sizes.len() {
            let y = rescale(&mut graph, "output", acc, Role::Output(Visibility::Public));
            graph.outputs.push(y);
        } else {
            let before = rescale(&mut graph, "hidden", acc, Role::LookupInput(TableId(0)));
            let range = Interval::new(0, Interval::I16.hi);
            x = tensor(&mut graph, "relu", &[*size], range, Role::LookupOutput(TableId(0)));
            graph.steps.push(Step::Lookup { table: TableId(0), x: before, y: x });
        }
    }
    let port = |name: &str, size: u32| vec![Port::new(name, [u64::from(size)])];
    let (inputs, outputs) = (port("input", sizes[0]), port("output", sizes[sizes.len() - 1]));
    let model = Model { graph, inputs, outputs, preprocessing: String::new(), weights };

    let k = std::env::var("K").ok().and_then(|k| k.parse().ok()).unwrap_or_else(|| choose_k(&model.graph));
    let started = Instant::now();
    let srs = Srs::dev(k)?;
    println!("k = {k}, {} committed values, SRS {:?}", committed_values(&model.graph), started.elapsed());
    let started = Instant::now();
    let key = setup(&model, &srs)?;
    println!("setup {:?}, key {} bytes", started.elapsed(), key.vk_bytes().len());

    let input: Vec<i32> = (0..sizes[0]).map(|_| rng.gen_range(0..1000)).collect();
    for _ in 0..3 {
        let started = Instant::now();
        let proved = key.prove(&srs, std::slice::from_ref(&input), &[])?;
        println!(
            "prove {:?} (witness {:?}), {} bytes",
            started.elapsed(),
            proved.witness_time,
            proved.proof.len()
        );

        let started = Instant::now();
        let vk = VerifyingKey::from_bytes(key.vk_bytes())?;
        let loaded = started.elapsed();
        let policy = SrsPolicy::new().allow_insecure();
        let started = Instant::now();
        let vk = vk.check(&policy)?;
        let weights = started.elapsed();
        let started = Instant::now();
        verify(&vk, &proved.statement, &proved.proof)?;
        println!("verify {:?} (key loaded {loaded:?}, weight ranges {weights:?})", started.elapsed());
    }
    Ok(())
}
