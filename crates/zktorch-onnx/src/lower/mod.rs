//! Lowering: the float model's operators become steps over integers.

mod arithmetic;
mod layout;
mod pool;
mod quantise;
mod value;

use std::collections::BTreeMap;

pub(crate) use value::{Value, identity, padded, plain_axes, shape, sparse, sub_axes};
use zktorch_graph::{
    Contract, Expr, Factor, Function, Graph, Interval, Linear, Operand, Role, Shape, Step, Table, TableId,
    Tensor, TensorId, Term, View,
};

use crate::{FloatTensor, OnnxError, Result};

/// Sums of more views than this are stored before they are read again.
const MAX_TERMS: usize = 8;

/// The state of a compilation.
pub(crate) struct Lowering<'a> {
    pub(crate) graph: Graph,
    pub(crate) weights: Vec<(TensorId, Vec<i32>)>,
    /// The activations that are known so far.
    values: BTreeMap<String, Value>,
    constants: &'a BTreeMap<String, FloatTensor>,
    /// Largest absolute value of every activation.
    max_abs: &'a BTreeMap<String, f64>,
    /// The same, but at least that of the sum in which a value ends.
    sum_max_abs: &'a BTreeMap<String, f64>,
    headroom: u32,
    /// The output of the node that is lowered.
    current: String,
    /// Weights that exist: name, extents, scale.
    stored: BTreeMap<(String, Vec<u32>, i32), TensorId>,
}

impl<'a> Lowering<'a> {
    pub(crate) fn new(
        constants: &'a BTreeMap<String, FloatTensor>,
        max_abs: &'a BTreeMap<String, f64>,
        sum_max_abs: &'a BTreeMap<String, f64>,
        headroom: u32,
    ) -> Self {
        Self {
            graph: Graph::default(),
            weights: Vec::new(),
            values: BTreeMap::new(),
            constants,
            max_abs,
            sum_max_abs,
            headroom,
            current: String::new(),
            stored: BTreeMap::new(),
        }
    }

    /// Tells which value is computed next.
    pub(crate) fn begin(&mut self, output: &str) {
        self.current = output.to_owned();
    }

    /// Defines a value.
    pub(crate) fn define(&mut self, name: &str, mut value: Value) {
        value.max_abs = self.max_abs.get(name).copied().unwrap_or(value.max_abs);
        self.values.insert(name.to_owned(), value);
    }

    /// The scale of an input of the network.
    pub(crate) fn scale_of(&self, name: &str) -> i32 {
        quantise::fit(self.max_abs.get(name).copied().unwrap_or(1.0).max(1e-6)) - self.headroom as i32
    }

    /// The tensor that a stored value consists of.
    pub(crate) fn last_tensor(&self, value: &Value) -> Result<TensorId> {
        match value.expr.terms.first() {
            Some(Term { operand: Operand::View(view), .. }) => Ok(view.tensor),
            _ => Err(self.bug("a stored tensor", "an expression")),
        }
    }

    /// The values that are stored as tensors of their own.
    pub(crate) fn stored_values(&self) -> Vec<(String, Vec<usize>, TensorId)> {
        let plain = |(name, value): (&String, &Value)| {
            let id = self.is_plain(value).then(|| self.last_tensor(value).ok()).flatten()?;
            Some((name.clone(), value.dims(), id))
        };
        self.values.iter().filter_map(plain).collect()
    }

    /// The name of the value that is computed.
    pub(crate) fn current(&self) -> &str {
        &self.current
    }

    /// A constant, if the name is one.
    pub(crate) fn constant(&self, name: &str) -> Option<&'a FloatTensor> {
        self.constants.get(name)
    }

    /// An activation as it is, contractions pending.
    pub(crate) fn value(&self, name: &str) -> Result<Value> {
        self.values.get(name).cloned().ok_or_else(|| OnnxError::Missing {
            reader: format!("the lowering of {}", self.current),
            value: name.into(),
        })
    }

    /// An activation as a sum of views, stored first if that is necessary.
    pub(crate) fn linear(&mut self, name: &str) -> Result<Value> {
        let value = self.value(name)?;
        if !value.is_pending() && value.expr.terms.len() <= MAX_TERMS {
            return Ok(value);
        }
        let stored = self.store(&value, name)?;
        self.values.insert(name.to_owned(), stored.clone());
        Ok(stored)
    }

    /// Stores a value at the scale that calibration gives it.
    pub(crate) fn store(&mut self, value: &Value, name: &str) -> Result<Value> {
        let scale = self.own_scale(value);
        self.rescale(value, scale, Interval::I16, Role::Ranged, name)
    }

    /// Stores a value if contractions or divisions are pending.
    pub(crate) fn settled(&mut self, value: Value, name: &str) -> Result<Value> {
        if value.is_pending() { self.store(&value, name) } else { Ok(value) }
    }

    /// Replaces an activation by a stored copy of itself, for later readers.
    pub(crate) fn replace(&mut self, name: &str, value: Value) {
        if let Some(old) = self.values.get_mut(name) {
            *old = value;
        }
    }

    pub(crate) fn add_tensor(&mut self, tensor: Tensor) -> TensorId {
        self.graph.tensors.push(tensor);
        TensorId((self.graph.tensors.len() - 1) as u32)
    }

    /// A tensor read as it is.
    pub(crate) fn tensor_value(&self, id: TensorId, axes: Vec<Vec<u32>>, max_abs: f64) -> Value {
        let tensor = self.graph.tensor(id);
        Value {
            axes,
            expr: Expr::view(View::identity(id, &tensor.shape)),
            scale: tensor.scale,
            div: 1,
            bounds: (i128::from(tensor.range.lo), i128::from(tensor.range.hi)),
            max_abs,
        }
    }

    /// Applies a linear map from the axes of the expression to those of `axes`. The value must not be pending.
    pub(crate) fn apply(&self, value: &Value, axes: Vec<Vec<u32>>, factors: &[Factor]) -> Result<Value> {
        let target = shape(&axes);
        let linear = value.linear().ok_or_else(|| self.bug("a sum of views", "a contraction"))?;
        let mut terms = Vec::with_capacity(linear.terms.len());
        for (coeff, view) in &linear.terms {
            let source = &self.graph.tensor(view.tensor).shape;
            let view = view.then(source, target.clone(), factors)?;
            terms.push(Term { coeff: *coeff, operand: Operand::View(view) });
        }
        let (up, down) = factors.iter().map(row_sums).fold((1i128, 0i128), |(up, down), (plus, minus)| {
            // Products of intervals [-minus, plus].
            (up * plus + down * minus, up * minus + down * plus)
        });
        let (lo, hi) = (value.bounds.0.min(0), value.bounds.1.max(0));
        let bounds = (up * lo - down * hi, up * hi - down * lo);
        Ok(Value { axes, expr: Expr { shape: target, terms }, bounds, ..value.clone() })
    }

    /// The einsum of two values that are not pending; labels are given for every sub-axis of every axis.
    pub(crate) fn contract(
        &self,
        (a, a_labels): (&Value, &[Vec<u32>]),
        (b, b_labels): (&Value, &[Vec<u32>]),
        out_labels: &[Vec<u32>],
    ) -> Result<Value> {
        let (a_axes, b_axes, out_axes) = (a_labels.concat(), b_labels.concat(), out_labels.concat());
        let mut extents = BTreeMap::new();
        for (label, dim) in
            a_axes.iter().zip(a.expr.shape.dims()).chain(b_axes.iter().zip(b.expr.shape.dims()))
        {
            if *extents.entry(*label).or_insert(*dim) != *dim {
                return Err(self.bug("labels of one extent", "two extents"));
            }
        }
        let find = |label: &u32| extents.get(label).copied();
        let axes = out_labels
            .iter()
            .map(|labels| labels.iter().map(find).collect::<Option<Vec<u32>>>())
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| self.bug("labels of the operands", "another label"))?;
        let summed = extents.iter().filter(|(label, _)| !out_axes.contains(label));
        let count = summed.fold(1i128, |count, (_, dim)| count * i128::from(*dim));
        let magnitude = |value: &Value| value.bounds.0.abs().max(value.bounds.1.abs());
        let bound = count.saturating_mul(magnitude(a)).saturating_mul(magnitude(b));
        let linear = |value: &Value| -> Result<Linear> {
            value.linear().ok_or_else(|| self.bug("a sum of views", "a contraction"))
        };
        let contract = Contract { a: linear(a)?, b: linear(b)?, a_axes, b_axes, out_axes };
        let terms = vec![Term { coeff: 1, operand: Operand::Contract(contract) }];
        Ok(Value {
            expr: Expr { shape: shape(&axes), terms },
            axes,
            scale: a.scale + b.scale,
            div: 1,
            bounds: (-bound, bound),
            max_abs: self.max_abs.get(&self.current).copied().unwrap_or_default(),
        })
    }

    /// y = f(x) for a function of the integer at the scale that it is told.
    pub(crate) fn lookup(
        &mut self,
        input: &str,
        max_scale: i32,
        function: impl FnOnce(i32) -> (Function, Interval, i32),
    ) -> Result<Value> {
        let value = self.value(input)?;
        let own = self.own_scale(&value);
        let scale = own.min(max_scale);
        let (function, range, out_scale) = function(scale);
        let table = self.table(Table { function, domain: Interval::I16 });
        let x = self.rescale(&value, scale, Interval::I16, Role::LookupInput(table), input)?;
        if scale == own && (value.is_pending() || value.expr.terms.len() > 1) {
            self.replace(input, x.clone());
        }
        let name = self.current.clone();
        self.look_up(&x, table, range, out_scale, &name)
    }

    /// The step of a lookup of a value that is one tensor.
    pub(crate) fn look_up(
        &mut self,
        x: &Value,
        table: TableId,
        range: Interval,
        scale: i32,
        name: &str,
    ) -> Result<Value> {
        let x_id = self.last_tensor(x)?;
        let y = self.add_tensor(Tensor {
            name: name.into(),
            shape: x.expr.shape.clone(),
            scale,
            range,
            role: Role::LookupOutput(table),
        });
        self.graph.steps.push(Step::Lookup { table, x: x_id, y });
        Ok(self.tensor_value(y, x.axes.clone(), x.max_abs))
    }

    /// The id of a table, a new one if there is none like it.
    pub(crate) fn table(&mut self, table: Table) -> TableId {
        let index = self.graph.tables.iter().position(|other| *other == table).unwrap_or_else(|| {
            self.graph.tables.push(table);
            self.graph.tables.len() - 1
        });
        TableId(index as u32)
    }

    /// An error that only a mistake of this crate can cause.
    pub(crate) fn bug(&self, expected: &str, got: &str) -> OnnxError {
        OnnxError::Quantise {
            value: self.current.clone(),
            field: "internal representation",
            expected: expected.into(),
            got: got.into(),
        }
    }

    /// An error about the value that is computed.
    pub(crate) fn error(
        &self,
        field: &'static str,
        expected: impl ToString,
        got: impl ToString,
    ) -> OnnxError {
        OnnxError::Quantise {
            value: self.current.clone(),
            field,
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }
}

/// Largest sum of positive and of negative coefficients of a row of a factor.
fn row_sums(factor: &Factor) -> (i128, i128) {
    let zktorch_graph::AxisMap::Sparse(entries) = &factor.map else { return (1, 0) };
    let (mut plus, mut minus) = (0, 0);
    for row in entries.chunk_by(|a, b| a.out == b.out) {
        let sum = |sign: i128| row.iter().map(|entry| (i128::from(entry.coeff) * sign).max(0)).sum::<i128>();
        plus = plus.max(sum(1));
        minus = minus.max(sum(-1));
    }
    (plus, minus)
}

/// The shape of a tensor with these extents.
pub(crate) fn plain_shape(dims: &[usize]) -> Shape {
    shape(&plain_axes(dims))
}
