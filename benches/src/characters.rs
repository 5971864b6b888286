//! Texts of a model over characters: one token each.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use zktorch_onnx::{FloatModel, IntTensor, Tensor};

/// What each token of a model stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Characters(Vec<char>);

impl Characters {
    /// Reads a file of labels: a character a line, in quotes.
    ///
    /// # Errors
    /// If it cannot be read, or a line is something else.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let character = |line: &str| {
            let label: String = serde_json::from_str(line).unwrap_or_default();
            let mut characters = label.chars();
            let one = characters.next().filter(|_| characters.next().is_none());
            one.with_context(|| format!("{}: expected a character in quotes, found {line}", path.display()))
        };
        Ok(Self(text.lines().map(character).collect::<Result<_>>()?))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The tokens of a text.
    ///
    /// # Errors
    /// If it has a character that is none of them.
    pub fn encode(&self, text: &str) -> Result<Vec<i64>> {
        let token = |c: char| {
            let index = self.0.iter().position(|known| *known == c).map(|index| index as i64);
            index.with_context(|| format!("expected characters that the model knows, found {c:?}"))
        };
        text.chars().map(token).collect()
    }

    /// The text of tokens.
    ///
    /// # Errors
    /// If there is no such token.
    pub fn decode(&self, tokens: impl IntoIterator<Item = usize>) -> Result<String> {
        let character = |token: usize| {
            let known = self.0.get(token).copied();
            known.with_context(|| format!("token {token}: expected one of {}", self.count()))
        };
        tokens.into_iter().map(character).collect()
    }
}

/// So many tokens for a model that reads that many at once.
pub fn window(tokens: &[i64]) -> Tensor {
    IntTensor::from_fn([1, tokens.len()], |i| tokens[i]).into()
}

/// The class of the largest score of every row; of equal ones the first.
pub fn largest(scores: &[f64], classes: usize) -> Vec<usize> {
    let of_row = |row: &[f64]| {
        let best = row.iter().enumerate().rev().max_by(|a, b| a.1.total_cmp(b.1));
        best.map_or(0, |(class, _)| class)
    };
    scores.chunks(classes.max(1)).map(of_row).collect()
}

/// A text and what a float model says after it, the likeliest token each time, until its window is full.
///
/// # Errors
/// If the model is another one than of a window of tokens, or the text is empty or longer than that.
pub fn continued(float: &FloatModel, text: &[i64], classes: usize) -> Result<Vec<i64>> {
    let inputs = float.inputs();
    let length = match inputs {
        [(_, dims)] if dims.len() == 2 && dims[0] == 1 => dims[1],
        _ => anyhow::bail!("expected a model with one input, a window of tokens, found {inputs:?}"),
    };
    let given = text.len();
    ensure!(
        (1..=length).contains(&given),
        "the prompt: expected from 1 to {length} characters, found {given}"
    );
    let mut tokens = text.to_vec();
    for known in given..length {
        // What comes after a token tells nothing of it.
        let padded: Vec<i64> = (0..length).map(|i| tokens.get(i).copied().unwrap_or_default()).collect();
        let outputs = float.run(&[window(&padded)])?;
        let scores = outputs.first().context("expected scores, the model has no outputs")?;
        let scores: Vec<f64> = scores.data().iter().map(|x| f64::from(*x)).collect();
        let likeliest = largest(&scores, classes);
        let next = likeliest.get(known - 1).context("expected scores behind every token")?;
        tokens.push(*next as i64);
    }
    Ok(tokens)
}

/// What scores behind every token say comes after the first `given` ones: token by token, as long as the next one that was given is
/// the likeliest, and one more.
pub fn said(tokens: &[i64], given: usize, likeliest: &[usize]) -> Vec<usize> {
    let mut said = Vec::new();
    for position in given..=tokens.len() {
        let Some(next) = position.checked_sub(1).and_then(|before| likeliest.get(before)) else { break };
        said.push(*next);
        if tokens.get(position) != Some(&(*next as i64)) {
            break;
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_tokens() {
        let characters = Characters(vec!['\n', 'a', 'b']);
        assert_eq!(characters.encode("ab\na").unwrap(), [1, 2, 0, 1]);
        assert_eq!(characters.decode([1, 2, 0, 1]).unwrap(), "ab\na");
        let message = characters.encode("abc").unwrap_err().to_string();
        assert_eq!(message, "expected characters that the model knows, found 'c'");
        assert_eq!(characters.decode([3]).unwrap_err().to_string(), "token 3: expected one of 3");
    }

    #[test]
    fn what_scores_say() {
        assert_eq!(largest(&[0.0, 2.0, 2.0, -1.0, -3.0, -2.0], 3), [1, 0]);
        // Tokens 5 6 | 7 8: after 6 the likeliest is 7, then 8, then 9.
        assert_eq!(said(&[5, 6, 7, 8], 2, &[0, 7, 8, 9]), [7, 8, 9]);
        // Another one than was given ends it.
        assert_eq!(said(&[5, 6, 7, 8], 2, &[0, 7, 1, 9]), [7, 1]);
        assert_eq!(said(&[5, 6], 2, &[0, 7]), [7]);
    }
}
