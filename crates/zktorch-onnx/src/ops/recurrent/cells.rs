//! One step of each kind of cell.

use super::{Cell, State, activate};
use crate::ops::Context;
use crate::program::Id;

/// What a gate adds up: its part of the input's contraction, the recurrent contraction, biases.
fn gate(cx: &mut Context<'_>, cell: &Cell<'_>, input: Id, hidden: Option<Id>, gate: usize) -> Id {
    let mut sum = vec![(1.0, input)];
    if let Some((input, recurrent)) = &cell.direction.bias {
        sum.extend([(1.0, input[gate]), (1.0, recurrent[gate])]);
    }
    if let Some(hidden) = hidden {
        sum.push((1.0, recurrent(cx, cell, hidden, gate)));
    }
    cx.b.sum(&sum)
}

/// [batch, H] times the transposed recurrent weights of a gate.
fn recurrent(cx: &mut Context<'_>, cell: &Cell<'_>, hidden: Id, gate: usize) -> Id {
    cx.b.einsum((hidden, &[0, 2]), (cell.direction.recurrent[gate], &[1, 2]), &[0, 1])
}

pub(super) fn rnn(cx: &mut Context<'_>, cell: &Cell<'_>, inputs: &[Id], state: State) -> State {
    let sum = gate(cx, cell, inputs[0], state.hidden, 0);
    let hidden = activate(cx, cell, sum, 0);
    State { hidden: Some(hidden), cell: None }
}

/// Gates: update z, reset r, hidden h. The new state is `h + z (old - h)`.
pub(super) fn gru(cx: &mut Context<'_>, cell: &Cell<'_>, inputs: &[Id], state: State) -> State {
    let update = gate(cx, cell, inputs[0], state.hidden, 0);
    let update = activate(cx, cell, update, 0);
    let mut sum = vec![(1.0, inputs[2])];
    let bias = cell.direction.bias.as_ref();
    sum.extend(bias.map(|(input, _)| (1.0, input[2])));
    let bias = bias.map(|(_, recurrent)| (1.0, recurrent[2]));
    if cell.linear_before_reset {
        // r (h R + b).
        let mut inner: Vec<(f64, Id)> = bias.into_iter().collect();
        if let Some(hidden) = state.hidden {
            inner.push((1.0, recurrent(cx, cell, hidden, 2)));
        }
        if !inner.is_empty() {
            let inner = cx.b.sum(&inner);
            let reset = reset(cx, cell, inputs, state);
            sum.push((1.0, cx.b.mul(reset, inner)));
        }
    } else {
        // (r h) R + b.
        sum.extend(bias);
        if let Some(hidden) = state.hidden {
            let reset = reset(cx, cell, inputs, state);
            let product = cx.b.mul(reset, hidden);
            sum.push((1.0, recurrent(cx, cell, product, 2)));
        }
    }
    let sum = cx.b.sum(&sum);
    let candidate = activate(cx, cell, sum, 1);
    let difference = match state.hidden {
        Some(old) => cx.b.sub(old, candidate),
        None => cx.b.scale(candidate, -1.0),
    };
    let change = cx.b.mul(update, difference);
    let hidden = cx.b.add(candidate, change);
    State { hidden: Some(hidden), cell: None }
}

fn reset(cx: &mut Context<'_>, cell: &Cell<'_>, inputs: &[Id], state: State) -> Id {
    let sum = gate(cx, cell, inputs[1], state.hidden, 1);
    activate(cx, cell, sum, 0)
}

/// Gates: input i, output o, forget f, cell c; peepholes to i, o and f in this order.
pub(super) fn lstm(cx: &mut Context<'_>, cell: &Cell<'_>, inputs: &[Id], state: State) -> State {
    let peep = |cx: &mut Context<'_>, sum: Id, which: usize, of: Option<Id>| {
        let weights = cell.direction.peepholes.as_ref().map(|list| list[which]);
        match (weights, of) {
            (Some(weights), Some(of)) => {
                let product = cx.b.mul(of, weights);
                cx.b.add(sum, product)
            }
            _ => sum,
        }
    };
    let sum = gate(cx, cell, inputs[0], state.hidden, 0);
    let sum = peep(cx, sum, 0, state.cell);
    let input = activate(cx, cell, sum, 0);
    let sum = gate(cx, cell, inputs[3], state.hidden, 3);
    let candidate = activate(cx, cell, sum, 1);
    let mut next = cx.b.mul(input, candidate);
    if let Some(old) = state.cell {
        let forget = if cell.input_forget {
            let negative = cx.b.scale(input, -1.0);
            cx.b.offset(negative, 1.0)
        } else {
            let sum = gate(cx, cell, inputs[2], state.hidden, 2);
            let sum = peep(cx, sum, 2, state.cell);
            activate(cx, cell, sum, 0)
        };
        let kept = cx.b.mul(forget, old);
        next = cx.b.add(kept, next);
    }
    let sum = gate(cx, cell, inputs[1], state.hidden, 1);
    let sum = peep(cx, sum, 1, Some(next));
    let output = activate(cx, cell, sum, 0);
    let formula = cell.direction.activations.get(2).cloned();
    let squashed = match formula {
        Some(formula) => cx.b.function(next, formula, crate::program::Kind::Float),
        None => next,
    };
    let hidden = cx.b.mul(output, squashed);
    State { hidden: Some(hidden), cell: Some(next) }
}
