//! The JSON form.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{
    FORMAT, MAX_COMMITMENTS, MAX_INLINE, MAX_LOG_MULTIPLIER, MAX_SCALE, MAX_TENSORS, STATEMENT_VERSION,
    Sibling, Statement, StatementTensor, TensorValue, real,
};
use zktorch_verifier::MAX_INFERENCES;

use crate::data::{MAX_FILE_BYTES, MAX_RANK, checked_len, decode_npy_i32, encode_npy_i32};
use crate::{Bytes32, Error};

/// More than the header of any array file that we write.
const NPY_HEADER: u64 = 1024;
const MAX_NAME: usize = 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementJson {
    version: u32,
    model_id: Bytes32,
    srs_id: Bytes32,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    inferences: Option<u32>,
    #[serde(deserialize_with = "bounded::<_, _, MAX_TENSORS>")]
    inputs: Vec<TensorJson>,
    #[serde(deserialize_with = "bounded::<_, _, MAX_TENSORS>")]
    outputs: Vec<TensorJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TensorJson {
    name: String,
    #[serde(deserialize_with = "bounded::<_, _, MAX_RANK>")]
    dims: Vec<usize>,
    scale: i32,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    zero: Option<i32>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    multiplier: Option<f64>,
    visibility: VisibilityJson,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    integers: Option<IntegersJson>,
    #[serde(
        default,
        deserialize_with = "present_list::<_, _, MAX_INLINE>",
        skip_serializing_if = "Option::is_none"
    )]
    real: Option<Vec<f64>>,
    #[serde(
        default,
        deserialize_with = "present_list::<_, _, MAX_COMMITMENTS>",
        skip_serializing_if = "Option::is_none"
    )]
    commitments: Option<Vec<Bytes32>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum VisibilityJson {
    Public,
    Private,
}

#[derive(Serialize)]
#[serde(untagged)]
enum IntegersJson {
    Inline(Vec<i32>),
    File(FileJson),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileJson {
    npy: String,
    sha256: Bytes32,
}

impl Statement {
    /// Reads the JSON form. `sibling` gives the content of a file beside it, by name and with a limit in bytes.
    ///
    /// # Errors
    /// [`Error::Format`], which names the field; whatever `sibling` fails with.
    pub fn from_json<E: From<Error>>(
        bytes: &[u8],
        mut sibling: impl FnMut(&str, u64) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        // The version first: a statement of another version may have other fields.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let malformed = |error: serde_json::Error| {
            Error::format(FORMAT, "json", "the fields of a statement", error.to_string())
        };
        let Versioned { version } = serde_json::from_slice(bytes).map_err(malformed)?;
        if version != STATEMENT_VERSION {
            let (expected, got) = (STATEMENT_VERSION.to_string(), version.to_string());
            return Err(Error::format(FORMAT, "version", expected, got).into());
        }
        let json: StatementJson = serde_json::from_slice(bytes).map_err(malformed)?;
        let mut tensors = |list: Vec<TensorJson>, which: &str| -> Result<Vec<StatementTensor>, E> {
            let mut read = Vec::new();
            for (index, tensor) in list.into_iter().enumerate() {
                read.push(tensor.into_tensor(&format!("{which}[{index}]"), &mut sibling)?);
            }
            unique(&read, which)?;
            Ok(read)
        };
        let (inputs, outputs) = (tensors(json.inputs, "inputs")?, tensors(json.outputs, "outputs")?);
        let inferences = json.inferences.unwrap_or(1);
        // There is one form: what is the default is not written.
        if json.inferences.is_some() {
            check_inferences(inferences)?;
        }
        let statement = Self { model_id: json.model_id, srs_id: json.srs_id, inferences, inputs, outputs };
        statement.check_axes()?;
        Ok(statement)
    }

    /// That the first axis of every tensor counts the inferences, if there are several.
    fn check_axes(&self) -> Result<(), Error> {
        let several = self.inferences != 1;
        let sides = [("inputs", &self.inputs), ("outputs", &self.outputs)];
        let tensors = sides.iter().flat_map(|(which, list)| (0..).zip(*list).map(move |of| (which, of)));
        for (which, (index, tensor)) in tensors.filter(|_| several) {
            if tensor.dims.first().is_none_or(|first| *first as u64 != u64::from(self.inferences)) {
                let expected = format!("{} before the dimensions of the model", self.inferences);
                let got = format!("{:?}", tensor.dims);
                return Err(Error::format(FORMAT, format!("{which}[{index}].dims"), expected, got));
            }
        }
        Ok(())
    }

    /// The JSON form, and the files beside it, whose names begin with `stem`.
    ///
    /// # Errors
    /// [`Error::Format`] if the statement breaks a rule of the format, so that it could not be read.
    pub fn to_json(&self, stem: &str) -> Result<(String, Vec<Sibling>), Error> {
        if self.inferences != 1 {
            check_inferences(self.inferences)?;
        }
        self.check_axes()?;
        let mut siblings = Vec::new();
        let mut tensors = |list: &[StatementTensor], which: &str, short: &str| -> Result<Vec<_>, Error> {
            if list.len() > MAX_TENSORS {
                let expected = format!("at most {MAX_TENSORS} tensors");
                return Err(Error::format(FORMAT, which, expected, list.len().to_string()));
            }
            unique(list, which)?;
            let mut written = Vec::new();
            for (index, tensor) in list.iter().enumerate() {
                let file = format!("{stem}.{short}{index}.npy");
                written.push(TensorJson::new(tensor, &format!("{which}[{index}]"), file, &mut siblings)?);
            }
            Ok(written)
        };
        let json = StatementJson {
            version: STATEMENT_VERSION,
            model_id: self.model_id,
            srs_id: self.srs_id,
            inferences: (self.inferences != 1).then_some(self.inferences),
            inputs: tensors(&self.inputs, "inputs", "input")?,
            outputs: tensors(&self.outputs, "outputs", "output")?,
        };
        let mut text = serde_json::to_string_pretty(&json)
            .map_err(|error| Error::format(FORMAT, "json", "a statement", error.to_string()))?;
        text.push('\n');
        Ok((text, siblings))
    }
}

impl TensorJson {
    fn new(
        tensor: &StatementTensor,
        place: &str,
        file: String,
        siblings: &mut Vec<Sibling>,
    ) -> Result<Self, Error> {
        let StatementTensor { name, dims, scale, zero, multiplier, value } = tensor;
        let len = check(place, name, dims, *scale)?;
        check_multiplier(place, *multiplier)?;
        let mut json = Self {
            name: name.clone(),
            dims: dims.clone(),
            scale: *scale,
            zero: (*zero != 0).then_some(*zero),
            multiplier: (*multiplier != 1.0).then_some(*multiplier),
            visibility: VisibilityJson::Private,
            integers: None,
            real: None,
            commitments: None,
        };
        match value {
            TensorValue::Private(commitments) => {
                check_commitments(place, commitments.len())?;
                json.commitments = Some(commitments.clone());
            }
            TensorValue::Public(integers) => {
                check_count(&format!("{place}.integers"), len, integers.len())?;
                json.visibility = VisibilityJson::Public;
                if len <= MAX_INLINE {
                    json.integers = Some(IntegersJson::Inline(integers.clone()));
                    json.real = Some(real(integers, *scale, *zero, *multiplier).collect());
                } else {
                    check_file_name(place, &file)?;
                    let bytes = encode_npy_i32(dims, integers)?;
                    let sha256 = Bytes32::sha256(&bytes);
                    siblings.push(Sibling { name: file.clone(), bytes });
                    json.integers = Some(IntegersJson::File(FileJson { npy: file, sha256 }));
                }
            }
        }
        Ok(json)
    }

    fn into_tensor<E: From<Error>>(
        self,
        place: &str,
        sibling: &mut impl FnMut(&str, u64) -> Result<Vec<u8>, E>,
    ) -> Result<StatementTensor, E> {
        let len = check(place, &self.name, &self.dims, self.scale)?;
        let (zero, multiplier) = self.affine(place)?;
        let refuse = |field: &str, expected: &str, got: &str| {
            Err(Error::format(FORMAT, format!("{place}.{field}"), expected, got).into())
        };
        let value = match (self.visibility, self.integers, self.commitments) {
            (VisibilityJson::Public, Some(_), Some(_)) => {
                return refuse("commitments", "none: the tensor is public", "some");
            }
            (VisibilityJson::Public, None, _) => {
                return refuse("integers", "the values: the tensor is public", "none");
            }
            (VisibilityJson::Private, Some(_), _) => {
                return refuse("integers", "none: the tensor is private", "some");
            }
            (VisibilityJson::Private, None, None) => {
                return refuse("commitments", "some: the tensor is private", "none");
            }
            (VisibilityJson::Private, None, Some(commitments)) => {
                if self.real.is_some() {
                    return refuse("real", "none: the tensor is private", "some");
                }
                check_commitments(place, commitments.len())?;
                TensorValue::Private(commitments)
            }
            (VisibilityJson::Public, Some(IntegersJson::Inline(integers)), None) => {
                if len > MAX_INLINE {
                    return refuse("integers", "a file, for more than 4096 entries", "a list");
                }
                check_count(&format!("{place}.integers"), len, integers.len())?;
                let Some(values) = self.real else {
                    return refuse("real", "the real values", "none");
                };
                check_count(&format!("{place}.real"), len, values.len())?;
                // Bit by bit, so that there is one form: no -0, no second spelling of a value.
                let differs = |(got, expected): &(&f64, f64)| got.to_bits() != expected.to_bits();
                let computed = real(&integers, self.scale, zero, multiplier);
                if let Some((got, expected)) = values.iter().zip(computed).find(differs) {
                    let formula = match (zero, multiplier) {
                        (0, 1.0) => "integer / 2^scale",
                        _ => "(integer - zero) * multiplier / 2^scale",
                    };
                    return refuse("real", &format!("{expected:?}, {formula}"), &format!("{got:?}"));
                }
                TensorValue::Public(integers)
            }
            (VisibilityJson::Public, Some(IntegersJson::File(file)), None) => {
                if len <= MAX_INLINE {
                    return refuse("integers", "a list, for at most 4096 entries", "a file");
                }
                if self.real.is_some() {
                    return refuse("real", "none: the values are in a file", "some");
                }
                TensorValue::Public(file.integers(place, &self.dims, sibling)?)
            }
        };
        Ok(StatementTensor { name: self.name, dims: self.dims, scale: self.scale, zero, multiplier, value })
    }

    /// Zero and multiplier. There is one form: what is the default is not written.
    fn affine(&self, place: &str) -> Result<(i32, f64), Error> {
        let written = |field: &str, value: &str| {
            Err(Error::format(
                FORMAT,
                format!("{place}.{field}"),
                format!("none, which means {value}"),
                value,
            ))
        };
        match (self.zero, self.multiplier) {
            (Some(0), _) => written("zero", "0"),
            (_, Some(1.0)) => written("multiplier", "1"),
            (zero, multiplier) => {
                let multiplier = multiplier.unwrap_or(1.0);
                check_multiplier(place, multiplier)?;
                Ok((zero.unwrap_or(0), multiplier))
            }
        }
    }
}

impl FileJson {
    fn integers<E: From<Error>>(
        &self,
        place: &str,
        dims: &[usize],
        sibling: &mut impl FnMut(&str, u64) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<i32>, E> {
        check_file_name(place, &self.npy)?;
        let entries = checked_len(FORMAT, dims)? as u64;
        let bytes = sibling(&self.npy, (4 * entries + NPY_HEADER).min(MAX_FILE_BYTES))?;
        let digest = Bytes32::sha256(&bytes);
        let refuse = |field: &str, expected: String, got: String| {
            let field = format!("{place}.integers.{field} ({})", self.npy);
            Err(Error::format(FORMAT, field, expected, got).into())
        };
        if digest != self.sha256 {
            return refuse("sha256", self.sha256.to_string(), digest.to_string());
        }
        let (found, integers) = decode_npy_i32(&bytes)?;
        if found != dims {
            return refuse("npy", format!("dimensions {dims:?}"), format!("{found:?}"));
        }
        Ok(integers)
    }
}

/// The number of inferences, where it is written.
fn check_inferences(inferences: u32) -> Result<(), Error> {
    if (2..=MAX_INFERENCES).contains(&inferences) {
        return Ok(());
    }
    let expected = format!("2 to {MAX_INFERENCES}, or none, which means 1");
    Err(Error::format(FORMAT, "inferences", expected, inferences.to_string()))
}

/// The rules that public and private tensors share; the number of entries.
fn check(place: &str, name: &str, dims: &[usize], scale: i32) -> Result<usize, Error> {
    if name.is_empty() || name.len() > MAX_NAME {
        let expected = format!("1 to {MAX_NAME} bytes");
        return Err(Error::format(FORMAT, format!("{place}.name"), expected, name.len().to_string()));
    }
    if scale.unsigned_abs() > MAX_SCALE.unsigned_abs() {
        let expected = format!("-{MAX_SCALE} to {MAX_SCALE}");
        return Err(Error::format(FORMAT, format!("{place}.scale"), expected, scale.to_string()));
    }
    checked_len(FORMAT, dims).map_err(|error| match error {
        Error::Format { format, expected, got, .. } => {
            Error::format(format, format!("{place}.dims"), expected, got)
        }
        other => other,
    })
}

fn check_multiplier(place: &str, multiplier: f64) -> Result<(), Error> {
    let largest = f64::powi(2.0, MAX_LOG_MULTIPLIER);
    if (1.0 / largest..=largest).contains(&multiplier) {
        return Ok(());
    }
    let expected = format!("2^-{MAX_LOG_MULTIPLIER} to 2^{MAX_LOG_MULTIPLIER}");
    Err(Error::format(FORMAT, format!("{place}.multiplier"), expected, multiplier.to_string()))
}

fn check_count(field: &str, expected: usize, got: usize) -> Result<(), Error> {
    if expected == got {
        return Ok(());
    }
    Err(Error::format(FORMAT, field, format!("{expected} entries"), got.to_string()))
}

fn check_commitments(place: &str, count: usize) -> Result<(), Error> {
    if (1..=MAX_COMMITMENTS).contains(&count) {
        return Ok(());
    }
    let expected = format!("1 to {MAX_COMMITMENTS}");
    Err(Error::format(FORMAT, format!("{place}.commitments"), expected, count.to_string()))
}

/// A name that leads nowhere but to a file in the same folder, on any system.
fn check_file_name(place: &str, name: &str) -> Result<(), Error> {
    let plain = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':' | '\u{fffd}');
    if name.len() <= 255 && name.len() > ".npy".len() && name.ends_with(".npy") && name.chars().all(plain) {
        return Ok(());
    }
    let expected = "the name of a .npy file in the same folder";
    Err(Error::format(FORMAT, format!("{place}.integers.npy"), expected, format!("{name:?}")))
}

fn unique(tensors: &[StatementTensor], which: &str) -> Result<(), Error> {
    let mut names: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::format(FORMAT, which, "different names", format!("{:?} twice", pair[0]))),
        None => Ok(()),
    }
}

// ---- lists of bounded length, and fields that are there or not (but never null) ----

fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>, const N: usize>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    from.deserialize_seq(Bounded::<T, N>(PhantomData))
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

fn present_list<'de, D: Deserializer<'de>, T: Deserialize<'de>, const N: usize>(
    from: D,
) -> Result<Option<Vec<T>>, D::Error> {
    bounded::<D, T, N>(from).map(Some)
}

struct Bounded<T, const N: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for Bounded<T, N> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {N} items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            if items.len() == N {
                return Err(A::Error::invalid_length(N + 1, &self));
            }
            items.push(item);
        }
        Ok(items)
    }
}

impl<'de> Deserialize<'de> for IntegersJson {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = IntegersJson;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MAX_INLINE} integers, or the name and SHA-256 of a file")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<IntegersJson, A::Error> {
                Bounded::<i32, MAX_INLINE>(PhantomData).visit_seq(seq).map(IntegersJson::Inline)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<IntegersJson, A::Error> {
                FileJson::deserialize(MapAccessDeserializer::new(map)).map(IntegersJson::File)
            }
        }

        from.deserialize_any(Either)
    }
}
