//! The floor that proving is measured against, see [`benches::floor`]: one JSON object on stdout.
//!
//! `cargo run --release -p benches --bin floor -- POINTS --threads 2`
#![allow(clippy::print_stdout, reason = "a command-line tool: its results go to stdout")]

use anyhow::Result;
use benches::floor::msm_u16_seconds;
use clap::Parser;
use serde_json::json;

/// Times arkworks' msm_u16 on 2^20 points and scales it.
#[derive(Parser)]
struct Options {
    /// How many points the floor has.
    points: u64,
    /// Threads; 0: all.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// 2^N points are measured.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(4..=24))]
    log_points: u32,
    /// The median of so many runs counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    runs: u16,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let seconds = msm_u16_seconds(options.log_points, options.threads, options.runs.into())?;
    let measured = 1u64 << options.log_points;
    println!(
        "{}",
        json!({
            "floor_points": options.points,
            "floor_s": seconds * (options.points as f64 / measured as f64),
            "floor_measured_points": measured,
            "floor_measured_s": seconds,
        })
    );
    Ok(())
}
