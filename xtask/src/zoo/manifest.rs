//! Which models there are: `benches/zoo/manifest.toml`, whose head says what the fields mean.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// All models, and what their inputs are made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Calibration samples.
    pub(super) samples: usize,
    pub(super) photos: Package,
    #[serde(rename = "model")]
    pub(super) models: Vec<Model>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Package {
    pub(crate) registry: Registry,
    pub(crate) name: String,
    pub(crate) version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registry {
    Pypi,
    Npm,
}

/// One model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) task: String,
    pub(super) package: Package,
    /// Where it lies in the package.
    pub(super) path: String,
    /// Of the file, in hexadecimal digits.
    pub(super) sha256: String,
    /// Extents of dynamic axes, by what `--dim` calls them.
    #[serde(default)]
    pub(super) dims: BTreeMap<String, usize>,
    /// Models through which an input is computed.
    #[serde(default)]
    pub(super) needs: Vec<String>,
    /// Whether samples are moved until the model detects something.
    #[serde(default)]
    pub(super) climb: bool,
    pub(super) compare: Rule,
    /// Errors, as a part of the largest absolute value.
    pub(super) tolerance: f64,
    /// What the largest absolute value counts as at least.
    #[serde(default)]
    pub(super) floor: f64,
    /// The axis of the first output whose entries have scales of their own.
    pub(super) per: Option<usize>,
    pub(super) inputs: BTreeMap<String, Recipe>,
}

/// When the first output is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Rule {
    /// All entries are close.
    Allclose,
    /// The largest entry along the last axis is the same one.
    Top1,
}

/// How an input is made, by `benches/zoo/reference.py`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Recipe {
    /// The same number everywhere.
    Constant {
        value: f64,
        /// Whether it is made part of the model.
        #[serde(default)]
        bind: bool,
    },
    /// Normally distributed numbers.
    Gaussian {
        sigma: f64,
        #[serde(default)]
        mean: f64,
    },
    /// Uniform integers: `low` is one, `high` is none.
    Tokens { low: i64, high: i64 },
    /// English text as bytes.
    Bytes,
    /// Synthetic speech at 16 kHz.
    Speech {
        #[serde(default = "one")]
        gain: f64,
    },
    /// Chords at a sample rate.
    Tones { rate: f64 },
    /// Pink noise with a spindle, at a sample rate.
    Eeg { rate: f64 },
    /// Speech through a wake word's front end: embeddings of windows of its mel spectrogram.
    Embeddings,
    /// One such window.
    MelWindows,
    /// A picture; its extents are the input's.
    Image {
        picture: Picture,
        /// Of a line of text.
        #[serde(default = "letters")]
        letters: usize,
        #[serde(default)]
        bgr: bool,
        #[serde(default)]
        gray: bool,
        /// Of values up to 255.
        #[serde(default = "of_bytes")]
        scale: f64,
        #[serde(default = "zero")]
        mean: Channels,
        #[serde(default = "unit")]
        std: Channels,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Picture {
    Photo,
    /// A rendered line.
    Text,
    /// A page, rendered or scanned.
    Page,
}

/// One number for all channels, or one each.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Channels {
    All(f64),
    Each([f64; 3]),
}

fn one() -> f64 {
    1.0
}

fn letters() -> usize {
    12
}

fn of_bytes() -> f64 {
    1.0 / 255.0
}

fn zero() -> Channels {
    Channels::All(0.0)
}

fn unit() -> Channels {
    Channels::All(1.0)
}

impl Recipe {
    /// Whether photographs are needed.
    pub(super) fn is_photographic(&self) -> bool {
        matches!(self, Self::Image { picture: Picture::Photo | Picture::Page, .. })
    }
}

impl Manifest {
    /// Reads the manifest and checks it.
    ///
    /// # Errors
    /// Names the file, and the model whose field is wrong.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not a manifest", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        if manifest.samples == 0 {
            bail!("samples: expected at least one, found 0");
        }
        let mut names = BTreeSet::new();
        for model in &manifest.models {
            let name = &model.name;
            if !names.insert(name.as_str()) {
                bail!("model {name}: expected one of this name, found two");
            }
            model.check().with_context(|| format!("model {name}"))?;
        }
        for model in &manifest.models {
            if let Some(missing) = model.needs.iter().find(|need| !names.contains(need.as_str())) {
                bail!("model {}: needs {missing}, which is no model of the manifest", model.name);
            }
        }
        Ok(manifest)
    }

    /// A model by its name.
    pub(super) fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }
}

impl Model {
    fn check(&self) -> Result<()> {
        // It names a folder under target/.
        if self.name.is_empty() || !self.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            bail!("name: expected letters, digits and underscores, found {:?}", self.name);
        }
        let digits = self.sha256.bytes().filter(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')).count();
        if digits != 64 || self.sha256.len() != 64 {
            bail!("sha256: expected 64 hexadecimal digits in lower case, found {:?}", self.sha256);
        }
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            bail!("tolerance: expected a number between 0 and 1, found {}", self.tolerance);
        }
        if !(self.floor >= 0.0 && self.floor.is_finite()) {
            bail!("floor: expected 0 or a positive number, found {}", self.floor);
        }
        if let Some((axis, _)) = self.dims.iter().find(|(_, extent)| **extent == 0) {
            bail!("dims: expected positive extents, found 0 for {axis:?}");
        }
        if self.inputs.is_empty() {
            bail!("inputs: expected a recipe for each, found none");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    const MODEL: &str = r#"
        samples = 4
        photos = { registry = "pypi", name = "pictures", version = "1" }
        [[model]]
        name = "a"
        task = "nothing"
        package = { registry = "npm", name = "@scope/a", version = "1.2.3" }
        path = "package/a.onnx"
        sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        dims = { "x:0" = 1 }
        compare = "top1"
        tolerance = 0.02
        [model.inputs]
        x = { kind = "image", picture = "photo", mean = [0.1, 0.2, 0.3], std = 0.5 }
        n = { kind = "constant", value = 3, bind = true }
    "#;

    #[test]
    fn the_manifest_is_one() {
        let path = workspace::root().unwrap().join(super::super::MANIFEST);
        let manifest = Manifest::read(&path).unwrap();
        assert!(manifest.models.len() >= 20, "{}", manifest.models.len());
    }

    #[test]
    fn fields_are_read_and_defaults_set() {
        let manifest = Manifest::parse(MODEL).unwrap();
        let model = manifest.model("a").unwrap();
        assert_eq!((model.package.registry, model.compare), (Registry::Npm, Rule::Top1));
        assert_eq!((model.floor, model.per, model.climb), (0.0, None, false));
        assert!(model.inputs["x"].is_photographic() && !model.inputs["n"].is_photographic());
        let json = serde_json::to_value(&model.inputs).unwrap();
        assert_eq!(json["n"], serde_json::json!({ "kind": "constant", "value": 3.0, "bind": true }));
        assert_eq!(json["x"]["mean"], serde_json::json!([0.1, 0.2, 0.3]));
        assert_eq!(json["x"]["scale"], 1.0 / 255.0);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let twice = format!("{MODEL}{}", &MODEL[MODEL.find("[[model]]").unwrap()..]);
        let cases = [
            (twice, "found two"),
            (MODEL.replace("0123456789abcdef", "0123456789ABCDEF"), "sha256: expected"),
            (MODEL.replace("0.02", "0.0"), "tolerance: expected"),
            (MODEL.replace("\"a\"", "\"../a\""), "name: expected"),
            (MODEL.replace("= 1 }", "= 0 }"), "dims: expected"),
            (MODEL.replace("samples = 4", "samples = 0"), "samples: expected"),
            (MODEL.replace("compare", "needs = [\"b\"]\ncompare"), "needs b"),
            (MODEL.replace("bind = true", "binds = true"), "binds"),
            (MODEL.replace("\"photo\"", "\"painting\""), "painting"),
            (MODEL.replace("task", "chore"), "chore"),
        ];
        for (text, expected) in cases {
            let error = format!("{:#}", Manifest::parse(&text).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }
}
