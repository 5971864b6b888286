//! Every command line that is promised, and the ones that must be refused.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

fn command(line: &str) -> Command {
    parse(line).unwrap_or_else(|error| panic!("{line}: {error}")).command
}

fn refused(line: &str) -> ErrorKind {
    match parse(line) {
        Ok(cli) => panic!("{line}: {cli:?}"),
        Err(error) => {
            assert!(matches!(error.exit_code(), 2 | 0));
            error.kind()
        }
    }
}

#[test]
fn definitions_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn inspect() {
    let Command::Inspect(inspect) = command("zktorch inspect m.onnx --json") else { panic!() };
    assert_eq!(inspect.model, PathBuf::from("m.onnx"));
    assert!(inspect.dims.is_empty());
    let line = "zktorch inspect m.onnx --dim batch=2 --dim x:1=20";
    let Command::Inspect(inspect) = command(line) else { panic!() };
    assert_eq!(Dim::all(&inspect.dims).unwrap(), [("batch".to_owned(), 2), ("x:1".to_owned(), 20)].into());
    assert_eq!(refused("zktorch inspect m.onnx --dim batch=0"), ErrorKind::ValueValidation);
    assert_eq!(refused("zktorch inspect"), ErrorKind::MissingRequiredArgument);
}

#[test]
fn compile() {
    let Command::Compile(plain) = command("zktorch compile m.onnx -o m.zkt") else { panic!() };
    assert_eq!(plain.output_file, PathBuf::from("m.zkt"));
    let who = |compile: &Compile| [Side::Input, Side::Output].map(|side| compile.visibility.of(side));
    assert_eq!(who(&plain), [Visibility::Public; 2]);
    assert!(plain.source.calibration.is_empty() && plain.source.image.is_none());
    assert!(plain.source.dims.is_empty() && plain.source.headroom.is_none());
    let line = "zktorch compile m.onnx -o m.zkt --calibration c.npz --calibration d --private input,output --headroom 4 --saturate \
                --dim n=3 --image resize=256,crop=224,rgb,mean=0.485/0.456/0.406,std=0.229/0.224/0.225";
    let Command::Compile(full) = command(line) else { panic!() };
    assert_eq!(who(&full), [Visibility::Private; 2]);
    assert_eq!(full.source.calibration, ["c.npz", "d"].map(PathBuf::from));
    assert_eq!((full.source.headroom, full.source.dims.len()), (Some(4), 1));
    assert!(full.source.saturate && !plain.source.saturate);
    assert_eq!(full.source.image.unwrap().crop, Some((224, 224)));
    assert_eq!(refused("zktorch compile m.onnx"), ErrorKind::MissingRequiredArgument);
    assert_eq!(refused("zktorch compile m.onnx -o m.zkt --input-visibility secret"), ErrorKind::InvalidValue);
    assert_eq!(refused("zktorch compile m.onnx -o m.zkt --private weights"), ErrorKind::InvalidValue);
    assert_eq!(refused("zktorch compile m.onnx -o m.zkt --headroom 13"), ErrorKind::ValueValidation);
    assert_eq!(
        refused("zktorch compile m.onnx -o m.zkt --private input --input-visibility public"),
        ErrorKind::ArgumentConflict
    );
    for (flags, expected) in [
        ("--private input", [Visibility::Private, Visibility::Public]),
        ("--private output", [Visibility::Public, Visibility::Private]),
        ("--input-visibility private", [Visibility::Private, Visibility::Public]),
        ("--output-visibility private --input-visibility public", [Visibility::Public, Visibility::Private]),
    ] {
        let Command::Compile(compile) = command(&format!("zktorch compile m.onnx -o m.zkt {flags}")) else {
            panic!()
        };
        assert_eq!(who(&compile), expected, "{flags}");
    }
    // What they were called before.
    for (old, new) in [("--input", "--input-visibility"), ("--output", "--output-visibility")] {
        for value in ["public", "private", "x.npy"] {
            let error = parse(&format!("zktorch compile m.onnx -o m.zkt {old} {value}")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ValueValidation);
            assert!(error.to_string().contains(new), "{error}");
        }
    }
    assert_eq!(refused("zktorch compile m.onnx -o m.zkt --image blur=1"), ErrorKind::ValueValidation);
}

#[test]
fn setup_and_run() {
    let Command::Setup(setup) = command("zktorch setup m.zkt --pk p --vk v") else { panic!() };
    assert_eq!((setup.model, setup.srs, setup.force), (PathBuf::from("m.zkt"), None, false));
    let Command::Setup(setup) = command("zktorch setup m.zkt --pk p --vk v --force") else { panic!() };
    assert!(setup.force);
    let Command::Setup(setup) = command("zktorch setup m.zkt --pk p --vk v --srs s.ptau") else { panic!() };
    assert_eq!(setup.srs, Some(PathBuf::from("s.ptau")));
    assert_eq!(refused("zktorch setup m.zkt --pk p"), ErrorKind::MissingRequiredArgument);
    let Command::Run(run) = command("zktorch run m.zkt --input x.npy") else { panic!() };
    assert!(!run.per_node);
    assert_eq!(refused("zktorch run m.zkt"), ErrorKind::MissingRequiredArgument);
}

#[test]
fn prove_has_two_forms() {
    let Command::Prove(prove) = command("zktorch prove --pk p --input x --proof f --statement s") else {
        panic!()
    };
    let [p, f, s] = ["p", "f", "s"].map(PathBuf::from);
    assert_eq!(prove.form(), Some(ProveForm::WithKey { pk: &p, proof: &f, statement: &s }));
    let Command::Prove(prove) = command("zktorch prove m.onnx --input x --out d") else { panic!() };
    let [m, d] = ["m.onnx", "d"].map(PathBuf::from);
    assert_eq!(prove.form(), Some(ProveForm::OneStep { model: &m, out: &d }));
    command("zktorch prove m.onnx --input x.jpg --out d --calibration c.npz --image gray");

    for line in [
        "zktorch prove",
        "zktorch prove --input x",
        "zktorch prove m.onnx --input x",
        "zktorch prove m.onnx --out d",
        "zktorch prove --input x --out d",
        "zktorch prove --pk p --input x --proof f",
        "zktorch prove --pk p --input x --statement s",
        "zktorch prove --input x --proof f --statement s",
    ] {
        assert_eq!(refused(line), ErrorKind::MissingRequiredArgument, "{line}");
    }
    assert_eq!(
        refused("zktorch prove m.onnx --input x --out d --pk p --proof f --statement s"),
        ErrorKind::ArgumentConflict
    );
    assert_eq!(refused("zktorch prove m.onnx --input x --out d --proof f"), ErrorKind::ArgumentConflict);
    // In any order of arguments, what parses has a form.
    let parts = [
        "m.onnx",
        "--pk=p",
        "--proof=f",
        "--statement=s",
        "--out=d",
        "--calibration=c",
        "--image=gray",
        "--dim=n=2",
        "--headroom=3",
        "--saturate",
    ];
    for chosen in 0..1u32 << parts.len() {
        let chosen = parts.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1).map(|(_, part)| *part);
        let line: Vec<&str> = ["zktorch", "prove", "--input=x"].into_iter().chain(chosen).collect();
        if let Ok(Cli { command: Command::Prove(prove), .. }) = Cli::try_parse_from(&line) {
            let form = prove.form().unwrap_or_else(|| panic!("{line:?}"));
            let one_step = matches!(form, ProveForm::OneStep { .. });
            let source = &prove.source;
            let none = source.calibration.is_empty() && source.image.is_none();
            assert!(
                one_step || (none && source.dims.is_empty() && source.headroom.is_none() && !source.saturate),
                "{line:?}"
            );
        }
    }
}

#[test]
fn verify() {
    let Command::Verify(plain) = command("zktorch verify --vk v --proof f --statement s --any-model") else {
        panic!()
    };
    assert!(plain.model_id.is_none() && plain.accept_srs.is_none() && !plain.allow_insecure_srs);
    assert!(plain.any_model && !plain.exact && plain.context.is_none() && plain.tolerance.is_none());
    let id = Bytes32::sha256(b"id");
    let line = format!(
        "zktorch verify --vk v --proof f --statement s --model-id {id} --expect-input x --expect-output y \
         --accept-srs a --allow-insecure-srs"
    );
    let Command::Verify(full) = command(&line) else { panic!() };
    assert_eq!(full.model_id, Some(id));
    assert_eq!((full.expect_input, full.expect_output), (Some("x".into()), Some("y".into())));
    assert_eq!(full.accept_srs, Some(AcceptedSrs::File("a".into())));
    assert!(full.allow_insecure_srs && !full.any_model);
    let line = format!(
        "zktorch verify --vk v --proof f --statement s --model-id {id} --accept-srs {id} --context nonce \
         --expect-output y --tolerance 0.5 --labels l"
    );
    let Command::Verify(full) = command(&line) else { panic!() };
    assert_eq!(full.accept_srs, Some(AcceptedSrs::Id(id)));
    assert_eq!(full.context, Some(ProofContext::Text("nonce".to_owned())));
    assert_eq!((full.tolerance, full.labels), (Some(0.5), Some("l".into())));
    let with = |more: &str| format!("zktorch verify --vk v --proof f --statement s {more}");
    assert_eq!(refused(&with("")), ErrorKind::MissingRequiredArgument);
    assert_eq!(refused(&with(&format!("--model-id {id} --any-model"))), ErrorKind::ArgumentConflict);
    for (more, kind) in [
        ("--tolerance 0.5", ErrorKind::MissingRequiredArgument),
        ("--exact", ErrorKind::MissingRequiredArgument),
        ("--expect-output y --exact --tolerance 0.5", ErrorKind::ArgumentConflict),
        ("--expect-output y --tolerance nan", ErrorKind::ValueValidation),
        ("--expect-output y --tolerance=-1", ErrorKind::ValueValidation),
        ("--expect-output y --tolerance inf", ErrorKind::ValueValidation),
        ("--context=", ErrorKind::ValueValidation),
        ("--context @", ErrorKind::ValueValidation),
    ] {
        assert_eq!(refused(&with(&format!("--any-model {more}"))), kind, "{more}");
    }
    assert_eq!(
        refused("zktorch verify --vk v --proof f --statement s --model-id 12"),
        ErrorKind::ValueValidation
    );
    assert_eq!(refused("zktorch verify --vk v --proof f"), ErrorKind::MissingRequiredArgument);
}

#[test]
fn info_and_audit() {
    let Command::Info(info) = command("zktorch info f") else { panic!() };
    assert_eq!(info.file, PathBuf::from("f"));
    let Command::Audit(audit) = command("zktorch audit --pk p --vk v m.onnx") else { panic!() };
    assert_eq!(audit.model, PathBuf::from("m.onnx"));
    assert_eq!(refused("zktorch audit --pk p --vk v"), ErrorKind::MissingRequiredArgument);
}

#[test]
fn every_command_takes_the_common_flags() {
    for line in [
        "inspect m",
        "compile m -o z",
        "setup z --pk p --vk v",
        "run z --input x",
        "prove --pk p --input x --proof f --statement s",
        "prove m --input x --out d",
        "verify --vk v --proof f --statement s --any-model",
        "info f",
        "audit --pk p --vk v m",
    ] {
        for full in [
            format!("zktorch {line} --json --threads 2 --quiet --trace t.json"),
            format!("zktorch --json --threads 2 --quiet --trace t.json {line}"),
        ] {
            let common = parse(&full).unwrap().common;
            assert!(common.json && common.quiet && common.threads == Some(2), "{full}");
            assert_eq!(common.trace, Some(PathBuf::from("t.json")), "{full}");
        }
        let common = parse(&format!("zktorch {line}")).unwrap().common;
        assert!(!common.json && !common.quiet && common.threads.is_none() && common.trace.is_none());
    }
    assert_eq!(refused("zktorch info f --threads 0"), ErrorKind::ValueValidation);
    assert_eq!(refused("zktorch info f --threads many"), ErrorKind::ValueValidation);
    assert_eq!(refused("zktorch forge"), ErrorKind::InvalidSubcommand);
    assert_eq!(refused("zktorch --help"), ErrorKind::DisplayHelp);
}
