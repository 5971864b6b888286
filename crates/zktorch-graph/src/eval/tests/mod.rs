//! The executor against a definition over indices.

use proptest::prelude::*;

use super::*;
use crate::testing::oracle;
use crate::testing::random::Random;
use crate::{Constraint, Interval, Limbs, Shape, Slot, Tensor, Term};

mod kernels;
mod wide;

/// Division rounded down, by hand for negative numbers.
fn floor(a: i128, b: i128) -> i128 {
    if a >= 0 { a / b } else { -((-a + b - 1) / b) }
}

/// What a step defines, by its definition: a list of limbs and the integers that they hold, in the order of
/// the executor.
fn results(graph: &Graph, step: &Step, values: &[Vec<i32>]) -> Result<Vec<(Limbs, Vec<i128>)>, GraphError> {
    let place = |limbs: &Limbs| {
        let id = limbs.top().unwrap();
        format!("tensor {} {:?}", id.0, graph.tensor(id).name)
    };
    let of = |limbs: &Limbs, numbers: Vec<i128>| (limbs.clone(), numbers);
    Ok(match step {
        Step::Lookup { table, x, y } => {
            let function = &graph.table(*table).function;
            let numbers = values[x.0 as usize].iter().map(|x| function.eval(*x).into()).collect();
            vec![of(&(*y).into(), numbers)]
        }
        Step::Rescale { acc, divisor, y, r, slack } => {
            let (d, acc) = (i128::from(*divisor), oracle::expr(graph, acc, values));
            let q: Vec<i128> = acc.iter().map(|acc| floor(acc + d / 2, d)).collect();
            let rest: Vec<i128> = acc.iter().zip(&q).map(|(acc, q)| acc + d / 2 - d * q).collect();
            let missing = rest.iter().map(|r| d - 1 - r).collect();
            vec![of(y, q), of(r, rest), of(slack, missing)]
        }
        Step::Saturate { acc, divisor, y, r, slack, excess, negative } => {
            let (d, acc) = (i128::from(*divisor), oracle::expr(graph, acc, values));
            let q: Vec<i128> = acc.iter().map(|acc| floor(acc + d / 2, d)).collect();
            let rest: Vec<i128> = acc.iter().zip(&q).map(|(acc, q)| acc + d / 2 - d * q).collect();
            let missing = rest.iter().map(|r| d - 1 - r).collect();
            let range = graph.tensor(*y).range;
            let clamped: Vec<i128> =
                q.iter().map(|q| (*q).max(range.lo.into()).min(range.hi.into())).collect();
            let e: Vec<i128> = q.iter().zip(&clamped).map(|(q, y)| q - y).collect();
            let signs = e.iter().map(|e| i128::from(*e < 0)).collect();
            let y = of(&(*y).into(), clamped);
            vec![y, of(excess, e), of(&(*negative).into(), signs), of(r, rest), of(slack, missing)]
        }
        Step::Gap { acc, divisor, r, slack, axis, max, gap, excess, chosen } => {
            let (d, numbers) = (i128::from(*divisor), oracle::expr(graph, acc, values));
            let x: Vec<i128> = numbers.iter().map(|acc| floor(acc + d / 2, d)).collect();
            let rest: Vec<i128> = numbers.iter().zip(&x).map(|(acc, x)| acc + d / 2 - d * x).collect();
            let missing = rest.iter().map(|r| d - 1 - r).collect();
            let places = oracle::indices(acc.shape.dims());
            let row = |place: &Vec<u32>| {
                let others = place.iter().zip(0u32..).filter(|(_, other)| other != axis);
                others.map(|(i, _)| *i).collect::<Vec<u32>>()
            };
            // The largest entry of every row and its first place, rows in the order of their first entries.
            let mut largest: std::collections::BTreeMap<Vec<u32>, (i128, usize)> = Default::default();
            for (i, place) in places.iter().enumerate() {
                let best = largest.entry(row(place)).or_insert((x[i], i));
                if x[i] > best.0 {
                    *best = (x[i], i);
                }
            }
            let distance = |i: usize| largest[&row(&places[i])].0 - x[i];
            let top = if excess.is_empty() { i128::MAX } else { gap.range(graph)[1] };
            let all = |f: &dyn Fn(usize) -> i128| (0..x.len()).map(f).collect::<Vec<i128>>();
            vec![
                of(max, largest.values().map(|(max, _)| *max).collect()),
                of(gap, all(&|i| distance(i).min(top))),
                of(excess, if excess.is_empty() { vec![] } else { all(&|i| (distance(i) - top).max(0)) }),
                of(&(*chosen).into(), all(&|i| i128::from(largest[&row(&places[i])].1 == i))),
                of(r, rest),
                of(slack, missing),
            ]
        }
        Step::Quotient { a, b, q, r, slack } => {
            let a = oracle::expr(graph, a, values);
            let b = oracle::expr(graph, &b.clone().into(), values);
            if let Some(index) = b.iter().position(|b| *b <= 0) {
                return Err(GraphError::Divisor { tensor: place(q), index, value: b[index].to_i64() });
            }
            let quotients: Vec<i128> = a.iter().zip(&b).map(|(a, b)| floor(*a, *b)).collect();
            let rest: Vec<i128> = a.iter().zip(&b).zip(&quotients).map(|((a, b), q)| a - b * q).collect();
            let missing = b.iter().zip(&rest).map(|(b, r)| b - 1 - r).collect();
            vec![of(q, quotients), of(r, rest), of(slack, missing)]
        }
        Step::Root { a, y, r, slack } => {
            let a = oracle::expr(graph, a, values);
            if let Some(index) = a.iter().position(|a| *a < 0) {
                return Err(GraphError::Radicand { tensor: place(y), index, value: a[index].to_i64() });
            }
            // Bit by bit.
            let root = |a: &i128| {
                (0..50)
                    .rev()
                    .fold(0i128, |y, bit| if (y + (1 << bit)).pow(2) <= *a { y + (1 << bit) } else { y })
            };
            let roots: Vec<i128> = a.iter().map(root).collect();
            let rest: Vec<i128> = a.iter().zip(&roots).map(|(a, y)| a - y * y).collect();
            let missing = roots.iter().zip(&rest).map(|(y, r)| 2 * y - r).collect();
            vec![of(y, roots), of(r, rest), of(slack, missing)]
        }
    })
}

/// The values that the definition gives, or the first entry that leaves its range.
fn expected(graph: &Graph, given: &[Option<Vec<i32>>]) -> Result<Vec<Vec<i32>>, GraphError> {
    let mut values: Vec<Vec<i32>> = given.iter().map(|given| given.clone().unwrap_or_default()).collect();
    for (tensor, values) in graph.tensors.iter().zip(&mut values) {
        if tensor.role == Role::One {
            *values = vec![1];
        }
    }
    for step in &graph.steps {
        for (limbs, mut numbers) in results(graph, step, &values)? {
            for (i, id) in limbs.0.iter().enumerate() {
                let tensor = graph.tensor(*id);
                let entries =
                    numbers.iter().map(|x| if i + 1 == limbs.len() { *x } else { x.rem_euclid(1 << 16) });
                let entries: Vec<i128> = entries.collect();
                let (lo, hi) = (tensor.range.lo, tensor.range.hi);
                let outside = |x: &i128| *x < i128::from(lo) || i128::from(hi) < *x;
                if let Some(index) = entries.iter().position(outside) {
                    let value = entries[index].clamp(i64::MIN.into(), i64::MAX.into()) as i64;
                    let tensor = format!("tensor {} {:?}", id.0, tensor.name);
                    return Err(GraphError::OutOfRange { tensor, index, value, lo, hi });
                }
                values[id.0 as usize] = entries.iter().map(|x| *x as i32).collect();
                numbers.iter_mut().for_each(|x| *x = floor(*x, 1 << 16));
            }
        }
    }
    Ok(values)
}

fn given(graph: &Graph, random: &mut Random) -> Vec<Option<Vec<i32>>> {
    graph.tensors.iter().map(|tensor| tensor.role.is_given().then(|| random.values(tensor))).collect()
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
                let bounds = ["bits of the accumulator", "range of the excess", "D y", "b q", "y^2", "D (y + e)"];
                prop_assert!(bounds.contains(&rule), "{}", rule);
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
        let got = execute(&graph, &bounds, given.clone());
        if let Ok(values) = &got {
            for step in &graph.steps {
                prop_assert_eq!(constraints_that_fail(&graph, step, values), Vec::<usize>::new());
            }
        }
        prop_assert_eq!(got, expected(&graph, &given));
    }
}

/// The constraints of a step that do not hold of these values, by their definition.
fn constraints_that_fail(graph: &Graph, step: &Step, values: &[Vec<i32>]) -> Vec<usize> {
    let holds = |constraint: &Constraint| match constraint {
        Constraint::Lookup { table, x, y } => {
            let f = |x: &i32| graph.table(*table).function.eval(*x);
            values[x.0 as usize].iter().map(f).eq(values[y.0 as usize].iter().copied())
        }
        Constraint::Zero { shape, constant, terms } => {
            let mut sum = vec![*constant; shape.len()];
            for (coeff, slot) in terms {
                let operand = match slot {
                    Slot::Tensor(id) => Operand::View(View::identity(*id, shape)),
                    Slot::View(view) => Operand::View(view.clone()),
                    Slot::Contract(contract) => Operand::Contract(contract.clone()),
                };
                let expr = Expr { shape: shape.clone(), terms: vec![Term { coeff: 1, operand }] };
                let entries = oracle::expr(graph, &expr, values);
                sum.iter_mut().zip(entries).for_each(|(sum, x)| *sum += coeff * x);
            }
            sum.iter().all(|sum| *sum == 0)
        }
    };
    let constraints = step.constraints(graph);
    (0..constraints.len()).filter(|i| !holds(&constraints[*i])).collect()
}

/// One tensor and `y = (a sum over it) / D`.
fn one_step(range: Interval, divisor: u64, coeff: i64) -> Graph {
    let tensor =
        |name: &str, range, role| Tensor { name: name.into(), shape: Shape::new([3]), scale: 0, range, role };
    let mut graph = Graph::default();
    graph.tensors.push(tensor("x", range, Role::Input(crate::Visibility::Public)));
    graph.tensors.push(tensor("y", Interval::new(-10, 10), Role::Output(crate::Visibility::Public)));
    graph.tensors.push(tensor("r", Interval::new(0, divisor as i32 - 1), Role::Ranged));
    let mut acc = Expr::view(View::identity(TensorId(0), &Shape::new([3])));
    acc.terms[0].coeff = coeff;
    graph.steps.push(Step::rescale(acc, divisor, TensorId(1), Some(TensorId(2))));
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

#[test]
fn weights_are_asked_for_when_they_are_read() {
    // y = x + w, twice, the second time of w and v.
    let tensor = |name: &str, role| Tensor {
        name: name.into(),
        shape: Shape::new([3]),
        scale: 0,
        range: Interval::I16,
        role,
    };
    let public = crate::Visibility::Public;
    let tensors = [
        ("x", Role::Input(public)),
        ("w", Role::Weight),
        ("v", Role::Weight),
        ("y", Role::Ranged),
        ("z", Role::Output(public)),
    ];
    let sum = |a, b| {
        let mut acc = Expr::view(View::identity(TensorId(a), &Shape::new([3])));
        acc.terms.extend(Expr::view(View::identity(TensorId(b), &Shape::new([3]))).terms);
        acc
    };
    let graph = Graph {
        tensors: tensors.map(|(name, role)| tensor(name, role)).to_vec(),
        steps: vec![
            Step::rescale(sum(0, 1), 1, TensorId(3), None),
            Step::rescale(sum(3, 2), 1, TensorId(4), None),
        ],
        inputs: vec![TensorId(0)],
        outputs: vec![TensorId(4)],
        ..Graph::default()
    };
    let bounds = graph.validate().unwrap();
    let weights = [vec![10i16, -20, 30], vec![1, 2, 3]];
    let asked = std::cell::RefCell::new(Vec::new());
    let lend = |id: TensorId| {
        asked.borrow_mut().push(id.0);
        Ok(weights[id.0 as usize - 1].clone().into())
    };
    let given = || vec![Some(vec![5, 6, 7]), None, None, None, None];
    let values = execute_lending(&graph, &bounds, given(), &lend).unwrap();
    assert_eq!(values[4], [16, -12, 40]);
    assert_eq!(asked.take(), [1, 2]);
    // What is given is not asked for, what is asked for is checked.
    let mut one = given();
    one[1] = Some(vec![0, 0, 0]);
    assert_eq!(execute_lending(&graph, &bounds, one, &lend).unwrap()[4], [6, 8, 10]);
    assert_eq!(asked.take(), [2]);
    let short = execute_lending(&graph, &bounds, given(), &|_| Ok(vec![1i16].into()));
    assert_eq!(short, Err(GraphError::Length { tensor: "tensor 1 \"w\"".into(), expected: 3, got: 1 }));
    let missing = execute(&graph, &bounds, given());
    assert_eq!(missing, Err(GraphError::Length { tensor: "tensor 1 \"w\"".into(), expected: 3, got: 0 }));
}
