//! Benches for the core crates.
