//! The text form, and its errors.

use super::*;
use crate::fuzz::fuzz;

const IMAGENET: &str = "resize=256,crop=224,rgb,mean=0.485/0.456/0.406,std=0.229/0.224/0.225";

fn spec(text: &str) -> ImageSpec {
    text.parse().unwrap()
}

#[test]
fn text_and_json_round_trip() {
    for text in [
        IMAGENET,
        "gray",
        "rgb",
        "resize=28x30,gray,mean=0.1307,std=0.3081",
        "crop=10x20,rgb,std=1/2/3",
        "gray,nhwc",
        "rgb,mean=0.5/0.5/0.5,nchw",
    ] {
        let spec = spec(text);
        assert_eq!(spec.to_string(), text);
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<ImageSpec>(&json).unwrap(), spec);
    }
    assert_eq!(spec(" mean=0.5/0.5/0.5 , resize=8"), spec("resize=8,rgb,mean=0.5/0.5/0.5"));
}

#[test]
fn errors_name_the_field() {
    let cases = [
        ("", "item: expected resize="),
        ("rgb,,", "item"),
        ("rgb=1", "item"),
        ("resize", "item"),
        ("blur=3", "got \"blur=3\""),
        ("rgb,gray", "colours: expected one value"),
        ("nchw,rgb,nhwc", "layout: expected one value"),
        ("nhwc=1", "item"),
        ("crop=1,crop=2", "crop: expected one value"),
        ("resize=0", "resize: expected 1 to 16384, got 0"),
        ("resize=99999", "resize: expected 1 to"),
        ("resize=8x", "resize: expected a number of pixels"),
        ("crop=-1", "crop: expected a number of pixels"),
        ("rgb,mean=0.5", "mean: expected 3 numbers, one for each channel, got 1"),
        ("gray,std=1/1/1", "std: expected 1 numbers"),
        ("mean=a/b/c", "mean: expected numbers"),
        ("gray,mean=NaN", "mean: expected finite"),
        ("gray,std=0", "std: expected positive"),
        ("gray,std=-1", "std: expected positive"),
        ("gray,std=inf", "std: expected positive"),
    ];
    for (text, expected) in cases {
        let got = text.parse::<ImageSpec>().unwrap_err().to_string();
        assert!(got.contains(expected), "{text}: {got:?} lacks {expected:?}");
    }
    let hostile = ImageSpec { std: vec![0.0], ..spec("gray") };
    assert!(hostile.validate().unwrap_err().to_string().contains("std"));
}

#[test]
fn fuzz_image_spec() {
    fuzz(&[IMAGENET.into(), b"gray,resize=28x28,mean=0.1307,std=0.3081".to_vec()], |bytes| {
        if let Ok(spec) = String::from_utf8_lossy(bytes).parse::<ImageSpec>() {
            assert_eq!(spec.to_string().parse::<ImageSpec>().unwrap(), spec);
        }
    });
}
