//! Statements about a model's accuracy on a labelled test set, and how pixels become its input.
//!
//! ```json
//! {
//!   "version": 1,
//!   "claim": "accuracy",
//!   "model_id": "...64 digits...",
//!   "srs_id": "...64 digits...",
//!   "set_id": "...64 digits...",
//!   "images": 899,
//!   "top": 1,
//!   "at_least": 880,
//!   "pixels": {"scale": 16.0, "mean": [], "std": [], "layout": "nchw"}
//! }
//! ```
//!
//! "Of the images of this set, the model puts the class of at least so many among its `top` largest scores." Reading is strict, as for
//! other [statements](crate::statement); nothing in it is believed that was not compared with the key and the commitment to the set.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use zktorch_verifier::{AccuracyStatement, ModelId, Pixels, SetCommitment, SetId};

use crate::statement::STATEMENT_VERSION;
use crate::{Bytes32, Error, Interface, Layout};

const FORMAT: &str = "statement of accuracy";
const PIXELS: &str = "pixels";
/// The largest statement: a few numbers for every channel.
const MAX_BYTES: usize = 1 << 20;

/// `scale=16,mean=0.5,std=0.25,nchw`: what the user says of how pixels become a model's input. `scale` is 255 if it is not there.
///
/// ```
/// use zktorch_files::PixelSpec;
///
/// let text = "scale=16,mean=0.5,std=0.25,nhwc";
/// let spec: PixelSpec = text.parse()?;
/// assert_eq!(spec.to_string(), text);
/// # Ok::<(), zktorch_files::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PixelSpec {
    /// What a pixel is divided by.
    pub scale: f32,
    /// For each channel; 0 if empty.
    pub mean: Vec<f32>,
    /// For each channel; 1 if empty.
    pub std: Vec<f32>,
    /// Order of the axes of the model's input; none: what its extents say.
    pub layout: Option<Layout>,
}

impl Default for PixelSpec {
    fn default() -> Self {
        Self { scale: 255.0, mean: Vec::new(), std: Vec::new(), layout: None }
    }
}

impl FromStr for PixelSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (mut scale, mut mean, mut std, mut layout) = (None, None, None, None);
        for item in text.split(',').map(str::trim) {
            let repeated = match item.split_once('=') {
                Some(("scale", value)) => scale.replace(numbers("scale", value)?).is_some(),
                Some(("mean", value)) => mean.replace(numbers("mean", value)?).is_some(),
                Some(("std", value)) => std.replace(numbers("std", value)?).is_some(),
                None if item == "nchw" => layout.replace(Layout::Nchw).is_some(),
                None if item == "nhwc" => layout.replace(Layout::Nhwc).is_some(),
                _ => {
                    let expected = "scale=, mean=, std=, nchw or nhwc, separated by commas";
                    return Err(Error::format(PIXELS, "item", expected, format!("{item:?}")));
                }
            };
            if repeated {
                return Err(Error::format(PIXELS, item, "one value", "several"));
            }
        }
        let scale = match scale.as_deref() {
            None => 255.0,
            Some([scale]) => *scale,
            Some(several) => {
                return Err(Error::format(PIXELS, "scale", "one number", several.len().to_string()));
            }
        };
        Ok(Self { scale, mean: mean.unwrap_or_default(), std: std.unwrap_or_default(), layout })
    }
}

fn numbers(field: &str, text: &str) -> Result<Vec<f32>, Error> {
    let refuse = |_| Error::format(PIXELS, field, "numbers separated by /", format!("{text:?}"));
    text.split('/').map(|part| part.trim().parse().map_err(refuse)).collect()
}

impl fmt::Display for PixelSpec {
    /// The form that parses to the same specification.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scale={}", self.scale)?;
        for (key, values) in [("mean", &self.mean), ("std", &self.std)] {
            if !values.is_empty() {
                let values: Vec<String> = values.iter().map(f32::to_string).collect();
                write!(f, ",{key}={}", values.join("/"))?;
            }
        }
        match self.layout {
            Some(Layout::Nchw) => f.write_str(",nchw"),
            Some(Layout::Nhwc) => f.write_str(",nhwc"),
            None => Ok(()),
        }
    }
}

impl PixelSpec {
    /// What it means for a model and the images of a set. A model whose key says what is done to images has no other.
    ///
    /// # Errors
    /// [`Error::Input`] for a model without one input, or whose extents do not say which axis the channels are; [`Error::Format`] for a
    /// specification beside the key's.
    pub fn of(spec: Option<&Self>, model: &Interface, set: &SetCommitment) -> Result<Pixels, Error> {
        let [input] = model.inputs() else {
            let (input, got) = ("the model".to_owned(), model.inputs().len().to_string());
            return Err(Error::Input { input, expected: "one input, for an image".to_owned(), got });
        };
        let spec = match (model.image()?, spec) {
            (None, spec) => spec.cloned().unwrap_or_default(),
            (Some(image), spec) => {
                let own = Self { scale: 255.0, mean: image.mean, std: image.std, layout: image.layout };
                if let Some(other) = spec.filter(|spec| **spec != own) {
                    return Err(Error::format(
                        PIXELS,
                        "specification",
                        format!("{own}, as the key says (or none)"),
                        other.to_string(),
                    ));
                }
                own
            }
        };
        let layout = spec.layout.or_else(|| Layout::guess(&input.dims));
        let layout = layout.or((set.channels == 1).then_some(Layout::Nchw)).ok_or_else(|| Error::Input {
            input: input.name.clone(),
            expected: "an order of axes, nchw or nhwc, in --pixels".to_owned(),
            got: format!("none, and the dimensions {:?}", input.dims),
        })?;
        let PixelSpec { scale, mean, std, .. } = spec;
        Ok(Pixels { scale, mean, std, channels_first: layout == Layout::Nchw })
    }
}

/// A statement of accuracy, as its file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct AccuracyFile {
    /// The model that it claims to be about.
    pub model_id: Bytes32,
    /// The structured reference string that it claims to be proved under.
    pub srs_id: Bytes32,
    /// The set that it claims to be about.
    pub set_id: Bytes32,
    /// How many images that has.
    pub images: u32,
    /// How many of the largest scores count.
    pub top: u32,
    /// For how many images the right class is among them, at least.
    pub at_least: u32,
    /// How pixels become the model's input.
    pub pixels: Pixels,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccuracyJson {
    version: u32,
    claim: ClaimJson,
    model_id: Bytes32,
    srs_id: Bytes32,
    set_id: Bytes32,
    images: u32,
    top: u32,
    at_least: u32,
    pixels: PixelsJson,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClaimJson {
    Accuracy,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PixelsJson {
    scale: f32,
    mean: Vec<f32>,
    std: Vec<f32>,
    layout: Layout,
}

impl AccuracyFile {
    /// Of a statement about a set.
    pub fn new(statement: &AccuracyStatement, set: &SetCommitment) -> Self {
        Self {
            model_id: Bytes32(statement.model_id.0),
            srs_id: Bytes32(set.srs_id),
            set_id: Bytes32(statement.set.0),
            images: set.images,
            top: statement.top,
            at_least: statement.at_least,
            pixels: statement.pixels.clone(),
        }
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`Error::Format`], which names the field; [`Error::TooLarge`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        // The version first: a statement of another version may have other fields.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        if bytes.len() > MAX_BYTES {
            let (what, size, limit) = (FORMAT.to_owned(), bytes.len() as u64, MAX_BYTES as u64);
            return Err(Error::TooLarge { what, size, limit });
        }
        let malformed = |error: serde_json::Error| {
            Error::format(FORMAT, "json", "the fields of a statement of accuracy", error.to_string())
        };
        let Versioned { version } = serde_json::from_slice(bytes).map_err(malformed)?;
        if version != STATEMENT_VERSION {
            let (expected, got) = (STATEMENT_VERSION.to_string(), version.to_string());
            return Err(Error::format(FORMAT, "version", expected, got));
        }
        let json: AccuracyJson = serde_json::from_slice(bytes).map_err(malformed)?;
        let AccuracyJson { model_id, srs_id, set_id, images, top, at_least, pixels, .. } = json;
        let PixelsJson { scale, mean, std, layout } = pixels;
        let pixels = Pixels { scale, mean, std, channels_first: layout == Layout::Nchw };
        Ok(Self { model_id, srs_id, set_id, images, top, at_least, pixels })
    }

    /// The JSON form.
    ///
    /// # Errors
    /// [`Error::Format`] if a number is not finite.
    pub fn to_json(&self) -> Result<String, Error> {
        let Pixels { scale, mean, std, channels_first } = &self.pixels;
        let numbers = [*scale].into_iter().chain(mean.iter().copied()).chain(std.iter().copied());
        if let Some(bad) = numbers.into_iter().find(|x| !x.is_finite()) {
            return Err(Error::format(FORMAT, "pixels", "finite numbers", bad.to_string()));
        }
        let json = AccuracyJson {
            version: STATEMENT_VERSION,
            claim: ClaimJson::Accuracy,
            model_id: self.model_id,
            srs_id: self.srs_id,
            set_id: self.set_id,
            images: self.images,
            top: self.top,
            at_least: self.at_least,
            pixels: PixelsJson {
                scale: *scale,
                mean: mean.clone(),
                std: std.clone(),
                layout: if *channels_first { Layout::Nchw } else { Layout::Nhwc },
            },
        };
        let text = serde_json::to_string_pretty(&json);
        text.map_err(|error| Error::format(FORMAT, "json", "numbers and ids", error.to_string()))
    }

    /// The statement to verify, for a verifier who trusts this model and this set, with a context of its own.
    ///
    /// # Errors
    /// [`Error::Statement`], where the file says anything else than the key and the commitment to the set: ids, the number of images, and,
    /// where the key says what is done to images, how pixels become the input.
    pub fn check(
        &self,
        model: &Interface,
        set: &SetCommitment,
        context: Vec<u8>,
    ) -> Result<AccuracyStatement, Error> {
        let set_id = set.id()?;
        for (field, expected, got) in [
            ("model_id", Bytes32(model.model_id.0), self.model_id),
            ("srs_id", Bytes32(model.srs_id.0), self.srs_id),
            ("set_id", Bytes32(set_id.0), self.set_id),
        ] {
            if expected != got {
                return Err(Error::statement(field, expected.to_string(), got.to_string()));
            }
        }
        if set.images != self.images {
            return Err(Error::statement("images", set.images.to_string(), self.images.to_string()));
        }
        if model.image()?.is_some() {
            let expected = PixelSpec::of(None, model, set)?;
            if expected != self.pixels {
                let [expected, got] = [&expected, &self.pixels].map(PixelSpec::from);
                let expected = format!("{expected}, as the key says");
                return Err(Error::statement("pixels", expected, got.to_string()));
            }
        }
        Ok(AccuracyStatement {
            model_id: ModelId(self.model_id.0),
            set: SetId(self.set_id.0),
            top: self.top,
            at_least: self.at_least,
            pixels: self.pixels.clone(),
            context,
        })
    }
}

impl From<&Pixels> for PixelSpec {
    fn from(pixels: &Pixels) -> Self {
        let Pixels { scale, mean, std, channels_first } = pixels.clone();
        let layout = Some(if channels_first { Layout::Nchw } else { Layout::Nhwc });
        Self { scale, mean, std, layout }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> AccuracyFile {
        AccuracyFile {
            model_id: Bytes32::sha256(b"model"),
            srs_id: Bytes32::sha256(b"srs"),
            set_id: Bytes32::sha256(b"set"),
            images: 899,
            top: 5,
            at_least: 800,
            pixels: Pixels {
                scale: 255.0,
                mean: vec![0.485, 0.456, 0.406],
                std: vec![0.229, 0.224, 0.225],
                channels_first: true,
            },
        }
    }

    #[test]
    fn statements_are_read_as_they_are_written() {
        let text = file().to_json().unwrap();
        assert_eq!(AccuracyFile::from_json(text.as_bytes()).unwrap(), file());
        assert_eq!(AccuracyFile::from_json(text.as_bytes()).unwrap().to_json().unwrap(), text);
        for (from, to, expected) in [
            ("\"version\": 1", "\"version\": 2", "version: expected 1, got 2"),
            ("\"accuracy\"", "\"loss\"", "unknown variant"),
            ("\"top\": 5", "\"top\": -5", "invalid value"),
            ("\"top\": 5,", "", "missing field `top`"),
            ("\"top\": 5,", "\"top\": 5, \"bottom\": 1,", "unknown field `bottom`"),
            ("\"top\": 5,", "\"top\": 5, \"top\": 5,", "duplicate field `top`"),
            ("255.0", "1e400", "number out of range"),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            let error = AccuracyFile::from_json(changed.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(AccuracyFile::from_json(&vec![b' '; MAX_BYTES + 1]).is_err());
        let mut infinite = file();
        infinite.pixels.mean[1] = f32::INFINITY;
        assert!(infinite.to_json().is_err());
    }

    #[test]
    fn pixels_are_specified_in_one_line() {
        let parsed = |text: &str| text.parse::<PixelSpec>();
        assert_eq!(parsed("nhwc").unwrap(), PixelSpec { layout: Some(Layout::Nhwc), ..PixelSpec::default() });
        assert_eq!(
            PixelSpec::from(&file().pixels).to_string(),
            "scale=255,mean=0.485/0.456/0.406,std=0.229/0.224/0.225,nchw"
        );
        for (text, expected) in [
            ("", "item: expected scale="),
            ("scale=1/2", "scale: expected one number, got 2"),
            ("scale=x", "scale: expected numbers separated by /"),
            ("scale=1,scale=1", "expected one value, got several"),
            ("nchw,nhwc", "expected one value, got several"),
            ("size=3", "got \"size=3\""),
        ] {
            let error = parsed(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
