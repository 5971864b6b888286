//! `compile --saturate`: no input is out of range.

use std::fs;

use super::support::{Files, fixture, folder, succeed, text, zktorch};

#[test]
fn what_is_out_of_range_is_clamped_and_proved() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let [zkt, pk, vk, input] = ["model.zkt", "model.pk", "model.vk", "input.json"].map(file);
    let [proof, statement] = ["proof.bin", "statement.json"].map(file);
    let (onnx, calibration) = (fixture("digits/mlp.onnx"), fixture("digits/calibration.npz"));
    let told = succeed(&["compile", &onnx, "-o", &zkt, "--calibration", &calibration, "--saturate"]);
    assert_eq!(told["saturate"], true);
    assert!(told["clamped_values"].as_u64().is_some_and(|count| count > 0), "{told}");
    assert_eq!(succeed(&["info", &zkt])["clamped_values"], told["clamped_values"]);
    let inspected = |more: &[&str]| succeed(&[&["inspect", &onnx][..], more].concat());
    assert_eq!(inspected(&[])["clamped_values"], 0);
    assert!(inspected(&["--saturate"])["clamped_values"].as_u64().is_some_and(|count| count > 0));
    succeed(&["setup", &zkt, "--pk", &pk, "--vk", &vk]);
    // Pixels of a million beside zeros.
    let pixels: Vec<f64> = (0..64).map(|i| if i % 3 == 0 { 1e6 } else { 0.0 }).collect();
    let image: Vec<&[f64]> = pixels.chunks(8).collect();
    fs::write(&input, serde_json::to_vec(&[[image]]).unwrap()).unwrap();
    let prove = ["prove", "--pk", &pk, "--input", &input, "--proof", &proof, "--statement", &statement];
    let run = zktorch(&prove);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("input image: 22 values are clamped to ["), "{}", run.stderr);
    let files = Files::at(folder.path());
    assert_eq!(files.verify_insecure(&[]).code, 0);
    let audit = zktorch(&["audit", "--json", "--pk", &pk, "--vk", &vk, &onnx]);
    assert_eq!(audit.code, 0, "{}", audit.stderr);
    // The statement has what the pixels are clamped to: it is not about those that were given.
    files.verify_insecure(&["--expect-input", &input]).fails(2, "image");
}
