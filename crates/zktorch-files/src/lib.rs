//! The formats of zktorch's files, and what a verifier compares before it verifies: everything between bytes and the libraries that
//! prove and verify. No file system, no threads, no command line: bytes in, bytes out.
//!
//! * [`container`]: versioned, digest-checked files for models, keys and proofs;
//! * [`Statement`](statement::Statement): what a proof is about, as JSON;
//! * [`AccuracyFile`]: a statement about a model's accuracy on a labelled set, and [`PixelSpec`], how pixels become its input;
//! * [`Interface`]: inputs and outputs as a key states them, and the check of a statement against them;
//! * [`UncheckedVk`], [`CheckedVk`]: a verifying key, in one piece or in shards;
//! * [`data`]: named tensors from `.npy`, `.npz`, `.json` and ONNX TensorProto;
//! * [`ImageSpec`]: what is done to an image before a model sees it (the doing is the command line's), and the [`Picture`] of a tensor;
//! * [`ProvedOutput`]: an output as it is shown, with the [`Labels`] of its classes;
//! * [`printable`]: text from files, as it can be shown.
//!
//! Everything that is read is hostile: sizes are checked before memory is taken, and errors name the field.
//!
//! # Example
//!
//! A verifier that was sent three files, and trusts one model under the SRS of a public ceremony:
//!
//! ```
//! use zktorch_commit::SrsPolicy;
//! use zktorch_files::container::{self, Kind, protocol};
//! use zktorch_files::statement::Statement;
//! use zktorch_files::{Error, UncheckedVk};
//! use zktorch_verifier::ModelId;
//!
//! fn accept(trusted: ModelId, key: &[u8], statement: &[u8], proof: &[u8]) -> Result<Statement, Error> {
//!     let vk = UncheckedVk::from_file(key, Some(trusted))?;
//!     let model = vk.interface()?;
//!     // Tensors of more than 4,096 entries would be in files beside the statement.
//!     let alone = |name: &str, _| Err(Error::format("statement", "files beside it", "none", name));
//!     let file = Statement::from_json(statement, alone)?;
//!     let statement = model.check(&file, 1, Vec::new())?;
//!     let proof = container::decode(proof, Kind::Proof, &protocol())?;
//!     vk.check(&SrsPolicy::new())?.verify(&statement, proof)?;
//!     Ok(file) // only now do its outputs mean anything
//! }
//!
//! let proof = container::encode(Kind::Proof, &protocol(), b"...");
//! let error = accept(ModelId([0; 32]), &proof, b"{}", &proof).unwrap_err();
//! assert_eq!(error.to_string(), "this is a proof, expected a verifying key (vk)");
//! ```

mod accuracy;
mod check;
pub mod container;
pub mod data;
mod error;
#[cfg(test)]
mod fuzz;
mod hex;
mod image;
mod interface;
mod key;
mod outputs;
mod shown;
pub mod statement;

pub use accuracy::{AccuracyFile, PixelSpec};
pub use error::Error;
pub use hex::Bytes32;
pub use image::{Colours, ImageSpec, Layout, MAX_EXTENT, Picture, Resize};
pub use interface::{Interface, Side};
pub use key::{CheckedVk, UncheckedVk};
pub use outputs::{Labels, OutputValues, ProvedOutput, Scored};
pub use shown::{explained, printable, printable_json};
