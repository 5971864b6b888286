//! What is known of a model before it is compiled.

use zktorch::{Colours, ImageSpec, Resize};
use zktorch_onnx::Report;

/// The operators whose results the floor counts.
const LINEAR: [&str; 3] = ["Conv", "Gemm", "MatMul"];

/// Twice the numbers, without padding, that Conv, Gemm and MatMul nodes produce in one inference: the points of the floor that
/// proving is measured against. `None` if the extents of such an output are not known.
pub fn floor_points(report: &Report) -> Option<u64> {
    let linear = report.nodes.iter().filter(|node| !node.constant && LINEAR.contains(&node.op.as_str()));
    let numbers = linear.map(|node| Some(node.dims.as_ref()?.iter().map(|dim| *dim as u64).product::<u64>()));
    Some(2 * numbers.sum::<Option<u64>>()?)
}

/// The usual preprocessing for ImageNet, for a model whose only input is 1x3xHxW: the shorter side 256/224 times the extent, the
/// centre, and the usual mean and deviation. An input that is no square gets the whole image, stretched.
pub fn imagenet(inputs: &[(String, Vec<usize>)]) -> Option<ImageSpec> {
    let [(_, dims)] = inputs else { return None };
    let [1, 3, height, width] = dims[..] else { return None };
    let (height, width) = (u32::try_from(height).ok()?, u32::try_from(width).ok()?);
    let (resize, crop) = match height == width {
        // Rounded: 256 for 224, 342 for 299.
        true => (Resize::Shorter(height.checked_mul(8)?.checked_add(3)? / 7), Some((height, width))),
        false => (Resize::Exact(height, width), None),
    };
    Some(ImageSpec {
        resize: Some(resize),
        crop,
        colours: Colours::Rgb,
        mean: vec![0.485, 0.456, 0.406],
        std: vec![0.229, 0.224, 0.225],
        layout: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images() {
        let spec = |dims: &[usize]| Some(imagenet(&[("x".to_owned(), dims.to_vec())])?.to_string());
        let usual = "rgb,mean=0.485/0.456/0.406,std=0.229/0.224/0.225";
        assert_eq!(spec(&[1, 3, 224, 224]).unwrap(), format!("resize=256,crop=224,{usual}"));
        assert_eq!(spec(&[1, 3, 299, 299]).unwrap(), format!("resize=342,crop=299,{usual}"));
        assert_eq!(spec(&[1, 3, 240, 320]).unwrap(), format!("resize=240x320,{usual}"));
        for dims in [&[1, 1, 28, 28][..], &[2, 3, 224, 224], &[3, 224, 224], &[1, 3, 1 << 40, 1 << 40]] {
            assert_eq!(spec(dims), None, "{dims:?}");
        }
        assert!(imagenet(&[]).is_none());
    }
}
