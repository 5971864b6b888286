//! Lowering: core operators become steps over integers.
//!
//! Values are *pending* as long as possible: sums of views and contractions that cost nothing until something has to read
//! them entry by entry. Where a value is stored, and at which scale, is decided here alone ([`quantise`]).

mod divide;
mod function;
mod gap;
mod guard;
mod layout;
mod maximum;
mod product;
mod quantise;
mod rescaled;
mod saturate;
mod sign;
mod sum;
mod value;

use std::collections::BTreeMap;

use rescaled::Rescaled;
pub(crate) use value::{Value, along, identity, plain_axes, shape, sparse, sub_axes};
use zktorch_graph::{
    Contract, Expr, Factor, Graph, Interval, Limbs, Linear, Operand, Role, Table, TableId, Tensor, TensorId,
    Term, View, Visibility,
};

use crate::calibrate::Statistics;
use crate::program::{Core, Id, Kind, Node, Program};
use crate::{ExternalWeight, OnnxError, Result};

/// Sums of more views than this are stored before they are read again.
const MAX_TERMS: usize = 8;

/// Values that are stored in limbs have at most this many bits beyond 16.
const MORE_BITS: i32 = 32;

/// Entries that are this many times the typical ones are outliers.
const OUTLIERS: f64 = 30.0;

/// Most bits that they are worth: two limbs.
const MOST_FOR_OUTLIERS: u32 = 14;

/// Most bits of values that are read relative to themselves: there is one of them for each row that is normalised.
const MOST_FOR_SMALL: u32 = 28;

/// The state of a compilation.
pub(crate) struct Lowering<'a> {
    pub(crate) graph: Graph,
    pub(crate) weights: Vec<(TensorId, Vec<i32>)>,
    /// Weights whose entries stay in files.
    pub(crate) external: Vec<(TensorId, ExternalWeight)>,
    program: &'a Program,
    statistics: &'a Statistics,
    /// Largest absolute value of everything, but at least that of the sum in which a value ends.
    sums: Vec<f64>,
    /// Largest absolute value of everything, but at most that of the maximum in which a value ends.
    maxima: Vec<f64>,
    /// Values that nothing rounds: between inputs and integer quotients.
    exact: Vec<bool>,
    /// Values that a maximum reads through views alone.
    narrow: Vec<bool>,
    headroom: u32,
    /// Bits beyond 16 of values between operators.
    guard: u32,
    /// Bits beyond 16 of values with outliers, so that their other entries keep the bits that they would have alone.
    outliers: Vec<u32>,
    /// The same of radicands and of what roots divide, whose small entries count as much as large ones.
    small: Vec<u32>,
    /// Whether floats that leave their ranges are clamped.
    saturate: bool,
    /// The values that are known so far.
    values: Vec<Option<Value>>,
    /// Values that a gap alone reads, through sums: their divisor may be large.
    feeds_gap: Vec<bool>,
    /// Gaps that are the arguments of exponentials.
    exponents: BTreeMap<Id, gap::Exponential>,
    /// The value that is computed.
    current: Id,
    /// Which node of the file every tensor belongs to.
    pub(crate) origins: Vec<Option<usize>>,
    /// Which node of the file makes each value.
    makers: Vec<Option<usize>>,
    /// The node of the file that new tensors belong to.
    origin: Option<usize>,
    /// Weights that exist: constant, extents, scale.
    stored: BTreeMap<(Id, Vec<u32>, i32), Limbs>,
    rescaled: Rescaled,
}

impl<'a> Lowering<'a> {
    pub(crate) fn new(
        program: &'a Program,
        statistics: &'a Statistics,
        headroom: u32,
        guard: u32,
        saturate: bool,
    ) -> Self {
        // Guard bits are for all entries.
        let outliers = match guard {
            0 => outlier_bits(program, statistics),
            _ => vec![0; program.values.len()],
        };
        Self {
            graph: Graph::default(),
            weights: Vec::new(),
            external: Vec::new(),
            program,
            statistics,
            sums: sum_max_abs(program, statistics, &outliers),
            maxima: maximum_max_abs(program, statistics),
            exact: exact_values(program),
            narrow: if guard == 0 { feeds_maximum(program) } else { vec![false; program.values.len()] },
            headroom,
            guard,
            outliers,
            small: small_bits(program, statistics),
            saturate,
            values: vec![None; program.values.len()],
            feeds_gap: if guard == 0 { feeds_gap(program) } else { vec![false; program.values.len()] },
            exponents: BTreeMap::new(),
            current: Id(0),
            origins: Vec::new(),
            makers: makers(program),
            origin: None,
            stored: BTreeMap::new(),
            rescaled: Rescaled::default(),
        }
    }

    /// An input of the network.
    pub(crate) fn input(&mut self, id: Id, visibility: Visibility) -> TensorId {
        let info = self.program.value(id);
        let (scale, range) = self.input_format(id, visibility);
        let tensor = self.add_tensor(Tensor {
            name: info.name.clone(),
            shape: shape(&plain_axes(&info.dims)),
            scale,
            range,
            role: Role::Input(visibility),
        });
        let value = self.tensor_value(tensor, plain_axes(&info.dims), self.max_abs(id));
        self.values[id.0] = Some(value);
        self.graph.inputs.push(tensor);
        tensor
    }

    /// Lowers one node.
    pub(crate) fn node(&mut self, node: &Node) -> Result<()> {
        self.current = node.output;
        self.origin = Some(node.origin);
        let input = |index: usize| node.inputs[index];
        let dims = &self.program.value(node.output).dims;
        let mut value = match &node.core {
            Core::Reshape => {
                let value = self.value(input(0))?;
                self.reshape(value, dims, input(0))?
            }
            Core::Transpose(perm) => self.value(input(0))?.permuted(perm),
            Core::Map { axis, matrix } => self.map(input(0), *axis, matrix)?,
            Core::Gather { axis } => self.gather(input(0), *axis, input(1))?,
            Core::Broadcast => self.repeat(input(0), dims)?,
            Core::Concat(axis) => self.concat(&node.inputs, *axis)?,
            Core::Sum(coefficients) => self.sum(coefficients, &node.inputs)?,
            Core::Einsum { a, b, out } => self.einsum((input(0), a), (input(1), b), out)?,
            Core::Conv { groups, windows } => self.conv(*groups, windows, &node.inputs)?,
            Core::ChannelAffine(axis) => self.channel_affine(input(0), input(1), input(2), *axis)?,
            Core::Function(formula) => self.function(input(0), formula, node.output)?,
            Core::Gap(axis) => self.gap(input(0), node.inputs.get(1).copied(), *axis, node.output)?,
            Core::Max => self.max(input(0), input(1))?,
            Core::Divide | Core::FloorDivide => self.quotient(input(0), input(1), node.output)?,
            Core::Sqrt => self.root(input(0), node.output)?,
        };
        if value.dims() != *dims {
            return Err(self.error("extents", format!("{dims:?}"), format!("{:?}", value.dims())));
        }
        value.max_abs = self.max_abs(node.output);
        self.values[node.output.0] = Some(value);
        Ok(())
    }

    /// Stores an output of the network.
    pub(crate) fn output(&mut self, id: Id, visibility: Visibility) -> Result<(TensorId, Vec<usize>)> {
        self.current = id;
        self.origin = self.makers[id.0];
        let value = match self.program.constant(id) {
            Some(constant) => self.weight(id, plain_axes(constant.dims()), i32::MAX)?,
            None => self.value(id)?,
        };
        let (scale, range) = self.output_format(&value, id, visibility);
        let stored = self.rescale(&value, scale, range, Role::Output(visibility), id)?;
        let tensor = self.last_tensor(&stored)?;
        self.graph.outputs.push(tensor);
        Ok((tensor, value.dims()))
    }

    /// The tensor that a stored value consists of.
    fn last_tensor(&self, value: &Value) -> Result<TensorId> {
        match value.expr.terms.first() {
            Some(Term { operand: Operand::View(view), .. }) => Ok(view.tensor),
            _ => Err(self.bug("a stored tensor", "an expression")),
        }
    }

    /// The values that are stored as tensors of their own.
    pub(crate) fn stored_values(&self) -> Vec<(Id, Vec<usize>, TensorId)> {
        let plain = |(index, value): (usize, &Option<Value>)| {
            let value = value.as_ref().filter(|value| self.is_plain(value))?;
            let tensor = self.last_tensor(value).ok()?;
            // A clamped gap is none, and a tensor of another scale stands for a multiple.
            let is_value =
                self.graph.tensor(tensor).scale == value.scale && !self.exponents.contains_key(&Id(index));
            is_value.then(|| (Id(index), value.dims(), tensor))
        };
        self.values.iter().enumerate().filter_map(plain).collect()
    }

    fn name(&self, id: Id) -> &'a str {
        &self.program.value(id).name
    }

    fn max_abs(&self, id: Id) -> f64 {
        self.statistics.max_abs(id)
    }

    /// A value as it is, contractions pending.
    fn value(&self, id: Id) -> Result<Value> {
        self.values[id.0].clone().ok_or_else(|| OnnxError::Missing {
            reader: format!("the lowering of {}", self.name(self.current)),
            value: self.name(id).into(),
        })
    }

    /// A value as a sum of views, stored first if that is necessary.
    fn linear(&mut self, id: Id) -> Result<Value> {
        let value = self.value(id)?;
        if !value.is_pending() && value.expr.terms.len() <= MAX_TERMS {
            return Ok(value);
        }
        let stored = self.store(&value, id)?;
        self.replace(id, stored.clone());
        Ok(stored)
    }

    /// Whether nothing may round a value.
    fn is_exact(&self, id: Id) -> bool {
        self.exact[id.0] || self.program.value(id).kind != Kind::Float
    }

    /// Stores a value at the scale that calibration gives it; integers exactly.
    fn store(&mut self, value: &Value, id: Id) -> Result<Value> {
        self.part_of(id, |own| {
            if own.program.value(id).kind != Kind::Float {
                return own.wide(value, 0, id);
            }
            let scale = own.stored_scale(value, id);
            if own.exact[id.0] {
                return own.wide(value, value.scale.min(own.own_scale(value) + MORE_BITS).max(scale), id);
            }
            if own.more_bits(id) > 0 {
                return own.store_guarded(value, scale, id);
            }
            own.rescale(value, scale, Interval::I16, Role::Ranged, id)
        })
    }

    /// Bits beyond 16 of a value.
    fn more_bits(&self, id: Id) -> u32 {
        self.guard.max(self.outliers[id.0]).max(self.small[id.0])
    }

    /// Stores a value if contractions are pending.
    fn settled(&mut self, value: Value, id: Id) -> Result<Value> {
        if value.linear().is_none() { self.store(&value, id) } else { Ok(value) }
    }

    /// A value as a sum of views that may still have to be divided, stored first if that is necessary.
    fn views(&mut self, id: Id) -> Result<Value> {
        let value = self.value(id)?;
        let few = value.expr.terms.len() <= MAX_TERMS;
        if few && value.linear().is_some() { Ok(value) } else { self.linear(id) }
    }

    /// Replaces a value by a stored copy of itself, for later readers; a value that nothing may round, by none that is coarser.
    fn replace(&mut self, id: Id, value: Value) {
        let finer = self.values[id.0].as_ref().is_some_and(|old| old.scale > value.scale);
        if !(finer && self.exact[id.0]) {
            self.values[id.0] = Some(value);
        }
    }

    /// What belongs to the node of the file that makes a value, whoever asks for it now.
    fn part_of<T>(&mut self, id: Id, make: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.origin;
        self.origin = self.makers[id.0].or(before);
        let made = make(self);
        self.origin = before;
        made
    }

    /// What stores a value: the first time it belongs to the node that makes it, a copy in another format to its reader.
    fn storing<T>(&mut self, value: &Value, id: Id, make: impl FnOnce(&mut Self) -> T) -> T {
        if self.is_plain(value) { make(self) } else { self.part_of(id, make) }
    }

    fn add_tensor(&mut self, tensor: Tensor) -> TensorId {
        self.graph.tensors.push(tensor);
        self.origins.push(self.origin);
        TensorId((self.graph.tensors.len() - 1) as u32)
    }

    /// A tensor read as it is.
    fn tensor_value(&self, id: TensorId, axes: Vec<Vec<u32>>, max_abs: f64) -> Value {
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
    fn apply(&self, value: &Value, axes: Vec<Vec<u32>>, factors: &[Factor]) -> Result<Value> {
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
    fn contract(
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
            max_abs: self.max_abs(self.current),
        })
    }

    /// The id of a table, a new one if there is none like it.
    fn table(&mut self, table: Table) -> TableId {
        let index = self.graph.tables.iter().position(|other| *other == table).unwrap_or_else(|| {
            self.graph.tables.push(table);
            self.graph.tables.len() - 1
        });
        TableId(index as u32)
    }

    /// An error that only a mistake of this crate can cause.
    fn bug(&self, expected: &str, got: &str) -> OnnxError {
        self.error("internal representation", expected, got)
    }

    /// An error about the value that is computed.
    fn error(&self, field: &'static str, expected: impl ToString, got: impl ToString) -> OnnxError {
        OnnxError::Quantise {
            value: self.name(self.current).into(),
            field,
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }
}

/// Which node of the file makes each value.
fn makers(program: &Program) -> Vec<Option<usize>> {
    let mut makers = vec![None; program.values.len()];
    program.nodes.iter().for_each(|node| makers[node.output.0] = Some(node.origin));
    makers
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

/// Bits beyond 16 of values whose largest entries are far beyond typical ones, as in the residual stream of a transformer.
fn outlier_bits(program: &Program, statistics: &Statistics) -> Vec<u32> {
    let bits = |(index, value): (usize, &crate::program::Value)| {
        let spread = statistics.spread(Id(index));
        let outliers = value.kind == Kind::Float && spread > OUTLIERS;
        if outliers { (spread.log2().ceil() as u32).min(MOST_FOR_OUTLIERS) } else { 0 }
    };
    program.values.iter().enumerate().map(bits).collect()
}

/// Bits beyond 16 of values that are read relative to themselves, as far as their smallest entries are below the largest ones: where
/// one row of a transformer is a thousand times the others, a normalisation divides by the root of each.
fn small_bits(program: &Program, statistics: &Statistics) -> Vec<u32> {
    let bits = |(index, relative): (usize, bool)| {
        let (id, (lo, hi)) = (Id(index), statistics.range(Id(index)));
        let spread = if relative && lo > 0.0 { hi / lo } else { 1.0 };
        let float = program.value(id).kind == Kind::Float;
        if float && spread > OUTLIERS { (spread.log2().ceil() as u32).min(MOST_FOR_SMALL) } else { 0 }
    };
    read_relatively(program).into_iter().enumerate().map(bits).collect()
}

/// Radicands with the sums that they are, and reciprocals of roots.
fn read_relatively(program: &Program) -> Vec<bool> {
    let mut relative = vec![false; program.values.len()];
    for node in program.nodes.iter().rev() {
        let sum = node.core.is_sum() || node.core.moves() || matches!(node.core, Core::Map { .. });
        if node.core == Core::Sqrt || sum && relative[node.output.0] {
            node.inputs.iter().for_each(|id| relative[id.0] = true);
        }
    }
    let mut root = vec![false; program.values.len()];
    for node in &program.nodes {
        let (first, output) = (node.inputs[0].0, node.output.0);
        let reciprocal = node.core == Core::Divide && program.constant(node.inputs[0]).is_some();
        root[output] = node.core == Core::Sqrt || node.core.moves() && root[first];
        if reciprocal && root[node.inputs[1].0] || node.core.moves() && relative[first] {
            relative[output] = true;
        }
    }
    relative
}

/// Largest absolute values of the sums in which values end, or what they would be without the bits for outliers: a value that only
/// a sum reads is stored with it.
fn sum_max_abs(program: &Program, statistics: &Statistics, outliers: &[u32]) -> Vec<f64> {
    let readers = program.readers();
    let without = |i: usize| statistics.max_abs(Id(i)) * f64::powi(0.5, outliers[i] as i32);
    let mut sums: Vec<f64> = (0..program.values.len()).map(without).collect();
    for node in program.nodes.iter().rev().filter(|node| node.core.is_sum()) {
        let sum = sums[node.output.0];
        for input in node.inputs.iter().filter(|input| readers[input.0] == 1) {
            sums[input.0] = sums[input.0].max(sum);
        }
    }
    sums
}

/// Largest absolute values of the maxima in which values end. What a clamp's upper bound cuts off takes no bits from what its
/// lower bound lets through.
fn maximum_max_abs(program: &Program, statistics: &Statistics) -> Vec<f64> {
    let readers = program.readers();
    let mut maxima: Vec<f64> = (0..program.values.len()).map(|i| statistics.max_abs(Id(i))).collect();
    for node in program.nodes.iter().rev() {
        let keeps = match &node.core {
            Core::Max | Core::Reshape | Core::Transpose(_) | Core::Broadcast => true,
            Core::Sum(coefficients) => matches!(coefficients[..], [1.0 | -1.0]),
            _ => false,
        };
        let end = maxima[node.output.0];
        for input in node.inputs.iter().filter(|input| keeps && readers[input.0] == 1) {
            maxima[input.0] = maxima[input.0].min(end);
        }
    }
    maxima
}

/// Values between the inputs and an integer quotient that only maxima, sums and selections of entries lie between: what such a
/// quotient is rounded to may depend on the last bit of an input.
fn exact_values(program: &Program) -> Vec<bool> {
    let keeps = |node: &Node| match &node.core {
        Core::Max | Core::Sum(_) | Core::Reshape | Core::Transpose(_) | Core::Broadcast => true,
        Core::Map { matrix, .. } => matrix.is_selection(),
        Core::Function(formula) => function::half_line(formula).is_some(),
        _ => false,
    };
    let mut direct = vec![false; program.values.len()];
    let mut ends = direct.clone();
    program.inputs.iter().for_each(|id| direct[id.0] = true);
    for node in program.nodes.iter().filter(|node| keeps(node)) {
        let known = |id: &Id| direct[id.0] || program.constant(*id).is_some();
        direct[node.output.0] = node.inputs.iter().all(known);
    }
    for node in program.nodes.iter().rev() {
        if node.core == Core::FloorDivide || keeps(node) && ends[node.output.0] {
            node.inputs.iter().for_each(|id| ends[id.0] = true);
        }
    }
    direct.into_iter().zip(ends).map(|(direct, ends)| direct && ends).collect()
}

/// Values that a gap alone reads, through sums.
fn feeds_gap(program: &Program) -> Vec<bool> {
    let readers = program.readers();
    let mut feeds = vec![false; program.values.len()];
    for node in program.nodes.iter().rev() {
        let through = match &node.core {
            Core::Gap(_) => true,
            core => core.is_sum() && feeds[node.output.0],
        };
        if through {
            node.inputs.iter().filter(|input| readers[input.0] == 1).for_each(|input| feeds[input.0] = true);
        }
    }
    feeds
}

/// Values that a maximum reads, through selections of entries alone.
fn feeds_maximum(program: &Program) -> Vec<bool> {
    let mut feeds = vec![false; program.values.len()];
    for node in program.nodes.iter().rev() {
        let through = match &node.core {
            Core::Max => true,
            Core::Map { matrix, .. } => matrix.is_selection() && feeds[node.output.0],
            Core::Reshape | Core::Transpose(_) | Core::Broadcast => feeds[node.output.0],
            _ => false,
        };
        if through {
            node.inputs.iter().for_each(|input| feeds[input.0] = true);
        }
    }
    feeds
}
