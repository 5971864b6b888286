//! What the benches share: inputs, the clock, and the kernels of `cargo xtask bench core`.

pub mod ablation;
pub mod context;
pub mod inputs;
pub mod kernels;
pub mod measure;
pub mod report;

/// The example on the project's front page, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;
