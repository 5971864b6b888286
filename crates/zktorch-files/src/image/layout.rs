//! Which input of a model is an image, and in which order its axes are.

use serde::{Deserialize, Serialize};

use super::{ImageSpec, Resize};
use crate::Error;
use crate::data::Wanted;

/// The order of an image's axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Batch, channels, height, width: that of ONNX's own operators.
    Nchw,
    /// Batch, height, width, channels: that of models exported from TensorFlow.
    Nhwc,
}

/// How many channels images have: the extent by which an axis of channels is known.
const CHANNELS: [usize; 3] = [1, 3, 4];

impl Layout {
    /// What the extents of an input say, with or without a batch; none if it is no image. Where both are
    /// possible, as in `[1, 3, 224, 3]`, it is [`Layout::Nchw`].
    pub fn guess(dims: &[usize]) -> Option<Self> {
        let [channels, _, last] = pixels(dims)?;
        match (CHANNELS.contains(&channels), CHANNELS.contains(&last)) {
            (true, _) => Some(Self::Nchw),
            (false, true) => Some(Self::Nhwc),
            (false, false) => None,
        }
    }

    /// Channels, height and width of extents in this order.
    pub(super) fn planes(self, extents: [usize; 3]) -> [usize; 3] {
        match self {
            Self::Nchw => extents,
            Self::Nhwc => [extents[2], extents[0], extents[1]],
        }
    }
}

/// The extents without the batch.
pub(super) fn pixels(dims: &[usize]) -> Option<[usize; 3]> {
    match dims {
        [_, rest @ ..] if dims.len() == 4 => rest.try_into().ok(),
        _ => dims.try_into().ok(),
    }
}

impl ImageSpec {
    /// The specification with the layout of the input that takes the image: the model's only one.
    ///
    /// # Errors
    /// [`Error::Input`] if the model has several inputs, or its input is no image of these channels and this
    /// size.
    pub fn for_inputs(&self, inputs: &[Wanted<'_>]) -> Result<Self, Error> {
        let [input] = inputs else {
            let names: Vec<&str> = inputs.iter().map(|input| input.name).collect();
            return Err(Error::Input {
                input: names.join(", "),
                expected: "one input, for an image (leave --image out)".to_owned(),
                got: inputs.len().to_string(),
            });
        };
        let layout = self.layout.or_else(|| Layout::guess(input.dims));
        match layout.zip(pixels(input.dims)) {
            Some((layout, extents)) if self.fits(layout, extents) => {
                Ok(Self { layout: Some(layout), ..self.clone() })
            }
            _ => Err(Error::Input {
                input: input.name.to_owned(),
                expected: format!(
                    "dimensions of an image with {} for --image {self} (or leave --image out)",
                    match self.colours.channels() {
                        1 => "1 channel".to_owned(),
                        channels => format!("{channels} channels"),
                    }
                ),
                got: format!("{:?}", input.dims),
            }),
        }
    }

    /// Whether the extents are those of what the steps give, as far as these say.
    pub(super) fn fits(&self, layout: Layout, extents: [usize; 3]) -> bool {
        let [channels, height, width] = layout.planes(extents);
        let size = match (self.crop, self.resize) {
            (Some(size), _) => Some(size),
            (None, Some(Resize::Exact(height, width))) => Some((height, width)),
            _ => None,
        };
        let same = |size: (u32, u32)| (size.0 as usize, size.1 as usize) == (height, width);
        channels == self.colours.channels() && size.is_none_or(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(spec: &str, dims: &[usize]) -> Result<Option<Layout>, String> {
        let spec: ImageSpec = spec.parse().unwrap();
        let fitted = spec.for_inputs(&[Wanted { name: "x", dims }]);
        fitted.map(|spec| spec.layout).map_err(|error| error.to_string())
    }

    #[test]
    fn extents_tell_the_layout() {
        let (planes, pixels) = (Ok(Some(Layout::Nchw)), Ok(Some(Layout::Nhwc)));
        assert_eq!(fit("rgb,crop=224", &[1, 3, 224, 224]), planes);
        assert_eq!(fit("rgb,crop=224", &[1, 224, 224, 3]), pixels);
        assert_eq!(fit("rgb", &[224, 224, 3]), pixels);
        assert_eq!(fit("gray,resize=28x30", &[1, 28, 30, 1]), pixels);
        assert_eq!(fit("gray,resize=28x30", &[1, 1, 28, 30]), planes);
        // Both are possible: as ONNX has it, unless the specification says otherwise.
        assert_eq!(fit("rgb", &[1, 3, 4, 3]), planes);
        assert_eq!(fit("rgb,nhwc", &[1, 3, 4, 3]), pixels);
        assert_eq!(Layout::guess(&[1, 4, 9, 9]), Some(Layout::Nchw));
        assert_eq!(Layout::guess(&[1, 9, 9, 4]), Some(Layout::Nhwc));
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for (spec, dims) in [
            ("rgb", &[1, 784][..]),
            ("rgb", &[1, 2, 8, 8]),
            ("rgb", &[1, 1, 8, 8]),
            ("gray", &[1, 3, 8, 8]),
            ("rgb", &[1, 4, 8, 8]),
            ("rgb,nchw", &[1, 8, 8, 3]),
            ("rgb,crop=7", &[1, 3, 8, 8]),
            ("rgb,resize=8x9", &[1, 3, 9, 8]),
            ("rgb", &[1, 1, 3, 8, 8]),
            ("gray", &[]),
        ] {
            let error = fit(spec, dims).unwrap_err();
            assert!(error.starts_with("input x: expected dimensions of an image with "), "{error}");
            assert!(error.ends_with(&format!("got {dims:?}")), "{error}");
        }
        let wanted = |name| Wanted { name, dims: &[1, 3, 8, 8] };
        let spec: ImageSpec = "rgb".parse().unwrap();
        let error = spec.for_inputs(&[wanted("a"), wanted("b")]).unwrap_err().to_string();
        assert!(error.starts_with("input a, b: expected one input"), "{error}");
    }
}
