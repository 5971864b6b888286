use zktorch_commit::Srs;
use zktorch_field::Fr;

use crate::relation::{self, Relaxed, RelaxedWitness};
use crate::test_util::satisfied;
use crate::{ChunkOpening, DenseWitness, MiraError, OpeningInstance};

fn accumulator(
    srs: &Srs,
    seed: u64,
    num_vars: usize,
) -> (Relaxed<ChunkOpening>, RelaxedWitness<ChunkOpening>) {
    let (instance, opening) = satisfied(srs, seed, num_vars, 2);
    let witness = DenseWitness::new(&instance.functional, opening);
    (instance.into(), RelaxedWitness { witness, opening: () })
}

#[test]
fn obeys_the_laws_of_a_relaxed_relation() {
    let srs = Srs::dev(6).unwrap();
    for (k1, k2) in [(6, 6), (4, 6), (0, 3)] {
        let (a, b) = (accumulator(&srs, 1, k1), accumulator(&srs, 2, k2));
        let equal = |x: &Relaxed<ChunkOpening>, y: &Relaxed<ChunkOpening>| {
            OpeningInstance::from(x.clone()) == OpeningInstance::from(y.clone())
        };
        relation::laws::check(&ChunkOpening, &srs, &a, &b, &mut |t| Ok((*t, ())), equal).unwrap();
    }
}

#[test]
fn foreign_commitments_and_wrong_values_do_not_satisfy() {
    let srs = Srs::dev(4).unwrap();
    let (relaxed, witness) = accumulator(&srs, 1, 4);
    relation::check_satisfied(&ChunkOpening, &srs, &relaxed, &witness).unwrap();
    let fails = |relaxed: &Relaxed<ChunkOpening>, witness: &RelaxedWitness<ChunkOpening>, expected: &str| {
        match relation::check_satisfied(&ChunkOpening, &srs, relaxed, witness).unwrap_err() {
            MiraError::NotSatisfied { relation: "chunk opening", what } => assert_eq!(what, expected),
            other => panic!("{other}"),
        }
    };
    let mut wrong = relaxed.clone();
    wrong.error += Fr::from(1u64);
    fails(&wrong, &witness, "form");
    let mut foreign = relaxed.clone();
    foreign.instance.0 += srs.hiding_generator();
    fails(&foreign, &witness, "commitments");
    let mut other = witness.clone();
    other.witness.functional[0] += Fr::from(1u64);
    fails(&relaxed, &other, "commitments");
}
