//! The steps on small images whose results are known, and on a photograph.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;
use crate::fuzz::fuzz;

const IMAGENET: &str = "resize=256,crop=224,rgb,mean=0.485/0.456/0.406,std=0.229/0.224/0.225";

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    encoded(image, ImageFormat::Png)
}

fn spec(text: &str) -> ImageSpec {
    text.parse().unwrap()
}

fn photograph() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/images/china.jpg")).unwrap()
}

#[test]
fn channels_are_planes_and_normalised() {
    let image = RgbImage::from_fn(2, 1, |x, _| Rgb([255 * x as u8, 51, 102]));
    let tensor = preprocess(&spec("rgb,mean=0.5/0/0.4,std=0.5/1/2"), &png(image)).unwrap();
    assert_eq!(tensor.dims, [1, 3, 1, 2]);
    assert_eq!(tensor.floats(), [-1.0, 1.0, 0.2, 0.2, 0.0, 0.0]);
    let image = RgbImage::from_fn(2, 1, |x, _| Rgb([255 * x as u8, 51, 102]));
    let tensor = preprocess(&spec("rgb,mean=0.5/0/0.4,std=0.5/1/2,nhwc"), &png(image)).unwrap();
    assert_eq!(tensor.dims, [1, 1, 2, 3]);
    assert_eq!(tensor.floats(), [-1.0, 0.2, 0.0, 1.0, 0.2, 0.0]);
}

#[test]
fn gray_is_luma_and_transparency_is_dropped() {
    let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
    let image = RgbaImage::from_fn(4, 1, |x, _| {
        let [red, green, blue] = colours[x as usize];
        Rgba([red, green, blue, 7])
    });
    let tensor = preprocess(&spec("gray"), &png(image)).unwrap();
    assert_eq!(tensor.dims, [1, 1, 1, 4]);
    assert_eq!(tensor.floats(), [76.0 / 255.0, 150.0 / 255.0, 29.0 / 255.0, 1.0]);
}

#[test]
fn resize_and_crop_geometry() {
    // 5 rows, 9 columns: the shorter side to 10 gives 10 x 18.
    let wide = png(GrayImage::from_fn(9, 5, |x, y| Luma([(20 * x + y) as u8])));
    let shape = |text: &str| preprocess(&spec(text), &wide).unwrap().dims;
    assert_eq!(shape("gray"), [1, 1, 5, 9]);
    assert_eq!(shape("gray,resize=10"), [1, 1, 10, 18]);
    assert_eq!(shape("gray,resize=4"), [1, 1, 4, 7]);
    assert_eq!(shape("gray,resize=3x2"), [1, 1, 3, 2]);
    assert_eq!(shape("gray,resize=10,crop=8"), [1, 1, 8, 8]);
    let tall = png(GrayImage::new(5, 9));
    assert_eq!(preprocess(&spec("rgb,resize=10"), &tall).unwrap().dims, [1, 3, 18, 10]);
    // 4 of 9 columns begin at 2.5, which rounds to 2; 2 of 5 rows at 1.5, which rounds to 2.
    let crop = preprocess(&spec("gray,crop=2x4"), &wide).unwrap();
    let expected: Vec<f32> = (2..4).flat_map(|y| (2..6).map(move |x| (20 * x + y) as f32 / 255.0)).collect();
    assert_eq!(crop.floats(), expected);
    let small = preprocess(&spec("gray,crop=6"), &wide).unwrap_err().to_string();
    assert!(small.contains("at least the crop, 6x6, got 5x9"), "{small}");
}

#[test]
fn resizing_is_antialiased() {
    // Halving averages with the triangle of width 4: weights 1/8, 3/8, 3/8, 1/8.
    let image = GrayImage::from_fn(8, 1, |x, _| Luma([if x % 4 < 2 { 0 } else { 240 }]));
    let tensor = preprocess(&spec("gray,resize=1x4"), &png(image)).unwrap();
    let pixels: Vec<f32> = tensor.floats().iter().map(|x| (x * 255.0).round()).collect();
    // At the borders the weights that are there, 3/7, 3/7, 1/7.
    assert_eq!(pixels, [34.0, 180.0, 60.0, 206.0]);
}

#[test]
fn a_photograph_as_for_imagenet() {
    let tensor = preprocess(&spec(IMAGENET), &photograph()).unwrap();
    assert_eq!(tensor.dims, [1, 3, 224, 224]);
    // Means of the channels as Pillow and NumPy compute them; JPEG decoders differ in the last bit.
    let means: Vec<f64> = tensor
        .floats()
        .chunks(224 * 224)
        .map(|c| c.iter().map(|x| f64::from(*x)).sum::<f64>() / c.len() as f64)
        .collect();
    for (mean, expected) in means.iter().zip(PILLOW_MEANS) {
        assert!((mean - expected).abs() < 0.01, "{means:?}");
    }
    for (index, expected) in PILLOW_SAMPLES {
        let got = f64::from(tensor.floats()[index]);
        assert!((got - expected).abs() < 0.06, "{index}: {got}");
    }
}

const PILLOW_MEANS: [f64; 3] = [0.423_838, 0.503_397, 0.654_094];
const PILLOW_SAMPLES: [(usize, f64); 4] =
    [(0, 1.118_675), (25_000, 1.187_174), (75_000, 1.640_756), (150_527, -1.316_427)];

#[test]
fn pixels_are_as_good_as_a_file() {
    let image = RgbImage::from_fn(7, 5, |x, y| Rgb([30 * x as u8, 50 * y as u8, 9]));
    for text in ["rgb,resize=8,crop=6", "gray", "rgb,nhwc"] {
        let of_file = preprocess(&spec(text), &png(image.clone())).unwrap();
        assert_eq!(of_pixels(&spec(text), [5, 7], image.as_raw().clone()).unwrap(), of_file);
    }
    for (extents, bytes) in [([5, 7], 104), ([5, 7], 106), ([0, 7], 0), ([1 << 31, 1 << 31], 4)] {
        let refused = of_pixels(&spec("rgb"), extents, vec![0; bytes]).unwrap_err().to_string();
        assert!(refused.contains("pixels"), "{refused}");
    }
}

#[test]
fn what_is_no_image_is_refused() {
    let refused = |bytes: &[u8]| preprocess(&spec("rgb"), bytes).unwrap_err().to_string();
    assert!(refused(b"").contains("expected a JPEG or PNG image"));
    assert!(refused(b"GIF89a").contains("expected a JPEG or PNG image"));
    assert!(refused(&photograph()[..100]).contains("readable"));
    // A PNG header that announces 2^31-1 squared pixels.
    let mut bytes = png(GrayImage::new(4, 4));
    bytes[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    assert!(refused(&bytes).contains("readable"));
    // Thin images would grow without bound when the shorter side is resized.
    let thin = png(GrayImage::new(16_000, 1));
    assert!(
        preprocess(&spec("gray,resize=256"), &thin)
            .unwrap_err()
            .to_string()
            .contains("pixels after resizing")
    );
}

#[test]
fn fuzz_image() {
    let small = RgbImage::from_fn(16, 8, |x, y| Rgb([(x * 16) as u8, (y * 32) as u8, 99]));
    let valid = [encoded(small.clone(), ImageFormat::Jpeg), png(small)];
    let spec = spec("gray,resize=4");
    fuzz(&valid, |bytes| {
        if let Ok(tensor) = preprocess(&spec, bytes) {
            assert_eq!(tensor.dims.iter().product::<usize>(), tensor.values.len());
            assert!(tensor.floats().iter().all(|x| (0.0..=1.0).contains(x)));
        }
    });
}

#[test]
fn halves() {
    assert_eq!([0, 1, 2, 3, 4, 5, 7].map(half_to_even), [0, 0, 1, 2, 2, 2, 4]);
}

#[test]
fn a_deserialised_specification_is_checked() {
    let hostile = ImageSpec { std: vec![0.0], ..spec("gray") };
    assert!(preprocess(&hostile, &png(GrayImage::new(1, 1))).unwrap_err().to_string().contains("std"));
}
