//! Pages: of a model, of a proof.

use std::fs;

use serde_json::Value;

use super::support::{cnn, fixture, folder, succeed, text, zktorch};

/// The number that a page gives programs in the element with this class.
fn number(page: &str, class: &str) -> u64 {
    let start = format!("class=\"{class}\" value=\"");
    let rest = page.split(&start).nth(1).unwrap();
    rest.split('"').next().unwrap().parse().unwrap()
}

fn sum(nodes: &Value, field: fn(&Value) -> &Value) -> u64 {
    nodes.as_array().unwrap().iter().filter_map(|node| field(node).as_u64()).sum()
}

/// One file that fetches nothing, and writes nothing outside of itself.
fn stands_alone(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    assert!(
        page.contains(
            "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-"
        )
    );
    for outside in ["<script", "http://", "https://", "src=", "url(", "@import", "<link", " style="] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn the_page_of_a_model_has_the_numbers_of_its_report() {
    let folder = folder();
    let path = folder.path().join("page.html");
    for model in ["digits/cnn.onnx", "chars/model.onnx"] {
        let json = succeed(&["inspect", &fixture(model), "--html", &text(&path)]);
        let page = fs::read_to_string(&path).unwrap();
        stands_alone(&page);
        assert!(page.len() < 300_000, "{}", page.len());
        let values = json["committed_values"].as_u64().unwrap();
        assert_eq!(number(&page, "values"), values);
        let of_nodes = sum(&json["nodes"], |node| &node["cost"]["committed_values"]);
        assert_eq!(of_nodes + number(&page, "elsewhere"), values);
        assert_eq!(number(&page, "multiplications"), json["multiplications"].as_u64().unwrap());
        let stages: f64 =
            json["estimated_stage_s"].as_object().unwrap().values().filter_map(Value::as_f64).sum();
        assert!((stages - json["estimated_prove_s"].as_f64().unwrap()).abs() < 1e-9);
        for node in json["nodes"].as_array().unwrap().iter().filter(|node| node["constant"] == false) {
            assert!(page.contains(&format!(">{}<", node["op"].as_str().unwrap())), "{node}");
        }
        let errors = json["nodes"].as_array().unwrap().iter().filter(|node| node["error"].is_object());
        assert!(errors.count() > 2 && page.contains("Quantisation error by layer"));
    }
    zktorch(&["inspect", &fixture("digits/cnn.onnx"), "--html", "/no/such/folder/page"])
        .fails(2, "there is no folder");
    let own = text(&path);
    zktorch(&["inspect", &own, "--html", &own]).fails(2, "--html");
}

#[test]
fn the_page_of_a_proof_says_what_its_bytes_are() {
    let (files, folder) = (cnn(), folder());
    let file = |name: &str| text(&folder.path().join(name));
    let [pk, vk, zkt] = ["shards.pk", "shards.vk", "model.zkt"].map(file);
    fs::copy(files.path("model.zkt"), &zkt).unwrap();
    succeed(&["setup", &zkt, "--pk", &pk, "--vk", &vk, "--shards", "2"]);
    let sample = fixture("digits/sample.npy");
    for key in [files.path("model.pk"), pk] {
        let [proof, statement, page] = ["proof", "statement.json", "page.html"].map(file);
        let args = ["prove", "--pk", &key, "--input", &sample, "--proof", &proof, "--statement", &statement];
        let json = succeed(&[&args[..], &["--report", &page]].concat());
        let html = fs::read_to_string(&page).unwrap();
        stands_alone(&html);
        let bytes = fs::metadata(&proof).unwrap().len();
        assert!(html.contains(&format!("<td><data value=\"{bytes}\">")), "{bytes} bytes");
        let argument = sum(&json["proof_parts"], |part| &part["bytes"]);
        assert!(argument < bytes && bytes - argument < 200, "{argument} of {bytes}");
        assert_eq!(number(&html, "values"), json["committed_values"].as_u64().unwrap());
        for stage in json["stage_s"].as_object().unwrap().keys().filter(|stage| *stage != "other") {
            assert!(html.contains(&format!(">{}<", stage.replace('_', " "))), "{stage}");
        }
        assert!(html.contains(json["model_id"].as_str().unwrap()) && html.contains(">relu<"));
        // It has no float model to compare with.
        assert!(!html.contains("Quantisation error by layer"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[test]
fn in_one_step_the_page_has_the_model() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let (out, page) = (file("out"), file("page.html"));
    let (onnx, sample) = (fixture("digits/cnn.onnx"), fixture("digits/sample.npy"));
    succeed(&["prove", &onnx, "--input", &sample, "--out", &out, "--report", &page]);
    let html = fs::read_to_string(&page).unwrap();
    stands_alone(&html);
    assert!(html.contains(">Conv<") && html.contains("on the proved input"));
}
