//! Hostile graphs: never a panic, never a long wait.

use std::time::{Duration, Instant};

use super::*;
use crate::Linear;
use crate::testing::random::Random;

/// Numbers that are special somewhere.
const NUMBERS: [&str; 20] = [
    "0",
    "1",
    "2",
    "-1",
    "5",
    "8",
    "31",
    "32",
    "64",
    "65535",
    "65536",
    "131072",
    "131073",
    "268435456",
    "1073741824",
    "2147483647",
    "-2147483648",
    "2147483648",
    "4294967295",
    "-9223372036854775808",
];

/// One change of a JSON text: a number or a list element replaced, doubled or removed, or a byte flipped.
fn damage(text: &mut Vec<u8>, random: &mut Random) {
    let spans = |test: fn(&u8) -> bool, text: &[u8]| -> Vec<(usize, usize)> {
        let starts = (0..text.len()).filter(|i| test(&text[*i]) && (*i == 0 || !test(&text[i - 1])));
        starts
            .map(|i| (i, text[i..].iter().position(|b| !test(b)).map_or(text.len(), |len| i + len)))
            .collect()
    };
    let numbers = spans(|b| b.is_ascii_digit() || *b == b'-', text);
    let brackets: Vec<(usize, usize)> = (0..text.len()).filter_map(|i| bracket(text, i)).collect();
    if numbers.is_empty() || brackets.is_empty() {
        return; // Little is left.
    }
    match random.below(8) {
        0 => {
            let at = random.below(text.len());
            text[at] ^= 1 << random.below(7);
        }
        // Another list or object from elsewhere in the text.
        1 => {
            let (from, to) = (random.pick(&brackets), random.pick(&brackets));
            let inside = text[from.0..from.1].to_vec();
            text.splice(to.0..to.1, inside);
        }
        // An empty list.
        2 => {
            let list = random.pick(&brackets);
            if text[list.0] == b'[' {
                text.splice(list.0 + 1..list.1 - 1, []);
            }
        }
        // A list with its content twice.
        3 => {
            let list = random.pick(&brackets);
            if text[list.0] == b'[' && list.1 - list.0 > 2 {
                let again: Vec<u8> = [b",", &text[list.0 + 1..list.1 - 1]].concat();
                text.splice(list.1 - 1..list.1 - 1, again);
            }
        }
        4 => {
            let (from, to) = (random.pick(&numbers), random.pick(&numbers));
            let number = text[from.0..from.1].to_vec();
            text.splice(to.0..to.1, number);
        }
        _ => {
            let to = random.pick(&numbers);
            text.splice(to.0..to.1, random.pick(&NUMBERS).bytes());
        }
    }
}

/// The list or object that starts here.
fn bracket(text: &[u8], start: usize) -> Option<(usize, usize)> {
    let mut depth = 0;
    for (i, byte) in text.iter().enumerate().skip(start) {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (i > start).then_some((start, i + 1));
        }
    }
    None
}

/// Whether executing it takes no time.
fn is_small(graph: &Graph) -> bool {
    let view = |view: &View| view.shape.num_vars() <= 12;
    let linear = |linear: &Linear| linear.shape.num_vars() <= 12;
    let operand = |operand: &Operand| match operand {
        Operand::View(v) => view(v),
        Operand::Contract(product) => linear(&product.a) && linear(&product.b),
    };
    let expr =
        |expr: &Expr| expr.shape.num_vars() <= 12 && expr.terms.iter().all(|term| operand(&term.operand));
    let step = |step: &Step| match step {
        Step::Rescale { acc: a, .. }
        | Step::Saturate { acc: a, .. }
        | Step::Gap { acc: a, .. }
        | Step::Root { a, .. } => expr(a),
        Step::Quotient { a, b, .. } => expr(a) && linear(b),
        Step::Lookup { .. } => true,
    };
    graph.tensors.iter().all(|tensor| tensor.shape.num_vars() <= 12) && graph.steps.iter().all(step)
}

#[test]
fn fuzz_validate() {
    let seconds = std::env::var("ZKTORCH_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    let (mut decoded, mut valid, mut executed) = (0, 0, 0);
    for case in 0u64.. {
        if case >= 1000 && Instant::now() >= end {
            break;
        }
        let mut random = Random(case);
        let graph = if case % 2 == 0 { example() } else { random.graph(8) };
        let mut text = serde_json::to_vec(&graph).unwrap();
        for _ in 0..1 + random.below(3) {
            damage(&mut text, &mut random);
        }
        let Ok(graph) = serde_json::from_slice::<Graph>(&text) else { continue };
        decoded += 1;
        let start = Instant::now();
        let result = graph.validate();
        // These texts have a few kilobytes; the time is a matter of microseconds.
        assert!(start.elapsed() < Duration::from_secs(2), "case {case}: {result:?}");
        match result {
            Ok(bounds) => {
                valid += 1;
                assert_eq!(bounds.steps.len(), graph.steps.len());
                let small = |bound: &Bound| bound.acc <= bound.intermediate && bound.intermediate < 1 << 100;
                assert!(bounds.steps.iter().all(small), "case {case}");
                if is_small(&graph) {
                    executed += 1;
                    let given = graph.tensors.iter().map(|t| t.role.is_given().then(|| random.values(t)));
                    let given = given.collect();
                    // An activation may leave its range; nothing may panic.
                    let _values = crate::execute(&graph, &bounds, given);
                }
            }
            Err(GraphError::Invalid { place, rule, .. }) => {
                assert!(!place.is_empty() && !rule.is_empty(), "case {case}");
                assert!(place.len() < 5000, "case {case}");
            }
            other => panic!("case {case}: {other:?}"),
        }
    }
    // Most cases get as far as validation, and some pass it.
    assert!(decoded > 300 && valid > 30, "{decoded} decoded, {valid} valid");
    assert!(executed > 30, "{executed} executed");
}
