//! What a compilation may be told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use zktorch_graph::Visibility;

use crate::{GENERATED, Known, Seen, Tensor};

/// How to compile a model.
#[derive(Clone, Debug)]
pub struct Options {
    /// Sample inputs: each sample holds one tensor per input of the network, in its order. Scales are chosen so that these
    /// values fit with some room. If there are none, random ones are generated and a warning says so.
    pub calibration: Vec<Vec<Tensor>>,
    /// How many samples are generated if there are none, at least one. One is enough to see what a model
    /// becomes.
    pub generated: usize,
    /// Extents of dynamic axes, by their name or as INPUT:AXIS. The first axis of an input is 1 if it is dynamic and not named
    /// here.
    pub dims: BTreeMap<String, usize>,
    /// Inputs whose value is part of the model: it may fix shapes, axes and branches, and every proof is about this value alone.
    pub bound: BTreeMap<String, Tensor>,
    /// Folder that external data may be read from; without it, models with external data are refused.
    pub base_dir: Option<PathBuf>,
    /// Who sees the inputs.
    pub input: Visibility,
    /// Who sees the outputs.
    pub output: Visibility,
    /// What is known of everything that the model computes, instead of samples. What a former compilation has seen
    /// ([`Compiled::seen`](crate::Compiled::seen)) gives the same graph again.
    pub seen: Option<Vec<Seen>>,
    /// What is known of values of another model that this one has too, instead of what the samples show of them: for weights that are
    /// the same integers in both.
    pub like: Option<Known>,
    /// Largest relative error of an output on the calibration samples; a model that is further off is refused. By default 0.1,
    /// for samples that are given and absolute errors above 0.01.
    pub max_error: Option<f64>,
    /// Bits of room above the calibrated maximum. By default 2, or 3 when the samples are generated or fewer than 16.
    pub headroom: Option<u32>,
    /// Bits beyond 16 of the values between operators, 32 at most. By default none, or 8 where an output would be off by more
    /// than 1% of its largest value without them: about twice the committed values.
    pub guard_bits: Option<u32>,
    /// Clamp what leaves its calibrated range instead of refusing the run: floats between operators, inputs and outputs. By
    /// default only arguments of functions are clamped, and only where the functions are flat. Integers are exact and never clamped.
    pub saturate: bool,
    /// Largest tensor, in entries, that the model may contain.
    pub max_entries: usize,
    /// Most multiplications per inference that the model may need.
    pub max_multiplications: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            calibration: Vec::new(),
            generated: GENERATED,
            dims: BTreeMap::new(),
            bound: BTreeMap::new(),
            base_dir: None,
            input: Visibility::Public,
            output: Visibility::Public,
            seen: None,
            like: None,
            max_error: None,
            headroom: None,
            guard_bits: None,
            saturate: false,
            max_entries: 1 << 28,
            max_multiplications: 1 << 44,
        }
    }
}
