//! The zero-check of a lookup, `h (alpha - q) = 1` on the cube, from a table by 16-bit indices; its unit is the time
//! of one arkworks multiplication.

use anyhow::{Context as _, Result, ensure};
use ark_ff::One;
use ark_std::rand::Rng;
use zktorch_field::Fr;
use zktorch_sumcheck::{InverseTable, Query, Statement, ZeroCheck, eq_eval, prove, verify};
use zktorch_transcript::{ClearProver, ClearVerifier, Transcript};

use super::fr_mul;
use crate::context::Context;
use crate::inputs;
use crate::measure::contender;
use crate::report::Measured;

const LABEL: &[u8] = b"bench zero-check";

/// One lookup: the inverse of each of 2^16 table entries, and which one each cell looks up.
struct Lookup {
    alpha: Fr,
    /// `1 / (alpha - value)` by value.
    inverses: InverseTable,
    /// The value of each cell.
    cells: Vec<u16>,
    /// The point of the zero-check.
    point: Vec<Fr>,
}

impl Lookup {
    fn new(log_size: usize) -> Result<Self> {
        let alpha = inputs::scalars(20, 1)[0];
        let queries: Vec<Fr> = (0..1u32 << 16).map(|value| alpha - Fr::from(value)).collect();
        // Uniform values: the hardest for a table in the cache.
        let mut rng = inputs::rng(21);
        let cells = (0..1usize << log_size).map(|_| rng.r#gen()).collect();
        let inverses = InverseTable::from_queries(&queries)?;
        Ok(Self { alpha, inverses, cells, point: inputs::scalars(22, log_size) })
    }

    /// Proves in the clear; the messages and the final values of h and `alpha - q`.
    fn prove(&self) -> Result<(Vec<Fr>, Vec<Fr>)> {
        let mut transcript = Transcript::new(LABEL);
        let mut channel = ClearProver::new(&mut transcript);
        let query = Query::new(self.alpha).plus(-Fr::one(), &self.cells[..]);
        let mut instance = ZeroCheck::from_table(&self.point, &self.inverses, &self.cells[..], query)?;
        let output = prove(&mut channel, LABEL, &mut [&mut instance])?;
        let finals = output.finals.into_iter().next().context("one instance")?;
        Ok((channel.into_messages(), finals))
    }

    fn verify(&self, messages: &[Fr], finals: &[Fr]) -> Result<()> {
        let mut transcript = Transcript::new(LABEL);
        let mut channel = ClearVerifier::new(&mut transcript, messages);
        let statement = Statement { num_rounds: self.point.len(), degree: 3, claim: Fr::from(0u64) };
        let reduced = verify(&mut channel, LABEL, &[statement])?;
        let [h, a] = finals else { anyhow::bail!("{} final values", finals.len()) };
        let value = eq_eval(&self.point, &reduced.point) * (*h * a - Fr::one());
        reduced.enforce(&mut channel, "final values", &[value])?;
        Ok(channel.finish()?)
    }
}

pub(super) fn zero_check(context: &Context) -> Result<Measured> {
    let log_size = if context.quick { 18 } else { 22 };
    let lookup = Lookup::new(log_size)?;
    let (messages, finals) = lookup.prove()?;
    lookup.verify(&messages, &finals).context("the zero-check does not verify")?;
    ensure!(lookup.verify(&messages, &[finals[0], finals[0]]).is_err(), "wrong final values verify");

    let entries = (1usize << log_size) as f64;
    let (ours, unit) = context.versus(contender(|| lookup.prove()), fr_mul::ark_multiplications());
    let mut measured = Measured::new(log_size, vec![("ours", ours)])
        .with("ns_per_entry", ours.one.min / entries * 1e9)
        .with("ns_per_entry_all_threads", ours.all.min / entries * 1e9);
    if let Some(unit) = unit {
        let unit = unit.one.per(fr_mul::ARK_MULTIPLICATIONS as f64);
        measured.value = Some(ours.one.min / entries / unit.min);
        measured.all_threads = Some(ours.all.min / entries / unit.min);
        measured = measured.with("arkworks_mul_s", unit.min);
    }
    Ok(measured)
}
