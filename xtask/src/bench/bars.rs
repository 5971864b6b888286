//! The bars that the suite and the table of MLPerf's models are judged by.

use serde::{Deserialize, Serialize};

use super::report::{Purpose, Report, Series, Subject};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unit {
    Ratio,
    Seconds,
    Bytes,
}

/// How a number stands to its bar. Smaller is better everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// It reaches what it should reach.
    Stretch,
    /// It reaches what it must reach.
    Pass,
    Missed,
    /// The run did not have what it is about.
    NotMeasured,
}

/// One judged number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Judgement {
    /// A name that stays.
    pub(super) id: String,
    /// The same for readers.
    pub(super) what: String,
    pub(super) unit: Unit,
    /// The median that was measured.
    pub(super) value: Option<f64>,
    /// What it must not exceed.
    pub(super) bar: f64,
    /// What it should not exceed.
    pub(super) stretch: Option<f64>,
    pub(super) verdict: Verdict,
}

/// Where a number comes from.
enum Source {
    /// The median of a key.
    Median(&'static str, Purpose, &'static str),
    /// Computed from the medians of a row.
    Row(&'static str, fn(&Series) -> Option<f64>),
    /// Computed from several models.
    Computed(fn(&Report) -> Option<f64>),
}

impl Source {
    fn value(&self, report: &Report) -> Option<f64> {
        match *self {
            Self::Median(model, purpose, key) => report.find(model, purpose)?.median(key),
            Self::Row(model, compute) => compute(report.find(model, Purpose::Suite)?),
            Self::Computed(compute) => compute(report),
        }
    }

    /// The model that it is about, if it is about one.
    fn model(&self) -> Option<&'static str> {
        match *self {
            Self::Median(model, ..) | Self::Row(model, _) => Some(model),
            Self::Computed(_) => None,
        }
    }
}

struct Bar {
    id: &'static str,
    what: &'static str,
    unit: Unit,
    source: Source,
    bar: f64,
    stretch: Option<f64>,
}

const fn bar(
    id: &'static str,
    what: &'static str,
    unit: Unit,
    source: Source,
    bar: f64,
    stretch: Option<f64>,
) -> Bar {
    Bar { id, what, unit, source, bar, stretch }
}

const fn suite(model: &'static str, key: &'static str) -> Source {
    Source::Median(model, Purpose::Suite, key)
}

/// Bytes are decimal: 20 KB are 20,000 bytes. The floor is the time that arkworks needs for plain commitments to the same values, in
/// a process of its own just before (`docs/performance.md`).
const SUITE: [Bar; 17] = [
    bar(
        "resnet50_prove_over_floor",
        "ResNet-50: proving over the floor",
        Unit::Ratio,
        suite("resnet", "prove_over_floor"),
        0.88,
        Some(0.8),
    ),
    bar(
        "resnet50_verify",
        "ResNet-50: verifying",
        Unit::Seconds,
        suite("resnet", "verify_s"),
        0.013,
        Some(0.009),
    ),
    bar(
        "resnet50_proof",
        "ResNet-50: proof",
        Unit::Bytes,
        suite("resnet", "proof_bytes"),
        11.5e3,
        Some(10e3),
    ),
    bar("lenet_proof", "LeNet-5: proof", Unit::Bytes, suite("lenet", "proof_bytes"), 5.4e3, Some(4.2e3)),
    bar("lenet_verify", "LeNet-5: verifying", Unit::Seconds, suite("lenet", "verify_s"), 0.006, Some(0.004)),
    bar("mlp_proof", "MLP 784-128-10: proof", Unit::Bytes, suite("mlp", "proof_bytes"), 4.6e3, Some(3.6e3)),
    bar(
        "mlp_verify",
        "MLP 784-128-10: verifying",
        Unit::Seconds,
        suite("mlp", "verify_s"),
        0.005,
        Some(0.003),
    ),
    bar(
        "resnet50_memory",
        "ResNet-50: peak memory of proving",
        Unit::Bytes,
        suite("resnet", "peak_rss_bytes"),
        4e9,
        Some(2.5e9),
    ),
    bar(
        "resnet50_setup",
        "ResNet-50: setup with the development SRS",
        Unit::Seconds,
        suite("resnet", "setup_s"),
        30.0,
        Some(6.0),
    ),
    bar(
        "resnet50_srs",
        "ResNet-50: SRS on disk",
        Unit::Bytes,
        suite("resnet", "srs_bytes"),
        140e6,
        Some(68e6),
    ),
    bar(
        "mobilenetv2_prove_over_floor",
        "MobileNetV2: proving over the floor",
        Unit::Ratio,
        suite("mobilenetv2", "prove_over_floor"),
        2.5,
        Some(1.2),
    ),
    bar(
        "mobilenetv2_proof",
        "MobileNetV2: proof",
        Unit::Bytes,
        suite("mobilenetv2", "proof_bytes"),
        20e3,
        Some(12e3),
    ),
    bar(
        "vgg16_prove_over_floor",
        "VGG-16: proving over the floor",
        Unit::Ratio,
        suite("vgg16", "prove_over_floor"),
        2.0,
        Some(0.6),
    ),
    bar(
        "vgg16_setup",
        "VGG-16: setup with the development SRS",
        Unit::Seconds,
        suite("vgg16", "setup_s"),
        60.0,
        Some(15.0),
    ),
    bar(
        "portable_resnet50_prove_over_floor",
        "ResNet-50 on the portable backend: proving over the floor",
        Unit::Ratio,
        Source::Median("resnet", Purpose::Portable, "prove_over_floor"),
        8.0,
        Some(4.0),
    ),
    // Flat means: no trend worth a name over a factor of five in size. The models differ in shape too (padding, kernels, weights), and
    // that alone moves the cost by a third.
    bar(
        "time_per_value_spread",
        "Proving time per committed value, ResNet-18 to VGG-16: largest over smallest",
        Unit::Ratio,
        Source::Computed(|report| report.linearity.time_spread),
        1.5,
        None,
    ),
    bar(
        "memory_per_value_spread",
        "Memory per committed value, ResNet-18 to VGG-16: largest over smallest",
        Unit::Ratio,
        Source::Computed(|report| report.linearity.memory_spread),
        1.5,
        None,
    ),
];

/// Of `cargo xtask bench mlperf`: each row's where it must get on two cores. ResNet-50's are the suite's.
const MLPERF: [Bar; 27] = [
    bar(
        "bert_1_prove",
        "BERT-base, 1 token: proving",
        Unit::Seconds,
        suite("bert-1", "prove_s"),
        2.5,
        Some(1.3),
    ),
    bar(
        "bert_128_prove",
        "BERT-base, 128 tokens: proving",
        Unit::Seconds,
        suite("bert-128", "prove_s"),
        14.0,
        Some(9.0),
    ),
    bar(
        "gpt2_16_prove",
        "GPT-2, 16 tokens: proving",
        Unit::Seconds,
        suite("gpt2-16", "prove_s"),
        4.0,
        Some(2.2),
    ),
    bar(
        "gpt2_16_proof",
        "GPT-2, 16 tokens: proof",
        Unit::Bytes,
        suite("gpt2-16", "proof_bytes"),
        24e3,
        Some(16e3),
    ),
    bar(
        "gpt2_16_verify",
        "GPT-2, 16 tokens: verifying",
        Unit::Seconds,
        suite("gpt2-16", "verify_s"),
        0.060,
        Some(0.025),
    ),
    bar(
        "gpt2_64_prove",
        "GPT-2, 64 tokens: proving",
        Unit::Seconds,
        suite("gpt2-64", "prove_s"),
        9.0,
        Some(6.0),
    ),
    bar(
        "smollm2_64_prove",
        "SmolLM2-135M, 64 tokens: proving",
        Unit::Seconds,
        suite("smollm2-64", "prove_s"),
        12.0,
        Some(8.0),
    ),
    bar(
        "smollm2_64_cosine",
        "SmolLM2-135M, 64 tokens: cosine of the scores with the float model's, below 1",
        Unit::Ratio,
        Source::Row("smollm2-64", |row| Some(1.0 - row.median("min_cosine")?)),
        0.0005,
        Some(0.0002),
    ),
    bar(
        "smollm2_64_perplexity",
        "SmolLM2-135M: perplexity off the float model's, as a share of it",
        Unit::Ratio,
        Source::Row("smollm2-64", |row| {
            Some((row.median("perplexity")? / row.median("float_perplexity")? - 1.0).abs())
        }),
        0.005,
        Some(0.002),
    ),
    bar("rnnt_prove", "RNN-T: proving", Unit::Seconds, suite("rnnt", "prove_s"), 3.0, Some(1.4)),
    bar(
        "llama_layer_prove",
        "One layer of LLaMA-2-7B, 1 token: proving",
        Unit::Seconds,
        suite("llama-layer", "prove_s"),
        2.5,
        Some(1.7),
    ),
    bar(
        "llama_layer_memory",
        "One layer of LLaMA-2-7B, 1 token: peak anonymous memory of proving",
        Unit::Bytes,
        suite("llama-layer", "peak_anon_bytes"),
        2e9,
        Some(1e9),
    ),
    bar(
        "llama_layer_setup",
        "One layer of LLaMA-2-7B: setup with the development SRS",
        Unit::Seconds,
        suite("llama-layer", "setup_s"),
        30.0,
        Some(20.0),
    ),
    bar(
        "llama7b_prove",
        "LLaMA-2-7B, 1 token: proving",
        Unit::Seconds,
        suite("llama7b", "prove_s"),
        90.0,
        Some(45.0),
    ),
    bar(
        "llama7b_memory",
        "LLaMA-2-7B: peak anonymous memory of proving",
        Unit::Bytes,
        suite("llama7b", "peak_anon_bytes"),
        6e9,
        Some(3e9),
    ),
    bar("llama7b_proof", "LLaMA-2-7B: proof", Unit::Bytes, suite("llama7b", "proof_bytes"), 64e3, Some(28e3)),
    bar(
        "llama7b_verify",
        "LLaMA-2-7B: verifying",
        Unit::Seconds,
        suite("llama7b", "verify_s"),
        0.3,
        Some(0.12),
    ),
    bar(
        "llama7b_setup",
        "LLaMA-2-7B: setup with the development SRS",
        Unit::Seconds,
        suite("llama7b", "setup_s"),
        900.0,
        Some(600.0),
    ),
    bar(
        "gptj_prove",
        "GPT-J 6B, 2 tokens: proving",
        Unit::Seconds,
        suite("gptj", "prove_s"),
        90.0,
        Some(45.0),
    ),
    bar(
        "retinanet_prove",
        "RetinaNet, 800x800: proving",
        Unit::Seconds,
        suite("retinanet", "prove_s"),
        180.0,
        Some(105.0),
    ),
    bar(
        "retinanet_memory",
        "RetinaNet: peak anonymous memory of proving",
        Unit::Bytes,
        suite("retinanet", "peak_anon_bytes"),
        8e9,
        None,
    ),
    bar(
        "unet3d_prove",
        "3D U-Net, 128x128x128: proving",
        Unit::Seconds,
        suite("unet3d", "prove_s"),
        450.0,
        Some(320.0),
    ),
    bar(
        "unet3d_memory",
        "3D U-Net: peak anonymous memory of proving",
        Unit::Bytes,
        suite("unet3d", "peak_anon_bytes"),
        12e9,
        None,
    ),
    bar("unet3d_proof", "3D U-Net: proof", Unit::Bytes, suite("unet3d", "proof_bytes"), 512e3, Some(300e3)),
    bar("unet3d_verify", "3D U-Net: verifying", Unit::Seconds, suite("unet3d", "verify_s"), 2.0, None),
    bar("vit_prove", "ViT-B/16: proving", Unit::Seconds, suite("vit", "prove_s"), 25.0, Some(15.0)),
    bar(
        "vit_memory",
        "ViT-B/16: peak anonymous memory of proving",
        Unit::Bytes,
        suite("vit", "peak_anon_bytes"),
        8e9,
        Some(4e9),
    ),
];

/// Judges every bar of the suite, or those of the rows that were to be measured.
pub(super) fn judge(report: &Report) -> Vec<Judgement> {
    let settings = &report.settings;
    let wanted = |bar: &&Bar| {
        let is_model = |model| settings.models.iter().any(|measured| measured == model);
        settings.subject == Subject::Suite || bar.source.model().is_none_or(is_model)
    };
    let bars: &[Bar] = match settings.subject {
        Subject::Suite => &SUITE,
        Subject::MlPerf => &MLPERF,
    };
    let judged = |bar: &Bar| {
        let value = bar.source.value(report);
        Judgement {
            id: bar.id.to_owned(),
            what: bar.what.to_owned(),
            unit: bar.unit,
            value,
            bar: bar.bar,
            stretch: bar.stretch,
            verdict: verdict(value, bar.bar, bar.stretch),
        }
    };
    bars.iter().filter(wanted).map(judged).collect()
}

fn verdict(value: Option<f64>, bar: f64, stretch: Option<f64>) -> Verdict {
    match value {
        None => Verdict::NotMeasured,
        Some(value) if stretch.is_some_and(|stretch| value <= stretch) => Verdict::Stretch,
        Some(value) if value <= bar => Verdict::Pass,
        // A number that is none (0 / 0) has reached nothing.
        Some(_) => Verdict::Missed,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::mlperf::ROWS;
    use super::super::testing::{report, run};
    use super::*;

    #[test]
    fn verdicts() {
        let judge = |value| verdict(value, 2.0, Some(0.5));
        assert_eq!(judge(None), Verdict::NotMeasured);
        assert_eq!(judge(Some(0.5)), Verdict::Stretch);
        assert_eq!(judge(Some(0.6)), Verdict::Pass);
        assert_eq!(judge(Some(2.0)), Verdict::Pass);
        assert_eq!(judge(Some(2.1)), Verdict::Missed);
        assert_eq!(judge(Some(f64::NAN)), Verdict::Missed);
        assert_eq!(verdict(Some(0.1), 2.0, None), Verdict::Pass);
    }

    #[test]
    fn bars_are_ordered_and_named_once() {
        let bars = || SUITE.iter().chain(&MLPERF);
        let ids: BTreeSet<&str> = bars().map(|bar| bar.id).collect();
        assert_eq!(ids.len(), bars().count());
        for bar in bars() {
            assert!(bar.stretch.is_none_or(|stretch| stretch < bar.bar), "{}", bar.id);
        }
    }

    #[test]
    fn judged_on_the_median_of_the_right_series() {
        let mut slow = run(10_000_000, 1.0, 5_000_000_000, 10);
        slow.insert("prove_over_floor".into(), 2.5.into());
        let mut report = report(&[("resnet", slow)]);
        let judged = |report: &Report, id: &str| judge(report).into_iter().find(|bar| bar.id == id).unwrap();
        assert_eq!(judged(&report, "resnet50_prove_over_floor").verdict, Verdict::Missed);
        assert_eq!(judged(&report, "resnet50_memory").value, Some(5e9));
        assert_eq!(judged(&report, "portable_resnet50_prove_over_floor").verdict, Verdict::NotMeasured);
        report.series[0].purpose = Purpose::Portable;
        assert_eq!(judged(&report, "portable_resnet50_prove_over_floor").verdict, Verdict::Stretch);
        assert_eq!(judged(&report, "resnet50_prove_over_floor").verdict, Verdict::NotMeasured);
    }

    #[test]
    fn rows_are_judged_if_they_were_to_be_measured() {
        let mut run = run(10_000_000, 8.0, 5_000_000_000, 10);
        for (key, value) in [("min_cosine", 0.9997), ("perplexity", 20.08), ("float_perplexity", 20.0)] {
            run.insert(key.into(), value.into());
        }
        let mut report = report(&[("smollm2-64", run)]);
        report.settings.subject = Subject::MlPerf;
        report.settings.models.push("vit".into());
        let judged: Vec<_> = judge(&report).into_iter().map(|bar| (bar.id, bar.verdict)).collect();
        let expected = [
            ("smollm2_64_prove", Verdict::Stretch),
            ("smollm2_64_cosine", Verdict::Pass),
            ("smollm2_64_perplexity", Verdict::Pass),
            ("vit_prove", Verdict::NotMeasured),
            ("vit_memory", Verdict::NotMeasured),
        ];
        assert_eq!(judged, expected.map(|(id, verdict)| (id.to_owned(), verdict)));
    }

    #[test]
    fn every_bar_is_about_a_row() {
        for bar in &MLPERF {
            let model = bar.source.model().unwrap();
            assert!(ROWS.iter().any(|row| row.name == model), "{}: {model}", bar.id);
        }
    }
}
