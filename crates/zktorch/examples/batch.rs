//! Many inferences of LeNet-5 in one proof against as many proofs: what a verifier reads and how long it takes, and the prover.
//!
//! ```sh
//! cargo run --release -p zktorch --example batch -- 32
//! ```
#![allow(clippy::print_stdout, reason = "a measuring program")]

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use zktorch_commit::{Srs, SrsPolicy};
use zktorch_onnx::{FloatTensor, Options, PortInfo, compile};
use zktorch_prover::{Model, choose_k, setup};
use zktorch_verifier::{Port, VerifyingKey, verify};

/// Times that are measured; the least one counts.
const TIMES: usize = 7;

fn main() -> Result<()> {
    let count: u32 = std::env::args().nth(1).as_deref().unwrap_or("32").parse().context("inferences")?;
    let onnx = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bench/lenet5.onnx"))?;
    let compiled = compile(&onnx, &Options::default())?;
    let ports = |ports: &[PortInfo]| -> Vec<Port> {
        let dims = |port: &PortInfo| port.dims.iter().map(|dim| *dim as u64).collect::<Vec<u64>>();
        ports.iter().map(|port| Port::new(port.name.clone(), dims(port))).collect()
    };
    let input = &compiled.inputs[0].dims;
    let samples = (0..count).map(|seed| {
        let pixels = (0..input.iter().product::<usize>() as u32).map(|i| noise(seed << 16 | i));
        Ok(compiled.quantise(&[FloatTensor::new(input.clone(), pixels.collect::<Vec<_>>())?.into()])?)
    });
    let samples = samples.collect::<Result<Vec<_>>>()?;
    let (inputs, outputs) = (ports(&compiled.inputs), ports(&compiled.outputs));
    let (graph, weights, preprocessing) = (compiled.graph, compiled.weights, String::new());
    let model = Model { graph, inputs, outputs, preprocessing, weights };
    let srs = Srs::dev(choose_k(&model.graph))?;
    let key = setup(&model, &srs)?;
    let vk = VerifyingKey::from_bytes(key.vk_bytes())?.check(&SrsPolicy::new().allow_insecure())?;

    let batch = key.vk().batch(count)?;
    let large = Srs::dev(batch.network().k())?;
    let each: Vec<&[Vec<i32>]> = samples.iter().map(Vec::as_slice).collect();
    let (single, prove_single) = least(1, || {
        Ok(each.iter().map(|inputs| key.prove(&srs, inputs, &[])).collect::<Result<Vec<_>, _>>()?)
    })?;
    let (together, prove_together) = least(1, || Ok(key.prove_batch(&large, &batch, &each, &[])?))?;
    let ((), verify_single) = least(TIMES, || {
        single.iter().try_for_each(|proved| verify(&vk, &proved.statement, &proved.proof))?;
        Ok(())
    })?;
    let ((), verify_together) = least(TIMES, || Ok(verify(&vk, &together.statement, &together.proof)?))?;
    let (_, derive) = least(TIMES, || Ok(key.vk().batch(count)?))?;

    let networks = [key.vk().network(), batch.network()];
    let commitments =
        networks.map(|network| network.weight_chunks() + network.proof_chunks().iter().sum::<usize>());
    let bytes = [single.iter().map(|proved| proved.proof.len()).sum::<usize>(), together.proof.len()];
    println!("{count} inferences of LeNet-5, one by one and in one proof:");
    println!("log2 of the chunk size       {:>10} {:>10}", networks[0].k(), networks[1].k());
    println!("commitments that are read    {:>10} {:>10}", commitments[0] * count as usize, commitments[1]);
    println!("bytes of proofs              {:>10} {:>10}", bytes[0], bytes[1]);
    let line = |what: &str, one: Duration, all: Duration| {
        let [one, all] = [one, all].map(|time| time.as_secs_f64());
        println!("{what:<28} {:>9.1}ms {:>8.1}ms {:>8.2}x", one * 1e3, all * 1e3, one / all);
    };
    line("verify", verify_single, verify_together);
    line("verify, batch derived before", verify_single, verify_together.saturating_sub(derive));
    line("prove", prove_single, prove_together);
    Ok(())
}

/// From 0 to 1.
fn noise(seed: u32) -> f32 {
    let mixed = seed.wrapping_mul(0x9e37_79b9);
    let mixed = (mixed ^ mixed >> 15).wrapping_mul(0x85eb_ca6b);
    (mixed >> 8) as f32 / (1 << 24) as f32
}

/// The shortest of several runs.
fn least<T>(times: usize, mut run: impl FnMut() -> Result<T>) -> Result<(T, Duration)> {
    let mut timed = || -> Result<(T, Duration)> {
        let started = Instant::now();
        let value = run()?;
        Ok((value, started.elapsed()))
    };
    let mut best = timed()?;
    for _ in 1..times {
        let (value, time) = timed()?;
        best = (value, time.min(best.1));
    }
    Ok(best)
}
