//! The SRS of a ceremony that no verifier knows.

use std::fs;

use zktorch_commit::Srs;
use zktorch_field::{Element, Fq, Fr, G1Affine, G2Affine};

use super::support::{Run, cnn, fixture, folder, mlp, succeed, text, zktorch};

/// The modulus of the base field, little-endian.
const MODULUS: [u64; 4] =
    [0x3c20_8c16_d87c_fd47, 0x9781_6a91_6871_ca8d, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn fq(x: &Fq) -> Vec<u8> {
    words(x.limbs())
}

/// A file as snarkjs writes it, with 2^power powers of tau. Those that no import reads are zero.
fn ptau(tau: u64, power: u32) -> Vec<u8> {
    let dev = Srs::dev(4).unwrap();
    let (one, two) = (dev.verifier().g1()[0], dev.verifier().g2()[0]);
    let size = 1usize << power;
    let mut scalar = Fr::from(1u64);
    let (mut g1, mut g2) = (Vec::new(), Vec::new());
    for index in 0..size {
        let point = G1Affine::from(one * scalar);
        g1.extend([fq(&point.x), fq(&point.y)].concat());
        if index < 16 {
            let point = G2Affine::from(two * scalar);
            g2.extend([fq(&point.x.c0), fq(&point.x.c1), fq(&point.y.c0), fq(&point.y.c1)].concat());
        }
        scalar *= Fr::from(tau);
    }
    g1.resize(64 * (2 * size - 1), 0);
    g2.resize(128 * size, 0);
    let header =
        [&32u32.to_le_bytes()[..], &words(&MODULUS), &power.to_le_bytes(), &power.to_le_bytes()].concat();
    let mut file = [&b"ptau"[..], &1u32.to_le_bytes(), &3u32.to_le_bytes()].concat();
    for (kind, content) in [(1u32, header), (2, g1), (3, g2)] {
        file.extend(kind.to_le_bytes());
        file.extend((content.len() as u64).to_le_bytes());
        file.extend(content);
    }
    file
}

fn accepted(run: &Run, source: &str) {
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json = run.json();
    assert_eq!((&json["srs_source"], &json["srs_insecure"]), (&source.into(), &false.into()));
}

#[test]
fn an_srs_of_ones_own_is_accepted_by_its_id_or_with_a_warning() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let [srs, pk, vk, proof, statement] = ["own.ptau", "pk", "vk", "proof", "s.json"].map(file);
    fs::write(&srs, ptau(7, 14)).unwrap();
    let run =
        zktorch(&["setup", &mlp().path("model.zkt"), "--pk", &pk, "--vk", &vk, "--srs", &srs, "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let id = run.json()["srs_id"].as_str().unwrap().to_owned();
    assert!(run.stderr.contains(&format!("--accept-srs {id}")), "{}", run.stderr);
    assert!(!run.stderr.contains("development"), "{}", run.stderr);
    let sample = fixture("digits/sample.npy");
    succeed(&["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement]);
    let all = ["--vk", &vk, "--proof", &proof, "--statement", &statement];
    let verify = |more: &[&str]| mlp().verify(&[&all[..], more].concat());
    verify(&[]).rejected(&id);
    verify(&["--allow-insecure-srs"]).rejected(&id);
    verify(&["--accept-srs", &"0".repeat(64)]).rejected(&id);

    // By its id: the user vouches for it, and nothing is to be said.
    let run = verify(&["--accept-srs", &id]);
    accepted(&run, "accepted_id");
    assert!(!run.stderr.contains(&id), "{}", run.stderr);
    // By the file that setup wrote beside the key: accepted, and said.
    let part = file("vk.srs");
    let run = verify(&["--accept-srs", &part]);
    accepted(&run, "accepted_file");
    assert!(run.stderr.contains("warning: ") && run.stderr.contains(&format!("give it: --accept-srs {id}")));
    let line = ["verify", "--any-model", "--accept-srs", &part];
    let run = zktorch(&[&line[..], &all].concat());
    assert!(run.stdout.lines().any(|line| line == "srs_source: accepted_file"), "{}", run.stdout);
    // A part says what it is, and info of the whole SRS writes the same.
    assert_eq!(succeed(&["info", &part])["srs_id"], id.as_str());
    let own = file("pk.srs");
    let json = succeed(&["info", &own]);
    assert_eq!(json["srs_id"], id.as_str());
    assert_eq!(fs::read(json["srs_part"].as_str().unwrap()).unwrap(), fs::read(&part).unwrap());
    // Accepting one SRS does not vouch for another.
    cnn().verify(&["--accept-srs", &part]).rejected("insecure");
    let run = cnn().verify_insecure(&["--accept-srs", &id]);
    assert_eq!(run.json()["srs_source"], "development");
}

#[test]
fn a_file_that_is_no_srs_part_is_an_error() {
    let files = cnn();
    let vk = files.path("model.vk");
    files
        .verify_insecure(&["--accept-srs", &vk])
        .fails(2, "this is a verifying key (vk), expected the verifier's part");
    let onnx = fixture("digits/cnn.onnx");
    files.verify_insecure(&["--accept-srs", &onnx]).fails(2, "looks like ONNX");
}

#[test]
fn verifiers_know_the_built_in_ones_without_a_file() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let [srs, pk, vk] = ["dev.srs", "pk", "vk"].map(file);
    Srs::dev(14).unwrap().write(&srs).unwrap();
    let run = zktorch(&["setup", &mlp().path("model.zkt"), "--pk", &pk, "--vk", &vk, "--srs", &srs]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("development SRS"), "{}", run.stderr);
    assert!(!folder.path().join("vk.srs").exists());
}
