//! What is proved, for people: the first values of every output, and the classes with the largest scores.

use serde::Serialize;

use crate::Error;

/// Values that are listed of every output.
const LISTED: usize = 8;
/// Classes that are listed.
const TOP: usize = 5;

/// Whether a tensor holds one score for each of several classes: one axis only is longer than 1.
fn are_scores(dims: &[usize]) -> bool {
    dims.iter().filter(|dim| **dim > 1).count() == 1
}

/// Names of classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<String>);

impl Labels {
    /// Reads names, one per line, for outputs with these dimensions. An empty line at the end is no name.
    ///
    /// # Errors
    /// [`Error::Format`]: it is no text, or no output has one score for each name.
    pub fn parse(bytes: &[u8], outputs: &[&[usize]]) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Error::format("labels", "text", "UTF-8", error.to_string()))?;
        let labels = Self(text.trim_end().lines().map(|line| line.trim().to_owned()).collect());
        if outputs.iter().any(|dims| labels.of(dims).is_some()) {
            return Ok(labels);
        }
        let expected = format!("one for each score of an output, whose dimensions are {outputs:?}");
        Err(Error::format("labels", "number of lines", expected, labels.0.len().to_string()))
    }

    fn of(&self, dims: &[usize]) -> Option<&[String]> {
        let fits = are_scores(dims) && dims.iter().product::<usize>() == self.0.len();
        fits.then_some(self.0.as_slice())
    }
}

/// A class and its score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scored {
    /// Its index.
    pub index: usize,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its score, a real value.
    pub value: f64,
}

/// An output of a proof.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProvedOutput {
    /// Of several inferences the one that it is of, counted from zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference: Option<usize>,
    /// Its name in the model.
    pub name: String,
    /// Its extents.
    pub dims: Vec<usize>,
    /// The first real values; none if they are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<f64>>,
    /// The classes with the largest scores, largest first (of equal ones the lower index), if it holds scores
    /// of classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub top5: Vec<Scored>,
}

/// Name, extents and real values of an output, where they are known.
pub type OutputValues<'a> = (&'a str, &'a [usize], Option<Vec<f64>>);

impl ProvedOutput {
    /// An output with its real values, row-major, if they are known.
    pub fn new(name: &str, dims: &[usize], values: Option<&[f64]>, labels: Option<&Labels>) -> Self {
        let scores = values.filter(|_| are_scores(dims)).unwrap_or_default();
        let names = labels.and_then(|labels| labels.of(dims)).unwrap_or_default();
        let mut classes: Vec<usize> = (0..scores.len()).collect();
        classes.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        let scored = |index: usize| Scored { index, label: names.get(index).cloned(), value: scores[index] };
        Self {
            inference: None,
            name: name.to_owned(),
            dims: dims.to_vec(),
            values: values.map(|values| values.iter().take(LISTED).copied().collect()),
            top5: classes.into_iter().take(TOP).map(scored).collect(),
        }
    }

    /// The outputs of so many inferences, one inference after the other. Each is given by its name, its extents in the model, and its real
    /// values in all inferences, if they are known.
    pub fn of_inferences(
        inferences: u32,
        outputs: &[OutputValues<'_>],
        labels: Option<&Labels>,
    ) -> Vec<Self> {
        let of = |inference: usize| {
            outputs.iter().map(move |(name, dims, values)| {
                let len = dims.iter().product::<usize>();
                let own = values.as_ref().and_then(|all| all.get(inference * len..(inference + 1) * len));
                let number = (inferences > 1).then_some(inference);
                Self { inference: number, ..Self::new(name, dims, own, labels) }
            })
        };
        (0..inferences as usize).flat_map(of).collect()
    }

    /// Keys and texts for a reader.
    pub fn lines(&self) -> Vec<(String, String)> {
        let Self { inference, name, dims, values, top5 } = self;
        let shown = match values {
            None => "private".to_owned(),
            Some(values) => {
                let shown: Vec<String> = values.iter().map(f64::to_string).collect();
                let all = dims.iter().product::<usize>();
                let rest = if all > values.len() { format!(" ... ({all} values)") } else { String::new() };
                format!("{}{rest}", shown.join(", "))
            }
        };
        let which = inference.map(|number| format!("inference {number}, ")).unwrap_or_default();
        let mut lines = vec![(String::new(), format!("{which}{name} {dims:?}: {shown}"))];
        for (Scored { index, label, value }, place) in top5.iter().zip(1..) {
            let class =
                label.as_deref().map_or_else(|| format!("class {index}"), |l| format!("{l} ({index})"));
            lines.push((format!(".top{place}"), format!("{value} {class}")));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_first_with_labels() {
        let text = b"tench\ngreat white shark\r\n cock \nhen\n\n";
        let labels = Labels::parse(text, &[&[2, 2], &[1, 4]]).unwrap();
        assert_eq!(labels.0, ["tench", "great white shark", "cock", "hen"]);
        let output = ProvedOutput::new("y", &[1, 4], Some(&[0.5, 2.0, -1.0, 2.0]), Some(&labels));
        let top: Vec<(usize, &str)> =
            output.top5.iter().map(|s| (s.index, s.label.as_deref().unwrap())).collect();
        assert_eq!(top, [(1, "great white shark"), (3, "hen"), (0, "tench"), (2, "cock")]);
        let lines = output.lines();
        assert_eq!(lines[0].1, "y [1, 4]: 0.5, 2, -1, 2");
        assert_eq!(lines[1], (".top1".to_owned(), "2 great white shark (1)".to_owned()));
        let many: Vec<f64> = (0..20).map(f64::from).collect();
        let output = ProvedOutput::new("y", &[20], Some(&many), Some(&labels));
        assert_eq!((output.values.as_ref().unwrap().len(), output.top5.len()), (8, 5));
        assert!(output.lines()[0].1.ends_with("7 ... (20 values)") && output.lines()[1].1 == "19 class 19");
        // A map of scores, and what is not known.
        assert!(ProvedOutput::new("y", &[4, 5], Some(&many), None).top5.is_empty());
        assert_eq!(
            ProvedOutput::new("y", &[4, 5], None, None).lines(),
            [(String::new(), "y [4, 5]: private".to_owned())]
        );
    }

    #[test]
    fn inferences_are_told_apart() {
        let values = Some(vec![1.0, 2.0, 4.0, 3.0]);
        let outputs = [("y", &[1, 2][..], values), ("z", &[3][..], None)];
        let shown = ProvedOutput::of_inferences(2, &outputs, None);
        let first: Vec<String> = shown.iter().map(|output| output.lines()[0].1.clone()).collect();
        let expected = ["0, y [1, 2]: 1, 2", "0, z [3]: private", "1, y [1, 2]: 4, 3", "1, z [3]: private"];
        assert_eq!(first, expected.map(|text| format!("inference {text}")));
        assert_eq!((shown[0].top5[0].index, shown[2].top5[0].index), (1, 0));
        let alone = ProvedOutput::of_inferences(1, &outputs[1..], None);
        assert_eq!(alone, [ProvedOutput::new("z", &[3], None, None)]);
    }

    #[test]
    fn labels_fit() {
        let message = |text: &[u8], dims: &[usize]| Labels::parse(text, &[dims]).unwrap_err().to_string();
        assert!(message(b"a\nb\n", &[1, 3]).contains("dimensions are [[1, 3]], got 2"));
        assert!(message(b"a\nb\nc\nd\n", &[2, 2]).contains("got 4"));
        assert!(message(b"\xff", &[1]).contains("UTF-8"));
    }
}
