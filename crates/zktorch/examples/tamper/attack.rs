//! The damage, and what the verifier says to it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use zktorch_verifier::{ModelId, ProofEnvelope, Statement, VerifyingKey, verify};

use crate::subject::{Io, Subject};

/// Which cases are tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// So many of each kind; all if none.
    pub(crate) sample: Option<usize>,
    pub(crate) seed: u64,
}

/// What became of the cases of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count {
    pub(crate) name: String,
    pub(crate) cases: usize,
    pub(crate) rejected: usize,
    /// Which cases were accepted, and which panicked.
    pub(crate) accepted: Vec<String>,
    pub(crate) panicked: Vec<String>,
}

/// SplitMix64 of a seed and a number.
fn mix(seed: u64, number: u64) -> u64 {
    let mut z =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number.wrapping_mul(0xd134_2543_de82_ef95));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Plan {
    /// The cases to try out of so many.
    fn pick(self, count: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..count).collect();
        if let Some(sample) = self.sample {
            all.sort_by_key(|case| mix(self.seed, *case as u64));
            all.truncate(sample);
        }
        all
    }

    /// The bytes with one of them changed, to any other value.
    fn flip(self, bytes: &[u8], at: usize) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= (1 + mix(self.seed, at as u64) % 255) as u8;
        }
        bytes
    }

    /// The bytes with up to 64 others after them.
    fn extend(self, bytes: &[u8], count: usize) -> Vec<u8> {
        let more =
            (0..=count as u64).map(|i| if count.is_multiple_of(2) { 0 } else { mix(self.seed, i) as u8 });
        bytes.iter().copied().chain(more).collect()
    }

    /// Tries cases on all cores. `accepts` says whether the verifier accepts a case.
    fn count(self, name: String, cases: usize, accepts: impl Fn(usize) -> bool + Sync) -> Count {
        let picked = self.pick(cases);
        let (next, result) = (AtomicUsize::new(0), Mutex::new(Count::default()));
        let work = || {
            while let Some(case) = picked.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = catch_unwind(AssertUnwindSafe(|| accepts(*case)));
                let mut result = result.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                match outcome {
                    Ok(false) => result.rejected += 1,
                    Ok(true) => result.accepted.push(format!("case {case}")),
                    Err(_) => result.panicked.push(format!("case {case}")),
                }
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
        let count = result.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        Count { name, cases: picked.len(), ..count }
    }
}

/// All kinds of damage.
pub(crate) fn attack(subject: &Subject, plan: Plan) -> Result<Vec<Count>> {
    let side = if subject.io == Io::Public { "public" } else { "private" };
    let count = |name: &str, cases, accepts: &(dyn Fn(usize) -> bool + Sync)| {
        plan.count(format!("{side}: {name}"), cases, accepts)
    };
    let proof = |bytes: &[u8]| verify(&subject.vk, &subject.statement, bytes).is_ok();
    let len = subject.proof.len();
    let mut counts = vec![
        count("byte of the proof", len, &|at| proof(&plan.flip(&subject.proof, at))),
        count("proof truncated", len, &|to| proof(&subject.proof[..to])),
        count("proof extended", 64, &|by| proof(&plan.extend(&subject.proof, by))),
    ];

    let bytes = statement_bytes(&subject.statement);
    counts.push(count("byte of the statement", bytes, &|at| {
        let mut statement = subject.statement.clone();
        flip_statement(&mut statement, at, plan);
        statement == subject.statement || verify(&subject.vk, &statement, &subject.proof).is_ok()
    }));

    let argument = ProofEnvelope::from_bytes(&subject.proof)?.argument;
    let key = |bytes: &[u8]| {
        let checked = VerifyingKey::from_bytes(bytes).and_then(|key| key.check(&subject.policy));
        let Ok(vk) = checked else { return false };
        // The proof under another label, if the damage gave the key another id.
        let id = vk.model_id();
        let statement = Statement { model_id: id, ..subject.statement.clone() };
        let proof = ProofEnvelope::new(id, argument.clone()).to_bytes();
        verify(&vk, &statement, &proof).is_ok()
    };
    let len = subject.vk_bytes.len();
    counts.push(count("byte of the key", len, &|at| key(&plan.flip(&subject.vk_bytes, at))));
    counts.push(count("key truncated", len, &|to| key(&subject.vk_bytes[..to])));
    counts.push(count("key extended", 64, &|by| key(&plan.extend(&subject.vk_bytes, by))));
    Ok(counts)
}

/// Bytes of a statement: id, integers, commitments, context.
fn statement_bytes(statement: &Statement) -> usize {
    let integers: usize = statement.public.iter().map(Vec::len).sum();
    let commitments = statement.private_inputs.len() + statement.private_outputs.len();
    32 + 4 * integers + 32 * commitments + statement.context.len()
}

/// Changes one byte of a statement.
fn flip_statement(statement: &mut Statement, at: usize, plan: Plan) {
    if at < 32 {
        let id = plan.flip(&statement.model_id.0, at);
        statement.model_id = ModelId(id.try_into().unwrap_or_default());
        return;
    }
    let mut at = at - 32;
    for integer in statement.public.iter_mut().flatten() {
        if at < 4 {
            let bytes = plan.flip(&integer.to_le_bytes(), at);
            *integer = i32::from_le_bytes(bytes.try_into().unwrap_or_default());
            return;
        }
        at -= 4;
    }
    for commitment in statement.private_inputs.iter_mut().chain(&mut statement.private_outputs) {
        if at < 32 {
            let bytes = plan.flip(commitment, at);
            *commitment = bytes.try_into().unwrap_or_default();
            return;
        }
        at -= 32;
    }
    statement.context = plan.flip(&statement.context, at);
}
