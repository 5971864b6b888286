//! The page that `zktorch prove --report` writes.

use std::path::Path;

use anyhow::Result;
use zktorch::model_file::ModelFile;
use zktorch::page::{self, Node, Page, Piece, Proven, Span, Timeline};
use zktorch::report::{Report, Stage};
use zktorch::stages::Split;
use zktorch_commit::srs::DEVELOPMENT;
use zktorch_files::Interface;
use zktorch_graph::layout::Scope;
use zktorch_graph::{PortInfo, Role};
use zktorch_onnx::Tensor;
use zktorch_prover::stages::of_proof;
use zktorch_verifier::Part;

use super::keys::Loaded;

/// A proof that was made, and what it was made with.
pub(super) struct Made<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) interface: &'a Interface,
    pub(super) parts: &'a [Part],
    pub(super) samples: &'a [Tensor],
    /// When every stage was the innermost one.
    pub(super) spans: Vec<(&'static str, [f64; 2])>,
    /// MODEL.zkt, if it is at hand: a key knows no ONNX model.
    pub(super) model_file: Option<&'a Path>,
}

impl Made<'_> {
    /// Its page; `report` has its times.
    pub(super) fn page(self, report: &Report) -> Result<Page> {
        let graphs = self.loaded.graphs()?;
        let planned = graphs.iter().flat_map(|graph| of_proof(graph, self.interface.k));
        let weights =
            graphs.iter().flat_map(|graph| &graph.tensors).filter(|tensor| tensor.role == Role::Weight);
        let weights = weights.map(|tensor| tensor.shape.len() as u64).sum();
        let file = self.model_file.map(ModelFile::read).transpose()?;
        let (nodes, constants) = match &file {
            Some(file) => self.nodes_of_model(file)?,
            None => (self.steps(graphs.iter().map(AsRef::as_ref).collect()), 0),
        };
        let span = |(stage, [start, end]): (&str, [f64; 2])| Span { stage: stage.to_owned(), start, end };
        let spans: Vec<Span> = self.spans.into_iter().map(span).collect();
        // What other processes prove has no times here.
        let timeline = match spans.is_empty() {
            false => Timeline { spans, measured: true },
            true => {
                let stages = report.stage_s.iter().flat_map(Split::iter);
                Timeline::in_turn(stages.map(|(stage, seconds)| (stage.to_owned(), seconds)), true)
            }
        };
        let proven = Proven {
            interface: self.interface,
            parts: self.parts,
            estimate: planned.map(|planned| planned.seconds).sum(),
            committed_values: report.committed_values.unwrap_or(0),
            weights,
            timeline,
            seconds: report.seconds(Stage::Prove).unwrap_or(0.0),
            memory_bytes: report.noted("peak_anon_bytes").and_then(serde_json::Value::as_u64),
            context: report.noted("context") == Some(&true.into()),
            insecure: self.interface.srs_id == DEVELOPMENT,
        };
        let outputs: Vec<&str> = self.interface.outputs().iter().map(|port| port.name.as_str()).collect();
        let mut page = page::of_proof(&format!("Proof of {}", outputs.join(", ")), proven, nodes);
        page.constants = constants;
        if file.is_some() {
            page.measured_on = Some("the proved input".to_owned());
        } else {
            page.unit = "step";
            page.subtitle.push_str(
                " The key has the steps of the quantised network, not the ONNX model, so there is nothing to compare them with.",
            );
        }
        Ok(page)
    }

    /// The nodes of the ONNX model, compared with it on the input that was proved.
    fn nodes_of_model(&self, file: &ModelFile) -> Result<(Vec<Node>, usize)> {
        let (found, compiled) = file.inspected()?;
        let errors = compiled.compare(&file.float()?, self.samples)?;
        let costs = page::costs(&found, &compiled, self.interface.k);
        Ok(page::of_model(&found, Some(&costs), &page::errors(&found, &errors)))
    }

    /// The steps of the graphs that were proved.
    fn steps(&self, graphs: Vec<&zktorch_graph::Graph>) -> Vec<Node> {
        let pieces: Vec<Piece<'_>> = match self.loaded {
            Loaded::Whole(_) => graphs.into_iter().map(Piece::whole).collect(),
            Loaded::Shards(loaded) => {
                let wired = graphs.into_iter().zip(&loaded.vk.body().shards);
                let piece = wired.map(|(graph, shard)| {
                    let (inputs, outputs) = (shard.inputs.clone(), shard.outputs.clone());
                    Piece { graph, scope: Scope::Shard, inputs, outputs }
                });
                piece.collect()
            }
        };
        let ports = |ports: &[PortInfo]| -> Vec<(String, Vec<usize>)> {
            ports.iter().map(|port| (port.name.clone(), port.dims.clone())).collect()
        };
        page::of_steps(
            &pieces,
            self.interface.k,
            &ports(self.interface.inputs()),
            &ports(self.interface.outputs()),
        )
    }
}
