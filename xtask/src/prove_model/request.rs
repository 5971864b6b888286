//! What is to be measured.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use bytesize::ByteSize;
use clap::ValueEnum;

use super::Model;
use super::language::Language;
use super::large::Large;
use crate::workspace;

/// One measurement. [`Request::new`] gives the benches'; the fields are set where they differ.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) source: Source,
    /// BatchNormalization folded into the convolutions, for the networks that have some.
    pub(crate) folded: bool,
    /// Tokens of a network for sequences; none: its usual number.
    pub(crate) tokens: Option<usize>,
    /// Layers of a large language model; none: all.
    pub(crate) layers: Option<usize>,
    /// Height and width of images, or the extent of volumes; none: the usual one.
    pub(crate) size: Option<usize>,
    /// In how many shards the model is proved; none: as one, or in as many as its size asks for.
    pub(crate) sharding: Option<Sharding>,
    /// Processes that prove the shards; none: one.
    pub(crate) workers: Option<u16>,
    /// The text whose next token a trained language model gives; none: its own.
    pub(crate) prompt: Option<String>,
    /// The text before every other one, a constant of a language model of a package; none: nothing.
    pub(crate) prefix: Option<String>,
    /// Measure a language model's perplexity, too.
    pub(crate) perplexity: bool,
    /// Threads of each stage and of the floor; none: all.
    pub(crate) threads: Option<usize>,
    /// Folder in which every stage's files stay; none: target/prove-model/NAME.
    pub(crate) out: Option<PathBuf>,
    /// Variables of the stages' environment, such as `("ZKTORCH_BACKEND", "portable")`.
    pub(crate) env: Vec<(String, String)>,
    /// What runs the float model that the proved output is compared with.
    pub(crate) oracle: Oracle,
    /// Measure the floor.
    pub(crate) floor: bool,
}

/// In how many shards a model is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharding {
    /// This many.
    Shards(u64),
    /// So many that each commits to about this many values.
    Values(u64),
    /// So many that each takes about this much memory.
    Memory(ByteSize),
}

impl Sharding {
    /// As it is said to the command line.
    pub(super) fn args(self) -> [String; 2] {
        let (flag, value) = match self {
            Self::Shards(count) => ("--shards", count.to_string()),
            Self::Values(count) => ("--shard-values", count.to_string()),
            Self::Memory(bytes) => ("--memory", format!("{}B", bytes.as_u64())),
        };
        [flag.to_owned(), value]
    }
}

/// What runs a float model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Oracle {
    /// The compiler's own interpreter, of which tests compare every operator with tract.
    Own,
    /// Tract, an implementation by others, which takes minutes to build.
    Tract,
}

impl Oracle {
    /// Whose float model it is, in reports.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// The model of a measurement.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// One that comes with the repository.
    Model(Model),
    /// A user's.
    Onnx(OnnxFile),
}

/// A user's model and what is fed to it.
#[derive(Clone, Debug)]
pub(crate) struct OnnxFile {
    pub(crate) onnx: PathBuf,
    pub(crate) input: PathBuf,
    /// Samples from which scales are chosen; none: the input itself.
    pub(crate) calibration: Option<PathBuf>,
    /// What is done to images; none: the usual preprocessing for ImageNet, if the input is an image.
    pub(crate) image: Option<String>,
    /// Extents of dynamic axes, as `NAME=VALUE`.
    pub(crate) dims: Vec<String>,
    /// Names of the classes, one per line.
    pub(crate) labels: Option<PathBuf>,
}

impl Request {
    /// The model with everything that is measured of it.
    pub(crate) fn new(source: Source) -> Self {
        let (folded, threads, out, env) = (false, None, None, Vec::new());
        let (tokens, layers, size, sharding, workers) = (None, None, None, None, None);
        let (prompt, prefix, perplexity) = (None, None, false);
        let (oracle, floor) = (Oracle::Tract, true);
        Self {
            source,
            folded,
            tokens,
            layers,
            size,
            sharding,
            workers,
            prompt,
            prefix,
            perplexity,
            threads,
            out,
            env,
            oracle,
            floor,
        }
    }

    /// The language model of a package that is measured, if it is one.
    pub(super) fn language(&self) -> Option<&'static Language> {
        match self.source {
            Source::Model(model) => model.language(),
            Source::Onnx(_) => None,
        }
    }

    /// The large language model that is measured, if it is one.
    pub(super) fn large(&self) -> Option<&'static Large> {
        match self.source {
            Source::Model(model) => model.large(),
            Source::Onnx(_) => None,
        }
    }

    /// What the model is called in reports.
    pub(crate) fn name(&self) -> String {
        match &self.source {
            Source::Model(model) => model.name(),
            Source::Onnx(file) => file.onnx.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    /// The folder of the files.
    pub(super) fn folder(&self) -> Result<PathBuf> {
        match &self.out {
            Some(out) => Ok(out.clone()),
            None => {
                let folded = if self.folded { "-folded" } else { "" };
                let tokens = self.tokens.map_or_else(String::new, |tokens| format!("-{tokens}"));
                let layers = self.layers.map_or_else(String::new, |layers| format!("-{layers}-layers"));
                let size = self.size.map_or_else(String::new, |size| format!("-{size}"));
                let name = format!("{}{folded}{tokens}{layers}{size}", self.name());
                Ok(workspace::root()?.join("target").join("prove-model").join(name))
            }
        }
    }

    /// The same with absolute paths, as stages run in the root folder.
    ///
    /// # Errors
    /// If a file does not exist, or the model has no folded form, no tokens, not so many layers, or no other size.
    pub(super) fn resolve(&self) -> Result<Self> {
        let reads_text = matches!(self.source, Source::Model(model) if model.reads_text());
        for (flag, given) in [("--prompt", self.prompt.is_some()), ("--perplexity", self.perplexity)] {
            if given && !reads_text {
                bail!("{flag}: expected a trained language model, found {}", self.name());
            }
        }
        if self.prefix.is_some() && self.language().is_none() {
            bail!("--prefix: expected a language model of a package, found {}", self.name());
        }
        let source = match &self.source {
            Source::Model(model) if self.tokens.is_some() && !model.is_sequence() => {
                bail!("--tokens: expected a network for sequences, found {}", model.name())
            }
            Source::Model(model) if self.layers.is_some() && model.large().is_none() => {
                bail!("--layers: expected a large language model, found {}", model.name())
            }
            Source::Model(model) if self.size.is_some() && !model.has_sizes() => {
                bail!(
                    "--size: expected a network for images or volumes that has more than one, found {}",
                    model.name()
                )
            }
            Source::Model(model) if self.folded && !model.has_norms() => {
                bail!("--folded: expected a network with BatchNormalization nodes, found {}", model.name())
            }
            Source::Onnx(_) if self.folded => {
                bail!("--folded: expected a network that is generated, found a file")
            }
            Source::Model(model) => Source::Model(*model),
            Source::Onnx(file) => Source::Onnx(file.resolve()?),
        };
        let sharding = match self.large() {
            Some(large) => {
                large.require_layers(self.layers.unwrap_or(1))?;
                self.sharding
            }
            None => self.sharding.or_else(|| match self.source {
                Source::Model(model) => model.sharding(),
                Source::Onnx(_) => None,
            }),
        };
        Ok(Self { source, sharding, ..self.clone() })
    }
}

impl OnnxFile {
    fn resolve(&self) -> Result<Self> {
        let optional = |path: &Option<PathBuf>| path.as_deref().map(existing).transpose();
        Ok(Self {
            onnx: existing(&self.onnx)?,
            input: existing(&self.input)?,
            calibration: optional(&self.calibration)?,
            image: self.image.clone(),
            dims: self.dims.clone(),
            labels: optional(&self.labels)?,
        })
    }
}

fn existing(path: &Path) -> Result<PathBuf> {
    let resolved = path.canonicalize().with_context(|| format!("cannot read {}", path.display()))?;
    if !resolved.is_file() {
        bail!("{}: expected a file", path.display());
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_folders() {
        let mut request = Request::new(Source::Model(Model::Resnet));
        assert_eq!(request.name(), "resnet");
        assert!(request.folder().unwrap().ends_with("target/prove-model/resnet"));
        request.folded = true;
        assert!(request.folder().unwrap().ends_with("target/prove-model/resnet-folded"));
        assert!(request.resolve().is_ok());
        request.source = Source::Model(Model::Vgg16);
        let message = request.resolve().unwrap_err().to_string();
        assert_eq!(message, "--folded: expected a network with BatchNormalization nodes, found vgg16");
        (request.folded, request.tokens) = (false, Some(8));
        let message = request.resolve().unwrap_err().to_string();
        assert_eq!(message, "--tokens: expected a network for sequences, found vgg16");
        request.source = Source::Model(Model::Bert);
        request.prompt = Some("Once".to_owned());
        let message = request.resolve().unwrap_err().to_string();
        assert_eq!(message, "--prompt: expected a trained language model, found bert");
        (request.prompt, request.prefix) = (None, Some(String::new()));
        let message = request.resolve().unwrap_err().to_string();
        assert_eq!(message, "--prefix: expected a language model of a package, found bert");
        request.prefix = None;
        assert!(request.resolve().is_ok());
        assert!(request.folder().unwrap().ends_with("target/prove-model/bert-8"));
        (request.tokens, request.layers) = (None, Some(1));
        let message = request.resolve().unwrap_err().to_string();
        assert_eq!(message, "--layers: expected a large language model, found bert");
        (request.layers, request.size) = (None, Some(64));
        let message = request.resolve().unwrap_err().to_string();
        assert_eq!(
            message,
            "--size: expected a network for images or volumes that has more than one, found bert"
        );
    }

    #[test]
    fn shards() {
        let mut request = Request { layers: Some(1), ..Request::new(Source::Model(Model::Gptj)) };
        assert_eq!(request.resolve().unwrap().sharding, None);
        request.sharding = Some(Sharding::Values(1000));
        let given = request.resolve().unwrap().sharding.unwrap();
        assert_eq!(given.args(), ["--shard-values", "1000"]);
        request.layers = Some(30);
        assert!(request.resolve().is_err());
        request = Request::new(Source::Model(Model::Resnet));
        assert_eq!(request.resolve().unwrap().sharding, None);
    }

    #[test]
    fn missing_files_are_named() {
        let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let file = |onnx: &str, labels: Option<&str>| OnnxFile {
            onnx: onnx.into(),
            input: manifest.clone(),
            calibration: None,
            image: None,
            dims: Vec::new(),
            labels: labels.map(PathBuf::from),
        };
        let manifest_text = manifest.to_string_lossy();
        assert!(file(&manifest_text, None).resolve().is_ok());
        let message = format!("{:#}", file("no-such.onnx", None).resolve().unwrap_err());
        assert!(message.starts_with("cannot read no-such.onnx: "), "{message}");
        let message = format!("{:#}", file(&manifest_text, Some("no-such.txt")).resolve().unwrap_err());
        assert!(message.starts_with("cannot read no-such.txt: "), "{message}");
        let message = format!("{:#}", file("/", None).resolve().unwrap_err());
        assert_eq!(message, "/: expected a file");
    }
}
