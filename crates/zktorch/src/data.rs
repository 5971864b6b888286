//! DATA: named tensors from files, images among them. The formats are those of [`zktorch_files::data`].

use std::io::Read as _;
use std::path::Path;

use zktorch_files::data;
pub use zktorch_files::data::{
    Format, MAX_FILE_BYTES, MAX_RANK, Tensor, Values, Wanted, assign, encode_npy_f32, encode_npy_i32,
};

use crate::files::{open, read_limited};
use crate::image::{self, preprocess};
use crate::{Error, ImageSpec};

/// Whether a file begins like an image. Not whether it is one: [`load`] says that.
pub fn is_image(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = open(path).is_ok_and(|(file, _)| file.take(16).read_to_end(&mut start).is_ok());
    read && data::is_image(&start)
}

/// Reads the tensors of a file. Images need a specification, other formats ignore it.
///
/// # Errors
/// [`Error::File`], which names the file and what in it is wrong.
pub fn load(path: &Path, spec: Option<&ImageSpec>) -> Result<Vec<Tensor>, Error> {
    let bytes = read_limited(path, MAX_FILE_BYTES)?;
    Format::detect(path, &bytes)
        .map_err(Error::from)
        .and_then(|format| decode(format, &bytes, spec))
        .map_err(|error| error.at(path))
}

/// Decodes tensors. Images need a specification, other formats ignore it.
///
/// # Errors
/// [`Error::Files`], which says what in the bytes is wrong.
pub fn decode(format: Format, bytes: &[u8], spec: Option<&ImageSpec>) -> Result<Vec<Tensor>, Error> {
    match (format, spec) {
        (Format::Image, Some(spec)) => Ok(vec![preprocess(spec, bytes)?]),
        (Format::Image, None) => Err(Error::format(
            "image",
            "preprocessing",
            "a model that was compiled with --image",
            "a model without image preprocessing",
        )),
        _ => Ok(data::decode(format, bytes)?),
    }
}

/// Preprocesses an image that is decoded: red, green and blue of each pixel, row by row; as [`decode`] does with files.
///
/// # Errors
/// [`Error::Files`] if there are other bytes than three a pixel, or the image is none that the specification takes.
pub fn of_pixels(spec: &ImageSpec, extents: [u32; 2], rgb: Vec<u8>) -> Result<Tensor, Error> {
    Ok(image::of_pixels(spec, extents, rgb)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_needs_to_be_asked_for() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/images/china.jpg");
        assert!(is_image(&path));
        let image = load(&path, None).unwrap_err().to_string();
        assert!(image.contains("china.jpg") && image.contains("--image"), "{image}");
        assert_eq!(load(&path, Some(&"rgb,crop=8".parse().unwrap())).unwrap()[0].dims, [1, 3, 8, 8]);
    }
}
