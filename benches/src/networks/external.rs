//! Weights in a file beside the model, in half precision: of a model that is larger than memory.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::rc::Rc;

use zktorch_onnx::proto::{StringStringEntryProto, TensorProto};

use super::builder::Builder;
use super::example::Example;

/// ONNX's numbers for 16-bit floats, and for data in another file.
const FLOAT16: i32 = 10;
const EXTERNAL: i32 = 1;
/// Every tensor begins at a multiple of this many bytes.
const ALIGNMENT: u64 = 64;
/// Tensors of fewer entries stay in the model.
const LEAST: usize = 1 << 16;

/// A network without BatchNormalization whose large tensors go to a file.
pub(super) fn stored(file: &Path, build: impl FnOnce(Builder) -> Example) -> io::Result<Example> {
    let external = Rc::new(RefCell::new(External::create(file)?));
    let mut builder = Builder::plainly();
    builder.external = Some(Rc::clone(&external));
    let example = build(builder);
    external.borrow_mut().finish()?;
    Ok(example)
}

/// A file of external data that is being written.
pub(super) struct External {
    name: String,
    file: BufWriter<File>,
    bytes: u64,
    /// What went wrong first.
    error: Option<io::Error>,
}

impl External {
    fn create(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, file: BufWriter::new(File::create(path)?), bytes: 0, error: None })
    }

    /// Writes the entries of a tensor, if there are many; its message.
    pub(super) fn tensor(&mut self, name: &str, dims: &[usize], values: &[f32]) -> Option<TensorProto> {
        if values.len() < LEAST {
            return None;
        }
        let offset = self.bytes.next_multiple_of(ALIGNMENT);
        if let Err(error) = self.write(offset, values) {
            self.error.get_or_insert(error);
        }
        let length = 2 * values.len() as u64;
        let entry = |key: &str, value: String| StringStringEntryProto { key: key.to_owned(), value };
        let places = [("offset", offset), ("length", length)].map(|(key, n)| entry(key, n.to_string()));
        let mut external_data = vec![entry("location", self.name.clone())];
        external_data.extend(places);
        Some(TensorProto {
            dims: dims.iter().map(|dim| *dim as i64).collect(),
            data_type: FLOAT16,
            name: name.to_owned(),
            data_location: EXTERNAL,
            external_data,
            ..TensorProto::default()
        })
    }

    fn write(&mut self, offset: u64, values: &[f32]) -> io::Result<()> {
        self.file.write_all(&vec![0; (offset - self.bytes) as usize])?;
        for piece in values.chunks(1 << 16) {
            let bytes: Vec<u8> = piece.iter().flat_map(|x| half(*x).to_le_bytes()).collect();
            self.file.write_all(&bytes)?;
        }
        self.bytes = offset + 2 * values.len() as u64;
        Ok(())
    }

    /// Ends the file.
    fn finish(&mut self) -> io::Result<()> {
        self.error.take().map_or(Ok(()), Err)?;
        self.file.flush()
    }
}

/// The nearest number of IEEE half precision, of two the even one; the largest one for larger numbers.
fn half(x: f32) -> u16 {
    const LARGEST: u32 = 0x7bff;
    let (bits, sign) = (x.abs().to_bits(), (x.to_bits() >> 16 & 0x8000) as u16);
    let magnitude = match x.abs() < f32::from_bits((127 - 14) << 23) {
        // Below 2^-14 numbers are multiples of 2^-24.
        true => (x.abs() * 16_777_216.0).round_ties_even() as u32,
        false => (bits - (112 << 23) + 0xfff + (bits >> 13 & 1)) >> 13,
    };
    sign | magnitude.min(LARGEST) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_halves() {
        let cases = [(0.0, 0), (1.0, 0x3c00), (-2.0, 0xc000), (65504.0, 0x7bff), (1e9, 0x7bff)];
        let small = [(5.960_464_5e-8, 1), (6.103_515_6e-5, 0x400), (6.097_555e-5, 0x3ff)];
        // 1 + 2^-11 lies between two of them, and so does 1 + 3 2^-11.
        let ties = [(1.000_488_3, 0x3c00), (1.001_464_8, 0x3c02), (1.000_488_4, 0x3c01)];
        for (x, expected) in cases.into_iter().chain(small).chain(ties) {
            assert_eq!(half(x), expected, "{x}");
        }
    }
}
