//! EZKL on one model: its stages one after the other.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::capped::{self, Caps, End};

/// The stages, in order; the first only prepares files and computes the float model, the last describes the results.
const STAGES: &[&str] = &[
    "prepare",
    "settings",
    "calibrate",
    "compile",
    "srs",
    "setup",
    "witness",
    "prove",
    "verify",
    "describe",
];
/// Stages that belong to us, not to EZKL: their numbers say nothing about it.
const OURS: &[&str] = &["prepare", "describe"];
/// Files whose size is reported, and their keys.
const FILES: &[(&str, &str)] = &[("vk.key", "vk_bytes"), ("pk.key", "pk_bytes"), ("kzg.srs", "srs_bytes")];

/// One model on EZKL's side.
pub(super) struct Ezkl<'a> {
    pub(super) python: &'a Path,
    pub(super) script: &'a Path,
    pub(super) folder: &'a Path,
    pub(super) model: &'a Path,
    pub(super) input: &'a Path,
    pub(super) calibration: &'a Path,
    pub(super) params: &'a str,
    pub(super) target: &'a str,
    pub(super) caps: Caps,
}

impl Ezkl<'_> {
    /// Runs the stages until the last or until one goes over a cap or fails: that is part of the report.
    pub(super) fn measure(&self) -> Result<Map<String, Value>> {
        // Files of an earlier run must not be taken for this one's.
        if self.folder.exists() {
            fs::remove_dir_all(self.folder)
                .with_context(|| format!("cannot empty {}", self.folder.display()))?;
        }
        fs::create_dir_all(self.folder)
            .with_context(|| format!("cannot create {}", self.folder.display()))?;
        let mut report = Map::new();
        let mut stages = Map::new();
        report.insert("stopped".into(), Value::Null);
        for stage in STAGES {
            eprintln!("$ ezkl {stage} {}", self.model.display());
            let ended = capped::run(&mut self.command(stage), self.caps, self.folder, stage)?;
            let mut entry = json!({ "wall_s": ended.wall.as_secs_f64(), "peak_rss_bytes": ended.peak });
            let reason = match ended.end {
                End::Done(text) => {
                    let mut found = last_object(&text).with_context(|| format!("ezkl {stage}"))?;
                    // The process itself saw its peak; the watcher looks now and then.
                    let own =
                        found.remove("peak_rss_bytes").and_then(|peak| peak.as_u64()).unwrap_or_default();
                    entry["peak_rss_bytes"] = json!(own.max(ended.peak));
                    if let Some(seconds) = found.remove("call_s") {
                        entry["call_s"] = seconds;
                    }
                    report.extend(found);
                    None
                }
                End::Over(cap) => Some(cap),
                End::Failed(_) if OURS.contains(stage) => bail!("{stage}: {:?}", ended.end),
                End::Failed(failure) => Some(failure.text),
            };
            if !OURS.contains(stage) {
                stages.insert((*stage).to_owned(), entry);
            }
            if let Some(reason) = reason {
                eprintln!("ezkl {stage}: {reason}");
                report.insert("stopped".into(), json!({ "stage": stage, "reason": reason }));
                break;
            }
        }
        let peak = |stage: &str| stages.get(stage).and_then(|entry| entry["peak_rss_bytes"].as_u64());
        report.insert("peak_rss_bytes".into(), json!(peak("prove")));
        for (file, key) in FILES {
            let bytes = fs::metadata(self.folder.join(file)).ok().map(|file| file.len());
            report.insert((*key).to_owned(), json!(bytes));
        }
        report.insert("stages".into(), Value::Object(stages));
        Ok(report)
    }

    fn command(&self, stage: &str) -> Command {
        let mut command = Command::new(self.python);
        command.arg(self.script).arg(stage).arg("--dir").arg(self.folder).arg("--model").arg(self.model);
        command.arg("--input").arg(self.input).arg("--calibration").arg(self.calibration);
        command.args(["--params", self.params, "--target", self.target]);
        command
    }
}

/// The object on the last line: libraries print before it what they like.
fn last_object(text: &str) -> Result<Map<String, Value>> {
    let line = text.lines().rfind(|line| !line.trim().is_empty()).context("it printed nothing")?;
    serde_json::from_str(line)
        .with_context(|| format!("expected a JSON object on the last line, found {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() -> Result<()> {
        let object = last_object("a table\n{\"call_s\": 1}\n{\"call_s\": 2}\n\n")?;
        assert_eq!(object.get("call_s"), Some(&json!(2)));
        assert!(last_object("no object").is_err() && last_object("").is_err());
        Ok(())
    }

    // Memory is watched through /proc.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_stage_that_goes_over_is_reported() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("zktorch-ezkl-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let script = folder.join("stage.sh");
        fs::write(
            &script,
            "case $1 in setup) exec sleep 60;; prepare) echo '{\"float_output\": [1]}';; *) echo '{\"call_s\": 0.5}';; esac",
        )?;
        let ezkl = Ezkl {
            python: Path::new("sh"),
            script: &script,
            folder: &folder.join("work"),
            model: Path::new("model.onnx"),
            input: Path::new("input.json"),
            calibration: Path::new("calibration.json"),
            params: "private",
            target: "resources",
            caps: Caps { time: std::time::Duration::from_secs(1), memory: 1 << 32 },
        };
        let report = ezkl.measure();
        fs::remove_dir_all(&folder)?;
        let report = Value::Object(report?);
        assert_eq!(report["stopped"], json!({ "stage": "setup", "reason": "over 1 s" }));
        assert_eq!(report["float_output"], json!([1]));
        assert_eq!(report["stages"]["srs"]["call_s"], json!(0.5));
        assert_eq!(report["stages"].get("prove"), None);
        assert_eq!(report["peak_rss_bytes"], Value::Null);
        Ok(())
    }
}
