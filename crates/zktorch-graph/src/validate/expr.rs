//! Expressions: shapes, labels, and bounds of what they compute.

use std::collections::BTreeMap;

use zktorch_mutants::enforced;

use super::bounds::Bound;
use super::progress::Progress;
use super::rules::{At, check_shape, invalid, require};
use super::{limits, view};
use crate::{Contract, Expr, GraphError, Linear, Operand, Shape};

/// Checks an expression and bounds it.
pub(super) fn check(progress: &mut Progress<'_>, expr: &Expr) -> Result<Bound, GraphError> {
    check_shape(&expr.shape, limits::VIRTUAL_VARS)?;
    let mut sum = Bound::default();
    for (i, term) in expr.terms.iter().enumerate() {
        let (shape, bound) = match &term.operand {
            Operand::View(view) => (&view.shape, view::check(progress, view)),
            Operand::Contract(product) => (&expr.shape, contract(progress, product, &expr.shape)),
        };
        sum = sum.plus(bound.at(|| format!("term {i}"))?.times(term.coeff.unsigned_abs().into()));
        same(shape, &expr.shape).at(|| format!("term {i}"))?;
    }
    small(sum)
}

fn small(bound: Bound) -> Result<Bound, GraphError> {
    let bits = u128::BITS - bound.intermediate.leading_zeros();
    require(bits <= limits::ACC_BITS, "bits of the accumulator", "at most 100", bits)?;
    Ok(bound)
}

/// That two shapes are the same.
pub(super) fn same(shape: &Shape, expected: &Shape) -> Result<(), GraphError> {
    let holds = shape == expected;
    require(holds, "shape", format_args!("{:?}", expected.dims()), format_args!("{:?}", shape.dims()))
}

/// Checks an operand and bounds it.
pub(super) fn linear(progress: &mut Progress<'_>, linear: &Linear) -> Result<Bound, GraphError> {
    check_shape(&linear.shape, limits::VIRTUAL_VARS)?;
    require(!linear.terms.is_empty(), "terms of an operand", "at least 1", 0)?;
    let mut sum = Bound::default();
    for (i, (coeff, view)) in linear.terms.iter().enumerate() {
        let bound = view::check(progress, view).at(|| format!("term {i}"))?;
        sum = sum.plus(bound.times(coeff.unsigned_abs().into()));
        same(&view.shape, &linear.shape).at(|| format!("term {i}"))?;
    }
    small(sum)
}

/// Where a label occurs, and the extent of its axis.
struct Label {
    lists: usize,
    last: usize,
    dim: u32,
    contracted: bool,
}

fn contract(progress: &mut Progress<'_>, contract: &Contract, out: &Shape) -> Result<Bound, GraphError> {
    let a = linear(progress, &contract.a).at(|| "a".to_owned())?;
    let b = linear(progress, &contract.b).at(|| "b".to_owned())?;
    let mut labels = BTreeMap::<u32, Label>::new();
    let lists = [
        ("a", &contract.a_axes, &contract.a.shape),
        ("b", &contract.b_axes, &contract.b.shape),
        ("out", &contract.out_axes, out),
    ];
    for (list, (name, axes, shape)) in lists.into_iter().enumerate() {
        require(axes.len() == shape.rank(), "number of labels", shape.rank(), axes.len())
            .at(|| name.to_owned())?;
        for (label, dim) in axes.iter().zip(shape.dims()) {
            let place = || format!("{name}: label {label}");
            require(*label < limits::LABELS, "label", format_args!("below {}", limits::LABELS), label)
                .at(place)?;
            let entry = labels.entry(*label).or_insert(Label {
                lists: 0,
                last: usize::MAX,
                dim: *dim,
                contracted: true,
            });
            require(entry.last != list, "occurrences of a label in a list", 1, "more").at(place)?;
            require(entry.dim == *dim, "extents of a label", entry.dim, dim).at(place)?;
            entry.lists += 1;
            entry.last = list;
            entry.contracted = list != 2;
        }
    }
    if let Some((label, entry)) = labels.iter().find(|(_, entry)| entry.lists < 2)
        && enforced()
    {
        return invalid("lists a label occurs in", "at least 2", entry.lists).at(|| format!("label {label}"));
    }
    let contracted = labels.values().filter(|entry| entry.contracted);
    let length = contracted.fold(1u128, |length, entry| length.saturating_mul(entry.dim.into()));
    small(a.product(b).times(length))
}

/// The bound of an expression of which every tensor may be read.
///
/// # Errors
/// [`GraphError::Invalid`] as from [`Graph::validate`](crate::Graph::validate).
#[cfg(feature = "executor")]
pub(crate) fn expr_bound(graph: &crate::Graph, expr: &Expr) -> Result<Bound, GraphError> {
    let mut progress = Progress::new(graph, vec![true; graph.tensors.len()], Vec::new());
    check(&mut progress, expr).at(|| "expression".to_owned())
}
