//! Whether what is deployed is what a key says.

use crate::artifact::Artifact;
use crate::contract::{Contract, keccak};
use crate::{EvmError, Word};

/// Code that somebody deployed.
#[derive(Clone, Debug, Default)]
pub struct Deployed {
    /// Of the contract that calls the segments.
    pub verifier: Vec<u8>,
    /// Of the contract whose code is a zero byte and the segments' addresses.
    pub table: Vec<u8>,
    /// Of the segments.
    pub segments: Vec<Vec<u8>>,
}

/// What an audit cannot see from code alone: it has to be compared with the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Where the table has to be.
    pub table: [u8; 20],
    /// Where the segments have to be.
    pub segments: Vec<[u8; 20]>,
}

impl Contract {
    /// Compares with what is deployed, byte for byte; returns where the pieces have to be.
    ///
    /// # Errors
    /// [`EvmError::Deployed`] with the first difference.
    pub fn audit(&self, deployed: &Deployed) -> Result<Addresses, EvmError> {
        let differs =
            |what: String, expected: String, found: String| Err(EvmError::Deployed { what, expected, found });
        if self.segments.len() != deployed.segments.len() {
            let [expected, found] = [self.segments.len(), deployed.segments.len()].map(|n| n.to_string());
            return differs("the number of segments".into(), expected, found);
        }
        for (index, (expected, found)) in self.segments.iter().zip(&deployed.segments).enumerate() {
            if expected != found {
                return differs(format!("the code of segment {index}"), hash(expected), hash(found));
            }
        }
        let table = self.audit_verifier(&deployed.verifier)?;
        let (first, addresses) = deployed.table.split_first().unwrap_or((&1, &[]));
        let (addresses, rest) = addresses.as_chunks::<20>();
        if *first != 0 || !rest.is_empty() || addresses.len() != self.segments.len() {
            let expected = format!("a zero byte and {} addresses", self.segments.len());
            return differs(
                "the code of the table".into(),
                expected,
                format!("0x{}", hex::encode(&deployed.table)),
            );
        }
        Ok(Addresses { table, segments: addresses.to_vec() })
    }

    /// The caller's code, with the values of its immutables; returns where it says that the table is.
    fn audit_verifier(&self, code: &[u8]) -> Result<[u8; 20], EvmError> {
        let differs =
            |what: String, expected: String, found: String| Err(EvmError::Deployed { what, expected, found });
        let artifact = Artifact::verifier();
        let mut without = code.to_vec();
        let mut table = [0; 20];
        for (name, places) in &artifact.immutables {
            let mut words = Vec::new();
            for place in places {
                let Some(word) = without.get_mut(*place..place + 32) else {
                    return differs("the code of Verifier".into(), hash(&artifact.runtime), hash(code));
                };
                words.push(<Word>::try_from(&*word).unwrap_or_default());
                word.fill(0);
            }
            let found = words.first().copied().unwrap_or_default();
            let expected = match name.as_str() {
                "table" => {
                    table.copy_from_slice(&found[12..]);
                    let mut address = [0; 32];
                    address[12..].copy_from_slice(&table);
                    address
                }
                name => self.immutable(name),
            };
            if let Some(found) = words.into_iter().find(|word| *word != expected) {
                return differs(format!("{name} of Verifier"), word(&expected), word(&found));
            }
        }
        if without != artifact.runtime {
            return differs(
                "the code of Verifier, but for its values".into(),
                hash(&artifact.runtime),
                hash(&without),
            );
        }
        Ok(table)
    }

    /// The value of an immutable of the caller's.
    fn immutable(&self, name: &str) -> Word {
        let number = match name {
            "modelId" => return self.model_id.0,
            "program" => return self.program(),
            "codes" => return self.codes(),
            "developmentSrs" => self.development.into(),
            "gasNeeded" => self.gas_needed(),
            "proofBytes" => self.lengths[0] as u64,
            _ => self.lengths[1] as u64,
        };
        let mut word = [0; 32];
        word[24..].copy_from_slice(&number.to_be_bytes());
        word
    }
}

fn word(word: &Word) -> String {
    format!("0x{}", hex::encode(word))
}

fn hash(code: &[u8]) -> String {
    format!("{} bytes with Keccak-256 {}", code.len(), word(&keccak(code)))
}
