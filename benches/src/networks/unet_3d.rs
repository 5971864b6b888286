//! 3D U-Net (Çiçek et al., "3D U-Net: learning dense volumetric segmentation", 2016) in the form of nnU-Net (Isensee et al., 2018), as
//! MLPerf has it for kidneys (KiTS19).

use super::builder::{Builder, int, ints};
use super::example::{Example, Inputs, Values};

/// The operator set of the graph.
const OPSET: i64 = 13;
/// Background, kidney and tumour.
const CLASSES: usize = 3;

/// A U-Net of some size.
#[derive(Clone, Debug)]
pub(super) struct UNet3d {
    /// Extent of the volume: a multiple of 2^levels.
    pub(super) extent: usize,
    /// Channels of each level; one more, as wide as the last, is at the bottom.
    pub(super) filters: Vec<usize>,
    pub(super) classes: usize,
}

impl UNet3d {
    /// MLPerf's: 128x128x128 there.
    pub(super) fn mlperf(extent: usize) -> Self {
        Self { extent, filters: vec![32, 64, 128, 256, 320], classes: CLASSES }
    }

    /// Down with strides, up with transposed convolutions beside what was there before; scores of every voxel.
    pub(super) fn example(&self) -> Example {
        let Self { extent, ref filters, classes } = *self;
        let (mut builder, mut inputs) = (Builder::plainly(), Inputs::default());
        let b = &mut builder;
        let x = inputs.add("input", &[1, 1, extent, extent, extent], Values::Normal);
        let mut channels = 1;
        let mut skips: Vec<(String, usize)> = Vec::new();
        let mut x = x.to_owned();
        for (level, outputs) in filters.iter().copied().enumerate() {
            let (name, stride) = match level {
                0 => ("input_block".to_owned(), 1),
                _ => (format!("downsample.{}", level - 1), 2),
            };
            x = b.volume_blocks(&x, &name, [channels, outputs], stride);
            skips.push((x.clone(), outputs));
            channels = outputs;
        }
        x = b.volume_blocks(&x, "bottleneck", [channels, channels], 2);
        for (index, (skip, outputs)) in skips.iter().rev().enumerate() {
            let name = format!("upsample.{index}");
            x = b.volume_conv(&x, &format!("{name}.upsample_conv.0"), [channels, *outputs], Volume::Up);
            x = b.concat(&name, &[&x, skip], 1);
            x = b.volume_blocks(&x, &name, [2 * outputs, *outputs], 1);
            channels = *outputs;
        }
        let y = b.volume_conv(&x, "output.conv.0", [channels, classes], Volume::Scores);
        inputs.into_example(builder, OPSET, &[(y, "output", &[1, classes, extent, extent, extent])])
    }
}

/// The form of a convolution of volumes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Volume {
    /// Kernels of 3x3x3, without biases: a normalisation follows.
    Stride(usize),
    /// Transposed: every voxel becomes eight.
    Up,
    /// Of every voxel alone.
    Scores,
}

impl Builder {
    /// Two convolutions, each with its normalisation and ReLU; the first one has the stride.
    fn volume_blocks(&mut self, x: &str, name: &str, [inputs, outputs]: [usize; 2], stride: usize) -> String {
        let mut x = x.to_owned();
        for (part, channels, stride) in [("conv1", inputs, stride), ("conv2", outputs, 1)] {
            let name = format!("{name}.{part}");
            x = self.volume_conv(&x, &format!("{name}.0"), [channels, outputs], Volume::Stride(stride));
            x = self.instance_norm(&x, &format!("{name}.1"), outputs);
            x = self.relu(&x, &format!("{name}.2"));
        }
        x
    }

    fn volume_conv(&mut self, x: &str, name: &str, [inputs, outputs]: [usize; 2], form: Volume) -> String {
        let (op, channels, [kernel, stride, pad]) = match form {
            Volume::Stride(stride) => ("Conv", [outputs, inputs], [3, stride, 1]),
            Volume::Up => ("ConvTranspose", [inputs, outputs], [2, 2, 0]),
            Volume::Scores => ("Conv", [outputs, inputs], [1, 1, 0]),
        };
        // Of a transposed convolution whose stride is its extent every result reads one voxel.
        let fan_in = if form == Volume::Up { inputs } else { inputs * kernel.pow(3) };
        let dims = [channels[0], channels[1], kernel, kernel, kernel];
        let weight = self.normal(&format!("{name}.weight"), &dims, (2.0 / fan_in as f64).sqrt());
        let biased = !matches!(form, Volume::Stride(_));
        let bias = biased.then(|| self.normal(&format!("{name}.bias"), &[outputs], 0.05));
        let attributes = vec![
            ints("dilations", &[1; 3]),
            int("group", 1),
            ints("kernel_shape", &[kernel as i64; 3]),
            ints("pads", &[pad as i64; 6]),
            ints("strides", &[stride as i64; 3]),
        ];
        let read: Vec<&str> = [x, &weight].into_iter().chain(bias.as_deref()).collect();
        self.node(op, name, &read, attributes)
    }
}
