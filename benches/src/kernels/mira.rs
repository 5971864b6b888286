//! Accumulating 64 openings level by level on two threads, against folding them one by one on one.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use zktorch_commit::{Blind, Commitment};
use zktorch_field::Fr;
use zktorch_mira::levels::{self, Chunk, Column, Statement};
use zktorch_mira::pair::Accumulator;
use zktorch_mira::plan::{ClaimTerm, FoldPlan};
use zktorch_mira::{Functional, OpeningInstance, OpeningWitness};
use zktorch_transcript::{ClearProver, ClearVerifier, Transcript};

use crate::context::{Context, Times, pool};
use crate::inputs;
use crate::measure::{Samples, contender, prepared};
use crate::report::Measured;

const INSTANCES: usize = 64;
/// The most scalars of error terms that the bar allows.
const MAX_ERROR_SCALARS: usize = 16;

/// Instances that share neither vector nor point, so that nothing collapses linearly.
struct Claims {
    plan: FoldPlan,
    coefficients: Vec<Vec<Fr>>,
    points: Vec<Vec<Fr>>,
    vectors: Vec<Vec<Fr>>,
    blinds: Vec<Blind>,
    commitments: Vec<Commitment>,
    values: Vec<Fr>,
}

impl Claims {
    fn new(context: &Context, num_vars: usize) -> Result<Self> {
        let srs = context.srs(num_vars)?;
        let terms = (0..INSTANCES).map(|i| vec![ClaimTerm { chunk: i, point: i }]).collect();
        let stream = |kind: u64, i: usize| 1_000 * kind + i as u64;
        let vectors: Vec<_> = (0..INSTANCES).map(|i| inputs::scalars(stream(1, i), 1 << num_vars)).collect();
        let points: Vec<_> = (0..INSTANCES).map(|i| inputs::scalars(stream(2, i), num_vars)).collect();
        let blinds: Vec<_> = inputs::scalars(3_000, INSTANCES).into_iter().map(Blind::from_scalar).collect();
        let commitments =
            vectors.iter().zip(&blinds).map(|(v, r)| srs.commit(v, r)).collect::<Result<_, _>>()?;
        let values = vectors.iter().zip(&points).map(|(v, z)| Functional::eq(z.clone()).apply(v));
        let values = values.collect::<Result<_, _>>()?;
        Ok(Self {
            plan: FoldPlan::new(INSTANCES, INSTANCES, terms)?,
            coefficients: vec![vec![Fr::from(1u64)]; INSTANCES],
            points,
            vectors,
            blinds,
            commitments,
            values,
        })
    }

    fn statement(&self) -> Statement<'_> {
        Statement { plan: &self.plan, coefficients: &self.coefficients, points: &self.points }
    }

    /// Level-synchronous: the messages, and the accumulator.
    fn by_levels(&self) -> Result<(Vec<Fr>, OpeningInstance<Fr>, OpeningWitness)> {
        let chunk = |i: usize| Chunk {
            column: Column::Field(&self.vectors[i]),
            commitment: self.commitments[i],
            blind: &self.blinds[i],
        };
        let chunks: Vec<_> = (0..INSTANCES).map(chunk).collect();
        let mut transcript = Transcript::new(b"bench mira");
        let mut channel = ClearProver::new(&mut transcript);
        let (instance, witness) = levels::prove(&mut channel, &self.statement(), &chunks, &self.values)?;
        Ok((channel.into_messages(), instance, witness))
    }

    /// What folding one by one starts from.
    fn instances(&self) -> Vec<(OpeningInstance<Fr>, OpeningWitness)> {
        let instance = |i: usize| {
            let functional = Functional::eq(self.points[i].clone());
            let commitment = self.commitments[i].projective();
            let witness = OpeningWitness { vector: self.vectors[i].clone(), blind: self.blinds[i].clone() };
            (OpeningInstance { commitment, functional, value: self.values[i] }, witness)
        };
        (0..INSTANCES).map(instance).collect()
    }

    fn verify_levels(&self, messages: &[Fr]) -> Result<OpeningInstance<Fr>> {
        let mut transcript = Transcript::new(b"bench mira");
        let mut channel = ClearVerifier::new(&mut transcript, messages);
        let instance = levels::verify(&mut channel, &self.statement(), &self.commitments, &self.values)?;
        channel.finish()?;
        Ok(instance)
    }
}

/// Folds each instance into the accumulator, in order; the error terms, and the accumulator.
fn one_by_one(instances: Vec<(OpeningInstance<Fr>, OpeningWitness)>) -> Result<(Vec<Fr>, Accumulator)> {
    let mut transcript = Transcript::new(b"bench mira");
    let mut instances = instances.into_iter().map(|(instance, witness)| Accumulator::new(instance, witness));
    let mut accumulator = instances.next().context("no instances")??;
    let mut errors = Vec::new();
    for next in instances {
        let (error, folded) = accumulator.fold(&mut transcript, &next?)?;
        errors.push(error);
        accumulator = folded;
    }
    Ok((errors, accumulator))
}

pub(super) fn parallel(context: &Context) -> Result<Measured> {
    let num_vars = if context.quick { 12 } else { 16 };
    let claims = Claims::new(context, num_vars)?;

    // Both end in a true claim about what their commitment holds.
    let (messages, instance, witness) = claims.by_levels()?;
    ensure!(claims.verify_levels(&messages)? == instance, "prover and verifier differ");
    let mut results = vec![(instance, witness)];
    let (errors, accumulator) = one_by_one(claims.instances())?;
    results.push(accumulator.into_parts());
    for (instance, witness) in results {
        ensure!(instance.functional.apply(&witness.vector)? == instance.value, "the folded claim is false");
        let commitment = context.srs(num_vars)?.commit(&witness.vector, &witness.blind)?;
        ensure!(commitment.projective() == instance.commitment, "the folded commitment is another");
    }

    let (one, two) = (pool(1)?, pool(2)?);
    let mut contenders = vec![
        contender(|| two.install(|| claims.by_levels())),
        contender(|| one.install(|| claims.by_levels())),
    ];
    if !context.ours_only {
        contenders.push(prepared(|| claims.instances(), |instances| one.install(|| one_by_one(instances))));
        contenders.push(prepared(|| claims.instances(), |instances| two.install(|| one_by_one(instances))));
    }
    let samples = context.race_anywhere(&mut contenders);
    let times = |one: Samples, two: Samples| Times { one, all: two };

    let mut measured = Measured::new(num_vars, vec![("ours", times(samples[1], samples[0]))])
        .with("instances", INSTANCES)
        .with("threads", 2)
        .with("error_scalars", messages.len())
        .with("error_scalars_one_by_one", errors.len());
    if let [levels_two, levels_one, single_one, single_two] = samples.as_slice() {
        measured.value = Some(single_one.min / levels_two.min);
        measured.seconds.push(("one_by_one", times(*single_one, *single_two)));
        measured = measured
            .with("speedup_one_thread", json!(single_one.min / levels_one.min))
            .with("speedup_over_one_by_one_on_two_threads", json!(single_two.min / levels_two.min));
    }
    measured.condition = messages.len() <= MAX_ERROR_SCALARS;
    Ok(measured)
}
