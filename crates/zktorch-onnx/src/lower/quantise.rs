//! Scales, rescaling and weights: the only place where numbers are chosen.

use zktorch_graph::{
    AxisMap, Interval, Limbs, Linear, Operand, Role, Step, Tensor, TensorId, View, Visibility,
};

use super::{Lowering, Value, shape};
use crate::program::{Core, Id, Kind};
use crate::{ExternalWeight, Result};

/// One division takes away at most this many bits.
const MAX_SHIFT: u32 = 47;
/// A weight that is this much larger than any result, with the largest entry that it may meet, is an outlier.
const OUTLIER: f64 = 64.0;
/// Constants of more entries have 16 bits even in models with guard bits.
const MOST_FINE_WEIGHTS: usize = 1 << 19;
/// Expressions stay below 2^100, with what a step adds to them.
const MOST_RAISED: i128 = 1 << 96;
/// Scales beyond this gain nothing: smaller numbers than 2^-200 are zero for everybody.
const MAX_SCALE: i32 = 200;

/// Largest f with `max_abs 2^f <= 2^15 - 1`.
pub(crate) fn fit(max_abs: f64) -> i32 {
    if max_abs <= 0.0 {
        return MAX_SCALE;
    }
    let mut scale = (32767.0 / max_abs).log2().floor() as i32;
    // The logarithm is inexact near powers of two.
    while scale > -MAX_SCALE && max_abs * f64::powi(2.0, scale) > 32767.0 {
        scale -= 1;
    }
    scale.clamp(-MAX_SCALE, MAX_SCALE)
}

/// The largest sum of absolute coefficients of a row of a factor.
fn absolute_row_sum(factor: &zktorch_graph::Factor) -> i128 {
    let AxisMap::Sparse(entries) = &factor.map else { return 1 };
    let row = |row: &[zktorch_graph::Entry]| row.iter().map(|e| i128::from(e.coeff).abs()).sum();
    entries.chunk_by(|a, b| a.out == b.out).map(row).max().unwrap_or(1).max(1)
}

/// Whether integers between two bounds fit one tensor: within [-2^16, 2^17], at most 2^17 of them.
pub(super) fn is_narrow(lo: i128, hi: i128) -> bool {
    lo >= -(1 << 16) && hi < 1 << 17 && hi - lo < 1 << 17
}

/// One of few intervals around narrow bounds, so that few tables serve all tensors.
pub(super) fn canonical(lo: i128, hi: i128) -> Interval {
    let wide = (1 << 16) - 1;
    let candidates = [
        Interval::new(0, 1),
        Interval::new(-128, 127),
        Interval::I16,
        Limbs::LOW,
        Interval::new(-wide - 1, wide),
        Interval::new(0, 2 * wide + 1),
    ];
    // What is not negative stays so: remainders rely on it.
    let fits = |interval: &&Interval| {
        i128::from(interval.lo) <= lo && hi <= i128::from(interval.hi) && (lo < 0 || interval.lo == 0)
    };
    // Else to powers of two, so that a range tells a magnitude and nothing finer.
    let octave = |x: i128| (x.unsigned_abs() + 1).next_power_of_two() as i128;
    let (low, high) = (if lo < 0 { -octave(-lo - 1) } else { 0 }, octave(hi) - 1);
    let (lo, hi) = if is_narrow(low, high) { (low, high) } else { (lo, hi) };
    candidates.iter().find(fits).copied().unwrap_or(Interval::new(lo as i32, hi as i32))
}

/// How many limbs of 16 bits integers between two bounds have below the top one, and the range of that one.
pub(super) fn limb_bounds((lo, hi): (i128, i128)) -> (usize, Interval) {
    let (mut below, mut lo, mut hi) = (0, lo.min(0), hi.max(0));
    while !is_narrow(lo, hi) {
        (below, lo, hi) = (below + 1, lo >> Limbs::BITS, hi >> Limbs::BITS);
    }
    (below, canonical(lo, hi))
}

/// The integers that the limbs chosen for some bounds can hold: what lies beyond them is an error of the run.
pub(super) fn limb_range(bounds: (i128, i128)) -> (i128, i128) {
    let (below, top) = limb_bounds(bounds);
    let shift = Limbs::BITS * below as u32;
    (i128::from(top.lo) << shift, ((i128::from(top.hi) + 1) << shift) - 1)
}

/// Bounds of `floor((acc + floor(D/2)) / D)`.
pub(super) fn quotient_bounds(value: &Value, divisor: u64) -> (i128, i128) {
    let round = |bound: i128| bound.saturating_add(i128::from(divisor) / 2).div_euclid(i128::from(divisor));
    (round(value.bounds.0), round(value.bounds.1))
}

fn log2_ceil(x: u32) -> i32 {
    x.max(1).next_power_of_two().trailing_zeros() as i32
}

impl Lowering<'_> {
    /// The scale and the range of an input of the network.
    ///
    /// Public inputs are not looked up, so they may be as wide as the statement's integers: where a function reads them, small
    /// entries next to large ones keep their bits. Products with weights are cheaper for 16 bits,
    /// unless it is one number.
    pub(super) fn input_format(&self, id: Id, visibility: Visibility) -> (i32, Interval) {
        let public = visibility == Visibility::Public;
        match self.program.value(id).kind {
            Kind::Bool => return (0, Interval::new(0, 1)),
            Kind::Int => {
                let (lo, hi) = self.statistics.range(id);
                if let Some(extent) = self.gathered_extent(id) {
                    // Any index, and negative ones if there is one in the samples.
                    let extent = i32::try_from(extent).unwrap_or(i32::MAX);
                    return (0, Interval::new(if lo < 0.0 { -extent } else { 0 }, extent - 1));
                }
                let room = |x: f64| (x * f64::from(1u32 << self.headroom)) as i128;
                let (lo, hi) = (room(lo.min(0.0)), room(hi.max(1.0)));
                let range = match is_narrow(lo, hi) || !public {
                    true => canonical(lo.max(-(1 << 16)), hi.min((1 << 16) - 1)),
                    false => Interval::new(i32::MIN, i32::MAX),
                };
                return (0, range);
            }
            Kind::Float => {}
        }
        // Zero in all samples says nothing about the inputs to come.
        let max_abs = match self.max_abs(id) {
            0.0 => 1.0,
            max_abs => max_abs.max(1e-30),
        };
        let scale = fit(max_abs) - self.headroom as i32;
        let single = crate::tensor::len(&self.program.value(id).dims) == 1;
        match public && (single || self.guard > 0 || self.is_read_precisely(id)) {
            // 12 bits more, and the range with them.
            true => (scale + 12, Interval::new(-(1 << 27), (1 << 27) - 1)),
            false => (scale, Interval::I16),
        }
    }

    /// The least extent of the axes from which an input selects entries.
    fn gathered_extent(&self, id: Id) -> Option<usize> {
        let extents = self.program.nodes.iter().filter_map(|node| match node.core {
            Core::Gather { axis } if node.inputs[1] == id => {
                self.program.value(node.inputs[0]).dims.get(axis).copied()
            }
            _ => None,
        });
        extents.min()
    }

    /// Whether something else than products with weights reads a value, through views and sums alone.
    fn is_read_precisely(&self, id: Id) -> bool {
        let mut reached = vec![false; self.program.values.len()];
        reached[id.0] = true;
        let constant = |id: &Id| self.program.constant(*id).is_some();
        let by_node = self.program.nodes.iter().any(|node| {
            let reads = node.inputs.iter().any(|input| reached[input.0]);
            match node.core {
                _ if !reads => false,
                Core::Einsum { .. } | Core::Conv { .. } => !node.inputs.iter().any(constant),
                Core::ChannelAffine(_) => false,
                Core::Gap(_)
                | Core::Max
                | Core::Function(_)
                | Core::Divide
                | Core::FloorDivide
                | Core::Sqrt => true,
                _ => {
                    reached[node.output.0] = true;
                    false
                }
            }
        });
        by_node || self.program.outputs.iter().any(|(_, output)| reached[output.0])
    }

    /// The scale and the range of an output of the network.
    pub(super) fn output_format(&self, value: &Value, id: Id, visibility: Visibility) -> (i32, Interval) {
        if self.program.value(id).kind == Kind::Float {
            // What is public is not looked up: it may have the guard bits.
            let scale = if visibility == Visibility::Public {
                self.stored_scale(value, id)
            } else {
                self.own_scale(value)
            };
            let more = (scale - self.own_scale(value)).clamp(0, 12);
            let range = Interval::new(Interval::I16.lo << more, ((Interval::I16.hi + 1) << more) - 1);
            return (self.own_scale(value) + more, range);
        }
        let (lo, hi) = value.bounds;
        let (lo, hi) = (lo.min(0), hi.max(0));
        match is_narrow(lo, hi) {
            true => (0, canonical(lo, hi)),
            false if visibility == Visibility::Public => (0, Interval::new(i32::MIN, i32::MAX)),
            false => (0, Interval::new(-(1 << 16), (1 << 16) - 1)),
        }
    }

    /// The scale that calibration gives a value: 16 bits with some room, but no more than the value has.
    pub(super) fn own_scale(&self, value: &Value) -> i32 {
        let most = value.scale + log2_ceil(value.div);
        let mut max_abs = value.max_abs;
        if max_abs <= 0.0 {
            // Dead in all samples: what the bounds allow, reduced because they are pessimistic.
            let bound = value.bounds.0.unsigned_abs().max(value.bounds.1.unsigned_abs()) as f64;
            max_abs = bound / f64::from(value.div) / f64::powi(2.0, value.scale) / 16.0;
        }
        (fit(max_abs) - self.headroom as i32).min(most)
    }

    /// The scale at which the value that is computed will be stored: its own, or that of the sum in which it ends.
    pub(super) fn target_scale(&self) -> i32 {
        self.scale_of_sum(self.current)
    }

    /// The same of any value.
    pub(super) fn scale_of_sum(&self, id: Id) -> i32 {
        let max_abs = self.sums[id.0];
        let own = if max_abs <= 0.0 { 12 } else { fit(max_abs) - self.headroom as i32 };
        own + self.guard.max(self.small[id.0]) as i32
    }

    /// What a value is divided by to be at a scale: the value with larger integers, if its scale is finer, and the divisor.
    pub(super) fn divided(&mut self, value: &Value, scale: i32, id: Id) -> Result<(Value, u64)> {
        let up = u32::try_from(scale - value.scale).unwrap_or_default();
        let down = u32::try_from(value.scale - scale).unwrap_or_default();
        if let Some(zero) = value.negligible(scale).filter(|_| down > MAX_SHIFT) {
            return Ok((zero, 1));
        }
        if down > MAX_SHIFT {
            // What a first division leaves is as wide as it has to be.
            let coarse = self.wide(value, value.scale - MAX_SHIFT as i32, id)?;
            return self.divided(&coarse, scale, id);
        }
        let raised = value.raised(up).ok_or_else(|| self.error("shift", "at most 61 bits", up))?;
        match u64::from(value.div).checked_shl(down).filter(|divisor| *divisor <= 1 << 48) {
            Some(divisor) => Ok(self.common(raised, divisor)),
            None => {
                let coarse = self.wide(value, value.scale, id)?;
                self.divided(&coarse, scale, id)
            }
        }
    }

    /// The same quotient with the divisor 2^16 instead of a smaller power of two, so that one table serves all remainders: those of
    /// `2^(16-s) acc` by 2^16 are `2^(16-s)` times those of acc by 2^s.
    fn common(&self, value: Value, divisor: u64) -> (Value, u64) {
        let bits = divisor.trailing_zeros();
        if !divisor.is_power_of_two() || !(1..Limbs::BITS).contains(&bits) {
            return (value, divisor);
        }
        match value.raised(Limbs::BITS - bits) {
            Some(raised) if self.validated_bound(&raised) < MOST_RAISED => (raised, 1 << Limbs::BITS),
            _ => (value, divisor),
        }
    }

    /// Stores `value` at a scale as a tensor of its own; a plain tensor that may stand for itself is returned as it is; clamped where
    /// it could leave the range and that is no error. What was
    /// stored before under another name (a reshaped value for each of several products, both factors of a square) is that tensor.
    pub(super) fn rescale(
        &mut self,
        value: &Value,
        scale: i32,
        range: Interval,
        role: Role,
        id: Id,
    ) -> Result<Value> {
        let (raised, divisor) = self.divided(value, scale, id)?;
        if divisor == 1 && role == Role::Ranged && self.is_plain(&raised) {
            return Ok(raised);
        }
        let (lo, hi) = quotient_bounds(&raised, divisor);
        if self.clamps(id) && (lo < i128::from(range.lo) || hi > i128::from(range.hi)) {
            return self.storing(value, id, |own| own.saturate(value, scale, range, role, id));
        }
        let known = self.rescaled.find(&raised.expr, divisor, scale, Some(range));
        let known = known.filter(|_| role == Role::Ranged).and_then(|limbs| limbs.0.first().copied());
        let y = match known {
            Some(y) => y,
            None => self.storing(value, id, |own| {
                let name = own.name(id);
                let y = own.tensor(name, &raised, scale, range, role);
                let (r, slack) = own.remainder(name, &raised, divisor);
                let acc = raised.expr.clone();
                if role == Role::Ranged {
                    own.rescaled.insert(acc.clone(), divisor, scale, Some(range), y.into());
                }
                own.graph.steps.push(Step::Rescale { acc, divisor, y: y.into(), r, slack });
                y
            }),
        };
        let mut stored = self.tensor_value(y, value.axes.clone(), value.max_abs);
        // What the accumulator cannot exceed, its quotient cannot either.
        stored.bounds = (stored.bounds.0.max(lo), stored.bounds.1.min(hi));
        Ok(stored)
    }

    /// Stores `value` at a scale in as many limbs as its bounds ask for, exactly up to the rounding of the division.
    pub(super) fn wide(&mut self, value: &Value, scale: i32, id: Id) -> Result<Value> {
        let (raised, divisor) = self.divided(value, scale, id)?;
        let (lo, hi) = quotient_bounds(&raised, divisor);
        let y = match self.rescaled.find(&raised.expr, divisor, scale, None) {
            Some(y) => y,
            None => self.storing(value, id, |own| -> Result<Limbs> {
                let name = own.name(id);
                let (r, slack) = own.remainder(name, &raised, divisor);
                let y = own.limbs(name, &raised, scale, (lo, hi), |_| Role::Ranged)?;
                let acc = raised.expr.clone();
                own.rescaled.insert(acc.clone(), divisor, scale, None, y.clone());
                own.graph.steps.push(Step::Rescale { acc, divisor, y: y.clone(), r, slack });
                Ok(y)
            })?,
        };
        Ok(self.limbs_value(&y, value, scale, (lo, hi)))
    }

    /// A new tensor in the shape of a value.
    pub(super) fn tensor(
        &mut self,
        name: &str,
        like: &Value,
        scale: i32,
        range: Interval,
        role: Role,
    ) -> TensorId {
        let shape = like.expr.shape.clone();
        self.add_tensor(Tensor { name: name.to_owned(), shape, scale, range, role })
    }

    /// Tensors for integers between two bounds, least significant first; `role` of the top limb's range says what that one is.
    pub(super) fn limbs(
        &mut self,
        name: &str,
        like: &Value,
        scale: i32,
        (lo, hi): (i128, i128),
        role: impl Fn(Interval) -> Role,
    ) -> Result<Limbs> {
        let (below, range) = limb_bounds((lo, hi));
        if below >= Limbs::MAX {
            return Err(self.error("bits", "at most 64", format!("integers in [{lo}, {hi}]")));
        }
        let limb = |index: usize| format!("{name} (limb {index})");
        let mut ids: Vec<TensorId> = (0..below)
            .map(|index| self.tensor(&limb(index), like, scale, Limbs::LOW, Role::Ranged))
            .collect();
        let top = if below == 0 { name.to_owned() } else { limb(below) };
        ids.push(self.tensor(&top, like, scale, range, role(range)));
        Ok(Limbs(ids))
    }

    /// The integers that limbs stand for.
    pub(super) fn limbs_value(&self, limbs: &Limbs, like: &Value, scale: i32, bounds: (i128, i128)) -> Value {
        let linear: Linear = limbs.linear(&like.expr.shape);
        let terms = linear
            .terms
            .into_iter()
            .map(|(coeff, view)| zktorch_graph::Term { coeff, operand: Operand::View(view) });
        let expr = zktorch_graph::Expr { shape: linear.shape, terms: terms.collect() };
        Value { axes: like.axes.clone(), expr, scale, div: 1, bounds, max_abs: like.max_abs }
    }

    /// Tensors for `0 <= r < D` and, where the range of r does not say that alone, for `D - 1 - r`.
    pub(super) fn remainder(&mut self, name: &str, like: &Value, divisor: u64) -> (Limbs, Limbs) {
        if divisor == 1 {
            return Default::default();
        }
        let mut tensors = |what: &str| {
            let mut ids = Vec::new();
            let mut last = divisor - 1;
            while divisor > 1 << 17 && last >= 1 << Limbs::BITS {
                let limb = format!("{name} ({what}, limb {})", ids.len());
                ids.push(self.tensor(&limb, like, like.scale, Limbs::LOW, Role::Ranged));
                last >>= Limbs::BITS;
            }
            let range = Interval::new(0, last as i32);
            ids.push(self.tensor(&format!("{name} ({what})"), like, like.scale, range, Role::Ranged));
            Limbs(ids)
        };
        let r = tensors("remainder");
        // What the ranges of r allow is D - 1 itself where all its lower limbs are full.
        let full = divisor.trailing_zeros() >= Limbs::BITS * (r.0.len() as u32 - 1);
        let slack = if full { Limbs::default() } else { tensors("slack") };
        (r, slack)
    }

    /// The bound of an expression that a graph's validation derives from its ranges alone.
    pub(super) fn validated_bound(&self, value: &Value) -> i128 {
        let view = |view: &View| {
            let range = self.graph.tensor(view.tensor).range;
            let largest = i128::from(range.lo).abs().max(i128::from(range.hi).abs()).max(1);
            view.factors.iter().fold(largest, |bound, factor| bound.saturating_mul(absolute_row_sum(factor)))
        };
        let linear = |linear: &Linear| {
            let terms = linear.terms.iter().map(|(c, v)| i128::from(*c).abs().saturating_mul(view(v)));
            terms.fold(0i128, i128::saturating_add)
        };
        let term = |term: &zktorch_graph::Term| {
            let bound = match &term.operand {
                Operand::View(v) => view(v),
                Operand::Contract(contract) => {
                    let dims = contract.a_axes.iter().zip(contract.a.shape.dims());
                    let summed = dims.filter(|(label, _)| !contract.out_axes.contains(label));
                    let count = summed.fold(1i128, |count, (_, dim)| count * i128::from(*dim));
                    linear(&contract.a).saturating_mul(linear(&contract.b)).saturating_mul(count)
                }
            };
            bound.saturating_mul(i128::from(term.coeff).abs())
        };
        value.expr.terms.iter().map(term).fold(0, i128::saturating_add)
    }

    /// Whether a value is one committed tensor, read as it is.
    pub(super) fn is_plain(&self, value: &Value) -> bool {
        let [term] = &value.expr.terms[..] else { return false };
        let Operand::View(view) = &term.operand else { return false };
        let tensor = self.graph.tensor(view.tensor);
        let untouched = *view == zktorch_graph::View::identity(view.tensor, &tensor.shape);
        term.coeff == 1 && value.div == 1 && untouched
    }

    /// A constant as a private weight with this layout, at most at `max_scale`.
    pub(super) fn weight(&mut self, id: Id, axes: Vec<Vec<u32>>, max_scale: i32) -> Result<Value> {
        let constant =
            self.program.constant(id).ok_or_else(|| self.bug("a constant", "a value of the run"))?;
        let max_abs = constant.max_abs();
        let exact = self.program.value(id).kind != Kind::Float;
        // Two limbs with a sign each have 31 bits. Long sums average the roundings of their weights, and large matrices are what
        // keys consist of.
        let more = max_abs > 0.0 && constant.len() <= MOST_FINE_WEIGHTS;
        let guard = if more { self.guard.min(15) as i32 } else { 0 };
        let scale = if exact { 0 } else { (fit(max_abs) + guard).min(max_scale) };
        self.weight_at(id, axes, scale)
    }

    /// A constant as a private weight at a scale: in two limbs where it is beyond 16 bits there.
    fn weight_at(&mut self, id: Id, axes: Vec<Vec<u32>>, scale: i32) -> Result<Value> {
        let constant =
            self.program.constant(id).ok_or_else(|| self.bug("a constant", "a value of the run"))?;
        constant.check_finite(self.name(id))?;
        let max_abs = constant.max_abs();
        let shape = shape(&axes);
        if shape.len() != constant.len() {
            return Err(self.bug("a layout of the constant", "another number of entries"));
        }
        let factor = f64::powi(2.0, scale);
        let wide = max_abs * factor > 32767.0;
        let key = (id, shape.dims().to_vec(), scale);
        let limbs = match self.stored.get(&key) {
            Some(limbs) => limbs.clone(),
            None => {
                let limbs = match constant {
                    // Integers are made when they are needed.
                    crate::Tensor::Stored(stored) if !wide => {
                        let tensor = self.weight_tensor(id, &shape, scale);
                        self.external.push((tensor, ExternalWeight::new(stored.clone(), factor)));
                        tensor.into()
                    }
                    _ => {
                        let data: Vec<i64> = constant.iter().map(|x| (x * factor).round() as i64).collect();
                        let parts = match wide {
                            true => self.halves(&data)?,
                            false => vec![data.iter().map(|x| *x as i32).collect()],
                        };
                        let ids = parts.into_iter().map(|part| {
                            let tensor = self.weight_tensor(id, &shape, scale);
                            self.weights.push((tensor, part));
                            tensor
                        });
                        Limbs(ids.collect())
                    }
                };
                self.stored.insert(key, limbs.clone());
                limbs
            }
        };
        let largest = (max_abs * factor).round() as i128;
        let first = limbs.0.first().ok_or_else(|| self.bug("limbs", "none"))?;
        let mut value = self.tensor_value(*first, axes, max_abs);
        match wide {
            true => Ok(self.limbs_value(&limbs, &value, scale, (-largest, largest))),
            false => {
                value.bounds = (-32767, 32767);
                Ok(value)
            }
        }
    }

    fn weight_tensor(&mut self, id: Id, shape: &zktorch_graph::Shape, scale: i32) -> TensorId {
        let (name, shape) = (self.name(id).into(), shape.clone());
        self.add_tensor(Tensor { name, shape, scale, range: Interval::I16, role: Role::Weight })
    }

    /// Integers beyond 16 bits as two limbs. Both have a sign, so the largest number is a little below 2^31.
    fn halves(&self, data: &[i64]) -> Result<Vec<Vec<i32>>> {
        let split = |x: &i64| {
            let low = i64::from(*x as i16);
            let high = i16::try_from(x.checked_sub(low)? >> 16).ok()?;
            Some((i32::from(*x as i16), i32::from(high)))
        };
        if let Some(large) = data.iter().find(|x| split(x).is_none()) {
            return Err(self.error("constant", "integers from -2^31 to 2^31 - 2^15 - 1", large));
        }
        let (low, high) = data.iter().filter_map(split).unzip();
        Ok(vec![low, high])
    }

    /// How many bits a rescaling of the product that is computed may take away. One remainder has 16; a long sum, whose result
    /// has few entries beside its operand, may have two, so that its factors keep their bits.
    pub(super) fn shift_room(&self, operand: &Value) -> i32 {
        let result = crate::tensor::len(&self.program.value(self.current).dims);
        let long = result.saturating_mul(16) <= crate::tensor::len(&operand.dims());
        if long { 24 } else { 16 }
    }

    /// A constant weight for a product with `other`: as precise as 16 bits and the shift that follows allow, of at most `room` bits.
    pub(super) fn factor_weight(
        &mut self,
        id: Id,
        axes: Vec<Vec<u32>>,
        other: &Value,
        room: i32,
    ) -> Result<Value> {
        // Bits that a wide factor has beyond 16 are no reason to round this one.
        let magnitude = other.bounds.0.unsigned_abs().max(other.bounds.1.unsigned_abs()).max(1);
        let beyond = if magnitude > 1 << 20 { (magnitude.ilog2() as i32 - 15).min(16) } else { 0 };
        let max_scale = self.target_scale() + room + beyond - other.scale;
        let max_abs = self.program.constant(id).map_or(0.0, crate::Tensor::max_abs);
        let narrow = fit(max_abs);
        let result = self.max_abs(self.current);
        // An entry that is much larger than any result meets nothing but zeros: it takes no bits from the others.
        let outlier = result > 0.0 && max_abs * other.max_abs > OUTLIER * result;
        if outlier && max_scale > narrow && self.program.value(id).kind == Kind::Float {
            return self.weight_at(id, axes, max_scale.min(narrow + 15));
        }
        self.weight(id, axes, max_scale)
    }
}
