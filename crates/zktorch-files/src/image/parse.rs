//! The text form of an image specification.

use std::fmt;
use std::str::FromStr;

use super::{Colours, FORMAT, ImageSpec, Layout, Resize};
use crate::Error;

impl FromStr for ImageSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (mut resize, mut crop, mut colours, mut mean, mut std) = (None, None, None, None, None);
        let mut layout = None;
        for item in text.split(',') {
            let (key, value) = match item.split_once('=') {
                Some((key, value)) => (key.trim(), Some(value.trim())),
                None => (item.trim(), None),
            };
            let repeated = match (key, value) {
                ("rgb", None) => colours.replace(Colours::Rgb).is_some(),
                ("gray", None) => colours.replace(Colours::Gray).is_some(),
                ("nchw", None) => layout.replace(Layout::Nchw).is_some(),
                ("nhwc", None) => layout.replace(Layout::Nhwc).is_some(),
                ("resize", Some(value)) => resize.replace(parse_resize(value)?).is_some(),
                ("crop", Some(value)) => {
                    let extents = match parse_extents("crop", value)? {
                        (side, None) => (side, side),
                        (height, Some(width)) => (height, width),
                    };
                    crop.replace(extents).is_some()
                }
                ("mean", Some(value)) => mean.replace(parse_numbers("mean", value)?).is_some(),
                ("std", Some(value)) => std.replace(parse_numbers("std", value)?).is_some(),
                _ => {
                    let expected =
                        "resize=, crop=, rgb or gray, mean=, std=, nchw or nhwc, separated by commas";
                    return Err(Error::format(FORMAT, "item", expected, format!("{item:?}")));
                }
            };
            if repeated {
                let field = match key {
                    "rgb" | "gray" => "colours",
                    "nchw" | "nhwc" => "layout",
                    key => key,
                };
                return Err(Error::format(FORMAT, field, "one value", "several"));
            }
        }
        let colours = colours.unwrap_or(Colours::Rgb);
        let (mean, std) = (mean.unwrap_or_default(), std.unwrap_or_default());
        let spec = Self { resize, crop, colours, mean, std, layout };
        spec.validate()?;
        Ok(spec)
    }
}

fn parse_resize(text: &str) -> Result<Resize, Error> {
    Ok(match parse_extents("resize", text)? {
        (side, None) => Resize::Shorter(side),
        (height, Some(width)) => Resize::Exact(height, width),
    })
}

/// `256` or `240x320` (height, width).
fn parse_extents(field: &str, text: &str) -> Result<(u32, Option<u32>), Error> {
    let number = |part: &str| {
        let refuse =
            |_| Error::format(FORMAT, field, "a number of pixels, or HEIGHTxWIDTH", format!("{text:?}"));
        part.parse().map_err(refuse)
    };
    match text.split_once('x') {
        Some((height, width)) => Ok((number(height)?, Some(number(width)?))),
        None => Ok((number(text)?, None)),
    }
}

fn parse_numbers(field: &str, text: &str) -> Result<Vec<f32>, Error> {
    let refuse = |_| Error::format(FORMAT, field, "numbers separated by /", format!("{text:?}"));
    text.split('/').map(|part| part.trim().parse().map_err(refuse)).collect()
}

impl fmt::Display for ImageSpec {
    /// The form that parses to the same specification.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.resize {
            Some(Resize::Shorter(side)) => write!(f, "resize={side},")?,
            Some(Resize::Exact(height, width)) => write!(f, "resize={height}x{width},")?,
            None => {}
        }
        match self.crop {
            Some((height, width)) if height == width => write!(f, "crop={height},")?,
            Some((height, width)) => write!(f, "crop={height}x{width},")?,
            None => {}
        }
        f.write_str(match self.colours {
            Colours::Rgb => "rgb",
            Colours::Gray => "gray",
        })?;
        for (key, values) in [("mean", &self.mean), ("std", &self.std)] {
            if !values.is_empty() {
                let values: Vec<String> = values.iter().map(f32::to_string).collect();
                write!(f, ",{key}={}", values.join("/"))?;
            }
        }
        match self.layout {
            Some(Layout::Nchw) => f.write_str(",nchw")?,
            Some(Layout::Nhwc) => f.write_str(",nhwc")?,
            None => {}
        }
        Ok(())
    }
}
