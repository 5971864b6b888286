//! What others report or were seen to need, for the table beside our own figures. Different machines: orders of magnitude are what
//! can be compared.

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

/// By model.
pub(super) const FIGURES: [Figure; 7] = [
    Figure {
        system: "ZKTorch",
        model: "resnet",
        note: "",
        prove_s: 6270.0,
        verify_s: Some(62.8),
        proof_bytes: Some(85e3),
        memory_bytes: None,
        hardware: "64 threads, machine with 4 TB of memory",
        source: "arXiv 2507.07031",
        origin: Origin::Published,
    },
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
