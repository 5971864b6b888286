//! The executor against a definition over indices.

use proptest::prelude::*;

use super::*;
use crate::testing::oracle;
use crate::testing::random::Random;
use crate::{Interval, Shape, Tensor};

mod kernels;

/// The values that the definition gives, or the first entry that leaves its range.
fn expected(graph: &Graph, given: &[Option<Vec<i32>>]) -> Result<Vec<Vec<i32>>, (String, usize)> {
    let mut values: Vec<Vec<i32>> = given.iter().map(|given| given.clone().unwrap_or_default()).collect();
    for step in &graph.steps {
        match step {
            Step::Rescale { acc, divisor, y, r } => {
                let acc = oracle::expr(graph, acc, &values);
                let d = i128::from(*divisor);
                let quotient = |acc: &i128| {
                    // floor(acc / D + floor(D/2) / D), by hand for negative numbers.
                    let sum = acc + d / 2;
                    if sum >= 0 { sum / d } else { -((-sum + d - 1) / d) }
                };
                let tensor = graph.tensor(*y);
                let quotients: Vec<i128> = acc.iter().map(quotient).collect();
                let in_range =
                    |y: &i128| i128::from(tensor.range.lo) <= *y && *y <= i128::from(tensor.range.hi);
                if let Some(index) = quotients.iter().position(|y| !in_range(y)) {
                    return Err((format!("tensor {} {:?}", y.0, tensor.name), index));
                }
                if let Some(r) = r {
                    let rest = acc.iter().zip(&quotients).map(|(acc, y)| (acc + d / 2 - d * y) as i32);
                    values[r.0 as usize] = rest.collect();
                }
                values[y.0 as usize] = quotients.iter().map(|y| *y as i32).collect();
            }
            Step::Lookup { table, x, y } => {
                let function = &graph.table(*table).function;
                values[y.0 as usize] = values[x.0 as usize].iter().map(|x| function.eval(*x)).collect();
            }
        }
    }
    Ok(values)
}

fn given(graph: &Graph, random: &mut Random) -> Vec<Option<Vec<i32>>> {
    let is_given = |tensor: &Tensor| matches!(tensor.role, Role::Weight | Role::Input(_));
    graph.tensors.iter().map(|tensor| is_given(tensor).then(|| random.values(tensor))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Expressions in all three types, in whole and in small tiles.
    #[test]
    fn expressions_are_their_definition(seed: u64, bits in prop_oneof![0u32..4, 4u32..12, 12u32..40]) {
        let mut random = Random(seed);
        let mut graph = random.graph(bits);
        graph.steps.clear();
        let readable: Vec<TensorId> = (0..graph.tensors.len() as u32).map(TensorId).collect();
        let values: Vec<Vec<i32>> = graph.tensors.iter().map(|tensor| random.values(tensor)).collect();
        let expr = random.expr(&graph, &readable, bits);
        let bound = match expr_bound(&graph, &expr) {
            Err(GraphError::Invalid { rule, .. }) => {
                prop_assert_eq!(rule, "bits of the accumulator");
                return Ok(());
            }
            bound => bound.unwrap(),
        };
        let expected = oracle::expr(&graph, &expr, &values);
        let largest = expected.iter().map(|x| x.unsigned_abs()).max().unwrap_or(0);
        prop_assert!(largest <= bound.acc && bound.acc <= bound.intermediate);
        let clamped: Vec<i64> =
            expected.iter().map(|x| (*x).clamp(i64::MIN.into(), i64::MAX.into()) as i64).collect();
        prop_assert_eq!(&eval_expr(&graph, &expr, &values).unwrap(), &clamped);
        let lent: Vec<Entries<'_>> = values.iter().map(|values| values.as_slice().into()).collect();
        // The same memory for all: what one leaves does not matter to the next.
        let mut scratch = Scratch::default();
        for tile in [1, 7, 30] {
            prop_assert_eq!(&eval_bounded(&graph, &expr, bound, &lent, tile, &mut scratch).to_i64(), &clamped);
        }
        // A type that is larger than needed gives the same.
        let larger = Bound { intermediate: 1 << 80, ..bound };
        prop_assert_eq!(&eval_bounded(&graph, &expr, larger, &lent, 1 << 20, &mut scratch).to_i64(), &clamped);
    }

    #[test]
    fn graphs_are_their_definition(seed: u64, bits in prop_oneof![Just(0u32), 0u32..6, 6u32..16]) {
        let mut random = Random(seed);
        let graph = random.graph(bits);
        let bounds = match graph.validate() {
            Err(GraphError::Invalid { rule, .. }) => {
                prop_assert_eq!(rule, "bits of the accumulator");
                return Ok(());
            }
            bounds => bounds.unwrap(),
        };
        let given = given(&graph, &mut random);
        // Lent in either type: the same, but what was lent is not given back.
        let narrow: Vec<Option<Vec<i16>>> = given
            .iter()
            .map(|given| given.as_ref()?.iter().map(|x| i16::try_from(*x).ok()).collect())
            .collect();
        let lent = given.iter().zip(&narrow).map(|(wide, narrow)| match narrow {
            Some(narrow) => Some(Entries::from(narrow.as_slice())),
            None => wide.as_ref().map(|wide| Entries::from(wide.as_slice())),
        });
        let from_lent = execute(&graph, &bounds, lent.collect()).map(|mut values| {
            values.iter_mut().zip(&given).filter_map(|(v, given)| Some((v, given.as_ref()?))).for_each(
                |(v, given)| {
                    assert!(v.is_empty());
                    v.clone_from(given);
                },
            );
            values
        });
        prop_assert_eq!(from_lent, execute(&graph, &bounds, given.clone()));
        match (execute(&graph, &bounds, given.clone()), expected(&graph, &given)) {
            (Ok(values), Ok(expected)) => prop_assert_eq!(values, expected),
            (Err(GraphError::OutOfRange { tensor, index, value, lo, hi }), Err(expected)) => {
                prop_assert_eq!((tensor, index), expected);
                prop_assert!(value < lo.into() || value > hi.into());
            }
            (got, expected) => prop_assert!(false, "{:?} but {:?}", got, expected),
        }
    }
}

/// One tensor and `y = (a sum over it) / D`.
fn one_step(range: Interval, divisor: u32, coeff: i64) -> Graph {
    let tensor =
        |name: &str, range, role| Tensor { name: name.into(), shape: Shape::new([3]), scale: 0, range, role };
    let mut graph = Graph::default();
    graph.tensors.push(tensor("x", range, Role::Input(crate::Visibility::Public)));
    graph.tensors.push(tensor("y", Interval::new(-10, 10), Role::Output(crate::Visibility::Public)));
    graph.tensors.push(tensor("r", Interval::new(0, divisor as i32 - 1), Role::Ranged));
    let mut acc = Expr::view(View::identity(TensorId(0), &Shape::new([3])));
    acc.terms[0].coeff = coeff;
    graph.steps.push(Step::Rescale { acc, divisor, y: TensorId(1), r: Some(TensorId(2)) });
    (graph.inputs, graph.outputs) = (vec![TensorId(0)], vec![TensorId(1)]);
    graph
}

#[test]
fn halves_round_up() {
    for (divisor, coeff, x, y, r) in [
        (2, 1, [-3, -1, 1], [-1, 0, 1], [0, 0, 0]),
        (4, 1, [-2, 2, -3], [0, 1, -1], [0, 0, 3]),
        // An odd divisor has no ties: floor((acc + 1) / 3).
        (3, 1, [-2, -1, 1], [-1, 0, 0], [2, 0, 2]),
        (1 << 17, 4, [-(1 << 14), 1 << 14, -1], [0, 1, 0], [0, 0, (1 << 16) - 4]),
    ] {
        let graph = one_step(Interval::new(-(1 << 15), 1 << 15), divisor, coeff);
        let values = execute(&graph, &graph.validate().unwrap(), vec![Some(x.to_vec()), None, None]).unwrap();
        assert_eq!((&values[1][..], &values[2][..]), (&y[..], &r[..]), "{divisor}");
    }
}

#[test]
fn entries_beyond_their_range_are_named() {
    let graph = one_step(Interval::new(-100, 100), 2, 1);
    let bounds = graph.validate().unwrap();
    let run = |x: [i32; 3]| execute(&graph, &bounds, vec![Some(x.to_vec()), None, None]);
    let error = |name: &str, index, value, lo, hi| GraphError::OutOfRange {
        tensor: name.into(),
        index,
        value,
        lo,
        hi,
    };
    assert!(run([-21, 20, 0]).is_ok());
    assert_eq!(run([-21, 21, 99]), Err(error("tensor 1 \"y\"", 1, 11, -10, 10)));
    assert_eq!(run([0, 0, -22]), Err(error("tensor 1 \"y\"", 2, -11, -10, 10)));
    assert_eq!(run([0, 101, 0]), Err(error("tensor 0 \"x\"", 1, 101, -100, 100)));
    assert_eq!(run([i32::MIN, 0, 0]), Err(error("tensor 0 \"x\"", 0, i32::MIN.into(), -100, 100)));
}

#[test]
fn lengths_are_checked() {
    let graph = one_step(Interval::new(-100, 100), 2, 1);
    let bounds = graph.validate().unwrap();
    let length =
        |tensor: &str, expected, got| Err(GraphError::Length { tensor: tensor.into(), expected, got });
    let x = Some(vec![0; 3]);
    assert_eq!(execute(&graph, &bounds, vec![x.clone()]), length("list of given tensors", 3, 1));
    assert_eq!(execute(&graph, &bounds, vec![None::<Vec<i32>>, None, None]), length("tensor 0 \"x\"", 3, 0));
    assert_eq!(execute(&graph, &bounds, vec![Some(vec![0; 4]), None, None]), length("tensor 0 \"x\"", 3, 4));
    assert_eq!(execute(&graph, &bounds, vec![x.clone(), x.clone(), None]), length("tensor 1 \"y\"", 0, 3));
    let none = Graph::default().validate().unwrap();
    assert_eq!(execute(&graph, &none, vec![x, None, None]), length("bounds of the steps", 1, 0));
}
