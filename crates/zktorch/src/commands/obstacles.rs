//! What is in the way of a model, by kind: one line each, however many nodes there are.

use std::collections::BTreeMap;
use std::fmt;

use zktorch_onnx::{NodeReport, ProblemKind, Report};

/// Everything that a model needs and that is not supported.
#[derive(Debug)]
pub(super) struct Obstacles {
    /// The whole in one line.
    pub(super) summary: String,
    /// A line for each kind of problem; none if the model is supported.
    pub(super) lines: Vec<String>,
}

impl Obstacles {
    pub(super) fn of(report: &Report) -> Self {
        let (total, bad) = (report.nodes.len(), report.nodes.iter().filter(|node| node.problem.is_some()));
        // Nodes by what they have in common, in the order of the first of each kind.
        let mut kinds: BTreeMap<(Option<ProblemKind>, &str), (usize, &NodeReport)> = BTreeMap::new();
        for node in bad.clone() {
            kinds.entry((node.kind, node.cause.as_deref().unwrap_or_default())).or_insert((0, node)).0 += 1;
        }
        let line = |((_, cause), (nodes, first)): (&(Option<ProblemKind>, &str), &(usize, &NodeReport))| {
            let nodes_are = if *nodes == 1 { "node" } else { "nodes" };
            format!("{cause}: {nodes} {nodes_are}, the first is {}", first.name)
        };
        let model = report.problems.iter().map(|problem| format!("model: {problem}"));
        let lines: Vec<String> = model.chain(kinds.iter().map(line)).collect();
        let summary = match lines.is_empty() {
            true => format!("supported: {total} nodes"),
            false => {
                let parts = [
                    (!report.problems.is_empty()).then(|| format!("{} of the model", report.problems.len())),
                    missing(report),
                    count(report, ProblemKind::Node)
                        .map(|nodes| format!("{nodes} used in an unsupported way")),
                    count(report, ProblemKind::Follows).map(|nodes| format!("{nodes} after these")),
                ];
                let parts: Vec<String> = parts.into_iter().flatten().collect();
                format!("{} of {total} nodes: {}", bad.count(), parts.join("; "))
            }
        };
        Self { summary, lines }
    }

    /// What readers get: the summary, then a line for each kind of problem.
    pub(super) fn text(&self) -> Vec<String> {
        let lines = self.lines.iter().map(|line| format!("  {line}"));
        std::iter::once(self.summary.clone()).chain(lines).collect()
    }

    /// Adds what only compiling found out.
    pub(super) fn add(&mut self, problem: String) {
        self.summary = "not supported: every operator is, but the model does not compile".to_owned();
        self.lines.push(problem);
    }
}

/// A model that cannot be compiled, with everything that is in the way.
#[derive(Debug)]
pub(crate) struct Unsupported(pub(super) Obstacles);

impl Unsupported {
    /// What readers get: a line for the whole, and one for each kind of problem. Names in them come out of the
    /// file.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = self.0.text();
        lines[0] = format!("error: the model is not supported: {}", lines[0]);
        lines
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the model is not supported: {}", self.0.text().join("\n"))
    }
}

impl std::error::Error for Unsupported {}

fn count(report: &Report, kind: ProblemKind) -> Option<usize> {
    Some(report.nodes.iter().filter(|node| node.kind == Some(kind)).count()).filter(|nodes| *nodes > 0)
}

/// `3 operators missing: Resize x 2, Erf x 1`.
fn missing(report: &Report) -> Option<String> {
    let mut operators: BTreeMap<&str, usize> = BTreeMap::new();
    for node in report.nodes.iter().filter(|node| node.kind == Some(ProblemKind::Operator)) {
        *operators.entry(&node.op).or_default() += 1;
    }
    let nodes: usize = operators.values().sum();
    let list: Vec<String> = operators.iter().map(|(op, nodes)| format!("{op} x {nodes}")).collect();
    let operators = if nodes == 1 { "operator" } else { "operators" };
    (nodes > 0).then(|| format!("{nodes} {operators} missing: {}", list.join(", ")))
}
