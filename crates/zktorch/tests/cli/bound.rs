//! What a proof is tied to beside the numbers: the verifier's context, the preprocessing of images.

use std::fs;

use zktorch::container::Kind;
use zktorch_commit::VerifierSrs;
use zktorch_verifier::{KeyBody, encode_key};

use super::support::{Files, fixture, folder, mlp, succeed, text, zktorch};

#[test]
fn a_proof_is_for_one_context() {
    let (files, folder) = (mlp(), folder());
    let file = |name: &str| text(&folder.path().join(name));
    let [proof, statement, challenge] = ["proof", "s.json", "challenge"].map(file);
    fs::write(&challenge, b"\0\xff nonce 1").unwrap();
    let from_file = format!("@{challenge}");
    let (pk, sample) = (files.path("model.pk"), fixture("digits/sample.npy"));
    let prove = ["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement];
    let both = ["--proof", &proof, "--statement", &statement];
    let verify = |context: &[&str]| files.verify_insecure(&[&both[..], context].concat());
    for (own, other) in [(&["--context", "nonce 1"][..], "nonce 2"), (&["--context", &from_file], "nonce 1")]
    {
        assert_eq!(succeed(&[&prove[..], own].concat())["context"], true);
        let run = verify(own);
        assert_eq!((run.code, &run.json()["context"]), (0, &true.into()), "{}", run.stderr);
        verify(&[]).rejected("without a context");
        verify(&["--context", other]).rejected("with a context of 7 bytes");
    }
    // A proof for nobody is none for a verifier with a challenge.
    files.verify_insecure(&["--context", "nonce 1"]).rejected("with a context of 7 bytes");
    verify(&["--context", "@no/such/file"]).fails(2, "no/such/file");
    fs::write(&challenge, b"").unwrap();
    verify(&["--context", &from_file]).fails(2, "context: length: expected 1 to 65536 bytes, got 0");
    fs::write(&challenge, vec![0; 65537]).unwrap();
    verify(&["--context", &from_file]).fails(2, "65536");
}

/// A key's parts: body, SRS, weight-range proofs.
pub(super) fn edited(files: &Files, edit: impl FnOnce(&mut KeyBody)) -> Vec<u8> {
    let bytes = files.body("model.vk", Kind::VerifyingKey);
    let (body, srs, proofs): (Vec<u8>, Vec<u8>, Vec<Vec<u8>>) = postcard::from_bytes(&bytes).unwrap();
    let mut body: KeyBody = postcard::from_bytes(&body).unwrap();
    edit(&mut body);
    let srs = VerifierSrs::from_bytes(&srs).unwrap();
    let proofs: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
    files.repack("model.vk", &encode_key(&body.to_bytes().unwrap(), &srs, &proofs).unwrap())
}

#[test]
fn preprocessing_is_part_of_the_model() {
    const SPEC: &str = "resize=8x8,gray,mean=0.25,std=0.5";
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let [zkt, pk, vk, proof, statement, png, other] =
        ["m.zkt", "pk", "vk", "proof", "s.json", "a.png", "b.png"].map(file);
    let photo = fixture("images/china.jpg");
    let calibration = fixture("digits/calibration.npz");
    let onnx = fixture("digits/cnn.onnx");
    succeed(&["compile", &onnx, "-o", &zkt, "--calibration", &calibration, "--image", SPEC]);
    let id = succeed(&["setup", &zkt, "--pk", &pk, "--vk", &vk])["model_id"].as_str().unwrap().to_owned();
    assert_eq!(succeed(&["info", &vk])["preprocessing"], SPEC);
    succeed(&["prove", "--pk", &pk, "--input", &photo, "--proof", &proof, "--statement", &statement]);
    let verify = |key: &str, more: &[&str]| {
        let own = ["verify", "--json", "--vk", key, "--proof", &proof, "--statement", &statement];
        zktorch(&[&own[..], &["--allow-insecure-srs"], more].concat())
    };
    let run = verify(&vk, &["--model-id", &id, "--expect-input", &photo]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let compared = run.json()["expected_input"].as_str().unwrap().to_owned();
    assert!(compared.contains("china.jpg as decoded here") && compared.ends_with(SPEC), "{compared}");

    // The same pixels in another file, and others.
    let image = image::open(&photo).unwrap();
    image.save(&png).unwrap();
    image.rotate180().save(&other).unwrap();
    assert_eq!(verify(&vk, &["--model-id", &id, "--expect-input", &png]).code, 0);
    let run = verify(&vk, &["--model-id", &id, "--expect-input", &other]);
    run.rejected("input image: entry 0: expected");
    run.rejected("b.png as decoded here");

    // A key with other preprocessing has another id: its weights are proved as before, but no proof is of that model.
    fs::write(file("model.vk"), fs::read(&vk).unwrap()).unwrap();
    let files = Files::at(folder.path());
    let changed = file("changed");
    let change =
        |text: &str| fs::write(&changed, edited(&files, |body| body.preprocessing = text.to_owned()));
    change("resize=8x8,gray").unwrap();
    verify(&changed, &["--model-id", &id]).rejected("the key is of model");
    verify(&changed, &["--any-model"]).rejected("model_id");
    // One form alone is accepted.
    for bad in ["gray,resize=8x8", "blur=3", "gray "] {
        change(bad).unwrap();
        verify(&changed, &["--any-model"]).fails(2, "preprocessing");
    }
    // A model without it says so.
    mlp().verify_insecure(&["--expect-input", &photo]).fails(2, "--image");
}
