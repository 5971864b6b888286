//! The extents of a recurrent layer, and its operands direction by direction.

use super::{Direction, activation};
use crate::Result;
use crate::ops::Context;
use crate::program::{Id, Kind};

/// What all directions share.
pub(super) struct Layout {
    /// [steps, batch, inputs].
    pub(super) x: Id,
    pub(super) steps: usize,
    pub(super) batch: usize,
    pub(super) width: usize,
    pub(super) hidden: usize,
    pub(super) batch_first: bool,
    count: usize,
    /// [batch], if sequences may be shorter than the input.
    lengths: Option<Id>,
}

impl Layout {
    pub(super) fn read(cx: &mut Context<'_>, gates: usize) -> Result<Self> {
        let batch_first = cx.flag("layout", false)?;
        let mut x = cx.input(0)?;
        let weights = cx.dims(cx.input(1)?);
        let [count, rows, width] = weights[..] else {
            return Err(cx.error("input 1 (W)", "three axes", format!("{weights:?}")));
        };
        let expected = if cx.string("direction", "forward")? == "bidirectional" { 2 } else { 1 };
        let hidden = rows / gates;
        let stated = cx.int("hidden_size", hidden as i64)?;
        if count != expected || hidden == 0 || rows != gates * hidden || stated != hidden as i64 {
            let expected = format!("[{expected}, {gates} times hidden_size {stated}, inputs]");
            return Err(cx.error("input 1 (W)", expected, format!("{weights:?}")));
        }
        let dims = cx.dims(x);
        if dims.len() != 3 || dims[2] != width || dims.contains(&0) {
            let expected = format!("three axes, the last one of {width} entries");
            return Err(cx.error("input 0 (X)", expected, format!("{dims:?}")));
        }
        if batch_first {
            x = cx.b.transpose(x, &[1, 0, 2]);
        }
        let (steps, batch) = if batch_first { (dims[1], dims[0]) } else { (dims[0], dims[1]) };
        let mut lengths = cx.optional(4);
        if let Some(id) = lengths {
            if cx.dims(id) != [batch] {
                let got = format!("extents {:?}", cx.dims(id));
                return Err(cx.error("input 4 (sequence_lens)", format!("extents [{batch}]"), got));
            }
            if cx.b.constant(id).is_some_and(|tensor| tensor.iter().all(|length| length >= steps as f64)) {
                lengths = None;
            }
        }
        Ok(Self { x, steps, batch, width, hidden, batch_first, count, lengths })
    }

    /// 1 where a sequence lasts at a time, [batch, 1]; none if all do.
    pub(super) fn mask(&self, cx: &mut Context<'_>, time: usize) -> Option<Id> {
        let lengths = self.lengths?;
        let time = cx.b.scalar(time as f64, Kind::Int);
        let mask = cx.b.less(time, lengths);
        if cx.b.constant(mask).is_some_and(|mask| mask.iter().all(|bit| bit == 1.0)) {
            return None;
        }
        Some(cx.b.reshape(mask, &[self.batch, 1]))
    }

    /// Input `index`, which must have these extents.
    fn operand(&self, cx: &Context<'_>, index: usize, dims: &[usize]) -> Result<Option<Id>> {
        let Some(id) = cx.optional(index) else { return Ok(None) };
        if cx.dims(id) != dims {
            let got = format!("{:?}", cx.dims(id));
            return Err(cx.error(format!("input {index}"), format!("extents {dims:?}"), got));
        }
        Ok(Some(id))
    }

    /// The operands of every direction.
    pub(super) fn directions(
        &self,
        cx: &mut Context<'_>,
        gates: usize,
        defaults: &[&str],
    ) -> Result<Vec<Direction>> {
        let Self { count, hidden, batch, width, .. } = *self;
        let reversed = match &*cx.string("direction", "forward")? {
            "forward" => vec![false],
            "reverse" => vec![true],
            "bidirectional" => vec![false, true],
            other => {
                let expected = "forward, reverse or bidirectional";
                return Err(cx.error("attribute direction", expected, other));
            }
        };
        let activations = activation::read(cx, count, defaults)?;
        let weights = cx.input(1)?;
        let recurrent = self.operand(cx, 2, &[count, gates * hidden, hidden])?;
        let recurrent = recurrent.ok_or_else(|| cx.error("input 2 (R)", "a value", "none"))?;
        let bias = self.operand(cx, 3, &[count, 2 * gates * hidden])?;
        let state = match self.batch_first {
            false => [count, batch, hidden],
            true => [batch, count, hidden],
        };
        let initial = (self.operand(cx, 5, &state)?, self.operand(cx, 6, &state)?);
        let peepholes = self.operand(cx, 7, &[count, 3 * hidden])?;
        let mut directions = Vec::new();
        for (index, reverse) in reversed.into_iter().enumerate() {
            let row = |cx: &mut Context<'_>, id: Id| cx.b.slice(id, 0, index, 1);
            // Entries of a row in pieces of `hidden`.
            let pieces = |cx: &mut Context<'_>, id: Id, from: usize, pieces: usize| -> Vec<Id> {
                let line = row(cx, id);
                let piece = |cx: &mut Context<'_>, piece: usize| {
                    let part = cx.b.slice(line, 1, (from + piece) * hidden, hidden);
                    cx.b.reshape(part, &[hidden])
                };
                (0..pieces).map(|index| piece(cx, index)).collect()
            };
            let matrices = (row(cx, weights), row(cx, recurrent));
            let matrix = |cx: &mut Context<'_>, matrices: Id, gate: usize, columns: usize| {
                let part = cx.b.slice(matrices, 1, gate * hidden, hidden);
                cx.b.reshape(part, &[hidden, columns])
            };
            let start = |cx: &mut Context<'_>, id: Option<Id>| {
                let part = cx.b.slice(id?, usize::from(self.batch_first), index, 1);
                Some(cx.b.reshape(part, &[batch, hidden]))
            };
            let per_direction = defaults.len();
            directions.push(Direction {
                reverse,
                activations: activations[index * per_direction..(index + 1) * per_direction].to_vec(),
                weights: (0..gates).map(|gate| matrix(cx, matrices.0, gate, width)).collect(),
                recurrent: (0..gates).map(|gate| matrix(cx, matrices.1, gate, hidden)).collect(),
                bias: bias.map(|id| (pieces(cx, id, 0, gates), pieces(cx, id, gates, gates))),
                peepholes: peepholes.map(|id| pieces(cx, id, 0, 3)),
                hidden: start(cx, initial.0),
                cell: start(cx, initial.1),
            });
        }
        Ok(directions)
    }
}
