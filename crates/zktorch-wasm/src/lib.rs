#![doc = include_str!("../README.md")]

mod facts;
mod key;
mod panic;
mod statement;

use wasm_bindgen::prelude::*;
use zktorch_files::Error;
use zktorch_files::container::Header;

pub use key::Key;
pub use panic::last_panic;
pub use statement::{Files, Pixels, Statement};

/// What a file says that it holds: `verifying_key`, `pipeline_key`, `proof`, ...
///
/// # Errors
/// It is no file of ours.
#[wasm_bindgen(js_name = fileKind)]
pub fn file_kind(bytes: &[u8]) -> Result<String, JsError> {
    let kind = Header::from_prefix(bytes).map_err(|error| refusal(&error))?.kind;
    let word = serde_json::to_value(kind).map_err(|error| refusal(&error))?;
    Ok(word.as_str().unwrap_or_default().to_owned())
}

/// The libraries' sentence, as the message of an exception.
fn refusal(error: &(dyn std::error::Error + 'static)) -> JsError {
    JsError::new(&facts::sentence(error))
}

/// The same of one of several files, which a sentence about containers does not name.
fn refusal_of(file: &str, error: &Error) -> JsError {
    let sentence = facts::sentence(error);
    match error.kind() {
        "container" => JsError::new(&format!("{file}: {sentence}")),
        _ => JsError::new(&sentence),
    }
}
