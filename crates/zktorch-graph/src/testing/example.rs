//! A valid graph with one of everything.

use crate::{
    AxisMap, Contract, Entry, Expr, Factor, Function, Graph, Interval, Linear, Operand, Role, Shape, Step,
    Table, TableId, Tensor, TensorId, Term, View, Visibility,
};

pub(crate) const WEIGHTS: usize = 0;
pub(crate) const INPUT: usize = 1;
pub(crate) const HIDDEN: usize = 2;
pub(crate) const REST: usize = 3;
pub(crate) const ACTIVATION: usize = 4;
pub(crate) const OUTPUT: usize = 5;

fn linear(view: View) -> Linear {
    Linear { shape: view.shape.clone(), terms: vec![(1, view)] }
}

/// Windows of a signal times a kernel, rescaled; its tanh; minus the tanh mirrored, as output.
pub(crate) fn example() -> Graph {
    let tensor = |name: &str, dims: &[u32], range, role| Tensor {
        name: name.to_owned(),
        shape: Shape::new(dims),
        scale: 8,
        range,
        role,
    };
    let domain = Interval::new(-1000, 1000);
    let (signal, columns) = (Shape::new([2, 6]), Shape::new([2, 5, 3]));
    let windows = View {
        tensor: TensorId(INPUT as u32),
        shape: columns,
        factors: vec![
            Factor { src: vec![0], out: vec![0], map: AxisMap::Identity },
            Factor { src: vec![1], out: vec![1, 2], map: AxisMap::Window { stride: 1, dilation: 1, pad: 1 } },
        ],
    };
    let kernel = View::identity(TensorId(WEIGHTS as u32), &Shape::new([2, 3]));
    let product = Contract {
        a: linear(kernel),
        b: linear(windows),
        a_axes: vec![0, 2],
        b_axes: vec![0, 1, 2],
        out_axes: vec![0, 1],
    };
    let hidden = Shape::new([2, 5]);
    let acc =
        Expr { shape: hidden.clone(), terms: vec![Term { coeff: 1, operand: Operand::Contract(product) }] };
    let mirrored = View {
        tensor: TensorId(ACTIVATION as u32),
        shape: hidden.clone(),
        factors: vec![
            Factor { src: vec![0], out: vec![0], map: AxisMap::Identity },
            Factor {
                src: vec![1],
                out: vec![1],
                map: AxisMap::Sparse((0..5).map(|i| Entry { out: i, src: 4 - i, coeff: 1 }).collect()),
            },
        ],
    };
    let mut difference = Expr::view(View::identity(TensorId(ACTIVATION as u32), &hidden));
    difference.terms.push(Term { coeff: -1, operand: Operand::View(mirrored) });
    let table = TableId(0);
    Graph {
        tensors: vec![
            tensor("w", &[2, 3], Interval::I16, Role::Weight),
            tensor("x", signal.dims(), Interval::new(-100, 100), Role::Input(Visibility::Private)),
            tensor("h", hidden.dims(), domain, Role::LookupInput(table)),
            tensor("rest", hidden.dims(), Interval::new(0, 255), Role::Ranged),
            tensor("a", hidden.dims(), Interval::new(-128, 128), Role::LookupOutput(table)),
            tensor("out", hidden.dims(), Interval::new(-256, 256), Role::Output(Visibility::Public)),
        ],
        tables: vec![Table { function: Function::Tanh { input_scale: 8, output_scale: 7 }, domain }],
        steps: vec![
            Step::rescale(acc, 256, TensorId(HIDDEN as u32), Some(TensorId(REST as u32))),
            Step::Lookup { table, x: TensorId(HIDDEN as u32), y: TensorId(ACTIVATION as u32) },
            Step::rescale(difference, 1, TensorId(OUTPUT as u32), None),
        ],
        inputs: vec![TensorId(INPUT as u32)],
        outputs: vec![TensorId(OUTPUT as u32)],
    }
}
