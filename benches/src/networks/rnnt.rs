//! A recurrent transducer (Graves, "Sequence transduction with recurrent neural networks", 2012), as MLPerf has it.

use super::builder::{Builder, tensor};
use super::example::{Example, Inputs, Values};
use super::recurrent::{Cell, Layer};

/// The operator set of the graph.
const OPSET: i64 = 14;

/// A transducer of some size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rnnt {
    /// Steps and width of the sound.
    pub(super) steps: usize,
    pub(super) features: usize,
    /// Layers of the encoder before and after steps are stacked, and their width.
    pub(super) layers: [usize; 2],
    pub(super) encoder: usize,
    /// How many steps become one.
    pub(super) stacking: usize,
    /// Layers and width of the prediction network.
    pub(super) prediction_layers: usize,
    pub(super) prediction: usize,
    pub(super) joint: usize,
    /// Labels, the blank included.
    pub(super) labels: usize,
    /// Labels that were given out so far.
    pub(super) spoken: usize,
}

impl Rnnt {
    /// MLPerf's RNN-T for inference: 45 million weights.
    pub(super) fn mlperf(steps: usize) -> Self {
        Self {
            steps,
            features: 240,
            layers: [2, 3],
            encoder: 1024,
            stacking: 2,
            prediction_layers: 2,
            prediction: 320,
            joint: 512,
            labels: 29,
            spoken: 3,
        }
    }

    /// Encoder, prediction network and joint network: the scores of the next label for every step and every number of labels
    /// that were given out.
    pub(super) fn example(&self) -> Example {
        let Self { steps, features, encoder, stacking, prediction, joint, labels, spoken, .. } = *self;
        let (mut builder, mut inputs) = (Builder::plainly(), Inputs::default());
        let b = &mut builder;
        let sound = inputs.add("features", &[1, steps, features], Values::Normal);
        let before = inputs.add("labels", &[1, spoken], Values::Ids(labels as u32 - 1));

        let x = b.transpose(sound, "encoder", &[1, 0, 2]);
        let lstm =
            |steps, inputs, hidden| Layer { cell: Cell::Lstm, steps, inputs, hidden, both_ways: false };
        let mut x = b.stacked(&x, "encoder.pre_rnn", self.layers[0], lstm(steps, features, encoder));
        let frames = steps.div_ceil(stacking);
        let width = stacking * encoder;
        x = b.transpose(&x, "encoder.stack_time", &[1, 0, 2]);
        if frames * stacking > steps {
            let padding = vec![0.0; (frames * stacking - steps) * encoder];
            let padding = tensor("", &[1, frames * stacking - steps, encoder], &padding);
            let padding = b.constant("encoder.stack_time", padding);
            x = b.concat("encoder.stack_time", &[&x, &padding], 1);
        }
        x = b.with_integers("Reshape", "encoder.stack_time", &x, &[1, frames as i64, width as i64]);
        x = b.transpose(&x, "encoder.stack_time", &[1, 0, 2]);
        x = b.stacked(&x, "encoder.post_rnn", self.layers[1], lstm(frames, width, encoder));
        x = b.transpose(&x, "encoder", &[1, 0, 2]);

        // The prediction network starts from zeros instead of a label.
        let y = b.embedding(before, "prediction.embed", [labels - 1, prediction], 1.0);
        let start = b.constant("prediction", tensor("", &[1, 1, prediction], &vec![0.0; prediction]));
        let y = b.concat("prediction", &[&start, &y], 1);
        let y = b.transpose(&y, "prediction", &[1, 0, 2]);
        let layer = lstm(spoken + 1, prediction, prediction);
        let y = b.stacked(&y, "prediction.dec_rnn", self.prediction_layers, layer);
        let y = b.transpose(&y, "prediction", &[1, 0, 2]);

        // States are well below 1: larger weights keep the sum at a size.
        let spread = |inputs: usize| 3.0 / (inputs as f64).sqrt();
        let x = b.dense(&x, "joint_enc", [encoder, joint], spread(encoder));
        let y = b.dense(&y, "joint_pred", [prediction, joint], spread(prediction));
        let x = b.with_integers("Unsqueeze", "joint", &x, &[2]);
        let y = b.with_integers("Unsqueeze", "joint", &y, &[1]);
        let sum = b.plain("Add", "joint", &[&x, &y]);
        let sum = b.relu(&sum, "joint_net.0");
        let scores = b.dense(&sum, "joint_net.2", [joint, labels], spread(joint));
        let dims = [1, frames, spoken + 1, labels];
        inputs.into_example(builder, OPSET, &[(scores, "scores", &dims)])
    }
}

impl Builder {
    /// Layers on top of each other, the first of this form.
    fn stacked(&mut self, x: &str, name: &str, layers: usize, first: Layer) -> String {
        (0..layers).fold(x.to_owned(), |x, index| {
            let inputs = if index == 0 { first.inputs } else { first.hidden };
            self.recurrent(&x, &format!("{name}.lstm.{index}"), &Layer { inputs, ..first })
        })
    }
}
