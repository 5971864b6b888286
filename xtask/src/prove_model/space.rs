//! Whether the disk has room for the files, before any work is done.

use std::path::Path;

use anyhow::{Context, Result, bail};

/// Bytes of a weight in an ONNX file.
const ONNX_BYTES_PER_WEIGHT: u64 = 4;
/// A quantised weight has 16 bits, which take up to three bytes in the variable-length form of the compiled model and of the
/// proving key.
const BYTES_PER_WEIGHT: u64 = 3;
/// Verifying key, proof, statement, generated inputs: a few kilobytes to a few megabytes.
pub(super) const REST: u64 = 16 << 20;

/// Bytes that the files of a model with so many weights take: the ONNX file if it is generated, the compiled model (which holds the
/// ONNX file and the weights), the proving key, the rest. The development SRS is computed and never stored.
pub(super) fn needed(weights: u64, generated: bool) -> u64 {
    let onnx_files = if generated { 2 } else { 1 };
    let per_weight = onnx_files * ONNX_BYTES_PER_WEIGHT + 2 * BYTES_PER_WEIGHT;
    weights.saturating_mul(per_weight).saturating_add(REST)
}

/// Requires so many free bytes in a folder.
pub(super) fn require(folder: &Path, needed: u64) -> Result<()> {
    let free =
        fs4::available_space(folder).with_context(|| format!("{}: free space unknown", folder.display()))?;
    check(folder, needed, free)
}

fn check(folder: &Path, needed: u64, free: u64) -> Result<()> {
    if free < needed {
        let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
        bail!(
            "{}: expected {} MB of free space for the model's files, found {} MB",
            folder.display(),
            megabytes(needed),
            free / 1_000_000
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_numbers_are_named() {
        let folder = Path::new("/data");
        assert!(check(folder, 1_500_000, 1_500_000).is_ok());
        let message = check(folder, 1_500_000, 1_499_999).unwrap_err().to_string();
        assert_eq!(message, "/data: expected 2 MB of free space for the model's files, found 1 MB");
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(require(here, 0).is_ok());
        assert!(require(here, u64::MAX).is_err());
    }

    /// The files of ResNet-50: 102,464,806 bytes of ONNX, 152,819,297 of the compiled model, 50,367,005 of the key.
    #[test]
    fn enough_and_not_much_more() {
        let files = 102_464_806 + 152_819_297 + 50_367_005 + 800_000;
        let estimate = needed(25_557_032, true);
        assert!(files <= estimate && estimate < files / 4 * 5, "{estimate}");
        assert_eq!(estimate - needed(25_557_032, false), 4 * 25_557_032);
    }
}
