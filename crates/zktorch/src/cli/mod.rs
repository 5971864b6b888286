//! The command line. Scripts rely on names and flags: they change with the version only.
//!
//! Exit status: 0 accepted or done, 1 rejected (or a model that cannot be proved), 2 anything else (usage,
//! input, internal). Interrupted: 128 + number of the signal, which is 130 for Ctrl-C.

mod accuracy;
mod bind;
mod dims;
mod paths;
#[cfg(test)]
mod tests;
mod values;
mod visibility;

use std::ffi::OsString;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use zktorch_graph::{Graph, Shard, committed_cells, shards};
use zktorch_prover::{PART_CELLS, ProverError, shards_within};

pub use accuracy::{Accuracy, AccuracyCommand, CommitSet, ProveAccuracy, VerifyAccuracy};
pub use bind::Bind;
pub use dims::Dim;
pub use paths::ONE_STEP_FILES;
pub use values::{AcceptedSrs, ProofContext};
pub use visibility::{PortVisibility, Side, Visibility};

use crate::{Bytes32, ImageSpec};

/// Exit status: accepted, or done.
pub const EXIT_OK: u8 = 0;
/// Exit status: the proof is rejected, or the model cannot be proved.
pub const EXIT_REJECTED: u8 = 1;
/// Exit status: anything else.
pub const EXIT_ERROR: u8 = 2;

/// What `zktorch` was asked to do.
#[derive(Clone, Debug, Parser)]
#[command(name = "zktorch", version, about = "Zero-knowledge proofs of ONNX inferences with private weights")]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Print one JSON object on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Number of threads [default: one for each core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// No progress on stderr
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Write the stages of the run, with times, as a Chrome trace (chrome://tracing, ui.perfetto.dev)
    #[arg(long, global = true, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// List every operator of a model, supported or not, with shapes and estimates of cost and memory
    Inspect(Inspect),
    /// Quantise a model and compile it
    Compile(Compile),
    /// Make the keys of a compiled model and print the model's id
    Setup(Setup),
    /// Run a compiled model without proving, and compare with the float model
    Run(Run),
    /// Prove an inference: with a proving key, or in one step from an ONNX model
    Prove(Prove),
    /// Verify a proof of a statement
    Verify(Verify),
    /// Prove how many images of a test set a model gets right, and show neither
    Accuracy(Accuracy),
    /// Say what a file is: kind, version, digests, SRS
    Info(Info),
    /// Recompute the keys from the model, for whoever may see the weights
    Audit(Audit),
    /// Prove shards for another process, which says in a folder which
    Worker(Worker),
    /// Write the contracts that verify a model's proofs on chain (starts zktorch-evm export)
    #[command(disable_help_flag = true)]
    ExportEvm(Evm),
    /// Compare contracts that are deployed with a key (starts zktorch-evm audit)
    #[command(disable_help_flag = true)]
    AuditEvm(Evm),
    /// Write a proof as a contract takes it (starts zktorch-evm calldata)
    #[command(disable_help_flag = true)]
    CalldataEvm(Evm),
}

/// `zktorch inspect MODEL.onnx`
#[derive(Clone, Debug, Args)]
pub struct Inspect {
    /// ONNX model
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,
    /// Extent of a dynamic axis; an axis without a name is INPUT:AXIS, as in x:1=20 (repeatable)
    #[arg(long = "dim", value_name = "NAME=VALUE")]
    pub dims: Vec<Dim>,
    /// An input whose value is part of the model, as a rate that decides a branch: it may fix shapes and axes, and
    /// every proof is about this value alone (repeatable)
    #[arg(long, value_name = "NAME=FILE")]
    pub bind: Vec<Bind>,
    /// Estimate what compile --saturate makes
    #[arg(long)]
    pub saturate: bool,
    /// Estimate what setup makes with it.
    #[command(flatten)]
    pub sharding: Sharding,
    /// Write all of it as one HTML page, with the network drawn
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// `zktorch compile MODEL.onnx -o MODEL.zkt`
#[derive(Clone, Debug, Args)]
pub struct Compile {
    /// ONNX model
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,
    /// Where the compiled model goes
    #[arg(short, value_name = "MODEL.zkt")]
    pub output_file: PathBuf,
    /// How scales are chosen.
    #[command(flatten)]
    pub source: CompileSource,
    /// Who sees inputs and outputs.
    #[command(flatten)]
    pub visibility: PortVisibility,
}

/// What compilation looks at beside the model.
#[derive(Clone, Debug, Default, Args)]
pub struct CompileSource {
    /// Sample inputs from which scales are chosen: files, or folders of files (repeatable) [default:
    /// generated ones, with a warning]
    #[arg(long, value_name = "DATA")]
    pub calibration: Vec<PathBuf>,
    /// A compiled model whose scales to take, where both compute the same: the model with other extents (another length,
    /// say). Weights are then the same integers, and setup --weights-from its key does not commit to them again
    #[arg(long, value_name = "MODEL.zkt", conflicts_with_all = ["headroom", "guard_bits", "saturate"])]
    pub like: Option<PathBuf>,
    /// Bits of room above the largest values of the samples [default: 2; 3 with fewer than 16 samples]
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u32).range(0..=12))]
    pub headroom: Option<u32>,
    /// Bits beyond 16 of the values between operators, about twice the committed values [default: 0; 8 if an
    /// output is off by more than 1% without]
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u32).range(0..=32))]
    pub guard_bits: Option<u32>,
    /// Clamp values that leave their calibrated range instead of refusing the input: no real input is then out of range.
    /// Integers are exact and never clamped [default: only where a function is flat]
    #[arg(long)]
    pub saturate: bool,
    /// Refuse the model if an output is further off than this part of its largest value, on the samples [default:
    /// 0.1 on samples that are given]
    #[arg(long, value_name = "X", value_parser = values::max_error)]
    pub max_error: Option<f64>,
    /// Image preprocessing, stored in the compiled model: resize=256,crop=224,rgb,mean=..,std=..,nchw
    #[arg(long, value_name = "SPEC")]
    pub image: Option<ImageSpec>,
    /// Extent of a dynamic axis; an axis without a name is INPUT:AXIS, as in x:1=20 (repeatable)
    #[arg(long = "dim", value_name = "NAME=VALUE")]
    pub dims: Vec<Dim>,
    /// An input whose value is part of the model, as a rate that decides a branch: it may fix shapes and axes, and
    /// every proof is about this value alone (repeatable)
    #[arg(long, value_name = "NAME=FILE")]
    pub bind: Vec<Bind>,
}

/// `zktorch setup MODEL.zkt --pk PK --vk VK`
#[derive(Clone, Debug, Args)]
pub struct Setup {
    /// Compiled model
    #[arg(value_name = "MODEL.zkt")]
    pub model: PathBuf,
    /// Where the proving key goes (secret: it holds the weights)
    #[arg(long)]
    pub pk: PathBuf,
    /// Where the verifying key goes
    #[arg(long)]
    pub vk: PathBuf,
    /// Structured reference string of a ceremony [default: the development SRS, which is insecure]
    #[arg(long, value_name = "FILE")]
    pub srs: Option<PathBuf>,
    /// How memory is bounded.
    #[command(flatten)]
    pub sharding: Sharding,
    /// Hash of the transcripts: keccak for verifiers where that is cheap, as contracts; part of the key and of its id
    #[arg(long, value_enum, default_value_t, value_name = "HASH")]
    pub transcript: TranscriptHash,
    /// A proving key whose weights to read: what it has committed to, and proved, is not done again. The SRS is its own
    #[arg(long, value_name = "KEY", conflicts_with_all = ["shards", "shard_values", "memory"])]
    pub weights_from: Option<PathBuf>,
    /// Folder of the model's external data, if large weights are there [default: where compile found them]
    #[arg(long, value_name = "DIR")]
    pub external_data: Option<PathBuf>,
    /// Replace keys that are there: proofs under their model id will not verify with the new ones
    #[arg(long)]
    pub force: bool,
}

/// What transcripts are hashed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TranscriptHash {
    /// merlin (STROBE-128)
    #[default]
    Merlin,
    /// A chain of Keccak-256
    Keccak,
}

/// In how many shards a model is proved.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Sharding {
    /// Prove the model in this many shards (or fewer, where it cannot be cut), one after the other: less memory, a larger proof. A setup
    /// that was interrupted goes on with the first shard that has no key
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256), conflicts_with = "shard_values")]
    pub shards: Option<u32>,
    /// As many shards that each commits to about this many values
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub shard_values: Option<u64>,
    /// As few shards as let each be set up and proved in this much memory, about, such as 4GB; weights are committed to in parts that a
    /// setup takes as much for
    #[arg(long, value_name = "BYTES", conflicts_with_all = ["shards", "shard_values"])]
    pub memory: Option<ByteSize>,
}

impl Sharding {
    /// The most shards that a model is cut into.
    pub const MOST: u64 = 256;

    /// The most shards that there can be; none if the model stays in one piece.
    pub(crate) fn most(&self) -> usize {
        let asked = self.shards.map(|shards| shards as usize);
        let any = self.shard_values.is_some() || self.memory.is_some();
        asked.or(any.then_some(Self::MOST as usize)).unwrap_or(0)
    }

    /// The shards of a model, how many [`shards`] was asked for, and how many cells a part of the weights has at most; `computed` says
    /// whether its SRS is made, not mapped, and the compiled model takes so many bytes beside a setup.
    ///
    /// # Errors
    /// [`ProverError::Memory`] if it takes more memory in however many.
    pub fn cut(
        &self,
        graph: &Graph,
        computed: bool,
        model: u64,
    ) -> Result<(Vec<Shard>, usize, u64), ProverError> {
        if let Some(memory) = self.memory {
            return shards_within(graph, memory.as_u64(), computed, model);
        }
        let by_values = || self.shard_values.map(|most| committed_cells(graph).div_ceil(most));
        let count = self.shards.map(u64::from).or_else(by_values).unwrap_or(1).clamp(1, Self::MOST);
        Ok((shards(graph, count as usize), count as usize, PART_CELLS))
    }
}

/// `zktorch run MODEL.zkt --input DATA`
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// Compiled model
    #[arg(value_name = "MODEL.zkt")]
    pub model: PathBuf,
    /// Input: .npy, .npz, .json, ONNX TensorProto .pb, or an image
    #[arg(long, value_name = "DATA")]
    pub input: PathBuf,
    /// Compare every node, not only the outputs
    #[arg(long)]
    pub per_node: bool,
    /// Folder of the model's external data [default: where compile found them]
    #[arg(long, value_name = "DIR")]
    pub external_data: Option<PathBuf>,
}

/// `zktorch prove --pk PK --input DATA --proof PROOF --statement STATEMENT`, or `zktorch prove MODEL.onnx --input DATA --out DIR`
#[derive(Clone, Debug, Args)]
#[command(
    override_usage = "zktorch prove --pk PK --input DATA.. --proof PROOF --statement STATEMENT\n       \
                            zktorch prove MODEL.onnx --input DATA --out DIR"
)]
#[command(group = ArgGroup::new("how_scales_are_chosen")
    .args(["calibration", "headroom", "guard_bits", "saturate", "max_error", "image", "dims", "bind"])
    .multiple(true)
    .requires("out")
    .conflicts_with("pk"))]
pub struct Prove {
    /// ONNX model, to compile, set up (once) and prove in one step
    #[arg(value_name = "MODEL.onnx", requires = "out", conflicts_with_all = ["pk", "proof", "statement"])]
    pub model: Option<PathBuf>,
    /// Proving key
    #[arg(long, required_unless_present = "model", requires_all = ["proof", "statement"])]
    pub pk: Option<PathBuf>,
    /// Input: .npy, .npz, .json, ONNX TensorProto .pb, or an image. Repeated, each is an inference of one proof: it is small and quickly
    /// verified, but every verifier sees every public input and output of all of them
    #[arg(long, value_name = "DATA", required = true)]
    pub input: Vec<PathBuf>,
    /// Prove all samples that are in the input's files and folders in one proof
    #[arg(long)]
    pub batch: bool,
    /// Structured reference string of the key's ceremony: several inferences need more powers than those beside the key
    #[arg(long, value_name = "FILE")]
    pub srs: Option<PathBuf>,
    /// The verifier's challenge, to which the proof is tied: the verifier gives the same
    #[arg(long, value_name = "TEXT|@FILE")]
    pub context: Option<ProofContext>,
    /// Names of the classes, one per line, for the largest scores
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Processes that prove the shards of a model [default: this one, one shard after the other]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), requires = "pk")]
    pub workers: Option<u16>,
    /// Refuse to begin if the proof, by all its processes, would take more memory than this, about
    #[arg(long, value_name = "BYTES", requires = "pk")]
    pub memory: Option<ByteSize>,
    /// Where the proof goes
    #[arg(long)]
    pub proof: Option<PathBuf>,
    /// Where the statement goes
    #[arg(long)]
    pub statement: Option<PathBuf>,
    /// Write one HTML page about the proof: the network drawn, stages over time, what the bytes are. For its owner alone
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Folder for model.zkt, model.pk, model.vk, proof.bin and statement.json
    #[arg(long, value_name = "DIR", requires = "model", conflicts_with_all = ["pk", "proof", "statement"])]
    // Conflicts are spelled out: clap waives a requirement on an argument that conflicts with one that is there.
    pub out: Option<PathBuf>,
    /// How scales are chosen, in one step.
    #[command(flatten)]
    pub source: CompileSource,
}

/// The two forms of `prove`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ProveForm<'a> {
    /// With a proving key.
    WithKey {
        /// Proving key.
        pk: &'a PathBuf,
        /// Where the proof goes.
        proof: &'a PathBuf,
        /// Where the statement goes.
        statement: &'a PathBuf,
    },
    /// Everything in one step.
    OneStep {
        /// ONNX model.
        model: &'a PathBuf,
        /// Folder for all files.
        out: &'a PathBuf,
    },
}

impl Prove {
    /// Which form it is; none if the fields are those of neither, which no command line parses to.
    pub fn form(&self) -> Option<ProveForm<'_>> {
        match (&self.model, &self.out, &self.pk, &self.proof, &self.statement) {
            (None, None, Some(pk), Some(proof), Some(statement)) => {
                Some(ProveForm::WithKey { pk, proof, statement })
            }
            (Some(model), Some(out), None, None, None) => Some(ProveForm::OneStep { model, out }),
            _ => None,
        }
    }
}

/// `zktorch verify --vk VK --proof PROOF --statement STATEMENT --model-id ID`
#[derive(Clone, Debug, Args)]
pub struct Verify {
    /// Verifying key
    #[arg(long)]
    pub vk: PathBuf,
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
    /// The context that the proof has to be made with: a challenge of your own, so that no proof for others
    /// or from before is accepted
    #[arg(long, value_name = "TEXT|@FILE")]
    pub context: Option<ProofContext>,
    /// How many inferences the proof is about: it is rejected if they are others than these
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub inferences: u32,
    /// Reject unless the public input is this; an image is preprocessed as the key says. Of several inferences a file or folder with as
    /// many samples, in their order
    #[arg(long, value_name = "DATA")]
    pub expect_input: Option<PathBuf>,
    /// Reject unless the public output is this
    #[arg(long, value_name = "DATA")]
    pub expect_output: Option<PathBuf>,
    /// How far the expected output may be away [default: one unit of the output's scale]
    #[arg(long, value_name = "X", requires = "expect_output", value_parser = values::tolerance)]
    pub tolerance: Option<f64>,
    /// The expected output, quantised, has to be the proved integers
    #[arg(long, requires = "expect_output", conflicts_with = "tolerance")]
    pub exact: bool,
    /// Names of the classes, one per line, for the largest scores
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Accept the SRS with this id, or the one in a file that setup --srs and info write (trusting whoever
    /// made it)
    #[arg(long, value_name = "ID|FILE")]
    pub accept_srs: Option<AcceptedSrs>,
    /// Accept the development SRS, under which anybody can forge proofs
    #[arg(long)]
    pub allow_insecure_srs: bool,
}

/// `zktorch info FILE`
#[derive(Clone, Debug, Args)]
pub struct Info {
    /// Any file that zktorch wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `zktorch audit --pk PK --vk VK MODEL.onnx`
#[derive(Clone, Debug, Args)]
pub struct Audit {
    /// Proving key
    #[arg(long)]
    pub pk: PathBuf,
    /// Verifying key
    #[arg(long)]
    pub vk: PathBuf,
    /// ONNX model
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,
}

/// `zktorch export-evm ...`
#[derive(Clone, Debug, Args)]
pub struct Evm {
    /// Arguments of zktorch-evm, `--help` among them
    #[arg(value_name = "ARGUMENTS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// `zktorch worker DIR`
#[derive(Clone, Debug, Args)]
pub struct Worker {
    /// Folder with jobs: secret files, as proving keys are
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// End when there is no job left, not when the folder is gone
    #[arg(long)]
    pub once: bool,
}
