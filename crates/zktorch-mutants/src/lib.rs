#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(feature = "switch")]
mod switch;

// Features are unified over a workspace: `--all-features` must not make a verifier that the environment can weaken.
#[cfg(feature = "switch")]
const _: () = assert!(
    option_env!("ZKTORCH_MUTANTS_BUILD").is_some(),
    "the feature `switch` of zktorch-mutants is for the test programs of `cargo xtask mutants` alone"
);

/// Whether the check at the caller's place counts. Asked last, where the check is about to refuse something: a place that no
/// test reaches is a check that no test needs.
#[cfg(not(feature = "switch"))]
#[inline(always)]
#[must_use]
pub const fn enforced() -> bool {
    true
}

/// Whether the check at the caller's place counts. Asked last, where the check is about to refuse something: a place that no
/// test reaches is a check that no test needs.
#[cfg(feature = "switch")]
#[track_caller]
#[must_use]
pub fn enforced() -> bool {
    switch::is_on(core::panic::Location::caller())
}

/// Whether what has this label is absorbed into a transcript: by its label, because both sides absorb it.
#[cfg(not(feature = "switch"))]
#[inline(always)]
#[must_use]
pub const fn absorbed(_label: &[u8]) -> bool {
    true
}

/// Whether what has this label is absorbed into a transcript: by its label, because both sides absorb it.
#[cfg(feature = "switch")]
#[must_use]
pub fn absorbed(label: &[u8]) -> bool {
    switch::absorbs(label)
}
