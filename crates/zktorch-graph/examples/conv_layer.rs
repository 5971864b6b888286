//! Times the executor on single layers: `cargo run --release -p zktorch-graph --example conv_layer`.

use std::time::Instant;

use zktorch_graph::{
    AxisMap, Contract, Expr, Factor, Graph, GraphError, Interval, Linear, Operand, Role, Shape, Step, Tensor,
    TensorId, Term, View, Visibility, execute,
};

/// A convolution of `channels` of `size` x `size` to `filters`, `kernel` taps an axis, same padding.
fn layer(channels: u32, size: u32, filters: u32, kernel: u32) -> Graph {
    let tensor = |name: &str, shape: &Shape, range, role| Tensor {
        name: name.to_owned(),
        shape: shape.clone(),
        scale: 0,
        range,
        role,
    };
    let weights = Shape::new([filters, channels, kernel, kernel]);
    let input = Shape::new([channels, size, size]);
    let output = Shape::new([filters, size, size]);
    let window = |axis: u32| Factor {
        src: vec![axis],
        out: vec![2 * axis - 1, 2 * axis],
        map: AxisMap::Window { stride: 1, dilation: 1, pad: kernel / 2 },
    };
    // The windows of the input: [channel, row, row tap, column, column tap].
    let columns = View {
        tensor: TensorId(1),
        shape: Shape::new([channels, size, kernel, size, kernel]),
        factors: vec![Factor { src: vec![0], out: vec![0], map: AxisMap::Identity }, window(1), window(2)],
    };
    let linear = |view: View| Linear { shape: view.shape.clone(), terms: vec![(1, view)] };
    let product = Contract {
        a: linear(View::identity(TensorId(0), &weights)),
        b: linear(columns),
        a_axes: vec![0, 1, 2, 3],
        b_axes: vec![1, 4, 2, 5, 3],
        out_axes: vec![0, 4, 5],
    };
    let acc =
        Expr { shape: output.clone(), terms: vec![Term { coeff: 1, operand: Operand::Contract(product) }] };
    Graph {
        tensors: vec![
            tensor("weights", &weights, Interval::I16, Role::Weight),
            tensor("input", &input, Interval::I16, Role::Input(Visibility::Public)),
            tensor("output", &output, Interval::I16, Role::Output(Visibility::Public)),
            tensor("rest", &output, Interval::new(0, (1 << 16) - 1), Role::Ranged),
        ],
        steps: vec![Step::rescale(acc, 1 << 16, TensorId(2), Some(TensorId(3)))],
        inputs: vec![TensorId(1)],
        outputs: vec![TensorId(2)],
        ..Graph::default()
    }
}

fn main() -> Result<(), GraphError> {
    for (channels, size, filters, kernel) in [
        (1, 28, 6, 5),
        (3, 224, 64, 7),
        (64, 56, 64, 3),
        (64, 224, 64, 3),
        (512, 7, 512, 3),
        (2048, 1, 1000, 1),
    ] {
        let graph = layer(channels, size, filters, kernel);
        let bounds = graph.validate()?;
        let values = |tensor: &Tensor| {
            (0..tensor.shape.len()).map(|i| (i * 7919 % 201) as i32 - 100).collect::<Vec<_>>()
        };
        let given = vec![Some(values(&graph.tensors[0])), Some(values(&graph.tensors[1])), None, None];
        let start = Instant::now();
        let values = execute(&graph, &bounds, given)?;
        let (elapsed, products) = (start.elapsed(), values[2].len() * (channels * kernel * kernel) as usize);
        let rate = products as f64 / elapsed.as_nanos() as f64;
        eprintln!(
            "{channels}x{size}x{size} to {filters}, {kernel}x{kernel}: {elapsed:.2?}, {rate:.2} products/ns"
        );
    }
    Ok(())
}
