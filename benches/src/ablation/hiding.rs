//! What hiding costs: the same accumulation and opening with messages in the clear, and with messages committed in rows, the
//! accumulator masked, and the constraints on the hidden messages closed.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use zktorch_channel::{ChannelError, HiddenProof, HiddenProver, Nonce, Protocol, Shape};
use zktorch_field::Fr;
use zktorch_mira::decider::{self, DeciderProof};
use zktorch_mira::mask::{self, Mask};
use zktorch_mira::{OpeningInstance, OpeningWitness};
use zktorch_transcript::wire::{POINT_BYTES, SCALAR_BYTES};
use zktorch_transcript::{ClearProver, ClearVerifier, ProverChannel, Transcript, VerifierChannel};

use super::Run;
use super::accumulate::{prove_levels, verify_levels};
use super::claims::Claims;
use crate::inputs;
use crate::measure::{contender, prepared};

/// Width of a row, as in the proof of a network.
const COLUMNS: usize = 16;
/// Messages and scalars of each by which a committed message is timed: a round polynomial of degree three.
const MESSAGES: usize = 64;
const MESSAGE: usize = 3;

/// "All claims hold": the verifier that is proved.
struct Accumulation<'a>(&'a Claims);

impl Protocol for Accumulation<'_> {
    type Error = ChannelError;

    fn transcript(&self) -> Transcript {
        self.0.transcript()
    }

    fn verify<V: VerifierChannel>(
        &self,
        channel: &mut V,
    ) -> Result<Vec<OpeningInstance<V::Scalar>>, ChannelError> {
        Ok(vec![verify_levels(channel, self.0)?])
    }
}

/// Every message in the clear.
fn clear(run: &Run, claims: &Claims) -> Result<(Vec<Fr>, DeciderProof)> {
    let mut transcript = claims.transcript();
    let mut channel = ClearProver::new(&mut transcript);
    let accumulated = prove_levels(&mut channel, claims)?;
    let messages = channel.into_messages();
    Ok((messages, decider::prove(&run.srs, &mut transcript, vec![accumulated])?))
}

fn verify_clear(run: &Run, claims: &Claims, (messages, proof): &(Vec<Fr>, DeciderProof)) -> Result<()> {
    let mut transcript = claims.transcript();
    let mut channel = ClearVerifier::new(&mut transcript, messages);
    let instance = verify_levels(&mut channel, claims)?;
    channel.finish()?;
    Ok(decider::verify(run.srs.verifier(), &mut transcript, &[instance], proof)?)
}

/// Every message hidden.
fn hidden(run: &Run, claims: &Claims) -> Result<HiddenProof> {
    let mut channel =
        HiddenProver::new(&run.srs, claims.transcript(), COLUMNS, &[b"ablation"], Nonce::fresh()?)?;
    let accumulated = prove_levels(&mut channel, claims)?;
    Ok(zktorch_channel::prove(channel, &Accumulation(claims), vec![accumulated])?)
}

fn verify_hidden(run: &Run, claims: &Claims, proof: &HiddenProof) -> Result<()> {
    let srs = run.srs.verifier();
    Ok(zktorch_channel::verify(srs, run.size.log_size, COLUMNS, &Accumulation(claims), proof)?)
}

/// Sends messages and draws a challenge after each.
fn send<P: ProverChannel>(channel: &mut P, messages: &[Fr]) -> Result<Fr> {
    let mut last = Fr::from(0u64);
    for message in messages.chunks(MESSAGE) {
        channel.send(b"round", message)?;
        last = channel.transcript().challenge_scalar(b"challenge");
    }
    Ok(last)
}

pub(super) fn measure(run: &Run, claims: &Claims) -> Result<Value> {
    let k = run.size.log_size;
    // Both proofs verify, and a false claim does not.
    let (clear_proof, hidden_proof) = run.all.install(|| (clear(run, claims), hidden(run, claims)));
    let (clear_proof, hidden_proof) = (clear_proof?, hidden_proof?);
    verify_clear(run, claims, &clear_proof).context("the proof in the clear")?;
    verify_hidden(run, claims, &hidden_proof).context("the hidden proof")?;
    let mut wrong = clear_proof.clone();
    let first = wrong.0.first_mut().context("no messages")?;
    *first += Fr::from(1u64);
    ensure!(verify_clear(run, claims, &wrong).is_err(), "a false claim was accepted");

    // The accumulator that is masked.
    let mut transcript = claims.transcript();
    let accumulated = prove_levels(&mut ClearProver::new(&mut transcript), claims)?;
    let masking = |(instance, witness): (OpeningInstance<Fr>, OpeningWitness)| -> Result<_> {
        let mut transcript = Transcript::new(b"ablation mask");
        let mask = Mask::random(k, &mut transcript.rng(&[], [7; 32]));
        Ok(mask::prove(&mut ClearProver::new(&mut transcript), &run.srs, instance, witness, mask)?)
    };
    let messages = inputs::scalars(51, MESSAGES * MESSAGE);
    let send_hidden = || -> Result<Fr> {
        let transcript = Transcript::new(b"ablation rows");
        let mut channel = HiddenProver::new(&run.srs, transcript, COLUMNS, &[b"ablation"], Nonce::fresh()?)?;
        send(&mut channel, &messages)
    };
    let send_clear = || send(&mut ClearProver::new(&mut Transcript::new(b"ablation rows")), &messages);

    let times = run.race(&mut [
        contender(|| clear(run, claims)),
        contender(|| hidden(run, claims)),
        prepared(|| accumulated.clone(), masking),
        contender(send_clear),
        contender(send_hidden),
    ]);
    let verifiers = run.race(&mut [
        contender(|| verify_clear(run, claims, &clear_proof)),
        contender(|| verify_hidden(run, claims, &hidden_proof)),
    ]);
    let shape = Shape::measure(&Accumulation(claims), k, COLUMNS)?;
    let clear_bytes = clear_proof.0.len() * SCALAR_BYTES + clear_proof.1.to_bytes().len();
    Ok(json!({
        "clear": { "seconds": times[0].to_json(), "verify_seconds": verifiers[0].to_json(), "proof_bytes": clear_bytes },
        "hidden": {
            "seconds": times[1].to_json(),
            "verify_seconds": verifiers[1].to_json(),
            "proof_bytes": hidden_proof.to_bytes().len(),
            "rows": shape.rows(),
            "row_bytes": 2 * shape.rows() * POINT_BYTES,
            "constraints": shape.constraints(),
        },
        "hidden_cost": {
            "one_thread": times[1].one.median / times[0].one.median,
            "all_threads": times[1].all.median / times[0].all.median,
        },
        "mask": times[2].to_json(),
        "message": {
            "scalars": MESSAGE,
            "clear": { "one_thread": times[3].one.per(MESSAGES as f64).to_json() },
            "hidden": { "one_thread": times[4].one.per(MESSAGES as f64).to_json() },
        },
    }))
}
