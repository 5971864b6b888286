//! Images as inputs: what is done to one before the model sees it.
//!
//! An [`ImageSpec`] is written `resize=256,crop=224,rgb,mean=0.485/0.456/0.406,std=0.229/0.224/0.225` and stored in the
//! compiled model, so that everybody who feeds it an image gets the same numbers.

mod layout;
mod parse;
mod picture;
#[cfg(test)]
mod tests;

pub use layout::Layout;
pub use picture::Picture;

use serde::{Deserialize, Serialize};

use crate::Error;

pub(crate) const FORMAT: &str = "image specification";
/// The largest extent, in pixels, of an image before, between and after the steps.
pub const MAX_EXTENT: u32 = 16_384;

/// Preprocessing of one image, in this order: decode, convert to the colours, resize, crop, divide by 255, subtract the mean,
/// divide by the standard deviation. The result has dimensions [1, channels, height, width], or [1, height,
/// width, channels] if that is the layout.
///
/// ```
/// use zktorch_files::ImageSpec;
///
/// let text = "resize=256,crop=224,rgb,mean=0.485/0.456/0.406,std=0.229/0.224/0.225";
/// let spec: ImageSpec = text.parse()?;
/// assert_eq!(spec.to_string(), text);
/// # Ok::<(), zktorch_files::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageSpec {
    /// Bilinear resizing with antialiasing.
    pub resize: Option<Resize>,
    /// The central part of this height and width.
    pub crop: Option<(u32, u32)>,
    /// Channels.
    pub colours: Colours,
    /// For each channel; 0 if empty.
    pub mean: Vec<f32>,
    /// For each channel; 1 if empty.
    pub std: Vec<f32>,
    /// Order of the axes; none: what the extents of the model's input say ([`ImageSpec::for_inputs`]).
    #[serde(default)]
    pub layout: Option<Layout>,
}

/// The size to which an image is resized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resize {
    /// `resize=256`: the shorter side gets this length, the other `floor(length * longer / shorter)`.
    Shorter(u32),
    /// `resize=28x28`: exactly this height and width.
    Exact(u32, u32),
}

/// The channels of the tensor. Transparency is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Colours {
    /// Red, green, blue.
    Rgb,
    /// Luma, 0.299 red + 0.587 green + 0.114 blue.
    Gray,
}

impl Colours {
    /// Number of channels.
    pub fn channels(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Gray => 1,
        }
    }
}

impl ImageSpec {
    /// Checks what a parsed specification holds by construction; for one that was deserialised.
    ///
    /// # Errors
    /// [`Error::Format`], which names the field.
    pub fn validate(&self) -> Result<(), Error> {
        let extent =
            |field: &str, extents: [u32; 2]| match extents.iter().find(|e| !(1..=MAX_EXTENT).contains(*e)) {
                Some(bad) => Err(Error::format(FORMAT, field, format!("1 to {MAX_EXTENT}"), bad.to_string())),
                None => Ok(()),
            };
        match self.resize {
            Some(Resize::Shorter(side)) => extent("resize", [side, side])?,
            Some(Resize::Exact(height, width)) => extent("resize", [height, width])?,
            None => {}
        }
        if let Some((height, width)) = self.crop {
            extent("crop", [height, width])?;
        }
        let channels = self.colours.channels();
        for (field, values) in [("mean", &self.mean), ("std", &self.std)] {
            if !values.is_empty() && values.len() != channels {
                let expected = format!("{channels} numbers, one for each channel");
                return Err(Error::format(FORMAT, field, expected, values.len().to_string()));
            }
        }
        if let Some(bad) = self.mean.iter().find(|x| !x.is_finite()) {
            return Err(Error::format(FORMAT, "mean", "finite numbers", bad.to_string()));
        }
        // A subnormal would make infinities.
        if let Some(bad) = self.std.iter().find(|x| !(x.is_normal() && **x > 0.0)) {
            return Err(Error::format(FORMAT, "std", "positive numbers", bad.to_string()));
        }
        Ok(())
    }
}
