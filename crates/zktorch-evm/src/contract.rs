//! A model's verifier as contracts: the segments, and one that calls them.

use sha3::{Digest, Keccak256};
use zktorch_commit::SrsStatus;
use zktorch_verifier::{ModelId, VerifyingKey};

use crate::artifact::Artifact;
use crate::{EvmError, Inputs, Program, PublicTensor, Word};

/// The most gas that a transaction may have since Osaka (EIP-7825).
pub const TRANSACTION_CAP: u64 = 1 << 24;
/// The hard fork whose operations the code has. Osaka runs it, too.
pub const HARD_FORK: &str = "prague";
/// Gas of a transaction before it runs.
const TRANSACTION: u64 = 21_000;
/// Of making a contract: the transaction's part, and a byte of its code.
const CREATE: u64 = 32_000;
const CODE_BYTE: u64 = 200;
/// A byte of calldata that is not zero, and one that is.
const BYTE: u64 = 16;
const ZERO_BYTE: u64 = 4;
/// The least that a byte of calldata costs a transaction.
const FLOOR_BYTE: u64 = 40;
/// Two gas a word of code that makes a contract (EIP-3860).
const INIT_WORD: u64 = 2;
/// What `Verifier` does beside calling: its checks, and reading where the segments are (a cold account). Measured: below 5,000.
const CALLER: u64 = 8_000;
/// And what it does for every segment: turns of its loops, a hash of its code and a call. (That the account is cold is counted with
/// the segment before.) Measured: below 500.
const SEGMENT_CALL: u64 = 800;

/// What is deployed for a model.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The model.
    pub model_id: ModelId,
    /// The id of the SRS.
    pub srs_id: Word,
    /// Whether the SRS is for development: anybody can make proofs that are accepted.
    pub development: bool,
    /// Codes of the segments, in their order.
    pub segments: Vec<Vec<u8>>,
    /// Gas of a verification, by what it is spent on.
    pub gas: Vec<(&'static str, u64)>,
    /// Bytes of a proof, and of the public values.
    pub lengths: [usize; 2],
    /// The public tensors, in the order of their values.
    pub publics: Vec<PublicTensor>,
}

pub(crate) fn keccak(bytes: &[u8]) -> Word {
    Keccak256::digest(bytes).into()
}

/// What a chain says of a contract's code.
pub fn code_hash(code: &[u8]) -> Word {
    keccak(code)
}

fn number(number: u64) -> Word {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

impl Contract {
    /// Of a key whose SRS and weights were checked.
    ///
    /// # Errors
    /// [`EvmError`] for a key that has no program, or none that a transaction can run.
    pub fn of_key(key: &VerifyingKey) -> Result<Self, EvmError> {
        Self::new(key, &Program::of_key(key.key())?)
    }

    /// The same with the key's program, for those who have it.
    ///
    /// # Errors
    /// Those of [`of_key`](Self::of_key).
    pub fn new(key: &VerifyingKey, program: &Program) -> Result<Self, EvmError> {
        let segments = program.segments()?;
        let publics: usize = program.publics.iter().map(PublicTensor::words).sum();
        let contract = Self {
            model_id: key.key().model_id(),
            srs_id: key.key().srs().id().0,
            development: key.srs_status() == SrsStatus::Insecure,
            segments: segments.codes,
            gas: segments.gas,
            lengths: [64 * program.input_points + 32 * program.input_scalars, 32 * publics],
            publics: program.publics.clone(),
        };
        match contract.transaction_gas() {
            gas if gas > TRANSACTION_CAP => Err(EvmError::Gas { estimate: gas, most: TRANSACTION_CAP }),
            _ => Ok(contract),
        }
    }

    /// Gas of a verification within a transaction: what the segments spend, and whoever calls them.
    pub fn verification_gas(&self) -> u64 {
        CALLER + SEGMENT_CALL * self.segments.len() as u64 + self.gas.iter().map(|(_, gas)| gas).sum::<u64>()
    }

    /// Gas that a call of `verify` has to be given. A call passes on 63 of 64 parts of what is left (EIP-150), twice in a row here.
    pub fn gas_needed(&self) -> u64 {
        (self.verification_gas() * 64 * 64).div_ceil(63 * 63) + self.verification_gas() / 50
    }

    /// The most gas of a transaction that does nothing but verify: no byte of the proof is zero.
    pub fn transaction_gas(&self) -> u64 {
        let bytes: usize = self.lengths.iter().sum();
        // The selector, the context, two offsets and two lengths; Solidity's decoder.
        let data = (bytes + 4 + 5 * 32) as u64;
        // Calldata has a price of its own, whatever is computed (EIP-7623).
        let floor = TRANSACTION + FLOOR_BYTE * data;
        floor.max(TRANSACTION + BYTE * data + 2_000 + self.gas_needed())
    }

    /// Gas of the transactions that deploy all of it.
    pub fn deployment_gas(&self) -> u64 {
        let create = |init: &[u8], code: usize| {
            let data: u64 = init.iter().map(|byte| if *byte == 0 { ZERO_BYTE } else { BYTE }).sum();
            TRANSACTION + CREATE + data + CODE_BYTE * code as u64 + INIT_WORD * init.len().div_ceil(32) as u64
        };
        let segments: u64 =
            self.segments.iter().map(|code| create(&creation(code).unwrap_or_default(), code.len())).sum();
        // The table of the segments is made by the caller's constructor, which asks for the hash of each.
        let table = CREATE + CODE_BYTE * (1 + 20 * self.segments.len() as u64);
        let artifact = Artifact::verifier();
        let addresses = vec![[0xff; 20]; self.segments.len()];
        let verifier = create(&self.verifier_creation(&addresses), artifact.runtime.len());
        segments + table + verifier + 25_000 + 5_000 * self.segments.len() as u64
    }

    /// Keccak-256 of the hashes of the segments' codes.
    pub(crate) fn codes(&self) -> Word {
        let hashes: Vec<u8> = self.segments.iter().flat_map(|code| keccak(code)).collect();
        keccak(&hashes)
    }

    /// Keccak-256 of all that makes the verifier this model's: the words of id, SRS, gas, lengths, codes.
    pub fn program(&self) -> Word {
        let [proof, public] = self.lengths.map(|length| number(length as u64));
        let (insecure, gas) = (number(self.development.into()), number(self.gas_needed()));
        keccak(&[self.model_id.0, insecure, gas, proof, public, self.codes()].concat())
    }

    /// The code that makes `Verifier`, with its arguments: the segments' addresses in their order.
    pub fn verifier_creation(&self, segments: &[[u8; 20]]) -> Vec<u8> {
        let mut code = Artifact::verifier().creation;
        let [proof, public] = self.lengths.map(|length| number(length as u64));
        let head = [
            self.model_id.0,
            self.program(),
            number(self.development.into()),
            number(self.gas_needed()),
            proof,
            public,
            // Where the array begins, and how long it is.
            number(7 * 32),
            number(segments.len() as u64),
        ];
        code.extend(head.iter().flatten());
        for address in segments {
            code.extend([0; 12]);
            code.extend(address);
        }
        code
    }
}

/// The code that makes a contract of this one: it copies what follows it. `None` if a contract cannot be so long.
///
/// `PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN`.
pub fn creation(code: &[u8]) -> Option<Vec<u8>> {
    let [high, low] = u16::try_from(code.len()).ok()?.to_be_bytes();
    let mut init = vec![0x61, high, low, 0x80, 0x60, 10, 0x5f, 0x39, 0x5f, 0xf3];
    init.extend(code);
    Some(init)
}

impl Inputs {
    /// The two byte strings that `verify` takes beside the context: the proof, and the public values.
    pub fn arguments(&self) -> [Vec<u8>; 2] {
        let bytes = self.to_bytes();
        let proof = 64 * self.points.len() + 32 * self.scalars.len();
        let (proof, public) = bytes[self.context.len()..].split_at(proof);
        [proof.to_vec(), public.to_vec()]
    }

    /// The calldata of `verify(bytes,bytes,bytes32)`.
    pub fn calldata(&self) -> Vec<u8> {
        calldata("verify(bytes,bytes,bytes32)", &self.arguments(), Some(&self.context))
    }
}

/// The calldata of a function that takes byte strings, and maybe a word after them.
pub fn calldata(signature: &str, strings: &[Vec<u8>], word: Option<&Word>) -> Vec<u8> {
    let mut data = keccak(signature.as_bytes())[..4].to_vec();
    let mut at = 32 * (strings.len() + usize::from(word.is_some()));
    for string in strings {
        data.extend(number(at as u64));
        at += 32 + string.len().next_multiple_of(32);
    }
    data.extend(word.into_iter().flatten());
    for string in strings {
        data.extend(number(string.len() as u64));
        data.extend(string);
        data.resize(data.len() + string.len().next_multiple_of(32) - string.len(), 0);
    }
    data
}
