//! A block of a diffusion U-Net (Ho et al., "Denoising diffusion probabilistic models", 2020): a residual block that is told of the
//! time, and attention among pixels, as `diffusers` has them.

use super::builder::{Builder, Form};
use super::example::{Example, Inputs, Values};

/// The operator set of the graph.
const OPSET: i64 = 17;

/// A block of some size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Diffusion {
    /// Height and width.
    pub(super) extent: usize,
    pub(super) inputs: usize,
    pub(super) channels: usize,
    pub(super) groups: usize,
    pub(super) heads: usize,
    /// Width of the embedding of the time.
    pub(super) time: usize,
}

impl Diffusion {
    /// `ResnetBlock2D` and `Attention`.
    pub(super) fn example(&self) -> Example {
        let Self { extent, inputs: before, channels, time, .. } = *self;
        let (mut builder, mut inputs) = (Builder::plainly(), Inputs::default());
        let b = &mut builder;
        let x = inputs.add("sample", &[1, before, extent, extent], Values::Normal);
        let time_embedding = inputs.add("temb", &[1, time], Values::Normal);
        let y = self.residual(b, x, time_embedding);
        let y = self.attention(b, &y);
        inputs.into_example(builder, OPSET, &[(y, "output", &[1, channels, extent, extent])])
    }

    fn residual(&self, b: &mut Builder, x: &str, time_embedding: &str) -> String {
        let Self { extent, inputs, channels, groups, time, .. } = *self;
        let y = b.group_norm(x, "resnet.norm1", [1, inputs, extent, extent], groups);
        let y = b.silu(&y, "resnet.nonlinearity");
        let y = b.conv(&y, "resnet.conv1", Form::same([inputs, channels], 3, 1));
        let told = b.silu(time_embedding, "resnet.time");
        let told = b.gemm(&told, "resnet.time_emb_proj", [time, channels]);
        let told = b.with_integers("Unsqueeze", "resnet", &told, &[2]);
        let told = b.with_integers("Unsqueeze", "resnet", &told, &[3]);
        let y = b.plain("Add", "resnet", &[&y, &told]);
        let y = b.group_norm(&y, "resnet.norm2", [1, channels, extent, extent], groups);
        let y = b.silu(&y, "resnet.nonlinearity");
        let y = b.conv(&y, "resnet.conv2", Form::same([channels, channels], 3, 1));
        let shortcut = b.conv(x, "resnet.conv_shortcut", Form::same([inputs, channels], 1, 1));
        b.plain("Add", "resnet", &[&shortcut, &y])
    }

    fn attention(&self, b: &mut Builder, x: &str) -> String {
        let Self { extent, channels, groups, heads, .. } = *self;
        let pixels = extent * extent;
        let extents = [pixels, heads, channels / heads];
        let deviation = 1.0 / (channels as f64).sqrt();
        let y = b.group_norm(x, "attn.group_norm", [1, channels, extent, extent], groups);
        let y = b.with_integers("Reshape", "attn", &y, &[1, channels as i64, pixels as i64]);
        let y = b.transpose(&y, "attn", &[0, 2, 1]);
        let [query, key, value] = ["to_q", "to_k", "to_v"]
            .map(|part| b.dense(&y, &format!("attn.{part}"), [channels, channels], deviation));
        let query = b.heads(&query, "attn", extents, [0, 2, 1, 3]);
        let key = b.heads(&key, "attn", extents, [0, 2, 3, 1]);
        let value = b.heads(&value, "attn", extents, [0, 2, 1, 3]);
        let scores = b.plain("MatMul", "attn", &[&query, &key]);
        let scores = b.with_number("Mul", "attn", &scores, 1.0 / (extents[2] as f32).sqrt());
        let shares = b.softmax(&scores, "attn");
        let y = b.plain("MatMul", "attn", &[&shares, &value]);
        let y = b.merge_heads(&y, "attn", extents);
        let y = b.dense(&y, "attn.to_out.0", [channels, channels], deviation);
        let y = b.transpose(&y, "attn", &[0, 2, 1]);
        let side = extent as i64;
        let y = b.with_integers("Reshape", "attn", &y, &[1, channels as i64, side, side]);
        b.plain("Add", "attn", &[&y, x])
    }
}
