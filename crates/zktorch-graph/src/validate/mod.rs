//! Validation: what a graph must satisfy before anybody relies on it.

mod expr;
mod steps;
mod tables;
#[cfg(test)]
#[cfg(feature = "executor")]
mod tests;
mod valid;
mod view;

use std::fmt::Display;

use crate::{Graph, GraphError, Interval, Role, Shape, Table, Tensor, TensorId};

pub use self::valid::{TableValues, ValidGraph};

/// What is allowed. Each limit is far above what networks need, and keeps the work and the memory of everything that is
/// derived from a graph bounded.
pub(crate) mod limits {
    /// Tensors, tables and steps of a graph, each.
    pub(crate) const ITEMS: usize = 1 << 16;
    /// Bytes of a name.
    pub(crate) const NAME: usize = 256;
    /// Axes of a shape.
    pub(crate) const RANK: usize = 32;
    /// log2 of a tensor's padded entries.
    pub(crate) const TENSOR_VARS: usize = 28;
    /// log2 of the padded entries of a virtual tensor. So a contraction has at most 2^48 products: with m, n, k its groups'
    /// variables, each pair of them shares an operand or the result.
    pub(crate) const VIRTUAL_VARS: usize = 32;
    /// Padded entries of all tensors.
    pub(crate) const TOTAL_ENTRIES: u64 = 1 << 32;
    /// Views of a graph.
    pub(crate) const VIEWS: usize = 1 << 20;
    /// Entries of sparse maps, and positions and taps of windows, of a graph.
    pub(crate) const MAP_ENTRIES: u64 = 1 << 24;
    /// Entries of all tables.
    pub(crate) const TABLE_ENTRIES: u64 = 1 << 24;
    /// Values of an interval.
    pub(crate) const INTERVAL: usize = 1 << 17;
    /// Absolute value of a coefficient of a sparse map.
    pub(crate) const COEFF: u32 = 1 << 20;
    /// Absolute value of a tensor's scale.
    pub(crate) const SCALE: u32 = 1000;
    /// Contraction labels are below.
    pub(crate) const LABELS: u32 = 1 << 16;
    /// Largest divisor of a Rescale.
    pub(crate) const DIVISOR: u64 = 1 << 48;
    /// Largest divisor whose remainders have one limb.
    pub(crate) const ONE_LIMB: u64 = 1 << 17;
    /// Nanoseconds, about, that all values of all formulas take: they are computed once ([`ValidGraph`](super::ValidGraph)).
    pub(crate) const FORMULA_WORK: u64 = 1 << 30;
    /// log2 of the bound of every accumulator and every intermediate.
    pub(crate) const ACC_BITS: u32 = 100;
}

/// Upper bounds of the integers of a graph, from [`Graph::validate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// One per step, in order: of its expressions, the largest if there are several; zero for a lookup.
    pub steps: Vec<Bound>,
}

/// Upper bounds of the absolute values of one expression, whenever all tensors are in their ranges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Of its real entries; below 2^100.
    pub acc: u128,
    /// Of every coefficient, operand, product and partial sum on the way, in any order of summation; at least `acc` and
    /// below 2^100.
    pub intermediate: u128,
}

/// An error whose place is still empty; callers add it from the inside out with [`At::at`].
fn invalid<T>(rule: &'static str, expected: impl Display, got: impl Display) -> Result<T, GraphError> {
    Err(GraphError::Invalid {
        place: String::new(),
        rule,
        expected: expected.to_string(),
        got: got.to_string(),
    })
}

/// Refuses unless `holds`.
fn require(
    holds: bool,
    rule: &'static str,
    expected: impl Display,
    got: impl Display,
) -> Result<(), GraphError> {
    if holds { Ok(()) } else { invalid(rule, expected, got) }
}

trait At {
    /// Puts an outer place before the place of an error.
    fn at(self, outer: impl FnOnce() -> String) -> Self;
}

impl<T> At for Result<T, GraphError> {
    fn at(self, outer: impl FnOnce() -> String) -> Self {
        self.map_err(|error| match error {
            GraphError::Invalid { place, rule, expected, got } => {
                let place = if place.is_empty() { outer() } else { format!("{}: {place}", outer()) };
                GraphError::Invalid { place, rule, expected, got }
            }
            other => other,
        })
    }
}

/// [`Graph::validate`], with the values of the formulas.
fn check(graph: &Graph) -> Result<(Bounds, TableValues), GraphError> {
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
    require(entries <= limits::TOTAL_ENTRIES, "padded entries of all tensors", "at most 2^32", entries)
        .at(|| "tensors".to_owned())?;
    require(ones <= 1, "tensors with the role One", "at most 1", ones).at(|| "tensors".to_owned())?;
    graph.check_list(&graph.inputs, "inputs", |role| matches!(role, Role::Input(_)))?;
    graph.check_list(&graph.outputs, "outputs", |role| matches!(role, Role::Output(_)))?;
    Ok((steps::check(graph, signs)?, values))
}

impl Graph {
    /// Checks every rule of the types' documentation, whatever the graph is, in time and memory proportional to its own size
    /// (and the 2^32 padded entries, 2^24 map entries and 2^24 table entries that it may describe cost nothing here but
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
                Some(_) if has_role(&self.tensor(*id).role) => {
                    return invalid("listed once", 1, "more").at(place);
                }
                Some(_) => {
                    return invalid("role", name, format_args!("{:?}", self.tensor(*id).role)).at(place);
                }
            }
        }
        match missing.iter().position(|missing| *missing) {
            Some(id) => invalid("listed once", 1, 0).at(|| format!("{name}: {}", self.place(id))),
            None => Ok(()),
        }
    }
}

fn show(interval: Interval) -> String {
    format!("[{}, {}]", interval.lo, interval.hi)
}

fn check_interval(interval: Interval, rule: &'static str) -> Result<(), GraphError> {
    let Interval { lo, hi } = interval;
    let holds = (-(1 << 16)..=0).contains(&lo) && (0..=1 << 17).contains(&hi);
    require(holds, rule, "an interval that contains 0 within [-2^16, 2^17]", show(interval))?;
    require(interval.len() <= limits::INTERVAL, rule, "at most 2^17 values", interval.len())
}

/// Rank, extents and padded size of a shape.
fn check_shape(shape: &Shape, max_vars: usize) -> Result<(), GraphError> {
    require(shape.rank() <= limits::RANK, "rank", format_args!("at most {}", limits::RANK), shape.rank())?;
    if let Some(axis) = shape.dims().iter().position(|dim| *dim == 0) {
        return invalid("extents", "at least 1", 0).at(|| format!("axis {axis}"));
    }
    // Extents above 2^31 have no power of two in their type.
    if let Some(dim) = shape.dims().iter().find(|dim| **dim > 1 << 31) {
        return invalid("extents", "at most 2^31", dim);
    }
    let vars = shape.num_vars();
    require(vars <= max_vars, "padded size", format_args!("at most 2^{max_vars}"), format_args!("2^{vars}"))
}

/// The bound of an expression of which every tensor may be read.
///
/// # Errors
/// [`GraphError::Invalid`] as from [`Graph::validate`].
#[cfg(feature = "executor")]
pub(crate) fn expr_bound(graph: &Graph, expr: &crate::Expr) -> Result<Bound, GraphError> {
    expr::check(&mut steps::Progress::all_defined(graph), expr).at(|| "expression".to_owned())
}
