//! What an operator sees of its node while it is resolved.

use crate::model::{decode_tensor, node_name};
use crate::proto::{AttributeProto, NodeProto};
use crate::tensor::{Const, checked_len};
use crate::{FloatTensor, OnnxError, Options, Result};

/// One input of a node.
pub(crate) struct Info<'a> {
    pub(crate) name: &'a str,
    pub(crate) dims: &'a [usize],
    /// Its entries, if they are known.
    pub(crate) value: Option<&'a Const>,
}

/// A node with its inputs.
pub(crate) struct Context<'a> {
    pub(crate) node: &'a NodeProto,
    pub(crate) opset: i64,
    pub(crate) inputs: Vec<Option<Info<'a>>>,
    pub(crate) options: &'a Options,
}

impl<'a> Context<'a> {
    /// An error about this node.
    pub(crate) fn error(
        &self,
        field: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> OnnxError {
        OnnxError::Node {
            node: node_name(self.node),
            op: self.node.op_type.clone(),
            field: field.into(),
            expected: expected.into(),
            got: got.into(),
        }
    }

    /// Input `index`, which must be there.
    pub(crate) fn input(&self, index: usize) -> Result<&Info<'a>> {
        self.optional(index).ok_or_else(|| self.error(format!("input {index}"), "a value", "none"))
    }

    /// Input `index`, if it is there.
    pub(crate) fn optional(&self, index: usize) -> Option<&Info<'a>> {
        self.inputs.get(index).and_then(Option::as_ref)
    }

    /// Input `index` as a constant list of integers, if it is there.
    pub(crate) fn input_ints(&self, index: usize) -> Result<Option<Vec<i64>>> {
        match self.optional(index) {
            None => Ok(None),
            Some(Info { value: Some(Const::Int { dims, data }), .. }) if dims.len() <= 1 => {
                Ok(Some(data.clone()))
            }
            Some(info) => {
                let got =
                    if info.value.is_some() { "another constant" } else { "a value known only at run time" };
                Err(self.error(format!("input {index}"), "a constant list of integers", got))
            }
        }
    }

    /// Input `index` as a constant tensor of floats, if it is there.
    pub(crate) fn input_floats(&self, index: usize) -> Result<Option<&'a FloatTensor>> {
        match self.optional(index) {
            None => Ok(None),
            Some(Info { value: Some(Const::Float(tensor)), .. }) => Ok(Some(tensor)),
            Some(_) => {
                let got = "integers, or a value known only at run time";
                Err(self.error(format!("input {index}"), "a constant tensor of floats", got))
            }
        }
    }

    /// Input `index` as a constant float, if it is there.
    pub(crate) fn input_float(&self, index: usize) -> Result<Option<f32>> {
        match self.input_floats(index)? {
            None => Ok(None),
            Some(tensor) if tensor.data().len() == 1 => Ok(Some(tensor.data()[0])),
            Some(tensor) => Err(self.error(
                format!("input {index}"),
                "one number",
                format!("extents {:?}", tensor.dims()),
            )),
        }
    }

    fn attribute(&self, name: &str, kind: i32, kind_name: &str) -> Result<Option<&'a AttributeProto>> {
        match self.node.attribute.iter().find(|attribute| attribute.name == name) {
            None => Ok(None),
            // Files of the first version of the format have no types.
            Some(attribute) if attribute.r#type == kind || attribute.r#type == 0 => Ok(Some(attribute)),
            Some(attribute) => Err(self.error(
                format!("attribute {name}"),
                kind_name,
                format!("an attribute of type {}", attribute.r#type),
            )),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.node.attribute.iter().any(|attribute| attribute.name == name)
    }

    pub(crate) fn int(&self, name: &str, default: i64) -> Result<i64> {
        Ok(self.attribute(name, 2, "an integer")?.map_or(default, |attribute| attribute.i))
    }

    pub(crate) fn float(&self, name: &str, default: f32) -> Result<f32> {
        let value = self.attribute(name, 1, "a float")?.map_or(default, |attribute| attribute.f);
        match value.is_finite() {
            true => Ok(value),
            false => Err(self.error(format!("attribute {name}"), "a finite number", value.to_string())),
        }
    }

    pub(crate) fn floats(&self, name: &str) -> Result<Option<Vec<f32>>> {
        Ok(self.attribute(name, 6, "a list of floats")?.map(|attribute| attribute.floats.clone()))
    }

    pub(crate) fn ints(&self, name: &str) -> Result<Option<Vec<i64>>> {
        Ok(self.attribute(name, 7, "a list of integers")?.map(|attribute| attribute.ints.clone()))
    }

    pub(crate) fn string(&self, name: &str, default: &str) -> Result<String> {
        let attribute = self.attribute(name, 3, "a string")?;
        Ok(attribute.map_or(default.into(), |attribute| String::from_utf8_lossy(&attribute.s).into_owned()))
    }

    pub(crate) fn tensor(&self, name: &str) -> Result<Option<Const>> {
        let Some(attribute) = self.attribute(name, 4, "a tensor")? else { return Ok(None) };
        let Some(tensor) = attribute.t.clone() else {
            return Err(self.error(format!("attribute {name}"), "a tensor", "none"));
        };
        decode_tensor(tensor, self.options).map(Some)
    }

    /// A list of `count` positive integers, `default` if absent.
    pub(crate) fn positive(&self, name: &str, count: usize, default: Option<usize>) -> Result<Vec<usize>> {
        let field = format!("attribute {name}");
        let Some(values) = self.ints(name)? else {
            return match default {
                Some(default) => Ok(vec![default; count]),
                None => Err(self.error(field, format!("{count} integers"), "none")),
            };
        };
        let good = values.len() == count && values.iter().all(|value| (1..=1 << 24).contains(value));
        match good {
            true => Ok(values.iter().map(|value| *value as usize).collect()),
            false => {
                Err(self.error(field, format!("{count} integers from 1 to 2^24"), format!("{values:?}")))
            }
        }
    }

    /// An axis, negative ones counted from the end, of `rank` axes.
    pub(crate) fn axis(&self, field: &str, axis: i64, rank: usize) -> Result<usize> {
        let signed = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
        match usize::try_from(signed) {
            Ok(axis) if axis < rank => Ok(axis),
            _ => Err(self.error(field, format!("an axis of {rank}"), axis.to_string())),
        }
    }

    /// A list of different axes, sorted.
    pub(crate) fn axes(&self, field: &str, axes: &[i64], rank: usize) -> Result<Vec<usize>> {
        let mut found = axes.iter().map(|axis| self.axis(field, *axis, rank)).collect::<Result<Vec<_>>>()?;
        found.sort_unstable();
        match found.windows(2).any(|pair| pair[0] == pair[1]) {
            false => Ok(found),
            true => Err(self.error(field, "different axes", format!("{axes:?}"))),
        }
    }

    /// Refuses results without entries and those that are too large.
    pub(crate) fn check_dims(&self, dims: &[usize]) -> Result<()> {
        match checked_len(dims) {
            Some(len) if len > 0 && len <= self.options.max_entries => Ok(()),
            _ => Err(self.error(
                "result",
                format!("from 1 to {} entries", self.options.max_entries),
                format!("extents {dims:?}"),
            )),
        }
    }
}
