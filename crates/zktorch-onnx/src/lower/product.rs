//! Products: einsums, convolutions, factors per channel.

use zktorch_graph::{AxisMap, Factor, Limbs, Operand};

use super::layout::reshape_groups;
use super::{Lowering, Value, identity, plain_axes, sparse, sub_axes};
use crate::Result;
use crate::program::{Core, Id, Kind, Node, Window};

/// Longest list of a window's entries that a key should hold.
const MAX_LISTED: usize = 1 << 16;
/// A product is rounded instead of its operands if it has this many times fewer entries.
const FEW: usize = 16;
/// Bits that one remainder can take away.
const ONE_REMAINDER: i32 = 17;
/// Most bits of such a product, which leaves room for factors and the shifts of what reads it.
const MOST_BITS: u32 = 80;
/// Most pairs of a position and a tap: a prover holds some numbers for each.
const MAX_PAIRS: usize = 1 << 25;

impl Lowering<'_> {
    /// Operands of a product of activations, at scales that one rescaling can take back.
    fn coarse(&mut self, a: Value, b: Value, (a_id, b_id): (Id, Id)) -> Result<(Value, Value)> {
        // Public inputs are as wide as they are: nothing is saved by storing them again. Integers stay what they are.
        let public = [self.is_public(&a), self.is_public(&b)];
        let exact = |lowering: &Self, id: Id| lowering.program.value(id).kind != Kind::Float;
        // One remainder takes back what two sums of views have together.
        let apart = a.scale + b.scale - self.target_scale();
        if a.div == 1 && b.div == 1 && apart <= Limbs::BITS as i32 {
            return Ok((a, b));
        }
        let lower = |lowering: &mut Self, value: Value, public: bool, id: Id| {
            let own = lowering.stored_scale(&value, id);
            // What is stored in one tensor is no coarser for being stored again.
            let narrow = lowering.is_plain(&value);
            let keep = public
                || narrow
                || lowering.factor_scale(id).is_some()
                || value.scale <= own
                || exact(lowering, id)
                || lowering.is_exponential(&value);
            if keep { Ok(value) } else { lowering.coarser(&value, own, id) }
        };
        let (mut a, mut b) = (lower(self, a, public[0], a_id)?, lower(self, b, public[1], b_id)?);
        if public.contains(&true) {
            return Ok((a, b));
        }
        // What small entries have for themselves is taken back by one more limb.
        let small = self.small[a_id.0].max(self.small[b_id.0]).min(16) as i32;
        let room = self.shift_room(&a).max(self.shift_room(&b)).max(16 + small);
        let excess = a.scale + b.scale - self.target_scale() - room;
        let exact = (exact(self, a_id), exact(self, b_id));
        if excess > 0 && exact != (true, true) && !self.is_divided_later() {
            let factor = [a_id, b_id].map(|id| self.factor_scale(id).is_some());
            let first = exact.1 || (!exact.0 && (factor[1] || (!factor[0] && a.scale > b.scale)));
            let (value, id) = if first { (&mut a, a_id) } else { (&mut b, b_id) };
            let scale = value.scale - excess;
            *value = self.coarser(value, scale, id)?;
        }
        Ok((a, b))
    }

    /// Whether a product has so few entries beside its operands that it is rounded instead of them, in limbs if need be.
    fn is_rounded_after(&self, a: &Value, b: &Value) -> bool {
        let entries = |value: &Value| crate::tensor::len(&value.dims());
        let product = crate::tensor::len(&self.program.value(self.current).dims);
        let summed = entries(a).max(entries(b)) / product.max(1);
        let bits = |value: &Value| (value.bounds.1 - value.bounds.0).max(1).ilog2() + 1;
        let float = self.program.value(self.current).kind == Kind::Float;
        let bits = bits(a) + bits(b) + summed.max(1).ilog2() + 1;
        float && a.div == 1 && b.div == 1 && summed >= FEW && bits <= MOST_BITS
    }

    /// Whether the value that is computed is rounded by whatever reads it, at any scale: by a gap, or as a dividend.
    fn is_divided_later(&self) -> bool {
        let id = self.current;
        let dividend =
            |node: &Node| node.core == Core::Divide && node.inputs[0] == id && node.inputs[1] != id;
        self.feeds_gap[id.0] || self.program.only_reader(id).is_some_and(dividend)
    }

    /// Whether a value consists of public inputs alone.
    fn is_public(&self, value: &Value) -> bool {
        value.expr.terms.iter().all(|term| match &term.operand {
            Operand::View(view) => self.graph.tensor(view.tensor).role.is_public(),
            Operand::Contract(_) => false,
        })
    }

    /// An operand beside a constant weight, whose precision follows from the operand's: integers that are much wider than 16 bits
    /// are stored first.
    fn factor(&mut self, id: Id) -> Result<Value> {
        let value = self.linear(id)?;
        let most = 1 << (20 + self.more_bits(id));
        let wide = value.bounds.0 < -most || value.bounds.1 > most;
        if wide && self.program.value(id).kind == Kind::Float && value.scale > self.stored_scale(&value, id) {
            let stored = self.coarser(&value, self.stored_scale(&value, id), id)?;
            self.replace(id, stored.clone());
            return Ok(stored);
        }
        Ok(value)
    }

    /// An einsum of two values; one of them may be a constant.
    pub(super) fn einsum(
        &mut self,
        (a_id, a_labels): (Id, &[u32]),
        (b_id, b_labels): (Id, &[u32]),
        out: &[u32],
    ) -> Result<Value> {
        let constant = |lowering: &Self, id: Id| lowering.program.constant(id).is_some();
        let (a, b) = match (constant(self, a_id), constant(self, b_id)) {
            (false, true) => {
                let a = self.factor(a_id)?;
                let axes = self.layout_beside(&a, a_labels, b_id, b_labels);
                let b = self.factor_weight(b_id, axes, &a, self.shift_room(&a))?;
                (a, b)
            }
            (true, false) => {
                let b = self.factor(b_id)?;
                let axes = self.layout_beside(&b, b_labels, a_id, a_labels);
                let a = self.factor_weight(a_id, axes, &b, self.shift_room(&b))?;
                (a, b)
            }
            _ => {
                let (a, b) = (self.linear(a_id)?, self.linear(b_id)?);
                let (a, b) = match self.is_rounded_after(&a, &b) {
                    true => (a, b),
                    false => self.coarse(a, b, (a_id, b_id))?,
                };
                let mut axes = b.axes.clone();
                for (label, sub) in a_labels.iter().zip(&a.axes) {
                    if let Some(axis) = b_labels.iter().position(|other| other == label) {
                        axes[axis] = sub.clone();
                    }
                }
                let b = self.relayout(b, axes, b_id)?;
                (a, b)
            }
        };
        // A label for every sub-axis.
        let mut next = 0u32;
        let mut known: Vec<(u32, Vec<u32>)> = Vec::new();
        for (label, sub) in a_labels.iter().zip(&a.axes).chain(b_labels.iter().zip(&b.axes)) {
            if known.iter().all(|(other, _)| other != label) {
                let end = next + sub.len() as u32;
                known.push((*label, (next..end).collect()));
                next = end;
            }
        }
        let labels = |list: &[u32]| -> Vec<Vec<u32>> {
            let find = |label: &u32| known.iter().find(|(other, _)| other == label);
            list.iter()
                .map(|label| find(label).map(|(_, labels)| labels.clone()).unwrap_or_default())
                .collect()
        };
        self.contract((&a, &labels(a_labels)), (&b, &labels(b_labels)), &labels(out))
    }

    /// The layout of a constant: that of the value on axes with the same label.
    fn layout_beside(&self, value: &Value, labels: &[u32], constant: Id, own: &[u32]) -> Vec<Vec<u32>> {
        let plain = plain_axes(&self.program.value(constant).dims);
        let shared = |(label, plain): (&u32, Vec<u32>)| {
            labels.iter().position(|other| other == label).map_or(plain, |axis| value.axes[axis].clone())
        };
        own.iter().zip(plain).map(shared).collect()
    }

    /// x factor + offset, one constant factor and offset per entry of an axis.
    pub(super) fn channel_affine(&mut self, x: Id, factor: Id, offset: Id, axis: usize) -> Result<Value> {
        let rank = self.program.value(x).dims.len() as u32;
        let all: Vec<u32> = (0..rank).collect();
        let product = self.einsum((factor, &[axis as u32]), (x, &all), &all)?;
        self.add_channels(product, offset, axis)
    }

    /// A convolution: the einsum of the weight and the windows of x.
    pub(super) fn conv(&mut self, groups: usize, windows: &[Window], ids: &[Id]) -> Result<Value> {
        let mut x = self.factor(ids[0])?;
        for axis in 2..x.axes.len() {
            x = self.merged(x, axis, ids[0])?;
        }
        // Windows of a map that is a list of entries are a list, too: one for every tap of every position.
        let long = |(axis, window): (usize, &Window)| {
            window.positions.saturating_mul(window.taps) > MAX_LISTED && !x.is_straight(axis + 2)
        };
        let pairs = |window: &Window| window.positions.saturating_mul(window.taps);
        let most = windows.iter().map(pairs).max().unwrap_or(0);
        if most > MAX_PAIRS {
            return Err(self.error(
                "positions times taps along an axis",
                format!("at most {MAX_PAIRS}"),
                most,
            ));
        }
        if windows.iter().enumerate().any(long) {
            x = self.store(&x, ids[0])?;
            self.replace(ids[0], x.clone());
        }
        let runtime = self.program.constant(ids[1]).is_none();
        if runtime {
            let weight = self.linear(ids[1])?;
            let (coarse, weight) = self.coarse(x, weight, (ids[0], ids[1]))?;
            x = coarse;
            self.replace(ids[1], weight);
        }
        // Channels as (group, channel in the group).
        let dims = x.dims();
        let mut grouped = vec![dims[0], groups, dims[1] / groups];
        grouped.extend(&dims[2..]);
        let x = self.reshape(x, &grouped, ids[0])?;
        // Windows: [n] [g] [c] then [p] [k] for every spatial axis.
        let mut axes = x.axes[..3].to_vec();
        let kept = axes.concat().len() as u32;
        let mut factors: Vec<_> = (0..kept).map(|axis| identity(axis, axis)).collect();
        let mut next = kept;
        let mut fresh = |sub: &Vec<u32>| (!sub.is_empty()).then(|| (next, next += 1).0);
        for (axis, window) in windows.iter().enumerate() {
            let (p, k) = (sub_axes(window.positions), sub_axes(window.taps));
            let src = x.expr_axes(axis + 3).first().copied();
            factors.extend(window_factor(window, src, fresh(&p), fresh(&k)));
            axes.extend([p, k]);
        }
        let windows = self.apply(&x, axes, &factors)?;
        // A window repeats what is stored, which its result is not few beside: one remainder has to be enough.
        let room = self.shift_room(&windows).min(ONE_REMAINDER);
        // Weight [g] [o] [c] [k]..: the rows of ONNX's [o, c, k..] in the same order.
        let extents = self.program.value(ids[1]).dims.clone();
        let outs =
            if groups == 1 { self.channels_as_read(extents[0]) } else { sub_axes(extents[0] / groups) };
        let mut axes = vec![x.axes[1].clone(), outs, x.axes[2].clone()];
        axes.extend(extents[2..].iter().map(|dim| sub_axes(*dim)));
        let weight = if runtime {
            let weight = self.value(ids[1])?;
            let mut dims = vec![groups, extents[0] / groups];
            dims.extend(&extents[1..]);
            let weight = self.reshape(weight, &dims, ids[1])?;
            self.relayout(weight, axes, ids[1])?
        } else {
            self.factor_weight(ids[1], axes, &windows, room)?
        };

        let mut label = 0..;
        let mut labels = |sub: &Vec<u32>| label.by_ref().take(sub.len()).collect::<Vec<u32>>();
        let x_labels: Vec<Vec<u32>> = windows.axes.iter().map(&mut labels).collect();
        let outs = labels(&weight.axes[1]);
        let mut weight_labels = vec![x_labels[1].clone(), outs.clone(), x_labels[2].clone()];
        let mut out_labels = vec![x_labels[0].clone(), [x_labels[1].clone(), outs].concat()];
        for pair in x_labels[3..].chunks_exact(2) {
            out_labels.push(pair[0].clone());
            weight_labels.push(pair[1].clone());
        }
        let value = self.contract((&weight, &weight_labels), (&windows, &x_labels), &out_labels)?;
        match ids.get(2) {
            None => Ok(value),
            Some(bias) => self.add_channels(value, *bias, 1),
        }
    }
}

impl Lowering<'_> {
    /// The sub-axes of a convolution's channels: those that its only reader splits them into, as a detector's head does. To cut one
    /// sub-axis of what is pending would take a list of all entries.
    fn channels_as_read(&self, channels: usize) -> Vec<u32> {
        let whole = sub_axes(channels);
        let reader = self.program.only_reader(self.current).filter(|node| node.core == Core::Reshape);
        let Some(reader) = reader else { return whole };
        let dims = |id: Id| &self.program.value(id).dims;
        let (from, to) = (plain_axes(dims(self.current)), plain_axes(dims(reader.output)).concat());
        let (before, from) = (from[0].len(), from.concat());
        let mut groups = reshape_groups(&from, &to).into_iter();
        let own = groups.find(|(old, _)| old.contains(&before));
        own.filter(|(old, _)| old.len() == 1).map_or(whole, |(_, new)| to[new].to_vec())
    }
}

/// The map from the axis `src` to (position, tap), axes of extent 1 left out. `None` if there is nothing to do.
fn window_factor(
    window: &Window,
    src: Option<u32>,
    position: Option<u32>,
    tap: Option<u32>,
) -> Option<Factor> {
    let out: Vec<u32> = position.into_iter().chain(tap).collect();
    if let (Some(src), Some(_), Some(_)) = (src, position, tap) {
        let map = AxisMap::Window {
            stride: window.stride as u32,
            dilation: window.dilation as u32,
            pad: window.pad as u32,
        };
        return Some(Factor { src: vec![src], out, map });
    }
    let plain =
        window.taps == 1 && window.stride == 1 && window.pad == 0 && window.positions == window.extent;
    if let (true, Some(src), Some(_)) = (plain, src, position) {
        return Some(Factor { src: vec![src], out, map: AxisMap::Identity });
    }
    // One of the two is absent, so that the index over (position, tap) is the other one.
    let pairs = (0..window.positions).flat_map(|p| (0..window.taps).map(move |k| (p, k)));
    let entries = pairs
        .filter_map(|(p, k)| window.source(p, k).map(|q| ((p + k) as u32, q as u32, 1)))
        .collect::<Vec<_>>();
    if src.is_none() && out.is_empty() && entries.len() == 1 {
        return None;
    }
    Some(sparse(src.into_iter().collect(), out, entries))
}
