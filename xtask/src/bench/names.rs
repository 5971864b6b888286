//! What models and stages are called in print.

/// A model's usual name; one that is not known here keeps its own.
pub(super) fn model(name: &str) -> &str {
    match name {
        "digits" => "Digits CNN",
        "digits-mlp" => "Digits MLP",
        "lenet" => "LeNet-5",
        "mlp" => "MLP 784-128-10",
        "mlp-large" => "MLP 784-512-512-10",
        "resnet18" => "ResNet-18",
        "resnet" => "ResNet-50",
        "mobilenetv2" => "MobileNetV2",
        "vgg16" => "VGG-16",
        "squeezenet" => "SqueezeNet",
        "bert-1" => "BERT-base, 1 token",
        "bert-128" => "BERT-base, 128 tokens",
        "gpt2-16" => "GPT-2, 16 tokens",
        "gpt2-64" => "GPT-2, 64 tokens",
        "smollm2-64" => "SmolLM2-135M, 64 tokens",
        "rnnt" => "RNN-T",
        "llama-layer" => "LLaMA-2-7B, one layer",
        "llama7b" => "LLaMA-2-7B, 1 token",
        "gptj" => "GPT-J 6B, 2 tokens",
        "retinanet" => "RetinaNet, 800x800",
        "unet3d" => "3D U-Net, 128x128x128",
        "vit" => "ViT-B/16",
        other => other,
    }
}

/// The prover's stages in the order in which they run: the key of `stage_s`, and the name.
pub(super) const STAGES: [(&str, &str); 10] = [
    ("witness", "witness"),
    ("commit", "commitments"),
    ("relations", "relations"),
    ("inverse_columns", "inverse columns"),
    ("sumcheck_a", "sumcheck A"),
    ("sumcheck_b", "sumcheck B"),
    ("mira", "Mira"),
    ("mask", "mask"),
    ("opening", "opening"),
    ("other", "rest"),
];
