//! One broken rule at a time: each is refused, for the right reason and at the right place.

mod fuzz;
mod views;
mod wide;

use crate::testing::example::{ACTIVATION, HIDDEN, INPUT, OUTPUT, REST, WEIGHTS, example};
use crate::{
    Bound, Contract, Entry, Expr, Factor, Function, Graph, GraphError, Interval, Limbs, Operand, Role, Shape,
    Step, TableId, TensorId, Term, View, Visibility,
};

/// The example, changed, breaks this rule at this place.
#[track_caller]
fn refused(rule: &str, place: &str, change: impl FnOnce(&mut Graph)) -> (String, String) {
    let mut graph = example();
    change(&mut graph);
    match graph.validate() {
        Err(GraphError::Invalid { place: p, rule: r, expected, got }) => {
            assert_eq!((r, p.as_str()), (rule, place), "expected {expected}, got {got}");
            (expected, got)
        }
        other => panic!("{other:?}"),
    }
}

/// The example, changed, is valid still.
#[track_caller]
fn accepted(change: impl FnOnce(&mut Graph)) {
    let mut graph = example();
    change(&mut graph);
    graph.validate().unwrap();
}

fn acc(graph: &mut Graph, step: usize) -> &mut Expr {
    match &mut graph.steps[step] {
        Step::Rescale { acc, .. } => acc,
        _ => panic!("no rescaling"),
    }
}

/// The contraction of the first step.
fn contract(graph: &mut Graph) -> &mut Contract {
    match &mut acc(graph, 0).terms[0].operand {
        Operand::Contract(product) => product,
        Operand::View(_) => panic!("a view"),
    }
}

/// A view of the last step: the activation, or mirrored.
fn view(graph: &mut Graph, term: usize) -> &mut View {
    match &mut acc(graph, 2).terms[term].operand {
        Operand::View(view) => view,
        Operand::Contract(_) => panic!("a contraction"),
    }
}

fn id(id: usize) -> TensorId {
    TensorId(id as u32)
}

#[test]
fn the_example_is_valid_and_bounded() {
    let bounds = example().validate().unwrap();
    // Three taps of at most 2^15 times 100; two activations of at most 128.
    let bound = |acc| Bound { acc, intermediate: acc };
    assert_eq!(bounds.steps, [bound((3 * 100) << 15), Bound::default(), bound(256)]);
    assert!(Graph::default().validate().unwrap().steps.is_empty());
}

#[test]
fn counts() {
    refused("number of items", "tensors", |g| g.tensors = vec![g.tensors[0].clone(); (1 << 16) + 1]);
    refused("number of items", "tables", |g| g.tables = vec![g.tables[0].clone(); (1 << 16) + 1]);
    refused("number of items", "steps", |g| g.steps = vec![g.steps[1].clone(); (1 << 16) + 1]);
    let large = |g: &mut Graph| {
        g.tables[0].domain = Interval::new(-(1 << 16), (1 << 16) - 1);
        g.tables = vec![g.tables[0].clone(); 129];
    };
    refused("entries of all tables", "tables", large);
    refused("padded entries of all tensors", "tensors", |g| {
        g.tensors[WEIGHTS].shape = Shape::new([1 << 14, 1 << 14]);
        let weight = g.tensors[WEIGHTS].clone();
        g.tensors.extend(vec![weight; 256]);
    });
    accepted(|g| {
        let mut weight = g.tensors[WEIGHTS].clone();
        weight.shape = Shape::new([1 << 14, 1 << 14]);
        g.tensors.extend(vec![weight; 255]);
    });
}

#[test]
fn tensors() {
    let at = "tensor 0 \"w\"";
    refused("rank", at, |g| g.tensors[0].shape = Shape::new(vec![1; 33]));
    refused("extents", "tensor 0 \"w\": axis 1", |g| g.tensors[0].shape = Shape::new([2, 0]));
    refused("extents", at, |g| g.tensors[0].shape = Shape::new([u32::MAX]));
    refused("padded size", at, |g| g.tensors[0].shape = Shape::new([(1 << 28) + 1]));
    refused("padded size", at, |g| g.tensors[0].shape = Shape::new(vec![1 << 31; 32]));
    refused("scale", at, |g| g.tensors[0].scale = i32::MIN);
    for (lo, hi) in [(1, 2), (-2, -1), (0, -1), (-(1 << 16) - 1, 0), (0, (1 << 17) + 1), (i32::MIN, i32::MAX)]
    {
        refused("range", at, |g| g.tensors[0].range = Interval::new(lo, hi));
    }
    assert_eq!(refused("range", at, |g| g.tensors[0].range = Interval::new(0, 1 << 17)).1, "131073");
    accepted(|g| g.tensors[0].range = Interval::new(0, (1 << 17) - 1));
    accepted(|g| g.tensors[0].range = Interval::new(-(1 << 16), (1 << 16) - 1));
    accepted(|g| g.tensors[0].range = Interval::new(0, 0));
    let name = "n".repeat(257);
    refused("length of the name", &format!("tensor 0 {:?}", &name[1..]), |g| {
        g.tensors[0].name = name.clone()
    });
    refused("table id", "tensor 2 \"h\"", |g| g.tensors[HIDDEN].role = Role::LookupInput(TableId(1)));
    refused("range of a lookup's argument", "tensor 2 \"h\"", |g| g.tensors[HIDDEN].range.hi -= 1);
    refused("range of a lookup's argument", "tensor 2 \"h\"", |g| g.tensors[HIDDEN].range.lo -= 1);
    let narrow = Interval::new(-128, 127);
    refused("range of a lookup's value", "tensor 4 \"a\"", |g| g.tensors[ACTIVATION].range = narrow);
}

#[test]
fn tables() {
    let function = |function: Function| move |g: &mut Graph| g.tables[0].function = function;
    refused("domain", "table 0", |g| g.tables[0].domain = Interval::new(1, 5));
    refused("domain", "table 0", |g| g.tables[0].domain = Interval::new(i32::MIN, i32::MAX));
    for shift in [0, 32, u32::MAX] {
        refused("shift", "table 0", function(Function::LeakyRelu { numerator: 1, shift }));
    }
    refused("bounds of the clip", "table 0", function(Function::Clip { lo: 1, hi: 0 }));
    let (input_scale, output_scale) = (-33, 7);
    refused("input scale", "table 0", function(Function::Tanh { input_scale, output_scale }));
    refused(
        "output scale",
        "table 0",
        function(Function::Sigmoid { input_scale: 1, output_scale: i32::MIN }),
    );
    let numbers = |first, len| Function::Values { first, values: vec![0; len] };
    for (first, len) in [(0, 2001), (-1000, 3), (-1000, 2002), (-1000, 0)] {
        refused("values", "table 0", function(numbers(first, len)));
    }
    accepted(function(numbers(-1000, 2001)));
    let values = "values of the function";
    refused(values, "table 0", function(Function::Values { first: -1000, values: vec![1 << 16; 2001] }));
    refused(values, "table 0", function(Function::Tanh { input_scale: 8, output_scale: 17 }));
    refused(values, "table 0", function(Function::Clip { lo: 1 << 16, hi: 1 << 16 }));
    refused(values, "table 0", function(Function::LeakyRelu { numerator: i32::MAX, shift: 1 }));
}

#[test]
fn inputs_and_outputs() {
    refused("tensor id", "inputs", |g| g.inputs.push(TensorId(6)));
    refused("listed once", "inputs: tensor 1 \"x\"", |g| g.inputs.push(id(INPUT)));
    refused("listed once", "inputs: tensor 1 \"x\"", |g| g.inputs.clear());
    refused("role", "inputs: tensor 0 \"w\"", |g| g.inputs.push(id(WEIGHTS)));
    refused("tensor id", "outputs", |g| g.outputs.push(TensorId(u32::MAX)));
    refused("listed once", "outputs: tensor 5 \"out\"", |g| g.outputs.push(id(OUTPUT)));
    refused("listed once", "outputs: tensor 5 \"out\"", |g| g.outputs.clear());
    refused("role", "outputs: tensor 1 \"x\"", |g| g.outputs.push(id(INPUT)));
    accepted(|g| g.tensors[OUTPUT].role = Role::Output(Visibility::Private));
}

fn rescale(graph: &mut Graph, step: usize) -> (&mut u64, &mut TensorId, &mut Limbs) {
    match &mut graph.steps[step] {
        Step::Rescale { divisor, y, r, .. } => (divisor, &mut y.0[0], r),
        _ => panic!("no rescaling"),
    }
}

#[test]
fn rescales() {
    for divisor in [0, (1 << 48) + 1, u64::MAX] {
        refused("divisor", "step 0", |g| *rescale(g, 0).0 = divisor);
    }
    for divisor in [(1 << 17) + 1, u64::from(u32::MAX)] {
        refused("range of a remainder", "step 0: tensor 3 \"rest\"", |g| *rescale(g, 0).0 = divisor);
    }
    let at = "step 0: tensor 3 \"rest\"";
    refused("range of a remainder", at, |g| *rescale(g, 0).0 = 255);
    refused("range of a remainder", at, |g| g.tensors[REST].range.hi += 1);
    refused("range of a remainder", at, |g| g.tensors[REST].range.lo -= 1);
    accepted(|g| {
        *rescale(g, 0).0 = 1 << 17;
        g.tensors[REST].range.hi = (1 << 17) - 1;
    });
    refused("remainder", "step 0", |g| *rescale(g, 0).2 = Limbs::default());
    refused("remainder", "step 2", |g| *rescale(g, 2).2 = id(REST).into());
    refused("tensor id", "step 0: y", |g| *rescale(g, 0).1 = TensorId(6));
    refused("tensor id", "step 0: r", |g| *rescale(g, 0).2 = TensorId(6).into());
    // Neither weights, inputs nor values of lookups are defined by a Rescale.
    for (tensor, name) in [(WEIGHTS, "w"), (INPUT, "x"), (ACTIVATION, "a")] {
        refused("role", &format!("step 0: y: tensor {tensor} {name:?}"), |g| *rescale(g, 0).1 = id(tensor));
    }
    refused("role", "step 0: r: tensor 5 \"out\"", |g| *rescale(g, 0).2 = id(OUTPUT).into());
    refused("shape", "step 0: r: tensor 3 \"rest\"", |g| g.tensors[REST].shape = Shape::new([5, 2]));
    refused("shape", "step 2: y: tensor 5 \"out\"", |g| g.tensors[OUTPUT].shape = Shape::new([10]));
    refused("defined by a step", "step 0: r: tensor 3 \"rest\"", |g| *rescale(g, 0).1 = id(REST));
    refused("defined by a step", "step 3: y: tensor 5 \"out\"", |g| g.steps.push(g.steps[2].clone()));
    refused("defined by a step", "tensor 5 \"out\"", |g| g.steps.truncate(2));
    refused("defined by a step", "tensor 6 \"rest\"", |g| g.tensors.push(g.tensors[REST].clone()));
}

fn set_lookup(graph: &mut Graph, change: impl FnOnce(&mut TableId, &mut TensorId, &mut TensorId)) {
    if let Step::Lookup { table, x, y } = &mut graph.steps[1] {
        change(table, x, y);
    }
}

#[test]
fn lookups() {
    refused("table id", "step 1", |g| set_lookup(g, |table, _, _| *table = TableId(1)));
    refused("tensor id", "step 1: x", |g| set_lookup(g, |_, x, _| *x = TensorId(6)));
    refused("tensor id", "step 1: y", |g| set_lookup(g, |_, _, y| *y = TensorId(6)));
    refused("role", "step 1: x: tensor 3 \"rest\"", |g| set_lookup(g, |_, x, _| *x = id(REST)));
    refused("role", "step 1: y: tensor 5 \"out\"", |g| set_lookup(g, |_, _, y| *y = id(OUTPUT)));
    // Another table, even an equal one.
    refused("role", "step 1: x: tensor 2 \"h\"", |g| {
        g.tables.push(g.tables[0].clone());
        set_lookup(g, |table, _, _| *table = TableId(1));
    });
    refused("role", "step 1: y: tensor 4 \"a\"", |g| {
        g.tables.push(g.tables[0].clone());
        g.tensors[ACTIVATION].role = Role::LookupOutput(TableId(1));
    });
    refused("shape", "step 1: y: tensor 4 \"a\"", |g| g.tensors[ACTIVATION].shape = Shape::new([2, 4]));
    refused("order", "step 0: x: tensor 2 \"h\"", |g| g.steps.swap(0, 1));
    refused("argument of a lookup", "step 2: x: tensor 2 \"h\"", |g| {
        g.tensors.push(g.tensors[ACTIVATION].clone());
        g.steps.insert(2, Step::Lookup { table: TableId(0), x: id(HIDDEN), y: TensorId(6) });
    });
    refused("argument of a lookup", "tensor 2 \"h\"", |g| {
        g.steps.remove(1);
        g.tensors[ACTIVATION].role = Role::Weight;
    });
}

#[test]
fn expressions() {
    refused("shape", "step 2: acc: term 1", |g| {
        let mut other = View::identity(id(WEIGHTS), &Shape::new([2, 3]));
        other.tensor = id(WEIGHTS);
        acc(g, 2).terms[1].operand = Operand::View(other);
    });
    refused("extents", "step 2: acc: axis 0", |g| acc(g, 2).shape = Shape::new([0]));
    refused("padded size", "step 2: acc", |g| acc(g, 2).shape = Shape::new([1 << 31, 16]));
    refused("order", "step 2: acc: term 0: tensor 5 \"out\"", |g| view(g, 0).tensor = id(OUTPUT));
    refused("tensor id", "step 2: acc: term 0", |g| view(g, 0).tensor = TensorId(u32::MAX));
    // Outputs may be read once they are defined.
    accepted(|g| {
        let mut tensor = g.tensors[OUTPUT].clone();
        tensor.role = Role::Ranged;
        g.tensors.push(tensor);
        let acc = Expr::view(View::identity(id(OUTPUT), &Shape::new([2, 5])));
        g.steps.push(Step::rescale(acc, 1, TensorId(6), None));
    });
    accepted(|g| acc(g, 2).terms.clear());
    accepted(|g| acc(g, 2).terms[0].coeff = i64::MIN);
    refused("views of the graph", "step 2: acc: term 1048574", |g| {
        let scalar =
            View { shape: Shape::new([2, 5]), ..View::identity(id(ACTIVATION), &Shape::new([2, 5])) };
        acc(g, 2).terms = vec![Term { coeff: 1, operand: Operand::View(scalar) }; 1 << 20];
    });
}

#[test]
fn bounds_at_the_limit() {
    // |a| <= 2^17 - 1 < 2^17, times 2^62 and a coefficient up to 2^20 of the map, in a sum over terms.
    let bound = |coeff: i64, scale: i32| {
        let mut graph = example();
        graph.tensors[ACTIVATION].range = Interval::new(-(1 << 16), 0);
        graph.tables[0].function = Function::Clip { lo: 0, hi: 0 };
        acc(&mut graph, 2).terms.remove(0);
        acc(&mut graph, 2).terms[0].coeff = coeff;
        let entry = Entry { out: 0, src: 0, coeff: scale };
        let entries = vec![entry, Entry { src: 1, ..entry }];
        view(&mut graph, 0).factors[1].map = crate::AxisMap::Sparse(entries);
        graph.validate().map(|bounds| bounds.steps[2].acc)
    };
    // 2^16 2^63 (2^19 + 2^19) = 2^99.
    assert_eq!(bound(i64::MIN, 1 << 19), Ok(1 << 99));
    assert_eq!(bound(i64::MAX, 1 << 20).map(|bound| bound < 1 << 100), Ok(true));
    match bound(i64::MIN, 1 << 20) {
        Err(GraphError::Invalid { rule, got, .. }) => {
            assert_eq!((rule, got.as_str()), ("bits of the accumulator", "101"))
        }
        other => panic!("{other:?}"),
    }
    // An operand may not hide behind one that is zero.
    refused("bits of the accumulator", "step 0: acc", |g| {
        g.tensors[INPUT].range = Interval::new(0, 0);
        contract(g).a.terms[0].0 = i64::MAX;
        acc(g, 0).terms[0].coeff = i64::MAX;
    });
    refused("bits of the accumulator", "step 0: acc: term 0: a", |g| {
        let term = contract(g).a.terms[0].clone();
        let factor = Factor {
            src: vec![],
            out: vec![],
            map: crate::AxisMap::Sparse(vec![Entry { out: 0, src: 0, coeff: 1 << 20 }]),
        };
        contract(g).a.terms = vec![(i64::MAX, term.1)];
        contract(g).a.terms[0].1.factors.extend(vec![factor; 10]);
    });
}

#[test]
fn contractions() {
    let place = "step 0: acc: term 0";
    let at = |rest: &str| format!("{place}: {rest}");
    refused("terms of an operand", &at("a"), |g| contract(g).a.terms.clear());
    refused("terms of an operand", &at("b"), |g| contract(g).b.terms.clear());
    refused("shape", &at("b: term 0"), |g| contract(g).b.shape = Shape::new([2, 5, 4]));
    refused("number of labels", &at("a"), |g| contract(g).a_axes.push(1));
    refused("number of labels", &at("b"), |g| contract(g).b_axes.truncate(2));
    refused("number of labels", &at("out"), |g| contract(g).out_axes.truncate(1));
    refused("label", &at("a: label 65536"), |g| contract(g).a_axes[1] = 1 << 16);
    refused("occurrences of a label in a list", &at("b: label 0"), |g| contract(g).b_axes[1] = 0);
    refused("extents of a label", &at("b: label 0"), |g| contract(g).b_axes.swap(0, 1));
    refused("extents of a label", &at("out: label 1"), |g| contract(g).out_axes.swap(0, 1));
    // Each of these leaves a label that occurs in one list only.
    refused("lists a label occurs in", &at("label 1"), |g| contract(g).b_axes[1] = 9);
    refused("lists a label occurs in", &at("label 2"), |g| contract(g).a_axes[1] = 9);
    accepted(|g| {
        let product = contract(g);
        for axes in [&mut product.a_axes, &mut product.b_axes, &mut product.out_axes] {
            axes.iter_mut().for_each(|label| *label = 65_535 - *label);
        }
    });
}
