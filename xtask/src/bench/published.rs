//! What others report or were seen to need, for the table beside our own figures. Different machines: orders of magnitude are what
//! can be compared.

use super::report::Subject;

/// Where a figure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Its authors' own.
    Published,
    /// Their code, run by us on two cores.
    Measured,
}

/// One system on one model. What is not known is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    pub(super) system: &'static str,
    /// Our name of the model that it is compared with.
    pub(super) model: &'static str,
    /// What differs from that model.
    pub(super) note: &'static str,
    pub(super) prove_s: f64,
    pub(super) verify_s: Option<f64>,
    pub(super) proof_bytes: Option<f64>,
    /// Peak memory of proving.
    pub(super) memory_bytes: Option<f64>,
    pub(super) hardware: &'static str,
    pub(super) source: &'static str,
    pub(super) origin: Origin,
}

const NOT_STATED: &str = "as in the paper, not restated here";
const TWO_CORES: &str = "2 cores";

/// ZKTorch's own figure of a model.
const fn zktorch(
    model: &'static str,
    prove_s: f64,
    verify_s: Option<f64>,
    proof_bytes: Option<f64>,
) -> Figure {
    Figure {
        system: "ZKTorch",
        model,
        note: "",
        prove_s,
        verify_s,
        proof_bytes,
        memory_bytes: None,
        hardware: "64 threads, machine with 4 TB of memory",
        source: "arXiv 2507.07031",
        origin: Origin::Published,
    }
}

/// A proving time of another system.
const fn other(system: &'static str, model: &'static str, prove_s: f64, hardware: &'static str) -> Figure {
    Figure { system, hardware, source: "its authors", ..zktorch(model, prove_s, None, None) }
}

const RESNET_50: Figure = zktorch("resnet", 6270.0, Some(62.8), Some(85e3));
const BERT: Figure = zktorch("bert-1", 880.0, Some(26.7), Some(4.9e6));
const GPT2: Figure = zktorch("gpt2-16", 599.0, Some(12.0), None);
/// Where ZKTorch's authors give one figure for a model that has several rows here.
const NO_LENGTH: &str = "the number of tokens is not restated here";

/// What a report has beside its own figures.
pub(super) fn figures(subject: Subject) -> &'static [Figure] {
    match subject {
        Subject::Suite => &SUITE,
        Subject::MlPerf => &MLPERF,
    }
}

/// By model.
const SUITE: [Figure; 7] = [
    RESNET_50,
    Figure {
        system: "ZKML",
        model: "mobilenetv2",
        note: "",
        prove_s: 1225.0,
        verify_s: None,
        proof_bytes: None,
        memory_bytes: None,
        hardware: NOT_STATED,
        source: "EuroSys 2024",
        origin: Origin::Published,
    },
    Figure {
        system: "zkCNN",
        model: "vgg16",
        note: "images of 32x32 instead of 224x224",
        prove_s: 88.0,
        verify_s: None,
        proof_bytes: None,
        memory_bytes: None,
        hardware: NOT_STATED,
        source: "CCS 2021",
        origin: Origin::Published,
    },
    Figure {
        system: "EZKL",
        model: "lenet",
        note: "",
        prove_s: 100.0,
        verify_s: Some(0.6),
        proof_bytes: None,
        memory_bytes: Some(11e9),
        hardware: TWO_CORES,
        source: "its release, run by us",
        origin: Origin::Measured,
    },
    Figure {
        system: "EZKL",
        model: "mlp-large",
        note: "",
        prove_s: 49.0,
        verify_s: None,
        proof_bytes: None,
        memory_bytes: None,
        hardware: TWO_CORES,
        source: "its release, run by us",
        origin: Origin::Measured,
    },
    Figure {
        system: "EZKL",
        model: "mlp",
        note: "",
        prove_s: 5.9,
        verify_s: None,
        proof_bytes: None,
        memory_bytes: None,
        hardware: TWO_CORES,
        source: "its release, run by us",
        origin: Origin::Measured,
    },
    Figure {
        system: "ZKTorch",
        model: "mlp",
        note: "after a setup of 77 s",
        prove_s: 0.27,
        verify_s: None,
        proof_bytes: Some(145e3),
        memory_bytes: None,
        hardware: TWO_CORES,
        source: "its code, run by us",
        origin: Origin::Measured,
    },
];

/// By row, then models that have none yet.
const MLPERF: [Figure; 14] = [
    Figure { note: NO_LENGTH, ..BERT },
    Figure { model: "bert-128", note: NO_LENGTH, ..BERT },
    Figure { note: NO_LENGTH, ..GPT2 },
    Figure {
        proof_bytes: Some(2.7e6),
        note: "zero-knowledge",
        ..other("Jolt Atlas", "gpt2-16", 23.4, "Apple M3")
    },
    Figure { note: NO_LENGTH, ..other("NANOZK", "gpt2-16", 43.0, NOT_STATED) },
    Figure { model: "gpt2-64", note: NO_LENGTH, ..GPT2 },
    Figure { note: "not zero-knowledge", ..other("DeepProve", "gpt2-64", 48.0, "24 cores") },
    zktorch("rnnt", 19.4, None, None),
    RESNET_50,
    zktorch("llama7b", 2645.0, Some(100.0), Some(22.9e6)),
    zktorch("gptj", 1398.0, None, None),
    zktorch("retinanet", 53_052.0, None, None),
    zktorch("unet3d", 568_543.0, None, None),
    zktorch("SDXL", 68_950.0, None, None),
];
