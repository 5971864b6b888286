//! One matrix product between committed matrices: `Y = round(W X / 2^7)` with private weights W, private input X, private output
//! Y. The verifier sees shapes, ranges and commitments.
//!
//! `cargo run --release -p zktorch-blocks --example matmul`

use std::io::Write;
use std::time::Instant;

use zktorch_blocks::{Network, NetworkProof, Private, Statement, Witness, prove};
use zktorch_channel::Nonce;
use zktorch_commit::{Blind, Srs, SrsPolicy};
use zktorch_graph::layout::{ArenaKind, Scope};
use zktorch_graph::{
    Contract, Expr, Graph, Interval, Linear, Operand, Role, Shape, Step, Tensor, TensorId, Term, View,
    Visibility, execute,
};
use zktorch_transcript::Transcript;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// W [m, k] times X [k, n], divided by 2^7: tensors W, X, Y and the remainder of the division.
fn matmul([m, k, n]: [u32; 3]) -> Graph {
    let tensor = |name: &str, dims: [u32; 2], range, role| Tensor {
        name: name.to_owned(),
        shape: Shape::new(dims),
        scale: 7,
        range,
        role,
    };
    let byte = Interval::new(-128, 127);
    let tensors = vec![
        tensor("W", [m, k], byte, Role::Weight),
        tensor("X", [k, n], byte, Role::Input(Visibility::Private)),
        tensor("Y", [m, n], Interval::I16, Role::Output(Visibility::Private)),
        tensor("remainder", [m, n], Interval::new(0, 127), Role::Ranged),
    ];
    let operand = |id: usize| Linear {
        shape: tensors[id].shape.clone(),
        terms: vec![(1, View::identity(TensorId(id as u32), &tensors[id].shape))],
    };
    // Labels of axes: 0 = m, 1 = k (contracted, because the result lacks it), 2 = n.
    let product = Contract {
        a: operand(0),
        b: operand(1),
        a_axes: vec![0, 1],
        b_axes: vec![1, 2],
        out_axes: vec![0, 2],
    };
    let terms = vec![Term { coeff: 1, operand: Operand::Contract(product) }];
    let acc = Expr { shape: Shape::new([m, n]), terms };
    let steps = vec![Step::rescale(acc, 128, TensorId(2), Some(TensorId(3)))];
    Graph { tensors, tables: Vec::new(), steps, inputs: vec![TensorId(1)], outputs: vec![TensorId(2)] }
}

fn main() -> Outcome<()> {
    // 1. The network, cut into chunks of 2^12 cells. Its digest stands for a key's.
    let dims = [60, 100, 50];
    let graph = matmul(dims);
    let bounds = graph.validate()?;
    let k = 12;
    let network = Network::new(graph, k, Scope::Inference)?;
    let digest = [1; 32];
    let srs = Srs::dev(k)?; // insecure: its tau is published

    // 2. The values, computed in exact integers.
    let numbers = |count: u32, step: i32| (0..count as i32).map(move |i| (i * step) % 256 - 128);
    let given = vec![
        Some(numbers(dims[0] * dims[1], 37).collect::<Vec<_>>()),
        Some(numbers(dims[1] * dims[2], 91).collect()),
        None,
        None,
    ];
    let values = execute(network.graph(), &bounds, given)?;

    // 3. The commitments of the statement: weights (once for a model), private input and output.
    let start = Instant::now();
    let weights = network.stack_weights(&values)?;
    let witness = Witness::new(&network, &weights, &values)?;
    let mut rng = Transcript::new(b"matmul example blinds").rng(&[], zktorch_transcript::fresh_nonce()?);
    let mut commit = |column: &[i32]| -> Outcome<_> {
        let blinds: Vec<Blind> = column.chunks(1 << k).map(|_| Blind::random(&mut rng)).collect();
        Ok((srs.commit_chunks(column, k, &blinds)?.0, blinds))
    };
    let (weight_commitments, weight_blinds) = commit(&weights)?;
    let (input, input_blinds) = commit(witness.column(ArenaKind::PrivateInputs))?;
    let (output, output_blinds) = commit(witness.column(ArenaKind::PrivateOutputs))?;
    let statement =
        Statement::new(&network, digest, b"example", &weight_commitments, [&input, &output], &[])?;

    // 4. The proof.
    let private =
        Private { weights: &weight_blinds, io: [&input_blinds, &output_blinds], secret: b"the prover's own" };
    let bytes = prove(&srs, &statement, &witness, &private, Nonce::fresh()?)?.to_bytes();
    let proved = start.elapsed();

    // 5. The verifier: the network, the commitments, the bytes.
    let start = Instant::now();
    SrsPolicy::new().allow_insecure().check(srs.verifier())?;
    let proof = NetworkProof::from_bytes(&network, &statement.shape()?, &bytes)?;
    statement.verify(srs.verifier(), &proof)?;
    let verified = start.elapsed();

    // 6. Not of any other output.
    let claimed = [input.as_slice(), &[input[0]]];
    let lie = Statement::new(&network, digest, b"example", &weight_commitments, claimed, &[]);
    let refused = lie.and_then(|lie| lie.verify(srs.verifier(), &proof)).is_err();

    let [m, k, n] = dims;
    writeln!(
        std::io::stdout(),
        "[{m}, {k}] x [{k}, {n}]: committed and proved in {proved:.1?}, {} bytes, verified in {verified:.1?}; another \
         output is {}",
        bytes.len(),
        if refused { "refused" } else { "ACCEPTED" },
    )?;
    if refused { Ok(()) } else { Err("a proof of another output was accepted".into()) }
}
