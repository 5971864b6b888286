//! Limbs, quotients, roots, saturations, the number one: one broken rule at a time.

use crate::testing::wide::wide;
use std::borrow::Cow;

use crate::{
    Binary, Expr, Formula, Function, Graph, GraphError, Interval, Limbs, Role, Shape, Step, Table, TableId,
    Tensor, TensorId, ValidGraph, View, Visibility,
};

#[track_caller]
fn refused(rule: &str, place: &str, change: impl FnOnce(&mut Graph)) {
    let mut graph = wide();
    change(&mut graph);
    match graph.validate() {
        Err(GraphError::Invalid { place: p, rule: r, expected, got }) => {
            assert_eq!((r, p.as_str()), (rule, place), "expected {expected}, got {got}");
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn accepted(change: impl FnOnce(&mut Graph)) {
    let mut graph = wide();
    change(&mut graph);
    graph.validate().unwrap();
}

fn range(name: &'static str, lo: i32, hi: i32) -> impl FnOnce(&mut Graph) {
    move |g| {
        let id = g.named(name).0 as usize;
        g.tensors[id].range = Interval::new(lo, hi);
    }
}

fn role(name: &'static str, role: Role) -> impl FnOnce(&mut Graph) {
    move |g| {
        let id = g.named(name).0 as usize;
        g.tensors[id].role = role;
    }
}

/// Limbs of a step by their names in its documentation.
fn limbs<'g>(graph: &'g mut Graph, step: usize, name: &str) -> &'g mut Limbs {
    match (&mut graph.steps[step], name) {
        (Step::Rescale { y, .. } | Step::Root { y, .. }, "y") => y,
        (Step::Quotient { q, .. }, "q") => q,
        (Step::Saturate { excess, .. } | Step::Gap { excess, .. }, "excess") => excess,
        (Step::Gap { gap, .. }, "gap") => gap,
        (Step::Gap { max, .. }, "max") => max,
        (
            Step::Rescale { r, .. }
            | Step::Quotient { r, .. }
            | Step::Root { r, .. }
            | Step::Saturate { r, .. }
            | Step::Gap { r, .. },
            "r",
        ) => r,
        (
            Step::Rescale { slack, .. }
            | Step::Quotient { slack, .. }
            | Step::Root { slack, .. }
            | Step::Saturate { slack, .. }
            | Step::Gap { slack, .. },
            "slack",
        ) => slack,
        (step, name) => panic!("no {name} in {step:?}"),
    }
}

fn at(graph: &Graph, name: &str) -> String {
    format!("tensor {} {name:?}", graph.named(name).0)
}

#[test]
fn the_example_is_valid_and_lists_what_it_reads_and_defines() {
    let graph = wide();
    graph.validate().unwrap();
    // Everything that is not given is defined once, after what it is computed from.
    let mut known: Vec<TensorId> = ["x", "d", "one"].map(|name| graph.named(name)).to_vec();
    for step in &graph.steps {
        assert!(step.reads().iter().all(|id| known.contains(id)), "{step:?}");
        known.extend(step.defines());
    }
    known.sort_unstable();
    assert_eq!(known, (0..graph.tensors.len() as u32).map(TensorId).collect::<Vec<_>>());
}

#[test]
fn limbs_have_one_representation() {
    let graph = wide();
    let place = |step: &str, name| format!("{step}: {}", at(&graph, name));
    for (lo, hi) in [(0, 65_534), (-1, 65_535), (0, 65_536), (0, 1)] {
        refused("range of a limb", &place("step 0: y", "exact0"), range("exact0", lo, hi));
        refused("range of a limb", &place("step 1: r", "odd r0"), range("odd r0", lo, hi));
        refused("range of a limb", &place("step 1: slack", "odd slack0"), range("odd slack0", lo, hi));
        refused("range of a limb", &place("step 2: q", "q0"), range("q0", lo, hi));
        refused("range of a limb", &place("step 4: excess", "excess0"), range("excess0", lo, hi));
    }
    for (step, name) in [(0, "y"), (2, "q"), (2, "r"), (2, "slack"), (3, "y"), (4, "excess")] {
        refused("number of limbs", &format!("step {step}: {name}"), |g| limbs(g, step, name).0.clear());
    }
    refused("number of limbs", "step 0: y", |g| {
        let first = limbs(g, 0, "y").0[0];
        *limbs(g, 0, "y") = Limbs(vec![first; 5]);
    });
    refused("defined by a step", &place("step 0: y", "exact0"), |g| {
        limbs(g, 0, "y").0[1] = g.named("exact0")
    });
    refused("tensor id", "step 0: y", |g| limbs(g, 0, "y").0[1] = TensorId(99));
    refused("shape", &place("step 2: q", "q0"), |g| {
        let id = g.named("q0").0 as usize;
        g.tensors[id].shape = Shape::new([4]);
    });
    // The last limb alone may be an argument, and only a single one is an output.
    let argument = Role::LookupInput(TableId(0));
    refused("role", &place("step 2: q", "q0"), |g| {
        range("q0", -(1 << 12), (1 << 12) - 1)(g);
        role("q0", argument)(g);
    });
    refused("role", &place("step 2: q", "q1"), |g| {
        role("q1", Role::Output(Visibility::Private))(g);
        g.outputs.push(g.named("q1"));
    });
    accepted(|g| {
        let (domain, x) = (g.tables[0].domain, g.named("q1"));
        range("q1", domain.lo, domain.hi)(g);
        role("q1", argument)(g);
        let y = TensorId(g.tensors.len() as u32);
        let mut sign = g.tensors[g.named("negative").0 as usize].clone();
        sign.name = "sign".to_owned();
        g.tensors.push(sign);
        g.steps.push(Step::Lookup { table: TableId(0), x, y });
    });
}

#[test]
fn remainders_reach_the_divisor_and_not_beyond() {
    for (name, rest) in [("odd r1", "r"), ("odd slack1", "slack")] {
        // 15 2^16 - 1 < 1,000,002.
        let rule = if rest == "r" { "range of a remainder" } else { "range of a slack" };
        let place = if rest == "r" { at(&wide(), name) } else { rest.to_owned() };
        refused(rule, &format!("step 1: {place}"), range(name, 0, 14));
    }
    let place = format!("step 1: {}", at(&wide(), "odd r1"));
    refused("range of a remainder", &place, range("odd r1", -1, 15));
    refused("lowest value", "step 1: slack", range("odd slack1", -1, 15));
    accepted(range("odd r1", 0, 131_071));
    refused("slack", "step 1", |g| limbs(g, 1, "slack").0.clear());
    let divisor = |divisor: u64| {
        move |g: &mut Graph| match &mut g.steps[1] {
            Step::Rescale { divisor: d, .. } => *d = divisor,
            _ => panic!("no rescaling"),
        }
    };
    refused("divisor", "step 1", divisor((1 << 48) + 1));
    // The range of r is exact: there is nothing for a slack to show.
    refused("slack", "step 1", divisor(1 << 20));
    accepted(|g| {
        divisor(1 << 20)(g);
        // Something else defines what was the slack.
        let y = std::mem::take(limbs(g, 1, "slack"));
        let acc = Expr::view(View::identity(g.named("d"), &Shape::new([3])));
        let (r, slack) = Default::default();
        g.steps.push(Step::Rescale { acc, divisor: 1, y, r, slack });
    });
    refused("limbs of a remainder", "step 1", divisor(100_000));
    refused(
        "range of a remainder",
        &format!("step 4: {}", at(&wide(), "clamped r0")),
        range("clamped r0", 0, 16),
    );
    refused("remainder", "step 4", |g| limbs(g, 4, "r").0.clear());
    refused("slack", "step 4", |g| *limbs(g, 4, "slack") = g.named("excess0").into());
}

#[test]
fn quotients_and_roots() {
    refused("lowest value", "step 2: r", range("q r0", -1, 100_000));
    refused("lowest value", "step 2: slack", range("q slack0", -1, 100_000));
    refused("lowest value", "step 3: r", range("root r0", -1, 800));
    refused("lowest value", "step 3: slack", range("root slack0", -1, 800));
    refused("range of a root", "step 3: y", range("root0", -1, 400));
    refused("role", &format!("step 2: r: {}", at(&wide(), "q r0")), |g| {
        role("q r0", Role::Output(Visibility::Public))(g);
        g.outputs.push(g.named("q r0"));
    });
    refused("shape", "step 2: b", |g| match &mut g.steps[2] {
        Step::Quotient { b, .. } => {
            b.terms.truncate(1);
            b.shape = Shape::new([1, 3]);
            b.terms[0].1.shape = Shape::new([1, 3]);
            b.terms[0].1.factors[0].out = vec![1];
            b.terms[0].1.factors.push(crate::Factor {
                src: vec![],
                out: vec![0],
                map: crate::AxisMap::Sparse(vec![crate::Entry { out: 0, src: 0, coeff: 1 }]),
            });
        }
        _ => panic!("no quotient"),
    });
    refused("terms of an operand", "step 2: b", |g| match &mut g.steps[2] {
        Step::Quotient { b, .. } => b.terms.clear(),
        _ => panic!("no quotient"),
    });
    // A step may not read what it defines.
    refused("order", &format!("step 2: b: term 0: {}", at(&wide(), "q r0")), |g| {
        let id = g.named("q r0");
        match &mut g.steps[2] {
            Step::Quotient { b, .. } => b.terms[0].1.tensor = id,
            _ => panic!("no quotient"),
        }
    });
}

#[test]
fn nothing_wraps() {
    let coeff = |step: usize, coeff: i64| {
        move |g: &mut Graph| match &mut g.steps[step] {
            Step::Quotient { b, .. } => b.terms[0].0 = coeff,
            _ => panic!("no quotient"),
        }
    };
    // |q| <= 2^31, |b| <= 2^17 times the coefficient: 2^100 is passed between 2^51 and 2^52.
    accepted(coeff(2, 1 << 51));
    refused("b q", "step 2", coeff(2, 1 << 53));
    refused("D y", "step 1", |g| {
        match &mut g.steps[1] {
            Step::Rescale { divisor, y, r, slack, .. } => {
                *divisor = 1 << 48;
                (*y, *r) = (y.clone(), Limbs(vec![r.0[0], slack.0[0], r.0[1]]));
                *slack = Limbs::default();
            }
            _ => panic!("no rescaling"),
        }
        range("odd r1", 0, 65_535)(g);
        let id = g.named("odd").0 as usize;
        // Four limbs of 65 bits: the last one is what was the slack's.
        let mut limb = g.tensors[id].clone();
        (limb.range, limb.role) = (Limbs::LOW, Role::Ranged);
        let first = g.tensors.len() as u32;
        g.tensors.extend([limb.clone(), limb.clone(), limb]);
        let top = g.named("odd slack1");
        g.outputs.remove(0);
        g.tensors[id].role = Role::Ranged;
        g.tensors[id].range = Limbs::LOW;
        range("odd slack1", -(1 << 16), (1 << 16) - 1)(g);
        *limbs(g, 1, "y") = Limbs(vec![TensorId(id as u32), TensorId(first), TensorId(first + 1), top]);
    });
}

#[test]
fn saturations_cover_what_they_clamp() {
    // |x / 16| reaches 2^27 = 2^11 2^16, and 7 or 8 less.
    accepted(|g| {
        g.tables[0].domain = Interval::new(-(1 << 11), (1 << 11) - 1);
        range("excess1", -(1 << 11), (1 << 11) - 1)(g);
    });
    for (lo, hi) in [(-(1 << 11) + 1, 1 << 11), (-(1 << 11), (1 << 11) - 2)] {
        refused("range of the excess", "step 4: excess", |g| {
            g.tables[0].domain = Interval::new(lo, hi);
            range("excess1", lo, hi)(g);
        });
    }
    let function = |formula| {
        |g: &mut Graph| {
            let (input_scale, output_scale, lo, hi) = (0, 0, 0, 1);
            g.tables[0].function = Function::Formula { formula, input_scale, output_scale, lo, hi };
        }
    };
    for other in [
        Formula::constant(0.0),
        Formula::constant(1.0),
        Formula::argument().with_constant(Binary::Less, 1.0),
        Formula::argument().with_constant(Binary::Less, -1.0),
        Formula::argument().with_constant(Binary::Less, 0.0).with_constant(Binary::Equal, 0.0),
    ] {
        refused("table", "step 4: excess", function(other));
    }
    refused("role", &format!("step 4: excess: {}", at(&wide(), "excess1")), |g| {
        role("excess1", Role::Ranged)(g);
    });
    refused(
        "role",
        &format!("step 4: excess: y: {}", at(&wide(), "negative")),
        role("negative", Role::Ranged),
    );
    // What the step has looked up is no argument of another lookup.
    refused("argument of a lookup", &format!("step 6: x: {}", at(&wide(), "excess1")), |g| {
        let (x, y) = (g.named("excess1"), TensorId(g.tensors.len() as u32));
        let sign = g.tensors[g.named("negative").0 as usize].clone();
        g.tensors.push(sign);
        g.steps.push(Step::Lookup { table: TableId(0), x, y });
    });
}

#[test]
fn gaps_have_a_maximum_and_are_not_negative() {
    let place = |part: &str, name: &str| format!("step 5: {part}: {}", at(&wide(), name));
    fn axis(g: &mut Graph) -> &mut u32 {
        match &mut g.steps[5] {
            Step::Gap { axis, .. } => axis,
            _ => panic!("no gap"),
        }
    }
    refused("axis", "step 5", |g| *axis(g) = 1);
    refused("divisor", "step 5", |g| match &mut g.steps[5] {
        Step::Gap { divisor, .. } => *divisor = 0,
        _ => panic!("no gap"),
    });
    refused("range of a remainder", &format!("step 5: {}", at(&wide(), "gap r0")), range("gap r0", 0, 3));
    // One maximum for every row.
    refused("shape", &place("max", "max0"), |g| {
        let id = g.named("max0").0 as usize;
        g.tensors[id].shape = Shape::new([3]);
    });
    refused("role", &place("max", "max1"), role("max1", Role::Weight));
    // Nothing is above the maximum, and nothing is taken away from a clamped gap.
    refused("lowest value", "step 5: gap", range("gap0", -1, 1000));
    refused("lowest value", "step 5: excess", range("beyond1", -1, 5));
    refused("role", &place("gap", "gap0"), role("gap0", Role::Weight));
    refused("role", &place("excess", "beyond1"), role("beyond1", Role::Weight));
    refused("range of a limb", &place("excess", "beyond0"), range("beyond0", 0, 65_534));
    // Entries are chosen or not.
    for (lo, hi) in [(0, 2), (-1, 1), (0, 0)] {
        refused("range", "step 5: chosen", range("chosen", lo, hi));
    }
    refused("role", &place("chosen", "chosen"), role("chosen", Role::Weight));
    refused("shape", &place("chosen", "chosen"), |g| {
        let id = g.named("chosen").0 as usize;
        g.tensors[id].shape = Shape::new([4]);
    });
    refused("number of limbs", "step 5: gap", |g| limbs(g, 5, "gap").0.clear());
    // A step may not read what it defines.
    let own = wide().named("chosen");
    refused("order", &format!("step 5: acc: term 0: {}", at(&wide(), "chosen")), |g| match &mut g.steps[5] {
        Step::Gap { acc, .. } => match &mut acc.terms[0].operand {
            crate::Operand::View(view) => view.tensor = own,
            crate::Operand::Contract(_) => panic!("a contraction"),
        },
        _ => panic!("no gap"),
    });
}

/// Which of several largest entries is chosen is not determined.
#[test]
fn choices_are_not_read() {
    let chosen = wide().named("chosen");
    refused("reading", &format!("step 6: acc: term 0: {}", at(&wide(), "chosen")), |g| {
        let y = TensorId(g.tensors.len() as u32);
        let mut copy = g.tensors[chosen.0 as usize].clone();
        copy.name = "copy".to_owned();
        g.tensors.push(copy);
        let acc = Expr::view(View::identity(chosen, &Shape::new([3])));
        g.steps.push(Step::rescale(acc, 1, y, None));
    });
}

#[test]
fn gaps_do_not_wrap() {
    /// Four limbs in the place of these.
    fn widen(g: &mut Graph, name: &str) {
        let low = limbs(g, 5, name).0[0].0 as usize;
        let mut tensor = g.tensors[low].clone();
        (tensor.range, tensor.role) = (Limbs::LOW, Role::Ranged);
        let first = g.tensors.len() as u32;
        g.tensors.extend([(); 4].map(|()| tensor.clone()));
        *limbs(g, 5, name) = Limbs((first..first + 4).map(TensorId).collect());
    }
    for name in ["max", "gap", "excess"] {
        refused("D (max - gap - excess)", "step 5", |g| {
            widen(g, name);
            match &mut g.steps[5] {
                Step::Gap { divisor, .. } => *divisor = 1 << 48,
                _ => panic!("no gap"),
            }
            widen_remainder(g);
        });
    }
    refused("excess (top - gap)", "step 5", |g| {
        ["gap", "excess"].map(|name| widen(g, name)).into_iter().collect()
    });
}

/// A remainder of 48 bits.
fn widen_remainder(g: &mut Graph) {
    let mut tensor = g.tensors[g.named("gap r0").0 as usize].clone();
    tensor.range = Limbs::LOW;
    let first = g.tensors.len() as u32;
    g.tensors.extend([(); 3].map(|()| tensor.clone()));
    *limbs(g, 5, "r") = Limbs((first..first + 3).map(TensorId).collect());
}

#[test]
fn public_ports_and_the_number_one() {
    for (lo, hi) in [(1, 5), (-5, -1), (i32::MIN, -1), (5, 0)] {
        refused("range", "tensor 0 \"x\"", range("x", lo, hi));
    }
    for wide in [Role::Input(Visibility::Private), Role::Weight, Role::Ranged] {
        refused("range", "tensor 0 \"x\"", role("x", wide));
    }
    refused("range", "tensor 6 \"odd\"", role("odd", Role::Output(Visibility::Private)));
    refused("range of the One", "tensor 2 \"one\"", range("one", 0, 1));
    refused("range of the One", "tensor 2 \"one\"", range("one", 2, 2));
    refused("rank of the One", "tensor 2 \"one\"", |g| g.tensors[2].shape = Shape::new([1]));
    refused("tensors with the role One", "tensors", |g| g.tensors.push(Tensor::one()));
    refused("role", "inputs: tensor 2 \"one\"", |g| g.inputs.push(g.named("one")));
    refused("role", "outputs: tensor 2 \"one\"", |g| g.outputs.push(g.named("one")));
    refused("role", &format!("step 3: y: {}", at(&wide(), "one")), |g| {
        *limbs(g, 3, "y") = g.named("one").into()
    });
}

#[test]
fn formulas() {
    let formula = |formula: Formula, domain: i32| {
        move |g: &mut Graph| {
            let (input_scale, output_scale, lo, hi) = (0, 0, 0, 1);
            g.tables[0].function = Function::Formula { formula, input_scale, output_scale, lo, hi };
            g.tables[0].domain = Interval::new(0, domain);
        }
    };
    let long = (0..63).fold(Formula::argument(), |formula, _| formula.then(crate::Unary::Exp));
    for bad in [Formula(vec![]), long.clone().then(crate::Unary::Exp), Formula(vec![long.0[1]])] {
        refused("formula", "table 0", formula(bad, 1));
    }
    refused("formula", "table 0", formula(Formula(vec![long.0[0]; 1 << 20]), 1));
    refused("bounds of the formula", "table 0", |g| {
        let formula = Formula::argument();
        g.tables[0].function = Function::Formula { formula, input_scale: 0, output_scale: 0, lo: 1, hi: 0 };
    });
    for scale in [257, -257, i32::MIN, i32::MAX] {
        for (name, scales) in [("input scale", (scale, 0)), ("output scale", (0, scale))] {
            refused(name, "table 0", |g| {
                let function = Function::Formula {
                    formula: Formula::argument(),
                    input_scale: scales.0,
                    output_scale: scales.1,
                    lo: 0,
                    hi: 1,
                };
                g.tables[0].function = function;
            });
        }
    }
    // f(v 2^256) 2^-256 = v, and the other way round: the extremes are accepted, and computed as they stand.
    for (input_scale, output_scale) in [(-256, -256), (256, 256)] {
        let function =
            Function::Formula { formula: Formula::argument(), input_scale, output_scale, lo: -9, hi: 9 };
        assert_eq!([-7, 0, 5, 100].map(|v| function.eval(v)), [-7, 0, 5, 9]);
        let sign = Formula::argument().with_constant(Binary::Less, 0.0);
        let output_scale = 0;
        accepted(|g| {
            g.tables[0].function =
                Function::Formula { formula: sign, input_scale, output_scale, lo: 0, hi: 1 };
        });
    }
    refused("values of the function", "table 0", |g| {
        let (formula, hi) = (Formula::argument(), i32::MAX);
        g.tables[0].function = Function::Formula { formula, input_scale: 0, output_scale: 64, lo: 0, hi };
    });
    // What validation has computed is handed on.
    let mut graph = wide();
    let sign = Formula::argument().with_constant(Binary::Less, 0.0);
    let (input_scale, output_scale, lo, hi) = (0, 0, 0, 1);
    graph.tables[0].function = Function::Formula { formula: sign, input_scale, output_scale, lo, hi };
    graph.tables.push(Table { function: Function::Relu, domain: Interval::new(-2, 1) });
    let (graph, bounds, values) = ValidGraph::new(graph).unwrap().into_parts();
    assert_eq!(bounds, graph.validate().unwrap());
    let [sign, relu] = [TableId(0), TableId(1)].map(|id| values.of(&graph, id));
    assert!(matches!(&sign, Cow::Borrowed(values) if *values == graph.tables[0].values()));
    assert_eq!(relu, [0, 0, 0, 1].as_slice());
    // The work of all tables is bounded before any is computed.
    let start = std::time::Instant::now();
    refused("work of all formulas", "tables", |g| {
        formula(long, (1 << 17) - 1)(g);
        g.tables = vec![g.tables[0].clone(); 2];
    });
    assert!(start.elapsed().as_millis() < 500);
}
