//! What `--json` prints: one object, with the fields that apply.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::memory::status_bytes;
use crate::outputs::ProvedOutput;
use crate::stages::Split;

/// A part of the work whose time is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From ONNX to a quantised graph.
    Compile,
    /// Keys.
    Setup,
    /// Reading files.
    Load,
    /// Executing the network in integers.
    Witness,
    /// From parsed input to the bytes of the proof, witness included.
    Prove,
    /// Verifying a proof with a checked key.
    Verify,
    /// Checking the verifying key; not part of verifying.
    VkCheck,
}

/// The object that a command prints. Every field but the peak memory is left out until it is set.
///
/// ```
/// use zktorch::report::{Report, Stage};
///
/// let mut report = Report::new("verify");
/// let sum = report.time(Stage::Verify, || 1 + 1);
/// report.proof_bytes = Some(9000);
/// report.note("accepted", sum == 2);
/// let json = report.to_json();
/// assert_eq!(json["command"], "verify");
/// assert_eq!(json["proof_bytes"], 9000);
/// assert_eq!(json["accepted"], true);
/// assert!(json["verify_s"].as_f64().is_some());
/// assert!(json.get("prove_s").is_none());
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    command: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    compile_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setup_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    load_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prove_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verify_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vk_check_s: Option<f64>,
    /// Proving (of `prove_s`) or setup (of `setup_s`) by stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage_s: Option<Split>,
    /// Size of the proof file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_bytes: Option<u64>,
    /// Size of the verifying key's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vk_bytes: Option<u64>,
    /// Size of the proving key's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pk_bytes: Option<u64>,
    /// Cells of the V and H families without padding and constant blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committed_values: Option<u64>,
    /// Largest difference between float and quantised outputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_abs_error: Option<f64>,
    /// What is proved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proved_outputs: Vec<ProvedOutput>,
    #[serde(flatten)]
    notes: BTreeMap<String, Value>,
}

impl Report {
    /// The report of one command.
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), ..Self::default() }
    }

    /// Runs a part of the work and adds its time.
    pub fn time<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.add(stage, start.elapsed());
        result
    }

    /// Adds time that was measured elsewhere.
    pub fn add(&mut self, stage: Stage, elapsed: Duration) {
        let seconds = self.slot(stage);
        *seconds = Some(seconds.unwrap_or(0.0) + elapsed.as_secs_f64());
    }

    /// Seconds spent in a stage so far.
    pub fn seconds(&self, stage: Stage) -> Option<f64> {
        match stage {
            Stage::Compile => self.compile_s,
            Stage::Setup => self.setup_s,
            Stage::Load => self.load_s,
            Stage::Witness => self.witness_s,
            Stage::Prove => self.prove_s,
            Stage::Verify => self.verify_s,
            Stage::VkCheck => self.vk_check_s,
        }
    }

    fn slot(&mut self, stage: Stage) -> &mut Option<f64> {
        match stage {
            Stage::Compile => &mut self.compile_s,
            Stage::Setup => &mut self.setup_s,
            Stage::Load => &mut self.load_s,
            Stage::Witness => &mut self.witness_s,
            Stage::Prove => &mut self.prove_s,
            Stage::Verify => &mut self.verify_s,
            Stage::VkCheck => &mut self.vk_check_s,
        }
    }

    /// Sets a field that belongs to one command.
    pub fn note(&mut self, key: &str, value: impl Into<Value>) {
        self.notes.insert(key.to_owned(), value.into());
    }

    /// A field that was set with [`note`](Self::note).
    pub fn noted(&self, key: &str) -> Option<&Value> {
        self.notes.get(key)
    }

    /// The object, with `peak_rss_bytes` (null where the system does not tell).
    pub fn to_json(&self) -> Value {
        // Maps with text keys and numbers always convert; a float that is not finite becomes null.
        let mut json = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(fields) = &mut json {
            fields.insert("peak_rss_bytes".to_owned(), peak_rss_bytes().into());
        }
        json
    }
}

/// The most memory that this process has had resident, in bytes. Known on Linux.
pub fn peak_rss_bytes() -> Option<u64> {
    status_bytes(&std::fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_per_stage() {
        let stages = [
            (Stage::Compile, "compile_s"),
            (Stage::Setup, "setup_s"),
            (Stage::Load, "load_s"),
            (Stage::Witness, "witness_s"),
            (Stage::Prove, "prove_s"),
            (Stage::Verify, "verify_s"),
            (Stage::VkCheck, "vk_check_s"),
        ];
        for (index, (stage, key)) in stages.into_iter().enumerate() {
            let mut report = Report::new("test");
            assert_eq!(report.seconds(stage), None);
            report.add(stage, Duration::from_millis(250));
            report.add(stage, Duration::from_millis(500 * index as u64));
            let expected = 0.25 + 0.5 * index as f64;
            assert_eq!(report.seconds(stage), Some(expected));
            let json = report.to_json();
            assert_eq!(json[key], expected);
            // command, the time, the peak: nothing else.
            assert_eq!(json.as_object().unwrap().len(), 3);
        }
    }

    #[test]
    fn all_fields() {
        let mut report = Report::new("prove");
        report.time(Stage::Prove, || std::thread::sleep(Duration::from_millis(2)));
        assert!(report.seconds(Stage::Prove).unwrap() >= 0.002);
        (report.proof_bytes, report.vk_bytes, report.pk_bytes) = (Some(1), Some(2), Some(3));
        (report.committed_values, report.max_abs_error) = (Some(4), Some(0.5));
        report.note("model_id_pinned", false);
        let json = report.to_json();
        for (key, value) in [("proof_bytes", 1), ("vk_bytes", 2), ("pk_bytes", 3), ("committed_values", 4)] {
            assert_eq!(json[key], value);
        }
        assert_eq!(json["max_abs_error"], 0.5);
        assert_eq!(json["model_id_pinned"], false);
    }

    #[test]
    fn peak_memory() {
        let parse_peak = |status| status_bytes(status, "VmHWM:");
        assert_eq!(parse_peak("Name:\tx\nVmHWM:\t    1234 kB\nVmRSS:\t1 kB\n"), Some(1234 * 1024));
        for bad in [
            "",
            "VmHWM: 12",
            "VmHWM: x kB",
            "VmHWM: 99999999999999999999 kB",
            "VmHWM: 18446744073709551615 kB",
        ] {
            assert_eq!(parse_peak(bad), None, "{bad}");
        }
        #[cfg(target_os = "linux")]
        assert!(peak_rss_bytes().unwrap() > 100_000);
    }
}
