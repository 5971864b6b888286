//! Cheating witnesses of every step that is more than a rescaling: each constraint and each range broken on
//! its own.

use zktorch_graph::Visibility::{Private, Public};
use zktorch_graph::layout::Scope;
use zktorch_graph::{
    Constraint, Expr, Graph, Interval, Limbs, Operand, Role, Shape, Slot, Step, Tensor, Term, View,
    eval_expr, execute,
};

use super::cheating::{RELATION, assert_not_looked_up, leak};
use super::forger::{Forger, refused_by};
use crate::test_util::{Builder, Case, id};
use crate::{BlockError, Network};

/// Changes of values: (tensor, entry, new value).
type Changes<'a> = &'a [(&'a str, usize, i32)];

/// The case with these values of the inputs, in their order.
pub(super) fn case(graph: Graph, k: usize, inputs: &[&[i32]]) -> &'static Case {
    let mut given = vec![None; graph.tensors.len()];
    for (id, values) in graph.inputs.iter().zip(inputs) {
        given[id.0 as usize] = Some(values.to_vec());
    }
    let values = execute(&graph, &graph.validate().unwrap(), given).unwrap();
    let case = leak(Case::with_values(graph, k, values));
    assert_eq!(violated(case.network.graph(), &case.values), []);
    case.verify(&case.prove()).unwrap();
    assert_eq!(refused_by(Forger::new(case, &case.values).run()), "accepted");
    case
}

/// The relations (of all steps, numbered in their order) that these values do not satisfy over the integers.
fn violated(graph: &Graph, values: &[Vec<i32>]) -> Vec<usize> {
    let constraints = graph.steps.iter().flat_map(|step| step.constraints(graph));
    let relations = constraints.filter_map(|constraint| match constraint {
        Constraint::Zero { shape, constant, terms } => Some((shape, constant, terms)),
        Constraint::Lookup { .. } => None,
    });
    let holds = |(shape, constant, terms): (Shape, i128, Vec<(i128, Slot)>)| {
        let mut sums = vec![constant; shape.len()];
        for (coeff, slot) in terms {
            let operand = match slot {
                Slot::Tensor(id) => Operand::View(View::identity(id, &shape)),
                Slot::View(view) => Operand::View(view),
                Slot::Contract(contract) => Operand::Contract(contract),
            };
            let expr = Expr { shape: shape.clone(), terms: vec![Term { coeff: 1, operand }] };
            let entries = eval_expr(graph, &expr, values).unwrap();
            sums.iter_mut().zip(entries).for_each(|(sum, entry)| *sum += coeff * i128::from(entry));
        }
        sums.iter().all(|sum| *sum == 0)
    };
    relations.enumerate().filter_map(|(i, relation)| (!holds(relation)).then_some(i)).collect()
}

fn changed(case: &Case, changes: Changes<'_>) -> Vec<Vec<i32>> {
    let mut values = case.values.clone();
    for (name, entry, value) in changes {
        values[id(case.network.graph(), name).0 as usize][*entry] = *value;
    }
    values
}

/// Exactly these relations are broken, all lookups hold: the relations' point refuses it.
#[track_caller]
fn breaks(case: &'static Case, relations: &[usize], changes: Changes<'_>) {
    let values = changed(case, changes);
    let graph = case.network.graph();
    assert_eq!(violated(graph, &values), relations);
    for (tensor, values) in graph.tensors.iter().zip(&values) {
        assert!(values.iter().all(|value| tensor.range.contains((*value).into())), "{}", tensor.name);
    }
    for step in &graph.steps {
        let Some((table, x, y)) = step.lookup(graph) else { continue };
        for (x, y) in values[x.0 as usize].iter().zip(&values[y.0 as usize]) {
            assert_eq!(graph.table(table).function.eval(*x), *y);
        }
    }
    assert_eq!(refused_by(Forger::new(case, &values).recommit().run()), RELATION);
}

/// All relations hold: a value is in no table.
#[track_caller]
fn is_in_no_table(case: &'static Case, changes: Changes<'_>) {
    assert_eq!(violated(case.network.graph(), &changed(case, changes)), []);
    let values = changed(case, changes);
    assert_not_looked_up(|| Forger::new(case, &values).recommit());
}

fn small() -> Interval {
    Interval::new(-60, 60)
}

/// q = floor(7 x / d), a private output; b is d - 1 + 1, the second one the constant.
fn quotient() -> &'static Case {
    let mut b = Builder::default();
    let [x, d] = ["x", "d"].map(|name| b.tensor(name, &[3], small(), Role::Input(Private)));
    b.graph.inputs.extend([x, d]);
    let one = b.ones(&[3]);
    let mut divisor = b.linear(d);
    divisor.terms.extend([(-1, one.clone()), (1, one)]);
    let a = b.times(7, x);
    let q = b.limbs("q", &[3], 1, Interval::new(-500, 500), Role::Output(Private));
    b.quotient(a, divisor, q, 127);
    case(b.graph, 8, &[&[10, -10, 5], &[4, 9, 1]])
}

#[test]
fn quotients_are_rounded_down() {
    let case = quotient();
    let of = |name: &str| &case.values[id(case.network.graph(), name).0 as usize];
    // 70 = 4 17 + 2, -70 = 9 (-8) + 2, 35 = 35.
    assert_eq!(
        (&of("q 0")[..], &of("r 0")[..], &of("slack 0")[..]),
        (&[17, -8, 35][..], &[2, 2, 0][..], &[1, 6, 0][..])
    );
    // Off by one.
    breaks(case, &[0], &[("q 0", 0, 18)]);
    breaks(case, &[0], &[("r 0", 1, 1), ("slack 0", 1, 7)]);
    // The remainder makes up for it: it is negative, or at least b, which makes the slack negative (or
    // wrong).
    is_in_no_table(case, &[("q 0", 0, 18), ("r 0", 0, -2), ("slack 0", 0, 5)]);
    is_in_no_table(case, &[("q 0", 0, 16), ("r 0", 0, 6), ("slack 0", 0, -3)]);
    is_in_no_table(case, &[("q 0", 1, -7), ("r 0", 1, -7), ("slack 0", 1, 15)]);
    breaks(case, &[1], &[("q 0", 0, 16), ("r 0", 0, 6), ("slack 0", 0, 1)]);
    breaks(case, &[1], &[("slack 0", 2, 1)]);
    // Beyond the range of q, where it might wrap.
    is_in_no_table(case, &[("q 0", 2, 501), ("r 0", 2, 35 - 501), ("slack 0", 2, 501 - 35)]);
}

#[test]
fn divisors_are_positive() {
    let case = quotient();
    let graph = case.network.graph();
    let bounds = graph.validate().unwrap();
    for d in [0, -3] {
        // The executor says so; a prover who goes on has no slack.
        let mut given: Vec<Option<Vec<i32>>> = vec![None; graph.tensors.len()];
        given[id(graph, "x").0 as usize] = Some(vec![10, -10, 5]);
        given[id(graph, "d").0 as usize] = Some(vec![4, 9, d]);
        let error = execute(graph, &bounds, given).unwrap_err().to_string();
        assert!(
            error.contains("\"q 0\": the divisor of entry 2") && error.contains(&format!("is {d},")),
            "{error}"
        );
        // 35 = d q + r.
        for r in [35 - 3 * d, 35 + 3 * d] {
            let q = if d == 0 { 44 } else { (35 - r) / d };
            is_in_no_table(case, &[("d", 2, d), ("q 0", 2, q), ("r 0", 2, r), ("slack 0", 2, d - 1 - r)]);
            breaks(case, &[1], &[("d", 2, d), ("q 0", 2, q), ("r 0", 2, r), ("slack 0", 2, 0)]);
        }
    }
}

#[test]
fn roots_are_rounded_down_and_not_negative() {
    let mut b = Builder::default();
    let x = b.tensor("x", &[3], Interval::new(0, 2000), Role::Input(Private));
    b.graph.inputs.push(x);
    let a = b.times(1, x);
    let y = b.limbs("y", &[3], 1, Interval::new(0, 60), Role::Output(Private));
    b.root(a, y, 127);
    let case = case(b.graph, 8, &[&[1000, 0, 900]]);
    let of = |name: &str| &case.values[id(case.network.graph(), name).0 as usize];
    // 1000 = 31^2 + 39.
    assert_eq!(
        (&of("y 0")[..], &of("r 0")[..], &of("slack 0")[..]),
        (&[31, 0, 30][..], &[39, 0, 0][..], &[23, 0, 60][..])
    );
    breaks(case, &[0], &[("y 0", 0, 30), ("slack 0", 0, 21)]);
    breaks(case, &[0], &[("r 0", 1, 0), ("y 0", 1, 1), ("slack 0", 1, 2)]);
    breaks(case, &[1], &[("slack 0", 0, 24)]);
    // 900 = 29^2 + 59, and 59 > 2 29; 1000 = 32^2 - 24.
    is_in_no_table(case, &[("y 0", 2, 29), ("r 0", 2, 59), ("slack 0", 2, -1)]);
    breaks(case, &[1], &[("y 0", 2, 29), ("r 0", 2, 59), ("slack 0", 2, 0)]);
    is_in_no_table(case, &[("y 0", 0, 32), ("r 0", 0, -24), ("slack 0", 0, 88)]);
    // The other root.
    is_in_no_table(case, &[("y 0", 0, -31), ("slack 0", 0, -62 - 39)]);
    let bounds = case.network.graph().validate().unwrap();
    let mut graph = case.network.graph().clone();
    graph.tensors[0].range.lo = -1;
    let error =
        execute(&graph, &bounds, vec![Some(vec![0, -1, 0]), None, None, None]).unwrap_err().to_string();
    assert!(error.contains("\"y 0\": the root of entry 1 is of -1"), "{error}");
}

/// y = clamp(round(5 x / 4), -7, 9) with an excess of so many limbs.
fn saturation(count: usize) -> Graph {
    let mut b = Builder::default();
    let x = b.tensor("x", &[4], small(), Role::Input(Private));
    b.graph.inputs.push(x);
    let acc = b.times(5, x);
    let y = b.tensor("y", &[4], Interval::new(-7, 9), Role::Output(Private));
    b.graph.outputs.push(y);
    let top = if count == 1 { Interval::new(-70, 70) } else { Interval::new(-1, 1) };
    b.saturate(acc, 4, y, count, top);
    b.graph
}

#[test]
fn saturation_happens_where_it_must_and_nowhere_else() {
    let case = case(saturation(1), 8, &[&[2, 40, -40, 0]]);
    let of = |name: &str| case.values[id(case.network.graph(), name).0 as usize].clone();
    // 10 + 2 = 4 3, 202 = 4 (9 + 41) + 2, -198 = 4 (-7 - 43) + 2, 2.
    assert_eq!([of("y"), of("excess 0")], [[3, 9, -7, 0], [0, 41, -43, 0]]);
    assert_eq!([of("negative"), of("r 0")], [[0, 0, 1, 0], [0, 2, 2, 2]]);
    // Off by one, with or without a remainder that makes up for it.
    breaks(case, &[0], &[("y", 0, 4)]);
    breaks(case, &[0], &[("excess 0", 1, 42)]);
    is_in_no_table(case, &[("y", 0, 4), ("r 0", 0, -4)]);
    is_in_no_table(case, &[("y", 0, 2), ("r 0", 0, 4)]);
    // Claimed where there is none, at either end, and halfway.
    breaks(case, &[1], &[("y", 0, 9), ("excess 0", 0, -6), ("negative", 0, 1)]);
    breaks(case, &[1], &[("y", 0, -7), ("excess 0", 0, 10)]);
    breaks(case, &[1], &[("y", 0, 2), ("excess 0", 0, 1)]);
    breaks(case, &[1], &[("y", 0, 4), ("excess 0", 0, -1), ("negative", 0, 1)]);
    // Less than there is.
    breaks(case, &[1], &[("y", 1, 8), ("excess 0", 1, 42)]);
    breaks(case, &[1], &[("y", 2, -6), ("excess 0", 2, -44)]);
    // With a sign that would hide it: the other end's, and none.
    is_in_no_table(case, &[("y", 0, -7), ("excess 0", 0, 10), ("negative", 0, 1)]);
    is_in_no_table(case, &[("y", 0, 9), ("excess 0", 0, -6), ("negative", 0, 0)]);
    is_in_no_table(case, &[("negative", 0, 1)]);
    // No excess at all: y leaves its range.
    is_in_no_table(case, &[("y", 1, 50), ("excess 0", 1, 0)]);
}

#[test]
fn a_wide_excess_has_one_sign() {
    let case = case(saturation(2), 12, &[&[2, 40, -40, 0]]);
    let of = |name: &str| case.values[id(case.network.graph(), name).0 as usize].clone();
    assert_eq!([of("excess 0"), of("excess 1")], [[0, 41, 65_536 - 43, 0], [0, 0, -1, 0]]);
    breaks(case, &[1], &[("y", 0, 9), ("excess 0", 0, 65_530), ("excess 1", 0, -1), ("negative", 0, 1)]);
    // The same integer with other limbs, which have another sign.
    is_in_no_table(case, &[("y", 0, 9), ("excess 0", 0, -6)]);
    let low = 57 + 65_536;
    is_in_no_table(case, &[("y", 1, -7), ("excess 0", 1, low), ("excess 1", 1, -1), ("negative", 1, 1)]);
}

/// The exact sum of 30,000 x as two limbs; x / 200,003 of it, and x / 2^18.
fn wide() -> &'static Case {
    let mut b = Builder::default();
    let x = b.tensor("x", &[2], Interval::new(-1000, 1000), Role::Input(Private));
    b.graph.inputs.push(x);
    let range = Interval::new(-500, 500);
    let y = b.limbs("exact", &[2], 2, range, Role::Ranged);
    let sum = |y: &Limbs, shape: &Shape| Expr::from(y.linear(shape));
    let (acc, none) = (b.times(30_000, x), Limbs::default());
    let shape = acc.shape.clone();
    let (r, slack) = (none.clone(), none.clone());
    b.graph.steps.push(Step::Rescale { acc, divisor: 1, y: y.clone(), r, slack });
    let z = b.limbs("odd", &[2], 1, range, Role::Output(Private));
    let r = b.limbs("odd r", &[2], 2, Interval::new(0, 7), Role::Ranged);
    let slack = b.limbs("odd slack", &[2], 2, Interval::new(0, 3), Role::Ranged);
    let acc = sum(&y, &shape);
    b.graph.steps.push(Step::Rescale { acc, divisor: 200_003, y: z, r, slack });
    let z = b.limbs("even", &[2], 1, range, Role::Output(Private));
    let r = b.limbs("even r", &[2], 2, Interval::new(0, 3), Role::Ranged);
    let acc = sum(&y, &shape);
    b.graph.steps.push(Step::Rescale { acc, divisor: 1 << 18, y: z, r, slack: none });
    case(b.graph, 12, &[&[7, -9]])
}

#[test]
fn wide_values_have_one_representation() {
    let case = wide();
    let of = |name: &str| case.values[id(case.network.graph(), name).0 as usize].clone();
    // 210,000 and -270,000.
    assert_eq!([of("exact 0"), of("exact 1")], [[210_000 - 3 * 65_536, 5 * 65_536 - 270_000], [3, -5]]);
    // 210,000 = 200,003 + 9,997 and 2^18 - 52,144; -270,000 = -200,003 - 69,997 and -2^18 - 7,856.
    assert_eq!([of("odd 0"), of("even 0")], [[1, -1], [1, -1]]);
    // Limbs that are no digits: what follows reads the same integer.
    let low = of("exact 0");
    is_in_no_table(case, &[("exact 0", 0, low[0] + 65_536), ("exact 1", 0, 2)]);
    is_in_no_table(case, &[("exact 0", 1, low[1] - 65_536), ("exact 1", 1, -4)]);
    // One unit of the upper limb: three relations read it.
    breaks(case, &[0, 1, 3], &[("exact 1", 0, 2)]);
    breaks(case, &[0, 1, 3], &[("exact 0", 1, low[1] + 1)]);
}

#[test]
fn wide_remainders_are_below_the_divisor() {
    let case = wide();
    let of = |name: &str| case.values[id(case.network.graph(), name).0 as usize].clone();
    let rest = |name: &str, i: usize| of(&format!("{name} 0"))[i] + 65_536 * of(&format!("{name} 1"))[i];
    let (r, slack) = (rest("odd r", 0), rest("odd slack", 0));
    assert_eq!(r + slack, 200_002);
    // One quotient less: the remainder is D more. It fits its limbs, which end at 2^19; the slack is
    // negative.
    assert!(r + 200_003 < 1 << 19);
    let limbs = |value: i32| (value.rem_euclid(65_536), value.div_euclid(65_536));
    let ((r0, r1), (s0, s1)) = (limbs(r + 200_003), limbs(slack - 200_003));
    let more = [("odd 0", 0, 0), ("odd r 0", 0, r0), ("odd r 1", 0, r1)];
    let less = [("odd slack 0", 0, s0), ("odd slack 1", 0, s1)];
    is_in_no_table(case, &[&more[..], &less].concat());
    breaks(case, &[2], &more);
    breaks(case, &[2], &[("odd slack 0", 0, of("odd slack 0")[0] - 1)]);
    breaks(case, &[1, 2], &[("odd r 0", 0, of("odd r 0")[0] + 1)]);
    // For a power of two the range of the last limb alone says so.
    let (r0, r1) = limbs(rest("even r", 0) + (1 << 18));
    is_in_no_table(case, &[("even 0", 0, 0), ("even r 0", 0, r0), ("even r 1", 0, r1)]);
    breaks(case, &[3], &[("even 0", 0, 0)]);
}

/// y = x + 3, the 3 a constant; x and y public and wider than any table.
fn shifted() -> Graph {
    let mut b = Builder::default();
    let all = Interval::new(i32::MIN, i32::MAX);
    let x = b.tensor("x", &[3], all, Role::Input(Public));
    b.graph.inputs.push(x);
    let mut acc = b.times(1, x);
    acc.terms.push(Term { coeff: 3, operand: Operand::View(b.ones(&[3])) });
    let y = b.tensor("y", &[3], all, Role::Output(Public));
    b.graph.outputs.push(y);
    b.graph.steps.push(Step::rescale(acc, 1, y, None));
    // Something to commit.
    let acc = b.times(1, x);
    let z = b.tensor("z", &[3], Interval::I16, Role::Ranged);
    let r = b.tensor("z r", &[3], Interval::new(0, (1 << 17) - 1), Role::Ranged);
    b.graph.steps.push(Step::rescale(acc, 1 << 17, z, Some(r)));
    b.graph
}

#[test]
fn the_number_one_is_the_verifiers() {
    let case = case(shifted(), 12, &[&[i32::MIN, 5, i32::MAX - 3]]);
    assert_eq!(case.values[id(case.network.graph(), "y").0 as usize], [i32::MIN + 3, 8, i32::MAX]);
    // A prover whose one is two, and wide values that are wrong.
    breaks(case, &[0], &[("y", 1, 11)]);
    breaks(case, &[0], &[("y", 0, i32::MIN)]);
    // It is in no statement and in no commitment.
    assert_eq!(case.network.public_tensors().len(), 2);
    let one = id(case.network.graph(), "one");
    assert!(case.network.location(one).is_none());
    let public: Vec<&[i32]> = vec![&[0, 0, 0], &[3, 3, 3], &[2]];
    let extra =
        crate::Statement::new(&case.network, [7; 32], b"", &[], [&[], &[]], &public).map(|_| ()).unwrap_err();
    assert!(matches!(extra, BlockError::Length { what: "public tensors", expected: 2, got: 3 }), "{extra}");
}

#[test]
fn keys_that_bend_the_rules_are_refused() {
    let refused = |graph: &Graph, change: &dyn Fn(&mut Graph)| {
        let mut graph = graph.clone();
        change(&mut graph);
        Network::new(graph, 12, Scope::Inference).map(|_| ()).unwrap_err().to_string()
    };
    let graph = shifted();
    let tensor = |name: &str| id(&graph, name).0 as usize;
    for port in ["x", "y"] {
        let private = refused(&graph, &|g| {
            let role = &mut g.tensors[tensor(port)].role;
            *role = if port == "x" { Role::Input(Private) } else { Role::Output(Private) };
        });
        assert!(
            private.contains("range: expected an interval that contains 0 within [-2^16, 2^17]"),
            "{private}"
        );
    }
    let port = refused(&graph, &|g| g.inputs.push(id(&graph, "one")));
    assert!(port.contains("role: expected inputs, got One"), "{port}");
    for range in [Interval::new(0, 1), Interval::new(1, 2)] {
        let range = refused(&graph, &|g| g.tensors[tensor("one")].range = range);
        assert!(range.contains("range of the One: expected [1, 1]"), "{range}");
    }
    let two = refused(&graph, &|g| g.tensors.push(Tensor::one()));
    assert!(two.contains("tensors with the role One: expected at most 1, got 2"), "{two}");
}

/// gap = min(max - x, 9), x = round(5 x / 4) along the second of two axes.
pub(super) fn gap(clamped: bool) -> &'static Case {
    let mut b = Builder::default();
    let x = b.tensor("x", &[2, 3], small(), Role::Input(Private));
    b.graph.inputs.push(x);
    let acc = b.times(5, x);
    let (r, max) =
        (b.natural("r", &[2, 3], 3), b.limbs("max", &[2], 1, Interval::new(-90, 90), Role::Ranged));
    let gap = b.natural("gap", &[2, 3], if clamped { 9 } else { 180 });
    let excess = if clamped { b.natural("excess", &[2, 3], 180) } else { Limbs::default() };
    let chosen = b.tensor("chosen", &[2, 3], Interval::new(0, 1), Role::Ranged);
    let slack = Limbs::default();
    b.graph.steps.push(Step::Gap { acc, divisor: 4, r, slack, axis: 1, max, gap, excess, chosen });
    case(b.graph, 8, &[&[10, -10, 9, -60, 3, 3]])
}

#[test]
fn gaps_are_below_the_largest_entry() {
    let case = gap(false);
    let of = |name: &str| &case.values[id(case.network.graph(), name).0 as usize][..];
    // 12.5, -12.5, 11.25; -75, 3.75, 3.75.
    assert_eq!((of("max 0"), of("gap 0")), (&[13, 4][..], &[0, 25, 2, 79, 0, 0][..]));
    assert_eq!((of("r 0"), of("chosen")), (&[0, 0, 3, 2, 1, 1][..], &[1, 0, 0, 0, 1, 0][..]));
    // Another gap or remainder.
    breaks(case, &[0], &[("gap 0", 1, 24)]);
    breaks(case, &[0], &[("r 0", 2, 2)]);
    // One that makes up for the other.
    is_in_no_table(case, &[("gap 0", 1, 24), ("r 0", 1, -4)]);
    is_in_no_table(case, &[("gap 0", 2, 3), ("r 0", 2, 7)]);
    // A lower maximum: an entry is above it. A higher one: no entry has it.
    is_in_no_table(
        case,
        &[
            ("max 0", 0, 11),
            ("gap 0", 0, -2),
            ("gap 0", 1, 23),
            ("gap 0", 2, 0),
            ("chosen", 0, 0),
            ("chosen", 2, 1),
        ],
    );
    breaks(case, &[2], &[("max 0", 0, 14), ("gap 0", 0, 1), ("gap 0", 1, 26), ("gap 0", 2, 3)]);
    // No entry is chosen; one that is not the largest; two; one and another one taken away.
    breaks(
        case,
        &[1],
        &[("max 0", 0, 14), ("gap 0", 0, 1), ("gap 0", 1, 26), ("gap 0", 2, 3), ("chosen", 0, 0)],
    );
    breaks(case, &[2], &[("chosen", 0, 0), ("chosen", 1, 1)]);
    breaks(case, &[1], &[("chosen", 5, 1)]);
    is_in_no_table(case, &[("chosen", 4, 2), ("chosen", 5, -1)]);
    // Any of several largest entries may be chosen.
    let values = changed(case, &[("chosen", 4, 0), ("chosen", 5, 1)]);
    assert_eq!(refused_by(Forger::new(case, &values).recommit().run()), "accepted");
}

#[test]
fn gaps_are_clamped_where_they_end() {
    let case = gap(true);
    let of = |name: &str| &case.values[id(case.network.graph(), name).0 as usize][..];
    assert_eq!((of("gap 0"), of("excess 0")), (&[0, 9, 2, 9, 0, 0][..], &[0, 16, 0, 70, 0, 0][..]));
    // What the gap does not reach goes into the excess, and nothing else does.
    breaks(case, &[3], &[("gap 0", 2, 1), ("excess 0", 2, 1)]);
    breaks(case, &[3], &[("gap 0", 1, 8), ("excess 0", 1, 17)]);
    breaks(case, &[0], &[("excess 0", 1, 15)]);
    is_in_no_table(case, &[("gap 0", 1, 25), ("excess 0", 1, 0)]);
    is_in_no_table(case, &[("gap 0", 2, 9), ("excess 0", 2, -7)]);
    // A distance that is all excess is one.
    breaks(case, &[2, 3], &[("max 0", 0, 14), ("excess 0", 0, 1), ("gap 0", 2, 3), ("excess 0", 1, 17)]);
}
