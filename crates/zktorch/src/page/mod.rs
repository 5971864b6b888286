//! A model or a proof as one HTML page: the network, what each node of it costs, stages, errors, bytes, and who sees what.
//!
//! The page is one file. It has no scripts and fetches nothing, and its Content-Security-Policy says so: the one style sheet is allowed by
//! its hash. All text goes through maud, which escapes it, and through [`printable`], so that no name of a file acts on the text
//! around it. Numbers are those of the reports; what is an estimate is called one.
//!
//! | file | holds |
//! |---|---|
//! | `about` | which numbers of a model, or of a proof, are on its page |
//! | `nodes` | what is drawn: the nodes of an ONNX model, or the steps of a key's graph |
//! | `layers` | where: sections, rows, positions |
//! | `scale`, `number` | quantities as colours, and as text |
//! | `graph`, `charts`, `tables` | markup |
//!
//! ```
//! use zktorch::page::{Fact, Node, Page};
//!
//! let mut page = Page::new("model.onnx", "what a proof of it takes");
//! page.facts.push(Fact::new("parameters", "1.20 k").with_value(1200));
//! page.nodes = vec![Node::input("<x>", &[1, 4]), Node::new("a", "Relu").reading([0])];
//! let html = page.render();
//! assert!(html.starts_with("<!DOCTYPE html>") && html.contains("&lt;x&gt;"));
//! ```

mod about;
mod charts;
mod graph;
mod layers;
mod nodes;
mod number;
mod scale;
mod tables;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};
use zktorch_verifier::Part;

pub use self::about::{Costed, Proven, of_inspection, of_proof};
pub use self::nodes::{Kind, Node, NodeError, Piece, costs, errors, of_model, of_steps};
pub use self::number::{bytes, count, seconds};
use crate::printable;

const STYLE: &str = include_str!("style.css");

/// A number that is asked for first.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// As readers see it.
    pub text: String,
    /// All of its digits, for programs.
    pub value: Option<String>,
}

impl Fact {
    /// A fact.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), value: None }
    }

    /// With all digits.
    #[must_use]
    pub fn with_value(self, value: impl ToString) -> Self {
        Self { value: Some(value.to_string()), ..self }
    }
}

/// A stretch of time that belonged to a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The stage.
    pub stage: String,
    /// Seconds from the beginning.
    pub start: f64,
    /// Seconds from the beginning.
    pub end: f64,
}

/// Stages over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// In the order in which they begin.
    pub spans: Vec<Span>,
    /// Whether it was measured, or is an estimate.
    pub measured: bool,
}

impl Timeline {
    /// Stages one after the other.
    pub fn in_turn(stages: impl IntoIterator<Item = (String, f64)>, measured: bool) -> Self {
        let mut start = 0.0;
        let span = |(stage, seconds): (String, f64)| {
            let end = start + seconds;
            Span { stage, start: std::mem::replace(&mut start, end), end }
        };
        Self { spans: stages.into_iter().map(span).collect(), measured }
    }
}

/// What the bytes of a proof's file are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProofBytes {
    /// The header of the file, the version and the model id.
    pub header: usize,
    /// The argument.
    pub parts: Vec<Part>,
}

/// Who sees something.
#[derive(Clone, Debug, PartialEq)]
pub struct Visible {
    /// What.
    pub what: String,
    /// Whether whoever has the key, the statement and the proof sees it.
    pub public: bool,
    /// Where it stands, or how it is hidden.
    pub how: String,
}

/// Everything that a page shows. What is empty is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The heading.
    pub title: String,
    /// What the page is about.
    pub subtitle: String,
    /// What a reader must know before believing the numbers.
    pub notes: Vec<String>,
    /// Numbers that are asked for first.
    pub facts: Vec<Fact>,
    /// The network, in an order of computation.
    pub nodes: Vec<Node>,
    /// What a box is: a node of the model, or a step of the key's graph.
    pub unit: &'static str,
    /// Nodes that are computed when the model is compiled, and not drawn.
    pub constants: usize,
    /// Values that the whole proof commits to.
    pub committed_values: Option<u64>,
    /// Estimated seconds of the whole proof.
    pub seconds: Option<f64>,
    /// What the errors were measured on.
    pub measured_on: Option<String>,
    /// Stages over time.
    pub timeline: Option<Timeline>,
    /// The bytes of the proof.
    pub bytes: Option<ProofBytes>,
    /// Who sees what.
    pub visible: Vec<Visible>,
}

impl Page {
    /// A page without content.
    pub fn new(title: impl Into<String>, subtitle: impl Into<String>) -> Self {
        Self { title: title.into(), subtitle: subtitle.into(), unit: "node", ..Self::default() }
    }

    /// The page.
    pub fn render(&self) -> String {
        let network = graph::Network::new(self);
        let style = format!("{STYLE}{}", network.style());
        let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
        let policy =
            format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (shown(&self.title)) " · zktorch" }
                    style { (PreEscaped(&style)) }
                }
                body {
                    header {
                        p class="brand" { "zktorch" }
                        h1 { (shown(&self.title)) }
                        p class="lead" { (shown(&self.subtitle)) }
                        @for note in &self.notes { p class="note warning" { (shown(note)) } }
                        (tables::facts(&self.facts))
                    }
                    main {
                        (network.markup())
                        (section("Time", charts::timeline(self.timeline.as_ref())))
                        (section("Quantisation error by layer", charts::errors(self)))
                        (section("The bytes of the proof", charts::bytes(self.bytes.as_ref())))
                        (section("Public and hidden", tables::visible(&self.visible)))
                        (section("Every number", tables::nodes(self)))
                    }
                }
            }
        };
        page.into_string()
    }
}

/// Text of a file, so that all of it is seen. (Markup escapes it once more.)
fn shown(text: &str) -> String {
    printable(text).into_owned()
}

/// A section, if it has anything to say.
fn section(title: &str, content: Option<Markup>) -> Markup {
    html! {
        @if let Some(content) = content {
            section { h2 { (title) } (content) }
        }
    }
}
