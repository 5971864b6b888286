//! Limbs, quotients, roots and saturations: values that can be computed by hand, and their errors.

use super::*;
use crate::testing::wide::wide;

fn run(x: [i32; 3], d: [i32; 3]) -> Result<Vec<Vec<i32>>, GraphError> {
    let graph = wide();
    let mut given = vec![None; graph.tensors.len()];
    (given[0], given[1]) = (Some(x.to_vec()), Some(d.to_vec()));
    execute(&graph, &graph.validate().unwrap(), given)
}

#[test]
fn wide_values_are_exact() {
    let graph = wide();
    let values = run([i32::MIN, i32::MAX, -1], [99_999, 0, 65_536]).unwrap();
    let of = |name: &str| values[graph.named(name).0 as usize].clone();
    for step in &graph.steps {
        assert_eq!(constraints_that_fail(&graph, step, &values), Vec::<usize>::new());
    }
    // x 2^16: the lowest limb is zero, the others are the digits of x.
    let digits = [of("exact0"), of("exact1"), of("exact2")];
    assert_eq!(digits, [[0, 0, 0], [0, 65_535, 65_535], [-(1 << 15), (1 << 15) - 1, -1]]);
    // -2^47 / 1,000,003 = -140,737,066.14; (2^47 - 2^16) / 1,000,003 = 140,737,066.08; -0.07.
    assert_eq!(of("odd"), [-140_737_066, 140_737_066, 0]);
    // -2^31 / 100,000, 2^31 - 1, -1 / 65,537, all rounded down.
    let q: Vec<i64> =
        of("q0").iter().zip(of("q1")).map(|(a, b)| i64::from(*a) + (i64::from(b) << 16)).collect();
    assert_eq!(q, [-21_475, i32::MAX.into(), -1]);
    assert_eq!((of("q r0"), of("q slack0")), (vec![16_352, 0, 65_536], vec![83_647, 0, 0]));
    assert_eq!(
        (of("root0"), of("root r0"), of("root slack0")),
        (vec![316, 0, 256], vec![143, 0, 0], vec![489, 0, 512])
    );
    // -2^27 is 2^27 - 8 below the range.
    assert_eq!((of("clamped"), of("negative")), (vec![-8, 7, 0], vec![1, 0, 0]));
    assert_eq!((of("excess0"), of("excess1")), (vec![8, 65_529, 0], vec![-(1 << 11), (1 << 11) - 1, 0]));
}

#[test]
fn what_is_not_defined_is_named() {
    let named = |name: &str| {
        let graph = wide();
        format!("tensor {} {name:?}", graph.named(name).0)
    };
    // The divisor is d + 1, the range of d allows no zero: change it.
    let mut graph = wide();
    graph.tensors[1].range.lo = -5;
    let bounds = graph.validate().unwrap();
    let run = |graph: &Graph, bounds: &Bounds, x: [i32; 3], d: [i32; 3]| {
        let mut given = vec![None; graph.tensors.len()];
        (given[0], given[1]) = (Some(x.to_vec()), Some(d.to_vec()));
        execute(graph, bounds, given).unwrap_err()
    };
    for (d, value) in [(-1, 0), (-5, -4)] {
        let error = GraphError::Divisor { tensor: named("q1"), index: 2, value };
        assert_eq!(run(&graph, &bounds, [1, 2, 3], [7, 8, d]), error);
    }
    graph.steps.remove(2);
    let error = GraphError::Radicand { tensor: named("root0"), index: 1, value: -3 };
    assert_eq!(run(&graph, &Bounds { steps: without(&bounds, 2) }, [1, 2, 3], [7, -3, -4]), error);
    // A last limb that is too small for the value.
    let mut graph = wide();
    let id = graph.named("exact2").0 as usize;
    graph.tensors[id].range = crate::Interval::new(-5, 5);
    let bounds = graph.validate().unwrap();
    let error = GraphError::OutOfRange { tensor: named("exact2"), index: 1, value: -6, lo: -5, hi: 5 };
    assert_eq!(run(&graph, &bounds, [5 << 16, -6 << 16, 0], [0, 0, 0]), error);
}

fn without(bounds: &Bounds, step: usize) -> Vec<Bound> {
    let mut steps = bounds.steps.clone();
    steps.remove(step);
    steps
}

/// The random graphs of the other tests get through every kind of step, and not only to its errors.
#[test]
fn random_graphs_execute_every_step() {
    let mut executed = [0; 6];
    for seed in 0..1500 {
        let mut random = Random(seed);
        let graph = random.graph((seed % 6) as u32);
        let Ok(bounds) = graph.validate() else { continue };
        let given = given(&graph, &mut random);
        if execute(&graph, &bounds, given).is_ok() {
            for step in &graph.steps {
                executed[match step {
                    Step::Lookup { .. } => 0,
                    Step::Rescale { y, r, slack, .. } => usize::from(y.len().max(r.len()) + slack.len() > 1),
                    Step::Quotient { .. } => 2,
                    Step::Root { .. } => 3,
                    Step::Saturate { .. } => 4,
                    Step::Gap { .. } => 5,
                }] += 1;
            }
        }
    }
    assert!(executed.iter().all(|count| *count > 30), "{executed:?}");
}
