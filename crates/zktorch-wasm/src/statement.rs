//! Statements, with the files of large tensors beside them.

use std::collections::BTreeMap;

use wasm_bindgen::prelude::*;
use zktorch_files::statement::{Statement as File, StatementTensor};
use zktorch_files::{Error, Labels, Picture, Side};

use crate::key::Key;
use crate::refusal;

/// The files that stand beside a statement, by name.
#[wasm_bindgen]
#[derive(Default)]
pub struct Files(BTreeMap<String, Vec<u8>>);

#[wasm_bindgen]
impl Files {
    /// None.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn add(&mut self, name: String, bytes: Vec<u8>) {
        self.0.insert(name, bytes);
    }
}

impl Files {
    fn get(&self, name: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let bytes = self.0.get(name).ok_or_else(|| {
            Error::format("statement", "files", format!("{name} among them"), "none of this name")
        })?;
        match bytes.len() as u64 {
            size if size > limit => Err(Error::TooLarge { what: name.to_owned(), size, limit }),
            _ => Ok(bytes.clone()),
        }
    }
}

/// What a proof is about: what its file says. Nothing of it is known to be true before a key has verified it.
#[wasm_bindgen]
pub struct Statement(File);

#[wasm_bindgen]
impl Statement {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// It breaks a rule of the format, or a file beside it is missing.
    #[wasm_bindgen(js_name = fromJson)]
    pub fn from_json(bytes: &[u8], files: &Files) -> Result<Self, JsError> {
        let file = File::from_json(bytes, |name, limit| files.get(name, limit));
        file.map(Self).map_err(|error: Error| refusal(&error))
    }

    /// Inputs or outputs with what is shown of them, as JSON. `labels` are the lines of a file.
    ///
    /// # Errors
    /// The labels do not fit any output.
    pub fn facts(&self, outputs: bool, labels: Option<Vec<u8>>) -> Result<String, JsError> {
        let tensors = self.0.tensors(side(outputs));
        let dims: Vec<&[usize]> = tensors.iter().map(|tensor| tensor.dims.as_slice()).collect();
        let labels = labels.map(|bytes| Labels::parse(&bytes, &dims)).transpose();
        crate::facts::tensors(tensors, labels.map_err(|error| refusal(&error))?.as_ref())
    }

    /// The real values of a public tensor.
    pub fn values(&self, outputs: bool, index: usize) -> Option<Vec<f64>> {
        self.tensor(outputs, index)?.real()
    }

    /// The picture of an input, if it is one.
    pub fn picture(&self, index: usize, key: &Key) -> Option<Pixels> {
        Picture::of(self.tensor(false, index)?, key.image()).map(Pixels)
    }
}

impl Statement {
    pub(crate) fn file(&self) -> &File {
        &self.0
    }

    fn tensor(&self, outputs: bool, index: usize) -> Option<&StatementTensor> {
        self.0.tensors(side(outputs)).get(index)
    }
}

fn side(outputs: bool) -> Side {
    if outputs { Side::Output } else { Side::Input }
}

/// A picture, as a canvas takes it.
#[wasm_bindgen]
pub struct Pixels(Picture);

#[wasm_bindgen]
impl Pixels {
    /// In pixels.
    #[wasm_bindgen(getter)]
    pub fn width(&self) -> usize {
        self.0.width
    }

    /// In pixels.
    #[wasm_bindgen(getter)]
    pub fn height(&self) -> usize {
        self.0.height
    }

    /// Whether the colours are those of the image that the key's preprocessing was given.
    #[wasm_bindgen(getter, js_name = ownColours)]
    pub fn own_colours(&self) -> bool {
        self.0.own_colours
    }

    /// Red, green, blue, alpha, row by row.
    pub fn rgba(&self) -> Vec<u8> {
        self.0.rgba.clone()
    }
}
