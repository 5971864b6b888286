//! The graph as a whole: lists, tensors, roles.

use zktorch_mutants::enforced;

use super::bounds::Bounds;
use super::rules::{At, check_interval, check_shape, invalid, require, show};
use super::tables::{self, TableValues};
use super::{limits, steps};
use crate::{Graph, GraphError, Interval, Role, Table, Tensor, TensorId};

/// [`Graph::validate`], with the values of the formulas.
pub(super) fn check(graph: &Graph) -> Result<(Bounds, TableValues), GraphError> {
    for (list, len) in
        [("tensors", graph.tensors.len()), ("tables", graph.tables.len()), ("steps", graph.steps.len())]
    {
        require(len <= limits::ITEMS, "number of items", format_args!("at most {}", limits::ITEMS), len)
            .at(|| list.to_owned())?;
    }
    let tables::Checked { images, signs, values } = tables::check(&graph.tables)?;
    let (mut entries, mut ones) = (0u64, 0);
    for (id, tensor) in graph.tensors.iter().enumerate() {
        graph.check_tensor(tensor, &images).at(|| graph.place(id))?;
        entries += tensor.shape.padded_len() as u64;
        ones += usize::from(tensor.role == Role::One);
    }
    require(entries <= limits::TOTAL_ENTRIES, "padded entries of all tensors", "at most 2^36", entries)
        .at(|| "tensors".to_owned())?;
    require(ones <= 1, "tensors with the role One", "at most 1", ones).at(|| "tensors".to_owned())?;
    graph.check_list(&graph.inputs, "inputs", |role| matches!(role, Role::Input(_)))?;
    graph.check_list(&graph.outputs, "outputs", |role| matches!(role, Role::Output(_)))?;
    Ok((steps::check(graph, signs)?, values))
}

impl Graph {
    /// Checks every rule of the types' documentation, whatever the graph is, in time and memory proportional to its own size
    /// (and the 2^36 padded entries, 2^24 map entries and 2^24 table entries that it may describe cost nothing here but
    /// a pass over those that it holds).
    ///
    /// Accepted graphs have: consistent ids; extents >= 1 with at most 2^28 padded entries a tensor; ranges that contain
    /// 0; every Ranged, LookupInput and Output tensor defined by one step, every LookupOutput by the one
    /// lookup of
    /// its argument, reads of earlier tensors only; views whose factors partition the axes and touch no padding;
    /// expressions whose real entries and intermediates are below 2^100; and steps that determine what they
    /// define (the ranges
    /// of remainders and slacks begin at zero, and no term of a [`Constraint`](crate::Constraint) reaches
    /// 2^100).
    ///
    /// # Errors
    /// [`GraphError::Invalid`] with the first rule that is broken.
    pub fn validate(&self) -> Result<Bounds, GraphError> {
        check(self).map(|(bounds, _)| bounds)
    }

    /// `tensor 3 "conv1"`.
    pub(crate) fn place(&self, id: usize) -> String {
        // Names come from outside: escaped, and not longer than allowed.
        let name = self.tensors.get(id).map_or("", |tensor| &tensor.name);
        let name: String = name.chars().take(limits::NAME).collect();
        format!("tensor {id} {name:?}")
    }

    fn check_tensor(&self, tensor: &Tensor, images: &[Interval]) -> Result<(), GraphError> {
        let len = tensor.name.len();
        require(len <= limits::NAME, "length of the name", format_args!("at most {}", limits::NAME), len)?;
        check_shape(&tensor.shape, limits::TENSOR_VARS)?;
        let scale = tensor.scale;
        require(scale.unsigned_abs() <= limits::SCALE, "scale", "at most 1000 in absolute value", scale)?;
        match tensor.role {
            Role::One => {
                let Tensor { shape, range, .. } = Tensor::one();
                require(tensor.shape == shape, "rank of the One", 0, tensor.shape.rank())?;
                require(tensor.range == range, "range of the One", show(range), show(tensor.range))?;
            }
            // Checked by the verifier itself, value by value.
            role if role.is_public() => {
                let Interval { lo, hi } = tensor.range;
                require(lo <= 0 && 0 <= hi, "range", "an interval that contains 0", show(tensor.range))?;
            }
            _ => check_interval(tensor.range, "range")?,
        }
        if let Role::LookupInput(table) | Role::LookupOutput(table) = tensor.role {
            let definition = self.tables.get(table.0 as usize).zip(images.get(table.0 as usize));
            let Some((Table { domain, .. }, image)) = definition else {
                return invalid("table id", format_args!("below {}", self.tables.len()), table.0);
            };
            let (domain, image, range) = (*domain, *image, tensor.range);
            if let Role::LookupInput(_) = tensor.role {
                require(range == domain, "range of a lookup's argument", show(domain), show(range))?;
            } else {
                let holds = range.lo <= image.lo && image.hi <= range.hi;
                require(holds, "range of a lookup's value", show(image), show(range))?;
            }
        }
        Ok(())
    }

    /// `list` names every tensor of a role exactly once.
    fn check_list(
        &self,
        list: &[TensorId],
        name: &'static str,
        has_role: impl Fn(&Role) -> bool,
    ) -> Result<(), GraphError> {
        let mut missing: Vec<bool> = self.tensors.iter().map(|tensor| has_role(&tensor.role)).collect();
        for id in list {
            let place = || format!("{name}: {}", self.place(id.0 as usize));
            match missing.get_mut(id.0 as usize) {
                None => return invalid("tensor id", "an id of a tensor", id.0).at(|| name.to_owned()),
                Some(unlisted) if *unlisted => *unlisted = false,
                Some(_) if has_role(&self.tensor(*id).role) && enforced() => {
                    return invalid("listed once", 1, "more").at(place);
                }
                Some(_) if enforced() => {
                    return invalid("role", name, format_args!("{:?}", self.tensor(*id).role)).at(place);
                }
                Some(_) => {}
            }
        }
        match missing.iter().position(|missing| *missing) {
            Some(id) if enforced() => {
                invalid("listed once", 1, 0).at(|| format!("{name}: {}", self.place(id)))
            }
            _ => Ok(()),
        }
    }
}
