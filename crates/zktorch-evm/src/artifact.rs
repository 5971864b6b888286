//! Contracts as the Solidity compiler left them: `contracts/artifacts`, which a test of the repository compiles again.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The contract that calls the segments: its interface, its code, and how it was compiled.
pub const VERIFIER: &str = include_str!("../contracts/artifacts/Verifier.json");
/// An example of a contract that uses one.
pub const DIGIT_PRIZE: &str = include_str!("../contracts/artifacts/DigitPrize.json");

/// A compiled contract.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Artifact {
    /// Code that makes it.
    #[serde(rename = "bytecode", deserialize_with = "code")]
    pub creation: Vec<u8>,
    /// Its code, with zeros for the values of immutables.
    #[serde(deserialize_with = "code")]
    pub runtime: Vec<u8>,
    /// Where these stand, as words, by their names.
    pub immutables: BTreeMap<String, Vec<usize>>,
}

fn code<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    hex::decode(text.strip_prefix("0x").unwrap_or(&text)).map_err(serde::de::Error::custom)
}

impl Artifact {
    /// Of [`VERIFIER`].
    pub fn verifier() -> Self {
        Self::read(VERIFIER)
    }

    /// Of [`DIGIT_PRIZE`].
    pub fn digit_prize() -> Self {
        Self::read(DIGIT_PRIZE)
    }

    /// Both are part of this crate, and a test reads them.
    #[allow(clippy::expect_used, reason = "without its artifacts the crate is not what its tests have seen")]
    fn read(text: &str) -> Self {
        serde_json::from_str(text).expect("an artifact of the crate")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_read() {
        let verifier = Artifact::verifier();
        assert!(verifier.creation.len() > verifier.runtime.len() && !verifier.runtime.is_empty());
        for (name, places) in &verifier.immutables {
            let zeros = |place: &usize| verifier.runtime[*place..place + 32].iter().all(|byte| *byte == 0);
            assert!(places.iter().all(zeros), "{name}");
        }
        assert_eq!(verifier.immutables.len(), 8);
        assert_eq!(Artifact::digit_prize().immutables.len(), 3);
    }
}
