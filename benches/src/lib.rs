//! What the benches share: inputs, the clock, the kernels of `cargo xtask bench core`, and what models are compared with.
//!
//! Features: `kernels`, `floor`, `networks`, `models`, `language`, `conformance` and `float`, each for the programs that need it, so
//! that `cargo xtask prove-model` builds no more than that.

#[cfg(feature = "kernels")]
pub mod ablation;
#[cfg(feature = "models")]
pub mod characters;
#[cfg(feature = "models")]
pub mod classes;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "kernels")]
pub mod context;
#[cfg(feature = "models")]
pub mod describe;
#[cfg(feature = "float")]
pub mod float;
#[cfg(feature = "floor")]
pub mod floor;
#[cfg(feature = "language")]
pub mod gguf;
#[cfg(feature = "conformance")]
pub mod graphs;
#[cfg(feature = "floor")]
pub mod inputs;
#[cfg(feature = "kernels")]
pub mod kernels;
#[cfg(feature = "language")]
pub mod language;
pub mod measure;
#[cfg(feature = "networks")]
pub mod networks;
#[cfg(feature = "conformance")]
pub mod operators;
#[cfg(feature = "networks")]
pub mod perplexity;
pub mod program;
#[cfg(feature = "conformance")]
pub mod proofs;
#[cfg(feature = "kernels")]
pub mod report;
pub mod tensors;

/// The example on the project's front page, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;

/// Those of the page for whoever uses the crates.
#[cfg(doctest)]
#[doc = include_str!("../../docs/rust.md")]
struct RustPage;
