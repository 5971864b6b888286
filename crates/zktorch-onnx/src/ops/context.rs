//! What an expansion sees of its node.

use crate::model::{decode_tensor, node_name};
use crate::program::{Builder, Id, Kind};
use crate::proto::{AttributeProto, NodeProto};
use crate::{FloatTensor, OnnxError, Options, Result, Tensor};

/// A node with its inputs, and the program that it adds to.
pub(crate) struct Context<'a> {
    pub(crate) node: &'a NodeProto,
    pub(crate) opset: i64,
    pub(crate) inputs: Vec<Option<Id>>,
    pub(crate) options: &'a Options,
    pub(crate) b: &'a mut Builder,
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
    pub(crate) fn input(&self, index: usize) -> Result<Id> {
        self.optional(index).ok_or_else(|| self.error(format!("input {index}"), "a value", "none"))
    }

    /// Input `index`, if it is there.
    pub(crate) fn optional(&self, index: usize) -> Option<Id> {
        self.inputs.get(index).copied().flatten()
    }

    /// Extents of a value.
    pub(crate) fn dims(&self, id: Id) -> Vec<usize> {
        self.b.dims(id).to_vec()
    }

    pub(crate) fn kind(&self, id: Id) -> Kind {
        self.b.kind(id)
    }

    /// The element type of input `index`, if declarations tell.
    pub(crate) fn element(&self, index: usize) -> Option<i64> {
        self.optional(index).and_then(|id| self.b.value(id).element).map(i64::from)
    }

    /// Whether the node has an output of this number that may be read.
    pub(crate) fn wants(&self, output: usize) -> bool {
        self.node.output.get(output).is_some_and(|name| !name.is_empty())
    }

    /// Input `index` as a constant, if it is there.
    pub(crate) fn input_constant(&self, index: usize) -> Result<Option<&Tensor>> {
        let Some(id) = self.optional(index) else { return Ok(None) };
        match self.b.constant(id) {
            Some(tensor) => Ok(Some(tensor)),
            None => {
                let got = "a value known only at run time";
                Err(self.error(format!("input {index}"), "a constant", got))
            }
        }
    }

    /// Input `index` as a constant list of integers, if it is there.
    pub(crate) fn input_ints(&self, index: usize) -> Result<Option<Vec<i64>>> {
        match self.input_constant(index)? {
            None => Ok(None),
            Some(tensor) if tensor.dims().len() <= 1 && tensor.ints().is_some() => {
                Ok(tensor.ints().map(<[i64]>::to_vec))
            }
            Some(_) => {
                Err(self.error(format!("input {index}"), "a constant list of integers", "another constant"))
            }
        }
    }

    /// Input `index` as a constant number, if it is there.
    pub(crate) fn input_number(&self, index: usize) -> Result<Option<f64>> {
        match self.input_constant(index)? {
            None => Ok(None),
            Some(tensor) if tensor.len() == 1 => Ok(Some(tensor.get(0))),
            Some(tensor) => {
                let got = format!("extents {:?}", tensor.dims());
                Err(self.error(format!("input {index}"), "one number", got))
            }
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

    /// 0 or 1.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool> {
        match self.int(name, default.into())? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.error(format!("attribute {name}"), "0 or 1", other.to_string())),
        }
    }

    pub(crate) fn float(&self, name: &str, default: f32) -> Result<f32> {
        let value = self.attribute(name, 1, "a float")?.map_or(default, |attribute| attribute.f);
        match value.is_nan() {
            false => Ok(value),
            true => Err(self.error(format!("attribute {name}"), "a number", value.to_string())),
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

    pub(crate) fn strings(&self, name: &str) -> Result<Option<Vec<String>>> {
        let attribute = self.attribute(name, 8, "a list of strings")?;
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        Ok(attribute.map(|attribute| attribute.strings.iter().map(text).collect()))
    }

    pub(crate) fn tensor(&self, name: &str) -> Result<Option<(Tensor, Kind)>> {
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

    /// Axes that are an attribute in old versions of an operator and an input in new ones.
    pub(crate) fn axes_anywhere(&self, index: usize, rank: usize) -> Result<Option<Vec<usize>>> {
        let given = match self.ints("axes")? {
            Some(axes) => Some(axes),
            None => self.input_ints(index)?,
        };
        given.map(|axes| self.axes("axes", &axes, rank)).transpose()
    }

    /// A public constant of floats that the operator's definition or its attributes imply.
    pub(crate) fn constant_floats(&mut self, dims: &[usize], f: impl FnMut(usize) -> f32) -> Id {
        let tensor = FloatTensor::from_fn(dims, f);
        let name = node_name(self.node);
        self.b.constant_of(&name, tensor.into(), Kind::Float, true)
    }

    /// A public constant of integers.
    pub(crate) fn constant_ints(&mut self, dims: &[usize], f: impl FnMut(usize) -> i64) -> Id {
        let tensor = crate::IntTensor::from_fn(dims, f);
        let name = node_name(self.node);
        self.b.constant_of(&name, tensor.into(), Kind::Int, true)
    }

    /// Derived from constants of the model: private, unless all of them are public.
    pub(crate) fn derived(&mut self, tensor: impl Into<Tensor>, kind: Kind, from: &[Id]) -> Id {
        let public = from.iter().all(|id| self.b.value(*id).public);
        let name = node_name(self.node);
        self.b.constant_of(&name, tensor.into(), kind, public)
    }
}
