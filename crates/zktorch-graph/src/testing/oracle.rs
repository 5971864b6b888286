//! The semantics of expressions as the types' documentation defines them: sums over all indices. Shares no code with the
//! executor.

use std::collections::BTreeMap;

use crate::{AxisMap, Contract, Expr, Factor, Graph, Linear, Operand, Shape, View};

/// All index tuples of a shape, row-major.
pub(crate) fn indices(dims: &[u32]) -> Vec<Vec<u32>> {
    dims.iter().fold(vec![Vec::new()], |prefixes, dim| {
        prefixes.iter().flat_map(|p| (0..*dim).map(move |i| p.iter().copied().chain([i]).collect())).collect()
    })
}

/// Position of an index tuple, row-major over the real extents.
fn position(index: &[u32], dims: &[u32]) -> usize {
    index.iter().zip(dims).fold(0, |at, (i, dim)| at * *dim as usize + *i as usize)
}

/// Index over the padded extents of some axes.
pub(crate) fn padded(axes: &[u32], index: &[u32], shape: &Shape) -> u32 {
    axes.iter()
        .fold(0, |at, axis| at * shape.dims()[*axis as usize].next_power_of_two() + index[*axis as usize])
}

/// M_f[o_f, q_f].
fn entry(factor: &Factor, [o, q]: [&[u32]; 2], [output, source]: [&Shape; 2], values: &[Vec<i32>]) -> i128 {
    match &factor.map {
        AxisMap::Identity => i128::from(o[factor.out[0] as usize] == q[factor.src[0] as usize]),
        AxisMap::Window { stride, dilation, pad } => {
            let (p, k, q) = (o[factor.out[0] as usize], o[factor.out[1] as usize], q[factor.src[0] as usize]);
            i128::from(
                i128::from(*stride) * i128::from(p) + i128::from(*dilation) * i128::from(k)
                    == i128::from(q) + i128::from(*pad),
            )
        }
        AxisMap::Gather { indices } => {
            let of = |shape: &Shape, axes: &[u32]| axes.iter().map(|a| shape.dims()[*a as usize]).collect();
            let dims: Vec<u32> = of(output, &factor.out);
            let place: Vec<u32> = factor.out.iter().map(|axis| o[*axis as usize]).collect();
            let index = values[indices.0 as usize][position(&place, &dims)];
            let extent = source.dims()[factor.src[0] as usize] as i32;
            i128::from(index.rem_euclid(extent) as u32 == q[factor.src[0] as usize])
        }
        AxisMap::Sparse(entries) => {
            let (row, column) = (padded(&factor.out, o, output), padded(&factor.src, q, source));
            entries.iter().filter(|e| e.out == row && e.src == column).map(|e| i128::from(e.coeff)).sum()
        }
    }
}

fn view(graph: &Graph, view: &View, values: &[Vec<i32>]) -> Vec<i128> {
    let source = &graph.tensor(view.tensor).shape;
    let tensor = &values[view.tensor.0 as usize];
    let at = |o: &Vec<u32>| {
        let term = |q: &Vec<u32>| {
            let product: i128 =
                view.factors.iter().map(|f| entry(f, [o, q], [&view.shape, source], values)).product();
            product * i128::from(tensor[position(q, source.dims())])
        };
        indices(source.dims()).iter().map(term).sum()
    };
    indices(view.shape.dims()).iter().map(at).collect()
}

fn linear(graph: &Graph, linear: &Linear, values: &[Vec<i32>]) -> Vec<i128> {
    let mut sum = vec![0; linear.shape.len()];
    for (coeff, term) in &linear.terms {
        sum.iter_mut().zip(view(graph, term, values)).for_each(|(sum, x)| *sum += i128::from(*coeff) * x);
    }
    sum
}

fn contract(graph: &Graph, contract: &Contract, dims: &[u32], values: &[Vec<i32>]) -> Vec<i128> {
    let (a, b) = (linear(graph, &contract.a, values), linear(graph, &contract.b, values));
    let mut extents = BTreeMap::new();
    let (a_dims, b_dims) = (contract.a.shape.dims(), contract.b.shape.dims());
    for (axes, dims) in [(&contract.a_axes, a_dims), (&contract.b_axes, b_dims), (&contract.out_axes, dims)] {
        extents.extend(axes.iter().copied().zip(dims.iter().copied()));
    }
    let labels: Vec<u32> = extents.keys().copied().collect();
    let mut out = vec![0; dims.iter().map(|dim| *dim as usize).product()];
    for index in indices(&extents.values().copied().collect::<Vec<u32>>()) {
        let at = |axes: &[u32], dims: &[u32]| {
            let of = |label: &u32| index[labels.iter().position(|other| other == label).unwrap()];
            position(&axes.iter().map(of).collect::<Vec<u32>>(), dims)
        };
        out[at(&contract.out_axes, dims)] +=
            a[at(&contract.a_axes, a_dims)] * b[at(&contract.b_axes, b_dims)];
    }
    out
}

/// The real entries of an expression.
pub(crate) fn expr(graph: &Graph, expr: &Expr, values: &[Vec<i32>]) -> Vec<i128> {
    let mut sum = vec![0; expr.shape.len()];
    for term in &expr.terms {
        let operand = match &term.operand {
            Operand::View(term) => view(graph, term, values),
            Operand::Contract(product) => contract(graph, product, expr.shape.dims(), values),
        };
        sum.iter_mut().zip(operand).for_each(|(sum, x)| *sum += i128::from(term.coeff) * x);
    }
    sum
}
