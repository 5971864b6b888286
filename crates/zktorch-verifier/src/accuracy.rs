//! Accuracy: of a labelled test set that was committed to once, a model gets so many images right, in one proof.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zktorch_blocks::{BlockError, Network, NetworkProof, Statement as BlockStatement};
use zktorch_commit::{Commitment, SrsId};
use zktorch_graph::{Accuracy, GraphError, LEVELS, LabelledSet, PortInfo};
use zktorch_mutants::enforced;

use crate::key::{check_sizes, decode, malformed};
use crate::verify::{check_context, decode_commitments, require};
use crate::{Batch, MAX_INFERENCES, ModelId, ProofEnvelope, SetId, UncheckedKey, VerifyError, VerifyingKey};

/// The most numbers of an image: a list of them is made for every proof.
pub const MAX_PIXELS: u32 = 1 << 22;
/// The largest commitment to a set.
pub const MAX_SET_BYTES: usize = 1 << 20;

/// The commitment to a labelled test set: what everybody may know of it. It depends on no model.
///
/// Committed are, in chunks of `2^s` cells ([`LabelledSet::chunk_vars`]) and with fresh blinds, the tensors images `[N, H W C]` of numbers from
/// 0 to 255, the channels of a pixel side by side, and labels `[N]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCommitment {
    /// The SRS that it is committed under.
    pub srs_id: [u8; 32],
    /// N, from 2 to [`MAX_INFERENCES`].
    pub images: u32,
    /// H, rows of an image.
    pub height: u32,
    /// W, columns of an image.
    pub width: u32,
    /// C, numbers of a pixel.
    pub channels: u32,
    /// Labels are below.
    pub classes: u32,
    /// The chunk commitments.
    pub commitments: Vec<[u8; 32]>,
}

/// How a model's input is made of an image: for the number u of a pixel in channel c, `(u / scale - mean_c) / std_c` in 32-bit floats, which the
/// model's input port rounds to its integers. What is beyond their range stands for its ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// What a pixel is divided by: positive.
    pub scale: f32,
    /// What is taken away then, by channel; 0 if empty.
    pub mean: Vec<f32>,
    /// What it is divided by in the end, by channel: positive; 1 if empty.
    pub std: Vec<f32>,
    /// Whether the model has all of a channel side by side (`[1, C, H, W]`), and not all of a pixel (`[1, H, W, C]`).
    pub channels_first: bool,
}

/// What a proof of accuracy is about: "of the images of this set, the model puts the right class among its `top` largest scores for at least so
/// many". Among equal scores, those of smaller classes come first. Comes from the user, never out of a proof.
#[derive(Clone, Debug, PartialEq)]
pub struct AccuracyStatement {
    /// The model.
    pub model_id: ModelId,
    /// The set.
    pub set: SetId,
    /// How many of the largest scores count.
    pub top: u32,
    /// k, from 1 to the number of images.
    pub at_least: u32,
    /// How the model's input is made of images.
    pub pixels: Pixels,
    /// The verifier's own bytes, at most [`MAX_CONTEXT`](crate::MAX_CONTEXT); empty if there are none.
    pub context: Vec<u8>,
}

impl SetCommitment {
    /// Its id: SHA-256 of all of it.
    ///
    /// # Errors
    /// None for one that fits into memory.
    pub fn id(&self) -> Result<SetId, VerifyError> {
        Ok(SetId::of(&self.to_bytes()?))
    }

    /// The canonical encoding.
    ///
    /// # Errors
    /// None for one that fits into memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VerifyError> {
        postcard::to_stdvec(self).map_err(|error| malformed("commitment to a set", error))
    }

    /// Decodes and checks a commitment: its numbers, and that there are as many chunks as they say. The points are checked when a proof is
    /// verified.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`], [`VerifyError::Set`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        if bytes.len() > MAX_SET_BYTES && enforced() {
            let reason = format!("{} bytes, at most {MAX_SET_BYTES} are accepted", bytes.len());
            return Err(VerifyError::Malformed { what: "commitment to a set", reason });
        }
        let set: Self = decode("commitment to a set", bytes)?;
        set.check()?;
        Ok(set)
    }

    /// That there can be such a set, and that it has as many chunks as its numbers say.
    ///
    /// # Errors
    /// [`VerifyError::Set`].
    pub fn check(&self) -> Result<(), VerifyError> {
        let chunks = self.network()?.private_chunks()[0];
        if self.commitments.len() != chunks && enforced() {
            return Err(set_error("chunks", chunks, self.commitments.len()));
        }
        Ok(())
    }

    /// Its form, without the order of pixels.
    ///
    /// # Errors
    /// [`VerifyError::Set`].
    pub fn form(&self) -> Result<LabelledSet, VerifyError> {
        let Self { images, height, width, channels, classes, .. } = *self;
        if images > MAX_INFERENCES && enforced() {
            return Err(set_error("images", format_args!("2 to {MAX_INFERENCES}"), images));
        }
        // What the format has: lists of 256 numbers for each are made.
        if !matches!(channels, 1 | 3 | 4) && enforced() {
            return Err(set_error("channels", "1, 3 or 4", channels));
        }
        let pixels = height.checked_mul(width).and_then(|pixels| pixels.checked_mul(channels));
        let got = format!("{height} x {width} x {channels}");
        let pixels = pixels.filter(|pixels| *pixels <= MAX_PIXELS || !enforced());
        let expected = format_args!("at most {MAX_PIXELS} numbers");
        let pixels = pixels.ok_or_else(|| set_error("pixels of an image", expected, got))?;
        let form = LabelledSet { images, pixels, classes };
        form.check().map_err(of_set)?;
        Ok(form)
    }

    /// The network that has its tensors as private inputs, and nothing else: what is committed to.
    ///
    /// # Errors
    /// [`VerifyError::Set`].
    pub fn network(&self) -> Result<Network, VerifyError> {
        let form = self.form()?;
        check_sizes(&form.graph(), form.chunk_vars()).map_err(VerifyError::Accuracy)?;
        Network::of_set(&form).map_err(VerifyError::Accuracy)
    }
}

impl AccuracyStatement {
    /// SHA-256 of what a statement says of the set: two that say the same of it in other words have proofs of their own.
    fn digest(&self, set: &SetCommitment) -> Result<[u8; 32], VerifyError> {
        let Pixels { scale, mean, std, channels_first } = &self.pixels;
        let bits = |numbers: &[f32]| -> Vec<u32> { numbers.iter().map(|number| number.to_bits()).collect() };
        let said =
            (set.id()?.0, self.top, self.at_least, scale.to_bits(), bits(mean), bits(std), channels_first);
        let said = postcard::to_stdvec(&said).map_err(|error| malformed("statement of accuracy", error))?;
        Ok(Sha256::new_with_prefix(b"zktorch accuracy statement v1").chain_update(said).finalize().into())
    }
}

fn set_error(what: &'static str, expected: impl ToString, got: impl ToString) -> VerifyError {
    VerifyError::Set { what, expected: expected.to_string(), got: got.to_string() }
}

fn of_set(error: GraphError) -> VerifyError {
    match error {
        GraphError::Accuracy { what, expected, got } => VerifyError::Set { what, expected, got },
        error => VerifyError::Accuracy(error.into()),
    }
}

impl Pixels {
    /// Pixels divided by `scale`, and nothing else.
    pub fn new(scale: f32) -> Self {
        Self { scale, mean: Vec::new(), std: Vec::new(), channels_first: true }
    }

    /// The integers of a port by channel and pixel: number `256 c + u`.
    ///
    /// # Errors
    /// [`VerifyError::Pixels`] for numbers that are not finite, not positive where they divide, or of another number of channels.
    pub fn integers(
        &self,
        port: &PortInfo,
        range: zktorch_graph::Interval,
        channels: u32,
    ) -> Result<Vec<i32>, VerifyError> {
        let invalid = |what, expected: &str, got: String| VerifyError::Pixels {
            what,
            expected: expected.to_owned(),
            got,
        };
        // A subnormal would make infinities.
        let divides = |x: &f32| x.is_normal() && *x > 0.0;
        for (what, values) in [("mean", &self.mean), ("std", &self.std)] {
            if !values.is_empty() && values.len() != channels as usize {
                let expected = format!("{channels} numbers, one for each channel");
                return Err(invalid(what, &expected, values.len().to_string()));
            }
        }
        if let Some(bad) = [self.scale].iter().chain(&self.std).find(|x| !divides(x)) {
            return Err(invalid("scale and std", "positive numbers", bad.to_string()));
        }
        if let Some(bad) = self.mean.iter().find(|x| !x.is_finite()) {
            return Err(invalid("mean", "finite numbers", bad.to_string()));
        }
        let reals = (0..channels as usize).flat_map(|channel| {
            let mean = self.mean.get(channel).copied().unwrap_or(0.0);
            let std = self.std.get(channel).copied().unwrap_or(1.0);
            (0..LEVELS).map(move |u| (u as f32 / self.scale - mean) / std)
        });
        let reals: Vec<f32> = reals.collect();
        if let Some(bad) = reals.iter().find(|x| !x.is_finite()) {
            return Err(invalid("scale, mean and std", "numbers that keep pixels finite", bad.to_string()));
        }
        let port = PortInfo { saturates: true, ..port.clone() };
        let integers = port.quantise(reals.into_iter().map(f64::from), range);
        integers.map_err(|error| VerifyError::Accuracy(error.into()))
    }

    /// Of every entry of an input with these extents, the pixel that it is made of.
    ///
    /// # Errors
    /// [`VerifyError::Pixels`] for extents that are those of other images.
    pub fn order(&self, set: &SetCommitment, dims: &[usize]) -> Result<Vec<u32>, VerifyError> {
        let SetCommitment { height, width, channels, .. } = *set;
        let image = match self.channels_first {
            true => [channels, height, width],
            false => [height, width, channels],
        };
        // Of an input with other numbers of axes, only the number of entries says whether it is one.
        let own = match dims {
            [1, rest @ ..] if rest.len() == 3 => Some(rest),
            rest if rest.len() == 3 => Some(rest),
            _ => None,
        };
        let alike = own.is_none_or(|own| own.iter().map(|dim| *dim as u64).eq(image.map(u64::from)));
        if !alike {
            let expected = format!("extents of an image, {image:?}, as the set has them");
            return Err(VerifyError::Pixels { what: "input", expected, got: format!("{dims:?}") });
        }
        let area = height.saturating_mul(width);
        Ok(match self.channels_first {
            true => {
                (0..channels).flat_map(|channel| (0..area).map(move |i| i * channels + channel)).collect()
            }
            false => (0..area.saturating_mul(channels)).collect(),
        })
    }
}

impl UncheckedKey {
    /// What this key says of a claim about a set: the network of as many inferences as the set has images, derived from the key and the
    /// statement alone, validated and held to the same limits. Takes about as long as reading the key.
    ///
    /// # Errors
    /// [`VerifyError::SetId`] for another set than the statement's; [`VerifyError::Set`], [`VerifyError::Pixels`]; [`VerifyError::Accuracy`] for
    /// a model that has no such claim, or more than a verifier looks at.
    pub fn accuracy(&self, set: &SetCommitment, statement: &AccuracyStatement) -> Result<Batch, VerifyError> {
        let (expected, got) = (statement.set, set.id()?);
        if expected != got && enforced() {
            return Err(VerifyError::SetId { expected, got });
        }
        let (expected, got) = (self.srs().id(), SrsId(set.srs_id));
        if expected != got && enforced() {
            return Err(set_error("SRS", expected, got));
        }
        set.check()?;
        let (Some(id), Some(port)) = (self.network().graph().inputs.first(), self.inputs().first()) else {
            return Err(set_error("inputs of the model", "one, for an image", 0));
        };
        let tensor = self.network().graph().tensor(*id);
        // Before lists of as many entries are made.
        let (expected, got) = (tensor.shape.len(), set.form()?.pixels);
        if u32::try_from(expected) != Ok(got) {
            return Err(set_error("pixels of an image", expected, got));
        }
        let dims: Vec<usize> =
            port.dims.iter().map(|dim| usize::try_from(*dim).unwrap_or(usize::MAX)).collect();
        let order = statement.pixels.order(set, &dims)?;
        let port = PortInfo {
            zero: port.zero,
            multiplier: port.multiplier,
            ..PortInfo::new(port.name.clone(), dims, *id, tensor.scale)
        };
        let claim = Accuracy {
            set: set.form()?,
            order,
            channels: set.channels,
            values: statement.pixels.integers(&port, tensor.range, set.channels)?,
            top: statement.top,
            at_least: statement.at_least,
        };
        let about = statement.digest(set)?;
        let network = self.network().accuracy(&claim, about, check_sizes).map_err(refused)?;
        Batch::of_network(self, network).map_err(VerifyError::Accuracy)
    }
}

/// What of a claim is wrong, if it is the claim's own numbers.
fn refused(error: BlockError) -> VerifyError {
    match error {
        BlockError::Graph(error) => of_set(error),
        error => VerifyError::Accuracy(error),
    }
}

/// Verifies that `proof` proves a statement about a set for the model of `vk`.
///
/// A pure function of its arguments. The key was checked; that it is the wanted model's, and the set the wanted one, is for the caller to see
/// to: the statement's ids are compared with them.
///
/// # Errors
/// Those of [`UncheckedKey::accuracy`]; [`VerifyError::WrongKey`], [`VerifyError::Malformed`], [`VerifyError::Proof`].
pub fn verify_accuracy(
    vk: &VerifyingKey,
    set: &SetCommitment,
    statement: &AccuracyStatement,
    proof: &[u8],
) -> Result<(), VerifyError> {
    let vk = vk.key();
    let expected = vk.model_id();
    require("statement", expected, statement.model_id)?;
    check_context(&statement.context)?;
    let envelope = ProofEnvelope::from_bytes(proof)?;
    require("proof", expected, envelope.model()?)?;
    let batch = vk.accuracy(set, statement)?;
    let network = batch.network();
    let inputs = decode_commitments("set", &set.commitments, network.private_chunks()[0])?;
    let no_outputs: &[Commitment] = &[];
    let io = [inputs.as_slice(), no_outputs];
    let statement = BlockStatement::new(network, expected.0, &statement.context, vk.weights(), io, &[])
        .map_err(VerifyError::Proof)?;
    let proof =
        NetworkProof::from_bytes(network, batch.shape(), &envelope.argument).map_err(VerifyError::Proof)?;
    statement.verify(vk.srs(), &proof).map_err(VerifyError::Proof)
}
