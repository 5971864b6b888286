//! A block of a 3D U-Net (Çiçek et al., "3D U-Net: learning dense volumetric segmentation", 2016), normalised as MLPerf has it.

use super::builder::{Builder, ints};
use super::example::{Example, Inputs, Values};

/// The operator set of the graph.
const OPSET: i64 = 13;

/// A U-Net of one level.
#[derive(Clone, Copy, Debug)]
pub(super) struct UNet3d {
    /// Extent of the volume.
    pub(super) extent: usize,
    pub(super) channels: usize,
    pub(super) classes: usize,
}

impl UNet3d {
    /// Down, up again, and beside what was there before; scores of every voxel.
    pub(super) fn example(&self) -> Example {
        let Self { extent, channels, classes } = *self;
        let (mut builder, mut inputs) = (Builder::plainly(), Inputs::default());
        let b = &mut builder;
        let x = inputs.add("volume", &[1, 1, extent, extent, extent], Values::Normal);
        let fine = b.volume_block(x, "input_block", [1, channels], 1);
        let x = b.volume_block(&fine, "downsample", [channels, 2 * channels], 2);
        let x = b.volume_block(&x, "bottleneck", [2 * channels, 2 * channels], 1);
        let x = b.volume_conv(&x, "upsample.conv_transpose", [2 * channels, channels], Volume::Up);
        let x = b.concat("upsample", &[&x, &fine], 1);
        let x = b.volume_block(&x, "upsample.conv", [2 * channels, channels], 1);
        let y = b.volume_conv(&x, "output", [channels, classes], Volume::Same { kernel: 1, stride: 1 });
        inputs.into_example(builder, OPSET, &[(y, "scores", &[1, classes, extent, extent, extent])])
    }
}

/// The form of a convolution of volumes.
enum Volume {
    Same {
        kernel: usize,
        stride: usize,
    },
    /// Transposed: every voxel becomes eight.
    Up,
}

impl Builder {
    fn volume_block(&mut self, x: &str, name: &str, channels: [usize; 2], stride: usize) -> String {
        let y = self.volume_conv(x, &format!("{name}.conv"), channels, Volume::Same { kernel: 3, stride });
        let y = self.instance_norm(&y, &format!("{name}.norm"), channels[1]);
        self.relu(&y, &format!("{name}.relu"))
    }

    fn volume_conv(&mut self, x: &str, name: &str, [inputs, outputs]: [usize; 2], form: Volume) -> String {
        let (op, channels, kernel, stride, pad, fan_in) = match form {
            Volume::Same { kernel, stride } => {
                ("Conv", [outputs, inputs], kernel, stride, kernel / 2, inputs * kernel.pow(3))
            }
            Volume::Up => ("ConvTranspose", [inputs, outputs], 2, 2, 0, inputs),
        };
        let dims = [channels[0], channels[1], kernel, kernel, kernel];
        let weight = self.normal(&format!("{name}.weight"), &dims, (2.0 / fan_in as f64).sqrt());
        let bias = self.normal(&format!("{name}.bias"), &[outputs], 0.05);
        let attributes = vec![
            ints("kernel_shape", &[kernel as i64; 3]),
            ints("pads", &[pad as i64; 6]),
            ints("strides", &[stride as i64; 3]),
        ];
        self.node(op, name, &[x, &weight, &bias], attributes)
    }
}
