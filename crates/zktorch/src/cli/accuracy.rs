//! `zktorch accuracy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use zktorch_files::PixelSpec;

use super::{AcceptedSrs, ProofContext};
use crate::Bytes32;

/// `zktorch accuracy commit|prove|verify`
#[derive(Clone, Debug, Args)]
pub struct Accuracy {
    /// What is done.
    #[command(subcommand)]
    pub command: AccuracyCommand,
}

/// The three parts.
#[derive(Clone, Debug, Subcommand)]
pub enum AccuracyCommand {
    /// Commit to a labelled test set, once, for whatever models
    Commit(CommitSet),
    /// Prove that a model gets at least so many images of a set right
    Prove(ProveAccuracy),
    /// Verify such a proof
    Verify(VerifyAccuracy),
}

/// `zktorch accuracy commit --images DATA --labels DATA --classes C --set SET --opening OPENING`
#[derive(Clone, Debug, Args)]
pub struct CommitSet {
    /// Images: integers from 0 to 255, [N, height, width] or [N, height, width, channels]; of a .npz with several arrays the one named images
    #[arg(long, value_name = "DATA")]
    pub images: PathBuf,
    /// Labels: N integers, each the number of a class; of a .npz with several arrays the one named labels
    #[arg(long, value_name = "DATA")]
    pub labels: PathBuf,
    /// Number of classes: that of a model's scores
    #[arg(long, value_name = "C", value_parser = clap::value_parser!(u32).range(2..=65536))]
    pub classes: u32,
    /// Where the commitment goes, for everybody
    #[arg(long)]
    pub set: PathBuf,
    /// Where the set goes with what opens its commitment (secret: it holds images and labels)
    #[arg(long)]
    pub opening: PathBuf,
    /// Structured reference string of a ceremony, that of the models' keys [default: the development SRS, which is insecure]
    #[arg(long, value_name = "FILE")]
    pub srs: Option<PathBuf>,
    /// Replace files that are there: proofs about the old commitment will not verify with the new one
    #[arg(long)]
    pub force: bool,
}

/// `zktorch accuracy prove --pk PK --opening OPENING --at-least K --proof PROOF --statement STATEMENT`
#[derive(Clone, Debug, Args)]
pub struct ProveAccuracy {
    /// Proving key
    #[arg(long)]
    pub pk: PathBuf,
    /// The set, as accuracy commit wrote it
    #[arg(long)]
    pub opening: PathBuf,
    /// Claim that at least so many images are right: all that the proof says of the model's accuracy
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub at_least: u32,
    /// An image is right if its class is among so many largest scores; of equal scores, smaller classes come first
    #[arg(long, value_name = "T", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub top: u32,
    /// How the model's input is made of pixels, scale=16,mean=..,std=..,nchw: (pixel / scale - mean) / std [default: scale=255, or what
    /// compile --image stored]
    #[arg(long, value_name = "SPEC")]
    pub pixels: Option<PixelSpec>,
    /// Structured reference string of the key's ceremony: a set needs more powers than those beside the key
    #[arg(long, value_name = "FILE")]
    pub srs: Option<PathBuf>,
    /// The verifier's challenge, to which the proof is tied: the verifier gives the same
    #[arg(long, value_name = "TEXT|@FILE")]
    pub context: Option<ProofContext>,
    /// Where the proof goes
    #[arg(long)]
    pub proof: PathBuf,
    /// Where the statement goes
    #[arg(long)]
    pub statement: PathBuf,
}

/// `zktorch accuracy verify --vk VK --set SET --proof PROOF --statement STATEMENT --model-id ID --set-id ID`
#[derive(Clone, Debug, Args)]
pub struct VerifyAccuracy {
    /// Verifying key
    #[arg(long)]
    pub vk: PathBuf,
    /// Commitment to the set
    #[arg(long)]
    pub set: PathBuf,
    /// Proof
    #[arg(long)]
    pub proof: PathBuf,
    /// Statement
    #[arg(long)]
    pub statement: PathBuf,
    /// The id of the model that you trust (or --any-model)
    #[arg(long, value_name = "ID", required_unless_present = "any_model", conflicts_with = "any_model")]
    pub model_id: Option<Bytes32>,
    /// Accept whatever model the key is for: the key file alone then says what the proof is about
    #[arg(long)]
    pub any_model: bool,
    /// The id of the set that you trust (or --any-set)
    #[arg(long, value_name = "ID", required_unless_present = "any_set", conflicts_with = "any_set")]
    pub set_id: Option<Bytes32>,
    /// Accept whatever set the file is the commitment to: whoever made it chose the images and their labels
    #[arg(long)]
    pub any_set: bool,
    /// Reject a claim of fewer images than this
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub at_least: u32,
    /// Reject a claim about another number of largest scores
    #[arg(long, value_name = "T", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub top: u32,
    /// Reject unless the model's input is made of pixels in this way
    #[arg(long, value_name = "SPEC")]
    pub pixels: Option<PixelSpec>,
    /// The context that the proof has to be made with: a challenge of your own, so that no proof for others
    /// or from before is accepted
    #[arg(long, value_name = "TEXT|@FILE")]
    pub context: Option<ProofContext>,
    /// Accept an SRS by its id, or that of a file of its verifier part
    #[arg(long, value_name = "ID|FILE")]
    pub accept_srs: Option<AcceptedSrs>,
    /// Accept the development SRS, under which anybody can forge proofs
    #[arg(long)]
    pub allow_insecure_srs: bool,
}
