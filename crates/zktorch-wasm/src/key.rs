//! Verifying keys, with what their user trusts.

use wasm_bindgen::prelude::*;
use zktorch_commit::{SrsId, SrsPolicy};
use zktorch_files::container::{self, Kind, protocol};
use zktorch_files::{Bytes32, CheckedVk, Error, ImageSpec, Interface, UncheckedVk};
use zktorch_verifier::ModelId;

use crate::facts::{self, KeyFacts};
use crate::statement::Statement;
use crate::{refusal, refusal_of};

/// A verifying key and the SRSs that its user accepts.
#[wasm_bindgen]
pub struct Key {
    vk: Vk,
    model: Interface,
    image: Option<ImageSpec>,
    policy: SrsPolicy,
}

/// How far a key is known.
enum Vk {
    Unchecked(UncheckedVk),
    Checked(CheckedVk),
    /// The policy, or the ranges of the weights: the sentence.
    Refused(String),
}

#[wasm_bindgen]
impl Key {
    /// Decodes the file of a verifying key. With the id of the model that the user trusts, nothing of another key is looked at.
    ///
    /// # Errors
    /// It is no such file, or another model's.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(
        bytes: &[u8],
        model_id: Option<String>,
        allow_insecure_srs: bool,
        accept_srs: Vec<String>,
    ) -> Result<Self, JsError> {
        Self::decode(bytes, model_id.as_deref(), allow_insecure_srs, &accept_srs)
            .map_err(|error| refusal_of("verifying key", &error))
    }

    /// Asks whether the SRS is one that is accepted, and verifies the ranges of the weights: once, whatever the answer.
    ///
    /// # Errors
    /// The answer is no.
    #[wasm_bindgen(js_name = checkWeights)]
    pub fn check_weights(&mut self) -> Result<(), JsError> {
        self.checked().map(drop).map_err(|reason| JsError::new(&reason))
    }

    /// Verifies the file of a proof about one inference, with the verifier's own context.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub fn verify(&mut self, statement: &Statement, proof: &[u8], context: Vec<u8>) -> Result<(), JsError> {
        let own = self.model.check(statement.file(), 1, context).map_err(|error| refusal(&error))?;
        let vk = self.checked().map_err(|reason| JsError::new(&reason))?;
        let verify =
            || -> Result<(), Error> { vk.verify(&own, container::decode(proof, Kind::Proof, &protocol())?) };
        verify().map_err(|error| refusal_of("proof", &error))
    }

    /// What the key says of its model, as JSON.
    ///
    /// # Errors
    /// None.
    pub fn facts(&self) -> Result<String, JsError> {
        facts::json(&KeyFacts::new(&self.model))
    }
}

impl Key {
    fn decode(
        bytes: &[u8],
        model_id: Option<&str>,
        allow_insecure_srs: bool,
        accept_srs: &[String],
    ) -> Result<Self, Error> {
        let trusted = model_id.map(str::parse::<Bytes32>).transpose()?.map(|id| ModelId(id.0));
        let mut policy = SrsPolicy::new();
        for id in accept_srs {
            policy = policy.accept(SrsId(id.parse::<Bytes32>()?.0));
        }
        if allow_insecure_srs {
            policy = policy.allow_insecure();
        }
        let vk = UncheckedVk::from_file(bytes, trusted)?;
        let model = vk.interface()?;
        let image = model.image()?;
        Ok(Self { vk: Vk::Unchecked(vk), model, image, policy })
    }

    fn checked(&mut self) -> Result<&CheckedVk, String> {
        // A panic while it is checked leaves a key that is refused.
        let unknown = Vk::Refused("the key was not checked to the end".to_owned());
        self.vk = match std::mem::replace(&mut self.vk, unknown) {
            Vk::Unchecked(vk) => match vk.check(&self.policy) {
                Ok(vk) => Vk::Checked(vk),
                Err(error) => Vk::Refused(facts::sentence(&error)),
            },
            known => known,
        };
        match &self.vk {
            Vk::Checked(vk) => Ok(vk),
            Vk::Refused(reason) => Err(reason.clone()),
            Vk::Unchecked(_) => Err("the key was not checked".to_owned()),
        }
    }

    pub(crate) fn image(&self) -> Option<&ImageSpec> {
        self.image.as_ref()
    }
}
