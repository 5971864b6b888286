//! What an observer is told of a proof, and a proof that is cancelled at any of its stages.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use common::{key, model};
use zktorch_commit::Srs;
use zktorch_field::task::{Cancelled, Observer, Stage, Task};
use zktorch_graph::Visibility;
use zktorch_prover::ProvingKey;
use zktorch_prover::stages::{COMMIT, Meter, Planned, SUMCHECK_B, WITNESS, of_proof, of_setup, of_shards};

const INPUT: [i32; 5] = [9, -8, 7, 6, 5];

fn srs() -> Srs {
    Srs::dev(10).unwrap()
}

/// Both sides private, so that every stage takes place.
fn proving_key(srs: &Srs) -> ProvingKey {
    key(&model(Visibility::Private, Visibility::Private, 5), srs)
}

fn proof(key: &ProvingKey, srs: &Srs) -> Vec<u8> {
    key.prove_with_nonce(srs, &[INPUT.to_vec()], b"context", [3; 32]).unwrap().proof
}

/// That what was planned took place, all of it, and nothing else; what a meter says while `work` is done.
fn follows(plan: &[Planned], work: impl FnOnce()) {
    let shares = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&shares);
    let meter =
        Meter::new(plan, move |now| told.lock().unwrap().push((now.stage, now.done, now.total, now.share)));
    let started = Instant::now();
    Task::observed(meter.clone()).run(work).unwrap();
    let elapsed = started.elapsed();
    let times = meter.times();
    for (stage, _) in &times {
        assert!(plan.iter().any(|planned| planned.stage == *stage), "{} is planned", stage.name());
    }
    for Planned { stage, steps, .. } in plan.iter().filter(|planned| planned.stage != SUMCHECK_B) {
        assert!(times.iter().any(|(known, _)| known == stage), "{} takes place", stage.name());
        let told = shares.lock().unwrap();
        let (_, done, total, _) = told.iter().rfind(|(known, ..)| known == stage).unwrap();
        assert_eq!((done, total), (steps, steps), "{}", stage.name());
    }
    assert!(times.iter().map(|(_, time)| *time).sum::<std::time::Duration>() <= elapsed);
    let shares: Vec<f64> = shares.lock().unwrap().iter().map(|(.., share)| *share).collect();
    assert!(shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share)), "{shares:?}");
    assert!(
        meter.share() > 0.99 || plan.iter().any(|planned| planned.stage == SUMCHECK_B),
        "{}",
        meter.share()
    );
}

#[test]
fn the_plan_is_what_is_done() {
    let srs = srs();
    for visibility in [Visibility::Private, Visibility::Public] {
        let model = model(visibility, visibility, 5);
        follows(&of_setup(&model.graph, srs.k()), || drop(key(&model, &srs)));
        let key = key(&model, &srs);
        follows(&of_proof(&model.graph, srs.k()), || drop(proof(&key, &srs)));
    }
}

/// Of shards, which are proved one after the other.
#[test]
fn a_stage_that_is_planned_twice_is_done_twice() {
    let planned = |stage, steps, seconds| Planned { stage, steps, seconds };
    let plan = [
        planned(WITNESS, 1, 1.0),
        planned(COMMIT, 2, 2.0),
        planned(WITNESS, 1, 3.0),
        planned(COMMIT, 2, 4.0),
    ];
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let meter = Meter::new(&plan, move |now| telling.lock().unwrap().push((now.done, now.total, now.share)));
    let shard = || {
        drop(WITNESS.enter());
        let _commit = COMMIT.enter();
        (0..2).for_each(|_| COMMIT.step());
    };
    Task::observed(meter).run(|| (0..2).for_each(|_| shard())).unwrap();
    let expected = [(0, 2, 0.0), (1, 2, 0.1), (0, 4, 0.1), (1, 4, 0.2), (2, 4, 0.3), (2, 4, 0.3)].into_iter();
    let expected =
        expected.chain([(1, 2, 0.3), (2, 2, 0.6), (2, 4, 0.6), (3, 4, 0.8), (4, 4, 1.0), (4, 4, 1.0)]);
    for (got, expected) in told.lock().unwrap().iter().zip(expected.clone()) {
        assert_eq!((got.0, got.1), (expected.0, expected.1));
        assert!((got.2 - expected.2).abs() < 1e-9, "{got:?} {expected:?}");
    }
    assert_eq!(told.lock().unwrap().len(), expected.count());
    let graph = model(Visibility::Private, Visibility::Private, 5).graph;
    let (one, two) = (of_proof(&graph, 10), of_shards([&graph, &graph], 10));
    assert_eq!(two.len(), 2 * one.len() - 1);
}

/// Cancels its task when the `at`th thing is told.
struct Canceller {
    at: usize,
    told: Mutex<usize>,
    task: Arc<Mutex<Option<Task>>>,
    open: Arc<Mutex<Vec<Stage>>>,
}

impl Canceller {
    fn tell(&self) {
        let mut told = self.told.lock().unwrap();
        if *told == self.at {
            self.task.lock().unwrap().as_ref().unwrap().cancel();
        }
        *told += 1;
    }
}

impl Observer for Canceller {
    fn enter(&self, stage: Stage) {
        self.open.lock().unwrap().push(stage);
        self.tell();
    }

    fn step(&self, _: Stage) {
        self.tell();
    }

    fn exit(&self, stage: Stage) {
        let mut open = self.open.lock().unwrap();
        let last = open.iter().rposition(|open| *open == stage).unwrap();
        open.remove(last);
        self.tell();
    }
}

#[test]
fn a_proof_is_cancelled_anywhere_and_made_again() {
    let srs = srs();
    let key = proving_key(&srs);
    let expected = proof(&key, &srs);
    let mut cancelled = 0;
    for at in 0.. {
        let (slot, open) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(Vec::new())));
        let told = Mutex::new(0);
        let task = Task::observed(Canceller { at, told, task: Arc::clone(&slot), open: Arc::clone(&open) });
        *slot.lock().unwrap() = Some(task.clone());
        let result = task.run(|| proof(&key, &srs));
        assert!(open.lock().unwrap().is_empty(), "stages that began have ended");
        match result {
            Err(Cancelled) => cancelled += 1,
            // The last thing that is told may come too late.
            Ok(made) => assert_eq!(made, expected),
        }
        assert_eq!(proof(&key, &srs), expected, "what is left behind changes nothing");
        if !task.is_cancelled() {
            break;
        }
    }
    assert!(cancelled >= 15, "{cancelled}");
}

#[test]
fn stages_have_names_of_their_own() {
    let plan = of_proof(&model(Visibility::Private, Visibility::Private, 5).graph, 10);
    let mut names: Vec<&str> = plan.iter().map(|planned| planned.stage.name()).collect();
    assert_eq!(names.first(), Some(&WITNESS.name()));
    assert!(plan.iter().any(|planned| planned.stage == COMMIT && planned.steps > 1));
    assert!(plan.iter().all(|planned| planned.seconds >= 0.0 && planned.steps > 0));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), plan.len());
}
