//! From the bytes of an image to a tensor, as an [`ImageSpec`] says.
//!
//! The steps are those of the usual Python pipelines (bilinear resizing with antialiasing, on 8-bit channels; floor of the
//! longer side; the crop's offset rounded half to even), so that accuracies measured there carry over. Orientation tags and
//! colour profiles are ignored, as they are there.

#[cfg(test)]
mod tests;

use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageReader, Limits, RgbImage};

use zktorch_files::data::{Tensor, is_image};
use zktorch_files::{Colours, Error, ImageSpec, Layout, MAX_EXTENT, Resize};

/// Most bytes that a decoder allocates: 512 MiB.
const MAX_DECODED: u64 = 512 << 20;
/// Most pixels after resizing.
const MAX_PIXELS: u64 = 1 << 26;

/// Decodes and preprocesses a JPEG or PNG image.
///
/// # Errors
/// [`Error::Format`] if the specification is invalid, the bytes are no such image, or the image is too large, or smaller than
/// the crop.
pub(crate) fn preprocess(spec: &ImageSpec, bytes: &[u8]) -> Result<Tensor, Error> {
    spec.validate()?;
    prepared(spec, decode(bytes)?.into_rgb8())
}

/// Preprocesses an image that is decoded: red, green and blue of each pixel, row by row.
///
/// # Errors
/// [`Error::Format`] if the specification is invalid, there are other bytes than three a pixel, or the image is too large, or
/// smaller than the crop.
pub(crate) fn of_pixels(spec: &ImageSpec, [height, width]: [u32; 2], rgb: Vec<u8>) -> Result<Tensor, Error> {
    spec.validate()?;
    if [height, width].iter().any(|extent| !(1..=MAX_EXTENT).contains(extent)) {
        let expected = format!("from 1x1 to {MAX_EXTENT}x{MAX_EXTENT} pixels");
        return Err(Error::format("image", "size", expected, format!("{height}x{width}")));
    }
    let got = rgb.len();
    let image = RgbImage::from_raw(width, height, rgb);
    // A buffer that is longer is taken, too.
    match image.filter(|image| image.as_raw().len() as u64 == 3 * u64::from(height) * u64::from(width)) {
        Some(image) => prepared(spec, image),
        None => {
            let expected = format!("3 bytes for each of {height}x{width} pixels");
            Err(Error::format("image", "content", expected, format!("{got} bytes")))
        }
    }
}

fn prepared(spec: &ImageSpec, decoded: RgbImage) -> Result<Tensor, Error> {
    let image = match spec.colours {
        Colours::Rgb => DynamicImage::ImageRgb8(decoded),
        Colours::Gray => DynamicImage::ImageLuma8(luma(&decoded)),
    };
    let image = resized(spec, image)?;
    let image = cropped(spec, image)?;
    tensor(spec, &image)
}

fn resized(spec: &ImageSpec, image: DynamicImage) -> Result<DynamicImage, Error> {
    let (height, width) = match spec.resize {
        None => return Ok(image),
        Some(Resize::Exact(height, width)) => (height, width),
        Some(Resize::Shorter(side)) => {
            let longer = |long: u32, short: u32| {
                let scaled = u64::from(side) * u64::from(long) / u64::from(short.max(1));
                u32::try_from(scaled).unwrap_or(u32::MAX)
            };
            let (height, width) = (image.height(), image.width());
            if height <= width { (side, longer(width, height)) } else { (longer(height, width), side) }
        }
    };
    if u64::from(height) * u64::from(width) > MAX_PIXELS {
        let expected = format!("at most {MAX_PIXELS} pixels after resizing");
        return Err(Error::format("image", "size", expected, format!("{height}x{width}")));
    }
    if (height, width) == (image.height(), image.width()) {
        return Ok(image);
    }
    Ok(match image {
        DynamicImage::ImageLuma8(gray) => imageops::resize(&gray, width, height, FilterType::Triangle).into(),
        other => imageops::resize(&other.into_rgb8(), width, height, FilterType::Triangle).into(),
    })
}

fn cropped(spec: &ImageSpec, image: DynamicImage) -> Result<DynamicImage, Error> {
    let Some((height, width)) = spec.crop else {
        return Ok(image);
    };
    match (image.height().checked_sub(height), image.width().checked_sub(width)) {
        (Some(rows), Some(columns)) => {
            Ok(image.crop_imm(half_to_even(columns), half_to_even(rows), width, height))
        }
        _ => {
            let expected = format!("at least the crop, {height}x{width}");
            let got = format!("{}x{}", image.height(), image.width());
            Err(Error::format("image", "size", expected, got))
        }
    }
}

/// (x / 255 - mean) / std, channel by channel.
fn tensor(spec: &ImageSpec, image: &DynamicImage) -> Result<Tensor, Error> {
    let channels = spec.colours.channels();
    let (height, width) = (image.height() as usize, image.width() as usize);
    let normalised = |channel: usize, byte: u8| {
        let mean = spec.mean.get(channel).copied().unwrap_or(0.0);
        let std = spec.std.get(channel).copied().unwrap_or(1.0);
        (f32::from(byte) / 255.0 - mean) / std
    };
    let bytes = image.as_bytes();
    if spec.layout == Some(Layout::Nhwc) {
        // As the decoder has them: the channels of a pixel side by side.
        let pixels = bytes.chunks_exact(channels).flat_map(|pixel| pixel.iter().enumerate());
        let data: Vec<f32> = pixels.map(|(channel, byte)| normalised(channel, *byte)).collect();
        return Tensor::new(None, vec![1, height, width, channels], data);
    }
    let mut data = Vec::with_capacity(bytes.len());
    for channel in 0..channels {
        let plane = bytes.iter().skip(channel).step_by(channels);
        data.extend(plane.map(|byte| normalised(channel, *byte)));
    }
    Tensor::new(None, vec![1, channels, height, width], data)
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, Error> {
    if !is_image(bytes) {
        return Err(Error::format("image", "content", "a JPEG or PNG image", "other bytes"));
    }
    let damaged = |got: String| Error::format("image", "content", "a readable JPEG or PNG image", got);
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| damaged(error.to_string()))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_EXTENT);
    limits.max_image_height = Some(MAX_EXTENT);
    limits.max_alloc = Some(MAX_DECODED);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| damaged(error.to_string()))?;
    if image.width() == 0 || image.height() == 0 {
        return Err(Error::format("image", "size", "at least one pixel", "none"));
    }
    Ok(image)
}

/// ITU-R BT.601 luma, rounded to 8 bits: weights 0.299, 0.587, 0.114 in units of 2^-16, which sum to 1.
fn luma(image: &RgbImage) -> GrayImage {
    let luma = |[red, green, blue]: [u8; 3]| {
        let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
        (sum + (1 << 15)).to_le_bytes()[2] // divided by 2^16; the sum is below 2^24
    };
    let mut gray = GrayImage::new(image.width(), image.height());
    for (to, from) in gray.pixels_mut().zip(image.pixels()) {
        to.0 = [luma(from.0)];
    }
    gray
}

/// n / 2, halves to the even neighbour.
fn half_to_even(n: u32) -> u32 {
    let half = n / 2;
    if n % 2 == 1 { half + half % 2 } else { half }
}
