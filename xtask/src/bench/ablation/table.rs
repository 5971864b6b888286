//! The table, from the same report that a script would read.

use serde_json::Value;

use super::super::units;

/// Lines of the parts: what is compared, where the seconds of the variants with and without it are.
const PARTS: &[(&str, &str, &str)] = &[
    (
        "parallel tree against one after the other",
        "/accumulation/parallel/seconds",
        "/accumulation/sequential/seconds",
    ),
    (
        "level-synchronous against parallel tree",
        "/accumulation/levels/seconds",
        "/accumulation/parallel/seconds",
    ),
    ("  its verifier", "/accumulation/levels/verify_seconds", "/accumulation/parallel/verify_seconds"),
    ("bucket-shared against separate commitments", "/buckets/shared", "/buckets/separate"),
    ("in the clear against hidden", "/hiding/clear/seconds", "/hiding/hidden/seconds"),
    ("  its verifier", "/hiding/clear/verify_seconds", "/hiding/hidden/verify_seconds"),
];

/// What is timed on both backends.
const BACKENDS: &[(&str, &str)] = &[
    ("accumulation by levels", "levels"),
    ("accumulation in a tree", "parallel"),
    ("bucket-shared commitments", "shared_buckets"),
    ("full-width MSM", "msm_full_width"),
];

fn seconds(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), units::seconds)
}

fn line(what: &str, threads: &str, with: Option<f64>, without: Option<f64>) -> String {
    let ratio =
        with.zip(without).map_or_else(|| "-".to_owned(), |(with, without)| format!("{:.2}", without / with));
    format!("{what:<46} {threads:>7} {:>11} {:>11} {ratio:>7}\n", seconds(with), seconds(without))
}

pub(super) fn table(report: &Value) -> String {
    let run = &report["run"];
    let mut text = format!(
        "{} instances of 2^{} entries, {} threads, {}\n{:<46} {:>7} {:>11} {:>11} {:>7}\n",
        run["instances"],
        run["log_size"],
        run["threads"],
        run["backend"].as_str().unwrap_or("?"),
        "",
        "threads",
        "with",
        "without",
        "ratio"
    );
    let pools = [("one_thread", "1"), ("all_threads", "all")];
    let at = |pointer: &str, pool: &str| report.pointer(pointer)?[pool]["median"].as_f64();
    for (what, with, without) in PARTS {
        for (pool, threads) in pools {
            text.push_str(&line(what, threads, at(with, pool), at(without, pool)));
        }
    }
    let scalars = |mode: &str| report["accumulation"][mode]["error_scalars"].to_string();
    text.push_str(&format!(
        "error scalars: {} by levels, {} pairwise\n",
        scalars("levels"),
        scalars("parallel")
    ));
    let hiding = &report["hiding"];
    text.push_str(&format!(
        "proof: {} B in the clear, {} B hidden ({} rows); mask {}; a hidden message {}, in the clear {}\n",
        hiding["clear"]["proof_bytes"],
        hiding["hidden"]["proof_bytes"],
        hiding["hidden"]["rows"],
        seconds(at("/hiding/mask", "all_threads")),
        seconds(at("/hiding/message/hidden", "one_thread")),
        seconds(at("/hiding/message/clear", "one_thread")),
    ));
    for (what, key) in BACKENDS {
        let entry = &report["backends"][key];
        for (pool, threads) in pools {
            let [here, there] = ["s", "portable_s"].map(|side| entry[pool][side].as_f64());
            if here.is_some() {
                text.push_str(&line(&format!("portable: {what}"), threads, here, there));
            }
        }
    }
    for (model, entry) in report["models"].as_object().into_iter().flatten() {
        text.push_str(&whole(model, entry));
    }
    for figure in report["published"]["figures"].as_array().into_iter().flatten() {
        let bound = figure["at_least"].as_f64().map(|x| format!("at least {x}"));
        let bound = bound.or_else(|| figure["at_most"].as_f64().map(|x| format!("up to {x}")));
        let what = figure["what"].as_str().unwrap_or("?");
        text.push_str(&format!(
            "published ({}): {what}: {}\n",
            report["published"]["system"].as_str().unwrap_or("?"),
            bound.unwrap_or_default()
        ));
    }
    text
}

/// The lines of a whole proof.
fn whole(model: &str, entry: &Value) -> String {
    let [here, there] = ["seconds", "portable_seconds"].map(|key| entry[key]["prove_s"].as_f64());
    let mut text = line(&format!("portable: the whole proof of {model}"), "all", here, there);
    let stages = entry["seconds"]["stage_s"].as_object().into_iter().flatten();
    let stages: Vec<String> = stages.map(|(stage, s)| format!("{stage} {}", seconds(s.as_f64()))).collect();
    if !stages.is_empty() {
        text.push_str(&format!("  stages: {}\n", stages.join(", ")));
    }
    let share = |key: &str| entry["hiding"][key].as_f64().map(|share| format!("{:.1}%", 100.0 * share));
    if let Some((least, most)) = share("least_share").zip(share("most_share")) {
        text.push_str(&format!(
            "  hiding, without its rows: {least} (mask) to {most} (mask and what belongs to no stage)\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ratios_say_how_much_the_part_saves() {
        let times = |s: f64| json!({ "one_thread": { "median": 2.0 * s }, "all_threads": { "median": s } });
        let report = json!({
            "run": { "instances": 8, "log_size": 10, "threads": 2, "backend": "ifma" },
            "accumulation": {
                "levels": { "seconds": times(0.5), "error_scalars": 6 },
                "parallel": { "seconds": times(2.0), "error_scalars": 7 },
                "sequential": { "seconds": times(3.0) },
            },
            "models": { "digits": { "seconds": { "prove_s": 1.0, "stage_s": { "mask": 0.25 } },
                "portable_seconds": { "prove_s": 4.0 }, "hiding": { "least_share": 0.25, "most_share": 0.5 } } },
        });
        let text = table(&report);
        let line = |what: &str| {
            text.lines().filter(|line| line.starts_with(what)).map(str::to_owned).collect::<Vec<_>>()
        };
        let tree = line("parallel tree against");
        assert!(tree.len() == 2 && tree.iter().all(|line| line.ends_with("1.50")), "{text}");
        assert!(line("level-synchronous").iter().all(|line| line.ends_with("4.00")), "{text}");
        assert!(line("bucket-shared").iter().all(|line| line.ends_with('-')), "not measured: {text}");
        assert!(text.contains("error scalars: 6 by levels, 7 pairwise"), "{text}");
        assert!(line("portable: the whole proof of digits")[0].ends_with("4.00"), "{text}");
        assert!(text.contains("25.0% (mask) to 50.0%"), "{text}");
    }
}
