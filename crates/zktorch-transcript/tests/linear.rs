//! Linear combinations against dense vectors, through the public interface only.

use proptest::prelude::*;
use zktorch_field::Fr;
use zktorch_transcript::{LinearCombination, PlaceholderRows, Recorder, Scalar, Transcript, VerifierChannel};

/// One operation of a verifier on a pool of scalars.
#[derive(Clone, Debug)]
enum Step {
    Constant(i64),
    AddScaled(usize, usize, i64),
    Add(usize, usize),
    Sub(usize, usize),
    Scale(usize, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let index = || any::<usize>();
    prop_oneof![
        (-5i64..5).prop_map(Step::Constant),
        (index(), index(), -3i64..4).prop_map(|(a, b, c)| Step::AddScaled(a, b, c)),
        (index(), index()).prop_map(|(a, b)| Step::Add(a, b)),
        (index(), index()).prop_map(|(a, b)| Step::Sub(a, b)),
        (index(), -3i64..4).prop_map(|(a, c)| Step::Scale(a, c)),
    ]
}

/// The same computation, on whatever scalar.
fn run<S: Scalar>(mut pool: Vec<S>, steps: &[Step]) -> Vec<S> {
    for step in steps {
        let pick = |i: &usize| pool[i % pool.len()].clone();
        let new = match step {
            Step::Constant(c) => S::constant(Fr::from(*c)),
            Step::AddScaled(a, b, c) => {
                let mut sum = pick(a);
                sum.add_scaled(&pick(b), Fr::from(*c));
                sum
            }
            Step::Add(a, b) => pick(a).add(&pick(b)),
            Step::Sub(a, b) => pick(a).sub(&pick(b)),
            Step::Scale(a, c) => pick(a).scale(Fr::from(*c)),
        };
        pool.push(new);
    }
    pool
}

proptest! {
    #[test]
    fn linear_combinations_compute_what_numbers_compute(
        values in proptest::collection::vec(any::<i32>(), 1..9),
        steps in proptest::collection::vec(step(), 0..30),
    ) {
        let z: Vec<Fr> = values.iter().map(|&v| Fr::from(v)).collect();
        let mut recorder = Recorder::new(Transcript::new(b"test"), PlaceholderRows::new(16)).unwrap();
        let variables = recorder.receive(b"z", z.len()).unwrap();
        let hidden = run(variables, &steps);
        let clear = run(z.clone(), &steps);
        for (hidden, clear) in hidden.iter().zip(&clear) {
            prop_assert_eq!(hidden.evaluate(&z), *clear);
        }
        // Equal functions have equal representations: x - x is zero, x + y = y + x.
        for pair in hidden.windows(2) {
            prop_assert_eq!(pair[0].sub(&pair[0]), LinearCombination::zero());
            prop_assert_eq!(pair[0].add(&pair[1]), pair[1].add(&pair[0]));
            prop_assert_eq!(Scalar::combine([(&pair[0], Fr::from(2u64))]), pair[0].add(&pair[0]));
        }
    }
}
