//! The small trained language model of the repository, over characters: what it says after a text, and how well it knows one.

use anyhow::Result;
use serde_json::{Map, Value};

use super::Request;
use super::children::Children;

/// The model's files.
pub(super) const ONNX: &str = "fixtures/chars/model.onnx";
pub(super) const CALIBRATION: &str = "fixtures/chars/calibration.npz";
const LABELS: &str = "fixtures/chars/labels.txt";
/// A text that it was not trained on.
const TEXT: &str = "fixtures/chars/heldout.txt";
/// What it continues, if nothing else is said.
const PROMPT: &str = "the verifier ";

/// Writes the tokens of the prompt and of what the float model says after it; what is to be reported of them and of the model.
pub(super) fn write(request: &Request, input: &str, children: &Children) -> Result<Map<String, Value>> {
    let prompt = request.prompt.as_deref().unwrap_or(PROMPT);
    let mut told =
        children.models(&["continue", ONNX, "--labels", LABELS, "--prompt", prompt, "--input", input])?;
    let mut perplexity = vec!["perplexity", ONNX, "--labels", LABELS];
    perplexity.extend(["--calibration", CALIBRATION, "--text", TEXT]);
    told.extend(children.models(&perplexity)?);
    Ok(told)
}

/// The text that a proved statement says comes after the prompt.
pub(super) fn said(
    statement: &str,
    told: &Map<String, Value>,
    children: &Children,
) -> Result<Map<String, Value>> {
    let given = told.get("prompt_tokens").map_or_else(|| "1".to_owned(), Value::to_string);
    children.models(&["said", statement, "--labels", LABELS, "--given", &given])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn files_are_there() {
        let root = workspace::root().unwrap();
        assert!([ONNX, CALIBRATION, LABELS, TEXT].iter().all(|file| root.join(file).exists()));
    }
}
