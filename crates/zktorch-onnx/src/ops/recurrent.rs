//! RNN, GRU and LSTM, unrolled.
//!
//! The contractions of a gate with the input and with the state are one pending sum, which its activation
//! rounds once: nothing between the states is stored.

mod activation;
mod cells;
mod layout;

use zktorch_graph::{Binary, Formula};

use self::layout::Layout;
use super::Context;
use crate::Result;
use crate::program::{Id, Kind};

/// One direction of a layer.
struct Direction {
    reverse: bool,
    /// One formula per activation of the cell.
    activations: Vec<Formula>,
    /// [H, inputs] of every gate.
    weights: Vec<Id>,
    /// [H, H] of every gate.
    recurrent: Vec<Id>,
    /// [H] of every gate, that of the input first, then the recurrent one.
    bias: Option<(Vec<Id>, Vec<Id>)>,
    /// [H] of the input, output and forget gates.
    peepholes: Option<Vec<Id>>,
    /// What the cell starts from, if not zeros.
    hidden: Option<Id>,
    cell: Option<Id>,
}

/// The state between two steps, [batch, H] each; none is zero.
#[derive(Clone, Copy, Default)]
struct State {
    hidden: Option<Id>,
    cell: Option<Id>,
}

/// What the steps of a direction share.
struct Cell<'d> {
    direction: &'d Direction,
    clip: Option<f64>,
    /// Couples the forget gate to the input gate.
    input_forget: bool,
    linear_before_reset: bool,
}

/// One step: the gates' contractions with the input, and the state before; the state after.
type Step = fn(&mut Context<'_>, &Cell<'_>, &[Id], State) -> State;

pub(super) fn rnn(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    layer(cx, 1, &["Tanh"], cells::rnn)
}

pub(super) fn gru(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    layer(cx, 3, &["Sigmoid", "Tanh"], cells::gru)
}

pub(super) fn lstm(cx: &mut Context<'_>) -> Result<Vec<Id>> {
    layer(cx, 4, &["Sigmoid", "Tanh", "Tanh"], cells::lstm)
}

/// All directions of a layer, and its outputs.
fn layer(cx: &mut Context<'_>, gates: usize, defaults: &[&str], step: Step) -> Result<Vec<Id>> {
    let layout = Layout::read(cx, gates)?;
    let clip = cx.float("clip", 0.0)?;
    let clip = Some(f64::from(clip)).filter(|clip| *clip > 0.0);
    let input_forget = cx.flag("input_forget", false)?;
    let linear_before_reset = cx.flag("linear_before_reset", false)?;
    let directions = layout.directions(cx, gates, defaults)?;
    let (mut all, mut last_hidden, mut last_cell) = (Vec::new(), Vec::new(), Vec::new());
    for direction in &directions {
        let cell = Cell { direction, clip, input_forget, linear_before_reset };
        let (steps, last) = run(cx, &layout, &cell, gates, step);
        all.push(stack(cx, &steps, &[layout.steps, 1, layout.batch, layout.hidden], 0));
        let shape = [1, layout.batch, layout.hidden];
        let zero = cx.constant_floats(&shape, |_| 0.0);
        last_hidden.push(last.hidden.map_or(zero, |id| cx.b.reshape(id, &shape)));
        last_cell.push(last.cell.map_or(zero, |id| cx.b.reshape(id, &shape)));
    }
    let mut y = cx.b.concat(&all, 1);
    let mut hidden = cx.b.concat(&last_hidden, 0);
    let mut cell = cx.b.concat(&last_cell, 0);
    if layout.batch_first {
        y = cx.b.transpose(y, &[2, 0, 1, 3]);
        hidden = cx.b.transpose(hidden, &[1, 0, 2]);
        cell = cx.b.transpose(cell, &[1, 0, 2]);
    }
    Ok(vec![y, hidden, cell])
}

/// Values one after the other along an axis.
fn stack(cx: &mut Context<'_>, list: &[Id], dims: &[usize], axis: usize) -> Id {
    let mut one = dims.to_vec();
    one[axis] = 1;
    let parts: Vec<Id> = list.iter().map(|id| cx.b.reshape(*id, &one)).collect();
    cx.b.concat(&parts, axis)
}

/// The hidden states of all steps in the order of time, and the last state.
fn run(cx: &mut Context<'_>, layout: &Layout, cell: &Cell<'_>, gates: usize, step: Step) -> (Vec<Id>, State) {
    let Layout { steps, batch, hidden, .. } = *layout;
    let mut state = State { hidden: cell.direction.hidden, cell: cell.direction.cell };
    let mut outputs = vec![None; steps];
    for index in 0..steps {
        let time = if cell.direction.reverse { steps - 1 - index } else { index };
        let x = cx.b.slice(layout.x, 0, time, 1);
        let x = cx.b.reshape(x, &[batch, layout.width]);
        let parts: Vec<Id> = (0..gates)
            .map(|gate| cx.b.einsum((x, &[0, 2]), (cell.direction.weights[gate], &[1, 2]), &[0, 1]))
            .collect();
        let next = step(cx, cell, &parts, state);
        // Where a sequence has ended (or, backwards, not begun) the state stays and the output is zero.
        let Some(mask) = layout.mask(cx, time) else {
            (state, outputs[time]) = (next, next.hidden);
            continue;
        };
        let keep = |cx: &mut Context<'_>, new: Option<Id>, old: Option<Id>| {
            let new = new?;
            Some(match old {
                Some(old) => cx.b.choose(mask, new, old),
                None => cx.b.mul(mask, new),
            })
        };
        outputs[time] = next.hidden.map(|hidden| cx.b.mul(mask, hidden));
        state = State { hidden: keep(cx, next.hidden, state.hidden), cell: keep(cx, next.cell, state.cell) };
    }
    let zero = cx.constant_floats(&[batch, hidden], |_| 0.0);
    (outputs.into_iter().map(|output| output.unwrap_or(zero)).collect(), state)
}

/// min(max(x, -clip), clip), then an activation.
fn activate(cx: &mut Context<'_>, cell: &Cell<'_>, x: Id, activation: usize) -> Id {
    let formula = cell.direction.activations.get(activation).cloned().unwrap_or_else(Formula::argument);
    let clipped = match cell.clip {
        None => Formula::argument(),
        Some(clip) => Formula::argument().with_constant(Binary::Max, -clip).with_constant(Binary::Min, clip),
    };
    cx.b.function(x, formula.of(&clipped), Kind::Float)
}
