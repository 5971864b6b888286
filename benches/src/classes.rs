//! Outputs read as scores of classes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Whether a tensor holds one score for each of several classes: one axis only is longer than 1.
pub fn are_scores(dims: &[usize]) -> bool {
    dims.iter().filter(|dim| **dim > 1).count() == 1
}

/// The classes of the `count` largest scores, largest first; of equal ones the lower index first.
pub fn top(scores: &[f64], count: usize) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..scores.len()).collect();
    classes.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    classes.truncate(count);
    classes
}

/// Reads the names of classes, one per line, for an output with these dimensions.
///
/// # Errors
/// If the file cannot be read, or the output does not have one score for each name.
pub fn read_labels(path: &Path, dims: &[usize]) -> Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    labels(&text, dims).with_context(|| path.display().to_string())
}

/// An empty line at the end is no name.
fn labels(text: &str, dims: &[usize]) -> Result<Vec<String>> {
    ensure!(are_scores(dims), "expected an output with one score for each label, found dimensions {dims:?}");
    let labels: Vec<String> = text.trim_end().lines().map(|line| line.trim().to_owned()).collect();
    let classes: usize = dims.iter().product();
    ensure!(labels.len() == classes, "expected {classes} labels, one for each class, found {}", labels.len());
    Ok(labels)
}

/// The classes of the largest scores as JSON: index, label if there are labels, value.
pub fn top_json(scores: &[f64], count: usize, labels: Option<&[String]>) -> Value {
    let entry = |class: usize| match labels.and_then(|labels| labels.get(class)) {
        Some(label) => json!({ "index": class, "label": label, "value": scores[class] }),
        None => json!({ "index": class, "value": scores[class] }),
    };
    top(scores, count).into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_first() {
        let scores = [0.5, 2.0, -1.0, 2.0];
        assert_eq!(top(&scores, 3), [1, 3, 0]);
        assert_eq!(top(&scores, 9).len(), 4);
        assert!(top(&[], 5).is_empty());
        let labels = labels("tench\ngreat white shark\r\n cock \nhen\n\n", &[1, 4]).unwrap();
        assert_eq!(labels, ["tench", "great white shark", "cock", "hen"]);
        let expected = json!([
            { "index": 1, "label": "great white shark", "value": 2.0 },
            { "index": 3, "label": "hen", "value": 2.0 },
        ]);
        assert_eq!(top_json(&scores, 2, Some(&labels)), expected);
        assert_eq!(top_json(&scores, 1, None), json!([{ "index": 1, "value": 2.0 }]));
    }

    #[test]
    fn labels_fit() {
        let message = |dims: &[usize]| labels("a\nb\n", dims).unwrap_err().to_string();
        assert_eq!(message(&[1, 3]), "expected 3 labels, one for each class, found 2");
        assert_eq!(
            message(&[2, 2]),
            "expected an output with one score for each label, found dimensions [2, 2]"
        );
        let path = Path::new("/no/such/labels.txt");
        assert_eq!(read_labels(path, &[2]).unwrap_err().to_string(), "cannot read /no/such/labels.txt");
    }

    #[test]
    fn what_scores_are() {
        assert!(are_scores(&[1, 1000]) && are_scores(&[10]) && are_scores(&[1, 5, 1, 1]));
        assert!(!are_scores(&[1, 1]) && !are_scores(&[2, 10]) && !are_scores(&[]));
    }
}
