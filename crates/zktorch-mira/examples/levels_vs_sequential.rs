//! Level-synchronous folding against one-by-one folding of the same instances.
//!
//! ```text
//! cargo run --release -p zktorch-mira --example levels_vs_sequential [log2 instances] [log2 entries] [i16|field]
//! ```
//!
//! Each side runs in a process of its own with its own number of threads (one for folding one by one, two and one for
//! the levels), in turns, and the fastest of several runs counts. Commitments are left out on both sides. Folding one by
//! one starts from vectors and functionals that are expanded already (not counted); the levels start from the columns
//! and points themselves.
#![allow(clippy::print_stdout, reason = "an example reports on the terminal")]

use std::process::Command;
use std::time::Instant;

use zktorch_commit::{Blind, Commitment};
use zktorch_field::{Fr, G1Projective};
use zktorch_mira::levels::{self, Chunk, Column, Statement};
use zktorch_mira::pair::Accumulator;
use zktorch_mira::plan::{ClaimTerm, FoldPlan};
use zktorch_mira::{Functional, OpeningInstance, OpeningWitness};
use zktorch_transcript::{ClearProver, Transcript};

type Failure = Box<dyn std::error::Error>;

/// Runs per process; the fastest counts.
const REPETITIONS: usize = 7;

/// One claim per column, at a point of its own.
struct Inputs {
    small: Vec<Vec<i16>>,
    field: Vec<Vec<Fr>>,
    points: Vec<Vec<Fr>>,
    values: Vec<Fr>,
}

impl Inputs {
    fn new(log_instances: usize, log_size: usize, kind: &str) -> Result<Self, Failure> {
        let count = 1 << log_instances;
        let mut coins = Transcript::new(b"levels_vs_sequential inputs");
        let points: Vec<Vec<Fr>> = (0..count).map(|_| coins.challenge_scalars(b"point", log_size)).collect();
        let mut bytes = vec![0; 2 << log_size];
        let mut small = Vec::new();
        let mut field = Vec::new();
        for _ in 0..count {
            coins.challenge_bytes(b"integers", &mut bytes);
            let column: Vec<i16> = bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
            if kind == "field" {
                let shift = coins.challenge_scalar(b"shift");
                field.push(column.iter().map(|x| Fr::from(*x) * shift + shift).collect());
            } else {
                small.push(column);
            }
        }
        let mut inputs = Self { small, field, points, values: Vec::new() };
        for (i, point) in inputs.points.iter().enumerate() {
            inputs.values.push(Functional::eq(point.clone()).apply(&inputs.column(i).to_field())?);
        }
        Ok(inputs)
    }

    fn column(&self, i: usize) -> Column<'_> {
        match self.field.get(i) {
            Some(column) => Column::Field(column),
            None => Column::I16(&self.small[i]),
        }
    }

    /// All instances at once; returns the accumulated value and the number of scalars sent.
    fn levels(&self) -> Result<(Fr, usize), Failure> {
        let count = self.points.len();
        let blind = Blind::zero();
        let claims = (0..count).map(|i| vec![ClaimTerm { chunk: i, point: i }]).collect();
        let plan = FoldPlan::new(count, count, claims)?;
        let coefficients = vec![vec![Fr::from(1u64)]; count];
        let chunks: Vec<Chunk<'_>> = (0..count)
            .map(|i| Chunk { column: self.column(i), commitment: Commitment::default(), blind: &blind })
            .collect();
        let mut transcript = Transcript::new(b"levels");
        let mut channel = ClearProver::new(&mut transcript);
        let statement = Statement { plan: &plan, coefficients: &coefficients, points: &self.points };
        let (instance, _) = levels::prove(&mut channel, &statement, &chunks, &self.values)?;
        Ok((instance.value, channel.into_messages().len()))
    }

    /// All instances expanded: what folding one by one starts from.
    fn expanded(&self) -> Result<Vec<Accumulator>, Failure> {
        let mut out = Vec::new();
        for (i, point) in self.points.iter().enumerate() {
            let instance = OpeningInstance {
                commitment: G1Projective::default(),
                functional: Functional::eq(point.clone()),
                value: self.values[i],
            };
            let witness = OpeningWitness { vector: self.column(i).to_field(), blind: Blind::zero() };
            out.push(Accumulator::new(instance, witness)?);
        }
        Ok(out)
    }
}

/// One instance after the other into one accumulator; returns its value and the number of scalars sent.
fn sequential(instances: &[Accumulator]) -> Result<(Fr, usize), Failure> {
    let mut transcript = Transcript::new(b"sequential");
    let (first, rest) = instances.split_first().ok_or("no instances")?;
    let mut accumulator = first.clone();
    for instance in rest {
        accumulator = accumulator.fold(&mut transcript, instance)?.1;
    }
    Ok((accumulator.instance().value, rest.len()))
}

/// Runs one side in this process: prints the fastest time and the number of scalars.
fn measure(side: &str, inputs: &Inputs) -> Result<(), Failure> {
    let expanded = if side == "levels" { Vec::new() } else { inputs.expanded()? };
    let run = || if side == "levels" { inputs.levels() } else { sequential(&expanded) };
    let mut best = f64::INFINITY;
    let mut scalars = 0;
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        let (value, sent) = run()?;
        best = best.min(start.elapsed().as_secs_f64());
        std::hint::black_box(value);
        scalars = sent;
    }
    println!("{best} {scalars}");
    Ok(())
}

/// Runs one side in a process with `threads` threads.
fn child(side: &str, threads: &str, sizes: &[String]) -> Result<(f64, usize), Failure> {
    let output = Command::new(std::env::current_exe()?)
        .args(sizes)
        .arg(side)
        .env("RAYON_NUM_THREADS", threads)
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut words = text.split_whitespace();
    let seconds =
        words.next().ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())?.parse()?;
    let scalars = words.next().ok_or("no count")?.parse()?;
    Ok((seconds, scalars))
}

fn main() -> Result<(), Failure> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    for default in ["6", "16", "i16"].iter().skip(args.len()) {
        args.push((*default).to_owned());
    }
    let (log_instances, log_size): (usize, usize) = (args[0].parse()?, args[1].parse()?);
    if let Some(side) = args.get(3) {
        return measure(side, &Inputs::new(log_instances, log_size, &args[2])?);
    }
    let (mut one_by_one, mut levels, mut levels_alone) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let mut scalars = (0, 0);
    for _ in 0..3 {
        let (seconds, sent) = child("sequential", "1", &args)?;
        one_by_one = one_by_one.min(seconds);
        scalars.0 = sent;
        let (seconds, sent) = child("levels", "2", &args)?;
        levels = levels.min(seconds);
        scalars.1 = sent;
        levels_alone = levels_alone.min(child("levels", "1", &args)?.0);
    }
    println!("{} instances of 2^{log_size} entries ({})", 1 << log_instances, args[2]);
    println!("one by one, 1 thread:         {:8.2} ms, {} scalars", one_by_one * 1e3, scalars.0);
    println!("level-synchronous, 1 thread:  {:8.2} ms, {} scalars", levels_alone * 1e3, scalars.1);
    println!("level-synchronous, 2 threads: {:8.2} ms, {} scalars", levels * 1e3, scalars.1);
    println!("speedup: {:.2} (2 threads), {:.2} (1 thread)", one_by_one / levels, one_by_one / levels_alone);
    Ok(())
}
