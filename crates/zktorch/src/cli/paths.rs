//! Which files a command line reads and writes: one that is written is no other one of the command.
//!
//! Every command is taken apart field by field, so that a new path cannot be forgotten here.

use std::fs;
use std::path::{Path, PathBuf};

use super::{
    AcceptedSrs, AccuracyCommand, Audit, Cli, Command, CommitSet, Compile, Info, Inspect, ProofContext,
    Prove, ProveAccuracy, Run, Setup, Verify, VerifyAccuracy, Worker,
};
use crate::{Error, folder_of, is_special, shard_path, srs_part_path, srs_path};

/// What `prove` writes in one step, in the folder `--out`.
pub const ONE_STEP_FILES: [&str; 5] = ["model.zkt", "model.pk", "model.vk", "proof.bin", "statement.json"];
/// The most links that are followed from one name to another.
const MAX_LINKS: usize = 40;

/// The paths of a command line, each with the argument that gives it.
#[derive(Debug, Default)]
struct Paths {
    read: Vec<(String, PathBuf)>,
    written: Vec<(String, PathBuf)>,
}

impl Paths {
    fn read<'a>(&mut self, argument: &str, paths: impl IntoIterator<Item = &'a PathBuf>) {
        for path in paths {
            // Of a folder its files are read. One that cannot be listed is for the command to complain about.
            let files = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
            self.read.extend(files.map(|file| (argument.to_owned(), file)));
            self.read.push((argument.to_owned(), path.clone()));
        }
    }

    fn write<'a>(&mut self, argument: &str, paths: impl IntoIterator<Item = &'a PathBuf>) {
        self.written.extend(paths.into_iter().map(|path| (argument.to_owned(), path.clone())));
    }

    fn of(cli: &Cli) -> Self {
        let mut paths = Self::default();
        paths.write("--trace", &cli.common.trace);
        paths.command(&cli.command);
        paths
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Inspect(Inspect { model, dims: _, bind, saturate: _, sharding: _, html }) => {
                self.read("MODEL.onnx", [model]);
                self.write("--html", html);
                self.read("--bind", bind.iter().map(|bind| &bind.path));
            }
            Command::Compile(Compile { model, output_file, source, visibility: _ }) => {
                self.read("MODEL.onnx", [model]);
                self.read("--calibration", &source.calibration);
                self.read("--like", &source.like);
                self.read("--bind", source.bind.iter().map(|bind| &bind.path));
                self.write("-o", [output_file]);
            }
            Command::Setup(Setup {
                model,
                pk,
                vk,
                srs,
                sharding,
                external_data,
                weights_from,
                transcript: _,
                force: _,
            }) => {
                self.read("MODEL.zkt", [model]);
                self.read("--srs", srs);
                self.read("--external-data", external_data);
                self.read("--weights-from", weights_from);
                let beside: Vec<PathBuf> = weights_from.iter().map(|key| srs_path(key)).collect();
                self.read("the SRS beside --weights-from", &beside);
                self.write("--pk", [pk]);
                self.write("--vk", [vk]);
                let shards = sharding.most();
                let keys: Vec<PathBuf> = (0..shards).map(|index| shard_path(pk, index)).collect();
                self.write("a shard's key beside --pk", &keys);
                if srs.is_some() || weights_from.is_some() {
                    self.write("the SRS beside --pk", [&srs_path(pk)]);
                    self.write("the SRS beside --vk", [&srs_path(vk)]);
                }
            }
            Command::Run(Run { model, input, per_node: _, external_data }) => {
                self.read("MODEL.zkt", [model]);
                self.read("--input", [input]);
                self.read("--external-data", external_data);
            }
            Command::Prove(options) => self.prove(options),
            Command::Verify(options) => self.verify(options),
            Command::Accuracy(options) => self.accuracy(&options.command),
            Command::Info(Info { file }) => {
                self.read("FILE", [file]);
                self.write("the SRS part beside FILE", [&srs_part_path(file)]);
            }
            Command::Audit(Audit { pk, vk, model }) => {
                self.read("--pk", [pk, &srs_path(pk)]);
                self.read("--vk", [vk]);
                self.read("MODEL.onnx", [model]);
            }
            // It works on what is in the folder alone.
            Command::Worker(Worker { folder: _, once: _ }) => {}
            // The program that is started looks at its own.
            Command::ExportEvm(_) | Command::AuditEvm(_) | Command::CalldataEvm(_) => {}
        }
    }

    fn accuracy(&mut self, command: &AccuracyCommand) {
        match command {
            AccuracyCommand::Commit(CommitSet {
                images,
                labels,
                classes: _,
                set,
                opening,
                srs,
                force: _,
            }) => {
                self.read("--images", [images]);
                self.read("--labels", [labels]);
                self.read("--srs", srs);
                self.write("--set", [set]);
                self.write("--opening", [opening]);
            }
            AccuracyCommand::Prove(ProveAccuracy {
                pk,
                opening,
                at_least: _,
                top: _,
                pixels: _,
                srs,
                context,
                proof,
                statement,
            }) => {
                self.read("--pk", [pk, &srs_path(pk)]);
                self.read("--opening", [opening]);
                self.read("--srs", srs);
                self.read("--context", context.as_ref().and_then(context_file));
                self.write("--proof", [proof]);
                self.write("--statement", [statement]);
            }
            AccuracyCommand::Verify(VerifyAccuracy {
                vk,
                set,
                proof,
                statement,
                model_id: _,
                any_model: _,
                set_id: _,
                any_set: _,
                at_least: _,
                top: _,
                pixels: _,
                context,
                accept_srs,
                allow_insecure_srs: _,
            }) => {
                self.read("--vk", [vk]);
                self.read("--set", [set]);
                self.read("--proof", [proof]);
                self.read("--statement", [statement]);
                self.read("--context", context.as_ref().and_then(context_file));
                if let Some(AcceptedSrs::File(path)) = accept_srs {
                    self.read("--accept-srs", [path]);
                }
            }
        }
    }

    fn prove(&mut self, options: &Prove) {
        let Prove {
            model,
            pk,
            input,
            batch: _,
            srs,
            context,
            labels,
            workers: _,
            memory: _,
            proof,
            statement,
            report,
            out,
            source,
        } = options;
        self.read("MODEL.onnx", model);
        self.read("--input", input);
        self.read("--srs", srs);
        self.read("--context", context.as_ref().and_then(context_file));
        self.read("--labels", labels);
        self.read("--calibration", &source.calibration);
        self.read("--like", &source.like);
        self.read("--bind", source.bind.iter().map(|bind| &bind.path));
        if let Some(pk) = pk {
            self.read("--pk", [pk]);
            self.read("the SRS beside --pk", [&srs_path(pk)]);
            let keys = (0..).map(|index| shard_path(pk, index)).take_while(|path| path.exists());
            self.read("a shard's key beside --pk", &keys.collect::<Vec<_>>());
        }
        self.write("--proof", proof);
        self.write("--statement", statement);
        self.write("--report", report);
        for name in out.iter().flat_map(|_| ONE_STEP_FILES) {
            self.write(&format!("--out: {name}"), out.as_ref().map(|out| out.join(name)).as_ref());
        }
        // Large tensors go beside the statement.
        let (read, written) = (self.read.clone(), self.written.clone());
        for (argument, path) in &written {
            if argument == "--statement" || argument == "--out: statement.json" {
                let others = read.iter().chain(&written).map(|(_, other)| other);
                let tensors: Vec<PathBuf> =
                    others.filter_map(|other| tensor_beside(path, other.file_name()?.to_str()?)).collect();
                self.write(&format!("the tensors beside {argument}"), tensors.first());
            }
        }
    }

    fn verify(&mut self, options: &Verify) {
        let Verify {
            vk,
            proof,
            statement,
            model_id: _,
            any_model: _,
            context,
            inferences: _,
            expect_input,
            expect_output,
            tolerance: _,
            exact: _,
            labels,
            accept_srs,
            allow_insecure_srs: _,
        } = options;
        self.read("--vk", [vk]);
        self.read("--proof", [proof]);
        self.read("--statement", [statement]);
        self.read("--expect-input", expect_input);
        self.read("--expect-output", expect_output);
        self.read("--context", context.as_ref().and_then(context_file));
        self.read("--labels", labels);
        if let Some(AcceptedSrs::File(path)) = accept_srs {
            self.read("--accept-srs", [path]);
        }
    }
}

fn context_file(context: &ProofContext) -> Option<&PathBuf> {
    match context {
        ProofContext::File(path) => Some(path),
        ProofContext::Text(_) => None,
    }
}

/// The path of this name in the folder of a statement, if the statement might write a tensor there.
fn tensor_beside(statement: &Path, name: &str) -> Option<PathBuf> {
    let stem = statement.file_stem()?.to_str()?;
    let rest = name.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(".npy")?;
    let index = rest.strip_prefix("input").or_else(|| rest.strip_prefix("output"))?;
    (!index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| statement.with_file_name(name))
}

/// What makes two paths one file.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// A file that exists: its file system and its number there.
    #[cfg(unix)]
    Number(u64, u64),
    /// The one name of a file.
    Name(PathBuf),
}

impl Identity {
    /// None for a device or a pipe, which anybody may write to.
    fn of(path: &Path) -> Option<Self> {
        if is_special(path) {
            return None;
        }
        #[cfg(unix)]
        if let Ok(metadata) = fs::metadata(path) {
            use std::os::unix::fs::MetadataExt as _;
            return Some(Self::Number(metadata.dev(), metadata.ino()));
        }
        if let Ok(name) = path.canonicalize() {
            return Some(Self::Name(name));
        }
        // Not there yet: its folder is, or the command will say so. A link may lead to a name that is not
        // there.
        let mut path = path.to_path_buf();
        for _ in 0..MAX_LINKS {
            match fs::read_link(&path) {
                Ok(target) => path = folder_of(&path).join(target),
                Err(_) => break,
            }
        }
        let folder = folder_of(&path);
        let folder = folder.canonicalize().or_else(|_| std::path::absolute(folder)).ok()?;
        Some(Self::Name(folder.join(path.file_name()?)))
    }
}

impl Cli {
    /// Requires that whatever is written is no other file of the command line, by whatever name (links and
    /// `./` too). Devices are excepted; two files that are read may be one.
    ///
    /// # Errors
    /// [`Error::SameFile`], naming both arguments.
    pub fn check_paths(&self) -> Result<(), Error> {
        let Paths { read, written } = Paths::of(self);
        let identified = |list: Vec<(String, PathBuf)>| -> Vec<(String, PathBuf, Identity)> {
            let identify = |(argument, path): (String, PathBuf)| {
                let identity = Identity::of(&path)?;
                Some((argument, path, identity))
            };
            list.into_iter().filter_map(identify).collect()
        };
        let (read, written) = (identified(read), identified(written));
        for (index, (output, path, identity)) in written.iter().enumerate() {
            let mut others = read.iter().chain(written.iter().skip(index + 1));
            if let Some((other, _, _)) = others.find(|(_, _, other)| other == identity) {
                let (output, path, other) = (output.clone(), path.clone(), other.clone());
                return Err(Error::SameFile { output, path, other });
            }
        }
        Ok(())
    }
}
