//! Which numbers of a model, and which of a proof, are on its page.

use zktorch_files::Interface;
use zktorch_graph::{PortInfo, Role};
use zktorch_onnx::{Compiled, Report, ValueError};
use zktorch_prover::Estimate;
use zktorch_verifier::Part;

use super::number::extents;
use super::{
    Fact, Node, Page, ProofBytes, Timeline, Visible, bytes, costs, count, errors, of_model, seconds,
};
use crate::container::HEADER_BYTES;

/// A model that was compiled, and what a proof of it takes.
#[derive(Clone, Copy, Debug)]
pub struct Costed<'a> {
    /// The model.
    pub compiled: &'a Compiled,
    /// What a proof may take.
    pub estimate: &'a Estimate,
    /// What its argument consists of, if that is known before there is a key.
    pub parts: &'a [Part],
    /// What its errors were measured on, if they were.
    pub measured_on: Option<&'a str>,
}

/// The page of a model: what was found in its file, and if it compiles what a proof takes.
pub fn of_inspection(title: &str, report: &Report, costed: Option<Costed<'_>>, obstacles: &[String]) -> Page {
    let mut page = Page::new(title, "What this model consists of, and what a proof of it takes.");
    page.notes = obstacles.to_vec();
    page.facts = vec![
        Fact::new("nodes", count(report.nodes.len() as u64)).with_value(report.nodes.len()),
        Fact::new("parameters", count(report.parameters as u64)).with_value(report.parameters),
        Fact::new("multiplications", count(report.multiplications)).with_value(report.multiplications),
    ];
    let Some(Costed { compiled, estimate, parts, measured_on }) = costed else {
        (page.nodes, page.constants) = of_model(report, None, &[]);
        return page;
    };
    page.facts.extend([
        Fact::new("committed values", count(estimate.committed_values)).with_value(estimate.committed_values),
        Fact::new("proving, estimated", seconds(estimate.seconds)).with_value(estimate.seconds),
        Fact::new("memory, estimated", bytes(estimate.memory.total())).with_value(estimate.memory.total()),
    ]);
    let own = costs(report, compiled, estimate.k);
    let precision = &compiled.precision;
    let all: Vec<ValueError> = precision.values.iter().chain(&precision.outputs).cloned().collect();
    (page.nodes, page.constants) = of_model(report, Some(&own), &errors(report, &all));
    page.committed_values = Some(estimate.committed_values);
    page.seconds = Some(estimate.seconds);
    page.measured_on = measured_on.filter(|_| !all.is_empty()).map(str::to_owned);
    let stages = estimate.stages.iter().map(|planned| (planned.stage.name().to_owned(), planned.seconds));
    page.timeline = Some(Timeline::in_turn(stages, false));
    if !parts.is_empty() {
        page.facts.push(proof_fact(file_bytes(parts)));
        page.bytes = Some(ProofBytes { header: file_header(parts), parts: parts.to_vec() });
    }
    let public = |port: &PortInfo| compiled.graph.tensor(port.tensor).role.is_public();
    let weights =
        weights(compiled.graph.tensors.iter().map(|tensor| (tensor.role, tensor.shape.len() as u64)));
    page.visible = visible((&compiled.inputs, &compiled.outputs), public, weights, estimate.committed_values);
    page
}

/// Numbers of weights.
fn weights(tensors: impl Iterator<Item = (Role, u64)>) -> u64 {
    tensors.filter(|(role, _)| *role == Role::Weight).map(|(_, entries)| entries).sum()
}

fn proof_fact(bytes_of_file: usize) -> Fact {
    Fact::new("proof", bytes(bytes_of_file as u64)).with_value(bytes_of_file)
}

/// The bytes of a proof's file.
fn file_bytes(parts: &[Part]) -> usize {
    file_header(parts) + parts.iter().map(Part::bytes).sum::<usize>()
}

/// Those that are no part of its argument.
fn file_header(parts: &[Part]) -> usize {
    let argument: usize = parts.iter().map(Part::bytes).sum();
    let envelope =
        zktorch_verifier::ProofEnvelope::new(zktorch_verifier::ModelId([0; 32]), vec![0; argument]);
    HEADER_BYTES + envelope.to_bytes().len() - argument
}

/// Who sees what of a model and a run of it.
fn visible(
    (inputs, outputs): (&[PortInfo], &[PortInfo]),
    public: impl Fn(&PortInfo) -> bool,
    weights: u64,
    committed: u64,
) -> Vec<Visible> {
    let item = |what: String, public: bool, how: String| Visible { what, public, how };
    let port = |side: &str, port: &PortInfo| {
        let what = format!("{side} {}", port.name);
        match public(port) {
            true => item(what, true, format!("{}: its values are in the statement", extents(&port.dims))),
            false => {
                item(what, false, format!("{}: the statement has commitments to it", extents(&port.dims)))
            }
        }
    };
    let mut list: Vec<Visible> = inputs.iter().map(|input| port("input", input)).collect();
    list.extend(outputs.iter().map(|output| port("output", output)));
    list.push(item(
        "the graph".to_owned(),
        true,
        "operators, shapes, names, scales and ranges, and the constants of its architecture: in the key"
            .to_owned(),
    ));
    if weights > 0 {
        list.push(item(
            "weights".to_owned(),
            false,
            format!("{} numbers: the key has commitments to them", count(weights)),
        ));
    }
    list.push(item(
        "everything between input and output".to_owned(),
        false,
        format!("{} values, in commitments that are masked before they are opened", count(committed)),
    ));
    list
}

/// A proof that was made.
#[derive(Debug)]
pub struct Proven<'a> {
    /// The model as its key states it.
    pub interface: &'a Interface,
    /// What the argument consists of.
    pub parts: &'a [Part],
    /// What proofs of this key may take.
    pub estimate: f64,
    /// What was committed to.
    pub committed_values: u64,
    /// Weights of the key.
    pub weights: u64,
    /// The stages, measured.
    pub timeline: Timeline,
    /// Seconds of the whole.
    pub seconds: f64,
    /// The most memory that was taken meanwhile.
    pub memory_bytes: Option<u64>,
    /// The verifier's challenge, if there is one.
    pub context: bool,
    /// Whether the SRS is the development SRS.
    pub insecure: bool,
}

/// The page of a proof, with the boxes of its network, which may be none.
pub fn of_proof(title: &str, proven: Proven<'_>, nodes: Vec<Node>) -> Page {
    let interface = proven.interface;
    let mut page =
        Page::new(title, "A proof of one inference: what it took, what its bytes are, and who sees what.");
    if proven.insecure {
        page.notes.push(
            "Made under the development SRS, whose secret is public: it proves nothing to anybody."
                .to_owned(),
        );
    }
    page.facts = vec![
        Fact::new("proving, measured", seconds(proven.seconds)).with_value(proven.seconds),
        Fact::new("committed values", count(proven.committed_values)).with_value(proven.committed_values),
        proof_fact(file_bytes(proven.parts)),
    ];
    if let Some(memory) = proven.memory_bytes {
        page.facts.push(Fact::new("memory, measured", bytes(memory)).with_value(memory));
    }
    page.nodes = nodes;
    page.committed_values = Some(proven.committed_values);
    page.seconds = Some(proven.estimate);
    page.timeline = Some(proven.timeline);
    page.bytes = Some(ProofBytes { header: file_header(proven.parts), parts: proven.parts.to_vec() });
    let public = |port: &PortInfo| interface.is_public(port);
    page.visible =
        visible((interface.inputs(), interface.outputs()), public, proven.weights, proven.committed_values);
    let item = |what: &str, how: String| Visible { what: what.to_owned(), public: true, how };
    page.visible.push(item("model id", interface.model_id.to_string()));
    page.visible.push(item("SRS id", interface.srs_id.to_string()));
    if proven.context {
        page.visible
            .push(item("context", "the verifier's challenge, which the proof is bound to".to_owned()));
    }
    page
}
