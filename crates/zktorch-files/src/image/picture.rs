//! What a tensor looks like.

use super::layout::{Layout, pixels};
use super::{ImageSpec, MAX_EXTENT};
use crate::statement::StatementTensor;

/// A tensor as an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// Red, green, blue and an opaque alpha, row by row.
    pub rgba: Vec<u8>,
    /// Whether these are the image's own colours: a specification said how they became numbers. Otherwise the smallest number is
    /// black and the largest one white.
    pub own_colours: bool,
}

impl Picture {
    /// The picture of one public image: with the specification of how it was made, or if its extents are [1, channels, height, width]
    /// (or channels last) with 1 or 3 channels. None of anything else.
    pub fn of(tensor: &StatementTensor, spec: Option<&ImageSpec>) -> Option<Self> {
        let layout = spec.and_then(|spec| spec.layout).or_else(|| Layout::guess(&tensor.dims))?;
        let extents = pixels(&tensor.dims)?;
        let spec = spec.filter(|spec| spec.fits(layout, extents));
        let [channels, height, width] = layout.planes(extents);
        let limit = 2..=MAX_EXTENT as usize;
        let is_image = [1, 3].contains(&channels) && limit.contains(&height) && limit.contains(&width);
        // Three axes without a specification are rather a sequence of vectors.
        if !is_image || tensor.dims.first() != Some(&1) || (spec.is_none() && tensor.dims.len() != 4) {
            return None;
        }
        let values = tensor.real()?;
        let shade: Box<dyn Fn(usize, f64) -> f64> = match spec {
            Some(spec) => {
                let of =
                    |list: &[f32], channel: usize, default| list.get(channel).copied().unwrap_or(default);
                Box::new(move |channel, value| {
                    value * f64::from(of(&spec.std, channel, 1.0)) + f64::from(of(&spec.mean, channel, 0.0))
                })
            }
            None => {
                let lo = values.iter().copied().fold(f64::INFINITY, f64::min);
                let hi = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let span = if hi > lo { hi - lo } else { 1.0 };
                Box::new(move |_, value| (value - lo) / span)
            }
        };
        let at = |channel: usize, pixel: usize| match layout {
            Layout::Nchw => channel * height * width + pixel,
            Layout::Nhwc => pixel * channels + channel,
        };
        let mut rgba = Vec::with_capacity(4 * height * width);
        for pixel in 0..height * width {
            for colour in 0..3 {
                let channel = colour.min(channels - 1);
                let value = values.get(at(channel, pixel)).copied()?;
                rgba.push((shade(channel, value) * 255.0).round().clamp(0.0, 255.0) as u8);
            }
            rgba.push(u8::MAX);
        }
        Some(Self { width, height, rgba, own_colours: spec.is_some() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::TensorValue;

    fn tensor(dims: &[usize], integers: Vec<i32>) -> StatementTensor {
        let value = TensorValue::Public(integers);
        StatementTensor {
            name: "x".to_owned(),
            dims: dims.to_vec(),
            scale: 0,
            zero: 0,
            multiplier: 1.0,
            value,
        }
    }

    fn colours(picture: &Picture) -> Vec<[u8; 3]> {
        picture.rgba.chunks(4).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
    }

    #[test]
    fn numbers_become_shades() {
        let picture = Picture::of(&tensor(&[1, 1, 2, 2], vec![-1, 0, 1, 3]), None).unwrap();
        assert_eq!((picture.width, picture.height, picture.own_colours), (2, 2, false));
        assert_eq!(colours(&picture), [[0; 3], [64; 3], [128; 3], [255; 3]]);
        assert!(picture.rgba.iter().skip(3).step_by(4).all(|alpha| *alpha == 255));
        let flat = Picture::of(&tensor(&[1, 1, 2, 2], vec![7; 4]), None).unwrap();
        assert_eq!(colours(&flat), [[0; 3]; 4]);
    }

    #[test]
    fn what_was_done_to_the_image_is_undone() {
        let spec: ImageSpec = "rgb,mean=0.5/0.5/0,std=0.5/0.5/1".parse().unwrap();
        let planes = vec![1, -1, 0, 9, /* green */ -1, 1, 0, 0, /* blue */ 0, 0, 1, 0];
        let expected = [[255, 0, 0], [0, 255, 0], [128, 128, 255], [255, 128, 0]];
        let picture = Picture::of(&tensor(&[1, 3, 2, 2], planes), Some(&spec)).unwrap();
        assert_eq!(colours(&picture), expected);
        assert!(picture.own_colours);
        let pixels = vec![1, -1, 0, -1, 1, 0, 0, 0, 1, 9, 0, 0];
        let picture = Picture::of(&tensor(&[1, 2, 2, 3], pixels), Some(&spec)).unwrap();
        assert_eq!(colours(&picture), expected);
    }

    #[test]
    fn what_is_no_image_has_no_picture() {
        for dims in
            [&[4][..], &[1, 4], &[2, 1, 2, 2], &[1, 1, 1, 4], &[1, 4, 1, 1], &[1, 2, 2], &[1, 2, 1, 2]]
        {
            let entries = dims.iter().product();
            assert_eq!(Picture::of(&tensor(dims, vec![0; entries]), None), None, "{dims:?}");
        }
        let hidden =
            StatementTensor { value: TensorValue::Private(Vec::new()), ..tensor(&[1, 1, 2, 2], vec![]) };
        assert_eq!(Picture::of(&hidden, None), None);
        // A specification of other images than this.
        let spec: ImageSpec = "gray,crop=4".parse().unwrap();
        let picture = Picture::of(&tensor(&[1, 1, 2, 2], vec![0, 1, 2, 3]), Some(&spec)).unwrap();
        assert!(!picture.own_colours);
    }
}
