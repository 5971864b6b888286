//! Tensors and chunks of zeros, for which the prover has short cuts: its messages are those of the naive prover all the same.

use zktorch_graph::Visibility::Private;
use zktorch_graph::{Graph, Interval, Role};

use super::oracle::assert_same;
use super::steps::case;
use crate::test_util::Builder;

const K: usize = 8;

/// relu(clamp(5 x / 4, -7, 9) / 2) of a private input with so many entries.
pub(super) fn clamped(entries: u32) -> Graph {
    let mut b = Builder::default();
    let x = b.tensor("x", &[entries], Interval::new(-50, 50), Role::Input(Private));
    b.graph.inputs.push(x);
    let y = b.tensor("y", &[entries], Interval::new(-7, 9), Role::Ranged);
    let acc = b.times(5, x);
    b.saturate(acc, 4, y, 1, Interval::new(-70, 70));
    let half = b.times(1, y);
    let relu = b.relu("half", half, 2, Interval::new(-10, 10));
    let last = b.times(3, relu);
    b.output(last, 2, Private);
    b.graph
}

/// Less than a chunk, one exactly, two, and one with padding inside.
#[test]
fn chunks_of_zeros_are_proved() {
    for entries in [60, 256, 512, 200] {
        let input = |entry: &dyn Fn(u32) -> i32| (0..entries).map(entry).collect::<Vec<i32>>();
        let zeros = input(&|_| 0);
        let small = input(&|i| i as i32 % 5 - 2);
        let spike = input(&|i| if i == 7 { 40 } else { 0 });
        for input in [zeros, small, spike] {
            assert_same(case(clamped(entries), K, &[&input]));
        }
    }
}
