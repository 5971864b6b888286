//! What keys and statements say, as JSON for the package. Names out of files are left as they are: a page puts them into text, not
//! into markup.

use serde::Serialize;
use wasm_bindgen::prelude::*;
use zktorch_commit::srs::{DEVELOPMENT, PERPETUAL_POWERS_OF_TAU};
use zktorch_files::statement::StatementTensor;
use zktorch_files::{Interface, Labels, ProvedOutput, Side, explained, printable};

/// A key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyFacts<'a> {
    model_id: String,
    srs: SrsFacts,
    preprocessing: &'a str,
    proof_bytes: usize,
    inputs: Vec<PortFacts<'a>>,
    outputs: Vec<PortFacts<'a>>,
}

/// A structured reference string.
#[derive(Serialize)]
struct SrsFacts {
    id: String,
    name: Option<&'static str>,
    insecure: bool,
}

/// An input or output.
#[derive(Serialize)]
struct PortFacts<'a> {
    name: &'a str,
    dims: &'a [usize],
    public: bool,
}

/// A tensor of a statement.
#[derive(Serialize)]
struct TensorFacts<'a> {
    name: &'a str,
    dims: &'a [usize],
    top5: Vec<ClassFacts>,
}

/// A class with one of the largest scores. The score is the tensor's value at this index: numbers cross the border as numbers.
#[derive(Serialize)]
struct ClassFacts {
    index: usize,
    label: Option<String>,
}

impl<'a> KeyFacts<'a> {
    pub(crate) fn new(model: &'a Interface) -> Self {
        let ports = |side: Side| {
            let facts = model.ports(side).iter().map(|port| PortFacts {
                name: &port.name,
                dims: &port.dims,
                public: model.is_public(port),
            });
            facts.collect()
        };
        Self {
            model_id: model.model_id.to_string(),
            srs: SrsFacts {
                id: model.srs_id.to_string(),
                name: match model.srs_id {
                    DEVELOPMENT => Some("development"),
                    PERPETUAL_POWERS_OF_TAU => Some("perpetual powers of tau"),
                    _ => None,
                },
                insecure: model.srs_id == DEVELOPMENT,
            },
            preprocessing: &model.preprocessing,
            proof_bytes: model.proof_bytes,
            inputs: ports(Side::Input),
            outputs: ports(Side::Output),
        }
    }
}

/// The tensors of one side.
pub(crate) fn tensors(tensors: &[StatementTensor], labels: Option<&Labels>) -> Result<String, JsError> {
    let facts = tensors.iter().map(|tensor| {
        let shown = ProvedOutput::new(&tensor.name, &tensor.dims, tensor.real().as_deref(), labels);
        let top5 = shown.top5.into_iter().map(|class| ClassFacts { index: class.index, label: class.label });
        TensorFacts { name: &tensor.name, dims: &tensor.dims, top5: top5.collect() }
    });
    let facts: Vec<TensorFacts<'_>> = facts.collect();
    json(&facts)
}

pub(crate) fn json(facts: &impl Serialize) -> Result<String, JsError> {
    serde_json::to_string(facts).map_err(|error| JsError::new(&sentence(&error)))
}

/// The libraries' sentence. Text out of files is escaped where it would act.
pub(crate) fn sentence(error: &(dyn std::error::Error + 'static)) -> String {
    printable(&explained(error)).into_owned()
}
