//! Inputs for models that come without any.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// A generated tensor: the same every time, values in 0..1 like an image's.
pub(super) fn generate(seed: u64, dims: &[usize], path: &Path) -> Result<()> {
    let mut state = 0x2545_f491_4f6c_dd1du64 ^ seed;
    let values: Vec<f64> = (0..dims.iter().product())
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f64 / (1u64 << 24) as f64
        })
        .collect();
    // Nested arrays, innermost axis last.
    let mut nested: Vec<Value> = values.into_iter().map(Value::from).collect();
    for dim in dims.iter().skip(1).rev() {
        nested = nested.chunks(*dim).map(|row| Value::from(row.to_vec())).collect();
    }
    fs::write(path, Value::from(nested).to_string())
        .with_context(|| format!("cannot write {}", path.display()))
}
