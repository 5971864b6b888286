//! LSTM, GRU and RNN layers as PyTorch's exporter writes them, and a classifier on top of one that reads in both directions.

use super::builder::{Builder, int, string, tensor};
use super::example::{Example, Inputs, Values};

/// The operator set of these graphs.
const OPSET: i64 = 14;

/// The kind of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Rnn,
    Gru,
    Lstm,
}

/// Extents of a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer {
    pub(super) cell: Cell,
    pub(super) steps: usize,
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    pub(super) both_ways: bool,
}

impl Cell {
    fn operator(self) -> &'static str {
        match self {
            Self::Rnn => "RNN",
            Self::Gru => "GRU",
            Self::Lstm => "LSTM",
        }
    }

    fn gates(self) -> usize {
        match self {
            Self::Rnn => 1,
            Self::Gru => 3,
            Self::Lstm => 4,
        }
    }
}

impl Layer {
    fn directions(&self) -> usize {
        if self.both_ways { 2 } else { 1 }
    }

    /// A classifier of a sequence: one layer, and a dense one on what it says of the last step.
    pub(super) fn classifier(&self, classes: usize) -> Example {
        let (mut builder, mut inputs) = (Builder::plainly(), Inputs::default());
        let b = &mut builder;
        let x = inputs.add("input", &[1, self.steps, self.inputs], Values::Normal);
        let x = b.transpose(x, "", &[1, 0, 2]);
        let x = b.recurrent(&x, "rnn", self);
        let index = b.integers_of("", &[], &[self.steps as i64 - 1]);
        let last = b.node("Gather", "", &[&x, &index], vec![int("axis", 0)]);
        let width = self.directions() * self.hidden;
        let y = b.gemm(&last, "fc", [width, classes]);
        inputs.into_example(builder, OPSET, &[(y, "scores", &[1, classes])])
    }
}

impl Builder {
    /// A layer on [steps, 1, inputs]; [steps, 1, directions * hidden].
    pub(super) fn recurrent(&mut self, x: &str, name: &str, layer: &Layer) -> String {
        let (gates, directions, hidden) = (layer.cell.gates(), layer.directions(), layer.hidden);
        // Deviations at which neither gates nor states saturate.
        let spread = |inputs: usize| (1.0 / inputs as f64).sqrt();
        let rows = gates * hidden;
        let weight = self.normal(
            &format!("{name}.weight_ih"),
            &[directions, rows, layer.inputs],
            spread(layer.inputs),
        );
        let recurrent =
            self.normal(&format!("{name}.weight_hh"), &[directions, rows, hidden], spread(hidden));
        let bias = self.normal(&format!("{name}.bias"), &[directions, 2 * rows], 0.1);
        let zeros = tensor("", &[directions, 1, hidden], &vec![0.0; directions * hidden]);
        let zeros = self.constant(name, zeros);
        let mut read = vec![x, &weight, &recurrent, &bias, "", &zeros];
        if layer.cell == Cell::Lstm {
            read.push(&zeros);
        }
        let mut attributes = vec![int("hidden_size", hidden as i64)];
        if layer.both_ways {
            attributes.push(string("direction", "bidirectional"));
        }
        if layer.cell == Cell::Gru {
            attributes.push(int("linear_before_reset", 1));
        }
        let y = self.node(layer.cell.operator(), name, &read, attributes);
        if layer.both_ways {
            let y = self.transpose(&y, name, &[0, 2, 1, 3]);
            return self.with_integers("Reshape", name, &y, &[0, 0, -1]);
        }
        self.with_integers("Squeeze", name, &y, &[1])
    }
}
