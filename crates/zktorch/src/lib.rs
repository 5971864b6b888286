//! Files, command line and reports of zktorch: everything around the prover that a user touches.
//!
//! * [`data`]: named tensors of files, images among them;
//! * [`container`]: containers of models, keys and proofs on the disk;
//! * [`statement`]: what a proof is about, with the files beside it;
//! * [`cli`]: the command line; [`report`], [`outputs`] and [`progress`]: what it prints;
//! * [`stages`]: how long each stage of proving took;
//! * [`page`]: a model or a proof as one HTML page.
//!
//! Everything that is read is hostile: sizes are checked before memory is taken, and errors name the file and the field.
//!
//! # Example
//!
//! ```
//! use zktorch::container::{self, Kind};
//! use zktorch::data::{self, Format, Wanted};
//! use zktorch::{Bytes32, Error};
//!
//! // Two samples of an input with dimensions [1, 2].
//! let tensors = data::decode(Format::Json, b"[[0.5, 1], [2, 3]]", None)?;
//! let samples = data::assign(&tensors, &[Wanted { name: "x", dims: &[1, 2] }])?;
//! assert_eq!(samples[1][0].floats(), [2.0, 3.0]);
//!
//! // A proof is not a key.
//! let protocol = Bytes32::sha256(b"my protocol v1");
//! let file = container::encode(Kind::Proof, &protocol, b"...");
//! assert_eq!(container::decode(&file, Kind::Proof, &protocol)?, b"...");
//! let error = container::decode(&file, Kind::VerifyingKey, &protocol).unwrap_err();
//! assert_eq!(error.to_string(), "this is a proof, expected a verifying key (vk)");
//! # Ok::<(), Error>(())
//! ```

pub mod cli;
pub mod container;
pub mod data;
mod error;
mod files;
#[cfg(test)]
#[path = "../../zktorch-files/src/fuzz.rs"]
mod fuzz;
mod image;
pub mod interrupt;
pub mod key_file;
pub mod memory;
pub mod model_file;
pub mod outputs;
pub mod page;
pub mod pipeline_file;
pub mod progress;
pub mod report;
pub mod shard_job;
pub mod space;
pub mod stages;
pub mod statement;
pub mod trace;

pub use error::Error;
pub use files::{folder_of, is_special, shard_path, srs_part_path, srs_path, write_page, write_srs};
pub use zktorch_files::{Bytes32, Colours, ImageSpec, Layout, Resize, explained, printable, printable_json};
