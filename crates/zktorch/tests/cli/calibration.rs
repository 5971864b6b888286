//! Samples from several files, from folders, with an axis of samples; images for inputs that are images.

use std::fs;

use image::{GrayImage, Luma};
use zktorch::data::{self, encode_npy_f32};

use super::support::{fixture, folder, succeed, text, zktorch};

/// The images of the calibration archive.
fn images() -> Vec<f32> {
    let tensors = data::load(fixture("digits/calibration.npz").as_ref(), None).unwrap();
    tensors.into_iter().find(|tensor| tensor.dims.len() == 4).unwrap().floats()
}

#[test]
fn files_and_folders_together_are_one_archive() {
    let folder = folder();
    let at = |name: &str| text(&folder.path().join(name));
    let onnx = fixture("digits/mlp.onnx");
    let images = images();
    let count = images.len() / 64;
    fs::create_dir(at("few")).unwrap();
    // Three single images in a folder, two files of the others: with the batch axis, and with one before it.
    for (index, image) in images.chunks(64).take(3).enumerate() {
        fs::write(at(&format!("few/{index}.npy")), encode_npy_f32(&[1, 8, 8], image).unwrap()).unwrap();
    }
    let half = 64 * (count / 2);
    fs::write(at("b.npy"), encode_npy_f32(&[count / 2 - 3, 1, 8, 8], &images[192..half]).unwrap()).unwrap();
    fs::write(at("c.npy"), encode_npy_f32(&[count - count / 2, 1, 1, 8, 8], &images[half..]).unwrap())
        .unwrap();
    let [few, b, c, zkt, whole] = ["few", "b.npy", "c.npy", "m.zkt", "whole.zkt"].map(at);
    let compile = |out: &str, samples: &[&str]| {
        let flags = samples.iter().flat_map(|sample| ["--calibration", sample]);
        let args: Vec<&str> = ["compile", &onnx, "-o", out].into_iter().chain(flags).collect();
        succeed(&args);
        fs::read(out).unwrap()
    };
    let archive = compile(&whole, &[&fixture("digits/calibration.npz")]);
    assert_eq!(compile(&zkt, &[&few, &b, &c]), archive);
    assert_ne!(compile(&zkt, &[&few]), archive);
    fs::write(at("few/notes.txt"), b"no data").unwrap();
    zktorch(&["compile", &onnx, "-o", &zkt, "--calibration", &few]).fails(2, "notes.txt");
}

#[test]
fn zeros_warn() {
    let folder = folder();
    let (zkt, zeros) = (text(&folder.path().join("m.zkt")), text(&folder.path().join("zeros.npy")));
    fs::write(&zeros, encode_npy_f32(&[20, 1, 8, 8], &[0.0; 20 * 64]).unwrap()).unwrap();
    let run = zktorch(&["compile", &fixture("digits/mlp.onnx"), "-o", &zkt, "--calibration", &zeros]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("input image is zero in every calibration sample"), "{}", run.stderr);
}

#[test]
fn images_are_for_inputs_that_are_images() {
    let folder = folder();
    let at = |name: &str| text(&folder.path().join(name));
    fs::create_dir(at("photos")).unwrap();
    for index in 0..3u32 {
        let image = GrayImage::from_fn(10, 9, |x, y| Luma([(20 * x + y + 7 * index) as u8]));
        image.save(at(&format!("photos/{index}.png"))).unwrap();
    }
    let [zkt, photos, photo] = ["m.zkt", "photos", "photos/1.png"].map(at);
    let (cnn, perceptron) = (fixture("digits/cnn.onnx"), fixture("bench/mlp_784_128_10.onnx"));
    let compile = |onnx: &str, spec: &str| {
        zktorch(&["compile", onnx, "-o", &zkt, "--calibration", &photos, "--image", spec])
    };
    let run = compile(&cnn, "gray,resize=8x8");
    assert_eq!(run.code, 0, "{}", run.stderr);
    succeed(&["run", &zkt, "--input", &photo]);
    for spec in ["rgb,resize=8x8", "gray,resize=9x8", "gray,resize=8x8,nhwc"] {
        compile(&cnn, spec).fails(2, "--image: input image: expected dimensions of an image");
    }
    compile(&perceptron, "gray").fails(2, "got [1, 784]");
    // Without samples too.
    zktorch(&["compile", &perceptron, "-o", &zkt, "--image", "gray"]).fails(2, "leave --image out");
}
