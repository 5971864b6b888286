//! Random graphs of all core operators: proved, verified, and near to floats.
//!
//! `ZKTORCH_FUZZ_FROM` starts elsewhere than at 0, `ZKTORCH_FUZZ_SECONDS` goes on for so long.
#![allow(clippy::panic, reason = "a failure")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use benches::graphs::{Class, run};
use benches::proofs::Setups;
use zktorch_onnx::CORE_OPERATORS;

/// Cases without more seconds.
const CASES: u64 = 50;

#[test]
fn fuzz_graphs() {
    let number = |name| std::env::var(name).ok().and_then(|s| s.parse().ok());
    let end = Instant::now() + Duration::from_secs(number("ZKTORCH_FUZZ_SECONDS").unwrap_or(0));
    let first = number("ZKTORCH_FUZZ_FROM").unwrap_or(0);
    let setups = Setups::default();
    let (mut bad, mut compared, mut core) = (Vec::new(), 0, BTreeMap::new());
    for case in first.. {
        if case - first >= CASES && Instant::now() >= end {
            break;
        }
        let outcome = run(case, &setups);
        compared += outcome.compared;
        outcome.core.into_iter().for_each(|(name, count)| *core.entry(name).or_insert(0) += count);
        if outcome.class > Class::Constant {
            bad.push(format!(
                "case {case}: {:?}: {}: {:?}",
                outcome.class, outcome.reason, outcome.operators
            ));
        }
    }
    assert!(bad.is_empty(), "{} cases: {bad:#?}", bad.len());
    let missing: Vec<&str> = CORE_OPERATORS.into_iter().filter(|name| !core.contains_key(*name)).collect();
    assert!(missing.is_empty(), "no case has {missing:?}: {core:?}");
    // Two samples of three, in the mean: ties are rare.
    assert!(compared > CASES as usize * 2, "{compared} outputs");
}
