//! Accumulation of the same claims in three ways: pairwise one after the other, pairwise in a balanced tree, and level by
//! level with one error term for a whole level.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use zktorch_field::Fr;
use zktorch_mira::levels;
use zktorch_mira::tree::{self, Leaf, Root, TreeProof, TreeShape};
use zktorch_mira::{OpeningInstance, OpeningWitness};
use zktorch_transcript::wire::SCALAR_BYTES;
use zktorch_transcript::{ClearProver, ClearVerifier, ProverChannel, VerifierChannel};

use super::claims::Claims;
use super::{Run, digest_scalars};
use crate::measure::{contender, prepared};

/// The first message of the level-synchronous mode.
const VALUES: &[u8] = b"ablation values";

/// Proves the claims level by level over a channel whose transcript holds commitments and points.
pub(super) fn prove_levels<P: ProverChannel>(
    channel: &mut P,
    claims: &Claims,
) -> Result<(OpeningInstance<Fr>, OpeningWitness)> {
    channel.send(VALUES, &claims.values)?;
    Ok(levels::prove(channel, &claims.statement(), &claims.chunks(), &claims.values)?)
}

/// The verifier of [`prove_levels`].
pub(super) fn verify_levels<V: VerifierChannel>(
    channel: &mut V,
    claims: &Claims,
) -> Result<OpeningInstance<V::Scalar>, zktorch_mira::MiraError> {
    let values = channel.receive(VALUES, claims.values.len())?;
    levels::verify(channel, &claims.statement(), &claims.commitments, &values)
}

fn by_levels(claims: &Claims) -> Result<(Vec<Fr>, OpeningInstance<Fr>, OpeningWitness)> {
    let mut transcript = claims.transcript();
    let mut channel = ClearProver::new(&mut transcript);
    let (instance, witness) = prove_levels(&mut channel, claims)?;
    Ok((channel.into_messages(), instance, witness))
}

fn check_levels(claims: &Claims, messages: &[Fr]) -> Result<OpeningInstance<Fr>> {
    let mut transcript = claims.transcript();
    let mut channel = ClearVerifier::new(&mut transcript, messages);
    let instance = verify_levels(&mut channel, claims)?;
    channel.finish()?;
    Ok(instance)
}

/// A tree of pairwise folds.
struct Tree {
    shape: TreeShape,
    leaves: Vec<Leaf>,
}

impl Tree {
    fn new(shape: TreeShape, claims: &Claims) -> Self {
        let leaf = |(i, instance)| Leaf { statement: [1; 32], transcript: [i as u8; 32], instance };
        Self { shape, leaves: claims.instances().into_iter().enumerate().map(leaf).collect() }
    }

    fn prove(&self, run: &Run, witnesses: Vec<OpeningWitness>) -> Result<(TreeProof, Root, OpeningWitness)> {
        Ok(tree::prove(run.srs.verifier().id(), &self.shape, &self.leaves, witnesses)?)
    }

    fn verify(&self, run: &Run, proof: &TreeProof) -> Result<Root> {
        Ok(tree::verify(run.srs.verifier().id(), &self.shape, &self.leaves, proof)?)
    }
}

/// The folded claim is true, of what its commitment holds.
fn check(run: &Run, instance: &OpeningInstance<Fr>, witness: &OpeningWitness) -> Result<()> {
    ensure!(instance.functional.apply(&witness.vector)? == instance.value, "the folded claim is false");
    let commitment = run.srs.commit(&witness.vector, &witness.blind)?;
    ensure!(commitment.projective() == instance.commitment, "the folded commitment is another");
    Ok(())
}

/// Proves on every pool; all must agree, and with the verifier. Gives the proof and a digest of the root.
fn checked_tree(run: &Run, tree: &Tree, claims: &Claims) -> Result<(TreeProof, String)> {
    let (proof, root, witness) = run.all.install(|| tree.prove(run, claims.witnesses()))?;
    check(run, &root.instance, &witness)?;
    let (again, same, _) = run.one.install(|| tree.prove(run, claims.witnesses()))?;
    ensure!(proof == again && root == same, "one thread and all threads differ");
    ensure!(tree.verify(run, &proof)? == root, "prover and verifier differ");
    let digest = digest_scalars(&[proof.errors.as_slice(), &[root.instance.value]].concat());
    Ok((proof, digest))
}

fn checked_levels(run: &Run, claims: &Claims) -> Result<(Vec<Fr>, String)> {
    let (messages, instance, witness) = run.all.install(|| by_levels(claims))?;
    check(run, &instance, &witness)?;
    let (again, same, _) = run.one.install(|| by_levels(claims))?;
    ensure!(messages == again && instance == same, "one thread and all threads differ");
    ensure!(check_levels(claims, &messages)? == instance, "prover and verifier differ");
    let digest = digest_scalars(&[messages.as_slice(), &[instance.value]].concat());
    Ok((messages, digest))
}

/// Sequential against parallel folds, and both against levels.
pub(super) fn measure(run: &Run, claims: &Claims) -> Result<Value> {
    let sequential = Tree::new(TreeShape::sequential(claims.values.len())?, claims);
    let parallel = Tree::new(TreeShape::balanced(claims.values.len())?, claims);
    let (sequential_proof, sequential_digest) = checked_tree(run, &sequential, claims)?;
    let (parallel_proof, parallel_digest) = checked_tree(run, &parallel, claims)?;
    let (messages, levels_digest) = checked_levels(run, claims)?;

    let mut contenders = vec![
        contender(|| by_levels(claims)),
        prepared(|| claims.witnesses(), |witnesses| parallel.prove(run, witnesses)),
    ];
    if !run.backends_only {
        contenders.push(prepared(|| claims.witnesses(), |witnesses| sequential.prove(run, witnesses)));
    }
    let times = run.race(&mut contenders);
    drop(contenders);
    let verifiers = run.race(&mut [
        contender(|| check_levels(claims, &messages)),
        contender(|| parallel.verify(run, &parallel_proof)),
        contender(|| sequential.verify(run, &sequential_proof)),
    ]);

    // The values of the claims are sent in every mode; what counts here is what accumulation adds.
    let error_terms = messages.len() - claims.values.len();
    let side = |index: usize, scalars: usize, rounds: usize, digest: &str| {
        json!({
            "seconds": times.get(index).map(|times| times.to_json()),
            "verify_seconds": verifiers[index].to_json(),
            "error_scalars": scalars,
            "error_bytes": scalars * SCALAR_BYTES,
            "rounds": rounds,
            "digest": digest,
        })
    };
    let depth = claims.values.len().next_power_of_two().ilog2() as usize;
    let mut report = json!({
        "instances": claims.values.len(),
        "full_width_instances": claims.full_width(),
        "log_size": run.size.log_size,
        "levels": side(0, error_terms, depth, &levels_digest),
        "parallel": side(1, parallel_proof.errors.len(), depth, &parallel_digest),
        "sequential": side(2, sequential_proof.errors.len(), sequential_proof.errors.len(), &sequential_digest),
        "levels_speedup": times[0].speedup_over(times[1]),
    });
    if let [levels, parallel, sequential] = times[..] {
        report["parallel_speedup"] = parallel.speedup_over(sequential);
        // How much faster each gets by more threads.
        report["scaling"] = json!({
            "levels": levels.one.median / levels.all.median,
            "parallel": parallel.one.median / parallel.all.median,
            "sequential": sequential.one.median / sequential.all.median,
        });
    }
    Ok(report)
}
